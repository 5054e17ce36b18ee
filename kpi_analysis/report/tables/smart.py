"""Targets judged letter by letter (SMART), and what is agreed to reach them."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol

from kpi_analysis.core.status import Status
from kpi_analysis.design.blocks import Cell, Column, Row, Table
from kpi_analysis.design.formats import NBSP, Format
from kpi_analysis.design.status_words import TARGET_WORDS
from kpi_analysis.design.theme import DEFAULT_THEME, SPACE, TYPE, Theme
from kpi_analysis.report.charts.text import TextMeasure
from kpi_analysis.report.tables.cells import NOTHING, aligned, number_cell

LETTERS = "SMART"
_KEY = "Specific · Measurable · Attainable · Relevant · Time-bound."
_NUMERIC = frozenset({2, 3})  # baseline, target
_LETTER = 8.0  # mm, a column with ticks only
_LETTERS_MOST = 62.0  # mm, beyond which verdicts take two lines


class AssessedTarget(Protocol):
    """What a table asks of a target: what is to be reached, by when, how likely that is, and what is amiss."""

    @property
    def label(self) -> str: ...
    @property
    def unit(self) -> str: ...
    @property
    def better(self) -> str: ...
    @property
    def owner(self) -> str: ...
    @property
    def baseline(self) -> float | None: ...
    @property
    def target(self) -> float: ...
    @property
    def chance(self) -> float | None: ...
    @property
    def reason(self) -> str:
        """Why there is no chance."""

    @property
    def status(self) -> Status: ...
    @property
    def deadline(self) -> dt.date: ...
    @property
    def review_due(self) -> dt.date | None: ...
    @property
    def actions(self) -> Sequence[str]: ...
    @property
    def verdicts(self) -> Mapping[str, str]:
        """Each letter of SMART with the word for what is amiss, empty where nothing is."""


def targets_table(
    rows: Sequence[AssessedTarget],
    format: Format,
    *,
    id: str = "targets",
    title: str = "Targets",
    measure: str = "",
    note: str = _KEY,
    values: Sequence[dict[str, Any]] = (),
    theme: Theme = DEFAULT_THEME,
) -> Table:
    """Return one row a target: from where to where, how likely, and a column for each letter of SMART.

    A letter that is fulfilled has a tick, any other the word for what is amiss. Targets with different
    deadlines stand in groups, the nearest first; otherwise their order stays.

    Parameters
    ----------
    rows : sequence of AssessedTarget
    format : Format
    id, title, measure, note : str
        The words around the table. Why a chance is missing is added to the note.
    values : sequence of dict
        The rows of the tidy KPI frame that the table quotes.
    theme : Theme
        In whose typeface the columns are as wide as their words.

    Raises
    ------
    ValueError
        If a target has no verdict on one of the letters.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> leads = SimpleNamespace(label="Leads", unit="count", better="higher", owner="Head of Marketing", baseline=900,
    ...     target=950, chance=0.97, reason="", status="on", deadline=dt.date(2026, 12, 31), review_due=None,
    ...     actions=(), verdicts={"S": "", "M": "", "A": "no stretch", "R": "no actions", "T": ""})
    >>> [cell.text for cell in targets_table([leads], Format()).rows[0].cells[2:]]
    ['900', '950', '97%', '✓', '✓', 'no stretch', 'no actions', '✓']
    """
    for row in rows:
        if missing := [letter for letter in LETTERS if letter not in row.verdicts]:
            raise ValueError(f"Found no verdict on {', '.join(missing)} of the target for '{row.label}'.")
    rows = sorted(rows, key=lambda row: row.deadline)
    deadlines = list(dict.fromkeys(row.deadline for row in rows))
    lines = aligned({str(i): _judged(row, format) for i, row in enumerate(rows)}, _NUMERIC, format.point)
    cells = list(lines.values())
    head = f"Target by{NBSP}{format.date(deadlines[0])}" if len(deadlines) == 1 else "Target"
    columns = _columns(head, cells, TextMeasure(theme))
    shown: list[Row] = []
    for deadline in deadlines:
        if len(deadlines) > 1:
            shown.append(Row((Cell(f"By {format.date(deadline)}", span=len(columns)),), kind="group"))
        shown += [Row(tuple(line)) for row, line in zip(rows, cells, strict=True) if row.deadline == deadline]
    unknown = [f"{row.label}: {row.reason}." for row in rows if row.chance is None and row.reason]
    said = " ".join([note, *unknown]).strip()
    return Table(id, title, measure, columns, tuple(shown), note=said, values=tuple(values))


def _judged(row: AssessedTarget, f: Format) -> list[Cell]:
    scale = f.scale([row.baseline, row.target], row.unit)
    goal = number_cell(row.target, row.unit, scale, f)
    letters = [row.verdicts[letter] for letter in LETTERS]
    return [
        Cell(row.label, unit=f.unit_label(row.unit, scale, row.better)),
        _owner(row),
        NOTHING if row.baseline is None else number_cell(row.baseline, row.unit, scale, f),
        replace(goal, text=f"≤ {goal.text}") if row.better == "lower" else goal,
        _chance(row, f),
        *[Cell(word, tone="warn", strong=True) if word else Cell("✓", tone="good") for word in letters],
    ]


def _owner(row: AssessedTarget) -> Cell:
    return Cell(row.owner) if row.owner else NOTHING


def _chance(row: AssessedTarget, f: Format) -> Cell:
    if row.status in ("hit", "missed"):
        return _status(row)
    return NOTHING if row.chance is None else Cell(f.chance(row.chance))


def _status(row: AssessedTarget) -> Cell:
    bad = row.status in ("off", "missed")
    tone: Any = "bad" if bad else "muted" if row.status == "none" else "plain"
    return Cell(TARGET_WORDS[row.status], status=row.status, tone=tone, strong=bad)


def _columns(head: str, cells: Sequence[Sequence[Cell]], measure: TextMeasure) -> tuple[Column, ...]:
    marked = any(line[4].status for line in cells)
    return (
        Column(head, width="1.35fr"),
        Column("Owner"),
        Column("Baseline", align="right", width=_width([line[2] for line in cells], 18, measure)),
        Column("Target", align="right", width=_width([line[3] for line in cells], 20, measure)),
        Column("Chance", align="right", width="18mm" if marked else "15mm"),
        *[
            Column(letter, align="center", width=width)
            for letter, width in zip(LETTERS, _letter_widths([line[5:] for line in cells], measure), strict=True)
        ],
    )


def _width(cells: Sequence[Cell], least: float, measure: TextMeasure) -> str:
    widths = [measure.width(cell.text + cell.pad, TYPE.table) for cell in cells]
    slot = SPACE.suffix_slot if any(cell.suffix for cell in cells) else 0.0
    return f"{max(least, math.ceil(max(widths, default=0.0) + slot + 2 * SPACE.cell_x)):g}mm"


def _letter_widths(lines: Sequence[Sequence[Cell]], measure: TextMeasure) -> list[str]:
    """Return columns as wide as their verdicts, or as the longest word of these where all do not fit."""
    letters = [[line[i].text for line in lines] for i in range(len(LETTERS))]
    whole = [_room(texts, measure) for texts in letters]
    if sum(whole) > _LETTERS_MOST:
        whole = [_room([word for text in texts for word in text.split()], measure) for texts in letters]
    return [f"{wide:g}mm" for wide in whole]


def _room(texts: Sequence[str], measure: TextMeasure) -> float:
    widest = max((measure.width(text, TYPE.table, bold=True) for text in texts), default=0.0)
    return max(_LETTER, math.ceil(2 * (widest + 2 * SPACE.cell_x + 0.2)) / 2)


def actions_table(
    rows: Sequence[AssessedTarget],
    format: Format,
    *,
    id: str = "actions",
    title: str = "What is agreed",
    measure: str = "",
    note: str = "",
    values: Sequence[dict[str, Any]] = (),
) -> Table:
    """Return one row a target: what is agreed to reach it, by whom, and when it is looked at again.

    Parameters
    ----------
    rows : sequence of AssessedTarget
        Shown in their order; a target without actions says so.
    format : Format
    id, title, measure, note : str
        The words around the table.
    values : sequence of dict
        The rows of the tidy KPI frame that the table quotes.
    """
    columns = (
        Column("Target", width="44mm"),
        Column("Action"),
        Column("Owner", width="32mm"),
        Column("Review due", width="22mm"),
        Column("Status", width="21mm"),
    )
    shown = tuple(Row(tuple(_agreed(row, format))) for row in rows)
    return Table(id, title, measure, columns, shown, note=note, values=tuple(values))


def _agreed(row: AssessedTarget, f: Format) -> list[Cell]:
    sign = f"≤{NBSP}" if row.better == "lower" else ""
    goal = f"{row.label} {sign}{f.prose(row.target, row.unit)}"
    agreed = "; ".join(action.strip().rstrip(".;") for action in row.actions)
    return [
        Cell(goal),
        Cell(agreed) if agreed else Cell("nothing agreed", tone="warn", strong=True),
        _owner(row),
        NOTHING if row.review_due is None else Cell(f.date(row.review_due)),
        _status(row),
    ]
