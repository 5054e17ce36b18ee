"""Web and social media: visitors, forms, followers, engagement."""

from __future__ import annotations

from reference.marketing import leads
from reference.measures import flow, growth, latest_balances, total
from reference.results import Result, by_name, ratio
from reference.rows import Selection


def website_visitors(s: Selection) -> float:
    """Visitors of the website."""
    return flow(s, "web_traffic", "visited_on", "visitors")


def traffic_growth(s: Selection) -> float:
    """Visitors against the period before."""
    return growth(website_visitors(s), website_visitors(s.prior()))


def form_submissions(s: Selection) -> float:
    """Forms that were sent."""
    return flow(s, "web_traffic", "visited_on", "form_submissions")


def visitor_to_lead_conversion(s: Selection) -> Result:
    """Leads over visitors."""
    return ratio(s, leads, website_visitors)


def social_impressions(s: Selection) -> float:
    """Impressions of posts."""
    return flow(s, "social", "posted_on", "impressions")


def social_reach(s: Selection) -> float:
    """People whom posts reached."""
    return flow(s, "social", "posted_on", "reach")


def engagement_rate(s: Selection) -> Result:
    """Engagements over impressions, where impressions are known."""

    def engagements(s: Selection) -> float:
        return flow(
            s, "social", "posted_on", "engagements", "impressions", where=lambda r: r["impressions"] is not None
        )

    return ratio(s, engagements, social_impressions)


def social_followers(s: Selection) -> float:
    """The last count of followers of each network, summed over networks."""
    groups = latest_balances(s, "social", "network", "posted_on", "followers")
    highest = [max((r["followers"] for r in rows if r["followers"] is not None), default=None) for rows in groups]
    return total(highest, nothing=None)


def follower_growth(s: Selection) -> float:
    """Followers against the period before."""
    return growth(social_followers(s), social_followers(s.prior()))


WEB = by_name(
    website_visitors,
    traffic_growth,
    form_submissions,
    visitor_to_lead_conversion,
    social_impressions,
    social_reach,
    engagement_rate,
    social_followers,
    follower_growth,
)
