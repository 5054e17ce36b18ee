"""Looking at every history: what moved, what turned, what is unusual, each with an honest p-value."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from math import copysign, isnan
from statistics import fmean, median

import numpy as np
import pandas as pd

from kpi_analysis.insight.findings.baseline import NEEDED, Expected, Values, Which, expect, expect_all
from kpi_analysis.insight.findings.insight import Candidate

FEW_CASES = 10
EVEN = 0.1
PERIODS = (2, 3)  # an older change of level is known by now
OLD_LEVEL = 18  # months
HALF_YEAR = 6
AGREE = 0.8
SHARED = 1 / 3
RECORD = 1.5
TOLD = 1e-4
WORTH = 0.05
TOP = 20  # days that say how heavy the tail is
RUNNING = 60  # days

Scale = Callable[[Values], Values]


@dataclass(frozen=True)
class Series:
    """The monthly history of a KPI, for the whole company or a slice.

    Parameters
    ----------
    kpi : str
    values : ndarray
        Complete months, in time order and without a hole; a month without a value is NaN.
    labels : sequence of str
        Of these months.
    months : int
        How many of the last of them belong to the period reported.
    period : str
        The label of that period.
    slice : mapping of str to str
    trials : ndarray, optional
        Of a share of a whole: how many cases stand behind each month.
    stock : bool
        Whether it is read at the end of a month: its months are never put together, because only one of them is the
        value of the period.
    """

    kpi: str
    values: Values
    labels: Sequence[str]
    months: int
    period: str
    slice: Mapping[str, str] = field(default_factory=dict)
    trials: Values | None = None
    stock: bool = False

    @cached_property
    def known(self) -> Which:
        """Which months have a value."""
        return ~np.isnan(self.values)

    @cached_property
    def scale(self) -> tuple[Scale, Scale]:
        """The way to the scale on which its noise adds up, and the way back."""
        return scale_of(self.values[self.known], bounded=self.trials is not None)

    @cached_property
    def scaled(self) -> Values:
        """Its values on that scale."""
        return self.scale[0](self.values)

    @cached_property
    def windows(self) -> list[int]:
        """How many months the last two and three periods have, where enough lie before them."""
        known = int(np.count_nonzero(self.known))
        return [count * self.months for count in PERIODS if known - count * self.months >= OLD_LEVEL]


@dataclass(frozen=True)
class Days:
    """A KPI day by day, up to the last day reported; `first` is the place of the period's first day."""

    kpi: str
    history: pd.Series
    first: int


def scan(*histories: Series) -> list[Candidate]:
    """Return everything about histories that could be a finding, whatever its p-value.

    Parameters
    ----------
    histories : Series
        Many at a time cost less than one by one.

    Returns
    -------
    list of Candidate
        History by history the months of the period together (not of a stock), the most unusual one of them, and a
        change of level within the last three periods; nothing of a history that is too short.

    References
    ----------
    The forecast's error over its standard error has Student's distribution; the degrees of freedom are those of
    Satterthwaite for autocorrelated residuals.
    """
    found: list[Candidate] = []
    expected = iter(expect_all([(one.scaled, months) for one in histories for months in (one.months, *one.windows)]))
    for series in histories:
        now, longer = next(expected), [(window, next(expected)) for window in series.windows]
        if now is None:
            continue
        found.append(_one(series, now))
        if np.count_nonzero(~np.isnan(now.errors)) > 1 and not series.stock:
            found.append(_together(series, series.months, now))
        found += _turned(series, longer)
    return found


def scale_of(known: Values, *, bounded: bool) -> tuple[Scale, Scale]:
    """Return the scale on which noise adds up, and the way back: odds, logarithm, root, or as it is."""
    least, most = (float(known.min()), float(known.max())) if known.size else (0.5, 0.5)
    if bounded and least > 0 and most < 1:
        return (lambda x: np.log(x / (1 - x))), (lambda x: 1 / (1 + np.exp(-x)))
    if least > 0:
        return np.log, np.exp
    if least >= 0:
        return np.sqrt, (lambda x: np.maximum(x, 0.0) ** 2)
    return (lambda x: x), (lambda x: x)


def _p(strength: float, freedom: float) -> float:
    from scipy import special

    return float(2 * special.stdtr(freedom, -abs(strength)))


def _beyond(error: float, echo: float) -> float:
    """How far off, less what the same month of last year was off in the same direction: that is a season."""
    return copysign(max(abs(error) - abs(echo), 0.0), error) if error * echo > 0 else error


def _one(series: Series, expected: Expected) -> Candidate:
    """The most unusual month of the period."""
    offs = {
        at: _beyond(error, echo) / one
        for at, (error, echo, one) in enumerate(
            zip(expected.errors.tolist(), expected.echo.tolist(), expected.one.tolist(), strict=True)
        )
        if not isnan(error)
    }
    at = max(offs, key=lambda place: abs(offs[place]))
    off, error = offs[at], float(expected.errors[at])
    before = expected.highest if off > 0 else expected.lowest
    # noise that is skewed has been as far out before, whatever Student's curve makes of it
    is_record = abs(error) > RECORD * abs(before)
    low, high = _range(series, expected, [at])
    month = series.labels[len(series.labels) - series.months + at]
    p_value = min(1.0, len(offs) * _p(off, expected.freedom)) if is_record else 1.0
    is_up, basis = error > 0, expected.basis
    return Candidate("unusual", series.kpi, series.slice, month, (month,), is_up, abs(off), p_value, low, high, basis)


def _together(series: Series, window: int, expected: Expected) -> Candidate:
    """All of the last months, judged by their cases where these are known."""
    known = np.flatnonzero(~np.isnan(expected.errors)).tolist()
    errors, echo = expected.errors[known].tolist(), expected.echo[known].tolist()
    usual = fmean(errors)
    # one event of last year is no season of half a year
    is_long = len(known) >= HALF_YEAR
    off = _beyond(usual, median(echo)) if is_long else fmean(map(_beyond, errors, echo))
    strength = off / expected.mean
    first = len(series.labels) - window
    months = tuple(series.labels[first + at] for at in known)
    low, high = _range(series, expected, known)
    up = usual > 0
    # one month alone is told as that month; together they speak only where nearly all of them say the same
    agree = sum((error > 0) == up for error in errors) / len(errors) >= AGREE and _is_shared(errors)
    p_value = _p(strength, expected.freedom) if agree else 1.0
    found = Candidate(
        "moved", series.kpi, series.slice, series.period, months, up, abs(strength), p_value, low, high, expected.basis
    )
    return _counted(series, window, found)


def _is_shared(errors: Sequence[float]) -> bool:
    """Whether more than the most unusual month is off."""
    largest = max(range(len(errors)), key=lambda at: abs(errors[at]))
    others = [*errors[:largest], *errors[largest + 1 :]]
    return not others or abs(fmean(others)) >= SHARED * abs(errors[largest])


def _range(series: Series, expected: Expected, at: Sequence[int]) -> tuple[float, float]:
    """Where 95 of 100 such months would lie."""
    back, centre, reach = series.scale[1], expected.centre[at], expected.reach[at]
    return fmean(back(centre - reach).tolist()), fmean(back(centre + reach).tolist())


def _counted(series: Series, window: int, found: Candidate) -> Candidate:
    """Judge a share by its cases, where the earlier months vary as little as draws from one urn do.

    The cases of a month are known, so that nothing has to be estimated but the share itself; a month-to-month
    spread within what chi-squared allows is all chance. Otherwise the candidate stays as it is.
    """
    if series.trials is None or found.p_value == 1.0:
        return found
    from scipy import special

    known = series.known & (series.trials > 0)
    values, trials = np.where(known, series.values, 0.0), np.where(known, series.trials, 0.0)
    months = int(np.count_nonzero(known[:-window]))
    cases, others = float(trials[-window:].sum()), float(trials[:-window].sum())
    if months < NEEDED or not cases:
        return found
    hits = values * trials
    share = float(hits[:-window].sum()) / others
    if min(share, 1 - share) * cases < FEW_CASES:
        return found
    spread = float((trials[:-window] * (values[:-window] - share) ** 2).sum()) / (share * (1 - share))
    freedom = months - 1
    if special.chdtrc(freedom, spread) < EVEN:
        return found
    error = (share * (1 - share) * (1 / cases + 1 / others) * max(1.0, spread / freedom)) ** 0.5
    strength = (float(hits[-window:].sum()) / cases - share) / error
    each = cases / np.count_nonzero(known[-window:])
    reach = 1.96 * (share * (1 - share) * max(1.0, spread / freedom) / each) ** 0.5
    return replace(
        found,
        up=strength > 0,
        strength=abs(strength),
        p_value=float(2 * special.ndtr(-abs(strength))),
        low=max(0.0, share - reach),
        high=min(1.0, share + reach),
        basis="level",
    )


def _turned(series: Series, longer: Sequence[tuple[int, Expected | None]]) -> list[Candidate]:
    """Whether the last two or three periods together lie on another level than the time before them."""
    found = []
    for window, expected in longer:
        if expected is None:
            continue
        together = _together(series, window, expected)
        if together.p_value > WORTH:
            found.append(replace(together, kind="turned", p_value=1.0))
            continue
        errors = expected.errors[~np.isnan(expected.errors)]
        reported = expected.errors[-series.months :]
        latest = float(np.mean(reported[~np.isnan(reported)])) if np.isfinite(reported).any() else 0.0
        holds = (latest > 0) == together.up and abs(latest) >= abs(errors.mean()) / 2
        before, after = float(np.nanmean(series.values[:-window])), float(np.nanmean(series.values[-window:]))
        is_news = (
            holds
            # it may have broken with its trend, which these two means cannot show, or only have gone on as before
            and (after > before) == together.up
            and not _line_is_better(series, window)
            and not _was_told(series, window)
        )
        p_value = min(1.0, together.p_value * len(longer)) if is_news else 1.0
        first = series.labels[-window]
        found.append(replace(together, kind="turned", period=first, p_value=p_value, low=before, high=after))
    return sorted(found, key=lambda one: one.p_value)[:1]


def _was_told(series: Series, window: int) -> bool:
    """Whether the first period of the new level stood out by itself: then it was news in that period's report."""
    until = len(series.values) - window + series.months
    trials = None if series.trials is None else series.trials[:until]
    then = replace(series, values=series.values[:until], labels=series.labels[:until], trials=trials)
    expected = expect(then.scaled, series.months)
    return expected is not None and _together(then, series.months, expected).p_value < TOLD


def _line_is_better(series: Series, window: int) -> bool:
    """Whether a steady slope explains the history at least as well as two levels."""
    at = np.flatnonzero(series.known)
    known = series.scaled[at] - series.scaled[at].mean()
    steady, is_late = at - at.mean(), at >= series.values.size - window
    line = known - steady * (steady @ known) / (steady @ steady)
    step = known - np.where(is_late, known[is_late].mean(), known[~is_late].mean())
    return bool(line @ line <= step @ step)


def scan_days(days: Days) -> list[Candidate]:
    """Return the most exceptional day on either side, where it lies in the period.

    A day's value, less the median of the two months around it, is compared with the twenty next largest such
    distances on the same side. Whatever the tail, the logarithm of the largest over the second largest is about
    exponential with the tail's own index (Hill's), so heavy tails make it harder and not easier to be exceptional.

    References
    ----------
    Hill, B. M. (1975). A simple general approach to inference about the tail of a distribution. Annals of
    Statistics 3, 1163-1174. Rényi, A. (1953). On the theory of order statistics. Acta Mathematica 4, 191-231.
    """
    values = days.history.to_numpy(dtype=np.float64)
    usual = days.history.rolling(RUNNING, min_periods=RUNNING // 2, center=True).median().to_numpy(dtype=np.float64)
    off = values - usual
    found = []
    for sign in (1.0, -1.0):
        sizes = np.where(np.isnan(off), -np.inf, sign * off)
        order = np.argsort(sizes, kind="stable")[::-1][: TOP + 2]
        if order.size < TOP + 2 or sizes[order[-1]] <= 0 or order[0] < days.first:
            continue
        logs = np.log(sizes[order])
        index = float((logs[1:-1] - logs[-1]).mean())
        ratio = float(logs[0] - logs[1])
        p_value = float((1 + ratio / (TOP * max(index, 1e-9))) ** -TOP)
        day = str(days.history.index[order[0]])
        middle = float(usual[order[0]])
        found.append(
            Candidate("unusual", days.kpi, {}, day, (day,), sign > 0, ratio / max(index, 1e-9), p_value, middle, middle)
        )
    return found
