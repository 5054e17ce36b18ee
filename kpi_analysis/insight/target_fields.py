"""Goal, pace and status of a target for the row of the tidy frame that it is judged by."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from kpi_analysis.core.config.targets import Target
from kpi_analysis.metrics.session import OpenCompany
from kpi_analysis.metrics.target_columns import JudgedFields, judges_targets

if TYPE_CHECKING:
    from kpi_analysis.insight.outlook import Outlook


@judges_targets
def judged_fields(
    company: OpenCompany, target: Target, period: str, end: dt.date, as_of: dt.date
) -> JudgedFields | None:
    """Return goal, pace and status of a target, as the scorecard has them, or None where another period is judged.

    A target of a sum or a ratio is judged by one period; one of a stock by any that ends on the same day, because their
    values are the same.

    Parameters
    ----------
    company : OpenCompany
    target : Target
    period : str
        Label of the period of the row.
    end : date
        Its last day.
    as_of : date
        The last day that counts.
    """
    from kpi_analysis.insight.outlook import Outlook  # projections take long to import, and most calls ask for none

    outlook: Outlook = company.sources.memo.get(("outlook", as_of), lambda: Outlook(company, as_of))
    whole = outlook.judged_period(target)
    stock = outlook.is_stock(company.catalogue.metric(target.kpi))
    if whole is None or (whole.label != period and not (stock and whole.end == end)):
        return None
    one = company.sources.memo.get(("judged", as_of, id(target)), lambda: outlook.judge(target))
    return (one.goal, one.pace, one.status) if one.goal is not None else None
