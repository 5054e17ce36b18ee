"""One KPI in depth: is its movement real, where is it heading, how good is the model, and what if?"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Literal

import numpy as np
import pandas as pd

from kpi_analysis.core.errors import UsageError
from kpi_analysis.core.periods import Period, period_label
from kpi_analysis.core.records import values
from kpi_analysis.design.blocks import Figure, Note, Table, Title
from kpi_analysis.insight.outlook import SEASON, Outlook
from kpi_analysis.insight.targets import TargetAssessment
from kpi_analysis.report.charts.base import Caption
from kpi_analysis.report.charts.fans import fan
from kpi_analysis.report.charts.lines import line_over_time
from kpi_analysis.report.messages import inside
from kpi_analysis.report.sections.context import ReportContext
from kpi_analysis.report.sections.outlook import backtest_words, bands
from kpi_analysis.report.tables import Field, value_table
from kpi_analysis.stats.projections import Projection, needed_uplift, probability, with_uplift
from kpi_analysis.stats.trends import change_point, least_squares, signals, trend

ON_TRACK = 0.7
SHOWN = 36


@dataclass(frozen=True)
class KpiOutlook:
    """The outlook of one KPI, section by section.

    Parameters
    ----------
    asked : ReportContext
        The report's company, period and day.
    outlook : Outlook
    kpi : str
        Any of the catalogue.
    months : int
        How far to look ahead.
    uplift : float
        The what-if: 0.1 lets every month to come run a tenth higher.
    """

    context: ReportContext
    outlook: Outlook
    kpi: str
    months: int = 12
    uplift: float = 0.0

    def __post_init__(self) -> None:
        self.context.metric(self.kpi)
        if not 1 <= self.months <= 60:
            raise UsageError(f"`months` is {self.months}; wanted a number from 1 to 60.")

    # ------------------------------------------------------------------ what is known

    @cached_property
    def _projected(self) -> tuple[pd.Series[Any], Projection]:
        return self.outlook.project(self.kpi, "month", self.months, where=self.context.where)

    @property
    def history(self) -> pd.Series[Any]:
        """The complete months by label."""
        return self._projected[0]

    @property
    def projection(self) -> Projection:
        """Where it is heading, month by month."""
        return self._projected[1]

    @cached_property
    def assessment(self) -> TargetAssessment | None:
        """The target that is set for it, if there is one."""
        return next(
            (one for one in self.outlook.assessments if one.spec.kpi == self.kpi and one.goal is not None), None
        )

    @cached_property
    def future(self) -> tuple[Period, ...]:
        """The months that are projected."""
        calendar = self.context.company.config.calendar
        last = calendar.parse(str(self.history.index[-1]))
        return tuple(calendar.shift(last, step) for step in range(1, self.months + 1))

    @cached_property
    def _scenario(self) -> _Scenario:
        calendar, one = self.context.company.config.calendar, self.assessment
        if one is not None and one.projection is not None and not one.projection.reason:
            whole, found = calendar.parse(one.period), one.projection
            if one.total:  # data that end before the period leave steps that are not part of it
                found = _last_steps(found, len(calendar.within(whole, "month")))
            return _Scenario(one.total, (one.current or 0.0) if one.total else 0.0, found, self._name(whole), one.goal)
        metric, last = self.context.metric(self.kpi), self._name(self.future[-1])
        if self.context.company.is_additive(self.kpi) and not self.outlook.is_stock(metric):
            return _Scenario(True, 0.0, self.projection, f"{self._name(self.future[0])} to {last}", None)
        return _Scenario(False, 0.0, self.projection, last, None)

    # ------------------------------------------------------------------ sections

    def title(self) -> Title:
        """The message: where the KPI is heading, or why nothing can be said."""
        metric = self.context.metric(self.kpi)
        deck = f"{metric.question} Monthly, complete months to {self._last}." if len(self.history) else metric.question
        if not len(self.history) or self.projection.reason:
            why = self.projection.reason if len(self.history) else self._without()
            return Title(f"{metric.label}: no projection, because {why}", deck)
        middle, low, high = self._outcome(self._scenario.ahead)
        write, place = self.context.format.prose, self._scenario.place
        verb = "is heading for" if self._scenario.total else "is heading to"
        return Title(
            f"{metric.label} {verb} {write(middle, metric.unit)} in {place}",
            f"95% range {write(low, metric.unit)} to {write(high, metric.unit)}. {deck}",
        )

    def fan(self) -> Figure | None:
        """History, projection and the target."""
        if not len(self.history) or self.projection.reason:
            return None
        metric, one = self.context.metric(self.kpi), self.assessment
        aimed = one is not None and not one.total and one.period in {p.label for p in self.future}
        shown = self.history.iloc[-SHOWN:]
        end = self.projection.frame.iloc[-1]
        write = self.context.format.prose
        return fan(
            Caption(
                f"outlook_{self.kpi}",
                f"{self._name(self.future[-1])}: {write(end['low'], metric.unit)} to {write(end['high'], metric.unit)}",
                f"{metric.label} by month, {{unit}}; projection from {self._name(self.future[0])}",
                note=f"Method: {self.projection.method.rstrip('.')}.",
                values=self._quoted(len(shown)),
            ),
            [str(label) for label in shown.index],
            [None if np.isnan(value) else float(value) for value in shown],
            future_periods=[period.label for period in self.future],
            mean=self.projection.frame["mean"].tolist(),
            bands=bands(self.projection),
            unit=metric.unit,
            format=self.context.format,
            target=one.goal if aimed and one is not None else None,
            target_period=one.period if aimed and one is not None else None,
            deadline_label=f"Deadline {self.context.format.date(one.deadline)}" if aimed and one is not None else "",
        )

    def what_if(self) -> Table | None:
        """The projection as it is, with the uplift, and with what the target needs."""
        if not len(self.history) or self.projection.reason:
            return None
        metric, scenario = self.context.metric(self.kpi), self._scenario
        lines = [("As projected", 0.0)]
        if self.uplift:
            lines.append((f"Every month to come {self._share(self.uplift)}", self.uplift))
        needed = self._needed()
        if needed is not None:
            lines.append((f"Needed to be on track: {self._share(needed)}", needed))
        rows = [self._line(label, uplift) for label, uplift in lines]
        title = f"What would {inside(metric.label)} be in {scenario.place}?"
        if needed is not None and scenario.goal is not None:
            goal = self.context.format.prose(scenario.goal, metric.unit)
            size = f"{self.context.format.number(abs(needed) * 100, 1)}%"
            title = f"{goal} takes {size} {'more' if needed > 0 else 'less'} in every month to come"
            if self._is_on_track:
                title = f"{goal} is on track as it runs"
        fields = [
            Field("scenario", "Scenario", width="1fr"),
            Field("value", "Projected", metric.unit, strong=True, width="24mm"),
            Field("low", "95% from", metric.unit, width="24mm"),
            Field("high", "to", metric.unit, width="24mm"),
        ]
        if scenario.goal is not None:
            fields.append(Field("chance", "Chance of target", "percent", width="28mm"))
        return value_table(
            pd.DataFrame(rows),
            fields,
            self.context.format,
            id=f"what_if_{self.kpi}",
            title=title,
            measure=f"{metric.label}, {scenario.place}",
            note="A what-if is an assumption: it says what would follow, not that it can be done.",
        )

    def trend(self) -> Note:
        """Whether the KPI rises, falls or holds steady, and where its level changed."""
        metric = self.context.metric(self.kpi)
        found = trend(self.history, season_length=SEASON["month"]) if len(self.history) else None
        if found is None or found.direction is None:
            return Note(f"Trend: {found.reason if found is not None else self._without()}.")
        write = self.context.format.prose
        words = f"Trend: {found.direction} (p {_p_words(found.p_value)}, {found.method})."
        if found.slope is not None and found.slope_low is not None and found.slope_high is not None:
            words += f" Typical change a month {write(found.slope, metric.unit)}"
            words += f", 95% range {write(found.slope_low, metric.unit)} to {write(found.slope_high, metric.unit)}."
        line = least_squares(self.history)
        if line.slope is not None and line.low is not None and line.high is not None:
            words += f" A straight line goes by {write(line.slope, metric.unit)} a month"
            words += (
                f", {write(line.low, metric.unit)} to {write(line.high, metric.unit)} with autocorrelation allowed for."
            )
        change = change_point(self.history)
        if change.after is not None and change.mean_before is not None and change.mean_after is not None:
            calendar = self.context.company.config.calendar
            words += f" Its level changed after {period_label(calendar.parse(str(change.after)), calendar)}"
            words += f", from {write(change.mean_before, metric.unit)} to {write(change.mean_after, metric.unit)}"
            words += f" (p {_p_words(change.p_value)})."
        return Note(words)

    def signals(self) -> Figure | None:
        """The months beside the limits of routine variation."""
        known = self.history.dropna()
        if len(known) < 2:
            return None
        frame = signals(self.history).iloc[-SHOWN:]
        metric, calendar = self.context.metric(self.kpi), self.context.company.config.calendar
        unusual = frame[frame.signal != ""]
        names = [period_label(calendar.parse(str(label)), calendar) for label in unusual.period]
        title = (
            f"{len(names)} of {len(frame)} months are more than routine variation" if names else "No month is unusual"
        )
        note = "; ".join(f"{name}: {word}" for name, word in zip(names, unusual.signal, strict=True))
        limits = frame[["lower", "upper"]].to_numpy(float)
        band = [None if np.isnan(pair).any() else (float(pair[0]), float(pair[1])) for pair in limits]
        return line_over_time(
            Caption(
                f"signals_{self.kpi}",
                title,
                f"{metric.label} by month, {{unit}}",
                note=f"Limits of the XmR chart. {note}{'.' if note else ''}",
            ),
            [str(label) for label in frame.period],
            [None if np.isnan(value) else float(value) for value in frame.value],
            unit=metric.unit,
            format=self.context.format,
            band=band,
            band_label="routine variation",
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
        return Note(words)

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
        return value_table(
            frame,
            fields,
            self.context.format,
            id=f"projection_{self.kpi}",
            title="The projection, month by month",
            measure=f"{metric.label}, mean of the sample paths",
        )

    # ------------------------------------------------------------------ inside

    def _quoted(self, months: int) -> tuple[dict[str, Any], ...]:
        """The last months of the history as figures of the report."""
        context = self.context
        frame = context.company.compute(
            (self.kpi,),
            period=str(self.history.index[-1]),
            last=months,
            where=context.where,
            as_of=context.as_of,
        )
        return values(frame)

    def _line(self, label: str, uplift: float) -> dict[str, Any]:
        found = with_uplift(self._scenario.ahead, uplift, bounds=self._bounds)
        middle, low, high = self._outcome(found)
        return {"scenario": label, "value": middle, "low": low, "high": high, "chance": self._chance(found)}

    def _outcome(self, found: Projection) -> tuple[float, float, float]:
        """The mean and the 95 % range of what is judged: a sum over the months, or the last of them."""
        scenario = self._scenario
        if not scenario.total:
            row = found.frame.iloc[-1]
            return float(row["mean"]), float(row["low"]), float(row["high"])
        low, high = np.quantile(scenario.to_date + found.paths.sum(axis=1), [0.025, 0.975])
        return float(scenario.to_date + found.frame["mean"].sum()), float(low), float(high)

    def _chance(self, found: Projection) -> float | None:
        if self._scenario.goal is None:
            return None
        return min(max(probability(found, self._scenario.goal, **self._way), 0.01), 0.99)

    def _needed(self) -> float | None:
        if self._scenario.goal is None:
            return None
        uplift = needed_uplift(self._scenario.ahead, self._scenario.goal, ON_TRACK, **self._way)
        return None if np.isnan(uplift) else uplift

    @property
    def _is_on_track(self) -> bool:
        return (self._chance(self._scenario.ahead) or 0.0) >= ON_TRACK

    @property
    def _way(self) -> dict[str, Any]:
        better: Literal["lower", "higher"] = "lower" if self.context.metric(self.kpi).better == "lower" else "higher"
        return {"to_date": self._scenario.to_date, "total": self._scenario.total, "better": better}

    @property
    def _bounds(self) -> tuple[float, float] | None:
        return (0.0, 1.0) if self.context.metric(self.kpi).interval == "proportion" else None

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


@dataclass(frozen=True)
class _Scenario:
    """What is judged: a sum with what is reached already, or the last step; where, and against which goal."""

    total: bool
    to_date: float
    ahead: Projection
    place: str
    goal: float | None


def _last_steps(found: Projection, count: int) -> Projection:
    return replace(found, frame=found.frame.iloc[-count:], paths=found.paths[:, -count:])


def _p_words(p_value: float | None) -> str:
    if p_value is None:
        return "unknown"
    return "below .001" if p_value < 0.001 else f"{p_value:.3f}".lstrip("0")
