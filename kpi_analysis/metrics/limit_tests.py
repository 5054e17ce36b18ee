"""Limits of the schema as tests of rows, and answers that look like those of another scale."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import reduce
from operator import and_
from typing import Any

import ibis
import ibis.expr.types as ir

from kpi_analysis.core.errors import DataFinding
from kpi_analysis.core.limits import LIMITS, MISSING, NARROW_ANSWERS, PRESENT, Condition, Limit, survey_scale
from kpi_analysis.metrics.row_tests import RowTest, in_words
from kpi_analysis.metrics.sources.mapping import MappedColumn

ANSWERS = {"surveys": ("score", ("nps", "csat")), "tickets": ("csat", ("csat",))}


def limit_tests(name: str, mapped: Sequence[MappedColumn], scales: Mapping[str, int]) -> list[RowTest]:
    """Tests of the limits whose columns a table has.

    Parameters
    ----------
    name : str
        Of the canonical table.
    mapped : sequence of MappedColumn
        Its columns.
    scales : mapping of str to int
        Highest answers by the company file.

    Returns
    -------
    list of RowTest
        Each is looked at in the one scan of the table.
    """
    values = {column.column.name: column.value for column in mapped}
    return [
        _limit_test(limit, values, scales)
        for limit in LIMITS
        if limit.table == name and set(limit.columns) <= values.keys() and _can_hold(limit, values)
    ]


def _can_hold(limit: Limit, values: Mapping[str, ir.Value]) -> bool:
    """Whether a condition on words can hold at all where its column is not there: only by the lack of a word."""
    return all(c.column in values or MISSING in c.operand.split("|") for c in limit.conditions)


def _limit_test(limit: Limit, values: Mapping[str, ir.Value], scales: Mapping[str, int]) -> RowTest:
    first = limit.conditions[0]
    bound = _bound(first.operand, scales)
    words = limit.words.format(bound="" if bound is None else f"{bound:g}")
    subject, others = ("value", "values") if bound is not None and "." in first.operand else ("row", "rows")
    wrong = reduce(and_, [_holds(c, values, scales) for c in limit.conditions if c.column in values])
    shown = values[first.column]
    if first.operator == "is" and first.operand == MISSING:  # what is shown of a row must be there
        shown = next((v for k, v in values.items() if k.endswith("_id") and k != "customer_id"), shown)

    def told(count: int, _: int) -> str:
        return f"{in_words(count, subject, others)} {_singular(words) if count == 1 else words}"

    return RowTest(
        first.column, limit.level, wrong, shown, told, limit.remedy, limit.touched,
        money=values.get(limit.money) if limit.money else None, effect=limit.effect,
    )  # fmt: skip


def _singular(words: str) -> str:
    verb, _, rest = words.partition(" ")
    return f"{ {'have': 'has', 'are': 'is'}.get(verb, verb) } {rest}".replace("and have", "and has")


def _bound(operand: str, scales: Mapping[str, int]) -> float | None:
    """A number, or a bound of a scale; nothing where the operand is none of them."""
    kind, _, end = operand.partition(".")
    if end in ("lowest", "highest"):
        return float(getattr(survey_scale(kind, scales), end))
    return float(operand) if operand.isdigit() else None


def _holds(condition: Condition, values: Mapping[str, ir.Value], scales: Mapping[str, int]) -> ir.BooleanValue:
    value, operand = values[condition.column], condition.operand
    if condition.operator == "is":
        return value.isnull() if operand == MISSING else value.notnull()
    if condition.operator == "=":
        if value.type().is_boolean():
            return value.fill_null(False)
        words = operand.split("|")
        found = value.isin([word for word in words if word not in (MISSING, PRESENT)])
        return (found | value.isnull()) if MISSING in words else found
    bound = _bound(operand, scales)
    limit = values[operand] if bound is None else ibis.literal(bound)
    return value > limit if condition.operator == ">" else value < limit


def answer_measures(name: str, mapped: Sequence[MappedColumn]) -> dict[str, ir.Scalar]:
    """How many answers a table has and how high they go, by kind of survey, to be measured in its one scan."""
    values = {column.column.name: column.value for column in mapped}
    column, kinds = ANSWERS.get(name, ("", ()))
    if column not in values:
        return {}
    measures: dict[str, ir.Scalar] = {}
    for kind in kinds:
        where = None
        if name == "surveys":
            if "kind" not in values and kind != "nps":
                continue
            where = values["kind"].fill_null("nps") == kind if "kind" in values else None
        measures[f"answers_{kind}"] = values[column].count(where=where)
        measures[f"highest_{kind}"] = values[column].max(where=where)
    return measures


def narrow_answers(name: str, counts: Mapping[str, Any], scales: Mapping[str, int]) -> list[DataFinding]:
    """Findings where no answer lies in the upper half of its scale: they look like those of another scale.

    Parameters
    ----------
    name : str
        Of the canonical table.
    counts : mapping
        What `answer_measures` came to.
    scales : mapping of str to int
        Highest answers by the company file.

    Returns
    -------
    list of DataFinding
        Warnings.
    """
    column, kinds = ANSWERS.get(name, ("", ()))
    found = []
    for kind in kinds:
        count, highest = int(counts.get(f"answers_{kind}") or 0), counts.get(f"highest_{kind}")
        scale = survey_scale(kind, scales)
        if count < NARROW_ANSWERS or highest is None or highest > scale.highest / 2:
            continue
        words = f"no {kind} score of {count:,} is above {highest:g} on a scale of {scale.lowest:g} to {scale.highest:g}"
        found.append(
            DataFinding(
                "warning", f"table {name}, column {column}", f"{words}.",
                f"Is this another scale? Say it in the company file: scales: {{{kind}: …}}",
                table=name, columns=(column,), rows=count, share=1.0, summary=words,
            )
        )  # fmt: skip
    return found
