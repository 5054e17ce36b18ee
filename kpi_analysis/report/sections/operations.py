"""The operations and people of a report: what is made and how well, how customers are served, and who works here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from kpi_analysis.core.periods import period_label
from kpi_analysis.core.records import records, result_values
from kpi_analysis.design.blocks import Figure, Note, Table, Title
from kpi_analysis.design.formats import Format
from kpi_analysis.insight.figures import figure_values, operations, totals, wide
from kpi_analysis.insight.figures.history import last_with_data, with_data
from kpi_analysis.insight.figures.operations import QUALITY, TURNOVER
from kpi_analysis.metrics.compute.slices import NONE
from kpi_analysis.report import messages
from kpi_analysis.report.charts.base import Width
from kpi_analysis.report.charts.multiples import Panels, small_multiples
from kpi_analysis.report.display import on_display
from kpi_analysis.report.sections.context import HISTORY, ReportContext
from kpi_analysis.report.tables import Field, value_table

SERVICE = ("customer_satisfaction", "first_contact_resolution", "resolution_time")
PEOPLE = ("headcount", "employee_turnover", "voluntary_turnover", "vacancies")
GRAIN = "month"
MOST_GROUPS = 6


@on_display
@dataclass(frozen=True)
class OperationsSections:
    """Sections on operations and people. One whose figures have no value shows nothing, or says why.

    Parameters
    ----------
    context : ReportContext
        The report's company, period and day.
    """

    context: ReportContext

    # ------------------------------------------------------------------ sections

    def title(self) -> Title:
        """The message: what production and service did, and how that compares with a year ago."""
        frame = self.context.compute((*QUALITY[::2], *SERVICE, *PEOPLE))
        rows = self.context.rows(frame)
        if all(row["value"] is None for row in rows.values()):
            return Title(f"Operations are not shown: {rows[QUALITY[0]]['reason']}")
        metrics, over = self.context.company.catalogue.metrics, self.context.period.complete
        first = next(row for row in rows.values() if row["value"] is not None)
        base, then = self.context.base_of(first, self.context.period)
        before = f" Against {then}." if first[base] is not None else ""
        return Title(
            messages.headline(rows, metrics, self.format, against=base, over=over),
            f"{self.context.period_name}, {messages.completeness(self.context.period)}.{before}",
            values=result_values(frame),
        )

    def lines(self) -> Table | Note | None:
        """Yield, defects and punctuality of each production line, with their 95 % ranges."""
        if not self._has("line"):
            return None
        frame = self.context.compute(QUALITY, by=("line",))
        all_ = self.context.rows(self.context.compute(QUALITY))
        if all_["production_yield"]["value"] is None:
            return Note(f"The production lines are not shown: {all_['production_yield']['reason']}.")
        defects = operations.defects(self.context.scope)
        ranges = {} if defects.attrs["reason"] else wide(defects, by=["line"]).set_index("line").to_dict("index")
        rows = [
            self._line(str(name), {row["kpi"]: row for row in records(mine)}, ranges.get(str(name)))
            for name, mine in frame.groupby("line", sort=True)
            if mine["rows"].sum()
        ]
        rows.sort(key=lambda row: -1.0 if row["yield"] is None else row["yield"])
        fields = [
            Field("line", "Line"), Field("units", "Units", "count"),
            Field("yield", "Good units", "percent", strong=True), Field("yield_range", "95% range", width="25mm"),
            Field("defects", "Defects a unit", "percent", strong=True),
            Field("defects_range", "95% range", width="25mm"),
            Field("on_time", "On time", "percent", strong=True), Field("on_time_range", "95% range", width="25mm"),
        ]  # fmt: skip
        worst = rows[0]
        apart = len(rows) > 1 and worst["high"] is not None and worst["high"] < (rows[1]["low"] or 0.0)
        good = self.format.prose(worst["yield"], "percent") if worst["yield"] is not None else "unknown"
        title = f"{worst['line']} has {'clearly ' if apart else ''}the lowest yield: {good} of its units are good"
        table = value_table(
            pd.DataFrame(rows).drop(columns=["low", "high"]), fields, self.format, id="production_lines",
            title=title if len(rows) > 1 else f"{good} of the units are good",
            measure=f"Units made by line, {self.context.period_name}",
            total=self._line("All lines", all_, next(iter(wide(defects, by=[]).to_dict("records")), None)),
            note="Ranges: Wilson's for shares; Garwood's for defects, of which a unit may have several.",
        )  # fmt: skip
        quoted = (*result_values(frame, ("line",)), *result_values(self.context.compute(QUALITY)))
        return replace(table, values=(*quoted, *figure_values(defects)))

    def defects(self, *, width: Width = "full") -> Figure | None:
        """Defects a unit of each line over time, on one scale."""
        return self._by_group("defect_rate", "line", "Defects peaked on {name}: {value} a unit in {period}", width)

    def service_page(self) -> Title | None:
        """Begin the page on service: what was solved at once, how fast the rest, and how satisfied customers were."""
        frame = self.context.compute(SERVICE)
        rows = {row["kpi"]: row["value"] for row in records(frame) if row["value"] is not None}
        words = {
            "customer_satisfaction": "{} of the answers say satisfied",
            "first_contact_resolution": "{} of tickets are solved at first contact",
        }
        shares = [text.format(self.format.prose(rows[kpi], "percent")) for kpi, text in words.items() if kpi in rows]
        half = ""
        if "resolution_time" in rows:
            half = f"Half of the tickets are resolved within {self.format.prose(rows['resolution_time'], 'hours')}"
        if not shares and not half:
            return None
        deck = f"{half}." if shares and half else ""
        return Title(" and ".join(shares) or half, deck, values=result_values(frame[frame["kpi"].isin(rows)]))

    def people_page(self) -> Title | None:
        """Begin the page on people: how many work here, how many left, and how many positions are open."""
        frame = self.context.compute(PEOPLE)
        rows = self.context.rows(frame)
        if rows["headcount"]["value"] is None:
            return None
        count = self.format.number(rows["headcount"]["value"])
        left, will = (rows[kpi]["numerator"] for kpi in TURNOVER)
        over = "" if self.context.period.complete else " so far"
        words = f"{count} people work here"
        if left is not None:
            words += f"; {_counted(left)} left in {self.context.period_name}{over}"
            words += f", {_counted(will)} of their own will" if left and will is not None else ""
        return Title(words, values=result_values(frame[frame["value"].notna()]))

    def turnover(self, *, width: Width = "full") -> Figure | None:
        """Turnover by quarter: all who left, and beside it those who left of their own will."""
        frame = self.context.compute(TURNOVER, grain="quarter", last=HISTORY["quarter"])
        shown = with_data(frame, last_with_data(frame))
        lines = {kpi: [row["value"] for row in records(shown[shown["kpi"] == kpi])] for kpi in TURNOVER}
        kept = [kpi for kpi in TURNOVER if any(value is not None for value in lines[kpi])]
        if not kept:
            return None
        last = next(value for value in reversed(lines[kept[0]]) if value is not None)
        found = operations.usual_turnover(self.context.scope, last=HISTORY["quarter"])
        usual, quarters = (totals(found)[name] for name in ("usual", "quarters"))
        way = "above" if last > usual else "below" if last < usual else "at"
        title = f"Turnover of {self.format.prose(last, 'percent')} a quarter is {way} the usual level"
        return small_multiples(
            self.context.caption(
                "turnover", title, "Employees who left, {unit} of the average headcount, by quarter",
                note=f"Usual: the median of {quarters:.0f} quarters, {self.format.prose(usual, 'percent')}.",
                values=(*result_values(shown[shown["kpi"].isin(kept)]), *figure_values(found)),
            ),
            Panels(
                ["All who left" if kpi == TURNOVER[0] else "Of their own will" for kpi in kept],
                shown.loc[shown["kpi"] == kept[0], "period"].tolist(), [lines[kpi] for kpi in kept], "percent",
            ),
            format=self.format, width=width,
        )  # fmt: skip

    def departments(self) -> Table | Note | None:
        """Headcount, leavers of a year, open positions and performance of each department."""
        if not self._has("department"):
            return None
        people = self.context.rows(self.context.compute(PEOPLE))
        if people["headcount"]["value"] is None:
            return Note(f"The departments are not shown: {people['headcount']['reason']}.")
        now, found = (
            self.context.compute(operations.STAFF, by=("department",)),
            operations.departments(self.context.scope),
        )
        left = wide(found, by=["department"]).set_index("department").to_dict("index")
        # no open position is only counted where the table of vacancies tells of departments
        hiring = bool(now.loc[now["kpi"] == "vacancies", "value"].notna().any())
        rows = []
        for name, mine in now.groupby("department", sort=True):
            there = {row["kpi"]: row for row in records(mine)}
            if there["headcount"]["value"]:
                rows.append(self._department(str(name), there, left.get(str(name), {}), hiring=hiring))
        rows.sort(key=lambda row: -(row["turnover"] or 0.0))
        all_ = self.context.compute(operations.STAFF)
        open_at_all = self.context.rows(all_)["vacancies"]["value"] is not None
        total = self._department(
            "All", self.context.rows(all_), wide(found, by=[]).iloc[0].to_dict(), hiring=open_at_all
        )
        fields = [
            Field("department", "Department"), Field("headcount", "Headcount", "count"),
            Field("left", "Left in a year", "count"), Field("will", "Of own will", "count"),
            Field("turnover", "Turnover", "percent", strong=True), Field("range", "95% range", width="25mm"),
            Field("vacancies", "Open positions", "count"), Field("performance", "Mean rating", "ratio"),
        ]  # fmt: skip
        fields = [one for one in fields if one.column != "vacancies" or hiring or open_at_all]
        first = rows[0]
        title = "Nobody left in a year"
        if total["turnover"] is None:
            title = f"{max(rows, key=lambda row: row['headcount'])['department']} is the largest department"
        elif first["turnover"]:
            title = f"{first['department']} lost most: {self.format.prose(first['turnover'], 'percent')} in a year"
            if first["low"] is not None and total["turnover"] and first["low"] <= total["turnover"]:
                title += ", which may be chance"
        table = value_table(
            pd.DataFrame(rows).drop(columns=["low"]), fields, self.format, id="departments", title=title,
            measure=f"Employees by department at the end of {self.context.period_name}; leavers of four quarters",
            total=total, note="Turnover: leavers ÷ mean of the four average headcounts, with Garwood's range.",
        )  # fmt: skip
        columns = tuple(replace(one, unit="points") if one.label == "Mean rating" else one for one in table.columns)
        quoted = (*result_values(now, ("department",)), *result_values(all_), *figure_values(found))
        return replace(table, columns=columns, values=(*quoted, *self._by_quarter()))

    # ------------------------------------------------------------------ inside

    @property
    def format(self) -> Format:
        """How this company writes its numbers."""
        return self.context.format

    def _has(self, dimension: str) -> bool:
        return self.context.scope.has_dimension(dimension)

    def _line(self, name: str, rows: dict[str, Any], bad: Mapping[Any, Any] | None) -> dict[str, Any]:
        made, timed = rows["production_yield"], rows["on_time_rate"]
        ends = (bad["defects.ci_low"], bad["defects.ci_high"]) if bad else (None, None)
        return {
            "line": name, "units": made["denominator"],
            "yield": made["value"], "yield_range": self._range(made["ci_low"], made["ci_high"]),
            "low": made["ci_low"], "high": made["ci_high"],
            "defects": rows["defect_rate"]["value"], "defects_range": self._range(*ends),
            "on_time": timed["value"], "on_time_range": self._range(timed["ci_low"], timed["ci_high"]),
        }  # fmt: skip

    def _department(self, name: str, rows: dict[str, Any], left: Mapping[Any, Any], *, hiring: bool) -> dict[str, Any]:
        told = {key: None if pd.isna(value) else value for key, value in left.items() if key != "period"}
        low, high = told.get("turnover.ci_low"), told.get("turnover.ci_high")
        return {
            "department": "(none)" if name == NONE else name, "headcount": rows["headcount"]["value"],
            "left": told.get("left"), "will": told.get("will"), "turnover": told.get("turnover"), "low": low,
            "range": self._range(low, high),
            "vacancies": rows.get("vacancies", {"value": None})["value"] or (0 if hiring else None),
            "performance": rows.get("employee_performance", {"value": None})["value"],
        }  # fmt: skip

    def _by_quarter(self) -> tuple[dict[str, Any], ...]:
        """The quarters that leavers of a year are summed over."""
        frame = self.context.compute(TURNOVER, grain="quarter", last=operations.QUARTERS, by=("department",))
        return result_values(frame, ("department",))

    def _range(self, low: float | None, high: float | None) -> str:
        return "–" if low is None or high is None else self.format.interval(low, high, "percent")

    def _by_group(self, kpi: str, by: str, title: str, width: Width) -> Figure | None:
        """Draw a KPI of each value of a dimension over time, and say where it was highest."""
        if not self._has(by):
            return None
        frame = self.context.compute((kpi,), grain=GRAIN, last=HISTORY[GRAIN], by=(by,))
        shown = with_data(frame, last_with_data(frame))
        told = shown[shown["value"].notna()]
        if told.empty or told[by].nunique() > MOST_GROUPS:
            return None
        names = sorted(told[by].unique())
        periods = list(dict.fromkeys(shown["period"]))
        lines = [self._along(shown[shown[by] == name], periods) for name in names]
        top = told.sort_values("value").iloc[-1]
        calendar = self.context.company.config.calendar
        said = title.format(name=top[by], value=self.format.prose(top["value"], self.context.metric(kpi).unit),
                            period=period_label(calendar.parse(top["period"]), calendar))  # fmt: skip
        return small_multiples(
            self.context.caption(
                f"{kpi}_by_{by}", said, f"{self.context.metric(kpi).label} by {by} and {GRAIN}, {{unit}}",
                values=result_values(told, (by,)),
            ),
            Panels([str(name) for name in names], periods, lines, self.context.metric(kpi).unit), format=self.format,
            ring=-13, width=width,
        )  # fmt: skip

    def _along(self, frame: pd.DataFrame, periods: Sequence[str]) -> list[float | None]:
        found = {row["period"]: row["value"] for row in records(frame)}
        return [found.get(period) for period in periods]


def _counted(number: float) -> str:
    return "nobody" if not number else f"{number:g}"
