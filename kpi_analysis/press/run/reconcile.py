"""Every number in a sentence is compared with the figure that it quotes, before anything is printed."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from kpi_analysis.core.errors import RunError
from kpi_analysis.design.formats import Format

REMEDY = "Run the notebook again from its first cell, and do not edit its outputs."


def quoted_findings(blocks: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the findings behind the printed sentences, as they go into ``results.json``."""
    return [record for block in blocks for record in block.get("records", ())]


def reconcile(
    findings: Iterable[Mapping[str, Any]],
    values: Sequence[Mapping[str, Any]],
    targets: Sequence[Mapping[str, Any]],
    blocks: Iterable[Mapping[str, Any]],
    written: Format,
) -> None:
    """Refuse a report in which a sentence and a figure say different numbers.

    Parameters
    ----------
    findings : iterable of mapping
        As they go into ``results.json``, each with the numbers that it quotes.
    values, targets : sequence of mapping
        The figures of ``results.json``, and its judged targets.
    blocks : iterable of mapping
        Blocks as they are printed.
    written : Format
        How the report writes its numbers.

    Raises
    ------
    RunError
        With the id of the figure and both numbers.

    Examples
    --------
    >>> reconcile([], [], [], [], Format())
    """
    figures = {str(row["id"]): row for row in values}
    goals = {_target_id(target): target for target in targets}
    told = list(findings)
    for finding in told:
        sentence = f"{finding['claim']} {finding['evidence']}"
        for number in finding["quoted"]:
            known = {**figures, **goals, str(finding["id"]): finding}
            if finding["kind"] == "target" and number["id"] in goals:
                known[number["id"]] = goals[number["id"]]
            _compare(number, known.get(number["id"]))
            _compare_text(number, written)
            if number["text"] not in sentence and number["text"] != finding["figure"]:
                raise RunError(
                    f"The sentence on {number['id']} does not say {number['text']}: {sentence}", remedy=REMEDY
                )
    _check_printed(told, blocks)


def _compare(number: Mapping[str, Any], figure: Mapping[str, Any] | None) -> None:
    name = f"{number['id']} ({number['field']})"
    if figure is None:
        raise RunError(f"A sentence quotes {name}, which is no figure of this report.", remedy=REMEDY)
    value = figure.get(number["field"])
    if not isinstance(value, int | float) or not math.isclose(value, number["value"], rel_tol=1e-9, abs_tol=1e-12):
        raise RunError(
            f"A sentence says {number['value']} for {name}; the figure is {value}.",
            remedy=REMEDY,
        )


def _compare_text(number: Mapping[str, Any], written: Format) -> None:
    value, unit = number["value"], number["unit"]
    text = written.chance(value) if unit == "chance" else written.prose(value, unit)
    if text != number["text"]:
        raise RunError(
            f"A sentence prints {number['text']} for {number['id']} ({number['field']}); the figure is {text}.",
            remedy=REMEDY,
        )


def _check_printed(told: Sequence[Mapping[str, Any]], blocks: Iterable[Mapping[str, Any]]) -> None:
    """What is printed must be, word for word, what was compared."""
    known = {(finding["figure"], finding["claim"], finding["evidence"]) for finding in told}
    for block in blocks:
        for shown in block.get("findings", ()):
            words = (shown["figure"]["text"], shown["claim"], shown["evidence"])
            if words not in known:
                near = next((other for other in told if other["claim"] == words[1]), told[0] if told else None)
                found = f"; compared was: {near['figure']} {near['claim']} {near['evidence']}" if near else ""
                id = near["id"] if near else "no figure"
                raise RunError(f"The report prints of {id}: {' '.join(words)}{found}", remedy=REMEDY)


def _target_id(target: Mapping[str, Any]) -> str:
    where = f"[{target['where']}]" if target["where"] else ""
    return f"target:{target['kpi']}{where}@{target['by']}"
