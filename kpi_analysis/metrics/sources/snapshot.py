"""Snapshot of a company's tables in one DuckDB file: every source read once, and the same for all who read it.

Those who start reports put its place into the environment (`PLACE`). Then tables, what was found wrong with them, how
far they reach and their fingerprints come from it. A table that it lacks is read from its source.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ibis
import ibis.expr.datatypes as dtypes
import ibis.expr.operations as ops
import ibis.expr.types as ir
import numpy as np

from kpi_analysis.core.config.company import CompanyConfig
from kpi_analysis.core.errors import ConfigError, DataError, DataFinding, SourceUnreachable
from kpi_analysis.metrics.code_hash import code_hash, package_versions
from kpi_analysis.metrics.sources.cache_key import CacheScope
from kpi_analysis.metrics.sources.facts import Fingerprint, KnownFacts, TableCheck
from kpi_analysis.metrics.sources.lives import Lives
from kpi_analysis.metrics.sources.readers.sql_words import quoted

if TYPE_CHECKING:
    from kpi_analysis.metrics.sources import Sources

PLACE = "KPI_SNAPSHOT"
CACHE = ".texts"  # ends the name of the folder beside it with the queries that were compiled and what they came to
FEW = 1000  # words of a column that are told to all who read the snapshot
_INSIDE = "kpi_snapshot"


@dataclass(frozen=True)
class Snapshot:
    """Snapshot as it is read.

    Parameters
    ----------
    connection : Ibis backend
    tables : mapping of str to Table
        Canonical tables with their derived columns.
    columns : mapping of str to list of str
        Which columns of them are canonical.
    facts : KnownFacts
        What was measured when it was written.
    folder : path, optional
        Where those who read it share compiled queries and results.
    scope : CacheScope
        Its data, and the code and packages that read it: other code compiles and computes anew.
    """

    connection: Any = None
    tables: Mapping[str, ir.Table] = field(default_factory=dict)
    columns: Mapping[str, list[str]] = field(default_factory=dict)
    facts: KnownFacts = field(default_factory=KnownFacts)
    folder: Path | None = None
    scope: CacheScope = field(default_factory=CacheScope)


def write_tables(sources: Sources, path: Path) -> str:
    """Snapshot of every canonical table that can be read, in a new file.

    Parameters
    ----------
    sources : Sources
        Tables of the company.
    path : Path
        The new file.

    Returns
    -------
    str
        Hash of what the tables hold.

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


def write_facts(
    sources: Sources, fingerprint: str, findings: Sequence[DataFinding], checks: Mapping[str, Sequence[DataFinding]]
) -> None:
    """Write into the file of `write_tables` what is known of the tables, and close it.

    Parameters
    ----------
    sources : Sources
    fingerprint : str
        Of what the tables hold.
    findings : sequence of DataFinding
        Of a check of all tables.
    checks : mapping of str to sequence of DataFinding
        Of each table by itself.
    """
    known = sources.local.list_tables(database=f"{_INSIDE}.main")
    facts = {
        "company": _identity(sources.config),
        "fingerprint": fingerprint,
        "findings": [asdict(finding) for finding in findings],
        "checks": {name: [asdict(finding) for finding in found] for name, found in checks.items()},
        "tables": {
            name: {
                "fingerprint": sources.facts.fingerprint(name).record(),
                "columns": sources.table(name).columns,
                **_words(sources, name),
                "days": {
                    column: sources.facts.days(name, column).astype(int).tolist()
                    for column in sources.columns(name)
                    if sources.schemas[name].columns[column].kind in ("date", "timestamp")
                },
                "lives": _lives(sources, name),
            }
            for name in sources.connected
            if name in known
        },
    }
    text = json.dumps(facts, default=str)
    sources.local.create_table("kpi_facts", ibis.memtable({"facts": [text]}), database=f"{_INSIDE}.main")
    sources.local.raw_sql(f"DETACH {_INSIDE}")


def _words(sources: Sources, name: str) -> dict[str, Any]:
    """The words of the columns of a written table that have few, and the columns that have many."""
    wordy = [column for column in sources.schemas[name].dimensions if column in sources.columns(name)]
    if not wordy:
        return {"words": {}, "crowded": []}
    lists = ", ".join(f'list(DISTINCT "{column}")' for column in wordy)
    found = sources.local.raw_sql(f'SELECT {lists} FROM {_INSIDE}.main."{name}"').fetchone()
    words = [sorted(set(values or ()) - {None}) for values in found]
    few = {column: some for column, some in zip(wordy, words, strict=True) if len(some) <= FEW}
    return {"words": few, "crowded": [column for column in wordy if column not in few]}


def _lives(sources: Sources, name: str) -> dict[str, Any] | None:
    """How long the rows of a table live, as it is known when the data end."""
    until = sources.last_day()
    if until is None or sources.schemas[name].life is None:
        return None
    lives = sources.facts.lives(name, until)
    return {"until": until, "whole_from": lives.whole_from, "days": lives.days}


def open_snapshot(config: CompanyConfig) -> Snapshot | None:
    """Snapshot that the environment names, where there is one and it is of this company."""
    place = os.environ.get(PLACE)
    if not place:
        return None
    connection = ibis.duckdb.connect(place, read_only=True)
    connection.raw_sql("SET TimeZone = 'UTC'")
    connection.raw_sql("SET threads=1")
    facts = json.loads(connection.raw_sql("SELECT facts FROM kpi_facts").fetchone()[0])
    if facts["company"] != _identity(config):
        connection.disconnect()
        return None
    return Snapshot(
        connection,
        {name: table for name, table in _written(connection).items() if name in facts["tables"]},
        {name: table["columns"] for name, table in facts["tables"].items()},
        _known(facts),
        Path(f"{place}{CACHE}"),
        CacheScope(facts["fingerprint"], code_hash(), tuple(package_versions().items())),
    )


def _known(facts: Mapping[str, Any]) -> KnownFacts:
    tables = facts["tables"]
    findings = {name: _findings(facts["checks"].get(name, ())) for name in (*facts["checks"], *tables)}
    days = {
        name: {column: np.array(values, dtype="datetime64[D]") for column, values in table["days"].items()}
        for name, table in tables.items()
    }
    return KnownFacts(
        findings=_findings(facts["findings"]),
        checks={name: TableCheck(found, None, days.get(name)) for name, found in findings.items()},
        lives={
            (name, dt.date.fromisoformat(lives["until"])): Lives(_day(lives["whole_from"]), lives["days"])
            for name, table in tables.items()
            if (lives := table["lives"]) is not None
        },
        words={
            (name, column): frozenset(words)
            for name, table in tables.items()
            for column, words in table["words"].items()
        },
        crowded=frozenset((name, column) for name, table in tables.items() for column in table["crowded"]),
        fingerprints={name: Fingerprint(**table["fingerprint"]) for name, table in tables.items()},
    )


def _findings(records: Sequence[Mapping[str, Any]]) -> tuple[DataFinding, ...]:
    lists = ("columns", "kpis")  # which JSON does not tell from tuples
    return tuple(DataFinding(**{**record, **{name: tuple(record[name]) for name in lists}}) for record in records)


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
