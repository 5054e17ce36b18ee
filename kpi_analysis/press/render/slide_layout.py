"""Where things stand on slides: how high each is likely to be, and what goes on the next one."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate

from pptx.parts.image import Image

from kpi_analysis.core.errors import RunError
from kpi_analysis.press.render.office import column_shares, head_text, positioned_cells
from kpi_analysis.press.render.slide_model import (
    LINE_BREAK,
    Paragraph,
    Picture,
    SideBySide,
    Slide,
    SlideContent,
    SlideItem,
    SlideTable,
    TextBox,
)

WIDTH, HEIGHT = 338.667, 190.5
"""A wide screen, in millimetres."""
LEFT, TOP, BOTTOM = 16.0, 36.0, 174.0
ROOM = WIDTH - 2 * LEFT
HEADLINE = (14.0, 15.0)
"""Top and height of a title of one line."""
SHARPNESS = 360
"""Pixels an inch of a drawing at its own size: enough for one that is enlarged."""
_ENLARGED = SHARPNESS / 150
_HIGHER = 30.0
"""Where things begin below a title of one line."""
_GAP, _GUTTER, _CAPTION = 3.0, 10.0, 18.0
_LOWEST = 35.0
_COVER_TOP = 20.0
_POINT = 25.4 / 72


@dataclass(frozen=True)
class Box:
    """An item and where it stands, in millimetres."""

    item: SlideContent
    left: float
    top: float
    width: float
    height: float


@dataclass(frozen=True)
class Headline:
    """A title: its type size in points, its top and height in millimetres."""

    text: str
    size: float
    top: float
    height: float


@dataclass(frozen=True)
class LaidOutSlide:
    """A slide as it is drawn."""

    headline: Headline
    boxes: tuple[Box, ...]
    kicker: str = ""
    cover: bool = False


def lay_out_slides(slides: Iterable[Slide]) -> Iterator[LaidOutSlide]:
    """Return the slides as they are drawn; those that would have the same title are numbered.

    A table or a run of paragraphs too long for one slide is parted; a picture takes the room there is.
    """
    told: Counter[str] = Counter()
    for slide in slides:
        for kept, boxes in _fitting(slide):
            told[kept.title] += 1
            number = told[kept.title]
            title = kept.title if number == 1 else f"{kept.title} ({number})"
            if kept.cover and number == 1:
                yield _cover(title, boxes)
            else:
                yield LaidOutSlide(_headline(title), tuple(boxes), kept.kicker)


def _fitting(slide: Slide) -> Iterator[tuple[Slide, list[Box]]]:
    """A slide with what stands on it; where that is too much for one, the slides it becomes instead."""
    found = _parted_slide(slide)
    if slide.instead and len(found) != 1:
        for other in slide.instead:
            yield from _fitting(other)
    else:
        yield from ((slide, boxes) for boxes in found)


def _headline(title: str) -> Headline:
    top, low = HEADLINE
    high = TOP - top - 1
    size = next((size for size in (26.0, 22.0, 18.0) if _words_height(title, size) <= high), 14.0)
    return Headline(title, size, top, low if _words_height(title, size) <= low else high)


def _cover_headline(title: str) -> Headline:
    size = next((size for size in (30.0, 26.0, 22.0) if _words_height(title, size) <= 26), 18.0)
    return Headline(title, size, _COVER_TOP, min(_words_height(title, size) + 1, 60.0))


def _words_height(title: str, size: float) -> float:
    # bold letters are wider
    return _lines(title, size * 1.08, ROOM) * size * 1.2 * _POINT


def _cover(title: str, boxes: Sequence[Box]) -> LaidOutSlide:
    """A cover; where little stands on it, that stands lower."""
    headline = _cover_headline(title)
    end = max((box.top + box.height for box in boxes), default=headline.top + headline.height)
    lower = max(BOTTOM - end, 0) * 0.35
    boxes = tuple(replace(box, top=box.top + lower) for box in boxes)
    return LaidOutSlide(replace(headline, top=headline.top + lower), boxes, cover=True)


def _parted_slide(slide: Slide) -> list[list[Box]]:
    """What stands on each slide that a slide needs; nothing where its columns do not fit side by side."""
    made: list[list[Box]] = []
    page: list[Box] = []
    # room for the number that a title may get
    below_title = TOP if _headline(f"{slide.title} (99)").height > HEADLINE[1] else _HIGHER
    top = below_title
    if slide.cover:
        headline = _cover_headline(slide.title)
        top = headline.top + headline.height + _GAP
    queue = list(slide.items)
    while queue:
        item = queue.pop(0)
        room = BOTTOM - top
        below = item_height(queue[0]) + _GAP + 1 if queue and isinstance(queue[0], TextBox) else 0
        # a picture, and the last part of a table, leave room for the words under it
        if not isinstance(item, TextBox) and below < _CAPTION and _parted(item, room)[1] is None:
            room -= below
        head, rest = _parted(item, room)
        if head is None and page:
            made.append(page)
            page, top = [], below_title
            queue.insert(0, item)
            continue
        if isinstance(item, SideBySide) and head is None:
            if slide.instead:
                return []
            queue[:0] = [inner for part in item.parts for inner in part]
            continue
        if rest is not None:
            queue.insert(0, rest)
        page += _boxes(head if head is not None else item, top, room)
        top = max(box.top + box.height for box in page) + _GAP
    return [*made, page]


def _boxes(item: SlideItem, top: float, room: float) -> list[Box]:
    if isinstance(item, SideBySide):
        return _columns(item, top, room) or []
    if isinstance(item, Picture):
        return [Box(item, LEFT, top, *picture_size(item, ROOM, room))]
    return [Box(item, LEFT, top, ROOM, min(item_height(item), room))]


def _columns(side: SideBySide, top: float, room: float) -> list[Box] | None:
    """Where the parts of columns stand; nothing where one of them does not fit.

    Words that open columns are given one height, so that what follows begins at one height.
    """
    boxes: list[Box] = []
    left = LEFT
    free = ROOM - _GUTTER * (len(side.parts) - 1)
    widths = [free * width / sum(side.widths) for width in side.widths]
    columns = list(zip(side.parts, widths, strict=True))
    opening = max(
        (item_height(part[0], width) for part, width in columns if part and isinstance(part[0], TextBox)), default=0
    )
    for part, width in columns:
        at = top
        for position, item in enumerate(part):
            below = sum(
                item_height(later, width) + _GAP for later in part[position + 1 :] if isinstance(later, TextBox)
            )
            left_over = top + room - at - below
            if isinstance(item, Picture):
                across, down = picture_size(item, width, left_over)
                if down < min(_LOWEST, picture_size(item, width, BOTTOM)[1]):
                    return None
            else:
                item = without_charts(item) if isinstance(item, SlideTable) else item
                across, down = width, item_height(item, width)
            if down > left_over + 0.01:
                return None
            boxes.append(Box(item, left, at, across, down))
            first = position == 0 and isinstance(item, TextBox) and len(part) > 1
            at += (opening if first else down) + _GAP
        left += width + _GUTTER
    return boxes


def item_height(item: SlideItem, width: float = ROOM) -> float:
    """Return how high an item is likely to stand in a width, both in millimetres."""
    if isinstance(item, TextBox):
        return sum(_paragraph_height(paragraph, width) for paragraph in item.paragraphs)
    if isinstance(item, SlideTable):
        return sum(row_heights(item, width))
    if isinstance(item, SideBySide):
        return max((box.top + box.height for box in _columns(item, 0, math.inf) or []), default=0)
    return picture_size(item, width, BOTTOM - TOP - 16)[1]


def picture_size(picture: Picture, width: float, room: float) -> tuple[float, float]:
    """Return width and height of a picture in millimetres: as large as it may be there without being blurred."""
    try:
        wide, high = Image.from_blob(picture.content).size
    except OSError as problem:
        raise RunError(f"A picture of the report cannot be read: {picture.alt}.") from problem
    across = min(width, picture.width * _ENLARGED if picture.width else wide * 25.4 / 96, max(room, 1) * wide / high)
    return across, across * high / wide


def type_size(grid: SlideTable, width: float = ROOM) -> float:
    """Return the type size of a table in points: smaller where it has many columns in a width in millimetres."""
    count = len(grid.columns) * ROOM / width
    return next((size for most, size in ((8, 12.0), (10, 11.0), (12, 10.0), (14, 9.0)) if count < most), 8.0)


def without_charts(grid: SlideTable) -> SlideTable:
    """Return a table without the columns that hold small charts only."""
    drawn = {position for row in grid.rows for cell, position in positioned_cells(row["cells"]) if cell["svg"]}
    if not drawn:
        return grid
    columns = tuple(column for position, column in enumerate(grid.columns) if position not in drawn)
    rows = []
    for row in grid.rows:
        cells = []
        for cell, position in positioned_cells(row["cells"]):
            kept = cell["span"] - sum(position <= place < position + cell["span"] for place in drawn)
            if kept > 0:
                cells.append({**cell, "span": kept})
        rows.append({**row, "cells": cells})
    return replace(grid, columns=columns, rows=tuple(rows))


def row_heights(grid: SlideTable, width: float = ROOM) -> list[float]:
    """Return how high the head and each row of a table are likely to be in a width, all in millimetres.

    A row is as high as its longest cell, at the width of that cell's column, needs.
    """
    size = type_size(grid, width)
    shares = column_shares(grid.columns, grid.rows) or [1.0]
    heads = (
        _lines(head_text(column), size, share * width - 4) for column, share in zip(grid.columns, shares, strict=False)
    )
    lines = [max(heads, default=1)]
    for row in grid.rows:
        needed = 1
        for cell, position in positioned_cells(row["cells"]):
            if position < len(shares) and row["kind"] != "group":
                room = sum(shares[position : position + cell["span"]]) * width - 4
                needed = max(needed, _lines(f"{cell['text']} {cell['suffix']} {cell['unit']}", size, room))
        lines.append(needed)
    return [size * _POINT * 1.2 * min(count, 6) + 1.8 for count in lines]


def _paragraph_height(paragraph: Paragraph, width: float = ROOM) -> float:
    lines = _lines(paragraph.text, paragraph.size, width - 8 * paragraph.level)
    return (lines * 1.2 + 0.45) * paragraph.size * _POINT


def _lines(text: str, size: float, room: float) -> int:
    fitting = max(room / (size * _POINT * 0.5), 4)
    return sum(max(1, math.ceil(len(line) / fitting)) for line in text.split(LINE_BREAK))


def _parted(item: SlideItem, room: float) -> tuple[SlideItem | None, SlideItem | None]:
    """What of an item fits the room, and the rest; nothing fits where less than a few lines would."""
    if isinstance(item, SideBySide):
        return (item, None) if _columns(item, 0, room) is not None else (None, None)
    if isinstance(item, Picture):
        enough = item_height(item) <= room or room > (BOTTOM - TOP) * 0.55
        return (item, None) if enough else (None, None)
    if isinstance(item, SlideTable):
        item = without_charts(item)
        fitting = sum(reached <= room for reached in accumulate(row_heights(item))) - 1
        if fitting >= len(item.rows):
            return item, None
        if fitting < 3:
            return None, None
        return replace(item, rows=item.rows[:fitting]), replace(item, rows=item.rows[fitting:])
    used = 0.0
    for number, paragraph in enumerate(item.paragraphs):
        used += _paragraph_height(paragraph)
        if used > room:
            if number == 0:
                return None, None
            return TextBox(item.paragraphs[:number]), TextBox(item.paragraphs[number:])
    return item, None
