"""BG/NBD: the beta-geometric / negative binomial model of repeat purchases."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from math import nan
from typing import Any

import numpy as np
import numpy.typing as npt
from numpy.typing import ArrayLike

from kpi_analysis.core.errors import DataError, UsageError
from kpi_analysis.stats.arrays import FloatArray
from kpi_analysis.stats.customers.validation import (
    boundary_reason,
    check_same_length,
    customer_weights,
    finite_values,
    plural,
    scalar_or_array,
    standard_errors,
)

# scipy is imported where it is needed: a report without these sections does not wait for it.
FEWEST_REPEATERS = 20
EDGE = 12.0
NO_DROPOUT = math.exp(-EDGE)
_NEAR_ONE = 1e-5
_NUDGE = 1e-7


@dataclass(frozen=True)
class BgNbd:
    """BG/NBD model: fitted parameters, probability of being active and expected purchases.

    While active, a customer buys at random at a rate of their own; the rates follow a gamma distribution (shape
    `r`, scale `alpha`). After each purchase they drop out with a chance of their own; the chances follow a beta
    distribution (`a`, `b`).

    Parameters
    ----------
    r, alpha, a, b : float
        The fitted parameters; NaN where there is a reason. `alpha` is in periods.
    log_likelihood : float
    standard_errors : tuple of float
        Of r, alpha, a and b; NaN where the likelihood is flat.
    customers, repeaters : float
        How many the fit rests on, and how many of them came back.
    reason : str
        Why there is no fit; empty where there is one.
    """

    r: float
    alpha: float
    a: float
    b: float
    log_likelihood: float
    standard_errors: tuple[float, ...] = field(default=(nan,) * 4)
    customers: float = 0.0
    repeaters: float = 0.0
    reason: str = ""

    @property
    def caution(self) -> str:
        """Warning where the data show no customer dropping out; empty where they do."""
        return (
            "No customer is seen to drop out; the data may be too short for it." if self.a <= 1.1 * NO_DROPOUT else ""
        )

    def p_alive(self, frequency: ArrayLike, recency: ArrayLike, age: ArrayLike) -> Any:
        """Probability that a customer is still active; 1 for one who never came back.

        Parameters
        ----------
        frequency : array_like
            Repeat purchases, as in `bg_nbd`.
        recency : array_like
            Periods from the first purchase to the last, as in `bg_nbd`.
        age : array_like
            Periods from the first purchase to the end of the data, as in `bg_nbd`.

        Returns
        -------
        float or ndarray
            One a customer, from 0 to 1; NaN where the model gives its reason.

        Examples
        --------
        >>> model = BgNbd(0.2426, 4.4136, 0.7929, 2.4259, -9582.43)
        >>> round(model.p_alive(2, 30.43, 38.86), 4), model.p_alive(0, 0, 38.86)
        (0.7266, 1.0)
        """
        from scipy.special import expit

        return scalar_or_array(expit(-self._dropout_odds(*_checked(frequency, recency, age))))

    def expected_purchases(self, t: ArrayLike, frequency: ArrayLike, recency: ArrayLike, age: ArrayLike) -> Any:
        """Expected number of purchases of a customer in the next `t` periods.

        Parameters
        ----------
        t : array_like
            Periods from now, 0 or more.
        frequency : array_like
            Repeat purchases, as in `bg_nbd`.
        recency : array_like
            Periods from the first purchase to the last, as in `bg_nbd`.
        age : array_like
            Periods from the first purchase to the end of the data, as in `bg_nbd`.

        Returns
        -------
        float or ndarray
            One a customer; NaN where the model gives its reason.

        Examples
        --------
        >>> model = BgNbd(0.24259, 4.41360, 0.79292, 2.42589, -9582.43)
        >>> round(model.expected_purchases(39, 2, 30.43, 38.86), 3)
        1.226
        """
        from scipy.special import expit

        x, recent, old = _checked(frequency, recency, age)
        if self.reason:
            return scalar_or_array(np.full(np.broadcast(x, old, t).shape, nan))
        ahead = finite_values(t, "horizon")
        grown = self._growth(ahead, x, old) * expit(-self._dropout_odds(x, recent, old))
        return scalar_or_array(np.maximum(grown, 0.0))

    def expected_repeat(self, t: ArrayLike) -> Any:
        """Expected number of repeat purchases of a new customer within `t` periods of the first one.

        Parameters
        ----------
        t : array_like
            Periods, 0 or more.

        Returns
        -------
        float or ndarray
            Of the shape of `t`.

        Examples
        --------
        >>> model = BgNbd(0.24259, 4.41360, 0.79292, 2.42589, -9582.43)
        >>> [round(found, 4) for found in model.expected_repeat([1.0, 32.0]).tolist()]
        [0.0532, 1.0437]
        """
        zero = np.zeros(np.shape(t))
        return self.expected_purchases(t, zero, zero, zero)

    def _dropout_odds(self, x: FloatArray, recency: FloatArray, age: FloatArray) -> FloatArray:
        """Log odds that a customer has dropped out; minus infinity for no repeat."""
        again = np.maximum(x, 1.0)
        waited = np.log1p((age - recency) / (self.alpha + recency))
        odds = np.log(self.a) - np.log(self.b + again - 1) + (self.r + again) * waited
        return np.asarray(np.where(x > 0, odds, -np.inf)) if not self.reason else np.full(np.shape(odds), nan)

    def _growth(self, t: FloatArray, x: FloatArray, age: FloatArray) -> FloatArray:
        """Expected purchases in `t` periods of a customer who is active now."""
        # At a = 1 the formula is 0 / 0: its limit is taken from both sides.
        sides = [self.a] if abs(self.a - 1) > _NEAR_ONE else [1 - _NEAR_ONE, 1 + _NEAR_ONE]
        return np.asarray(np.mean([self._growth_at(a, t, x, age) for a in sides], axis=0))

    def _growth_at(self, a: float, t: FloatArray, x: FloatArray, age: FloatArray) -> FloatArray:
        from scipy.special import hyp2f1

        # Euler's transformation of the published 2F1(r+x, b+x; a+b+x-1; z), which overflows for many purchases
        share = t / (self.alpha + age + t)
        third = a + self.b + x - 1
        first = a + self.b - 1 - self.r
        left = hyp2f1(first, a - 1, third, share)
        # scipy has no value where parameters differ by whole numbers and one of them is large, nor at a third of 0
        beside = np.where((np.abs(third) < _NUDGE) | ~np.isfinite(left), third + _NUDGE, third)
        left = hyp2f1(first, a - 1, beside, share) * (1 - share) ** (a - 1)
        return np.asarray(beside / (a - 1) * (1 - left))


def bg_nbd(frequency: ArrayLike, recency: ArrayLike, age: ArrayLike, weights: ArrayLike | None = None) -> BgNbd:
    """Maximum likelihood fit of BG/NBD to the purchase histories of customers.

    Parameters
    ----------
    frequency : array_like, shape (n,)
        Repeat purchases of each customer: those after the first, all of one day counted once.
    recency : array_like, shape (n,)
        Periods from the first purchase to the last; 0 without a repeat.
    age : array_like, shape (n,)
        Periods from the first purchase to the end of the data.
    weights : array_like, shape (n,), optional
        How many customers a row stands for; one each by default.

    Returns
    -------
    BgNbd
        With a `reason` and without parameters below 20 customers that came back, or where no single fit is best.

    Raises
    ------
    UsageError
        When the columns differ in length.
    DataError
        When a value is missing or negative, or recency and frequency contradict each other or the age.

    References
    ----------
    Fader, P. S., Hardie, B. G. S. and Lee, K. L. (2005). "Counting your customers" the easy way: an alternative to the
    Pareto/NBD model. Marketing Science 24, 275-284.

    Examples
    --------
    >>> bg_nbd([0, 1], [0, 2.0], [9.0, 9.0]).reason
    'only 1 customer came back, at least 20 are needed'
    """
    x, recent, old = _checked(frequency, recency, age)
    check_same_length(np.size(x), frequency=x, recency=recent, age=old)
    weight = customer_weights(weights, len(x))
    if ((x == 0) & (recent > 0)).any():
        raise DataError("A customer without a repeat purchase has a recency.", remedy="It is 0 without a repeat.")
    customers, repeaters = float(weight.sum()), float(weight[x > 0].sum())
    if repeaters < FEWEST_REPEATERS:
        reason = f"only {plural(repeaters, 'customer')} came back, at least {FEWEST_REPEATERS} are needed"
        return BgNbd(nan, nan, nan, nan, nan, customers=customers, repeaters=repeaters, reason=reason)
    table, place = np.unique(np.column_stack([x, recent, old]), axis=0, return_inverse=True)
    return _fitted(table.T, np.bincount(place.ravel(), weights=weight).astype(float), customers, repeaters)


def _fitted(table: FloatArray, weight: FloatArray, customers: float, repeaters: float) -> BgNbd:
    from scipy.optimize import minimize

    # in units of the mean age the four parameters are of one size, whatever the period
    unit = float(np.average(table[2], weights=weight))
    counts, place = np.unique(table[0], return_inverse=True)

    def loss(logs: FloatArray) -> tuple[float, FloatArray]:
        found, slope = _log_likelihood(np.exp(logs), counts, place, table[1] / unit, table[2] / unit, weight)
        return -found / customers, -slope * np.exp(logs) / customers

    best = minimize(loss, np.zeros(4), jac=True, method="L-BFGS-B", bounds=[(-EDGE, EDGE)] * 4,
                    options={"ftol": 1e-15, "gtol": 1e-9, "maxiter": 2000})  # fmt: skip
    # without any dropout b does not matter, and what is left is a model without it
    nobody_leaves = best.x[2] < 0.01 - EDGE
    reason = boundary_reason(best.x[:2] if nobody_leaves else best.x, EDGE, ("r", "alpha", "a", "b"))
    if reason:
        return BgNbd(nan, nan, nan, nan, nan, customers=customers, repeaters=repeaters, reason=reason)
    r, alpha, a, b = (float(value) for value in np.exp(best.x))
    errors = standard_errors(lambda logs: loss(logs)[1] * customers, best.x)
    return BgNbd(
        r=r,
        alpha=alpha * unit,
        a=a,
        b=b,
        log_likelihood=float(-best.fun * customers - np.log(unit) * (weight * table[0]).sum()),
        standard_errors=(errors[0], errors[1] * unit, *errors[2:]),
        customers=customers,
        repeaters=repeaters,
    )


def _log_likelihood(
    parameters: FloatArray,
    counts: FloatArray,
    place: npt.NDArray[np.intp],
    recency: FloatArray,
    age: FloatArray,
    weight: FloatArray,
) -> tuple[float, FloatArray]:
    """Log-likelihood and its gradient in the four parameters.

    Customers differ in few counts of purchases, so that gamma functions are evaluated for each count once. Sums are
    no matrix products: for those some libraries wake threads up that take longer than the sum.
    """
    from scipy.special import betaln, digamma, gammaln

    r, alpha, a, b = parameters
    x = counts[place]
    log_old, log_recent = np.log(alpha + age), np.log(alpha + recency)
    alive = -(r + x) * log_old
    dropped = np.log(a) - np.log(b + np.maximum(counts, 1.0) - 1)
    gone = np.where(x > 0, dropped[place] - (r + x) * log_recent, -np.inf)
    either = np.logaddexp(alive, gone)
    of_count = gammaln(r + counts) - gammaln(r) + r * np.log(alpha) + betaln(a, b + counts) - betaln(a, b)
    p_alive, p_gone = np.exp(alive - either), np.exp(gone - either)
    of_r = (digamma(r + counts) - digamma(r) + np.log(alpha))[place] - p_alive * log_old - p_gone * log_recent
    of_alpha = r / alpha - (r + x) * (p_alive / (alpha + age) + p_gone / (alpha + recency))
    both = digamma(a + b) - digamma(a + b + counts)
    of_a = both[place] + p_gone / a
    of_b = (digamma(b + counts) - digamma(b) + both)[place] - p_gone / (b + np.maximum(x, 1.0) - 1)
    slope = np.array([(part * weight).sum() for part in (of_r, of_alpha, of_a, of_b)])
    return float((weight * (of_count[place] + either)).sum()), slope


def _checked(frequency: ArrayLike, recency: ArrayLike, age: ArrayLike) -> tuple[FloatArray, FloatArray, FloatArray]:
    x, recent, old = finite_values(frequency, "frequency"), finite_values(recency, "recency"), finite_values(age, "age")
    try:
        late = recent > old * (1 + 1e-9) + 1e-9
    except ValueError as error:
        raise UsageError(
            f"Found {x.size} frequencies, {recent.size} recencies and {old.size} ages. Wanted one of each a customer."
        ) from error
    if late.any():
        place = int(np.argmax(np.ravel(late)))
        raise DataError(
            f"The recency of customer {place + 1} is after the end of their data: recency is larger than age.",
            remedy="Recency runs from the first purchase to the last, age from the first to the end of the data.",
        )
    return x, recent, old
