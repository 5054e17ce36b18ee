"""Each limit of the schema is found where a row breaks it, and nowhere else."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.companies import open_from
from support.reasons import says

from kpi_analysis.core.errors import DataError, DataFinding

DEAL, STAFF = "opportunity_id,created_on,closed_on,outcome,amount\n", "employee_id,hired_on,left_on,left_voluntarily\n"
ANSWER, BILL = "answered_on,score,kind\n", "invoice_id,issued_on,amount,paid_on,paid_amount\n"
MADE = "produced_on,units,good_units,on_time_units,defects\n"
AD, BOOKED = "spent_on,amount,impressions,clicks,reach\n", "booked_on,account,amount\n"
BROKEN = [
    ("surveys", ANSWER + "2026-01-01,11,nps\n", "error", "1 value is above 10: '11' in row 2"),
    ("surveys", "answered_on,score\n2026-01-01,11\n", "error", "1 value is above 10"),
    ("surveys", ANSWER + "2026-01-01,6,csat\n", "error", "1 value is above 5: '6' in row 2"),
    ("surveys", ANSWER + "2026-01-01,0,csat\n2026-01-01,0,nps\n", "error", "1 value is below 1: '0' in row 2"),
    ("tickets", "ticket_id,opened_on,csat\n1,2026-01-01 10:00,7\n", "error", "above 5: '7' in row 2"),
    ("production", MADE + "2026-01-01,10,11,1,1\n", "error", "1 row has more good units than units: '11' in row 2"),
    ("production", MADE + "2026-01-01,10,1,11,1\n", "error", "1 row has more units on time than units"),
    ("production", MADE + "2026-01-01,10,1,1,11\n", "warning", "1 row has more defects than units"),
    ("spend", AD + "2026-01-01,5,10,11,2\n", "warning", "more clicks than impressions: '11' in row 2"),
    ("spend", AD + "2026-01-01,5,10,1,12\n", "warning", "more reach than impressions"),
    ("invoices", BILL + "1,2026-01-01,100,2026-01-05,130\n", "warning", "is paid above the amount"),
    ("invoices", BILL + "1,2026-01-01,100,,40\n2,2026-01-01,9,2026-01-02,9\n", "warning", "paid_amount and no paid_on"),
    ("invoices", BILL + "1,2026-01-01,70,2026-01-05,\n2,2026-01-01,9,2026-01-02,9\n", "warning", "(70 EUR in all)"),
    ("orders", "order_id,ordered_on,customer_id,amount,cost\n1,2026-01-01,a,9,-4\n", "warning", "a negative cost"),
    ("ledger", BOOKED + "2026-01-31,inventory,-5\n", "warning", "negative receivables or inventory"),
    ("opportunities", DEAL + "1,2026-01-01,,won,400\n2,2026-01-01,2026-01-02,won,1\n", "warning", "(400 EUR in all)"),
    ("opportunities", DEAL + "1,2026-01-01,,lost,400\n", "warning", "1 row is lost and has no closed_on"),
    ("opportunities", DEAL + "1,2026-01-01,2026-01-02,won,\n2,2026-01-01,,open,7\n", "warning", "and has no amount"),
    ("employees", STAFF + "1,2026-01-01,,true\n2,2026-01-01,2026-02-01,true\n", "warning", "has no left_on"),
    ("employees", STAFF + "1,2026-01-01,2026-02-01,\n2,2026-01-01,,false\n", "warning", "no left_voluntarily"),
]  # fmt: skip
SOUND = [
    ("surveys", ANSWER + "2026-01-01,10,nps\n2026-01-01,0,nps\n2026-01-01,5,csat\n2026-01-01,1,csat\n"),
    ("production", MADE + "2026-01-01,10,10,10,10\n"),
    ("spend", AD + "2026-01-01,5,10,10,10\n2026-01-02,5,,3,\n"),
    ("invoices", BILL + "1,2026-01-01,100,2026-01-05,100\n2,2026-01-01,-50,,0\n3,2026-01-01,9,,\n"),
    ("orders", "order_id,ordered_on,customer_id,amount,cost\n1,2026-01-01,a,9,4\n2,2026-01-01,a,-9,-4\n"),
    ("ledger", BOOKED + "2026-01-31,revenue,-5\n"),
    ("opportunities", DEAL + "1,2026-01-01,,open,400\n2,2026-01-01,2026-01-02,won,1\n3,2026-01-01,2026-01-02,lost,\n"),
    ("employees", STAFF + "1,2026-01-01,,false\n2,2026-01-01,2026-02-01,true\n"),
]


def findings(folder: Path, table: str, text: str, **settings: object) -> list[DataFinding]:
    return open_from(folder, {table: text}, **settings).check()


@pytest.mark.parametrize(("table", "text", "level", "words"), BROKEN)
def test_a_row_that_breaks_a_limit_is_named(tmp_path: Path, table: str, text: str, level: str, words: str) -> None:
    (found,) = findings(tmp_path, table, text)
    assert found.level == level and says(found.message, words)
    assert found.table == table and found.rows == 1 and found.columns


@pytest.mark.parametrize(("table", "text"), SOUND)
def test_a_row_at_its_limit_breaks_none(tmp_path: Path, table: str, text: str) -> None:
    assert findings(tmp_path, table, text) == []


def test_scores_above_their_scale_are_refused_with_the_way_out(tmp_path: Path) -> None:
    text = "answered_on,score\n" + "".join(f"2026-07-0{n},{score}\n" for n, score in enumerate([95, 80, 70, 60, 20], 1))
    with pytest.raises(DataError, match=r"5 values are above 10: '95' in row 2.*scales: \{nps: 100\}"):
        open_from(tmp_path, {"surveys": text}).compute(["net_promoter_score"], period="2026-07")
    company = open_from(tmp_path, {"surveys": text}, scales={"nps": 100})
    assert company.check() == []
    assert company.compute(["net_promoter_score"], period="2026-07").value[0] == pytest.approx((1 - 2) / 5 * 100)


def test_satisfied_are_the_upper_answers_of_the_company_s_scale(tmp_path: Path) -> None:
    text = "answered_on,score,kind\n" + "".join(f"2026-07-01,{score},csat\n" for score in range(1, 8))
    company = open_from(tmp_path, {"surveys": text}, scales={"csat": 7})
    assert company.compute(["customer_satisfaction"], period="2026-07").value[0] == pytest.approx(2 / 7)


@pytest.mark.parametrize(
    ("scores", "told"), [([5, 5, 5, 4, 3], True), ([5, 5, 5, 4, 6], False), ([5, 5, 5, 4], False), ([0] * 9, True)]
)
def test_answers_that_leave_out_the_upper_half_look_like_another_scale(
    tmp_path: Path, scores: list[int], told: bool
) -> None:
    text = "answered_on,score\n" + "".join(f"2026-07-0{n},{score}\n" for n, score in enumerate(scores, 1))
    found = findings(tmp_path, "surveys", text)
    assert [one.level for one in found] == ["warning"] * told
    assert not told or says(found[0].message, "no nps score", f"above {max(scores)}", "0 to 10")


def test_up_to_five_rows_are_shown_and_the_others_counted(tmp_path: Path) -> None:
    text = "answered_on,score\n" + "2026-07-01,50\n" * 8
    (found,) = findings(tmp_path, "surveys", text)
    assert says(found.message, "8 values are above 10", "in row 2", "in row 6", "and 3 more") and found.rows == 8
    assert "row 7" not in found.message
