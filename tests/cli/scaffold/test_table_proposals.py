"""Proposals look at the values of all columns, and a file that only resembles a table is never proposed as it."""

from __future__ import annotations

import csv
import io

import pytest

from kpi_analysis.cli.scaffold.inspect_files import profiles_of
from kpi_analysis.cli.scaffold.table_proposals import Assessment, assess


def assessed(text: str) -> Assessment:
    header, *rows = list(csv.reader(io.StringIO(text.strip()), delimiter=";"))
    return assess(profiles_of(header, rows))


GERMAN_DEALS = """
Vorgangs-Nr.;Kunde;Status;Phase;Wert (€);Angelegt am;Abschlussdatum;Verantwortlich;Herkunft
VC-0;Nowak Ltd;Verloren;;15.501,82;24.08.2025;11.09.2025;Jonas;Messe
VC-1;Rossi Inc;Offen;;4.977,20;16.05.2025;01.08.2026;Jonas;Messe
VC-2;Meyer Inc;Gewonnen;;7.985,75;29.08.2025;19.11.2025;Ben;Messe
VC-3;Meyer Inc;Verloren;;985,75;29.08.2025;19.11.2025;Ben;Web
"""


def test_german_deals_are_opportunities_with_the_words_of_their_outcome() -> None:
    proposal = assessed(GERMAN_DEALS).proposal
    assert proposal is not None and proposal.table == "opportunities"
    assert dict(proposal.columns) == {
        "opportunity_id": "Vorgangs-Nr.",
        "created_on": "Angelegt am",
        "closed_on": "Abschlussdatum",
        "outcome": "case Status when 'Verloren' then 'lost' when 'Gewonnen' then 'won' else 'open' end",
        "amount": "Wert (€)",
        "customer_id": "Kunde",
        "owner": "Verantwortlich",
        "channel": "Herkunft",
    }
    assert "Status says Verloren and Gewonnen" in proposal.reasons


PROPOSED = {
    "spend": "Datum;Kanal;Kampagne;Kosten;Klicks\n01.02.2026;Radio;Marke;120,50;\n02.02.2026;Print;Marke;80,00;\n",
    "orders": "Bestellnummer;Bestelldatum;Kundennr.;Gesamtbetrag\nB1;2026-01-02;7;10.00\nB2;2026-01-03;8;12.00\n",
    "subscriptions": "Customer;Plan;Start date;End date;Monthly fee\na;S;2025-01-01;;49\nb;M;2025-02-01;2026-01-01;9\n",
    "invoices": "Facture;Date de facture;Montant HT;Échéance;Client\nF1;02/01/2026;100,00;31/01/2026;a\n",
    "tickets": "Ticket number;Opened;Closed;Assigned to\n1;2026-01-02 08:00;2026-01-03 09:00;A\n2;2026-01-02 09:00;;\n",
    "employees": "Personal-Nr.;Eintrittsdatum;Austrittsdatum;Abteilung\n1;01.02.2020;;HR\n2;01.03.2021;;IT\n",
    "vacancies": "Stellen-Nr.;Ausgeschrieben am;Besetzt am;Abteilung\n1;01.02.2026;;IT\n2;01.03.2026;;IT\n",
    "sales_activities": "Date;Owner;Calls;Meetings\n2026-01-02;Ann;12;2\n2026-01-02;Bo;9;1\n",
    "production": "Datum;Produzierte Menge;Gutmenge;Ausschuss\n01.02.2026;900;880;20\n",
    "surveys": "Response date;NPS score;Customer\n2026-01-02;9;a\n2026-01-03;6;b\n",
    "web_traffic": "Datum;Besucher;Sitzungen\n01.02.2026;100;120\n02.02.2026;110;130\n",
}


@pytest.mark.parametrize("table", PROPOSED)
def test_a_file_that_has_all_that_a_table_needs_is_proposed(table: str) -> None:
    proposal = assessed(PROPOSED[table]).proposal
    assert proposal is not None and proposal.table == table


OTHERS = {
    "a bank statement": "Buchungstag;Valuta;Auftraggeber;Verwendungszweck;IBAN;Betrag;Saldo\n"
    "01.02.2026;01.02.2026;Meyer;Rechnung 1;DE12;100,00;1.100,00\n02.02.2026;02.02.2026;Miete;;DE13;-50,00;1.050,00\n",
    "an English bank statement": "Date;Description;Reference;Paid out;Paid in;Balance\n"
    "2026-02-01;Rent;A1;500.00;;1000.00\n2026-02-02;Sale;A2;;700.00;1700.00\n",
    "a time sheet": "Date;Employee;Project;Hours\n2026-02-01;Ann;Site A;7.5\n2026-02-01;Bo;Site B;8\n",
    "a German time sheet": "Datum;Mitarbeiter;Tätigkeit;Stunden\n01.02.2026;A;Montage;7,5\n02.02.2026;B;Wartung;8\n",
    "a stock list": "SKU;Product;On hand;Warehouse;Unit cost\nA1;Mug;120;Berlin;3.20\nA2;Lamp;8;Berlin;14.00\n",
    "a pay roll": "Employee ID;Pay date;Gross pay;Tax;Net pay\n1;2026-01-31;40;9;31\n2;2026-01-31;50;12;38\n",
    "bills of suppliers": "Invoice number;Invoice date;Supplier;Net;Due date\nR1;2026-01-02;ACME;100;2026-02-01\n"
    "R2;2026-01-03;ACME;120;2026-02-02\n",
    "expenses of employees": "Date;Employee;Expense type;Amount\n2026-01-02;Ann;Taxi;30\n2026-01-05;Bo;Hotel;120\n",
    "shipments": "Order number;Shipped at;Carrier;Tracking number\nB1;2026-01-02;DHL;34\nB2;2026-01-02;DHL;1\n",
    "a price list": "Item no;Name;Price;Valid from\n1;Mug;12.50;2026-01-01\n2;Lamp;89.00;2026-01-01\n",
    "a calendar": "Subject;Start date;Start time;End date;Location\nReview;2026-01-02;10:00;2026-01-02;Room 1\n",
    "addresses": "Name;Street;City;Email\nAnn;A 1;Berlin;a@example.com\nBo;B 2;Bonn;b@example.com\n",
    "readings of a sensor": "Timestamp;Sensor;Value\n2026-01-02 10:00;S1;20.5\n2026-01-02 10:05;S1;20.6\n",
    "mails sent": "Campaign;Sent;Opens;Revenue\nNews 1;4000;1500;512.40\nNews 2;4100;1600;300.00\n",
    "costs of a car park": "Datum;Fahrzeug;Kosten;Kilometer\n01.02.2026;B1;80,00;1200\n02.02.2026;B2;70,00;1300\n",
}  # fmt: skip


@pytest.mark.parametrize("kind", OTHERS)
def test_what_is_none_of_ours_is_not_proposed(kind: str) -> None:
    found = assessed(OTHERS[kind])
    assert found.proposal is None
    assert found.looks_like or len(found.nearest) == 3
    assert all(near.lacks for near in found.nearest)


def test_amounts_of_deals_are_no_spending_however_the_headers_are_called() -> None:
    found = assessed(
        "Deal ID;Date;Campaign;Cost;Stage\n1;2026-01-02;Fair;9;Won\n2;2026-01-03;Fair;8;Lost\n3;2026-01-04;Web;1;New\n"
    )
    assert found.proposal is None
    assert "spend" not in {near.table for near in found.nearest if not near.lacks}


@pytest.mark.parametrize(
    ("changed", "lacks"),
    [
        (GERMAN_DEALS.replace("Gewonnen", "Neu").replace("Verloren", "Angebot"), "outcome"),
        (GERMAN_DEALS.replace("24.08.2025", "bald").replace("16.05.2025", "bald"), "created_on"),
        (GERMAN_DEALS.replace("VC-1", "VC-0").replace("VC-2", "VC-0"), "opportunity_id"),
    ],
)
def test_a_column_whose_values_do_not_fit_is_lacking(changed: str, lacks: str) -> None:
    found = assessed(changed)
    assert found.proposal is None
    deals = next(near for near in found.nearest if near.table == "opportunities")
    assert len(deals.lacks) == 1 and deals.lacks[0].startswith(lacks)


def test_a_statement_by_month_is_a_ledger_with_its_accounts() -> None:
    text = "Position;Jan 2026;Feb 2026\nUmsatzerlöse;100,00;110,00\nMaterialaufwand;40,00;41,00\nMiete;5,00;5,00\n"
    header, *rows = list(csv.reader(io.StringIO(text), delimiter=";"))
    proposal = assess(profiles_of(header, rows), [row[0] for row in rows]).proposal
    assert proposal is not None and proposal.table == "ledger"
    assert proposal.further["accounts"]["revenue"] == ["Umsatzerlöse"]
    assert proposal.further["unpivot"] == {"account": 1, "months": "B:"}
