"""The demo company: the same bytes at every run, tables that agree with each other, and facts that can be found."""

from __future__ import annotations

import gzip
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from kpi_analysis.core.schema import TABLES
from kpi_analysis.demo import PLANTED, PlantedFact, generate, write
from kpi_analysis.demo.files import file_contents
from kpi_analysis.metrics.catalogue import shipped

SHIPPED = Path(__file__).resolve().parent.parent / "data" / "demo"
FIRST, LAST = pd.Timestamp("2024-01-01"), pd.Timestamp("2026-09-30 23:59")
MOST_BYTES = 6_000_000

# What was open when the data begin carries the day on which it truly began.
BEGINS_BEFORE = {
    "opportunities": ["created_on"],
    "customers": ["acquired_on"],
    "subscriptions": ["started_on"],
    "invoices": ["issued_on", "due_on"],
    "employees": ["hired_on"],
    "vacancies": ["opened_on"],
}
ENDS_AFTER = {"invoices": ["due_on"]}

Tables = dict[str, pd.DataFrame]


@pytest.fixture(scope="module")
def tables() -> Tables:
    return generate()


def planted(name: str) -> PlantedFact:
    return next(fact for fact in PLANTED if fact.name == name)


def within(dates: pd.Series, fact: PlantedFact) -> pd.Series:
    return dates.between(pd.Timestamp(fact.first), pd.Timestamp(fact.last))


def cents(amounts: pd.Series) -> pd.Series:
    return (amounts * 100).round().astype("int64")


def month(dates: pd.Series) -> pd.Series:
    return dates.dt.strftime("%Y-%m")


def account(tables: Tables, name: str) -> pd.Series:
    rows = tables["ledger"][tables["ledger"]["account"] == name]
    return cents(rows["amount"]).set_axis(month(rows["booked_on"]))


# --- the files


def unpacked(path: Path) -> bytes:
    return gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()


def test_the_shipped_files_are_what_the_generator_makes(tables: Tables) -> None:
    made = file_contents(tables)
    shipped_files = {path.name: unpacked(path) for path in SHIPPED.iterdir()}
    assert sorted(made) == sorted(shipped_files)
    changed = [name for name in made if made[name] != shipped_files[name]]
    assert changed == [], "write them again: python -m kpi_analysis.demo"


def test_writing_twice_gives_the_same_bytes(tmp_path: Path) -> None:
    first, second = write(tmp_path / "one"), write(tmp_path / "two")
    assert [path.name for path in first] == [path.name for path in second]
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]


def test_compressed_files_carry_neither_time_nor_name() -> None:
    heads = {path.name: path.read_bytes()[3:8] for path in SHIPPED.glob("*.gz")}
    assert heads
    assert {name for name, head in heads.items() if head != bytes(5)} == set()


def test_the_files_are_small_enough_to_ship() -> None:
    assert sum(len(unpacked(path)) for path in SHIPPED.glob("*.csv*")) < MOST_BYTES


def test_the_command_writes_into_the_folder_named(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "kpi_analysis.demo", str(tmp_path / "out")], capture_output=True, text=True, check=True
    )
    assert len(done.stdout.splitlines()) == len(TABLES) + 1
    assert {path.name for path in (tmp_path / "out").iterdir()} == {path.name for path in SHIPPED.iterdir()}


def test_the_generator_loads_no_queries_and_no_plots() -> None:
    script = "import sys, kpi_analysis.demo; print(sorted({'ibis', 'matplotlib', 'scipy'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_files_read_back_as_they_were_made(tables: Tables) -> None:
    for name, made in tables.items():
        (path,) = SHIPPED.glob(f"{name}.csv*")
        read = pd.read_csv(path)
        assert list(read) == list(made)
        assert len(read) == len(made)
        for column in made.select_dtypes("number"):
            assert np.array_equal(read[column].to_numpy(float), made[column].to_numpy(float, na_value=np.nan), True)


# --- the schema


def test_all_tables_are_there_with_canonical_columns_only(tables: Tables) -> None:
    assert list(tables) == list(TABLES)
    for name, table in tables.items():
        assert set(table) <= set(TABLES[name].columns), name
        required = [column.name for column in TABLES[name].columns.values() if column.required]
        assert set(required) <= set(table), name
        assert not table[required].isna().any().any(), name


@pytest.mark.parametrize("name", [name for name, table in TABLES.items() if table.key])
def test_keys_stand_once(tables: Tables, name: str) -> None:
    assert tables[name][TABLES[name].key].is_unique


@pytest.mark.parametrize("name", TABLES)
def test_values_are_possible(tables: Tables, name: str) -> None:
    table = tables[name]
    for column in TABLES[name].columns.values():
        if column.name in table and column.minimum is not None:
            assert (table[column.name].dropna() >= column.minimum).all(), column.name
        if column.name in table and column.values:
            assert set(table[column.name].dropna()) <= set(column.values), column.name
    for earlier, later in TABLES[name].order:
        assert not (table[later] < table[earlier]).any(), later


@pytest.mark.parametrize("name", TABLES)
def test_dates_lie_inside_the_three_years(tables: Tables, name: str) -> None:
    for column in TABLES[name].columns.values():
        if column.kind in ("date", "timestamp") and column.name in tables[name]:
            days = tables[name][column.name].dropna()
            if column.name not in BEGINS_BEFORE.get(name, []):
                assert days.min() >= FIRST, column.name
            if column.name not in ENDS_AFTER.get(name, []):
                assert days.max() <= LAST, column.name


def test_what_began_before_was_still_open_when_the_data_begin(tables: Tables) -> None:
    opportunities, invoices, vacancies = tables["opportunities"], tables["invoices"], tables["vacancies"]
    assert (opportunities["closed_on"].dropna() >= FIRST).all()
    assert (invoices["paid_on"].dropna() >= FIRST).all()
    assert (vacancies["filled_on"].dropna() >= FIRST).all()
    assert opportunities["created_on"].min() >= pd.Timestamp("2023-10-10")
    assert tables["subscriptions"]["started_on"].min() == pd.Timestamp("2023-12-31")


def test_the_last_quarter_is_complete_in_every_daily_table(tables: Tables) -> None:
    for name in ("spend", "leads", "orders", "web_traffic", "social", "tickets", "surveys", "production"):
        assert tables[name][TABLES[name].date].max() >= pd.Timestamp("2026-09-29"), name


# --- what belongs together


def test_every_lead_and_customer_that_is_named_is_known(tables: Tables) -> None:
    customers, leads = set(tables["customers"]["customer_id"]), set(tables["leads"]["lead_id"])
    for name in ("leads", "opportunities", "orders", "subscriptions", "invoices", "surveys"):
        assert set(tables[name]["customer_id"].dropna()) <= customers, name
    assert set(tables["opportunities"]["lead_id"].dropna()) <= leads
    paths = tables["touchpoints"]["path_id"]
    assert set("L" + paths[paths.str.startswith("P")].str[1:]) <= leads


def test_a_lead_names_its_customer_if_and_only_if_it_bought(tables: Tables) -> None:
    won = tables["opportunities"].query("outcome == 'won' and lead_id.notna()")
    named = tables["leads"].dropna(subset=["customer_id"])
    assert dict(zip(named["lead_id"], named["customer_id"], strict=True)) == dict(
        zip(won["lead_id"], won["customer_id"], strict=True)
    )
    others = tables["opportunities"].query("outcome != 'won'")
    assert others["customer_id"].isna().all()


def test_a_won_deal_is_the_first_order_and_the_acquisition_of_its_customer(tables: Tables) -> None:
    won = tables["opportunities"].query("outcome == 'won'").set_index("customer_id")
    assert won.index.is_unique
    orders = tables["orders"]
    first = orders.groupby("customer_id")["ordered_on"].min()
    customers = tables["customers"].set_index("customer_id")
    new = customers[customers["acquired_on"] >= FIRST]
    assert set(new.index) == set(won.index)
    assert (new["acquired_on"] == first.reindex(new.index)).all()
    assert (new["acquired_on"] == won["closed_on"].reindex(new.index)).all()
    opening = orders[(orders["ordered_on"] == orders["customer_id"].map(first)) & (orders["amount"] > 0)]
    paid = opening.groupby("customer_id")["amount"].sum().reindex(won.index)
    assert (cents(paid) == cents(won["amount"])).all()
    older = customers[customers["acquired_on"] < FIRST].index
    assert (first.reindex(older).dropna() < pd.Timestamp("2024-02-01")).all()


def test_the_funnel_narrows_in_every_quarter(tables: Tables) -> None:
    leads = tables["leads"].merge(tables["opportunities"][["lead_id", "outcome"]], on="lead_id", how="left")
    steps = pd.DataFrame(
        {
            "leads": leads["lead_id"].notna(),
            "mql": leads["mql_on"].notna(),
            "sql": leads["sql_on"].notna(),
            "opportunity": leads["outcome"].notna(),
            "won": leads["outcome"] == "won",
        }
    )
    nested = steps.astype(int).diff(axis=1).iloc[:, 1:]
    assert (nested <= 0).all().all()
    by_quarter = steps.groupby(leads["created_on"].dt.to_period("Q")).sum()
    assert len(by_quarter) == 11
    assert (by_quarter["won"] > 0).all()


def test_steps_follow_each_other_in_time(tables: Tables) -> None:
    chain = tables["opportunities"].merge(tables["leads"], on="lead_id", suffixes=("", "_lead"))
    for earlier, later in [("created_on_lead", "mql_on"), ("mql_on", "sql_on"), ("sql_on", "created_on")]:
        assert (chain[earlier] <= chain[later]).all()
    assert (chain["channel"] == chain["channel_lead"]).all()
    assert (chain["region"] == chain["region_lead"]).all()
    assert (tables["opportunities"]["closed_on"].isna() == (tables["opportunities"]["outcome"] == "open")).all()


def test_the_ledger_agrees_with_orders_and_invoices_to_the_cent(tables: Tables) -> None:
    orders, invoices = tables["orders"], tables["invoices"]
    assert (
        account(tables, "revenue").to_dict()
        == cents(orders["amount"]).groupby(month(orders["ordered_on"])).sum().to_dict()
    )
    assert (
        account(tables, "cogs").to_dict() == cents(orders["cost"]).groupby(month(orders["ordered_on"])).sum().to_dict()
    )
    for end, owed in account(tables, "receivables").items():
        day = pd.Period(str(end), "M").end_time
        unpaid = (invoices["issued_on"] <= day) & ~(invoices["paid_on"] <= day)
        assert cents(invoices.loc[unpaid, "amount"]).sum() == owed
    current = account(tables, "cash") + account(tables, "receivables") + account(tables, "inventory")
    assert current.equals(account(tables, "current_assets"))


def test_the_cash_book_adds_up(tables: Tables) -> None:
    names = ["operating_cash_flow", "capex", "investment_gain", "investment_cost", "dividends", "cash"]
    flow, capex, gain, cost, dividends, cash = (account(tables, name) for name in names)
    assert (cash.diff().dropna() == (flow - capex + gain - cost - dividends).iloc[1:]).all()
    assert (cash > 0).all()
    names = ["revenue", "cogs", "operating_expense", "interest", "tax", "receivables", "inventory", "payables"]
    revenue, cogs, expense, interest, tax, receivables, inventory, payables = (account(tables, name) for name in names)
    tied_up = (receivables + inventory - payables).diff()
    assert (flow == revenue - cogs - expense - interest - tax - tied_up).iloc[1:].all()


def test_operating_expense_covers_marketing_and_salaries(tables: Tables) -> None:
    spend = tables["spend"]
    spent = cents(spend["amount"]).groupby(month(spend["spent_on"])).sum()
    assert (account(tables, "operating_expense") > spent + 84 * 4_000_00).all()


def test_every_order_has_one_invoice_of_its_amount(tables: Tables) -> None:
    orders, invoices = tables["orders"], tables["invoices"]
    refund = orders["amount"] < 0
    ordered = cents(orders["amount"]).groupby([orders["customer_id"], orders["ordered_on"], refund]).sum()
    invoiced = invoices[invoices["issued_on"] >= FIRST]
    sent = (
        cents(invoiced["amount"])
        .groupby([invoiced["customer_id"], invoiced["issued_on"], invoiced["amount"] < 0])
        .sum()
    )
    assert sorted(ordered.items()) == sorted(sent.items())
    assert (invoices["paid_amount"].isna() == invoices["paid_on"].isna()).all()
    late = (invoices["paid_on"] > invoices["due_on"]).mean()
    assert 0.15 < late < 0.4


def test_contract_intervals_of_a_customer_never_overlap(tables: Tables) -> None:
    rows = tables["subscriptions"].sort_values(["customer_id", "started_on"])
    assert (rows["ended_on"].dropna() > rows.loc[rows["ended_on"].notna(), "started_on"]).all()
    same = rows["customer_id"].eq(rows["customer_id"].shift())
    assert (rows["started_on"] >= rows["ended_on"].shift())[same].all()
    gap = (rows["started_on"] - rows["ended_on"].shift()).dt.days[same]
    assert (gap == 0).sum() > 100, "changes of what an account pays"
    assert (gap > 30).sum() > 20, "accounts that came back"
    acquired = rows["customer_id"].map(tables["customers"].set_index("customer_id")["acquired_on"])
    assert (rows["started_on"] > acquired).all()


def test_the_paths_end_where_deals_were_won(tables: Tables) -> None:
    touches, won = tables["touchpoints"], tables["opportunities"].query("outcome == 'won'")
    assert touches["touched_at"].is_monotonic_increasing
    ends = touches[touches["converted"]]
    assert ends["path_id"].is_unique
    assert ends["value"].notna().all()
    assert touches.loc[~touches["converted"], "value"].isna().all()
    last = touches.groupby("path_id")["touched_at"].max()
    assert (ends.set_index("path_id")["touched_at"] == last.reindex(ends["path_id"])).all()
    values = ends.set_index("path_id")["value"]
    by_lead = won.dropna(subset=["lead_id"]).set_index("P" + won["lead_id"].dropna().str[1:])["amount"]
    assert (cents(values.reindex(by_lead.index)) == cents(by_lead)).all()


def test_sellers_of_activities_are_the_owners_of_opportunities(tables: Tables) -> None:
    assert set(tables["sales_activities"]["owner"]) == set(tables["opportunities"]["owner"])


def test_about_two_per_cent_of_orders_have_no_channel(tables: Tables) -> None:
    orders = tables["orders"].groupby("order_id")["channel"]
    assert 0.015 < (orders.count() == 0).mean() < 0.025
    assert (orders.nunique() <= 1).all()


def test_units_are_good_or_defective(tables: Tables) -> None:
    lines = tables["production"]
    assert (lines["good_units"] + lines["defects"] == lines["units"]).all()
    assert (lines["on_time_units"] <= lines["units"]).all()


# --- season


def test_orders_and_visits_have_their_season_and_their_week(tables: Tables) -> None:
    orders = tables["orders"].query("amount > 0 and ordered_on < '2026-01-01'")
    by_month = orders.groupby(orders["ordered_on"].dt.month)["order_id"].nunique()
    assert by_month[[3, 4, 5]].mean() > 1.1 * by_month[[1, 2]].mean()
    visits = tables["web_traffic"].groupby("visited_on")["visitors"].sum()
    weekend = visits.index.day_of_week >= 5
    assert visits[weekend].mean() < 0.75 * visits[~weekend].mean()
    assert orders["ordered_on"].dt.day_of_week.ge(5).mean() < 0.18


def test_visitors_drive_leads(tables: Tables) -> None:
    visits = tables["web_traffic"].groupby("visited_on")["visitors"].sum().resample("W").sum()
    leads = tables["leads"].groupby("created_on").size().resample("W").sum()
    assert visits.corr(leads) > 0.7


# --- what is planted


def test_planted_facts_name_known_kpis_and_lie_in_the_data() -> None:
    known = set(shipped().metrics)
    assert {kpi for fact in PLANTED for kpi in fact.kpis} <= known
    assert len({fact.name for fact in PLANTED}) == len(PLANTED)
    for fact in PLANTED:
        assert FIRST.date() <= fact.first <= fact.last <= LAST.date()


def test_prices_rose_by_eight_per_cent(tables: Tables) -> None:
    fact = planted("price change")
    lines = tables["orders"].query("amount > 0")
    price = lines["amount"] / lines["quantity"]
    after = within(lines["ordered_on"], fact)
    top = price.groupby([lines["product"], after]).max().unstack()
    assert np.allclose(top[True] / top[False], 1 + fact.size, atol=0.001)
    mean = price.groupby([lines["product"], after]).mean().unstack()
    assert ((mean[True] / mean[False] - 1).between(0.06, 0.10)).all()


def cost_per_lead_of_paid_social(tables: Tables, first: str, last: str) -> float:
    spend, leads = tables["spend"].query("channel == 'Paid social'"), tables["leads"].query("channel == 'Paid social'")
    return float(
        spend.loc[spend["spent_on"].between(first, last), "amount"].sum()
        / leads["created_on"].between(first, last).sum()
    )


def times_dearer_while_broken(tables: Tables) -> float:
    before = cost_per_lead_of_paid_social(tables, "2026-05-25", "2026-07-05")
    return cost_per_lead_of_paid_social(tables, "2026-07-06", "2026-08-16") / before


def test_the_broken_campaign_doubled_the_cost_of_its_leads(tables: Tables) -> None:
    fact = planted("broken campaign")
    assert times_dearer_while_broken(tables) == pytest.approx(fact.size, rel=0.2)
    spend, leads = tables["spend"].query("channel == 'Paid social'"), tables["leads"].query("channel == 'Paid social'")
    broken = within(spend["spent_on"], fact), within(leads["created_on"], fact)
    campaign = leads[broken[1]]["campaign"].value_counts()
    assert campaign["Summer tour"] < 0.2 * campaign["Come back"]
    spent = spend[broken[0]].groupby("campaign")["amount"].sum()
    assert spent["Summer tour"] > spent["Come back"]


def test_the_plan_basic_lost_many_accounts_in_one_month(tables: Tables) -> None:
    fact = planted("churn wave")
    rows = tables["subscriptions"]
    changed = set(zip(rows["customer_id"], rows["started_on"], strict=True))
    ends = rows.dropna(subset=["ended_on"])
    left = ends[[pair not in changed for pair in zip(ends["customer_id"], ends["ended_on"], strict=True)]]
    basic = left[left["plan"] == fact.at("plan")]
    by_month = basic.groupby(month(basic["ended_on"])).size()
    there = ((rows["plan"] == "Basic") & (rows["started_on"] < "2025-11-01") & ~(rows["ended_on"] < "2025-11-01")).sum()
    assert by_month["2025-11"] / there == pytest.approx(fact.size, rel=0.2)
    assert by_month["2025-11"] > 5 * by_month.drop("2025-11").max()


def test_one_large_order_was_taken_back_wholly(tables: Tables) -> None:
    fact = planted("large refund")
    orders = tables["orders"]
    (refund,) = orders[(orders["ordered_on"] == pd.Timestamp(fact.first)) & (orders["amount"] < -100_000)].itertuples()
    assert -refund.amount == fact.size
    assert refund.customer_id == fact.at("customer_id")
    bought = orders[(orders["order_id"] == refund.order_id) & (orders["product"] == refund.product)]
    assert bought["amount"].sum() == 0
    assert bought["ordered_on"].min() == pd.Timestamp("2026-05-20")
    assert orders["amount"].nsmallest(2).iloc[1] > -40_000


def test_five_days_of_traffic_are_missing_and_no_other(tables: Tables) -> None:
    fact = planted("missing days")
    there = tables["web_traffic"]["visited_on"].unique()
    missing = pd.date_range(FIRST, LAST.normalize()).difference(pd.DatetimeIndex(there))
    assert list(missing) == list(pd.date_range(fact.first, fact.last))
    assert len(missing) == fact.size
    assert tables["leads"]["created_on"].isin(missing).sum() > 50


def test_one_order_is_far_larger_than_all_others(tables: Tables) -> None:
    fact = planted("exceptional order")
    orders = tables["orders"].groupby("order_id").agg({"amount": "sum", "ordered_on": "min", "customer_id": "first"})
    top = orders.sort_values("amount", ascending=False)
    assert top["customer_id"].iloc[0] == fact.at("customer_id")
    assert top["ordered_on"].iloc[0] == pd.Timestamp(fact.first)
    assert top["amount"].iloc[0] == pytest.approx(fact.size, rel=0.01)
    positive = tables["orders"].query("amount > 0")["amount"].sort_values(ascending=False)
    assert positive.iloc[0] > 1.9 * positive.iloc[1]


def test_defects_of_one_line_tripled_for_a_month(tables: Tables) -> None:
    fact = planted("quality problem")
    lines = tables["production"]
    sums = lines.groupby(["line", month(lines["produced_on"])])[["defects", "units"]].sum()
    rate = (sums["defects"] / sums["units"]).unstack("line")
    wheels = rate[fact.at("line")]
    assert wheels["2026-08"] / wheels.drop("2026-08").mean() == pytest.approx(fact.size, rel=0.15)
    assert wheels["2026-08"] > 1.8 * wheels.drop("2026-08").max()
    assert rate.loc["2026-08"].drop(fact.at("line")).max() < 0.035


def test_amer_wins_less_since_january(tables: Tables) -> None:
    fact = planted("win rate of AMER")
    closed = tables["opportunities"].query("outcome != 'open'")
    won = closed["outcome"].eq("won").groupby([closed["region"], within(closed["closed_on"], fact)])
    rate, count = won.mean().unstack(), won.count().unstack()
    change = rate[True] - rate[False]
    assert change["AMER"] == pytest.approx(fact.size, abs=0.05)
    error = np.sqrt((rate * (1 - rate) / count).sum(axis=1))
    assert change["AMER"] / error["AMER"] < -3
    assert (change.drop("AMER") > -0.04).all()


def test_one_customer_is_twelve_per_cent_of_the_revenue_of_2026(tables: Tables) -> None:
    fact = planted("key account")
    orders = tables["orders"]
    share = orders.groupby([within(orders["ordered_on"], fact), "customer_id"])["amount"].sum()
    share /= share.groupby(level=0).transform("sum")
    assert share[True].nlargest(1).index[0] == fact.at("customer_id")
    assert share[True].max() == pytest.approx(fact.size, abs=0.004)
    assert share[True].nlargest(2).iloc[1] < 0.05
    assert share[False][fact.at("customer_id")] < 0.08


@pytest.mark.parametrize("seed", [1, 7])
def test_another_seed_keeps_the_planted_facts(seed: int) -> None:
    tables = generate(seed)
    assert not tables["leads"]["created_on"].equals(generate()["leads"]["created_on"])
    test_prices_rose_by_eight_per_cent(tables)
    assert times_dearer_while_broken(tables) > 1.7
    test_the_plan_basic_lost_many_accounts_in_one_month(tables)
    test_amer_wins_less_since_january(tables)
    test_one_large_order_was_taken_back_wholly(tables)
    test_five_days_of_traffic_are_missing_and_no_other(tables)
    test_one_order_is_far_larger_than_all_others(tables)
    test_defects_of_one_line_tripled_for_a_month(tables)
    test_one_customer_is_twelve_per_cent_of_the_revenue_of_2026(tables)
    test_the_ledger_agrees_with_orders_and_invoices_to_the_cent(tables)
