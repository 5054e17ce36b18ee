"""Execution of one query: a request in, records out; or an error that names the measures that an engine cannot read."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

import ibis
import ibis.expr.operations as ops
import pyarrow as pa
from ibis.common.exceptions import OperationNotDefinedError, UnsupportedBackendType, UnsupportedOperationError

from kpi_analysis.core.errors import ConfigError, KpiError
from kpi_analysis.core.schema import DERIVED, TABLES
from kpi_analysis.metrics import sql
from kpi_analysis.metrics.compute.kinds import KINDS, Record, Request
from kpi_analysis.metrics.sources.cache_key import CacheKey
from kpi_analysis.metrics.sources.dialects import dialect_of, first_line
from kpi_analysis.metrics.sources.query_cache import CompiledQueryCache

UNSUPPORTED = (OperationNotDefinedError, UnsupportedBackendType, UnsupportedOperationError)
SLOTS = "kpi_slots"


class MeasuresRefused(ConfigError):
    """Error of measures that an engine cannot read, with the reason of each.

    Parameters
    ----------
    message : str
        Which measures, and why.
    remedy : str
        What to do.
    reasons : mapping of str to str
        By measure.
    """

    def __init__(self, message: str, remedy: str, reasons: Mapping[str, str]) -> None:
        super().__init__(message, remedy=remedy)
        self.reasons = reasons


def execute(request: Request, backend: ibis.BaseBackend, cache: CompiledQueryCache) -> list[Record]:
    """Records of a request, read by its one query.

    Parameters
    ----------
    request : Request
    backend : Ibis backend
        Where its table lies.
    cache : CompiledQueryCache
        The queries compiled before. To build a query takes DuckDB's users several times as long as to run it.

    Returns
    -------
    list of Record
        One for each period and slice that has rows.

    Raises
    ------
    MeasuresRefused
        When the engine cannot do what measures ask, or refuses the query.
    KpiError
        What reading raises by itself, as it is.
    """
    try:
        return _execute(request, backend, cache)
    except KpiError:
        raise
    except Exception as error:  # every driver has an error family of its own
        raise _refusal(request, backend, error) from error


def _execute(request: Request, backend: ibis.BaseBackend, cache: CompiledQueryCache) -> list[Record]:
    kind = KINDS[request.shared.kind]
    slots = kind.slots(request)
    if dialect_of(backend).runs_compiled:
        template = _template(request)
        words = None if template is None else dict(template.words)
        compiled = _compiled(replace(request, where=template or request.where), backend, slots, cache)
        if compiled is not None:
            backend.con.register(SLOTS, slots)
            return kind.records(request, backend.con.execute(compiled, words).to_arrow_table())
    return kind.records(request, kind.query(request, ibis.memtable(slots)).to_pyarrow())


def _template(request: Request) -> sql.Template | None:
    """The user's condition with its words as parameters, so that the reports of all regions share their queries."""
    table = request.shared.table
    own = TABLES[table].columns.values() if table in TABLES else ()
    words = {column.name for column in own if column.kind == "text"}
    words |= {column.name for column in DERIVED if column.table == table and column.kind == "text"}
    return sql.template(request.where, words.__contains__) if isinstance(request.where, str) else None


def _compiled(request: Request, backend: ibis.BaseBackend, slots: pa.Table, cache: CompiledQueryCache) -> str | None:
    """The query as text, words as placeholders; none where a table of it lives in this process only."""
    key = CacheKey("query", cache.scope, request.definition)
    if (known := cache.get(key)) is not None:
        return known
    schema = ibis.memtable(slots).schema()
    query = KINDS[request.shared.kind].query(request, ibis.table(schema, name=SLOTS))
    if query.op().find(ops.InMemoryTable):
        return None
    if not isinstance(request.where, sql.Template):
        return cache.keep(key, str(backend.compile(query)))
    tree = backend.compiler.to_sqlglot(query)
    parameters = sql.put_placeholders(tree)
    assert parameters == request.where.words.keys()
    return cache.keep(key, str(tree.sql(dialect=backend.dialect, copy=False)))


def _refusal(request: Request, backend: ibis.BaseBackend, error: Exception) -> MeasuresRefused:
    """Say which measures an engine refuses: one by one, because a single one spoils the query of all."""
    engine = dialect_of(backend).label
    refused = {}
    for name, aggregate in request.aggregates.items():
        try:
            alone = replace(request, aggregates={name: aggregate}, rowsets=[frozenset({name})])
            _execute(alone, backend, CompiledQueryCache())
        except Exception as one:
            refused[name] = one
    names = sorted(refused or request.aggregates)
    causes = list(refused.values()) or [error]
    words = " and ".join(f"{name} ({request.aggregates[name].agg})" for name in names)
    reasons = {name: _reason(engine, refused.get(name, causes[0])) for name in names}
    return MeasuresRefused(
        f"measure{'s' if len(names) > 1 else ''} {words} of table {request.shared.table}: {reasons[names[0]]}.",
        "Ask for KPIs that do not need it, or bring the table to DuckDB or PostgreSQL.",
        reasons,
    )


def _reason(engine: str, cause: Exception) -> str:
    if not isinstance(cause, UNSUPPORTED):
        return f"{engine} refuses the query: {first_line(cause)}"
    lacking = re.search(r"'(\w+)'", str(cause))
    return f"{engine} has no {lacking.group(1).lower()}" if lacking else f"{engine} lacks something it needs"
