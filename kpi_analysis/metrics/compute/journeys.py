"""The touches before conversions as journeys: one row for each path, as attribution wants them."""

from __future__ import annotations

import ibis
import pandas as pd

from kpi_analysis.core.config.company import settings
from kpi_analysis.core.errors import ConfigError, UsageError
from kpi_analysis.core.periods import Period
from kpi_analysis.metrics import sql
from kpi_analysis.metrics.compute.query_execution import UNSUPPORTED
from kpi_analysis.metrics.sources import Sources
from kpi_analysis.metrics.sources.dialects import dialect_of, first_line
from kpi_analysis.metrics.sources.touchpoint_credit import may_count, touch_order, with_journeys

STEP = " > "


def journeys(
    sources: Sources,
    *,
    period: Period | None = None,
    lag_days: int | None = None,
    where: str | None = None,
    with_days: bool = True,
) -> pd.DataFrame:
    """Return the journeys that ended in a period, path by path.

    Parameters
    ----------
    sources : Sources
        With the table touchpoints.
    period : Period, optional
        A journey belongs to the period in which its last touch lies; all journeys by default.
    lag_days : int, optional
        Touches longer before that day are left out; those of the company file by default.
    where : str, optional
        SQL condition over touchpoints: which touches count. What their journey came to stays as it is, and a journey
        without a touch that counts is left out.
    with_days : bool
        Whether paths with different days are different rows; without, there are fewer rows.

    Returns
    -------
    DataFrame
        `path` (channels in order of time, joined by " > "; a ">" in the name of a channel becomes "›"),
        `conversions`, `value` (where touchpoints have it; a conversion of unknown value adds nothing), `nulls`
        (journeys that did not convert, or not yet) and `days` (of each touch before the last one, ``"12 > 3 > 0"``),
        sorted by path and days.

    Raises
    ------
    ConfigError
        The table is not connected, the condition cannot be read, or the engine refuses the query.
    UsageError
        `lag_days` is below zero.
    """
    lag = sources.config.attribution.lag_days if lag_days is None else lag_days
    if lag < 0:
        raise UsageError(f"lag_days is {lag}; it is a number of days from 0.", remedy="Take 90, as the KPIs do.")
    rows = with_journeys(sources.table("touchpoints"))
    rows = rows.filter(may_count(rows, lag))
    if period is not None:
        rows = rows.filter(rows.kpi_ended.between(period.start, period.last_day))
    if where:
        rows = rows.filter(sql.condition(where, rows, constants=settings(sources.config)))
    rows = rows.mutate(kpi_place=ibis.row_number().over(group_by=rows.path_id, order_by=touch_order(rows)))
    paths = rows.group_by(["path_id", "kpi_converted", "kpi_value"]).aggregate(
        path=rows.channel.replace(">", "›").group_concat(STEP, order_by=rows.kpi_place),
        days=rows.kpi_days.cast("string").group_concat(STEP, order_by=rows.kpi_place),
    )
    keys = ["path", "days"] if with_days else ["path"]
    counted = paths.group_by(keys).aggregate(
        conversions=paths.count(where=paths.kpi_converted).cast("float64"),
        value=paths.kpi_value.fill_null(0.0).sum(where=paths.kpi_converted).fill_null(0.0),
        nulls=paths.count(where=~paths.kpi_converted).cast("float64"),
    )
    try:
        frame: pd.DataFrame = counted.to_pyarrow().to_pandas()
    except Exception as error:  # every driver has an error family of its own
        engine = dialect_of(rows.get_backend()).label
        lacks = f"{engine} cannot join the channels of a journey in order"
        reason = lacks if isinstance(error, UNSUPPORTED) else f"{engine} says {first_line(error)}"
        raise ConfigError(
            f"the journeys cannot be read from touchpoints: {reason}.",
            remedy="Bring the table to DuckDB or PostgreSQL.",
        ) from error
    if "value" not in sources.columns("touchpoints"):
        frame = frame.drop(columns="value")
    columns = ["path", "conversions", "value", "nulls", "days"]
    present = [name for name in columns if name in frame.columns]
    return frame[present].sort_values(keys, ignore_index=True)
