"""A browser prints our HTML: shut in, tagged, with bookmarks and page numbers."""

from __future__ import annotations

import http.server
import io
import os
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

import pikepdf
import pytest
from support import printed_files as reading
from support import report_parts as sample
from support import sample_report as made_up

from kpi_analysis.core.errors import EngineMissing, RunError
from kpi_analysis.press.render import chromium, subprocesses
from kpi_analysis.press.render.document import read_document
from kpi_analysis.press.render.engines import make

needs_browser = pytest.mark.skipif(chromium.find_browser() is None, reason="no Chromium browser is on this machine")


@pytest.fixture(scope="module")
def report() -> bytes:
    return make(read_document(made_up.report()), "pdf", "chromium", timestamp=None, attachments={})


def page_of(document_words: str, folder: Path) -> bytes:
    nb = sample.notebook(sample.markdown(document_words))
    return chromium.print_pdf(read_document(nb), timestamp=None, attachments={})


def a_browser_that(does: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = folder / "chromium"
    program.write_text(f"#!/bin/sh\n{does}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")


@needs_browser
def test_the_pdf_says_all_and_is_tagged(report: bytes, tmp_path: Path) -> None:
    found = reading.in_pdf(report, tmp_path)
    assert "€13.84m is booked" in found.words and "Customer 080" in found.words
    assert found.tables == 7
    with pikepdf.open(io.BytesIO(report)) as pdf:
        assert pdf.Root.MarkInfo.Marked and str(pdf.docinfo["/Title"]).startswith("Northwind Bikes: Quarterly")
        with pdf.open_outline() as outline:
            assert [entry.title for entry in outline.root][3] == "How the figures are made"
            assert "Scorecard" in [entry.title for entry in outline.root[0].children]


@needs_browser
def test_it_carries_the_figures_and_a_csv_of_each_table_and_is_dated_as_the_report_is() -> None:
    day = datetime(2026, 9, 30, tzinfo=UTC)
    made = make(read_document(made_up.report()), "pdf", "chromium", timestamp=day, attachments={"results.json": b"{}"})
    with pikepdf.open(io.BytesIO(made)) as pdf:
        assert str(pdf.docinfo["/CreationDate"]) == str(pdf.docinfo["/ModDate"]) == "D:20260930000000Z"
        assert pdf.attachments["results.json"].get_file().read_bytes() == b"{}"
        assert pdf.attachments["results.json"].relationship == pikepdf.Name.Data
        tables = [name for name in pdf.attachments if name.endswith(".csv")]
        assert len(tables) >= 3
        assert all(pdf.attachments[name].get_file().read_bytes().count(b"\n") > 1 for name in tables)


@needs_browser
def test_pages_are_a4_and_numbered(report: bytes, tmp_path: Path) -> None:
    found = reading.in_pdf(report, tmp_path)
    with pikepdf.open(io.BytesIO(report)) as pdf:
        count = len(pdf.pages)
        assert [round(float(side)) for side in pdf.pages[0].mediabox[2:]] == [595, 842]
    assert count > 3 and all(f"{number}/{count}" in found.words.replace(" / ", "/") for number in range(1, count + 1))


@needs_browser
def test_the_browser_reaches_no_one_not_even_this_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    class Listening(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)

        def log_message(self, *words: object) -> None:
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Listening) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        there = f"http://127.0.0.1:{server.server_port}"
        # the page's own policy would stop this too, so it is taken away
        page = (
            f'<html><body><h1>A</h1><img src="{there}/picture.png"><iframe src="{there}/frame"></iframe></body></html>'
        )
        monkeypatch.setattr(chromium, "to_print_html", lambda *_, **__: page)
        data = page_of("# A", tmp_path)
        server.shutdown()
    assert data.startswith(b"%PDF") and asked == []


@needs_browser
def test_it_is_told_when_the_sandbox_is_off(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    a_browser_that('for word in "$@"; do echo "$word" >&2; done; exit 7', tmp_path, monkeypatch)
    for root, told in ((0, True), (1000, False)):
        caplog.clear()
        monkeypatch.setattr(os, "geteuid", lambda root=root: root)
        with pytest.raises(RunError, match="ended with code 7"):
            page_of("# A", tmp_path)
        assert any("without its sandbox" in message for message in caplog.messages) == told


def test_without_a_browser_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(EngineMissing, match="apt-get install chromium") as caught:
        page_of("# A", tmp_path)
    assert caught.value.exit_code == 2


def test_a_browser_that_leaves_no_pdf_is_believed_no_more_than_one_that_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_browser_that("echo 'ERROR: no display' >&2; exit 0", tmp_path, monkeypatch)
    with pytest.raises(RunError, match="printed no PDF: ERROR: no display"):
        page_of("# A", tmp_path)


def test_a_browser_that_hangs_is_ended_with_all_that_it_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    note = tmp_path / "pid"
    a_browser_that(f"sleep 60 & echo $! > {note}; wait", tmp_path, monkeypatch)
    with pytest.raises(RunError, match=r"not done in 0\.5 s"):
        subprocesses.run_program(["chromium"], folder=tmp_path, remedy="", patience=0.5)
    child = Path(f"/proc/{note.read_text().strip()}")
    for _ in range(50):
        if not child.exists() or "State:\tZ" in (child / "status").read_text():
            break
        time.sleep(0.02)
    else:
        pytest.fail("what the browser started is still there")
