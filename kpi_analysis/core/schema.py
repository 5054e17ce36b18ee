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
    planned : bool
        Whether its days may lie ahead, such as a due date, the end of a contract or a start that is agreed: a plan is
        no event, and does not say how far the data reach.
    known_on : tuple of str, optional
        The first of these dates that has a value is the day on which its value became known; with none of them, it is
        known only at the end of the data. None: it was known when the row began.
    """

    name: str
    kind: ColumnKind
    required: bool = False
    minimum: float | None = None
    values: tuple[str, ...] = ()
    planned: bool = False
    known_on: tuple[str, ...] | None = None


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
    life : pair of str, optional
        The dates on which a row begins and ends to be open, or to be there.
    has_opening : bool
        Whether it holds all that runs from its first day on, as lists of contracts do.
    is_register : bool
        Whether it is kept of what is there, so that no new row for long is no gap in it.
    is_booked : bool
        Whether a row holds a figure for a stretch of time, which may be as long as a year.
    """

    name: str
    row: str
    date: str
    columns: Mapping[str, CanonicalColumn]
    key: str | None = None
    order: tuple[tuple[str, str], ...] = ()
    money: tuple[str, ...] = ()
    money_on: tuple[str, ...] = ()
    life: tuple[str, str] | None = None
    has_opening: bool = False
    is_register: bool = False
    is_booked: bool = False

    @property
    def events(self) -> tuple[str, ...]:
        """Dates on which something has happened, the main one first; plans are none."""
        happened = [name for name in self.dates if not self.columns[name].planned]
        return tuple(dict.fromkeys((self.date, *happened)))

    @property
    def dates(self) -> tuple[str, ...]:
        """Columns that hold a day or a time."""
        return tuple(c.name for c in self.columns.values() if c.kind in ("date", "timestamp"))

    @property
    def dimensions(self) -> tuple[str, ...]:
        """Dimensions: text columns by which the table can be sliced."""
        return tuple(c.name for c in self.columns.values() if c.kind == "text" and c.name != self.key)


@dataclass(frozen=True)
class DerivedColumn:
    """Derived column: one that a table gets by a key from another table, or from its own rows of the same key.

    There is at most one value a row, so that no row is doubled; `where` says which rows of the other table count.
    """

    table: str
    name: str
    kind: ColumnKind
    source: str
    key: str
    value: str
    where: str | None = None


DERIVED = (
    DerivedColumn("leads", "opportunity_on", "date", "opportunities", "lead_id", "created_on"),
    DerivedColumn("leads", "won_on", "date", "opportunities", "lead_id", "closed_on", "outcome = 'won'"),
    DerivedColumn("leads", "first_ordered_on", "date", "orders", "customer_id", "ordered_on", "amount > 0"),
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
    life: str = "",
    has_opening: bool = False,
    is_register: bool = False,
    is_booked: bool = False,
) -> CanonicalTable:
    parsed = [_column(text) for text in columns]
    date = next(c.name for c in parsed if c.kind in ("date", "timestamp"))
    columns_ = {c.name: c for c in parsed}
    begin, _, end = life.partition(" ")
    return CanonicalTable(
        name, row, date, columns_, key, order, tuple(money.split()), tuple((money_on or date).split()),
        (begin, end) if life else None, has_opening, is_register, is_booked,
    )  # fmt: skip


def _column(text: str) -> CanonicalColumn:
    """Read ``*amount number >=0`` or ``*outcome text won|lost|open @closed_on``: a star marks a required column.

    ``plan`` marks a day that may lie ahead; ``@`` is followed by the dates on which a value became known, joined by
    ``|``, and by nothing where no date says so.
    """
    name, kind, *rest = text.split()
    minimum = next((float(part[2:]) for part in rest if part.startswith(">=")), None)
    values = next((tuple(part.split("|")) for part in rest if "|" in part and not part.startswith("@")), ())
    known = next((tuple(filter(None, part[1:].split("|"))) for part in rest if part.startswith("@")), None)
    return CanonicalColumn(
        name.lstrip("*"), kind, name.startswith("*"), minimum, values, "plan" in rest, known  # type: ignore[arg-type]
    )  # fmt: skip


TABLES: Mapping[str, CanonicalTable] = {
    table.name: table
    for table in (
        _table(
            "spend", "a day's cost of a channel or campaign",
            "*spent_on date", "*amount number >=0", "channel text", "campaign text", "kind text marketing|sales",
            "impressions number >=0", "clicks number >=0", "conversions number >=0", "reach number >=0",
            "region text",
            "currency text",
            money="amount", is_booked=True,
        ),
        _table(
            "leads", "one lead",
            "*lead_id text", "*created_on date", "channel text", "campaign text", "source text", "mql_on date",
            "sql_on date", "converted_on date", "customer_id text @converted_on|won_on|first_ordered_on", "region text",
            "segment text",
            key="lead_id", order=(("created_on", "mql_on"), ("created_on", "sql_on")),
        ),
        _table(
            "opportunities", "one sales opportunity",
            "*opportunity_id text", "*created_on date", "closed_on date", "expected_on date plan",
            "*outcome text won|lost|open @closed_on", "amount number",
            "lead_id text", "customer_id text", "owner text", "product text", "region text",
            "channel text",
            "currency text",
            key="opportunity_id", order=(("created_on", "closed_on"),),
            money="amount", money_on="closed_on created_on", life="created_on closed_on",
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
            "*customer_id text", "*started_on date plan", "ended_on date plan", "*mrr number >=0", "plan text",
            "segment text", "region text",
            "currency text",
            order=(("started_on", "ended_on"),),
            money="mrr", life="started_on ended_on", has_opening=True, is_register=True,
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
            "*invoice_id text", "*issued_on date", "*amount number", "due_on date plan", "paid_on date",
            "paid_amount number @paid_on", "customer_id text",
            "currency text",
            key="invoice_id", order=(("issued_on", "due_on"),),
            money="amount paid_amount", life="issued_on paid_on",
        ),
        _table(
            "ledger", "one account's figure for a period",
            "*booked_on date", "*account text", "*amount number", "unit text", "cost_centre text",
            "currency text",
            money="amount", is_booked=True,
        ),
        _table(
            "web_traffic", "a day's visits of a channel",
            "*visited_on date", "*visitors number >=0", "sessions number >=0", "channel text",
            "form_submissions number >=0", "signups number >=0",
            is_booked=True,
        ),
        _table(
            "social", "a day or post on a network",
            "*posted_on date", "*network text", "impressions number >=0", "reach number >=0",
            "engagements number >=0", "followers number >=0",
            is_booked=True,
        ),
        _table(
            "tickets", "one service call or ticket",
            "*ticket_id text", "*opened_on timestamp", "resolved_on timestamp",
            "handle_minutes number >=0 @resolved_on", "first_contact_resolved boolean @resolved_on",
            "csat number >=0 @resolved_on", "agent text", "channel text",
            key="ticket_id", order=(("opened_on", "resolved_on"),), life="opened_on resolved_on",
        ),
        _table(
            "surveys", "one answer",
            "*answered_on date", "*score number >=0", "kind text nps|csat", "customer_id text", "segment text",
        ),
        _table(
            "employees", "one employment",
            "*employee_id text", "*hired_on date plan", "left_on date plan", "left_voluntarily boolean @left_on",
            "department text", "performance_rating number @", "target_attainment number >=0 @",
            key="employee_id", order=(("hired_on", "left_on"),), life="hired_on left_on", is_register=True,
        ),
        _table(
            "vacancies", "one open position",
            "*vacancy_id text", "*opened_on date", "filled_on date", "department text",
            key="vacancy_id", order=(("opened_on", "filled_on"),), life="opened_on filled_on", is_register=True,
        ),
        _table(
            "sales_activities", "a day's activity of a seller",
            "*active_on date", "*owner text", "call_hours number >=0", "calls number >=0", "meetings number >=0",
            is_booked=True,
        ),
        _table(
            "production", "a day's output of a line",
            "*produced_on date", "*units number >=0", "good_units number >=0", "defects number >=0",
            "on_time_units number >=0", "line text",
            is_booked=True,
        ),
    )
}  # fmt: skip
