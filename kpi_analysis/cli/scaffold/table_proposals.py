"""Which canonical table a file could be that no preset knows: by the names of its columns and all of their values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from kpi_analysis.cli.scaffold.column_profiles import ColumnProfile
from kpi_analysis.cli.scaffold.header_words import header_rank, outcome_of, plain_words
from kpi_analysis.core.account_names import propose_accounts
from kpi_analysis.core.schema import TABLES, CanonicalColumn, CanonicalTable
from kpi_analysis.presets.headers import is_month

MIN_KEY_DISTINCT = 0.95  # share of different values in a column that names its rows
MIN_ORDER_DISTINCT = 0.05  # order lines name their order several times
NEAREST = 3  # tables that are named where nothing fits

# At least one of these columns must be there besides the required ones: a day and an amount are in every file.
EVIDENCE: Mapping[str, tuple[str, ...]] = {
    "spend": ("campaign", "impressions", "clicks", "channel"),
    "leads": ("mql_on", "sql_on", "source", "channel", "campaign"),
    "opportunities": ("amount", "closed_on", "owner"),
    "customers": ("acquired_on", "acquired_channel", "segment"),
    "subscriptions": ("ended_on", "plan"),
    "touchpoints": ("converted", "value", "cost"),
    "invoices": ("due_on", "paid_on", "paid_amount", "customer_id"),
    "web_traffic": ("sessions", "channel", "form_submissions"),
    "social": ("impressions", "engagements", "followers", "reach"),
    "tickets": ("resolved_on", "agent", "csat", "handle_minutes", "first_contact_resolved"),
    "employees": ("left_on", "department"),
    "vacancies": ("filled_on", "department"),
    "sales_activities": ("calls", "meetings", "call_hours"),
    "production": ("good_units", "defects", "on_time_units"),
}


@dataclass(frozen=True)
class Proposal:
    """Proposal of a table for a file.

    Parameters
    ----------
    table : str
        Canonical.
    columns : mapping of str to str
        Ours to theirs: a name, or an SQL expression.
    reasons : tuple of str
        What speaks for it.
    further : mapping of str to object
        Other keys of the company file that it needs, such as `unpivot` and `accounts`.
    """

    table: str
    columns: Mapping[str, str]
    reasons: tuple[str, ...]
    further: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class NearTable:
    """A table that a file is not, and what it lacks for it."""

    table: str
    lacks: tuple[str, ...]


@dataclass(frozen=True)
class Assessment:
    """What a file of no known tool is found to be.

    Parameters
    ----------
    proposal : Proposal, optional
        The table that it fits as a whole.
    nearest : tuple of NearTable
        Where there is none: the tables that it comes nearest to.
    looks_like : str
        What else it looks like, with the headers that say so; empty where nothing else.
    """

    proposal: Proposal | None = None
    nearest: tuple[NearTable, ...] = ()
    looks_like: str = ""


@dataclass(frozen=True)
class _Fit:
    table: CanonicalTable
    found: Mapping[str, ColumnProfile]
    lacks: tuple[str, ...]
    closeness: float = field(default=0.0)


def assess(profiles: Sequence[ColumnProfile], first_column: Sequence[str] = ()) -> Assessment:
    """Return which table a file could be; none where it only resembles one.

    Parameters
    ----------
    profiles : sequence of ColumnProfile
        Of all columns of the file.
    first_column : sequence of str
        Values of its first column, for statements whose columns are months.

    Returns
    -------
    Assessment

    Examples
    --------
    >>> def column(name, kind, distinct, words=()):
    ...     return ColumnProfile(name, kind, 100, 100, distinct, words)
    >>> deals = [column("Nr", "text", 100), column("Angelegt am", "date", 90), column("Wert", "number", 99),
    ...          column("Status", "text", 3, ("Offen", "Gewonnen", "Verloren"))]
    >>> assess(deals).proposal.columns["created_on"]
    'Angelegt am'
    >>> assess(deals[:3]).nearest[0]
    NearTable(table='opportunities', lacks=('outcome (a text with words for won and lost)',))
    """
    statement = _statement(profiles, first_column)
    if statement is not None:
        return Assessment(statement)
    foreign = foreign_kind(profiles)
    fits = sorted(
        (_fit(table, profiles) for table in TABLES.values()), key=lambda fit: (len(fit.lacks), -fit.closeness)
    )
    whole = [fit for fit in fits if not fit.lacks]
    if whole and not foreign:
        best = max(whole, key=lambda fit: fit.closeness)
        return Assessment(Proposal(best.table.name, _columns(best), _reasons(best), _accounts(best)))
    near = [fit for fit in fits if fit.found][:NEAREST] or fits[:NEAREST]
    named = tuple(NearTable(fit.table.name, fit.lacks) for fit in near if fit.lacks)
    return Assessment(None, named, foreign)


@lru_cache(maxsize=1)
def other_exports() -> Mapping[str, tuple[tuple[str, ...], ...]]:
    """Return kinds of exports that are none of our tables, each with groups of headers that tell it.

    Returns
    -------
    mapping of str to tuple of tuple of str

    Examples
    --------
    >>> "a bank statement" in other_exports()
    True
    """
    text = (Path(__file__).parent / "other_exports.yaml").read_text(encoding="utf-8")
    return {kind: tuple(map(tuple, groups)) for kind, groups in yaml.safe_load(text).items()}


def foreign_kind(profiles: Sequence[ColumnProfile]) -> str:
    """Return what a file looks like that is none of our tables, with the headers that say so; empty where nothing.

    Parameters
    ----------
    profiles : sequence of ColumnProfile

    Returns
    -------
    str

    Examples
    --------
    >>> foreign_kind([ColumnProfile("IBAN", "text"), ColumnProfile("Saldo", "number")])
    'a bank statement (IBAN, Saldo)'
    """
    names = {plain_words(profile.name): profile.name for profile in profiles}
    for kind, groups in other_exports().items():
        seen = [next((names[word] for word in group if word in names), None) for group in groups]
        told = [name for name in seen if name is not None]
        leading = told[:1] == seen[:1] if kind != "a bank statement" else any(seen[:4])
        if leading and len(set(told)) >= 2:
            return f"{kind} ({', '.join(dict.fromkeys(told))})"
    return ""


def _fit(table: CanonicalTable, profiles: Sequence[ColumnProfile]) -> _Fit:
    pairs = [
        (rank, not column.required, column.name, profile)
        for column in table.columns.values()
        for profile in profiles
        if (rank := header_rank(table.name, column.name, profile.name)) is not None
        and value_fault(table, column, profile) is None
    ]
    pairs.sort(key=lambda pair: (pair[1], pair[0]))
    found: dict[str, ColumnProfile] = {}
    closeness = 0.0
    for rank, is_optional, name, profile in pairs:
        if name not in found and profile not in found.values():
            found[name] = profile
            closeness += (1.0 if is_optional else 2.0) / (1 + rank / 8)
    lacks = [_wanted(column) for column in table.columns.values() if column.required and column.name not in found]
    evidence = EVIDENCE.get(table.name, ())
    if evidence and not any(name in found for name in evidence):
        lacks.append(" or ".join(evidence))
    if table.name == "spend" and _are_deals(profiles):
        lacks.append("amounts of marketing: these are those of deals or orders")
    ordered = {name: found[name] for name in table.columns if name in found}
    share = sum(name in found for name, column in table.columns.items() if column.required)
    return _Fit(table, ordered, tuple(lacks), closeness if not lacks else share + closeness / 100)


def value_fault(table: CanonicalTable, column: CanonicalColumn, profile: ColumnProfile) -> str | None:
    """Return why the values of a column cannot be those of a canonical one; None where they can.

    Parameters
    ----------
    table : CanonicalTable
    column : CanonicalColumn
        Of this table.
    profile : ColumnProfile
        Of the file's column.

    Returns
    -------
    str or None

    Examples
    --------
    >>> table = TABLES["opportunities"]
    >>> value_fault(table, table.columns["amount"], ColumnProfile("Wert", "text", 9, 9, 9))
    'no numbers'
    """
    if profile.kind == "empty":
        return "no values" if column.required else None
    if column.kind in ("date", "timestamp"):
        return None if profile.kind == "date" else "no days"
    if column.kind == "number":
        if profile.kind != "number":
            return "no numbers"
        if column.minimum is not None and (profile.lowest or 0) < column.minimum:
            return "numbers below zero"
        if column.name == "score" and not (profile.is_whole and (profile.highest or 0) <= 100):
            return "no scores"
        return None
    if column.kind == "boolean":
        return None if profile.kind == "boolean" else "no yes and no"
    if column.name == "outcome":
        kinds = {outcome_of(word) for word in profile.words}
        return None if {"won", "lost"} <= kinds else "no words for won and lost"
    if column.values:
        return None if {word.casefold() for word in profile.words} & set(column.values) else "other words"
    if profile.kind == "date":
        return "days"
    if column.name == table.key:
        is_unique = profile.distinct_share >= MIN_KEY_DISTINCT and profile.filled_share >= MIN_KEY_DISTINCT
        return None if is_unique and profile.kind != "boolean" else "values that stand several times"
    if column.name == "order_id" and profile.distinct_share < MIN_ORDER_DISTINCT:
        return "few different values"
    if column.required or column.name in ("customer_id", "lead_id"):
        return None
    return None if profile.kind == "text" else "no words"


def _wanted(column: CanonicalColumn) -> str:
    if column.name == "outcome":
        return "outcome (a text with words for won and lost)"
    kind = {"date": "a day", "timestamp": "a time", "number": "a number", "text": "a text", "boolean": "yes or no"}
    return f"{column.name} ({kind[column.kind]})"


def _are_deals(profiles: Sequence[ColumnProfile]) -> bool:
    """Whether a file has deals, orders or invoices, whose amounts are no spending."""
    keys = (("opportunities", "outcome"), ("orders", "order_id"), ("invoices", "invoice_id"))
    return any(
        header_rank(table, column, profile.name) is not None
        and value_fault(TABLES[table], TABLES[table].columns[column], profile) is None
        and (column == "outcome" or profile.distinct_share > 0.5)
        for table, column in keys
        for profile in profiles
    )


def _statement(profiles: Sequence[ColumnProfile], first_column: Sequence[str]) -> Proposal | None:
    """A statement by month: its first column names accounts, among them revenue, and all others are months."""
    months = [profile for profile in profiles[1:] if is_month(profile.name)]
    if len(months) < 2 or len(months) < len(profiles) - 2 or any(one.kind not in ("number", "empty") for one in months):
        return None
    proposed = propose_accounts(name.strip() for name in first_column)
    if "revenue" not in proposed.accounts or len(proposed.accounts) < 2:
        return None
    said = {"unpivot": {"account": 1, "months": "B:"}, "accounts": _as_lists(proposed.accounts)}
    lines = ", ".join(proposed.accounts["revenue"][:2])
    reasons = f"its columns are months from {months[0].name} to {months[-1].name}", f"revenue is {lines}"
    return Proposal("ledger", {}, reasons, said)


def _accounts(fit: _Fit) -> dict[str, Any]:
    """`accounts` of a ledger whose accounts are not called as ours are."""
    if fit.table.name != "ledger" or not fit.found["account"].words:
        return {}
    proposed = propose_accounts(fit.found["account"].words)
    return {"accounts": _as_lists(proposed.accounts)} if proposed.accounts else {}


def _as_lists(accounts: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    return {ours: list(theirs) for ours, theirs in accounts.items()}


def _columns(fit: _Fit) -> dict[str, str]:
    """Ours to theirs; the words of a state become ours by a case."""
    return {name: _theirs(name, profile) for name, profile in fit.found.items()}


def _theirs(name: str, profile: ColumnProfile) -> str:
    if name != "outcome" or set(profile.words) <= {"won", "lost", "open"}:
        return profile.name
    when = [
        f"when '{_escaped(word)}' then '{outcome_of(word)}'" for word in profile.words if outcome_of(word) != "open"
    ]
    return f"case {_column(profile.name)} {' '.join(when)} else 'open' end"


def _column(name: str) -> str:
    return name if name.isidentifier() and name.isascii() else '"' + name.replace('"', '""') + '"'


def _escaped(text: str) -> str:
    return text.replace("'", "''")


def _reasons(fit: _Fit) -> tuple[str, ...]:
    said = []
    for name, profile in fit.found.items():
        column = fit.table.columns[name]
        if name == "outcome":
            states = [word for word in profile.words if outcome_of(word) != "open"]
            said.append(f"{profile.name} says {' and '.join(states[:2])}")
        elif column.required:
            looks = "names each row" if name == fit.table.key else "days" if profile.kind == "date" else profile.kind
            said.append(f"{profile.name}: {'numbers' if looks == 'number' else looks}")
    return tuple(said)
