"""Which KPIs a scorecard shows."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import pandas as pd

from kpi_analysis.core.errors import WITHHELD
from kpi_analysis.metrics.catalogue import Metric

LONGEST_SCORECARD = 12
NOT_ALLOWED = rf"^(?!{WITHHELD}).*(?:is not connected|has no column|is not set|has no account)"


def scorecard_kpis(frame: pd.DataFrame, metrics: Mapping[str, Metric], aimed_at: Collection[str]) -> list[str]:
    """Return the most important KPIs that a company's tables allow, and those with a target, the weightiest first.

    A company with other KPIs than most, or only with its own, has all that have a value, and what is withheld.

    Parameters
    ----------
    frame : DataFrame
        The tidy frame of all KPIs in the period.
    metrics : mapping of str to Metric
    aimed_at : collection of str
        KPIs with a target.
    """
    reasons = frame.reason.fillna("").astype(str)
    head = frame.kpi.map(lambda name: metrics[name].headline is not None or name in aimed_at).astype(bool)
    able = frame[head & (frame.value.notna() | ~reasons.str.contains(NOT_ALLOWED))]
    if able.value.isna().all() and frame.value.notna().any():
        able = frame[frame.value.notna() | (head & reasons.str.startswith(WITHHELD))]
    order = {name: place for place, name in enumerate(metrics)}
    ranked = sorted(able.kpi, key=lambda name: (name not in aimed_at, metrics[name].headline or 1, order[name]))
    return ranked[:LONGEST_SCORECARD]
