"""Will we make it? Histories are computed, projected and held against the targets."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Literal

import numpy as np
import pandas as pd

from kpi_analysis.core.config.targets import Target
from kpi_analysis.core.errors import DataFinding, KpiError, did_you_mean
from kpi_analysis.core.periods import Period
from kpi_analysis.insight.targets import TargetAssessment, expected_by_now, next_review, smart, status_of
from kpi_analysis.metrics import sql
from kpi_analysis.metrics.catalogue import Metric
from kpi_analysis.metrics.compute.call_warnings import unknown_words
from kpi_analysis.metrics.session import OpenCompany
from kpi_analysis.stats.projections import Projection, probability, project

SEASON = {"day": 7, "week": 52, "month": 12, "quarter": 4, "year": 1}
HISTORY = {"day": 400, "week": 156, "month": 60, "quarter": 24, "year": 12}


@dataclass(frozen=True)
class Outlook:
    """The outlook of a company as of a day.

    Parameters
    ----------
    company : OpenCompany
    as_of : date
        The last day that counts.
    where : str, optional
        The part of the company that is looked at: only targets set for just this part count. By default all do.
    """

    company: OpenCompany
    as_of: dt.date
    where: str | None = None
    _histories: dict[tuple[str, str, str | None], pd.Series] = field(default_factory=dict, repr=False)

    @property
    def targets(self) -> tuple[Target, ...]:
        """The targets that count here."""
        if self.where is None:
            return self.company.targets
        here = _plain(self.where)
        return tuple(target for target in self.company.targets if target.where and _plain(target.where) == here)

    def history(self, kpi: str, grain: str, *, where: str | None = None) -> pd.Series:
        """Return the complete periods of a KPI by label; a period without a value is a gap."""
        key = (kpi, grain, where)
        if key not in self._histories:
            self._histories[key] = self._history(kpi, grain, where)
        return self._histories[key]

    def _history(self, kpi: str, grain: str, where: str | None) -> pd.Series:
        calendar = self.company.config.calendar
        last = calendar.containing(self.as_of, grain)
        frame = self.company.values(
            [kpi],
            period=last.label,
            grain=grain,
            last=HISTORY[grain],
            where=where,
            as_of=self.as_of,
            compared=False,
        )
        series = pd.Series(frame.value.to_numpy(float), index=frame.period.to_list(), name=kpi)
        told = frame.complete.to_numpy(bool) & frame.value.notna().to_numpy()
        if not told.any():
            return series.iloc[:0]
        first = int(np.argmax(told))
        end = len(series) if frame.complete.iloc[-1] else len(series) - 1
        return series.iloc[first:end].where(pd.Series(told[first:end], index=series.index[first:end]))

    def project(self, kpi: str, grain: str, horizon: int, *, where: str | None = None) -> tuple[pd.Series, Projection]:
        """Return the complete history of a KPI and where it is heading."""
        metric = self.company.catalogue.metric(kpi)
        history = self.history(kpi, grain, where=where)
        is_rate = metric.interval == "proportion"
        projection = project(
            history,
            horizon,
            season_length=SEASON[grain],
            non_negative=metric.unit in ("count", "currency", "days", "hours") and bool((history.dropna() >= 0).all()),
            bounds=(0.0, 1.0) if is_rate else None,
        )
        return history, projection

    @cached_property
    def assessments(self) -> tuple[TargetAssessment, ...]:
        """Every target that counts here, judged."""
        return tuple(self.judge(target) for target in self.targets)

    def judge(self, target: Target) -> TargetAssessment:
        """Judge one target: its chance, its pace, its status, and whether it is SMART."""
        catalogue = self.company.catalogue
        if target.kpi not in catalogue.metrics:
            verdicts = smart(
                target, known=False, value_reason="", chance=None, chance_reason="", strategic=False, over=False
            )
            return TargetAssessment(target, target.kpi, "count", "higher", reason="unknown KPI", verdicts=verdicts)
        metric = catalogue.metric(target.kpi)
        assessments = TargetAssessment(
            target, metric.label, metric.unit, metric.better, review_due=next_review(target, self.as_of)
        )
        assessments, over = self._measured(assessments, metric)
        verdicts = smart(
            target,
            known=True,
            value_reason=assessments.reason if assessments.goal is None or assessments.current is None else "",
            chance=assessments.chance,
            chance_reason=assessments.reason,
            strategic=self._is_strategic(target.supports or target.kpi),
            over=over,
        )
        return replace(assessments, verdicts=verdicts)

    def _measured(self, assessments: TargetAssessment, metric: Metric) -> tuple[TargetAssessment, bool]:
        target = assessments.spec
        stock = self.is_stock(metric)
        additive = self.company.is_additive(target.kpi) and not stock
        baseline, reason = self._baseline(target)
        goal = target.goal.value(baseline)
        assessments = replace(assessments, baseline=baseline, goal=goal, total=additive)
        if goal is None:
            return replace(assessments, reason=reason or "the baseline has no value"), False
        whole = self.judged_period(target)
        if whole is None:
            return replace(assessments, reason="no deadline"), False
        step = "month" if additive or stock else whole.grain
        assessments = replace(assessments, period=whole.label)
        if whole.end <= self.as_of:
            value, reason = self._value(target, whole.label)
            status = status_of(None, value, goal, metric.better, over=True)
            return replace(assessments, current=value, reason=reason, status=status), True
        return self._ahead(assessments, metric, whole, step), False

    def _ahead(self, assessments: TargetAssessment, metric: Metric, whole: Period, step: str) -> TargetAssessment:
        """Judge a target whose deadline is to come."""
        target, calendar, goal = assessments.spec, self.company.config.calendar, assessments.goal
        assert goal is not None
        history = self.history(target.kpi, step, where=target.where)
        if history.dropna().empty:
            _, reason = self._value(target, calendar.containing(self.as_of, step).label)
            return replace(assessments, reason=reason or "no complete period")
        last = calendar.parse(str(history.index[-1]))
        horizon = 0
        while calendar.shift(last, horizon).end < whole.end:
            horizon += 1
        history, projection = self.project(target.kpi, step, horizon, where=target.where)
        assessments = replace(assessments, history=history, projection=projection)
        if assessments.total:
            assessments = self._sum_so_far(assessments, whole, step, last, horizon)
        else:
            assessments = self._level_so_far(assessments, last, horizon)
        if projection.reason:
            return replace(assessments, reason=projection.reason)
        if assessments.total and assessments.current is None:
            return assessments  # what is reached so far is not known, which is not nothing
        to_date = assessments.current if assessments.total and assessments.current is not None else 0.0
        steps = min(horizon, len(calendar.within(whole, step))) if assessments.total else horizon
        ahead = replace(projection, paths=projection.paths[:, -steps:])
        better: Literal["lower", "higher"] = "lower" if metric.better == "lower" else "higher"
        chance = probability(ahead, goal, to_date=to_date, total=assessments.total, better=better)
        return replace(assessments, chance=chance, status=status_of(chance, None, goal, metric.better, over=False))

    def _sum_so_far(
        self, assessments: TargetAssessment, whole: Period, step: str, last: Period, horizon: int
    ) -> TargetAssessment:
        """How much of a sum is reached by the complete steps, and how much should be."""
        calendar, goal = self.company.config.calendar, assessments.goal
        assert goal is not None
        steps = [period.label for period in calendar.within(whole, step)]
        done = [label for label in steps if calendar.parse(label).end <= last.end]
        known = assessments.history
        so_far = float(sum(known.get(label, np.nan) for label in done)) if done else 0.0
        if np.isnan(so_far):
            return replace(assessments, reason="a month of the period has no value")

        def year_ago(labels: list[str]) -> list[float | None]:
            ago = [calendar.year_ago(calendar.parse(label)) for label in labels]
            return [None if p is None or p.label not in known.index else float(known[p.label]) for p in ago]

        rest = [label for label in steps if label not in done]
        elapsed = sum(calendar.parse(label).days for label in done) / whole.full_days
        expected = expected_by_now(goal, done=year_ago(done), rest=year_ago(rest), elapsed=elapsed)
        needed = (goal - so_far) / len(rest) if rest else None
        return replace(assessments, current=so_far, expected=expected if done else None, needed=needed)

    def _level_so_far(self, assessments: TargetAssessment, last: Period, horizon: int) -> TargetAssessment:
        """Where a level stands, and where it should stand on a straight line from the baseline to the goal."""
        current = float(assessments.history.iloc[-1])
        if np.isnan(current):
            return replace(assessments, reason=f"{last.label} has no value")
        assert assessments.goal is not None
        expected = None
        start = assessments.spec.baseline
        if isinstance(start, str) and assessments.baseline is not None:
            begun = self.company.config.calendar.parse(start).end
            whole = (assessments.spec.by - begun).days if assessments.spec.by else 0
            share = (last.end - begun).days / whole if whole > 0 else 1.0
            expected = assessments.baseline + (assessments.goal - assessments.baseline) * min(max(share, 0.0), 1.0)
        needed = (assessments.goal - current) / horizon if horizon else None
        return replace(assessments, current=current, expected=expected, needed=needed)

    def judged_period(self, target: Target) -> Period | None:
        """Return the period whose value is judged: the one with its deadline, as long as that of its baseline.

        Without such a baseline it is a year of a sum, a month of a stock and a quarter of all else. None without a
        deadline, or where the KPI is not known.
        """
        calendar = self.company.config.calendar
        if target.by is None or target.kpi not in self.company.catalogue.metrics:
            return None
        if isinstance(target.baseline, str):
            return calendar.containing(target.by, calendar.parse(target.baseline).grain)
        if self.is_stock(self.company.catalogue.metric(target.kpi)):
            return calendar.containing(target.by, "month")
        return calendar.containing(target.by, "year" if self.company.is_additive(target.kpi) else "quarter")

    def _baseline(self, target: Target) -> tuple[float | None, str]:
        if target.baseline is None or not isinstance(target.baseline, str):
            return target.baseline, ""
        return self._value(target, target.baseline)

    def _value(self, target: Target, period: str) -> tuple[float | None, str]:
        row = self.company.values(
            [target.kpi], period=period, where=target.where, as_of=self.as_of, compared=False
        ).iloc[0]
        return (None, str(row.reason)) if pd.isna(row.value) else (float(row.value), "")

    def is_stock(self, metric: Metric) -> bool:
        """Whether a KPI is read at the end of a period."""
        measures = self.company.catalogue.measures_of(metric.name)
        return all(self.company.catalogue.is_stock(name) for name in measures)

    def _is_strategic(self, kpi: str | None) -> bool:
        """Whether the chain of what a KPI supports ends in a strategic one."""
        seen: set[str] = set()
        while kpi is not None and kpi in self.company.catalogue.metrics and kpi not in seen:
            metric = self.company.catalogue.metrics[kpi]
            if metric.level == "strategic":
                return True
            seen.add(kpi)
            kpi = metric.supports
        return False


def _plain(condition: str) -> str:
    """A condition without regard to blanks, so that two ways of writing it are the same."""
    return "".join(condition.split())


def check_targets(company: OpenCompany, as_of: dt.date | None) -> list[DataFinding]:
    """Return what is wrong with the targets: an error where one is not S, M or T, a warning on A and R."""
    if as_of is None:
        return []
    outlook, findings = Outlook(company, as_of), []
    needs = {
        "S": "Name a KPI of the catalogue, the objective and the owner.",
        "M": "Connect what the KPI needs, and give a baseline that has a value.",
        "A": "Set it so that it is neither out of reach nor no stretch.",
        "R": "Say which KPI it supports, up to a strategic one, and what is done for it.",
        "T": "Give a deadline (by: 2026-12-31) and how often it is reviewed (review: monthly).",
    }
    for target in company.targets:
        file, line = target.place
        try:
            assessments = outlook.judge(target)
        except KpiError as error:
            findings.append(DataFinding.of(f"target {target.kpi}", error))
            continue
        for words in unknown_words(company.sources, sql.compared_words(target.where)) if target.where else ():
            sentence = words if words.endswith("?") else f"{words}."
            findings.append(
                DataFinding(
                    "warning", f"target {target.kpi}", sentence, "Mend `where`.", str(file) if file else None, line
                )
            )
        for letter, missing in assessments.verdicts.items():
            if missing:
                level = "error" if letter in "SMT" else "warning"
                hint = did_you_mean(target.kpi, company.catalogue.metrics) if missing == "unknown KPI" else ""
                why = f" ({assessments.reason})" if letter in "MA" and assessments.reason else ""
                findings.append(
                    DataFinding(
                        level,  # type: ignore[arg-type]
                        f"target {target.kpi}",
                        f"not {NAMES[letter]}: {missing}{why}.",
                        hint or needs[letter],
                        str(file) if file else None,
                        line,
                    )
                )
    return findings


NAMES = {"S": "specific", "M": "measurable", "A": "attainable", "R": "relevant", "T": "time-bound"}
