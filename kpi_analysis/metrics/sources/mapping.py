"""Columns of a company's own tables mapped onto canonical ones, by name or by an SQL expression."""

from __future__ import annotations

from dataclasses import dataclass

import ibis
import ibis.expr.types as ir

from kpi_analysis.core.config.company import CompanyConfig
from kpi_analysis.core.errors import ConfigError, did_you_mean
from kpi_analysis.core.schema import CanonicalColumn
from kpi_analysis.metrics import sql


@dataclass(frozen=True)
class MappedColumn:
    """A canonical column, the text it is mapped from, and its expression before and after conversion."""

    column: CanonicalColumn
    text: str
    raw: ir.Value
    value: ir.Value

    @property
    def is_converted(self) -> bool:
        """Whether text becomes a number or a date here, so that it can fail."""
        return bool(self.raw.type().is_string()) and self.column.kind != "text"


def mapped_expression(company: CompanyConfig, name: str, column: CanonicalColumn, text: str, raw: ir.Table) -> ir.Value:
    """Canonical column as the company file maps it: a name of theirs, or an SQL expression over their columns.

    Parameters
    ----------
    company : CompanyConfig
        Its configuration, for messages.
    name : str
        Of the canonical table.
    column : CanonicalColumn
        The canonical column.
    text : str
        What the company file says.
    raw : Table
        As it stands in the source.

    Returns
    -------
    Value
        Of the canonical type.

    Raises
    ------
    ConfigError
        With file and line, when the expression is wrong.
    """
    if text in raw.columns:
        return raw[text]
    try:
        value = sql.expression(text, raw)
        # the checks count rows, so a constant must be a column as well
        return value if isinstance(value, ir.Column) else ibis.ifelse(raw[raw.columns[0]].isnull(), value, value)
    except ConfigError as error:
        raise ConfigError(
            f"table {name}, column {column.name}: {error.message}",
            remedy=error.remedy,
            file=company.path,
            line=company.line("tables", name, "columns", column.name),
        ) from None


def missing_column(company: CompanyConfig, name: str, column: CanonicalColumn, raw: ir.Table) -> ConfigError:
    """Return the error of a table that lacks a required column, with the nearest name that it has."""
    near = did_you_mean(column.name, raw.columns)
    return ConfigError(
        f"table {name} has no column '{column.name}', which it needs. Found: {', '.join(raw.columns)}.",
        remedy=f"{near} Map it: columns: {{{column.name}: …}}".strip(),
        file=company.path,
        line=company.line("tables", name),
    )
