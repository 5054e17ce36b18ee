"""What marketing costs and returns by channel: what figures of marketing, credit and response share."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pandas as pd

from kpi_analysis.core.config.company import AttributionSpec
from kpi_analysis.core.records import records, result_values
from kpi_analysis.insight.scope import Scope
from kpi_analysis.metrics.compute.slices import NONE

RETURNS = (
    "marketing_spend", "attributed_revenue", "attributed_gross_profit", "marketing_revenue_ratio",
    "marketing_revenue_roi", "marketing_roi", "break_even_roas",
)  # fmt: skip
KEPT = ["value", "ci_low", "ci_high", "year_ago", "reason"]


@dataclass(frozen=True, eq=False)
class Channels:
    """What marketing costs and returns, for the company and channel by channel.

    Parameters
    ----------
    scope : Scope
    """

    scope: Scope

    @cached_property
    def whole_frame(self) -> pd.DataFrame:
        """Spend, credit and returns of all channels."""
        return self.scope.compute(RETURNS)

    @cached_property
    def totals(self) -> dict[str, dict[str, Any]]:
        """The same as records by KPI."""
        return {row["kpi"]: row for row in records(self.whole_frame)}

    @cached_property
    def by_channel(self) -> pd.DataFrame:
        """One row a channel that costs or earns, the highest return first; columns are pairs of KPI and field."""
        if not self.is_by_channel:
            return pd.DataFrame()
        frame = self.scope.compute(RETURNS, by=("channel",)).dropna(subset=["channel"])
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
        if not self.is_by_channel:
            return result_values(self.whole_frame)
        return (
            *result_values(self.scope.compute(RETURNS, by=("channel",)), ("channel",)),
            *result_values(self.whole_frame),
        )

    @cached_property
    def ranked(self) -> pd.Series[float]:
        """The return of each channel that has one, the highest first."""
        return self.of("marketing_revenue_ratio").sort_values(ascending=False)

    def of(self, kpi: str) -> pd.Series[float]:
        """A KPI by channel, without the channels where it has no value."""
        if self.by_channel.empty:
            return pd.Series(dtype=float)
        found: pd.Series[float] = self.by_channel[kpi, "value"].dropna().astype(float)
        return found

    def column(self, kpi: str, field: str = "value") -> list[float | None]:
        """A field of a KPI channel by channel."""
        return [None if value is None else float(value) for value in self.by_channel[kpi, field]]

    @property
    def break_even(self) -> float | None:
        """The return from which a channel pays off, where it is known."""
        even: float | None = self.totals["break_even_roas"]["value"]
        return even

    @property
    def missing(self) -> str:
        """Why nothing can be told by channel."""
        reason = self.totals["marketing_spend"]["reason"]
        return str(reason or ("no spend has a channel" if self.is_by_channel else "table spend has no column channel"))

    @property
    def is_by_channel(self) -> bool:
        """Whether spend is known by channel."""
        return has_spend_by(self.scope, "channel")

    @property
    def rule(self) -> AttributionSpec:
        """By which rule the company credits revenue."""
        return self.scope.session.config.attribution


def channels(scope: Scope) -> Channels:
    """Return what marketing costs and returns in a scope; hand it to `Scope.once`."""
    return Channels(scope)


def has_spend_by(scope: Scope, column: str) -> bool:
    """Whether spend is connected and has a column."""
    sources = scope.session.sources
    return "spend" in sources.readable and column in sources.columns("spend")


def channel_name(value: str, dimension: str = "channel") -> str:
    """Return a channel or a campaign as it is written."""
    return f"no {dimension}" if value == NONE else value
