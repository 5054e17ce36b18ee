"""Shifted beta-geometric model of contract renewals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf, isfinite, nan
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from kpi_analysis.core.errors import DataError, UsageError
from kpi_analysis.stats.arrays import FloatArray
from kpi_analysis.stats.customers.validation import boundary_reason, finite_values, scalar_or_array

EDGE = 9.0
FEWEST_RENEWALS = 2


@dataclass(frozen=True)
class ShiftedBetaGeometric:
    """Shifted beta-geometric model: fitted parameters, survival, retention and residual lifetime.

    Each customer leaves at a renewal with a chance of their own that follows a beta distribution. Those likely to leave
    go first, so that retention among the rest rises with time.

    Parameters
    ----------
    alpha, beta : float
        The fitted parameters; NaN where there is a reason. New customers leave with chance alpha ÷ (alpha + beta).
    log_likelihood : float
    reason : str
        Why there is no fit; empty where there is one.
    """

    alpha: float
    beta: float
    log_likelihood: float = nan
    reason: str = ""

    def survival(self, t: ArrayLike) -> Any:
        """Survival: the share of new customers who are still there after `t` periods.

        Parameters
        ----------
        t : array_like
            Periods, 0 or more.

        Returns
        -------
        float or ndarray
            From 0 to 1, of the shape of `t`.

        Examples
        --------
        >>> ShiftedBetaGeometric(0.704, 1.182).survival([8, 12]).round(3).tolist()
        [0.22, 0.17]
        """
        from scipy.special import betaln

        time = finite_values(t, "time")
        return scalar_or_array(np.exp(betaln(self.alpha, self.beta + time) - betaln(self.alpha, self.beta)))

    def retention(self, t: ArrayLike) -> Any:
        """Retention rate: the share of the customers of period ``t − 1`` who renew into period `t`.

        Parameters
        ----------
        t : array_like
            Periods, from 1.

        Returns
        -------
        float or ndarray
            From 0 to 1, of the shape of `t`.

        Examples
        --------
        >>> ShiftedBetaGeometric(0.704, 1.182).retention([1, 8]).round(3).tolist()
        [0.627, 0.921]
        """
        time = finite_values(t, "period", least=1.0)
        return scalar_or_array((self.beta + time - 1) / (self.alpha + self.beta + time - 1))

    def residual_lifetime(self, discount: float = 0.0, *, after: int = 0) -> float:
        """Discounted expected residual lifetime of a customer, in periods.

        Parameters
        ----------
        discount : float
            A period's, 0 or more. Without one the lifetime is infinite where `alpha` is at most 1.
        after : int
            Periods the customer has stayed already: the longer, the more are to come.

        Returns
        -------
        float
            Periods, each discounted back to today.

        Raises
        ------
        UsageError
            A number is negative.

        References
        ----------
        Fader, P. S. and Hardie, B. G. S. (2010). Customer-base valuation in a contractual setting: the perils of
        ignoring heterogeneity. Marketing Science 29, 85-93.

        Examples
        --------
        >>> model = ShiftedBetaGeometric(0.704, 1.182)
        >>> round(model.residual_lifetime(0.1), 2), round(model.residual_lifetime(0.1, after=7), 2)
        (2.7, 6.22)
        """
        from scipy.special import hyp2f1

        if discount < 0 or after < 0:
            raise UsageError(f"Found a discount of {discount} after {after} periods. Wanted numbers from 0.")
        if discount == 0 and self.alpha <= 1:
            return inf
        begun = self.beta + after
        return float(hyp2f1(1.0, begun, self.alpha + begun, 1 / (1 + discount)) - 1)


def sbg(alive_by_period: Sequence[float] | Sequence[Sequence[float]]) -> ShiftedBetaGeometric:
    """Maximum likelihood fit of the shifted beta-geometric model to cohorts of contracts.

    Parameters
    ----------
    alive_by_period : sequence, or sequence of sequences
        Customers of one cohort at its start and after each renewal, or percentages of them; or several cohorts,
        each as far as it is known. Percentages weigh as if there were a hundred customers.

    Returns
    -------
    ShiftedBetaGeometric
        With a `reason` below two renewals, where nobody or everybody left, or where no single fit is best.

    Raises
    ------
    DataError
        When a number is missing or negative, or a cohort grows.

    References
    ----------
    Fader, P. S. and Hardie, B. G. S. (2007). How to project customer retention. Journal of Interactive Marketing 21,
    76-90.

    Examples
    --------
    >>> model = sbg([100, 63.1, 46.8, 38.2, 32.6, 28.9, 26.2, 24.1])
    >>> round(model.alpha, 3), round(model.beta, 3)
    (0.704, 1.182)
    """
    several = len(alive_by_period) > 0 and np.ndim(alive_by_period[0]) > 0
    cohorts = [finite_values(one, "cohort") for one in (alive_by_period if several else [alive_by_period])]
    longest = max((len(one) for one in cohorts), default=0)
    lost, kept = np.zeros(longest), np.zeros(longest)
    for one in cohorts:
        if (np.diff(one) > 0).any():
            period = int(np.argmax(np.diff(one) > 0)) + 1
            raise DataError(
                f"A cohort grows from {one[period - 1]:g} to {one[period]:g} in period {period}.",
                remedy="Count the customers of its start only; who comes later is of a later cohort.",
            )
        lost[1 : len(one)] += -np.diff(one)
        kept[len(one) - 1] += one[-1] if len(one) else 0.0
    if longest <= FEWEST_RENEWALS:
        return ShiftedBetaGeometric(
            nan, nan, reason=f"{max(longest - 1, 0)} renewals are known, at least {FEWEST_RENEWALS} are needed"
        )
    if not lost.sum() or not kept.sum():
        return ShiftedBetaGeometric(nan, nan, reason="nobody left" if not lost.sum() else "nobody stayed")
    return _fitted(lost, kept)


def _fitted(lost: FloatArray, kept: FloatArray) -> ShiftedBetaGeometric:
    from scipy.optimize import minimize
    from scipy.special import betaln

    time = np.arange(len(lost), dtype=float)
    total = lost.sum() + kept.sum()

    def loss(logs: FloatArray) -> float:
        alpha, beta = np.exp(logs)
        leaving = betaln(alpha + 1, beta + time[1:] - 1) - betaln(alpha, beta)
        staying = betaln(alpha, beta + time) - betaln(alpha, beta)
        return -float(lost[1:] @ leaving + kept @ staying) / float(total)

    best = minimize(loss, np.zeros(2), method="L-BFGS-B", bounds=[(-EDGE, EDGE)] * 2,
                    options={"ftol": 1e-15, "gtol": 1e-9})  # fmt: skip
    reason = boundary_reason(best.x, EDGE, ("alpha", "beta"))
    if reason or not isfinite(best.fun):
        return ShiftedBetaGeometric(nan, nan, reason=reason or "the fit failed")
    alpha, beta = (float(value) for value in np.exp(best.x))
    return ShiftedBetaGeometric(alpha, beta, float(-best.fun * total))
