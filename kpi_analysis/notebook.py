"""The few names that a notebook imports: a report whose sections read like a table of contents.

Each section computes first and shows after. A section whose KPI has no value for this company shows nothing;
the KPI and the reason stand under `Report.not_shown`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pandas as pd

from kpi_analysis import appendix, messages, tables
from kpi_analysis.blocks import Beside, Block, Figure, Note, Table, Title
from kpi_analysis.catalogue import Metric
from kpi_analysis.charts.base import Caption, Width
from kpi_analysis.charts.columns import columns_over_time
from kpi_analysis.charts.lines import line_over_time
from kpi_analysis.charts.rankings import ranking
from kpi_analysis.compute.measures import BEFORE
from kpi_analysis.compute.slices import known_columns
from kpi_analysis.errors import UsageError
from kpi_analysis.formats import Format
from kpi_analysis.intervals import FEW_TRIALS
from kpi_analysis.opened import OpenCompany, open_company
from kpi_analysis.outlook import Outlook
from kpi_analysis.outlook_report import OutlookSections, count_words
from kpi_analysis.periods import Period, period_label, period_words
from kpi_analysis.results import records, values
from kpi_analysis.targets.judge import projected, record

HISTORY = {"day": 31, "week": 26, "month": 13, "quarter": 12, "year": 6}
FINER = {"year": "quarter", "quarter": "month", "month": "week", "week": "day", "day": "day"}
LONGEST_RANKING = 40
LONGEST_SCORECARD = 12
NOT_ALLOWED = r"is not connected|has no column|is not set|has no account"


@dataclass
class Report:
    """A report on one period of one company.

    Parameters
    ----------
    opened : OpenCompany
    period : Period
        Cut at the last day in the data where it is unfinished.
    as_of : date
        The last day that counts.
    """

    opened: OpenCompany
    period: Period
    as_of: dt.date
    name: str = "Quarterly KPI report"
    _frames: dict[tuple[Any, ...], pd.DataFrame] = field(default_factory=dict)

    @cached_property
    def format(self) -> Format:
        """How this company writes its numbers."""
        return Format(self.opened.company.locale, self.opened.company.currency)

    @cached_property
    def period_name(self) -> str:
        """The period in words: ``Q4 2017``."""
        return period_label(self.period, self.opened.company.calendar)

    @cached_property
    def headline_kpis(self) -> tuple[str, ...]:
        """KPIs of the scorecard: the most important that this company's tables allow, and those with a target."""
        metrics = self.opened.catalogue.metrics
        aimed_at = {target.kpi for target in self.opened.targets} & set(metrics)
        frame = self._compute(tuple(name for name, m in metrics.items() if m.headline or name in aimed_at))
        able = frame[frame.value.notna() | ~frame.reason.fillna("").str.contains(NOT_ALLOWED)]
        order = {name: place for place, name in enumerate(metrics)}
        ranked = sorted(able.kpi, key=lambda name: (name not in aimed_at, metrics[name].headline or 1, order[name]))
        groups = {name: place for place, name in enumerate(("sales", "marketing", "customers", "finance"))}
        shown = ranked[:LONGEST_SCORECARD]
        return tuple(sorted(shown, key=lambda name: (groups.get(metrics[name].category, 9), order[name])))

    # ------------------------------------------------------------------ sections

    def title(self) -> Title:
        """The message of the report, and what it rests on."""
        rows = self._rows(self._compute(self.headline_kpis))
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
                rows, self.opened.catalogue.metrics, self.format, against=base, over=self.period.complete
            ),
            deck if told else f"{deck} See the reasons on the last page.",
            self._facts(),
            values(self._compute(self.headline_kpis)),
        )

    def page(self, kpi: str) -> Title | None:
        """Begin a page whose message is what a KPI did in the period; nothing where it has no value."""
        frame = self._compute((kpi,))
        row = records(frame)[0]
        if row["value"] is None:
            return None
        text = messages.sentence(self._metric(kpi), row, self.period_name, self.format)
        return Title(text, values=values(frame))

    def scorecard(self, kpis: Sequence[str] | None = None) -> Table:
        """Headline KPIs with their history, value, changes on the period before and a year ago, and targets."""
        names = tuple(kpis) if kpis else self.headline_kpis
        frame = self._with_targets(self._compute(names, last=HISTORY[self.period.grain]))
        metrics = {name: self._metric(name) for name in names}
        calendar = self.opened.company.calendar
        ago = calendar.year_ago(self.period)
        shown = _with_data(frame, self.period.label)
        table = tables.scorecard(
            shown,
            metrics,
            self.format,
            period_label=self.period_name,
            previous_label=f"vs {period_label(calendar.prior(self.period), calendar)}",
            year_ago_label=f"vs {period_label(ago, calendar)}" if ago else "vs year ago",
            history_label=f"{shown.period.nunique()} {self.period.grain}s",
            note=self._scorecard_note(),
        )
        reported = frame[frame.period == self.period.label].drop(columns=["chance", "target_scope"])
        return replace(table, values=values(reported))

    def over_time(
        self, kpi: str, *, grain: str | None = None, width: Width = "full", bars: bool = False
    ) -> Figure | None:
        """A KPI over the months (or `grain`) that end with the period, as a line or as columns."""
        grain = grain or FINER[self.period.grain]
        frame = self._compute((kpi,), grain=grain, last=HISTORY[grain])
        frame = frame[frame.reason != BEFORE].reset_index(drop=True)
        if frame.empty or frame.value.isna().all():
            return None
        metric, rows = self._metric(kpi), records(frame)
        last = max((i for i, row in enumerate(rows) if row["value"] is not None))
        calendar = self.opened.company.calendar
        last_period = calendar.parse(rows[last]["period"])
        if last_period.start <= self.as_of < last_period.end:
            last_period = last_period.cut(self.as_of)
        place = period_label(last_period, calendar) if last_period.complete else period_words(last_period)
        caption = Caption(
            id=f"{kpi}_by_{grain}",
            title=messages.sentence(metric, rows[last], place, self.format),
            measure=f"{metric.label} by {grain}, {{unit}}",
            values=values(frame),
        )
        draw = columns_over_time if bars else line_over_time
        return draw(
            caption,
            [row["period"] for row in rows],
            [row["value"] for row in rows],
            unit=metric.unit,
            format=self.format,
            complete=[row["complete"] for row in rows],
            reasons=[row["reason"] for row in rows],
            width=width,
        )

    def by_month(self, kpi: str, *, width: Width = "full") -> Figure | None:
        """A KPI month by month as columns; the unfinished month is marked."""
        return self.over_time(kpi, grain="month", bars=True, width=width)

    def ranking(self, kpi: str, *, by: str, width: Width = "full", most: int = LONGEST_RANKING) -> Figure | None:
        """A KPI for each value of a dimension, sorted, with its interval and the company's own value as a line."""
        metric = self._metric(kpi)
        whole = records(self._compute((kpi,)))[0]
        if whole["value"] is None or not any(by in names for names in known_columns(self.opened.sources).values()):
            return None
        frame = self._compute((kpi,), by=(by,))
        frame = frame[frame.value.notna() & (frame.rows > 0)].sort_values("value", ascending=False, kind="stable")
        if len(frame) < 2:
            return None
        shown = frame.head(most)
        rows = records(shown)
        judged = [row for row in rows if row["rows"] >= FEW_TRIALS]  # one of one is no record
        ends = judged if len(judged) > 1 else rows
        lowest, highest = ((str(ends[i][by]), float(ends[i]["value"])) for i in (-1, 0))
        notes = []
        if rows[0]["ci_low"] is not None:
            by_chance = max(1, round(len(rows) * 0.05))
            notes.append(
                f"Bands: 95% intervals. Of {len(rows)}, about {by_chance} would miss the line by chance alone."
            )
        if len(frame) > most:
            notes.append(f"The {most} highest of {len(frame)}.")
        if metric.unit == "count" and not self.opened.is_additive(kpi):
            notes.append("One that stands in two slices counts in each: the slices do not add up to the whole.")
        parts_add_up = metric.unit in ("currency", "count") and frame.value.ge(0).all()
        caption = Caption(
            id=f"{kpi}_by_{by}",
            title=messages.biggest(metric, highest[0], highest[1], whole["value"], by, self.format)
            if parts_add_up and self.opened.is_additive(kpi)
            else messages.spread(metric, lowest, highest, by, self.format),
            measure=f"{metric.label} by {by}, {{unit}}, {self.period_name}",
            note=" ".join(notes),
            values=values(shown, (by,)),
        )
        return ranking(
            caption,
            [str(row[by]) for row in rows],
            [row["value"] for row in rows],
            unit=metric.unit,
            format=self.format,
            low=[row["ci_low"] for row in rows],
            high=[row["ci_high"] for row in rows],
            counts=[row["rows"] for row in rows],
            reference=whole["value"] if metric.unit in ("percent", "ratio", "days") else None,
            reference_label="all",
            better=metric.better,
            width=width,
        )

    def beside(self, *blocks: Block | None) -> Block | None:
        """Put blocks side by side; those that show nothing leave no gap."""
        there = [block for block in blocks if block is not None]
        if len(there) < 2:
            return there[0] if there else None
        return Beside(tuple(there))

    @cached_property
    def outlook(self) -> OutlookSections:
        """Sections on what is to come: targets, chances, projections."""
        return OutlookSections(Outlook(self.opened, self.as_of), self.format)

    # ------------------------------------------------------------------ appendix

    def appendix(self) -> Title:
        """Begin the page on how the figures are made."""
        return Title("How the figures are made")

    def definitions(self) -> Table:
        """What each KPI of the report is, from how many rows it comes, and how far off it may be."""
        frame = self._compute(self.headline_kpis)
        told = frame[frame.value.notna()]
        words = {name: self.opened.formula(name) for name in told.kpi}
        overridden = [self._metric(name).label for name in self.opened.catalogue.overridden]
        return appendix.definitions(told, self._metrics(told), words, self.format, overridden)

    def not_shown(self) -> Table | None:
        """KPIs of the catalogue without a value in this period, and why."""
        frame = self._compute(tuple(self.opened.catalogue.metrics))
        missing = frame[frame.value.isna()]
        return appendix.not_shown(missing, self._metrics(missing)) if len(missing) else None

    def sources(self) -> Table:
        """What was read: tables, rows, newest day, fingerprint."""
        return appendix.sources([f.record() for f in self.opened.sources.fingerprints()], self.format)

    def findings_on_data(self) -> Note | None:
        """What the check of the data found, so that the reader knows what the figures leave out."""
        found = self.opened.check()
        return Note(" ".join(f"{f.subject}: {f.message} {f.remedy}" for f in found)) if found else None

    # ------------------------------------------------------------------ inside

    def _metric(self, name: str) -> Metric:
        return self.opened.catalogue.metric(name)

    def _metrics(self, frame: pd.DataFrame) -> dict[str, Metric]:
        return {name: self._metric(name) for name in frame.kpi}

    def _compute(
        self, kpis: tuple[str, ...], *, grain: str | None = None, last: int = 1, by: tuple[str, ...] = ()
    ) -> pd.DataFrame:
        key = (kpis, grain, last, by)
        if key not in self._frames:
            self._frames[key] = self.opened.compute(
                kpis, period=self.period.label, grain=grain, last=last, by=by, as_of=self.as_of
            )
        return self._frames[key]

    def _rows(self, frame: pd.DataFrame) -> dict[str, dict[str, Any]]:
        return {row["kpi"]: row for row in records(frame)}

    def _against(self, base: str) -> str:
        calendar = self.opened.company.calendar
        then = calendar.prior(self.period) if base == "previous" else calendar.year_ago(self.period)
        assert then is not None
        name = period_label(then, calendar)
        return name if self.period.complete else f"the same {then.days} days of {name}"

    def _scorecard_note(self) -> str:
        notes = ["↓: lower is better. Bold, coloured changes are beyond the KPI’s usual variation."]
        notes.append(f"Small charts, each on its own scale: dot {self.period_name}, ring a year before.")
        if not self.period.complete:
            notes.append(f"The {self.period.grain} is not over: it is compared with the same {self.period.days} days.")
        if self.outlook.judged:
            notes.append("Chance: share of projected paths that reach the target by its deadline; FY: whole year.")
        return " ".join(notes)

    def _with_targets(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Put each company-wide target into the rows of its KPI in the period reported."""
        told = frame.copy()
        told["chance"], told["target_scope"] = float("nan"), ""
        for one in self.outlook.judged:
            if one.goal is None or one.spec.where is not None:
                continue
            rows = (told.kpi == one.spec.kpi) & (told.period == self.period.label)
            told.loc[rows, "target"] = one.goal
            told.loc[rows, "status"] = one.status
            told.loc[rows, "pace"] = one.pace if one.pace is not None else float("nan")
            told.loc[rows, "chance"] = one.chance if one.chance is not None else float("nan")
            told.loc[rows, "target_scope"] = " FY" if one.total and one.period != self.period.label else ""
        return told

    def _facts(self) -> dict[str, Any]:
        company = self.opened.company
        return {
            "company": company.company,
            "report": self.name,
            "period": self.period.label,
            "period_label": self.period_name,
            "data_to": self.format.date(self.as_of),
            "complete": self.period.complete,
            "locale": company.locale,
            "currency": company.currency,
            "provenance": "Prepared from the company’s own tables; every figure stands in the attached results.json",
            "sources": [fingerprint.record() for fingerprint in self.opened.sources.fingerprints()],
            "targets": [record(one) for one in self.outlook.outlook.judged],
            "projections": [found for one in self.outlook.outlook.judged if (found := projected(one)) is not None],
            "catalogue": self.opened.catalogue.hash,
            "code": version("kpi-analysis"),
        }


def _with_data(frame: pd.DataFrame, reported: str) -> pd.DataFrame:
    """Leave out periods before the data, and earlier values that are incomplete: they would look like falls."""
    shown = frame.copy()
    shown.loc[~shown.complete & (shown.period != reported), ["value", "previous", "year_ago"]] = float("nan")
    first = shown.loc[shown.value.notna() | (shown.period == reported), "period_start"].min()
    told: pd.DataFrame = shown.loc[shown.period_start >= first].reset_index(drop=True)
    return told


def open_report(
    company: str | Path = "params/company.yaml",
    period: str = "",
    *,
    as_of: str | None = None,
    name: str = "Quarterly KPI report",
) -> Report:
    """Open a report on one period of a company.

    Parameters
    ----------
    company : path
        The company file.
    period : str
        ``2026-Q3``; by default the quarter of the last day in the data.
    as_of : str, optional
        The last day that counts, ``2026-09-14``; by default the last day in the data.
    name : str
        What the report is called.

    Raises
    ------
    UsageError
        When the period is none, or lies after the data.
    """
    opened = open_company(company)
    day = dt.date.fromisoformat(as_of) if as_of else opened.sources.last_day()
    calendar = opened.company.calendar
    if day is None:
        raise UsageError("there is no dated row in any connected table.", remedy="Check them with: kpi check")
    wanted = calendar.parse(period) if period else calendar.containing(day, "quarter")
    first = min(e.first for t in opened.sources.connected if (e := opened.sources.extent(t)).first is not None)
    if wanted.start > day or wanted.end < first:
        raise UsageError(
            f"{wanted.label} has no data: they reach from {first} to {day}.",
            remedy=f"Try --period {calendar.containing(day, wanted.grain).label}",
        )
    return Report(opened, wanted.cut(day), day, name)
