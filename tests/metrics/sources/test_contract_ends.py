"""Which day `ended_on` is: told by the company file, by the changes of plan, or by nothing."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pandas as pd
import pytest
from support.companies import open_from

from kpi_analysis.core.errors import ConfigError
from kpi_analysis.metrics.session import OpenCompany, open_company
from kpi_analysis.metrics.sources.contract_ends import ContractEnds, PlanChanges, contract_end_findings, reading_of

HEAD = "customer_id,started_on,ended_on,mrr,plan\n"
LEAVER = "z,2026-01-01,2026-06-30,40,basic\n"
DAY = dt.date(2026, 7, 1)


def changes(customers: str, ended: str, begun: str) -> str:
    return "".join(f"{one},2026-01-01,{ended},10,basic\n{one},{begun},,20,pro\n" for one in customers)


def company_with(folder: Path, rows: str) -> OpenCompany:
    return open_from(folder, {"subscriptions": HEAD + "old,2025-12-31,,1,basic\n" + rows})


def reading(company: OpenCompany, as_of: str | None = None) -> ContractEnds:
    found = company.contract_ends(None if as_of is None else dt.date.fromisoformat(as_of))
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("rows", "ends", "told_by", "churned"),
    [
        (changes("abc", "2026-06-30", "2026-07-01"), "inclusive", "data", [0, 40]),
        (changes("abc", "2026-07-01", "2026-07-01"), "exclusive", "data", [40, 0]),
        (changes("a", "2026-06-30", "2026-07-01"), "inclusive", "data", [0, 40]),
        (changes("abc", "2026-06-30", "2026-07-02"), "exclusive", "default", [70, 0]),
        (changes("ab", "2026-06-30", "2026-07-01") + changes("cd", "2026-07-01", "2026-07-01"), "exclusive", "default",
         [40, 0]),
        (changes("abc", "2026-06-30", "2026-07-01") + changes("d", "2026-07-01", "2026-07-01"), "inclusive", "data",
         [0, 40]),
    ],
    ids=["next day", "same day", "once", "a gap of two days", "half and half", "three of four"],
)  # fmt: skip
def test_changes_of_plan_tell_on_which_day_a_customer_has_left(
    tmp_path: Path, rows: str, ends: str, told_by: str, churned: list[float]
) -> None:
    company = company_with(tmp_path, rows + LEAVER)
    assert (reading(company).ends, reading(company).told_by) == (ends, told_by)
    frame = company.compute(["mrr_churned"], period="2026-Q3", last=2, as_of="2026-09-30")
    assert frame.value.tolist() == churned


@pytest.mark.parametrize(("said", "churned"), [("inclusive", [0, 40]), ("exclusive", [40, 0])])
@pytest.mark.parametrize("begun", ["2026-06-30", "2026-07-01"])
def test_the_company_file_counts_more_than_the_data_and_no_change_of_plan_is_a_loss(
    tmp_path: Path, said: str, churned: list[float], begun: str
) -> None:
    company_with(tmp_path, changes("abc", "2026-06-30", begun) + LEAVER)
    file = tmp_path / "company.yaml"
    text = file.read_text(encoding="utf-8").replace(
        "path: subscriptions.csv", f"path: subscriptions.csv\n    ends: {said}"
    )
    file.write_text(text, encoding="utf-8")
    company = open_company(file)
    frame = company.compute(["mrr_churned", "monthly_recurring_revenue"], period="2026-Q3", last=2, as_of="2026-09-30")
    assert frame.value.tolist()[:2] == churned
    assert frame.value.tolist()[3] == 61
    days = company.compute(["monthly_recurring_revenue"], period="2026-07-02", last=4, as_of="2026-09-30").value
    paid = [31 + 40, 31 if begun == "2026-07-01" else 61, 61, 61]
    paid[1] += 40 if said == "inclusive" else 0
    assert days.tolist() == paid, "nothing is paid twice on the day of the change, and nothing is missing"


def test_a_company_file_that_the_data_contradict_is_warned_of(tmp_path: Path) -> None:
    company = company_with(tmp_path, changes("abcd", "2026-06-30", "2026-07-01"))
    assert not [one for one in company.check() if one.subject.endswith("ended_on")]
    company.config.tables["subscriptions"].__dict__["ends"] = "exclusive"
    (found,) = (one for one in company.check() if one.subject.endswith("ended_on"))
    assert "ends: exclusive" in found.message and "told by 4 of 4 changes of plan" in found.message
    assert "ends: inclusive" in found.remedy


def test_contracts_that_tell_nothing_are_said_to_be_read_by_default_and_are_no_finding(tmp_path: Path) -> None:
    company = company_with(tmp_path, LEAVER)
    assert company.readings() == [
        "subscriptions: ended_on is the first day without the contract, by default: no change of plan tells it."
    ]
    assert contract_end_findings(reading(company)) == []


def test_contracts_without_ends_have_no_reading(tmp_path: Path) -> None:
    company = open_from(tmp_path, {"subscriptions": "customer_id,started_on,mrr\na,2026-01-01,5\n"})
    assert company.contract_ends() is None
    assert company.readings() == []


@pytest.mark.parametrize("day", pd.date_range("2026-06-28", "2026-07-04").strftime("%Y-%m-%d"))
@pytest.mark.parametrize("ended", ["2026-06-30", "2026-07-01"])
def test_plans_that_begin_later_are_not_known_on_a_day(tmp_path: Path, day: str, ended: str) -> None:
    rows = changes("ab", ended, "2026-07-01") + changes("c", "2026-03-01", "2026-03-01") + LEAVER
    (tmp_path / "cut").mkdir()
    later = company_with(tmp_path, rows)
    lines = [line.split(",") for line in rows.splitlines()]
    kept = [[*one[:2], "" if one[2] > day else one[2], *one[3:]] for one in lines if one[1] <= day]
    then = company_with(tmp_path / "cut", "".join(",".join(one) + "\n" for one in kept))
    kpis = ["monthly_recurring_revenue", "mrr_churned", "mrr_expansion", "mrr_new", "active_accounts"]
    asked = {"period": day, "grain": "month", "by": ["plan"], "as_of": day}
    asked["period"] = day[:7]
    del asked["grain"]
    pd.testing.assert_frame_equal(later.compute(kpis, **asked), then.compute(kpis, **asked))


def test_a_contract_of_one_day_is_one_day_where_the_last_day_is_counted(tmp_path: Path) -> None:
    company = company_with(tmp_path, "a,2026-05-05,2026-05-05,10,basic\n")
    kpi = ["monthly_recurring_revenue"]
    asked = {"period": "2026-05-06", "last": 3, "as_of": "2026-06-30"}
    assert company.compute(kpi, **asked).value.tolist() == [1, 1, 1]
    company.config.tables["subscriptions"].__dict__["ends"] = "inclusive"
    assert company.compute(kpi, **asked).value.tolist() == [1, 11, 1]


def test_ends_of_another_table_are_refused(tmp_path: Path) -> None:
    (tmp_path / "company.yaml").write_text("company: T\ntables:\n  leads: {path: l.csv, ends: inclusive}\n")
    with pytest.raises(ConfigError, match="'ends' says what ended_on of subscriptions means"):
        open_company(tmp_path / "company.yaml")


def test_three_of_four_changes_are_a_clear_majority_and_fewer_are_none() -> None:
    assert reading_of(PlanChanges({DAY: 1}, {DAY: 3}), DAY).ends == "inclusive"
    assert reading_of(PlanChanges({DAY: 10}, {DAY: 29}), DAY).told_by == "default"
    assert reading_of(PlanChanges({DAY: 3}, {DAY: 1}), DAY).told_by == "data"
    assert reading_of(PlanChanges({DAY: 29}, {DAY: 10}), DAY).told_by == "default"
    assert reading_of(PlanChanges({}, {DAY: 3}), DAY - dt.timedelta(days=1)).told_by == "default", "not yet known"


def test_a_contract_of_one_day_tells_by_what_follows_it_and_never_by_itself(tmp_path: Path) -> None:
    (tmp_path / "followed").mkdir()
    alone = company_with(tmp_path, "a,2026-05-05,2026-05-05,10,basic\n")
    assert reading(alone).told_by == "default"
    followed = company_with(tmp_path / "followed", "a,2026-05-05,2026-05-05,10,basic\na,2026-05-06,,10,pro\n")
    assert (reading(followed).ends, reading(followed).told_by) == ("inclusive", "data")


def test_a_plan_that_is_followed_on_both_days_is_paid_once(tmp_path: Path) -> None:
    rows = "a,2026-01-01,2026-07-01,10,basic\na,2026-07-01,,20,pro\na,2026-07-02,,5,pro\n"
    company = company_with(tmp_path, rows + changes("b", "2026-06-30", "2026-07-01"))
    assert reading(company).told_by == "default" and reading(company).is_mixed
    days = company.compute(["monthly_recurring_revenue"], period="2026-07-02", last=3, as_of="2026-07-31")
    assert days.value.tolist() == [1 + 10 + 10, 1 + 20 + 20, 1 + 25 + 20]
