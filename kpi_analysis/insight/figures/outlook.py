"""Figures of what is to come: projections with their ranges, how the method did before, and what a target needs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import pandas as pd

from kpi_analysis.core.periods import Period, period_label
from kpi_analysis.core.status import ON_TRACK
from kpi_analysis.insight.figures.tidy import ITERATED, Quantity, figure_function, none_because, tidy, together
from kpi_analysis.insight.outlook import SEASON, Outlook
from kpi_analysis.insight.scope import Scope
from kpi_analysis.insight.targets import TargetAssessment
from kpi_analysis.stats.projections import Projection, needed_uplift, probability, with_uplift
from kpi_analysis.stats.trends import change_point, least_squares, signals, trend

LEVELS = (0.95, 0.80, 0.50)
STATUSES = ("on", "risk", "off", "hit", "missed")
Series = pd.Series


def outlook(scope: Scope) -> Outlook:
    """Return the histories, projections and targets of a scope; hand it to `Scope.once`."""
    return Outlook(scope.session, scope.as_of, scope.where)


def with_goals(scope: Scope) -> tuple[TargetAssessment, ...]:
    """Return the judged targets that have a goal and a deadline, the least likely first."""
    there = [one for one in scope.once(outlook).assessments if one.goal is not None and one.spec.by is not None]
    return tuple(sorted(there, key=lambda one: 2.0 if one.chance is None else one.chance))


@figure_function("outlook.targets", aimed=True)
def targets(scope: Scope) -> pd.DataFrame:
    """Return how many targets there are, how many have each status, and how many are not SMART in some letter."""
    judged = scope.once(with_goals)
    counted = {status: sum(one.status == status for one in judged) for status in STATUSES}
    total = {"targets": len(judged), "doubtful": sum(any(one.verdicts.values()) for one in judged)}
    by_status = pd.DataFrame([{"status": name, "count": number} for name, number in counted.items() if number])
    return together(
        tidy(pd.DataFrame([total]), [Quantity("targets", "Targets with a goal and a deadline", "count"),
                                     Quantity("doubtful", "Targets that need a look", "count")]),
        tidy(by_status, [Quantity("count", "Targets of this status", "count")], ["status"]), reason="",
    )  # fmt: skip


@figure_function("outlook.target", tolerance=ITERATED, aimed=True)
def target(scope: Scope, kpi: str, by: str, where: str = "", last: int = 36) -> pd.DataFrame:
    """Return the history of a target's KPI, its projection with 95 % ranges, its goal and the method's errors.

    Parameters
    ----------
    scope : Scope
    kpi, by, where : str
        Which target: its KPI, its deadline as an ISO date, and its own condition.
    last : int
        How many periods of the history.
    """
    found = next((
        one for one in scope.once(with_goals)
        if one.spec.kpi == kpi and str(one.spec.by) == by and (one.spec.where or "") == where
    ), None)  # fmt: skip
    if found is None or found.projection is None or found.projection.reason:
        return none_because("no projection")
    calendar = scope.calendar
    ahead = steps_after(calendar.parse(str(found.history.index[-1])), len(found.projection.frame), scope)
    row = {"goal": found.goal, "baseline": found.baseline, "chance": found.chance}
    return together(
        *_series(found.label, found.unit, found.history.iloc[-last:], found.projection, ahead),
        tidy(pd.DataFrame([row]), [Quantity("goal", "Goal", found.unit), Quantity("baseline", "Baseline", found.unit),
                                   Quantity("chance", "Chance of the target", "chance")]),
        reason="",
    )  # fmt: skip


@figure_function("outlook.projection", tolerance=ITERATED)
def projection(scope: Scope, kpi: str, months: int = 12, last: int = 36) -> pd.DataFrame:
    """Return the last months of a KPI, its projection month by month with 95 % ranges, and the method's errors."""
    history, found = projection_rows(scope, kpi, months)
    if not len(history) or found.reason:
        return none_because(str(found.reason or "there is no complete month"))
    metric = scope.session.catalogue.metric(kpi)
    ahead = steps_after(scope.calendar.parse(str(history.index[-1])), months, scope)
    return together(*_series(metric.label, metric.unit, history.iloc[-last:], found, ahead), reason="")


def _series(label: str, unit: str, history: Series, found: Projection, ahead: Sequence[Period]) -> list[pd.DataFrame]:
    past = pd.DataFrame({"period": history.index.astype(str), "known": history.to_numpy(float), "complete": True})
    steps = found.frame
    future = pd.DataFrame({
        "period": [period.label for period in ahead], "complete": False, "projected": steps["mean"].to_numpy(),
        "projected.ci_low": steps["low"].to_numpy(), "projected.ci_high": steps["high"].to_numpy(),
    })  # fmt: skip
    parts = [
        tidy(past, [Quantity("known", label, unit)]),
        tidy(future, [Quantity("projected", f"{label}, projected", unit)]),
    ]
    method = pd.DataFrame([{"method": None, "method.reason": found.method.rstrip(".")}])
    parts.append(tidy(method, [Quantity("method", "Method in words", unit)]))
    if found.backtest is not None:
        test = found.backtest
        row = {"error": test.error, "naive_error": test.naive_error, "ends": test.ends, "coverage": test.coverage,
               "held_back": test.values}  # fmt: skip
        parts.append(tidy(pd.DataFrame([row]), [
            Quantity("error", "Mean absolute error on ends held back", unit),
            Quantity("naive_error", "The same of the last value", unit), Quantity("ends", "Ends held back", "count"),
            Quantity("coverage", "Values held back within the 95 % range", "percent"),
            Quantity("held_back", "Values held back", "count"),
        ]))  # fmt: skip
    return parts


def projection_rows(scope: Scope, kpi: str, months: int) -> tuple[Series, Projection]:
    """Return the complete months of a KPI by label, and where it is heading."""
    return scope.kept(
        ("projection", kpi, months), lambda: scope.once(outlook).project(kpi, "month", months, where=scope.where)
    )


def steps_after(last: Period, count: int, scope: Scope) -> list[Period]:
    """Return the periods after one."""
    return [scope.calendar.shift(last, step) for step in range(1, count + 1)]


def bands(found: Projection) -> list[tuple[float, list[float], list[float]]]:
    """Return the ranges of a projection, the widest first, from its sample paths."""
    ranges = []
    for level in LEVELS:
        low, high = np.quantile(found.paths, [(1 - level) / 2, (1 + level) / 2], axis=0)
        ranges.append((level, low.tolist(), high.tolist()))
    return ranges


# ------------------------------------------------------------------ what if


@dataclass(frozen=True)
class Scenario:
    """What is judged: a sum with what is reached already, or the last step; where, and against which goal."""

    total: bool
    to_date: float
    ahead: Projection
    place: str
    goal: float | None


def target_of(scope: Scope, kpi: str) -> TargetAssessment | None:
    """Return the target that is set for a KPI, if there is one."""
    return next((one for one in scope.once(outlook).assessments if one.spec.kpi == kpi and one.goal is not None), None)


def scenario(scope: Scope, kpi: str, months: int) -> Scenario:
    """Return what a what-if on a KPI is about: its target where it has one, else the months to come."""
    one, calendar = target_of(scope, kpi), scope.calendar
    known = one is not None and (one.current is not None or not one.total)
    if one is not None and known and one.projection is not None and not one.projection.reason:
        period, found = calendar.parse(one.period), one.projection
        if one.total:  # data that end before the period leave steps that are not part of it
            count = len(calendar.within(period, "month"))
            found = replace(found, frame=found.frame.iloc[-count:], paths=found.paths[:, -count:])
        to_date = one.current if one.total and one.current is not None else 0.0
        return Scenario(one.total, to_date, found, period_label(period, calendar), one.goal)
    history, found = projection_rows(scope, kpi, months)
    future = steps_after(calendar.parse(str(history.index[-1])), months, scope)
    metric, last = scope.session.catalogue.metric(kpi), period_label(future[-1], calendar)
    if scope.session.is_additive(kpi) and not scope.once(outlook).is_stock(metric):
        return Scenario(True, 0.0, found, f"{period_label(future[0], calendar)} to {last}", None)
    return Scenario(False, 0.0, found, last, None)


@figure_function("outlook.what_if", tolerance=ITERATED, aimed=True)
def what_if(scope: Scope, kpi: str, months: int = 12, uplift: float = 0.0) -> pd.DataFrame:
    """Return what a KPI would be as projected, with an uplift, and with what its target needs, each with its chance.

    The slices ``scenario`` are ``as projected``, ``uplift`` and ``needed``. The attrs are those of the `Scenario`.
    """
    history, found = projection_rows(scope, kpi, months)
    if not len(history) or found.reason:
        return none_because(str(found.reason or "there is no complete month"))
    judged, metric = scenario(scope, kpi, months), scope.session.catalogue.metric(kpi)
    rows = [_line(judged, "as projected", 0.0, scope, kpi)]
    if uplift:
        rows.append(_line(judged, "uplift", uplift, scope, kpi))
    needed = None
    if judged.goal is not None:
        needed = needed_uplift(judged.ahead, judged.goal, ON_TRACK, **_way(judged, metric.better))
        needed = None if np.isnan(needed) else float(needed)
    if needed is not None:
        rows.append(_line(judged, "needed", needed, scope, kpi))
    parts = [tidy(pd.DataFrame(rows), [
        Quantity("outcome", f"{metric.label} in {judged.place}", metric.unit),
        Quantity("uplift", "Uplift of every month to come", "percent"),
        Quantity("chance", "Chance of the target", "percent"),
    ], ["scenario"])]  # fmt: skip
    if judged.goal is not None:
        parts.append(tidy(pd.DataFrame([{"goal": judged.goal}]), [Quantity("goal", "Goal", metric.unit)]))
    return together(*parts, reason="", total=judged.total, place=judged.place, goal=judged.goal, needed=needed)


def _line(judged: Scenario, name: str, uplift: float, scope: Scope, kpi: str) -> dict[str, Any]:
    metric = scope.session.catalogue.metric(kpi)
    found = with_uplift(judged.ahead, uplift, bounds=(0.0, 1.0) if metric.interval == "proportion" else None)
    middle, low, high = _outcome(judged, found)
    chance = None
    if judged.goal is not None:
        chance = min(max(probability(found, judged.goal, **_way(judged, metric.better)), 0.01), 0.99)
    return {"scenario": name, "outcome": middle, "outcome.ci_low": low, "outcome.ci_high": high, "uplift": uplift,
            "chance": chance}  # fmt: skip


def _outcome(judged: Scenario, found: Projection) -> tuple[float, float, float]:
    """The mean and the 95 % range of what is judged: a sum over the months, or the last of them."""
    if not judged.total:
        row = found.frame.iloc[-1]
        return float(row["mean"]), float(row["low"]), float(row["high"])
    low, high = np.quantile(judged.to_date + found.paths.sum(axis=1), [0.025, 0.975])
    return float(judged.to_date + found.frame["mean"].sum()), float(low), float(high)


def _way(judged: Scenario, better: str) -> dict[str, Any]:
    side: Literal["lower", "higher"] = "lower" if better == "lower" else "higher"
    return {"to_date": judged.to_date, "total": judged.total, "better": side}


# ------------------------------------------------------------------ what was


@figure_function("outlook.signals")
def routine(scope: Scope, kpi: str, months: int = 12, last: int = 36) -> pd.DataFrame:
    """Return the months of a KPI beside the limits of routine variation (XmR chart), and how many lie beyond."""
    history, _ = projection_rows(scope, kpi, months)
    if len(history.dropna()) < 2:
        return none_because("fewer than two months")
    metric = scope.session.catalogue.metric(kpi)
    frame = signals(history).iloc[-last:]
    table = frame.rename(columns={"lower": "month.ci_low", "upper": "month.ci_high", "value": "month"})
    table = table.assign(period=table["period"].astype(str), complete=True)
    unusual = frame[frame["signal"] != ""]
    count = {"unusual": len(unusual), "months": len(frame)}
    return together(
        tidy(table, [Quantity("month", f"{metric.label}, with the limits of routine variation", metric.unit)]),
        tidy(pd.DataFrame([count]), [Quantity("unusual", "Months beyond routine variation", "count"),
                                     Quantity("months", "Months looked at", "count")]),
        reason="", signals=dict(zip(unusual["period"].astype(str), unusual["signal"], strict=True)),
    )  # fmt: skip


@figure_function("outlook.trend")
def direction(scope: Scope, kpi: str, months: int = 12) -> pd.DataFrame:
    """Return the slope of a KPI a month (Theil-Sen, least squares), p-values, and its level before and after a change.

    The attrs are ``direction`` and ``method`` of the trend, and ``after``, the month after which the level changed.
    """
    history, _ = projection_rows(scope, kpi, months)
    found = trend(history, season_length=SEASON["month"]) if len(history) else None
    if found is None or found.direction is None:
        return none_because(str(found.reason) if found is not None else "")
    unit, line, change = scope.session.catalogue.metric(kpi).unit, least_squares(history), change_point(history)
    row: dict[str, Any] = {"p_value": found.p_value}
    if found.slope is not None and found.slope_low is not None and found.slope_high is not None:
        row |= {"slope": found.slope, "slope.ci_low": found.slope_low, "slope.ci_high": found.slope_high}
    if line.slope is not None and line.low is not None and line.high is not None:
        row |= {"line": line.slope, "line.ci_low": line.low, "line.ci_high": line.high}
    after = change.after is not None and change.mean_before is not None and change.mean_after is not None
    if after:
        row |= {"level": change.mean_after, "level.previous": change.mean_before, "change_p_value": change.p_value}
    return together(
        tidy(pd.DataFrame([row]), [
            Quantity("p_value", "Mann-Kendall test, p", "ratio"), Quantity("slope", "Typical change a month", unit),
            Quantity("line", "Change a month of a straight line", unit),
            Quantity("level", "Mean since the level changed", unit),
            Quantity("change_p_value", "Test of the change of level, p", "ratio"),
        ]),
        reason="", direction=found.direction, method=found.method, after=str(change.after) if after else "",
    )  # fmt: skip
