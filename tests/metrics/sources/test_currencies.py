from __future__ import annotations

from pathlib import Path

import pytest
from support.companies import open_from

from kpi_analysis.core.errors import DataError

ORDERS = """order_id,ordered_on,customer_id,amount,cost,currency
1,2026-01-05,a,100,50,EUR
2,2026-01-05,b,100,,USD
3,2026-01-20,c,100,20,usd
4,2026-01-20,d,100,10,
5,2026-01-20,e,,10,GBP
"""
RATES = "date,currency,rate\n2026-01-01,USD,0.9\n2026-01-10,USD,0.8\n2026-01-01,GBP,1.2\n"


def test_each_row_is_converted_at_the_rate_of_its_day(tmp_path: Path) -> None:
    (tmp_path / "rates.csv").write_text(RATES)
    company = open_from(tmp_path, {"orders": ORDERS}, rates={"path": "rates.csv"})
    assert company.compute(["sales_revenue"], period="2026-01").value[0] == pytest.approx(100 + 90 + 80 + 100)
    assert company.table("orders").cost.sum().to_pyarrow().as_py() == pytest.approx(50 + 16 + 10 + 12)
    assert company.table("orders").count().to_pyarrow().as_py() == 5, "no row is doubled or lost"


def test_mixed_currencies_without_rates_are_an_error_and_not_a_sum(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="amounts in GBP, USD, the company's currency is EUR"):
        open_from(tmp_path, {"orders": ORDERS}).compute(["sales_revenue"], period="2026-01")


def test_one_currency_needs_no_rates(tmp_path: Path) -> None:
    orders = ORDERS.replace("usd", "EUR").replace("USD", "EUR").replace("GBP", "EUR")
    assert open_from(tmp_path, {"orders": orders}).compute(["sales_revenue"], period="2026-01").value[0] == 400


def test_a_day_before_the_first_rate_is_named(tmp_path: Path) -> None:
    (tmp_path / "rates.csv").write_text(RATES.replace("2026-01-01,USD", "2026-01-06,USD"))
    company = open_from(tmp_path, {"orders": ORDERS}, rates={"path": "rates.csv"})
    with pytest.raises(DataError, match="1 rows in USD have no rate, the first on 2026-01-05"):
        company.compute(["sales_revenue"], period="2026-01")


@pytest.mark.parametrize(
    ("row", "words"),
    [("2026-01-01,USD,1.0\n", "two rates"), ("2026-01-03,USD,-1\n", "above 0"), ("x,USD,1\n", "row 5")],
)
def test_rates_that_cannot_be_meant_are_refused(tmp_path: Path, row: str, words: str) -> None:
    (tmp_path / "rates.csv").write_text(RATES + row)
    company = open_from(tmp_path, {"orders": ORDERS}, rates={"path": "rates.csv"})
    with pytest.raises(DataError, match=words):
        company.compute(["sales_revenue"], period="2026-01")


def test_a_deal_is_converted_at_the_day_of_its_closing(tmp_path: Path) -> None:
    (tmp_path / "rates.csv").write_text(RATES)
    deals = "opportunity_id,created_on,closed_on,outcome,amount,currency\n1,2026-01-02,2026-01-15,won,100,USD\n"
    company = open_from(tmp_path, {"opportunities": deals}, rates={"path": "rates.csv"})
    assert company.compute(["sales_revenue"], period="2026-01").value[0] == pytest.approx(80)
