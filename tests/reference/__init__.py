"""The KPIs a second time, as plain loops over rows: the slow and obvious route that the engine is held to.

Everything here is written from the definitions of the KPIs, on purpose without the engine, its SQL or its catalogue:
nothing is imported from `kpi_analysis`. A table is a list of rows, a missing value is None, and a KPI that has no value
raises `NoValue`. A KPI is a function named by its id, in the module of its domain, and its line in the register of
that module.
"""

from __future__ import annotations

from reference.customers import CUSTOMERS
from reference.finance import FINANCE
from reference.marketing import MARKETING
from reference.operations import OPERATIONS
from reference.people import PEOPLE
from reference.results import ReferenceKpi, Result, result_of
from reference.rows import NoValue, Selection
from reference.sales import SALES
from reference.service import SERVICE
from reference.web import WEB

REFERENCE_KPIS: dict[str, ReferenceKpi] = SALES | MARKETING | WEB | CUSTOMERS | SERVICE | FINANCE | OPERATIONS | PEOPLE

__all__ = ["REFERENCE_KPIS", "NoValue", "Selection", "reference_result"]


def reference_result(name: str, selection: Selection) -> Result:
    """Value, numerator and denominator of a KPI in a period and slice, each None where there is none."""
    return result_of(REFERENCE_KPIS[name], selection)
