"""How many get from step to step, as bars from one edge."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from kpi_analysis.design.blocks import Cell, Column, Figure, Row
from kpi_analysis.design.blocks.model import Tone
from kpi_analysis.design.formats import Format
from kpi_analysis.design.theme import LIGHT, TYPE
from kpi_analysis.report.charts.base import WIDTHS, Caption, Sheet, Width, draw
from kpi_analysis.report.charts.scales import is_known, known
from kpi_analysis.report.charts.text import shorten, text_width, wrap

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


def funnel(
    caption: Caption,
    steps: Sequence[str],
    counts: Sequence[float | None],
    *,
    format: Format,
    counts_before: Sequence[float | None] | None = None,
    before_label: str = "on a year earlier",
    tones: Sequence[Tone] | None = None,
    reasons: Sequence[str | None] | None = None,
    width: Width = "full",
) -> Figure:
    """Return a bar for each step with its count, the share of the step before, and how that share changed.

    Parameters
    ----------
    caption : Caption
    steps : sequence of str
        The first step first.
    counts : sequence of float or None
        How many reach each step.
    format : Format
    counts_before : sequence of float or None, optional
        The same steps in the period compared with.
    before_label : str
        What the change is against: ``on Q3 2025``.
    tones : sequence of str, optional
        One a step: good or bad where the change of its share is beyond chance, else muted, the default.
    reasons : sequence of str or None, optional
        Why a count is missing.
    width : str
        ``full`` comes with a half-width variant for small screens.

    Raises
    ------
    ValueError
        If the sequences differ in length or are empty, or if a count is negative.
    """
    for given in (counts, counts_before or counts, tones or counts, reasons or counts):
        if not steps or len(given) != len(steps):
            raise ValueError(f"Found {len(given)} entries for {len(steps)} steps. Wanted one for each.")
    if any(count < 0 for count in known(counts)):
        raise ValueError(f"Found the counts {known(counts)}. Wanted none below zero.")
    rows = [
        _step(i, steps, counts, counts_before, (tones[i] if tones else "muted"), reasons, format)
        for i in range(len(steps))
    ]
    label = before_label if counts_before else ""
    said = caption.with_key("count")
    return said.figure(
        svg=_svg(rows, label, width, said.id, format),
        svg_narrow=_svg(rows, label, "half", f"{said.id}-narrow", format) if width == "full" else "",
        alt=_alt(rows, said, format),
        width=width,
        columns=[
            Column("Step"),
            Column("Count", "", "right"),
            Column("Of the step before", "%", "right"),
            *([Column(f"Change {label}", "pp", "right")] if label else []),
        ],
        rows=[_row(step, bool(label), format) for step in rows],
    )


def _share(i: int, counts: Sequence[float | None]) -> float | None:
    if i == 0 or not is_known(now := counts[i]) or not is_known(before := counts[i - 1]):
        return None
    return now / before if before > 0 else None


def _step(
    i: int,
    steps: Sequence[str],
    counts: Sequence[float | None],
    counts_before: Sequence[float | None] | None,
    tone: Tone,
    reasons: Sequence[str | None] | None,
    f: Format,
) -> _Step:
    share = _share(i, counts)
    change = f.change(share, _share(i, counts_before), "percent") if counts_before else None
    return _Step(
        name=steps[i],
        count=counts[i],
        reason=(reasons[i] if reasons else None) or "no value",
        share=f.percent(share) if share is not None else "" if i == 0 else "–",
        change="".join(change) if change else "" if i == 0 else "–",
        tone=tone if change else "muted",
    )


def _alt(steps: Sequence[_Step], caption: Caption, f: Format) -> str:
    words = []
    for step in steps:
        count = f.value(step.count, "count") if is_known(step.count) else step.reason
        share = f" ({step.share} of the step before)" if step.share not in ("", "–") else ""
        words.append(f"{step.name} {count}{share}")
    return f"Funnel, {caption.measure}: {', '.join(words)}."


def _row(step: _Step, with_change: bool, f: Format) -> Row:
    count = Cell(f.value(step.count, "count")) if is_known(step.count) else Cell(step.reason, tone="muted")
    change = [Cell(step.change, tone=step.tone)] if with_change else []
    return Row((Cell(step.name), count, Cell(step.share), *change))


def _svg(steps: Sequence[_Step], label: str, width: Width, name: str, f: Format) -> str:
    height = _HEAD + _ROW * len(steps)
    return draw(WIDTHS[width], height, name, lambda sheet: _paint(steps, label, sheet, f))


def _paint(steps: Sequence[_Step], label: str, sheet: Sheet, f: Format) -> None:
    roomy = sheet.width > 100
    size = 8.8 if roomy else TYPE.chart_label
    share_head = "of the step before" if roomy else "of step before"
    names = min(max(text_width(step.name, size) for step in steps) + 3, sheet.width * 0.27)
    change = _column_width([step.change for step in steps], label if roomy else "change", size) if label else 0.0
    share = _column_width([step.share for step in steps], share_head, size)
    share_at = sheet.width - (change + 3 if change else 0)
    counts = [f.value(step.count, "count") if is_known(step.count) else "" for step in steps]
    bars = share_at - share - 3 - names - max(text_width(c, size, bold=True) for c in counts) - 1.5
    longest = max(known([step.count for step in steps]), default=0.0) or 1.0
    sheet.text(share_at, 2.2, share_head, align="right", size=TYPE.chart_axis, colour=LIGHT.muted)
    if label:
        words = label if roomy else "change"
        sheet.text(sheet.width, 2.2, words, align="right", size=TYPE.chart_axis, colour=LIGHT.muted)
    for i, step in enumerate(steps):
        y = _HEAD + _ROW * (i + 0.5)
        if i:
            sheet.line([(0, y - _ROW / 2), (sheet.width, y - _ROW / 2)], colour=LIGHT.grid, width=0.5)
        for k, words in enumerate(lines := wrap(step.name, names - 2, size)):
            sheet.text(0, y + (k - (len(lines) - 1) / 2) * 3.2, words, size=size)
        if is_known(step.count):
            right = names + bars * step.count / longest
            last = i == len(steps) - 1
            sheet.box(names, y - 2.2, right, y + 2.2, fill=LIGHT.ink if last else LIGHT.accent)
            sheet.text(right + 1.2, y, counts[i], size=size, bold=True)
        else:
            reason = shorten(step.reason, share_at - share - 3 - names, size)
            sheet.text(names, y, reason, size=size, colour=LIGHT.muted)
        sheet.text(share_at, y, step.share, size=size, bold=True, align="right")
        if label:
            bold = step.tone in ("good", "bad")
            colour = _COLOURS[step.tone]
            sheet.text(sheet.width, y, step.change, size=size, bold=bold, colour=colour, align="right")


def _column_width(words: Sequence[str], head: str, size: float) -> float:
    cells = max((text_width(w, size, bold=True) for w in words), default=0.0)
    return max(cells, text_width(head, TYPE.chart_axis))
