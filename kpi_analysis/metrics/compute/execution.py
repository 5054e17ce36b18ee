"""Queries run: a request in, records out; or an error that names the measures that an engine cannot read."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import replace

import ibis
import ibis.expr.operations as ops
import pyarrow as pa
from ibis.common.exceptions import OperationNotDefinedError, UnsupportedBackendType, UnsupportedOperationError

from kpi_analysis.core.errors import ConfigError, KpiError
from kpi_analysis.metrics.compute import lifetimes
from kpi_analysis.metrics.compute.query_builders import QUESTIONS, Record, Request
from kpi_analysis.metrics.sources.dialects import engine_name, first_line
from kpi_analysis.metrics.sources.query_cache import Texts

UNSUPPORTED = (OperationNotDefinedError, UnsupportedBackendType, UnsupportedOperationError)
SLOTS = "kpi_slots"
ALL_QUESTIONS = {**QUESTIONS, "lifetime": lifetimes.QUESTION}


def read(request: Request, backend: ibis.BaseBackend, texts: Texts) -> list[Record]:
    """Run the query of a request.

    Parameters
    ----------
    request : Request
    backend : Ibis backend
        Where its table lies.
    texts : Texts
        The queries asked before. To build a query takes DuckDB's users several times as long as to run it.

    Raises
    ------
    ConfigError
        When the engine cannot do what a measure asks, or refuses the query.
    """
    try:
        return _read(request, backend, texts)
    except KpiError:
        raise
    except Exception as error:  # every driver has an error family of its own
        raise _refusal(request, backend, error) from error


def _read(request: Request, backend: ibis.BaseBackend, texts: Texts) -> list[Record]:
    question = ALL_QUESTIONS[request.way.kind]
    slots = question.slots(request)
    text = _text(request, backend, slots, texts) if backend.name == "duckdb" else None
    if text is None:
        found = question.ask(request, ibis.memtable(slots)).to_pyarrow()
    else:
        backend.con.register(SLOTS, slots)
        found = backend.con.execute(text).to_arrow_table()
    if request.way.kind == "lifetime":
        return lifetimes.fitted(request, found)
    return question.answers(request, found.to_pylist())


def _text(request: Request, backend: ibis.BaseBackend, slots: pa.Table, texts: Texts) -> str | None:
    """Return the query in DuckDB's words; none where a table of it lives in this process only."""
    words = _WORD.findall(request.where) if request.where and _PLAIN.fullmatch(request.where) else []
    if words:
        numbered = iter(_blank(number) for number in range(len(words)))
        general = replace(request, where=_WORD.sub(lambda _: next(numbered), request.where or ""))
        with suppress(Exception):  # where a word must be a day, none can stand for it
            text = _kept(general, backend, slots, texts)
            if text is not None and all(_blank(number) in text for number in range(len(words))):
                return _BLANK.sub(lambda found: words[int(found[1])], text)
    return _kept(request, backend, slots, texts)


_WORD = re.compile(r"'[^']*'")
_PLAIN = re.compile(r"(?:[\w\s.,()<>=!]|(?<!\w)'[^'\\]*'(?!'))*")  # nothing that could give a quote another meaning
_BLANK = re.compile(r"'kpi_blank_(\d+)'")


def _blank(number: int) -> str:
    """What stands for a word of a condition, so that the reports of all regions share the texts of their queries."""
    return f"'kpi_blank_{number}'"


def _kept(request: Request, backend: ibis.BaseBackend, slots: pa.Table, texts: Texts) -> str | None:
    key = request.key
    if (known := texts.get(key)) is not None:
        return known
    asked = ALL_QUESTIONS[request.way.kind].ask(request, ibis.table(ibis.memtable(slots).schema(), name=SLOTS))
    if asked.op().find(ops.InMemoryTable):
        return None
    return texts.keep(key, str(backend.compile(asked)))


def _refusal(request: Request, backend: ibis.BaseBackend, error: Exception) -> ConfigError:
    """Say which measures an engine refuses: one by one, because a single one spoils the query of all."""
    engine = engine_name(backend)
    refused = {}
    for name, way in request.ways.items():
        try:
            _read(replace(request, ways={name: way}, rowsets=[frozenset({name})]), backend, Texts())
        except Exception as one:
            refused[name] = one
    names = sorted(refused or request.ways)
    causes = list(refused.values()) or [error]
    words = " and ".join(f"{name} ({request.ways[name].agg})" for name in names)
    said = f"{engine} refuses the query: {first_line(causes[0])}."
    if isinstance(causes[0], UNSUPPORTED):
        lacking = re.search(r"'(\w+)'", str(causes[0]))
        said = f"{engine} has no {lacking.group(1).lower()}." if lacking else f"{engine} lacks something it needs."
    return ConfigError(
        f"measure{'s' if len(names) > 1 else ''} {words} of table {request.way.table}: {said}",
        remedy="Ask for KPIs that do not need it, or bring the table to DuckDB or PostgreSQL.",
    )
