"""What one more unit of money would bring, channel by channel, and what would follow if budget moved."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from kpi_analysis.design.blocks import Note, Table
from kpi_analysis.report.sections.channels import CREDIT, ChannelFigures
from kpi_analysis.report.tables import Field
from kpi_analysis.stats.response import Response, fit, what_if

WEEKS = 156  # three years: enough for the season, and not so old that the market was another one
OUTCOME = "sales_revenue"
MOVED = 0.1  # of the weekly spend of the channel with the lowest marginal return


@dataclass(frozen=True)
class ResponseSections(ChannelFigures):
    """Sections on marginal returns; the parameters are those of `ChannelFigures`."""

    def marginal(self) -> Table | Note:
        """Marginal beside average return of each channel, or why it cannot be told."""
        if isinstance(self._response, str):
            return Note(f"Marginal returns are withheld: {self._response}.")
        found = self._response.channels
        frame = found.assign(channel=[self.name(str(one)) for one in found["channel"]])
        frame.loc[frame["reason"] != "", "spend"] = float("nan")
        told = found.dropna(subset=["marginal_return"])
        if told.empty:
            title = f"Marginal returns are withheld: {self._response.reason or 'no channel allows a fit'}"
        elif len(told) > 1:
            best = told.sort_values("marginal_return").iloc[-1]
            value = self.format.prose(float(best["marginal_return"]), "ratio")
            title = f"One more unit of money brings the most in {self.name(str(best['channel']))}: {value}"
        else:
            title = f"Only {self.name(str(told['channel'].iloc[0]))} allows a marginal return to be told"
        quality = self._response.fit_quality
        note = f"{CREDIT} A curve fitted to history is an estimate; only an experiment is a proof."
        if quality is not None:
            miss, naive = (self.format.prose(one, "currency") for one in (quality.error, quality.naive_error))
            note += f" The model misses held-out weeks by {miss}; repeating the year before by {naive}."
        fields = [
            Field("channel", "Channel"), Field("spend", "Spend", "currency", width="18mm"),
            Field("average_return", "Average", "ratio", width="18mm"),
            Field("average_low", "95% from", "ratio", width="17mm"), Field("average_high", "to", "ratio", width="13mm"),
            Field("marginal_return", "Marginal", "ratio", strong=True, width="19mm"),
            Field("marginal_low", "95% from", "ratio", width="17mm"),
            Field("marginal_high", "to", "ratio", width="13mm"),
            Field("decay", "Carried over", "percent", width="21mm"),
        ]  # fmt: skip
        if found["average_return"].isna().all():
            fields = [Field("channel", "Channel", width="40mm"), Field("reason", "Why it is withheld")]
        return self.table(
            frame, fields, id="marginal_returns", title=title, note=note,
            measure=f"{self.context.metric(OUTCOME).label} ÷ spend of the last year; "
            "adstock and Hill curve fitted to weeks",
        )  # fmt: skip

    def what_if(self, *, moved: float = MOVED) -> Table | Note:
        """What would follow if budget moved from the channel with the lowest marginal return to the best one.

        Parameters
        ----------
        moved : float
            Which share of the weekly spend of the former.
        """
        if isinstance(self._response, str):
            return Note(f"What-if of moving budget: not shown, because {self._response}.")
        told = self._response.channels.dropna(subset=["marginal_return"])
        if len(told) < 2:
            return Note("What-if of moving budget: not shown, because fewer than two channels have a marginal return.")
        worst = told.sort_values("marginal_return").iloc[0]
        amount = moved * float(worst["spend"]) / min(52, self._weeks)
        found = what_if(self._response, amount)
        row = found.iloc[0]
        names = [self.name(str(row[side])) for side in ("from_channel", "to_channel")]
        if row["reason"]:
            return Note(f"What-if of moving budget from {names[0]} to {names[1]}: not shown, because {row['reason']}.")
        write = self.format.prose
        shown = found.assign(from_channel=names[0], to_channel=names[1])
        return self.table(
            shown,
            [Field("from_channel", "From"), Field("to_channel", "To"),
             Field("amount", "Moved a week", "currency", width="28mm"),
             Field("change", "Change a week", "currency", strong=True, width="28mm"),
             Field("low", "95% from", "currency", width="24mm"), Field("high", "to", "currency", width="24mm")],
            id="budget_what_if",
            title=f"What if {write(amount, 'currency')} a week moved from {names[0]} to {names[1]}?",
            measure=f"{self.context.metric(OUTCOME).label}, change once carry-over has worked itself in",
            note=f"{CREDIT} What-if: {row['label']}.",
        )  # fmt: skip

    # ------------------------------------------------------------------ inside

    @cached_property
    def _response(self) -> Response | str:
        """The fit, or why there is nothing to fit."""
        if self.by_channel.empty:
            return self.no_channels
        outcome = self._weekly[self._weekly["kpi"] == OUTCOME].set_index("period")["value"]
        if outcome.empty:
            reason = self.context.rows(self.context.compute((OUTCOME,)))[OUTCOME]["reason"]
            return str(reason or "no week is complete")
        frame = self.context.compute(("marketing_spend",), grain="week", last=WEEKS, by=("channel",))
        spend = frame[frame["period"].isin(outcome.index)].pivot(index="period", columns="channel", values="value")
        spend = spend.reindex(outcome.index).astype(float).fillna(0.0)
        spend = spend.loc[:, (spend > 0).any()]
        if (spend < 0).any(axis=None):
            return "some weeks have spend below zero"
        return fit(spend, outcome.astype(float))

    @cached_property
    def _weekly(self) -> pd.DataFrame:
        """The outcome of complete weeks of the data, without a gap."""
        frame = self.context.compute((OUTCOME,), grain="week", last=WEEKS)
        return frame[frame["complete"] & frame["value"].notna()]

    @property
    def _weeks(self) -> int:
        return len(self._weekly)
