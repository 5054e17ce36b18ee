"""The visual system in one place: colours for light and dark, type sizes, page measures, table lines, fonts.

HTML reads it as CSS variables, Typst as a dictionary of tokens, charts as plain values; all three look alike.
"""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass, fields
from functools import lru_cache
from importlib import resources
from pathlib import Path

FONT_FAMILY = "Source Sans Pro"
HTML_FONTS = f"'{FONT_FAMILY}', system-ui, sans-serif"


@dataclass(frozen=True)
class Palette:
    """The colours of one mode. Text colours reach a contrast of 4.5 on `paper`; fills carry no text."""

    paper: str = "#FFFFFF"
    ink: str = "#17212B"
    muted: str = "#55616D"
    faint: str = "#87929D"
    rule: str = "#B8C1C9"
    previous: str = "#B4BEC7"
    grid: str = "#E4E8EC"
    tint: str = "#F3F5F7"
    accent: str = "#0B5A94"
    accent_mid: str = "#9CC3E0"
    fan_95: str = "#D6E6F2"
    fan_80: str = "#AFCFE6"
    fan_50: str = "#86B5D8"
    good: str = "#0A7266"
    bad: str = "#B3360C"
    warn: str = "#8A5A00"
    good_fill: str = "#1B8A7C"
    bad_fill: str = "#E5793F"
    warn_fill: str = "#E0A526"
    category_2: str = "#DB537D"
    category_3: str = "#746E37"
    category_4: str = "#5F201C"
    category_5: str = "#51A2D4"
    category_6: str = "#D1B362"
    step_1: str = "#F1F6FA"
    step_2: str = "#CFE1EF"
    step_3: str = "#A3C8E3"
    step_4: str = "#74ABD6"

    @property
    def categories(self) -> tuple[str, ...]:
        """Six fills that stay apart in every kind of sight; lines use the first four."""
        return (
            self.accent,
            self.category_2,
            self.category_3,
            self.category_4,
            self.category_5,
            self.category_6,
        )

    @property
    def sequence(self) -> tuple[str, ...]:
        """Four steps from little to much, light enough for ink on top."""
        return (self.step_1, self.step_2, self.step_3, self.step_4)


LIGHT = Palette()
DARK = Palette(
    paper="#12181F",
    ink="#E8EDF2",
    muted="#A3AFBB",
    faint="#74808C",
    rule="#3A4652",
    previous="#4A5763",
    grid="#26303A",
    tint="#1B232C",
    accent="#6DB3E6",
    accent_mid="#3B78A6",
    fan_95="#1E3A50",
    fan_80="#2A5577",
    fan_50="#3B78A6",
    good="#4CC2AE",
    bad="#FF9466",
    warn="#E9B949",
    good_fill="#2FA392",
    bad_fill="#E5793F",
    warn_fill="#E0A526",
    category_2="#E87A9C",
    category_3="#A9A25C",
    category_4="#C4756F",
    category_5="#51A2D4",
    category_6="#D1B362",
    step_1="#1A2631",
    step_2="#1E3A50",
    step_3="#24496A",
    step_4="#2A5577",
)


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
    """The A4 page and its columns, in millimetres."""

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


TYPE = TypeSizes()
PAGE = Page()
SPACE = Space()
LINES = Lines()


def css_name(colour: str) -> str:
    """Return the name of a colour's CSS variable.

    Examples
    --------
    >>> css_name("good_fill")
    '--good-fill'
    """
    return "--" + colour.replace("_", "-")


def css_variables() -> str:
    """Return the colours as CSS custom properties, dark ones for readers whose device prefers dark.

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

    shared = [f"  --font: {HTML_FONTS};", "  color-scheme: light dark;"]
    light = [":root {", *declarations(LIGHT, "  "), *shared, "}"]
    dark_only = "@media screen and (prefers-color-scheme: dark) {"
    dark = [dark_only, "  :root {", *declarations(DARK, "    "), "  }", "}"]
    return "\n".join([*light, *dark]) + "\n"


@lru_cache(maxsize=1)
def _names_of_hexes() -> dict[str, str]:
    # the first field wins where two share a hex, so that ink, say, never turns into a category
    names: dict[str, str] = {}
    for field in fields(Palette):
        names.setdefault(getattr(LIGHT, field.name).upper(), css_name(field.name))
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

    def variable(match: re.Match[str]) -> str:
        property_, found = match[1], match[2].upper()
        return f"{property_}var({names[found]}, {found})" if found in names else match[0]

    def inside_tag(match: re.Match[str]) -> str:
        return re.sub(r"((?:fill|stroke|color)\s*[:=]\s*[\"']?)(#[0-9A-Fa-f]{6})\b", variable, match[0])

    return re.sub(r"<[^>]*>", inside_tag, svg)


def typst_tokens() -> dict[str, dict[str, float | str]]:
    """Return the visual system as JSON-ready data for the Typst templates: mm, pt and hexes.

    Examples
    --------
    >>> typst_tokens()["type"]["title"]
    19
    """
    return {
        "colour": asdict(LIGHT),
        "type": asdict(TYPE),
        "page": asdict(PAGE),
        "space": asdict(SPACE),
        "line": asdict(LINES),
        "font": {"family": FONT_FAMILY},
    }


def font_files() -> dict[str, Path]:
    """Return the three faces that reports use: ``400``, ``600`` and ``italic``, as TrueType files.

    The package that brings them holds other faces too; whoever needs a folder copies these three, because
    a renderer that sees them all mixes them up.

    Examples
    --------
    >>> sorted(font_files())
    ['400', '600', 'italic']
    """
    folder = Path(str(resources.files("font_source_sans_pro"))) / "files"
    faces = {"400": "Regular", "600": "Semibold", "italic": "It"}
    return {weight: folder / f"SourceSansPro-{face}.ttf" for weight, face in faces.items()}
