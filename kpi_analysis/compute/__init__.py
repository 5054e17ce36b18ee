"""The only room where queries run: KPIs of the catalogue in, one tidy frame out."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from kpi_analysis.catalogue import Catalogue, Metric
from kpi_analysis.compute.estimates import estimates, want_estimates
from kpi_analysis.compute.evaluate import Evaluator
from kpi_analysis.compute.measures import AFTER, Group, MeasureReader
from kpi_analysis.compute.slices import check_slices
from kpi_analysis.errors import UsageError, did_you_mean
from kpi_analysis.formula import Operation, Values
from kpi_analysis.periods import GRAINS, Period
from kpi_analysis.sources import Sources

FIELDS_BEFORE = ("id", "kpi", "grain", "period", "period_start", "period_end", "complete")
FIELDS_AFTER = (
    "value", "reason", "numerator", "denominator", "rows", "ci_low", "ci_high", "previous", "year_ago",
    "target", "pace", "status",
)  # fmt: skip
NUMBERS = ("value", "numerator", "denominator", "ci_low", "ci_high", "previous", "year_ago", "target", "pace")


def compute(
    sources: Sources,
    catalogue: Catalogue,
    kpis: Sequence[str] | None = None,
    *,
    period: str | Period,
    grain: str | None = None,
    last: int = 1,
    by: Sequence[str] = (),
    where: str | None = None,
    as_of: dt.date | None = None,
    compared: bool = True,
) -> pd.DataFrame:
    """Compute KPIs for the last periods that end with a period, slice by slice.

    Parameters
    ----------
    sources : Sources
        The connected tables.
    catalogue : Catalogue
        What the KPIs are.
    kpis : sequence of str, optional
        Ids; all of the catalogue by default.
    period : str or Period
        ``2026-Q3``, in the company's own calendar.
    grain : str, optional
        day, week, month, quarter or year; the grain of `period` by default.
    last : int
        How many periods, the last of which ends with `period`.
    by : sequence of str
        Dimensions to slice by. A missing dimension value is ``(none)``.
    where : str, optional
        SQL condition over canonical columns.
    as_of : date, optional
        The last day that counts; by default the last day in the data.
    compared : bool
        Whether `previous` and `year_ago` are wanted; a long history holds them already and is read faster without.

    Returns
    -------
    DataFrame
        One row for each KPI, period and slice: id, kpi, grain, period, period_start, period_end, complete, a column
        for each dimension, value, reason (where there is no value), numerator, denominator, rows, ci_low, ci_high,
        previous, year_ago, target, pace, status. Rates are fractions. An unfinished period is compared with the
        same stretch of the periods before.

    Raises
    ------
    UsageError
        Unknown KPI, period, grain or dimension.
    ConfigError, DataError
        The company file or the data are wrong.
    """
    names = list(dict.fromkeys(catalogue.metric(name).name for name in (kpis or catalogue.metrics)))
    if isinstance(by, str):
        by = [part.strip() for part in by.split(",")]
    check_slices(sources, by, where)
    end = as_of or sources.last_day()
    if end is None:
        raise UsageError("there is no dated row in any connected table.", remedy="Check them with: kpi check")
    calendar = sources.company.calendar
    wanted = calendar.parse(period) if isinstance(period, str) else period
    if grain is not None and grain not in GRAINS:
        raise UsageError(f"'{grain}' is no grain.", remedy=did_you_mean(grain, GRAINS) or f"Use {', '.join(GRAINS)}.")
    if last < 1:
        raise UsageError(f"--last {last}: the number of periods is at least 1.")
    periods = calendar.last(calendar.to_grain(wanted, grain or wanted.grain), last)
    cut = [p.cut(end) if p.start <= end else p for p in periods]

    reader = MeasureReader(sources, catalogue, by, where, end)
    _walk(Evaluator(catalogue, calendar, reader, collecting=True), names, cut, compared)
    for name in names:
        measures = catalogue.measures_of(name)
        reader.want_rows(measures)
        for measure in measures:
            reader.want_rows([measure])
    reader.read()
    evaluator = Evaluator(catalogue, calendar, reader)
    records = [
        record
        for name in names
        for whole, counted in zip(periods, cut, strict=True)
        for record in _records(evaluator, catalogue.metric(name), whole, counted, by, end, compared)
    ]
    return _frame(records, by)


def _walk(evaluator: Evaluator, names: Sequence[str], periods: Sequence[Period], compared: bool) -> None:
    for name in names:
        for period in periods:
            evaluator.metric(name, period)
            if compared:
                evaluator.compared(name, period, "prior")
                evaluator.compared(name, period, "year_ago")
            want_estimates(evaluator, name, period)


def _records(
    evaluator: Evaluator,
    metric: Metric,
    whole: Period,
    counted: Period,
    by: Sequence[str],
    end: dt.date,
    compared: bool,
) -> list[dict[str, Any]]:
    reader, measures = evaluator.reader, evaluator.catalogue.measures_of(metric.name)
    values = evaluator.metric(metric.name, counted)
    previous = year_ago = np.full(len(reader.groups), np.nan)
    if compared:
        previous = evaluator.compared(metric.name, counted, "prior").numbers
        year_ago = evaluator.compared(metric.name, counted, "year_ago").numbers
    upper, lower = _parts(evaluator, metric, counted)
    rows = reader.rows(measures, counted)
    limits = estimates(evaluator, metric, counted)
    mature = metric.matures_in is None or (end - whole.end).days >= metric.matures_in
    complete = counted.complete and mature and whole.start <= end and all(reader.covered(m, counted) for m in measures)
    if not mature:  # a young cohort against an old one would always be a fall
        previous, year_ago = np.full_like(previous, np.nan), np.full_like(year_ago, np.nan)
    present = reader.groups_of(measures)
    records = []
    for index, group in enumerate(reader.groups):
        if by and group not in present:
            continue
        records.append(
            _identity(metric.name, whole, complete, by, group)
            | {
                "value": values.numbers[index],
                "reason": values.reasons[index] or None,
                "numerator": upper[index],
                "denominator": lower[index],
                "rows": rows[index],
                "previous": previous[index],
                "year_ago": year_ago[index],
            }
            | (limits[index] if not values.reasons[index] else {})
        )
    if by and not records:
        missing: Group = (None,) * len(by)  # type: ignore[assignment]
        reason = _reason_without_slices(reader, measures, whole, end)
        records.append(_identity(metric.name, whole, complete, by, missing) | {"reason": reason, "rows": 0})
    return records


def _reason_without_slices(reader: MeasureReader, measures: Sequence[str], period: Period, end: dt.date) -> str:
    if period.start > end:
        return AFTER
    reasons = [reader.readable(name).reason or reader.gap(name, period) for name in measures]
    return next((reason for reason in reasons if reason), "no rows in the period")


def _parts(evaluator: Evaluator, metric: Metric, period: Period) -> tuple[Any, Any]:
    tree = metric.tree
    if isinstance(tree, Operation) and tree.operator == "/":
        return (
            evaluator.node(tree.left, period, metric).numbers,
            evaluator.node(tree.right, period, metric).numbers,
        )
    nothing = Values.missing("", len(evaluator.reader.groups)).numbers
    return nothing, nothing


def _identity(name: str, period: Period, complete: bool, by: Sequence[str], group: Group) -> dict[str, Any]:
    slices = ",".join(f"{dimension}={value}" for dimension, value in zip(by, group, strict=True))
    return {
        "id": f"{name}@{period.label}" + (f"[{slices}]" if slices else ""),
        "kpi": name,
        "grain": period.grain,
        "period": period.label,
        "period_start": period.start,
        "period_end": period.end,
        "complete": bool(complete),
        **dict(zip(by, group, strict=True)),
    }


def _frame(records: list[dict[str, Any]], by: Sequence[str]) -> pd.DataFrame:
    columns = [*FIELDS_BEFORE, *by, *FIELDS_AFTER]
    frame = pd.DataFrame.from_records(records, columns=columns)
    for name in NUMBERS:
        frame[name] = pd.to_numeric(frame[name])
    for name in ("period_start", "period_end"):
        frame[name] = pd.to_datetime(frame[name])
    frame["rows"] = frame["rows"].astype("int64")
    for name in ("reason", "status", *by):
        frame[name] = frame[name].astype("object").where(frame[name].notna(), None)
    return frame
