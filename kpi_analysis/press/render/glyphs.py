"""What the typeface cannot show, found before the PDF is set: one such character would stop the report."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from functools import cache
from typing import Any

from kpi_analysis.design.theme import DEFAULT_THEME, Font
from kpi_analysis.press.render.fonts import coverage

_INVISIBLE = (
    *range(0x00, 0x09),
    0x0B,
    0x0C,
    0x0D,
    *range(0x0E, 0x20),
    *range(0x7F, 0xA0),
    *range(0x200B, 0x2010),
    *range(0x202A, 0x202F),
    *range(0x2060, 0x2070),
    *range(0xFE00, 0xFE10),
    0xFEFF,
)
_ALIKE: dict[int, str] = {
    **dict.fromkeys(_INVISIBLE, ""),
    **dict.fromkeys((*range(0x2000, 0x200B), 0x205F, 0x3000), " "),
    0x09: "    ",
    0x2028: "\n",
    0x2029: "\n",
    0x2010: "-",
    0x2011: "-",
}


@cache
def _upright(fonts: tuple[Font, ...] = DEFAULT_THEME.fonts) -> frozenset[int]:
    """What every upright face shows, be it by the signs of the typeface that stands behind it."""
    held = [frozenset().union(*(coverage(weight, font) for font in fonts)) for weight in ("400", "600")]
    return held[0] & held[1] | {0x0A}


def placeholder() -> str:
    """Return what stands for a character that the typeface lacks.

    Examples
    --------
    >>> placeholder()
    '?'
    """
    return "\N{REPLACEMENT CHARACTER}" if 0xFFFD in _upright() else "?"


def covered(data: Any, missing: set[str], fonts: tuple[Font, ...] = DEFAULT_THEME.fonts) -> Any:
    """Return JSON-ready data with every character replaced that the typeface lacks.

    Parameters
    ----------
    data : JSON-ready data
        Strings anywhere in it are looked at; SVG among them.
    missing : set of str
        Receives the characters that were replaced.
    fonts : tuple of Font
        The typefaces, the first one first.

    Examples
    --------
    >>> missing = set()
    >>> covered(["Müller", "漢字 GmbH"], missing), sorted(missing)
    (['Müller', '?? GmbH'], ['字', '漢'])
    """
    if isinstance(data, str):
        return _covered_text(data, missing, _upright(fonts))
    if isinstance(data, Mapping):
        if data.get("type") == "emphasis" and not _fits_italic(data, fonts):
            data = {**data, "type": "strong"}
        return {key: covered(value, missing, fonts) for key, value in data.items()}
    if isinstance(data, list | tuple):
        return [covered(value, missing, fonts) for value in data]
    return data


def missing_note(missing: set[str]) -> str:
    """Return the sentence that owns up to replaced characters.

    Examples
    --------
    >>> missing_note({"漢"})
    'The typeface lacks 1 character, shown as ? above: U+6F22 CJK UNIFIED IDEOGRAPH-6F22.'
    """
    named = [f"U+{ord(sign):04X} {unicodedata.name(sign, '')}".strip() for sign in sorted(missing)]
    more = f" and {len(named) - 8} more" if len(named) > 8 else ""
    count = "1 character" if len(named) == 1 else f"{len(named)} characters"
    return f"The typeface lacks {count}, shown as {placeholder()} above: {', '.join(named[:8])}{more}."


def _covered_text(text: str, missing: set[str], held: frozenset[int]) -> str:
    if held.issuperset(map(ord, set(text))):
        return text
    text = unicodedata.normalize("NFC", text).translate(_ALIKE)
    lacking = {sign for sign in set(text) if ord(sign) not in held}
    missing |= lacking
    return text.translate(dict.fromkeys(map(ord, lacking), placeholder()))


def _fits_italic(token: Mapping[str, Any], fonts: tuple[Font, ...]) -> bool:
    held: frozenset[int] = frozenset().union(*(coverage("italic", font) for font in fonts))
    if not held.issuperset(map(ord, token.get("raw", ""))):
        return False
    return all(_fits_italic(child, fonts) for child in token.get("children", ()))
