"""SQL text from the company's files, turned into Ibis expressions through a whitelist.

A column, a condition or a measure is written as SQL (the DuckDB dialect). It is parsed, and every piece must
be listed here; anything else is refused with a `ConfigError` that quotes it. So no text can reach another
table, a file or a setting, and the same text means the same on every database.

=============  ==========================================================================================
What           How it is written
=============  ==========================================================================================
values         ``1 2.5 'text' true false null``, ``date '2026-01-31'``, ``timestamp '2026-01-31 10:00'``
columns        ``amount``, ``"Order total"``; no table in front of the name
arithmetic     ``+ - * / %``; a division by zero is NULL, and ``1 / 2`` is 0.5
comparison     ``= <> < <= > >=``, ``between``, ``in (…)``, ``is null``, ``is true``, ``like``, ``ilike``
logic          ``and or not``, ``case when … then … else … end``, ``case x when … end``, ``if(…)``
gaps           ``coalesce``, ``nullif``
numbers        ``abs round floor ceil mod greatest least``
text           ``lower upper trim ltrim rtrim replace substr left right length split_part starts_with
               ends_with contains concat ||``
days           ``date(x)``, ``year(x)``, ``quarter month day hour``, ``extract(year from x)``,
               ``date_trunc('month', x)``, ``date_diff('day', a, b)``, ``b - a``, ``x + 7``,
               ``x + interval '90 days'``, ``epoch(x)``, ``strptime(x, '%d.%m.%Y')``, ``to_date``
types          ``cast(x as t)``, ``try_cast(x as t)``, ``x::t``; t is int, double, decimal, varchar, date,
               timestamp or boolean; what cannot be read is NULL
aggregates     ``count(*) count(x) count(distinct x) sum avg median quantile_cont(x, .9) min max``: one of
               them, on the outside, only in a measure
=============  ==========================================================================================

A text column is read as what its use asks for: a number in arithmetic, in a numeric function or beside a
number; a day in a date function or beside a day; true or false in ``and``, ``or``, ``not`` and ``when``. Text
that cannot be read so is NULL. A column that the table lacks is NULL inside ``coalesce(…)``, else an error.

The meaning is DuckDB's, but for this: a cast of unreadable text is NULL, ``date_trunc`` gives a day, casting
to a whole number rounds halves away from zero, ``nan`` and ``inf`` in a text column are NULL, and what
databases disagree about (months between days, numbers of weekdays, order of two text columns) is refused.
"""

from __future__ import annotations

from collections.abc import Mapping

import ibis.expr.types as ir

from kpi_analysis.metrics.sql import (
    days,  # noqa: F401  (they enter their rules)
    rows,  # noqa: F401  (they enter their rules)
)
from kpi_analysis.metrics.sql.aggregates import translate_aggregate
from kpi_analysis.metrics.sql.condition_parts import (
    compared_names,
    compared_words,
    conjuncts,
    left_out_without_value,
    slice_of,
)
from kpi_analysis.metrics.sql.parameters import Template, put_placeholders, template
from kpi_analysis.metrics.sql.scope import Constant, MissingColumn, NameScope
from kpi_analysis.metrics.sql.text import (
    columns_compared,
    columns_of,
    columns_replaced,
    columns_taken_as_text,
    optional_columns_of,
    parse,
    words_of,
)
from kpi_analysis.metrics.sql.types import to_type
from kpi_analysis.metrics.sql.visitor import translate_condition, translate_row

__all__ = [
    "MissingColumn",
    "Template",
    "aggregate",
    "columns_compared",
    "columns_of",
    "columns_replaced",
    "columns_taken_as_text",
    "compared_names",
    "compared_words",
    "condition",
    "conjuncts",
    "expression",
    "left_out_without_value",
    "optional_columns_of",
    "put_placeholders",
    "slice_of",
    "template",
    "template_condition",
    "to_type",
    "words_of",
]

_NOTHING: Mapping[str, Constant] = {}


def expression(
    text: str,
    table: ir.Table,
    *,
    constants: Mapping[str, Constant] = _NOTHING,
    where: str = "",
    instead: Mapping[str, ir.Value] | None = None,
) -> ir.Value:
    """Answer: what does this text say about one row of the table?

    Parameters
    ----------
    text : str
        A row expression in SQL.
    table : ibis table
        The table whose columns the text names.
    constants : mapping
        Settings of the company by name, looked up after the table's columns; None says that one is not set.
    where : str
        Where the text stands (``table orders, column amount``), for the error.
    instead : mapping, optional
        Values that stand for columns of the table.

    Returns
    -------
    ibis value
        A column, or a scalar where the text names no column.

    Raises
    ------
    MissingColumn
        The table lacks a column that stands outside ``coalesce(…)``.
    ConfigError
        The text cannot be parsed, or uses something that is not listed.

    Examples
    --------
    >>> import ibis
    >>> orders = ibis.memtable({"amount": [10.0, 20.0], "stage": ["Won", "Lost"]})
    >>> text = "case when stage = 'Won' then amount * margin else 0 end"
    >>> expression(text, orders, constants={"margin": 0.5}).execute().tolist()
    [5.0, 0.0]
    """
    return translate_row(parse(text, where=where), NameScope(table, constants, where, instead=instead or {}))


def condition(text: str, table: ir.Table, *, constants: Mapping[str, Constant] = _NOTHING) -> ir.BooleanValue:
    """Answer: which rows of the table does this text select?

    Parameters
    ----------
    text : str
        A condition in SQL; NULL counts as false where it is used as a filter.
    table : ibis table
        The table whose columns the text names.
    constants : mapping
        Settings of the company by name.

    Returns
    -------
    ibis boolean value

    Raises
    ------
    MissingColumn, ConfigError
        As `expression`; also where the text is not true or false.

    Examples
    --------
    >>> import ibis
    >>> orders = ibis.memtable({"region": ["EMEA", "AMER", None]})
    >>> orders.filter(condition("region = 'EMEA'", orders)).count().execute()
    1
    """
    return translate_condition(parse(text), NameScope(table, constants))


def template_condition(template: Template, table: ir.Table) -> ir.BooleanValue:
    """Condition of a template: which rows of the table it selects, with parameters in place of its words."""
    return translate_condition(template.tree, NameScope(table, _NOTHING))


def aggregate(
    text: str,
    table: ir.Table,
    *,
    where: ir.BooleanValue | None = None,
    constants: Mapping[str, Constant] = _NOTHING,
) -> ir.Scalar:
    """Answer: what do the rows of the table come to?

    Parameters
    ----------
    text : str
        One aggregate with a row expression inside, as ``sum(amount * quantity)``, ``count(distinct owner)``.
    table : ibis table
        The table whose columns the text names.
    where : ibis boolean value, optional
        The rows to take; it goes into the aggregate, so that measures with different filters share one query.
    constants : mapping
        Settings of the company by name.

    Returns
    -------
    ibis scalar
        To be used in ``table.aggregate``. Sums of decimals stay decimals; averages and quantiles are float64.

    Raises
    ------
    MissingColumn, ConfigError
        As `expression`; also where the text is anything but one aggregate on the outside.

    Examples
    --------
    >>> import ibis
    >>> orders = ibis.memtable({"amount": ["10", "20.5", ""], "region": ["EMEA", "EMEA", "AMER"]})
    >>> emea = condition("region = 'EMEA'", orders)
    >>> float(aggregate("sum(amount)", orders, where=emea).execute())
    30.5
    """
    return translate_aggregate(parse(text), NameScope(table, constants), where)
