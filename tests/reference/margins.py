"""The gross margin of a company, and the cost of its orders."""

from __future__ import annotations

from reference.measures import rows_in_period
from reference.rows import NotConnected, Row, Selection


def gross_margin(s: Selection) -> float:
    """The gross margin of the company file."""
    if s.company.gross_margin is None:
        raise NotConnected
    return s.company.gross_margin


def orders_with_cost(s: Selection) -> list[tuple[Row, float | None]]:
    """Orders with their cost, or what the gross margin leaves of their amount."""
    rest = 1 - gross_margin(s)

    def cost(row: Row) -> float | None:
        if row.get("cost") is not None:
            return float(row["cost"])
        return None if row["amount"] is None else row["amount"] * rest

    return [(row, cost(row)) for row in rows_in_period(s, "orders", "ordered_on", "amount")]
