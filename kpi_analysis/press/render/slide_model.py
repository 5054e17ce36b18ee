"""What stands on slides, as plain data: words, tables, pictures, and columns of them side by side."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from kpi_analysis.press.render.equations import Formula

Token = Mapping[str, Any]

SMALL, BODY, LEAD = 10, 16, 20
"""Type sizes in points."""
LINE_BREAK = "\v"


@dataclass(frozen=True)
class Run:
    """Words in one look; `formula` marks TeX, `tone` is plain, good, bad, warn, muted or accent."""

    text: str
    tone: str = "plain"
    bold: bool = False
    italic: bool = False
    struck: bool = False
    mono: bool = False
    url: str = ""
    formula: Formula | None = None


@dataclass(frozen=True)
class Paragraph:
    """A paragraph: its type size in points, how deep it is indented, and what stands before it."""

    runs: tuple[Run, ...]
    size: float = 16
    level: int = 0
    bullet: str = ""

    @property
    def text(self) -> str:
        """The words without their look."""
        return "".join(run.text for run in self.runs)


@dataclass(frozen=True)
class TextBox:
    """Paragraphs that stand in one box."""

    paragraphs: tuple[Paragraph, ...]


@dataclass(frozen=True)
class SlideTable:
    """A table, by the columns and rows of a ``table`` block; `title` where the slide has another."""

    columns: tuple[Token, ...]
    rows: tuple[Token, ...]
    title: str = ""


@dataclass(frozen=True)
class Picture:
    """A picture with its words; `width` in millimetres where it is known."""

    content: bytes
    alt: str
    width: float | None = None


SlideContent = TextBox | SlideTable | Picture


@dataclass(frozen=True)
class SideBySide:
    """Columns side by side: what stands in each from top to bottom, and how wide they are to each other."""

    parts: tuple[tuple[SlideContent, ...], ...]
    widths: tuple[float, ...]


SlideItem = SlideContent | SideBySide


@dataclass
class Slide:
    """A slide in the making.

    `kicker` is the section it belongs to, `cover` marks the first one of a report, and `instead` are the slides
    that it becomes where it does not fit on one.
    """

    title: str
    items: list[SlideItem] = field(default_factory=list)
    kicker: str = ""
    cover: bool = False
    instead: tuple[Slide, ...] = ()

    def add(self, item: SlideItem) -> None:
        """Put an item below the others; words join the words before them."""
        last = self.items[-1] if self.items else None
        if isinstance(item, TextBox) and isinstance(last, TextBox):
            self.items[-1] = TextBox(last.paragraphs + item.paragraphs)
        else:
            self.items.append(item)
        if self.instead:
            self.instead[-1].add(item)


@dataclass(frozen=True)
class SlideHeading:
    """A heading: of a section (level 1) or of a slide (level 2)."""

    title: str
    level: int = 2
