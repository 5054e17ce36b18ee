"""What is planted in the demo data: known, dated, and large enough to be found."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal


@dataclass(frozen=True)
class PlantedFact:
    """Something that analysis must find.

    Parameters
    ----------
    name : str
    what : str
        One sentence for an analyst.
    first, last : date
        The days on which it works, both included.
    where : tuple of pairs
        Dimension and value; nothing where the whole company is meant.
    kpis : tuple of str
        Ids of the KPIs that it moves.
    direction : str
        Which way those KPIs go: up, down, gap (no rows), or spike (up and back again).
    size : float
        About how much, in the words of `measure`.
    measure : str
        What `size` is.
    """

    name: str
    what: str
    first: date
    last: date
    where: tuple[tuple[str, str], ...]
    kpis: tuple[str, ...]
    direction: Literal["up", "down", "gap", "spike"]
    size: float
    measure: str

    def at(self, dimension: str) -> str:
        """Return the value of a dimension where it works."""
        return dict(self.where)[dimension]


END = date(2026, 9, 30)

PRICE_CHANGE = PlantedFact(
    "price change",
    "List prices of all products rose by 8 %.",
    date(2026, 4, 1), END, (),
    ("average_order_value", "sales_revenue", "gross_profit_margin", "average_deal_size"),
    "up", 0.08, "relative change of the price of a unit",
)  # fmt: skip
BROKEN_CAMPAIGN = PlantedFact(
    "broken campaign",
    "The landing page of a paid social campaign was broken: the money was spent, the leads stayed away.",
    date(2026, 7, 6), date(2026, 8, 16), (("channel", "Paid social"), ("campaign", "Summer tour")),
    ("cost_per_lead", "cost_per_mql", "cost_per_conversion"),
    "up", 2.3, "times the cost per lead of the channel, against the six weeks before",
)  # fmt: skip
CHURN_WAVE = PlantedFact(
    "churn wave",
    "Many accounts of the plan Basic left in one month.",
    date(2025, 11, 1), date(2025, 11, 30), (("plan", "Basic"),),
    ("churn_rate", "mrr_churned"),
    "spike", 0.22, "share of the plan's accounts that left within the month",
)  # fmt: skip
LARGE_REFUND = PlantedFact(
    "large refund",
    "One order of 20 May 2026 was taken back wholly on 19 August 2026.",
    date(2026, 8, 19), date(2026, 8, 19), (("customer_id", "C0033"),),
    ("sales_revenue", "average_order_value", "collection_ratio"),
    "down", 194_184.0, "EUR given back",
)  # fmt: skip
MISSING_DAYS = PlantedFact(
    "missing days",
    "Tracking of the website was down: the days have no rows, which is a gap and not zero visitors.",
    date(2025, 3, 10), date(2025, 3, 14), (),
    ("website_visitors", "visitor_to_lead_conversion"),
    "gap", 5.0, "days without rows",
)  # fmt: skip
LARGE_ORDER = PlantedFact(
    "exceptional order",
    "One customer bought 240 e-bikes at once, which happened once only.",
    date(2025, 6, 18), date(2025, 6, 18), (("customer_id", "C0008"),),
    ("sales_revenue", "average_order_value"),
    "spike", 396_000.0, "EUR of one order",
)  # fmt: skip
DEFECTS = PlantedFact(
    "quality problem",
    "Defects on the line Wheels tripled for a month.",
    date(2026, 8, 1), date(2026, 8, 31), (("line", "Wheels"),),
    ("defect_rate", "production_yield"),
    "spike", 3.0, "defects per unit of the line, against its usual rate",
)  # fmt: skip
WIN_RATE_DECLINE = PlantedFact(
    "win rate of AMER",
    "Fewer of the opportunities of AMER that close are won, from January 2026 on.",
    date(2026, 1, 1), END, (("region", "AMER"),),
    ("opportunity_to_win_ratio", "sales_velocity"),
    "down", -0.14, "change of the share won",
)  # fmt: skip
KEY_ACCOUNT = PlantedFact(
    "key account",
    "One dealer grew from about 6 % of revenue to 12 % of the revenue of 2026.",
    date(2026, 1, 1), END, (("customer_id", "C0001"),),
    ("revenue_concentration", "revenue_herfindahl"),
    "up", 0.12, "share of revenue",
)  # fmt: skip

PLANTED: tuple[PlantedFact, ...] = (
    PRICE_CHANGE,
    BROKEN_CAMPAIGN,
    CHURN_WAVE,
    LARGE_REFUND,
    MISSING_DAYS,
    LARGE_ORDER,
    DEFECTS,
    WIN_RATE_DECLINE,
    KEY_ACCOUNT,
)
