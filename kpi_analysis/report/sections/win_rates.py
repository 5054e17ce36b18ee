"""Win rates in a report: what became of opportunities, and who wins clearly more or less than all."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from kpi_analysis.core.periods import period_label
from kpi_analysis.design.blocks import Figure, Table, Title
from kpi_analysis.design.formats import Format
from kpi_analysis.insight.figures import deals, figure_values, of_slices, totals, wide, win_rates
from kpi_analysis.insight.figures.deals import listed
from kpi_analysis.metrics.compute.deals import DIMENSIONS
from kpi_analysis.report.charts.base import Width
from kpi_analysis.report.charts.distributions import Sample, distribution
from kpi_analysis.report.charts.rankings import Reference, ranking
from kpi_analysis.report.charts.series import Groups
from kpi_analysis.report.display import on_display
from kpi_analysis.report.sections.context import ReportContext
from kpi_analysis.report.tables import Field, value_table

MOST_GROUPS = 16


@on_display
@dataclass(frozen=True)
class WinRateSections:
    """Sections on win rates. One without its data shows nothing.

    Parameters
    ----------
    context : ReportContext
        The report's company, period and day.
    """

    context: ReportContext

    def cohorts(self) -> Table | None:
        """What became of the opportunities of each period: won, lost, or still open."""
        found = win_rates.opportunity_cohorts(self.context.scope)
        if found.attrs["reason"]:
            return None
        calendar, grain = self.context.company.config.calendar, deals.grain(self.context.scope)
        rows = wide(found, by=[])
        rows["opened"] = [period_label(calendar.parse(label), calendar) for label in rows["period"]]
        rows["range"] = [
            self._range(low, high) for low, high in zip(rows["rate.ci_low"], rows["rate.ci_high"], strict=True)
        ]
        total = wide(found, by=["cohorts"])[["created", "won", "lost", "open", "rate"]].iloc[0]
        fields = [
            Field("opened", "Opened in"), Field("created", "Opportunities", "count", width="24mm"),
            Field("won", "Won", "count"), Field("lost", "Lost", "count"), Field("open", "Still open", "count"),
            Field("rate", "Won of closed", "percent", width="24mm"), Field("range", "95% range, %", width="28mm"),
        ]  # fmt: skip
        count, all_ = (self.format.number(total[name]) for name in ("open", "created"))
        day = self.format.date(self.context.scope.day)
        table = value_table(
            rows, fields, self.format, id="pipeline_cohorts", title=f"{count} of {all_} opportunities are still open",
            measure=f"Opportunities by the {grain} in which they were opened, as of {day}",
            total={"opened": "All of these", **total},
            note="Those opened lately that are closed already closed fast; their win rate may still change.",
        )  # fmt: skip
        return replace(table, values=figure_values(found))

    def winners_page(self) -> Title | None:
        """Begin the page on win rates: who wins clearly more or less than all, if anybody does."""
        scope = self.context.scope
        found = [(by, win_rates.group_win_rates(scope, by)) for by in DIMENSIONS if win_rates.groups(scope, by) > 2]
        if not found:
            return None
        apart = [by for by, rates in found if not rates.reason]
        if not apart:
            return Title(f"Win rates differ no more than chance would make them, by {listed([by for by, _ in found])}")
        return Title(f"Win rates differ by {listed(apart)} more than by chance")

    def win_rates(self, by: str, *, width: Width = "full") -> Figure | None:
        """The win rate of a year by owner, product or region in a fair order: few deals count for little."""
        found = win_rates.by_group(self.context.scope, by)
        if found.attrs["reason"]:
            return None
        rates, total, apart = wide(found, by=[by]), totals(found), not found.attrs["alike"]
        shown, count = rates, len(rates)
        if count > MOST_GROUPS:
            shown = pd.concat([shown.head(MOST_GROUPS // 2), shown.tail(MOST_GROUPS // 2)])
        note = f"Dots: own rates; {found.attrs['alike']}."
        if apart:
            weight = self.format.number(round(total["weight"]))
            note = f"Each rate is drawn to the mean by the weight of {weight} deals (empirical Bayes)."
        if count > MOST_GROUPS:
            note += f" The {MOST_GROUPS // 2} first and the {MOST_GROUPS // 2} last of {count}."
        drawn, day = "rate" if apart else "raw", self.format.date(self.context.scope.day)
        quoted = figure_values(of_slices(found, by, shown[by]))
        return ranking(
            self.context.caption(
                f"win_rate_by_{by}", self._winner_title(by, found, rates, total["raw"]),
                f"Win rate by {by}, {{unit}}, deals closed in the year to {day}",
                note=f"{note} Bands: 95% intervals.", values=quoted,
            ),
            Groups(
                [str(name) for name in shown[by]], shown[drawn].tolist(), "percent",
                low=shown[f"{drawn}.ci_low"].tolist(), high=shown[f"{drawn}.ci_high"].tolist(),
                counts=[int(trials) for trials in shown["trials"]], count_label="closed",
            ),
            format=self.format, reference=Reference(total["raw"], "all"), better="higher" if apart else "neutral",
            width=width,
        )  # fmt: skip

    def deal_sizes(self, *, width: Width = "half") -> Figure | None:
        """How large the deals are that were won within a year."""
        found = win_rates.deal_sizes(self.context.scope)
        if found.attrs["reason"]:
            return None
        row = totals(found)
        low, middle, high = (
            self.format.prose(row[name], "currency") for name in ("lower_quartile", "median", "upper_quartile")
        )
        return distribution(
            self.context.caption(
                "deal_sizes", f"Half of the won deals are worth {low} to {high}, the median {middle}",
                f"Won deals by amount, {{unit}}, closed in the year to {self.format.date(self.context.scope.day)}",
                values=figure_values(found),
            ),
            Sample(self.context.scope.once(win_rates.won_amounts).tolist(), "currency", "won deals"),
            format=self.format, width=width,
        )  # fmt: skip

    # ------------------------------------------------------------------ inside

    @property
    def format(self) -> Format:
        """How this company writes its numbers."""
        return self.context.format

    def _range(self, low: Any, high: Any) -> str:
        return "–" if pd.isna(low) or pd.isna(high) else self.format.interval(low, high, "percent")

    def _winner_title(self, by: str, found: pd.DataFrame, rates: pd.DataFrame, all_: float) -> str:
        if not found.attrs["weight"]:
            one, two = ((row[by], self.format.prose(row["raw"], "percent")) for row in rates.to_dict("records"))
            return f"{one[0]} won {one[1]} of the closed deals, {two[0]} {two[1]}"
        alike = found.attrs["alike"]
        clear = rates[:0] if alike else rates[(rates["rate.ci_low"] > all_) | (rates["rate.ci_high"] < all_)]
        if clear.empty:
            return f"No {by} stands out {'from chance' if alike else 'clearly'}"
        above, below = (
            clear.loc[side, by].astype(str).tolist() for side in (clear["rate"] > all_, clear["rate"] < all_)
        )
        if not above or not below:
            way = "higher" if above else "lower"
            return f"{_few(above or below)} {_has(above or below)} a clearly {way} win rate"
        return f"{_few(above)} {_has(above)} a clearly higher win rate, {_few(below)} a clearly lower one"


def _has(names: list[str]) -> str:
    return "has" if len(names) == 1 else "have"


def _few(names: list[str]) -> str:
    return listed(names) if len(names) <= 2 else f"{len(names)} of them"
