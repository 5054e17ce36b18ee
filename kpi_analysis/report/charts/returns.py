"""What each channel returns for what it costs: a dot with its interval against break-even, 5 : 1 and 10 : 1."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from kpi_analysis.design.blocks import Cell, Column, Figure, Row
from kpi_analysis.design.formats import Format, Scale
from kpi_analysis.design.theme import LIGHT, TYPE
from kpi_analysis.report.charts.base import Caption, Chart, Paint
from kpi_analysis.report.charts.scales import Linear, is_known, known_values
from kpi_analysis.report.charts.series import Groups, check_lengths
from kpi_analysis.report.charts.sheet import PT, WIDTHS, Sheet, Width

STRONG, EXCEPTIONAL = 5.0, 10.0
HIGHEST, LOWEST = 25.0, -5.0  # one return of 300 : 1 would press all others together
_ROW, _HEAD, _FOOT = 7.0, 8.2, 1.0
_GAP, _INSET = 3.0, 1.6
_BAND = 3 * PT
_RATIO = "ratio"


@dataclass(frozen=True)
class Numbers:
    """A column of numbers beside the chart: its head, its values in the order of the names, and that of the total."""

    label: str
    unit: str
    values: Sequence[float | None]
    total: float | None = None


@dataclass(frozen=True)
class _Entry:
    name: str
    value: float | None
    low: float | None
    high: float | None
    before: float | None
    reason: str
    numbers: Sequence[float | None]
    is_total: bool = False


@dataclass(frozen=True)
class _Column:
    """A column of numbers as it is written."""

    label: str
    unit: str
    scale: Scale
    head: str


@dataclass(frozen=True)
class Total:
    """The return of all channels together, as the row that closes the chart."""

    value: float | None
    low: float | None = None
    high: float | None = None
    year_ago: float | None = None
    label: str = "All channels"


@dataclass(frozen=True)
class ReturnsChart(Chart):
    """A dot for each channel; see `returns`."""

    channels: Groups
    total: Total | None = None
    break_even: float | None = None
    year_ago_label: str = "a year earlier"
    beside: tuple[Sequence[Numbers], Sequence[Numbers]] = ((), ())

    def __post_init__(self) -> None:
        check_lengths(self.channels.names, "channels", *(one.values for side in self.beside for one in side))

    @cached_property
    def entries(self) -> list[_Entry]:
        """The channels, the highest return first, and their total."""
        g, numbers = self.channels, [*self.beside[0], *self.beside[1]]
        entries = [
            _Entry(
                str(g.names[i]), g.values[i], g.low[i], g.high[i], g.year_ago[i], g.reason(i),
                [one.values[i] for one in numbers],
            )
            for i in g.ranked
        ]  # fmt: skip
        if self.total is None:
            return entries
        t, sums = self.total, [one.total for one in numbers]
        return [*entries, _Entry(t.label, t.value, t.low, t.high, t.year_ago, "no value", sums, is_total=True)]

    @cached_property
    def left(self) -> list[_Column]:
        """The columns of numbers before the dots."""
        return [_column(one, self.format) for one in self.beside[0]]

    @cached_property
    def right(self) -> list[_Column]:
        """The columns of numbers after the dots."""
        return [_column(one, self.format) for one in self.beside[1]]

    @cached_property
    def scale(self) -> Scale:
        """The scale of all returns."""
        return self.format.scale([e.value for e in self.entries], _RATIO)

    @property
    def before_label(self) -> str:
        """What the rings are, empty where there are none."""
        return self.year_ago_label if any(is_known(e.before) for e in self.entries) else ""

    @property
    def unit_label(self) -> str:
        return self.format.unit_label(_RATIO)

    def keys(self) -> list[str]:
        keys = ["band: 95% interval"] if any(is_known(e.low) and is_known(e.high) for e in self.entries) else []
        return [*keys, f"ring: {self.before_label}"] if self.before_label else keys

    def alt(self, caption: Caption) -> str:
        return _alt(self, caption)

    def columns(self) -> list[Column]:
        label = self.unit_label
        own = [Column("Return", label, "right"), Column("95% interval", label, "right")]
        if self.before_label:
            own.append(Column(self.before_label, label, "right"))
        left, right = ([Column(one.label, one.head, "right") for one in side] for side in (self.left, self.right))
        return [Column("Channel"), *left, *own, *right]

    def rows(self) -> list[Row]:
        return [_row(self, entry) for entry in self.entries]

    def drawing(self, width: Width) -> tuple[float, Paint]:
        places = _places(self, WIDTHS[width])
        return _HEAD + _ROW * len(self.entries) + _FOOT, lambda sheet: _paint(self, sheet, places)

    def write(self, value: float) -> str:
        """Return a return in the scale of the chart."""
        return self.format.value(value, _RATIO, self.scale)

    def number(self, entry: _Entry, place: int) -> str:
        """Return a number beside the dots as it is written."""
        value, column = entry.numbers[place], (*self.left, *self.right)[place]
        return self.format.value(value, column.unit, column.scale) if is_known(value) else "–"


def returns(
    caption: Caption,
    channels: Groups,
    *,
    format: Format,
    total: Total | None = None,
    break_even: float | None = None,
    year_ago_label: str = "a year earlier",
    beside: tuple[Sequence[Numbers], Sequence[Numbers]] = ((), ()),
    width: Width = "full",
) -> Figure:
    """Return a dot for each channel, highest return first, with its 95% interval, and a diamond for all of them.

    Colour says where a dot lies: from 5 : 1 on, above break-even, below it. What lies outside of −5 to 25 is drawn as
    an arrow at the edge; its number stands beside it.

    Parameters
    ----------
    caption : Caption
    channels : Groups
        Revenue for one unit of spend; long names take two lines. Channels without a value stand last, with the reason;
        values of a year earlier are drawn as rings.
    format : Format
    total : Total, optional
        Of all channels.
    break_even : float, optional
        The return that pays for itself: 1 ÷ gross margin.
    year_ago_label : str
        What the rings are: ``Q3 2025``.
    beside : pair of sequences of Numbers
        Columns of numbers at the left and at the right of the dots; the half-width variant leaves them to the table.
    width : str
        ``full`` comes with a half-width variant for small screens. The height grows with the channels.

    Raises
    ------
    ValueError
        If a column has not one number for each channel.

    Examples
    --------
    >>> channels = Groups(["Email", "Display"], [6.2, 0.9], "ratio")
    >>> returns(Caption("roas", "Email pays", "ROAS, {unit}"), channels, format=Format(), break_even=2.0).alt[-54:]
    'below break-even at 2.0: Display; at 5 or more: Email.'
    """
    return ReturnsChart(caption, format, width, channels, total, break_even, year_ago_label, beside).figure()


def _colour(chart: ReturnsChart, value: float) -> str:
    """Accent from 5 : 1 on, bad below break-even."""
    if is_known(chart.break_even) and value < chart.break_even:
        return LIGHT.bad
    return LIGHT.accent if value >= STRONG else LIGHT.ink


def _lines(chart: ReturnsChart) -> list[tuple[str, float, str]]:
    """The lines that returns are judged by: name, value, colour."""
    lines = [("strong", STRONG, LIGHT.faint), ("exceptional", EXCEPTIONAL, LIGHT.faint)]
    if is_known(chart.break_even) and 0 < chart.break_even <= HIGHEST:
        lines.insert(0, ("break-even", chart.break_even, LIGHT.bad))
    return sorted(lines, key=lambda line: line[1])


def _column(one: Numbers, f: Format) -> _Column:
    scale = f.scale([*one.values, one.total], one.unit)
    return _Column(one.label, one.unit, scale, "" if one.unit == "count" else f.unit_label(one.unit, scale))


def _alt(chart: ReturnsChart, caption: Caption) -> str:
    channels = [e for e in chart.entries if not e.is_total]
    there = [(e.name, e.value) for e in channels if is_known(e.value)]
    if not there:
        return f"Returns of {len(channels)} channels, {caption.measure}: no value for any."
    said = [f"{name} {chart.write(value)}" for name, value in (there[0], there[-1])]
    parts = [f"from {said[0]} to {said[1]}" if len(there) > 1 else f"only {said[0]}"]
    parts += [f"{e.name} {chart.write(e.value)}" for e in chart.entries if e.is_total and is_known(e.value)]
    if is_known(chart.break_even):
        below = [name for name, value in there if value < chart.break_even]
        parts.append(f"below break-even at {chart.write(chart.break_even)}: {', '.join(below) or 'none'}")
    parts.append(f"at {STRONG:g} or more: {', '.join(name for name, value in there if value >= STRONG) or 'none'}")
    return f"Returns of {len(channels)} channels, {caption.measure}: {'; '.join(parts)}."


def _row(chart: ReturnsChart, entry: _Entry) -> Row:
    numbers = [Cell(chart.number(entry, i)) for i in range(len(entry.numbers))]
    own = [Cell(entry.reason, tone="muted", span=3 if chart.before_label else 2)]
    if is_known(entry.value):
        there = is_known(entry.low) and is_known(entry.high)
        interval = chart.format.interval(entry.low, entry.high, _RATIO, chart.scale) if there else "–"  # type: ignore[arg-type]
        own = [Cell(chart.write(entry.value), strong=True), Cell(interval)]
        if chart.before_label:
            own.append(Cell(chart.write(entry.before) if is_known(entry.before) else "–"))
    split = len(chart.left)
    cells = (Cell(entry.name), *numbers[:split], *own, *numbers[split:])
    return Row(cells, kind="total" if entry.is_total else "plain")


@dataclass(frozen=True)
class _Places:
    """Where the columns stand, in mm: the right edges of the numbers, and the plot between them."""

    name: float
    left: Sequence[float]
    value: float
    plot: tuple[float, float]
    right: Sequence[float]


def _places(chart: ReturnsChart, width: float) -> _Places:
    roomy = width > WIDTHS["half"]
    names = [chart.measure.width(e.name, TYPE.chart_label, bold=e.is_total) for e in chart.entries]
    name = min(max(*names, chart.measure.width("Channel", TYPE.chart_axis)) + 0.5, width * 0.26)
    split = len(chart.left)
    widths = [_column_width(chart, i) for i in range(split + len(chart.right))] if roomy else []
    left: list[float] = []
    right: list[float] = []
    edge = name
    for one in widths[:split]:
        edge += one + _GAP
        left.append(edge)
    values = [chart.write(e.value) for e in chart.entries if is_known(e.value)]
    value = edge + _GAP + max(chart.measure.width(w, TYPE.chart_label, bold=True) for w in [*values, "ROAS"])
    edge = width
    for one in reversed(widths[split:]):
        right.insert(0, edge)
        edge -= one + _GAP
    return _Places(name, left, value, (value + _GAP, edge), right)


def _column_width(chart: ReturnsChart, place: int) -> float:
    column = (*chart.left, *chart.right)[place]
    cells = [chart.measure.width(chart.number(e, place), TYPE.chart_label, bold=True) for e in chart.entries]
    return max(*cells, *(chart.measure.width(w, TYPE.chart_axis) for w in (column.label, column.head)))


def _paint(chart: ReturnsChart, sheet: Sheet, at: _Places) -> None:
    ends = known_values([end for e in chart.entries for end in (e.value, e.low, e.high, e.before)])
    lowest = max(min([0.0, *ends]), LOWEST)
    highest = min(max([EXCEPTIONAL * 1.1, *(chart.break_even or 0.0, *ends)]), HIGHEST)
    x = Linear(lowest, highest, at.plot[0] + _INSET, at.plot[1] - _INSET)
    _heads(chart, sheet, at)
    for i, entry in enumerate(chart.entries):
        top = _HEAD + _ROW * i
        first, last = i == 0, entry.is_total
        colour = LIGHT.ink if first else LIGHT.rule if last else LIGHT.grid
        sheet.line([(0, top), (sheet.width, top)], colour=colour, width=0.9 if first else 0.6 if last else 0.4)
    _marks(chart, sheet, at, x)
    for i, entry in enumerate(chart.entries):
        _entry(chart, sheet, entry, _HEAD + _ROW * (i + 0.5), at, x)


def _heads(chart: ReturnsChart, sheet: Sheet, at: _Places) -> None:
    size = TYPE.chart_axis
    sheet.text(0, _HEAD - 1.9, "Channel", size=size, colour=LIGHT.muted)
    heads = [(edge, one.label, one.head) for edge, one in zip(at.left, chart.left, strict=bool(at.left))]
    heads += [(edge, one.label, one.head) for edge, one in zip(at.right, chart.right, strict=bool(at.right))]
    for edge, label, unit in [*heads, (at.value, "ROAS", chart.format.unit_label(_RATIO))]:
        sheet.text(edge, _HEAD - 5.2, label, size=size, colour=LIGHT.muted, align="right")
        sheet.text(edge, _HEAD - 1.9, unit, size=size, colour=LIGHT.muted, align="right")


def _marks(chart: ReturnsChart, sheet: Sheet, at: _Places, x: Linear) -> None:
    """Draw the lines and write their names in the head; a name that would touch the one before is left out."""
    size, floor = TYPE.chart_axis, sheet.height - _FOOT
    limit = min(at.plot[1] + _GAP / 2, sheet.width)
    ends = {"name": at.plot[0] - _GAP / 2, "number": at.plot[0] - _GAP / 2}
    for name, value, colour in _lines(chart):
        place = x(value)
        sheet.line([(place, _HEAD), (place, floor)], colour=colour, width=0.7)
        ink = LIGHT.bad if colour == LIGHT.bad else LIGHT.muted
        number = chart.write(value) if name == "break-even" else f"{value:g}"
        for line, words, y in (("name", name, _HEAD - 5.2), ("number", number, _HEAD - 1.9)):
            wide = sheet.measure.width(words, size)
            left = min(max(place - wide / 2, ends[line] + 1.0), limit - wide)
            if left < ends[line] + 1.0 or not left - 1.0 < place < left + wide + 1.0:
                continue
            sheet.text(left, y, words, size=size, colour=ink)
            ends[line] = left + wide


def _entry(chart: ReturnsChart, sheet: Sheet, entry: _Entry, y: float, at: _Places, x: Linear) -> None:
    size, bold = TYPE.chart_label, entry.is_total
    for i, line in enumerate(lines := sheet.measure.wrap(entry.name, at.name, size, bold=bold)):
        sheet.text(0, y + (i - (len(lines) - 1) / 2) * 3.2, line, bold=bold)
    for place, edge in enumerate((*at.left, *at.right)):
        value = entry.numbers[place]
        is_loss = is_known(value) and value < 0
        ink = LIGHT.bad if is_loss else LIGHT.ink if is_known(value) else LIGHT.muted
        sheet.text(edge, y, chart.number(entry, place), bold=bold or is_loss, colour=ink, align="right")
    if not is_known(entry.value):
        reason = sheet.measure.shorten(entry.reason, at.plot[1] - at.plot[0] - 2, size)
        left = at.plot[0] + 0.6
        sheet.box(left, y - 1.8, left + sheet.measure.width(reason, size) + 1.2, y + 1.8, fill=LIGHT.paper)
        sheet.text(left + 0.6, y, reason, colour=LIGHT.muted)
        sheet.text(at.value, y, "–", colour=LIGHT.muted, align="right")
        return
    sheet.text(at.value, y, chart.write(entry.value), bold=True, align="right")
    _draw(chart, sheet, entry, entry.value, y, x)


def _draw(chart: ReturnsChart, sheet: Sheet, entry: _Entry, value: float, y: float, x: Linear) -> None:
    colour = _colour(chart, value)
    if is_known(entry.low) and is_known(entry.high):
        low, high = (x(min(max(end, x.low), x.high)) for end in (entry.low, entry.high))
        fill = LIGHT.accent_mid if colour == LIGHT.accent else LIGHT.previous
        sheet.box(low, y - _BAND / 2, high, y + _BAND / 2, fill=fill)
    if is_known(entry.before) and x.low <= entry.before <= x.high:
        sheet.dot(x(entry.before), y, radius=0.9, ring=LIGHT.muted)
    place = x(min(max(value, x.low), x.high))
    if not x.low <= value <= x.high:
        way = 1.0 if value > x.high else -1.0
        tip = place + way * _INSET / 2
        sheet.area([(tip - way * 2.4, y - 1.4), (tip, y), (tip - way * 2.4, y + 1.4)], fill=colour)
    elif entry.is_total:
        sheet.area([(place - 1.5, y), (place, y - 1.5), (place + 1.5, y), (place, y + 1.5)], fill=LIGHT.ink)
    else:
        sheet.dot(place, y, radius=1.15, fill=colour)
