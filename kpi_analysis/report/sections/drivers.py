"""The drivers page of a report: what explains the change of a KPI, as a waterfall under a claim."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from kpi_analysis.core.periods import period_label
from kpi_analysis.core.records import result_values
from kpi_analysis.design.blocks import Figure
from kpi_analysis.design.formats import Format
from kpi_analysis.insight.figures import changes, figure_values, wide
from kpi_analysis.insight.targets import TargetAssessment
from kpi_analysis.metrics.catalogue import Metric
from kpi_analysis.metrics.compute.slices import NONE
from kpi_analysis.metrics.explain import AUTO
from kpi_analysis.report.charts.base import Width
from kpi_analysis.report.charts.waterfalls import Bridge, waterfall
from kpi_analysis.report.display import on_display
from kpi_analysis.report.messages import change_words, inside
from kpi_analysis.report.sections.context import ReportContext

MOST = 0.5  # of the change: from there on one driver explains most of it
PERIODS = 9  # whose changes are the usual ones
METHODS = {
    "lmdi": "Shares by logarithmic means (LMDI); the steps add up to the change.",
    "shapley": "Shares by Shapley values; the steps add up to the change.",
    "shapley by levels": "Shares by Shapley values, level by level; the steps add up to the change.",
    "rate and mix": "Each step is what a slice's own ratio and its weight did (Kitagawa's midpoint).",
    "differences": "The steps are differences; they add up to the change.",
}


@on_display
@dataclass(frozen=True)
class DriverSections:
    """Sections on why KPIs moved in a period.

    Parameters
    ----------
    context : ReportContext
        The report's company, period and day.
    """

    context: ReportContext

    def waterfall(self, kpi: str, by: str | None = None, *, width: Width = "full") -> Figure | None:
        """What moved a KPI since the period before; nothing where it has no value, or nothing to be split into.

        Parameters
        ----------
        kpi : str
            Its id.
        by : str, optional
            A dimension. By default the parts of its formula, or, where that is one number, the dimension that says
            most.
        width : str
            ``wide``, ``half`` or ``full``.
        """
        found = changes.driver_contributions(self.context.scope, kpi, by=by or "")
        told = found.attrs["told"]
        if by is None and not told.attrs["reason"] and (told.contribution != 0).sum() < 2:
            found = changes.driver_contributions(self.context.scope, kpi, by=AUTO)
            told = found.attrs["told"]
        if found.attrs["reason"]:
            return None
        metric, period, calendar = self.context.metric(kpi), self.context.period, self.context.company.config.calendar
        then, now = (period_label(calendar.parse(told.attrs[name]), calendar) for name in ("against", "period"))
        by_words = f" by {_plain(told.attrs['by'])}" if told.attrs["by"] else ""
        stretch = "" if period.complete else f", the first {period.days} days of each"
        return waterfall(
            self.context.caption(
                f"drivers_{kpi}" + (f"_by_{told.attrs['by']}" if told.attrs["by"] else ""),
                claim(told, metric, self.context.format, over=period.complete),
                f"{metric.label}{by_words}, {{unit}}; {then} to {now}{stretch}",
                note=METHODS[told.attrs["method"]],
                values=(*self._quoted(kpi, told.attrs["by"]), *figure_values(found)),
            ),
            Bridge((then, told.attrs["before"]), contributions(found), (now, told.attrs["after"]), metric.unit),
            format=self.context.format,
            better=metric.better,
            width=width,
        )

    def biggest_move(self, judged: Sequence[TargetAssessment], *, width: Width = "full") -> Figure | None:
        """What moved the KPI that most needs an explanation; see `most_moved`."""
        kpi = self.most_moved(judged)
        return self.waterfall(kpi, width=width) if kpi is not None else None

    def most_moved(self, judged: Sequence[TargetAssessment]) -> str | None:
        """Return the KPI that most needs an explanation.

        It is the one whose change is largest against the median size of its changes before; one that went the wrong
        way comes before one that went the right way.

        Parameters
        ----------
        judged : sequence of TargetAssessment
            Their KPIs are looked at; without any, the headline KPIs of the catalogue.
        """
        metrics = self.context.company.catalogue.metrics
        aimed_at = [name for name in dict.fromkeys(one.spec.kpi for one in judged) if name in metrics]
        names = aimed_at or [name for name, metric in metrics.items() if metric.headline == 1]
        frame = self.context.compute(tuple(names), last=PERIODS)
        found: list[tuple[bool, float, str]] = []
        for name, rows in frame.groupby("kpi", sort=False):
            changes = (rows.value - rows.previous).to_numpy(float)
            usual = np.abs(changes[:-1][~np.isnan(changes[:-1])])
            if np.isnan(changes[-1]) or changes[-1] == 0 or not len(usual) or np.median(usual) == 0:
                continue
            better = metrics[str(name)].better
            wrong = better != "neutral" and (changes[-1] > 0) != (better == "higher")
            found.append((wrong, float(abs(changes[-1]) / np.median(usual)), str(name)))
        return max(found)[2] if found else None

    def _quoted(self, kpi: str, by: str) -> tuple[dict[str, Any], ...]:
        dimensions = (by,) if by else ()
        return result_values(self.context.compute((kpi,), by=dimensions), dimensions)


def contributions(found: pd.DataFrame) -> list[tuple[str, float]]:
    """Return the contributions among the figures of `changes.drivers` as steps of a waterfall."""
    table = wide(found, "contribution", by=["label"])
    return list(zip(table["label"], table["contribution"], strict=True)) if len(table) else []


def claim(frame: pd.DataFrame, metric: Metric, written: Format, *, over: bool = True) -> str:
    """Say how a KPI moved and what explains it, from its explanation and nothing else.

    Parameters
    ----------
    frame : DataFrame
        As `kpi_analysis.explained.explain` returns it, with rows.
    metric : Metric
    written : Format
    over : bool
        Whether the period is; else it is said that it is not.

    Returns
    -------
    str
        ``Sales velocity fell 12%, mostly because won deals fell 8%``.
    """
    told = frame.attrs
    label = metric.label if over else f"So far {inside(metric.label)}"
    moved = f"{label} {_moved(metric, told['before'], told['after'], written)}"
    change = told["change"]
    if told["simpson"]:
        return str(told["simpson"])
    if change == 0 or moved.endswith("did not change"):
        return moved
    along = frame[frame.contribution * change > 0]
    against = frame[frame.contribution * change < 0]
    return moved + (_where(frame, along, change) if told["by"] else _why(along, against, change, metric, written))


def _where(frame: pd.DataFrame, along: pd.DataFrame, change: float) -> str:
    """In which slices a change sits."""
    rate, mix = frame.rate_effect.sum(), frame.mix_effect.sum()
    if mix / change > MOST and mix / change > rate / change:
        return f", mostly because the mix by {_plain(frame.attrs['by'])} shifted"
    first, *others = [_slice(label, frame.attrs["by"]) for label in along.label]
    if along.iloc[0].contribution / change >= MOST or not others:
        return f", mostly in {first}"
    return f", most of all in {first} and {others[0]}"


def _why(along: pd.DataFrame, against: pd.DataFrame, change: float, metric: Metric, written: Format) -> str:
    """Which parts of the formula a change comes from, and what held it back."""
    first, *others = [row for _, row in along.iterrows()]
    clause = _clause(first, metric, written)
    if len(against) and abs(against.iloc[0].contribution) >= MOST * abs(first.contribution):
        return f", as {clause} while {_clause(against.iloc[0], metric, written)}"
    if first.contribution / change >= MOST or not others:
        return f", mostly because {clause}"
    return f", as {clause} and {_clause(others[0], metric, written)}"


def _clause(row: Any, metric: Metric, written: Format) -> str:
    driver = metric.model_copy(update={"unit": row.unit or "count"})
    return f"{inside(row.label)} {_moved(driver, row.before, row.after, written)}"


def _moved(metric: Metric, before: float, after: float, written: Format) -> str:
    """How a number moved; from a base without growth rate by both its values."""
    words = change_words(metric, after, before, written)
    if words and not (words == "did not change" and after != before):
        return words
    verb = "rose" if after > before else "fell"
    if words:
        return f"{verb} slightly"
    return f"{verb} from {written.prose(before, metric.unit)} to {written.prose(after, metric.unit)}"


def _slice(label: str, dimension: str) -> str:
    return f"rows without {_plain(dimension)}" if label == NONE else label


def _plain(dimension: str) -> str:
    return dimension.replace("_", " ")
