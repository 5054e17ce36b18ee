"""How far off an estimate may be: 95 % intervals of rates and ratios."""

from __future__ import annotations

from math import sqrt
from statistics import NormalDist


def wilson(successes: float, trials: float, *, level: float = 0.95) -> tuple[float, float]:
    """Return Wilson's score interval of a rate.

    It stays within 0 and 1 and holds its level for small numbers, where the textbook interval does not.

    Parameters
    ----------
    successes, trials : float
        Counts, such as won and closed deals.
    level : float
        How often such intervals hold the true rate.

    Returns
    -------
    tuple of float
        Lower and upper limit, as fractions.

    Raises
    ------
    ValueError
        When there are no trials, or more successes than trials.

    References
    ----------
    Wilson, E. B. (1927). Probable inference, the law of succession, and statistical inference.
    Journal of the American Statistical Association 22, 209-212.

    Examples
    --------
    >>> low, high = wilson(81, 263)
    >>> round(low, 4), round(high, 4)
    (0.2553, 0.3662)
    """
    if trials <= 0 or not 0 <= successes <= trials:
        raise ValueError(f"{successes} successes of {trials} trials are no rate")
    z = NormalDist().inv_cdf((1 + level) / 2)
    rate = successes / trials
    centre = (rate + z * z / (2 * trials)) / (1 + z * z / trials)
    half = z * sqrt(rate * (1 - rate) / trials + z * z / (4 * trials * trials)) / (1 + z * z / trials)
    return max(0.0, centre - half), min(1.0, centre + half)
