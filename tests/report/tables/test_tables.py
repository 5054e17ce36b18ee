"""The tidy frame as tables."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pytest
from support.reasons import says

from kpi_analysis.core.records import records
from kpi_analysis.design.blocks import Cell, Row, Table
from kpi_analysis.design.formats import NBSP, Format
from kpi_analysis.report.tables import (
    Field,
    definitions_table,
    not_shown_table,
    scorecard,
    value_table,
)
from kpi_analysis.stats.trends import usual_variation

GB = Format("en_GB", "EUR")
PERIODS = [f"{2023 + (i + 3) // 4}-Q{(i + 3) % 4 + 1}" for i in range(12)]  # to 2026-Q3


@dataclass(frozen=True)
class Kpi:
    label: str
    unit: str
    better: str = "higher"
    category: str = "sales"
    formula: str = "a / b"


METRICS = {
    "sales_revenue": Kpi("Sales revenue", "currency"),
    "win_rate": Kpi("Opportunity-to-win ratio", "percent"),
    "cycle": Kpi("Sales cycle length", "days", "lower"),
    "new_customers": Kpi("New customers", "count", category="customers"),
}
HISTORY: dict[str, list[float | None]] = {
    "sales_revenue": [3.7e6 + 2e4 * i + (i % 2) * 1e4 for i in range(11)] + [4.824e6],
    "win_rate": [0.28 + 0.004 * (i % 3) for i in range(11)] + [0.281],
    "cycle": [58.0 - i % 2 for i in range(11)] + [47.0],
    "new_customers": [None] * 3 + [300.0 + i for i in range(8)] + [412.0],
}


def tidy(history: dict[str, list[float | None]], **last: dict[str, Any]) -> pd.DataFrame:
    rows = []
    for kpi, values in history.items():
        for i, value in enumerate(values):
            rows.append(
                {
                    "kpi": kpi,
                    "period": PERIODS[i],
                    "period_start": dt.date(2023 + (i + 3) // 4, (i + 3) % 4 * 3 + 1, 1),
                    "value": value,
                    "reason": None if value is not None else "no rows in the period",
                    "previous": values[i - 1] if i else None,
                    "year_ago": values[i - 4] if i >= 4 else None,
                    "complete": True,
                    "target": None,
                    "chance": None,
                    "status": None,
                    "rows": 100,
                    **(last.get(kpi, {}) if i == 11 else {}),
                }
            )
    return pd.DataFrame(rows)


def row_of(table: Table, label: str) -> tuple[Cell, ...]:
    return next(row.cells for row in table.rows if row.cells[0].text == label)


# --- usual variation


def test_the_limits_are_those_of_an_xmr_chart() -> None:
    # worked by hand: mean 10, moving ranges 2 2 2 2 2, so 10 ∓ 2.66 * 2
    assert usual_variation([9, 11, 9, 11, 9, 11]) == pytest.approx((4.68, 15.32))


def test_fewer_than_six_changes_have_no_limits() -> None:
    assert usual_variation([1, 2, 3, 4, 5]) is None


def test_changes_that_never_vary_leave_no_room() -> None:
    assert usual_variation([0.0] * 8) == (0, 0)


# --- scorecard


def test_a_scorecard_without_targets_has_no_columns_for_them() -> None:
    table = scorecard(tidy(HISTORY), METRICS, GB)
    assert [c.label for c in table.columns] == [
        "KPI, unit",
        "12 periods",
        "Q3 2026",
        "vs previous",
        "vs year ago",
    ]


def test_one_target_brings_target_chance_and_status() -> None:
    frame = tidy(HISTORY, cycle={"target": 45.0, "chance": 0.71, "status": "on"})
    table = scorecard(frame, METRICS, GB)
    assert [c.label for c in table.columns][-3:] == ["Target", "Chance", "Status"]
    target, chance, status = row_of(table, "Sales cycle length")[-3:]
    assert (target.text, chance.text, status.text, status.status) == ("≤ 45", "71%", "On track", "on")
    assert [c.text for c in row_of(table, "Sales revenue")[-3:]] == ["–", "–", "No target"]


def test_off_track_is_said_by_shape_word_and_weight() -> None:
    frame = tidy(HISTORY, win_rate={"target": 0.3, "chance": 0.22, "status": "off"})
    status = row_of(scorecard(frame, METRICS, GB), "Opportunity-to-win ratio")[-1]
    assert status == Cell("Off track", status="off", tone="bad", strong=True)


def test_each_kpi_carries_its_unit_and_scale_beside_its_name() -> None:
    table = scorecard(tidy(HISTORY), METRICS, GB)
    names = {row.cells[0].text: row.cells[0].unit for row in table.rows if row.kind == "plain"}
    assert names == {
        "Sales revenue": "€m",
        "Opportunity-to-win ratio": "%",
        "Sales cycle length": f"days{NBSP}↓",
        "New customers": "count",
    }
    assert row_of(table, "Sales revenue")[2].text == "4.82"


def test_points_align_in_a_column_of_mixed_units() -> None:
    table = scorecard(tidy(HISTORY), METRICS, GB)
    values = [row_of(table, kpi.label)[2] for kpi in METRICS.values()]
    assert [(c.text, c.pad) for c in values] == [("4.82", ""), ("28.1", "0"), ("47", ".00"), ("412", ".00")]


def test_a_change_within_its_usual_variation_is_muted_and_one_beyond_it_marked() -> None:
    table = scorecard(tidy(HISTORY), METRICS, GB)
    revenue = row_of(table, "Sales revenue")[3]
    assert (revenue.tone, revenue.strong, revenue.suffix) == ("good", True, "%")
    win_rate = row_of(table, "Opportunity-to-win ratio")[3]
    assert (win_rate.tone, win_rate.strong, win_rate.suffix) == ("muted", False, " pp")


def test_less_is_good_where_lower_is_better() -> None:
    assert row_of(scorecard(tidy(HISTORY), METRICS, GB), "Sales cycle length")[3].tone == "good"
    worse = dict(METRICS, cycle=Kpi("Sales cycle length", "days", "higher"))
    assert row_of(scorecard(tidy(HISTORY), worse, GB), "Sales cycle length")[3].tone == "bad"
    neutral = dict(METRICS, cycle=Kpi("Sales cycle length", "days", "neutral"))
    cell = row_of(scorecard(tidy(HISTORY), neutral, GB), "Sales cycle length")[3]
    assert (cell.tone, cell.strong) == ("plain", True)


def test_a_short_history_colours_nothing() -> None:
    short = {"cycle": HISTORY["cycle"][-4:]}
    frame = tidy(short)
    cell = row_of(scorecard(frame, {"cycle": METRICS["cycle"]}, GB), "Sales cycle length")[3]
    assert (cell.text, cell.tone, cell.strong) == ("−11", "muted", False)


def test_a_kpi_without_a_value_has_its_reason_across_the_row() -> None:
    history = dict(HISTORY, cycle=[*HISTORY["cycle"][:-1], None])
    table = scorecard(tidy(history, cycle={"reason": "no won deals"}), METRICS, GB)
    name, reason = row_of(table, "Sales cycle length")
    assert (reason.text, reason.span) == ("no won deals", len(table.columns) - 1)
    assert name.unit == f"days{NBSP}↓"


def test_every_row_is_as_wide_as_the_table() -> None:
    history = dict(HISTORY, cycle=[*HISTORY["cycle"][:-1], None])
    table = scorecard(tidy(history), METRICS, GB)
    assert {sum(c.span for c in row.cells) for row in table.rows} == {len(table.columns)}


def test_no_kpi_has_a_value() -> None:
    table = scorecard(tidy({name: [None] * 12 for name in METRICS}), METRICS, GB)
    assert {sum(c.span for c in row.cells) for row in table.rows} == {len(table.columns)}
    assert "no rows in the period" in {row.cells[-1].text for row in table.rows}


def test_kpis_stand_under_their_category_and_none_is_lost() -> None:
    table = scorecard(tidy(HISTORY), METRICS, GB, groups={"customers": "Customers"})
    labels = [row.cells[0].text for row in table.rows if row.kind == "group"]
    assert labels == ["Customers", "Sales"]
    assert sum(row.kind == "plain" for row in table.rows) == len(METRICS)


def test_the_ring_of_a_sparkline_is_the_same_period_last_year() -> None:
    svg = row_of(scorecard(tidy(HISTORY), METRICS, GB), "Sales revenue")[1].svg
    step = (22 - 2.4) / 11
    assert f'cx="{1.2 + 7 * step:.2f}"' in svg


def test_a_sparkline_has_its_words() -> None:
    alt = row_of(scorecard(tidy(HISTORY), METRICS, GB), "New customers")[1].alt
    assert says(alt, "New customers", "12", "300", "412", "3 without")


def test_the_table_quotes_the_rows_of_the_reported_period() -> None:
    values = scorecard(tidy(HISTORY), METRICS, GB).values
    assert [row["kpi"] for row in values] == list(METRICS)
    assert {row["period"] for row in values} == {"2026-Q3"}
    assert json.loads(json.dumps(values))[0]["period_start"] == "2026-07-01"


def test_a_large_count_keeps_its_word_in_the_slot() -> None:
    history: dict[str, list[float | None]] = {"visitors": [1.1e6 + i for i in range(11)] + [1.24e6]}
    table = scorecard(tidy(history), {"visitors": Kpi("Visitors", "count")}, GB)
    cell = row_of(table, "Visitors")[2]
    assert (cell.text, cell.suffix) == ("1.24", "m")


def test_a_kpi_that_is_not_in_the_frame_is_named() -> None:
    with pytest.raises(ValueError, match="'nps'"):
        scorecard(tidy(HISTORY), {"nps": Kpi("NPS", "points")}, GB)


def test_a_scorecard_leaves_the_frame_as_it_was() -> None:
    frame = tidy(HISTORY)
    before = frame.copy()
    scorecard(frame, METRICS, GB)
    pd.testing.assert_frame_equal(frame, before)


# --- sorted values

CHANNELS = pd.DataFrame(
    {
        "channel": ["Email", "Search 2.0", "Display", "Print"],
        "spend": [14_200.0, 88_000.0, 10_000.0, np.nan],
        "roi": [10.8, 3.3, -0.26, np.nan],
        "leads": pd.array([120, 430, 12, pd.NA], dtype="Int64"),
        "reason": [None, None, None, "no spend was booked"],
    }
)
FIELDS = [
    Field("channel", "Channel"),
    Field("spend", "Spend", "currency"),
    Field("roi", "ROI", "percent", strong=True),
    Field("leads", "Leads", "count"),
]


def channels(**more: Any) -> Table:
    return value_table(CHANNELS, FIELDS, GB, id="channels", title="Search takes most", **more)


def texts(rows: tuple[Row, ...]) -> list[list[str]]:
    return [[cell.text for cell in row.cells] for row in rows]


def test_a_table_is_sorted_and_scaled_by_column() -> None:
    table = channels(sort_by="spend")
    assert [(c.label, c.unit, c.align) for c in table.columns] == [
        ("Channel", "", "left"),
        ("Spend", "€k", "right"),
        ("ROI", "%", "right"),
        ("Leads", "", "right"),
    ]
    assert texts(table.rows) == [
        ["Search 2.0", "88.0", "330", "430"],
        ["Email", "14.2", "1,080", "120"],
        ["Display", "10.0", "−26", "12"],
        ["Print", "no spend was booked"],
    ]


def test_names_get_no_pads() -> None:
    assert all(row.cells[0].pad == "" for row in channels().rows)


def test_a_total_is_given_and_not_summed() -> None:
    table = channels(total={"channel": "All channels", "spend": 112_200.0, "roi": 4.18, "leads": None})
    last = table.rows[-1]
    assert last.kind == "total"
    assert [c.text for c in last.cells] == ["All channels", "112.2", "418", "–"]
    assert last.cells[1].strong


def test_a_total_does_not_change_the_scale_of_its_column() -> None:
    table = channels(total={"channel": "All", "spend": 1_532_800.0})
    assert table.columns[1].unit == "€k" and table.rows[-1].cells[1].text == "1,532.8"


# --- appendix

LAST = pd.DataFrame(
    {
        "kpi": ["sales_revenue", "win_rate", "cycle"],
        "value": [4.824e6, 0.274, np.nan],
        "rows": [25_935, 1504, 0],
        "ci_low": [np.nan, 0.252, np.nan],
        "ci_high": [np.nan, 0.297, np.nan],
        "reason": [None, None, "no won deals"],
    }
)


def test_definitions_say_formula_unit_rows_and_interval() -> None:
    assert texts(definitions_table(LAST, METRICS, GB).rows) == [
        ["Sales revenue", "a / b", "€m", "25,935", "–"],
        ["Opportunity-to-win ratio", "a / b", "%", "1,504", "25.2 to 29.7"],
    ]


def test_what_is_not_shown_has_a_reason() -> None:
    table = not_shown_table(LAST, METRICS)
    assert texts(table.rows) == [["Sales cycle length", "no won deals"]]
    assert table.values[0]["value"] is None


def test_records_are_ready_for_json() -> None:
    frame = pd.DataFrame(
        {
            "a": [np.float64(1.5)],
            "b": [np.int64(2)],
            "c": [pd.Timestamp("2026-09-30")],
            "d": [pd.NaT],
            "e": [{"region": "EMEA"}],
            "f": [np.bool_(True)],
        }
    )
    (row,) = records(frame)
    assert json.loads(json.dumps(row)) == {
        "a": 1.5,
        "b": 2,
        "c": "2026-09-30",
        "d": None,
        "e": {"region": "EMEA"},
        "f": True,
    }
