"""Canonical schema: the tables, what one row of each is, its columns, and which values are possible."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

ColumnKind = Literal["text", "date", "timestamp", "number", "boolean"]


@dataclass(frozen=True)
class CanonicalColumn:
    """Canonical column: its kind, and which values are possible.

    Parameters
    ----------
    name : str
    kind : str
        text, date, timestamp, number or boolean.
    required : bool
        A table without it cannot be connected.
    minimum : float, optional
        The smallest value that is possible.
    values : tuple of str
        The only values that are possible, where there are few.
    """

    name: str
    kind: ColumnKind
    required: bool = False
    minimum: float | None = None
    values: tuple[str, ...] = ()


@dataclass(frozen=True)
class CanonicalTable:
    """Canonical table: what one row is, its columns and its key.

    Parameters
    ----------
    name, row : str
        Its name, and what one row is.
    date : str
        The column that says when a row happened; the first and last of it are how far the data reach.
    columns : mapping of str to CanonicalColumn
    key : str, optional
        A column whose values stand once.
    order : tuple of pairs
        Columns that cannot lie the other way round in time, such as created before closed.
    money : tuple of str
        Columns that hold money, in the currency of the row.
    money_on : tuple of str
        The day at whose rate it is converted: the first of these that is known.
    """

    name: str
    row: str
    date: str
    columns: Mapping[str, CanonicalColumn]
    key: str | None = None
    order: tuple[tuple[str, str], ...] = ()
    money: tuple[str, ...] = ()
    money_on: tuple[str, ...] = ()

    @property
    def dimensions(self) -> tuple[str, ...]:
        """Dimensions: text columns by which the table can be sliced."""
        return tuple(c.name for c in self.columns.values() if c.kind == "text" and c.name != self.key)


@dataclass(frozen=True)
class DerivedColumn:
    """Derived column: one that a table gets by a key from another table, or from its own rows of the same key.

    There is at most one value a row, so that no row is doubled.
    """

    table: str
    name: str
    kind: ColumnKind
    source: str
    key: str
    value: str


DERIVED = (
    DerivedColumn("leads", "opportunity_on", "date", "opportunities", "lead_id", "created_on"),
    DerivedColumn("orders", "acquired_channel", "text", "customers", "customer_id", "acquired_channel"),
    DerivedColumn("touchpoints", "converted_on", "date", "touchpoints", "path_id", "touched_at"),
    DerivedColumn("touchpoints", "credited_conversions", "number", "touchpoints", "path_id", "touched_at"),
    DerivedColumn("touchpoints", "credited_value", "number", "touchpoints", "path_id", "value"),
)


def _table(
    name: str,
    row: str,
    *columns: str,
    key: str | None = None,
    order: tuple[tuple[str, str], ...] = (),
    money: str = "",
    money_on: str = "",
) -> CanonicalTable:
    parsed = [_column(text) for text in columns]
    date = next(c.name for c in parsed if c.kind in ("date", "timestamp"))
    columns_ = {c.name: c for c in parsed}
    return CanonicalTable(
        name, row, date, columns_, key, order, tuple(money.split()), tuple((money_on or date).split())
    )


def _column(text: str) -> CanonicalColumn:
    """Read ``*amount number >=0`` or ``*outcome text won|lost|open``: a star marks a required column."""
    name, kind, *rest = text.split()
    minimum = next((float(part[2:]) for part in rest if part.startswith(">=")), None)
    values = next((tuple(part.split("|")) for part in rest if "|" in part), ())
    return CanonicalColumn(name.lstrip("*"), kind, name.startswith("*"), minimum, values)  # type: ignore[arg-type]


TABLES: Mapping[str, CanonicalTable] = {
    table.name: table
    for table in (
        _table(
            "spend", "a day's cost of a channel or campaign",
            "*spent_on date", "*amount number >=0", "channel text", "campaign text", "kind text marketing|sales",
            "impressions number >=0", "clicks number >=0", "conversions number >=0", "reach number >=0",
            "region text",
            "currency text",
            money="amount",
        ),
        _table(
            "leads", "one lead",
            "*lead_id text", "*created_on date", "channel text", "campaign text", "source text", "mql_on date",
            "sql_on date", "customer_id text", "region text", "segment text",
            key="lead_id", order=(("created_on", "mql_on"), ("created_on", "sql_on")),
        ),
        _table(
            "opportunities", "one sales opportunity",
            "*opportunity_id text", "*created_on date", "closed_on date", "*outcome text won|lost|open",
            "amount number", "lead_id text", "customer_id text", "owner text", "product text", "region text",
            "channel text",
            "currency text",
            key="opportunity_id", order=(("created_on", "closed_on"),),
            money="amount", money_on="closed_on created_on",
        ),
        _table(
            "orders", "one order or order line",
            "*order_id text", "*ordered_on date", "*customer_id text", "*amount number", "cost number",
            "quantity number", "product text", "channel text", "region text", "segment text",
            "currency text",
            money="amount cost",
        ),
        _table(
            "customers", "one customer",
            "*customer_id text", "acquired_on date", "acquired_channel text", "segment text", "region text",
            key="customer_id",
        ),
        _table(
            "subscriptions", "one customer's plan over an interval",
            "*customer_id text", "*started_on date", "ended_on date", "*mrr number >=0", "plan text",
            "segment text", "region text",
            "currency text",
            order=(("started_on", "ended_on"),),
            money="mrr",
        ),
        _table(
            "touchpoints", "one marketing touch before a conversion",
            "*path_id text", "*touched_at timestamp", "*channel text", "cost number >=0", "converted boolean",
            "value number",
            "currency text",
            money="cost value",
        ),
        _table(
            "invoices", "one invoice",
            "*invoice_id text", "*issued_on date", "*amount number", "due_on date", "paid_on date",
            "paid_amount number", "customer_id text",
            "currency text",
            key="invoice_id", order=(("issued_on", "due_on"),),
            money="amount paid_amount",
        ),
        _table(
            "ledger", "one account's figure for a period",
            "*booked_on date", "*account text", "*amount number",
            "currency text",
            money="amount",
        ),
        _table(
            "web_traffic", "a day's visits of a channel",
            "*visited_on date", "*visitors number >=0", "sessions number >=0", "channel text",
            "form_submissions number >=0", "signups number >=0",
        ),
        _table(
            "social", "a day or post on a network",
            "*posted_on date", "*network text", "impressions number >=0", "reach number >=0",
            "engagements number >=0", "followers number >=0",
        ),
        _table(
            "tickets", "one service call or ticket",
            "*ticket_id text", "*opened_on timestamp", "resolved_on timestamp", "handle_minutes number >=0",
            "first_contact_resolved boolean", "csat number >=0", "agent text", "channel text",
            key="ticket_id", order=(("opened_on", "resolved_on"),),
        ),
        _table(
            "surveys", "one answer",
            "*answered_on date", "*score number >=0", "kind text nps|csat", "customer_id text", "segment text",
        ),
        _table(
            "employees", "one employment",
            "*employee_id text", "*hired_on date", "left_on date", "left_voluntarily boolean", "department text",
            "performance_rating number", "target_attainment number >=0",
            key="employee_id", order=(("hired_on", "left_on"),),
        ),
        _table(
            "vacancies", "one open position",
            "*vacancy_id text", "*opened_on date", "filled_on date", "department text",
            key="vacancy_id", order=(("opened_on", "filled_on"),),
        ),
        _table(
            "sales_activities", "a day's activity of a seller",
            "*active_on date", "*owner text", "call_hours number >=0", "calls number >=0", "meetings number >=0",
        ),
        _table(
            "production", "a day's output of a line",
            "*produced_on date", "*units number >=0", "good_units number >=0", "defects number >=0",
            "on_time_units number >=0", "line text",
        ),
    )
}  # fmt: skip
