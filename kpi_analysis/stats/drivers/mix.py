"""Rate and mix effects of segments (Kitagawa), and Simpson's paradox."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from kpi_analysis.core.errors import DataError, UsageError
from kpi_analysis.stats.drivers.decompose import TOLERANCE

ROUNDING = 1e-12

Sides = Mapping[str, Any]  # of a segment: an amount, or (upper part, lower part)


def segment_effects(before: Sides, after: Sides) -> pd.DataFrame:
    """Kitagawa decomposition: rate and mix effect of each segment on the change of a ratio, or of a sum.

    A ratio of sums moves because the ratios of its segments move (rate), or because segments with a high or low
    ratio gain weight (mix). Kitagawa's midpoint tells them apart: with the share w of a segment in the lower part
    and its ratio r, the rate effect is w̄ · Δr and the mix effect (r̄ − R̄) · Δw, where a bar is the mean of before
    and after and R the ratio of all. To take R̄ off changes no sum, because the shares add up to 1; it makes the
    mix effect of a segment say whether it is better than the whole.

    A segment that has no lower part on one side has no ratio there: that of the other side is taken, so that coming
    and going is all mix. What stands above an empty lower part (cost without a lead) is counted as rate.

    Parameters
    ----------
    before : mapping of str to (float, float) or float
        Segments with (upper part, lower part) of their ratio, or with one number of a sum. A segment that stands on one
        side only is zero on the other.
    after : mapping of str to (float, float) or float
        The same segments later.

    Returns
    -------
    DataFrame
        segment, rate_effect, mix_effect, total; the totals add up to the change. The effects of a sum are missing.

    Raises
    ------
    UsageError
        Neither numbers nor pairs of them, or a lower part is zero in total or negative.
    DataError
        The parts are so far apart in size that the effects cannot add up to the change.

    References
    ----------
    Kitagawa, E. M. (1955). Components of a difference between two rates. JASA 50.

    Examples
    --------
    >>> found = segment_effects({"A": (40, 800), "B": (40, 200)}, {"A": (26, 500), "B": (105, 500)})
    >>> found[["rate_effect", "mix_effect", "total"]].sum().round(4).to_dict()
    {'rate_effect': 0.0048, 'mix_effect': 0.0462, 'total': 0.051}
    """
    names = list(dict.fromkeys((*before, *after)))
    if all(np.ndim(value) == 0 for side in (before, after) for value in side.values()):
        moved = [float(after.get(name, 0.0)) - float(before.get(name, 0.0)) for name in names]
        effects = pd.DataFrame({"segment": names, "rate_effect": np.nan, "mix_effect": np.nan, "total": moved})
        return effects.astype({"rate_effect": float, "mix_effect": float, "total": float})
    (upper0, lower0), (upper1, lower1) = (
        _pairs(side, names, word) for side, word in ((before, "before"), (after, "after"))
    )
    part0, part1 = upper0 / lower0.sum(), upper1 / lower1.sum()
    share0, share1 = lower0 / lower0.sum(), lower1 / lower1.sum()
    whole = (part0.sum() + part1.sum()) / 2
    rate0, rate1 = _rates(upper0, lower0), _rates(upper1, lower1)
    rate0, rate1 = np.where(np.isnan(rate0), rate1, rate0), np.where(np.isnan(rate1), rate0, rate1)
    rate = np.where(np.isnan(rate0), whole, (rate0 + rate1) / 2)
    total = part1 - part0 - whole * (share1 - share0)
    mixes = (rate - whole) * (share1 - share0)
    change = part1.sum() - part0.sum()
    if abs(total.sum() - change) > TOLERANCE * max(float(np.abs(total).sum()), abs(part0.sum()), abs(part1.sum())):
        raise DataError("the segments are too far apart in size to be told apart.")
    return pd.DataFrame({"segment": names, "rate_effect": total - mixes, "mix_effect": mixes, "total": total})


@dataclass(frozen=True)
class SimpsonParadox:
    """Simpson's paradox: the segments of a ratio go one way and the whole goes the other.

    Parameters
    ----------
    up : bool
        Whether the segments rise.
    every : bool
        Whether each segment goes that way; else only all of them together, by weight.
    before, after : float
        The ratio of the whole.
    rate_effect, mix_effect : float
        What the segments' ratios did, and what the mix of segments did.
    moved : tuple of str
        The segments that go against the whole.
    """

    up: bool
    every: bool
    before: float
    after: float
    rate_effect: float
    mix_effect: float
    moved: tuple[str, ...]

    def sentence(self, label: str, by: str) -> str:
        """Sentence of the paradox: ``Win ratio rose in every region, yet fell in total: the mix by region shifted``."""
        verb, other = ("rose", "fell") if self.up else ("fell", "rose")
        where = f"in every {by}" if self.every else f"within the slices by {by}, taken together"
        return f"{label} {verb} {where}, yet {other} in total: the mix by {by} shifted"


def simpson_paradox(before: Sides, after: Sides) -> SimpsonParadox | None:
    """Simpson's paradox of a ratio: its segments moved one way and the total the other; None where there is none.

    Parameters
    ----------
    before : mapping of str to (float, float)
        (Upper part, lower part) of each segment. Only segments with a ratio on both sides are compared.
    after : mapping of str to (float, float)
        The same segments later.

    Returns
    -------
    SimpsonParadox or None
        It is one of `every` segment, or of their ratios taken together: their rate effect goes against the change.

    Raises
    ------
    UsageError
        As `segment_effects`.

    References
    ----------
    Simpson, E. H. (1951). The interpretation of interaction in contingency tables. JRSS B 13.

    Examples
    --------
    >>> found = simpson_paradox({"small": (234, 270), "large": (55, 80)}, {"small": (81, 87), "large": (192, 263)})
    >>> found.every, round(found.before, 3), round(found.after, 3)
    (True, 0.826, 0.78)
    >>> found.sentence("Success", "size")
    'Success rose in every size, yet fell in total: the mix by size shifted'
    """
    effects = segment_effects(before, after).set_index("segment")
    names = list(effects.index)
    (upper0, lower0), (upper1, lower1) = (
        _pairs(side, names, word) for side, word in ((before, "before"), (after, "after"))
    )
    first, last = float(upper0.sum() / lower0.sum()), float(upper1.sum() / lower1.sum())
    moves = _rates(upper1, lower1) - _rates(upper0, lower0)
    known = moves[~np.isnan(moves)]
    rate, mix = float(effects.rate_effect.sum()), float(effects.mix_effect.sum())
    every = len(known) > 1 and bool((known * np.sign(first - last) > 0).all())
    if first == last or len(known) < 2 or rate * (last - first) >= 0:
        return None
    against = tuple(name for name, move in zip(names, moves, strict=True) if move * (last - first) < 0)
    return SimpsonParadox(rate > 0, every, first, last, rate, mix, against)


def _pairs(side: Sides, names: list[str], word: str) -> tuple[Any, Any]:
    try:
        pairs = np.array([side.get(name, (0.0, 0.0)) for name in names], dtype=float).reshape(len(names), 2)
    except ValueError:
        raise UsageError("a segment has either one number or (upper part, lower part).") from None
    upper, lower = pairs[:, 0], pairs[:, 1]
    # what was taken back whole leaves a rest of rounding, which is no base
    lower = np.where(np.abs(lower) <= ROUNDING * np.abs(lower).sum(), 0.0, lower)
    if not np.isfinite(pairs).all():
        raise UsageError(f"a segment has no number {word}.", remedy="Leave it out, or give its number.")
    if (lower < 0).any() or lower.sum() == 0:
        raise UsageError(f"the lower parts of the segments are negative, or zero in total, {word}.")
    return upper, lower


def _rates(upper: Any, lower: Any) -> Any:
    return np.where(lower != 0, upper / np.where(lower != 0, lower, 1.0), np.nan)
