"""How many customers of each cohort come back, by the time since they came."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from kpi_analysis.design.blocks import Cell, Column, Figure, Row
from kpi_analysis.design.formats import Format
from kpi_analysis.design.theme import LIGHT, TYPE
from kpi_analysis.report.charts.base import Caption, Chart, Paint
from kpi_analysis.report.charts.scales import is_known
from kpi_analysis.report.charts.series import check_lengths
from kpi_analysis.report.charts.sheet import WIDTHS, Sheet, Width

_HEIGHT, _HEAD, _GAP = 64.0, 5.0, 0.5
_TALLEST, _LOWEST = 8.0, 4.0
_DASHES = (2.0, 1.4)


@dataclass(frozen=True)
class Cohorts:
    """The share of each cohort that is there at each age.

    Parameters
    ----------
    names : sequence of str
        When the customers of each row came, in words, the oldest first.
    sizes : sequence of int
        How many they are.
    rates : sequence of sequences of float or None
        For each cohort the share that is there at each age; None where that period has not begun.
    mature : sequence of sequences of bool
        Whether each cell is final.
    first_age : int
        The age of the first column.
    age_name : str
        What an age counts, in the plural.
    heading : str
        Over the names of the cohorts.

    Raises
    ------
    ValueError
        If the sequences differ in length or are empty.
    """

    names: Sequence[str]
    sizes: Sequence[int]
    rates: Sequence[Sequence[float | None]]
    mature: Sequence[Sequence[bool]]
    first_age: int = 1
    age_name: str = "months"
    heading: str = "First order"

    def __post_init__(self) -> None:
        check_lengths(self.names, "cohorts", self.sizes, self.rates, self.mature)
        if not any(self.rates) or any(len(row) != len(done) for row, done in zip(self.rates, self.mature, strict=True)):
            raise ValueError("Wanted for each rate whether it is mature, and at least one rate.")

    @property
    def ages(self) -> range:
        """The ages of the columns."""
        return range(self.first_age, self.first_age + max(len(row) for row in self.rates))

    def cell(self, row: int, column: int) -> tuple[float, bool] | None:
        """Return a cell's rate and whether it is mature; nothing where its period has not begun."""
        if column >= len(self.rates[row]) or not is_known(rate := self.rates[row][column]):
            return None
        return rate, self.mature[row][column]

    @property
    def cells(self) -> list[tuple[float, bool]]:
        """All cells that have a rate."""
        found = [self.cell(i, j) for i in range(len(self.names)) for j in range(len(self.ages))]
        return [cell for cell in found if cell is not None]

    @property
    def extent(self) -> tuple[float, float]:
        """The least and the largest mature rate, 0 and 0 where no rate is mature."""
        known = [rate for rate, done in self.cells if done]
        return min(known, default=0.0), max(known, default=0.0)


@dataclass(frozen=True)
class TriangleChart(Chart):
    """A retention triangle; see `retention_triangle`."""

    cohorts: Cohorts

    @property
    def unit_label(self) -> str:
        return "%"

    def keys(self) -> list[str]:
        is_open = any(not done for _, done in self.cohorts.cells)
        return [f"dashed: the last of the {self.cohorts.age_name} is not over"] if is_open else []

    def alt(self, caption: Caption) -> str:
        parts, cohorts = [], self.cohorts
        for i, name in enumerate(cohorts.names):
            known = [(age, cohorts.cell(i, j)) for j, age in enumerate(cohorts.ages)]
            last = [(age, cell[0]) for age, cell in known if cell and cell[1]][-1:]
            words = f"{self.write(last[0][1])}% after {last[0][0]} {cohorts.age_name}" if last else "no final rate yet"
            parts.append(f"{name} ({self.format.number(cohorts.sizes[i])}) {words}")
        return f"Retention triangle, {caption.measure}: {'; '.join(parts)}."

    def columns(self) -> list[Column]:
        ages = [Column(str(age), align="right") for age in self.cohorts.ages]
        return [Column(self.cohorts.heading), Column("Customers", align="right"), *ages]

    def rows(self) -> list[Row]:
        return [_row(self, i) for i in range(len(self.cohorts.names))]

    def drawing(self, width: Width) -> tuple[float, Paint]:
        count = len(self.cohorts.names)
        pitch = max(_LOWEST, min(_TALLEST + _GAP, (_HEIGHT - _HEAD) / count))
        return _HEAD + pitch * count, lambda sheet: _paint(self, sheet, pitch)

    def write(self, rate: float) -> str:
        """Return a rate as a percentage without its sign."""
        return self.format.number(rate * 100)

    def fill(self, rate: float) -> str:
        """Return one of four steps, even between the least and the largest mature rate."""
        low, high = self.cohorts.extent
        steps = len(LIGHT.sequence)
        return LIGHT.sequence[min(steps - 1, int(steps * (rate - low) / (high - low)))] if high > low else LIGHT.step_2


def retention_triangle(caption: Caption, cohorts: Cohorts, *, format: Format, width: Width = "full") -> Figure:
    """Return a retention triangle: of those who came in a period, how many are there after 1, 2, 3 periods?

    A cell that is not final is white, dashed and italic.

    Parameters
    ----------
    caption : Caption
    cohorts : Cohorts
    format : Format
    width : str
        ``full`` comes with a half-width variant for small screens.

    Examples
    --------
    >>> cohorts = Cohorts(["Q1 2026", "Q2 2026"], [40, 50], [[0.6, 0.5], [0.7]], [[True, True], [True]])
    >>> retention_triangle(Caption("back", "Half come back", "Back, {unit}"), cohorts, format=Format()).alt
    'Retention triangle, Back, %: Q1 2026 (40) 50% after 2 months; Q2 2026 (50) 70% after 1 months.'
    """
    return TriangleChart(caption, format, width, cohorts).figure()


def _row(chart: TriangleChart, i: int) -> Row:
    cells = []
    for j in range(len(chart.cohorts.ages)):
        cell = chart.cohorts.cell(i, j)
        words = "" if cell is None else chart.write(cell[0]) if cell[1] else f"{chart.write(cell[0])} so far"
        cells.append(Cell(words, tone="plain" if cell and cell[1] else "muted"))
    return Row((Cell(chart.cohorts.names[i]), Cell(chart.format.number(chart.cohorts.sizes[i])), *cells))


def _paint(chart: TriangleChart, sheet: Sheet, pitch: float) -> None:
    counts = [chart.format.number(size) for size in chart.cohorts.sizes]
    narrow = sheet.width < WIDTHS["wide"]
    size_head = "n" if narrow else "customers"
    sized = max(sheet.measure.width(words, TYPE.chart_label) for words in [*counts, size_head])
    room = sheet.width * (0.2 if narrow else 0.3)
    named = min(
        room,
        max(sheet.measure.width(words, TYPE.chart_label) for words in [*chart.cohorts.names, chart.cohorts.heading]),
    )
    left = named + 2.0 + sized + 1.6
    wide = min((sheet.width - left) / len(chart.cohorts.ages), 20.0)
    sheet.text(
        0,
        1.6,
        sheet.measure.shorten(chart.cohorts.heading, named, TYPE.chart_axis),
        size=TYPE.chart_axis,
        colour=LIGHT.muted,
    )
    sheet.text(left - 1.6, 1.6, size_head, size=TYPE.chart_axis, colour=LIGHT.muted, align="right")
    widest = sheet.measure.width(str(chart.cohorts.ages[-1]), TYPE.chart_axis) + 0.8
    every = 1 + int(widest / wide)
    for j, age in enumerate(chart.cohorts.ages):
        if j % every == 0:
            x = left + wide * (j + 0.5)
            sheet.text(x, 1.6, str(age), size=TYPE.chart_axis, colour=LIGHT.muted, align="center")
    number = max(
        sheet.measure.width(chart.write(cell[0]), TYPE.chart_axis) for cell in chart.cohorts.cells or [(0.0, True)]
    )
    for i, name in enumerate(chart.cohorts.names):
        top = _HEAD + pitch * i
        middle = top + (pitch - _GAP) / 2
        sheet.text(0, middle, sheet.measure.shorten(name, named, TYPE.chart_label))
        sheet.text(left - 1.6, middle, counts[i], colour=LIGHT.muted, align="right")
        for j in range(len(chart.cohorts.ages)):
            cell = chart.cohorts.cell(i, j)
            if cell is None:
                continue
            rate, done = cell
            x0, x1, y0, y1 = left + wide * j, left + wide * (j + 1) - _GAP, top, top + pitch - _GAP
            if done:
                sheet.box(x0, y0, x1, y1, fill=chart.fill(rate))
            else:
                border = [(x0 + 0.2, y0 + 0.2), (x1 - 0.2, y0 + 0.2), (x1 - 0.2, y1 - 0.2), (x0 + 0.2, y1 - 0.2)]
                sheet.line([*border, border[0]], colour=LIGHT.fan_50, width=0.6, dashes=_DASHES)
            if number <= wide - 0.4:
                sheet.text(
                    (x0 + x1) / 2,
                    middle,
                    chart.write(rate),
                    size=TYPE.chart_axis,
                    italic=not done,
                    colour=LIGHT.ink if done else LIGHT.muted,
                    align="center",
                )
