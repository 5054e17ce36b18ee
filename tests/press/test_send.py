"""A report by e-mail: what stands in it, and what a mail server gets."""

from __future__ import annotations

import email
import json
import shutil
import ssl
import subprocess
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

import pytest
from support.reasons import says
from support.smtp_sink import smtp_sink

from kpi_analysis.cli.main import main
from kpi_analysis.core.errors import RunError, UsageError
from kpi_analysis.press.send import report_message, send, sender_address

PDF = b"%PDF-1.7 \x00\xff .\r\n.\r\n..end"


@pytest.fixture
def report(tmp_path: Path) -> Path:
    folder = tmp_path / "report"
    folder.mkdir()
    findings = [{"claim": "Revenue fell by €1.2m.", "evidence": "It was €4.7m."}, {"claim": "Leads rose."}]
    told = {"values": [{}, {}, {}], "targets": [], "projections": [], "findings": findings}
    made = {
        "company": "Northwind Bikes", "report": "Quarterly KPI report · EMEA", "title": "Northwind Bikes: a report",
        "period": "2026-Q3", "distinct": {"region": "EMEA"}, "finished": "2026-10-02T06:00:00+00:00",
    }  # fmt: skip
    (folder / "report.pdf").write_bytes(PDF)
    (folder / "results.json").write_text(json.dumps(told))
    (folder / "manifest.json").write_text(json.dumps(made))
    return folder


def read(content: bytes) -> EmailMessage:
    return email.message_from_bytes(content, policy=default)  # type: ignore[return-value]


def run(*arguments: str) -> int:
    with pytest.raises(SystemExit) as caught:
        main(["send", *arguments])
    return int(caught.value.code or 0)


def test_a_file_holds_the_findings_and_the_pdf_and_opens_as_a_draft(
    report: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("KPI_SMTP_URL", raising=False)
    to = ["--to", "ann@example.com", "--to", "bob@example.com"]
    assert run(str(report), *to, "--eml", str(tmp_path / "a.eml")) == 0
    assert capsys.readouterr().out == f"{tmp_path / 'a.eml'}\n"
    message = read((tmp_path / "a.eml").read_bytes())
    assert message["Subject"] == "Northwind Bikes: Quarterly KPI report · EMEA, 2026-Q3"
    assert (message["To"], message["X-Unsent"], message["From"]) == ("ann@example.com, bob@example.com", "1", None)
    assert message["Date"].datetime.isoformat() == "2026-10-02T06:00:00+00:00"
    text, pdf = message.get_body(), next(message.iter_attachments())
    assert text is not None and text.get_content().splitlines()[:5] == [
        "Northwind Bikes, 2026-Q3", "", "* Revenue fell by €1.2m.", "  It was €4.7m.", "* Leads rose.",
    ]  # fmt: skip
    assert pdf.get_content() == PDF
    assert pdf.get_filename() == "Northwind-Bikes-Quarterly-KPI-report-EMEA-2026-Q3.pdf"


def test_the_same_report_gives_the_same_bytes(report: Path) -> None:
    first, again = (report_message(report, ["ann@example.com"]).as_bytes() for _ in range(2))
    assert first == again


def test_without_findings_the_title_is_told(report: Path) -> None:
    (report / "results.json").write_text('{"values": [], "findings": []}')
    body = report_message(report, ["ann@example.com"]).get_body()
    assert body is not None and "Northwind Bikes: a report" in body.get_content()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--to", "ann"], "'ann' is no e-mail address"),
        (["--to", "ann@example.com\nBcc: eve@example.com"], "is no e-mail address"),
        (["--to", "ann@example.com"], "No mail server is named"),
    ],
)  # fmt: skip
def test_wrong_usage_sends_nothing(
    report: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, arguments: list[str], words: str
) -> None:
    monkeypatch.delenv("KPI_SMTP_URL", raising=False)
    assert run(str(report), *arguments) == 2
    assert words in capsys.readouterr().err.replace("\n", " ")


def test_a_folder_without_a_report_is_told(report: Path) -> None:
    (report / "report.pdf").unlink()
    with pytest.raises(UsageError, match=r"no report\.pdf in .* as PDF too"):
        report_message(report, ["ann@example.com"])
    with pytest.raises(UsageError, match="names no mail server"):
        send(EmailMessage(), {"KPI_SMTP_URL": "ftp://somewhere"})


def test_the_user_of_the_server_sends_unless_another_is_named() -> None:
    url = "smtps://ann%40example.com:x@mail.example.com"
    assert sender_address({"KPI_SMTP_URL": url}) == "ann@example.com"
    assert sender_address({"KPI_SMTP_URL": url, "KPI_SMTP_FROM": "kpi@example.com"}) == "kpi@example.com"
    assert sender_address({"KPI_SMTP_URL": "smtp://mailer@host"}) is None and sender_address({}) is None


def test_a_server_on_this_machine_gets_the_message(
    report: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with smtp_sink() as sink:
        monkeypatch.setenv("KPI_SMTP_URL", f"smtp://127.0.0.1:{sink.port}")
        assert run(str(report), "--to", "ann@example.com", "--sender", "kpi@example.com") == 0
    assert capsys.readouterr().out == f"sent to ann@example.com through 127.0.0.1:{sink.port}\n"
    assert (sink.senders, sink.recipients) == (["kpi@example.com"], ["ann@example.com"])
    message = read(sink.messages[0])
    assert message["From"] == "kpi@example.com"
    assert next(message.iter_attachments()).get_content() == PDF


def test_a_server_that_refuses_or_is_not_there_is_told_with_exit_code_1(
    report: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    arguments = [str(report), "--to", "nobody@example.com", "--sender", "kpi@example.com"]
    with smtp_sink(refuses="nobody@example.com") as sink:
        monkeypatch.setenv("KPI_SMTP_URL", f"smtp://127.0.0.1:{sink.port}")
        assert run(*arguments) == 1
    assert says(capsys.readouterr().err, "refuses", "nobody@example.com") and sink.messages == []
    assert run(*arguments) == 1, "it has ended"
    assert "Nothing was sent" in capsys.readouterr().err


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for this machine that nobody but the test trusts."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl, which makes the certificate of the test, is not installed")
    path = tmp_path_factory.mktemp("tls") / "here.pem"
    subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    files = ["-days", "2", "-keyout", str(path), "-out", str(path.with_suffix(".crt"))]
    subprocess.run([*command, *subject, *files], check=True, capture_output=True)
    return path


def serving(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate.with_suffix(".crt"), certificate)
    return context


@pytest.mark.parametrize("scheme", ["smtp", "smtps"])
def test_user_and_password_go_through_tls_only(
    report: Path, certificate: Path, monkeypatch: pytest.MonkeyPatch, scheme: str
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate.with_suffix(".crt")))
    message = report_message(report, ["ann@example.com"], "kpi@example.com")
    with smtp_sink(serving(certificate), implicit=scheme == "smtps") as sink:
        send(message, {"KPI_SMTP_URL": f"{scheme}://kpi:p%40ss@localhost:{sink.port}"})
    assert (sink.logins, sink.encrypted) == (["kpi:p@ss"], [True])


def test_a_certificate_that_nobody_vouches_for_stops_it_before_the_password(report: Path, certificate: Path) -> None:
    message = report_message(report, ["ann@example.com"], "kpi@example.com")
    with smtp_sink(serving(certificate)) as sink, pytest.raises(RunError, match="certificate is not to be trusted"):
        send(message, {"KPI_SMTP_URL": f"smtp://kpi:secret@localhost:{sink.port}"})
    assert (sink.logins, sink.messages) == ([], [])


def test_a_server_elsewhere_without_encryption_gets_nothing(report: Path) -> None:
    message = report_message(report, ["ann@example.com"], "kpi@example.com")
    with smtp_sink() as sink, pytest.raises(RunError, match="offers no encryption"):
        send(
            message, {"KPI_SMTP_URL": f"smtp://kpi:secret@127.1:{sink.port}"}
        )  # this machine, by a name not known as such
    assert (sink.logins, sink.messages) == ([], [])


def test_a_wrong_password_is_told_without_saying_it(report: Path) -> None:
    message = report_message(report, ["ann@example.com"], "kpi@example.com")
    with smtp_sink(accepts="another") as sink, pytest.raises(RunError) as caught:
        send(message, {"KPI_SMTP_URL": f"smtp://kpi:hunter2@127.0.0.1:{sink.port}"})
    assert says(str(caught.value), "not accept", "password") and "hunter2" not in str(caught.value)
    assert sink.logins[0] == "kpi:hunter2" and sink.messages == []
