"""Figures of contracts: how long new ones run, by group, and what a model makes of them."""

from __future__ import annotations

import numpy as np
import pandas as pd

from kpi_analysis.insight.figures.tidy import ITERATED, Quantity, figure_function, none_because, tidy, together
from kpi_analysis.insight.scope import Scope
from kpi_analysis.metrics.compute.histories import contracts as read_contracts
from kpi_analysis.stats import customers

MONTH = 365.25 / 12  # days
SMALLEST_GROUP = 20
MOST_GROUPS = 4
A_SNAPSHOT = 0.05  # of the contracts: so many do not begin on one day, they ran before the data did
AGES = (3, 6, 12, 18, 24, 36, 48, 60)
ALL = "All"
READ = ("churn_rate",)
ABSENT = "the table subscriptions is not connected"


def contracts_as_of(scope: Scope) -> pd.DataFrame | None:
    """Return the contracts, where the subscriptions are connected and have the columns of the slices."""
    return read_contracts(scope.session.sources, scope.day, scope.where) if scope.has("subscriptions") else None


def new_contracts(scope: Scope) -> tuple[pd.DataFrame, int]:
    """Return contracts whose start is known, their months and whether they were lost; and how many are left out."""
    rows = scope.once(contracts_as_of)
    assert rows is not None
    first, left_out = rows["started"] == rows["started"].min(), 0
    if first.mean() > A_SNAPSHOT:
        left_out, rows = int(first.sum()), rows[~first]
    until = rows["ended"].fillna(pd.Timestamp(scope.day))
    return rows.assign(
        months=(until - rows["started"]).dt.days / MONTH, lost=rows["ended"].notna(),
        seen=(pd.Timestamp(scope.day) - rows["started"]).dt.days / MONTH,
    ), left_out  # fmt: skip


@figure_function("contracts.survival", kpis=READ)
def contract_survival(scope: Scope, by: str = "") -> pd.DataFrame:
    """Return the Kaplan-Meier curves of new contracts, of all or by the values of a dimension.

    Rows are the steps of each curve, with Greenwood's 95 % band; its median, and the share after a year or at the end
    of the data; with `by` also the p-value of the log-rank test.

    Parameters
    ----------
    scope : Scope
    by : str
        A column of the subscriptions; groups with fewer than 20 contracts are left out.
    """
    if scope.once(contracts_as_of) is None:
        return none_because(ABSENT)
    new, left_out = scope.once(new_contracts)
    if len(new) < SMALLEST_GROUP:
        return none_because(f"only {len(new)} began within the data")
    groups = [(ALL, new)]
    if by:
        sized = [(str(name), group) for name, group in new.groupby(by) if len(group) >= SMALLEST_GROUP]
        groups = sorted(sized, key=lambda one: -len(one[1]))[:MOST_GROUPS]
        if len(groups) < 2:
            return none_because("fewer than two groups are large enough")
    parts = [_left_out(left_out)]
    for name, group in groups:
        parts += _curve(name, customers.survival(group["months"], group["lost"]))
    if by:
        rows = pd.concat([group for _, group in groups])
        test = customers.log_rank(rows["months"], rows["lost"], rows[by])
        parts.append(
            tidy(pd.DataFrame([{"p_value": test.p_value}]), [Quantity("p_value", "Log-rank test, p", "ratio")])
        )
    return together(*parts, reason="")


def _curve(name: str, fit: customers.Survival) -> list[pd.DataFrame]:
    frame = fit.frame
    steps = frame[(frame["events"] > 0) | (frame["time"] == frame["time"].max())]
    table = pd.DataFrame({
        "group": name, "months": steps["time"], "running": steps["survival"],
        "running.ci_low": steps["low"], "running.ci_high": steps["high"], "running.denominator": fit.customers,
    })  # fmt: skip
    year = 12 if frame["time"].iloc[-1] >= 12 else int(frame["time"].iloc[-1])
    survives = fit.at(year)
    row = [{"group": name, "months": year, "after": survives}] if survives is not None else []
    after = pd.DataFrame(row, columns=["group", "months", "after"])
    ends = pd.DataFrame([{"group": name, "start": 1.0, "contracts": fit.customers, "median": fit.median}])
    return [
        tidy(table, [Quantity("running", "Still running", "percent")], ["group", "months"]),
        tidy(after, [Quantity("after", "Still running", "percent")], ["group", "months"]),
        tidy(ends, [Quantity("start", "Running at the start", "percent"), Quantity("contracts", "Contracts", "count"),
                    Quantity("median", "Half of them end within", "months")], ["group"]),
    ]  # fmt: skip


def _left_out(count: int) -> pd.DataFrame:
    row = pd.DataFrame([{"left_out": count}] if count else [], columns=["left_out"])
    return tidy(row, [Quantity("left_out", "Contracts that already ran when the data begin", "count")])


@figure_function("contracts.lifetimes", kpis=READ, tolerance=ITERATED)
def lifetimes(scope: Scope) -> pd.DataFrame:
    """Return which share of new contracts ran after months and years: as seen, with its band, and by the model.

    The model is the shifted beta geometric distribution, monthly.
    """
    if scope.once(contracts_as_of) is None:
        return none_because(ABSENT)
    new, left_out = scope.once(new_contracts)
    model = customers.sbg(alive_by_age(new))
    if len(new) < SMALLEST_GROUP or model.reason:
        return none_because(model.reason or "too few began in the data")
    seen = customers.survival(new["months"], new["lost"])
    rows = []
    for age in AGES:
        place = seen.frame[seen.frame["time"] <= age].iloc[-1:] if seen.at(age) is not None else seen.frame[:0]
        low, high = (float(place[end].iloc[0]) if len(place) else np.nan for end in ("low", "high"))
        known = bool(np.isfinite([low, high]).all())
        rows.append({
            "age": age, "seen": seen.at(age), "model": model.survival(age),
            "seen.ci_low": low if known else None, "seen.ci_high": high if known else None,
        })  # fmt: skip
    fitted = pd.DataFrame([{"contracts": len(new)}])
    return together(
        tidy(pd.DataFrame(rows), [Quantity("seen", "Still running, seen", "percent"),
                                  Quantity("model", "Still running, by the model", "percent")], ["age"]),
        tidy(fitted, [Quantity("contracts", "Contracts that the model is fitted on", "count")]),
        _left_out(left_out), reason="",
    )  # fmt: skip


def alive_by_age(contracts: pd.DataFrame) -> list[list[float]]:
    """Return contracts seen equally long as cohorts: how many ran at their start and after each whole month."""
    cohorts = []
    for months, group in contracts.groupby(np.floor(contracts["seen"])):
        reached = np.where(group["lost"], np.floor(group["months"]), months)
        cohorts.append([float((reached >= age).sum()) for age in range(int(months) + 1)])
    return cohorts
