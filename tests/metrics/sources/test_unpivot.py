"""Months in columns become rows; what is a sum of others is checked against them and left out."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from kpi_analysis.core.errors import DataError, KpiError
from kpi_analysis.metrics.session import OpenCompany, open_company

EXPORTS = Path(__file__).parents[2] / "data" / "exports"
TRUTH = json.loads((EXPORTS / "truth.json").read_text(encoding="utf-8"))
STATEMENT = """Account,Jan 2026,Feb 2026,Mar 2026,Total
Income,,,,
   Product Sales,1000.10,1100,1200,3300.10
   Services,200,210,220,630
   Discounts given,-10,-20,-30,-60
Total Income,1190.10,1290,1390,3870.10
Cost of Goods Sold,,,,
   Materials,400,410,420,1230
Total Cost of Goods Sold,400,410,420,1230
Gross Profit,790.10,880,970,2640.10
Expenses,,,,
   Payroll,300,310,320,930
   Office,,,,
      Software,20,20,20,60
      Supplies,5,6,7,18
   Total Office,25,26,27,78
   Depreciation,15,15,15,45
Total Expenses,340,351,362,1053
Net Operating Income,450.10,529,608,1587.10
Other Expenses,,,,
   Interest Paid,10,10,10,30
Total Other Expenses,10,10,10,30
Net Income,440.10,519,598,1557.10
,,,,
"Accrual Basis Thursday, October 1, 2026",,,,
"""
MONTHS = {"account": 1, "months": "B:"}


def ledger(folder: Path, text: str, **spec: object) -> OpenCompany:
    """Open a company whose ledger is a statement with months in columns."""
    (folder / "pl.csv").write_text(text, encoding="utf-8")
    return ledger_of(folder, {"path": "pl.csv", "unpivot": MONTHS} | spec)


def ledger_of(folder: Path, spec: dict[str, object]) -> OpenCompany:
    (folder / "company.yaml").write_text(yaml.safe_dump({"company": "T", "tables": {"ledger": spec}}), encoding="utf-8")
    return open_company(folder / "company.yaml")


def amounts(company: OpenCompany) -> dict[str, float]:
    """The sum of each account, whatever the month."""
    frame = company.sources.tables.usable("ledger").execute()
    return {account: round(value, 2) for account, value in frame.groupby("account").amount.sum().items()}


def findings(company: OpenCompany) -> list[str]:
    return [f"{one.level}: {one.message}" for one in company.check()]


def test_accounts_are_kept_and_sums_left_out(tmp_path: Path) -> None:
    company = ledger(tmp_path, STATEMENT)
    assert not company.check()
    assert amounts(company) == {
        "revenue": 3870.10, "cogs": 1230, "operating_expense": 1008, "depreciation": 45, "interest": 30,
    }  # fmt: skip
    frame = company.compute(["net_income", "ebitda"], period="2026-02")
    assert frame.value.tolist() == [519, 1290 - 410 - 336]
    assert sorted({str(day)[:10] for day in company.table("ledger").booked_on.execute()}) == [
        "2026-01-31", "2026-02-28", "2026-03-31",
    ]  # fmt: skip
    assert any("8 sums and results were checked" in note for note in company.readings())


@pytest.mark.parametrize("without", ["   ", "      "])
def test_the_indentation_may_be_lost(tmp_path: Path, without: str) -> None:
    company = ledger(tmp_path, STATEMENT.replace(f"\n{without}", "\n"))
    assert not company.check()
    assert amounts(company)["operating_expense"] == 1008


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("   Payroll,300", "   Payroll,299"), "'Total Expenses' is 340.00 in Jan 2026, the accounts above"),
        (("Net Income,440.10,519", "Net Income,440.10,520"), "'Net Income' is 520.00 in Feb 2026, the accounts above"),
        (("Gross Profit,790.10", "Gross Profit,190.10"), "'Gross Profit' is 190.10 in Jan 2026"),
        (("   Services,200", "   Services,none"), "'none' under Jan 2026 is no number"),
    ],
)  # fmt: skip
def test_what_does_not_add_up_is_an_error_with_its_row_and_month(
    tmp_path: Path, change: tuple[str, str], words: str
) -> None:
    company = ledger(tmp_path, STATEMENT.replace(*change))
    found = [one for one in company.check() if one.level == "error" and words in one.message]
    rows = {line.split(",")[0].strip(): number for number, line in enumerate(STATEMENT.splitlines(), start=1)}
    name = "Services" if "no number" in words else words.split("'")[1]
    assert [one.line for one in found] == [rows[name]]
    with pytest.raises(DataError):
        company.compute(["net_income"], period="2026-02")


def test_a_total_over_months_that_is_off_is_a_warning(tmp_path: Path) -> None:
    (found,) = findings(ledger(tmp_path, STATEMENT.replace("210,220,630", "210,220,930")))
    assert found.startswith("warning: 'Total' of 'Services' is 930.00, the months in the file come to 630.00")


def test_accounts_are_mapped_by_names_and_headings_and_the_rest_is_listed(tmp_path: Path) -> None:
    accounts = {"revenue": ["Income"], "cogs": ["materials"], "operating_expense": ["Payroll", "Office"]}
    company = ledger(tmp_path, STATEMENT, accounts=accounts)
    assert amounts(company) == {
        "revenue": 3870.10, "cogs": 1230, "operating_expense": 1008, "Depreciation": 45, "Interest Paid": 30,
    }  # fmt: skip
    (found,) = findings(company)
    assert "2 accounts are in no KPI: 'Depreciation' (45), 'Interest Paid' (30)" in found


def test_a_sum_that_is_mapped_stands_for_its_parts(tmp_path: Path) -> None:
    accounts = {
        "revenue": ["Total Income"],
        "cogs": ["Materials"],
        "operating_expense": ["Expenses"],
        "interest": ["Interest Paid"],
    }
    company = ledger(tmp_path, STATEMENT, accounts=accounts)
    assert amounts(company)["revenue"] == 3870.10
    both = {**accounts, "revenue": ["Total Income", "Services"]}
    assert any("'Total Income' is mapped beside" in one for one in findings(ledger(tmp_path, STATEMENT, accounts=both)))


def test_a_name_that_is_in_no_row_is_told_with_the_nearest(tmp_path: Path) -> None:
    accounts = {
        "revenue": ["Income"],
        "cogs": ["Material"],
        "operating_expense": ["Expenses"],
        "interest": ["Interest Paid"],
    }
    (finding,) = [
        one for one in ledger(tmp_path, STATEMENT, accounts=accounts).check() if "is in no row" in one.message
    ]
    assert finding.message == "accounts: 'Material' is in no row." and finding.remedy == "Did you mean 'Materials'?"


def test_costs_that_are_written_as_negative_amounts_are_turned(tmp_path: Path) -> None:
    text = "Konto,Jan 2026,Feb 2026\nErlöse,100,110\nMaterial,-40,-44\nRohertrag,60,66\nMiete,-10,-10\nErgebnis,50,56\n"
    company = ledger(tmp_path, text)
    assert not company.check()
    assert amounts(company) == {"revenue": 210, "cogs": 84, "operating_expense": 20}


def test_sums_that_have_no_usual_name_are_known_by_their_amounts(tmp_path: Path) -> None:
    text = "Zeile,Jan 2026,Feb 2026\nErlöse Inland,100,110\nErlöse Ausland,7,9\nZwischenstand,107,119\nMiete,10,10\n"
    assert amounts(ledger(tmp_path, text)) == {"revenue": 226, "operating_expense": 20}


def test_a_parent_above_its_parts_is_no_account(tmp_path: Path) -> None:
    text = "Account,Jan 2026,Feb 2026\nRevenue,30,33\n  Shop,10,11\n  Web,20,22\nRent,5,5\nNet income,25,28\n"
    company = ledger(tmp_path, text)
    assert not company.check() and amounts(company) == {"revenue": 63, "operating_expense": 10}


def test_quarters_beside_months_are_checked_and_left_out(tmp_path: Path) -> None:
    text = "Account,Jan 2026,Feb 2026,Mar 2026,Q1 2026\nSales,1,2,3,6\nRent,1,1,1,3\nNet income,0,1,2,3\n"
    assert amounts(ledger(tmp_path, text)) == {"revenue": 6, "operating_expense": 3}
    quarters = "Account,Q1 2026,Q2 2026\nSales,6,7\nRent,3,3\n"
    days = ledger(tmp_path, quarters).table("ledger").booked_on.execute()
    assert sorted({str(day)[:10] for day in days}) == ["2026-03-31", "2026-06-30"]


def test_balances_are_no_profit_and_loss(tmp_path: Path) -> None:
    text = (
        "Account,Jan 2026,Feb 2026\nASSETS,,\nCurrent Assets,,\nCash,10,11\nInventory Asset,5,6\n"
        "Total Current Assets,15,17\n"
        "Fixed Assets,,\nAccumulated Depreciation,-3,-4\nTotal Fixed Assets,-3,-4\nTOTAL ASSETS,12,13\n"
        "LIABILITIES AND EQUITY,,\nCurrent Liabilities,,\nAccounts Payable,4,5\n"
        "Total Current Liabilities,4,5\nEquity,,\n"
        "Net Income,8,8\nTotal Equity,8,8\nTOTAL LIABILITIES AND EQUITY,12,13\n"
    )
    company = ledger(tmp_path, text)
    assert not [one for one in company.check() if one.level == "error"]
    found = amounts(company)
    assert (found["current_assets"], found["inventory"], found["current_liabilities"]) == (32, 11, 9)
    assert "depreciation" not in found and company.compute(["current_ratio"], period="2026-02").value.iloc[0] == 17 / 5


@pytest.mark.parametrize(
    ("text", "spec", "words"),
    [
        ("Account,Jan,Feb\nSales,1,2\n", {}, "months are named without a year: Jan, Feb"),
        ("Account,Umsatz,Menge\nSales,1,2\n", {}, "no column is a month; found 'Umsatz', 'Menge'"),
        ("Account,Jan 2026,01/2026\nSales,1,2\n", {}, "'Jan 2026' and '01/2026' are the same month"),
        (STATEMENT, {"unpivot": {"account": 1, "months": "C:"}}, "'Jan 2026' is a month too"),
        (STATEMENT, {"unpivot": {"account": 9, "months": "B:"}}, "there is no column 9; it has 5"),
        (STATEMENT, {"unpivot": {"account": "Acount", "months": "B:"}}, "there is no column 'Acount'.* 'Account'"),
        (STATEMENT, {"unpivot": {"account": 0, "months": "B:"}}, "counted from 1"),
        (STATEMENT, {"accounts": {"cogs": ["Materials"], "revenue": ["materials"]}}, "is mapped twice"),
    ],
)
def test_what_cannot_be_turned_is_told(tmp_path: Path, text: str, spec: dict[str, object], words: str) -> None:
    with pytest.raises(KpiError, match=words):
        ledger(tmp_path, text, **spec).table("ledger")


def test_a_year_in_the_company_file_is_that_of_the_first_month(tmp_path: Path) -> None:
    company = ledger(tmp_path, "Account,Dec,Jan\nSales,1,2\n", read={"year": 2025})
    assert company.compute(["sales_revenue"], period="2026-01").value.iloc[0] == 2


def test_quickbooks_gives_the_figures_that_are_known(tmp_path: Path) -> None:
    company = ledger_of(tmp_path, {"path": str(EXPORTS / "B" / "Demo Inc._Profit and Loss.xlsx"), "unpivot": MONTHS})
    assert not company.check()
    asked = {
        "sales_revenue": "revenue",
        "gross_profit_margin": "gross_margin",
        "ebitda": "ebitda",
        "net_profit_margin": "net_margin",
    }
    frame = company.compute(list(asked), period="2026-Q3")
    wanted = [TRUTH["B_pl"][name] for name in asked.values()]
    assert frame.value.tolist() == pytest.approx(wanted, abs=1e-9)


def test_a_german_statement_gives_the_figures_that_are_known(tmp_path: Path) -> None:
    company = ledger_of(tmp_path, {"path": str(EXPORTS / "D" / "BWA_Monate.csv"), "unpivot": MONTHS})
    assert not company.check()
    frame = company.compute(["sales_revenue"], period="2026-Q3")
    assert frame.value.tolist() == [TRUTH["D_bwa"]["revenue"]]


def test_bookings_of_three_years_give_the_figures_that_are_known(tmp_path: Path) -> None:
    company = ledger_of(tmp_path, {"path": str(EXPORTS / "D" / "EXTF_*.csv"), "preset": "datev_buchungsstapel"})
    assert not [one for one in company.check() if one.level == "error"]
    frame = company.compute(["sales_revenue", "gross_profit_margin"], period="2026-Q3")
    revenue, material = TRUTH["D_datev"]["revenue"], TRUTH["D_datev"]["material"]
    assert frame.value.tolist() == pytest.approx([revenue, (revenue - material) / revenue])


def test_accounts_of_a_long_table_are_mapped_by_ranges_of_numbers(tmp_path: Path) -> None:
    text = (
        "day,konto,betrag,side\n2026-01-31,8400,100,H\n2026-01-31,3400,40,S\n2026-01-31,8400,5,S\n2026-01-31,1200,7,S\n"
    )
    (tmp_path / "b.csv").write_text(text, encoding="utf-8")
    is_income, amount = (
        "our_account = 'revenue'",
        "case when {0} and side = 'H' or not {0} and side = 'S' then {1} else -{1} end",
    )
    amount = amount.format(is_income, "betrag")
    company = ledger_of(
        tmp_path,
        {
            "path": "b.csv", "columns": {"booked_on": "day", "account": "konto", "amount": amount},
            "accounts": {"revenue": ["8000-8999"], "cogs": ["3000-3999"]},
        },
    )  # fmt: skip
    assert amounts(company) == {"revenue": 95, "cogs": 40, "1200": 7}
    assert any("1 account is in no KPI: '1200' (7)" in one for one in findings(company))
