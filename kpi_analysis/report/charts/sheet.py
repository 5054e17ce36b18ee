"""A sheet of paper in millimetres to draw a chart on, and the SVG that comes of it.

Matplotlib draws, without its axes: a chart places each mark where the design wants it, from the top left, and
in the order in which it paints. No setting of Matplotlib outlives the drawing, and no figure stays in memory.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import cache, lru_cache
from itertools import count
from typing import Any, Literal, cast

from matplotlib import font_manager, rc_context, rcdefaults, rcParams
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Drawing
from matplotlib.lines import Line2D
from matplotlib.patches import Ellipse, Polygon, Rectangle
from matplotlib.text import Text
from matplotlib.transforms import Affine2D

from kpi_analysis.design.theme import DEFAULT_THEME, FONT_FAMILY, HTML_FONTS, LIGHT, PAGE, TYPE, Font, Theme
from kpi_analysis.report.charts.scales import Tick
from kpi_analysis.report.charts.text import TextMeasure, printable

MM = 1 / 25.4  # inches
PT = 25.4 / 72  # millimetres
LABEL_STEP = 3.3  # labels one above the other are legible from 3.2 mm on

Width = Literal["full", "wide", "half", "third"]
Align = Literal["left", "center", "right"]
WIDTHS: dict[Width, float] = {"full": PAGE.full, "wide": PAGE.wide, "half": PAGE.half, "third": PAGE.third}

_SETTINGS = cast(dict[str, Any], rcParams)

# half of a capital's height, in em: what stands between a baseline and the middle of its line
_HALF_CAPITAL = 0.33


class _Line(Text):
    """Words on one line. An SVG anchors them left, in the middle or right, so that nobody need measure them."""

    def draw(self, renderer: Any) -> None:
        """Write the words at their place."""
        if not self.get_text():
            return
        x, y = self.get_transform().transform(self.get_position())
        _, height = renderer.get_canvas_width_height()
        pen = renderer.new_gc()
        pen.set_foreground(self.get_color())
        renderer.open_group("text", self.get_gid())
        renderer.draw_text(pen, x, height - y, self.get_text(), self.get_fontproperties(), 0.0, mtext=self)
        renderer.close_group("text")
        pen.restore()


class Sheet:
    """A drawing of a fixed size. Lengths are mm from the top left, line widths and type sizes are points."""

    def __init__(self, width: float, height: float, theme: Theme = DEFAULT_THEME) -> None:
        self.width, self.height = width, height
        self.measure = TextMeasure(theme)
        self._drawing = Drawing(figsize=(width * MM, height * MM), dpi=72)
        self._drawing.patch.set_visible(False)
        self._place = Affine2D().scale(MM, -MM).translate(0, height * MM) + self._drawing.dpi_scale_trans
        self._turn = count(1)

    def _add(self, artist: Artist) -> None:
        artist.set_transform(self._place)
        artist.set_zorder(next(self._turn))
        self._drawing.add_artist(artist)

    def text(
        self,
        x: float,
        y: float,
        words: str,
        *,
        size: float = TYPE.chart_label,
        colour: str = LIGHT.ink,
        bold: bool = False,
        italic: bool = False,
        align: Align = "left",
    ) -> None:
        """Write one line whose capitals are centred on `y`."""
        size *= self.measure.theme.fonts[0].scale
        self._add(
            _Line(
                x,
                y + _HALF_CAPITAL * size * PT,
                printable(words),
                fontsize=size,
                color=colour,
                fontweight=600 if bold else 400,
                fontstyle="italic" if italic else "normal",
                ha=align,
                va="baseline",
            )
        )

    def line(
        self,
        points: Sequence[tuple[float, float]],
        *,
        colour: str = LIGHT.ink,
        width: float = 1.0,
        dashes: tuple[float, ...] | None = None,
        round_ends: bool = False,
    ) -> None:
        """Draw a line through points."""
        style: Any = "-" if dashes is None else (0, dashes)
        cap: Literal["round", "butt"] = "round" if round_ends else "butt"
        self._add(
            Line2D(
                [x for x, _ in points],
                [y for _, y in points],
                color=colour,
                linewidth=width,
                linestyle=style,
                solid_capstyle=cap,
                dash_capstyle="butt",
                solid_joinstyle="round",
            )
        )

    def box(
        self,
        left: float,
        top: float,
        right: float,
        bottom: float,
        *,
        fill: str = LIGHT.ink,
        outline: str = "none",
        hatched: bool = False,
    ) -> None:
        """Draw a rectangle; a hatched one is outlined on paper and stands for what is not final."""
        self._add(
            Rectangle(
                (left, top),
                right - left,
                bottom - top,
                facecolor=LIGHT.paper if hatched else fill,
                edgecolor=LIGHT.muted if hatched else outline,
                linewidth=0.8 if hatched or outline != "none" else 0,
                hatch="//////" if hatched else None,
            )
        )

    def area(self, points: Sequence[tuple[float, float]], *, fill: str) -> None:
        """Fill the inside of a closed line."""
        self._add(Polygon(list(points), closed=True, facecolor=fill, edgecolor="none", linewidth=0))

    def axes(self, left: float, top: float, right: float, bottom: float) -> Axes:
        """Return empty axes at a place on the sheet, for what seaborn draws: no frame, ticks or words of their own.

        They are painted in their turn, like every other mark; nothing is cut off at their edge.
        """
        place = (left / self.width, 1 - bottom / self.height, (right - left) / self.width, (bottom - top) / self.height)
        axes = self._drawing.add_axes(place)
        axes.set_axis_off()
        axes.set_zorder(next(self._turn))
        return axes

    def dot(self, x: float, y: float, *, radius: float = 0.8, fill: str = LIGHT.accent, ring: str = "") -> None:
        """Draw a dot, or an open ring in the colour `ring`."""
        self._add(
            Ellipse(
                (x, y),
                2 * radius,
                2 * radius,
                facecolor=LIGHT.paper if ring else fill,
                edgecolor=ring or "none",
                linewidth=0.9 if ring else 0,
            )
        )

    def svg(self) -> str:
        """Return the drawing as SVG in its final size."""
        for axes in self._drawing.axes:
            for artist in axes.get_children():
                artist.set_clip_on(False)
        out = io.StringIO()
        self._drawing.savefig(out, format="svg", metadata=dict.fromkeys(_METADATA))
        return _clean(out.getvalue(), self.width, self.height)


def sheet_svg(
    width: float, height: float, name: str, paint: Callable[[Sheet], None], theme: Theme = DEFAULT_THEME
) -> str:
    """Return the SVG of what `paint` draws on a sheet of `width` × `height` mm.

    Parameters
    ----------
    width, height : float
        In millimetres.
    name : str
        Unique in the report: the SVG's inner names are made from it, so that two on one page never mix.
    paint : callable
        Takes the sheet and draws on it.
    theme : Theme
        In whose typeface words are measured and written. Colours stay those of the house until the SVG is shown.

    Examples
    --------
    >>> sheet_svg(20, 5, "rule", lambda sheet: sheet.line([(0, 2), (20, 2)]))[:55]
    '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="ht'
    """
    _register_fonts(theme.fonts)
    with _default_settings():
        rcParams["font.family"] = list(theme.families)
        rcParams["svg.fonttype"] = "none"
        rcParams["svg.hashsalt"] = name
        rcParams["text.parse_math"] = False
        rcParams["hatch.linewidth"] = 0.6
        sheet = Sheet(width, height, theme)
        paint(sheet)
        return sheet.svg()


@contextmanager
def _default_settings() -> Iterator[None]:
    """A notebook may have set a theme; a report looks the same with and without it.

    `rc_context` and `rcdefaults` would do, but validate each of 300 settings three times a chart.
    """
    before = _as_they_are()
    try:
        dict.update(_SETTINGS, _defaults())
        yield
    finally:
        dict.update(_SETTINGS, before)


@cache
def _defaults() -> dict[str, Any]:
    with rc_context():
        rcdefaults()
        return _as_they_are()


def _as_they_are() -> dict[str, Any]:
    """The settings as they are held; to ask for one by its name would choose a backend for the whole process."""
    return dict(dict.items(_SETTINGS))


def write_periods(sheet: Sheet, ticks: Sequence[Tick], places: Sequence[float], base: float) -> None:
    """Write the periods under the line at `base`, each year under its first tick; none leaves the sheet."""
    for tick in ticks:
        for words, below in ((tick.label, 2.4), (tick.year, 5.5)):
            half = sheet.measure.width(words, TYPE.chart_axis) / 2
            x = min(max(places[tick.index], half), sheet.width - half)
            if words:
                sheet.text(x, base + below, words, size=TYPE.chart_axis, colour=LIGHT.muted, align="center")


_METADATA = ("Creator", "Date", "Format", "Type")


@lru_cache(maxsize=4)
def _register_fonts(fonts: tuple[Font, ...]) -> None:
    known = font_manager.fontManager
    for font in fonts:
        for weight, path in font.files.items():
            known.addfont(str(path))
            # what the company file calls semibold is asked for as 600, whatever weight its file names
            exact = 400 if weight == "italic" else int(weight)
            known.ttflist[-1] = replace(known.ttflist[-1], name=font.family, weight=exact)


def _clean(svg: str, width: float, height: float) -> str:
    """Drop what an SVG in a page must not have: prolog, metadata, a style for the whole page, stray ids."""
    body = svg[svg.index("<svg") :]
    body = body[body.index(">") + 1 :]
    body = re.sub(r"<metadata>.*?</metadata>", "", body, count=1, flags=re.DOTALL)
    body = re.sub(r"<defs>\s*<style.*?</style>\s*</defs>", "", body, count=1, flags=re.DOTALL)
    body = re.sub(r"<!--.*?-->", "", body, flags=re.DOTALL)
    used = set(re.findall(r"(?:url\(#|href=\"#)([^)\"]+)", body))
    body = re.sub(r"<[^>]*>", lambda tag: _clean_tag(tag[0], used), body)
    if "<g " not in body:
        body = re.sub(r"</?g>", "", body)
    body = re.sub(r">\s+<", ">\n<", body)
    head = (
        '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
        f'width="{width:g}mm" height="{height:g}mm" viewBox="0 0 {width / PT:.3f} {height / PT:.3f}" '
        'style="stroke-linejoin: round; stroke-linecap: butt; direction: ltr">'
    )
    return head + body.strip() + "\n"


def _clean_tag(tag: str, used: set[str]) -> str:
    tag = re.sub(r' id="([^"]*)"', lambda m: m[0] if m[1] in used else "", tag)
    tag = re.sub(r' transform="rotate\(-0 [^"]*\)"', "", tag)
    tag = re.sub(r"(\d\.\d{3})\d+", r"\1", tag)
    return re.sub(r"\s+", " ", tag).replace(f"'{FONT_FAMILY}'", f"{HTML_FONTS}").replace(' "', '"')
