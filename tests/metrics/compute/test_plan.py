"""A query plan says what will be read, before anything is."""

import datetime as dt
from dataclasses import FrozenInstanceError
from pathlib import Path

import pytest
from support.companies import open_from

from kpi_analysis.core.periods import Period
from kpi_analysis.metrics.compute import plan_of
from kpi_analysis.metrics.compute.kinds import KINDS
from kpi_analysis.metrics.compute.plan import QueryPlan
from kpi_analysis.metrics.compute.selection import Periods, Selection
from kpi_analysis.metrics.session import OpenCompany

ORDERS = "order_id,ordered_on,customer_id,amount,region\n1,2025-03-05,A,10,EMEA\n2,2026-03-05,B,20,APAC\n"
MARCH = Period("month", dt.date(2026, 3, 1), dt.date(2026, 3, 31), "2026-03")


@pytest.fixture
def company(tmp_path: Path) -> OpenCompany:
    return open_from(tmp_path, {"orders": ORDERS})


def plan(company: OpenCompany, *kpis: str, by: tuple[str, ...] = (), compared: bool = True) -> QueryPlan:
    selection = Selection(company.sources, company.catalogue, by, None, dt.date(2026, 3, 31))
    return plan_of(selection, kpis, Periods([MARCH]), compared)


def test_measures_of_one_table_and_date_are_one_query(company: OpenCompany) -> None:
    (query,) = plan(company, "sales_revenue", "order_count", "average_order_value").queries
    assert query.key == ("flow", "orders", "ordered_on")
    assert len(query.measures) >= 2


def test_the_periods_of_a_plan_are_those_compared_too(company: OpenCompany) -> None:
    (query,) = plan(company, "sales_revenue").queries
    assert [period.label for period in query.periods] == ["2025-03", "2026-02", "2026-03"]
    (query,) = plan(company, "sales_revenue", compared=False).queries
    assert [period.label for period in query.periods] == ["2026-03"]


def test_what_cannot_be_read_is_in_no_query_and_has_a_reason(company: OpenCompany) -> None:
    made = plan(company, "leads")
    assert made.queries == ()
    assert set(made.unread.values()) == {"table leads is not connected"}


def test_a_slice_that_a_table_lacks_is_a_reason(company: OpenCompany) -> None:
    assert plan(company, "sales_revenue", by=("region",)).unread == {}
    assert set(plan(company, "sales_revenue", by=("owner",)).unread.values()) == {"table orders has no column owner"}


def test_to_plan_compiles_no_query(company: OpenCompany) -> None:
    plan(company, "sales_revenue", "new_customers")
    assert len(company.sources.query_cache) == 0


def test_the_same_question_is_the_same_plan_and_nobody_can_change_it(company: OpenCompany) -> None:
    made = plan(company, "sales_revenue")
    assert made.queries == plan(company, "sales_revenue").queries
    with pytest.raises(FrozenInstanceError):
        made.queries = ()  # type: ignore[misc]


def test_every_kind_of_the_shipped_catalogue_is_in_the_register(company: OpenCompany) -> None:
    kinds = {one.kind for measure in company.catalogue.measures.values() for one in measure.aggregates}
    assert kinds == set(KINDS)
