"""The request of one query: which measures of a table, in which periods and slices."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache, reduce
from operator import or_
from typing import Any

import ibis.expr.types as ir

from kpi_analysis.core.periods import Calendar, Period
from kpi_analysis.metrics import sql
from kpi_analysis.metrics.catalogue import Aggregate
from kpi_analysis.metrics.compute.slices import NONE
from kpi_analysis.metrics.sources.memo import Memo
from kpi_analysis.metrics.sql.parameters import Template

RowSet = frozenset[str]
Record = dict[str, Any]


@dataclass(frozen=True)
class Request:
    """Request of one query.

    Parameters
    ----------
    rows : callable
        Returns the canonical table with the derived columns that are needed, as of the day that counts.
    aggregates : mapping of str to Aggregate
        The measures by name, all of one kind and on the same dates.
    periods : sequence of Period
        The slots, in the order of their last days.
    rowsets : sequence of sets of measures
        For each, the rows behind any of them are counted, each row once.
    by : sequence of str
        Dimensions to slice by.
    where : str or Template, optional
        The user's condition in SQL; with its words as parameters, where the engine has them bound.
    constants : mapping
        Settings of the company that SQL texts may name.
    calendar : Calendar
    as_of : date, optional
        The day as of which the rows are read; none where that takes nothing back.
    ends : tuple of str
        How the end of contracts is read, where the rows have one.
    memo : Memo
        What was worked out for these tables before.
    """

    rows: Callable[[], ir.Table]
    aggregates: Mapping[str, Aggregate]
    periods: Sequence[Period]
    rowsets: Sequence[RowSet]
    by: Sequence[str]
    where: str | Template | None
    constants: Mapping[str, Any]
    calendar: Calendar
    as_of: dt.date | None = None
    ends: tuple[str, ...] = ()
    memo: Memo = field(default_factory=Memo, compare=False)

    @cached_property
    def table(self) -> ir.Table:
        """The rows to read, put together when they are wanted."""
        return self.rows()

    @property
    def definition(self) -> dict[str, Any]:
        """All that the compiled query depends on: not the days of the periods, nor words that are bound."""
        template = self.where if isinstance(self.where, Template) else None
        return {
            "aggregates": {name: definition_of(aggregate) for name, aggregate in self.aggregates.items()},
            "rowsets": [sorted(members) for members in self.rowsets],
            "by": list(self.by),
            "where": self.where if template is None else template.text,
            "parameters": None if template is None else sorted(template.words),
            "constants": dict(self.constants),
            "as_of": self.as_of,
            "ends": list(self.ends),
        }

    @property
    def shared(self) -> Aggregate:
        """One of the aggregates, for what they share: kind, table, dates and key."""
        return next(iter(self.aggregates.values()))

    @property
    def condition(self) -> ir.BooleanValue | None:
        """The user's condition on the rows, where there is one."""
        if isinstance(self.where, Template):
            return sql.template_condition(self.where, self.table)
        return sql.condition(self.where, self.table) if self.where else None

    @property
    def filtered(self) -> ir.Table:
        """The rows that the user's condition leaves."""
        condition = self.condition
        return self.table if condition is None else self.table.filter(condition)

    def matching(self, rows: ir.Table) -> ir.Table:
        """The rows that the condition leaves which the measures of a kind share."""
        text = self.shared.condition
        return rows.filter(sql.condition(text, rows, constants=self.constants)) if text else rows

    def dimensions(self, table: ir.Table) -> list[ir.Value]:
        """The slices as columns; a missing value is one slice of its own."""
        return [table[name].cast("string").fill_null(NONE).name(name) for name in self.by]

    def aggregate(self, table: ir.Table, keys: Sequence[ir.Value], *, conditions: bool = True) -> ir.Table:
        """Group by keys and dimensions, and aggregate every measure over the rows that its condition lets in."""
        allowed: dict[str, ir.BooleanValue | None] = {}
        measures: dict[str, ir.Scalar] = {}
        for name, one in self.aggregates.items():
            text = one.condition if conditions else None
            allowed[name] = sql.condition(text, table, constants=self.constants) if text else None
            measures[f"m_{name}"] = sql.aggregate(one.agg, table, where=allowed[name], constants=self.constants)
        for members in self.rowsets:
            some = [allowed[name] for name in sorted(members) if name in allowed]
            if some:
                everything = any(condition is None for condition in some)
                where = None if everything else reduce(or_, [c.fill_null(False) for c in some if c is not None])
                measures[rows_name(members)] = table.count(where=where)
        return table.group_by([*keys, *self.dimensions(table)]).aggregate(**measures)


def rows_name(members: RowSet) -> str:
    """Name of the column that counts the rows behind measures.

    Parameters
    ----------
    members : RowSet
        The rows: a table with its conditions.

    Returns
    -------
    str
        A name that no measure has.

    Examples
    --------
    >>> rows_name(frozenset({"won_deals", "lost_deals"}))
    'rows_lost_deals_and_won_deals'
    """
    return "rows_" + "_and_".join(sorted(members))


@lru_cache(maxsize=4096)
def definition_of(aggregate: Aggregate) -> str:
    """Definition of an aggregate as JSON, the same for the same fields in every process."""
    return aggregate.model_dump_json(exclude_none=True)
