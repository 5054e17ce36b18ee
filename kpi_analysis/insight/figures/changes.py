"""How a KPI moved, as figures: the limits of its change, and the contributions of its drivers."""

from __future__ import annotations

import numpy as np
import pandas as pd

from kpi_analysis.core.records import records
from kpi_analysis.insight.figures.tidy import Quantity, figure_function, none_because, tidy, together
from kpi_analysis.insight.scope import Scope
from kpi_analysis.stats.intervals import newcombe

MOST_STEPS = 6
SMALL = 0.03  # of the largest step: below that a step is one of the others


@figure_function("changes.limits")
def change_interval(scope: Scope, kpi: str, against: str = "previous") -> pd.DataFrame:
    """Return the change of a rate with its 95 % interval by Newcombe's method 10; none for other KPIs.

    Parameters
    ----------
    scope : Scope
    kpi : str
    against : str
        The period that it is compared with: ``previous`` or ``year_ago``.
    """
    metric = scope.session.catalogue.metric(kpi)
    base = scope.calendar.prior(scope.period) if against == "previous" else scope.calendar.year_ago(scope.period)
    if metric.interval != "proportion" or base is None:
        return none_because("its unit has no such interval")
    now = records(scope.compute((kpi,)))[0]
    frame = scope.session.values([kpi], period=base.label, where=scope.where, as_of=scope.as_of, compared=False)
    then = records(frame)[0]
    counts = [row[part] for row in (now, then) for part in ("numerator", "denominator")]
    if any(count is None for count in counts):
        return none_because("a count is missing")
    low, high = newcombe(*counts)
    moved = now["value"] - then["value"] if now["value"] is not None and then["value"] is not None else None
    row = {"change": moved, "change.ci_low": low, "change.ci_high": high}
    return tidy(pd.DataFrame([row]), [Quantity("change", f"Change of {metric.label}", "percent")])


@figure_function("changes.drivers")
def driver_contributions(scope: Scope, kpi: str, against: str = "", by: str = "") -> pd.DataFrame:
    """Return what moved a KPI: its value before and after, and the contribution of each driver.

    Small contributions are summed as the last one. The frame's attrs are those of `kpi_analysis.explain`, and
    ``told`` is the explanation itself.

    Parameters
    ----------
    scope : Scope
    kpi : str
    against : str
        The label of the period that it is compared with; the one before by default.
    by : str
        A dimension whose values are the drivers; the parts of the formula by default.
    """
    told = scope.session.explain(
        kpi, period=scope.period.label, against=against or None, by=by or None, where=scope.where, as_of=scope.as_of
    )
    metric = scope.session.catalogue.metric(kpi)
    if told.attrs["reason"] or told.empty:
        return none_because(told.attrs["reason"] or "nothing moved", told=told)
    rows = [{"label": label, "contribution": contribution} for label, contribution in contribution_steps(told)]
    parts = [tidy(pd.DataFrame(rows), [Quantity("contribution", "Contribution", metric.unit)], ["label"])]
    for row in told.to_dict("records"):  # each has a unit of its own
        one = {"label": row["label"], "driver": row["after"], "driver.previous": row["before"]}
        parts.append(tidy(pd.DataFrame([one]), [Quantity("driver", row["label"], row["unit"] or "count")], ["label"]))
    total_row = {"value": told.attrs["after"], "value.previous": told.attrs["before"]}
    parts.append(tidy(pd.DataFrame([total_row]), [Quantity("value", metric.label, metric.unit)]))
    return together(*parts, told=told, reason="")


def contribution_steps(told: pd.DataFrame) -> list[tuple[str, float]]:
    """Return the drivers of an explanation as steps, the largest first; small ones together as the last."""
    moved = told[told["contribution"] != 0]
    sizes = moved["contribution"].abs()
    shown = (sizes >= SMALL * sizes.max()) & (np.arange(len(moved)) < MOST_STEPS)
    rest = moved[~shown]
    if len(rest) == 1:
        shown[:] = True
    found = list(zip(moved["label"][shown], moved["contribution"][shown].astype(float), strict=True))
    return found if len(rest) < 2 else [*found, (f"{len(rest)} others", float(rest["contribution"].sum()))]
