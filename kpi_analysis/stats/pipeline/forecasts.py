"""Pipeline forecast: expected revenue of open deals, its range and its backtest."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

import numpy as np
import pandas as pd

from kpi_analysis.core.errors import UsageError
from kpi_analysis.stats.pipeline.ages import deal_histories, deals_as_of, win_probabilities

DRAWS = 1000
FEWEST_WON = 30
FEWEST_TESTS = 3
GROUP = "product"  # whose mean amount a deal without one takes


@dataclass(frozen=True)
class PastForecast:
    """An earlier forecast beside what came.

    Parameters
    ----------
    day : date
        The last day that was known.
    expected, low, high : float
        What would have been forecast, with its 95 % range.
    won : float
        What was won of the deals that were open on that day.
    repeated : float
        What "the same as last time" would have said.
    """

    day: dt.date
    expected: float
    low: float
    high: float
    won: float
    repeated: float


@dataclass(frozen=True)
class Forecast:
    """Pipeline forecast: what the deals open on a day will bring by another day.

    Parameters
    ----------
    frame : DataFrame
        One row an open deal, with the columns of the deals: age, amount (expected where none is known), chance (of
        being won by then), ever (at all) and expected (chance × amount).
    deals, expected, low, high : float
        How many will be won, their amount, and its 95 % range.
    ever : float
        The amount that will be won at all.
    backtest : tuple of PastForecast
        Earlier forecasts, the oldest first.
    without_amount : int
        Open deals without an amount.
    reason : str
        Why the forecast is withheld; empty where it is not. The frame and the backtest are there all the same.
    """

    frame: pd.DataFrame
    deals: float
    expected: float
    low: float
    high: float
    ever: float
    backtest: tuple[PastForecast, ...] = field(default=())
    without_amount: int = 0
    reason: str = ""

    @property
    def error(self) -> float:
        """Mean absolute error of the earlier forecasts; NaN without any."""
        return _mean([abs(one.expected - one.won) for one in self.backtest])

    @property
    def naive_error(self) -> float:
        """Mean absolute error of "the same as last time"; NaN without any."""
        return _mean([abs(one.repeated - one.won) for one in self.backtest])

    @property
    def covered(self) -> int:
        """Number of the earlier ranges that held what came."""
        return sum(one.low <= one.won <= one.high for one in self.backtest)


def forecast(
    deals: pd.DataFrame, day: dt.date, until: dt.date, *, earlier: Sequence[dt.date] = (), seed: int = 0
) -> Forecast:
    """Pipeline forecast: the win probability of each open deal at its age times its amount, with range and backtest.

    The probability comes from how deals of the last two years went (`win_probabilities`), given that the deal is still
    open today. A deal without an amount takes the mean of the won deals of its product. The range is that of 1,000
    drawn futures: each weighs the past deals anew (the Bayesian bootstrap), and lets each open deal win or not. Deals
    that do not exist yet are no part of it.

    Parameters
    ----------
    deals : DataFrame
        created, closed, won and amount; with `product`, amounts are expected by product.
    day : date
        The last day that is known.
    until : date
        The last day of the forecast.
    earlier : sequence of date
        Days, oldest first, on which the forecast is tried: each up to the following one, the last up to `day`. The
        first only serves to repeat from.
    seed : int
        The same seed and deals give the same range.

    Returns
    -------
    Forecast
        Withheld, with a reason, where nothing is open, fewer than 30 deals were won, there are fewer than three
        tries, or it was further off than saying "the same as last time".

    Raises
    ------
    UsageError
        When the days are not in order, or a column is missing.

    References
    ----------
    Rubin, D. B. (1981). The Bayesian bootstrap. The Annals of Statistics 9, 130-134.

    Examples
    --------
    >>> start, day = pd.Timestamp("2026-01-01"), dt.date(2026, 3, 1)
    >>> closed = [start + pd.Timedelta(days=20 + 10 * (n % 2)) for n in range(80)]
    >>> deals = pd.DataFrame({"created": [start] * 80 + [pd.Timestamp(day)] * 10, "closed": [*closed, *[pd.NaT] * 10],
    ...                       "won": [n % 4 == 0 for n in range(80)] + [False] * 10, "amount": 100.0})
    >>> found = forecast(deals, day, dt.date(2026, 5, 31))
    >>> round(found.expected, 6), found.reason
    (250.0, 'only 20 deals were won so far, 30 are needed')
    """
    days = [*earlier, day, until]
    if any(first >= second for first, second in pairwise(days)):
        raise UsageError(f"The days of a forecast follow one another; found {', '.join(map(str, days))}.")
    frame, known = _win_forecast(deals, day, until)
    low, high = _bootstrap_range(frame, known, day, until, seed)
    backtest = _backtests(deals, [*earlier, day], seed)
    found = Forecast(frame, float(frame["chance"].sum()), float(frame["expected"].sum()), low, high,
                     float((frame["ever"] * frame["amount"]).sum()), backtest,
                     int(frame["filled"].sum()))  # fmt: skip
    return replace(found, reason=_withheld_because(found, int(known["won"].sum())))


def _win_forecast(deals: pd.DataFrame, day: dt.date, until: dt.date) -> tuple[pd.DataFrame, pd.DataFrame]:
    known = deals_as_of(deals, day)
    chances = win_probabilities(known, day)
    waiting = known[known["closed"].isna()]
    amount = waiting["amount"].fillna(_expected_amounts(known, waiting))
    ages = waiting["age"].to_numpy()
    frame = waiting.assign(
        filled=waiting["amount"].isna(),
        amount=amount,
        chance=chances.within(ages, (until - day).days),
        ever=chances.ever(ages),
    )
    return frame.assign(expected=frame["chance"] * frame["amount"]), known


def _expected_amounts(known: pd.DataFrame, waiting: pd.DataFrame) -> pd.Series[float]:
    """Mean amount of a won deal, by product where there is one."""
    won = known[known["won"]]
    everywhere = pd.Series(won["amount"].mean(), index=waiting.index)
    if GROUP not in known.columns:
        return everywhere
    return waiting[GROUP].map(won.groupby(GROUP)["amount"].mean()).astype(float).fillna(everywhere)


def _bootstrap_range(
    frame: pd.DataFrame, known: pd.DataFrame, day: dt.date, until: dt.date, seed: int
) -> tuple[float, float]:
    """Middle 95 % of drawn futures: the past is weighed anew each time, and each deal wins or not."""
    random = np.random.default_rng(seed)
    ages, amounts = frame["age"].to_numpy(), frame["amount"].to_numpy(float)
    past, sums = deal_histories(known, day), np.empty(DRAWS)
    for draw in range(DRAWS):
        weights = random.exponential(size=len(past.left))
        chance = past.win_probabilities(weights).within(ages, (until - day).days)
        sums[draw] = amounts[random.random(len(ages)) < chance].sum()
    low, high = np.quantile(sums, [0.025, 0.975])
    return float(low), float(high)


def _backtests(deals: pd.DataFrame, days: Sequence[dt.date], seed: int) -> tuple[PastForecast, ...]:
    found = []
    for before, then, after in zip(days, days[1:], days[2:], strict=False):
        frame, known = _win_forecast(deals, then, after)
        if known["won"].sum() < FEWEST_WON:
            continue
        low, high = _bootstrap_range(frame, known, then, after, seed)
        won, repeated = _won_between(deals, then, after), _won_between(deals, before, then)
        found.append(PastForecast(then, float(frame["expected"].sum()), low, high, won, repeated))
    return tuple(found)


def _won_between(deals: pd.DataFrame, open_on: dt.date, until: dt.date) -> float:
    """Amount won up to a day, of the deals that were open on an earlier one."""
    start, end = pd.Timestamp(open_on), pd.Timestamp(until)
    rows = deals[(deals["created"] <= start) & (deals["closed"] > start) & (deals["closed"] <= end) & deals["won"]]
    return float(rows["amount"].sum())


def _withheld_because(found: Forecast, won: int) -> str:
    if found.frame.empty:
        return "no deal is open"
    if won < FEWEST_WON:
        return f"only {won} deals were won so far, {FEWEST_WON} are needed"
    if len(found.backtest) < FEWEST_TESTS:
        return f"the data allow only {len(found.backtest)} earlier forecasts to be checked, {FEWEST_TESTS} are needed"
    if found.error > found.naive_error:
        return "earlier ones were further off than saying “the same as last time”"
    return ""


def _mean(numbers: Sequence[float]) -> float:
    return float(np.mean(numbers)) if numbers else float("nan")
