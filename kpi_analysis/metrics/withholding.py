"""What a figure is read from, column by column: which findings touch it, and which errors withhold it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from kpi_analysis.core.errors import WITHHELD, DataFinding, KpiError, SourceUnreachable, UsageError
from kpi_analysis.core.schema import DERIVED
from kpi_analysis.metrics import sql
from kpi_analysis.metrics.catalogue import Aggregate
from kpi_analysis.metrics.checks import as_error, check_table
from kpi_analysis.metrics.sources import Sources
from kpi_analysis.metrics.sources.derived_columns import source_columns

NeededColumns = Mapping[str, frozenset[str]]


def needed_columns(aggregate: Aggregate, by: Sequence[str] = (), where: str | None = None) -> NeededColumns:
    """Columns that an aggregate is read from, table by table; those behind derived columns are among them.

    Parameters
    ----------
    aggregate : Aggregate
        How a measure is read.
    by : sequence of str
        Dimensions to slice by.
    where : str, optional
        The user's condition in SQL.

    Returns
    -------
    mapping of str to frozenset of str
        By table.

    Examples
    --------
    >>> needed = needed_columns(Aggregate(table="orders", agg="sum(amount)", date="ordered_on"), ["acquired_channel"])
    >>> sorted(needed["orders"]), sorted(needed["customers"])
    (['acquired_channel', 'amount', 'customer_id', 'ordered_on'], ['acquired_channel', 'customer_id'])
    """
    named = {column for text in aggregate.row_texts for column in sql.columns_of(text)}
    named |= {*aggregate.key_columns, *by, *(sql.columns_of(where) if where else ())}
    found: dict[str, set[str]] = {aggregate.table: named}
    for column in DERIVED:
        if column.table == aggregate.table and column.name in named:
            found.setdefault(column.source, set()).update(source_columns(column))
            found[aggregate.table].add(column.key)
    return {table: frozenset(columns) for table, columns in found.items()}


def touches(finding: DataFinding, needed: NeededColumns) -> bool:
    """Whether a finding touches what is read from these columns.

    Parameters
    ----------
    finding : DataFinding
    needed : mapping of str to frozenset of str
        As `needed_columns` returns them.

    Returns
    -------
    bool

    Examples
    --------
    >>> finding = DataFinding("error", "table orders", "…", table="orders", columns=("cost",))
    >>> touches(finding, {"orders": frozenset({"amount"})}), touches(finding, {"orders": frozenset({"cost"})})
    (False, True)
    """
    columns = needed.get(finding.table)
    return columns is not None and (not finding.columns or not columns.isdisjoint(finding.columns))


def error_behind(sources: Sources, needed: NeededColumns) -> KpiError | None:
    """Error of the tables that keeps back what is read from these columns.

    Parameters
    ----------
    sources : Sources
        Tables of the company.
    needed : mapping of str to frozenset of str
        As `needed_columns` returns them.

    Returns
    -------
    KpiError or None
        None where all of it is sound.
    """
    for table in needed:
        if table not in sources.connected:
            continue
        if (error := reading_error(sources, table)) is not None:
            return error
        errors = [f for f in check_table(sources, table) if f.level == "error" and touches(f, needed)]
        if errors:
            return as_error(errors)
    return None


def reading_error(sources: Sources, name: str) -> KpiError | None:
    """Error for which no value of a table can be read; found once.

    Parameters
    ----------
    sources : Sources
        Tables of the company.
    name : str
        Of the canonical table.

    Returns
    -------
    KpiError or None
        None where it can be read.

    Raises
    ------
    SourceUnreachable
        A database does not answer.
    """

    def read() -> KpiError | None:
        try:
            sources.tables.usable(name)
        except SourceUnreachable:
            raise
        except KpiError as error:
            return error
        return None

    found: KpiError | None = sources.memo.get(("reading error", name), read)
    return found


def sound_tables(sources: Sources) -> tuple[str, ...]:
    """Names of the connected tables whose values can be read, wrong ones among them.

    Parameters
    ----------
    sources : Sources
        Tables of the company.

    Returns
    -------
    tuple of str
    """
    return tuple(name for name in sources.readable if reading_error(sources, name) is None)


def without_rows_error(sources: Sources) -> KpiError:
    """Error of a company without any dated row: that of a table which is wrong, where there is one.

    Parameters
    ----------
    sources : Sources
        Tables of the company.

    Returns
    -------
    KpiError
        To be raised.
    """
    for name in sources.connected:
        try:
            sources.table(name)
        except KpiError as error:
            return error
    return UsageError("there is no dated row in any connected table.", remedy="Check them with: kpi check")


def reason_of_error(error: KpiError) -> str:
    """Reason why a figure is kept back, from the error that keeps it.

    Parameters
    ----------
    error : KpiError

    Returns
    -------
    str
        Begins with `core.errors.WITHHELD`.

    Examples
    --------
    >>> reason_of_error(KpiError("table orders, column cost: 1 value is not a number: 'abc' in row 3."))
    "withheld: table orders, column cost: 1 value is not a number: 'abc' in row 3"
    """
    return f"{WITHHELD}{error.message.rstrip('.')}"


def findings_touching(findings: Iterable[DataFinding], needed: Iterable[NeededColumns]) -> list[DataFinding]:
    """Findings that touch anything of what is needed, in their order.

    Parameters
    ----------
    findings : iterable of DataFinding
    needed : iterable of mappings
        As `needed_columns` returns them.

    Returns
    -------
    list of DataFinding
    """
    several = list(needed)
    return [finding for finding in findings if any(touches(finding, one) for one in several)]
