"""Usual names and numbers of accounts are proposed for the accounts of the ledger."""

from __future__ import annotations

import pytest

from kpi_analysis.core.account_names import account_of, propose_accounts, section_account

NAMES = {
    "revenue": (
        "Sales|Product Sales|Services|Discounts given|Umsatzerlöse|Erlöse 19% USt|Turnover|"
        "Warenverkauf Erlöse|4000 Sales"
    ),
    "cogs": "Cost of Goods Sold|Materialaufwand|Wareneinsatz|Freight|Fremdleistungen|Cost of Sales",
    "operating_expense": (
        "Payroll Expenses|Personalkosten|Raumkosten|Advertising & Marketing|Sales Commissions|Rent & Lease|Software|"
        "Versicherungen/Beiträge|Kfz-Kosten (ohne Steuer)|Werbe-/Reisekosten|Sonstige Kosten|Bank charges|"
        "Betriebliche Steuern"
    ),
    "depreciation": "Depreciation|Abschreibungen|Depreciation Expense",
    "amortisation": "Amortization|Amortisation expense",
    "interest": "Interest Paid|Interest Expense|Zinsaufwand",
    "tax": "Income Tax Expense|Steuern vom Einkommen und Ertrag|Gewerbesteuer",
    "other_income": (
        "Interest Income|Zinserträge|Sonstige betriebliche Erträge|So. betr. Erlöse|Other Income|Neutraler Ertrag"
    ),
    "other_expense": "Neutraler Aufwand|Other Expenses|Exchange Gain or Loss",
}


@pytest.mark.parametrize(("ours", "names"), [(ours, names.split("|")) for ours, names in NAMES.items()])
def test_names_tell_the_account(ours: str, names: list[str]) -> None:
    assert {name: account_of(name) for name in names} == dict.fromkeys(names, ours)


@pytest.mark.parametrize("name", ["Xyz", "Miscellanea", "Rückstellung", ""])
def test_what_is_not_known_is_not_guessed(name: str) -> None:
    assert propose_accounts([name]).unmapped == (name,)


@pytest.mark.parametrize(
    ("name", "section", "ours"),
    [
        ("Services", "Expenses", "operating_expense"), ("Depreciation", "Expenses", "depreciation"),
        ("Subscriptions", "Income", "revenue"), ("Interest Income", "Other Income", "other_income"),
        ("Wages", "Cost of Sales", "cogs"), ("Xyz", "Less Operating Expenses", "operating_expense"),
        ("Accounts Receivable (A/R)", "Accounts Receivable", "current_assets"),
        ("Inventory Asset", "Other Current Assets", "inventory"), ("Visa", "Credit Cards", "current_liabilities"),
    ],
)  # fmt: skip
def test_the_heading_above_decides_where_the_name_says_no_more(name: str, section: str, ours: str) -> None:
    assert account_of(name, section) == ours and section_account(section) is not None


def test_numbers_are_of_the_chart_that_they_tell() -> None:
    third = propose_accounts(["8400", "3400", "4120", "4830", "10000", "1200"])
    assert dict(third.accounts) == {
        "revenue": ("8400",), "cogs": ("3400",), "operating_expense": ("4120",), "depreciation": ("4830",),
    }  # fmt: skip
    assert third.unmapped == ("10000", "1200")
    fourth = propose_accounts(["4400", "5400", "6020", "6220", "7300"])
    assert fourth.by_theirs == {
        "4400": "revenue", "5400": "cogs", "6020": "operating_expense", "6220": "depreciation", "7300": "interest",
    }  # fmt: skip
