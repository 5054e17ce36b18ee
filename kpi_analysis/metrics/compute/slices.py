"""What KPIs can be sliced and filtered by."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from kpi_analysis.core.errors import UsageError, did_you_mean
from kpi_analysis.metrics import sql
from kpi_analysis.metrics.sources import Sources

NONE = "(none)"  # the slice of rows whose dimension has no value


def known_columns(sources: Sources) -> dict[str, set[str]]:
    """Return the columns of each connected table that can be read, with those that it takes from another one."""
    return {name: {*sources.columns(name), *sources.derived(name)} for name in sources.readable}


def check_slices(sources: Sources, by: Sequence[str], where: str | None) -> None:
    """Validation of dimensions and a condition: some connected table must answer each of them.

    Parameters
    ----------
    sources : Sources
        Tables of the company.
    by : sequence of str
        Dimensions.
    where : str, optional
        SQL condition over canonical columns.

    Raises
    ------
    UsageError
        With the nearest name.
    ConfigError
        When the condition is no SQL, or holds what is not allowed.
    """
    columns = known_columns(sources)
    known = sorted({column for names in columns.values() for column in names})
    named = sql.columns_of(where) if where else frozenset()
    unquoted = {word: column for column, word in sql.compared_names(where)} if where else {}
    for name in (*by, *sorted(named)):
        if name not in known:
            use = "to slice by" if name in by else f"as '{where}' wants"
            hint = did_you_mean(name, known) or f"Known: {', '.join(known)}."
            if name not in by and unquoted.get(name) in known:
                hint = f"A word stands in single quotes: {unquoted[name]} = '{name}'."
            raise UsageError(f"no connected table has a column '{name}' {use}.", remedy=hint)
    if where:
        able = [name for name, present in columns.items() if named <= present]
        sql.condition(where, sources.with_derived(able[0], named & set(sources.derived(able[0])))) if able else None


def check_values(sources: Sources, slices: Mapping[str, str]) -> None:
    """Validation of values of dimensions: one that stands in no row of any table would fill a report with zeros.

    Parameters
    ----------
    sources : Sources
        Tables of the company.
    slices : mapping of str to str
        Of each dimension, the value that is asked for.

    Raises
    ------
    UsageError
        With the nearest value.
    """
    columns = known_columns(sources)
    for dimension, value in slices.items():
        check_slices(sources, [dimension], None)
        found: set[str] = set()
        for name in (name for name, present in columns.items() if dimension in present):
            rows = sources.with_derived(name, {dimension} & set(sources.derived(name)))
            values = rows.select(value=rows[dimension].cast("string")).distinct().value.to_pyarrow().to_pylist()
            found |= {one for one in values if one is not None}
            if value in found:
                break
        else:
            shown = ", ".join(sorted(found)[:10])
            near = nearest_word(value, found)
            hint = f"Did you mean '{near}'?" if near else f"There are: {shown}."
            raise UsageError(f"no row has the {dimension} '{value}'.", remedy=hint)


def nearest_word(word: str, known: Iterable[str]) -> str:
    """Word that is nearest to one that nobody has, in whatever case; empty where none is near.

    Parameters
    ----------
    word : str
    known : iterable of str
        The words that there are.

    Returns
    -------
    str
        One of them, or nothing.

    Examples
    --------
    >>> nearest_word("EMAE", ["EMEA", "APAC"]), nearest_word("apac", ["EMEA", "APAC"]), nearest_word("x", ["EMEA"])
    ('EMEA', 'APAC', '')
    """
    folded = {one.strip().casefold(): one for one in sorted(known)}
    hint = did_you_mean(word.strip().casefold(), folded)
    return folded.get(hint.removeprefix("Did you mean '").removesuffix("'?"), "") if hint else ""
