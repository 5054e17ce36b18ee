"""Limits of the canonical tables: what no row can say, or hardly any, and the scales of answers.

`LIMITS` is data: the checks build their queries from it, the messages take their words from it, and nothing else knows
what contradicts what.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Operator = Literal[">", "<", "=", "is"]
OPERATORS: tuple[Operator, ...] = (">", "<", "=", "is")
MISSING, PRESENT = "missing", "present"


@dataclass(frozen=True)
class Condition:
    """Condition on a column of a row.

    Parameters
    ----------
    column : str
    operator : str
        One of `OPERATORS`.
    operand : str
        A column, a number, words joined by ``|`` (missing is one of them where a row without a word counts too),
        missing, present, or a bound of a scale such as ``nps.highest``.
    """

    column: str
    operator: Operator
    operand: str


@dataclass(frozen=True)
class Limit:
    """Limit of a table: the conditions that all hold in a row which breaks it.

    Parameters
    ----------
    table : str
    conditions : tuple of Condition
        The value of the first one's column is shown.
    level : str
        error: no row can say this, and KPIs that need its columns have no value. warning: it is odd, or a row is lost.
    words : str
        What such rows do: ``have more good units than units``.
    remedy : str
    touches : tuple of str
        Columns whose figures are in doubt; those of the conditions by default.
    money : str
        The column that says how much such rows carry.
    effect : str
        What it does to sums: low, high or nothing that is known.
    """

    table: str
    conditions: tuple[Condition, ...]
    level: Literal["error", "warning"]
    words: str
    remedy: str
    touches: tuple[str, ...] = ()
    money: str = ""
    effect: Literal["", "low", "high"] = ""

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns that a table must have for the limit to be looked at."""
        named = [c.column for c in self.conditions if not (c.operator == "=" and MISSING in c.operand.split("|"))]
        named += [c.operand for c in self.conditions if c.operator in (">", "<") and c.operand.isidentifier()]
        return tuple(dict.fromkeys(named))

    @property
    def touched(self) -> tuple[str, ...]:
        """Columns whose figures are in doubt."""
        return self.touches or self.columns


@dataclass(frozen=True)
class SurveyScale:
    """Scale of answers: from where to where it goes, from which answer on they are good, and up to which one bad.

    Parameters
    ----------
    lowest, highest : float
    good, bad : float
        Answers from `good` on count as promoters or as satisfied, answers up to `bad` as detractors.
    """

    lowest: float
    highest: float
    good: float
    bad: float


CSAT_SCALES: Mapping[int, SurveyScale] = {
    3: SurveyScale(1, 3, 3, 1),
    5: SurveyScale(1, 5, 4, 2),
    7: SurveyScale(1, 7, 6, 3),
    10: SurveyScale(1, 10, 8, 5),
    100: SurveyScale(0, 100, 80, 50),
}
NPS_SCALES: Mapping[int, SurveyScale] = {
    5: SurveyScale(1, 5, 5, 3),
    10: SurveyScale(0, 10, 9, 6),
    100: SurveyScale(0, 100, 90, 60),
}
SCALES: Mapping[str, Mapping[int, SurveyScale]] = {"csat": CSAT_SCALES, "nps": NPS_SCALES}
STANDARD_SCALES: Mapping[str, int] = {"csat": 5, "nps": 10}
NARROW_ANSWERS = 5  # so many answers in the lower half of a scale, and none above, look like another scale


def survey_scale(kind: str, given: Mapping[str, int]) -> SurveyScale:
    """Scale of a kind of survey at a company.

    Parameters
    ----------
    kind : str
        nps or csat.
    given : mapping of str to int
        Highest answers by the company file.

    Returns
    -------
    SurveyScale

    Examples
    --------
    >>> survey_scale("csat", {}).good, survey_scale("csat", {"csat": 7}).good
    (4, 6)
    """
    return SCALES[kind][given.get(kind, STANDARD_SCALES[kind])]


def _limit(
    table: str,
    text: str,
    level: Literal["error", "warning"],
    words: str,
    remedy: str = "Check these rows.",
    *,
    touches: str = "",
    money: str = "",
    effect: Literal["", "low", "high"] = "",
) -> Limit:
    """Read ``paid_amount > amount & amount > 0``."""
    conditions = []
    for part in text.split(" & "):
        column, operator, operand = part.split(" ", 2)
        conditions.append(Condition(column, operator, operand))  # type: ignore[arg-type]
    return Limit(table, tuple(conditions), level, words, remedy, tuple(touches.split()), money, effect)


_MEND = "Mend the data, or map the column in which it stands."
_NPS = (
    "NPS is asked on 0 to 10: say which scale it was, scales: {nps: 100} in the company file (5, 10, 100),"
    " map the scores, score: score / 10, or say that they are answers of another kind, kind: \"'csat'\"."
)
_CSAT = "The scale is that of the company file: scales: {csat: 5}; 3, 7, 10 and 100 are known too."

LIMITS: tuple[Limit, ...] = (
    # answers and their scales
    _limit("surveys", "score > nps.highest & kind = nps|missing", "error", "are above {bound}", _NPS),
    _limit("surveys", "score < nps.lowest & kind = nps|missing", "error", "are below {bound}", _NPS),
    _limit("surveys", "score > csat.highest & kind = csat", "error", "are above {bound}", _CSAT),
    _limit("surveys", "score < csat.lowest & kind = csat", "error", "are below {bound}", _CSAT),
    _limit("tickets", "csat > csat.highest", "error", "are above {bound}", _CSAT),
    _limit("tickets", "csat < csat.lowest", "error", "are below {bound}", _CSAT),
    # a part that is more than its whole
    _limit("production", "good_units > units", "error", "have more good units than units", _MEND),
    _limit("production", "on_time_units > units", "error", "have more units on time than units", _MEND),
    # which can be, for a unit may have several defects
    _limit("production", "defects > units", "warning", "have more defects than units"),
    # a click is counted on its own day, the impression on the day before: odd, but seen in true exports
    _limit("spend", "clicks > impressions", "warning", "have more clicks than impressions"),
    _limit("spend", "reach > impressions", "warning", "have more reach than impressions"),
    _limit("social", "reach > impressions", "warning", "have more reach than impressions"),
    _limit("social", "engagements > impressions", "warning", "have more engagements than impressions"),
    _limit("sales_activities", "call_hours > 24", "warning", "have more than 24 call hours a day"),
    # money
    _limit(
        "invoices", "paid_amount > amount & amount > 0", "warning", "are paid above the amount",
        "Receivables are too low by what is above; check the columns amount and paid_amount.",
        touches="paid_amount", money="paid_amount",
    ),
    _limit(
        "invoices", "paid_amount > 0 & paid_on is missing", "warning", "have a paid_amount and no paid_on",
        "What was paid is in no period, so that receivables are too high. Fill in the day.",
        touches="paid_on", money="paid_amount", effect="low",
    ),
    _limit(
        "invoices", "paid_on is present & paid_amount is missing", "warning", "have a paid_on and no paid_amount",
        "They are taken as paid in full.", touches="paid_amount", money="amount",
    ),
    _limit(
        "orders", "cost < 0 & amount > 0", "warning", "have a negative cost for a positive amount",
        "A cost below zero adds to profit: is the sign of the column turned round?", touches="cost", money="cost",
    ),
    _limit(
        "ledger", "amount < 0 & account = receivables|inventory", "warning", "have negative receivables or inventory",
        "These accounts are balances; check their signs.", money="amount",
    ),
    # an outcome and its date
    _limit(
        "opportunities", "closed_on is missing & outcome = won", "warning", "are won and have no closed_on",
        "They are in no period. Fill in the day on which they were won.",
        touches="closed_on", money="amount", effect="low",
    ),
    _limit(
        "opportunities", "closed_on is missing & outcome = lost", "warning", "are lost and have no closed_on",
        "They are in no period. Fill in the day on which they were lost.", touches="closed_on", money="amount",
    ),
    _limit(
        "opportunities", "amount is missing & outcome = won", "warning", "are won and have no amount",
        "They are left out where the amount is needed.", touches="amount", effect="low",
    ),
    _limit(
        "opportunities", "amount < 0 & outcome = won", "warning", "are won with a negative amount",
        touches="amount", money="amount",
    ),
    _limit(
        "employees", "left_on is missing & left_voluntarily = true", "warning", "left voluntarily and have no left_on",
        "They count as employed. Fill in the day.", touches="left_on left_voluntarily",
    ),
    _limit(
        "employees", "left_voluntarily is missing & left_on is present", "warning",
        "have a left_on and no left_voluntarily",
        "They do not count as voluntary.", touches="left_voluntarily",
    ),
)  # fmt: skip
"""What no row can say (errors), or what is odd in one or lost with it (warnings)."""

ROW_IDENTITY: Mapping[str, str] = {
    "orders": "order_id", "touchpoints": "path_id", "subscriptions": "customer_id",
}  # fmt: skip
"""Of tables without a key, the column by which rows that are the same in every column are the same thing twice.

Where it is not mapped, and in all other tables, equal rows are equal figures of different things: two campaigns that
cost the same on one day, or two answers of one customer.
"""

LEDGER_ACCOUNTS = frozenset(
    (
        "revenue", "cogs", "operating_expense", "depreciation", "amortisation", "interest", "tax", "cash",
        "receivables", "inventory", "payables", "current_assets", "current_liabilities", "capex",
        "operating_cash_flow", "dividends",
        "other_income", "other_expense", "investment_gain", "investment_cost",
    )
)  # fmt: skip
"""Accounts of the ledger that KPIs and sections know."""
