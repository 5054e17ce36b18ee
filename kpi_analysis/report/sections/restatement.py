"""What was published before and is another number today, and why: restated, not silently replaced."""

from __future__ import annotations

import json
import math
from pathlib import Path

from kpi_analysis.core.errors import UsageError
from kpi_analysis.core.periods import period_label
from kpi_analysis.design.blocks import Cell, Column, Note, Row, Table
from kpi_analysis.design.formats import Format
from kpi_analysis.insight.restatement import Compared, Comparison, Moved, Published, same
from kpi_analysis.metrics.session import OpenCompany

ENOUGH = 0.0005  # of the published value: less is not seen in a report
LONGEST = 20  # rows


def restatements(company: OpenCompany, written: Format, folder: Path) -> Table | Note | None:
    """Return the values of an earlier report that are others today, as of the day to which it counted.

    Parameters
    ----------
    company : OpenCompany
    written : Format
    folder : path
        Of the earlier report.

    Returns
    -------
    Table, Note or None
        The values that moved by more than 0.05 %, the furthest first; a note where none did; nothing where the folder
        holds no report that says what it was made from.
    """
    report = read_report(folder)
    if report is None:
        return None
    compared = Comparison(company, report).values()
    found = [(figure, moved) for figure in compared if (moved := _restated(figure)) is not None]
    period, day = _name(company, report), written.date(report.as_of)
    if not found:
        return Note(f"No figure published before has moved: the {len(compared)} values of {period}, data to {day}.")
    found.sort(key=lambda pair: (-_distance(pair[1]), pair[0].id))
    columns = (
        Column("KPI"),
        Column("Period", width="auto"),
        Column("Published", align="right", width="auto"),
        Column("Today", align="right", width="auto"),
        Column("Change", align="right", width="auto"),
        Column("Changed since"),
    )
    more = len(found) - LONGEST
    return Table(
        "restatements",
        f"{len(found)} of {len(compared)} values published for {period} are others today",
        f"Data to {day}, then and today; values that moved by more than {written.number(ENOUGH * 100, 2)}%",
        columns,
        tuple(_row(company, written, figure, moved) for figure, moved in found[:LONGEST]),
        note=f"And {more} more, which moved less." if more > 0 else "",
    )


def read_report(folder: Path) -> Published | None:
    """Return the report that lies in a folder; None where there is none, or one that does not say how it was made."""
    try:
        results = json.loads((folder / "results.json").read_text(encoding="utf-8"))
        manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    told = isinstance(manifest, dict) and manifest.get("made_from") and manifest.get("as_of")
    return Published(results, manifest) if told else None


def _restated(figure: Compared) -> Moved | None:
    value = next((one for one in figure.moved if one.field == "value"), None)
    return None if value is None or same(value.then, value.now, ENOUGH) else value


def _distance(moved: Moved) -> float:
    """How far, of what was published; a value that came or went is the furthest."""
    if moved.then is None or moved.now is None or moved.then == 0:
        return math.inf
    return abs((float(moved.now) - float(moved.then)) / float(moved.then))


def _row(company: OpenCompany, written: Format, figure: Compared, moved: Moved) -> Row:
    metric = company.catalogue.metrics.get(figure.kpi)
    unit = metric.unit if metric else "ratio"
    label = Cell(metric.label if metric else figure.kpi, unit=written.unit_label(unit))
    shown = map(Cell, _told_apart(written, moved, 100.0 if unit == "percent" else 1.0))
    change = written.change(moved.now, moved.then, unit) or ("–", "")
    why = "; ".join(cause.words for cause in figure.causes)
    return Row((label, Cell(figure.id.partition("@")[2]), *shown, Cell(change[0], suffix=change[1]), Cell(why)))


def _told_apart(written: Format, moved: Moved, factor: float) -> list[str]:
    """Both values to two digits of what lies between them; whole numbers stay whole."""
    numbers = [x * factor for x in (moved.then, moved.now) if x is not None]
    between = abs(numbers[0] - numbers[-1]) or abs(numbers[0])
    whole = all(float(x).is_integer() for x in numbers)
    decimals = 0 if whole else max(0, 1 - math.floor(math.log10(between)))
    return ["–" if x is None else written.number(x * factor, decimals) for x in (moved.then, moved.now)]


def _name(company: OpenCompany, report: Published) -> str:
    calendar, label = company.config.calendar, str(report.provenance["period"])
    try:
        return period_label(calendar.parse(label), calendar)
    except UsageError:  # the company counts its periods otherwise today
        return label
