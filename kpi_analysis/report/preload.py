"""Imported before kernels are forked: what every report does for the first time is done once for all of them.

It opens nothing and leaves nothing behind but what has been read and worked out: the catalogue and its texts,
templates, fonts and the languages' ways of writing numbers.
"""

from __future__ import annotations

import importlib

from kpi_analysis.design.formats import Format
from kpi_analysis.metrics import sql
from kpi_analysis.metrics.catalogue import shipped
from kpi_analysis.metrics.code_hash import code_hash, package_versions
from kpi_analysis.report.charts.base import Caption
from kpi_analysis.report.charts.columns import columns_over_time
from kpi_analysis.report.charts.series import TimeSeries

LATE = (
    "ibis.backends.duckdb",
    "scipy.optimize",
    "scipy.stats",
    "kpi_analysis.report.notebook",
)


def rehearse() -> None:
    """Go once through what takes long for the first time only."""
    for module in LATE:
        importlib.import_module(module)
    code_hash(), package_versions()
    catalogue = shipped()
    for name in catalogue.metrics:
        catalogue.measures_of(name)
    for measure in catalogue.measures.values():
        for way in measure.aggregates:
            for text in way.row_texts:
                sql.columns_of(text)
    figure = columns_over_time(
        Caption("rehearsal", "Rehearsal", ""),
        TimeSeries(["2026-01", "2026-02"], [1.0, 2.0], "currency"),
        format=Format(),
    )
    figure._repr_mimebundle_()


rehearse()
