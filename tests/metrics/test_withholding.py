"""An error withholds the KPIs that need what is broken, and no others."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from support.companies import open_from
from support.reasons import says

from kpi_analysis.core.errors import WITHHELD, ConfigError, DataError
from kpi_analysis.metrics.session import OpenCompany

ORDERS = (
    "order_id,ordered_on,customer_id,amount,cost,region\n1,2026-07-01,a,100,50,EMEA\n2,2026-08-01,b,200,{cost},APAC\n"
)
LEADS = "lead_id,created_on,customer_id\n1,2026-07-01,a\n2,2026-07-02,\n"
DEALS = "opportunity_id,created_on,outcome,closed_on,amount,lead_id\n1,{created},won,2026-08-01,5,1\n"


def rows(company: OpenCompany, kpis: list[str], **asked: object) -> dict[str, dict[str, object]]:
    frame = company.compute(kpis, **({"period": "2026-Q3"} | asked))
    return frame.astype(object).where(frame.notna(), None).set_index("kpi").to_dict("index")


def test_a_text_among_the_costs_withholds_profit_and_not_revenue(tmp_path: Path) -> None:
    company = open_from(tmp_path, {"orders": ORDERS.format(cost="cheap")}, gross_margin=0.4)
    found = rows(company, ["sales_revenue", "gross_profit_margin", "order_count"])
    assert found["sales_revenue"]["value"] == 300 and found["order_count"]["value"] == 2
    assert found["gross_profit_margin"]["value"] is None, "the margin of the company file is no stand-in for a cost"
    assert says(str(found["gross_profit_margin"]["reason"]), WITHHELD, "column cost", "'cheap' in row 3")


def test_where_nothing_is_left_of_what_was_asked_it_is_an_error(tmp_path: Path) -> None:
    company = open_from(tmp_path, {"orders": ORDERS.format(cost="cheap")}, gross_margin=0.4)
    with pytest.raises(DataError, match=r"column cost: 1 value is not a number: 'cheap' in row 3"):
        company.compute(["gross_profit_margin", "leads"], period="2026-Q3")


def test_a_table_that_cannot_be_read_withholds_its_kpis_and_the_others_go_on(tmp_path: Path) -> None:
    company = open_from(tmp_path, {"orders": ORDERS.format(cost=90), "leads": "lead,day\n1,2026-07-01\n"})
    found = rows(company, ["sales_revenue", "leads"])
    assert found["sales_revenue"]["value"] == 300
    assert says(str(found["leads"]["reason"]), WITHHELD, "table leads has no column 'lead_id'")
    with pytest.raises(ConfigError, match="has no column 'lead_id'"):
        company.compute(["leads"], period="2026-Q3")


def test_a_key_that_stands_twice_withholds_its_whole_table(tmp_path: Path) -> None:
    company = open_from(tmp_path, {"orders": ORDERS.format(cost=90), "leads": LEADS + "1,2026-07-03,\n"})
    found = rows(company, ["sales_revenue", "leads"])
    assert found["sales_revenue"]["value"] == 300 and says(str(found["leads"]["reason"]), "it must be unique")


def test_a_broken_column_behind_a_derived_one_withholds_what_takes_it(tmp_path: Path) -> None:
    tables = {"leads": LEADS, "opportunities": DEALS.format(created="soon")}
    found = rows(open_from(tmp_path, tables), ["leads", "lead_to_sale_conversion", "sql_to_opportunity_rate"])
    assert found["leads"]["value"] == 2
    sound = open_from(tmp_path, tables | {"opportunities": DEALS.format(created="2026-07-15")})
    assert rows(sound, ["leads"])["leads"]["value"] == 2
    with pytest.raises(DataError, match="column created_on"):
        open_from(tmp_path, tables).compute(["opportunities_created"], period="2026-Q3")


def test_a_broken_condition_of_a_derived_column_withholds_what_takes_it(tmp_path: Path) -> None:
    """Which leads are converted hangs on the outcome of their opportunities, and that of one cannot be read."""
    deals = DEALS.format(created="2026-07-02").replace("won", "vinta")
    company = open_from(tmp_path, {"leads": LEADS, "opportunities": deals})
    found = rows(company, ["lead_to_sale_conversion", "leads"])
    assert found["leads"]["value"] == 2 and found["lead_to_sale_conversion"]["value"] is None
    assert says(str(found["lead_to_sale_conversion"]["reason"]), WITHHELD, "column outcome", "'vinta'")


def test_a_broken_column_withholds_only_the_slices_by_it(tmp_path: Path) -> None:
    deals = "opportunity_id,created_on,outcome,closed_on,amount\n1,2026-07-01,won,2026-08-01,5\n"
    deals += "2,2026-07-01,no,2026-08-01,5\n"
    company = open_from(tmp_path, {"opportunities": deals, "orders": ORDERS.format(cost=9)})
    found = rows(company, ["opportunities_created", "opportunity_to_win_ratio"])
    assert found["opportunities_created"]["value"] == 2
    assert says(str(found["opportunity_to_win_ratio"]["reason"]), WITHHELD, "column outcome")
    with pytest.raises(DataError, match="column outcome"):
        company.compute(["opportunities_created", "sales_revenue"], period="2026-Q3", where="outcome = 'won'")


def test_another_table_does_not_stand_in_for_a_broken_one(tmp_path: Path) -> None:
    tables = {
        "orders": ORDERS.format(cost=9).replace("200", "many"),
        "opportunities": DEALS.format(created="2026-07-15"),
        "leads": LEADS,
    }
    company = open_from(tmp_path, tables)
    found = rows(company, ["sales_revenue", "leads"])
    assert found["sales_revenue"]["value"] is None and says(str(found["sales_revenue"]["reason"]), "column amount")


@pytest.mark.parametrize(("good", "marked"), [("90", 0), ("101", 1)])
def test_a_share_above_the_whole_is_a_finding_on_the_figure(tmp_path: Path, good: str, marked: int) -> None:
    made = f"produced_on,units,good_units\n2026-07-01,10,10\n2026-07-02,100,{good}\n"
    if marked:  # rows at fault are refused one by one; here the units of good ones are missing
        made = "produced_on,units,good_units\n2026-07-01,10,10\n2026-07-02,,101\n2026-07-03,5,5\n"
    frame = open_from(tmp_path, {"production": made}).compute(["production_yield"], period="2026-07")
    assert sum("above 100%" in mark for mark in frame.warnings[0]) == marked


def test_warnings_stand_at_the_figures_that_they_touch_and_nowhere_else(tmp_path: Path) -> None:
    orders = ORDERS.format(cost=9) + "3,2026-09-01,c,,1,APAC\n"
    company = open_from(tmp_path, {"orders": orders, "leads": LEADS})
    frame = company.compute(["sales_revenue", "new_customers", "leads"], period="2026-Q3").set_index("kpi")
    assert len(frame.warnings["sales_revenue"]) == 1 and says(frame.warnings["sales_revenue"][0], "1 of 3 rows")
    assert frame.warnings["leads"] == ()


def test_the_check_names_the_kpis_of_each_finding_those_of_the_headline_first(tmp_path: Path) -> None:
    company = open_from(tmp_path, {"orders": ORDERS.format(cost="cheap")}, gross_margin=0.4)
    (found,) = company.check()
    assert "gross_profit_margin" in found.kpis and "sales_revenue" not in found.kpis
    headline = [company.catalogue.metric(kpi).headline or 9 for kpi in found.kpis]
    assert headline == sorted(headline)


def test_the_sound_rest_is_that_of_sound_data(tmp_path: Path) -> None:
    frames = []
    for name, cost in (("sound", "9"), ("broken", "x")):
        (tmp_path / name).mkdir()
        company = open_from(tmp_path / name, {"orders": ORDERS.format(cost=cost), "leads": LEADS}, gross_margin=0.4)
        frames.append(company.compute(period="2026-Q3").set_index("kpi").drop(columns="warnings"))
    sound, broken = frames
    kept = ~broken.reason.fillna("").str.startswith(WITHHELD)
    assert 0 < (~kept).sum() < 10
    pd.testing.assert_frame_equal(broken[kept], sound[kept])
