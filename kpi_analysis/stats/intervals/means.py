"""Confidence intervals of means and scores: Student, Welch, net promoter score."""

from __future__ import annotations

from math import inf, sqrt

from kpi_analysis.stats.intervals.levels import UNBOUNDED, Interval, NoEstimate, normal_quantile, student_quantile


def student_t(total: float, squares: float, count: float, *, level: float = 0.95) -> Interval:
    """Student's t interval of a mean, from the three sums that a database delivers.

    In the unit of the values; `UNBOUNDED` from a single one.

    Parameters
    ----------
    total : float
        Sum of the values, in their unit.
    squares : float
        Sum of their squares.
    count : float
        Number of values, 1 or more.
    level : float
        Confidence level, between 0 and 1.

    Returns
    -------
    (float, float)
        Lower and upper limit, in the unit of the values; `UNBOUNDED` from a single one.

    Raises
    ------
    NoEstimate
        When no such values have these sums.

    Examples
    --------
    >>> [round(limit, 3) for limit in student_t(30, 220, 5)]        # 2, 4, 6, 8, 10
    [2.074, 9.926]
    """
    centre, variance = _moments(total, squares, count)
    if count == 1:
        return UNBOUNDED
    half = student_quantile(level, count - 1) * sqrt(variance)
    return centre - half, centre + half


def welch_t(
    total1: float, squares1: float, count1: float, total2: float, squares2: float, count2: float,
    *, level: float = 0.95,
) -> Interval:  # fmt: skip
    """Welch's t interval of the difference of two means, the first less the second.

    The two variances may differ.

    Parameters
    ----------
    total1 : float
        Sum of the first values.
    squares1 : float
        Sum of their squares.
    count1 : float
        Number of first values.
    total2 : float
        Sum of the second values.
    squares2 : float
        Sum of their squares.
    count2 : float
        Number of second values.
    level : float
        Confidence level, between 0 and 1.

    Returns
    -------
    (float, float)
        Lower and upper limit, in the unit of the values; `UNBOUNDED` where either mean is of one value.

    Raises
    ------
    NoEstimate
        As `student_t`, for either mean.

    References
    ----------
    Welch, B. L. (1947). The generalization of "Student's" problem when several different population variances are
    involved. Biometrika 34, 28-35.

    Examples
    --------
    >>> [round(limit, 3) for limit in welch_t(30, 220, 5, 15, 55, 5)]      # 2, 4 … 10 against 1, 2 … 5
    [-0.888, 6.888]
    """
    centre1, variance1 = _moments(total1, squares1, count1)
    centre2, variance2 = _moments(total2, squares2, count2)
    if min(count1, count2) == 1:
        return UNBOUNDED
    variance, difference = variance1 + variance2, centre1 - centre2
    if variance == 0:
        return difference, difference
    share1, share2 = variance1 / variance, variance2 / variance
    degrees = 1 / (share1 * share1 / (count1 - 1) + share2 * share2 / (count2 - 1))
    half = student_quantile(level, degrees) * sqrt(variance)
    return difference - half, difference + half


def net_promoter(promoters: float, passives: float, detractors: float, *, level: float = 0.95) -> Interval:
    """Adjusted Wald interval of a net promoter score, from its counts of answers.

    Uses the multinomial variance of the score after adding three answers (¾, 1½, ¾); without them the interval shrinks
    to a point where all answers agree.

    Parameters
    ----------
    promoters : float
        Answers of 9 or 10.
    passives : float
        Answers of 7 or 8.
    detractors : float
        Answers of 0 to 6.
    level : float
        Confidence level, between 0 and 1.

    Returns
    -------
    (float, float)
        Lower and upper limit, points from −100 to 100.

    Raises
    ------
    NoEstimate
        When a count is negative, or there is no answer.

    References
    ----------
    Rocks, B. (2016). Interval estimation for the "net promoter score". The American Statistician 70, 365-372.

    Examples
    --------
    >>> [round(limit, 1) for limit in net_promoter(50, 30, 20)]
    [14.1, 44.2]
    """
    answers = promoters + passives + detractors
    if not min(promoters, passives, detractors) >= 0 or not 0 < answers < inf:
        found = f"{promoters} promoters, {passives} passives and {detractors} detractors make no score."
        raise NoEstimate(found, remedy="Give counts of 0 or more, with at least one answer.")
    score = (promoters - detractors) / answers
    adjusted = (promoters - detractors) / (answers + 3)
    variance = ((promoters + detractors + 1.5) / (answers + 3) - adjusted * adjusted) / (answers + 3)
    half = normal_quantile(level) * sqrt(variance)
    # A handful of answers that all agree would otherwise lie outside their own interval.
    low, high = min(score, adjusted - half), max(score, adjusted + half)
    return 100 * max(-1.0, low), 100 * min(1.0, high)


def _moments(total: float, squares: float, count: float) -> tuple[float, float]:
    """Mean and its variance (squared standard error; 0 from a single value)."""
    spread = squares - total * total / count if count >= 1 else -inf
    # The difference of two large sums carries rounding: only what exceeds it is a contradiction.
    if not spread >= -1e-9 * abs(squares) or not spread < inf or not count < inf:
        found = f"No {count} values have the sum {total} and the sum of squares {squares}."
        raise NoEstimate(found, remedy="Give the three sums over the same rows, without missing values.")
    return total / count, max(0.0, spread) / (count - 1) / count if count > 1 else 0.0
