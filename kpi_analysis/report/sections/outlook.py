"""The outlook page of a report: targets, their chances, and where the first of them is heading."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from kpi_analysis.core.periods import Period, period_label
from kpi_analysis.design.blocks import Figure, Table, Title
from kpi_analysis.design.formats import Format
from kpi_analysis.design.status_words import STATUS_WORDS
from kpi_analysis.insight.figures import figure_values, outlook
from kpi_analysis.insight.outlook import Outlook
from kpi_analysis.insight.targets import TargetAssessment
from kpi_analysis.report.charts.base import Width
from kpi_analysis.report.charts.fans import fan
from kpi_analysis.report.charts.probabilities import TargetChances, chances
from kpi_analysis.report.charts.projection_bands import ProjectionBands, TargetPoint
from kpi_analysis.report.charts.series import TimeSeries
from kpi_analysis.report.charts.trees import Branch, tree
from kpi_analysis.report.display import on_display
from kpi_analysis.report.messages import inside
from kpi_analysis.report.sections.context import ReportContext
from kpi_analysis.report.tables.smart import actions_table, targets_table
from kpi_analysis.stats.projections import Projection

MOST_ACTIONS = 4
SHOWN = 36  # periods of a history
WORDS = {status: word.lower() for status, word in STATUS_WORDS.items() if status != "none"}


@on_display
@dataclass(frozen=True)
class OutlookSections:
    """Sections on what is to come.

    Parameters
    ----------
    context : ReportContext
        The report's company, period and day.
    """

    context: ReportContext

    @property
    def outlook(self) -> Outlook:
        """Histories, projections and targets."""
        return self.context.scope.once(outlook.outlook)

    @property
    def format(self) -> Format:
        """How this company writes its numbers."""
        return self.context.format

    @property
    def counts(self) -> pd.DataFrame:
        """How many targets there are, and of each status."""
        return outlook.targets(self.context.scope)

    @property
    def judged(self) -> tuple[TargetAssessment, ...]:
        """The targets that have a goal, the least likely first."""
        return self.context.scope.once(outlook.with_goals)

    def page(self) -> Title | None:
        """Begin the page: how many targets will probably be made; nothing where there are none."""
        counts = count_words(self.judged)
        return Title(f"Of {len(self.judged)} targets, {counts}", values=figure_values(self.counts)) if counts else None

    def fan(self, kpi: str | None = None) -> Figure | None:
        """A target's KPI with its history, its projection and the goal; by default the target most in doubt."""
        shown = [one for one in self.judged if one.projection is not None and not one.projection.reason]
        if kpi is not None:
            shown = [one for one in shown if one.spec.kpi == kpi]
        if not shown:
            return None
        levels = [one for one in shown if not one.total] or shown
        one = min(levels, key=lambda one: abs((one.chance if one.chance is not None else 1) - 0.5))
        return self._drawn(one)

    def chances(self, *, width: Width = "full") -> Figure | None:
        """The chance of each target, the most likely first."""
        shown = [one for one in self.judged if one.chance is not None][::-1]
        if not shown:
            return None
        safe, lost = shown[0], shown[-1]
        title = f"{safe.label} is most likely to be met, {inside(lost.label)} least" if len(shown) > 1 else safe.label
        return chances(
            self.context.caption("chances", title, "Chance of reaching each target by its deadline, %"),
            TargetChances([one.label for one in shown], [one.chance for one in shown], [one.status for one in shown]),
            format=self.format,
            width=width,
        )

    def tree(self, *, width: Width = "full") -> Figure | None:
        """Which KPI supports which: from each target up to the strategic KPI that it is for."""
        metrics, aimed = self.outlook.company.catalogue.metrics, {one.spec.kpi: one for one in self.judged}
        above: dict[str, str | None] = {}
        for kpi in aimed:
            path: list[str] = []
            step: str | None = kpi
            while step is not None and step not in above:
                path.append(step)
                parent = (aimed[step].spec.supports if step in aimed else None) or metrics[step].supports
                above[step] = parent if parent in metrics and parent not in path else None
                step = above[step]
        if not any(above.values()):
            return None
        branches = [
            Branch(kpi, aimed[kpi].label, parent, aimed[kpi].status, aimed[kpi].chance, aimed[kpi].spec.objective or "")
            if kpi in aimed
            else Branch(kpi, metrics[kpi].label, parent)
            for kpi, parent in above.items()
        ]
        roots = [branch.label for branch in branches if branch.supports is None]
        title = f"All lead to {inside(roots[0])}" if len(roots) == 1 else f"They lead to {len(roots)} goals"
        return tree(
            self.context.caption("goals", title, "Each KPI below the one it supports, with the status of its target"),
            branches,
            format=self.format,
            width=width,
        )

    def targets(self) -> Table | None:
        """Each target with its owner, baseline, goal and chance, and whether it is SMART."""
        if not self.judged:
            return None
        doubtful = [one for one in self.judged if any(one.verdicts.values())]
        title = (
            "Every target is SMART" if not doubtful else f"{len(doubtful)} of {len(self.judged)} targets need a look"
        )
        note = (
            "Specific · Measurable · Attainable (chance from 5% to 95%) · "
            "Relevant (supports a strategic KPI, has actions) · Time-bound."
        )
        return targets_table(
            self.judged,
            self.format,
            id="targets",
            title=title,
            measure="",
            note=note,
            values=figure_values(self.counts),
            theme=self.context.company.theme,
        )

    def actions(self) -> Table | None:
        """What is agreed for the targets that are off track or missed; for those at risk where there are none."""
        planned = [one for one in self.judged if one.actions]
        late, title = [one for one in planned if one.status in ("off", "missed")], "off track"
        if not late:
            late, title = [one for one in planned if one.status == "risk"], "at risk"
        if not late:
            return None
        title = f"What is agreed for the targets {title}"
        return actions_table(late[:MOST_ACTIONS], self.format, id="actions", title=title, measure="")

    def _drawn(self, one: TargetAssessment) -> Figure:
        calendar, projection, shown = self.context.scope.calendar, one.projection, one.history.iloc[-SHOWN:]
        assert projection is not None and one.goal is not None
        last = calendar.parse(str(shown.index[-1]))
        future = outlook.steps_after(last, len(projection.frame), self.context.scope)
        figures = outlook.target(
            self.context.scope, kpi=one.spec.kpi, by=str(one.spec.by), where=one.spec.where or "", last=SHOWN
        )
        goal = self.format.prose(one.goal, one.unit)
        title = f"{one.label} is to reach {goal}"
        if one.chance is not None:
            title = f"{one.label} has a chance of {self.format.chance(one.chance)} to reach {goal}"
        if one.total:
            end = self.format.prose(projection.frame["mean"].iloc[-1], one.unit)
            title = f"{one.label}: {end} is to be expected in {self._name(future[-1])}"
        start = one.spec.baseline
        baseline = None
        if isinstance(start, str) and one.baseline is not None and not one.total:
            place = calendar.to_grain(calendar.parse(start), last.grain).label
            baseline = (list(shown.index).index(place), one.baseline) if place in shown.index else None
        return fan(
            self.context.caption(
                f"outlook_{one.spec.kpi}",
                title,
                f"{one.label} by {last.grain}, {{unit}}; projection from {self._name(future[0])}",
                note=backtest_words(projection, one.unit, self.format),
                values=figure_values(figures),
            ),
            TimeSeries(
                [str(label) for label in shown.index],
                [None if np.isnan(value) else float(value) for value in shown],
                one.unit,
            ),
            ProjectionBands(
                [period.label for period in future],
                projection.frame["mean"].tolist(),
                outlook.bands(projection),
            ),
            format=self.format,
            goal=TargetPoint(
                None if one.total else one.goal,
                None if one.total else future[-1].label,
                "" if one.total else f"Deadline {self.format.date(one.deadline)}",
                baseline,
            ),
        )

    def _name(self, period: Period) -> str:
        return period_label(period, self.context.scope.calendar)


def backtest_words(projection: Projection, unit: str, written: Format) -> str:
    """Say by which method a KPI was projected, and how it did on ends that were held back."""
    words = f"Method: {projection.method.rstrip('.')}."
    if projection.backtest is not None:
        test = projection.backtest
        held = "one end" if test.ends == 1 else f"{test.ends} ends"
        words += f" On {held} held back it was off by {written.prose(test.error, unit)} on average"
        words += f", the last value by {written.prose(test.naive_error, unit)}."
    return words


def count_words(judged: Sequence[TargetAssessment]) -> str:
    """Say how many targets are where: ``three are on track and two off track``."""
    counted = {status: sum(one.status == status for one in judged) for status in WORDS}
    parts = [f"{count} {'is' if count == 1 else 'are'} {WORDS[status]}" for status, count in counted.items() if count]
    if not parts:
        return ""
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
