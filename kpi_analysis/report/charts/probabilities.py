"""How likely each target is to be hit: a dot for each, the safest first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

from kpi_analysis.core.status import AT_RISK, ON_TRACK, Status
from kpi_analysis.design.blocks import Cell, Column, Figure, Row
from kpi_analysis.design.formats import Format
from kpi_analysis.design.status_words import TARGET_WORDS
from kpi_analysis.design.theme import LIGHT, TYPE
from kpi_analysis.report.charts.base import Caption, Chart, Paint
from kpi_analysis.report.charts.scales import Linear, is_known
from kpi_analysis.report.charts.series import check_lengths, settle
from kpi_analysis.report.charts.sheet import WIDTHS, Sheet, Width
from kpi_analysis.report.charts.text import TextMeasure

_HEAD, _FOOT = 4.6, 1.4
_ROW, _TALL_ROW = 4.7, 7.4
_GAP = 3.0
_SIDE = 1.1  # half of a status mark
_AXIS, _INDENT = 2.4, 2 * _SIDE + 1.2  # from the names to the axis, and on to words beside a mark

_THRESHOLDS = (
    (AT_RISK, f"at risk {100 * AT_RISK:.0f}", "left"),
    (ON_TRACK, f"{100 * ON_TRACK:.0f} on track", "right"),
)


@dataclass(frozen=True)
class _Entry:
    """A target with its chance; without one, what is said in its place."""

    name: str
    chance: float | None
    status: Status
    instead: str


@dataclass(frozen=True)
class _Set:
    """A target with its words in lines, and how high its row is."""

    entry: _Entry
    name: Sequence[str]
    instead: Sequence[str]
    height: float


@dataclass(frozen=True)
class TargetChances:
    """Targets with their probability.

    Parameters
    ----------
    names : sequence of str
        What is to be reached; long names take two lines.
    chances : sequence of float or None
        The probability of hitting each target, 0 to 1.
    statuses : sequence of str
        on, risk, off, none, hit or missed.
    reasons : sequence of str or None, optional
        Why a chance is missing; by default the word of the status.

    Raises
    ------
    ValueError
        If the sequences differ in length or are empty, a chance lies outside 0 to 1, or a status is none.
    """

    names: Sequence[str]
    chances: Sequence[float | None]
    statuses: Sequence[Status]
    reasons: Sequence[str | None] = ()

    def __post_init__(self) -> None:
        settle(self, len(self.names), reasons=None)
        check_lengths(self.names, "targets", self.chances, self.statuses, self.reasons)
        for name, chance, status in zip(self.names, self.chances, self.statuses, strict=True):
            if is_known(chance) and not 0 <= chance <= 1:
                raise ValueError(f"Found a chance of {chance:g} for '{name}'. Wanted one from 0 to 1.")
            if status not in TARGET_WORDS:
                wanted = ", ".join(TARGET_WORDS)
                raise ValueError(f"Found the status '{status}' for '{name}'. Wanted one of: {wanted}.")


@dataclass(frozen=True)
class ChanceChart(Chart):
    """A dot for each target; see `chances`."""

    with_narrow: ClassVar[tuple[Width, ...]] = ("full", "wide", "third")
    targets: TargetChances

    @cached_property
    def entries(self) -> list[_Entry]:
        """The targets, the likeliest first; those without a chance last."""
        t = self.targets
        entries = [
            _Entry(str(name), chance if is_known(chance) else None, status, why or TARGET_WORDS[status])
            for name, chance, status, why in zip(t.names, t.chances, t.statuses, t.reasons, strict=True)
        ]
        return sorted(entries, key=lambda e: (e.chance is None, -(e.chance or 0), e.name))

    @property
    def unit_label(self) -> str:
        return "%"

    def alt(self, caption: Caption) -> str:
        return _alt(self.entries, caption, self.format)

    def columns(self) -> list[Column]:
        return [Column("Target"), Column("Chance", "", "right"), Column("Status")]

    def rows(self) -> list[Row]:
        return [_row(entry, self.format) for entry in self.entries]

    def drawing(self, width: Width) -> tuple[float, Paint]:
        wide, measure = WIDTHS[width], self.measure
        names = min(max(measure.width(e.name, TYPE.chart_label) for e in self.entries), 0.42 * wide)
        rows = [_set(e, names, wide - names - _AXIS - _INDENT, measure) for e in self.entries]
        height = _HEAD + sum(row.height for row in rows) + _FOOT
        return height, lambda sheet: _paint(rows, sheet, self.format, names)


def chances(caption: Caption, targets: TargetChances, *, format: Format, width: Width = "half") -> Figure:
    """Return a dot for each target, the likeliest first, in the shape of its status: which are at risk?

    Parameters
    ----------
    caption : Caption
    targets : TargetChances
        Those without a chance stand last, with their reason.
    format : Format
    width : str
        ``full`` comes with a half-width variant for small screens. The height grows with the targets.

    Examples
    --------
    >>> caption = Caption("chances", "One is safe", "Chance of hitting each target, %")
    >>> chances(caption, TargetChances(["Leads", "Revenue"], [0.04, 0.97], ["off", "on"]), format=Format()).alt
    'Chances of 2 targets, Chance of hitting each target, %: Revenue 97%, On track; Leads 4%, Off track.'
    """
    return ChanceChart(caption, format, width, targets).figure()


def _alt(entries: Sequence[_Entry], caption: Caption, f: Format) -> str:
    words = [
        f"{e.name} {f.chance(e.chance)}, {TARGET_WORDS[e.status]}" if e.chance is not None else f"{e.name}, {e.instead}"
        for e in entries
    ]
    return f"Chances of {len(entries)} targets, {caption.measure}: {'; '.join(words)}."


def _row(entry: _Entry, f: Format) -> Row:
    chance = Cell(f.chance(entry.chance)) if entry.chance is not None else Cell("–", tone="muted")
    word = TARGET_WORDS[entry.status]
    said = f"{word}: {entry.instead}" if entry.instead != word else word
    return Row((Cell(entry.name), chance, Cell(said, status=entry.status)))


def _set(entry: _Entry, names: float, room: float, measure: TextMeasure) -> _Set:
    instead = measure.wrap(entry.instead, room, TYPE.chart_label) if entry.chance is None else []
    lines = measure.wrap(entry.name, names, TYPE.chart_label)
    return _Set(entry, lines, instead, _ROW if max(len(lines), len(instead)) == 1 else _TALL_ROW)


def _paint(rows: Sequence[_Set], sheet: Sheet, f: Format, names: float) -> None:
    shares = [f.chance(row.entry.chance) for row in rows if row.entry.chance is not None]
    number = max((sheet.measure.width(words, TYPE.chart_label, bold=True) for words in shares), default=0.0)
    x = Linear(0, 1, names + _AXIS, sheet.width - number - _GAP)
    for value, words, outside in _THRESHOLDS:
        at = x(value)
        sheet.line([(at, _HEAD - 1.0), (at, sheet.height - _FOOT + 0.6)], colour=LIGHT.rule, width=0.6)
        wide = sheet.measure.width(words, TYPE.chart_axis)
        start = max(at - wide, 0.0) if outside == "left" else min(at, sheet.width - wide)
        sheet.text(start, 1.7, words, size=TYPE.chart_axis, colour=LIGHT.muted)
    top = _HEAD
    for row in rows:
        y = top + row.height / 2
        for words, place in _stacked(row.name, y):
            sheet.text(names, place, words, align="right")
        _mark(row, sheet, f, y, x)
        top += row.height


def _mark(row: _Set, sheet: Sheet, f: Format, y: float, x: Linear) -> None:
    chance, status = row.entry.chance, row.entry.status
    if chance is not None:
        sheet.line([(x(0), y), (x(chance), y)], colour=LIGHT.rule, width=1.6)
        draw_status(sheet, status, x(chance), y)
        sheet.text(sheet.width, y, f.chance(chance), bold=True, align="right")
        return
    end = x(0) + _INDENT + max(sheet.measure.width(words, TYPE.chart_label) for words in row.instead)
    sheet.box(x(0) - 0.4, y - row.height / 2, end + 0.6, y + row.height / 2, fill=LIGHT.paper)
    draw_status(sheet, status, x(0) + _SIDE, y)
    for words, place in _stacked(row.instead, y):
        sheet.text(x(0) + _INDENT, place, words, colour=LIGHT.muted)


def _stacked(lines: Sequence[str], y: float) -> list[tuple[str, float]]:
    return [(words, y + (k - (len(lines) - 1) / 2) * 3.2) for k, words in enumerate(lines)]


def draw_status(sheet: Sheet, status: Status, x: float, y: float) -> None:
    """Draw the shape of a status, 2.2 mm wide: colour only repeats what the shape says."""
    r = _SIDE
    if status == "on":
        sheet.dot(x, y, radius=r, fill=LIGHT.good)
    elif status == "risk":
        corners = [(x - r, y), (x, y - r), (x + r, y), (x, y + r)]
        sheet.area(corners, fill=LIGHT.warn_fill)
        sheet.line([*corners, corners[0], corners[1]], colour=LIGHT.warn, width=0.7)
    elif status == "hit":
        tick = [(x - 0.9 * r, y + 0.1 * r), (x - 0.25 * r, y + 0.75 * r), (x + 0.95 * r, y - 0.75 * r)]
        sheet.line(tick, colour=LIGHT.good, width=1.4, round_ends=True)
    elif status == "none":
        sheet.dot(x, y, radius=r - 0.15, ring=LIGHT.faint)
    else:
        s = 0.8 * r
        for rise in (1, -1):
            sheet.line([(x - s, y - rise * s), (x + s, y + rise * s)], colour=LIGHT.bad, width=1.5, round_ends=True)
