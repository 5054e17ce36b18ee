"""One KPI in depth: is its movement real, where is it heading, how good is the model, and what if?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from kpi_analysis.core.errors import UsageError
from kpi_analysis.core.periods import Period, period_label
from kpi_analysis.core.records import result_values
from kpi_analysis.core.status import ON_TRACK
from kpi_analysis.design.blocks import Figure, Note, Table, Title
from kpi_analysis.insight.figures import figure_values, only, outlook, totals, wide
from kpi_analysis.insight.targets import TargetAssessment
from kpi_analysis.report.charts.fans import fan
from kpi_analysis.report.charts.lines import line_over_time
from kpi_analysis.report.charts.projection_bands import ProjectionBands, TargetPoint
from kpi_analysis.report.charts.series import TimeSeries
from kpi_analysis.report.display import on_display
from kpi_analysis.report.messages import inside
from kpi_analysis.report.sections.context import ReportContext
from kpi_analysis.report.sections.outlook import backtest_words
from kpi_analysis.report.tables import Field, value_table
from kpi_analysis.stats.projections import Projection

SHOWN = 36


@on_display
@dataclass(frozen=True)
class KpiOutlook:
    """The outlook of one KPI, section by section.

    Parameters
    ----------
    context : ReportContext
        The report's company, period and day.
    kpi : str
        Any of the catalogue.
    months : int
        How far to look ahead.
    uplift : float
        The what-if: 0.1 lets every month to come run a tenth higher.
    """

    context: ReportContext
    kpi: str
    months: int = 12
    uplift: float = 0.0

    def __post_init__(self) -> None:
        self.context.metric(self.kpi)
        if not 1 <= self.months <= 60:
            raise UsageError(f"`months` is {self.months}; wanted a number from 1 to 60.")

    # ------------------------------------------------------------------ what is known

    @property
    def history(self) -> pd.Series[Any]:
        """The complete months by label."""
        return outlook.projection_rows(self.context.scope, self.kpi, self.months)[0]

    @property
    def projection(self) -> Projection:
        """Where it is heading, month by month."""
        return outlook.projection_rows(self.context.scope, self.kpi, self.months)[1]

    @cached_property
    def assessment(self) -> TargetAssessment | None:
        """The target that is set for it, if there is one."""
        return outlook.target_of(self.context.scope, self.kpi)

    @cached_property
    def future(self) -> tuple[Period, ...]:
        """The months that are projected."""
        last = self.context.scope.calendar.parse(str(self.history.index[-1]))
        return tuple(outlook.steps_after(last, self.months, self.context.scope))

    @property
    def scenarios(self) -> pd.DataFrame:
        """What it would be as projected, with the uplift, and with what the target needs."""
        return outlook.what_if(self.context.scope, kpi=self.kpi, months=self.months, uplift=self.uplift)

    # ------------------------------------------------------------------ sections

    def title(self) -> Title:
        """The message: where the KPI is heading, or why nothing can be said."""
        metric = self.context.metric(self.kpi)
        deck = f"{metric.question} Monthly, complete months to {self._last}." if len(self.history) else metric.question
        if not len(self.history) or self.projection.reason:
            why = self.projection.reason if len(self.history) else self._without()
            return Title(f"{metric.label}: no projection, because {why}", deck)
        found, write = self.scenarios, self.context.format.prose
        row = wide(found, "outcome", by=["scenario"]).iloc[0]
        verb = "is heading for" if found.attrs["total"] else "is heading to"
        low, high = (write(row[f"outcome.{end}"], metric.unit) for end in ("ci_low", "ci_high"))
        return Title(
            f"{metric.label} {verb} {write(row['outcome'], metric.unit)} in {found.attrs['place']}",
            f"95% range {low} to {high}. {deck}",
            values=figure_values(only(found, "outcome", scenario=row["scenario"])),
        )

    def fan(self) -> Figure | None:
        """History, projection and the target."""
        if not len(self.history) or self.projection.reason:
            return None
        metric, one = self.context.metric(self.kpi), self.assessment
        aimed = one is not None and not one.total and one.period in {p.label for p in self.future}
        shown = self.history.iloc[-SHOWN:]
        goals = [only(self.scenarios, "goal")] if aimed else []
        end = self.projection.frame.iloc[-1]
        write = self.context.format.prose
        return fan(
            self.context.caption(
                f"outlook_{self.kpi}",
                f"{self._name(self.future[-1])}: {write(end['low'], metric.unit)} to {write(end['high'], metric.unit)}",
                f"{metric.label} by month, {{unit}}; projection from {self._name(self.future[0])}",
                note=f"Method: {self.projection.method.rstrip('.')}.",
                values=(*self._quoted(len(shown)), *figure_values(self._projection, *goals)),
            ),
            TimeSeries(
                [str(label) for label in shown.index],
                [None if np.isnan(value) else float(value) for value in shown],
                metric.unit,
            ),
            ProjectionBands(
                [period.label for period in self.future],
                self.projection.frame["mean"].tolist(),
                outlook.bands(self.projection),
            ),
            format=self.context.format,
            goal=TargetPoint(
                one.goal if aimed and one is not None else None,
                one.period if aimed and one is not None else None,
                f"Deadline {self.context.format.date(one.deadline)}" if aimed and one is not None else "",
                None,
            ),
        )

    def what_if(self) -> Table | None:
        """The projection as it is, with the uplift, and with what the target needs."""
        if not len(self.history) or self.projection.reason:
            return None
        metric, found = self.context.metric(self.kpi), self.scenarios
        place, goal_, needed = (found.attrs[name] for name in ("place", "goal", "needed"))
        table = wide(found, "outcome", "uplift", "chance", by=["scenario"])
        rows = [self._line(row) for row in table.to_dict("records")]
        title = f"What would {inside(metric.label)} be in {place}?"
        if needed is not None:
            goal = self.context.format.prose(goal_, metric.unit)
            size = f"{self.context.format.number(abs(needed) * 100, 1)}%"
            title = f"{goal} takes {size} {'more' if needed > 0 else 'less'} in every month to come"
            if (table["chance"].iloc[0] or 0.0) >= ON_TRACK:
                title = f"{goal} is on track as it runs"
        fields = [
            Field("scenario", "Scenario", width="1fr"),
            Field("value", "Projected", metric.unit, strong=True, width="24mm"),
            Field("low", "95% from", metric.unit, width="24mm"),
            Field("high", "to", metric.unit, width="24mm"),
        ]
        if goal_ is not None:
            fields.append(Field("chance", "Chance of target", "percent", width="28mm"))
        shown = value_table(
            pd.DataFrame(rows),
            fields,
            self.context.format,
            id=f"what_if_{self.kpi}",
            title=title,
            measure=f"{metric.label}, {place}",
            note="A what-if is an assumption: it says what would follow, not that it can be done.",
        )
        return replace(shown, values=figure_values(found))

    def trend(self) -> Note:
        """Whether the KPI rises, falls or holds steady, and where its level changed."""
        metric = self.context.metric(self.kpi)
        found = outlook.direction(self.context.scope, kpi=self.kpi, months=self.months)
        if "direction" not in found.attrs:
            return Note(f"Trend: {found.attrs['reason'] or self._without()}.")
        row = wide(found, by=[]).iloc[0]
        words = f"Trend: {found.attrs['direction']} (p {_p_words(row['p_value'])}, {found.attrs['method']})."
        if pd.notna(row["slope"]):
            slope, low, high = self._ends(row, "slope")
            words += f" Typical change a month {slope}, 95% range {low} to {high}."
        if pd.notna(row["line"]):
            slope, low, high = self._ends(row, "line")
            words += f" A straight line goes by {slope} a month, {low} to {high} with autocorrelation allowed for."
        if found.attrs["after"]:
            calendar, write = self.context.company.config.calendar, self.context.format.prose
            words += f" Its level changed after {period_label(calendar.parse(found.attrs['after']), calendar)}"
            words += f", from {write(row['level.previous'], metric.unit)} to {write(row['level'], metric.unit)}"
            words += f" (p {_p_words(row['change_p_value'])})."
        return Note(words, values=figure_values(found))

    def signals(self) -> Figure | None:
        """The months beside the limits of routine variation."""
        found = outlook.routine(self.context.scope, kpi=self.kpi, months=self.months, last=SHOWN)
        if found.attrs["reason"]:
            return None
        frame, counts, beyond = (
            wide(found, "month", by=[]),
            totals(only(found, "unusual", "months")),
            found.attrs["signals"],
        )
        metric, calendar = self.context.metric(self.kpi), self.context.company.config.calendar
        names = {label: period_label(calendar.parse(label), calendar) for label in beyond}
        title = "No month is unusual"
        if names:
            title = f"{counts['unusual']:.0f} of {counts['months']:.0f} months are more than routine variation"
        note = "; ".join(f"{names[label]}: {word}" for label, word in beyond.items())
        limits = frame[["month.ci_low", "month.ci_high"]].to_numpy(float)
        band = [None if np.isnan(pair).any() else (float(pair[0]), float(pair[1])) for pair in limits]
        return line_over_time(
            self.context.caption(
                f"signals_{self.kpi}",
                title,
                f"{metric.label} by month, {{unit}}",
                note=f"Limits of the XmR chart. {note}{'.' if note else ''}",
                values=figure_values(found),
            ),
            TimeSeries(
                frame["period"].tolist(),
                [None if pd.isna(value) else float(value) for value in frame["month"]],
                metric.unit,
                intervals=band,
                interval_label="routine variation",
            ),
            format=self.context.format,
        )

    def model(self) -> Note:
        """The method, and how it did on ends of the history that were held back."""
        projection, metric = self.projection if len(self.history) else None, self.context.metric(self.kpi)
        if projection is None or projection.reason:
            return Note(f"No projection: {projection.reason if projection is not None else self._without()}.")
        words = backtest_words(projection, metric.unit, self.context.format)
        if projection.backtest is not None:
            share = self.context.format.percent(projection.backtest.coverage)
            words += f" Its 95% range held {share} of the {projection.backtest.values} values held back."
        if projection.low_evidence:
            words += " Low evidence: fewer than 10 months."
        return Note(words, values=figure_values(self._projection))

    def numbers(self) -> Table | None:
        """The projection month by month."""
        if not len(self.history) or self.projection.reason:
            return None
        metric = self.context.metric(self.kpi)
        frame = self.projection.frame.assign(month=[self._name(period) for period in self.future])
        fields = [
            Field("month", "Month"),
            Field("mean", "Projected", metric.unit, strong=True, width="28mm"),
            Field("low", "95% from", metric.unit, width="28mm"),
            Field("high", "to", metric.unit, width="28mm"),
        ]
        shown = value_table(
            frame,
            fields,
            self.context.format,
            id=f"projection_{self.kpi}",
            title="The projection, month by month",
            measure=f"{metric.label}, mean of the sample paths",
        )
        return replace(shown, values=figure_values(only(self._projection, "projected")))

    # ------------------------------------------------------------------ inside

    def _quoted(self, months: int) -> tuple[dict[str, Any], ...]:
        """The last months of the history as figures of the report."""
        context = self.context
        frame = context.company.values(
            (self.kpi,),
            period=str(self.history.index[-1]),
            last=months,
            where=context.where,
            as_of=context.as_of,
        )
        return result_values(frame)

    @property
    def _projection(self) -> pd.DataFrame:
        return outlook.projection(self.context.scope, kpi=self.kpi, months=self.months, last=SHOWN)

    def _line(self, row: Mapping[Any, Any]) -> dict[str, Any]:
        words = {
            "as projected": "As projected",
            "uplift": f"Every month to come {self._share(row['uplift'])}",
            "needed": f"Needed to be on track: {self._share(row['uplift'])}",
        }
        return {
            "scenario": words[row["scenario"]], "value": row["outcome"], "low": row["outcome.ci_low"],
            "high": row["outcome.ci_high"], "chance": row["chance"],
        }  # fmt: skip

    def _ends(self, row: pd.Series[Any], name: str) -> list[str]:
        unit = self.context.metric(self.kpi).unit
        return [self.context.format.prose(row[key], unit) for key in (name, f"{name}.ci_low", f"{name}.ci_high")]

    def _share(self, uplift: float) -> str:
        return f"{self.context.format.number(uplift * 100, 1, signed=True)}%"

    @property
    def _last(self) -> str:
        calendar = self.context.company.config.calendar
        return self._name(calendar.parse(str(self.history.index[-1])))

    def _name(self, period: Period) -> str:
        return period_label(period, self.context.company.config.calendar)

    def _without(self) -> str:
        row = self.context.compute((self.kpi,)).iloc[0]
        return str(row.reason or "there is no complete month")


def _p_words(p_value: float | None) -> str:
    if p_value is None:
        return "unknown"
    return "below .001" if p_value < 0.001 else f"{p_value:.3f}".lstrip("0")
