"""The contracts of a report's customers: how long they run, who was lost, and what that did to recurring revenue."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from kpi_analysis.core.periods import Period, period_label
from kpi_analysis.core.records import records, values
from kpi_analysis.design.blocks import Figure, Note, Table
from kpi_analysis.design.formats import Format
from kpi_analysis.metrics import sql
from kpi_analysis.metrics.compute.histories import contracts
from kpi_analysis.metrics.session import OpenCompany
from kpi_analysis.report.charts.base import Caption, Width
from kpi_analysis.report.charts.survivals import MOST, Curve, survival_curves
from kpi_analysis.report.charts.waterfalls import waterfall
from kpi_analysis.report.sections import kpi_figures
from kpi_analysis.report.sections.context import ReportContext
from kpi_analysis.report.tables import Field, value_table
from kpi_analysis.stats import customers

MONTH = 365.25 / 12
SMALLEST_GROUP = 20
A_SNAPSHOT = 0.05  # of the contracts: so many do not begin on one day, they ran before the data did
AGES = (3, 6, 12, 18, 24, 36, 48, 60)
BRIDGE = (
    ("New", "mrr_new", 1),
    ("Returned", "mrr_reactivation", 1),
    ("Expansion", "mrr_expansion", 1),
    ("Reduced", "mrr_contraction", -1),
    ("Churn", "mrr_churned", -1),
)


@dataclass(frozen=True)
class ContractSections:
    """Sections on contracts. One whose table is not connected shows nothing; one with too few says so in a note.

    Parameters
    ----------
    company : OpenCompany
    period : Period
    as_of : date
        The last day that counts.
    format : Format
    slices : mapping of str to str
        The part of the company that is reported: ``{"region": "EMEA"}``; all of it by default.
    """

    company: OpenCompany
    period: Period
    as_of: dt.date
    format: Format
    slices: Mapping[str, str] = field(default_factory=dict)

    def survival(self, *, by: str | None = None, width: Width = "full") -> Figure | Note | None:
        """How long new contracts run; by segment, where the groups are large enough."""
        if self.contracts is None:
            return None
        new, note = self._new_contracts
        if len(new) < SMALLEST_GROUP:
            return Note(f"The lifetime of contracts is not shown: only {len(new)} began within the data.")
        groups = [("All", new)]
        if by is not None:
            sized = [(str(name), group) for name, group in new.groupby(by) if len(group) >= SMALLEST_GROUP]
            groups = sorted(sized, key=lambda one: -len(one[1]))[:MOST]
            if len(groups) < 2:
                return None
        fits = [(name, customers.survival(group["months"], group["lost"])) for name, group in groups]
        curves = [self._curve(name, fit) for name, fit in fits]
        title = self._survival_title(fits)
        if by is not None:
            together = pd.concat([group for _, group in groups])
            test = customers.log_rank(together["months"], together["lost"], together[by])
            told = f"p {test.p_value:.2f}" if test.p_value >= 0.01 else "p below 0.01"
            differ = test.p_value < 0.05
            title = f"Contracts {'last longer in some' if differ else 'last about as long in all'} {by}s"
            note = f"{note} Log-rank test of the {by}s: {told}.".strip()
        caption = Caption(f"survival_by_{by}" if by else "survival", title,
                          "Still running, {unit}, by months since the start", note=note)  # fmt: skip
        return survival_curves(caption, curves, format=self.format, width=width)

    def churn(self, *, by: str = "segment", width: Width = "full") -> Figure | None:
        """The churn rate for each value of a dimension, with its interval."""
        return kpi_figures.ranking(self.context, "churn_rate", by=by, width=width)

    def contract_lifetimes(self) -> Table | Note | None:
        """Which share of new contracts ran and will run after months and years, by the model and as seen."""
        if self.contracts is None:
            return None
        new, note = self._new_contracts
        model = customers.sbg(alive_by_age(new))
        if len(new) < SMALLEST_GROUP or model.reason:
            return Note(f"The lifetime of contracts is not projected: {model.reason or 'too few began in the data'}.")
        seen = customers.survival(new["months"], new["lost"])
        rows = []
        for age in AGES:
            place = seen.frame[seen.frame["time"] <= age].iloc[-1:] if seen.at(age) is not None else seen.frame[:0]
            low, high = (float(place[end].iloc[0]) if len(place) else np.nan for end in ("low", "high"))
            reach = self.format.interval(low, high, "percent") if np.isfinite([low, high]).all() else "–"
            kind = "projected" if seen.at(age) is None else ""
            rows.append({"age": f"{age} months", "seen": seen.at(age), "reach": reach,
                         "model": model.survival(age), "kind": kind})  # fmt: skip
        later = self.format.prose(round(rows[-1]["model"], 2), "percent")
        fields = [Field("age", "After"), Field("seen", "Seen", "percent"), Field("reach", "95% range, %"),
                  Field("model", "Model", "percent"), Field("kind", "")]  # fmt: skip
        return self._table(
            rows, fields, id="contract_lifetimes",
            title=f"After five years {later} of new contracts should still run",
            measure="Contracts still running, % of those begun",
            note=f"Model: shifted beta geometric, monthly, fitted on {len(new)} contracts. {note}".strip(),
        )  # fmt: skip

    def recurring_revenue(self, *, width: Width = "full") -> Figure | None:
        """What took recurring revenue from the end of the period before to the end of this one."""
        names = [kpi for _, kpi, _ in BRIDGE]
        if self.contracts is None:
            return None
        levels = self.context.compute(("monthly_recurring_revenue",), last=2)
        moved = self.context.compute(tuple(names))
        start, end = levels["value"].tolist()
        found = {row["kpi"]: row["value"] for row in records(moved)}
        steps = [(label, sign * float(found[kpi])) for label, kpi, sign in BRIDGE if found[kpi] is not None]
        if np.isnan(start) or np.isnan(end) or len(steps) < len(BRIDGE):
            return None
        calendar = self.company.config.calendar
        before, now = period_label(calendar.prior(self.period), calendar), self.context.period_name
        gained, lost = (sum(abs(value) for _, value in steps if (value > 0) is up) for up in (True, False))
        moved_words = "covered" if gained >= lost else "did not cover"
        return waterfall(
            Caption("mrr_bridge", f"New and growing contracts {moved_words} what was lost",
                    f"MRR, {{unit}}, end of {before} to end of {now}",
                    values=(*values(levels), *values(moved))),
            (before, start), [step for step in steps if step[1]], (now, end),
            unit="currency", format=self.format, width=width,
        )  # fmt: skip

    # ------------------------------------------------------------------ inside

    @cached_property
    def context(self) -> ReportContext:
        """The KPIs of the period."""
        return ReportContext(self.company, self.period, self.as_of, self.slices)

    @property
    def day(self) -> dt.date:
        """The last day that counts: the data may go on after the period."""
        return min(self.as_of, self.period.last_day)

    @cached_property
    def contracts(self) -> pd.DataFrame | None:
        """The contracts, where the subscriptions are connected and have the columns of the slices."""
        return contracts(self.company.sources, self.day, self.context.where) if self._has("subscriptions") else None

    def _has(self, table: str) -> bool:
        sources, where = self.company.sources, self.context.where
        return table in sources.connected and (not where or sql.columns_of(where) <= set(sources.columns(table)))

    @cached_property
    def _new_contracts(self) -> tuple[pd.DataFrame, str]:
        """Contracts whose start is known, their months and whether they were lost; and what was left out."""
        assert self.contracts is not None
        rows, note = self.contracts, ""
        first = rows["started"] == rows["started"].min()
        if first.mean() > A_SNAPSHOT:
            note = f"{self.format.number(first.sum())} contracts already ran when the data begin and are left out."
            rows = rows[~first]
        until = rows["ended"].fillna(pd.Timestamp(self.day))
        return rows.assign(months=(until - rows["started"]).dt.days / MONTH, lost=rows["ended"].notna(),
                           seen=(pd.Timestamp(self.day) - rows["started"]).dt.days / MONTH), note  # fmt: skip

    def _survival_title(self, fits: list[tuple[str, customers.Survival]]) -> str:
        fit = fits[0][1]
        if fit.median is not None:
            return f"Half of the new contracts end within {self.format.prose(fit.median, 'months')}"
        last = fit.frame.iloc[-1]
        year = 12 if last["time"] >= 12 else int(last["time"])
        share = self.format.prose(round(fit.at(year) or 0.0, 2), "percent")
        return f"{share} of new contracts still run after {year} months"

    def _curve(self, name: str, fit: customers.Survival) -> Curve:
        steps = fit.frame[(fit.frame["events"] > 0) | (fit.frame["time"] == fit.frame["time"].max())]
        return Curve(name, steps["time"].tolist(), steps["survival"].tolist(), steps["low"].tolist(),
                     steps["high"].tolist(), fit.customers)  # fmt: skip

    def _table(self, rows: Sequence[Mapping[Any, Any]], fields: list[Field], **words: Any) -> Table:
        """Return a table of what no KPI of the catalogue is, so that it quotes none."""
        return replace(value_table(pd.DataFrame(rows), fields, self.format, **words), values=())


def alive_by_age(contracts: pd.DataFrame) -> list[list[float]]:
    """Return contracts seen equally long as cohorts: how many ran at their start and after each whole month."""
    cohorts = []
    for months, group in contracts.groupby(np.floor(contracts["seen"])):
        reached = np.where(group["lost"], np.floor(group["months"]), months)
        cohorts.append([float((reached >= age).sum()) for age in range(int(months) + 1)])
    return cohorts
