"""The few names that a notebook imports: a report whose sections read like a table of contents.

Each section computes first and shows after. A section whose KPI has no value for this company shows nothing;
the KPI and the reason stand under `Report.not_shown`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from kpi_analysis import __version__
from kpi_analysis.core.errors import DataFinding, UsageError
from kpi_analysis.core.name_lists import as_names
from kpi_analysis.core.periods import Period, as_many_weeks, period_label, period_words
from kpi_analysis.core.records import records, result_values
from kpi_analysis.design import brand
from kpi_analysis.design.blocks import Beside, Block, Figure, Findings, Note, Table, Title
from kpi_analysis.design.formats import NBSP
from kpi_analysis.insight.data_quality import data_sentence
from kpi_analysis.insight.figures import changes, figure_values, wide
from kpi_analysis.insight.figures.history import with_data
from kpi_analysis.insight.key_findings import Insights
from kpi_analysis.insight.targets import assessment_record, projection_record
from kpi_analysis.metrics.catalogue import Metric
from kpi_analysis.metrics.compute.slices import check_values
from kpi_analysis.metrics.lineage import made_from
from kpi_analysis.metrics.session import OpenCompany, open_company
from kpi_analysis.metrics.sources import Reach
from kpi_analysis.metrics.sources.facts import REACH_WORDS
from kpi_analysis.metrics.withholding import sound_tables, without_rows_error
from kpi_analysis.report import messages, tables
from kpi_analysis.report.charts.base import Width
from kpi_analysis.report.display import on_display
from kpi_analysis.report.sections import appendix, kpi_figures
from kpi_analysis.report.sections.context import HISTORY, ReportContext
from kpi_analysis.report.sections.customers import CustomerSections
from kpi_analysis.report.sections.drivers import DriverSections
from kpi_analysis.report.sections.finance import FinanceSections
from kpi_analysis.report.sections.findings import findings_block, insights_of
from kpi_analysis.report.sections.kpi_outlook import KpiOutlook
from kpi_analysis.report.sections.marketing import MarketingSections
from kpi_analysis.report.sections.operations import OperationsSections
from kpi_analysis.report.sections.outlook import OutlookSections, count_words
from kpi_analysis.report.sections.pipeline import PipelineSections
from kpi_analysis.report.sections.restatement import restatements
from kpi_analysis.report.sections.scorecard_kpis import scorecard_kpis


@on_display
@dataclass
class Report(ReportContext):
    """A report on one period of one company: what was asked, and the sections that show it.

    Parameters
    ----------
    name : str
        What the report is called.
    """

    name: str = "Quarterly KPI report"

    @cached_property
    def headline_kpis(self) -> tuple[str, ...]:
        """KPIs of the scorecard: the most important that the tables allow, else all with a value; and with a target."""
        metrics = self.company.catalogue.metrics
        aimed_at = {target.kpi for target in self.outlook.outlook.targets} & set(metrics)
        frame = self.compute(tuple(metrics))  # once: most of them are asked for again on the last page
        return self._in_order(scorecard_kpis(frame, metrics, aimed_at))

    # ------------------------------------------------------------------ sections

    def title(self, message: Title | None = None) -> Title:
        """The message of the report, by default that of its headline KPIs, and what it rests on."""
        if message is not None:
            return replace(message, deck=f"{message.deck} {self.data_sentence}".strip(), facts=self._facts())
        rows = self.rows(self.compute(self.headline_kpis))
        told = sum(row["value"] is not None for row in rows.values())
        first = next((row for row in rows.values() if row["value"] is not None), {"year_ago": None})
        base = "previous" if first["year_ago"] is None else "year_ago"
        against = self._against(base)
        deck = (
            f"{self.period_name}: {period_words(self.period)}, {messages.completeness(self.period)}. Against {against}."
        )
        counts = count_words(self.outlook.judged)
        if counts:
            deck += f" Of {len(self.outlook.judged)} targets {counts}."
        return Title(
            messages.headline(
                rows, self.company.catalogue.metrics, self.format, against=base, over=self.period.complete
            ),
            f"{deck if told else f'{deck} See the reasons on the last page.'} {self.data_sentence}".rstrip(),
            self._facts(),
            (*result_values(self.compute(self.headline_kpis)), *(figure_values(self.outlook.counts) if counts else ())),
        )

    @cached_property
    def data_findings(self) -> tuple[DataFinding, ...]:
        """What the check of the data found, each with the KPIs that it touches."""
        return tuple(self.company.check())

    @cached_property
    def data_sentence(self) -> str:
        """The one sentence on the data that matters most; empty where nothing is wrong."""
        headline = sorted(self.headline_kpis, key=lambda name: self.metric(name).headline or 9)
        return data_sentence(self.company, self.data_findings, headline)

    def page(self, kpi: str) -> Title | None:
        """Begin a page whose message is what a KPI did in the period; nothing where it has no value."""
        frame = self.compute((kpi,))
        row = records(frame)[0]
        if row["value"] is None:
            return None
        against, _ = self.base_of(row, self.period)
        text = messages.sentence(self.metric(kpi), row, self.period_name, self.format, against=against)
        told = self.period.complete and row[against] is not None
        limits = changes.change_interval(self.scope, kpi, against=against)
        deck = f"Against {self._against(against)}. {self._change_limits(limits)}".rstrip() if told else ""
        return Title(text, deck, values=(*result_values(frame), *(figure_values(limits) if told else ())))

    @cached_property
    def insights(self) -> Insights:
        """What moved, turned, is unusual or off its target, with p-values and figures."""
        return insights_of(self, [assessment_record(one) for one in self.outlook.outlook.assessments])

    def findings(self) -> Findings | Note:
        """What matters, the weightiest first; where nothing is real it says so."""
        return findings_block(self.insights)

    def scorecard(self, kpis: str | Sequence[str] | None = None) -> Table | Note:
        """Headline KPIs with their history, value, changes on the period before and a year ago, and targets."""
        names = tuple(as_names(kpis)) or self.headline_kpis
        if not names:
            return Note(f"No KPI has a value. Connected: {', '.join(self.company.sources.connected)}.")
        frame = self._with_targets(self.compute(names, last=HISTORY[self.period.grain]))
        metrics = {name: self.metric(name) for name in names}
        calendar = self.company.config.calendar
        ago = calendar.year_ago(self.period)
        shown = with_data(frame, self.period.label)
        table = tables.scorecard(
            shown,
            metrics,
            self.format,
            period_label=self.period_name,
            previous_label=f"vs {period_label(calendar.prior(self.period), calendar)}",
            year_ago_label=f"vs {period_label(ago, calendar)}" if ago else "vs year ago",
            history_label=f"{shown.period.nunique()} {self.period.grain}s",
            theme=self.company.theme,
            note=self._scorecard_note(aimed_at=bool(shown.target.notna().any())),
        )
        reported = frame[frame.period == self.period.label].drop(columns=["chance", "target_scope"])
        return replace(table, values=result_values(reported))

    def over_time(
        self, kpi: str, *, grain: str | None = None, width: Width = "full", bars: bool = False
    ) -> Figure | None:
        """A KPI over the months (or `grain`) that end with the period, as a line or as columns."""
        return kpi_figures.over_time(self, kpi, grain=grain, width=width, bars=bars)

    def by_month(self, kpi: str, *, width: Width = "full") -> Figure | None:
        """A KPI month by month as columns; the unfinished month is marked."""
        return self.over_time(kpi, grain="month", bars=True, width=width)

    def ranking(
        self, kpi: str, *, by: str, width: Width = "full", most: int = kpi_figures.LONGEST_RANKING
    ) -> Figure | None:
        """A KPI for each value of a dimension, sorted, with its interval and the company's own value as a line."""
        return kpi_figures.by_dimension(self, kpi, by=by, width=width, most=most)

    def part(self, block: Block | None) -> Block | None:
        """Show a section only where it has something to show; why it has not stands on the last page."""
        return None if isinstance(block, Note) else block

    def beside(self, *blocks: Block | None) -> Block | None:
        """Put blocks side by side; those that show nothing leave no gap."""
        there = [block for block in blocks if block is not None]
        if len(there) < 2:
            return there[0] if there else None
        return Beside(tuple(there))

    @cached_property
    def customers(self) -> CustomerSections:
        """Sections on customers: retention, contracts, segments, lifetime value."""
        return CustomerSections(self)

    @cached_property
    def pipeline(self) -> PipelineSections:
        """Sections on the sales pipeline: stages, speed, win rates, ages, forecast."""
        return PipelineSections(self)

    @cached_property
    def finance(self) -> FinanceSections:
        """Sections on finance: result, margins, cash, concentration, income mix."""
        return FinanceSections(self)

    @cached_property
    def marketing(self) -> MarketingSections:
        """Sections on marketing: returns, channels, campaigns, funnel, credit, marginal returns."""
        return MarketingSections(self)

    @cached_property
    def operations(self) -> OperationsSections:
        """Sections on operations and people: lines, quality, service, departments."""
        return OperationsSections(self)

    @cached_property
    def outlook(self) -> OutlookSections:
        """Sections on what is to come: targets, chances, projections."""
        return OutlookSections(self)

    @cached_property
    def drivers(self) -> DriverSections:
        """Sections on why KPIs moved."""
        return DriverSections(self)

    def outlook_of(self, kpi: str, *, months: int = 12, uplift: float = 0.0) -> KpiOutlook:
        """Sections on one KPI in depth: trend, projection, model and what-if."""
        return KpiOutlook(self, kpi, months, uplift)

    # ------------------------------------------------------------------ appendix

    def appendix(self) -> Title:
        """Begin the page on how the figures are made."""
        return Title("How the figures are made")

    def definitions(self) -> Table | None:
        """What each KPI is whose figures are shown before, from how many rows it comes, and how far off it may be."""
        frame = self.compute(self._in_order(self.display.shown_kpis) or self.headline_kpis)
        told = frame[frame.value.notna()]
        if told.empty:
            return None
        words = {name: self.company.formula(name) for name in told.kpi}
        overridden = [self.metric(name).label for name in self.company.catalogue.overridden]
        return appendix.definitions(told, self._metrics(told), words, self.format, overridden, self.company.theme)

    def not_shown(self) -> Table | None:
        """KPIs of the catalogue without a value in this period, and why."""
        frame = self.compute(tuple(self.company.catalogue.metrics))
        missing = frame[frame.value.isna()]
        return appendix.not_shown(missing, self._metrics(missing)) if len(missing) else None

    def restatements(self, earlier: str | None = None) -> Table | Note | None:
        """What the report before, in the folder `earlier`, said otherwise than today; nothing where there is none."""
        return restatements(self.company, self.format, Path(earlier)) if earlier else None

    def sources(self) -> Table:
        """What was read: tables, rows, newest day, fingerprint."""
        fingerprints = [one.record() for one in self.company.sources.fingerprints()]
        return appendix.sources(fingerprints, self.format, note=" ".join(self.company.readings(self.as_of)))

    def findings_on_data(self) -> Note | None:
        """What the check of the data found, so that the reader knows what the figures leave out."""
        found = self.data_findings
        told = (f"{f.subject}: {f.message} {f.remedy}" for f in found)
        return Note(" ".join(words[:1].upper() + words[1:] for words in told)) if found else None

    # ------------------------------------------------------------------ inside

    def _in_order(self, kpis: Sequence[str]) -> tuple[str, ...]:
        """Return KPIs as reports list them: by category, those of the business first."""
        metrics = self.company.catalogue.metrics
        groups = {name: place for place, name in enumerate(("sales", "marketing", "customers", "finance"))}
        order = {name: (groups.get(metric.category, 9), place) for place, (name, metric) in enumerate(metrics.items())}
        return tuple(sorted(kpis, key=order.__getitem__))

    def _metrics(self, frame: pd.DataFrame) -> dict[str, Metric]:
        return {name: self.metric(name) for name in frame.kpi}

    def _against(self, base: str) -> str:
        calendar, then = self.company.config.calendar, self._base(base)
        name = period_label(then, calendar)
        if calendar.type != "gregorian" and then.days != self.period.days:
            name += f", brought to {self.period.days // 7} weeks"
        return name if self.period.complete else f"the same {then.days} days of {name}"

    def _base(self, base: str) -> Period:
        calendar = self.company.config.calendar
        then = calendar.prior(self.period) if base == "previous" else calendar.year_ago(self.period)
        assert then is not None
        return then

    def _change_limits(self, limits: pd.DataFrame) -> str:
        """How far the change of a rate may be chance, from the counts of both periods."""
        if limits.attrs.get("reason"):
            return ""
        row = wide(limits, by=[]).iloc[0]
        return messages.change_limits_words((row["change.ci_low"], row["change.ci_high"]), self.format)

    def _scorecard_note(self, *, aimed_at: bool) -> str:
        notes = ["↓: lower is better. Bold, coloured changes are beyond the KPI’s usual variation."]
        notes.append(f"Small charts, each on its own scale: dot {self.period_name}, ring a year before.")
        if not self.period.complete:
            notes.append(f"The {self.period.grain} is not over: it is compared with the same {self.period.days} days.")
        notes += filter(None, [as_many_weeks(self.period, self.company.config.calendar)])
        if aimed_at:
            notes.append("Chance: share of projected paths that reach the target by its deadline; FY: whole year.")
        return " ".join(notes)

    def _with_targets(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Put each company-wide target into the rows of its KPI in the period reported."""
        told = frame.copy()
        told["chance"], told["target_scope"] = float("nan"), ""
        for one in self.outlook.judged:
            if one.goal is None or (self.where is None and one.spec.where is not None):
                continue
            rows = (told.kpi == one.spec.kpi) & (told.period == self.period.label)
            told.loc[rows, "target"] = one.goal
            told.loc[rows, "status"] = one.status
            told.loc[rows, "pace"] = one.pace if one.pace is not None else float("nan")
            told.loc[rows, "chance"] = one.chance if one.chance is not None else float("nan")
            told.loc[rows, "target_scope"] = f"{NBSP}FY" if one.total and one.period != self.period.label else ""
        return told

    def _facts(self) -> dict[str, Any]:
        company, made = self.company.config, made_from(self.company)
        reach = self.company.sources.reach
        end = reach if reach.day == self.as_of else Reach(self.as_of, "as_of")
        return {
            "company": company.name,
            "report": self.name,
            "period": self.period.label,
            "period_label": self.period_name,
            "data_to": f"{self.format.date(self.as_of)}, {REACH_WORDS[end.decided_by]}",
            "data_end": {name: str(value) for name, value in asdict(end).items() if value},
            "as_of": self.as_of.isoformat(),
            "where": self.where,
            "complete": self.period.complete,
            "locale": company.locale,
            "currency": company.currency,
            "brand": brand.payload(self.company.theme),
            "provenance": "Prepared from the company’s own tables; every figure stands in the attached results.json",
            "sources": made.pop("sources"),
            "checked": [text for text in (self.data_sentence, *(f.short for f in self.data_findings)) if text],
            "targets": [assessment_record(one) for one in self.outlook.outlook.assessments],
            "projections": [
                found for one in self.outlook.outlook.assessments if (found := projection_record(one)) is not None
            ],
            "catalogue": self.company.catalogue.hash,
            "kpis": {name: {"label": m.label, "unit": m.unit} for name, m in self.company.catalogue.metrics.items()},
            "code": __version__,
            "made_from": made,
        }


def open_report(
    company: str | Path | OpenCompany = "params/company.yaml",
    period: str = "",
    *,
    as_of: str | None = None,
    slices: Mapping[str, str | None] | None = None,
    name: str = "Quarterly KPI report",
) -> Report:
    """Open a report on one period of a company.

    Parameters
    ----------
    company : path or OpenCompany
        The company file; or a company that is open already, so that several reports read its tables once.
    period : str
        ``2026-Q3``; by default the quarter of the last day in the data.
    as_of : str, optional
        The last day that counts, ``2026-09-14``; by default the last day in the data.
    slices : mapping of str to str, optional
        The part of the company that is reported, ``{"region": "EMEA"}``; what is None leaves nothing out.
    name : str
        What the report is called.

    Raises
    ------
    UsageError
        When the period is none, lies after the data, or no row has the value that is asked for.
    """
    session = replace(company if isinstance(company, OpenCompany) else open_company(company), partial=True)
    day = dt.date.fromisoformat(as_of) if as_of else session.sources.last_day()
    calendar = session.config.calendar
    if day is None:
        raise without_rows_error(session.sources)
    wanted = calendar.parse(period) if period else calendar.containing(day, "quarter")
    extents = [session.sources.extent(table) for table in sound_tables(session.sources)]
    first = min((extent.first for extent in extents if extent.first is not None), default=None)
    if first is None:
        raise without_rows_error(session.sources)
    if wanted.start > day or wanted.end < first:
        raise UsageError(
            f"{wanted.label} has no data: they reach from {first} to {day}.",
            remedy=f"Try --period {calendar.containing(day, wanted.grain).label}",
        )
    chosen = {dimension: value for dimension, value in (slices or {}).items() if value is not None}
    check_values(session.sources, chosen)
    return Report(session, wanted.cut(day), day, chosen, name=" · ".join([name, *chosen.values()]))
