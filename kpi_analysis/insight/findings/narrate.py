"""A believed candidate → its sentence, with every number that it prints and where that number stands."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from kpi_analysis.design.formats import Format
from kpi_analysis.insight.findings.insight import Candidate, Insight, Quoted
from kpi_analysis.insight.findings.select import Group
from kpi_analysis.metrics.catalogue import Catalogue, Metric

LONGEST_ALSO = 2
# what a value is held against: only what was is a usual level, and not a trend that is drawn on
BASES = {"level": "its usual level", "season": "its usual level for the season", "trend": "what its trend let expect"}


class Sentence:
    """A sentence that is being written: it notes each number that it prints."""

    def __init__(self, written: Format, unit: str) -> None:
        self.written, self.unit = written, unit
        self.quoted: list[Quoted] = []

    def say(self, id: str, field: str, value: float) -> str:
        """Print a number, and note from which figure it comes."""
        text = self.written.prose(value, self.unit)
        self.quoted.append(Quoted(id, field, float(value), text, self.unit))
        return text


def told(
    group: Group,
    row: Mapping[str, Any],
    catalogue: Catalogue,
    written: Format,
    names: Mapping[str, str],
    *,
    as_of: str,
    summed: bool,
) -> Insight:
    """Return a finding in words.

    Parameters
    ----------
    group : Group
        The candidate that speaks, and what else shows the same fact.
    row : mapping
        The row of the tidy frame that it speaks of.
    catalogue : Catalogue
    written : Format
    names : mapping of str to str
        Periods in words, by label.
    as_of : str
        The last day that counts, for the command that shows more.
    summed : bool
        Whether the months of the period add up to it.
    """
    lead = group.lead
    metric = catalogue.metric(lead.kpi)
    sentence = Sentence(written, metric.unit)
    who = metric.label + _of(lead.slice)
    value = sentence.say(row["id"], "value", row["value"])
    if lead.kind == "turned":
        claim = f"{who} has been {'higher' if lead.up else 'lower'} since {names[lead.period]}."
        before, after = sentence.say(lead.id, "low", lead.low), sentence.say(lead.id, "high", lead.high)
        evidence = (
            f"Its months average {after} since then and {before} before; in {names[row['period']]} it was {value}."
        )
    else:
        verb = "stood far above" if lead.up else "stood far below"
        is_day = len(lead.period) == len("2026-09-30")
        claim = f"{who} {verb} {BASES[lead.basis]} {'on' if is_day else 'in'} {names[lead.period]}: {value}."
        low = sentence.say(lead.id, "low", lead.low)
        if is_day:
            evidence = f"A usual day of that time comes to {low}."
        else:
            usual = "that month" if lead.kind == "unusual" else "all" if summed else "each of its months"
            high = sentence.say(lead.id, "high", lead.high)
            evidence = f"What went before lets one expect {low} to {high} in {usual}."
    evidence += _also(group, catalogue)
    return Insight(
        id=lead.id,
        kind="segment" if lead.slice and lead.kind == "moved" else lead.kind,
        kpi=lead.kpi,
        period=lead.period,
        slice=dict(lead.slice),
        size=row["value"],
        low=lead.low,
        high=lead.high,
        p_value=lead.p_value,
        claim=claim,
        evidence=evidence,
        query=_query(lead, row, as_of),
        quoted=tuple(sentence.quoted),
        score=group.score,
        tone=tone_of(metric, lead.up),
        figure=value,
        figure_unit=metric.label.lower() if metric.label[1:2].islower() else metric.label,
        also=tuple(one.id for one in group.others),
    )


def gap(kpi: str, metric: Metric, missing: Sequence[str], names: Mapping[str, str], as_of: str) -> Insight:
    """Return the finding that a table has no rows on some days although it has rows on all others."""
    first, last = missing[0], missing[-1]
    days = f"{len(missing)} day" + ("s" if len(missing) > 1 else "")
    span = names[first] if first == last else f"{names[first]} to {names[last]}"
    id = f"unusual:{kpi}@{first}"
    return Insight(
        id=id,
        kind="unusual",
        kpi=kpi,
        period=first,
        slice={},
        size=float(len(missing)),
        low=None,
        high=None,
        p_value=None,
        claim=f"{metric.label}: {days} without any data, {span}.",
        evidence="Nearly all other days have rows. Sums leave these days out, and rates over them are off.",
        query=f"kpi compute {kpi} --period {last} --grain day --last {len(missing) + 7} --as-of {as_of}",
        quoted=(Quoted(id, "size", float(len(missing)), str(len(missing)), "count"),),
        score=11.0,
        tone="warn",
        figure=str(len(missing)),
        figure_unit="days without data" if len(missing) > 1 else "day without data",
    )


def tone_of(metric: Metric, up: bool) -> Literal["plain", "good", "bad"]:
    """Whether a move is for better or worse."""
    if metric.better == "neutral":
        return "plain"
    return "good" if up == (metric.better == "higher") else "bad"


def _of(slice: Mapping[str, str]) -> str:
    return f" ({', '.join(slice.values())})" if slice else ""


def _also(group: Group, catalogue: Catalogue) -> str:
    """Name what else shows the same fact: other KPIs, else the slices in which it shows most."""
    lead, seen = group.lead, dict[str, None]()
    for one in group.others:
        if one.kpi == lead.kpi and one.slice and not lead.slice:
            seen[", ".join(one.slice.values())] = None
    if seen:
        return f" It shows most in {next(iter(seen))}."
    for one in group.others:
        if one.kpi != lead.kpi:
            seen[catalogue.metric(one.kpi).label.lower() + _of({} if one.slice == lead.slice else one.slice)] = None
    shown = list(seen)[:LONGEST_ALSO]
    return f" It also shows in {' and '.join(shown)}." if shown else ""


def _query(lead: Candidate, row: Mapping[str, Any], as_of: str) -> str:
    words = ["kpi", "compute", lead.kpi, "--period", str(row["period"]), "--last", "13"]
    for name, value in lead.slice.items():
        quoted = value.replace("'", "''")
        condition = f"{name} is null" if value == "(none)" else f"{name} = '{quoted}'"
        words += ["--where", condition]
    return shlex.join([*words, "--as-of", as_of])
