"""Computation of KPIs: a plan of queries, its execution, and the formulas evaluated into one tidy frame."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from typing import Any

import numpy as np
import pandas as pd

from kpi_analysis.core.errors import UsageError, did_you_mean
from kpi_analysis.core.formula import Operation
from kpi_analysis.core.name_lists import as_names
from kpi_analysis.core.periods import GRAINS, Period, as_many_weeks
from kpi_analysis.metrics.catalogue import Catalogue, Metric
from kpi_analysis.metrics.compute.call_warnings import call_warnings
from kpi_analysis.metrics.compute.data_warnings import (
    ABOVE_WHOLE,
    above_whole,
    data_warnings,
    refuse_if_nothing_is_left,
)
from kpi_analysis.metrics.compute.estimates import add_estimates, estimates
from kpi_analysis.metrics.compute.evaluate import SHIFTED, Evaluator
from kpi_analysis.metrics.compute.execution import run_plan
from kpi_analysis.metrics.compute.measure_values import groups_of
from kpi_analysis.metrics.compute.plan import NeededPeriods, QueryPlan, make_plan
from kpi_analysis.metrics.compute.row_counts import row_counts, row_sets
from kpi_analysis.metrics.compute.selection import AFTER, Group, Periods, Selection
from kpi_analysis.metrics.compute.slices import check_slices
from kpi_analysis.metrics.sources import Sources
from kpi_analysis.metrics.withholding import without_rows_error

FIELDS_BEFORE = ("id", "kpi", "grain", "period", "period_start", "period_end", "complete")
FIELDS_AFTER = (
    "value", "reason", "numerator", "denominator", "rows", "ci_low", "ci_high", "previous", "year_ago",
    "target", "pace", "status", "warnings",
)  # fmt: skip
Columns = dict[str, Any]  # by name, each as long as there are periods times slices
NUMBERS = ("value", "numerator", "denominator", "ci_low", "ci_high", "previous", "year_ago", "target", "pace")


def compute(
    sources: Sources,
    catalogue: Catalogue,
    kpis: str | Sequence[str] | None = None,
    *,
    period: str | Period,
    grain: str | None = None,
    last: int = 1,
    by: str | Sequence[str] = (),
    where: str | None = None,
    as_of: dt.date | None = None,
    compared: bool = True,
    partial: bool = False,
) -> pd.DataFrame:
    """Tidy frame of KPIs for the last periods that end with a period, slice by slice.

    Parameters
    ----------
    sources : Sources
        The connected tables.
    catalogue : Catalogue
        What the KPIs are.
    kpis : str or sequence of str, optional
        Ids; all of the catalogue by default. A text may name several: ``"leads, cost_per_lead"``.
    period : str or Period
        ``2026-Q3``, in the company's own calendar.
    grain : str, optional
        day, week, month, quarter or year; the grain of `period` by default.
    last : int
        How many periods, the last of which ends with `period`.
    by : str or sequence of str
        Dimensions to slice by. A missing dimension value is ``(none)``.
    where : str, optional
        SQL condition over canonical columns.
    as_of : date, optional
        The last day that counts; by default the last day in the data.
    compared : bool
        Whether `previous` and `year_ago` are wanted; a long history holds them already and is read faster without.
    partial : bool
        Whether a frame without any value is wanted where errors in the data keep back all that was asked.

    Returns
    -------
    DataFrame
        One row for each KPI, period and slice: id, kpi, grain, period, period_start, period_end, complete, a column
        for each dimension, value, reason (where there is no value), numerator, denominator, rows, ci_low, ci_high,
        previous, year_ago, target, pace, status, warnings (findings on the data that touch the figure). Rates are
        fractions. An unfinished period is compared with the
        same stretch of the periods before; in a calendar of weeks, previous and year_ago of what is summed over time
        are brought to as many weeks as the period has, so that 53 weeks against 52 are no growth. ``attrs["warnings"]``
        lists what is odd about the condition: words that no row has, rows that it leaves out for want of a value;
        ``attrs["notes"]`` says which sums are brought to as many weeks.

    Raises
    ------
    UsageError
        Unknown KPI, period, grain or dimension.
    ConfigError, DataError
        The company file is wrong, or errors in the data keep back all that was asked.
    """
    if not kpis:
        sources.convert_all()
    catalogue = catalogue.for_tables(sources.connected)
    names = [catalogue.metric(name).name for name in as_names(kpis) or catalogue.metrics]
    by = as_names(by)
    check_slices(sources, by, where)
    end = as_of or sources.last_day()
    if end is None:
        raise without_rows_error(sources)
    calendar = sources.config.calendar
    wanted = calendar.parse(period) if isinstance(period, str) else period
    if grain is not None and grain not in GRAINS:
        raise UsageError(f"'{grain}' is no grain.", remedy=did_you_mean(grain, GRAINS) or f"Use {', '.join(GRAINS)}.")
    if last < 1:
        raise UsageError(f"--last {last}: the number of periods is at least 1.")
    periods = calendar.last(calendar.to_grain(wanted, grain or wanted.grain), last)
    counted = Periods(p.cut(end) if p.start <= end else p for p in periods)
    selection = Selection(sources, catalogue, by, where, end)
    evaluator = Evaluator(selection, run_plan(plan_of(selection, names, counted, compared)))
    if not partial:
        refuse_if_nothing_is_left(selection, evaluator.results, names)
    whole = Periods(periods)
    frame = _frame([_columns(evaluator, catalogue.metric(name), whole, counted, compared) for name in names], by)
    days = periods[0].start, min(periods[-1].end, end)
    frame.attrs["notes"] = [words for one in counted if compared and (words := as_many_weeks(one, calendar))]
    frame.attrs["warnings"] = call_warnings(sources, catalogue, names, where, *days)
    return frame


def plan_of(selection: Selection, names: Sequence[str], periods: Periods, compared: bool = True) -> QueryPlan:
    """Query plan for KPIs in periods that are cut where they are unfinished; nothing is read to make it.

    Parameters
    ----------
    selection : Selection
    names : sequence of str
        Ids of KPIs.
    periods : Periods
    compared : bool
        Whether the periods before and a year ago are needed too.

    Returns
    -------
    QueryPlan
        What must be read, not yet read.
    """
    catalogue = selection.catalogue
    alone = ([measure] for name in names for measure in catalogue.measures_of(name))
    rowsets = [*(members for name in names for members in row_sets(catalogue, name)), *alone]
    return make_plan(selection, _needed(selection, names, periods, compared), rowsets)


def _needed(
    selection: Selection, names: Sequence[str], periods: Periods, compared: bool
) -> Mapping[str, Iterable[Periods]]:
    """The periods in which KPIs need each measure."""
    needed = NeededPeriods(selection.catalogue, selection.sources.config.calendar)
    for name in names:
        needed.add_metric(name, periods)
        for step in SHIFTED if compared else ():
            needed.add_compared(name, periods, step)
        add_estimates(needed, selection, name, periods)
    return needed.found


def _columns(
    evaluator: Evaluator,
    metric: Metric,
    whole: Periods,
    counted: Periods,
    compared: bool,
) -> Columns:
    """One KPI's columns of the frame, period by period and, in each, slice by slice."""
    selection, results = evaluator.selection, evaluator.results
    by, measures = selection.by, selection.catalogue.measures_of(metric.name)
    complete = _complete(selection, metric, measures, whole, counted)
    # what other KPIs need beside this one must not bring slices into it
    present = groups_of(selection, results, _needed(selection, [metric.name], counted, compared)) if by else set()
    shown = [column for column, group in enumerate(results.groups) if not by or group in present]
    if by and not shown:
        missing: Group = (None,) * len(by)  # type: ignore[assignment]
        reasons = [_reason_without_slices(selection, measures, period) for period in whole]
        return _identity(metric, whole, complete, by, [missing]) | {"reason": reasons}
    touched = data_warnings(selection, metric.name)
    values = evaluator.metric(metric.name, counted)
    nothing = np.full(values.numbers.shape, np.nan)
    upper, lower = _parts(evaluator, metric, counted) or (nothing, nothing)
    low, high = (np.where(values.reasons == "", limit, np.nan) for limit in estimates(evaluator, metric, counted))
    previous, year_ago = nothing, nothing
    if compared:  # a young cohort against an old one would always be a fall
        mature = np.array([_is_mature(metric, period, selection.as_of) for period in whole])[:, None]
        previous, year_ago = (
            np.where(mature, evaluator.compared(metric.name, counted, step).numbers, np.nan) for step in SHIFTED
        )
    numbers = {
        "value": values.numbers, "numerator": upper, "denominator": lower,
        "rows": row_counts(evaluator, metric.name, counted),
        "ci_low": low, "ci_high": high, "previous": previous, "year_ago": year_ago,
    }  # fmt: skip
    identity = _identity(metric, whole, complete, by, [results.groups[column] for column in shown])
    why = [reason or None for reason in values.reasons[:, shown].ravel()]
    impossible = above_whole(metric, values.numbers)[:, shown].ravel()
    told = [(*touched, ABOVE_WHOLE) if above else touched for above in impossible]
    return (
        identity
        | {"reason": why, "warnings": told}
        | {name: array[:, shown].ravel() for name, array in numbers.items()}
    )


def _is_mature(metric: Metric, period: Period, end: dt.date) -> bool:
    return metric.matures_in is None or (end - period.end).days >= metric.matures_in


def _complete(
    selection: Selection, metric: Metric, measures: Sequence[str], whole: Periods, counted: Periods
) -> list[bool]:
    """Whether each period is over, wholly in the data, and old enough for what it counts to have happened."""
    return [
        part.complete
        and _is_mature(metric, period, selection.as_of)
        and period.start <= selection.as_of
        and all(selection.covered(measure, part) for measure in measures)
        for period, part in zip(whole, counted, strict=True)
    ]


def _reason_without_slices(selection: Selection, measures: Sequence[str], period: Period) -> str:
    if period.start > selection.as_of:
        return AFTER
    reasons = [selection.resolve(name).reason or selection.gap(name, period) for name in measures]
    return next((reason for reason in reasons if reason), "no rows in the period")


def _parts(evaluator: Evaluator, metric: Metric, periods: Periods) -> tuple[Any, Any] | None:
    """What is divided by what, where a KPI is a ratio."""
    tree = metric.tree
    if not isinstance(tree, Operation) or tree.operator != "/":
        return None
    return evaluator.node(tree.left, periods, metric).numbers, evaluator.node(tree.right, periods, metric).numbers


def _identity(
    metric: Metric, periods: Periods, complete: Sequence[bool], by: Sequence[str], groups: Sequence[Group]
) -> Columns:
    slices = [",".join(f"{name}={value}" for name, value in zip(by, group, strict=True)) for group in groups]
    ends = [f"[{text}]" if text else "" for text in slices]
    size = len(groups)
    each = [period for period in periods for _ in range(size)]
    return {
        "id": [f"{metric.name}@{period.label}{end}" for period in periods for end in ends],
        "kpi": [metric.name] * len(each),
        "grain": [period.grain for period in each],
        "period": [period.label for period in each],
        "period_start": [period.start for period in each],
        "period_end": [period.end for period in each],
        "complete": [done for done in complete for _ in range(size)],
        **{name: [group[place] for group in groups] * len(periods) for place, name in enumerate(by)},
    }


def _frame(parts: Sequence[Columns], by: Sequence[str]) -> pd.DataFrame:
    """Put the KPIs under each other; a column that one lacks is empty there."""
    columns: dict[str, Any] = {}
    for name in (*FIELDS_BEFORE, *by, *FIELDS_AFTER):
        absent: Any = 0 if name == "rows" else () if name == "warnings" else np.nan if name in NUMBERS else None
        found: list[Any] = [part[name] if name in part else [absent] * len(part["id"]) for part in parts]
        if name in ("period_start", "period_end"):
            columns[name] = np.array([*chain.from_iterable(found)], dtype="datetime64[s]")
        elif name in ("reason", "status", "warnings", *by):  # which hold words or None
            columns[name] = pd.Series([*chain.from_iterable(found)], dtype="object")
        else:
            columns[name] = np.concatenate(found) if absent is not None else [*chain.from_iterable(found)]
    return pd.DataFrame(columns)
