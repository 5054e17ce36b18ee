"""The brand of a company: logo, accent, typeface and paper, from its company file to whoever draws or prints.

The analysis and the press share nothing but the executed notebook, so the brand travels in the facts of a report
(`payload`), files and all: the notebook alone prints the same pages wherever it is taken.
"""

from __future__ import annotations

import hashlib
import tempfile
from base64 import b64decode, b64encode
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, NoReturn
from xml.etree import ElementTree

from pydantic import ValidationError

from kpi_analysis.core.config.brand import BrandSpec, FontSpec
from kpi_analysis.core.config.company import CompanyConfig
from kpi_analysis.core.errors import ConfigError, RunError, did_you_mean
from kpi_analysis.core.yaml_file import YamlFile
from kpi_analysis.design.palette import palettes
from kpi_analysis.design.theme import DEFAULT_THEME, FONT_FAMILY, PAGES, Font, Logo, Theme

LARGEST_LOGO = 1_000_000
LARGEST_FACE = 5_000_000
SMALLEST_SCALE = 0.84
_SAMPLE = "Revenue rose 9.0% to 4.82 million, but leads cost 24% more in 2026"
_NO_EMBEDDING = 0x0002
_OBLIQUE, _ITALIC = 1 << 9, 1


def company_theme(company: CompanyConfig) -> Theme:
    """Return the look of a company's reports: its brand, with logo and typeface read and checked.

    Raises
    ------
    ConfigError
        With file and line: no such logo or typeface, one that cannot be used, or a face that is missing.

    Examples
    --------
    >>> company_theme(CompanyConfig(company="Northwind Bikes")) == DEFAULT_THEME
    True
    """
    return read_theme(company.brand, company.folder, company.file)


def read_theme(spec: BrandSpec | None, folder: Path, file: YamlFile | None = None) -> Theme:
    """Return the look of a brand, with its files read and checked.

    Parameters
    ----------
    spec : BrandSpec, optional
        What the company file says; without it, the look of the house.
    folder : path
        To which the paths are relative.
    file : YamlFile, optional
        For the line of whatever is wrong.

    Raises
    ------
    ConfigError
        With file and line: no such logo or typeface, one that cannot be used, or a face that is missing.

    Examples
    --------
    >>> read_theme(BrandSpec(accent="#7A1FA2", paper="Letter"), Path()).page.width
    215.9
    """
    if spec is None:
        return DEFAULT_THEME
    light, dark = palettes(spec.accent) if spec.accent else (DEFAULT_THEME.light, DEFAULT_THEME.dark)
    logo = _logo(spec.logo, folder, file) if spec.logo else None
    font = _font(spec.font, folder, file) if spec.font else None
    return Theme(light, dark, PAGES[spec.paper], font, logo)


def payload(theme: Theme) -> dict[str, Any]:
    """Return a look as JSON-ready data, for the facts of a report; nothing where it is that of the house.

    Examples
    --------
    >>> payload(Theme(page=PAGES["Letter"])), payload(DEFAULT_THEME)
    ({'paper': 'Letter'}, {})
    """
    said: dict[str, Any] = {}
    if theme.light != DEFAULT_THEME.light:
        said["accent"] = theme.light.accent
    if theme.page != DEFAULT_THEME.page:
        said["paper"] = theme.page.name
    if theme.logo:
        kind = "png" if theme.logo.media == "image/png" else "svg"
        said["logo"] = {"kind": kind, "data": b64encode(theme.logo.data).decode()}
    if theme.font:
        faces = {weight: b64encode(path.read_bytes()).decode() for weight, path in theme.font.files.items()}
        said["font"] = {"family": theme.font.family, "faces": faces}
    return said


def theme_of(said: Mapping[str, Any]) -> Theme:
    """Return the look that `payload` wrote down; the faces of a typeface become files for this process.

    Raises
    ------
    RunError
        If somebody else wrote there what no company file may say.

    Examples
    --------
    >>> theme_of({"accent": "#7A1FA2"}).light.accent
    '#7A1FA2'
    """
    if not said:
        return DEFAULT_THEME
    # a notebook may come from elsewhere, so what it says is checked like what a company file says
    try:
        return _told(said)
    except (ValueError, KeyError, TypeError) as problem:
        first = str(problem.errors()[0]["msg"]) if isinstance(problem, ValidationError) else repr(problem)
        raise RunError(f"The brand that the notebook tells cannot be used: {first}.", remedy="Run it again.") from None


def _told(said: Mapping[str, Any]) -> Theme:
    accent = {"accent": said["accent"]} if "accent" in said else {}
    theme = read_theme(BrandSpec(**accent, paper=said.get("paper", "A4")), Path())
    logo = None
    if "logo" in said:
        logo = Logo({"svg": "image/svg+xml", "png": "image/png"}[said["logo"]["kind"]], b64decode(said["logo"]["data"]))
    font = None
    if "font" in said:
        family = FontSpec(family=said["font"]["family"], folder="").family
        faces = [_kept(b64decode(said["font"]["faces"][weight])) for weight in ("400", "600", "italic")]
        font = scaled(family, *faces)
    return Theme(theme.light, theme.dark, theme.page, font, logo)


def _refuse(file: YamlFile | None, location: tuple[str, ...], message: str, remedy: str) -> NoReturn:
    line = file.line(("brand", *location)) if file else None
    raise ConfigError(
        f"brand.{'.'.join(location)}: {message}", remedy=remedy, file=file.path if file else None, line=line
    )


def _logo(path: str, folder: Path, file: YamlFile | None) -> Logo:
    place = folder / path
    remedy = "Give an SVG or PNG file, its path relative to the company file."
    if not place.is_file():
        _refuse(file, ("logo",), f"there is no file {place}.", remedy)
    data = place.read_bytes()
    if len(data) > LARGEST_LOGO:
        _refuse(
            file, ("logo",), f"{path} has {len(data):,} bytes, wanted at most {LARGEST_LOGO:,}.", "Make it smaller."
        )
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return Logo("image/png", data)
    try:
        is_svg = ElementTree.fromstring(data).tag == "{http://www.w3.org/2000/svg}svg"
    except ElementTree.ParseError:
        is_svg = False
    if not is_svg:
        _refuse(file, ("logo",), f"{path} is neither SVG nor PNG.", remedy)
    return Logo("image/svg+xml", data)


def _font(spec: FontSpec, folder: Path, file: YamlFile | None) -> Font:
    if spec.folder is not None:
        where, places = ("font", "folder"), sorted((folder / spec.folder).glob("*.[tT][tT][fF]"))
        if not places:
            _refuse(file, where, f"{folder / spec.folder} holds no TrueType file (.ttf).", _NO_FONT)
    else:
        where, places = ("font", "files"), [folder / name for name in spec.files]
    faces: dict[tuple[int, bool], Path] = {}
    others: set[str] = set()
    for place in places:
        family, face = _face(place, where, file)
        if family.casefold() == spec.family.casefold():
            faces.setdefault(face, place)
        else:
            others.add(family)
    if not faces:
        hint = did_you_mean(spec.family, others) or f"Found: {', '.join(sorted(others))}."
        _refuse(file, ("font", "family"), f"no file is of the family '{spec.family}'.", hint)
    found = ", ".join(f"{weight}{' italic' if slanted else ''}" for weight, slanted in sorted(faces))

    def chosen(name: str, *wanted: tuple[int, bool]) -> Path:
        for face in wanted:
            if face in faces:
                return faces[face]
        _refuse(file, ("font",), f"{spec.family} has no {name}: found {found}.", f"Add its file. {_NO_FONT}")

    return scaled(
        spec.family,
        chosen("regular face (weight 400)", (400, False)),
        chosen("semibold face (weight 600, or else 700)", (600, False), (700, False)),
        chosen("italic face (weight 400)", (400, True)),
    )


_NO_FONT = f"Or leave font: out, and reports are set in {FONT_FAMILY}."


def _face(place: Path, where: tuple[str, ...], file: YamlFile | None) -> tuple[str, tuple[int, bool]]:
    """The family of a file, its weight, and whether it is slanted."""
    from fontTools.ttLib import TTFont, TTLibError

    name = place.name
    if not place.is_file():
        _refuse(file, where, f"there is no file {place}.", _NO_FONT)
    if place.stat().st_size > LARGEST_FACE:
        _refuse(file, where, f"{name} is over {LARGEST_FACE:,} bytes.", "Keep its Latin part: pyftsubset does that.")
    try:
        with place.open("rb") as data, TTFont(data, lazy=True) as font:
            is_static = "glyf" in font and "fvar" not in font
            licence, weight, style = (getattr(font["OS/2"], it) for it in ("fsType", "usWeightClass", "fsSelection"))
            family = font["name"].getBestFamilyName() or ""
    except (TTLibError, KeyError, OSError):
        _refuse(file, where, f"{name} is no TrueType font.", _NO_FONT)
    if not is_static:
        _refuse(file, where, f"{name} is no static TrueType font.", "Take the static .ttf files of the family.")
    if licence & 0x000F == _NO_EMBEDDING:
        _refuse(file, where, f"{name} says that its licence forbids embedding.", "Reports embed their typeface.")
    return family, (weight, bool(style & (_ITALIC | _OBLIQUE)))


@cache
def scaled(family: str, regular: Path, semibold: Path, italic: Path) -> Font:
    """Return a typeface with the scale that sets it no wider than that of the house, within limits of legibility."""
    room, taken = (_width(font) for font in (DEFAULT_THEME.fonts[0].regular, regular))
    return Font(family, regular, semibold, italic, round(max(SMALLEST_SCALE, min(1.0, room / taken)), 3))


def _width(face: Path) -> float:
    """How wide the words of a report run in a face, in em."""
    from fontTools.ttLib import TTFont

    with TTFont(face, lazy=True) as font:
        glyphs, advances = font.getBestCmap(), font["hmtx"]
        widths = [advances[glyphs[ord(sign)]][0] for sign in _SAMPLE if ord(sign) in glyphs]
        return float(sum(widths) / (font["head"].unitsPerEm * max(1, len(widths))))


@cache
def _folder() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="kpi-brand-")


def _kept(data: bytes) -> Path:
    place = Path(_folder().name) / f"{hashlib.sha256(data).hexdigest()[:20]}.ttf"
    if not place.is_file():
        place.write_bytes(data)
    return place
