"""The downloads folders of four companies, read by presets and nothing else, give the figures that were laid down."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from kpi_analysis import OpenCompany, open_company

# the same figures are asked through `kpi init` in every run: tests/cli/scaffold/test_init_exports.py
pytestmark = pytest.mark.thorough

EXPORTS = Path(__file__).parents[1] / "data" / "exports"
FOLDERS: dict[str, dict[str, Any]] = {
    "A": {
        "opportunities": ("hubspot-crm-exports-all-deals-2026-10-01.csv", "hubspot_deals"),
        "leads": ("hubspot-crm-exports-all-contacts-2026-10-01.csv", "hubspot_contacts"),
        "web_traffic": ("ga4_free_form_1.csv", "ga4_free_form"),
        "spend": ("Campaign report.csv", "google_ads_campaigns"),
        "subscriptions": ("subscriptions.csv", "stripe_subscriptions"),
        "invoices": ("invoices.csv", "stripe_invoices"),
        "surveys": ("NPS Survey 2026.csv", "surveymonkey_nps"),
        "tickets": ("zendesk_tickets.csv", "zendesk_tickets"),
    },
    "B": {
        "opportunities": ("report1759310022.csv", "salesforce_opportunities"),
        "spend": [
            ("Demo-Campaigns-Jan-1-2024-Sep-30-2026.csv", "meta_ads"),
            ("account_5001_campaign_performance_report.csv", "linkedin_ads"),
        ],
        "ledger": ("Demo Inc._Profit and Loss.xlsx", "quickbooks_profit_and_loss"),
        "employees": ("bamboohr_employees.csv", "bamboohr_employees"),
    },
    "C": {
        "orders": ("orders_export_1.csv", "shopify_orders"),
        "web_traffic": ("ga4_bigquery_traffic.csv", "ga4_bigquery"),
        "spend": ("Campaign report.csv", "google_ads_campaigns"),
    },
    "D": {
        "ledger": ("EXTF_Buchungsstapel_*.csv", "datev_buchungsstapel"),
        "invoices": ("Rechnungsausgangsbuch.xlsx", "rechnungsausgangsbuch"),
        "spend": ("Kampagnenbericht.csv", "google_ads_campaigns"),
        "employees": ("personio_mitarbeiter.csv", "personio_employees"),
    },
}
CURRENCIES = {"B": "USD"}


@pytest.fixture(scope="module")
def truth() -> dict[str, Any]:
    return dict(json.loads((EXPORTS / "truth.json").read_text(encoding="utf-8")))


@pytest.fixture(scope="module")
def companies(tmp_path_factory: pytest.TempPathFactory) -> Any:
    @cache
    def company(folder: str) -> OpenCompany:
        def source(pair: tuple[str, str]) -> dict[str, str]:
            return {"path": str(EXPORTS / folder / pair[0]), "preset": pair[1]}

        tables = {
            name: [source(pair) for pair in given] if isinstance(given, list) else source(given)
            for name, given in FOLDERS[folder].items()
        }
        content = {
            "company": folder,
            "currency": CURRENCIES.get(folder, "EUR"),
            "timezone": "Europe/Berlin",
            "tables": tables,
        }
        path = tmp_path_factory.mktemp(folder) / "company.yaml"
        path.write_text(yaml.safe_dump(content), encoding="utf-8")
        return open_company(path)

    return company


def figures(company: OpenCompany, **wanted: float) -> dict[str, float]:
    values = company.compute(list(wanted), period="2026-Q3").set_index("kpi")["value"]
    return {kpi: round(float(values[kpi]), 6) for kpi in wanted}


@pytest.mark.parametrize("folder", FOLDERS)
def test_nothing_is_wrong_with_a_folder_that_is_read_by_presets(companies: Any, folder: str) -> None:
    assert [str(finding) for finding in companies(folder).check() if finding.level == "error"] == []


def test_a_company_with_a_crm_contracts_and_a_service_desk(companies: Any, truth: dict[str, Any]) -> None:
    deals, leads, ads = truth["A_deals"], truth["A_leads"], truth["A_gads"]
    wanted = {
        "opportunity_to_win_ratio": deals["win_rate"],
        "opportunities_created": deals["created"],
        "average_deal_size": deals["avg_deal"],
        "sales_cycle_length": deals["cycle"],
        "pipeline_value": deals["pipeline"],
        "leads": leads["leads"],
        "marketing_qualified_leads": leads["mql"],
        "sales_qualified_leads": leads["sql"],
        "website_visitors": truth["A_web"]["users"],
        "marketing_spend": ads["cost"],
        "clicks": ads["clicks"],
        "impressions": ads["impr"],
        "platform_conversions": ads["conv"],
        "monthly_recurring_revenue": truth["A_mrr"]["mrr"],
        "active_accounts": truth["A_mrr"]["active"],
        "net_promoter_score": truth["A_nps"],
    }
    assert figures(companies("A"), **wanted) == {kpi: round(value, 6) for kpi, value in wanted.items()}


def test_the_invoices_and_tickets_of_a_quarter(companies: Any, truth: dict[str, Any]) -> None:
    invoices = companies("A").table("invoices")
    quarter = invoices.filter((invoices.issued_on >= "2026-07-01") & (invoices.issued_on <= "2026-09-30"))
    assert quarter.count().execute() == truth["A_inv"]["n"]
    assert quarter.amount.sum().execute() == truth["A_inv"]["amount"]
    tickets = companies("A").table("tickets")
    opened = tickets.filter((tickets.opened_on >= "2026-07-01") & (tickets.opened_on < "2026-10-01"))
    assert opened.count().execute() == truth["A_tickets"]["opened"]


def test_a_company_with_two_ad_accounts_and_a_statement_by_month(companies: Any, truth: dict[str, Any]) -> None:
    deals, statement = truth["B_deals"], truth["B_pl"]
    wanted = {
        "opportunity_to_win_ratio": deals["win_rate"],
        "opportunities_created": deals["created"],
        "average_deal_size": deals["avg_deal"],
        "sales_cycle_length": deals["cycle"],
        "pipeline_value": deals["pipeline"],
        "marketing_spend": truth["B_meta"]["cost"] + truth["B_linkedin"],
        "gross_profit_margin": statement["gross_margin"],
        "ebitda": statement["ebitda"],
        "net_profit_margin": statement["net_margin"],
        "headcount": truth["B_hr"]["headcount"],
    }
    assert figures(companies("B"), **wanted) == {kpi: round(value, 6) for kpi, value in wanted.items()}


def test_a_shop(companies: Any, truth: dict[str, Any]) -> None:
    orders, ads = truth["C_orders"], truth["C_gads"]
    wanted = {
        "sales_revenue": orders["subtotal"] - orders["refunded"],
        "order_count": orders["orders"],
        "new_customers": orders["new"],
        "website_visitors": truth["C_web"]["users"],
        "marketing_spend": ads["cost"],
        "clicks": ads["clicks"],
        "impressions": ads["impr"],
        "platform_conversions": ads["conv"],
    }
    assert figures(companies("C"), **wanted) == {kpi: round(value, 6) for kpi, value in wanted.items()}


def test_a_german_company(companies: Any, truth: dict[str, Any]) -> None:
    books, ads = truth["D_datev"], truth["D_gads"]
    wanted = {
        "sales_revenue": books["revenue"],
        "gross_profit_margin": 1 - books["material"] / books["revenue"],
        "marketing_spend": ads["cost"],
        "clicks": ads["clicks"],
        "impressions": ads["impr"],
        "platform_conversions": ads["conv"],
        "headcount": truth["D_hr"]["headcount"],
    }
    assert figures(companies("D"), **wanted) == {kpi: round(value, 6) for kpi, value in wanted.items()}


def test_the_net_amounts_of_a_book_of_invoices(companies: Any, truth: dict[str, Any]) -> None:
    invoices = companies("D").table("invoices")
    quarter = invoices.filter((invoices.issued_on >= "2026-07-01") & (invoices.issued_on <= "2026-09-30"))
    assert round(float(quarter.amount.sum().execute()), 2) == truth["D_inv"]["netto"]
