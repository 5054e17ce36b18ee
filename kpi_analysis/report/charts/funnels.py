"""How many get from step to step, as bars from one edge."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from kpi_analysis.design.blocks import Cell, Column, Figure, Row
from kpi_analysis.design.blocks.model import Tone
from kpi_analysis.design.formats import Format
from kpi_analysis.design.theme import LIGHT, TYPE
from kpi_analysis.report.charts.base import Caption, Chart, Paint
from kpi_analysis.report.charts.scales import is_known, known_values
from kpi_analysis.report.charts.series import check_lengths, settle
from kpi_analysis.report.charts.sheet import Sheet, Width

_ROW, _HEAD = 7.5, 4.5
_COLOURS: dict[Tone, str] = {
    "good": LIGHT.good,
    "bad": LIGHT.bad,
    "warn": LIGHT.warn,
    "plain": LIGHT.ink,
    "muted": LIGHT.muted,
}


@dataclass(frozen=True)
class _Step:
    """One step: how many reach it, which share of the step before that is, and the change of that share."""

    name: str
    count: float | None
    reason: str
    share: str
    change: str
    tone: Tone


@dataclass(frozen=True)
class Steps:
    """How many reach each step, the first step first.

    Parameters
    ----------
    names : sequence of str
    counts : sequence of float or None
    before : sequence of float or None, optional
        The same steps in the period compared with.
    before_label : str
        What a change is against: ``on Q3 2025``.
    tones : sequence of str, optional
        good or bad where the change of a step's share is beyond chance, else muted, the default.
    reasons : sequence of str or None, optional
        Why a count is missing.

    Raises
    ------
    ValueError
        If the sequences differ in length or are empty, or if a count is negative.
    """

    names: Sequence[str]
    counts: Sequence[float | None]
    before: Sequence[float | None] = ()
    before_label: str = "on a year earlier"
    tones: Sequence[Tone] = ()
    reasons: Sequence[str | None] = ()

    def __post_init__(self) -> None:
        settle(self, len(self.names), tones="muted", reasons=None)
        check_lengths(self.names, "steps", self.counts, self.before or self.names, self.tones, self.reasons)
        if any(count < 0 for count in known_values(self.counts)):
            raise ValueError(f"Found the counts {known_values(self.counts)}. Wanted none below zero.")


@dataclass(frozen=True)
class FunnelChart(Chart):
    """A bar for each step; see `funnel`."""

    steps: Steps

    @cached_property
    def entries(self) -> list[_Step]:
        """The steps as they are written."""
        return [_step(i, self.steps, self.format) for i in range(len(self.steps.names))]

    @property
    def change_label(self) -> str:
        """The head of the changes, empty where nothing is compared."""
        return self.steps.before_label if self.steps.before else ""

    @property
    def unit_label(self) -> str:
        return "count"

    def alt(self, caption: Caption) -> str:
        words = []
        for step in self.entries:
            count = self.format.value(step.count, "count") if is_known(step.count) else step.reason
            share = f" ({step.share} of the step before)" if step.share not in ("", "–") else ""
            words.append(f"{step.name} {count}{share}")
        return f"Funnel, {caption.measure}: {', '.join(words)}."

    def columns(self) -> list[Column]:
        change = [Column(f"Change {self.change_label}", "pp", "right")] if self.change_label else []
        return [Column("Step"), Column("Count", "", "right"), Column("Of the step before", "%", "right"), *change]

    def rows(self) -> list[Row]:
        return [_row(step, bool(self.change_label), self.format) for step in self.entries]

    def drawing(self, width: Width) -> tuple[float, Paint]:
        height = _HEAD + _ROW * len(self.entries)
        return height, lambda sheet: _paint(self.entries, self.change_label, sheet, self.format)


def funnel(caption: Caption, steps: Steps, *, format: Format, width: Width = "full") -> Figure:
    """Return a bar for each step with its count, the share of the step before, and how that share changed.

    Parameters
    ----------
    caption : Caption
    steps : Steps
    format : Format
    width : str
        ``full`` comes with a half-width variant for small screens.

    Examples
    --------
    >>> steps = Steps(["Leads", "Customers"], [200, 50])
    >>> funnel(Caption("funnel", "A quarter buys", "Count"), steps, format=Format()).alt
    'Funnel, Count: Leads 200, Customers 50 (25.0% of the step before).'
    """
    return FunnelChart(caption, format, width, steps).figure()


def _share(i: int, counts: Sequence[float | None]) -> float | None:
    if i == 0 or not is_known(now := counts[i]) or not is_known(before := counts[i - 1]):
        return None
    return now / before if before > 0 else None


def _step(i: int, steps: Steps, f: Format) -> _Step:
    share = _share(i, steps.counts)
    change = f.change(share, _share(i, steps.before), "percent") if steps.before else None
    return _Step(
        name=steps.names[i],
        count=steps.counts[i],
        reason=steps.reasons[i] or "no value",
        share=f.percent(share) if share is not None else "" if i == 0 else "–",
        change="".join(change) if change else "" if i == 0 else "–",
        tone=steps.tones[i] if change else "muted",
    )


def _row(step: _Step, with_change: bool, f: Format) -> Row:
    count = Cell(f.value(step.count, "count")) if is_known(step.count) else Cell(step.reason, tone="muted")
    change = [Cell(step.change, tone=step.tone)] if with_change else []
    return Row((Cell(step.name), count, Cell(step.share), *change))


def _paint(steps: Sequence[_Step], label: str, sheet: Sheet, f: Format) -> None:
    roomy = sheet.width > 100
    size = 8.8 if roomy else TYPE.chart_label
    share_head = "of the step before" if roomy else "of step before"
    names = min(max(sheet.measure.width(step.name, size) for step in steps) + 3, sheet.width * 0.27)
    change = _column_width(sheet, [step.change for step in steps], label if roomy else "change", size) if label else 0.0
    share = _column_width(sheet, [step.share for step in steps], share_head, size)
    share_at = sheet.width - (change + 3 if change else 0)
    counts = [f.value(step.count, "count") if is_known(step.count) else "" for step in steps]
    bars = share_at - share - 3 - names - max(sheet.measure.width(c, size, bold=True) for c in counts) - 1.5
    longest = max(known_values([step.count for step in steps]), default=0.0) or 1.0
    sheet.text(share_at, 2.2, share_head, align="right", size=TYPE.chart_axis, colour=LIGHT.muted)
    if label:
        words = label if roomy else "change"
        sheet.text(sheet.width, 2.2, words, align="right", size=TYPE.chart_axis, colour=LIGHT.muted)
    for i, step in enumerate(steps):
        y = _HEAD + _ROW * (i + 0.5)
        if i:
            sheet.line([(0, y - _ROW / 2), (sheet.width, y - _ROW / 2)], colour=LIGHT.grid, width=0.5)
        for k, words in enumerate(lines := sheet.measure.wrap(step.name, names - 2, size)):
            sheet.text(0, y + (k - (len(lines) - 1) / 2) * 3.2, words, size=size)
        if is_known(step.count):
            right = names + bars * step.count / longest
            last = i == len(steps) - 1
            sheet.box(names, y - 2.2, right, y + 2.2, fill=LIGHT.ink if last else LIGHT.accent)
            sheet.text(right + 1.2, y, counts[i], size=size, bold=True)
        else:
            reason = sheet.measure.shorten(step.reason, share_at - share - 3 - names, size)
            sheet.text(names, y, reason, size=size, colour=LIGHT.muted)
        sheet.text(share_at, y, step.share, size=size, bold=True, align="right")
        if label:
            bold = step.tone in ("good", "bad")
            colour = _COLOURS[step.tone]
            sheet.text(sheet.width, y, step.change, size=size, bold=bold, colour=colour, align="right")


def _column_width(sheet: Sheet, words: Sequence[str], head: str, size: float) -> float:
    cells = max((sheet.measure.width(w, size, bold=True) for w in words), default=0.0)
    return max(cells, sheet.measure.width(head, TYPE.chart_axis))
