"""Arithmetic of sRGB colours: contrast by WCAG 2, and mixtures."""

from __future__ import annotations


def contrast(one: str, other: str) -> float:
    """Contrast ratio of two colours by WCAG 2: 1 for equal ones, 21 for black on white.

    Parameters
    ----------
    one : str
        ``#RRGGBB``.
    other : str
        ``#RRGGBB``.

    Returns
    -------
    float
        From 1 to 21.

    Examples
    --------
    >>> round(contrast("#0B5A94", "#FFFFFF"), 1)
    7.2
    """
    dark, light = sorted([_luminance(one), _luminance(other)])
    return (light + 0.05) / (dark + 0.05)


def mix(one: str, other: str, share: float) -> str:
    """Mixture of two colours: `share` of the first and the rest of the second.

    Parameters
    ----------
    one : str
        ``#RRGGBB``.
    other : str
        ``#RRGGBB``.
    share : float
        From 0 to 1.

    Returns
    -------
    str
        ``#RRGGBB``.

    Examples
    --------
    >>> mix("#000000", "#FFFFFF", 0.5)
    '#808080'
    """
    pairs = zip(_channels(one), _channels(other), strict=True)
    return "#" + "".join(f"{round(a * share + b * (1 - share)):02X}" for a, b in pairs)


def _channels(colour: str) -> list[int]:
    return [int(colour[at : at + 2], 16) for at in (1, 3, 5)]


def _luminance(colour: str) -> float:
    shares = [channel / 255 for channel in _channels(colour)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in shares]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
