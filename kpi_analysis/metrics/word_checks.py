"""Words of a table that look alike: the same one in other cases or with other blanks."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence

from kpi_analysis.core.errors import DataFinding
from kpi_analysis.metrics.sources import Sources
from kpi_analysis.metrics.sql.types import on_duckdb

MOST_WORDS = 1000  # a column with more of them is no dimension
SHOWN_WORDS = 3


def alike_words(words: Iterable[str]) -> list[list[str]]:
    """Groups of words that differ only in case or in blanks.

    Parameters
    ----------
    words : iterable of str
        Each once.

    Returns
    -------
    list of lists of str
        Groups of two or more, sorted.

    Examples
    --------
    >>> alike_words(["EMEA", "emea", "North  America", "North America", "APAC"])
    [['EMEA', 'emea'], ['North  America', 'North America']]
    """
    groups: dict[str, list[str]] = {}
    for word in sorted(words):
        plain = " ".join(unicodedata.normalize("NFKC", word).casefold().split())
        groups.setdefault(plain, []).append(word)
    return [group for group in groups.values() if len(group) > 1]


def wordy_columns(sources: Sources, name: str) -> tuple[str, ...]:
    """Columns of a table whose words may be written in several ways: its dimensions, but for ids and known words.

    Parameters
    ----------
    sources : Sources
        Tables of the company.
    name : str
        Of the canonical table.

    Returns
    -------
    tuple of str
    """
    present = sources.columns(name)
    columns = sources.schemas[name].columns
    return tuple(
        column
        for column in sources.schemas[name].dimensions
        if column in present and not column.endswith("_id") and not columns[column].values
    )


def check_words(sources: Sources, name: str, columns: Sequence[str]) -> list[DataFinding]:
    """Findings on columns in which one word is written in several ways.

    They are not merged: the company says whether EMEA and emea are one region.

    Parameters
    ----------
    sources : Sources
        Tables of the company.
    name : str
        Of the canonical table.
    columns : sequence of str
        Some of `wordy_columns`.

    Returns
    -------
    list of DataFinding
        Warnings, one a column.
    """
    alike = {column: alike_words(words) for column, words in _words(sources, name, columns).items()}
    return [_finding(sources, name, column, groups) for column, groups in alike.items() if groups]


def _finding(sources: Sources, name: str, column: str, groups: Sequence[Sequence[str]]) -> DataFinding:
    table = sources.tables.usable(name)
    value = table[column].cast("string")
    wanted = [word for group in groups for word in group]
    counted = table.filter(value.isin(wanted)).group_by(word=value).aggregate(rows=lambda t: t.count())
    counts = {str(row["word"]): int(row["rows"]) for row in counted.to_pyarrow().to_pylist()}
    total = int(table.count().to_pyarrow().as_py())
    ranked = [sorted(group, key=lambda word: (-counts.get(word, 0), word)) for group in groups]
    shown = "; ".join(_and(f"'{word}' in {counts.get(word, 0):,}" for word in group) for group in ranked[:SHOWN_WORDS])
    more = f" and {len(ranked) - SHOWN_WORDS} more words" if len(ranked) > SHOWN_WORDS else ""
    rows = sum(counts.get(word, 0) for group in ranked for word in group[1:])
    words = f"the same word is written in several ways: {shown} rows{more}"
    return DataFinding(
        "warning", f"table {name}, column {column}", f"{words}.",
        f"They are slices of their own. If they mean the same, map it: {column}: upper({column})",
        table=name, columns=(column,), rows=rows, share=rows / max(1, total), summary=words,
    )  # fmt: skip


def _words(sources: Sources, name: str, columns: Sequence[str]) -> dict[str, frozenset[str]]:
    """The words of columns, by one query where the engine can list them; those of crowded columns are left out."""
    told = sources.facts.known.words
    known = {column: told[name, column] for column in columns if (name, column) in told}
    lacking = [column for column in columns if column not in known and (name, column) not in sources.crowded]
    if not lacking:
        return known
    table = sources.tables.usable(name)
    if on_duckdb(table[lacking[0]]):
        listed = table.aggregate(**{column: table[column].collect(distinct=True) for column in lacking})
        row = listed.to_pyarrow().to_pylist()[0]
        found = {column: frozenset(map(str, row[column] or ())) for column in lacking}
    else:
        found = {column: sources.distinct(name, column) for column in lacking}
    return known | {column: words for column, words in found.items() if len(words) <= MOST_WORDS}


def _and(parts: Iterable[str]) -> str:
    *first, last = list(parts)
    return f"{', '.join(first)} and {last}" if first else last
