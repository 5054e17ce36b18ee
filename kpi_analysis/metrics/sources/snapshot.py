"""A snapshot of a company's tables in one DuckDB file: every source read once, and the same for all who read it.

Those who start reports put its place into the environment (`PLACE`). Then tables, what was found wrong with them, how
far they reach and their fingerprints come from it. A table that it lacks is read from its source.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import os
from collections.abc import Sequence
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ibis
import ibis.expr.datatypes as dtypes
import ibis.expr.operations as ops
import ibis.expr.types as ir

from kpi_analysis.core.config.company import CompanyConfig
from kpi_analysis.core.errors import ConfigError, DataError, DataFinding, SourceUnreachable
from kpi_analysis.core.schema import TABLES
from kpi_analysis.metrics.sources.files import quoted
from kpi_analysis.metrics.sources.parts import Extent, Fingerprint, MappedColumn
from kpi_analysis.metrics.sources.query_cache import Texts
from kpi_analysis.metrics.sources.result_cache import Answers

if TYPE_CHECKING:
    from kpi_analysis.metrics.sources import Sources

PLACE = "KPI_SNAPSHOT"
TEXTS = ".texts"  # ends the name of the folder beside it with the queries that were asked of it
FEW = 1000  # words of a column that are told to all who read the snapshot
_INSIDE = "kpi_snapshot"


def write_tables(sources: Sources, path: Path) -> str:
    """Write every canonical table that can be read into a new file; return one hash of what they hold.

    Raises
    ------
    SourceUnreachable
        A database does not answer. Tables that are wrong otherwise are left out, so that who needs one is told why.
    """
    sources.local.raw_sql(f"ATTACH {quoted(path)} AS {_INSIDE}")
    contents = []
    for name in sources.connected:
        try:
            table = sources.table(name)
            enriched = sources.with_derived(name, sources.derived(name))
        except SourceUnreachable:
            raise
        except (ConfigError, DataError):
            continue
        here = enriched.get_backend() is sources.local
        sources.local.create_table(name, enriched if here else enriched.to_pyarrow(), database=f"{_INSIDE}.main")
        place, columns = f'{_INSIDE}.main."{name}"', ", ".join(f'"{column}"' for column in table.columns)
        kinds = sources.local.raw_sql(f"DESCRIBE SELECT {columns} FROM {place}").fetchall()
        rows = sources.local.raw_sql(
            f"SELECT count(*), bit_xor(hash(t)), sum(hash(t)::HUGEINT) FROM (SELECT {columns} FROM {place}) AS t"
        ).fetchone()
        contents.append((name, [kind[:2] for kind in kinds], [str(part) for part in rows]))
    return hashlib.sha256(json.dumps(contents).encode()).hexdigest()


def write_facts(sources: Sources, checked: Sequence[DataFinding]) -> None:
    """Write into the file of `write_tables` what is known of the tables, and close it."""
    known = sources.local.list_tables(database=f"{_INSIDE}.main")
    facts = {
        "company": _identity(sources.config),
        "checked": [asdict(finding) for finding in checked],
        "findings": {name: [asdict(finding) for finding in found] for name, found in sources.findings.items()},
        "tables": {
            name: {
                "fingerprint": sources.fingerprint(name).record(),
                "columns": sources.table(name).columns,
                **_values(sources, name),
                "extents": {
                    column: [extent.first, extent.last, extent.days]
                    for column in sources.columns(name)
                    if TABLES[name].columns[column].kind in ("date", "timestamp")
                    for extent in [sources.extent(name, column)]
                },
            }
            for name in sources.connected
            if name in known
        },
    }
    text = json.dumps(facts, default=str)
    sources.local.create_table("kpi_facts", ibis.memtable({"facts": [text]}), database=f"{_INSIDE}.main")
    sources.local.raw_sql(f"DETACH {_INSIDE}")


def _values(sources: Sources, name: str) -> dict[str, Any]:
    """The days on which a written table has rows, and the words of its columns that have few."""
    wordy = [column for column in TABLES[name].dimensions if column in sources.columns(name)]
    asked = [f'"{TABLES[name].date}"::DATE', *(f'"{column}"' for column in wordy)]
    lists = ", ".join(f"list(DISTINCT {one})" for one in asked)
    told = sources.local.raw_sql(f'SELECT {lists} FROM {_INSIDE}.main."{name}"').fetchone()
    days, *words = (sorted(set(values or ()) - {None}) for values in told)
    few = {column: some for column, some in zip(wordy, words, strict=True) if len(some) <= FEW}
    return {"days": days, "words": few, "crowded": [column for column in wordy if column not in few]}


def fill(sources: Sources) -> None:
    """Let sources read from the snapshot that the environment names, where it is one of their company."""
    place = os.environ.get(PLACE)
    if not place:
        return
    connection = ibis.duckdb.connect(place, read_only=True)
    connection.raw_sql("SET TimeZone = 'UTC'")
    connection.raw_sql("SET threads=1")
    facts = json.loads(connection.raw_sql("SELECT facts FROM kpi_facts").fetchone()[0])
    if facts["company"] != _identity(sources.config):
        connection.disconnect()
        return
    sources.__dict__["local"] = connection
    sources.texts = Texts(Path(f"{place}{TEXTS}"))
    sources.answers = Answers(sources.texts)
    sources.checked = [DataFinding(**finding) for finding in facts["checked"]]
    sources.findings |= {name: [DataFinding(**one) for one in found] for name, found in facts["findings"].items()}
    written = _written(connection)
    for name, told in facts["tables"].items():
        enriched = sources._enriched[name] = written[name]
        table = enriched if list(enriched.columns) == told["columns"] else enriched.select(told["columns"])
        sources._days[name] = frozenset(dt.date.fromisoformat(day) for day in told["days"])
        sources._words |= {f"{name}.{column}": frozenset(words) for column, words in told["words"].items()}
        sources.crowded |= {(name, column) for column in told["crowded"]}
        spec = sources.config.tables[name]
        sources._tables[name] = sources._raw[name] = table
        sources._mapped[name] = [
            MappedColumn(column, spec.columns.get(column.name, column.name), value, value)
            for column in TABLES[name].columns.values()
            if column.name in table.columns
            for value in [table[column.name]]
        ]
        sources._extents[name] = {
            column: Extent(_day(first), _day(last), days) for column, (first, last, days) in told["extents"].items()
        }
        sources._prints[name] = Fingerprint(**told["fingerprint"])


def _written(connection: Any) -> dict[str, ir.Table]:
    """The tables of a snapshot, described by one query; `connection.table` asks one a table and parses every type."""
    columns = connection.raw_sql(
        "SELECT table_name, column_name, data_type, is_nullable FROM duckdb_columns()"
        " WHERE database_name = current_database() ORDER BY table_name, column_index"
    ).fetchall()
    read = cache(connection.compiler.type_mapper.from_string)
    schemas: dict[str, dict[str, dtypes.DataType]] = {}
    for table, column, kind, nullable in columns:
        schemas.setdefault(table, {})[column] = read(kind, nullable=nullable)
    return {
        name: ops.DatabaseTable(
            name, schema=ibis.schema(schema), source=connection, namespace=ops.Namespace()
        ).to_expr()
        for name, schema in schemas.items()
    }


def _identity(company: CompanyConfig) -> list[Any]:
    """The company file by its place and content."""
    if company.path is None:
        return []
    return [str(company.path.resolve()), hashlib.sha256(company.path.read_bytes()).hexdigest()]


def _day(text: str | None) -> dt.date | None:
    return None if text is None else dt.date.fromisoformat(text)
