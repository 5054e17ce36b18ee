"""Warnings about a call: what is asked may not be what is meant. The values stay as they are."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from functools import partial

import ibis.expr.types as ir

from kpi_analysis.core.errors import KpiError
from kpi_analysis.metrics import sql
from kpi_analysis.metrics.catalogue import Catalogue
from kpi_analysis.metrics.compute.resolution import resolved_aggregates
from kpi_analysis.metrics.compute.slices import known_columns, nearest_word
from kpi_analysis.metrics.sources import Sources

MOST_LISTED = 10
FLOWS = ("flow", "first", "per_key")  # kinds that read the rows of a period; the others read all rows up to its end


def call_warnings(
    sources: Sources,
    catalogue: Catalogue,
    kpis: Sequence[str],
    where: str | None,
    first: dt.date,
    last: dt.date,
) -> list[str]:
    """Warnings about a call, one sentence each; none without a condition.

    Parameters
    ----------
    sources : Sources
    catalogue : Catalogue
    kpis : sequence of str
        Ids of the KPIs that are asked for.
    where : str, optional
        Condition in SQL.
    first : date
        First day that is asked for.
    last : date
        Last day that is asked for.

    Returns
    -------
    list of str
        Words that no row has, with the nearest one, and how many rows the condition leaves out because they have no
        value.
    """
    if where is None:
        return []
    return [
        *unknown_words(sources, sql.compared_words(where)),
        *_left_out(sources, catalogue, kpis, where, first, last),
    ]


def unknown_words(sources: Sources, words: Iterable[tuple[str, str]]) -> list[str]:
    """Warnings about words that no row of any table has, each with the nearest one that there is.

    Parameters
    ----------
    sources : Sources
    words : iterable of (str, str)
        Column and word.

    Returns
    -------
    list of str
        A sentence for each.
    """
    found = []
    for column, word in dict.fromkeys(words):
        if not sources.memo.get(("word", column, word), partial(_has_word, sources, column, word)):
            found.append(f"no row has {column} '{word}'{_nearest(sources, column, word)}")
    return found


def _texts(sources: Sources, column: str) -> Iterable[ir.StringColumn]:
    """A column in each table that has it as text; a table that cannot be used says so to those who need it."""
    for name, present in known_columns(sources).items():
        if column in present:
            try:
                rows = sources.with_derived(name, {column} & set(sources.derived(name)))
            except KpiError:
                continue
            if rows[column].type().is_string():
                yield rows[column]


def _has_word(sources: Sources, column: str, word: str) -> bool:
    """Whether a row has a word, or no table holds words in such a column."""
    is_text = False
    for text in _texts(sources, column):
        is_text = True
        rows = text.name("word").as_table()
        if rows.filter(rows.word == word).limit(1).count().to_pyarrow().as_py():
            return True
    return not is_text


def _nearest(sources: Sources, column: str, word: str) -> str:
    known: set[str] = set()
    for text in _texts(sources, column):
        found = text.name("word").as_table().distinct().to_pyarrow().column(0).to_pylist()
        known |= {one for one in found if one is not None}
    near = nearest_word(word, known)
    if near:
        return f"; did you mean '{near}'?"
    shown = ", ".join(sorted(known)[:MOST_LISTED])
    return f"; there are {shown}{' …' if len(known) > MOST_LISTED else ''}" if shown else ""


def _left_out(
    sources: Sources, catalogue: Catalogue, kpis: Sequence[str], where: str, first: dt.date, last: dt.date
) -> list[str]:
    measures = {name for kpi in kpis for name in catalogue.measures_of(kpi)}
    aggregates = resolved_aggregates(sources, catalogue, sorted(measures)).values()
    needed, sentences = sql.columns_of(where), []
    # what reads a period and what reads all rows up to its end is said apart, so that neither hangs on the other
    for table, is_flow in dict.fromkeys((one.table, one.kind in FLOWS) for one in aggregates):
        if not needed <= {*sources.columns(table), *sources.derived(table)}:
            continue
        since = first if is_flow else None
        key = ("left out", where, table, since, last)
        found = sources.memo.get(key, partial(_count_left_out, sources, table, where, since, last))
        sentences += [
            f"{rows:,} {'row' if rows == 1 else 'rows'}{'' if is_flow else f' up to {last}'} "
            f"{'has' if rows == 1 else 'have'} no {column} and "
            f"{'is' if rows == 1 else 'are'} left out: table {table}"
            for column, rows in found.items()
        ]
    return sentences


def _count_left_out(sources: Sources, name: str, where: str, first: dt.date | None, last: dt.date) -> dict[str, int]:
    """By column of the condition, the rows of a table that it leaves out because they have no value there."""
    columns = sorted(sql.columns_of(where))
    rows = sources.with_derived(name, set(columns) & set(sources.derived(name)))
    left_out = sql.left_out_without_value(where, rows)
    if left_out is None or not columns:
        return {}
    day = rows[sources.schemas[name].date].cast("date")
    asked = day <= last if first is None else day.between(first, last)
    rows = rows.filter(asked & left_out)
    counts = rows.aggregate(**{f"c{at}": rows[one].isnull().sum() for at, one in enumerate(columns)})
    (found,) = counts.to_pyarrow().to_pylist()
    return {one: int(found[f"c{at}"]) for at, one in enumerate(columns) if found[f"c{at}"]}
