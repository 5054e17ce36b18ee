"""Word and PowerPoint files opened by another program than those that wrote them: LibreOffice, where it is found."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from support import sample_report as made_up

from kpi_analysis.press.render.document import read_document
from kpi_analysis.press.render.engines import make

OFFICE = shutil.which("soffice")


@pytest.mark.skipif(OFFICE is None or shutil.which("pdftotext") is None, reason="LibreOffice is not on this machine")
@pytest.mark.parametrize("form", ["docx", "pptx"])
def test_libreoffice_reads_every_title_and_the_last_row_of_a_long_table(form: str, tmp_path: Path) -> None:
    document = read_document(made_up.report())
    (tmp_path / f"report.{form}").write_bytes(make(document, form, "auto", timestamp=None, attachments={}))
    subprocess.run(
        [str(OFFICE), "--headless", f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}", "--convert-to", "pdf",
         "--outdir", str(tmp_path), str(tmp_path / f"report.{form}")],
        check=True, capture_output=True, timeout=120,
    )  # fmt: skip
    words = subprocess.run(
        ["pdftotext", "-layout", str(tmp_path / "report.pdf"), "-"], check=True, capture_output=True, text=True
    ).stdout
    read = " ".join(words.split())
    titles = [" ".join(entry.title.split()) for entry in document.toc]
    assert titles and [title for title in titles if title[:30] not in read] == []
    assert "Customer 080" in read
