"""The catalogue of KPIs: measures over canonical tables and metrics over measures, read from YAML."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Literal

from pydantic import Field, model_validator

from kpi_analysis import formula
from kpi_analysis.errors import ConfigError, UsageError, did_you_mean
from kpi_analysis.formula import Node
from kpi_analysis.schema import TABLES
from kpi_analysis.yaml_file import Strict, YamlFile, load_model, read_yaml

Unit = Literal[
    "count", "currency", "percent", "ratio", "days", "hours", "months", "minutes", "points", "turns",
    "count/day", "currency/day", "currency/hour", "currency/month",
]  # fmt: skip


_FUNCTIONS = {"avg": "mean", "quantile_cont": "quantile"}


class Aggregate(Strict):
    """How a measure is read from one table.

    A *flow* has `date`: rows are counted in the period in which that date lies. A *stock* has `open`: rows that
    have begun and not ended at the end of the period. With `first`, only the first row of each value of that
    column counts, such as the first order of a customer.
    """

    table: str
    agg: str
    where: str | None = None
    date: str | None = None
    open: tuple[str, str] | None = None
    first: str | None = None

    @model_validator(mode="after")
    def _fits(self) -> Aggregate:
        if self.table not in TABLES:
            raise ValueError(f"unknown table '{self.table}'. {did_you_mean(self.table, TABLES)}")
        if (self.date is None) == (self.open is None):
            raise ValueError("a measure has either date (a flow) or open (a stock)")
        for column in (self.date, self.first, *(self.open or ())):
            if column is not None and column not in TABLES[self.table].columns:
                hint = did_you_mean(column, TABLES[self.table].columns)
                raise ValueError(f"table {self.table} has no column '{column}'. {hint}")
        return self

    @property
    def is_stock(self) -> bool:
        """Whether it is read at the end of a period and never summed over time."""
        return self.open is not None


class Measure(Strict):
    """A number that one table gives.

    `either` lists ways to read it in order: the first that the company's tables allow counts. `choice` names a
    setting of the company file that picks the way by its table.
    """

    label: str | None = None
    empty: str | None = None
    choice: str | None = None
    either: tuple[Aggregate, ...] = ()
    table: str | None = None
    agg: str | None = None
    where: str | None = None
    date: str | None = None
    open: tuple[str, str] | None = None
    first: str | None = None

    @cached_property
    def aggregates(self) -> tuple[Aggregate, ...]:
        """The ways to read it, in order."""
        if self.either:
            return self.either
        fields = self.model_dump(include={"table", "agg", "where", "date", "open", "first"})
        return (Aggregate.model_validate({key: value for key, value in fields.items() if value is not None}),)

    @model_validator(mode="after")
    def _fits(self) -> Measure:
        if bool(self.either) == bool(self.table):
            raise ValueError("a measure has a table, or a list `either` of ways to read it")
        _ = self.aggregates
        return self


class Metric(Strict):
    """A KPI: what it answers, its formula in words of measures, unit, direction and place in the tree of goals."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    label: str
    question: str
    formula: str
    unit: Unit
    better: Literal["higher", "lower", "neutral"]
    level: Literal["strategic", "operational"]
    category: str
    supports: str | None = None
    empty: str | None = None
    interval: Literal["proportion"] | None = None
    headline: bool = False
    note: str = ""
    example: dict[str, float] = Field(default_factory=dict)

    @cached_property
    def tree(self) -> Node:
        """The formula as a tree."""
        return formula.parse(self.formula)


class CatalogueFile(Strict):
    """One file of the catalogue."""

    measures: dict[str, Measure] = Field(default_factory=dict)
    metrics: tuple[Metric, ...] = ()


@dataclass(frozen=True)
class Catalogue:
    """All measures and metrics, checked against each other."""

    measures: Mapping[str, Measure]
    metrics: Mapping[str, Metric]
    hash: str = field(default="")

    def metric(self, name: str) -> Metric:
        """Return a KPI by its id.

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
        found: dict[str, None] = {}

        def visit(node: Node) -> None:
            for part in formula.walk(node):
                if isinstance(part, formula.Name):
                    if part.name in self.measures:
                        found[part.name] = None
                    else:
                        visit(self.metrics[part.name].tree)

        visit(self.metric(name).tree)
        return tuple(found)

    def is_stock(self, measure: str) -> bool:
        """Whether a measure is read at the end of a period."""
        return self.measures[measure].aggregates[0].is_stock

    def label(self, name: str) -> str:
        """Name of a measure or metric in words."""
        if name in self.measures:
            return self.measures[name].label or name.replace("_", " ")
        return self.metrics[name].label

    def in_words(self, name: str, ways: Mapping[str, Aggregate] | None = None) -> str:
        """Return the formula of a KPI in words.

        Parameters
        ----------
        name : str
            Id of the KPI.
        ways : mapping of str to Aggregate, optional
            How a company reads its measures, where there is more than one way.
        """
        tree = self.metric(name).tree
        if isinstance(tree, formula.Name) and tree.name in self.measures:
            return self.measure_in_words(tree.name, ways)
        return formula.in_words(
            tree, lambda part: self.label(part).lower() if part in self.metrics else self.label(part)
        )

    def measure_in_words(self, name: str, ways: Mapping[str, Aggregate] | None = None) -> str:
        """Return how a measure is read: ``sum of amount in orders, by ordered_on``."""
        way = (ways or {}).get(name) or self.measures[name].aggregates[0]
        function, _, argument = way.agg.partition("(")
        inner = argument.removesuffix(")")
        counted = f"distinct {inner.split(None, 1)[1]}" if inner.startswith("distinct ") else "rows"
        words = f"number of {counted}" if function == "count" else f"{_FUNCTIONS.get(function, function)} of {inner}"
        words += f" in {way.table}"
        if way.where:
            words += f" where {way.where}"
        if way.first:
            words += f", the first of each {way.first}"
        return words + (", open at the end of the period" if way.is_stock else f", by {way.date}")

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


def read_catalogue(paths: Iterable[Path]) -> Catalogue:
    """Read catalogue files into one catalogue.

    Raises
    ------
    ConfigError
        With file and line: unknown measure, cycle, name that stands twice, formula that is none.
    """
    measures: dict[str, Measure] = {}
    metrics: dict[str, Metric] = {}
    origin: dict[str, tuple[YamlFile, int | None]] = {}
    digest = hashlib.sha256()
    for path in paths:
        file = read_yaml(path)
        content = load_model(file, CatalogueFile)
        digest.update(path.read_bytes())
        for name, measure in content.measures.items():
            _refuse_twice(name, measures, file, file.line(("measures", name)))
            measures[name] = measure
        for index, metric in enumerate(content.metrics):
            line = file.line(("metrics", index, "name"))
            _refuse_twice(metric.name, metrics, file, line)
            metrics[metric.name] = metric
            origin[metric.name] = (file, file.line(("metrics", index, "formula")) or line)
    catalogue = Catalogue(measures, metrics, digest.hexdigest())
    for name in metrics:
        _check_metric(catalogue, name, *origin[name])
    return catalogue


def _refuse_twice(name: str, known: Mapping[str, object], file: YamlFile, line: int | None) -> None:
    if name in known:
        raise ConfigError(f"'{name}' is defined twice.", remedy="Rename one.", file=file.path, line=line)


def _check_metric(catalogue: Catalogue, name: str, file: YamlFile, line: int | None) -> None:
    known = {*catalogue.measures, *catalogue.metrics}

    def visit(metric: str, path: tuple[str, ...]) -> None:
        if metric in path:
            chain = " → ".join((*path[path.index(metric) :], metric))
            raise ConfigError(f"metric {name} goes in a circle: {chain}.", file=file.path, line=line)
        try:
            needed = formula.names(catalogue.metrics[metric].tree)
        except ConfigError as error:
            raise ConfigError(
                f"metric {metric}: {error.message}", remedy=error.remedy, file=file.path, line=line
            ) from None
        for part in sorted(needed):
            if part not in known:
                hint = did_you_mean(part, known) or "Define it under measures."
                raise ConfigError(
                    f"metric {metric} names an unknown measure '{part}'.", remedy=hint, file=file.path, line=line
                )
            if part not in catalogue.measures:
                visit(part, (*path, metric))

    visit(name, ())
    for part in formula.walk(catalogue.metrics[name].tree):
        if isinstance(part, formula.Call) and part.function == "average":
            flows = [m for m in formula.names(part) if m in catalogue.measures and not catalogue.is_stock(m)]
            if flows:
                raise ConfigError(
                    f"metric {name}: average() needs a stock, but {flows[0]} is summed over the period.",
                    remedy="Divide it by something instead.", file=file.path, line=line,
                )  # fmt: skip
    supports = catalogue.metrics[name].supports
    if supports is not None and supports not in catalogue.metrics:
        hint = did_you_mean(supports, catalogue.metrics)
        raise ConfigError(
            f"metric {name} supports an unknown KPI '{supports}'.", remedy=hint, file=file.path, line=line
        )
