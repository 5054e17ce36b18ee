"""Names and numbers of accounts in profit and loss statements, and which account of the ledger each belongs to."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

Chart = Literal["SKR03", "SKR04"]

INCOME = ("revenue", "other_income", "investment_gain")  # counted up on the way to net income; all others down

# The first rule that fits a name decides. Words are looked for at their beginning: "amorti" finds "Amortization".
_RULES: tuple[tuple[str, str], ...] = (
    ("depreciation", "depreciation|abschreibung|afa|absetzung"),
    ("amortisation", "amortisation|amortization"),
    (
        "other_income",
        "interest (earned|income|received)|zinsertrag|zinserträge|dividend|other (operating )?(income|revenue)|gain on|"
        "exchange gain(?! or loss)|kursgewinn|(sonstige|so\\.?|neutrale[rs]?|außerordentliche[rs]?|übrige|andere) "
        "(betr\\.? |betriebliche |neutrale )*(erlös|ertr[aä]g)",
    ),
    (
        "other_expense",
        "(sonstige |so\\.? |übrige )?neutrale[rs]? aufw|außerordentliche[rs]? aufw|loss on|exchange (gain or )?loss|"
        "kursverlust|penalt|other expense|miscellaneous expense",
    ),
    ("interest", "interest|zins|finance (cost|charge)|finanzierungskosten"),
    (
        "tax",
        "(income|corporat(e|ion)) tax|tax(es)? on income|provision for (income )?tax|steuern vom einkommen|"
        "körperschaft|gewerbesteuer|ertragsteuer|kst|gewst|solidarit",
    ),
    (
        "cogs",
        "cost of (goods|sales|revenue|services)|cogs|material|wareneinsatz|wareneingang|fremdleistung|bezogene|"
        "purchases|purchase cost|direct (cost|labou?r|material)|freight|subcontract|anschaffungsnebenkosten|roh-|"
        "hilfs- und|waren(?!verk)|frachten",
    ),
    (
        "operating_expense",
        "payroll|wage|salar|personal|löhne|lohn|gehält|gehalt|sozial|social|pension|employee|staff|superannuation|"
        "commission|provision(?!serl)|advert|marketing|promot|werb|rent\\b|lease|miete|pacht|raumkosten|utilit|strom|"
        "heizung|gas\\b|electric|light|water|office|büro|software|subscription|dues|license|lizenz|hosting|server|cloud|"
        "telefon|phone|telephone|internet|porto|postage|printing|stationery|insurance|versicherung|beitr[aä]ge|legal|"
        "accounting|audit|consult|beratung|rechts|buchführung|abschluss|professional|bank (fee|charge|revaluation)|"
        "nebenkosten|travel|reise|meal|bewirtung|entertain|vehicle|kfz|fahrzeug|automobile|car |fuel|repair|"
        "maintenance|reparatur|instandh|training|fortbildung|education|recruit|donation|spende|bad debt|"
        "forderungsverlust|equipment|werkzeug|supplies|cleaning|reinigung|security|general expense|charitable|kosten|"
        "expense|aufwand|aufwendung|verpackung|warenabgabe|betriebliche steuern|sonstige steuern|"
        "taxes (&|and) licenses|uncategorized expense|fees|.*(kosten|expenses?|aufwand|aufwendungen)$",
    ),
    (
        "revenue",
        "income|subscription(s)? income|shipping income|returns|refund|erlösschmälerung|bestandsveränderung|"
        "bestandsverdg|"
        "aktivierte|gewährte (skonti|rabatt|boni)|.*(erlöse|umsätze|revenues?|sales|income)$",
    ),
)

_REVENUE_FIRST = (
    "sale|revenue|umsatz|umsätze|erlös|turnover|discounts? (given|allowed)|billable|services?\\b|fees? (income|earned)|"
    "consulting income|subscription(s)? (income|revenue)|honorare?rlös|provisionserl"
)
_NO_REVENUE = "expense|cost|kosten|aufw|tax|steuer|paid|commission|charge|market|salar|wage|staff|team|schmälerung"

# Headings of sections, which decide for what stands under them; a name may say more, as depreciation among expenses.
_SECTIONS: tuple[tuple[str, str], ...] = (
    ("other_income", "(other|non-operating|neutrale) (income|revenue|erträge)|sonstige (betriebliche )?erträge"),
    ("other_expense", "(other|non-operating|neutrale) (expense|cost|aufwendungen)|sonstige neutrale aufwendungen"),
    ("cogs", "cost of (goods sold|sales|revenue|goods|services)|cogs|materialaufwand|wareneinsatz|direct costs?"),
    ("revenue", "(ordinary |trading |operating )?(income|revenue|sales|turnover|umsatzerlöse|erlöse|umsätze)"),
    ("operating_expense", "(ordinary |operating |administrative |overhead )?(expense|cost|overhead)s?|kostenarten|"
     "kosten|betriebliche aufwendungen|sonstige betriebliche aufwendungen|personalaufwand|administration costs"),
    ("inventory", "inventor(y|ies)|stock|vorräte"),
    ("current_assets", "current assets|umlaufvermögen|bank( accounts)?|accounts receivable|other current assets"),
    ("current_liabilities", "current liabilities|kurzfristige verbindlichkeiten|accounts payable|credit cards|"
     "other current liabilities"),
)  # fmt: skip

_WITHIN: Mapping[str, frozenset[str]] = {  # what a name may say of an account under a heading
    "revenue": frozenset({"other_income"}),
    "cogs": frozenset({"depreciation", "amortisation"}),
    "operating_expense": frozenset({"depreciation", "amortisation", "interest", "tax"}),
    "other_income": frozenset(),
    "other_expense": frozenset({"interest", "tax", "depreciation", "amortisation"}),
}

# Charts of accounts of DATEV: first and last number. What lies in none is no part of profit and loss.
_RANGES: Mapping[Chart, tuple[tuple[int, int, str], ...]] = {
    "SKR03": (
        (2100, 2149, "interest"), (2200, 2289, "tax"), (2000, 2099, "other_expense"), (2300, 2499, "other_expense"),
        (2500, 2799, "other_income"), (3000, 3969, "cogs"), (4320, 4320, "tax"), (4820, 4887, "depreciation"),
        (4000, 4999, "operating_expense"), (8000, 8589, "revenue"), (8590, 8699, "other_income"),
        (8700, 8799, "revenue"), (8800, 8899, "other_income"), (8900, 8999, "revenue"),
    ),
    "SKR04": (
        (4000, 4799, "revenue"), (4800, 4829, "revenue"), (4830, 4999, "other_income"), (5000, 5999, "cogs"),
        (6200, 6299, "depreciation"), (6000, 6999, "operating_expense"), (7000, 7299, "other_income"),
        (7300, 7399, "interest"), (7400, 7599, "other_expense"), (7600, 7649, "tax"), (7650, 7699, "operating_expense"),
    ),
}  # fmt: skip


@dataclass(frozen=True)
class ProposedAccounts:
    """Proposal of which accounts belong to which of the ledger.

    Parameters
    ----------
    accounts : mapping of str to tuple of str
        Ours, and theirs that belong to it.
    unmapped : tuple of str
        Theirs of which nothing is known.
    """

    accounts: Mapping[str, tuple[str, ...]]
    unmapped: tuple[str, ...] = ()

    @property
    def by_theirs(self) -> dict[str, str]:
        """Ours by theirs."""
        return {one: ours for ours, theirs in self.accounts.items() for one in theirs}


def propose_accounts(
    names: Iterable[str], sections: Mapping[str, str] | None = None, chart: Chart | None = None
) -> ProposedAccounts:
    """Proposal for accounts by their usual names in English and German, their numbers, and the headings above them.

    Parameters
    ----------
    names : iterable of str
        Theirs.
    sections : mapping of str to str, optional
        The heading that each stands under.
    chart : str, optional
        The chart that numbers belong to; by default told by the numbers.

    Returns
    -------
    ProposedAccounts

    Examples
    --------
    >>> found = propose_accounts(["Umsatzerlöse", "Materialaufwand", "Personalkosten", "Abschreibungen", "Xyz"])
    >>> dict(found.accounts), found.unmapped  # doctest: +NORMALIZE_WHITESPACE
    ({'revenue': ('Umsatzerlöse',), 'cogs': ('Materialaufwand',), 'operating_expense': ('Personalkosten',),
      'depreciation': ('Abschreibungen',)}, ('Xyz',))
    >>> dict(propose_accounts(["8400", "3400", "4120", "10000"]).accounts)
    {'revenue': ('8400',), 'cogs': ('3400',), 'operating_expense': ('4120',)}
    """
    listed = list(dict.fromkeys(names))
    numbers = {one: number for one in listed if (number := account_number(one)) is not None}
    chart = chart or chart_of(numbers.values())
    found: dict[str, list[str]] = {}
    unmapped = []
    for one in listed:
        ours = None
        if one in numbers and chart is not None:
            ours = account_in_chart(numbers[one], chart)
        if ours is None and not one.strip().isdigit():
            ours = account_of(one, (sections or {}).get(one))
        if ours is None:
            unmapped.append(one)
        else:
            found.setdefault(ours, []).append(one)
    return ProposedAccounts({ours: tuple(theirs) for ours, theirs in found.items()}, tuple(unmapped))


def account_of(name: str, section: str | None = None) -> str | None:
    """Account of the ledger that a name belongs to, and the heading that it stands under; None where nothing is known.

    Parameters
    ----------
    name : str
        Theirs.
    section : str, optional
        The heading.

    Returns
    -------
    str or None

    Examples
    --------
    >>> account_of("Services"), account_of("Services", "Expenses"), account_of("Depreciation", "Expenses")
    ('revenue', 'operating_expense', 'depreciation')
    """
    words = re.sub(r"^\d[\d.\- ]*(?=\D)", "", name.strip()).casefold().strip(" -·:")
    by_name = _by_name(words)
    by_section = None if section is None else section_account(section)
    if by_section == "current_assets" and re.search(r"inventor|\bstock|vorräte|waren", words):
        return "inventory"
    if by_section is None:
        return by_name
    return by_name if by_name in _WITHIN.get(by_section, frozenset()) else by_section


def section_account(heading: str) -> str | None:
    """Account of the ledger for what stands under a heading, such as cogs under ``Cost of Goods Sold``."""
    words = heading.strip().casefold().removeprefix("less ").removeprefix("plus ").strip(" :")
    return next((ours for ours, pattern in _SECTIONS if re.fullmatch(f"(?:{pattern})", words)), None)


def _by_name(words: str) -> str | None:
    if re.match(f"(?:{_REVENUE_FIRST})", words) and not re.search(_NO_REVENUE, words):
        return "revenue"
    return next((ours for ours, pattern in _RULES if re.search(rf"(?<![a-zäöüß])(?:{pattern})", words)), None)


def account_number(name: str) -> int | None:
    """Number of four digits that an account has for a name, or before it."""
    found = re.match(r"^\s*(\d{4})(?:0{0,4})?(?=$|[\s:\-])", name)
    return int(found.group(1)) if found else None


def chart_of(numbers: Iterable[int]) -> Chart | None:
    """Chart of accounts that numbers belong to: in SKR03 sales are 8000 to 8999, in SKR04 costs are 5000 to 6999."""
    known = [number for number in numbers]
    third = sum(8000 <= number <= 8999 for number in known)
    fourth = sum(5000 <= number <= 6999 for number in known)
    if third == fourth:
        return "SKR03" if third or any(3000 <= number <= 3999 for number in known) else None
    return "SKR03" if third > fourth else "SKR04"


def account_in_chart(number: int, chart: Chart) -> str | None:
    """Account of the ledger that a number of a chart belongs to; None for balances and for persons."""
    return next((ours for first, last, ours in _RANGES[chart] if first <= number <= last), None)
