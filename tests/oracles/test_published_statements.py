"""Published ratios of financial statements, from ledger rows.

`financial-statements-aapl` (ratios by FinanceToolkit), which of them the catalogue gives:

==============================================  =====================================================================
published ratio                                 KPI
==============================================  =====================================================================
Gross Margin                                    gross_profit_margin
Operating Margin                                operating_income ÷ sales_revenue
EBITDA (an item of the statement)               ebitda, ebitda_margin
Net Profit Margin                               net_profit_margin: all that is neither operating nor tax is interest
Current Ratio, Working Capital                  current_ratio, working_capital
Inventory Turnover Ratio                        inventory_turnover: opening and closing balance, so none for 2020
Days of Inventory Outstanding                   days ÷ inventory_turnover
Operating Cash Flow to Sales Ratio              operating_cash_flow ÷ sales_revenue
==============================================  =====================================================================

Outside: the EBIT ratios (that package adds interest to income before tax, the kit's operating income has no other
income in it); Operating Ratio (of the item "Operating Expenses", which contradicts the operating income); Receivables
Turnover and Days of Sales Outstanding (of average receivables of a balance sheet, where the kit takes open invoices at
the end of the period); quick and cash ratio, payables, returns on assets and equity, DuPont, debt and coverage (no such
KPI); valuation (needs share prices).

`company-financials-2009-2023`: gross margins of all companies and years, as orders with their cost; net margins and
growth company by company, from a ledger.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from support.published_companies import open_at, values

from kpi_analysis.metrics.session import OpenCompany

YEARS = ["2020", "2021", "2022", "2023"]
ACCOUNTS = """
    case statement || '/' || item
        when 'income/Revenue' then 'revenue'
        when 'income/Cost of Goods Sold' then 'cogs'
        when 'income/Income Tax Expense' then 'tax'
        when 'income/Total Other Income Expenses' then 'interest'
        when 'income/Depreciation and Amortization' then 'depreciation'
        when 'income/Research and Development Expenses' then 'operating_expense'
        when 'income/Selling, General and Administrative Expenses' then 'operating_expense'
        when 'balance/Total Current Assets' then 'current_assets'
        when 'balance/Total Current Liabilities' then 'current_liabilities'
        when 'balance/Inventory' then 'inventory'
        when 'cash_flow/Operating Cash Flow' then 'operating_cash_flow'
        else 'not used: ' || item
    end
"""
# Depreciation is inside the operating expenses of the statement, so it is taken out of them here. Its item "Operating
# Expenses" is not used: in 2020 to 2022 other expenses are in it, which its operating income leaves out.
LEDGER = """
    select fiscal_year, statement, item,
           case when item = 'Total Other Income Expenses' then -value else value end as value
    from read_csv('{path}')
    union all
    select fiscal_year, 'income', 'Research and Development Expenses', -value
    from read_csv('{path}') where statement = 'income' and item = 'Depreciation and Amortization'
"""


@pytest.fixture(scope="module")
def apple(tmp_path_factory: pytest.TempPathFactory, shared_data: Path) -> OpenCompany:
    path = shared_data / "financial-statements-aapl/statements.csv"
    columns = {"booked_on": "concat(fiscal_year, '-09-30')", "account": ACCOUNTS, "amount": "value"}
    ledger = {"sql": LEDGER.format(path=path), "columns": columns}
    calendar = {"type": "gregorian", "year_starts": 10, "named_by": "end"}
    return open_at(tmp_path_factory.mktemp("apple"), {"ledger": ledger}, calendar=calendar, revenue_from="ledger")


@pytest.fixture(scope="module")
def ratios(shared_data: Path) -> pd.DataFrame:
    return pd.read_csv(shared_data / "financial-statements-aapl/expected_ratios.csv").set_index("ratio")[YEARS]


@pytest.mark.parametrize(
    ("kpi", "ratio"),
    [
        ("gross_profit_margin", "Gross Margin"),
        ("net_profit_margin", "Net Profit Margin"),
        ("current_ratio", "Current Ratio"),
        ("working_capital", "Working Capital"),
    ],
)
def test_ratio_of_each_fiscal_year_is_as_published(
    kpi: str, ratio: str, apple: OpenCompany, ratios: pd.DataFrame
) -> None:
    found = values(apple.compute([kpi], period="2023", last=4), "period")
    assert found.to_dict() == pytest.approx(ratios.loc[ratio].to_dict(), abs=5.1e-5)


def test_parts_of_revenue_are_as_published(apple: OpenCompany, ratios: pd.DataFrame) -> None:
    kpis = ["sales_revenue", "operating_income", "operating_cash_flow"]
    found = values(apple.compute(kpis, period="2023", last=4), "kpi", "period")
    margin = found["operating_income"] / found["sales_revenue"]
    cash = found["operating_cash_flow"] / found["sales_revenue"]
    assert margin.to_dict() == pytest.approx(ratios.loc["Operating Margin"].to_dict(), abs=5.1e-5)
    assert cash.to_dict() == pytest.approx(ratios.loc["Operating Cash Flow to Sales Ratio"].to_dict(), abs=5.1e-5)


def test_ebitda_is_that_of_the_statement(apple: OpenCompany, shared_data: Path) -> None:
    raw = pd.read_csv(shared_data / "financial-statements-aapl/statements.csv")
    income = raw[raw.statement == "income"].set_index(["item", "fiscal_year"]).value
    ebitda, revenue = income["EBITDA"].sort_index(), income["Revenue"].sort_index()
    found = apple.compute(["ebitda", "ebitda_margin"], period="2023", last=4)
    assert values(found[found.kpi == "ebitda"], "period").tolist() == ebitda.tolist()
    margin = (ebitda / revenue).tolist()
    assert values(found[found.kpi == "ebitda_margin"], "period").tolist() == pytest.approx(margin)


def test_inventory_turns_over_its_opening_and_closing_balance(apple: OpenCompany, ratios: pd.DataFrame) -> None:
    frame = apple.compute(["inventory_turnover"], period="2023", last=4)
    found, published = values(frame, "period"), ratios.loc["Inventory Turnover Ratio"]
    assert found[YEARS[1:]].to_dict() == pytest.approx(published[YEARS[1:]].to_dict(), abs=5.1e-5)
    days = (365 / found[YEARS[1:]]).to_dict()
    assert days == pytest.approx(ratios.loc["Days of Inventory Outstanding", YEARS[1:]].to_dict(), abs=5.1e-5)
    first = frame[frame.period == "2020"].iloc[0]
    assert pd.isna(first.value) and pd.isna(published["2020"]) and first.reason


def test_fiscal_years_grow_as_their_published_revenue_and_income(apple: OpenCompany) -> None:
    revenue = {"2020": 274515e6, "2021": 365817e6, "2022": 394328e6, "2023": 383285e6}
    income = {"2020": 57411e6, "2021": 94680e6, "2022": 99803e6, "2023": 96995e6}
    found = values(
        apple.compute(["sales_revenue", "net_income", "revenue_growth"], period="2023", last=4), "kpi", "period"
    )
    assert found["sales_revenue"].to_dict() == revenue
    assert found["net_income"].to_dict() == income
    growth = pd.Series(revenue).pct_change().iloc[1:]
    assert found["revenue_growth"][YEARS[1:]].to_dict() == pytest.approx(growth.to_dict())


def test_gross_margins_of_twelve_companies_are_as_published(tmp_path: Path, shared_data: Path) -> None:
    path = shared_data / "company-financials-2009-2023/financial_statements.csv"
    columns = {
        "order_id": "Company || Year",
        "ordered_on": "Year || '-12-31'",
        "customer_id": "Company",
        "product": "Company",
        "segment": "Category",
        "amount": "Revenue",
        "cost": 'cast(Revenue as double) - cast("Gross Profit" as double)',
    }
    company = open_at(tmp_path, {"orders": {"path": str(path), "columns": columns}})
    raw = pd.read_csv(path, dtype={"Year": str}).set_index(["Company", "Year"]).sort_index()
    frame = company.compute(["gross_profit_margin", "revenue_growth"], period="2023", last=15, by=["product"])
    margins = values(frame[frame.kpi == "gross_profit_margin"], "product", "period").dropna()
    assert (margins * 100).to_dict() == pytest.approx(raw["Gross margin %"].to_dict(), abs=0.01)
    years = raw.Revenue.unstack()
    growth = (years / years.shift(1, axis=1) - 1).stack().dropna()
    found = values(frame[frame.kpi == "revenue_growth"], "product", "period")
    assert found.reindex(growth.index).to_dict() == pytest.approx(growth.to_dict())


@pytest.mark.parametrize("name", ["AAPL", "AMZN", "PYPL", "SHLDQ"])
def test_net_margins_of_a_company_are_as_published(name: str, tmp_path: Path, shared_data: Path) -> None:
    path = shared_data / "company-financials-2009-2023/financial_statements.csv"
    rows = f"""
        select * from (unpivot (
            select Year, Revenue as revenue, Revenue - "Gross Profit" as cogs,
                   "Gross Profit" - "Net Income" as operating_expense
            from read_csv('{path}') where trim(Company) = '{name}'
        ) on revenue, cogs, operating_expense into name account value amount)
    """
    ledger = {"sql": rows, "columns": {"booked_on": "concat(Year, '-12-31')"}}
    company = open_at(tmp_path, {"ledger": ledger}, revenue_from="ledger")
    raw = pd.read_csv(path, dtype={"Year": str})
    published = raw[raw.Company == name].set_index("Year")["Net Profit Margin"]
    frame = company.compute(["net_profit_margin"], period="2023", last=15)
    found = values(frame, "period").dropna()
    assert (found * 100).to_dict() == pytest.approx(published.to_dict(), abs=0.01)
    missing = frame[frame.value.isna()]
    assert (
        set(missing.period) == set(map(str, range(2009, 2024))) - set(published.index) and missing.reason.notna().all()
    )
