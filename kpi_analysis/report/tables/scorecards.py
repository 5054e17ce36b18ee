"""The scorecard: one row a KPI, with its history, its changes and its target."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

import pandas as pd

from kpi_analysis.core.records import records
from kpi_analysis.core.status import Status
from kpi_analysis.design.blocks import Cell, Column, Row, Table
from kpi_analysis.design.blocks.model import Tone
from kpi_analysis.design.formats import NBSP, Format, Scale
from kpi_analysis.design.status_words import STATUS_WORDS
from kpi_analysis.design.theme import DEFAULT_THEME, PAGE, SPACE, TYPE, Theme
from kpi_analysis.design.units import difference, is_small_count
from kpi_analysis.report.charts.scales import period_name
from kpi_analysis.report.charts.sparklines import WIDTH as SPARK_WIDTH
from kpi_analysis.report.charts.sparklines import sparkline, sparkline_alt
from kpi_analysis.report.charts.text import TextMeasure
from kpi_analysis.report.tables.cells import NOTHING, MetricInfo, Record, aligned, number_cell, reason_of
from kpi_analysis.stats.trends.xmr import usual_variation

HAIR = 0.5  # mm, by which our measure of words may err
MARKED = "†"  # a figure whose data have faults
SHOWN_FAULTS = 2
_NUMERIC = frozenset({2, 3, 4, 5})  # value, two changes, target


def scorecard(
    frame: pd.DataFrame,
    metrics: Mapping[str, MetricInfo],
    format: Format,
    *,
    id: str = "scorecard",
    title: str = "Scorecard",
    measure: str = "",
    groups: Mapping[str, str] | None = None,
    period_label: str = "",
    previous_label: str = "vs previous",
    year_ago_label: str = "vs year ago",
    history_label: str = "",
    note: str = "",
    theme: Theme = DEFAULT_THEME,
) -> Table:
    """Return one row a KPI: its history, value, changes and, where there are targets, chance and status.

    A change is coloured and semibold only where it is beyond the KPI's usual variation. A KPI without a value
    has its reason across the row. Columns without any content are left out.

    Parameters
    ----------
    frame : DataFrame
        Tidy: kpi, period, value, reason, previous, year_ago and, where there are targets, target, chance
        (0 to 1) and status (on, risk, off, none, hit, missed). One row a KPI and period, in time order; the
        last period of the frame is the one reported.
    metrics : mapping of str to Metric
        The KPIs shown, in their order.
    format : Format
    id, title, measure, note : str
        The words around the table.
    groups : mapping of str to str, optional
        Category to the label above its KPIs, in order. By default each category under its own name.
    period_label, previous_label, year_ago_label, history_label : str
        Heads of the columns: ``Q3 2026``, ``vs Q2``, ``vs Q3 25``, ``12 quarters``.
    theme : Theme
        In whose typeface the columns are as wide as their words.

    Raises
    ------
    ValueError
        If the frame has no rows, or a KPI of `metrics` is not in it.
    """
    if frame.empty or not metrics:
        raise ValueError("Found no rows or no KPIs. Wanted at least one, in the period that is reported.")
    period = str(frame["period"].iloc[-1])
    histories = {name: _history(frame, name) for name in metrics}
    lines = {name: _line(history, metrics[name], period, format) for name, history in histories.items()}
    heads = _scorecard_columns(
        period_label or period_name(period, format),
        previous_label,
        year_ago_label,
        history_label or f"{max(len(h) for h in histories.values())} periods",
    )
    full = {name: line for name, line in lines.items() if len(line) == len(heads)}
    kept = [i for i in range(len(heads)) if i in (0, 2) or any(_has_content(line[i]) for line in full.values())]
    told = aligned(full, _NUMERIC, format.point)
    measure_of = TextMeasure(theme)
    needed = [_needed(head, [cells[i] for cells in told.values()], i, measure_of) for i, head in enumerate(heads)]
    heads = [_wide_enough(head, width) for head, width in zip(heads, needed, strict=True)]
    if 5 not in kept:
        heads = [_roomier(head) for head in heads]
    longest = max(_name_width(line[0], measure_of) for line in lines.values())
    heads = _room_for_names(heads, needed, kept, longest)
    shown = {name: [cells[i] for i in kept] for name, cells in told.items()}
    for name in lines.keys() - full.keys():
        label, reason = lines[name]
        shown[name] = [label, replace(reason, span=len(kept) - 1)]
    if marks := _marks(frame, period, metrics):
        note = f"{note} {marks}".strip()
    rows = _grouped(shown, metrics, groups or {}, len(kept))
    reported = frame[(frame["period"] == period) & frame["kpi"].isin(list(metrics))]
    columns = tuple(heads[i] for i in kept)
    return Table(id, title, measure, columns, rows, note=note, values=records(reported))


def _marks(frame: pd.DataFrame, period: str, metrics: Mapping[str, MetricInfo]) -> str:
    """Return the footnote to the sign of figures whose data have faults: what is wrong, in the words of the check."""
    if "warnings" not in frame:
        return ""
    reported = frame[(frame["period"] == period) & frame["kpi"].isin(list(metrics)) & frame["value"].notna()]
    faults = list(dict.fromkeys(fault for marked in reported["warnings"] for fault in marked))
    if not faults:
        return ""
    more = f"; {len(faults) - SHOWN_FAULTS} more on the last page" if len(faults) > SHOWN_FAULTS else ""
    return f"{MARKED} The data behind it have faults: {'; '.join(faults[:SHOWN_FAULTS])}{more}."


def _grouped(
    shown: Mapping[str, list[Cell]], metrics: Mapping[str, MetricInfo], named: Mapping[str, str], width: int
) -> tuple[Row, ...]:
    """Return the rows under the labels of their categories; a category that nobody named names itself."""
    categories = dict.fromkeys([*named, *(metric.category for metric in metrics.values())])
    rows: list[Row] = []
    for category in categories:
        members = [name for name, metric in metrics.items() if metric.category == category]
        label = named.get(category, category.replace("_", " ").capitalize())
        if members and label:
            rows.append(Row((Cell(label, span=width),), kind="group"))
        rows += [Row(tuple(shown[name])) for name in members]
    return tuple(rows)


def _scorecard_columns(period: str, previous: str, year_ago: str, history: str) -> list[Column]:
    return [
        Column("KPI, unit"),
        Column(history, align="center", width="25mm"),
        Column(period, align="right", width="15mm"),
        Column(previous, align="right", width="18mm"),
        Column(year_ago, align="right", width="18mm"),
        Column("Target", align="right", width="20mm"),
        Column("Chance", align="right", width="14mm"),
        Column("Status", width="21mm"),
    ]


def _needed(head: Column, cells: Sequence[Cell], i: int, measure: TextMeasure) -> float:
    """Return how many mm a column cannot do without: its numbers with their pads and the slot for suffixes."""
    if i == 1:
        return SPARK_WIDTH + SPACE.cell_x
    if i not in _NUMERIC:
        words = [SPACE.status_mark + 2 + measure.width(c.text, TYPE.table, bold=c.strong) for c in cells if c.status]
        return max([measure.width(head.label, TYPE.table_head, bold=True), *words]) + 2 * SPACE.cell_x
    numbers = [measure.width(c.text + c.pad, TYPE.table, bold=True) for c in cells]
    slot = SPACE.suffix_slot if any(c.suffix for c in cells) else 0.0
    return max([measure.width(head.label, TYPE.table_head, bold=True), *numbers]) + slot + 2 * SPACE.cell_x


def _wide_enough(head: Column, needed: float) -> Column:
    if not head.width.endswith("mm"):
        return head
    # a head of two or more words may take a second line instead
    least = _mm(head)
    return replace(head, width=f"{max(least, math.ceil(10 * min(needed, least + 12)) / 10):g}mm")


def _room_for_names(
    heads: Sequence[Column], needed: Sequence[float], kept: Sequence[int], longest: float
) -> list[Column]:
    """Return the columns with as much of the room that they can spare as the longest name lacks."""
    lacking = longest - (PAGE.full - sum(_mm(heads[i]) for i in kept[1:]))
    spare = {i: max(0.0, _mm(heads[i]) - needed[i] - HAIR) for i in kept[1:]}
    given = min(1.0, max(0.0, lacking) / (sum(spare.values()) or 1.0))
    return [
        replace(head, width=f"{math.floor(10 * (_mm(head) - given * spare[i])) / 10:g}mm") if i in spare else head
        for i, head in enumerate(heads)
    ]


def _name_width(name: Cell, measure: TextMeasure) -> float:
    words = measure.width(f"{name.text} ", TYPE.table) + measure.width(name.unit, TYPE.measure)
    return math.ceil(words) + SPACE.cell_x


def _mm(column: Column) -> float:
    return float(column.width.removesuffix("mm"))


def _roomier(head: Column) -> Column:
    """Return a column with the room that the absent targets leave, so that numbers stay near their names."""
    return replace(head, width=f"{_mm(head) * 1.4:g}mm") if head.width.endswith("mm") else head


def _history(frame: pd.DataFrame, kpi: str) -> list[Record]:
    rows = list(records(frame[frame["kpi"] == kpi]))
    if not rows:
        raise ValueError(f"Found no row of the KPI '{kpi}' in the frame. Compute it together with the others.")
    return rows


def _line(history: Sequence[Record], metric: MetricInfo, period: str, f: Format) -> list[Cell]:
    """Return a KPI's cells for all eight columns, or its name and the reason why there is no value."""
    now: Record = history[-1] if history[-1].get("period") == period else {"reason": "no row for this period"}
    value: float | None = now.get("value")
    befores = [now.get("previous"), now.get("year_ago")]
    scale = f.scale([value], metric.unit) if value is None else f.scale_of_change(value, befores, metric.unit)
    label = f"{metric.label}{NBSP}{MARKED}" if now.get("warnings") and value is not None else metric.label
    name = Cell(label, unit=f.unit_label(metric.unit, scale, metric.better))
    if value is None:
        unscaled = f.unit_label(metric.unit, better=metric.better)
        return [replace(name, unit=unscaled), Cell(reason_of(now), tone="muted")]
    return [
        name,
        _spark(history, metric, f),
        replace(number_cell(value, metric.unit, scale, f), strong=True),
        _change(history, "previous", metric, f),
        _change(history, "year_ago", metric, f),
        *_target(now, metric, scale, f),
    ]


def _spark(history: Sequence[Record], metric: MetricInfo, f: Format) -> Cell:
    values = [row.get("value") for row in history]
    if sum(v is not None for v in values) < 2:
        return Cell()
    periods = [str(row["period"]) for row in history]
    year, _, rest = periods[-1].partition("-")
    before = f"{int(year) - 1}-{rest}" if rest and year.isdigit() else ""
    ring = periods.index(before) if before in periods else None
    alt = sparkline_alt(metric.label, values, f, metric.unit)
    return Cell(svg=sparkline(values, ring=ring), alt=alt)


def _change(history: Sequence[Record], against: str, metric: MetricInfo, f: Format) -> Cell:
    now = history[-1]
    words = f.change(now.get("value"), now.get(against), metric.unit)
    moved = difference(now.get("value"), now.get(against), metric.unit)
    if words is None or moved is None:
        return NOTHING
    alike = [row for row in history[:-1] if _is_told_alike(row, now, against, metric.unit)]
    earlier = [difference(row.get("value"), row.get(against), metric.unit) for row in alike]
    limits = usual_variation([change for change in earlier if change is not None])
    if limits is None or limits[0] <= moved <= limits[1]:
        return Cell(words[0], suffix=words[1], tone="muted")
    tone: Tone = "plain"
    if metric.better != "neutral" and moved:
        tone = "good" if (moved > 0) == (metric.better == "higher") else "bad"
    return Cell(words[0], suffix=words[1], tone=tone, strong=True)


def _is_told_alike(row: Record, now: Record, against: str, unit: str) -> bool:
    """Whether both changes are counts, or both are growth: only then are they of one kind."""
    if row.get("value") is None or row.get(against) is None:
        return False
    return is_small_count(row["value"], row[against], unit) == is_small_count(now["value"], now[against], unit)


def _target(now: Record, metric: MetricInfo, scale: Scale, f: Format) -> list[Cell]:
    target, chance = now.get("target"), now.get("chance")
    status: Status = now.get("status") or "none"
    goal = NOTHING
    if target is not None:
        goal = number_cell(target, metric.unit, scale, f)
        goal = replace(goal, text=f"≤ {goal.text}") if metric.better == "lower" else goal
        goal = replace(goal, suffix=goal.suffix + str(now.get("target_scope") or ""))
    likely = Cell(f.chance(chance)) if chance is not None else NOTHING
    bad = status in ("off", "missed")
    tone: Tone = "bad" if bad else "muted" if status == "none" else "plain"
    return [goal, likely, Cell(STATUS_WORDS[status], status=status, tone=tone, strong=bad)]


def _has_content(cell: Cell) -> bool:
    return bool(cell.text or cell.svg) and cell != NOTHING and cell.status != "none"
