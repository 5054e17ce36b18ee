"""Figures of operations and people: ranges of defect rates, turnover of a year by department, its usual level."""

from __future__ import annotations

from typing import Any

import pandas as pd

from kpi_analysis.core.records import records
from kpi_analysis.insight.figures.history import last_with_data, with_data
from kpi_analysis.insight.figures.tidy import Quantity, figure_function, none_because, tidy, together
from kpi_analysis.insight.scope import Scope
from kpi_analysis.stats.intervals import garwood

QUALITY = ("production_yield", "defect_rate", "on_time_rate")
TURNOVER = ("employee_turnover", "voluntary_turnover")
STAFF = ("headcount", "vacancies", "employee_performance")
QUARTERS = 4  # a year


@figure_function("operations.defects", kpis=("defect_rate",))
def defects(scope: Scope) -> pd.DataFrame:
    """Return defects a unit with Garwood's 95 % range, by line and in all: a unit may have several."""
    if not scope.has_dimension("line"):
        return none_because("nothing is produced by line")
    frame = scope.compute(("defect_rate",), by=("line",))
    rows = [{"line": str(row["line"]), **_ranged(row)} for row in records(frame) if row["value"] is not None]
    total_row = records(scope.compute(("defect_rate",)))[0]
    measure = Quantity("defects", "Defects a unit", "percent")
    total = [_ranged(total_row)] if total_row["value"] is not None else []
    return together(tidy(pd.DataFrame(rows), [measure], ["line"]), tidy(pd.DataFrame(total), [measure]), reason="")


def _ranged(row: dict[str, Any]) -> dict[str, Any]:
    low, high = (end / row["denominator"] for end in garwood(row["numerator"]))
    return {
        "defects": row["value"], "defects.numerator": row["numerator"], "defects.denominator": row["denominator"],
        "defects.ci_low": low, "defects.ci_high": high,
    }  # fmt: skip


@figure_function("operations.departments", kpis=(*TURNOVER, "headcount"))
def departments(scope: Scope) -> pd.DataFrame:
    """Return who left each department in four quarters and in all, its turnover, and its open positions.

    Turnover is the leavers by the mean of the four average headcounts, with Garwood's 95 % range.
    """
    if not scope.has_dimension("department"):
        return none_because("nobody works in a department")
    year = scope.compute(TURNOVER, grain="quarter", last=QUARTERS, by=("department",))
    rows = [{"department": str(name), **_left(mine)} for name, mine in year.groupby("department", sort=True)]
    measures = [
        Quantity("left", "Left in a year", "count"), Quantity("will", "Left of their own will in a year", "count"),
        Quantity("turnover", "Turnover of a year", "percent"),
    ]  # fmt: skip
    total_row = pd.DataFrame([_left(scope.compute(TURNOVER, grain="quarter", last=QUARTERS))])
    return together(tidy(pd.DataFrame(rows), measures, ["department"]), tidy(total_row, measures), reason="")


def _left(year: pd.DataFrame) -> dict[str, Any]:
    left, will = (year["numerator"][year["kpi"] == kpi].sum(min_count=QUARTERS) for kpi in TURNOVER)
    staff = year["denominator"][year["kpi"] == TURNOVER[0]].mean()
    known = pd.notna(left) and staff > 0
    low, high = (end / staff for end in garwood(left)) if known else (None, None)
    return {
        "left": left, "will": will, "turnover": left / staff if known else None, "turnover.numerator": left,
        "turnover.denominator": staff, "turnover.ci_low": low, "turnover.ci_high": high,
    }  # fmt: skip


@figure_function("operations.usual_turnover", kpis=TURNOVER)
def usual_turnover(scope: Scope, last: int = 12) -> pd.DataFrame:
    """Return the median turnover of the last quarters that have one, and how many these are.

    All leavers where they are known, else those of their own will.
    """
    frame = scope.compute(TURNOVER, grain="quarter", last=last)
    shown = with_data(frame, last_with_data(frame))
    for kpi in TURNOVER:
        known = shown.loc[shown["kpi"] == kpi, "value"].dropna()
        if len(known):
            row = {"usual": float(known.median()), "quarters": len(known)}
            return together(tidy(pd.DataFrame([row]), [
                Quantity("usual", "Usual turnover of a quarter", "percent"), Quantity("quarters", "Quarters", "count"),
            ]), reason="")  # fmt: skip
    return none_because("no quarter has a turnover")
