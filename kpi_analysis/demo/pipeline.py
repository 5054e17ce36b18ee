"""Sales-qualified leads become opportunities, which are won, lost or still open; the touches on their way."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from kpi_analysis.demo.draws import Draws, Flags, Floats, Ints
from kpi_analysis.demo.facts import WIN_RATE_DECLINE
from kpi_analysis.demo.marketing import OPPORTUNITY_RATE, Leads, channel_names
from kpi_analysis.demo.prices import OrderLines, lines_worth
from kpi_analysis.demo.world import (
    CHANNELS,
    DAYS,
    NEVER,
    PRODUCTS,
    REGIONS,
    SELLERS,
    SELLERS_OF_REGION,
    STREAMS,
    dates_of,
    day_of,
    grid,
    moments_of,
    season,
    weekday,
    working_day,
    years,
)

CARRIED_OVER = 77  # days: no opportunity in the data is older than that when they begin
WIN_RATE = 0.284
WIN_RATE_GAIN = 0.014  # a year
CYCLE_DAYS, CYCLE_CHANGE = 58.0, -4.2  # mean days to win, and its change a year
DEAL_WORTH = 3550.0  # EUR at the prices of 2024
NURTURE = {"Email": 0.22, "Content": 0.26, "Organic search": 0.22, "Paid search": 0.17, "Paid social": 0.13}
AWARENESS = {
    "Organic search": 0.26, "Paid social": 0.24, "Content": 0.20, "Paid search": 0.15, "Display": 0.08, "Referral": 0.07
}  # fmt: skip


@dataclass(frozen=True)
class Deals:
    """Opportunities in the order in which they were created.

    `lead` is a position in the leads, `closed` is `NEVER` while open, `lines` are what is offered.
    """

    lead: Ints
    created: Ints
    closed: Ints
    won: Flags
    owner: Ints
    lines: OrderLines

    @property
    def decided(self) -> Flags:
        """Deals that are won or lost inside the data."""
        return self.closed < DAYS


def make_deals(seed: int, leads: Leads) -> Deals:
    """Draw opportunities, when they close and how."""
    draws = Draws(seed, "deals")
    accepted = np.flatnonzero(leads.sql < DAYS)
    lead = accepted[draws.happens(OPPORTUNITY_RATE, len(accepted))]
    created = working_day(leads.sql[lead] + draws.waits(4.0, len(lead)))
    order = np.argsort(created, kind="stable")
    lead, created = lead[order], created[order]
    size = len(lead)
    mean = CYCLE_DAYS + CYCLE_CHANGE * years(created)
    closed = working_day(created + np.maximum(3, np.rint(mean * draws.spread(0.55, size))).astype(np.int64))
    won = draws.uniform(size) < _win_chance(leads, lead, closed)
    low, high = (np.array(edge)[leads.region[lead]] for edge in zip(*SELLERS_OF_REGION, strict=True))
    owner = low + np.floor(draws.uniform(size) * (high - low)).astype(np.int64)
    lines = lines_worth(draws, DEAL_WORTH * draws.spread(0.75, size), np.minimum(closed, DAYS - 1))
    kept = (created < DAYS) & (closed >= 0) & (created >= -CARRIED_OVER)
    cut = OrderLines(lines.product[kept], lines.quantity[kept], lines.amount[kept], lines.cost[kept])
    closed = np.where(closed < DAYS, closed, NEVER)
    return Deals(lead[kept], created[kept], closed[kept], (won & (closed < DAYS))[kept], owner[kept], cut)


def _win_chance(leads: Leads, lead: Ints, closed: Ints) -> Floats:
    quality = np.array([stream.win for stream in STREAMS])[leads.stream[lead]]
    region = REGIONS.index(WIN_RATE_DECLINE.at("region"))
    declined = (leads.region[lead] == region) & (closed >= day_of(WIN_RATE_DECLINE.first))
    usual = WIN_RATE + WIN_RATE_GAIN * np.where(declined, 1.0, years(closed))  # against the mean of the years before
    chance: Floats = quality * usual + np.where(declined, WIN_RATE_DECLINE.size, 0.0)
    return chance


def opportunities_table(leads: Leads, deals: Deals, customers: list[str | None]) -> pd.DataFrame:
    """Return the table `opportunities`; one of a lead before the data begin names no lead."""
    names, lead = leads.names(), deals.lead
    outcome = np.where(deals.won, "won", np.where(deals.decided, "lost", "open"))
    return pd.DataFrame(
        {
            "opportunity_id": [f"D{number:05d}" for number in range(1, len(lead) + 1)],
            "created_on": dates_of(deals.created),
            "closed_on": dates_of(deals.closed),
            "outcome": outcome,
            "amount": deals.lines.amount / 100,
            "lead_id": [names[index] or None for index in lead.tolist()],
            "customer_id": [customers[index] for index in lead.tolist()],
            "owner": [SELLERS[index] for index in deals.owner],
            "product": [PRODUCTS[index].name for index in deals.lines.product],
            "region": [REGIONS[index] for index in leads.region[lead]],
            "channel": channel_names(leads.stream[lead]),
        }
    )


def touchpoints_table(seed: int, leads: Leads, deals: Deals) -> pd.DataFrame:
    """Return the table `touchpoints`: the paths of sales-qualified leads.

    The last touch of a path that ended in a won deal is the one marked as converted, and carries its value.
    """
    draws = Draws(seed, "touchpoints")
    path = np.flatnonzero(leads.sql < DAYS)
    size = len(path)
    won, value = np.zeros(len(leads.created), dtype=bool), np.zeros(len(leads.created), dtype=np.int64)
    end = np.minimum(leads.sql + 14, DAYS - 1)
    won[deals.lead], value[deals.lead] = deals.won, deals.lines.amount
    end[deals.lead] = np.minimum(deals.closed, DAYS - 1)
    before = draws.choose((0.42, 0.34, 0.24), size)
    after = np.where(won[path], 1 + draws.choose((0.5, 0.5), size), draws.choose((0.5, 0.4, 0.1), size))

    early = np.repeat(path, before)
    late = np.repeat(path, after)
    closing = np.r_[np.diff(late) != 0, True] & won[late]
    span = np.maximum(end[late] - leads.created[late], 0)
    late_day = leads.created[late] + np.floor(draws.uniform(len(late)) * (span + 1)).astype(np.int64)
    late_day = np.where(closing, np.maximum(leads.created[late], end[late] - draws.between(0, 5, len(late))), late_day)
    own = draws.happens(0.80, len(late))
    late_channel = np.where(own, _channel_of(leads, late), _some(draws, NURTURE, len(late)))

    who = np.r_[early, path, late]
    day = np.r_[leads.created[early] - 1 - draws.waits(12.0, len(early)), leads.created[path], late_day]
    channel = np.r_[_some(draws, AWARENESS, len(early)), _channel_of(leads, path), late_channel]
    minute = draws.between(7 * 60, 21 * 60, len(who))
    order = np.lexsort((minute, day, who))
    who, day, channel, minute = who[order], day[order], channel[order], minute[order]
    last = np.r_[np.diff(who) != 0, True]
    converted = last & won[who]
    clicks = {CHANNELS.index(stream.channel): stream.cost for stream in STREAMS if stream.paid}
    price = np.array([clicks.get(index, np.nan) for index in range(len(CHANNELS))])[channel]
    first = int((~leads.shown).sum())
    table = pd.DataFrame(
        {
            "path_id": [f"P{index:05d}" if index > 0 else f"Q{-index:05d}" for index in (who - first + 1).tolist()],
            "touched_at": moments_of(day, minute),
            "channel": [CHANNELS[index] for index in channel],
            "cost": np.rint(price * draws.spread(0.2, len(who)) * 100) / 100,
            "converted": converted,
            "value": np.where(converted, value[who] / 100, np.nan),
        }
    )
    inside: pd.DataFrame = table.loc[(day >= 0) & (day < DAYS)]
    return inside.sort_values("touched_at", kind="stable", ignore_index=True)


def _channel_of(leads: Leads, lead: Ints) -> Ints:
    return np.array([CHANNELS.index(stream.channel) for stream in STREAMS], dtype=np.int64)[leads.stream[lead]]


def _some(draws: Draws, mix: dict[str, float], size: int) -> Ints:
    channels = np.array([CHANNELS.index(name) for name in mix], dtype=np.int64)
    return channels[draws.choose(list(mix.values()), size)]


def activities_table(seed: int) -> pd.DataFrame:
    """Return the table `sales_activities`: a working day of a seller, absences left out."""
    draws = Draws(seed, "activities")
    day, owner = grid(DAYS, len(SELLERS))
    size = len(day)
    busy = season(day, 0.6) * (1 + 0.015 * years(day))
    calls = draws.counts(13.5 * busy * np.linspace(0.85, 1.15, len(SELLERS))[owner])
    table = pd.DataFrame(
        {
            "active_on": dates_of(day),
            "owner": [SELLERS[index] for index in owner],
            "call_hours": np.rint(calls * 0.23 * draws.spread(0.12, size) * 10) / 10,
            "calls": calls,
            "meetings": draws.counts(1.5 * busy),
        }
    )
    here = (weekday(day) < 5) & ~draws.happens(0.11, size)
    return table[here].reset_index(drop=True)
