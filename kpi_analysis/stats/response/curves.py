"""Adstock, Hill saturation and response curves."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from kpi_analysis.stats.arrays import FloatArray

FARTHEST = 1.2  # no curve is read beyond this multiple of the largest spend that was seen
LEVEL = 0.95


def adstock(spend: ArrayLike, decay: ArrayLike, *, before: float = 0.0) -> FloatArray:
    """Geometric adstock: how much money is at work in each period, of which a share stays for the next.

    The weights of a unit of money are (1 − decay) · decay^lag. They sum to 1, so that steady spend is its own
    adstock, and decay moves money in time without making more of it.

    Parameters
    ----------
    spend : array_like, shape (n,)
        Money, one value a period, in time order.
    decay : float or array_like, shape (k,)
        Share that is still at work one period later, at least 0 and below 1.
    before : float
        What was spent in each period before the first.

    Returns
    -------
    ndarray of float, shape (n,) or (k, n)
        Money at work; the second shape where there are several decays.

    References
    ----------
    Broadbent, S. (1979). One way TV advertisements work. J. of the Market Research Society 21, 139-166.

    Examples
    --------
    >>> adstock([8, 0, 0, 0], 0.5).tolist()
    [4.0, 2.0, 1.0, 0.5]
    >>> adstock([8, 8, 8], 0.5, before=8).tolist()
    [8.0, 8.0, 8.0]
    """
    money, share = np.asarray(spend, dtype=float), np.asarray(decay, dtype=float)
    at_work = np.empty((*share.shape, money.size))
    level = np.full(share.shape, float(before))
    for period, spent in enumerate(money):
        level = share * level + (1 - share) * spent
        at_work[..., period] = level
    return at_work


def hill(money: ArrayLike, half: ArrayLike, shape: ArrayLike) -> FloatArray:
    """Hill saturation: the share of its greatest effect that a channel reaches, ½ at `half`.

    Parameters
    ----------
    money : array_like
        Money at work, zero or more.
    half : array_like
        Money at which half of the effect is reached, above zero.
    shape : array_like
        1 for returns that fall from the first unit on; above 1 the curve is an S.

    Returns
    -------
    ndarray of float
        Shares from 0 to 1, of the shape to which the three broadcast.

    References
    ----------
    Jin, Y. et al. (2017). Bayesian methods for media mix modeling with carryover and shape effects. Google.

    Examples
    --------
    >>> hill([0.0, 10.0, 30.0], 10.0, 1.0).tolist()
    [0.0, 0.5, 0.75]
    """
    power = np.asarray(shape, dtype=float)
    reached: FloatArray = (np.asarray(money, dtype=float) / half) ** power
    return reached / (1 + reached)


@dataclass(frozen=True, eq=False)
class ResponseCurve:
    """Response curve of a channel as equally likely draws of it, and the spend it is read at.

    Parameters
    ----------
    pattern : array (periods)
        Present spend: that of the last full season, taken to repeat itself.
    largest : float
        The largest spend of a period that was ever seen.
    decay, half, shape, size : array (draws)
        One version each; `size` is the outcome a period that endless money would bring, 0 for no effect.
    """

    pattern: FloatArray
    largest: float
    decay: FloatArray
    half: FloatArray
    shape: FloatArray
    size: FloatArray

    @property
    def spend(self) -> float:
        """Present spend, all periods of the pattern together."""
        return float(self.pattern.sum())

    @property
    def most(self) -> float:
        """Multiple of present spend up to which the curve may be read."""
        return FARTHEST * self.largest / float(self.pattern.max())

    def outcome(self, multiple: float = 1.0) -> FloatArray:
        """Outcome (draws) that the channel brings in the periods of the pattern at a multiple of its spend."""
        brought: FloatArray = self.size * self._reached(multiple).sum(axis=1)
        return brought

    def marginal(self) -> FloatArray:
        """Marginal return (draws): the extra outcome of an extra unit of money that is spread as present spend is."""
        reached = self._reached(1.0)
        # d hill / d log(money) = shape · hill · (1 − hill): a small relative rise of all spend, per unit of money.
        rise: FloatArray = self.size * self.shape * (reached * (1 - reached)).sum(axis=1)
        return rise / self.spend

    def _reached(self, multiple: float) -> FloatArray:
        decays, which = np.unique(self.decay, return_inverse=True)
        # The second round starts from what the first has left, as the pattern repeats itself.
        twice = adstock(np.tile(self.pattern, 2), decays, before=float(self.pattern.mean()))
        at_work = twice[:, self.pattern.size :][which]
        return hill(multiple * at_work, self.half[:, None], self.shape[:, None])


def credible_interval(draws: FloatArray) -> tuple[float, float, float]:
    """Credible interval of draws: their median and the limits that hold 95 % of them.

    Parameters
    ----------
    draws : ndarray of float, shape (n,)
        Equally likely values.

    Returns
    -------
    (float, float, float)
        Median, lower and upper limit.

    Examples
    --------
    >>> [round(limit, 3) for limit in credible_interval(np.linspace(0.0, 1.0, 1001))]
    [0.5, 0.025, 0.975]
    """
    tail = (1 - LEVEL) / 2
    middle, low, high = np.quantile(draws, [0.5, tail, 1 - tail]).tolist()
    return middle, low, high
