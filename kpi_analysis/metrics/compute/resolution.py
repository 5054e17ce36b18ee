"""Resolution of measures: by which aggregate a company's tables allow a measure to be read, or why by none."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from kpi_analysis.core.config.company import settings
from kpi_analysis.core.errors import KpiError
from kpi_analysis.metrics import sql
from kpi_analysis.metrics.catalogue import Aggregate, Catalogue, Measure
from kpi_analysis.metrics.compute.kinds import KINDS
from kpi_analysis.metrics.sources import Sources
from kpi_analysis.metrics.withholding import error_behind, needed_columns, reason_of_error

QueryKey = tuple[str, ...]


@dataclass(frozen=True)
class ResolvedMeasure:
    """Measure as a company can read it.

    Parameters
    ----------
    name : str
    aggregate : Aggregate, optional
        None where it is a setting of the company file or cannot be read.
    reason : str
        Why it cannot be read, where it cannot.
    constant : float, optional
        Its value, where it is a setting.
    error : KpiError, optional
        What is wrong with the data, where that is the reason.
    """

    name: str
    aggregate: Aggregate | None
    reason: str = ""
    constant: float | None = None
    error: KpiError | None = None

    @property
    def query_key(self) -> QueryKey:
        """What measures must share to be read by one query: kind, table, dates, and what their kind adds."""
        aggregate = self.aggregate
        if aggregate is None:
            return ()
        dates = aggregate.open or (str(aggregate.date),)
        return (aggregate.kind, aggregate.table, *dates, *KINDS[aggregate.kind].shared(aggregate))


def resolve_measure(
    sources: Sources,
    name: str,
    measure: Measure,
    by: Sequence[str],
    where: str | None,
    *,
    is_past: bool = False,
) -> ResolvedMeasure:
    """Measure resolved by the first of its aggregates that the company's tables allow.

    A slice that this aggregate cannot be cut by leaves no value: the next one would measure something else under the
    same name, and the slices would not add up to the whole.

    Parameters
    ----------
    sources : Sources
    name : str
    measure : Measure
    by : sequence of str
        Dimensions to slice by.
    where : str, optional
        The user's condition in SQL.
    is_past : bool
        Whether the day that counts lies before the end of the data.

    Returns
    -------
    ResolvedMeasure
        With a reason in place of an aggregate where none is possible.
    """
    if measure.setting is not None:
        value = getattr(sources.config, measure.setting)
        missing = "" if value is not None else f"{measure.setting} is not set in the company file"
        return ResolvedMeasure(name, None, missing, value)
    aggregates = list(measure.aggregates)
    chosen = getattr(sources.config, measure.choice, None) if measure.choice else None
    if chosen is not None:
        aggregates = [one for one in aggregates if one.table == chosen] or aggregates
    reasons = [(one, obstacle(sources, one, (), None)) for one in aggregates]
    free = next((one for one, reason in reasons if not reason), None)
    if free is not None and (error := sources.unreadable(free.table)) is not None:
        return ResolvedMeasure(name, None, reason_of_error(error), error=error)
    if free is not None:
        reason = obstacle(sources, free, by, where) or (_known_later(sources, free) if is_past else "")
        return ResolvedMeasure(name, None if reason else free, reason)
    connected = [pair for pair in reasons if pair[0].table in sources.connected]
    return ResolvedMeasure(name, None, (connected or reasons)[0][1])


def without_errors(
    sources: Sources, resolved: ResolvedMeasure, by: Sequence[str], where: str | None
) -> ResolvedMeasure:
    """Measure as it can be read, or kept back for an error in what it is read from.

    Parameters
    ----------
    sources : Sources
    resolved : ResolvedMeasure
    by : sequence of str
        Dimensions to slice by.
    where : str, optional
        The user's condition in SQL.

    Returns
    -------
    ResolvedMeasure
        The same where its data are sound.
    """
    if resolved.aggregate is None:
        return resolved
    error = error_behind(sources, needed_columns(resolved.aggregate, by, where))
    return resolved if error is None else ResolvedMeasure(resolved.name, None, reason_of_error(error), error=error)


def resolved_aggregates(sources: Sources, catalogue: Catalogue, names: Iterable[str]) -> dict[str, Aggregate]:
    """Aggregates by which measures are read, without a slice or a condition; those that cannot be read are left out."""
    resolved = (resolve_measure(sources, name, catalogue.measures[name], (), None) for name in names)
    return {one.name: one.aggregate for one in resolved if one.aggregate is not None}


def obstacle(sources: Sources, aggregate: Aggregate, by: Sequence[str], where: str | None) -> str:
    """Reason why a company cannot read an aggregate, or nothing."""
    table = aggregate.table
    if table not in sources.connected:
        return f"table {table} is not connected"
    if sources.unreadable(table) is not None:
        return ""  # nothing stands in the way but the error, and the next way would measure something else
    present = {*sources.columns(table), *sources.derived(table)}
    constants = settings(sources.config)
    named = {name for text in aggregate.row_texts for name in sql.columns_of(text)}
    for name in sorted(named & set(constants)):
        if constants[name] is None:
            return f"{name} is not set in the company file"
    needed = {name for text in aggregate.row_texts for name in required(text)} | set(aggregate.key_columns)
    for column in sorted(needed - present - set(constants)):
        return f"table {table} has no column {column}"
    if aggregate.account is not None and aggregate.account not in sources.distinct(table, "account"):
        return f'the ledger has no account "{aggregate.account}"'
    for column in (*by, *sorted(sql.columns_of(where) if where else ())):
        if column not in present:
            return f"table {table} has no column {column}"
    return ""


def _known_later(sources: Sources, aggregate: Aggregate) -> str:
    """Reason why an aggregate cannot be read as of an earlier day: a value without a day on which it became known."""
    table = sources.schemas[aggregate.table]
    for name in sorted({name for text in aggregate.row_texts for name in sql.columns_of(text)} & set(table.columns)):
        known_on = table.columns[name].known_on
        if known_on is not None and not known_on_columns(sources, aggregate.table, name):
            missing = f"; it would need {' or '.join(known_on)}" if known_on else ""
            return f"{name} has no date, so it is known only at the end of the data{missing}"
    return ""


def known_on_columns(sources: Sources, table: str, column: str) -> tuple[str, ...]:
    """Columns of a company's table that say when a value became known, the first that has a value counts.

    Parameters
    ----------
    sources : Sources
    table : str
        Its canonical name.
    column : str
        The same.

    Returns
    -------
    tuple of str
        Derived columns among them; empty where it is known only at the end of the data.
    """
    present = {*sources.columns(table), *sources.derived(table)}
    return tuple(name for name in sources.schemas[table].columns[column].known_on or () if name in present)


def required(text: str) -> frozenset[str]:
    """Columns that an SQL text cannot do without."""
    return sql.columns_of(text) - sql.optional_columns_of(text)
