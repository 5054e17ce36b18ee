"""Labels beside marks that find a free place: off each other, on the sheet and, where it goes, off the lines."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from matplotlib.path import Path

from kpi_analysis.design.theme import LIGHT, TYPE
from kpi_analysis.report.charts.sheet import LABEL_STEP, Sheet
from kpi_analysis.report.charts.text import TextMeasure

Point = tuple[float, float]
Points = np.ndarray[tuple[int, int], np.dtype[np.float64]]
Box = tuple[float, float, float, float]  # left, top, right, bottom

_STEP = 0.6  # between the points that stand for a line
_NEAR, _REACHES = 1.8, (1.8, 4.0, 7.0, 11.0, 16.0, 22.0, 30.0, 40.0)
# what a later side, a point under a label and one under its leader count in mm of distance
_LATER, _HIT, _CROSSED = 1.2, 4.0, 3.0
_TOO_MUCH = 25.0


@dataclass(frozen=True)
class Label:
    """Words of one line or more; one that is not needed is left out where it would stand on a line."""

    lines: Sequence[str]
    size: float = TYPE.chart_label
    bold: bool = False
    colour: str = LIGHT.ink
    needed: bool = True

    def width(self, measure: TextMeasure) -> float:
        return max(measure.width(line, self.size, bold=self.bold) for line in self.lines)

    @property
    def height(self) -> float:
        return LABEL_STEP * (len(self.lines) - 1) + 2.6


@dataclass
class Labels:
    """The labels of one sheet, placed one after the other: the first has the first choice.

    Parameters
    ----------
    limits : box
        What no label leaves: left, top, right, bottom in mm.
    measure : TextMeasure
        How wide words are.
    """

    limits: Box
    measure: TextMeasure
    _points: list[Point] = field(default_factory=list)
    _taken: list[Box] = field(default_factory=list)
    _leaders: list[tuple[Point, Point]] = field(default_factory=list)
    _placed: list[tuple[Label, Box]] = field(default_factory=list)

    def avoid(self, line: Sequence[Point]) -> None:
        """Keep later labels off a line."""
        self._points += _along(line)

    def avoid_inside(self, outline: Sequence[Point]) -> None:
        """Keep later labels off an area."""
        self.avoid(outline)
        if len(outline) > 2:
            (left, top), (right, bottom) = np.min(outline, axis=0), np.max(outline, axis=0)
            grid = [(x, y) for x in np.arange(left, right + 1, 2) for y in np.arange(top, bottom + 1, 2)]
            inside = Path(outline).contains_points(grid)
            self._points += [point for point, is_in in zip(grid, inside, strict=True) if is_in]

    def take(self, box: Box) -> None:
        """Keep later labels off a place with words of its own."""
        self._taken.append(box)

    def place(self, label: Label, at: Point, sides: str) -> None:
        """Give a label its place near `at`: l, r, a or b (left, right, above, below), the earlier the better."""
        points = np.array(self._points).reshape(-1, 2)
        least, found = math.inf, None
        wide = label.width(self.measure)
        for reach in _REACHES:
            # no place can cost less than its distance
            if least <= reach:
                break
            for order, side in enumerate(sides):
                for box in _around(at, label, side, reach, wide):
                    cost = reach + _LATER * order + _HIT * _covered(points, box)
                    if cost < least and self._is_free(box, at, reach):
                        cost += _CROSSED * _crossed(points, at, box) if reach > _NEAR else 0.0
                        least, found = min((least, found), (cost, (box, reach)), key=lambda offer: offer[0])
        if found is None or (not label.needed and least > _TOO_MUCH):
            return
        box, reach = found
        if reach > _NEAR:
            self._leaders.append((at, _meeting(box, at)))
            self.avoid(self._leaders[-1])
        self._taken.append(box)
        self._placed.append((label, box))

    def _is_free(self, box: Box, at: Point, reach: float) -> bool:
        left, top, right, bottom = self.limits
        if box[0] < left or box[1] < top or box[2] > right or box[3] > bottom:
            return False
        leader = _along([at, _meeting(box, at)]) if reach > _NEAR else []
        return not any(_touch(box, other) or any(_inside(p, other) for p in leader) for other in self._taken)

    def clear_the_grid(self, sheet: Sheet) -> None:
        """Interrupt what is drawn so far where labels will stand."""
        for _, (left, top, right, bottom) in self._placed:
            sheet.box(left - 0.4, top - 0.2, right + 0.4, bottom + 0.2, fill=LIGHT.paper)

    def draw_leaders(self, sheet: Sheet) -> None:
        """Lead from each mark to its label where that stands away."""
        for ends in self._leaders:
            sheet.line(ends, colour=LIGHT.faint, width=0.5)

    def write(self, sheet: Sheet) -> None:
        """Write the labels in their places."""
        for label, (left, top, right, bottom) in self._placed:
            middle = (top + bottom) / 2 - LABEL_STEP * (len(label.lines) - 1) / 2
            for k, words in enumerate(label.lines):
                x, y = (left + right) / 2, middle + LABEL_STEP * k
                sheet.text(x, y, words, size=label.size, bold=label.bold, colour=label.colour, align="center")


def _covered(points: Points, box: Box) -> int:
    """Return how much of the lines a label would cover."""
    x, y = points[:, 0], points[:, 1]
    return int(((x > box[0] - 0.6) & (x < box[2] + 0.6) & (y > box[1] - 0.5) & (y < box[3] + 0.5)).sum())


def _crossed(points: Points, at: Point, box: Box) -> int:
    """Return how much of the lines a leader would cross; the one on which its mark stands does not count."""
    leader = np.array(_along([at, _meeting(box, at)])[4:]).reshape(-1, 2)
    apart = np.hypot(leader[:, None, 0] - points[None, :, 0], leader[:, None, 1] - points[None, :, 1])
    return min(int((apart < 0.4).sum()), 12)


def _along(line: Sequence[Point]) -> list[Point]:
    points = list(line[:1])
    for (x0, y0), (x1, y1) in pairwise(line):
        count = max(1, round(math.dist((x0, y0), (x1, y1)) / _STEP))
        points += [(x0 + (x1 - x0) * k / count, y0 + (y1 - y0) * k / count) for k in range(1, count + 1)]
    return points


def _around(at: Point, label: Label, side: str, reach: float, wide: float) -> list[Box]:
    """Return where a label may stand on one side of a mark, straight and aslant."""
    (x, y), high = at, label.height
    if side in "ab":
        top = y - reach - high if side == "a" else y + reach
        lefts = [x - wide / 2, x - wide + 1, x - 1, x - wide - reach, x + reach]
        return [(left, top, left + wide, top + high) for left in lefts]
    left = x + reach if side == "r" else x - reach - wide
    return [(left, y + shift - high / 2, left + wide, y + shift + high / 2) for shift in (0.0, -reach, reach)]


def _meeting(box: Box, at: Point) -> Point:
    """Return where a leader ends: just off the nearest edge of its label."""
    left, top, right, bottom = box
    if top <= at[1] <= bottom:
        return (left - 0.6, at[1]) if at[0] < left else (right + 0.6, at[1])
    inset = min(3.0, (right - left) / 2)
    return min(max(at[0], left + inset), right - inset), top - 0.4 if at[1] < top else bottom + 0.4


def _touch(one: Box, other: Box) -> bool:
    beside = one[0] >= other[2] + 0.8 or other[0] >= one[2] + 0.8
    return not (beside or one[1] >= other[3] + 0.6 or other[1] >= one[3] + 0.6)


def _inside(point: Point, box: Box) -> bool:
    return box[0] - 0.3 < point[0] < box[2] + 0.3 and box[1] - 0.3 < point[1] < box[3] + 0.3
