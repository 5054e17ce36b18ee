"""One period of a company, asked KPI by KPI; what was computed once is remembered."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import pandas as pd

from kpi_analysis.core.periods import Period, period_label
from kpi_analysis.core.records import records
from kpi_analysis.design.blocks import Display
from kpi_analysis.design.formats import Format
from kpi_analysis.insight.scope import Scope
from kpi_analysis.metrics.catalogue import Metric
from kpi_analysis.metrics.session import OpenCompany
from kpi_analysis.report.charts.base import Caption

HISTORY = {"day": 31, "week": 26, "month": 13, "quarter": 12, "year": 6}


@dataclass
class ReportContext:
    """What all sections of a report share.

    Parameters
    ----------
    company : OpenCompany
    period : Period
        Cut at the last day in the data where it is unfinished.
    as_of : date
        The last day that counts.
    slices : mapping of str to str
        The part of the company that is reported: ``{"region": "EMEA"}``; all of it by default.
    """

    company: OpenCompany
    period: Period
    as_of: dt.date
    slices: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def where(self) -> str | None:
        """The slices as a condition in SQL."""
        quoted = {name: value.replace("'", "''") for name, value in self.slices.items()}
        return " and ".join(f"{name} = '{value}'" for name, value in quoted.items()) or None

    @cached_property
    def scope(self) -> Scope:
        """What figures are computed from: the company, the period, the day and the slices, without a look."""
        return Scope(self.company, self.period, self.as_of, self.where)

    @cached_property
    def display(self) -> Display:
        """Where the blocks of this report show themselves, and what they have shown."""
        return Display(self.company.theme)

    @cached_property
    def format(self) -> Format:
        """How this company writes its numbers."""
        return Format(self.company.config.locale, self.company.config.currency)

    @cached_property
    def period_name(self) -> str:
        """The period in words: ``Q4 2017``."""
        return period_label(self.period, self.company.config.calendar)

    def caption(
        self, id: str, title: str, measure: str, note: str = "", values: tuple[dict[str, Any], ...] = ()
    ) -> Caption:
        """Return the words around a chart of this report, whose typeface they are measured in."""
        return Caption(id, title, measure, note, values, self.company.theme)

    def metric(self, name: str) -> Metric:
        """Return a KPI of the catalogue."""
        return self.company.catalogue.metric(name)

    def compute(
        self, kpis: str | Sequence[str], *, grain: str | None = None, last: int = 1, by: str | Sequence[str] = ()
    ) -> pd.DataFrame:
        """Compute KPIs for the period, or for the last ones of a grain that end with it."""
        return self.scope.compute(kpis, grain=grain, last=last, by=by)

    def base_of(self, row: Mapping[str, Any], period: Period) -> tuple[str, str]:
        """Return the field that a value is compared with, a year ago if that is known, and the name of its period."""
        calendar = self.company.config.calendar
        ago = calendar.year_ago(period)
        if ago is not None and row["year_ago"] is not None:
            return "year_ago", period_label(ago, calendar)
        return "previous", period_label(calendar.prior(period), calendar)

    def rows(self, frame: pd.DataFrame) -> dict[str, dict[str, Any]]:
        """Return a frame of one period as records by KPI."""
        return {row["kpi"]: row for row in records(frame)}
