"""Targets judged letter by letter, and what is agreed to reach them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import pytest

from kpi_analysis.core.status import Status
from kpi_analysis.design.blocks import Cell, Table
from kpi_analysis.design.formats import NBSP, Format
from kpi_analysis.report.tables import actions_table, targets_table

GB = Format("en_GB", "EUR")
FINE = dict.fromkeys("SMART", "")
DECEMBER, JUNE = dt.date(2026, 12, 31), dt.date(2026, 6, 30)


@dataclass(frozen=True)
class Goal:
    label: str = "Recurring revenue"
    unit: str = "currency"
    better: str = "higher"
    owner: str = "Head of Sales"
    baseline: float | None = 240_000.0
    target: float = 288_000.0
    chance: float | None = 0.31
    reason: str = ""
    status: Status = "risk"
    deadline: dt.date = DECEMBER
    review_due: dt.date | None = dt.date(2026, 10, 31)
    actions: tuple[str, ...] = ("Hire two account executives by May.", "Reprice the starter plan")
    verdicts: Mapping[str, str] = field(default_factory=lambda: FINE)


MRR = Goal()
CPL = Goal("Cost per lead", "currency", "lower", "Head of Marketing", 33.2, 36.0, 0.04, "", "off")
NPS = Goal("Net promoter score", "points", "higher", "", None, 40.0, None, "7 months are too few", "none", actions=())


def cells(table: Table, row: int) -> tuple[Cell, ...]:
    return table.rows[row].cells


def texts(table: Table, row: int) -> list[str]:
    return [cell.text for cell in cells(table, row)]


def test_a_target_has_its_unit_its_numbers_and_a_tick_a_letter() -> None:
    table = targets_table([MRR], GB)
    assert [column.label for column in table.columns] == [
        f"Target by{NBSP}31 Dec 2026",
        *("Owner", "Baseline", "Target", "Chance"),
        *"SMART",
    ]
    assert texts(table, 0) == ["Recurring revenue", "Head of Sales", "240", "288", "31%", *"✓✓✓✓✓"]
    assert cells(table, 0)[0].unit == "€k" and all(cell.tone == "good" for cell in cells(table, 0)[5:])


def test_what_is_amiss_stands_in_words_and_not_only_in_colour() -> None:
    table = targets_table([replace(MRR, verdicts=FINE | {"A": "out of reach", "S": "no owner"})], GB)
    assert texts(table, 0)[5:] == ["no owner", "✓", "out of reach", "✓", "✓"]
    assert [(c.tone, c.strong) for c in (cells(table, 0)[5], cells(table, 0)[7])] == [("warn", True)] * 2


def test_a_target_that_is_better_lower_says_at_most() -> None:
    table = targets_table([CPL], GB)
    assert texts(table, 0)[3] == "≤ 36.00" and cells(table, 0)[0].unit == f"€{NBSP}↓"


def test_points_of_mixed_units_stand_one_above_the_other() -> None:
    table = targets_table([MRR, CPL], GB)
    assert [cells(table, i)[3].pad for i in (0, 1)] == [".00", ""]


def test_a_missing_chance_is_a_dash_and_its_reason_a_note() -> None:
    table = targets_table([NPS], GB)
    assert texts(table, 0)[1:5] == ["–", "–", "40", "–"]
    assert table.note.endswith("Net promoter score: 7 months are too few.")
    assert "Net promoter" not in targets_table([MRR], GB).note


def test_after_the_deadline_hit_or_missed_stands_in_place_of_the_chance() -> None:
    table = targets_table([replace(MRR, status="hit", chance=1.0), replace(CPL, status="missed")], GB)
    assert [(cells(table, i)[4].text, cells(table, i)[4].status) for i in (0, 1)] == [
        ("Hit", "hit"),
        ("Missed", "missed"),
    ]


def test_targets_of_several_deadlines_stand_in_groups_the_nearest_first() -> None:
    table = targets_table([MRR, replace(CPL, deadline=JUNE), NPS], GB)
    assert table.columns[0].label == "Target"
    assert [row.cells[0].text for row in table.rows] == [
        *("By 30 Jun 2026", "Cost per lead"),
        *("By 31 Dec 2026", "Recurring revenue", "Net promoter score"),
    ]
    assert [row.kind for row in table.rows] == ["group", "plain", "group", "plain", "plain"]


def test_names_keep_room_however_much_is_amiss() -> None:
    amiss = dict(zip("SMART", ("no owner", "no data", "out of reach", "no actions", "no review"), strict=True))
    for verdicts in (FINE, FINE | {"A": "out of reach"}, amiss):
        table = targets_table([replace(MRR, verdicts=verdicts), CPL], GB)
        fixed = sum(float(c.width.removesuffix("mm")) for c in table.columns if c.width.endswith("mm"))
        assert 174 - fixed > 48


def test_a_letter_without_a_verdict_is_refused() -> None:
    with pytest.raises(ValueError, match="no verdict on T of the target for 'Recurring revenue'"):
        targets_table([replace(MRR, verdicts=dict.fromkeys("SMAR", ""))], GB)


def test_every_row_fills_its_columns_and_no_targets_make_an_empty_table() -> None:
    for table in (targets_table([MRR, replace(CPL, deadline=JUNE)], GB), actions_table([MRR, NPS], GB)):
        assert all(sum(cell.span for cell in row.cells) == len(table.columns) for row in table.rows)
    assert targets_table([], GB).rows == () == actions_table([], GB).rows


def test_the_tables_carry_what_they_quote() -> None:
    quoted = ({"kpi": "mrr", "value": 271.4},)
    assert targets_table([MRR], GB, values=quoted).values == actions_table([MRR], GB, values=quoted).values == quoted


def test_actions_stand_beside_their_target_owner_review_and_status() -> None:
    table = actions_table([MRR], GB)
    assert texts(table, 0) == [
        "Recurring revenue €288k",
        "Hire two account executives by May; Reprice the starter plan",
        "Head of Sales",
        "31 Oct 2026",
        "At risk",
    ]
    assert cells(table, 0)[4].status == "risk"


def test_a_target_without_actions_owner_or_review_says_so() -> None:
    table = actions_table([replace(NPS, review_due=None), CPL], GB)
    assert texts(table, 0) == [f"Net promoter score 40{NBSP}points", "nothing agreed", "–", "–", "Not known"]
    assert cells(table, 0)[1].tone == "warn"
    assert texts(table, 1)[0] == f"Cost per lead ≤{NBSP}€36.00" and cells(table, 1)[4].tone == "bad"
