"""Win probabilities and ageing of open deals, by competing risks."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from numpy.typing import ArrayLike

from kpi_analysis.core.errors import UsageError, did_you_mean
from kpi_analysis.stats.arrays import FloatArray

COLUMNS = ("created", "closed", "won", "amount")
WINDOW = 730  # days whose deals say how deals go now: two years, so that each season counts twice
SHARES = (0.5, 0.75, 0.9)
SLIPPAGE_QUANTILE = 0.9


def deals_as_of(deals: pd.DataFrame, day: dt.date) -> pd.DataFrame:
    """Deals as of the end of a day: later ones are not there, what closed later is open.

    Parameters
    ----------
    deals : DataFrame
        created, closed, won and amount, one row a deal.
    day : date
        The last day that is known.

    Returns
    -------
    DataFrame
        The same columns, and `age` in days: to the day of closing, or to `day`.

    Raises
    ------
    UsageError
        When a column is missing.

    Examples
    --------
    >>> days = pd.to_datetime(["2026-01-01", "2026-01-11"])
    >>> deals = pd.DataFrame({"created": days, "closed": days + pd.Timedelta(days=30), "won": True, "amount": 5.0})
    >>> deals_as_of(deals, dt.date(2026, 2, 1))[["won", "age"]].values.tolist()
    [[True, 30], [False, 21]]
    """
    for name in COLUMNS:
        if name not in deals.columns:
            known = [str(column) for column in deals.columns]
            remedy = did_you_mean(name, known) or f"It has: {', '.join(known)}."
            raise UsageError(f"The frame of deals has no column '{name}'.", remedy=remedy)
    end = pd.Timestamp(day)
    rows = deals[deals["created"] <= end]
    closed = rows["closed"].where(rows["closed"] <= end)
    age = (closed.fillna(end) - rows["created"]).dt.days
    return rows.assign(closed=closed, won=rows["won"].astype(bool) & closed.notna(), age=age)


@dataclass(frozen=True)
class WinProbabilities:
    """Cumulative incidence of winning by a deal's age, and the share that is still open (Aalen-Johansen).

    Parameters
    ----------
    open, won : array
        By age in days from 0: the share that is still open after that day, and the share that is won by then.
    at_risk : array
        How many deals were seen open at each age.
    """

    open: FloatArray
    won: FloatArray
    at_risk: FloatArray

    def within(self, age: ArrayLike, days: int) -> FloatArray:
        """Probability that deals of these ages are won in the next so many days.

        What nobody has seen has no chance: a deal older than any that was ever closed is not counted on.

        Parameters
        ----------
        age : array_like
            In days, one a deal.
        days : int
            Days ahead.

        Returns
        -------
        ndarray of float
            One a deal, from 0 to 1.

        Examples
        --------
        >>> still_open, won = np.array([1.0, 0.5, 0.25]), np.array([0.0, 0.3, 0.4])
        >>> WinProbabilities(still_open, won, at_risk=np.array([9.0, 9.0, 5.0])).within([0, 1], 1)
        array([0.3, 0.2])
        """
        last = len(self.open) - 1
        now = np.minimum(np.asarray(age, dtype=int), last)
        then = np.minimum(now + days, last)
        left = self.open[now]
        chance = np.divide(self.won[then] - self.won[now], left, out=np.zeros(now.shape), where=left > 1e-12)
        return np.asarray(chance)

    def ever(self, age: ArrayLike) -> FloatArray:
        """Probability that deals of these ages are won at all."""
        return self.within(age, len(self.open))


@dataclass(frozen=True)
class DealHistories:
    """Left-truncated, right-censored histories of deals: the ages at which each was seen open, and its end.

    Parameters
    ----------
    entered, left : array of int
        Ages in days.
    closed, won : array of bool
        Neither where it is still open.
    """

    entered: npt.NDArray[np.int_]
    left: npt.NDArray[np.int_]
    closed: npt.NDArray[np.bool_]
    won: npt.NDArray[np.bool_]

    def win_probabilities(self, weights: FloatArray | None = None) -> WinProbabilities:
        """Win probabilities by age, each deal counting once or by its weight."""
        count = np.ones(len(self.left)) if weights is None else weights
        ages = int(self.left.max(initial=0)) + 1
        gone = np.concatenate([[0.0], np.cumsum(np.bincount(self.left, count, ages))[:-1]])
        at_risk = np.cumsum(np.bincount(np.minimum(self.entered, ages - 1), count, ages)) - gone
        there = at_risk > 1e-9
        lost, won = (
            np.divide(np.bincount(self.left, count * mine, ages), at_risk, out=np.zeros(ages), where=there)
            for mine in (self.closed & ~self.won, self.won)
        )
        still = np.cumprod(np.maximum(1 - lost - won, 0.0))
        before = np.concatenate([[1.0], still[:-1]])
        return WinProbabilities(still, np.cumsum(before * won), at_risk)


def deal_histories(known: pd.DataFrame, day: dt.date) -> DealHistories:
    """Histories of deals in the last two years, from deals as `deals_as_of` returns them."""
    begin = pd.Timestamp(day) - pd.Timedelta(days=WINDOW)
    rows = known[known["closed"].isna() | (known["closed"] > begin)]
    # one that was open when the two years began is seen from its age on the first day of them
    entered = np.maximum((begin - rows["created"]).dt.days.to_numpy(int) + 1, 0)
    return DealHistories(
        entered, rows["age"].to_numpy(int), rows["closed"].notna().to_numpy(), rows["won"].to_numpy(bool)
    )


def win_probabilities(known: pd.DataFrame, day: dt.date) -> WinProbabilities:
    """Aalen-Johansen estimate of the probability of winning by a deal's age, from the last two years.

    At each age the share of the open deals that is won, and the share that is lost, make the curves, by days. Deals
    that are still open count as long as seen; those that were open when the two years began count from their age then.

    Parameters
    ----------
    known : DataFrame
        As `deals_as_of` returns it.
    day : date
        The last day that counts.

    Returns
    -------
    WinProbabilities
        By age in days, from 0 to the largest that was seen.

    References
    ----------
    Aalen, O. O. and Johansen, S. (1978). An empirical transition matrix for non-homogeneous Markov chains based on
    censored observations. Scandinavian Journal of Statistics 5, 141-150.
    Kalbfleisch, J. D. and Prentice, R. L. (2002). The Statistical Analysis of Failure Time Data, section 1.4. Wiley.

    Examples
    --------
    >>> days = pd.to_datetime(["2026-01-02", "2026-01-03", None, "2026-01-03"])
    >>> deals = pd.DataFrame({"created": pd.Timestamp("2026-01-01"), "closed": days, "won": [True, False, False, True],
    ...                       "amount": 1.0})
    >>> win_probabilities(deals_as_of(deals, dt.date(2026, 1, 3)), dt.date(2026, 1, 3)).won.tolist()
    [0.0, 0.25, 0.5]
    """
    return deal_histories(known, day).win_probabilities()


def sales_cycle(known: pd.DataFrame, day: dt.date, share: float = 0.5) -> float:
    """Sales cycle: the days within which a share of the deals won in the last two years was won; NaN where none was.

    Parameters
    ----------
    known : DataFrame
        As `deals_as_of` returns it.
    day : date
        The last day that counts.
    share : float
        From 0 to 1; 0.5 for the median.

    Returns
    -------
    float
        In days.

    Examples
    --------
    >>> start, day = pd.Timestamp("2026-01-01"), dt.date(2026, 3, 2)
    >>> closed = [start + pd.Timedelta(days=age) for age in (10, 20, 30)]
    >>> deals = pd.DataFrame({"created": start, "closed": closed, "won": True, "amount": 1.0})
    >>> sales_cycle(deals_as_of(deals, day), day)
    20.0
    """
    return float(_won_lately(known, day)["age"].quantile(share))


def deal_ageing(known: pd.DataFrame, day: dt.date) -> pd.DataFrame:
    """Ageing of open deals: their number and amount by age, against how old deals are when they are won.

    The edges are the ages within which half, three quarters and nine tenths of the deals won in the last two years
    were won.

    Parameters
    ----------
    known : DataFrame
        As `deals_as_of` returns it.
    day : date
        The last day that counts.

    Returns
    -------
    DataFrame
        from_days, to_days (none in the last row), deals, amount, share (of the deals), chance (that one of them is
        won at all) and won (how many were won at such an age); empty where no deal is open or none was won.

    Examples
    --------
    >>> start, day = pd.Timestamp("2026-01-01"), dt.date(2026, 3, 2)
    >>> closed = [start + pd.Timedelta(days=age) for age in (10, 20, 30, 40)]
    >>> deals = pd.DataFrame({"created": start, "closed": [*closed, pd.NaT], "won": [True] * 4 + [False]})
    >>> deals = deals.assign(amount=1.0)
    >>> deal_ageing(deals_as_of(deals, day), day)[["from_days", "to_days", "deals"]].values.tolist()
    [[0.0, 25.0, 0.0], [26.0, 32.0, 0.0], [33.0, 37.0, 0.0], [38.0, nan, 1.0]]
    """
    names = ["from_days", "to_days", "deals", "amount", "share", "chance", "won"]
    waiting, won = known[known["closed"].isna()], _won_lately(known, day)
    if waiting.empty or won.empty:
        return pd.DataFrame(columns=names, dtype=float)
    edges = sorted({int(won["age"].quantile(share)) for share in SHARES})
    chances = win_probabilities(known, day)
    rows: list[dict[str, Any]] = []
    for low, high in zip([-1, *edges], [*edges, None], strict=True):
        mine, theirs = (f[(f["age"] > low) & (f["age"] <= (np.inf if high is None else high))] for f in (waiting, won))
        rows.append({
            "from_days": low + 1, "to_days": high, "deals": len(mine), "amount": mine["amount"].sum(min_count=1),
            "share": len(mine) / len(waiting), "won": len(theirs),
            "chance": chances.ever(mine["age"].to_numpy()).mean() if len(mine) else np.nan,
        })  # fmt: skip
    return pd.DataFrame(rows)[names]


def slippage(deals: pd.DataFrame, days: list[dt.date], limit: float) -> pd.DataFrame:
    """Slippage: how many deals were open on each day, and how many of them longer than a limit.

    Parameters
    ----------
    deals : DataFrame
        created, closed, won and amount.
    days : list of date
        The days that are looked at.
    limit : float
        In days; such as that within which nine tenths of the won deals are won.

    Returns
    -------
    DataFrame
        day, deals, slipped and their share, which has no value where nothing was open.

    Examples
    --------
    >>> deals = pd.DataFrame({"created": pd.to_datetime(["2026-01-01", "2026-02-01"]), "closed": pd.NaT,
    ...                       "won": False, "amount": 1.0})
    >>> slippage(deals, [dt.date(2026, 2, 11)], 30.0)[["deals", "slipped", "share"]].values.tolist()
    [[2.0, 1.0, 0.5]]
    """
    rows = []
    for day in days:
        known = deals_as_of(deals, day)
        ages = known.loc[known["closed"].isna(), "age"]
        rows.append({"day": day, "deals": len(ages), "slipped": int((ages > limit).sum())})
    frame = pd.DataFrame(rows, columns=["day", "deals", "slipped"])
    return frame.assign(share=frame["slipped"] / frame["deals"].where(frame["deals"] > 0))


def _won_lately(known: pd.DataFrame, day: dt.date) -> pd.DataFrame:
    lately: pd.DataFrame = known[known["won"] & (known["closed"] > pd.Timestamp(day) - pd.Timedelta(days=WINDOW))]
    return lately
