import os
from pathlib import Path

import pytest

from kpi_analysis.cli.doctor import Diagnosis, diagnose


def by_name(found: list[Diagnosis]) -> dict[str, Diagnosis]:
    return {one.name: one for one in found}


def test_what_reports_need_works_here(tmp_path: Path) -> None:
    found = by_name(diagnose(tmp_path / "reports"))
    for name in ("python", "pandas", "papermill", "engine html", "engine typst", "kernels", "reports folder"):
        assert found[name].state == "ok", found[name]
    assert "PDF" in found["engine typst"].detail
    assert (found["engine docx"].state, found["engine pptx"].state) == ("ok", "ok")
    assert int(found["cores"].detail) >= 1
    assert list(tmp_path.iterdir()) == []


def test_whatever_is_amiss_comes_with_a_remedy(tmp_path: Path) -> None:
    assert all(one.remedy for one in diagnose(tmp_path) if one.state != "ok")


def test_a_program_that_answers_with_an_error_is_broken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "quarto"
    program.write_text("#!/bin/sh\necho 1.6.0\necho no deno >&2\nexit 3\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.delenv("QUARTO_PATH", raising=False)
    quarto = by_name(diagnose(tmp_path))["engine quarto"]
    assert (quarto.state, quarto.detail) == ("broken", "Quarto ended with code 3: no deno")


def test_a_program_that_is_not_there_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("QUARTO_PATH", raising=False)
    found = by_name(diagnose(tmp_path))
    assert found["engine quarto"].state == found["engine chromium"].state == "missing"


def test_a_file_in_place_of_the_reports_folder_is_told(tmp_path: Path) -> None:
    (tmp_path / "reports").write_text("")
    folder = by_name(diagnose(tmp_path / "reports"))["reports folder"]
    assert folder.state == "broken"
    assert folder.detail.endswith("reports is a file")
