"""From a downloads folder to figures: each made-up export of tests/data/exports, with no edit or the one that is left.

The right figures are those of `truth.json`, which were counted by whoever made the exports.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pytest
import yaml

from kpi_analysis.cli.scaffold import Workspace, new_workspace
from kpi_analysis.metrics.session import OpenCompany, open_company

EXPORTS = Path(__file__).parents[2] / "data" / "exports"
TRUTH = json.loads((EXPORTS / "truth.json").read_text(encoding="utf-8"))


@dataclass(frozen=True)
class Opened:
    """A workspace of a folder of exports, and its figures of the quarter."""

    made: Workspace
    company: OpenCompany
    figures: pd.DataFrame

    def value(self, kpi: str) -> float:
        return float(self.figures.value[kpi])

    def parts(self, kpi: str) -> tuple[float, float]:
        return float(self.figures.numerator[kpi]), float(self.figures.denominator[kpi])

    @property
    def lines(self) -> dict[str, str]:
        return {line.partition(": ")[0]: line.partition(": ")[2] for line in self.made.lines}


DEALS = "opportunities_created opportunity_to_win_ratio average_deal_size pipeline_value sales_cycle_length"
KPIS = {
    "A": f"{DEALS} cost_per_click cost_per_conversion cost_per_mille leads marketing_qualified_leads "
    "sales_qualified_leads website_visitors monthly_recurring_revenue average_revenue_per_account net_promoter_score "
    "tickets_per_agent collection_ratio",
    "B": f"{DEALS} gross_profit_margin ebitda net_profit_margin headcount employee_turnover",
    "C": "average_order_value new_customers website_visitors cost_per_click cost_per_conversion cost_per_mille",
    "D": "cost_per_click cost_per_conversion cost_per_mille gross_profit_margin collection_ratio headcount "
    "employee_turnover",
}


def opened(part: str, home: Path) -> Opened:
    made = new_workspace(home / part, EXPORTS / part)
    assert made.check is not None and made.check.errors == 0, made.check
    company = made.check.company
    assert company is not None
    figures = company.compute(KPIS[part].split(), period="2026-Q3", compared=False).set_index("kpi")
    return Opened(made, company, figures)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("exports")


@pytest.fixture(scope="module")
def a(home: Path) -> Opened:
    return opened("A", home)


@pytest.fixture(scope="module")
def b(home: Path) -> Opened:
    return opened("B", home)


@pytest.fixture(scope="module")
def c(home: Path) -> Opened:
    return opened("C", home)


@pytest.fixture(scope="module")
def d(home: Path) -> Opened:
    return opened("D", home)


def assert_deals(found: Opened, truth: dict[str, float]) -> None:
    assert found.value("opportunities_created") == truth["created"]
    assert found.parts("opportunity_to_win_ratio") == (truth["won"], truth["won"] + truth["lost"])
    assert found.parts("average_deal_size") == (pytest.approx(truth["won_amount"]), truth["won"])
    assert found.value("pipeline_value") == pytest.approx(truth["pipeline"])
    assert found.value("sales_cycle_length") == pytest.approx(truth["cycle"])


def assert_ads(found: Opened, truth: dict[str, float]) -> None:
    assert found.parts("cost_per_click") == (pytest.approx(truth["cost"]), truth["clicks"])
    assert found.parts("cost_per_conversion")[1] == pytest.approx(truth["conv"])
    assert found.value("cost_per_mille") == pytest.approx(1000 * truth["cost"] / truth["impr"])


@pytest.mark.parametrize("part", ["a", "b", "c", "d"])
def test_every_file_is_recognised_but_the_crm_without_a_preset(part: str, request: pytest.FixtureRequest) -> None:
    lines = request.getfixturevalue(part).lines
    assert len(lines) == len(list((EXPORTS / part.upper()).iterdir()))
    others = {name for name, said in lines.items() if not said.startswith("recognised as ")}
    assert others == ({"Verkaufschancen.csv"} if part == "d" else set())


def test_hubspot_google_stripe_surveymonkey_and_zendesk(a: Opened) -> None:
    assert_deals(a, TRUTH["A_deals"])
    assert_ads(a, TRUTH["A_gads"])
    leads = TRUTH["A_leads"]
    qualified = a.value("marketing_qualified_leads"), a.value("sales_qualified_leads")
    assert (a.value("leads"), *qualified) == (leads["leads"], leads["mql"], leads["sql"])
    assert a.value("website_visitors") == TRUTH["A_web"]["users"]
    assert a.value("monthly_recurring_revenue") == TRUTH["A_mrr"]["mrr"]
    assert a.parts("average_revenue_per_account")[1] == TRUTH["A_mrr"]["active"]
    assert a.value("net_promoter_score") == pytest.approx(TRUTH["A_nps"])
    assert a.parts("tickets_per_agent")[0] == TRUTH["A_tickets"]["opened"]
    assert a.parts("collection_ratio")[1] == TRUTH["A_inv"]["amount"]
    assert a.figures["rows"]["collection_ratio"] == TRUTH["A_inv"]["n"]


def test_salesforce_meta_linkedin_quickbooks_and_bamboohr(b: Opened) -> None:
    assert_deals(b, TRUTH["B_deals"])
    by_source = b.company.compute(["cost_per_click"], period="2026-Q3", by="source").set_index("source")
    assert by_source.numerator["meta_ads"] == pytest.approx(TRUTH["B_meta"]["cost"])
    assert by_source.denominator["meta_ads"] == TRUTH["B_meta"]["clicks"]
    assert by_source.numerator["linkedin_ads"] == pytest.approx(TRUTH["B_linkedin"])
    books = TRUTH["B_pl"]
    assert b.parts("gross_profit_margin")[1] == pytest.approx(books["revenue"])
    assert b.value("gross_profit_margin") == pytest.approx(books["gross_margin"])
    assert b.value("ebitda") == pytest.approx(books["ebitda"])
    assert b.value("net_profit_margin") == pytest.approx(books["net_margin"])
    assert b.value("headcount") == TRUTH["B_hr"]["headcount"]
    assert b.parts("employee_turnover")[0] == TRUTH["B_hr"]["leavers"]


def test_shopify_google_analytics_and_a_mail_tool_that_adds_no_money(c: Opened) -> None:
    orders = TRUTH["C_orders"]
    assert c.parts("average_order_value") == (pytest.approx(orders["subtotal"] - orders["refunded"]), orders["orders"])
    assert c.value("new_customers") == orders["new"]
    assert c.value("website_visitors") == TRUTH["C_web"]["users"]
    assert_ads(c, TRUTH["C_gads"])
    assert "no table" in c.lines["klaviyo_campaigns.csv"]


def test_bwa_invoice_book_google_and_personio_in_german(d: Opened) -> None:
    assert_ads(d, TRUTH["D_gads"])
    assert d.parts("gross_profit_margin")[1] == pytest.approx(TRUTH["D_bwa"]["revenue"])
    assert d.parts("collection_ratio")[1] == pytest.approx(TRUTH["D_inv"]["netto"])
    assert d.value("headcount") == TRUTH["D_hr"]["headcount"]
    assert d.parts("employee_turnover")[0] == TRUTH["D_hr"]["leavers"]
    assert (d.company.config.currency, d.company.config.locale) == ("EUR", "de_DE")


def test_a_german_crm_computes_once_the_marks_of_its_proposal_are_gone(d: Opened) -> None:
    path = d.made.folder / "params" / "crm.yaml"
    head, _, rest = (
        (d.made.folder / "params" / "company.yaml").read_text(encoding="utf-8").partition("  # opportunities:\n")
    )
    body = re.match(r"(  #   .*\n)+", rest)
    assert body is not None
    path.write_text(f"{head}  opportunities:\n{re.sub(r'(?m)^  # ', '  ', body[0])}", encoding="utf-8")
    kpis = [
        "opportunities_created",
        "opportunity_to_win_ratio",
        "average_deal_size",
        "pipeline_value",
        "sales_cycle_length",
    ]
    company = open_company(path)
    assert_deals(Opened(d.made, company, company.compute(kpis, period="2026-Q3").set_index("kpi")), TRUTH["D_deals"])


def test_of_two_books_of_the_same_money_one_is_read_and_the_other_takes_its_place_without_marks(d: Opened) -> None:
    assert all("BWA_Monate.csv holds the same money" in said for name, said in d.lines.items() if "EXTF" in name)
    text = (d.made.folder / "params" / "company.yaml").read_text(encoding="utf-8")
    wanted = yaml.safe_load(re.sub(r"(?m)^    # (- path: .*EXTF|  preset: datev)", r"    \1", text))
    wanted["tables"] = {"ledger": [one for one in wanted["tables"]["ledger"] if "datev" in one["preset"]]}
    path = d.made.folder / "params" / "datev.yaml"
    path.write_text(yaml.safe_dump(wanted, allow_unicode=True), encoding="utf-8")
    figure = open_company(path).compute(["gross_profit_margin"], period="2026-Q3").iloc[0]
    datev = TRUTH["D_datev"]
    assert (figure.denominator, figure.denominator - figure.numerator) == pytest.approx(
        (datev["revenue"], datev["material"])
    )
