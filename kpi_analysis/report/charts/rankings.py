"""Who is above and who below the average, and who only seems to be: a dot with its interval for each name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from kpi_analysis.design.blocks import Cell, Column, Figure, Row
from kpi_analysis.design.formats import Format, Scale
from kpi_analysis.design.theme import LIGHT, LINES, TYPE
from kpi_analysis.report.charts.base import PT, WIDTHS, Caption, Sheet, Width, draw
from kpi_analysis.report.charts.scales import Linear, is_known, known, nice_ticks, tick_words
from kpi_analysis.report.charts.text import shorten, text_width, wrap

Better = Literal["higher", "lower", "neutral"]
_ROW, _TALL_ROW, _HEAD, _FOOT = 5.2, 8.0, 5.4, 4.6
_GAP = 3.0
_BAND = 3 * PT  # the interval is a band of three points


@dataclass(frozen=True)
class _Entry:
    """One name with its value; a value that is missing has a reason."""

    name: str
    value: float | None
    low: float | None
    high: float | None
    count: float | None
    reason: str


@dataclass(frozen=True)
class _Ranking:
    entries: Sequence[_Entry]
    reference: float | None
    reference_label: str
    count_label: str
    unit: str
    scale: Scale
    format: Format
    better: Better

    def write(self, value: float) -> str:
        return self.format.value(value, self.unit, self.scale)

    def verdict(self, entry: _Entry) -> str:
        """Return good or bad where the whole interval lies on one side of the reference, else plain."""
        if not (is_known(self.reference) and is_known(entry.low) and is_known(entry.high)):
            return "plain"
        if self.better == "neutral" or entry.low <= self.reference <= entry.high:
            return "plain"
        return "good" if (entry.low > self.reference) == (self.better == "higher") else "bad"


def ranking(
    caption: Caption,
    names: Sequence[str],
    values: Sequence[float | None],
    *,
    unit: str,
    format: Format,
    low: Sequence[float | None] | None = None,
    high: Sequence[float | None] | None = None,
    counts: Sequence[float | None] | None = None,
    count_label: str = "rows",
    reference: float | None = None,
    reference_label: str = "average",
    better: Better = "neutral",
    reasons: Sequence[str | None] | None = None,
    width: Width = "full",
) -> Figure:
    """Return a dot for each name, largest value first, with its 95% interval and the average as a line.

    Colour and weight mark a name whose whole interval lies on one side of the average; for all others the
    difference may be chance.

    Parameters
    ----------
    caption : Caption
    names : sequence of str
        What is ranked; long names take two lines.
    values : sequence of float or None
        One a name; names without a value stand last, with the reason.
    unit : str
        Of the KPI.
    format : Format
    low, high : sequence of float or None, optional
        The ends of each interval.
    counts : sequence of float or None, optional
        What each value rests on, such as closed deals.
    count_label : str
        Their name, in the plural.
    reference : float, optional
        The company's own value.
    reference_label : str
    better : str
        higher, lower or neutral.
    reasons : sequence of str or None, optional
        Why a value is missing.
    width : str
        ``full`` comes with a half-width variant for small screens. The height grows with the names.

    Raises
    ------
    ValueError
        If the sequences differ in length or are empty.
    """
    count = len(names)
    nothing: list[float | None] = [None] * count
    lists = (values, low or nothing, high or nothing, counts or nothing, reasons or nothing)
    for given in lists:
        if not count or len(given) != count:
            raise ValueError(f"Found {len(given)} entries for {count} names. Wanted one for each.")
    entries = [
        _Entry(str(n), v, lo, hi, c, why or "no value")
        for n, v, lo, hi, c, why in zip(
            names,
            values,
            low or nothing,
            high or nothing,
            counts or nothing,
            reasons or [None] * count,
            strict=True,
        )
    ]
    entries.sort(key=lambda e: (not is_known(e.value), -(e.value or 0) if is_known(e.value) else 0, e.name))
    scale = format.scale([*values, reference], unit)
    chart = _Ranking(entries, reference, reference_label, count_label if counts else "", unit, scale, format, better)
    keys = ["band: 95% interval"] if any(is_known(e.low) and is_known(e.high) for e in entries) else []
    said = caption.with_key(format.unit_label(unit, scale), keys)
    return said.figure(
        svg=_svg(chart, width, said.id),
        svg_narrow=_svg(chart, "half", f"{said.id}-narrow") if width == "full" else "",
        alt=_alt(chart, said),
        width=width,
        columns=_columns(chart),
        rows=[_row(chart, e) for e in entries],
    )


def _alt(chart: _Ranking, caption: Caption) -> str:
    there = [e for e in chart.entries if is_known(e.value)]
    if not there:
        return f"Ranking of {len(chart.entries)} names, {caption.measure}: no value for any."
    ends = [f"{e.name} {chart.write(e.value)}" for e in (there[0], there[-1]) if is_known(e.value)]
    words = f"from {ends[0]} to {ends[1]}" if len(there) > 1 else f"only {ends[0]}"
    average = f"; {chart.reference_label} {chart.write(chart.reference)}" if is_known(chart.reference) else ""
    beyond = [e.name for e in there if chart.verdict(e) != "plain"]
    clear = f"; clearly different from it: {', '.join(beyond)}" if beyond else ""
    return f"Ranking of {len(chart.entries)} names, {caption.measure}: {words}{average}{clear}."


def _columns(chart: _Ranking) -> list[Column]:
    label = chart.format.unit_label(chart.unit, chart.scale)
    columns = [Column("Name"), Column("Value", label, "right"), Column("95% interval", label, "right")]
    return [*columns, Column(chart.count_label.capitalize(), "", "right")] if chart.count_label else columns


def _row(chart: _Ranking, entry: _Entry) -> Row:
    count = [Cell(_count(chart, entry))] if chart.count_label else []
    if not is_known(entry.value):
        return Row((Cell(entry.name), Cell(entry.reason, tone="muted", span=2), *count))
    interval = "–"
    if is_known(entry.low) and is_known(entry.high):
        interval = chart.format.interval(entry.low, entry.high, chart.unit, chart.scale)
    return Row((Cell(entry.name), Cell(chart.write(entry.value)), Cell(interval), *count))


def _count(chart: _Ranking, entry: _Entry) -> str:
    return chart.format.value(entry.count, "count") if is_known(entry.count) else "–"


@dataclass(frozen=True)
class _Places:
    """Where the columns of the picture stand, in mm."""

    name: float
    plot_left: float
    plot_right: float
    count: float
    value: float


def _places(chart: _Ranking, width: float) -> _Places:
    names = max(text_width(e.name, TYPE.chart_label) for e in chart.entries)
    name = min(names + 0.5, width * 0.3)
    values = [chart.write(e.value) for e in chart.entries if is_known(e.value)]
    heads = [chart.format.unit_label(chart.unit, chart.scale)]
    value = max(text_width(w, TYPE.chart_label, bold=True) for w in [*values, *heads])
    count = 0.0
    if chart.count_label:
        words = [_count(chart, e) for e in chart.entries]
        count = max(text_width(w, TYPE.chart_label) for w in [*words, chart.count_label]) + _GAP
    return _Places(name, name + _GAP, width - value - count - _GAP, width - value - _GAP, width)


def _svg(chart: _Ranking, width: Width, name: str) -> str:
    places = _places(chart, WIDTHS[width])
    lines = [wrap(e.name, places.name, TYPE.chart_label) for e in chart.entries]
    heights = [_ROW if len(words) == 1 else _TALL_ROW for words in lines]
    return draw(
        WIDTHS[width],
        _HEAD + sum(heights) + _FOOT,
        name,
        lambda sheet: _paint(chart, sheet, places, lines, heights),
    )


def _paint(
    chart: _Ranking, sheet: Sheet, at: _Places, lines: Sequence[Sequence[str]], heights: Sequence[float]
) -> None:
    ends = [end for e in chart.entries for end in (e.value, e.low, e.high)]
    low, high = _extent(known([*ends, chart.reference]))
    ticks = nice_ticks(low, high, most=6 if sheet.width > 100 else 4, whole=chart.unit in ("count", "points"))
    inside = [t for t in ticks if low <= t <= high]
    # dots need no round ends, but an axis needs two ticks to be read
    ticks, ends_at = (inside, (low, high)) if len(inside) > 1 else (ticks, (ticks[0], ticks[-1]))
    x = Linear(*ends_at, at.plot_left + 1.5, at.plot_right - 1.5)
    floor = _HEAD + sum(heights)
    for tick in ticks:
        sheet.line([(x(tick), _HEAD), (x(tick), floor)], colour=LIGHT.grid, width=LINES.chart_grid)
    _write_ticks(chart, sheet, ticks, x, floor + 2.4)
    _heads(chart, sheet, at, x)
    if is_known(chart.reference):
        middle = x(chart.reference)
        sheet.line([(middle, _HEAD - 0.6), (middle, floor)], colour=LIGHT.faint, width=0.8)
    top = _HEAD
    for entry, words, height in zip(chart.entries, lines, heights, strict=True):
        sheet.line([(0, top), (sheet.width, top)], colour=LIGHT.rule if top == _HEAD else LIGHT.grid, width=0.4)
        _entry(chart, sheet, entry, words, top + height / 2, at, x)
        top += height
    sheet.line([(0, top), (sheet.width, top)], colour=LIGHT.grid, width=0.4)


def _extent(there: Sequence[float]) -> tuple[float, float]:
    return (min(there), max(there)) if there else (0.0, 1.0)


def _write_ticks(chart: _Ranking, sheet: Sheet, ticks: Sequence[float], x: Linear, y: float) -> None:
    words = tick_words(ticks, chart.unit, chart.scale, chart.format)
    widest = max(text_width(w, TYPE.chart_axis) for w in words)
    apart = x(ticks[1]) - x(ticks[0]) if len(ticks) > 1 else widest + 2
    every = 1 if apart > widest + 1.5 else len(ticks) - 1
    for tick, word in list(zip(ticks, words, strict=True))[::every]:
        sheet.text(x(tick), y, word, size=TYPE.chart_axis, colour=LIGHT.muted, align="center")


def _heads(chart: _Ranking, sheet: Sheet, at: _Places, x: Linear) -> None:
    y, size = _HEAD - 2.6, TYPE.chart_axis
    unit = chart.format.unit_label(chart.unit, chart.scale)
    sheet.text(at.value, y, unit, size=size, colour=LIGHT.muted, align="right")
    if chart.count_label:
        sheet.text(at.count, y, chart.count_label, size=size, colour=LIGHT.muted, align="right")
    if is_known(chart.reference):
        words = shorten(f"{chart.reference_label} {chart.write(chart.reference)}", at.plot_right - 2, size)
        half = text_width(words, size) / 2
        right = at.plot_right - half
        sheet.text(min(max(x(chart.reference), half), right), y, words, size=size, colour=LIGHT.muted, align="center")


def _entry(
    chart: _Ranking, sheet: Sheet, entry: _Entry, words: Sequence[str], y: float, at: _Places, x: Linear
) -> None:
    for i, line in enumerate(words):
        sheet.text(0, y + (i - (len(words) - 1) / 2) * 3.2, line)
    if chart.count_label:
        sheet.text(at.count, y, _count(chart, entry), colour=LIGHT.muted, align="right")
    if not is_known(entry.value):
        reason = shorten(entry.reason, at.plot_right - at.plot_left - 2, TYPE.chart_label)
        wide = text_width(reason, TYPE.chart_label)
        sheet.box(at.plot_left + 0.4, y - 1.8, at.plot_left + 1.6 + wide, y + 1.8, fill=LIGHT.paper)
        sheet.text(at.plot_left + 1, y, reason, colour=LIGHT.muted)
        sheet.text(at.value, y, "–", colour=LIGHT.muted, align="right")
        return
    verdict = chart.verdict(entry)
    dot = {"good": LIGHT.good, "bad": LIGHT.bad, "plain": LIGHT.accent}[verdict]
    if is_known(entry.low) and is_known(entry.high):
        ends = (x(entry.low), y - _BAND / 2, x(entry.high), y + _BAND / 2)
        sheet.box(*ends, fill=LIGHT.accent_mid if verdict == "plain" else LIGHT.previous)
    sheet.dot(x(entry.value), y, radius=1.0, fill=dot)
    colour = {"good": LIGHT.good, "bad": LIGHT.bad, "plain": LIGHT.ink}[verdict]
    sheet.text(at.value, y, chart.write(entry.value), bold=verdict != "plain", colour=colour, align="right")
