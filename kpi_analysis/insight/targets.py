"""Targets judged by data: will we make it, are we on pace, and is the target SMART?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import pandas as pd

from kpi_analysis.core.config.targets import Target
from kpi_analysis.core.status import Status, status_of_chance
from kpi_analysis.stats.projections import Projection

OUT_OF_REACH, NO_STRETCH = 0.05, 0.95
REVIEW_DAYS = {"weekly": 7, "monthly": 31, "quarterly": 92, "yearly": 366}


@dataclass(frozen=True)
class TargetAssessment:
    """What the data say about a target.

    Parameters
    ----------
    spec : Target
        As it is written down.
    label, unit, better : str
        Of its KPI.
    period : str
        The period whose value is judged: ``2026`` for a sum over the year, ``2026-12`` for a stock.
    total : bool
        Whether the value is a sum over that period.
    baseline, goal, current : float, optional
        Where it started, what shall be reached, and where it stands (for a sum: so far).
    expected : float, optional
        Where it should stand by now to be on pace.
    needed : float, optional
        What each remaining step must add (for a sum: bring).
    chance : float, optional
        Share of possible futures that reach the goal.
    reason : str
        Why there is no chance, where there is none.
    status : str
    verdicts : mapping of letter to str
        S, M, A, R, T: empty where fulfilled, else what is missing.
    review_due : date, optional
    history : Series
        Complete periods by label.
    projection : Projection, optional
    """

    spec: Target
    label: str
    unit: str
    better: str
    period: str = ""
    total: bool = False
    baseline: float | None = None
    goal: float | None = None
    current: float | None = None
    expected: float | None = None
    needed: float | None = None
    chance: float | None = None
    reason: str = ""
    status: Status = "none"
    verdicts: Mapping[str, str] = field(default_factory=dict)
    review_due: date | None = None
    history: pd.Series = field(default_factory=lambda: pd.Series(dtype=float))
    projection: Projection | None = None

    @property
    def target(self) -> float:
        """The goal; ask only where there is one."""
        assert self.goal is not None
        return self.goal

    @property
    def owner(self) -> str:
        """Who answers for it."""
        return self.spec.owner

    @property
    def deadline(self) -> date:
        """By when; ask only where there is a deadline."""
        assert self.spec.by is not None
        return self.spec.by

    @property
    def actions(self) -> tuple[str, ...]:
        """What is done for it."""
        return self.spec.actions

    @property
    def pace(self) -> float | None:
        """Where it stands over where it should stand by now: 1 is on pace."""
        if self.current is None or not self.expected:
            return None
        return self.current / self.expected


def assessment_record(one: TargetAssessment) -> dict[str, Any]:
    """Return a judged target as JSON-ready data: what is written down and what the data say."""
    spec = one.spec
    return {
        "kpi": spec.kpi,
        "objective": spec.objective,
        "owner": spec.owner,
        "by": spec.by.isoformat() if spec.by else None,
        "review": spec.review,
        "where": spec.where,
        "actions": list(spec.actions),
        "period": one.period or None,
        "baseline": one.baseline,
        "target": one.goal,
        "current": one.current,
        "expected": one.expected,
        "needed": one.needed,
        "pace": one.pace,
        "chance": one.chance,
        "reason": one.reason or None,
        "status": one.status,
        "smart": dict(one.verdicts),
        "review_due": one.review_due.isoformat() if one.review_due else None,
    }


def projection_record(one: TargetAssessment) -> dict[str, Any] | None:
    """Return the projection behind a judged target as JSON-ready data; None where it is withheld."""
    projection = one.projection
    if projection is None or projection.reason:
        return None
    steps = projection.frame.astype(object).to_dict("records")
    return {
        "kpi": one.spec.kpi,
        "where": one.spec.where,
        "after": str(one.history.index[-1]),
        "method": projection.method,
        "low_evidence": projection.low_evidence,
        "steps": [{str(name): value for name, value in step.items()} for step in steps],
    }


def reached(value: float, goal: float, better: str) -> bool:
    """Whether a value fulfils a goal; lower is better turns it round."""
    return value <= goal if better == "lower" else value >= goal


def status_of(chance: float | None, value: float | None, goal: float | None, better: str, *, over: bool) -> Status:
    """Return on track from 70 %, at risk from 30 %, off track below; hit or missed once the deadline is past.

    Examples
    --------
    >>> status_of(0.7, None, 100, "higher", over=False), status_of(0.29, None, 100, "higher", over=False)
    ('on', 'off')
    >>> status_of(None, 40, 45, "lower", over=True)
    'hit'
    """
    if goal is None:
        return "none"
    if over:
        if value is None:
            return "none"
        return "hit" if reached(value, goal, better) else "missed"
    if chance is None:
        return "none"
    return status_of_chance(chance)


def smart(
    target: Target,
    *,
    known: bool,
    value_reason: str,
    chance: float | None,
    chance_reason: str,
    strategic: bool,
    over: bool,
) -> dict[str, str]:
    """Return the five verdicts: empty where fulfilled, else in a few words what is missing.

    Parameters
    ----------
    target : Target
    known : bool
        Whether its KPI is in the catalogue.
    value_reason : str
        Why the KPI, the baseline or the goal has no value now; empty where all have one.
    chance : float, optional
        Of reaching it.
    chance_reason : str
        Why there is none.
    strategic : bool
        Whether the chain of KPIs that it supports ends in a strategic one.
    over : bool
        Whether the deadline is past: then nothing is out of reach any more.
    """
    verdicts = dict.fromkeys("SMART", "")
    if not known:
        verdicts["S"] = "unknown KPI"
    elif not target.objective or not target.owner:
        verdicts["S"] = "no objective" if not target.objective else "no owner"
    verdicts["M"] = "not measured" if value_reason or not known else ""
    if not over and known and not value_reason:
        if chance is None:
            verdicts["A"] = "not projected" if chance_reason else ""
        elif chance < OUT_OF_REACH:
            verdicts["A"] = "out of reach"
        elif chance > NO_STRETCH:
            verdicts["A"] = "no stretch"
    if not strategic or not target.actions:
        verdicts["R"] = "no actions" if strategic else "no link"
    if target.by is None or target.review is None:
        verdicts["T"] = "no deadline" if target.by is None else "no review"
    return verdicts


def next_review(target: Target, as_of: date) -> date | None:
    """Return when the target is to be looked at next: one review interval after the last day in the data."""
    if target.review is None or target.by is None:
        return None
    return min(as_of + timedelta(days=REVIEW_DAYS[target.review]), max(target.by, as_of))


def expected_by_now(goal: float, *, done: list[float | None], rest: list[float | None], elapsed: float) -> float:
    """Return how much of a sum should be reached by now, by last year's shape of the season.

    Parameters
    ----------
    goal : float
        Over the whole period.
    done, rest : list of float
        Last year's values of the steps that are over this year, and of those to come.
    elapsed : float
        Share of the days that are over, used where last year is not known.

    Examples
    --------
    >>> expected_by_now(1200, done=[50, 50], rest=[200, 100], elapsed=0.5)
    300.0
    >>> expected_by_now(1200, done=[None, 50], rest=[200, 100], elapsed=0.5)
    600.0
    """
    known = [value for value in (*done, *rest) if value is not None and value == value]
    whole = sum(known)
    if len(known) < len(done) + len(rest) or not known or whole <= 0:
        return goal * elapsed
    return goal * sum(value for value in done if value is not None) / whole
