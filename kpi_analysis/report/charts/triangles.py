"""How many customers of each cohort come back, by the time since they came."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from kpi_analysis.design.blocks import Cell, Column, Figure, Row
from kpi_analysis.design.formats import Format
from kpi_analysis.design.theme import LIGHT, TYPE
from kpi_analysis.report.charts.base import WIDTHS, Caption, Sheet, Width, draw
from kpi_analysis.report.charts.scales import is_known
from kpi_analysis.report.charts.text import shorten, text_width

_HEIGHT, _HEAD, _GAP = 64.0, 5.0, 0.5
_TALLEST, _LOWEST = 8.0, 4.0
_DASHES = (2.0, 1.4)


@dataclass(frozen=True)
class _Triangle:
    cohorts: Sequence[str]
    sizes: Sequence[int]
    rates: Sequence[Sequence[float | None]]
    mature: Sequence[Sequence[bool]]
    first_age: int
    age_name: str
    heading: str
    format: Format

    @property
    def ages(self) -> range:
        return range(self.first_age, self.first_age + max(len(row) for row in self.rates))

    def write(self, rate: float) -> str:
        return self.format.number(rate * 100)

    def cell(self, row: int, column: int) -> tuple[float, bool] | None:
        """Return a cell's rate and whether it is mature; nothing where its period has not begun."""
        if column >= len(self.rates[row]) or not is_known(rate := self.rates[row][column]):
            return None
        return rate, self.mature[row][column]

    def fill(self, rate: float) -> str:
        """Return one of four steps, even between the least and the largest mature rate."""
        known = [
            v
            for rates, done in zip(self.rates, self.mature, strict=True)
            for v, is_done in zip(rates, done, strict=True)
            if is_done and is_known(v)
        ]
        low, high = min(known), max(known)
        steps = len(LIGHT.sequence)
        return LIGHT.sequence[min(steps - 1, int(steps * (rate - low) / (high - low)))] if high > low else LIGHT.step_2


def retention_triangle(
    caption: Caption,
    cohorts: Sequence[str],
    sizes: Sequence[int],
    rates: Sequence[Sequence[float | None]],
    *,
    mature: Sequence[Sequence[bool]],
    format: Format,
    first_age: int = 1,
    age_name: str = "months",
    heading: str = "First order",
    width: Width = "full",
) -> Figure:
    """Return a retention triangle: of those who came in a period, how many are there after 1, 2, 3 periods?

    Parameters
    ----------
    caption : Caption
    cohorts : sequence of str
        When the customers of each row came, in words, the oldest first.
    sizes : sequence of int
        How many they are.
    rates : sequence of sequences of float or None
        For each cohort the share that is there at each age; None where that period has not begun.
    mature : sequence of sequences of bool
        Whether each cell is final. One that is not is white, dashed and italic.
    format : Format
    first_age : int
        The age of the first column.
    age_name : str
        What an age counts, in the plural.
    heading : str
        Over the names of the cohorts.
    width : str
        ``full`` comes with a half-width variant for small screens.

    Raises
    ------
    ValueError
        If the sequences differ in length or are empty.
    """
    for given in (sizes, rates, mature):
        if not cohorts or len(given) != len(cohorts):
            raise ValueError(f"Found {len(given)} entries for {len(cohorts)} cohorts. Wanted one for each.")
    if not any(rates) or any(len(row) != len(done) for row, done in zip(rates, mature, strict=True)):
        raise ValueError("Wanted for each rate whether it is mature, and at least one rate.")
    chart = _Triangle(cohorts, sizes, rates, mature, first_age, age_name, heading, format)
    cells = [chart.cell(i, j) for i in range(len(cohorts)) for j in range(len(chart.ages))]
    open_ = any(cell and not cell[1] for cell in cells)
    said = caption.with_key("%", [f"dashed: the last of the {age_name} is not over"] if open_ else [])
    return said.figure(
        svg=_svg(chart, width, said.id),
        svg_narrow=_svg(chart, "half", f"{said.id}-narrow") if width == "full" else "",
        alt=_alt(chart, said),
        width=width,
        columns=[
            Column(heading),
            Column("Customers", align="right"),
            *(Column(str(age), align="right") for age in chart.ages),
        ],
        rows=[_row(chart, i) for i in range(len(cohorts))],
    )


def _row(chart: _Triangle, i: int) -> Row:
    cells = []
    for j in range(len(chart.ages)):
        cell = chart.cell(i, j)
        words = "" if cell is None else chart.write(cell[0]) if cell[1] else f"{chart.write(cell[0])} so far"
        cells.append(Cell(words, tone="plain" if cell and cell[1] else "muted"))
    return Row((Cell(chart.cohorts[i]), Cell(chart.format.number(chart.sizes[i])), *cells))


def _alt(chart: _Triangle, caption: Caption) -> str:
    parts = []
    for i, name in enumerate(chart.cohorts):
        known = [(age, chart.cell(i, j)) for j, age in enumerate(chart.ages)]
        last = [(age, cell[0]) for age, cell in known if cell and cell[1]][-1:]
        words = f"{chart.write(last[0][1])}% after {last[0][0]} {chart.age_name}" if last else "no final rate yet"
        parts.append(f"{name} ({chart.format.number(chart.sizes[i])}) {words}")
    return f"Retention triangle, {caption.measure}: {'; '.join(parts)}."


def _svg(chart: _Triangle, width: Width, name: str) -> str:
    pitch = max(_LOWEST, min(_TALLEST + _GAP, (_HEIGHT - _HEAD) / len(chart.cohorts)))
    height = _HEAD + pitch * len(chart.cohorts)
    return draw(WIDTHS[width], height, name, lambda sheet: _paint(chart, sheet, pitch))


def _paint(chart: _Triangle, sheet: Sheet, pitch: float) -> None:
    counts = [chart.format.number(size) for size in chart.sizes]
    narrow = sheet.width < WIDTHS["wide"]
    size_head = "n" if narrow else "customers"
    sized = max(text_width(words, TYPE.chart_label) for words in [*counts, size_head])
    room = sheet.width * (0.2 if narrow else 0.3)
    named = min(room, max(text_width(words, TYPE.chart_label) for words in [*chart.cohorts, chart.heading]))
    left = named + 2.0 + sized + 1.6
    wide = min((sheet.width - left) / len(chart.ages), 20.0)
    sheet.text(0, 1.6, shorten(chart.heading, named, TYPE.chart_axis), size=TYPE.chart_axis, colour=LIGHT.muted)
    sheet.text(left - 1.6, 1.6, size_head, size=TYPE.chart_axis, colour=LIGHT.muted, align="right")
    widest = text_width(str(chart.ages[-1]), TYPE.chart_axis) + 0.8
    every = 1 + int(widest / wide)
    for j, age in enumerate(chart.ages):
        if j % every == 0:
            x = left + wide * (j + 0.5)
            sheet.text(x, 1.6, str(age), size=TYPE.chart_axis, colour=LIGHT.muted, align="center")
    number = max(text_width(chart.write(cell[0]), TYPE.chart_axis) for cell in _cells(chart) or [(0.0, True)])
    for i, name in enumerate(chart.cohorts):
        top = _HEAD + pitch * i
        middle = top + (pitch - _GAP) / 2
        sheet.text(0, middle, shorten(name, named, TYPE.chart_label))
        sheet.text(left - 1.6, middle, counts[i], colour=LIGHT.muted, align="right")
        for j in range(len(chart.ages)):
            cell = chart.cell(i, j)
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


def _cells(chart: _Triangle) -> list[tuple[float, bool]]:
    found = [chart.cell(i, j) for i in range(len(chart.cohorts)) for j in range(len(chart.ages))]
    return [cell for cell in found if cell is not None]
