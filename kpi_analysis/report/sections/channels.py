"""The figures of marketing by channel that its sections share: computed once, named once, written one way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import pandas as pd

from kpi_analysis.core.config.company import AttributionSpec
from kpi_analysis.core.records import values
from kpi_analysis.design.blocks import Table
from kpi_analysis.design.formats import Format
from kpi_analysis.metrics.compute.query_builders import NONE
from kpi_analysis.metrics.compute.spend_cohorts import no_credits
from kpi_analysis.report.sections.context import ReportContext
from kpi_analysis.report.tables import Field, value_table

CREDIT = "Credit, not incrementality."
RETURNS = (
    "marketing_spend", "attributed_revenue", "attributed_gross_profit", "marketing_revenue_ratio",
    "marketing_revenue_roi", "marketing_roi", "break_even_roas",
)  # fmt: skip
KEPT = ["value", "ci_low", "ci_high", "year_ago", "reason"]
RULE_NAMES = {
    "first": "first touch", "last": "last touch", "linear": "linear", "time_decay": "time decay",
    "u_shaped": "U-shaped", "w_shaped": "W-shaped", "shapley": "Shapley", "markov": "Markov",
}  # fmt: skip


@dataclass(frozen=True)
class ChannelFigures:
    """What marketing costs and returns, for the company and channel by channel.

    Parameters
    ----------
    asked : ReportContext
        The report's company, period and day.
    """

    context: ReportContext

    @property
    def format(self) -> Format:
        """How this company writes its numbers."""
        return self.context.format

    @cached_property
    def whole_frame(self) -> pd.DataFrame:
        """Spend, credit and returns of all channels."""
        return self.context.compute(RETURNS)

    @cached_property
    def whole(self) -> dict[str, dict[str, Any]]:
        """The same as records by KPI."""
        return self.context.rows(self.whole_frame)

    @cached_property
    def by_channel(self) -> pd.DataFrame:
        """One row a channel that costs or earns, the highest return first; columns are pairs of KPI and field."""
        if not self._is_by_channel:
            return pd.DataFrame()
        frame = self.context.compute(RETURNS, by=("channel",)).dropna(subset=["channel"])
        wide = frame.pivot(index="channel", columns="kpi", values=KEPT).swaplevel(axis=1)
        wide = wide.reindex(columns=pd.MultiIndex.from_product([RETURNS, KEPT]))  # what has no slices has no columns
        spent, earned = (wide[kpi, "value"].astype(float).fillna(0) for kpi in RETURNS[:2])
        wide = wide[(spent != 0) | (earned != 0)]
        known = wide["marketing_revenue_ratio", "value"].notna()
        for kpi in RETURNS[1:3]:  # a channel without a credited row has a return of 0, so its credit is 0 too
            wide.loc[known & wide[kpi, "value"].isna(), (kpi, "value")] = 0.0
        wide = wide.astype(object).where(wide.notna(), None)
        return wide.sort_values(
            ("marketing_revenue_ratio", "value"), ascending=False, na_position="last", key=pd.to_numeric
        )

    @cached_property
    def quoted(self) -> tuple[dict[str, Any], ...]:
        """The rows of the tidy frame behind all of it."""
        if not self._is_by_channel:
            return values(self.whole_frame)
        return (*values(self.context.compute(RETURNS, by=("channel",)), ("channel",)), *values(self.whole_frame))

    def column(self, kpi: str, field: str = "value") -> list[float | None]:
        """A KPI channel by channel."""
        return [None if value is None else float(value) for value in self.by_channel[kpi, field]]

    def by_channel_of(self, kpi: str) -> pd.Series[float]:
        """A KPI by channel, without the channels where it has no value."""
        if self.by_channel.empty:
            return pd.Series(dtype=float)
        found: pd.Series[float] = self.by_channel[kpi, "value"].dropna().astype(float)
        return found

    @property
    def no_channels(self) -> str:
        """Why nothing can be told by channel."""
        reason = self.whole["marketing_spend"]["reason"]
        return str(reason or ("no spend has a channel" if self._is_by_channel else "table spend has no column channel"))

    @property
    def _is_by_channel(self) -> bool:
        sources = self.context.company.sources
        return "spend" in sources.connected and "channel" in sources.columns("spend")

    @property
    def rule(self) -> AttributionSpec:
        """By which rule the company credits revenue."""
        return self.context.company.config.attribution

    @cached_property
    def rule_words(self) -> str:
        """How revenue is credited: ``Last touch within 90 days``."""
        if no_credits(self.context.company.sources):
            return "Revenue by the channel of the order or of the customer"
        name = RULE_NAMES[self.rule.rule]
        return f"{name[0].upper()}{name[1:]} within {self.rule.lag_days} days"

    def name(self, value: str, dimension: str = "channel") -> str:
        """A channel or a campaign as it is written."""
        return f"no {dimension}" if value == NONE else value

    def table(
        self, rows: pd.DataFrame | Sequence[dict[str, Any]], fields: Sequence[Field], *,
        quoted: tuple[dict[str, Any], ...] = (), **words: Any,
    ) -> Table:  # fmt: skip
        """Return rows as a table that quotes rows of the tidy frame."""
        return replace(value_table(pd.DataFrame(rows), fields, self.format, **words), values=quoted)


def joined(names: Sequence[str]) -> str:
    """Return names as a list in words.

    Examples
    --------
    >>> joined(["Email"]), joined(["Email", "Display", "Content"])
    ('Email', 'Email, Display and Content')
    """
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
