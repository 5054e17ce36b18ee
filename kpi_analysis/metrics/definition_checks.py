"""What the data say against what the KPIs ask of them: accounts that none knows, and revenue from two tables."""

from __future__ import annotations

from typing import Any

from kpi_analysis.core.errors import DataFinding, KpiError, did_you_mean
from kpi_analysis.core.limits import LEDGER_ACCOUNTS
from kpi_analysis.metrics import sql
from kpi_analysis.metrics.catalogue import Catalogue
from kpi_analysis.metrics.compute.resolution import obstacle, resolve_measure
from kpi_analysis.metrics.sources import Sources
from kpi_analysis.metrics.withholding import reading_error

REVENUE = "sales_revenue"


def check_accounts(sources: Sources, catalogue: Catalogue) -> list[DataFinding]:
    """Findings on accounts of the ledger that no KPI knows, with their amounts.

    Parameters
    ----------
    sources : Sources
        Tables of the company.
    catalogue : Catalogue
        Its KPIs, the user's own among them, may name further accounts.

    Returns
    -------
    list of DataFinding
        One warning, or none.
    """
    if "ledger" not in sources.readable or reading_error(sources, "ledger") is not None:
        return []
    known = {*LEDGER_ACCOUNTS, *_named_accounts(catalogue)}
    table = sources.tables.usable("ledger")
    found = table.group_by("account").aggregate(rows=table.count(), amount=table.amount.sum())
    rows: list[dict[str, Any]] = found.order_by("account").to_pyarrow().to_pylist()
    lacking = [row for row in rows if row["account"] is not None and row["account"] not in known]
    if not lacking:
        return []
    lacking.sort(key=lambda row: -abs(float(row["amount"] or 0)))
    shown = ", ".join(f"'{row['account']}' ({float(row['amount'] or 0):,.10g})" for row in lacking[:5])
    more = f" and {len(lacking) - 5} more" if len(lacking) > 5 else ""
    whole = sum(abs(float(row["amount"] or 0)) for row in rows)
    amount = sum(abs(float(row["amount"] or 0)) for row in lacking)
    one = len(lacking) == 1
    words = f"{len(lacking)} {'account is' if one else 'accounts are'} in no KPI: {shown}{more}"
    first = lacking[0]["account"]
    line = f"account: case account when '{first}' then 'operating_expense' … end"
    if any(one.unpivot or one.accounts or one.preset for one in sources.config.tables["ledger"].all_sources):
        line = f"accounts: {{operating_expense: ['{first}']}}"
    near = next((hint for row in lacking if (hint := did_you_mean(row["account"], known))), "")
    return [
        DataFinding(
            "warning", "table ledger, column account", f"{words}.",
            f"{near} Map it: {line}".strip(),
            table="ledger", columns=("account",), rows=sum(int(row["rows"]) for row in lacking),
            share=amount / whole if whole else 0.0, summary=words,
        )
    ]  # fmt: skip


def known_accounts(sources: Sources, catalogue: Catalogue) -> list[DataFinding]:
    """Findings of `check_accounts`, looked for once; the words of the ledger are known before its amounts are read."""
    named = _named_accounts(catalogue) | LEDGER_ACCOUNTS

    def look() -> list[DataFinding]:
        if "ledger" not in sources.readable or sources.distinct("ledger", "account") <= named:
            return []
        return check_accounts(sources, catalogue)

    return list(sources.memo.get(("accounts", named), look))


def _named_accounts(catalogue: Catalogue) -> frozenset[str]:
    """Accounts that measures name outright, or as words of their condition."""
    ways = [way for measure in catalogue.measures.values() for way in measure.aggregates if way.table == "ledger"]
    named = {way.account for way in ways if way.account is not None}
    return frozenset(named | {word for way in ways if way.where for word in sql.words_of(way.where)})


def check_revenue(sources: Sources, catalogue: Catalogue) -> list[DataFinding]:
    """Finding on revenue that could come from several tables, and which is used; none where the company file says it.

    Parameters
    ----------
    sources : Sources
        Tables of the company.
    catalogue : Catalogue
        What its KPIs are.

    Returns
    -------
    list of DataFinding
        One warning, or none.
    """
    choices = [one for one in catalogue.measures.values() if one.choice == "revenue_from"]
    if sources.config.revenue_from is not None or not choices:
        return []
    able = [way.table for way in choices[0].aggregates if not obstacle(sources, way, (), None)]
    if "ledger" in able and not _books_revenue(sources):
        able.remove("ledger")
    used = resolve_measure(sources, REVENUE, choices[0], (), None).aggregate
    others = [table for table in able if used is not None and table != used.table]
    if used is None or not others:
        return []
    words = f"revenue comes from {used.table}; {' and '.join(others)} could give it as well"
    return [
        DataFinding(
            "warning", f"KPI {REVENUE}", f"{words}.",
            f"Say in the company file which it is: revenue: {used.table}",
            str(sources.config.path) if sources.config.path else None, summary=words,
        )
    ]  # fmt: skip


def _books_revenue(sources: Sources) -> bool:
    """Whether the ledger can be read and has revenue in it; what is wrong with it is told of by its own check."""
    try:
        return "revenue" in sources.distinct("ledger", "account")
    except KpiError:
        return False
