"""Benjamini-Hochberg control of the false discovery rate over many KPIs."""

from __future__ import annotations

from collections.abc import Sequence
from math import isnan

from kpi_analysis.core.errors import UsageError


def benjamini_hochberg(p_values: Sequence[float | None], q: float = 0.05) -> list[bool]:
    """Benjamini-Hochberg procedure: which p-values are discoveries at a false discovery rate.

    Of 30 KPIs without any trend, at least one seems to have one at 5 % with a probability of .785. This keeps the
    expected share of false ones among those named below `q`.

    Parameters
    ----------
    p_values : sequence of float or None
        One a KPI; None (or NaN) where there was no test.
    q : float
        False discovery rate, from 0 to 1.

    Returns
    -------
    list of bool
        In the same order; False where there was no test.

    Raises
    ------
    UsageError
        When a p-value or `q` does not lie within 0 and 1.

    References
    ----------
    Benjamini, Y. and Hochberg, Y. (1995). Controlling the false discovery rate. Journal of the Royal
    Statistical Society B 57, 289-300.

    Examples
    --------
    >>> benjamini_hochberg([0.001, 0.04, None, 0.03, 0.8])
    [True, False, False, False, False]
    """
    tested = {at: p for at, p in enumerate(p_values) if p is not None and not isnan(p)}
    for value in (q, *tested.values()):
        if not 0 <= value <= 1:
            raise UsageError(f"A probability lies within 0 and 1; found {value}.")
    if not tested:
        return [False] * len(p_values)
    from scipy import stats

    adjusted = stats.false_discovery_control(list(tested.values()), method="bh")
    believed = {at for at, p in zip(tested, adjusted, strict=True) if p <= q}
    return [at in believed for at in range(len(p_values))]
