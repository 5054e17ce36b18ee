"""The catalogue of KPIs: measures over canonical tables and metrics over measures, read from YAML."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path

from kpi_analysis.core import formula
from kpi_analysis.core.errors import ConfigError, UsageError, did_you_mean
from kpi_analysis.core.formula import Node
from kpi_analysis.core.schema import TABLES, CanonicalTable
from kpi_analysis.core.yaml_file import YamlFile, load_model, read_yaml
from kpi_analysis.metrics.catalogue.model import Aggregate, CatalogueFile, Lifetime, Measure, Metric, Otherwise, Pair

__all__ = [
    "Aggregate",
    "Catalogue",
    "Lifetime",
    "Measure",
    "Metric",
    "Origin",
    "Otherwise",
    "Pair",
    "read_catalogue",
    "shipped",
    "with_own",
]

_FUNCTIONS = {"avg": "mean", "quantile_cont": "quantile"}


@dataclass(frozen=True)
class Origin:
    """Where a measure or metric is defined."""

    file: Path | None = None
    line: int | None = None


@dataclass(frozen=True)
class Catalogue:
    """All measures and metrics, checked against each other.

    Parameters
    ----------
    measures, metrics : mapping by name
    hash : str
        Of the files that they were read from.
    own, overridden : tuple of str
        Metrics of the user's own file, and those of them that replace a shipped one.
    origins : mapping of str to Origin
        Where an own metric stands, and an own measure under ``measure <name>``.
    """

    measures: Mapping[str, Measure]
    metrics: Mapping[str, Metric]
    hash: str = ""
    own: tuple[str, ...] = ()
    overridden: tuple[str, ...] = ()
    origins: Mapping[str, Origin] = field(default_factory=dict)
    _measures_of: dict[str, tuple[str, ...]] = field(default_factory=dict, init=False, repr=False, compare=False)

    def metric(self, name: str) -> Metric:
        """KPI of an id.

        Parameters
        ----------
        name : str
            Id of the KPI.

        Returns
        -------
        Metric
            Its entry in the catalogue.

        Raises
        ------
        UsageError
            With the nearest id.
        """
        if name not in self.metrics:
            hint = did_you_mean(name, self.metrics)
            raise UsageError(f"No KPI '{name}' in the catalogue.", remedy=f"{hint} See: kpi list".strip())
        return self.metrics[name]

    def measures_of(self, name: str) -> tuple[str, ...]:
        """Measures that a KPI needs, through all metrics it is made of, in the order of its formula."""
        if name in self._measures_of:
            return self._measures_of[name]
        found: dict[str, None] = {}

        def visit(node: Node) -> None:
            for part in formula.walk(node):
                if isinstance(part, formula.Name):
                    if part.name in self.measures:
                        found[part.name] = None
                    else:
                        visit(self.metrics[part.name].tree)

        visit(self.metric(name).tree)
        return self._measures_of.setdefault(name, tuple(found))

    def for_tables(self, connected: Collection[str]) -> Catalogue:
        """Return the catalogue as a company with these tables computes it.

        A KPI that has an `otherwise` is made that way where its table is not connected and all of the other way are.
        """
        others = {
            name: metric.alternative
            for name, metric in self.metrics.items()
            if metric.otherwise is not None
            and metric.otherwise.without not in connected
            and self._tables_of(metric.alternative.tree) <= set(connected)
        }
        return replace(self, metrics={**self.metrics, **others}) if others else self

    def _tables_of(self, tree: Node) -> set[str]:
        """Tables that the measures of a formula come from."""
        measures = [self.measures[name] for name in formula.names_in(tree) if name in self.measures]
        return {one.table for measure in measures for one in measure.aggregates[:1]}

    def is_stock(self, measure: str) -> bool:
        """Whether a measure is read at the end of a period."""
        aggregates = self.measures[measure].aggregates
        return bool(aggregates) and aggregates[0].is_stock

    def is_modelled(self, name: str) -> bool:
        """Whether a KPI is what a model expects: its history is one estimate made again and again, and no series."""
        return any(one.lifetime for measure in self.measures_of(name) for one in self.measures[measure].aggregates)

    def label(self, name: str) -> str:
        """Name of a measure or metric in words."""
        if name in self.measures:
            return self.measures[name].label or name.replace("_", " ")
        return self.metrics[name].label

    def in_words(self, name: str, aggregates: Mapping[str, Aggregate] | None = None) -> str:
        """Formula of a KPI in words.

        Parameters
        ----------
        name : str
            Id of the KPI.
        aggregates : mapping of str to Aggregate, optional
            How a company reads its measures, where it has several aggregates.

        Returns
        -------
        str
            Such as ``won deals ÷ (won deals + lost deals)``.
        """
        tree = self.metric(name).tree
        if isinstance(tree, formula.Name) and tree.name in self.measures:
            return self.measure_in_words(tree.name, aggregates)
        return formula.formula_text(
            tree, lambda part: self.label(part).lower() if part in self.metrics else self.label(part)
        )

    def measure_in_words(self, name: str, aggregates: Mapping[str, Aggregate] | None = None) -> str:
        """Return how a measure is read: ``sum of amount in orders, by ordered_on``."""
        if self.measures[name].setting is not None:
            return f"{self.measures[name].setting} of the company file"
        one = (aggregates or {}).get(name) or self.measures[name].aggregates[0]
        function, _, argument = one.agg.partition("(")
        inner = argument.removesuffix(")")
        counted = f"distinct {inner.split(None, 1)[1]}" if inner.startswith("distinct ") else "rows"
        words = f"number of {counted}" if function == "count" else f"{_FUNCTIONS.get(function, function)} of {inner}"
        words += f" in {one.table}"
        if one.condition:
            words += f" where {one.condition.strip('()') if one.condition.count('(') == 1 else one.condition}"
        if one.lifetime is not None:
            ahead = f"{one.lifetime.months} months from the first purchase"
            return f"expected {words} of a new {one.lifetime.key} in {ahead} by {one.date}, by BG/NBD and Gamma-Gamma"
        if one.pair is not None:
            opening = "a year ago" if one.pair.since == "year_ago" else "at the start"
            words += f", each {one.pair.key} by its {one.pair.value} at the end (closing) and {opening} (opening)"
            return (
                f"{words}; account_closing and account_opening are those of all slices"
                if "account_" in words
                else words
            )
        if one.first:
            words += f", the first of each {one.first}"
        if one.per:
            words += f", each: {one.each} of a {one.per}"
        if one.top:
            words += f", the largest {one.top}"
        if one.kind == "balance":
            return f"{words}, the latest of each {one.last}"
        return words + (", open at the end of the period" if one.is_stock else f", by {one.date}")

    def empty_reason(self, node: Node, metric: Metric) -> str:
        """Why a division by this part has no value when the part is zero."""
        if metric.empty is not None:
            return metric.empty
        if isinstance(node, formula.Name):
            if node.name in self.measures:
                return self.measures[node.name].empty or f"no {self.label(node.name)} in the period"
            return f"no {self.metrics[node.name].label.lower()} in the period"
        return "the lower part of the ratio is zero"


@lru_cache(maxsize=1)
def shipped() -> Catalogue:
    """Return the catalogue that comes with the package."""
    return read_catalogue(sorted(Path(__file__).parent.glob("*.yaml")))


def with_own(path: Path, schemas: Mapping[str, CanonicalTable] = TABLES) -> Catalogue:
    """Shipped catalogue with a user's own measures and KPIs; those of the same name are overridden.

    Parameters
    ----------
    path : path
        A ``kpis.yaml``. The shipped catalogue alone where there is no such file.
    schemas : mapping of str to CanonicalTable
        The tables of the company, which measures may be over.

    Returns
    -------
    Catalogue
        A new one where there are own ones.
    """
    return read_catalogue([path], base=shipped(), schemas=schemas) if path.is_file() else shipped()


def read_catalogue(
    paths: Iterable[Path], *, base: Catalogue | None = None, schemas: Mapping[str, CanonicalTable] = TABLES
) -> Catalogue:
    """Catalogue of files, checked as a whole.

    Parameters
    ----------
    paths : iterable of Path
        The files, in the order in which they are read.
    base : Catalogue, optional
        What the files add to, and may override.
    schemas : mapping of str to CanonicalTable
        The tables that measures may be over.

    Returns
    -------
    Catalogue
        Of all files, and of the base.

    Raises
    ------
    ConfigError
        With file and line: unknown measure, cycle, name that stands twice, formula that is none.
    """
    measures: dict[str, Measure] = {}
    metrics: dict[str, Metric] = {}
    origins: dict[str, Origin] = {}
    digest = hashlib.sha256(base.hash.encode() if base else b"")
    for path in paths:
        file = read_yaml(path)
        content = load_model(file, CatalogueFile, {"schemas": schemas})
        digest.update(path.read_bytes())
        for name, measure in content.measures.items():
            line = file.line(("measures", name))
            _refuse_twice(name, measures, file, line)
            measures[name] = measure
            origins[f"measure {name}"] = Origin(file.path, line)
        for index, metric in enumerate(content.metrics):
            line = file.line(("metrics", index, "name"))
            _refuse_twice(metric.name, metrics, file, line)
            metrics[metric.name] = metric
            origins[metric.name] = Origin(file.path, file.line(("metrics", index, "formula")) or line)
    own = tuple(metrics) if base else ()
    overridden = tuple(name for name in metrics if base and name in base.metrics)
    if base:
        measures, metrics = {**base.measures, **measures}, {**base.metrics, **metrics}
    catalogue = Catalogue(measures, metrics, digest.hexdigest(), own, overridden, origins if base else {})
    otherwise = replace(catalogue, metrics={name: metric.alternative for name, metric in metrics.items()})
    for name in metrics:
        _check_metric(catalogue, name, origins.get(name, Origin()))
        _check_metric(otherwise, name, origins.get(name, Origin()))
    return catalogue


def _refuse_twice(name: str, known: Mapping[str, object], file: YamlFile, line: int | None) -> None:
    if name in known:
        raise ConfigError(f"'{name}' is defined twice.", remedy="Rename one.", file=file.path, line=line)


def _check_metric(catalogue: Catalogue, name: str, origin: Origin) -> None:
    known = {*catalogue.measures, *catalogue.metrics}

    def problem(message: str, remedy: str | None = None) -> ConfigError:
        return ConfigError(message, remedy=remedy, file=origin.file, line=origin.line)

    def visit(metric: str, path: tuple[str, ...]) -> None:
        if metric in path:
            chain = " → ".join((*path[path.index(metric) :], metric))
            raise problem(f"metric {name} goes in a circle: {chain}.", "Take one of them out.")
        try:
            needed = formula.names_in(catalogue.metrics[metric].tree)
        except ConfigError as error:
            raise problem(f"metric {metric}: {error.message}", error.remedy) from None
        for part in sorted(needed):
            if part not in known:
                hint = did_you_mean(part, known) or "Define it under measures."
                raise problem(f"metric {metric} names an unknown measure '{part}'.", hint)
            if part not in catalogue.measures:
                visit(part, (*path, metric))

    visit(name, ())
    for part in formula.walk(catalogue.metrics[name].tree):
        if isinstance(part, formula.Call) and part.function == "average":
            flows = [m for m in formula.names_in(part) if m in catalogue.measures and not catalogue.is_stock(m)]
            if flows:
                message = f"metric {name}: average() needs a stock, but {flows[0]} is summed over the period."
                raise problem(message, "Divide it by something instead.")
    for field_name in ("squares", "share"):
        named = getattr(catalogue.metrics[name], field_name)
        if named is not None and named not in catalogue.measures:
            hint = did_you_mean(named, catalogue.measures) or "Define it under measures."
            raise problem(f"metric {name}: {field_name} names an unknown measure '{named}'.", hint)
    supports = catalogue.metrics[name].supports
    if supports is not None and supports not in catalogue.metrics:
        hint = did_you_mean(supports, catalogue.metrics)
        raise problem(f"metric {name} supports an unknown KPI '{supports}'.", hint)
