"""What the sections on marketing share: the words for rules of credit, and tables that quote rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pandas as pd

from kpi_analysis.core.attribution_rules import ATTRIBUTION_RULES
from kpi_analysis.design.blocks import Table
from kpi_analysis.insight.figures.channels import Channels, channels
from kpi_analysis.metrics.compute.spend_cohorts import no_credits
from kpi_analysis.report.sections.context import ReportContext
from kpi_analysis.report.tables import Field, value_table

CREDIT = "Credit, not incrementality."


def channels_of(context: ReportContext) -> Channels:
    """Return what marketing costs and returns in a report."""
    return context.scope.once(channels)


def rule_words(context: ReportContext) -> str:
    """Say how revenue is credited: ``Last touch within 90 days``."""
    if no_credits(context.company.sources):
        return "Revenue by the channel of the order or of the customer"
    rule = channels_of(context).rule
    name = ATTRIBUTION_RULES[rule.rule].words
    return f"{name[0].upper()}{name[1:]} within {rule.lag_days} days"


def quoting_table(
    context: ReportContext, rows: pd.DataFrame | Sequence[dict[str, Any]], fields: Sequence[Field], *,
    quoted: tuple[dict[str, Any], ...], **words: Any,
) -> Table:  # fmt: skip
    """Return rows as a table that quotes rows of ``results.json``."""
    return replace(value_table(pd.DataFrame(rows), fields, context.format, **words), values=quoted)


def name_list(names: Sequence[str]) -> str:
    """Return names as a list in words.

    Examples
    --------
    >>> name_list(["Email"]), name_list(["Email", "Display", "Content"])
    ('Email', 'Email, Display and Content')
    """
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
