"""A KPI as a figure: over time, and side by side for the values of a dimension."""

from __future__ import annotations

from kpi_analysis.core.periods import period_label, period_words
from kpi_analysis.core.records import records, result_values
from kpi_analysis.design.blocks import Figure
from kpi_analysis.insight.figures import figure_values, only, slices, wide
from kpi_analysis.insight.figures.history import from_first_complete
from kpi_analysis.metrics.compute.selection import BEFORE
from kpi_analysis.metrics.compute.slices import known_columns
from kpi_analysis.report import messages
from kpi_analysis.report.charts.base import Width
from kpi_analysis.report.charts.columns import columns_over_time
from kpi_analysis.report.charts.lines import line_over_time
from kpi_analysis.report.charts.rankings import Reference, ranking
from kpi_analysis.report.charts.series import Groups, TimeSeries
from kpi_analysis.report.sections.context import HISTORY, ReportContext
from kpi_analysis.stats.intervals import FEW_TRIALS

FINER = {"year": "quarter", "quarter": "month", "month": "week", "week": "day", "day": "day"}
LONGEST_RANKING = 40


def over_time(
    context: ReportContext, kpi: str, *, grain: str | None = None, width: Width = "full", bars: bool = False
) -> Figure | None:
    """A KPI over the months (or `grain`) that end with the period, as a line or as columns."""
    grain = grain or FINER[context.period.grain]
    frame = context.compute((kpi,), grain=grain, last=HISTORY[grain])
    frame = from_first_complete(frame[frame.reason != BEFORE])
    if frame.empty or frame.value.isna().all():
        return None
    metric, rows = context.metric(kpi), records(frame)
    last = max((i for i, row in enumerate(rows) if row["value"] is not None))
    calendar = context.company.config.calendar
    last_period = calendar.parse(rows[last]["period"])
    if last_period.start <= context.as_of < last_period.end:
        last_period = last_period.cut(context.as_of)
    place = period_label(last_period, calendar) if last_period.complete else period_words(last_period)
    against, before = context.base_of(rows[last], last_period)
    told = last_period.complete and rows[last][against] is not None
    caption = context.caption(
        id=f"{kpi}_by_{grain}",
        title=messages.sentence(metric, rows[last], place, context.format, against=against),
        measure=("By" if width == "half" else f"{metric.label} by")  # its title begins with the name already
        + f" {grain}, {{unit}}{f', against {before}' if told else ''}",
        values=result_values(frame),
    )
    chart = columns_over_time if bars else line_over_time
    series = TimeSeries(
        [row["period"] for row in rows],
        [row["value"] for row in rows],
        metric.unit,
        complete=[row["complete"] for row in rows],
        reasons=[row["reason"] for row in rows],
    )
    return chart(caption, series, format=context.format, width=width)


def by_dimension(
    context: ReportContext, kpi: str, *, by: str, width: Width = "full", most: int = LONGEST_RANKING
) -> Figure | None:
    """A KPI for each value of a dimension, sorted, with its interval and the company's own value as a line."""
    metric = context.metric(kpi)
    whole = records(context.compute((kpi,)))[0]
    if whole["value"] is None or not any(by in names for names in known_columns(context.company.sources).values()):
        return None
    frame = context.compute((kpi,), by=(by,))
    frame = frame[frame.value.notna() & (frame.rows > 0)].sort_values("value", ascending=False, kind="stable")
    if len(frame) < 2:
        return None
    parts_add_up = metric.unit in ("currency", "count") and frame.value.ge(0).all() and context.company.is_additive(kpi)
    low_ends = 0 if parts_add_up else most // 2  # a sum is told by its biggest parts, a rate by both its ends
    cut = len(frame) > most
    shown = frame.iloc[[*range(most - low_ends), *range(len(frame) - low_ends, len(frame))]] if cut else frame
    rows = records(shown)
    enough = [row for row in rows if row["rows"] >= FEW_TRIALS]  # one of one is no record
    ends = enough if len(enough) > 1 else rows
    lowest, highest = ((str(ends[i][by]), float(ends[i]["value"])) for i in (-1, 0))
    notes = []
    if rows[0]["ci_low"] is not None:
        by_chance = round(len(rows) * slices.BY_CHANCE)
        chance = f" Of {len(rows)}, about {by_chance} would miss the line by chance alone." if by_chance else ""
        notes.append(f"Bands: 95% intervals.{chance}")
    if cut:
        lowest_too = f" and {low_ends} lowest" if low_ends else ""
        notes.append(f"The {most - low_ends} highest{lowest_too} of {len(frame)}.")
    if metric.unit == "count" and not context.company.is_additive(kpi):
        notes.append("One that stands in two slices counts in each: the slices do not add up to the whole.")
    quoted = (*result_values(shown, (by,)), *result_values(context.compute((kpi,))))
    if notes:
        quoted = (*quoted, *figure_values(slices.slice_counts(context.scope, kpi, by)))
    title = messages.spread(metric, lowest, highest, by, context.format)
    if parts_add_up:
        largest = only(slices.shares(context.scope, kpi, by), **{by: highest[0]})
        title = messages.biggest(metric, highest[0], wide(largest, by=[by])["share"].iloc[0], by, context.format)
        quoted = (*quoted, *figure_values(largest))
    caption = context.caption(
        id=f"{kpi}_by_{by}",
        title=title,
        measure=f"{metric.label} by {by}, {{unit}}, {context.period_name}",
        note=" ".join(notes),
        values=quoted,
    )
    return ranking(
        caption,
        Groups(
            [str(row[by]) for row in rows],
            [row["value"] for row in rows],
            metric.unit,
            low=[row["ci_low"] for row in rows],
            high=[row["ci_high"] for row in rows],
            counts=[row["rows"] for row in rows],
        ),
        format=context.format,
        reference=Reference(whole["value"] if metric.unit in ("percent", "ratio", "days") else None, "all"),
        better=metric.better,
        width=width,
    )
