"""Who wins deals, in a fair order, and what became of the opportunities of each period."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import pandas as pd

from kpi_analysis.core.periods import Period, period_label
from kpi_analysis.design.blocks import Figure, Table, Title
from kpi_analysis.design.formats import Format
from kpi_analysis.metrics import sql
from kpi_analysis.metrics.compute.deals import DIMENSIONS, deals
from kpi_analysis.report.charts.base import Caption, Width
from kpi_analysis.report.charts.rankings import ranking
from kpi_analysis.report.sections.context import ReportContext
from kpi_analysis.report.tables import Field, value_table
from kpi_analysis.stats import pipeline
from kpi_analysis.stats.intervals import proportion

TABLE = "opportunities"
YEAR = dt.timedelta(days=365)
COHORTS = 8
MOST_GROUPS = 16
SHORT = {"quarter", "month"}


@dataclass(frozen=True)
class WinRateSections:
    """Sections on win rates. One without its data shows nothing.

    Parameters
    ----------
    asked : ReportContext
        The report's company, period and day.
    """

    context: ReportContext

    def cohorts(self) -> Table | None:
        """What became of the opportunities of each period: won, lost, or still open."""
        if self.deals is None or self.known.empty:
            return None
        calendar = self.context.company.config.calendar
        rows = []
        for period in calendar.last(calendar.containing(self.day, self._grain), COHORTS):
            start, end = pd.Timestamp(period.start), pd.Timestamp(period.last_day)
            mine = self.known[self.known["created"].between(start, end)]
            won, closed = int(mine["won"].sum()), int(mine["closed"].notna().sum())
            if len(mine):
                low, high = proportion(won, closed) if closed else (None, None)
                rows.append({
                    "period": self._name(period), "created": len(mine), "won": won, "lost": closed - won,
                    "open": len(mine) - closed, "rate": won / closed if closed else None,
                    "range": "–" if low is None or high is None else self.format.interval(low, high, "percent"),
                })  # fmt: skip
        if not rows:
            return None
        counts = pd.DataFrame(rows)[["created", "won", "lost", "open"]].sum()
        sums: dict[str, int] = {str(name): int(count) for name, count in counts.items()}
        fields = [
            Field("period", "Opened in"), Field("created", "Opportunities", "count", width="24mm"),
            Field("won", "Won", "count"), Field("lost", "Lost", "count"), Field("open", "Still open", "count"),
            Field("rate", "Won of closed", "percent", width="24mm"), Field("range", "95% range, %", width="28mm"),
        ]  # fmt: skip
        all_closed = sums["won"] + sums["lost"]
        count, whole = (self.format.number(sums[name]) for name in ("open", "created"))
        return self._table(
            rows, fields, id="pipeline_cohorts", title=f"{count} of {whole} opportunities are still open",
            measure=f"Opportunities by the {self._grain} in which they were opened, as of {self.format.date(self.day)}",
            total={"period": "All of these", **sums, "rate": sums["won"] / all_closed if all_closed else None},
            note="Those opened lately that are closed already closed fast; their win rate may still change.",
        )  # fmt: skip

    def winners_page(self) -> Title | None:
        """Begin the page on win rates: who wins clearly more or less than all, if anybody does."""
        found = [(by, self._rates(by)) for by in DIMENSIONS if self._groups(by) > 2]
        if not found:
            return None
        apart = [by for by, rates in found if not rates.reason]
        if not apart:
            return Title(f"Win rates differ no more than chance would make them, by {listed([by for by, _ in found])}")
        return Title(f"Win rates differ by {listed(apart)} more than by chance")

    def win_rates(self, by: str, *, width: Width = "full") -> Figure | None:
        """The win rate of a year by owner, product or region in a fair order: few deals count for little."""
        if self._groups(by) < 2:
            return None
        found = self._rates(by)
        whole = found.frame["successes"].sum() / found.frame["trials"].sum()
        count, shown = len(found.frame), found.frame
        if count > MOST_GROUPS:
            shown = pd.concat([shown.head(MOST_GROUPS // 2), shown.tail(MOST_GROUPS // 2)])
        apart = not found.reason
        note = f"Dots: own rates; {found.reason}."
        if apart:
            weight = self.format.number(round(found.weight))
            note = f"Each rate is drawn to the mean by the weight of {weight} deals (empirical Bayes)."
        if count > MOST_GROUPS:
            note += f" The {MOST_GROUPS // 2} first and the {MOST_GROUPS // 2} last of {count}."
        clear = found.frame[(found.frame["low"] > whole) | (found.frame["high"] < whole)] if apart else shown[:0]
        return ranking(
            Caption(f"win_rate_by_{by}", self._winner_title(by, found, clear, whole),
                    f"Win rate by {by}, {{unit}}, deals closed in the year to {self.format.date(self.day)}",
                    note=f"{note} Bands: 95% intervals."),
            [str(name) for name in shown["group"]], shown["rate" if apart else "raw"].tolist(),
            unit="percent", format=self.format, low=shown["low"].tolist(), high=shown["high"].tolist(),
            counts=shown["trials"].tolist(), count_label="closed", reference=whole, reference_label="all",
            better="higher" if apart else "neutral", width=width,
        )  # fmt: skip

    # ------------------------------------------------------------------ inside

    @property
    def format(self) -> Format:
        """How this company writes its numbers."""
        return self.context.format

    @property
    def day(self) -> dt.date:
        """The last day that counts: the data may go on after the period."""
        return min(self.context.as_of, self.context.period.last_day)

    @cached_property
    def deals(self) -> pd.DataFrame | None:
        """The deals, where the opportunities are connected and have the columns of the slices."""
        return None if self._absent else deals(self.context.company.sources, self.day, self.context.where)

    @cached_property
    def known(self) -> pd.DataFrame:
        """The deals with their ages."""
        assert self.deals is not None
        return pipeline.as_known(self.deals, self.day)

    @property
    def _grain(self) -> str:
        return self.context.period.grain if self.context.period.grain in SHORT else "quarter"

    @cached_property
    def _absent(self) -> str:
        sources, where = self.context.company.sources, self.context.where
        if TABLE not in sources.connected:
            return f"the table {TABLE} is not connected"
        missing = (sql.columns_of(where) if where else frozenset()) - set(sources.columns(TABLE))
        return f"the table {TABLE} has no column {listed(sorted(missing))}" if missing else ""

    @cached_property
    def _closed(self) -> pd.DataFrame:
        return self.known[self.known["closed"] > pd.Timestamp(self.day - YEAR)]

    def _groups(self, by: str) -> int:
        return 0 if self.deals is None or by not in self.deals.columns else self._closed[by].nunique()

    def _rates(self, by: str) -> pipeline.ShrunkenRates:
        counted = self._closed.groupby(by)["won"].agg(["sum", "size"])
        return pipeline.shrunken_rates(list(counted.index), counted["sum"], counted["size"])

    def _winner_title(self, by: str, found: pipeline.ShrunkenRates, clear: pd.DataFrame, whole: float) -> str:
        if not found.weight:
            one, two = ((row["group"], self.format.prose(row["raw"], "percent")) for _, row in found.frame.iterrows())
            return f"{one[0]} won {one[1]} of the closed deals, {two[0]} {two[1]}"
        if clear.empty:
            return f"No {by} stands out {'from chance' if found.reason else 'clearly'}"
        above, below = (
            clear.loc[side, "group"].astype(str).tolist() for side in (clear["rate"] > whole, clear["rate"] < whole)
        )
        if not above or not below:
            way = "higher" if above else "lower"
            return f"{_few(above or below)} {_has(above or below)} a clearly {way} win rate"
        return f"{_few(above)} {_has(above)} a clearly higher win rate, {_few(below)} a clearly lower one"

    def _name(self, period: Period) -> str:
        return period_label(period, self.context.company.config.calendar)

    def _table(self, rows: Sequence[Mapping[Any, Any]], fields: list[Field], **words: Any) -> Table:
        """Return a table of what no KPI of the catalogue is, so that it quotes none."""
        return replace(value_table(pd.DataFrame(rows), fields, self.format, **words), values=())


def listed(names: Sequence[str]) -> str:
    """Return names as words: ``a, b and c``."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _has(names: Sequence[str]) -> str:
    return "has" if len(names) == 1 else "have"


def _few(names: Sequence[str]) -> str:
    return listed(names) if len(names) <= 2 else f"{len(names)} of them"
