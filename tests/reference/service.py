"""Service: tickets and surveys."""

from __future__ import annotations

import statistics

from reference.measures import count, first_connected, flow, rows_in_period
from reference.results import Result, by_name, ratio
from reference.rows import NoValue, Selection

# --- what the KPIs are made of


def answers_of_promoters(s: Selection, *, low: float = 0, high: float = float("inf")) -> float:
    """The number of answers to the question of recommendation whose score lies within bounds."""
    rows = rows_in_period(s, "surveys", "answered_on", "score", where=lambda r: r.get("kind") in (None, "nps"))
    return float(sum(row["score"] is not None and low <= row["score"] <= high for row in rows))


def satisfied(s: Selection, *, least: float) -> float:
    """The number of answers on satisfaction of a score and more, from surveys or from tickets."""

    def in_surveys(s: Selection) -> float:
        rows = rows_in_period(s, "surveys", "answered_on", "score", "kind", where=lambda r: r["kind"] == "csat")
        return float(sum(row["score"] is not None and row["score"] >= least for row in rows))

    def in_tickets(s: Selection) -> float:
        rows = rows_in_period(s, "tickets", "opened_on", "csat")
        return float(sum(row["csat"] is not None and row["csat"] >= least for row in rows))

    return first_connected(s, in_surveys, in_tickets)


def filled_in(s: Selection, column: str) -> float:
    """Tickets of the period where a column is known."""
    return count(s, "tickets", "opened_on", column, where=lambda r: r[column] is not None)


def agents(s: Selection) -> float:
    """The number of agents with a ticket."""
    return float(len({row["agent"] for row in rows_in_period(s, "tickets", "opened_on", "agent")} - {None}))


# --- KPIs


def net_promoter_score(s: Selection) -> float:
    """Percentage of promoters (9 and 10) less that of detractors (0 to 6)."""
    promoters, detractors = answers_of_promoters(s, low=9), answers_of_promoters(s, high=6)
    return (promoters - detractors) / answers_of_promoters(s) * 100


def customer_satisfaction(s: Selection) -> Result:
    """Answers of 4 and 5 over answers."""
    return ratio(s, lambda s: satisfied(s, least=4), lambda s: satisfied(s, least=0))


def average_call_time(s: Selection) -> Result:
    """Minutes of handling over tickets with minutes."""
    return ratio(
        s, lambda s: flow(s, "tickets", "opened_on", "handle_minutes"), lambda s: filled_in(s, "handle_minutes")
    )


def resolution_time(s: Selection) -> float:
    """The median of the hours from opening to resolution."""
    rows = rows_in_period(s, "tickets", "resolved_on", "opened_on")
    hours = [(r["resolved_on"] - r["opened_on"]).total_seconds() / 3600 for r in rows if r["opened_on"] is not None]
    if not hours:
        raise NoValue
    return float(statistics.median(hours))


def first_contact_resolution(s: Selection) -> Result:
    """Tickets resolved at the first contact over tickets where that is known."""

    def at_first_contact(s: Selection) -> float:
        column = "first_contact_resolved"
        return count(s, "tickets", "opened_on", column, where=lambda r: r[column] is True)

    return ratio(s, at_first_contact, lambda s: filled_in(s, "first_contact_resolved"))


def tickets_per_agent(s: Selection) -> Result:
    """Tickets over agents."""
    return ratio(s, lambda s: count(s, "tickets", "opened_on"), agents)


SERVICE = by_name(
    net_promoter_score,
    customer_satisfaction,
    average_call_time,
    resolution_time,
    first_contact_resolution,
    tickets_per_agent,
)
