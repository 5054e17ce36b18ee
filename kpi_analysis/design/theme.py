"""The visual system in one place: colours for light and dark, type sizes, page measures, table lines, fonts.

HTML reads it as CSS variables, Typst as a dictionary of tokens, charts as plain values; all three look alike.
"""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass, fields, replace
from functools import cache, lru_cache
from importlib import resources
from pathlib import Path
from typing import Any

from kpi_analysis.design.palette import DARK as DARK
from kpi_analysis.design.palette import LIGHT as LIGHT
from kpi_analysis.design.palette import Palette as Palette

FONT_FAMILY = "Source Sans Pro"
HTML_FONTS = f"'{FONT_FAMILY}', system-ui, sans-serif"


@dataclass(frozen=True)
class TypeSizes:
    """Type sizes in points."""

    title: float = 19
    deck: float = 10.5
    heading: float = 11
    measure: float = 8
    body: float = 9.5
    table: float = 9
    table_head: float = 8
    suffix: float = 7.5
    figure: float = 17
    running: float = 8
    chart_label: float = 8
    chart_axis: float = 7.5


@dataclass(frozen=True)
class Page:
    """The page, A4 by default, and its columns, in millimetres."""

    name: str = "A4"
    width: float = 210
    height: float = 297
    left: float = 18
    right: float = 18
    top: float = 23
    bottom: float = 19
    full: float = 174
    wide: float = 103
    half: float = 85
    narrow: float = 65
    third: float = 54
    gutter: float = 4
    gutter_wide: float = 6
    bar_width: float = 14
    bar_height: float = 1.5
    bar_y: float = 10
    header_y: float = 15


@dataclass(frozen=True)
class Space:
    """Distances in millimetres between and inside the parts of a page."""

    after_title: float = 3.2
    before_heading: float = 5.5
    after_heading: float = 1.6
    after_measure: float = 2.0
    cell_x: float = 1.2
    cell_y: float = 1.25
    suffix_slot: float = 4.2
    status_mark: float = 2.2


@dataclass(frozen=True)
class Lines:
    """Line widths in points: under a table's head, between its rows, above its total, and in charts."""

    firm: float = 0.9
    hair: float = 0.4
    total: float = 0.6
    chart_grid: float = 0.5
    chart_base: float = 0.6
    chart_line: float = 1.5


@dataclass(frozen=True)
class Font:
    """A typeface: its family, and the TrueType files of the three faces that reports use.

    `scale` makes a wide typeface smaller on paper, so that words take the room that the page was made for.
    """

    family: str
    regular: Path
    semibold: Path
    italic: Path
    scale: float = 1.0

    @property
    def files(self) -> dict[str, Path]:
        """The faces by weight: ``400``, ``600`` and ``italic``."""
        return {"400": self.regular, "600": self.semibold, "italic": self.italic}


@dataclass(frozen=True)
class Logo:
    """A picture in the head of a report: its bytes and their media type, SVG or PNG."""

    media: str
    data: bytes


TYPE = TypeSizes()
PAGE = Page()
SPACE = Space()
LINES = Lines()

# American paper is wider and shorter: the columns stay as they are, and the margins take the difference
LETTER = replace(
    PAGE, name="Letter", width=215.9, height=279.4, left=20.95, right=20.95, top=20, bottom=14, bar_y=8, header_y=12.5
)
PAGES = {"A4": PAGE, "Letter": LETTER}


@dataclass(frozen=True)
class Theme:
    """What a company may choose of the visual system: accent and its tints, typeface, paper, logo.

    A `font` of the company's own stands before that of the house, which lends it the signs it lacks.
    """

    light: Palette = LIGHT
    dark: Palette = DARK
    page: Page = PAGE
    font: Font | None = None
    logo: Logo | None = None

    @property
    def fonts(self) -> tuple[Font, ...]:
        """The typefaces in the order in which a sign is looked for."""
        return (self.font, house_font()) if self.font else (house_font(),)

    @property
    def families(self) -> tuple[str, ...]:
        """The names of the typefaces, the first one first."""
        return tuple(font.family for font in self.fonts)


DEFAULT_THEME = Theme()


def css_name(colour: str) -> str:
    """Return the name of a colour's CSS variable.

    Examples
    --------
    >>> css_name("good_fill")
    '--good-fill'
    """
    return "--" + colour.replace("_", "-")


def css_variables(theme: Theme = DEFAULT_THEME) -> str:
    """Return the colours as CSS custom properties, dark ones for readers whose device prefers dark.

    Parameters
    ----------
    theme : Theme
        Whose colours and typeface.

    Returns
    -------
    str
        A ``:root`` rule, a dark one for screens only (print stays light), and the font family.

    Examples
    --------
    >>> css_variables().splitlines()[1]
    '  --paper: #FFFFFF;'
    """

    def declarations(palette: Palette, indent: str) -> list[str]:
        return [f"{indent}{css_name(name)}: {value};" for name, value in asdict(palette).items()]

    own = f"'{theme.font.family}', " if theme.font else ""
    shared = [f"  --font: {own}{HTML_FONTS};", "  color-scheme: light dark;"]
    light = [":root {", *declarations(theme.light, "  "), *shared, "}"]
    dark_only = "@media screen and (prefers-color-scheme: dark) {"
    dark = [dark_only, "  :root {", *declarations(theme.dark, "    "), "  }", "}"]
    return "\n".join([*light, *dark]) + "\n"


@lru_cache(maxsize=1)
def _names_of_hexes() -> dict[str, str]:
    # the first field wins where two share a hex, so that ink, say, never turns into a category
    names: dict[str, str] = {}
    for field in fields(Palette):
        names.setdefault(getattr(LIGHT, field.name).upper(), field.name)
    return names


def themed(svg: str) -> str:
    """Return an SVG whose known colours follow the page's mode, with the light hex as the fallback.

    Colours that are not in the palette, and words that merely look like one, stay as they are.

    Parameters
    ----------
    svg : str
        An SVG with plain hexes, as the charts make it and as Typst wants it.

    Examples
    --------
    >>> themed('<path style="fill: #17212b"/>')
    '<path style="fill: var(--ink, #17212B)"/>'
    >>> themed('<text>#17212B</text>')
    '<text>#17212B</text>'
    """
    names = _names_of_hexes()
    return _recoloured(svg, {found: f"var({css_name(name)}, {found})" for found, name in names.items()})


def branded(svg: str, theme: Theme) -> str:
    """Return an SVG with the colours of a look in place of those of the house, which all charts are drawn in.

    Examples
    --------
    >>> branded('<path fill="#0B5A94"/>', Theme(replace(LIGHT, accent="#7A1FA2")))
    '<path fill="#7A1FA2"/>'
    """
    if theme.light == LIGHT:
        return svg
    return _recoloured(svg, {found: getattr(theme.light, name) for found, name in _names_of_hexes().items()})


def _recoloured(svg: str, colours: dict[str, str]) -> str:
    def other(match: re.Match[str]) -> str:
        found = match[2].upper()
        return f"{match[1]}{colours[found]}" if found in colours else match[0]

    def inside_tag(match: re.Match[str]) -> str:
        return re.sub(r"((?:fill|stroke|color)\s*[:=]\s*[\"']?)(#[0-9A-Fa-f]{6})\b", other, match[0])

    return re.sub(r"<[^>]*>", inside_tag, svg)


def typst_tokens(theme: Theme = DEFAULT_THEME) -> dict[str, dict[str, Any]]:
    """Return the visual system as JSON-ready data for the Typst templates: mm, pt and hexes.

    Parameters
    ----------
    theme : Theme
        Whose colours, paper and typefaces.

    Examples
    --------
    >>> typst_tokens()["type"]["title"]
    19.0
    """
    return {
        "colour": asdict(theme.light),
        "type": {name: round(points * theme.fonts[0].scale, 3) for name, points in asdict(TYPE).items()},
        "page": asdict(theme.page),
        "space": asdict(SPACE),
        "line": asdict(LINES),
        "font": {"families": list(theme.families)},
    }


def font_files() -> dict[str, Path]:
    """Return the three faces of the house: ``400``, ``600`` and ``italic``, as TrueType files.

    The package that brings them holds other faces too; whoever needs a folder copies these three, because
    a renderer that sees them all mixes them up.

    Examples
    --------
    >>> sorted(font_files())
    ['400', '600', 'italic']
    """
    return house_font().files


@cache
def house_font() -> Font:
    """Return the typeface of a report that has none of its company's own."""
    folder = Path(str(resources.files("font_source_sans_pro"))) / "files"
    regular, semibold, italic = (folder / f"SourceSansPro-{face}.ttf" for face in ("Regular", "Semibold", "It"))
    return Font(FONT_FAMILY, regular, semibold, italic)
