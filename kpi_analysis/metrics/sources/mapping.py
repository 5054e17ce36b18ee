"""Columns of a company's own tables mapped onto canonical ones, by name or by an SQL expression."""

from __future__ import annotations

from dataclasses import dataclass

import ibis
import ibis.expr.types as ir

from kpi_analysis.core.config.company import CompanyConfig
from kpi_analysis.core.config.reading import ReadSpec
from kpi_analysis.core.errors import ConfigError, did_you_mean
from kpi_analysis.core.schema import CanonicalColumn
from kpi_analysis.metrics import sql
from kpi_analysis.metrics.sources.column_formats import ColumnFormat
from kpi_analysis.metrics.sql.text_values import with_plain_signs


@dataclass(frozen=True)
class MappedColumn:
    """A canonical column, the text it is mapped from, and its expression before and after conversion.

    `is_within_years` says that a scan has found no day before the year 1 or after the year 9999; `formats` says how the
    columns of the source that it is made from are written there, as far as that is not plain.
    """

    column: CanonicalColumn
    text: str
    raw: ir.Value
    value: ir.Value
    is_within_years: bool = False
    formats: tuple[ColumnFormat, ...] = ()

    @property
    def is_converted(self) -> bool:
        """Whether text becomes a number or a date here, or a number true or false, so that it can fail."""
        kind = self.raw.type()
        if self.column.kind == "boolean" and kind.is_numeric() and not kind.is_boolean():
            return True
        return bool(kind.is_string()) and self.column.kind != "text"

    @property
    def stood(self) -> ir.BooleanValue:
        """Where there was a value before conversion, other than blanks."""
        return self.raw.strip().length() > 0 if self.raw.type().is_string() else self.raw.notnull()


def mapped_expression(
    company: CompanyConfig, name: str, column: CanonicalColumn, text: str, raw: ir.Table, read: ReadSpec
) -> ir.Value:
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
    read : ReadSpec
        How numbers are written in words: those that an expression computes with are read so, those in which it replaces
        signs itself are not.

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
        value = sql.expression(text, raw, instead=_with_plain_signs(column, text, raw, read))
        # the checks count rows, so a constant must be a column as well
        return value if isinstance(value, ir.Column) else ibis.ifelse(raw[raw.columns[0]].isnull(), value, value)
    except ConfigError as error:
        raise ConfigError(
            f"table {name}, column {column.name}: {error.message}",
            remedy=error.remedy,
            file=company.path,
            line=company.line("tables", name, "columns", column.name),
        ) from None


def _with_plain_signs(column: CanonicalColumn, text: str, raw: ir.Table, read: ReadSpec) -> dict[str, ir.Value]:
    """The columns of an expression of numbers, with those of their values that are numbers written as ``1234.5``."""
    if column.kind != "number" or not read.has_own_numbers:
        return {}
    inputs = [one for one in sql.columns_of(text) - sql.columns_replaced(text) if one in raw.columns]
    return {
        one: ibis.coalesce(with_plain_signs(raw[one], read.decimal or ".", read.thousands), raw[one])
        for one in inputs
        if raw[one].type().is_string()
    }


def missing_column(company: CompanyConfig, name: str, column: CanonicalColumn, raw: ir.Table) -> ConfigError:
    """Return the error of a table that lacks a required column, with the nearest name that it has."""
    near = did_you_mean(column.name, raw.columns)
    return ConfigError(
        f"table {name} has no column '{column.name}', which it needs. Found: {', '.join(raw.columns)}.",
        remedy=f"{near} Map it: columns: {{{column.name}: …}}".strip(),
        file=company.path,
        line=company.line("tables", name),
    )


def unfit_column(
    company: CompanyConfig, name: str, column: CanonicalColumn, text: str, error: Exception
) -> ConfigError:
    """Return the error of a column whose type cannot be that of the canonical one."""
    return ConfigError(
        f"table {name}, column {column.name}: '{text}' cannot be read: {error}.",
        remedy=f"Map a column of that kind, or make one of it: columns: {{{column.name}: an expression}}.",
        file=company.path,
        line=company.line("tables", name, "columns", column.name),
    )
