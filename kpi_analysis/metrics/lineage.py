"""What the figures of a report are made from, told by hashes: data, definitions, code; and which of them changed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from kpi_analysis.core import formula
from kpi_analysis.core.config.table_spec import TableSpec
from kpi_analysis.core.schema import DERIVED
from kpi_analysis.metrics.catalogue import Catalogue
from kpi_analysis.metrics.code_hash import code_hash, package_versions
from kpi_analysis.metrics.compute.resolution import resolved_aggregates
from kpi_analysis.metrics.session import OpenCompany

SETTINGS = (
    "currency", "calendar_spec", "timezone", "revenue_from", "inbound_channels", "gross_margin", "scales",
    "attribution",
)  # fmt: skip

Kind = Literal["data", "definition", "code", "unexplained"]


@dataclass(frozen=True)
class Cause:
    """One thing that changed since a figure was published, and that it depends on."""

    kind: Kind
    words: str


def made_from(company: OpenCompany) -> dict[str, Any]:
    """Lineage of the figures of an open company; no clock and no path of a machine is in it.

    Parameters
    ----------
    company : OpenCompany
        The open company.

    Returns
    -------
    dict
        ``sources``: the fingerprint of each table. ``readings``: how columns are read that can be
        meant in two ways. ``columns``, ``settings``, ``definitions``, ``targets``: a hash for
        each table's mapping, setting of the company file, KPI, and KPI with targets. ``code``: one hash of the
        modules that compute. ``packages``: versions of the libraries that they compute with.
    """
    config, catalogue = company.config, company.catalogue
    dumped = config.model_dump(mode="json")
    rates = company.sources.tables.rates
    settings = {name: _hash(dumped[name]) for name in SETTINGS}
    if rates is not None:
        settings["rates"] = _hash(rates.to_pylist())
    return {
        "sources": [fingerprint.record() for fingerprint in company.sources.fingerprints()],
        "readings": company.readings(),
        "columns": {name: _hash(_mapping(spec)) for name, spec in config.tables.items()},
        "settings": settings,
        "definitions": {name: definition_hash(catalogue, name) for name in catalogue.metrics},
        "targets": {one.kpi: _targets_hash(company, one.kpi) for one in company.targets},
        "code": code_hash(),
        "packages": package_versions(),
    }


def definition_hash(catalogue: Catalogue, kpi: str) -> str:
    """Return a hash of all that decides the value of a KPI: its formula, and what that is made of.

    Words about it, such as its label, do not count.
    """
    parts = {
        name: catalogue.metrics[name].model_dump(include={"formula", "interval", "squares", "matures_in", "unit"})
        for name in _metrics_of(catalogue, kpi)
    }
    measures = {name: catalogue.measures[name].model_dump(exclude={"label"}) for name in catalogue.measures_of(kpi)}
    return _hash([parts, measures])


def causes(
    then: Mapping[str, Any],
    now: Mapping[str, Any],
    company: OpenCompany,
    kpi: str,
    *,
    texts: Sequence[str] = (),
    aimed: bool = False,
) -> tuple[Cause, ...]:
    """Causes of a changed figure: what its KPI depends on and what of that changed.

    Code is named only where neither data nor definitions changed: it changes with every new version.

    Parameters
    ----------
    then : mapping of str to Any
        From `made_from`, when the figure was published.
    now : mapping of str to Any
        From `made_from`, today.
    company : OpenCompany
        The open company, today.
    kpi : str
        Id of the KPI.
    texts : sequence of str
        Its dimensions and its condition in SQL: they may need a further table.
    aimed : bool
        Whether the figure belongs to a target.

    Returns
    -------
    tuple of Cause
        One that says ``unexplained`` where nothing changed that the figure depends on.
    """
    if kpi not in company.catalogue.metrics:
        return (Cause("definition", "the catalogue has no such KPI any more"),)
    tables = tables_behind(company, kpi, texts)
    found = (
        *(Cause("data", words) for words in _changed_tables(then, now, tables)),
        *(Cause("definition", words) for words in _changed_definitions(then, now, kpi, tables, aimed)),
    )
    found = found or tuple(Cause("code", words) for words in _changed_code(then, now))
    return found or (Cause("unexplained", "nothing that it depends on: the figure is not reproducible"),)


def tables_behind(company: OpenCompany, kpi: str, texts: Sequence[str] = ()) -> tuple[str, ...]:
    """Tables behind a KPI at this company: those of its measures, and those that these take columns from."""
    names = company.catalogue.measures_of(kpi)
    resolved = resolved_aggregates(company.sources, company.catalogue, names)
    found: dict[str, None] = {}
    for name in names:
        aggregates = (resolved[name],) if name in resolved else company.catalogue.measures[name].aggregates
        for aggregate in aggregates:
            found[aggregate.table] = None
            named = " ".join([*aggregate.row_texts, *aggregate.key_columns, *texts])
            needed = (one.source for one in DERIVED if one.table == aggregate.table and one.name in named)
            found.update(dict.fromkeys(needed))
    return tuple(found)


def _changed_tables(then: Mapping[str, Any], now: Mapping[str, Any], tables: Sequence[str]) -> Iterator[str]:
    before, after = ({one["table"]: one for one in side["sources"]} for side in (then, now))
    for table in tables:
        old, new = before.get(table), after.get(table)
        if old is None and new is None:
            continue
        if new is None or old is None:
            yield f"{table}: {'not connected any more' if new is None else 'not connected then'}"
        elif old["rows"] != new["rows"]:
            yield f"{table}: {old['rows']:,} → {new['rows']:,} rows"
        elif any(old[name] != new[name] for name in ("hash", "first", "newest")):
            yield f"{table}: other content in as many rows"
        elif new["hash"] is None:
            yield f"{table}: perhaps; a database tells no fingerprint, only as many rows and the same days"
    if then["settings"].get("rates") != now["settings"].get("rates"):
        yield "rates of currencies"


def _changed_definitions(
    then: Mapping[str, Any], now: Mapping[str, Any], kpi: str, tables: Sequence[str], aimed: bool
) -> Iterator[str]:
    if then["definitions"].get(kpi) != now["definitions"][kpi]:
        yield "the definition of the KPI"
    if aimed and then["targets"].get(kpi) != now["targets"].get(kpi):
        yield "the target as it is written down"
    for table in sorted(then["columns"].keys() & now["columns"].keys() & set(tables)):
        if then["columns"][table] != now["columns"][table]:
            yield f"which columns of {table} are which"
    for name in SETTINGS:
        if then["settings"].get(name) != now["settings"][name]:
            yield f"{name.removesuffix('_spec')} of the company file"


def _changed_code(then: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[str]:
    if then["code"] != now["code"]:
        yield "the code of kpi_analysis"
    for name, newer in now["packages"].items():
        if then["packages"].get(name) != newer:
            yield f"{name} {then['packages'].get(name, '?')} → {newer}"


def _metrics_of(catalogue: Catalogue, kpi: str) -> dict[str, None]:
    found: dict[str, None] = {kpi: None}
    for name in sorted(formula.names_in(catalogue.metrics[kpi].tree)):
        if name in catalogue.metrics and name not in catalogue.measures:
            found |= _metrics_of(catalogue, name)
    return found


def _targets_hash(company: OpenCompany, kpi: str) -> str:
    return _hash([one.model_dump(mode="json") for one in company.targets if one.kpi == kpi])


def _mapping(spec: TableSpec) -> Any:
    """What the company file says of the columns of a table."""
    if spec.is_prepared or spec.extra or spec.date is not None:
        named = {"path", "table", "sql", "sheet", "read"}  # where from, and how it is written, is told by the data
        return [one.model_dump(mode="json", exclude={*named, "sources"}) for one in spec.all_sources]
    return spec.columns if spec.ends is None else [spec.columns, spec.ends]


def _hash(data: Any) -> str:
    return hashlib.sha256(json.dumps(data, sort_keys=True, default=str).encode()).hexdigest()[:16]
