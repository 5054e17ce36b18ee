"""Targets that somebody must hear of: off track, at risk, missed, or reached early."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any, Literal

from kpi_analysis.design.formats import NBSP, Format
from kpi_analysis.insight.findings.insight import Insight, Quoted
from kpi_analysis.metrics.catalogue import Catalogue

WEIGHTS = {"missed": 17.0, "off": 16.0, "hit": 9.0, "risk": 8.0}
TONES: Mapping[str, Literal["good", "bad", "warn"]] = {"missed": "bad", "off": "bad", "risk": "warn", "hit": "good"}


def aimed(records: Iterable[Mapping[str, Any]], catalogue: Catalogue, written: Format) -> list[Insight]:
    """Return a finding for each judged target that is not simply on track, the weightiest first.

    Parameters
    ----------
    records : iterable of mapping
        Judged targets: kpi, where, by, target, current, needed, chance, status.
    catalogue : Catalogue
    written : Format
    """
    found = [one for record in records if (one := _aimed(record, catalogue, written)) is not None]
    return sorted(found, key=lambda one: (-one.score, one.id))


def _aimed(record: Mapping[str, Any], catalogue: Catalogue, written: Format) -> Insight | None:
    status = str(record["status"])
    if status not in WEIGHTS or record["target"] is None or record["by"] is None:
        return None
    metric = catalogue.metric(record["kpi"])
    id = f"target:{metric.name}" + (f"[{record['where']}]" if record["where"] else "") + f"@{record['by']}"
    quoted: list[Quoted] = []

    def say(field: str, value: float) -> str:
        text = written.chance(value) if field == "chance" else written.prose(value, metric.unit)
        quoted.append(Quoted(id, field, float(value), text, "chance" if field == "chance" else metric.unit))
        return text

    goal, deadline = say("target", record["target"]), written.date(dt.date.fromisoformat(record["by"]))
    deadline = deadline.replace(" ", NBSP)
    chance, current = record["chance"], record["current"]
    if status in ("hit", "missed") and current is not None:
        verb = "reached" if status == "hit" else "missed"
        claim = f"{metric.label} {verb} its target of {goal}."
        figure, unit = say("current", current), metric.label.lower()
        evidence = f"It came to {figure}; the deadline was {deadline}."
    elif chance is not None:
        figure, unit = say("chance", chance), f"chance of {goal}"
        word = "is off its target" if status == "off" else "may miss its target"
        claim = f"{metric.label} {word} of {goal}: a chance of {figure}."
        evidence = f"Due {deadline}."
        if current is not None:
            evidence += f" It stands at {say('current', current)}."
    else:
        return None
    return Insight(
        id=id,
        kind="target",
        kpi=metric.name,
        period=str(record["period"] or record["by"]),
        slice={},
        size=chance,
        low=None,
        high=None,
        p_value=None,
        claim=claim,
        evidence=evidence,
        query=f"kpi show {metric.name}",
        quoted=tuple(quoted),
        score=WEIGHTS[status] + (2.0 if metric.level == "strategic" else 0.0),
        tone=TONES[status],
        figure=figure,
        figure_unit=unit,
    )
