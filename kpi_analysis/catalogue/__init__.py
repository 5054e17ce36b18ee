"""The catalogue of KPIs: measures over canonical tables and metrics over measures, read from YAML."""

from __future__ import annotations

import hashlib
import re
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


class Pair(Strict):
    """Each account's sum of `value` at the opening and at the closing of a period: what came, went and stayed.

    The opening is the end of the period before (`prior`), or of the same period a year ago (`year_ago`).
    """

    key: str
    value: str
    since: Literal["prior", "year_ago"] = "prior"


class Aggregate(Strict):
    """How a measure is read from one table.

    Parameters
    ----------
    table : str
    agg : str
        An aggregate in SQL: ``sum(amount)``, ``count(*)``, ``median(hours)``.
    where : str, optional
        Which rows count.
    date : str, optional
        A *flow*: rows count in the period in which this date lies.
    open : (str, str) or (str,), optional
        A *stock*: rows that have begun and not ended at the end of the period; with one date, they never end.
    first : str, optional
        Only the first row of each value of this column counts, such as the first order of a customer.
    last : str, optional
        A *balance*: of each value of this column, the rows of the latest date up to the end of the period.
    per : str, optional
        First `each` is aggregated for every value of this column, then `agg` over ``each``; `having` says which of
        them count, and `top` how many, the largest first.
    pair : Pair, optional
        `agg` runs over accounts with ``opening``, ``closing`` and ``before`` (whether they were there earlier).
    account : str, optional
        An account of the ledger that must occur in it.
    """

    table: str
    agg: str
    where: str | None = None
    date: str | None = None
    open: tuple[str, str] | tuple[str] | None = None
    first: str | None = None
    last: str | None = None
    per: str | None = None
    each: str | None = None
    having: str | None = None
    top: int | None = Field(default=None, ge=1)
    pair: Pair | None = None
    account: str | None = None

    @model_validator(mode="after")
    def _fits(self) -> Aggregate:
        if self.table not in TABLES:
            raise ValueError(f"unknown table '{self.table}'. {did_you_mean(self.table, TABLES)}")
        if (self.date is None) == (self.open is None):
            raise ValueError("a measure has either date (a flow) or open (a stock)")
        if (self.per is None) != (self.each is None):
            raise ValueError("per and each go together")
        if self.pair is not None and (self.open is None or len(self.open) != 2):
            raise ValueError("a pair needs open: [begin, end]")
        for column in self.key_columns:
            if column not in TABLES[self.table].columns:
                hint = did_you_mean(column, TABLES[self.table].columns)
                raise ValueError(f"table {self.table} has no column '{column}'. {hint}")
        return self

    @property
    def kind(self) -> Literal["flow", "first", "per", "stock", "balance", "pair"]:
        """By which road it is read."""
        if self.pair is not None:
            return "pair"
        if self.open is not None:
            return "stock"
        if self.last is not None:
            return "balance"
        if self.per is not None:
            return "per"
        return "first" if self.first is not None else "flow"

    @property
    def is_stock(self) -> bool:
        """Whether it is read at the end of a period and never summed over time."""
        return self.kind in ("stock", "balance")

    @property
    def looks_back(self) -> bool:
        """Whether an account measure needs what was there at the opening."""
        text = f"{self.agg} {self.where or ''}"
        return self.pair is not None and re.search(r"\b(opening|before)\b", text) is not None

    @property
    def condition(self) -> str | None:
        """Which rows count, the account included."""
        account = f"account = '{self.account}'" if self.account is not None else None
        return " and ".join(f"({text})" for text in (account, self.where) if text) or None

    @property
    def row_texts(self) -> tuple[str, ...]:
        """SQL texts that are read on rows of the table, and not on what is made of them."""
        if self.kind == "pair":
            texts = [self.pair.value if self.pair else None]
        elif self.kind == "per":
            texts = [self.each, self.condition]
        else:
            texts = [self.agg, self.condition]
        return tuple(text for text in texts if text)

    @property
    def key_columns(self) -> tuple[str, ...]:
        """Columns that are named outright."""
        named = (self.date, self.first, self.last, self.per, self.pair.key if self.pair else None)
        return tuple(column for column in (*named, *(self.open or ())) if column)


class Measure(Strict):
    """A number that one table gives.

    `either` lists ways to read it in order: the first that the company's tables allow counts. `choice` names a
    setting of the company file that picks the way by its table. `setting` is a number of the company file itself.
    """

    label: str | None = None
    empty: str | None = None
    choice: str | None = None
    setting: str | None = None
    either: tuple[Aggregate, ...] = ()
    table: str | None = None
    agg: str | None = None
    where: str | None = None
    date: str | None = None
    open: tuple[str, str] | tuple[str] | None = None
    first: str | None = None
    last: str | None = None
    per: str | None = None
    each: str | None = None
    having: str | None = None
    top: int | None = None
    pair: Pair | None = None
    account: str | None = None

    @cached_property
    def aggregates(self) -> tuple[Aggregate, ...]:
        """The ways to read it, in order; none where it is a setting."""
        if self.either or self.setting:
            return self.either
        fields = self.model_dump(exclude={"label", "empty", "choice", "setting", "either"}, exclude_none=True)
        return (Aggregate.model_validate(fields),)

    @model_validator(mode="after")
    def _fits(self) -> Measure:
        if sum(bool(part) for part in (self.either, self.table, self.setting)) != 1:
            raise ValueError("a measure has a table, a list `either` of ways to read it, or a setting")
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
    interval: Literal["proportion", "rate_per", "net_promoter"] | None = None
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
        ways = self.measures[measure].aggregates
        return bool(ways) and ways[0].is_stock

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
        if self.measures[name].setting is not None:
            return f"{self.measures[name].setting} of the company file"
        way = (ways or {}).get(name) or self.measures[name].aggregates[0]
        function, _, argument = way.agg.partition("(")
        inner = argument.removesuffix(")")
        counted = f"distinct {inner.split(None, 1)[1]}" if inner.startswith("distinct ") else "rows"
        words = f"number of {counted}" if function == "count" else f"{_FUNCTIONS.get(function, function)} of {inner}"
        words += f" in {way.table}"
        if way.condition:
            words += f" where {way.condition.strip('()') if way.condition.count('(') == 1 else way.condition}"
        if way.pair is not None:
            opening = "a year ago" if way.pair.since == "year_ago" else "at the start"
            return f"{words}, each {way.pair.key} by its {way.pair.value} at the end (closing) and {opening} (opening)"
        if way.first:
            words += f", the first of each {way.first}"
        if way.per:
            words += f", each: {way.each} of a {way.per}"
        if way.top:
            words += f", the largest {way.top}"
        if way.kind == "balance":
            return f"{words}, the latest of each {way.last}"
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
