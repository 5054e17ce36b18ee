"""The one KPI that stands for a report in the archive: its name, value, changes, and course over the reports."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from functools import cache
from typing import Any

from babel import UnknownLocaleError

from kpi_analysis.design.formats import Format
from kpi_analysis.design.units import UNITS
from kpi_analysis.press.archive.entries import Entry, as_mapping, as_number, as_objects, as_text, kpis_of
from kpi_analysis.press.archive.sparkline import sparkline_path

SPARKLINE_POINTS = 12

Row = Mapping[str, Any]
Histories = Mapping[tuple[str, ...], Sequence[tuple[int, float]]]


def headline_kpi(values: Iterable[Row], facts: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the name and unit of a report's headline KPI, for its manifest; None where it has none.

    Parameters
    ----------
    values : iterable of mapping
        The values of ``results.json``, in their order.
    facts : mapping
        Those of the report; ``kpis`` has a label and a unit for each KPI.

    Examples
    --------
    >>> facts = {"period": "2026-Q3", "kpis": {"leads": {"label": "Leads", "unit": "count"}}}
    >>> headline_kpi([{"kpi": "leads", "period": "2026-Q3", "value": 7}], facts)
    {'kpi': 'leads', 'label': 'Leads', 'unit': 'count'}
    """
    whole = (row for row in kpis_of(values) if row.get("period") == facts.get("period") and not row.get("dimensions"))
    row = next((row for row in whole if as_number(row.get("value")) is not None), None)
    if row is None:
        return None
    kpi = as_text(row.get("kpi"))
    told = as_mapping(as_mapping(facts.get("kpis")).get(kpi))
    return {"kpi": kpi, **{name: told[name] for name in ("label", "unit") if name in told}}


def leading_value(entry: Entry) -> Row | None:
    """Return the value that stands for a report: the first one of its whole period."""
    return next(iter(entry.values), None)


def headline_summary(entry: Entry, histories: Histories) -> dict[str, Any] | None:
    """Return what the archive tells of a report's headline KPI; None where it has none.

    Parameters
    ----------
    entry : Entry
    histories : mapping
        From `kpi_histories` all reports.
    """
    row, start = leading_value(entry), _start(entry)
    if row is None:
        return None
    history = histories.get((*_series(entry), as_text(row.get("kpi"))), ())
    until = [point for point in history if start is not None and point[0] <= start][-SPARKLINE_POINTS:]
    name = kpi_label(entry, row)
    told = {"label": name, "value": formatted_value(entry, row, row["value"]), "changes": _changes(entry, row)}
    if len(until) < 2:
        return {**told, "spark": None, "alt": ""}
    first, last = (formatted_value(entry, row, until[place][1]) for place in (0, -1))
    alt = f"{name} in {len(until)} reports, from {first} to {last}"
    return {**told, "spark": sparkline_path(until), "alt": alt}


def kpi_histories(entries: Iterable[Entry]) -> Histories:
    """Return for each kind of report and KPI its values over the periods: (day of the period's start, value)."""
    found: dict[tuple[str, ...], dict[int, float]] = {}
    for entry in entries:
        start, series = _start(entry), _series(entry)
        if start is None:
            continue
        for row in entry.values:
            found.setdefault((*series, as_text(row.get("kpi"))), {})[start] = float(row["value"])
    return {key: sorted(points.items()) for key, points in found.items()}


def kpi_label(entry: Entry, row: Row) -> str:
    """Return what a KPI is called."""
    told = as_mapping(entry.manifest.get("headline"))
    name = as_text(told.get("label")) if told.get("kpi") == row.get("kpi") else ""
    return name or as_text(row.get("kpi")).replace("_", " ").capitalize()


def formatted_value(entry: Entry, row: Row, value: float) -> str:
    """Return a value of a KPI as the report writes it; without a unit where none is known."""
    unit, written = _unit(entry, row), _format(entry)
    if unit is not None:
        return written.prose(value, unit)
    return written.number(value, 0 if abs(value) >= 1000 or float(value).is_integer() else 2)


def _unit(entry: Entry, row: Row) -> str | None:
    """From the manifest, else from a finding that quotes the KPI."""
    told = as_mapping(entry.manifest.get("headline"))
    quoted = (one for found in entry.findings for one in as_objects(found, "quoted"))
    units = [told.get("unit") if told.get("kpi") == row.get("kpi") else None]
    units += [one.get("unit") for one in quoted if as_text(one.get("id")).startswith(f"{as_text(row.get('kpi'))}@")]
    return next((unit for unit in units if isinstance(unit, str) and unit.split("/")[0] in UNITS), None)


def _changes(entry: Entry, row: Row) -> list[str]:
    """Against the period before and a year ago; where no unit is known, what it was then."""
    unit, written, found = _unit(entry, row), _format(entry), []
    for name, since in (("previous", "the period before"), ("year_ago", "a year ago")):
        before = as_number(row.get(name))
        if before is None:
            continue
        if unit is None:
            found.append(f"{formatted_value(entry, row, before)} {since}")
            continue
        change = written.change(row["value"], before, unit)
        if change is not None:
            found.append(f"{''.join(change)} on {since}")
    return found


def _start(entry: Entry) -> int | None:
    try:
        return date.fromisoformat(entry.text("period_start")).toordinal()
    except ValueError:
        return None


def _series(entry: Entry) -> tuple[str, ...]:
    """What reports share that differ in their period only."""
    grain = "".join("0" if sign.isdigit() else sign for sign in entry.period)
    return (entry.text("company"), entry.text("notebook"), json.dumps(entry.distinct, sort_keys=True), grain)


def _format(entry: Entry) -> Format:
    return _written(entry.text("locale") or "en_GB", entry.text("currency") or "EUR")


@cache
def _written(locale: str, currency: str) -> Format:
    try:
        return Format(locale, currency)
    except (ValueError, TypeError, UnknownLocaleError):  # a manifest may hold anything
        return Format(currency=currency)
