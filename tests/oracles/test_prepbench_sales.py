"""Business tasks with expected tables (`prepbench-cases`), the questions about sales; those about people stand beside.

====  =====================================  ==========================================================================
case  topic                                  here
====  =====================================  ==========================================================================
003   contracted revenue a month             recurring revenue at the end of each month
013   balances a week, month, quarter        other file: own measures over balances, weeks that begin on Sunday
022   moving average of seven days           own KPI of seven days before each other
037   return rates                           other file: defect_rate
040   score of a survey                      other file: net_promoter_score
043   quarterly sales against target         own KPI over two tables that share a region (the words for it are not ours)
047   profit statement                       sales_revenue by both upper levels
052   currency conversion                    outside: best and worst rate of a week; the kit converts at one rate a day
061   market basket                          outside: no association rules
062   monthly sales, profit, staff days      sales and profit; staff days are only carried along there
067   market share, contribution to growth   income_sources, and own KPIs over whole(…)
101   order value, days to ship              sales_revenue, sales_cycle_length from order to shipping
125   rolling windows around a day           days with a whole window: the same seven days, read three days later
147   figures out of a laid-out sheet        outside: a layout and no table
151   complaints by keywords                 outside: search in prose
158   agents of a call centre                other file: defect_rate for calls not answered
160   new, returning, sleeping customers     other file: movements of accounts, a year each
164   customers that make 80 % of sales      revenue_concentration, and own measures with `top`
172   shops against targets                  outside: a layout with ready-made percentages, nothing to divide
206   quarterly value against target         own KPI over two tables that share a channel
209   app against online                     other file: shares of a segment that an expression makes
281   complaints                             outside: an extract of rows, no number in it
====  =====================================  ==========================================================================
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from support.published_companies import months, open_at, values

SEVEN_DAYS = " + ".join("prior(" * n + "order_revenue" + ")" * n for n in range(7))


def expected(shared_data: Path, case: str, number: int = 1) -> pd.DataFrame:
    return pd.read_csv(shared_data / f"prepbench-cases/case_{case}/expected/output_0{number}.csv")


def given(shared_data: Path, case: str, number: int = 1) -> Path:
    return shared_data / f"prepbench-cases/case_{case}/inputs/input_0{number}.csv"


def as_day(dates: pd.Series) -> pd.Series:
    return pd.to_datetime(dates, format="%d/%m/%Y").dt.strftime("%Y-%m-%d")


def test_003_contracts_bring_what_is_paid_each_month(tmp_path: Path, shared_data: Path) -> None:
    contracts = f"""
        select Name as customer_id, "Monthly Cost" as mrr, "Start Date" as started_on,
               "Start Date" + to_months("Contract Length (months)") as ended_on
        from read_csv('{given(shared_data, "003")}')
    """
    company = open_at(tmp_path, {"subscriptions": {"sql": contracts}})
    paid = expected(shared_data, "003")
    paid["month"] = months(as_day(paid["Payment Date"]))
    by_month = paid.groupby("month")["Monthly Cost"].sum()
    frame = company.compute(["monthly_recurring_revenue"], period="2020-12", last=27, as_of="2020-12-31")
    found = values(frame, "period")
    assert found[by_month.index].to_dict() == by_month.to_dict()
    assert found["2020-12"] == 0, "the last contract has run out"
    by_customer = company.compute(["monthly_recurring_revenue"], period="2019-06", by=["customer_id"])
    names = paid[paid.month == "2019-06"].set_index("Name")["Monthly Cost"]
    assert values(by_customer, "customer_id").to_dict() == names.to_dict()


def test_022_moving_average_needs_seven_days(tmp_path: Path, shared_data: Path) -> None:
    columns = {
        "order_id": "Date",
        "ordered_on": "strptime(Date, '%d/%m/%Y')",
        "customer_id": "Date",
        "amount": "Sales",
    }
    company = open_at(
        tmp_path,
        {"orders": {"path": str(given(shared_data, "022")), "columns": columns}},
        formulas={"moving_average": f"({SEVEN_DAYS}) / 7"},
    )
    output = expected(shared_data, "022")
    published = output.set_index(as_day(output.Date))["Moving Avg Sales"].sort_index().loc[:"2019-03-31"]
    frame = company.compute(["moving_average"], period="2019-03-31", last=90)
    found = values(frame, "period")
    assert found.isna().tolist() == published.isna().tolist()
    assert found.dropna().to_dict() == pytest.approx(published.dropna().to_dict(), abs=0.0051)
    assert frame.reason[:6].notna().all()


def test_043_stores_against_their_quarterly_targets(tmp_path: Path, shared_data: Path) -> None:
    sales = f"""
        select Store || month as order_id, Store as customer_id, Store as region, amount,
               make_date(2019, cast(split_part(month, ' ', 2) as int), 1) as ordered_on
        from (unpivot (from read_csv('{given(shared_data, "043")}')) on columns(* exclude Store)
              into name month value amount)
        where Store <> 'Total'
    """
    targets = _quarters(given(shared_data, "043", 2), "Location", "region")
    company = _against_target(tmp_path, sales, targets)
    output = expected(shared_data, "043").set_index(["Store", "Quarter"]).sort_index()
    frame = company.compute(["sales_revenue", "variance", "share_of_target"], period="2019-Q4", last=4, by=["region"])
    frame = frame.assign(quarter=frame.period_start.dt.quarter)
    found = values(frame, "kpi", "region", "quarter")
    assert found["sales_revenue"].to_dict() == output.Sales.to_dict()
    assert found["variance"].to_dict() == output["Variance to Target"].to_dict()
    assert found["share_of_target"].mul(100).astype(int).to_dict() == output["Variance to Target %"].to_dict()


def test_047_profit_rolls_up_to_both_levels(tmp_path: Path, shared_data: Path) -> None:
    lines = f"""
        select Item as order_id, 'all' as customer_id, date '2019-12-31' as ordered_on, Profit as amount,
               split_part(Item, '.', 1) as product,
               split_part(Item, '.', 1) || '.' || split_part(Item, '.', 2) as region
        from read_csv('{given(shared_data, "047")}') where regexp_matches(Item, '^[0-9]+[.][0-9]+[.][0-9]')
    """
    company = open_at(tmp_path, {"orders": {"sql": lines}})
    output = expected(shared_data, "047")
    code = output.Item.str.strip().str.split(" ").str[0].str.rstrip(".")
    profit = output.set_index(code).Profit
    for level, dimension in enumerate(("product", "region"), start=1):
        rolled = profit[profit.index.str.count("[.]") == level - 1]
        found = values(company.compute(["sales_revenue"], period="2019", by=[dimension]), dimension)
        assert found.to_dict() == rolled.to_dict()


def test_062_sales_and_profit_of_each_product_and_store(tmp_path: Path, shared_data: Path) -> None:
    stores = {"Lewisham": 1, "Camden": 2}
    rows = " union all by name ".join(
        f"select *, '{store}' as store from read_csv('{given(shared_data, '062', number)}', all_varchar=true)"
        for store, number in stores.items()
    )
    # Sales and profit are rows of their own here, so that a profit is a cost below zero.
    long = f"""
        select Category as product, Scent as segment, store as region, 'x' as order_id, 'x' as customer_id,
               strptime(split_part(what, ' ', 2), '%d/%m/%Y') as ordered_on,
               case when what like 'Sales%' then cast(figure as double) else 0 end as amount,
               case when what like 'Sales%' then cast(figure as double) else -cast(figure as double) end as cost
        from (unpivot ({rows}) on columns(* exclude (Category, Scent, store)) into name what value figure)
    """
    company = open_at(tmp_path, {"orders": {"sql": long}})
    output = expected(shared_data, "062").assign(period=lambda t: months(as_day(t.Date)))
    keys = ["Store", "Category", "Scent", "period"]
    frame = company.compute(["gross_profit_margin"], period="2020-04", last=4, by=["region", "product", "segment"])
    frame = frame.set_index(["region", "product", "segment", "period"]).sort_index()
    assert frame.denominator.to_dict() == output.set_index(keys).sort_index().Sales.to_dict()
    assert frame.numerator.to_dict() == output.set_index(keys).sort_index().Profit.to_dict()


def test_067_market_shares_and_contributions_to_growth(tmp_path: Path, shared_data: Path) -> None:
    columns = {
        "order_id": 'Company || "Soap Scent"',
        "ordered_on": "case Month when 'March' then '2020-03-31' else '2020-04-30' end",
        "customer_id": "Company",
        "amount": "Sales",
        "region": "case Company when 'Chin & Beard Suds Co' then 'ours' else 'market' end",
        "channel": "Company",
        "product": '"Soap Scent"',
    }
    company = open_at(
        tmp_path,
        {"orders": {"path": str(given(shared_data, "067")), "columns": columns}},
        formulas={
            "contribution_to_growth": "(order_revenue - prior(order_revenue)) / whole(prior(order_revenue))",
            "share_moved": "income_sources - prior(income_sources)",
        },
    )
    output = expected(shared_data, "067").set_index("Company")
    found = values(
        company.compute(["income_sources", "share_moved", "revenue_growth"], period="2020-04", by=["channel"]),
        "kpi", "channel",
    )  # fmt: skip
    assert (found["income_sources"] * 100).to_dict() == pytest.approx(
        output["April Market Share"].to_dict(), abs=0.0051
    )
    # The expected table writes whole hundredths of a percent as tens of "bps".
    assert (found["share_moved"] * 1e4).to_dict() == pytest.approx(output["Bps Change"].to_dict(), abs=5.1)
    growth = output.Growth.str.rstrip("%").astype(float)
    # Their growth is a sum of seven rounded parts.
    assert (found["revenue_growth"] * 100).to_dict() == pytest.approx(growth.to_dict(), abs=7 * 0.01)

    scents = expected(shared_data, "067", 2).set_index("Soap Scent")
    for region, name in {"ours": "CBBS Co", "market": "Rest of Market"}.items():
        where = f"region = '{region}'"
        parts = company.compute(["contribution_to_growth"], period="2020-04", by=["product"], where=where)
        published = scents[f"{name} Contribution to Growth"].abs()
        found = (values(parts, "product") * 100).abs()
        assert found.to_dict() == pytest.approx(published.to_dict(), abs=0.0051), "Lime has no sign there"


def test_101_order_value_and_days_to_ship_by_brand(tmp_path: Path, shared_data: Path) -> None:
    rows = f"""
        select row_number() over () as order_id, 'all' as customer_id, Store as region, "Bike Type" as segment,
               regexp_extract(Model, '[A-Z]+') as product, Quantity as quantity, "Value per Bike" as cost,
               "Value per Bike" * Quantity as amount, strptime("Order Date", '%d/%m/%Y') as ordered_on,
               strptime("Shipping Date", '%d/%m/%Y') as shipped_on
        from read_csv('{given(shared_data, "101")}', types={{'Order Date': 'VARCHAR', 'Shipping Date': 'VARCHAR'}})
    """
    shipping = {"opportunity_id": "order_id", "created_on": "ordered_on", "closed_on": "shipped_on", "outcome": "'won'"}
    company = open_at(
        tmp_path,
        {"orders": {"sql": rows}, "opportunities": {"sql": rows, "columns": shipping}},
        measures={
            "sold": {"table": "orders", "agg": "sum(quantity)", "date": "ordered_on"},
            "mean_price": {"table": "orders", "agg": "avg(cost)", "date": "ordered_on"},
        },
        formulas={"quantity_sold": "sold", "price": "mean_price"},
    )
    bikes = expected(shared_data, "101").set_index(["Brand", "Bike Type"])
    found = values(
        company.compute(["sales_revenue", "quantity_sold", "price"], period="2020", by=["product", "segment"]),
        "kpi", "product", "segment",
    )  # fmt: skip
    assert found["sales_revenue"].to_dict() == bikes["Order Value"].to_dict()
    assert found["quantity_sold"].to_dict() == bikes["Quantity Sold"].to_dict()
    assert found["price"].to_dict() == pytest.approx(bikes["Avg Bike Value per Brand"].to_dict(), abs=0.051)

    stores = expected(shared_data, "101", 2).set_index(["Brand", "Store"])
    days = company.compute(["sales_cycle_length"], period="2021", last=2, by=["product", "region"])
    sums = days.groupby(["product", "region"])[["numerator", "denominator"]].sum()
    mean = sums.numerator / sums.denominator
    assert mean.to_dict() == pytest.approx(stores["Avg Days to Ship"].to_dict(), abs=0.051)


def test_125_seven_days_around_a_day_are_those_read_three_days_later(tmp_path: Path, shared_data: Path) -> None:
    columns = {
        "order_id": "Destination || Date",
        "ordered_on": "strptime(Date, '%d/%m/%Y')",
        "customer_id": "Destination",
        "amount": "Revenue",
        "region": "Destination",
    }
    company = open_at(
        tmp_path,
        {"orders": {"path": str(given(shared_data, "125")), "columns": columns}},
        formulas={"seven_days": SEVEN_DAYS},
    )
    output = expected(shared_data, "125")
    output["day"] = pd.to_datetime(output.Date, format="%d/%m/%Y")
    first, last = output.day.min(), output.day.max()
    length = (last - first).days + 1
    whole = output[output.day.between(first + pd.Timedelta(days=3), last - pd.Timedelta(days=3))]
    whole = whole.assign(read_on=(whole.day + pd.Timedelta(days=3)).dt.strftime("%Y-%m-%d"))
    published = whole.set_index(["Destination", "read_on"])["Rolling Week Total"].sort_index()
    period = last.strftime("%Y-%m-%d")
    found = values(company.compute(["seven_days"], period=period, last=length, by=["region"]), "region", "period")
    every = values(company.compute(["seven_days"], period=period, last=length), "period")
    assert found.dropna().to_dict() == published.drop("All").to_dict()
    assert every.dropna().to_dict() == published["All"].to_dict()


def test_164_customers_that_make_four_fifths_of_sales(tmp_path: Path, shared_data: Path) -> None:
    columns = {
        "order_id": "\"Order ID\"", "ordered_on": "'2022-01-01'", "customer_id": "\"Customer ID\"", "amount": "Sales",
    }  # fmt: skip
    output = expected(shared_data, "164")
    kept = len(output)
    largest: dict[str, Any] = {"table": "orders", "per": "customer_id", "each": "sum(amount)", "date": "ordered_on"}
    company = open_at(
        tmp_path,
        {"orders": {"path": str(given(shared_data, "164")), "columns": columns}},
        measures={
            "kept": {**largest, "agg": "sum(each)", "top": kept},
            "one_more": {**largest, "agg": "sum(each)", "top": kept + 1},
            "everybody": {**largest, "agg": "count(*)"},
        },
        formulas={
            "share_kept": "kept / order_revenue",
            "share_of_one_more": "one_more / order_revenue",
            "customers": "everybody",
        },
    )
    running = output["Running % of Total Sales"]
    kpis = ["revenue_concentration", "revenue_concentration_top_ten", "share_kept", "share_of_one_more", "customers"]
    found = values(company.compute(kpis, period="2022"), "kpi")
    assert found["revenue_concentration"] * 100 == pytest.approx(output["% of Total"][0], abs=1e-9)
    assert found["revenue_concentration_top_ten"] * 100 == pytest.approx(running[9], abs=0.0051)
    assert found["share_kept"] * 100 == pytest.approx(running.iloc[-1], abs=0.0051)
    assert found["share_kept"] <= 0.80005 < found["share_of_one_more"]
    sentence = f"{round(kept * 100 / found['customers'])}% of Customers account for 80% of Sales"
    assert sentence == expected(shared_data, "164", 2).Result[0]


def test_206_quarterly_value_against_target_by_channel(tmp_path: Path, shared_data: Path) -> None:
    transactions = f"""
        select "Transaction Code" as order_id, "Customer Code" as customer_id, Value as amount,
               strptime(cast("Transaction Date" as varchar), '%d/%m/%Y %H:%M:%S') as ordered_on,
               case "Online or In-Person" when 1 then 'Online' else 'In-Person' end as channel
        from read_csv('{given(shared_data, "206")}', types={{'Transaction Date': 'VARCHAR'}})
        where contains("Transaction Code", 'DSB')
    """
    targets = _quarters(given(shared_data, "206", 2), "Online or In-Person", "channel").replace("2019", "2023")
    company = _against_target(tmp_path, transactions, targets)
    output = expected(shared_data, "206").set_index(["Online or In-Person", "Quarter"]).sort_index()
    frame = company.compute(["sales_revenue", "variance"], period="2023-Q4", last=4, by=["channel"])
    found = values(frame.assign(quarter=frame.period_start.dt.quarter), "kpi", "channel", "quarter")
    assert found["sales_revenue"].to_dict() == output.Value.to_dict()
    assert found["variance"].to_dict() == output["Variance to Target"].to_dict()


def _quarters(path: Path, name: str, dimension: str) -> str:
    return f"""
        select "{name}" as {dimension}, amount, make_date(2019, cast(quarter[2] as int) * 3 - 2, 1) as spent_on
        from (unpivot (from read_csv('{path}')) on Q1, Q2, Q3, Q4 into name quarter value amount)
    """


def _against_target(folder: Path, sales: str, targets: str) -> Any:
    """A company whose targets lie in a table that shares a dimension with its orders."""
    return open_at(
        folder,
        {"orders": {"sql": sales}, "spend": {"sql": targets}},
        measures={"planned": {"table": "spend", "agg": "sum(amount)", "date": "spent_on"}},
        formulas={"variance": "order_revenue - planned", "share_of_target": "order_revenue / planned"},
    )
