"""Figures of win rates: what became of the opportunities of each period, and who wins more than by chance."""

from __future__ import annotations

import datetime as dt

import pandas as pd

from kpi_analysis.insight.figures import deals as read
from kpi_analysis.insight.figures.deals import READ
from kpi_analysis.insight.figures.tidy import Quantity, figure_function, none_because, tidy, together
from kpi_analysis.insight.scope import Scope
from kpi_analysis.stats import pipeline
from kpi_analysis.stats.intervals import proportion

YEAR = dt.timedelta(days=365)
COHORTS = 8
FEWEST_SIZES = 20  # below that a histogram shows chance


@figure_function("win_rates.cohorts", kpis=READ)
def opportunity_cohorts(scope: Scope) -> pd.DataFrame:
    """Return what became of the opportunities of each period, won, lost or still open; and of all of these."""
    if reason := read.absent(scope):
        return none_because(reason)
    known, rows = scope.once(read.known_deals), []
    for period in scope.calendar.last(scope.calendar.containing(scope.day, read.grain(scope)), COHORTS):
        start, end = pd.Timestamp(period.start), pd.Timestamp(period.last_day)
        mine = known[known["created"].between(start, end)]
        won, closed = int(mine["won"].sum()), int(mine["closed"].notna().sum())
        if len(mine):
            low, high = proportion(won, closed) if closed else (None, None)
            rows.append({
                "period": period.label, "complete": period.last_day <= scope.day, "created": len(mine), "won": won,
                "lost": closed - won, "open": len(mine) - closed, "rate": won / closed if closed else None,
                "rate.ci_low": low, "rate.ci_high": high, "rate.numerator": won, "rate.denominator": closed,
            })  # fmt: skip
    if not rows:
        return none_because("no opportunity was opened")
    counts = [Quantity("created", "Opportunities", "count"), Quantity("won", "Won", "count"),
              Quantity("lost", "Lost", "count"), Quantity("open", "Still open", "count")]  # fmt: skip
    rate = Quantity("rate", "Won of closed", "percent")
    total = pd.DataFrame(rows)[[one.name for one in counts]].sum().to_dict()
    closed = total["won"] + total["lost"]
    total["rate"] = total["won"] / closed if closed else None
    all_ = pd.DataFrame([{"cohorts": "all", **total}])
    return together(tidy(pd.DataFrame(rows), [*counts, rate]), tidy(all_, [*counts, rate], ["cohorts"]), reason="")


def closed_lately(scope: Scope) -> pd.DataFrame:
    """Return the deals that were closed within a year."""
    known = scope.once(read.known_deals)
    found: pd.DataFrame = known[known["closed"] > pd.Timestamp(scope.day - YEAR)]
    return found


def groups(scope: Scope, by: str) -> int:
    """Return how many values of a dimension closed deals have; 0 where it is no column."""
    rows = scope.once(read.scope_deals)
    return 0 if rows is None or by not in rows.columns else int(scope.once(closed_lately)[by].nunique())


def group_win_rates(scope: Scope, by: str) -> pipeline.ShrunkenRates:
    """Return the win rates of a year in a fair order."""
    counted = scope.once(closed_lately).groupby(by)["won"].agg(["sum", "size"])
    return scope.kept(
        ("win rates", by), lambda: pipeline.shrunken_rates(list(counted.index), counted["sum"], counted["size"])
    )


@figure_function("win_rates.by", kpis=READ)
def by_group(scope: Scope, by: str) -> pd.DataFrame:
    """Return the win rate of a year by owner, product or region in a fair order, drawn towards the mean, and of all.

    ``rate`` is the empirical Bayes estimate with its 95 % interval, ``raw`` the group's own rate.
    """
    if groups(scope, by) < 2:
        return none_because("fewer than two groups")
    found = group_win_rates(scope, by)
    table = found.frame.rename(columns={"group": by, "low": "rate.ci_low", "high": "rate.ci_high"})
    table = table.assign(**{
        "rate.numerator": table["successes"], "rate.denominator": table["trials"],
        "raw.ci_low": table["rate.ci_low"], "raw.ci_high": table["rate.ci_high"],
    })  # fmt: skip
    wins, tried = found.frame["successes"].sum(), found.frame["trials"].sum()
    total = {"raw": wins / tried, "raw.numerator": wins, "raw.denominator": tried, "groups": len(table)}
    if not found.reason:
        total["weight"] = found.weight
    shown = [Quantity("rate", "Win rate, drawn to the mean", "percent"), Quantity("raw", "Win rate", "percent")]
    return together(
        tidy(table, [*shown, Quantity("trials", "Closed deals", "count")], [by]),
        tidy(pd.DataFrame([total]), [shown[1], Quantity("weight", "Deals that the mean is worth", "count"),
                                     Quantity("groups", "Groups", "count")]),
        reason="", alike=found.reason, weight=found.weight,
    )  # fmt: skip


def won_amounts(scope: Scope) -> pd.Series[float]:
    """Return the amounts of the deals that were won within a year, without those that have none."""
    lately = scope.once(closed_lately)
    found: pd.Series[float] = lately.loc[lately["won"], "amount"].dropna().astype(float)
    return found


@figure_function("win_rates.deal_sizes", kpis=READ)
def deal_sizes(scope: Scope) -> pd.DataFrame:
    """Return how many deals were won within a year, and the median and the quartiles of their amounts."""
    if reason := read.absent(scope):
        return none_because(reason)
    if "amount" not in scope.once(read.known_deals).columns:
        return none_because("deals have no amount")
    amounts = scope.once(won_amounts)
    if len(amounts) < FEWEST_SIZES:
        return none_because(f"fewer than {FEWEST_SIZES} deals with an amount were won in a year")
    low, middle, high = amounts.quantile([0.25, 0.5, 0.75])
    row = {"deals": len(amounts), "lower_quartile": low, "median": middle, "upper_quartile": high}
    return together(tidy(pd.DataFrame([row]), [
        Quantity("deals", "Won deals", "count"), Quantity("lower_quartile", "Lower quartile", "currency"),
        Quantity("median", "Median", "currency"), Quantity("upper_quartile", "Upper quartile", "currency"),
    ]), reason="")  # fmt: skip
