"""What each touch before a conversion is credited with: columns that `touchpoints` gets from its own rows.

A journey is all touches of one `path_id` whose time is known. It converted if one of them says so, on the day of its
last touch; its value is that of the touches that say so. Where no touch says whether it converted, one with a value
did. A touch without a channel is part of the journey, but no credit can go to it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection

import ibis
import ibis.expr.types as ir

from kpi_analysis.core.config.company import AttributionSpec
from kpi_analysis.core.schema import TABLES
from kpi_analysis.metrics.sources.dialects import in_byte_order

MOST_HALVINGS = 1000.0  # Postgres refuses powers that are smaller than a float can be


def with_journeys(touches: ir.Table) -> ir.Table:
    """Touchpoints with what their journey came to.

    Parameters
    ----------
    touches : Table
        Canonical touchpoints.

    Returns
    -------
    Table
        With ``kpi_known`` (whether the touch belongs to a journey), ``kpi_ended`` (the day of its last touch),
        ``kpi_converted``, ``kpi_value`` and ``kpi_days`` (days of the touch before that day).
    """
    known = touches.path_id.notnull() & touches.touched_at.notnull()
    rows = touches.mutate(
        kpi_known=known,
        kpi_said=(known & _converted_by_itself(touches)).cast("int32"),
        kpi_day=touches.touched_at.cast("date"),
    )
    worth = rows.value.cast("float64") if "value" in rows.columns else ibis.null("float64")
    of_path = ibis.window(group_by=rows.path_id)
    rows = rows.mutate(
        kpi_ended=rows.kpi_day.max().over(of_path),
        kpi_converted=rows.kpi_known & (rows.kpi_said.max().over(of_path) == 1),
        kpi_value=ibis.ifelse(rows.kpi_said == 1, worth, ibis.null("float64")).sum().over(of_path),
    )
    return rows.mutate(kpi_days=rows.kpi_ended.delta(rows.kpi_day, unit="day"))


def may_count(rows: ir.Table, lag_days: int) -> ir.BooleanValue:
    """Whether a touch has a channel and is not too long before the end of its journey."""
    return rows.kpi_known & rows.channel.notnull() & (rows.kpi_days <= lag_days).fill_null(False)


def touch_order(touches: ir.Table) -> list[ir.Value]:
    """Return the order of the touches of a journey; of one moment, the one that converted is the last."""
    named = ("path_id", "touched_at", "converted")
    ties = [name for name in TABLES["touchpoints"].columns if name in touches.columns and name not in named]
    return [touches.touched_at, touches.kpi_said, *(in_byte_order(touches[name]) for name in ties)]


def with_credits(touches: ir.Table, rule: AttributionSpec, columns: Collection[str]) -> ir.Table:
    """Touchpoints with columns of credit; those of journeys that did not convert have none.

    Parameters
    ----------
    touches : Table
        Canonical.
    rule : AttributionSpec
        By which rule a journey's credit is split, and how many days a touch counts. The rule is applied to the touches
        that count as if there were no others, so that a journey gives away all its credit or, without any, none.
    columns : collection of str
        Which of ``converted_on``, ``credited_conversions`` and ``credited_value``.

    Returns
    -------
    Table
        The touchpoints, with the columns.
    """
    rows = with_journeys(touches)
    rows = rows.mutate(kpi_counts=may_count(rows, rule.lag_days))
    among = [rows.path_id, rows.kpi_counts]
    rows = rows.mutate(
        kpi_place=ibis.row_number().over(group_by=among, order_by=touch_order(rows)).cast("float64"),
        kpi_size=rows.count().over(group_by=among).cast("float64"),
        kpi_decay=ibis.literal(0.5)
        ** ibis.least(rows.kpi_days.cast("float64") / rule.half_life_days, ibis.literal(MOST_HALVINGS)),
    )
    rows = rows.mutate(kpi_sum=rows.kpi_decay.sum().over(group_by=among))
    share = ibis.ifelse(rows.kpi_counts, WEIGHTS[rule.rule](rows), 0.0)
    credits = {
        "converted_on": rows.kpi_ended,
        "credited_conversions": share,
        "credited_value": share * rows.kpi_value,
    }
    credited = {
        name: ibis.ifelse(rows.kpi_converted, credits[name], ibis.null(credits[name].type())) for name in columns
    }
    return rows.mutate(**credited).select(*touches.columns, *credited)


def _converted_by_itself(touches: ir.Table) -> ir.BooleanValue:
    """Whether a touch says that its journey converted."""
    if "converted" in touches.columns:
        return touches.converted.fill_null(False)
    return touches.value.notnull() if "value" in touches.columns else ibis.literal(False)


def _u_shaped(rows: ir.Table) -> ir.FloatingValue:
    end = (rows.kpi_place == 0) | (rows.kpi_place == rows.kpi_size - 1)
    return ibis.cases((rows.kpi_size < 3, 1.0 / rows.kpi_size), (end, 0.4), else_=0.2 / (rows.kpi_size - 2))


def _w_shaped(rows: ir.Table) -> ir.FloatingValue:
    middle = ((rows.kpi_size - 1) / 2).floor().cast("float64")
    peak = (rows.kpi_place == 0) | (rows.kpi_place == middle) | (rows.kpi_place == rows.kpi_size - 1)
    return ibis.cases((rows.kpi_size < 4, 1.0 / rows.kpi_size), (peak, 0.3), else_=0.1 / (rows.kpi_size - 3))


# The same shares as those of the package `attribution`, whose arrays know no engine.
WEIGHTS: dict[str, Callable[[ir.Table], ir.FloatingValue]] = {
    "first": lambda rows: ibis.ifelse(rows.kpi_place == 0, 1.0, 0.0),
    "last": lambda rows: ibis.ifelse(rows.kpi_place == rows.kpi_size - 1, 1.0, 0.0),
    "linear": lambda rows: 1.0 / rows.kpi_size,
    "time_decay": lambda rows: rows.kpi_decay / rows.kpi_sum,
    "u_shaped": _u_shaped,
    "w_shaped": _w_shaped,
}
