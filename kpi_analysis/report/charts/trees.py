"""Which KPI supports which: a tree from what the company wants down to what is steered day by day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from kpi_analysis.core.status import Status
from kpi_analysis.design.blocks import Cell, Column, Figure, Row
from kpi_analysis.design.formats import Format
from kpi_analysis.design.status_words import TARGET_WORDS
from kpi_analysis.design.theme import LIGHT, TYPE
from kpi_analysis.report.charts.base import Caption, Chart, Paint
from kpi_analysis.report.charts.probabilities import draw_status
from kpi_analysis.report.charts.sheet import WIDTHS, Sheet, Width

_ROW, _HEAD = 6.0, 1.0
_STEP, _BRANCH = 5.0, 3.6  # how far a branch is moved in, and how long its twig is
_GAP, _MARK = 4.0, 3.2


@dataclass(frozen=True)
class Branch:
    """A KPI in the tree.

    Parameters
    ----------
    id, label : str
    supports : str, optional
        The id of the KPI above it; a root has none.
    status : str, optional
        Of its target, where it has one.
    chance : float, optional
        Of reaching the target, 0 to 1.
    objective : str
        What the target is for.
    """

    id: str
    label: str
    supports: str | None = None
    status: Status | None = None
    chance: float | None = None
    objective: str = ""


@dataclass(frozen=True)
class _Placed:
    """A branch with its depth, and for each level to its left whether the line there goes on below."""

    branch: Branch
    rails: tuple[bool, ...]

    @property
    def depth(self) -> int:
        return len(self.rails)


@dataclass(frozen=True)
class TreeChart(Chart):
    """KPIs as a tree; see `tree`."""

    branches: Sequence[Branch]

    @cached_property
    def placed(self) -> list[_Placed]:
        """The branches from the root down."""
        return _placed(self.branches)

    @property
    def unit_label(self) -> str:
        return ""

    def alt(self, caption: Caption) -> str:
        return _alt(self.placed, caption, self.format)

    def columns(self) -> list[Column]:
        return [Column("KPI"), Column("Supports"), Column("Status"), Column("Chance", "", "right"), Column("Objective")]

    def rows(self) -> list[Row]:
        labels = {branch.id: branch.label for branch in self.branches}
        return [_row(one.branch, labels, self.format) for one in self.placed]

    def drawing(self, width: Width) -> tuple[float, Paint]:
        return _HEAD + _ROW * len(self.placed), lambda sheet: _paint(self.placed, sheet, self.format)


def tree(caption: Caption, branches: Sequence[Branch], *, format: Format, width: Width = "full") -> Figure:
    """Return KPIs as a tree, each below the one that it supports: does what we steer lead to what we want?

    Parameters
    ----------
    caption : Caption
    branches : sequence of Branch
        In any order; siblings stay in the order given.
    format : Format
    width : str
        ``full`` comes with a half-width variant for small screens, which leaves the objectives to the data table.

    Raises
    ------
    ValueError
        If there is no branch, an id stands twice, or a branch supports one that is not there or leads in a circle.

    Examples
    --------
    >>> roots = [Branch("revenue", "Revenue"), Branch("leads", "Leads", "revenue", "on", 0.8, "Fill the pipeline")]
    >>> tree(Caption("tree", "Leads carry revenue", "Chance of each target"), roots, format=Format()).alt
    'Tree of 2 KPIs, Chance of each target: Revenue; below it Leads, On track, 80%, Fill the pipeline.'
    """
    return TreeChart(caption, format, width, branches).figure()


def _placed(branches: Sequence[Branch]) -> list[_Placed]:
    """The branches from the root down, a branch before those that support it."""
    ids = [branch.id for branch in branches]
    if not ids or len(set(ids)) != len(ids):
        raise ValueError(f"Found the KPIs {ids}. Wanted at least one, and none twice.")
    unknown = [branch.supports for branch in branches if branch.supports is not None and branch.supports not in ids]
    if unknown:
        raise ValueError(f"Found a KPI that supports '{unknown[0]}'. Wanted one of: {', '.join(ids)}.")
    found: list[_Placed] = []

    def grow(parent: str | None, rails: tuple[bool, ...]) -> None:
        children = [branch for branch in branches if branch.supports == parent]
        for place, child in enumerate(children):
            here = () if parent is None else (*rails, place < len(children) - 1)
            found.append(_Placed(child, here))
            grow(child.id, here)

    grow(None, ())
    if len(found) < len(ids):
        circle = sorted(set(ids) - {row.branch.id for row in found})
        raise ValueError(f"Found a circle among {', '.join(circle)}. Wanted each to lead up to a root.")
    return found


def _alt(rows: Sequence[_Placed], caption: Caption, f: Format) -> str:
    words = []
    for row in rows:
        b = row.branch
        parts = [b.label, *(_status_words(b, f)), *([b.objective] if b.objective else [])]
        words.append(("below it " if row.depth else "") + ", ".join(parts))
    return f"Tree of {len(rows)} KPIs, {caption.measure}: {'; '.join(words)}."


def _status_words(branch: Branch, f: Format) -> list[str]:
    word = [TARGET_WORDS[branch.status]] if branch.status is not None else []
    return word + ([f.chance(branch.chance)] if branch.chance is not None else [])


def _row(branch: Branch, labels: dict[str, str], f: Format) -> Row:
    status = Cell(TARGET_WORDS[branch.status], status=branch.status) if branch.status is not None else Cell("no target")
    chance = Cell(f.chance(branch.chance)) if branch.chance is not None else Cell("–", tone="muted")
    return Row(
        (Cell(branch.label), Cell(labels.get(branch.supports or "", "")), status, chance, Cell(branch.objective))
    )


def _paint(rows: Sequence[_Placed], sheet: Sheet, f: Format) -> None:
    told = [", ".join(_status_words(row.branch, f)) for row in rows]
    status = max((sheet.measure.width(words, TYPE.chart_label, bold=True) for words in told), default=0.0) + _MARK
    with_objectives = sheet.width > WIDTHS["half"]
    most = 0.45 * sheet.width if with_objectives else sheet.width - status - _GAP
    wanted = max(row.depth * _STEP + sheet.measure.width(row.branch.label, TYPE.chart_label, bold=True) for row in rows)
    names = min(wanted, most)
    for index, row in enumerate(rows):
        y = _HEAD + (index + 0.5) * _ROW
        left = row.depth * _STEP
        _twigs(row, sheet, y)
        b = row.branch
        label = sheet.measure.shorten(b.label, names - left, TYPE.chart_label, bold=b.status is not None)
        sheet.text(left, y, label, bold=b.status is not None)
        if b.status is None:
            sheet.text(names + _GAP, y, "no target", colour=LIGHT.muted)
        else:
            draw_status(sheet, b.status, names + _GAP + 1.1, y)
            sheet.text(names + _GAP + _MARK, y, told[index])
        if with_objectives and b.objective:
            start = names + status + 2 * _GAP
            objective = sheet.measure.shorten(b.objective, sheet.width - start, TYPE.chart_label)
            sheet.text(start, y, objective, colour=LIGHT.muted)


def _twigs(row: _Placed, sheet: Sheet, y: float) -> None:
    """The lines that lead from a KPI up to the one that it supports."""
    top, bottom = y - _ROW / 2, y + _ROW / 2
    for level, goes_on in enumerate(row.rails):
        x = level * _STEP + 1.2
        if level == row.depth - 1:
            sheet.line([(x, top), (x, bottom if goes_on else y)], colour=LIGHT.rule, width=0.8)
            sheet.line([(x, y), (x + _BRANCH - 0.6, y)], colour=LIGHT.rule, width=0.8)
        elif goes_on:
            sheet.line([(x, top), (x, bottom)], colour=LIGHT.rule, width=0.8)
