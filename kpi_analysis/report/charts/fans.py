"""A KPI's history, where it is going, how sure that is, and what its target asks."""

from __future__ import annotations

import math
from collections.abc import Sequence

from kpi_analysis.design.blocks import Cell, Column, Figure, Row
from kpi_analysis.design.formats import Format
from kpi_analysis.report.charts.base import Caption, Width
from kpi_analysis.report.charts.fan_drawing import FILLS, Band, FanData, fan_svg, level_words
from kpi_analysis.report.charts.scales import alt_range, is_known, known, tick_words

_NOTHING = Cell("–", tone="muted")


def fan(
    caption: Caption,
    periods: Sequence[str],
    values: Sequence[float | None],
    *,
    future_periods: Sequence[str],
    mean: Sequence[float],
    bands: Sequence[Band],
    unit: str,
    format: Format,
    target: float | None = None,
    target_period: str | None = None,
    deadline_label: str = "",
    baseline: tuple[int, float] | None = None,
    complete: Sequence[bool] | None = None,
    reasons: Sequence[str | None] | None = None,
    width: Width = "full",
) -> Figure:
    """Return the history with its projection as a fan: where is this going, and will it reach its target?

    Parameters
    ----------
    caption : Caption
    periods : sequence of str
        ``2026-Q3`` or ``2026-09``, in time order.
    values : sequence of float or None
        One a period; a missing one breaks the line, and its reason stands in the note.
    future_periods : sequence of str
        What follows, at least as far as the projection and the target. The first may be the unfinished
        period with which the history ends.
    mean : sequence of float
        The projection, one a future period from the first; none where it is withheld.
    bands : sequence of (level, lows, highs)
        Up to three ranges around the mean, ``(0.95, lows, highs)``; drawn from the widest to the narrowest.
    unit : str
        Of the KPI.
    format : Format
    target : float, optional
        What is to be reached in `target_period`.
    target_period : str, optional
        One of the periods or of the future ones.
    deadline_label : str
        ``Deadline 31 Dec 2026``.
    baseline : (index, value), optional
        Where the way to the target starts; without one the way starts at the last actual.
    complete : sequence of bool, optional
        Whether each period is over; one that is not is drawn apart. All, by default.
    reasons : sequence of str or None, optional
        Why a value is missing.
    width : str
        ``full`` comes with a half-width variant for small screens.

    Raises
    ------
    ValueError
        If the sequences differ in length or are empty, there are more than three bands, or the target or
        the baseline lies outside the periods.

    Examples
    --------
    >>> figure = fan(
    ...     Caption("mrr", "It grows", "Recurring revenue, {unit}"), ["2026-08", "2026-09"], [261.0, 271.0],
    ...     future_periods=["2026-10"], mean=[276.0], bands=[(0.95, [270.0], [282.0])],
    ...     unit="count", format=Format(), target=280.0, target_period="2026-10",
    ... )
    >>> figure.alt.split("; ")[-2:]
    ['projected to 276 in Oct 2026, 95% range between 270 and 282', 'target 280 by Oct 2026.']
    """
    count = len(periods)
    done = complete if complete is not None else [True] * count
    _check(periods, [values, done, reasons or periods], future_periods, mean, bands)
    # the axis ends with what is drawn on it
    timeline = list(dict.fromkeys([*periods, *future_periods]))
    if target is not None and target_period not in timeline:
        raise ValueError(f"Found the target in {target_period}. Wanted one of {timeline[0]} to {timeline[-1]}.")
    drawn = [periods[-1], *future_periods[: len(mean)], *([target_period] if target is not None else [])]
    timeline = timeline[: 1 + max(timeline.index(str(p)) for p in drawn)]
    if baseline is not None and not -count <= baseline[0] < count:
        raise ValueError(f"Found a baseline at index {baseline[0]}. Wanted one of the {count} periods.")
    chart = FanData(
        periods=periods,
        values=values,
        complete=done,
        timeline=timeline,
        future=[timeline.index(p) for p in future_periods[: len(mean)]],
        mean=mean,
        bands=sorted(bands, key=lambda band: -band[0]),
        target=target,
        target_at=timeline.index(target_period) if target is not None and target_period else 0,
        deadline_label=deadline_label,
        baseline=(baseline[0] % count, baseline[1]) if baseline else None,
        unit=unit,
        scale=format.scale([*values, *mean, target], unit),
        format=format,
    )
    said = caption.with_key(format.unit_label(unit, chart.scale), _keys(chart), _missing(chart, reasons))
    return said.figure(
        svg=fan_svg(chart, width, said.id),
        svg_narrow=fan_svg(chart, "half", f"{said.id}-narrow") if width == "full" else "",
        alt=_alt(chart, said),
        width=width,
        columns=_columns(chart),
        rows=_rows(chart, reasons),
    )


def _check(
    periods: Sequence[str],
    lists: Sequence[Sequence[object]],
    future: Sequence[str],
    mean: Sequence[float],
    bands: Sequence[Band],
) -> None:
    for given in lists:
        if not periods or len(given) != len(periods):
            raise ValueError(f"Found {len(given)} entries for {len(periods)} periods. Wanted one for each.")
    if len(mean) > len(future):
        raise ValueError(f"Found {len(mean)} projected values for {len(future)} future periods.")
    if len(bands) > len(FILLS) or any(len(ends) != len(mean) for _, *sides in bands for ends in sides):
        raise ValueError(f"Wanted at most {len(FILLS)} bands, each with {len(mean)} lows and highs.")
    if not all(math.isfinite(v) for v in [*mean, *(v for _, *sides in bands for ends in sides for v in ends)]):
        raise ValueError("Found a projected value that is no number. Withhold the whole projection instead.")


def _keys(chart: FanData) -> list[str]:
    ticks = chart.ticks()
    word = tick_words(ticks, chart.unit, chart.scale, chart.format)[0]
    anything = bool(known([*chart.values, *chart.mean]))
    keys = [
        (anything and ticks[0] != 0, f"scale starts at {word}"),
        (chart.last(complete=False) is not None, "open dot: not over yet"),
    ]
    return [words for shown, words in keys if shown]


def _missing(chart: FanData, reasons: Sequence[str | None] | None) -> list[str]:
    gaps = [i for i, v in enumerate(chart.values) if not is_known(v)]
    return [f"{chart.name(i)}: {(reasons[i] if reasons else None) or 'no value'}." for i in gaps]


def _alt(chart: FanData, caption: Caption) -> str:
    final = [v if done else None for v, done in zip(chart.values, chart.complete, strict=True)]
    parts = [alt_range(chart.periods, final, chart.write, chart.format)]
    now = chart.last(complete=False)
    if now is not None and is_known(value := chart.values[now]):
        parts.append(f"{chart.name(now)} so far {chart.write(value)}")
    if chart.mean:
        step = len(chart.mean) - 1
        words = f"projected to {chart.write(chart.mean[-1])} in {chart.name(chart.future[step])}"
        if chart.bands:
            level, lows, highs = chart.bands[0]
            words += f", {level_words(level)} range between {chart.write(lows[-1])} and {chart.write(highs[-1])}"
        parts.append(words)
    else:
        parts.append("no projection")
    if is_known(chart.target):
        parts.append(f"target {chart.write(chart.target)} by {chart.name(chart.target_at)}")
    return f"Fan chart, {caption.measure}: {'; '.join(parts)}."


def _columns(chart: FanData) -> list[Column]:
    label = chart.format.unit_label(chart.unit, chart.scale)
    ends = [f"{level_words(chart.bands[0][0])} {end}" for end in ("low", "high")] if chart.bands else []
    return [Column("Period"), *[Column(head, label, "right") for head in ("Value", *ends)], Column("State")]


def _rows(chart: FanData, reasons: Sequence[str | None] | None) -> list[Row]:
    rows = []
    for i, value in enumerate(chart.values):
        state = "complete" if chart.complete[i] else "not over yet"
        if not is_known(value):
            state = (reasons[i] if reasons else None) or "no value"
        cells = [Cell(chart.write(value)) if is_known(value) else _NOTHING, *([_NOTHING] * 2 if chart.bands else [])]
        rows.append(Row((Cell(chart.name(i)), *cells, Cell(state))))
    for step, value in enumerate(chart.mean):
        ends = [Cell(chart.write(end[step])) for end in chart.bands[0][1:]] if chart.bands else []
        rows.append(Row((Cell(chart.name(chart.future[step])), Cell(chart.write(value)), *ends, Cell("projection"))))
    if is_known(chart.target):
        cells = [Cell(chart.write(chart.target)), *([_NOTHING] * 2 if chart.bands else [])]
        rows.append(Row((Cell(chart.name(chart.target_at)), *cells, Cell("target"))))
    return rows
