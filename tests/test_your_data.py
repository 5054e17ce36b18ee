"""Each way of docs/your-data.md is gone: its commands are run over the exports that it names."""

from __future__ import annotations

import os
import re
import shlex
import shutil
from pathlib import Path

import duckdb
import pytest

from kpi_analysis.cli.main import main
from kpi_analysis.metrics.catalogue import shipped

PAGE = (Path(__file__).parents[1] / "docs" / "your-data.md").read_text(encoding="utf-8")
EXPORTS = Path(__file__).parent / "data" / "exports"
SECTIONS = dict(
    zip(*[iter(["Your data", *re.split(r"(?m)^## (.*)$", PAGE.removeprefix("# Your data\n"))])] * 2, strict=True)
)
TABLES = (
    """create table hubspot.deal as select * from (values
    (1, timestamp '2026-07-02', timestamp '2026-08-01', 900, 1, 'a', 's1', false),
    (2, timestamp '2026-07-03', timestamp '2026-09-30', 700, 1, 'a', 's2', false),
    (3, timestamp '2026-07-03', timestamp '2026-09-30', 700, 1, 'a', 's2', true)) t(deal_id, property_createdate,
    property_closedate, property_amount, owner_id, deal_pipeline_id, deal_pipeline_stage_id, is_deleted)""",
    """create table hubspot.deal_pipeline_stage as select * from (values
    ('s1', 1.0, timestamp '2026-10-01'), ('s2', 0.0, timestamp '2026-10-01'))
    t(stage_id, probability, _fivetran_synced)""",
)


def lay_out(section: str, folder: Path) -> None:
    """Put the exports of a section where its commands look for them."""
    (folder / "exports").mkdir()
    for part, patterns in re.findall(r"<!-- exports (\w): (.*) -->", section):
        for pattern in re.findall(r"\S+", patterns):
            found = sorted((EXPORTS / part).glob(pattern))
            assert found, pattern
            for path in found:
                shutil.copy(path, folder / "exports" / path.name)
    if "<!-- database:" in section:
        with duckdb.connect(folder / "warehouse.duckdb") as connection:
            connection.sql("create schema hubspot")
            for statement in TABLES:
                connection.sql(statement)


@pytest.mark.parametrize("title", SECTIONS)
def test_the_commands_of_a_way_print_what_the_page_says(
    title: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    section = SECTIONS[title]
    lay_out(section, tmp_path)
    monkeypatch.chdir(tmp_path)
    commands, wanted = re.search(r"(?s)```sh\n(.*?)```\n```text\n(.*?)```", section).groups()  # type: ignore[union-attr]
    for command in commands.splitlines():
        words = shlex.split(command)
        if words[0] == "cd":
            os.chdir(words[1])
            continue
        with pytest.raises(SystemExit) as caught:
            main(words[1:])
        assert not caught.value.code, capsys.readouterr()
    printed = capsys.readouterr().out
    for line in wanted.splitlines():
        assert line in printed
    if "compute" in commands:
        asked = re.search(r"compute ([\w ]+?) --", commands)[1].split()  # type: ignore[index]
        assert [shipped().label(kpi) for kpi in asked if shipped().label(kpi) not in printed] == []


def test_there_are_ten_ways() -> None:
    assert sum(title.startswith("From ") for title in SECTIONS) == 10
