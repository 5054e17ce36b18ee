"""The lifetime value of a customer from purchases: what a new customer brings, by models fitted on all so far."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml
from scipy.special import roots_jacobi
from support.companies import open_from, shipped_company
from support.reasons import says

from kpi_analysis.metrics.catalogue import shipped
from kpi_analysis.metrics.compute.kinds.lifetime import WEEKS_A_YEAR, new_customer_value
from kpi_analysis.metrics.session import OpenCompany, open_company
from kpi_analysis.stats import customers

PUBLISHED = (0.24259, 4.41353, 0.79289, 2.42575)  # BG/NBD of CDNOW, in weeks
SPENDING = (6.249, 3.745, 15.448)  # Gamma-Gamma of CDNOW
TRUE = (1.2, 14.0, 0.7, 2.4)  # of the customers that are made up here
RETAIL = Path(__file__).parents[3] / "data" / "online_retail" / "online_retail.parquet"


def repeats(parameters: tuple[float, ...], weeks: np.ndarray) -> np.ndarray:
    """Integrate over the chance to drop out: E[X(t)] = E_p[(1 − (α ÷ (α + p·t))^r) ÷ p], without hypergeometrics."""
    r, alpha, a, b = parameters
    nodes, weights = roots_jacobi(60, b - 1, a - 1)
    chance = (nodes + 1) / 2
    bought = (1 - (alpha / (alpha + chance * weeks[:, None])) ** r) / chance
    return np.asarray(bought @ weights / weights.sum())


def expected(parameters: tuple[float, ...], mean: float, weeks: int = 52, discount: float = 0.1) -> float:
    """The first purchase, and those that follow, each discounted to the end of its week."""
    week = np.arange(weeks + 1)
    later = np.diff(repeats(parameters, week)) @ (1 + discount) ** (-7 * week[1:] / 365.25)
    return float(mean * (1 + later))


def made_up(count: int = 700, weeks: int = 80, seed: int = 7) -> pd.DataFrame:
    """Customers who buy and leave as BG/NBD says, each with a mean spend of their own."""
    rng = np.random.default_rng(seed)
    r, alpha, a, b = TRUE
    rows: list[dict[str, Any]] = []
    for customer in range(count):
        rate, leaves, mean = rng.gamma(r, 1 / alpha), rng.beta(a, b), 40 / rng.gamma(4, 1 / 3)
        day = first = rng.uniform(0, weeks / 2)
        while day < weeks:
            rows.append({"day": day, "customer_id": f"c{customer}", "amount": round(rng.gamma(5, mean / 5), 2)})
            if day > first and rng.random() < leaves:
                break
            day += rng.exponential(1 / rate)
    frame = pd.DataFrame(rows)
    frame["ordered_on"] = pd.Timestamp("2024-07-01") + pd.to_timedelta((frame["day"] * 7).astype(int), unit="D")
    frame["segment"] = np.where(frame["customer_id"].str.endswith(("0", "1", "2", "3")), "trade", "home")
    frame["order_id"] = range(len(frame))
    return frame.drop(columns="day").sort_values("ordered_on", ignore_index=True)


ORDERS = made_up()


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> OpenCompany:
    spend = pd.DataFrame({"spent_on": ["2025-02-01"], "amount": [5000.0], "channel": ["search"]})
    return open_from(tmp_path_factory.mktemp("shop"), {"orders": ORDERS, "spend": spend}, gross_margin=0.25)


def value(company: OpenCompany, kpi: str = "customer_lifetime_value", **asked: Any) -> float:
    row = company.compute([kpi], **asked).iloc[0]
    assert row.reason is None, row.reason
    return float(row.value)


def by_pandas(orders: pd.DataFrame, until: str) -> float:
    """Revenue of a new customer by the road of the customers page: a customer who bought once, today."""
    days = orders.groupby(["customer_id", "ordered_on"], as_index=False)["amount"].sum()
    known = customers.summarise(days, customer="customer_id", date="ordered_on", value="amount", until=until)
    buying = customers.bg_nbd(known["frequency"], known["recency"], known["age"])
    spending = customers.gamma_gamma(known["frequency"], known["monetary"])
    rate = 1.1 ** (7 / 365.25) - 1
    return spending.mean + float(customers.lifetime_value(buying, spending, 0, 0, 0, 0, horizon=52, discount=rate))


# --- proved by a second route


def test_the_published_models_of_cdnow_give_a_new_customer_the_value_of_an_integral() -> None:
    p, q, v = SPENDING
    found = new_customer_value(customers.BgNbd(*PUBLISHED, -9582.43), customers.GammaGamma(p, q, v, 0.0))
    assert found == pytest.approx(expected(PUBLISHED, p * v / (q - 1)), rel=1e-7)
    longer = new_customer_value(customers.BgNbd(*PUBLISHED, 0.0), customers.GammaGamma(p, q, v, 0.0), months=24)
    assert longer == pytest.approx(expected(PUBLISHED, p * v / (q - 1), weeks=round(2 * WEEKS_A_YEAR)), rel=1e-7)


def test_the_kpi_of_cdnow_is_that_of_the_published_parameters(shared_data: Path, tmp_path: Path) -> None:
    bought = pd.read_csv(shared_data / "cdnow-clv" / "cdnow_transactions.csv")
    orders = pd.DataFrame({"order_id": range(len(bought)), "ordered_on": pd.to_datetime(bought["date"].astype(str)),
                           "customer_id": bought["id"], "amount": bought["spent"]})  # fmt: skip
    company = open_from(tmp_path, {"orders": orders}, gross_margin=0.4)
    p, q, v = SPENDING
    # the fit was published on the first 39 weeks; the orders after them are in the table and must not count
    found = value(company, period="1997-09", as_of="1997-09-30")
    assert found == pytest.approx(0.4 * expected(PUBLISHED, p * v / (q - 1)), rel=1e-3)
    assert value(company, period="1997-09") == found


def test_it_comes_near_the_truth_of_made_up_customers(shop: OpenCompany) -> None:
    truth = 0.25 * expected(TRUE, 40.0)
    assert value(shop, period="2025-12") == pytest.approx(truth, rel=0.1)


def test_it_is_the_value_by_the_road_of_the_customers_page(shop: OpenCompany) -> None:
    whole = by_pandas(ORDERS, "2025-09-30")
    assert value(shop, period="2025-09") == pytest.approx(0.25 * whole, rel=2e-5)
    history = shop.compute(["customer_lifetime_value"], period="2025-12", last=4).set_index("period")
    assert history.value["2025-09"] == value(shop, period="2025-Q3") == value(shop, period="2025-09-30")
    assert history.previous["2025-10"] == history.value["2025-09"]


def test_the_bundled_shop_with_returns_and_lines_without_a_customer(tmp_path: Path) -> None:
    content = yaml.safe_load((Path(__file__).parents[3] / "params" / "online_retail" / "company.yaml").read_text())
    content["tables"]["orders"]["path"] = str(RETAIL)
    (tmp_path / "company.yaml").write_text(yaml.safe_dump(content | {"gross_margin": 0.4}))
    raw = pd.read_parquet(RETAIL)
    raw = raw.assign(ordered_on=raw.InvoiceDate.dt.normalize(), amount=raw.Quantity * raw.UnitPrice)
    raw = raw[raw.ordered_on <= "2011-09-30"].dropna(subset="CustomerID").rename(columns={"CustomerID": "customer_id"})
    days = raw.groupby(["customer_id", "ordered_on"], as_index=False).amount.agg(["sum", "max"])
    days = days[(days["sum"].round(6) != 0) | (days["max"] <= 0)].rename(columns={"sum": "amount"})
    assert value(open_company(tmp_path / "company.yaml"), period="2011-Q3") == pytest.approx(
        0.4 * by_pandas(days, "2011-09-30"), rel=2e-5
    )


def test_a_slice_is_what_its_own_customers_say(shop: OpenCompany) -> None:
    rows = shop.compute(["customer_lifetime_value"], period="2025-12", by=["segment"]).set_index("segment").value
    for segment, part in ORDERS.groupby("segment"):
        assert rows[segment] == pytest.approx(0.25 * by_pandas(part, "2025-12-31"), rel=2e-5)
        assert value(shop, period="2025-12", where=f"segment = '{segment}'") == pytest.approx(rows[segment], rel=1e-12)


def test_the_margin_is_that_of_the_orders_where_they_carry_a_cost(tmp_path: Path, shop: OpenCompany) -> None:
    cost = np.where(ORDERS.index % 2, ORDERS["amount"] * 0.5, ORDERS["amount"] * 0.9)
    company = open_from(tmp_path, {"orders": ORDERS.assign(cost=cost)})
    margin = 1 - cost.sum() / ORDERS["amount"].sum()
    assert value(company, period="2026-01") == pytest.approx(margin / 0.25 * value(shop, period="2026-01"), rel=1e-9)


def test_it_is_held_against_the_cost_of_acquisition(shop: OpenCompany) -> None:
    first = ORDERS.groupby("customer_id")["ordered_on"].min()
    new = first.between("2025-01-01", "2025-03-31").sum()
    assert new > 20
    assert value(shop, "ltv_to_cac", period="2025-Q1") == pytest.approx(value(shop, period="2025-Q1") / (5000 / new))


def test_sqlite_says_the_same(tmp_path: Path, shop: OpenCompany) -> None:
    kept = ORDERS.assign(ordered_on=ORDERS["ordered_on"].dt.date.astype(str))
    with sqlite3.connect(tmp_path / "kept.sqlite") as connection:
        kept.to_sql("orders", connection, index=False)
    content = {"company": "T", "currency": "EUR", "gross_margin": 0.25, "source": f"sqlite://{tmp_path}/kept.sqlite",
               "tables": {"orders": {"table": "orders"}}}  # fmt: skip
    (tmp_path / "company.yaml").write_text(yaml.safe_dump(content))
    assert value(open_company(tmp_path / "company.yaml"), period="2025-12") == value(shop, period="2025-12")


# --- why there is none


def reasons(company: OpenCompany, period: str, **asked: Any) -> list[str | None]:
    return company.compute(["customer_lifetime_value"], period=period, **asked).reason.tolist()


def test_half_a_year_of_purchases_is_needed(shop: OpenCompany) -> None:
    (short,), (before,) = reasons(shop, "2024-09"), reasons(shop, "2024-06")
    assert says(short, "13 weeks", "26")
    assert says(before, "before the data")


def test_twenty_customers_must_have_come_back(tmp_path: Path) -> None:
    few = ORDERS[ORDERS["customer_id"].isin([f"c{n}" for n in range(15)])]
    company = open_from(tmp_path, {"orders": few}, gross_margin=0.25)
    (reason,) = reasons(company, "2025-12")
    assert says(reason, "came back", "at least 20")


def test_customers_who_are_all_alike_do_not_tell_how_they_differ(tmp_path: Path) -> None:
    days = pd.date_range("2025-01-01", periods=12, freq="30D")
    alike = pd.DataFrame([(f"{c}-{d:%j}", d, c, 10.0 + c % 7) for c in range(60) for d in days],
                         columns=["order_id", "ordered_on", "customer_id", "amount"])  # fmt: skip
    (reason,) = reasons(open_from(tmp_path, {"orders": alike}, gross_margin=0.25), "2025-11")
    assert says(reason, "data do not tell")


def test_without_a_margin_or_the_columns_it_says_so(tmp_path: Path) -> None:
    (without_margin,) = reasons(open_from(tmp_path, {"orders": ORDERS}), "2025-12")
    assert says(without_margin, "gross_margin", "not set")
    both = open_from(tmp_path, {"orders": ORDERS}, gross_margin=0.25)
    assert reasons(both, "2025-12", by=["segment"]) == [None, None]
    plain = open_from(tmp_path, {"leads": pd.DataFrame({"lead_id": [1], "created_on": ["2026-01-01"]})})
    (without_orders,) = reasons(plain, "2026-01")
    assert says(without_orders, "gross_margin", "not set")


# --- where there are contracts


def test_contracts_come_before_purchases() -> None:
    company = shipped_company()
    assert {"orders", "subscriptions"} <= set(company.sources.connected)
    assert shipped().for_tables(company.sources.connected) is shipped()
    frame = company.compute(
        ["customer_lifetime_value", "average_revenue_per_account", "churn_rate"], period="2026-06"
    ).set_index("kpi")
    account, churn = frame.value["average_revenue_per_account"], frame.value["churn_rate"]
    margin = company.config.gross_margin
    assert margin is not None
    assert frame.value["customer_lifetime_value"] == pytest.approx(margin * account / churn)


def test_without_contracts_the_method_is_the_model() -> None:
    catalogue = shipped().for_tables({"orders", "spend"})
    assert catalogue.measures_of("customer_lifetime_value") == (
        "revenue_of_a_new_customer", "gross_profit_to_date", "revenue_to_date",
    )  # fmt: skip
    assert says(catalogue.metric("customer_lifetime_value").note, "BG/NBD", "Gamma-Gamma")
    assert catalogue.measure_in_words("revenue_of_a_new_customer") == (
        "expected sum of amount in orders of a new customer_id in 12 months from the first purchase by ordered_on, "
        "by BG/NBD and Gamma-Gamma"
    )
    assert catalogue.is_modelled("ltv_to_cac") and not shipped().is_modelled("ltv_to_cac")
    assert catalogue.hash == shipped().hash
