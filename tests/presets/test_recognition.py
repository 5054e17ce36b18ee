"""Recognition of known exports: by whole header sets, in any order, language and case, and never by one word."""

from __future__ import annotations

import random

import pytest

from kpi_analysis.core.errors import ConfigError
from kpi_analysis.presets import Preset, load_presets, missing_headers, nearest_presets, recognise, resolve

PRESETS = load_presets()
BY_HEADERS = {name: preset for name, preset in PRESETS.items() if not preset.months}


def spelled(text: str) -> str:
    """A header as a tool may write it where the spelling of the preset has a gap."""
    return text.replace("{currency}", "USD").replace("...", " is it that you would ")


def headers_of(preset: Preset, place: int = 0) -> list[str]:
    """One header for each alias, in the language at a place of the spellings where there is one."""
    return list(dict.fromkeys(spelled(known[min(place, len(known) - 1)]) for known in preset.headers.values()))


@pytest.mark.parametrize("name", BY_HEADERS)
def test_every_preset_is_recognised_first_by_its_own_headers_in_any_order_and_case(name: str) -> None:
    headers = headers_of(PRESETS[name])
    random.Random(1).shuffle(headers)
    for shown in (
        headers,
        [f" {header.upper()} " for header in headers],
        ["\ufeff" + headers[0], *headers[1:], "Notes"],
    ):
        first = recognise(shown)[0]
        told_apart = first.preset.told_by is not None and PRESETS[name].told_by is not None
        assert first.name == name or told_apart


@pytest.mark.parametrize("name", BY_HEADERS)
def test_a_preset_is_recognised_by_the_headers_that_it_needs_alone(name: str) -> None:
    preset = PRESETS[name]
    aliases = dict.fromkeys([*preset.recognised_by, *(group[0] for group in preset.any_of)])
    assert name in [match.name for match in recognise([spelled(preset.headers[alias][0]) for alias in aliases])]


@pytest.mark.parametrize("name", BY_HEADERS)
def test_a_preset_is_not_recognised_without_one_of_its_headers(name: str) -> None:
    preset = PRESETS[name]
    for alias in preset.recognised_by:
        known = preset.headers[alias]
        headers = [header for header in headers_of(preset) if header != spelled(known[0])]
        if not missing_headers(preset, headers):
            continue  # another of its headers is spelled like this one
        assert name not in [match.name for match in recognise(headers)]


OTHERS = {
    "bank statement": "Date,Description,Amount,Balance",
    "German bank statement": "Buchungstag;Valutadatum;Zahlungsempfänger;Verwendungszweck;Betrag;Währung;Saldo",
    "bank export": "Buchung;Wertstellung;Auftraggeber;Buchungstext;Verwendungszweck;Saldo;Währung;Betrag;Währung",
    "time sheet": "Employee,Date,Project,Hours,Billable,Notes",
    "stock list": "SKU,Name,Quantity,Location,Price,Reorder level",
    "time tracker": "User,Email,Client,Project,Task,Description,Billable,Start date,End date,Duration",
    "payment provider": "Date,Time,TimeZone,Name,Type,Status,Currency,Gross,Fee,Net,Transaction ID",
    "card statement": "Transaction Date,Posting Date,Description,Debit,Credit,Currency",
    "own spend sheet": "Date,Channel,Campaign,Impressions,Clicks,Cost",
    "own marketing sheet": "Day,Platform,Campaign,Spend,Impressions,Clicks,Conversions",
    "own deal list": "Deal,Customer,Stage,Amount,Created,Closed",
    "German CRM": "Vorgangs-Nr.;Bezeichnung;Kunde;Status;Phase;Wert (€);Angelegt am;Abschlussdatum;Herkunft",
    "own ticket list": "Ticket,Subject,Status,Opened,Closed,Owner",
    "issue tracker": "Issue key,Issue id,Summary,Status,Assignee,Reporter,Created,Resolved,Priority",
    "own employee list": "Employee ID,First Name,Last Name,Hire Date,Department,Salary",
    "payroll": "Personalnummer;Name;Steuerklasse;Brutto;Netto;Lohnsteuer;Monat",
    "own invoice list": "Invoice,Customer,Date,Amount,Paid",
    "purchase ledger": "Supplier,Invoice No,Invoice Date,Net,VAT,Gross,Paid on",
    "product list": "Handle,Title,Body (HTML),Vendor,Type,Tags,Published,Variant SKU,Variant Price",
    "customers of a shop": "Customer ID,First Name,Last Name,Email,Total Spent,Total Orders,Note",
    "journal": "Date,Account,Debit,Credit,Description",
    "weather": "date,temperature,humidity,wind",
    "survey without the question": "Respondent ID,Collector ID,Start Date,End Date,How satisfied are you?",
    "social posts": "Post ID,Date,Caption,Likes,Comments,Shares,Reach,Impressions",
    "search console": "Date,Clicks,Impressions,CTR,Position",
    "calendar": "Subject,Start Date,Start Time,End Date,End Time,Location",
    "plan list": "Plan,Price,Interval,Currency,Features",
    "CRM of another tool": "Record Id,Deal Name,Account Name,Account Name.id,Stage,Closing Date,Amount,Created Time",
    "one word": "Lineitem quantity",
}


@pytest.mark.parametrize("line", OTHERS.values(), ids=list(OTHERS))
def test_files_of_other_tools_match_nothing(line: str) -> None:
    headers = line.split(";" if ";" in line else ",")
    assert [match.name for match in recognise(headers)] == []


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("hubspot_deals", "Datensatz-ID;Deal-Name;Deal-Phase;Abschlussdatum;Betrag;Erstellungsdatum;Deal-Inhaber"),
        ("google_ads_campaigns", "Tag;Kampagne;Währungscode;Impr.;Klicks;Kosten;Conversions"),
        ("google_ads_campaigns", "Jour;Campagne;Code de devise;Impr.;Clics;Coût"),
        ("meta_ads", "Kampagnenname;Tag;Ausgegebener Betrag (EUR);Impressionen;Reichweite"),
        ("meta_ads", "Nom de la campagne;Jour;Montant dépensé (EUR);Impressions;Couverture"),
        (
            "salesforce_opportunities",
            "Opportunity-Name;Phase;Betrag;Schlusstermin;Erstelldatum;Gewonnen;Alter;Accountname",
        ),
        ("ga4_free_form", "Datum;Standard-Channelgruppe der Sitzung;Sitzungen;Nutzer insgesamt;Neue Nutzer"),
        (
            "surveymonkey_nps",
            "Teilnehmer-ID;Collector-ID;Startdatum;Wie wahrscheinlich werden Sie uns empfehlen?",
        ),
        ("personio_employees", "Employee ID;First name;Last name;Status;Hire date;Termination date;Weekly hours"),
        (
            "pipedrive_deals",
            "Deal - Titel;Deal - Status;Deal - Wert;Deal - Deal erstellt;Deal - Phase;Deal - Gewonnen am",
        ),
    ],
)
def test_exports_in_other_languages_are_recognised(name: str, line: str) -> None:
    assert recognise(line.split(";"))[0].name == name


def test_a_near_miss_says_which_headers_are_missing() -> None:
    assert ("meta_ads", ("Amount spent ({currency})",)) in nearest_presets(["Campaign name", "Day", "Impressions"])


STATEMENTS = {
    "quickbooks_profit_and_loss": (
        ["", "Jan 2026", "Feb 2026", "Total"],
        ["Income", "   Product Sales", "Total Income", "Gross Profit", "Expenses", "Total Expenses", "Net Income"],
    ),
    "quickbooks_balance_sheet": (
        ["", "Jan 31, 2026", "Feb 2026"],
        ["ASSETS", "Total Current Assets", "TOTAL ASSETS", "TOTAL LIABILITIES AND EQUITY", "Net Income"],
    ),
    "xero_profit_and_loss": (
        ["Account", "Sep 2026", "Aug 2026"],
        ["Trading Income", "Sales", "Total Trading Income", "Total Cost of Sales", "Gross Profit", "Net Profit"],
    ),
    "xero_balance_sheet": (
        ["Account", "30 Sep 2026", "31 Aug 2026"],
        ["Assets", "Total Current Assets", "Total Assets", "Total Liabilities", "Net Assets"],
    ),
    "bwa_months": (
        ["Bezeichnung", "Jan 2026", "Mrz 2026"],
        ["Umsatzerlöse", "Materialaufwand", "Rohertrag", "Personalkosten", "Betriebsergebnis"],
    ),
}


@pytest.mark.parametrize("name", STATEMENTS)
def test_a_statement_by_month_is_recognised_by_the_names_of_its_lines(name: str) -> None:
    headers, labels = STATEMENTS[name]
    assert [match.name for match in recognise(headers, first_column=labels)] == [name]
    assert recognise([headers[0], "Budget", "Actual"], first_column=labels) == []
    assert recognise(headers, first_column=["Visits", "Sign-ups", "Total"]) == []


def test_a_header_that_the_tool_has_renamed_is_told_with_the_nearest_and_the_line_to_write() -> None:
    headers = ["Campaign name", "Day", "Spend amount (USD)", "Impressions"]
    with pytest.raises(ConfigError, match="preset meta_ads, table spend") as error:
        resolve("meta_ads", "spend", headers)
    assert error.value.remedy == (
        "Did Meta Ads rename it to 'Spend amount (USD)'? Map it: columns: {amount: \"Spend amount (USD)\"}."
    )
    assert "amount" not in resolve("meta_ads", "spend", headers, ["amount"]).columns
