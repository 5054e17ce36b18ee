"""Gamma-Gamma: the model of the value of a customer's purchases."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import nan
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

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

FEWEST_REPEATERS = 20
EDGE = 12.0
STRONG = 0.3


@dataclass(frozen=True)
class GammaGamma:
    """Gamma-Gamma model: fitted parameters and expected value of a customer's purchases.

    Parameters
    ----------
    p, q, v : float
        The fitted parameters; NaN where there is a reason. `v` is in money.
    log_likelihood : float
    standard_errors : tuple of float
        Of p, q and v.
    customers : float
        How many customers with a repeat purchase the fit rests on.
    correlation : float
        Between frequency and value. The model takes them as independent.
    reason : str
        Why there is no fit; empty where there is one.
    """

    p: float
    q: float
    v: float
    log_likelihood: float
    standard_errors: tuple[float, ...] = field(default=(nan,) * 3)
    customers: float = 0.0
    correlation: float = nan
    reason: str = ""

    @property
    def mean(self) -> float:
        """Mean value of a purchase over all customers; what is expected of one not known yet."""
        return self.p * self.v / (self.q - 1)

    @property
    def caution(self) -> str:
        """Warning where frequent buyers spend clearly more or less a purchase; empty where they do not."""
        if not abs(self.correlation) >= STRONG:
            return ""
        more = "more" if self.correlation > 0 else "less"
        return (
            f"Frequent customers spend {more} a purchase (correlation {self.correlation:.2f}), "
            "which the model does not allow for."
        )

    def expected_value(self, frequency: ArrayLike, monetary: ArrayLike) -> Any:
        """Expected value of a customer's purchases: their own mean, shrunk towards that of all.

        Parameters
        ----------
        frequency : array_like
            Repeat purchases, as in `gamma_gamma`.
        monetary : array_like
            Mean value of these, in money; without a repeat the mean of all is expected.

        Returns
        -------
        float or ndarray
            In money, one a customer.

        Examples
        --------
        >>> model = GammaGamma(6.25, 3.744, 15.447, nan)
        >>> [round(value, 2) for value in model.expected_value([2, 0], [22.35, 0]).tolist()]
        [24.66, 35.18]
        """
        x, mean = finite_values(frequency, "frequency"), finite_values(monetary, "monetary value")
        seen = self.p * x
        drawn = self.p * (self.v + x * mean) / (np.maximum(seen, self.p) + self.q - 1)
        return scalar_or_array(np.where(x > 0, drawn, self.mean))


def gamma_gamma(frequency: ArrayLike, monetary: ArrayLike, weights: ArrayLike | None = None) -> GammaGamma:
    """Maximum likelihood fit of Gamma-Gamma to the mean purchase values of customers.

    Customers without a repeat purchase, or with a mean value of 0, tell nothing about it and are left out.

    Parameters
    ----------
    frequency : array_like, shape (n,)
        Repeat purchases of each customer.
    monetary : array_like, shape (n,)
        Mean value of these, in money.
    weights : array_like, shape (n,), optional
        How many customers a row stands for; one each by default.

    Returns
    -------
    GammaGamma
        With a `reason` and without parameters below 20 customers that came back, or where no mean exists.

    Raises
    ------
    UsageError
        When the columns differ in length.
    DataError
        When a value is missing or negative.

    References
    ----------
    Fader, P. S., Hardie, B. G. S. and Lee, K. L. (2005). RFM and CLV: using iso-value curves for customer base
    analysis. Journal of Marketing Research 42, 415-430.

    Examples
    --------
    >>> gamma_gamma([1, 0], [20.0, 0.0]).reason
    'only 1 customer came back, at least 20 are needed'
    """
    x, mean = finite_values(frequency, "frequency"), finite_values(monetary, "monetary value")
    check_same_length(np.size(x), frequency=x, monetary=mean)
    weight = customer_weights(weights, len(x))
    kept = (x > 0) & (mean > 0) & (weight > 0)
    x, mean, weight = x[kept], mean[kept], weight[kept]
    customers = float(weight.sum())
    if customers < FEWEST_REPEATERS:
        reason = f"only {plural(customers, 'customer')} came back, at least {FEWEST_REPEATERS} are needed"
        return GammaGamma(nan, nan, nan, nan, customers=customers, reason=reason)
    return _fitted(x, mean, weight, _correlation(x, mean, weight))


def _fitted(x: FloatArray, mean: FloatArray, weight: FloatArray, correlation: float) -> GammaGamma:
    from scipy.optimize import minimize

    customers = float(weight.sum())
    unit = float(np.average(mean, weights=weight))

    def loss(logs: FloatArray) -> tuple[float, FloatArray]:
        found, slope = _log_likelihood(np.exp(logs), x, mean / unit, weight)
        return -found / customers, -slope * np.exp(logs) / customers

    start = np.log([2.0, 2.0, 1.0])
    best = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=[(-EDGE, EDGE)] * 3,
                    options={"ftol": 1e-15, "gtol": 1e-9, "maxiter": 2000})  # fmt: skip
    p, q, v = (float(value) for value in np.exp(best.x))
    reason = boundary_reason(best.x, EDGE, ("p", "q", "v"))
    if not reason and q <= 1:
        reason = "a few purchases are so large that the model has no mean value"
    if reason:
        return GammaGamma(nan, nan, nan, nan, customers=customers, correlation=correlation, reason=reason)
    errors = standard_errors(lambda logs: loss(logs)[1] * customers, best.x)
    return GammaGamma(
        p=p,
        q=q,
        v=v * unit,
        log_likelihood=float(-best.fun * customers - np.log(unit) * customers),
        standard_errors=(*errors[:2], errors[2] * unit),
        customers=customers,
        correlation=correlation,
    )


def _log_likelihood(
    parameters: FloatArray, x: FloatArray, mean: FloatArray, weight: FloatArray
) -> tuple[float, FloatArray]:
    """Log-likelihood and its gradient in the three parameters."""
    from scipy.special import digamma, gammaln

    p, q, v = parameters
    px, total = p * x, x * mean + v
    log_mean, log_total = np.log(mean), np.log(total)
    found = gammaln(px + q) - gammaln(px) - gammaln(q) + q * np.log(v)
    found += (px - 1) * log_mean + px * np.log(x) - (px + q) * log_total
    of_both = digamma(px + q)
    of_p = x * (of_both - digamma(px) + log_mean + np.log(x) - log_total)
    of_q = of_both - digamma(q) + np.log(v) - log_total
    of_v = q / v - (px + q) / total
    return float((weight * found).sum()), np.array([(part * weight).sum() for part in (of_p, of_q, of_v)])


def _correlation(x: FloatArray, mean: FloatArray, weight: FloatArray) -> float:
    """Pearson's correlation; NaN where one of the two does not vary."""
    spread = np.cov(x, mean, aweights=weight)
    scale = np.sqrt(spread[0, 0] * spread[1, 1])
    return float(spread[0, 1] / scale) if scale > 0 else nan
