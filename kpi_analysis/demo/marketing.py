"""Spend brings visitors, visitors become leads some days later, and leads qualify."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kpi_analysis.demo.draws import Draws, Flags, Floats, Ints
from kpi_analysis.demo.facts import BROKEN_CAMPAIGN, MISSING_DAYS
from kpi_analysis.demo.world import (
    BROKEN_STREAM,
    CHANNEL_OF,
    CHANNELS,
    DAYS,
    MONTH_STARTS,
    MONTHS,
    NEVER,
    ONLINE_WEEK,
    REGION_SHARES,
    REGIONS,
    SEGMENT_SHARES,
    SEGMENTS,
    STREAMS,
    SUMMER_TOUR,
    dates_of,
    day_of,
    grid,
    season,
    week,
    working_day,
    years,
)

EARLIER = 154  # days before the data begin, from which the first opportunities come
LAG = (0.50, 0.20, 0.12, 0.08, 0.06, 0.04)  # of the leads of a visit, those that come so many days later
BROKEN_LEFT = 0.04  # of the leads of the broken campaign
SALES_COST_MONTH = 60_000  # EUR: travel, fairs, commissions
MQL_RATE, MQL_CHANGE = 0.645, -0.010  # the share, and its change a year
SQL_RATE = 0.452
OPPORTUNITY_RATE = 0.75


@dataclass(frozen=True)
class Demand:
    """What marketing spent and what came of it: arrays of stream × region × day, burn-in days first."""

    days: Ints
    cost: Floats
    visitors: Ints
    leads: Ints


@dataclass(frozen=True)
class Leads:
    """Leads in the order in which they came, each column an array; a step that never came is `NEVER`."""

    created: Ints
    stream: Ints
    region: Ints
    segment: Ints
    mql: Ints
    sql: Ints
    source: Ints

    @property
    def shown(self) -> Flags:
        """Leads inside the data; the older ones only explain the first opportunities."""
        return self.created >= 0

    def names(self) -> list[str]:
        """Ids of all leads; empty for those before the data begin."""
        first = int((~self.shown).sum())
        return [""] * first + [f"L{number:05d}" for number in range(1, len(self.created) - first + 1)]


def make_demand(seed: int) -> Demand:
    """Draw spend, visitors and leads by stream, region and day."""
    draws = Draws(seed, "demand")
    days = np.arange(-EARLIER, DAYS, dtype=np.int64)
    shape = (len(STREAMS), len(REGIONS), len(days))
    rhythm = season(days) * week(days, ONLINE_WEEK)
    left = (days[-1] - days) / 365.25
    plan = np.stack([stream.visitors * (1 + stream.growth) ** -left * rhythm for stream in STREAMS])
    regional = plan[:, None, :] * np.asarray(REGION_SHARES)[None, :, None]
    visitors = draws.counts(regional * draws.spread(0.10, shape))
    prices = np.stack([stream.cost * (1 + stream.inflation) ** -left for stream in STREAMS])
    cost = np.rint(visitors * 108 * prices[:, None, :] * draws.spread(0.06, shape)) / 100
    rates = np.array([stream.conversion for stream in STREAMS])[:, None, None]
    interested = rates * visitors
    expected = np.zeros(shape)
    for lag, share in enumerate(LAG):  # the first days of all take from the last: they are never shown
        expected += share * np.roll(interested, lag, axis=2)
    broken = (days >= day_of(BROKEN_CAMPAIGN.first)) & (days <= day_of(BROKEN_CAMPAIGN.last))
    expected[BROKEN_STREAM] *= np.where(broken, BROKEN_LEFT, 1.0)
    return Demand(days, cost, visitors, draws.counts(expected))


def make_leads(seed: int, demand: Demand) -> Leads:
    """Draw each lead with its dates: when marketing qualified it, and when sales accepted it."""
    draws = Draws(seed, "leads")
    counts = demand.leads.ravel()
    stream, region, day = (np.repeat(index, counts) for index in grid(*demand.leads.shape))
    size = len(day)
    order = np.lexsort((draws.uniform(size), day))
    stream, region, created = stream[order], region[order], day[order] - EARLIER
    quality = np.array([part.mql for part in STREAMS])[stream]
    qualified = draws.happens((MQL_RATE + MQL_CHANGE * years(created)) * quality, size)
    mql = np.where(qualified, created + draws.waits(4.0, size), NEVER)
    accepted = qualified & draws.happens(SQL_RATE, size)
    sql = np.where(accepted, working_day(mql + 1 + draws.waits(7.0, size)), NEVER)
    sources = np.array([len(part.sources) for part in STREAMS])[stream]
    source = np.floor(draws.uniform(size) * sources).astype(np.int64)
    return Leads(created, stream, region, draws.choose(SEGMENT_SHARES, size), mql, sql, source)


def campaign_names(stream: Ints, day: Ints) -> NDArray[np.object_]:
    """Name of the campaign of a stream on a day; nothing where it has none."""
    names = np.array([part.campaign or None for part in STREAMS], dtype=object)[stream]
    renamed = (stream == BROKEN_STREAM) & (day >= day_of(SUMMER_TOUR))
    return np.where(renamed, BROKEN_CAMPAIGN.at("campaign"), names)


def channel_names(stream: Ints) -> list[str]:
    """Name of the channel of each stream."""
    return [STREAMS[index].channel for index in stream.tolist()]


def leads_table(leads: Leads, customers: list[str | None]) -> pd.DataFrame:
    """Return the table `leads`; `customers` holds the customer that each lead became, or nothing."""
    shown = np.flatnonzero(leads.shown)
    stream, created, names = leads.stream[shown], leads.created[shown], leads.names()
    return pd.DataFrame(
        {
            "lead_id": [names[index] for index in shown.tolist()],
            "created_on": dates_of(created),
            "channel": channel_names(stream),
            "campaign": campaign_names(stream, created),
            "source": [STREAMS[s].sources[k] for s, k in zip(stream, leads.source[shown], strict=True)],
            "mql_on": dates_of(leads.mql[shown]),
            "sql_on": dates_of(leads.sql[shown]),
            "customer_id": [customers[index] for index in shown.tolist()],
            "region": [REGIONS[index] for index in leads.region[shown]],
            "segment": [SEGMENTS[index] for index in leads.segment[shown]],
        }
    )


def spend_table(seed: int, demand: Demand) -> pd.DataFrame:
    """Return the table `spend`: advertisements a day, other budgets a week, sales a month; each by region."""
    draws = Draws(seed, "spend")
    parts = [_advertisements(draws, demand), _budgets(draws), _sales_costs(draws)]
    table = pd.concat(parts, ignore_index=True).sort_values(
        ["spent_on", "kind", "channel", "campaign", "region"], kind="stable", ignore_index=True
    )
    for name in ("impressions", "clicks", "conversions", "reach"):
        table[name] = table[name].astype("Int64")
    return table


def _advertisements(draws: Draws, demand: Demand) -> pd.DataFrame:
    paid = np.array([index for index, stream in enumerate(STREAMS) if stream.paid], dtype=np.int64)
    stream, region, day = grid(len(paid), len(REGIONS), DAYS)
    stream = paid[stream]
    cost = demand.cost[stream, region, day + EARLIER]
    clicks = np.rint(demand.visitors[stream, region, day + EARLIER] * 1.08).astype(np.int64)
    rate = np.array([part.click_rate for part in STREAMS])[stream] * draws.spread(0.08, len(day))
    impressions = np.rint(clicks / rate).astype(np.int64)
    claimed = demand.leads[stream, region, day + EARLIER]  # platforms claim more leads than come
    conversions = claimed + draws.counts(0.18 * claimed)
    table = pd.DataFrame(
        {
            "spent_on": dates_of(day),
            "amount": cost,
            "channel": channel_names(stream),
            "campaign": campaign_names(stream, day),
            "kind": "marketing",
            "impressions": impressions,
            "clicks": clicks,
            "conversions": conversions,
            "reach": np.rint(impressions * draws.uniform(len(day), 0.55, 0.7)).astype(np.int64),
            "region": [REGIONS[index] for index in region],
        }
    )
    return table[cost > 0]


def _budgets(draws: Draws) -> pd.DataFrame:
    owned = np.array([index for index, stream in enumerate(STREAMS) if not stream.paid], dtype=np.int64)
    stream, region, week_number = grid(len(owned), len(REGIONS), -(-DAYS // 7))
    stream, day = owned[stream], week_number * 7
    weekly = np.array([part.cost for part in STREAMS])[stream]
    inflation = np.array([part.inflation for part in STREAMS])[stream]
    share = np.asarray(REGION_SHARES)[region]
    amount = weekly * share * (1 + inflation) ** ((day - DAYS) / 365.25) * draws.spread(0.05, len(day))
    return pd.DataFrame(
        {
            "spent_on": dates_of(day),
            "amount": np.rint(amount * 100) / 100,
            "channel": channel_names(stream),
            "campaign": campaign_names(stream, day),
            "kind": "marketing",
            "region": [REGIONS[index] for index in region],
        }
    )


def _sales_costs(draws: Draws) -> pd.DataFrame:
    month, region = grid(MONTHS, len(REGIONS))
    amount = SALES_COST_MONTH * np.asarray(REGION_SHARES)[region] * (1 + 0.004 * month)
    return pd.DataFrame(
        {
            "spent_on": dates_of(working_day(MONTH_STARTS[month])),
            "amount": np.rint(amount * draws.spread(0.06, len(month)) * 100) / 100,
            "kind": "sales",
            "region": [REGIONS[index] for index in region],
        }
    )


def traffic_table(seed: int, demand: Demand) -> pd.DataFrame:
    """Return the table `web_traffic`, without the days on which tracking was down."""
    draws = Draws(seed, "traffic")
    in_channel = (CHANNEL_OF[None, :] == np.arange(len(CHANNELS))[:, None]).astype(np.int64)
    visitors = np.einsum("cs,srd->cd", in_channel, demand.visitors)[:, EARLIER:]
    leads = np.einsum("cs,srd->cd", in_channel, demand.leads)[:, EARLIER:]
    sessions = visitors + draws.counts(0.24 * visitors)
    forms = leads + draws.counts(0.22 * leads)
    signups = draws.counts(0.004 * visitors)
    day, channel = grid(DAYS, len(CHANNELS))
    table = pd.DataFrame(
        {
            "visited_on": dates_of(day),
            "visitors": visitors.T.ravel(),
            "sessions": sessions.T.ravel(),
            "channel": [CHANNELS[index] for index in channel],
            "form_submissions": forms.T.ravel(),
            "signups": signups.T.ravel(),
        }
    )
    down = (day >= day_of(MISSING_DAYS.first)) & (day <= day_of(MISSING_DAYS.last))
    return table[~down].reset_index(drop=True)


NETWORKS = (("Instagram", 5200, 9800, 0.00052), ("LinkedIn", 2400, 6100, 0.00038), ("YouTube", 3300, 4200, 0.00061))


def social_table(seed: int) -> pd.DataFrame:
    """Return the table `social`: a day on a network; followers are a stock."""
    draws = Draws(seed, "social")
    days = np.arange(DAYS, dtype=np.int64)
    parts = []
    for network, views, followers, growth in NETWORKS:
        level = views * (1 + 0.14) ** years(days) * season(days) * week(days, (0.95, 1, 1, 1.02, 1.05, 1.1, 1.05))
        impressions = draws.counts(level * draws.spread(0.15, DAYS))
        gained = draws.counts(followers * growth * (1 + growth) ** days)
        parts.append(
            pd.DataFrame(
                {
                    "posted_on": dates_of(days),
                    "network": network,
                    "impressions": impressions,
                    "reach": np.rint(impressions * draws.uniform(DAYS, 0.58, 0.70)).astype(np.int64),
                    "engagements": draws.counts(impressions * (0.031 - 0.002 * years(days))),
                    "followers": followers + np.cumsum(gained),
                }
            )
        )
    return pd.concat(parts, ignore_index=True).sort_values("posted_on", kind="stable", ignore_index=True)
