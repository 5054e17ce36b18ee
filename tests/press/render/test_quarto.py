"""Quarto: what it is handed, how it is run, and what is believed of its answer."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pikepdf
import pytest
import yaml
from support import printed_files as reading
from support import report_parts as sample
from support import sample_report as made_up

from kpi_analysis.core.errors import EngineMissing, RunError
from kpi_analysis.design.theme import LIGHT
from kpi_analysis.press.render import quarto
from kpi_analysis.press.render.document import read_document
from kpi_analysis.press.render.engines import make

PDF = "%PDF-1.7"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    quarto.write_project(read_document(made_up.report()), folder)
    return folder


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Put a program in Quarto's place that does what a test wants to see handled."""

    def put(does: str) -> None:
        file = tmp_path / "quarto"
        file.write_text(f"#!/bin/sh\n{does}\n")
        file.chmod(0o755)
        monkeypatch.setenv("QUARTO_PATH", str(file))

    return put


def printed(form: str, words: str = "# Orders rose") -> bytes:
    document = read_document(sample.notebook(sample.markdown(words)))
    return make(document, form, "quarto", timestamp=None, attachments={})


def head_and_body(folder: Path) -> tuple[dict, str]:
    _, head, body = (folder / "report.qmd").read_text(encoding="utf-8").split("---\n", 2)
    return yaml.safe_load(head), body


def test_it_is_handed_the_whole_document(project: Path) -> None:
    head, body = head_and_body(project)
    assert head["title"].startswith("Revenue rose 9%") and head["lang"] == "en-GB"
    assert head["pagetitle"] == "Northwind Bikes: Quarterly KPI report, 2026-Q3"
    assert re.findall("^# (.*?)(?: {#.*)?$", body, re.MULTILINE)[-1] == "How the figures are made"
    assert "**4.82**" in body and "Customer 080" in body and "out of reach" in body


def test_what_it_is_handed_reads_back_whole(project: Path) -> None:
    import subprocess

    import pypandoc

    command = [pypandoc.get_pandoc_path(), "--from=markdown", "--to=html", "report.qmd"]
    page = subprocess.run(command, cwd=project, capture_output=True, check=True).stdout
    found = reading.in_html(page)
    assert found.tables == 7 and "Inventory turnover turns" in found.words and "◆ At risk" in found.words
    assert [words in found.words for words in ("Customer 001", "Customer 080", "€13.84m is booked")] == [True] * 3
    assert page.count(b"<tr") > 8 + 80 and page.count(b"fig-alt=") == 8 + 11 + 4


def test_each_picture_is_a_file_beside_it_and_has_its_words(project: Path) -> None:
    _, body = head_and_body(project)
    pictures = re.findall(r"!\[[^\]]*\]\(([^)]+)\)\{(.*?)\}", body)
    assert len(pictures) == 8 + 11 + 4
    assert all((project / file).is_file() and 'fig-alt="' in words for file, words in pictures)


def test_no_text_can_act_in_it(tmp_path: Path) -> None:
    text = "{{< include secret.txt >}} `{python} 1+1` <script>x</script>"
    cells = [
        sample.markdown(f"# A\n\n{text}\n\n    ```{{python}}\n    print(1)\n    ```\n\n    {text}"),
        sample.code(sample.shown(text_plain=f"```{{python}}\nprint(1)\n```\n{text}")),
    ]
    quarto.write_project(read_document(sample.notebook(*cells)), tmp_path)
    head, body = head_and_body(tmp_path)
    assert "{{<" not in body and "include secret.txt" in body
    assert re.search(r"^```+\s*{python}", body, re.MULTILINE) is None
    settings = yaml.safe_load((tmp_path / "_quarto.yml").read_text())
    assert head["engine"] == "markdown" and settings["execute"] == {"enabled": False}


def test_the_brand_is_ours(project: Path) -> None:
    brand = yaml.safe_load((project / "_brand.yml").read_text(encoding="utf-8"))
    assert brand["color"]["palette"]["accent"] == LIGHT.accent and brand["color"]["primary"] == "accent"
    files = brand["typography"]["fonts"][0]["files"]
    assert len(files) == 3 and all((project / file["path"]).is_file() for file in files)


def test_the_command_asks_for_the_format_and_runs_nothing() -> None:
    command = quarto.quarto_command("quarto", "revealjs")
    assert command[1:] == ["render", "report.qmd", "--to", "revealjs", "--output", "report.html", "--no-execute"]


def test_it_is_looked_for_where_its_package_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QUARTO_PATH", str(tmp_path / "nothing"))
    with pytest.raises(EngineMissing, match="which is no program"):
        printed("pdf")
    monkeypatch.delenv("QUARTO_PATH")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(EngineMissing, match="conda install") as caught:
        printed("html")
    assert caught.value.exit_code == 2


def test_a_code_that_is_not_0_is_a_failure_even_where_a_file_lies(program) -> None:
    program(f"echo '{PDF}' > report.pdf; echo 'ERROR: no typst' >&2; echo '  at main.ts' >&2; exit 3")
    with pytest.raises(RunError, match="ended with code 3: ERROR: no typst"):
        printed("pdf")


def test_a_code_of_0_is_none_where_no_file_lies(program) -> None:
    program("echo 'Output created: report.pdf' >&2")
    with pytest.raises(RunError, match="asked for typst and left no file: Output created"):
        printed("pdf")


def test_a_file_of_another_kind_is_none(program) -> None:
    program("echo '<html>' > report.docx")
    with pytest.raises(RunError, match="left a file of another kind"):
        printed("docx")


def test_what_it_leaves_is_taken_and_carries_the_figures(program, tmp_path: Path) -> None:
    pikepdf.new().save(tmp_path / "left.pdf")
    program(f"grep -q 'title: Orders rose' report.qmd && cp '{tmp_path / 'left.pdf'}' report.pdf")
    document = read_document(sample.notebook(sample.markdown("# Orders rose")))
    made = make(document, "pdf", "quarto", timestamp=None, attachments={"results.json": b"{}"})
    with pikepdf.open(io.BytesIO(made)) as pdf:
        assert pdf.attachments["results.json"].get_file().read_bytes() == b"{}"


def test_a_pdf_that_cannot_be_read_is_a_failure(program) -> None:
    program(f"echo '{PDF}' > report.pdf")
    with pytest.raises(RunError, match="that was printed cannot be read"):
        printed("pdf")


@pytest.mark.skipif(quarto.find_quarto() is None, reason="Quarto's command line is not on this machine")
@pytest.mark.parametrize("form", ["html", "pdf", "docx", "pptx", "revealjs"])
def test_the_real_one_prints_words_tables_pictures_and_formulas(form: str, tmp_path: Path) -> None:
    cells = [
        sample.markdown("# Orders rose\n\n## Why\n\nSo $a^2$ is.\n\n| a | b |\n|--|--|\n| 1 | 2 |"),
        sample.code(sample.shown(**{"image_svg+xml": sample.chart(85, 56)}), alt="Spend by channel"),
    ]
    document = read_document(sample.notebook(*cells))
    data = make(document, form, "quarto", timestamp=None, attachments={})
    if form in ("html", "revealjs"):
        text = data.decode()
        assert "Orders rose" in text and "<table" in text and "Spend by channel" in text and "<math" in text
        return
    found = {"docx": reading.in_docx, "pptx": reading.in_pptx, "pdf": lambda d: reading.in_pdf(d, tmp_path)}[form](data)
    assert "Orders rose" in found.words
    assert form == "pdf" or (found.tables and "Spend by channel" in found.pictures and found.formulas)
