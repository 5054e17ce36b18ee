"""How the columns of the sources are written that a canonical one is made from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kpi_analysis.core.config.reading import ReadSpec
from kpi_analysis.metrics import sql
from kpi_analysis.metrics.sources.value_formats import ValueFormat

if TYPE_CHECKING:
    from kpi_analysis.metrics.sources.preparation import PreparedSource, PreparedTable


@dataclass(frozen=True)
class ColumnFormat:
    """How a column of a source is written.

    Parameters
    ----------
    column : str
        Its name there.
    form : NumberFormat or DateFormat
    read : ReadSpec
        What the company file says of the source.
    source : str
        What the source is called, where it is one of several.
    """

    column: str
    form: ValueFormat
    read: ReadSpec
    source: str = ""


def column_formats(prepared: PreparedTable, name: str) -> tuple[ColumnFormat, ...]:
    """How the columns are written that a canonical one is made from, source by source.

    Parameters
    ----------
    prepared : PreparedTable
    name : str
        Of the canonical column.

    Returns
    -------
    tuple of ColumnFormat
        Those that are not plain, or could be read in two ways.
    """
    return tuple(
        ColumnFormat(one, form, source.spec.read, source.label)
        for source in prepared.sources
        for one, form in _of_source(source, name).items()
    )


def _of_source(source: PreparedSource, name: str) -> Mapping[str, ValueFormat]:
    if not source.formats:
        return {}
    text = source.spec.columns.get(name, name)
    if text in source.raw.columns:
        inputs = frozenset({text})
    elif name in source.spec.columns:
        inputs = sql.columns_of(text) - sql.columns_taken_as_text(text)
    else:
        return {}
    return {one: form for one, form in source.formats.items() if one in inputs}
