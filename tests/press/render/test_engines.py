"""Which engine makes what, and what is said where it cannot."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest
from support import printed_files as reading
from support import report_parts as sample

from kpi_analysis.core.errors import EngineMissing, UsageError
from kpi_analysis.design.blocks import Title
from kpi_analysis.press.render import engines
from kpi_analysis.press.render.document import read_document


@pytest.fixture
def nothing_on_the_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("QUARTO_PATH", raising=False)


HEADS = {"html": b"<!DOCTYPE html>", "pdf": b"%PDF-", "docx": b"PK", "pptx": b"PK", "revealjs": b"<!DOCTYPE html>"}


def test_the_command_line_takes_what_the_register_holds() -> None:
    assert engines.ENGINE_NAMES == ("auto", "typst", "quarto", "chromium")
    assert engines.FORMATS == ("html", "pdf", "docx", "pptx", "revealjs", "ipynb")
    names = [engine.name for engine in engines.ENGINES]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize(
    ("engine", "form"),
    [(engine, form) for engine in engines.ENGINES for form in engine.formats],
    ids=lambda given: getattr(given, "name", given),
)
def test_every_engine_makes_the_formats_that_it_names(engine: engines.Engine, form: str) -> None:
    missing = engine.check()
    if missing is not None:
        assert missing.remedy, "the command that installs it"
        pytest.skip(str(missing))
    document = read_document(sample.notebook(sample.markdown("# Orders rose")))
    made = engine.make(document, form, timestamp=None, attachments={})
    assert made.lstrip().startswith(HEADS[form])


@pytest.mark.parametrize("form", [form for form in engines.FORMATS if form != "ipynb"])
def test_a_format_has_an_engine_though_none_is_named(form: str) -> None:
    assert form in engines.engine_of(form, "auto").formats


def test_the_register_loads_no_engine() -> None:
    script = "import sys, kpi_analysis.press.render.engines; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert {"typst", "pptx", "pypandoc", "quarto", "jinja2"} & set(done.stdout.split()) == set()


@pytest.mark.usefixtures("nothing_on_the_path")
def test_auto_needs_no_program_beside_python() -> None:
    assert engines.choose_engine("auto", ["html", "pdf", "docx", "pptx", "ipynb"]) == "typst"


@pytest.mark.usefixtures("nothing_on_the_path")
@pytest.mark.parametrize(
    ("engine", "form", "remedy"),
    [
        ("quarto", "html", "conda install"),
        ("auto", "revealjs", "conda install"),
        ("chromium", "pdf", "apt-get install chromium"),
    ],
)
def test_a_missing_program_is_told_before_anything_runs(engine: str, form: str, remedy: str) -> None:
    with pytest.raises(EngineMissing, match=remedy) as caught:
        engines.choose_engine(engine, [form])
    assert caught.value.exit_code == 2


@pytest.mark.parametrize(("package", "form"), [("typst", "pdf"), ("pptx", "pptx")])
def test_a_missing_package_is_told_too(package: str, form: str, monkeypatch: pytest.MonkeyPatch) -> None:
    there = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == package else there(name))
    with pytest.raises(EngineMissing, match="pip install"):
        engines.choose_engine("auto", [form])


def test_an_engine_that_makes_none_of_the_formats_is_refused() -> None:
    with pytest.raises(UsageError, match=r"chromium makes pdf; asked for was html, docx\. Add --to pdf"):
        engines.choose_engine("chromium", ["html", "docx"])


def test_an_unknown_engine_is_refused_with_the_nearest() -> None:
    with pytest.raises(UsageError, match=r"Did you mean 'quarto'\?"):
        engines.choose_engine("quatro", ["pdf"])


def test_what_an_engine_does_not_make_the_others_do() -> None:
    document = read_document(sample.notebook(sample.markdown("# A")))
    page = engines.make(document, "html", "typst", timestamp=None, attachments={})
    word = engines.make(document, "docx", "chromium", timestamp=None, attachments={})
    assert page.startswith(b"<!DOCTYPE html>") and word.startswith(b"PK")


def test_code_before_the_first_title_leaves_no_page_empty(tmp_path: Path) -> None:
    import io

    import pikepdf

    from kpi_analysis.design.blocks import Title

    nb = sample.notebook(sample.code(source="report = open()"), sample.cell_of(Title("Orders rose")))
    data = engines.make(read_document(nb, show_code=True), "pdf", "auto", timestamp=None, attachments={})
    with pikepdf.open(io.BytesIO(data)) as pdf:
        assert len(pdf.pages) == 1


def test_code_before_the_first_title_has_a_slide() -> None:
    nb = sample.notebook(sample.code(source="report = open()"), sample.cell_of(Title("Orders rose")))
    data = engines.make(read_document(nb, show_code=True), "pptx", "auto", timestamp=None, attachments={})
    assert [("report = open()" in "".join(slide.itertext())) for slide in reading.slides(data)] == [True, False]


def test_a_report_is_published_in_the_formats_asked_for(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from datetime import UTC, datetime

    from kpi_analysis.press.run.report import render_report

    source = Path(__file__).parents[2] / "notebooks" / "reports_what_it_was_given.ipynb"
    (workspace / "notebooks" / source.name).write_bytes(source.read_bytes())
    (workspace / "params" / "company.yaml").write_text("company: Tiny\n")
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[3]))
    monkeypatch.chdir(workspace)
    report = render_report(
        source.stem, period="2017-Q4", formats=("docx", "html", "pptx"), show_code=True,
        clock=lambda: datetime(2018, 1, 5, 8, 0, tzinfo=UTC),
    )  # fmt: skip
    written = {path.name: path.read_bytes() for path in report.files}
    assert {"report.docx", "report.pptx", "report.html", "report.ipynb"} < written.keys()
    assert "report.pdf" not in written
    assert b'<pre class="block code"' in written["report.html"]
    assert written["report.docx"][:2] == written["report.pptx"][:2] == b"PK"
