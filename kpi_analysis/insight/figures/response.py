"""Figures of response: marginal returns of channels, and what would follow if budget moved."""

from __future__ import annotations

import pandas as pd

from kpi_analysis.core.records import records
from kpi_analysis.insight.figures.channels import channel_name, channels
from kpi_analysis.insight.figures.tidy import ITERATED, Quantity, figure_function, none_because, tidy, together
from kpi_analysis.insight.scope import Scope
from kpi_analysis.stats.response import Response, fit_response, reallocate, response_curve

WEEKS = 156  # three years: enough for the season, and not so old that the market was another one
OUTCOME = "sales_revenue"
MOVED = 0.1  # of the weekly spend of the channel with the lowest marginal return
READ = (OUTCOME, "marketing_spend")


def weekly_outcome(scope: Scope) -> pd.DataFrame:
    """Return the outcome of complete weeks of the data, without a gap."""
    frame = scope.compute((OUTCOME,), grain="week", last=WEEKS)
    return frame[frame["complete"] & frame["value"].notna()]


def response(scope: Scope) -> Response | str:
    """Return the fit, or why there is nothing to fit."""
    if scope.once(channels).by_channel.empty:
        return scope.once(channels).missing
    outcome = scope.once(weekly_outcome).set_index("period")["value"]
    if outcome.empty:
        return str(records(scope.compute((OUTCOME,)))[0]["reason"] or "no week is complete")
    frame = scope.compute(("marketing_spend",), grain="week", last=WEEKS, by=("channel",))
    # a week in which the table of spend has not begun is no week without spend
    whole = scope.compute(("marketing_spend",), grain="week", last=WEEKS)
    outcome = outcome[outcome.index.isin(whole.loc[whole["value"].notna(), "period"])]
    if outcome.empty:
        return str(records(whole)[-1]["reason"] or "no week has both spend and what came of it")
    spend = frame[frame["period"].isin(outcome.index)].pivot(index="period", columns="channel", values="value")
    spend = spend.reindex(outcome.index).astype(float).fillna(0.0)
    spend = spend.loc[:, (spend > 0).any()]
    if (spend < 0).any(axis=None):
        return "some weeks have spend below zero"
    return fit_response(spend, outcome.astype(float))


@figure_function("response.marginal", kpis=READ, tolerance=ITERATED)
def marginal(scope: Scope) -> pd.DataFrame:
    """Return marginal and average return of each channel with their 95 % ranges, or why they are withheld.

    ``error`` is the mean absolute error on held-out weeks, ``naive_error`` that of repeating the year before.
    """
    found = scope.once(response)
    if isinstance(found, str):
        return none_because(found)
    frame = found.channels.assign(channel=[channel_name(str(one)) for one in found.channels["channel"]])
    frame.loc[frame["reason"] != "", "spend"] = float("nan")
    for name in ("average", "marginal"):
        frame[f"{name}_return.ci_low"], frame[f"{name}_return.ci_high"] = frame[f"{name}_low"], frame[f"{name}_high"]
    frame["average_return.reason"] = frame["reason"].where(frame["reason"] != "", None)
    quality = found.fit_quality
    row = {} if quality is None else {"error": quality.error, "naive_error": quality.naive_error}
    return together(
        tidy(frame, [
            Quantity("spend", "Spend of the last year", "currency"), Quantity("decay", "Carried over", "percent"),
            Quantity("average_return", "Average return", "ratio"),
            Quantity("marginal_return", "Marginal return", "ratio"),
        ], ["channel"]),
        tidy(pd.DataFrame([row] if row else []), [
            Quantity("error", "Mean absolute error on held-out weeks", "currency"),
            Quantity("naive_error", "The same of repeating the year before", "currency"),
        ]),
        reason="", withheld=found.reason or "",
    )  # fmt: skip


@figure_function("response.moved_budget", kpis=READ, tolerance=ITERATED)
def moved_budget(scope: Scope, moved: float = MOVED) -> pd.DataFrame:
    """Return what would follow if budget moved from the channel with the lowest marginal return to the best one.

    The attrs are ``names``, from and to, and ``label``, what is assumed.

    Parameters
    ----------
    scope : Scope
    moved : float
        Which share of the weekly spend of the former.
    """
    fitted = scope.once(response)
    if isinstance(fitted, str):
        return none_because(fitted)
    told = fitted.channels.dropna(subset=["marginal_return"])
    if len(told) < 2:
        return none_because("fewer than two channels have a marginal return")
    worst = told.sort_values("marginal_return").iloc[0]
    amount = moved * float(worst["spend"]) / min(52, len(scope.once(weekly_outcome)))
    row = reallocate(fitted, amount).iloc[0]
    names = [channel_name(str(row[side])) for side in ("from_channel", "to_channel")]
    if row["reason"]:
        return none_because(str(row["reason"]), names=names)
    line = {
        "amount": row["amount"],
        "change": row["change"],
        "change.ci_low": row["low"],
        "change.ci_high": row["high"],
    }
    return together(tidy(pd.DataFrame([line]), [
        Quantity("amount", "Moved a week", "currency"), Quantity("change", "Change a week", "currency"),
    ]), reason="", names=names, label=str(row["label"]))  # fmt: skip


@figure_function("response.curves", kpis=READ, tolerance=ITERATED)
def curves(scope: Scope) -> pd.DataFrame:
    """Return the response curve of each channel that allows one: what levels of weekly spend bring, with 95 % limits.

    ``present`` is what a channel spends a week now; levels are named by their place, from none to the last one.
    """
    fitted = scope.once(response)
    if isinstance(fitted, str):
        return none_because(fitted)
    if not fitted.curves:
        return none_because(fitted.reason or "no channel allows a fit")
    rows, present = [], []
    for channel, fit in fitted.curves.items():
        present.append({"channel": channel_name(channel), "present": fit.spend / fit.pattern.size})
        for level, row in enumerate(response_curve(fitted, channel).to_dict("records")):
            ends = {"outcome.ci_low": row["low"], "outcome.ci_high": row["high"]}
            line = {"channel": channel_name(channel), "level": f"{level:02d}"}
            rows.append({**line, "spend": row["spend"], "outcome": row["outcome"], **ends})
    return together(
        tidy(pd.DataFrame(rows), [
            Quantity("spend", "Spend a week", "currency"), Quantity("outcome", "What it brings a week", "currency"),
        ], ["channel", "level"]),
        tidy(pd.DataFrame(present), [Quantity("present", "Present spend a week", "currency")], ["channel"]),
        reason="",
    )  # fmt: skip
