"""What one more unit of money would bring, channel by channel, and what would follow if budget moved."""

from __future__ import annotations

from dataclasses import dataclass

from kpi_analysis.design.blocks import Figure, Note, Table
from kpi_analysis.design.formats import Format
from kpi_analysis.insight.figures import figure_values, response, totals, wide
from kpi_analysis.insight.figures.response import MOVED, OUTCOME
from kpi_analysis.report.charts.base import Width
from kpi_analysis.report.charts.response_curves import ChannelCurve, response_curves
from kpi_analysis.report.display import on_display
from kpi_analysis.report.sections.channels import CREDIT, quoting_table
from kpi_analysis.report.sections.context import ReportContext
from kpi_analysis.report.tables import Field


@on_display
@dataclass(frozen=True)
class ResponseSections:
    """Sections on marginal returns.

    Parameters
    ----------
    context : ReportContext
        The report's company, period and day.
    """

    context: ReportContext

    def marginal(self) -> Table | Note:
        """Marginal beside average return of each channel, or why it cannot be told."""
        found = response.marginal(self.context.scope)
        if found.attrs["reason"]:
            return Note(f"Marginal returns are withheld: {found.attrs['reason']}.")
        frame, quality = wide(found, by=["channel"]), totals(found)
        frame["reason"] = frame["average_return.reason"]
        for name in ("average", "marginal"):
            frame[f"{name}_low"], frame[f"{name}_high"] = (
                frame[f"{name}_return.{end}"] for end in ("ci_low", "ci_high")
            )
        told = frame.dropna(subset=["marginal_return"])
        if told.empty:
            title = f"Marginal returns are withheld: {found.attrs['withheld'] or 'no channel allows a fit'}"
        elif len(told) > 1:
            best = told.sort_values("marginal_return").iloc[-1]
            value = self.format.prose(best["marginal_return"], "ratio")
            title = f"One more unit of money brings the most in {best['channel']}: {value}"
        else:
            title = f"Only {told['channel'].iloc[0]} allows a marginal return to be told"
        note = f"{CREDIT} A curve fitted to history is an estimate; only an experiment is a proof."
        if quality:
            miss, naive = (self.format.prose(quality[name], "currency") for name in ("error", "naive_error"))
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
        if frame["average_return"].isna().all():
            fields = [Field("channel", "Channel", width="40mm"), Field("reason", "Why it is withheld")]
        return quoting_table(
            self.context, frame, fields, id="marginal_returns", title=title, note=note, quoted=figure_values(found),
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
        found = response.moved_budget(self.context.scope, moved=moved)
        names = found.attrs.get("names") or []
        between = f" from {names[0]} to {names[1]}" if names else ""
        if found.attrs["reason"]:
            return Note(f"What-if of moving budget{between}: not shown, because {found.attrs['reason']}.")
        row = wide(found, by=[]).iloc[0]
        shown = {
            "from_channel": names[0], "to_channel": names[1], "amount": row["amount"], "change": row["change"],
            "low": row["change.ci_low"], "high": row["change.ci_high"],
        }  # fmt: skip
        return quoting_table(
            self.context, [shown],
            [Field("from_channel", "From"), Field("to_channel", "To"),
             Field("amount", "Moved a week", "currency", width="28mm"),
             Field("change", "Change a week", "currency", strong=True, width="28mm"),
             Field("low", "95% from", "currency", width="24mm"), Field("high", "to", "currency", width="24mm")],
            id="budget_what_if", quoted=figure_values(found),
            title=f"What if {self.format.prose(row['amount'], 'currency')} a week moved{between}?",
            measure=f"{self.context.metric(OUTCOME).label}, change once carry-over has worked itself in",
            note=f"{CREDIT} What-if: {found.attrs['label']}.",
        )  # fmt: skip

    def curves(self, *, width: Width = "full") -> Figure | Note:
        """The response curve of each channel that allows one, with present spend on it."""
        found = response.curves(self.context.scope)
        if found.attrs["reason"]:
            return Note(f"Response curves are withheld: {found.attrs['reason']}.")
        levels = wide(found, "spend", "outcome", by=["channel", "level"]).astype({"level": str})
        present = wide(found, "present", by=["channel"]).set_index("channel")["present"]
        drawn = [
            ChannelCurve(
                str(channel), rows["spend"].tolist(), rows["outcome"].tolist(),
                rows["outcome.ci_low"].tolist(), rows["outcome.ci_high"].tolist(), float(present[channel]),
            )
            for channel, rows in levels.sort_values("level").groupby("channel", sort=False)
        ]  # fmt: skip
        steepest = max(drawn, key=_slope)
        return response_curves(
            self.context.caption(
                "response_curves", f"{steepest.name} rises most steeply where it stands",
                f"{self.context.metric(OUTCOME).label} a week, {{unit}}, by weekly spend",
                note=f"{CREDIT} A curve fitted to history is an estimate; only an experiment is a proof.",
                values=figure_values(found),
            ),
            drawn, format=self.format, width=width,
        )  # fmt: skip

    @property
    def format(self) -> Format:
        """How this company writes its numbers."""
        return self.context.format


def _slope(curve: ChannelCurve) -> float:
    """How steep a curve is at present spend, to tell which comes first; the return itself is that of `marginal`."""
    step = curve.spend[1] - curve.spend[0]
    return (curve.at(curve.present + step / 2)[0] - curve.at(curve.present - step / 2)[0]) / step if step else 0.0
