"""Where things stand on slides: how high each is likely to be, and what goes on the next one."""

from __future__ import annotations

import math
from collections.abc import Iterator

from pptx.parts.image import Image

from kpi_analysis.errors import RunError
from kpi_analysis.render.office import column_shares, placed
from kpi_analysis.render.slides import LINE_BREAK, Grid, Item, Paragraph, Picture, Slide, Words

WIDTH, HEIGHT = 338.667, 190.5
"""A wide screen, in millimetres."""
LEFT, TOP, BOTTOM = 16.0, 36.0, 174.0
ROOM = WIDTH - 2 * LEFT
_GAP, _CAPTION = 3.0, 16.0
_POINT = 25.4 / 72


def pages(slide: Slide) -> Iterator[list[tuple[Item, float, float]]]:
    """Return what stands on each slide of a section: items with their top and height in millimetres.

    A table or a run of paragraphs too long for one slide is parted; a picture shrinks to the room there is.
    """
    page: list[tuple[Item, float, float]] = []
    top = TOP
    queue = list(slide.items)
    while queue:
        item = queue.pop(0)
        # a picture leaves room for the words under it
        below = height(queue[0]) if isinstance(item, Picture) and queue and isinstance(queue[0], Words) else 0
        room = BOTTOM - top - (below + _GAP + 1 if 0 < below < _CAPTION else 0)
        head, rest = _parted(item, room)
        if head is None and page:
            yield page
            page, top = [], TOP
            queue.insert(0, item)
            continue
        if rest is not None:
            queue.insert(0, rest)
        fitting = head if head is not None else item
        high = min(height(fitting), room)
        page.append((fitting, top, high))
        top += high + _GAP
    yield page


def height(item: Item) -> float:
    """Return how high an item is likely to stand, in millimetres."""
    if isinstance(item, Words):
        return sum(_paragraph_height(paragraph) for paragraph in item.paragraphs)
    if isinstance(item, Grid):
        return _row_height(item) * (len(item.rows) + 1)
    return picture_size(item)[1]


def picture_size(picture: Picture) -> tuple[float, float]:
    """Return width and height of a picture in millimetres: as large as it may be without being blurred."""
    try:
        wide, high = Image.from_blob(picture.content).size
    except OSError as problem:
        raise RunError(f"A picture of the report cannot be read: {picture.alt}.") from problem
    across = min(ROOM, picture.width * 1.75 if picture.width else wide * 25.4 / 96)
    down = across * high / wide
    largest = BOTTOM - TOP - 16
    return (across, down) if down <= largest else (largest * wide / high, largest)


def type_size(grid: Grid) -> float:
    """Return the type size of a table in points: smaller where it has many columns."""
    count = len(grid.columns)
    return 12.0 if count < 8 else 10.0 if count < 12 else 8.0


def without_charts(grid: Grid) -> Grid:
    """Return a table without the columns that hold small charts only."""
    drawn = {position for row in grid.rows for cell, position in placed(row["cells"]) if cell["svg"]}
    if not drawn:
        return grid
    columns = tuple(column for position, column in enumerate(grid.columns) if position not in drawn)
    rows = []
    for row in grid.rows:
        cells = []
        for cell, position in placed(row["cells"]):
            kept = cell["span"] - sum(position <= place < position + cell["span"] for place in drawn)
            if kept > 0:
                cells.append({**cell, "span": kept})
        rows.append({**row, "cells": cells})
    return Grid(columns, tuple(rows))


def _row_height(grid: Grid) -> float:
    """A row is as high as its longest cell, at the width of that cell's column, needs."""
    size = type_size(grid)
    shares = column_shares(grid.columns, grid.rows) or [1.0]
    lines = 1
    for row in grid.rows:
        for cell, position in placed(row["cells"]):
            if position < len(shares) and row["kind"] != "group":
                share = sum(shares[position : position + cell["span"]])
                lines = max(lines, _lines(f"{cell['text']} {cell['suffix']} {cell['unit']}", size, share * ROOM - 4))
    return size * _POINT * 1.2 * min(lines, 6) + 2.2


def _paragraph_height(paragraph: Paragraph) -> float:
    lines = _lines(paragraph.text, paragraph.size, ROOM - 8 * paragraph.level)
    return (lines * 1.2 + 0.45) * paragraph.size * _POINT


def _lines(text: str, size: float, room: float) -> int:
    fitting = max(room / (size * _POINT * 0.5), 4)
    return sum(max(1, math.ceil(len(line) / fitting)) for line in text.split(LINE_BREAK))


def _parted(item: Item, room: float) -> tuple[Item | None, Item | None]:
    """What of an item fits the room, and the rest; nothing fits where less than a few lines would."""
    if isinstance(item, Picture):
        enough = picture_size(item)[1] <= room or room > (BOTTOM - TOP) * 0.75
        return (item, None) if enough else (None, None)
    if isinstance(item, Grid):
        item = without_charts(item)
        fitting = int(room / _row_height(item)) - 1
        if fitting >= len(item.rows):
            return item, None
        if fitting < 3:
            return None, None
        return Grid(item.columns, item.rows[:fitting]), Grid(item.columns, item.rows[fitting:])
    used = 0.0
    for number, paragraph in enumerate(item.paragraphs):
        used += _paragraph_height(paragraph)
        if used > room:
            if number == 0:
                return None, None
            return Words(item.paragraphs[:number]), Words(item.paragraphs[number:])
    return item, None
