"""How many customers of each cohort come back, by the time since they came."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.colors import ListedColormap

from kpi_analysis.design.blocks import Cell, Column, Figure, Row
from kpi_analysis.design.formats import Format
from kpi_analysis.design.theme import LIGHT, TYPE
from kpi_analysis.report.charts.base import Caption, Chart, Paint
from kpi_analysis.report.charts.scales import is_known
from kpi_analysis.report.charts.series import check_lengths
from kpi_analysis.report.charts.sheet import PT, WIDTHS, Sheet, Width

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
    cohorts = chart.cohorts
    named, sized = _columns_of_words(chart, sheet)
    left = named + 2.0 + sized + 1.6
    wide = min((sheet.width - left) / len(cohorts.ages), 20.0)
    _heads(chart, sheet, named, left, wide)
    _heat_map(chart, sheet, left, wide, pitch)
    number = max(sheet.measure.width(chart.write(rate), TYPE.chart_axis) for rate, _ in cohorts.cells or [(0.0, True)])
    for i, name in enumerate(cohorts.names):
        top = _HEAD + pitch * i
        middle = top + (pitch - _GAP) / 2
        sheet.text(0, middle, sheet.measure.shorten(name, named, TYPE.chart_label))
        sheet.text(left - 1.6, middle, chart.format.number(cohorts.sizes[i]), colour=LIGHT.muted, align="right")
        for j in range(len(cohorts.ages)):
            cell = cohorts.cell(i, j)
            if cell is None:
                continue
            rate, done = cell
            x0, x1, y0, y1 = left + wide * j, left + wide * (j + 1) - _GAP, top, top + pitch - _GAP
            if not done:
                border = [(x0 + 0.2, y0 + 0.2), (x1 - 0.2, y0 + 0.2), (x1 - 0.2, y1 - 0.2), (x0 + 0.2, y1 - 0.2)]
                sheet.line([*border, border[0]], colour=LIGHT.fan_50, width=0.6, dashes=_DASHES)
            if number <= wide - 0.4:
                colour = LIGHT.ink if done else LIGHT.muted
                x, words = (x0 + x1) / 2, chart.write(rate)
                sheet.text(x, middle, words, size=TYPE.chart_axis, italic=not done, colour=colour, align="center")


def _columns_of_words(chart: TriangleChart, sheet: Sheet) -> tuple[float, float]:
    """Return how wide the names of the cohorts and their sizes are."""
    cohorts, width = chart.cohorts, sheet.measure.width
    counts = [chart.format.number(size) for size in cohorts.sizes]
    room = sheet.width * (0.2 if _is_narrow(sheet) else 0.3)
    named = min(room, max(width(words, TYPE.chart_label) for words in [*cohorts.names, cohorts.heading]))
    return named, max(width(words, TYPE.chart_label) for words in [*counts, _size_head(sheet)])


def _is_narrow(sheet: Sheet) -> bool:
    return sheet.width < WIDTHS["wide"]


def _size_head(sheet: Sheet) -> str:
    return "n" if _is_narrow(sheet) else "customers"


def _heads(chart: TriangleChart, sheet: Sheet, named: float, left: float, wide: float) -> None:
    ages, size = chart.cohorts.ages, TYPE.chart_axis
    sheet.text(0, 1.6, sheet.measure.shorten(chart.cohorts.heading, named, size), size=size, colour=LIGHT.muted)
    sheet.text(left - 1.6, 1.6, _size_head(sheet), size=size, colour=LIGHT.muted, align="right")
    every = 1 + int((sheet.measure.width(str(ages[-1]), size) + 0.8) / wide)
    for j, age in enumerate(ages):
        if j % every == 0:
            sheet.text(left + wide * (j + 0.5), 1.6, str(age), size=size, colour=LIGHT.muted, align="center")


def _heat_map(chart: TriangleChart, sheet: Sheet, left: float, wide: float, pitch: float) -> None:
    """Fill the mature cells in four steps, even between the least and the largest of their rates."""
    cohorts = chart.cohorts
    rates = np.full((len(cohorts.names), len(cohorts.ages)), np.nan)
    for i, j in np.ndindex(rates.shape):
        cell = cohorts.cell(i, j)
        if cell is not None and cell[1]:
            rates[i, j] = cell[0]
    if np.isnan(rates).all():
        return
    import seaborn as sns  # takes a second, and most charts do without

    low, high = cohorts.extent
    colours = ListedColormap(LIGHT.sequence if high > low else (LIGHT.step_2,))
    # a line of the paper's colour around each cell is the gap between two
    half, rows, columns = _GAP / 2, *rates.shape
    axes = sheet.axes(left - half, _HEAD - half, left - half + wide * columns, _HEAD - half + pitch * rows)
    sns.heatmap(
        rates, ax=axes, vmin=low, vmax=high, cmap=colours, cbar=False, xticklabels=False, yticklabels=False,
        linewidths=_GAP / PT, linecolor=LIGHT.paper,
    )  # fmt: skip
