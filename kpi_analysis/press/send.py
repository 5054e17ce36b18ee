"""A published report as an e-mail: its findings as text, its PDF attached; written to a file or handed to a server."""

from __future__ import annotations

import hashlib
import ipaddress
import json
import re
import smtplib
import ssl
from collections.abc import Mapping, Sequence
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, unquote, urlsplit

from kpi_analysis.core.errors import RunError, UsageError
from kpi_analysis.press.run.publish import write_atomically

SERVER, SENDER = "KPI_SMTP_URL", "KPI_SMTP_FROM"
PORTS = {"smtp": 587, "smtps": 465}
SMTP_TIMEOUT = 60.0  # seconds
_ADDRESS = re.compile(r"[^@\s,;<>\"]+@[^@\s,;<>\"]+")


def report_message(folder: Path, to: Sequence[str], sender: str | None = None) -> EmailMessage:
    """Return a published report as an e-mail; the same report and addresses give the same bytes.

    Parameters
    ----------
    folder : path
        The report's folder, with ``report.pdf``, ``results.json`` and ``manifest.json``.
    to : sequence of str
        Addresses.
    sender : str, optional
        Without one, the message is a draft that a mail program opens for sending.

    Raises
    ------
    UsageError
        There is no such report, or an address is none.
    """
    for address in [*to, *([sender] if sender else [])]:
        if not _ADDRESS.fullmatch(address):
            raise UsageError(f"'{address}' is no e-mail address.", remedy="Write it like ann@example.com")
    pdf, results, manifest = (_read(folder, name) for name in ("report.pdf", "results.json", "manifest.json"))
    told, made = _parsed(results, folder), _parsed(manifest, folder)
    message = EmailMessage(policy=SMTP)
    message["Subject"] = _subject(made)
    message["To"] = ", ".join(to)
    if sender:
        message["From"] = sender
    else:
        message["X-Unsent"] = "1"
    if made.get("finished"):
        message["Date"] = format_datetime(datetime.fromisoformat(str(made["finished"])))
    digest = hashlib.sha256(pdf + ",".join(to).encode()).hexdigest()[:32]
    message["Message-ID"] = f"<{digest}@{sender.rpartition('@')[2] if sender else 'kpi-analysis.invalid'}>"
    message.set_content(_text(told, made))
    message.add_attachment(pdf, maintype="application", subtype="pdf", filename=_file_name(made))
    message.set_boundary(f"=={digest}==")  # by default it is drawn by chance
    return message


def write_message(message: EmailMessage, path: Path) -> None:
    """Write an e-mail as an ``.eml`` file, whole or not at all."""
    write_atomically(path, message.as_bytes())


def send(message: EmailMessage, environment: Mapping[str, str]) -> str:
    """Hand an e-mail to the server that the environment names; return the server's name.

    ``KPI_SMTP_URL`` is ``smtp://user:password@host:port``, which must offer STARTTLS unless it is this machine, or
    ``smtps://…``. Certificates are always checked. Neither user nor password is ever printed.

    Raises
    ------
    UsageError
        No server is named, or its URL is none, or no sender is known.
    RunError
        The server does not answer, is not to be trusted, or refuses the message.
    """
    url, host, port = _server(environment)
    if message["From"] is None:
        raise UsageError("Nobody is named as the sender.", remedy=f"Give --sender ADDRESS, or set {SENDER}.")
    context = ssl.create_default_context()
    try:
        with _connection(url, host, port, context) as server:
            server.ehlo()
            if server.has_extn("starttls"):
                server.starttls(context=context)
                server.ehlo()
            elif url.scheme == "smtp" and not _is_here(host):
                remedy = "Nothing was sent. Use a server with STARTTLS, or smtps://"
                raise RunError(f"The mail server {host}:{port} offers no encryption.", remedy=remedy)
            if url.username:
                server.login(unquote(url.username), unquote(url.password or ""))
            refused = server.send_message(message)
    except (OSError, smtplib.SMTPException) as error:
        raise RunError(f"The mail server {host}:{port}: {_in_words(error)}.", remedy="Nothing was sent.") from None
    if refused:
        raise RunError(f"The mail server {host}:{port} refused {', '.join(refused)}.", remedy="The others have it.")
    return f"{host}:{port}"


def sender_address(environment: Mapping[str, str]) -> str | None:
    """Return who sends, as the environment says: ``KPI_SMTP_FROM``, or the user of the server if that is an address."""
    named = environment.get(SENDER)
    if named:
        return named
    user = unquote(urlsplit(environment.get(SERVER, "")).username or "")
    return user if _ADDRESS.fullmatch(user) else None


def _server(environment: Mapping[str, str]) -> tuple[SplitResult, str, int]:
    text = environment.get(SERVER)
    like = f"Set {SERVER}=smtp://user:password@host:587 in the environment, or write a file with --eml FILE."
    if not text:
        raise UsageError("No mail server is named.", remedy=like)
    try:
        url = urlsplit(text)
        host, port = url.hostname, url.port or PORTS[url.scheme]
    except (ValueError, KeyError):
        host, port = None, 0
    if not host:
        raise UsageError(f"{SERVER} names no mail server.", remedy=like)
    return url, host, port


def _connection(url: SplitResult, host: str, port: int, context: ssl.SSLContext) -> smtplib.SMTP:
    if url.scheme == "smtps":
        return smtplib.SMTP_SSL(host, port, timeout=SMTP_TIMEOUT, context=context)
    return smtplib.SMTP(host, port, timeout=SMTP_TIMEOUT)


def _is_here(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _in_words(error: OSError | smtplib.SMTPException) -> str:
    """What went wrong; never what a server says back to a login, which may hold the user."""
    match error:
        case smtplib.SMTPAuthenticationError():
            return "it does not accept the user and password"
        case smtplib.SMTPNotSupportedError():
            return "it takes no login, and a user is named"
        case smtplib.SMTPRecipientsRefused():
            return f"it refuses {', '.join(error.recipients)}"
        case smtplib.SMTPResponseException():
            return f"it answers {error.smtp_code}"
        case ssl.SSLCertVerificationError():
            return f"its certificate is not to be trusted, {error.verify_message}"
        case smtplib.SMTPException():
            return "it broke off"
    return error.strerror or "it does not answer"


def _subject(made: Mapping[str, Any]) -> str:
    about = ", ".join(str(part) for part in (made.get("report"), made.get("period")) if part)
    parts = [f"{name} {value}" for name, value in (made.get("distinct") or {}).items() if str(value) not in about]
    return " ".join(f"{made.get('company')}: {about}{' (' + ', '.join(parts) + ')' if parts else ''}".split())


def _text(told: Mapping[str, Any], made: Mapping[str, Any]) -> str:
    """The findings, each a claim with its evidence; the title of the report where there are none."""
    findings = [finding for finding in told.get("findings", ()) if finding.get("claim")]
    lines = [f"{made.get('company')}, {made.get('period')}", ""]
    for finding in findings:
        lines.append(f"* {finding['claim']}")
        if finding.get("evidence"):
            lines.append(f"  {finding['evidence']}")
    if not findings:
        lines.append(str(made.get("title") or made.get("report")))
    count = len(told.get("values", ()))
    lines += ["", f"The report is attached. It carries its {count} figures with it; kpi verify recomputes them."]
    return "\n".join(lines) + "\n"


def _file_name(made: Mapping[str, Any]) -> str:
    words = " ".join(str(made.get(name) or "") for name in ("company", "report", "period"))
    return re.sub(r"[^\w.-]+", "-", words).strip("-.") + ".pdf"


def _read(folder: Path, name: str) -> bytes:
    try:
        return (folder / name).read_bytes()
    except OSError:
        remedy = "Name the folder of a report that kpi render has made, as PDF too."
        raise UsageError(f"There is no {name} in {folder}.", remedy=remedy) from None


def _parsed(content: bytes, folder: Path) -> dict[str, Any]:
    try:
        found = json.loads(content)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise UsageError(f"The report in {folder} cannot be read.", remedy="Render it again.")
    return found
