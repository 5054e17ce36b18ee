"""Looking at every history: what moved, what turned, what is unusual, each with an honest p-value."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from kpi_analysis.findings.expecting import NEEDED, Expected, Values, expect
from kpi_analysis.findings.insight import Candidate

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
    history : Series
        Complete months by label, in time order and without a hole; a month without a value is NaN.
    months : int
        How many of the last of them belong to the period reported.
    period : str
        The label of that period.
    slice : mapping of str to str
    trials : ndarray, optional
        Of a share of a whole: how many cases stand behind each month.
    """

    kpi: str
    history: pd.Series
    months: int
    period: str
    slice: Mapping[str, str] = field(default_factory=dict)
    trials: Values | None = None


@dataclass(frozen=True)
class Days:
    """A KPI day by day, up to the last day reported; `first` is the place of the period's first day."""

    kpi: str
    history: pd.Series
    first: int


def scan(series: Series) -> list[Candidate]:
    """Return everything about a history that could be a finding, whatever its p-value.

    Parameters
    ----------
    series : Series

    Returns
    -------
    list of Candidate
        The months of the period together, the most unusual one of them, and a change of level within the last
        three periods; empty where the history is too short.

    References
    ----------
    The forecast's error over its standard error has Student's distribution; the degrees of freedom are those of
    Satterthwaite for autocorrelated residuals.
    """
    values = series.history.to_numpy(dtype=np.float64)
    there, back = scale_of(values, bounded=series.trials is not None)
    expected = expect(there(values), series.months)
    if expected is None:
        return []
    labels = [str(label) for label in series.history.index]
    found = [_one(series, labels, expected, back)]
    if np.count_nonzero(~np.isnan(expected.errors)) > 1:
        found.append(_counted(series, _together(series, labels, expected, back)))
    return [*found, *_turned(series, labels)]


def _counted(series: Series, found: Candidate) -> Candidate:
    """Judge a share by its cases, where the earlier months vary as little as draws from one urn do.

    The cases of a month are known, so that nothing has to be estimated but the share itself; a month-to-month
    spread within what chi-squared allows is all chance. Otherwise the candidate stays as it is.
    """
    if series.trials is None or found.p_value == 1.0:
        return found
    from scipy import special

    values, trials = series.history.to_numpy(dtype=np.float64), series.trials
    known = ~np.isnan(values) & (trials > 0)
    before, now = known.copy(), known.copy()
    before[-series.months :] = False
    now[: -series.months] = False
    cases, others = float(trials[now].sum()), float(trials[before].sum())
    if before.sum() < NEEDED or not cases:
        return found
    share = float((values[before] * trials[before]).sum()) / others
    if min(share, 1 - share) * cases < FEW_CASES:
        return found
    spread = float((trials[before] * (values[before] - share) ** 2).sum()) / (share * (1 - share))
    freedom = int(before.sum()) - 1
    if special.chdtrc(freedom, spread) < EVEN:
        return found
    error = (share * (1 - share) * (1 / cases + 1 / others) * max(1.0, spread / freedom)) ** 0.5
    strength = float((values[now] * trials[now]).sum() / cases - share) / error
    reach = 1.96 * (share * (1 - share) * max(1.0, spread / freedom) / (cases / int(now.sum()))) ** 0.5
    return replace(
        found,
        up=strength > 0,
        strength=abs(strength),
        p_value=float(2 * special.ndtr(-abs(strength))),
        low=max(0.0, share - reach),
        high=min(1.0, share + reach),
    )


def scale_of(values: Values, *, bounded: bool) -> tuple[Scale, Scale]:
    """Return the scale on which noise adds up, and the way back: odds, logarithm, root, or as it is."""
    known = values[~np.isnan(values)]
    if bounded and ((known > 0) & (known < 1)).all():
        return (lambda x: np.log(x / (1 - x))), (lambda x: 1 / (1 + np.exp(-x)))
    if (known > 0).all():
        return np.log, np.exp
    if (known >= 0).all():
        return np.sqrt, (lambda x: np.maximum(x, 0.0) ** 2)
    return (lambda x: x), (lambda x: x)


def _p(strength: float, freedom: float) -> float:
    from scipy import special

    return float(2 * special.stdtr(freedom, -abs(strength)))


def _beyond(errors: Values, echo: Values) -> Values:
    """How far off, less what the same months of last year were off in the same direction: that is a season."""
    same = np.sign(errors) == np.sign(echo)
    return np.where(same, np.sign(errors) * np.maximum(np.abs(errors) - np.abs(echo), 0.0), errors)


def _one(series: Series, labels: Sequence[str], expected: Expected, back: Scale) -> Candidate:
    off = _beyond(expected.errors, expected.echo) / expected.one
    at = int(np.nanargmax(np.abs(off)))
    tested = int(np.count_nonzero(~np.isnan(off)))
    before = expected.highest if off[at] > 0 else expected.lowest
    # noise that is skewed has been as far out before, whatever Student's curve makes of it
    is_record = abs(expected.errors[at]) > RECORD * abs(before)
    low, high = _range(expected, [at], back)
    month = labels[len(labels) - series.months + at]
    p_value = min(1.0, tested * _p(off[at], expected.freedom)) if is_record else 1.0
    up = bool(expected.errors[at] > 0)
    return Candidate("unusual", series.kpi, series.slice, month, (month,), up, abs(off[at]), p_value, low, high)


def _together(series: Series, labels: Sequence[str], expected: Expected, back: Scale) -> Candidate:
    known = [at for at, error in enumerate(expected.errors) if not np.isnan(error)]
    errors, echo = expected.errors[known], expected.echo[known]
    if len(known) >= HALF_YEAR:  # one event of last year is no season of half a year
        errors, echo = np.array([errors.mean()]), np.array([np.median(echo)])
    off = float(_beyond(errors, echo).mean())
    strength = off / expected.mean
    months = tuple(labels[len(labels) - series.months + at] for at in known)
    low, high = _range(expected, known, back)
    up = bool(np.nanmean(expected.errors) > 0)
    # one month alone is told as that month; together they speak only where nearly all of them say the same
    agree = float(np.mean((expected.errors[known] > 0) == up)) >= AGREE and _is_shared(expected.errors[known])
    p_value = _p(strength, expected.freedom) if agree else 1.0
    return Candidate("moved", series.kpi, series.slice, series.period, months, up, abs(strength), p_value, low, high)


def _is_shared(errors: Values) -> bool:
    """Whether more than the most unusual month is off."""
    largest = int(np.argmax(np.abs(errors)))
    return errors.size == 1 or abs(float(np.delete(errors, largest).mean())) >= SHARED * abs(float(errors[largest]))


def _range(expected: Expected, at: Sequence[int] | npt.NDArray[np.intp], back: Scale) -> tuple[float, float]:
    """Where 95 of 100 such months would lie."""
    from scipy import special

    reach = special.stdtrit(expected.freedom, 0.975) * expected.one[at]
    return float(back(expected.centre[at] - reach).mean()), float(back(expected.centre[at] + reach).mean())


def _turned(series: Series, labels: Sequence[str]) -> list[Candidate]:
    """Whether the last two or three periods together lie on another level than the time before them."""
    known = int(np.count_nonzero(~np.isnan(series.history.to_numpy(dtype=np.float64))))
    windows = [count * series.months for count in PERIODS if known - count * series.months >= OLD_LEVEL]
    values = series.history.to_numpy(dtype=np.float64)
    there, back = scale_of(values, bounded=series.trials is not None)
    found = []
    for window in windows:
        expected = expect(there(values), window)
        if expected is None:
            continue
        longer = replace(series, months=window)
        together = _counted(longer, _together(longer, labels, expected, back))
        if together.p_value > WORTH:
            found.append(replace(together, kind="turned", p_value=1.0))
            continue
        reported = expected.errors[-series.months :]
        latest = float(np.mean(reported[~np.isnan(reported)])) if np.isfinite(reported).any() else 0.0
        holds = (latest > 0) == together.up and abs(latest) >= abs(np.nanmean(expected.errors)) / 2
        p_value = min(1.0, together.p_value * len(windows)) if holds else 1.0
        before, after = float(np.nanmean(values[:-window])), float(np.nanmean(values[-window:]))
        # it may have broken with its trend, which these two means cannot show, or only have gone on as before
        if (after > before) != together.up or _line_is_better(there(values), window) or _was_told(series, window):
            p_value = 1.0
        found.append(replace(together, kind="turned", period=labels[-window], p_value=p_value, low=before, high=after))
    return sorted(found, key=lambda one: one.p_value)[:1]


def _was_told(series: Series, window: int) -> bool:
    """Whether the first period of the new level stood out by itself: then it was news in that period's report."""
    until = len(series.history) - window + series.months
    trials = None if series.trials is None else series.trials[:until]
    then = replace(series, history=series.history.iloc[:until], trials=trials)
    values = then.history.to_numpy(dtype=np.float64)
    there, back = scale_of(values, bounded=trials is not None)
    expected = expect(there(values), series.months)
    if expected is None or not np.isfinite(expected.errors).any():
        return False
    labels = [str(label) for label in then.history.index]
    return _counted(then, _together(then, labels, expected, back)).p_value < TOLD


def _line_is_better(values: Values, window: int) -> bool:
    """Whether a steady slope explains the history at least as well as two levels."""
    at = np.flatnonzero(~np.isnan(values))
    known = values[at]
    line = known - np.polyval(np.polyfit(at, known, 1), at)
    late = at >= values.size - window
    step = known - np.where(late, known[late].mean(), known[~late].mean())
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
