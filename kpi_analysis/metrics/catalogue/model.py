"""What a catalogue file holds: measures over tables, and metrics over measures."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cached_property
from typing import Literal

from pydantic import Field, ValidationInfo, model_validator

from kpi_analysis.core import formula
from kpi_analysis.core.errors import did_you_mean
from kpi_analysis.core.formula import Node, Operation
from kpi_analysis.core.schema import DERIVED, TABLES, CanonicalTable
from kpi_analysis.core.yaml_file import StrictModel

Unit = Literal[
    "count", "currency", "percent", "ratio", "days", "hours", "months", "minutes", "points", "turns",
    "count/day", "currency/day", "currency/hour", "currency/month",
]  # fmt: skip

_LOOKING_BACK = r"\b((account_)?opening|before|expansion|contraction|moved_(in|out)|kept|retained)\b"


def _schemas(info: ValidationInfo) -> Mapping[str, CanonicalTable]:
    """The tables that a company has; the canonical ones where no company is at hand."""
    schemas: Mapping[str, CanonicalTable] = (info.context or {}).get("schemas", TABLES)
    return schemas


class Pair(StrictModel):
    """Each account's sum of `value` at the opening and at the closing of a period: what came, went and stayed.

    The opening is the end of the period before (`prior`), or of the same period a year ago (`year_ago`).
    """

    key: str
    value: str
    since: Literal["prior", "year_ago"] = "prior"


class Lifetime(StrictModel):
    """What a new customer will bring: their first purchase and those expected to follow, by a model of all so far.

    Parameters
    ----------
    key : str
        The column that says who the customer is.
    months : int
        How far ahead, from the first purchase.
    discount : float
        A year's, as a fraction.
    """

    key: str
    months: int = Field(default=12, ge=1)
    discount: float = Field(default=0.1, ge=0)


class Aggregate(StrictModel):
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
        `agg` runs over accounts with ``opening`` and ``closing``, which make ``expansion``, ``contraction``,
        ``moved_in`` and ``moved_out``; ``account_opening`` and ``account_closing`` of all slices together; ``kept`` and
        ``retained``, what is left of the opening without and with expansion; and ``before``, whether it paid earlier.
    lifetime : Lifetime, optional
        BG/NBD and Gamma-Gamma are fitted on all rows up to the end of the period; `agg` is the sum of what was paid.
    account : str, optional
        An account of the ledger that must occur in it.
    account_if_any : str, optional
        An account of the ledger that counts as nothing where it does not occur.
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
    lifetime: Lifetime | None = None
    account: str | None = None
    account_if_any: str | None = None

    @model_validator(mode="after")
    def _fits(self, info: ValidationInfo) -> Aggregate:
        schemas = _schemas(info)
        if self.table not in schemas:
            raise ValueError(f"unknown table '{self.table}'. {did_you_mean(self.table, schemas)}")
        if (self.date is None) == (self.open is None):
            raise ValueError("a measure has either date (a flow) or open (a stock)")
        if (self.per is None) != (self.each is None):
            raise ValueError("per and each go together")
        if self.pair is not None and (self.open is None or len(self.open) != 2):
            raise ValueError("a pair needs open: [begin, end]")
        if self.lifetime is not None and (self.date is None or not re.fullmatch(r"(?i)sum\(.+\)", self.agg)):
            raise ValueError("a lifetime needs agg: sum(…) and date, the day of a purchase")
        known = {*schemas[self.table].columns, *(column.name for column in DERIVED if column.table == self.table)}
        for column in self.key_columns:
            if column not in known:
                hint = did_you_mean(column, known)
                raise ValueError(f"table {self.table} has no column '{column}'. {hint}")
        return self

    @property
    def kind(self) -> Literal["flow", "first", "per_key", "stock", "balance", "pair", "lifetime"]:
        """Measure kind: the module of `compute.kinds` that reads it."""
        if self.lifetime is not None:
            return "lifetime"
        if self.pair is not None:
            return "pair"
        if self.open is not None:
            return "stock"
        if self.last is not None:
            return "balance"
        if self.per is not None:
            return "per_key"
        return "first" if self.first is not None else "flow"

    @property
    def is_stock(self) -> bool:
        """Whether it is read at the end of a period and never summed over time."""
        return self.kind in ("stock", "balance", "lifetime")

    @property
    def looks_back(self) -> bool:
        """Whether a measure of accounts needs what was there at the opening."""
        text = f"{self.agg} {self.where or ''}"
        return self.pair is not None and re.search(_LOOKING_BACK, text) is not None

    @property
    def condition(self) -> str | None:
        """Which rows count, the account included."""
        named = self.account or self.account_if_any
        account = f"account = '{named}'" if named is not None else None
        return " and ".join(f"({text})" for text in (account, self.where) if text) or None

    @property
    def row_texts(self) -> tuple[str, ...]:
        """SQL texts that are read on rows of the table, and not on what is made of them."""
        if self.kind == "pair":
            texts = [self.pair.value if self.pair else None]
        elif self.kind == "per_key":
            texts = [self.each, self.condition]
        else:
            texts = [self.agg, self.condition]
        return tuple(text for text in texts if text)

    @property
    def key_columns(self) -> tuple[str, ...]:
        """Columns that are named outright."""
        keys = [one.key for one in (self.pair, self.lifetime) if one is not None]
        named = (self.date, self.first, self.last, self.per, *keys)
        return tuple(column for column in (*named, *(self.open or ())) if column)


class Measure(StrictModel):
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
    lifetime: Lifetime | None = None
    account: str | None = None
    account_if_any: str | None = None

    @cached_property
    def aggregates(self) -> tuple[Aggregate, ...]:
        """The ways to read it, in order; none where it is a setting."""
        if self.either or self.setting:
            return self.either
        return (self._aggregate(TABLES),)

    def _aggregate(self, schemas: Mapping[str, CanonicalTable]) -> Aggregate:
        fields = self.model_dump(exclude={"label", "empty", "choice", "setting", "either"}, exclude_none=True)
        return Aggregate.model_validate(fields, context={"schemas": schemas})

    @model_validator(mode="after")
    def _fits(self, info: ValidationInfo) -> Measure:
        if sum(bool(part) for part in (self.either, self.table, self.setting)) != 1:
            raise ValueError("a measure has a table, a list `either` of ways to read it, or a setting")
        if self.table is not None:  # of the company's own tables, which only the context knows
            self.__dict__["aggregates"] = (self._aggregate(_schemas(info)),)
        return self


class Otherwise(StrictModel):
    """How a KPI is made at a company that does not have the table `without`: another method under the same name."""

    without: str
    formula: str
    empty: str | None = None
    note: str = ""
    example: dict[str, float] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _fits(self, info: ValidationInfo) -> Otherwise:
        schemas = _schemas(info)
        if self.without not in schemas:
            raise ValueError(f"unknown table '{self.without}'. {did_you_mean(self.without, schemas)}")
        return self


class Metric(StrictModel):
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
    interval: Literal["proportion", "rate_per", "net_promoter", "mean", "return_on"] | None = None
    squares: str | None = None  # for a mean or a return: the measure of the squared rows of its upper part
    headline: int | None = Field(default=None, ge=1, le=3)  # 1 comes onto the scorecard first
    share: str | None = None  # the measure of a part: no value where returns make it larger than the whole
    matures_in: int | None = None  # days after which a cohort is judged; until then it is incomplete
    note: str = ""
    example: dict[str, float] = Field(default_factory=dict)
    otherwise: Otherwise | None = None

    @cached_property
    def tree(self) -> Node:
        """The formula as a tree."""
        return formula.parse_formula(self.formula)

    @cached_property
    def alternative(self) -> Metric:
        """The KPI as it is made otherwise; itself where there is no other way."""
        if self.otherwise is None:
            return self
        fields = self.model_dump(exclude={"otherwise", "interval", "squares", "share"})
        return Metric.model_validate(fields | self.otherwise.model_dump(exclude={"without"}))

    @model_validator(mode="after")
    def _can_be_estimated(self) -> Metric:
        if (self.interval in ("mean", "return_on")) != (self.squares is not None):
            raise ValueError("interval: mean and return_on need squares, a measure of the squared rows above the line")
        if self.share is not None and not (isinstance(self.tree, Operation) and self.tree.operator == "/"):
            raise ValueError("share: its formula is a part divided by a whole")
        return self


class CatalogueFile(StrictModel):
    """One file of the catalogue."""

    measures: dict[str, Measure] = Field(default_factory=dict)
    metrics: tuple[Metric, ...] = ()
