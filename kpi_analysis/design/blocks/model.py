"""What a report is made of: titles, findings, tables, figures and notes, as plain data.

A block knows its words and numbers and nothing of its look. In JupyterLab it shows itself as HTML; in the
executed notebook it also leaves its data under `MIME`, and that is all the press (`kpi_analysis.press.render`)
reads. `values` are the rows of the tidy KPI frame that the block quotes: together they are `results.json`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, is_dataclass, replace
from typing import Any, ClassVar, Literal, Self

from kpi_analysis.core.status import Status
from kpi_analysis.design.theme import DEFAULT_THEME, Theme

DERIVED = "figure:"  # begins the id of a figure that is no KPI of the catalogue
MIME = "application/vnd.kpi-analysis.block+json"

Tone = Literal["plain", "good", "bad", "warn", "muted"]


@dataclass(frozen=True)
class Cell:
    """One cell of a table, or the figure of a finding.

    Parameters
    ----------
    text : str
        What is printed, already formatted.
    suffix : str
        A small unit set after the number in a slot of fixed width: ``%``, ``pp``, ``FY``.
    pad : str
        Characters that take room but do not show (``.00``), so that decimal points align.
    tone : str
        plain, good, bad, warn or muted. Never the only carrier of a meaning.
    strong : bool
        Semibold.
    svg, alt : str
        A small picture (a sparkline) in place of the text, and its words.
    status : str, optional
        on, risk, off, none, hit, missed: a drawn shape before the text.
    span : int
        How many columns the cell takes.
    unit : str
        A muted unit after a name: ``Sales revenue €m``.
    """

    text: str = ""
    suffix: str = ""
    pad: str = ""
    tone: Tone = "plain"
    strong: bool = False
    svg: str = ""
    alt: str = ""
    status: Status | None = None
    span: int = 1
    unit: str = ""


@dataclass(frozen=True)
class Column:
    """A column: its head, a second line for the unit, alignment, and a width (``1fr``, ``25mm``, ``auto``)."""

    label: str
    unit: str = ""
    align: Literal["left", "right", "center"] = "left"
    width: str = "1fr"


@dataclass(frozen=True)
class Row:
    """A row of cells; a ``group`` row is a label over the rows below it, a ``total`` row closes the table."""

    cells: tuple[Cell, ...]
    kind: Literal["plain", "group", "total"] = "plain"


@dataclass
class Display:
    """The display of one report: in which theme its blocks show themselves, and which KPIs they have shown.

    What stands at the end of a report says what the figures before it are, so that each report keeps its own.

    Parameters
    ----------
    theme : Theme
        Colours and typeface of the report's company.
    """

    theme: Theme = DEFAULT_THEME
    _shown: dict[str, None] = field(default_factory=dict)

    @property
    def shown_kpis(self) -> tuple[str, ...]:
        """The KPIs whose figures have been shown, in the order of their first appearance."""
        return tuple(self._shown)

    def record(self, kpis: Iterable[str]) -> None:
        """Take note of KPIs whose figures are shown."""
        self._shown.update(dict.fromkeys(kpis))


def is_derived(row: Mapping[str, Any]) -> bool:
    """Whether a row of ``results.json`` is a figure derived from KPIs, and no KPI of the catalogue.

    Examples
    --------
    >>> is_derived({"id": "figure:marketing.spend_shares.spend@2026-Q3"}), is_derived({"id": "leads@2026-Q3"})
    (True, False)
    """
    return str(row.get("id", "")).startswith(DERIVED)


def _quoted(payload: dict[str, Any]) -> list[str]:
    inner = [kpi for block in payload.get("blocks", ()) for kpi in _quoted(block)]
    rows = (row for row in payload.get("values", ()) if not is_derived(row))
    return [*(row["kpi"] for row in rows if row["value"] is not None), *inner]


def _data(value: Any) -> Any:
    """What `dataclasses.asdict` gives, without a copy of every word and number."""
    if is_dataclass(value):
        shown = [field.name for field in fields(value) if field.metadata.get("payload", True)]
        return {name: _data(getattr(value, name)) for name in shown}
    if isinstance(value, dict):
        return {key: _data(inner) for key, inner in value.items()}
    return type(value)(map(_data, value)) if isinstance(value, list | tuple) else value


@dataclass(frozen=True)
class Block:
    """The base of everything that a report shows.

    Parameters
    ----------
    display : Display, optional
        That of the report which made the block; without one the block shows itself in the theme of the house. It is
        no part of the block's data.
    """

    kind: ClassVar[str] = ""
    display: Display | None = field(default=None, kw_only=True, repr=False, compare=False, metadata={"payload": False})

    def on(self, display: Display) -> Self:
        """Return the block as one that shows itself on a report's display."""
        return self if self.display is display else replace(self, display=display)

    def payload(self) -> dict[str, Any]:
        """Return the block as JSON-ready data, with its kind."""
        return {"kind": self.kind, **_data(self)}

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        from kpi_analysis.design.blocks.html import block_to_html, block_to_text

        payload, display = self.payload(), self.display or Display()
        display.record(_quoted(payload))
        html = block_to_html(payload, display.theme)
        return {MIME: payload, "text/html": html, "text/plain": block_to_text(payload)}


@dataclass(frozen=True)
class Title(Block):
    """The message of a page, and one muted line under it. The first one carries the facts of the report.

    `facts` has company, report, period, period_label, data_to, complete, locale, currency, provenance and
    whatever the manifest shall hold (`sources`, `catalogue`, `code`).
    """

    kind: ClassVar[str] = "title"
    title: str
    deck: str = ""
    facts: dict[str, Any] = field(default_factory=dict)
    values: tuple[dict[str, Any], ...] = ()


@dataclass(frozen=True)
class Finding:
    """One thing that matters: a figure, what it is, the claim, its evidence, and where more stands."""

    figure: Cell
    claim: str
    evidence: str = ""
    see: str = ""


@dataclass(frozen=True)
class Findings(Block):
    """What matters: at most five findings, the most important first; `records` are those of `results.json`."""

    kind: ClassVar[str] = "findings"
    title: str
    findings: tuple[Finding, ...]
    values: tuple[dict[str, Any], ...] = ()
    records: tuple[dict[str, Any], ...] = ()


@dataclass(frozen=True)
class Table(Block):
    """A table with a message as its title, and a line that says what is measured, in which unit and period."""

    kind: ClassVar[str] = "table"
    id: str
    title: str
    measure: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    note: str = ""
    values: tuple[dict[str, Any], ...] = ()


@dataclass(frozen=True)
class Figure(Block):
    """A chart as SVG with its alt text, and the table of the numbers that it draws.

    `svg` is drawn at its final size in the width that `width` names (full 174 mm, wide 103, half 85, third 54);
    `svg_narrow` is the half-width variant that a small screen shows instead of a full one.
    """

    kind: ClassVar[str] = "figure"
    id: str
    title: str
    measure: str
    svg: str
    alt: str
    width: Literal["full", "wide", "half", "third"] = "full"
    svg_narrow: str = ""
    columns: tuple[Column, ...] = ()
    rows: tuple[Row, ...] = ()
    note: str = ""
    values: tuple[dict[str, Any], ...] = ()


@dataclass(frozen=True)
class Note(Block):
    """Small muted words: a method, a caveat."""

    kind: ClassVar[str] = "note"
    text: str
    values: tuple[dict[str, Any], ...] = ()


@dataclass(frozen=True)
class Beside(Block):
    """Blocks that stand side by side: two halves, a wide one and a narrow one, or three thirds."""

    kind: ClassVar[str] = "beside"
    blocks: tuple[Block, ...]

    def payload(self) -> dict[str, Any]:
        return {"kind": self.kind, "blocks": [block.payload() for block in self.blocks]}
