"""The typeface: which characters it holds, its files for Typst, its Latin part for HTML."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from base64 import b64encode
from functools import cache
from io import BytesIO
from pathlib import Path

from kpi_analysis.design.theme import DEFAULT_THEME, Font, house_font

_LATIN_AND_SIGNS = (
    *range(0x20, 0x7F),
    *range(0xA0, 0x180),
    *range(0x2010, 0x2027),
    0x202F,
    *range(0x2030, 0x203B),
    *range(0x20A0, 0x20C0),
    *range(0x2190, 0x2194),
    *(ord(sign) for sign in "ΔΣΩαβμπσ™№−√∞≈≠≤≥◆▲▼✓"),
)


@cache
def coverage(weight: str, font: Font | None = None) -> frozenset[int]:
    """Return the code points that a face holds, of the house's typeface or of another.

    Examples
    --------
    >>> ord("€") in coverage("400"), ord("漢") in coverage("400")
    (True, False)
    """
    from fontTools.ttLib import TTFont

    with TTFont((font or house_font()).files[weight], lazy=True) as face:
        return frozenset(face.getBestCmap())


def staged_fonts(fonts: tuple[Font, ...] = DEFAULT_THEME.fonts) -> str:
    """Return a folder that holds the faces and nothing else, kept for the life of the process.

    Typst takes folders only, and mixes up the OpenType and TrueType twins that the font's package holds.
    """
    return _staged(fonts).name


@cache
def _staged(fonts: tuple[Font, ...]) -> tempfile.TemporaryDirectory[str]:
    folder = tempfile.TemporaryDirectory(prefix="kpi-fonts-")
    for number, font in enumerate(fonts):
        for weight, file in font.files.items():
            shutil.copy(file, Path(folder.name) / f"{number}-{weight}{file.suffix}")
    return folder


@cache
def font_faces(fonts: tuple[Font, ...] = DEFAULT_THEME.fonts) -> str:
    """Return the ``@font-face`` rules that carry the Latin part of the faces inside a page."""
    rules = []
    for font in fonts:
        for weight, file in font.files.items():
            data = b64encode(_web_font(file)).decode()
            style, number = ("italic", "400") if weight == "italic" else ("normal", weight)
            rules.append(
                f"@font-face{{font-family:'{font.family}';font-style:{style};font-weight:{number};"
                f"font-display:swap;src:url(data:font/woff2;base64,{data}) format('woff2')}}"
            )
    return "\n".join(rules)


def _web_font(file: Path) -> bytes:
    """The subset of a face as WOFF2: 0.2 s to make, so it is kept in the user's cache folder."""
    key = hashlib.sha256(file.read_bytes() + repr(_LATIN_AND_SIGNS).encode()).hexdigest()[:16]
    kept = _cache_folder() / f"{file.stem}-{key}.woff2"
    if kept.is_file():
        return kept.read_bytes()
    data = _subset(file)
    try:
        kept.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=kept.parent, delete=False) as part:
            part.write(data)
        Path(part.name).replace(kept)
    except OSError:
        # a home that cannot be written costs the next process 0.2 s a face, nothing more
        return data
    return data


def _cache_folder() -> Path:
    home = os.environ.get("XDG_CACHE_HOME")
    return (Path(home) if home else Path.home() / ".cache") / "kpi_analysis" / "fonts"


def _subset(file: Path) -> bytes:
    from fontTools import subset

    options = subset.Options(flavor="woff2", hinting=False, layout_features=["*"], notdef_outline=True)
    options.drop_tables += ["FFTM"]  # a note of one font editor, which no reader needs
    font = subset.load_font(str(file), options)
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=_LATIN_AND_SIGNS)
    subsetter.subset(font)
    buffer = BytesIO()
    subset.save_font(font, buffer, options)
    return buffer.getvalue()
