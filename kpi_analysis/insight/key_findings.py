"""What matters in a period of a company: histories are computed, scanned together, and the real findings told."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from statistics import median
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from kpi_analysis.core import formula
from kpi_analysis.core.periods import Period, period_words
from kpi_analysis.core.records import result_values
from kpi_analysis.design.formats import Format
from kpi_analysis.insight.findings import (
    Candidate,
    Days,
    Insight,
    Series,
    aimed,
    gap,
    rank_findings,
    scan,
    scan_days,
    significant,
    told,
)
from kpi_analysis.metrics.catalogue import Metric
from kpi_analysis.metrics.session import OpenCompany
from kpi_analysis.metrics.withholding import sound_tables

MONTHS = 36
MOST = 5
MOST_TARGETS = 1
MOST_SLICES = 12
MOST_DIMENSIONS = 3
LEAST_ROWS = 20  # a month, below which a slice says little
LEAST_SHARE = 0.05  # of the rows of its KPI
YEAR = 365
DAYS = 180
DENSE = 0.98  # share of days with rows, from which a day without any is a gap
RARE = 0.001
GRAINS = ("month", "quarter", "year")


@dataclass(frozen=True)
class Insights:
    """What matters in a period, and the figures that say so.

    Parameters
    ----------
    company : OpenCompany
    period : Period
        Cut at the last day that counts.
    as_of : date
    format : Format
    targets : sequence of mapping
        Judged targets as records.
    where : str, optional
        The part of the company that is reported, as a condition in SQL.
    """

    company: OpenCompany
    period: Period
    as_of: dt.date
    format: Format
    targets: Sequence[Mapping[str, Any]] = ()
    where: str | None = None

    @cached_property
    def found(self) -> tuple[Insight, ...]:
        """The findings that a page has room for, the weightiest first; none where nothing is real."""
        from_targets = [one for one in self.all if one.kind == "target"][:MOST_TARGETS]
        moved = [one for one in self.all if one.kind != "target"]
        shown = from_targets + moved[: MOST - len(from_targets)]
        return tuple(sorted(shown, key=_order))

    @cached_property
    def all(self) -> tuple[Insight, ...]:
        """Every finding, the weightiest first."""
        moved = self._gaps() + self._moved()
        now = self.company.config.calendar.parse(self.period.label).last_day >= self.as_of
        # a report on an earlier period does not speak of what is likely today
        late = aimed(self.targets, self.company.catalogue, self.format) if now else []
        return tuple(sorted([*late, *moved], key=_order))

    @cached_property
    def values(self) -> tuple[dict[str, Any], ...]:
        """The rows of the tidy frame that the sentences of the page quote."""
        quoted = {number.id for one in self.found for number in one.quoted}
        return tuple(row for row in self._rows.values() if row["id"] in quoted)

    @property
    def is_told(self) -> bool:
        """Whether any history is long enough to tell a move from its usual variation."""
        return bool(self.all) or bool(self._tested)

    # ------------------------------------------------------------------ what is looked at

    @cached_property
    def _tested(self) -> list[Candidate]:
        return []

    @cached_property
    def _rows(self) -> dict[tuple[Any, ...], dict[str, Any]]:
        return {}

    @cached_property
    def _months(self) -> int:
        """How many complete months of the period are reported."""
        calendar = self.company.config.calendar
        whole = calendar.parse(self.period.label)
        return sum(month.last_day <= self.as_of for month in calendar.within(whole, "month"))

    @cached_property
    def _last_month(self) -> str:
        calendar = self.company.config.calendar
        whole = calendar.parse(self.period.label)
        return calendar.within(whole, "month")[max(self._months, 1) - 1].label

    def _moved(self) -> list[Insight]:
        if self.period.grain not in GRAINS or not self._months:
            return []
        company = scan(*self._series(self._company_kpis()))
        days = [one for found in self._days() for one in scan_days(found)]
        sliced = [series for dimension, kpis in self._dimensions().items() for series in self._series(kpis, dimension)]
        parts = scan(*sliced)
        self._tested.extend(company + parts)
        aimed_at = {str(record["kpi"]) for record in self.targets}
        groups = rank_findings(significant([*company, *days], parts), self.company.catalogue, aimed_at)
        insights = []
        for group in groups:
            lead = group.lead
            row = self._row(lead)
            if row is not None:
                summed = self.company.is_additive(lead.kpi) and not self._is_stock(
                    self.company.catalogue.metric(lead.kpi)
                )
                if lead.kind == "moved" and summed:
                    lead = replace(lead, low=lead.low * len(lead.months), high=lead.high * len(lead.months))
                names = _Names(self.company)
                insights.append(
                    told(
                        replace(group, lead=lead),
                        row,
                        self.company.catalogue,
                        self.format,
                        names,
                        as_of=self.as_of.isoformat(),
                        summed=summed,
                    )
                )
        return insights

    def _company_kpis(self) -> list[str]:
        """KPIs that are no growth of another one: the growth says the same later and louder."""
        metrics = self.company.catalogue.metrics
        strategic = {name for name, metric in metrics.items() if metric.level == "strategic"}
        return [
            name
            for name, metric in metrics.items()
            if (name in strategic or metric.headline or metric.supports in strategic)
            and not _looks_back(metric)
            and not self.company.catalogue.is_modelled(name)
        ]

    def _dimensions(self) -> dict[str, list[str]]:
        """Text columns with a handful of values, each with the KPIs that matter and can be sliced by it."""
        catalogue, sources = self.company.catalogue, self.company.sources
        aimed_at = {str(record["kpi"]) for record in self.targets}
        matter = [
            name
            for name, metric in catalogue.metrics.items()
            if (metric.headline in (1, 2) or (metric.level == "strategic" and metric.interval) or name in aimed_at)
            and not _looks_back(metric)
        ]
        found: dict[str, list[str]] = {}
        for table in sound_tables(sources):
            for dimension in (name for name in sources.schemas[table].dimensions if name in sources.columns(table)):
                if dimension in found or dimension in ("currency", "kind", "account", "outcome"):
                    continue
                if (table, dimension) in sources.crowded:
                    continue
                # what no KPI can be sliced by need not be read
                sliced = [name for name in matter if self._can_slice(name, dimension)]
                if sliced and 2 <= len(sources.distinct(table, dimension)) <= MOST_SLICES:
                    found[dimension] = sliced
        # the dimensions that divide most KPIs, and those that alone divide one
        shown: dict[str, list[str]] = {}
        for dimension in sorted(found, key=lambda name: -len(found[name])):
            new = set(found[dimension]) - {kpi for kpis in shown.values() for kpi in kpis}
            if len(shown) < MOST_DIMENSIONS or new:
                shown[dimension] = found[dimension] if len(shown) < MOST_DIMENSIONS else sorted(new)
        return shown

    def _can_slice(self, kpi: str, dimension: str) -> bool:
        sources = self.company.sources
        ways = [self.company.catalogue.measures[name].aggregates for name in self.company.catalogue.measures_of(kpi)]
        return all(
            any(way.table in sources.readable and dimension in sources.columns(way.table) for way in either)
            for either in ways
            if either
        )

    def _series(self, kpis: Sequence[str], dimension: str | None = None) -> Iterable[Series]:
        by = [dimension] if dimension else []
        frame = self.company.values(
            kpis,
            period=self._last_month,
            grain="month",
            last=MONTHS,
            by=by,
            where=self.where,
            as_of=self.as_of,
            compared=False,
        )
        # arrays of the whole frame: a pandas object for each of many short histories costs more than looking at it
        value = np.where(frame.complete.to_numpy(bool), frame.value.to_numpy(float), np.nan)
        rows, trials = frame.rows.to_numpy(float), frame.denominator.to_numpy(float)
        labels, places = frame.period.to_list(), _places(frame, ["kpi", *by])
        weights: Counter[str] = Counter()
        for (kpi, *_), at in places.items():
            weights[kpi] += rows[at].sum()
        for (kpi, *words), at in places.items():
            metric = self.company.catalogue.metric(kpi)
            enough = median(rows[at].tolist()) >= LEAST_ROWS and rows[at].sum() >= LEAST_SHARE * weights[kpi]
            if dimension and not (enough and rows[at[-1]]) and not self._is_stock(metric):
                continue
            told = ~np.isnan(value[at])
            if not told[-self._months :].any():
                continue
            at = at[int(np.argmax(told)) :]
            yield Series(
                kpi,
                value[at],
                [labels[place] for place in at],
                self._months,
                self.period.label,
                dict(zip(by, words, strict=True)),
                trials[at] if metric.interval == "proportion" else None,
                self._is_stock(metric),
            )

    def _is_stock(self, metric: Metric) -> bool:
        measures = self.company.catalogue.measures_of(metric.name)
        return all(self.company.catalogue.is_stock(name) for name in measures)

    def _days(self) -> Iterable[Days]:
        """The sums that matter most, day by day."""
        last = self.period.last_day
        length = self.period.days + DAYS
        kpis = [
            name
            for name, metric in self.company.catalogue.metrics.items()
            if metric.level == "strategic"
            and metric.unit == "currency"
            and self.company.is_additive(name)
            and not self._is_stock(metric)
        ]
        if not kpis:
            return
        frame = self.company.values(
            kpis,
            period=last.isoformat(),
            grain="day",
            last=length,
            where=self.where,
            as_of=self.as_of,
            compared=False,
        )
        for kpi, part in frame.groupby("kpi", sort=False):
            history = pd.Series(part.value.to_numpy(float), index=part.period.to_list())
            yield Days(str(kpi), history, length - self.period.days)

    def _row(self, lead: Candidate) -> dict[str, Any] | None:
        """The row of the frame that a finding speaks of: its month or day, or the period reported."""
        label = lead.period if lead.kind == "unusual" else self.period.label
        key = (lead.kpi, label, tuple(lead.slice.items()))
        if key not in self._rows:
            by = tuple(lead.slice)
            frame = self.company.values([lead.kpi], period=label, by=by, where=self.where, as_of=self.as_of)
            for row in result_values(frame, by):
                self._rows[lead.kpi, label, tuple(row["dimensions"].items())] = row
        known = self._rows.get(key)
        return known if known is not None and known["value"] is not None else None

    def _gaps(self) -> list[Insight]:
        """Days without rows in a table that has rows on all others."""
        if self.where is not None:
            return []
        found, catalogue = [], self.company.catalogue
        for table in sound_tables(self.company.sources):
            missing = self._missing_days(table)
            kpi = next((name for name in _by_weight(catalogue.metrics) if self._reads_only(name, table)), None)
            if missing and kpi is not None:
                names = _Names(self.company)
                found.append(
                    gap(kpi, catalogue.metric(kpi), [day.isoformat() for day in missing], names, self.as_of.isoformat())
                )
        return found

    def _missing_days(self, table: str) -> list[dt.date]:
        """The first days in a row without rows that are no accident of few rows."""
        extent = self.company.sources.extent(table)
        if extent.first is None or extent.last is None:
            return []
        begin = max(extent.first, self.period.start - dt.timedelta(days=YEAR))
        end = min(self.period.last_day, extent.last)
        present = self.company.sources.days(table)
        days = [begin + dt.timedelta(days=n) for n in range((end - begin).days + 1)]
        missing = [day for day in days if day not in present]
        if len(missing) > (1 - DENSE) * len(days):
            return []
        return next((run for run in _runs(missing) if run[-1] >= self.period.start and _is_gap(run, missing, days)), [])

    def _reads_only(self, kpi: str, table: str) -> bool:
        measures = [self.company.catalogue.measures[name] for name in self.company.catalogue.measures_of(kpi)]
        return len(measures) == 1 and {way.table for way in measures[0].aggregates} == {table}


class _Names(dict[str, str]):
    """Periods in words, made when asked for."""

    def __init__(self, company: OpenCompany) -> None:
        self.calendar = company.config.calendar

    def __missing__(self, label: str) -> str:
        from kpi_analysis.core.periods import period_label

        period = self.calendar.parse(label)
        return period_words(period) if period.grain in ("day", "month") else period_label(period, self.calendar)


def _places(frame: pd.DataFrame, columns: Sequence[str]) -> dict[tuple[str, ...], npt.NDArray[np.intp]]:
    """The rows of each KPI and slice, in the order of the frame; a slice without a name is none."""
    places: dict[tuple[str, ...], list[int]] = {}
    for place, key in enumerate(zip(*(frame[name].to_list() for name in columns), strict=True)):
        if None not in key:
            places.setdefault(key, []).append(place)
    return {key: np.array(rows) for key, rows in places.items()}


def _order(one: Insight) -> tuple[float, str]:
    return -one.score, one.id


def _by_weight(metrics: Mapping[str, Metric]) -> list[str]:
    return sorted(metrics, key=lambda name: metrics[name].headline or 9)


def _runs(days: Sequence[dt.date]) -> list[list[dt.date]]:
    """Split days into runs that follow each other."""
    runs: list[list[dt.date]] = []
    for day in days:
        if runs and day - runs[-1][-1] == dt.timedelta(days=1):
            runs[-1].append(day)
        else:
            runs.append([day])
    return runs


def _is_gap(run: Sequence[dt.date], missing: Sequence[dt.date], days: Sequence[dt.date]) -> bool:
    """Whether so many empty days in a row would hardly happen, given how rare the others are."""
    rate = max(len(missing) - len(run), 1) / len(days)
    return bool(len(days) * rate ** len(run) < RARE)


def _looks_back(metric: Metric) -> bool:
    """Whether a KPI compares with an earlier period by itself."""
    calls = [part.function for part in formula.walk(metric.tree) if isinstance(part, formula.Call)]
    return bool({"prior", "year_ago", "whole"} & set(calls))
