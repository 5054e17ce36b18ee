"""How this company can read a measure, or why it cannot."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from kpi_analysis.core.config.company import settings
from kpi_analysis.core.formula import Call, Name, Node, Number, Operation
from kpi_analysis.metrics import sql
from kpi_analysis.metrics.catalogue import Aggregate, Catalogue, Measure
from kpi_analysis.metrics.sources import Sources

ADDITIVE = ("sum", "count")
ZERO_WITHOUT_ROWS = (*ADDITIVE, "distinct")

Query = tuple[str, ...]


@dataclass(frozen=True)
class Readable:
    """A measure as this company can read it, or the reason why it cannot."""

    name: str
    aggregate: Aggregate | None
    reason: str = ""
    constant: float | None = None

    @property
    def query(self) -> Query:
        """What measures must share to be read by one query."""
        way = self.aggregate
        if way is None:
            return ()
        dates = way.open or (str(way.date),)
        match way.kind:
            case "first":
                return (way.kind, way.table, *dates, str(way.first), way.condition or "")
            case "balance":
                return (way.kind, way.table, *dates, str(way.last), way.condition or "")
            case "per":
                return (way.kind, way.table, *dates, str(way.per), str(way.each), way.condition or "")
            case "pair":
                assert way.pair is not None
                return (way.kind, way.table, *dates, way.pair.key, way.pair.value, way.pair.since)
            case "lifetime":
                return (way.kind, way.table, *dates, way.agg, repr(way.lifetime), way.condition or "")
            case _:
                return (way.kind, way.table, *dates)


def find_way(sources: Sources, name: str, measure: Measure, by: Sequence[str], where: str | None) -> Readable:
    """Return the first way to read a measure that the company's tables allow.

    A slice that this way cannot be cut by leaves no value: the next way would measure something else under the
    same name, and the slices would not add up to the whole.
    """
    if measure.setting is not None:
        value = getattr(sources.config, measure.setting)
        missing = "" if value is not None else f"{measure.setting} is not set in the company file"
        return Readable(name, None, missing, value)
    ways = list(measure.aggregates)
    chosen = getattr(sources.config, measure.choice, None) if measure.choice else None
    if chosen is not None:
        ways = [way for way in ways if way.table == chosen] or ways
    reasons = [(way, obstacle(sources, way, (), None)) for way in ways]
    free = next((way for way, reason in reasons if not reason), None)
    if free is not None:
        reason = obstacle(sources, free, by, where)
        return Readable(name, None if reason else free, reason)
    connected = [pair for pair in reasons if pair[0].table in sources.connected]
    return Readable(name, None, (connected or reasons)[0][1])


def obstacle(sources: Sources, way: Aggregate, by: Sequence[str], where: str | None) -> str:
    """Why this company cannot read a measure this way, or nothing."""
    if way.table not in sources.connected:
        return f"table {way.table} is not connected"
    present = {*sources.columns(way.table), *sources.derived(way.table)}
    constants = settings(sources.config)
    named = {name for text in way.row_texts for name in sql.columns_of(text)}
    for name in sorted(named & set(constants)):
        if constants[name] is None:
            return f"{name} is not set in the company file"
    needed = {name for text in way.row_texts for name in required(text)} | set(way.key_columns)
    for column in sorted(needed - present - set(constants)):
        return f"table {way.table} has no column {column}"
    if way.account is not None and way.account not in sources.distinct(way.table, "account"):
        return f'the ledger has no account "{way.account}"'
    for column in (*by, *sorted(sql.columns_of(where) if where else ())):
        if column not in present:
            return f"table {way.table} has no column {column}"
    return ""


def required(text: str) -> frozenset[str]:
    """Columns that a text cannot do without."""
    return sql.columns_of(text) - sql.optional_columns_of(text)


def is_additive(way: Aggregate) -> bool:
    """Whether the parts of a measure add up to the whole."""
    return function_of(way) in ADDITIVE and way.kind not in ("per", "pair")


def grows_with_time(catalogue: Catalogue, node: Node) -> bool:
    """Whether a value is twice as large in a period of twice the days: sums and counts are, ratios and stocks are not.

    Examples
    --------
    >>> from kpi_analysis.metrics.catalogue import shipped
    >>> [grows_with_time(shipped(), Name(kpi)) for kpi in ("sales_revenue", "average_order_value", "active_accounts")]
    [True, False, False]
    """
    return _powers_of_time(catalogue, node) == {1}


def _powers_of_time(catalogue: Catalogue, node: Node) -> set[int]:
    """The powers with which the terms of a formula grow; of a measure that neither adds up nor holds, two at once."""
    match node:
        case Number():
            return {0}
        case Name(name) if name in catalogue.measures:
            way = next(iter(catalogue.measures[name].aggregates), None)
            if way is None or way.is_stock:
                return {0}
            return {1} if is_additive(way) else {0, 1}
        case Name(name):
            return _powers_of_time(catalogue, catalogue.metric(name).tree)
        case Call(function, argument):
            return {1} if argument is None else {0} if function == "average" else _powers_of_time(catalogue, argument)
        case Operation(operator, left, right):
            one, other = _powers_of_time(catalogue, left), _powers_of_time(catalogue, right)
            if operator in "+-":
                return one | other
            sign = 1 if operator == "*" else -1
            return {a + sign * b for a in one for b in other}


def function_of(way: Aggregate) -> str:
    """Name of the aggregate function; a distinct count adds up over nothing, and what a model expects is no sum."""
    if way.kind == "lifetime":
        return way.kind
    name = way.agg.lower().split("(", 1)[0].strip()
    return "distinct" if name == "count" and "distinct" in way.agg.lower() else name


def argument_of(way: Aggregate) -> str:
    """What the aggregate function is applied to."""
    return way.agg.split("(", 1)[1].rsplit(")", 1)[0].strip()
