"""What all charts share: the words around them, and the way from finished numbers to a figure."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from kpi_analysis.design.blocks import Column, Figure, Row
from kpi_analysis.design.formats import Format
from kpi_analysis.design.theme import DEFAULT_THEME, Theme
from kpi_analysis.report.charts.sheet import WIDTHS, Sheet, sheet_svg
from kpi_analysis.report.charts.sheet import Width as Width
from kpi_analysis.report.charts.text import TextMeasure

Paint = Callable[[Sheet], None]


@dataclass(frozen=True)
class Caption:
    """The words around a chart.

    Parameters
    ----------
    id : str
        Unique in the report; lower case with underscores.
    title : str
        The message, with a verb.
    measure : str
        What is measured, unit and period; ``{unit}`` stands for the unit that the chart chose: ``€m``.
    note : str
        A caveat below the chart.
    values : tuple of dict
        The rows of the tidy KPI frame that the chart quotes.
    theme : Theme
        That of the report: its typeface decides how much room words take.
    """

    id: str
    title: str
    measure: str
    note: str = ""
    values: tuple[dict[str, Any], ...] = ()
    theme: Theme = DEFAULT_THEME

    def with_key(self, unit: str, keys: Sequence[str] = (), notes: Sequence[str] = ()) -> Caption:
        """Return the caption with its unit filled in, what each mark means, and what is missing and why."""
        measure = "; ".join([self.measure.replace("{unit}", unit), *keys])
        return replace(self, measure=measure, note=" ".join([self.note, *notes]).strip())

    def figure(
        self,
        *,
        svg: str,
        alt: str,
        width: Width,
        columns: Sequence[Column],
        rows: Sequence[Row],
        svg_narrow: str = "",
    ) -> Figure:
        """Return the block of a chart drawn under this caption."""
        return Figure(
            id=self.id,
            title=self.title,
            measure=self.measure,
            svg=svg,
            alt=alt,
            width=width,
            svg_narrow=svg_narrow,
            columns=tuple(columns),
            rows=tuple(rows),
            note=self.note,
            values=self.values,
        )


@dataclass(frozen=True)
class Chart(ABC):
    """The base of all charts: checked data in, a figure with its alt text and data table out.

    A chart says what it draws and in which words; the base makes the figure of it, and the half-width variant that
    small screens show.

    Parameters
    ----------
    caption : Caption
        The words around it.
    format : Format
        How the company writes numbers.
    width : str
        full, wide, half or third.
    """

    # the widths that come with a half-width variant for small screens
    with_narrow: ClassVar[tuple[Width, ...]] = ("full",)

    caption: Caption
    format: Format
    width: Width

    @property
    def measure(self) -> TextMeasure:
        """The room that words take in the typeface of the report."""
        return TextMeasure(self.caption.theme)

    def figure(self) -> Figure:
        """Return the chart as a block of the report."""
        caption = self.caption.with_key(self.unit_label, self.keys(), self.notes())
        narrow = self.width in self.with_narrow
        return caption.figure(
            svg=self.svg(self.width, caption.id),
            svg_narrow=self.svg("half", f"{caption.id}-narrow") if narrow else "",
            alt=self.alt(caption),
            width=self.width,
            columns=self.columns(),
            rows=self.rows(),
        )

    def svg(self, width: Width, name: str) -> str:
        """Return the drawing in one width; `name` is unique in the report."""
        height, paint = self.drawing(width)
        return sheet_svg(WIDTHS[width], height, name, paint, self.caption.theme)

    @property
    @abstractmethod
    def unit_label(self) -> str:
        """The unit as the caption names it: ``€m``."""

    def keys(self) -> list[str]:
        """Return what each mark means."""
        return []

    def notes(self) -> list[str]:
        """Return what is missing and why, in sentences."""
        return []

    @abstractmethod
    def alt(self, caption: Caption) -> str:
        """Return the chart in words."""

    @abstractmethod
    def columns(self) -> list[Column]:
        """Return the heads of the data table."""

    @abstractmethod
    def rows(self) -> list[Row]:
        """Return the rows of the data table."""

    @abstractmethod
    def drawing(self, width: Width) -> tuple[float, Paint]:
        """Return the height in mm that the chart takes in a width, and what paints it on a sheet of that size."""
