"""How wide words are, and how they are made to fit."""

from __future__ import annotations

import io
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from matplotlib.ft2font import FT2Font, LoadFlags

from kpi_analysis.design.theme import DEFAULT_THEME, Theme

_PT = 25.4 / 72
_WIDE = frozenset("WF")  # East Asian wide and full-width characters fill an em
ELLIPSIS = "…"


def printable(words: str) -> str:
    """Return words on one line, without the control characters that no SVG may hold."""
    if words.isprintable():
        return words
    spaced = "".join(" " if c in "\t\n\r\v\f\x85\u2028\u2029" else c for c in words)
    return "".join(c for c in spaced if unicodedata.category(c) not in ("Cc", "Cs"))


@lru_cache(maxsize=8)
def _font(face: Path) -> FT2Font:
    return FT2Font(io.BytesIO(face.read_bytes()))  # a path would be kept open


@lru_cache(maxsize=4096)
def _em(character: str, faces: tuple[Path, ...]) -> float:
    """Return a character's width in em, in the first face that has it."""
    for font in map(_font, faces):
        glyph = font.get_char_index(ord(character))
        if glyph:
            return font.load_glyph(glyph, LoadFlags.NO_SCALE).horiAdvance / font.units_per_EM
    if unicodedata.combining(character):
        return 0.0
    return 1.0 if unicodedata.east_asian_width(character) in _WIDE else 0.7


@dataclass(frozen=True)
class TextMeasure:
    """The room that words take in the typefaces of a theme, and words made to fit a room.

    Parameters
    ----------
    theme : Theme
        Whose typefaces; a sign that none of them has counts as a wide one of another.

    Examples
    --------
    >>> house = TextMeasure()
    >>> round(house.width("2026", 8), 2)
    5.61
    >>> house.shorten("Paid social", 50, 8), house.shorten("Paid social", 10, 8)
    ('Paid social', 'Paid s…')
    >>> house.wrap("Opportunity-to-win ratio", 25, 8)
    ['Opportunity-to-win', 'ratio']
    """

    theme: Theme = DEFAULT_THEME

    def width(self, words: str, size: float, *, bold: bool = False) -> float:
        """Return the width of one line in mm; `size` in points, `bold` is semibold."""
        fonts = self.theme.fonts
        faces = tuple(font.semibold if bold else font.regular for font in fonts)
        return sum(_em(character, faces) for character in words) * size * fonts[0].scale * _PT

    def shorten(self, words: str, width: float, size: float, *, bold: bool = False) -> str:
        """Return the words, cut with an ellipsis only where they are wider than `width` mm."""
        words = printable(words)
        if self.width(words, size, bold=bold) <= width:
            return words
        while words and self.width(words.rstrip() + ELLIPSIS, size, bold=bold) > width:
            words = words[:-1]
        return words.rstrip() + ELLIPSIS

    def wrap(self, words: str, width: float, size: float, *, lines: int = 2, bold: bool = False) -> list[str]:
        """Return the words in at most so many lines of `width` mm; what still does not fit ends in an ellipsis."""
        rest = printable(words).strip()
        done: list[str] = []
        while rest and len(done) < lines - 1 and self.width(rest, size, bold=bold) > width:
            fitting = self._fitting(rest, width, size, bold)
            done.append(self.shorten(rest[:fitting].strip(), width, size, bold=bold))
            rest = rest[fitting:].strip()
        return [*done, self.shorten(rest, width, size, bold=bold)] if rest or not done else done

    def _fitting(self, words: str, width: float, size: float, bold: bool) -> int:
        """Return how many characters go on the first line; a single word that is too wide goes there whole."""
        end = len(words)
        while end > 1 and self.width(words[:end].rstrip(), size, bold=bold) > width:
            end -= 1
        for cut in range(end, 0, -1):
            if words[cut - 1] in " -/" or (cut < len(words) and words[cut] == " "):
                return cut
        if unicodedata.east_asian_width(words[end - 1]) in _WIDE:
            return end
        ends = [i for c in " -/" if (i := words.find(c)) > 0]
        return min(ends) + 1 if ends else len(words)


def text_width(words: str, size: float, *, bold: bool = False, theme: Theme = DEFAULT_THEME) -> float:
    """Return the width of a line in mm, in the typefaces of a theme.

    Parameters
    ----------
    words : str
        One line.
    size : float
        In points.
    bold : bool
        Semibold.
    theme : Theme

    Examples
    --------
    >>> round(text_width("2026", 8), 2)
    5.61
    """
    return TextMeasure(theme).width(words, size, bold=bold)
