"""Several sources of one table that hold the same things: what stands in two of them counts twice."""

from __future__ import annotations

import ibis

from kpi_analysis.core.errors import DataFinding
from kpi_analysis.core.limits import ROW_IDENTITY
from kpi_analysis.metrics.row_tests import in_words
from kpi_analysis.metrics.sources import Sources
from kpi_analysis.metrics.sources.union import SOURCE_COLUMN

SHOWN = 3
LEAST_ROWS = 3  # that are the same in two sources by no chance, where rows have nothing that names them
LEAST_SHARE = 0.01


def overlap_findings(sources: Sources, name: str) -> list[DataFinding]:
    """Finding on keys, or on whole rows, that stand in more than one source of a table.

    Parameters
    ----------
    sources : Sources
        Tables of the company.
    name : str
        Of the canonical table.

    Returns
    -------
    list of DataFinding
        One warning, or none.
    """
    labels = {source.label for source in sources.tables.prepared(name).sources}
    if len(labels) < 2:
        return []
    table = sources.tables.unchecked(name)
    identity = sources.schemas[name].key or ROW_IDENTITY.get(name)
    own = [column for column in sources.columns(name) if column != SOURCE_COLUMN]
    keys = [identity] if identity in own else own
    known = table.filter(table[identity].notnull()) if identity in own else table
    grouped = known.group_by(keys).aggregate(
        kpi_sources=known[SOURCE_COLUMN].nunique(), kpi_first=known[SOURCE_COLUMN].min(),
        kpi_last=known[SOURCE_COLUMN].max(), kpi_rows=known.count(),
    )  # fmt: skip
    twice = grouped.filter(grouped.kpi_sources > 1)
    found = twice.aggregate(keys=twice.count(), rows=twice.kpi_rows.sum()).to_pyarrow().to_pylist()[0]
    count, rows = int(found["keys"]), int(found["rows"] or 0)
    whole = int(table.count().to_pyarrow().as_py())
    if not count or (identity not in own and (count < LEAST_ROWS or count < LEAST_SHARE * whole)):
        return []
    example = twice.order_by([ibis.asc(key) for key in keys]).limit(SHOWN).to_pyarrow().to_pylist()
    if identity in own:
        shown = ", ".join(f"'{row[str(identity)]}' in {row['kpi_first']} and {row['kpi_last']}" for row in example)
        words = f"{in_words(count, f'{identity} stands', f'values of {identity} stand')} in more than one source"
    else:
        date = sources.schemas[name].date
        shown = f"those of {example[0][date]} in {example[0]['kpi_first']} and {example[0]['kpi_last']}"
        words = f"{in_words(count, 'row is', 'rows are')} the same in more than one source"
    return [
        DataFinding(
            "warning", f"table {name}", f"{words}: {shown}.",
            "They count twice. Take the rows out of one of the sources, by its file or with where: …",
            table=name, rows=rows, share=rows / max(whole, 1), effect="high", summary=words,
        )
    ]  # fmt: skip
