"""Periods in a company's own calendar: grains, fiscal years, comparisons, unfinished periods."""

from kpi_analysis.core.periods.calendars import CALENDAR_TYPES, Calendar
from kpi_analysis.core.periods.period import GRAINS, Period, day_table
from kpi_analysis.core.periods.words import as_many_weeks, period_label, period_words

__all__ = [
    "CALENDAR_TYPES",
    "GRAINS",
    "Calendar",
    "Period",
    "as_many_weeks",
    "day_table",
    "period_label",
    "period_words",
]
