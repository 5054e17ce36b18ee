"""Business tasks with expected tables (`prepbench-cases`): questions about customers, answers and agents.

Which cases are taken and which are outside stands in `test_prepbench_sales.py`.
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from support.companies import open_from
from support.published_companies import months, open_at, values
from support.reasons import says

from kpi_analysis.metrics.session import OpenCompany

FRUIT = ("Apricot", "Raspberry", "Pineapple", "Lemon", "Lime")
QUESTIONS = ("Ease of Use", "Ease of Access", "Navigation", "Likelihood to Recommend")


def expected(shared_data: Path, case: str, number: int = 1) -> pd.DataFrame:
    return pd.read_csv(shared_data / f"prepbench-cases/case_{case}/expected/output_0{number}.csv", low_memory=False)


def inputs(shared_data: Path, case: str) -> Path:
    return shared_data / f"prepbench-cases/case_{case}/inputs"


def bank(folder: Path, shared_data: Path, **settings: Any) -> OpenCompany:
    files = inputs(shared_data, "013")
    rows = f"""
        select Date || Account as order_id, Date as ordered_on, Account as customer_id, "Transaction" as amount,
               Balance as cost, case when Balance < -"Max Credit" then 'beyond' else 'within' end as segment
        from read_csv('{files}/input_01.csv') as booked
        left join read_csv('{files}/input_02.csv') as customers using (Account)
    """
    orders = {"table": "orders", "date": "ordered_on"}
    measures = {
        "mean_transaction": {**orders, "agg": "avg(amount)"},
        "mean_balance": {**orders, "agg": "avg(cost)"},
        "below": {**orders, "agg": "count(*)", "where": "cost < 0"},
        "beyond": {**orders, "agg": "count(*)", "where": "segment = 'beyond'"},
    }
    formulas = {
        "transactions": "mean_transaction",
        "balances": "mean_balance",
        "days_below": "below",
        "days_beyond": "beyond",
    }
    return open_at(folder, {"orders": {"sql": rows}}, measures=measures, formulas=formulas, **settings)


def compare_balances(company: OpenCompany, output: pd.DataFrame, *, period: str, last: int) -> None:
    """Compare with an output of columns in the order: transactions, balances, days below, days beyond, and its keys."""
    frame = company.compute(list(output.columns), period=period, last=last, by=["customer_id"])
    frame = frame.assign(number=frame.period.str.extract(r"(\d+)$", expand=False).astype(int))
    found = values(frame, "kpi", "customer_id", "number")
    rounded = {"transactions": 0.501, "balances": 0.00501}
    for kpi in map(str, output.columns):
        assert len(output) == found[kpi].notna().sum()
        theirs = pytest.approx(output[kpi].to_dict(), abs=rounded.get(kpi, 0))
        assert found[kpi][output.index].to_dict() == theirs, kpi


@pytest.mark.parametrize(
    ("number", "period", "last", "key", "columns"),
    [
        (1, "2019-06", 6, "Month", ["Monthly Avg Transactions", "Monthly Avg Balances", "Days Below Zero balance?",
                                    "Days Beyond Max Credit"]),
        (2, "2019-Q2", 2, "Quarter", ["Quartlery Avg Transaction", "Quarterly Avg Balance", "Below Zero balance?",
                                      "Beyond Max Credit"]),
        (3, "2019-W27", 27, "Week", ["Weekly Avg Transactions", "Weekly Avg Balances", "Days Below Zero balance?",
                                     "Days Beyond Max Credit"]),
    ],
)  # fmt: skip
def test_013_balances_of_accounts_by_period(
    number: int, period: str, last: int, key: str, columns: list[str], tmp_path: Path, shared_data: Path
) -> None:
    weeks_begin_on_sunday = {"calendar": {"type": "4-4-5", "year_starts": dt.date(2018, 12, 30), "named_by": "end"}}
    company = bank(tmp_path, shared_data, **(weeks_begin_on_sunday if key == "Week" else {}))
    raw = expected(shared_data, "013", number)
    output = raw.set_index([raw.Account.astype(str), raw[key]])[columns]
    output.columns = ["transactions", "balances", "days_below", "days_beyond"]
    compare_balances(company, output, period=period, last=last)


def test_037_return_rates_by_product_scent_and_month(tmp_path: Path, shared_data: Path) -> None:
    files = [inputs(shared_data, "037") / f"input_0{number}.csv" for number in range(1, 7)]
    raw = pd.concat([pd.read_csv(file).assign(month=f"2019-0{n}-01") for n, file in enumerate(files, start=1)])
    columns = {"produced_on": "month", "units": "1", "defects": "case Return when 'True' then 1 else 0 end"}
    output = expected(shared_data, "037").set_index("Type")
    lines = {"type": '"Product Type"', "scent": f"case when Scent in {FRUIT} then 'Fruit' else 'Non-Fruit' end"}
    frames = []
    for name, line in lines.items():
        (tmp_path / name).mkdir()
        company = open_from(tmp_path / name, {"production": raw}, columns={"production": {**columns, "line": line}})
        frames.append(company.compute(["defect_rate"], period="2019", by=["line"]))
    frames.append(company.compute(["defect_rate"], period="2019").assign(line="All"))
    frames.append(company.compute(["defect_rate"], period="2019-06", last=6).assign(line=lambda t: t.period + "-01"))
    found = {row.line: (row.numerator, row.denominator, row.value * 100) for row in pd.concat(frames).itertuples()}
    assert set(found) == set(output.index)
    for name, (returned, orders, rate) in found.items():
        assert (returned, orders) == tuple(output.loc[name, ["Returned Orders", "Total Orders"]]), name
        assert rate == pytest.approx(output.loc[name, "% Returned"], abs=0.051), name


def test_040_net_promoter_score_of_the_survey(tmp_path: Path, shared_data: Path) -> None:
    columns = {"answered_on": "Timestamp", "score": '"On a scale of 0-10, how would you rate Sudzilla?"'}
    path = str(inputs(shared_data, "040") / "input_02.csv")
    company = open_at(
        tmp_path,
        {"surveys": {"path": path, "columns": columns}},
        formulas={"loved_it": "promoters", "hated_it": "detractors", "answers": "nps_answers"},
    )
    output = expected(shared_data, "040").iloc[0]
    found = values(company.compute(["net_promoter_score", "answers", "loved_it", "hated_it"], period="2019-11"), "kpi")
    assert found["net_promoter_score"] == pytest.approx(output["NPS Score"], abs=0.051)
    assert (found["answers"], found["loved_it"], found["hated_it"]) == (
        output["Total Respondents"], output.Promoter, output.Detractor,
    )  # fmt: skip


def test_158_calls_of_each_agent_and_month(tmp_path: Path, shared_data: Path) -> None:
    files = [inputs(shared_data, "158") / f"input_{number:02}.csv" for number in range(1, 13)]
    raw = pd.concat([pd.read_csv(file).assign(day=f"2021-{n:02}-01") for n, file in enumerate(files, start=1)])
    offered, missed, answered = (
        f'coalesce("Calls {word}", "{word}")' for word in ("Offered", "Not Answered", "Answered")
    )
    lines = {"produced_on": "day", "line": "AgentID", "units": offered, "defects": missed, "good_units": answered}
    sellers = {"active_on": "day", "owner": "AgentID", "calls": answered, "call_hours": '"Total Duration"'}
    raw.to_csv(tmp_path / "calls.csv", index=False)
    company = open_at(
        tmp_path,
        {
            "production": {"path": "calls.csv", "columns": lines},
            "sales_activities": {"path": "calls.csv", "columns": sellers},
        },
        measures={"answered": {"table": "sales_activities", "agg": "sum(calls)", "date": "active_on"}},
        formulas={"mean_duration": "call_hours / answered"},
    )
    output = expected(shared_data, "158").assign(
        period=lambda t: months(pd.to_datetime(t["Month Start Date"], dayfirst=True))
    )
    output = (
        output.assign(id=output.id.astype(str)).set_index(["id", "period"]).dropna(subset="Calls Offered").sort_index()
    )
    missed = company.compute(["defect_rate"], period="2021-12", last=12, by=["line"])
    missed = missed.dropna(subset="value").set_index(["line", "period"]).sort_index()
    assert len(missed) == len(output) > 1000
    assert missed.value.tolist() == pytest.approx(output["Not Answered Rate"].tolist(), abs=0.000501)
    assert missed.numerator.tolist() == output["Calls Not Answered"].tolist()
    duration = company.compute(["mean_duration"], period="2021-12", last=12, by=["owner"])
    duration = duration.dropna(subset="value").set_index(["owner", "period"]).sort_index()
    assert duration.value.tolist() == pytest.approx(output["Agent Avg Duration"].tolist(), abs=0.501)
    silent = company.compute(["defect_rate"], period="2021-01", by=["line"])
    assert (silent.value.isna() == (says(silent.reason, "no units", "inspected"))).all()


def test_160_customers_come_stay_sleep_and_return(tmp_path: Path, shared_data: Path) -> None:
    path = inputs(shared_data, "160") / "input_01.csv"
    years = f"""
        select distinct "Customer ID" as customer_id, make_date(year("Order Date"), 1, 1) as started_on,
               make_date(year("Order Date") + 1, 1, 1) as ended_on, 1 as mrr,
               cast(min(year("Order Date")) over (partition by "Customer ID") as varchar) as plan
        from read_csv('{path}')
    """
    orders = {"order_id": '"Order ID"', "ordered_on": '"Order Date"', "customer_id": '"Customer ID"', "amount": "Sales"}
    company = open_at(
        tmp_path,
        {"subscriptions": {"sql": years}, "orders": {"path": str(path), "columns": orders}},
        formulas={
            "stayed": "accounts_kept",
            "moved": "accounts_at_end - prior(accounts_at_end)",
        },
    )
    output = expected(shared_data, "160")
    classes = output.groupby(["Customer Classification", "Year"])["Customer ID"].nunique()
    kpis = ["new_customers", "mrr_new", "mrr_reactivation", "stayed", "active_accounts"]
    frame = company.compute(kpis, period="2021", last=4)
    found = values(frame.assign(year=frame.period.astype(int)), "kpi", "year")
    assert found["new_customers"].to_dict() == classes["New"].to_dict()
    assert found["mrr_new"].loc[2019:].to_dict() == classes["New"].loc[2019:].to_dict()
    assert found["stayed"].loc[2019:].to_dict() == classes["Consistent"].to_dict()
    assert found["mrr_reactivation"][classes["Returning"].index].to_dict() == classes["Returning"].to_dict()
    asleep = found["new_customers"].cumsum() - found["active_accounts"]
    assert asleep.loc[2019:].to_dict() == classes["Sleeping"].to_dict()

    cohorts = output.groupby(["First Purchase", "Year"])["YoY Difference"].first().dropna()
    frame = company.compute(["moved"], period="2021", last=3, by=["plan"])
    found = values(frame.assign(year=frame.period.astype(int), cohort=frame["plan"].astype(int)), "cohort", "year")
    assert found[cohorts.index].to_dict() == cohorts.to_dict()


def test_209_preferences_are_shares_of_all_customers(tmp_path: Path, shared_data: Path) -> None:
    app = " + ".join(f'"Mobile App - {question}"' for question in QUESTIONS)
    online = " + ".join(f'"Online Interface - {question}"' for question in QUESTIONS)
    difference = f"(({app}) - ({online})) / 4"
    columns = {
        "lead_id": '"Customer ID"',
        "created_on": "'2023-01-01'",
        "segment": f"""
            case when {difference} >= 2 then 'Mobile App Superfan'
                 when {difference} >= 1 then 'Mobile App Fan'
                 when {difference} <= -2 then 'Online Interface Superfan'
                 when {difference} <= -1 then 'Online Interface Fan'
                 else 'Neutral' end
        """,
    }
    path = str(inputs(shared_data, "209") / "input_01.csv")
    company = open_at(
        tmp_path, {"leads": {"path": path, "columns": columns}}, formulas={"share": "leads / whole(leads)"}
    )
    output = expected(shared_data, "209").set_index("Preference")["% of Total"]
    found = values(company.compute(["share"], period="2023", by=["segment"]), "segment")
    assert (found * 100).to_dict() == pytest.approx(output.to_dict(), abs=0.051)
    assert found.sum() == pytest.approx(1)
