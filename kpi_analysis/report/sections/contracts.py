"""The contracts of a report's customers: how long they run, who was lost, and what that did to recurring revenue."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from kpi_analysis.core.periods import period_label
from kpi_analysis.core.records import records, result_values
from kpi_analysis.design.blocks import Figure, Note, Table
from kpi_analysis.design.formats import Format
from kpi_analysis.insight.figures import contracts, figure_values, totals, wide
from kpi_analysis.insight.figures.contracts import SMALLEST_GROUP
from kpi_analysis.report.charts.base import Width
from kpi_analysis.report.charts.survivals import Curve, survival_curves
from kpi_analysis.report.charts.waterfalls import Bridge, waterfall
from kpi_analysis.report.display import on_display
from kpi_analysis.report.sections import kpi_figures
from kpi_analysis.report.sections.context import ReportContext
from kpi_analysis.report.tables import Field, value_table

BRIDGE = (
    ("New", "mrr_new", 1),
    ("Returned", "mrr_reactivation", 1),
    ("Moved in", "mrr_moved_in", 1),
    ("Expansion", "mrr_expansion", 1),
    ("Reduced", "mrr_contraction", -1),
    ("Moved out", "mrr_moved_out", -1),
    ("Churn", "mrr_churned", -1),
)
BETWEEN_SLICES = ("Moved in", "Moved out")


@on_display
@dataclass(frozen=True)
class ContractSections:
    """Sections on contracts. One whose table is not connected shows nothing; one with too few says so in a note.

    Parameters
    ----------
    context : ReportContext
        The report's company, period and day.
    """

    context: ReportContext

    def survival(self, *, by: str | None = None, width: Width = "full") -> Figure | Note | None:
        """How long new contracts run; by segment, where the groups are large enough."""
        if not self._are_there:
            return None
        found = contracts.contract_survival(self.context.scope, by=by or "")
        if found.attrs["reason"]:
            few = len(self._new[0]) < SMALLEST_GROUP
            return Note(f"The lifetime of contracts is not shown: {found.attrs['reason']}.") if few else None
        title, note = self._survival_title(found), self._left_out(found)
        if by is not None:
            p_value = totals(found)["p_value"]
            told = f"p {p_value:.2f}" if p_value >= 0.01 else "p below 0.01"
            title = f"Contracts {'last longer in some' if p_value < 0.05 else 'last about as long in all'} {by}s"
            note = f"{note} Log-rank test of the {by}s: {told}.".strip()
        measure = "Still running, {unit}, by months since the start"
        caption = self.context.caption(
            f"survival_by_{by}" if by else "survival", title, measure, note, figure_values(found)
        )
        return survival_curves(caption, _curves(found), format=self.format, width=width)

    def churn(self, *, by: str = "segment", width: Width = "full") -> Figure | None:
        """The churn rate for each value of a dimension, with its interval."""
        return kpi_figures.by_dimension(self.context, "churn_rate", by=by, width=width)

    def contract_lifetimes(self) -> Table | Note | None:
        """Which share of new contracts ran and will run after months and years, by the model and as seen."""
        if not self._are_there:
            return None
        found = contracts.lifetimes(self.context.scope)
        if found.attrs["reason"]:
            return Note(f"The lifetime of contracts is not projected: {found.attrs['reason']}.")
        table = wide(found, "seen", "model", by=["age"])
        rows = [self._lifetime(row) for row in table.to_dict("records")]
        later = self.format.prose(round(table["model"].iloc[-1], 2), "percent")
        fields = [Field("age", "After"), Field("seen", "Seen", "percent"), Field("reach", "95% range, %"),
                  Field("model", "Model", "percent"), Field("kind", "")]  # fmt: skip
        fitted = f"fitted on {totals(found)['contracts']:.0f} contracts"
        return self._table(
            rows, fields, id="contract_lifetimes",
            title=f"After five years {later} of new contracts should still run",
            measure="Contracts still running, % of those begun",
            note=f"Model: shifted beta geometric, monthly, {fitted}. {self._left_out(found)}".strip(),
            quoted=figure_values(found),
        )  # fmt: skip

    def recurring_revenue(self, *, width: Width = "full") -> Figure | None:
        """What took recurring revenue from the end of the period before to the end of this one."""
        names = [kpi for _, kpi, _ in BRIDGE]
        if not self._are_there:
            return None
        levels = self.context.compute(("monthly_recurring_revenue",), last=2)
        moved = self.context.compute(tuple(names))
        start, end = levels["value"].tolist()
        found = {row["kpi"]: row["value"] for row in records(moved)}
        steps = [(label, sign * float(found[kpi])) for label, kpi, sign in BRIDGE if found[kpi] is not None]
        if np.isnan(start) or np.isnan(end) or len(steps) < len(BRIDGE):
            return None
        calendar, period = self.context.company.config.calendar, self.context.period
        before, now = period_label(calendar.prior(period), calendar), self.context.period_name
        earned = [value for label, value in steps if label not in BETWEEN_SLICES]
        gained, lost = (sum(abs(value) for value in earned if (value > 0) is up) for up in (True, False))
        has_moves = any(value for label, value in steps if label in BETWEEN_SLICES)
        moved_words = "covered" if gained >= lost else "did not cover"
        return waterfall(
            self.context.caption(
                "mrr_bridge", f"New and growing contracts {moved_words} what was lost",
                f"MRR, {{unit}}, end of {before} to end of {now}",
                "Moved: with customers that stayed, from or to contracts outside this report." if has_moves else "",
                values=(*result_values(levels), *result_values(moved)),
            ),
            Bridge((before, start), [step for step in steps if step[1]], (now, end), "currency"), format=self.format,
            width=width,
        )  # fmt: skip

    # ------------------------------------------------------------------ inside

    @property
    def format(self) -> Format:
        """How this company writes its numbers."""
        return self.context.format

    @property
    def _are_there(self) -> bool:
        return self.context.scope.once(contracts.contracts_as_of) is not None

    @property
    def _new(self) -> tuple[pd.DataFrame, int]:
        return self.context.scope.once(contracts.new_contracts)

    def _left_out(self, found: pd.DataFrame) -> str:
        count = totals(found).get("left_out")
        if count is None:
            return ""
        return f"{self.format.number(count)} contracts already ran when the data begin and are left out."

    def _survival_title(self, found: pd.DataFrame) -> str:
        first = wide(found, "contracts", "median", by=["group"]).iloc[0]
        if pd.notna(first["median"]):
            return f"Half of the new contracts end within {self.format.prose(first['median'], 'months')}"
        after = wide(found, "after", by=["group", "months"]).iloc[0]
        share = self.format.prose(round(after["after"], 2), "percent")
        return f"{share} of new contracts still run after {after['months']} months"

    def _lifetime(self, row: Mapping[Any, Any]) -> dict[str, Any]:
        low, high = row["seen.ci_low"], row["seen.ci_high"]
        reach = "–" if pd.isna(low) or pd.isna(high) else self.format.interval(low, high, "percent")
        kind = "projected" if pd.isna(row["seen"]) else ""
        return {"age": f"{row['age']} months", "seen": row["seen"], "reach": reach, "model": row["model"], "kind": kind}

    def _table(
        self,
        rows: Sequence[Mapping[Any, Any]],
        fields: list[Field],
        *,
        quoted: tuple[dict[str, Any], ...],
        **words: Any,
    ) -> Table:
        return replace(value_table(pd.DataFrame(rows), fields, self.format, **words), values=quoted)


def _curves(found: pd.DataFrame) -> list[Curve]:
    steps = wide(found, "running", by=["group", "months"])
    sizes = wide(found, "contracts", by=["group"])
    curves = []
    for name, size in zip(sizes["group"], sizes["contracts"], strict=True):
        mine = steps[steps["group"] == name]
        times = [float(time) for time in mine["months"]]
        low, high = mine["running.ci_low"].tolist(), mine["running.ci_high"].tolist()
        curves.append(Curve(name, times, mine["running"].tolist(), low, high, int(size)))
    return curves
