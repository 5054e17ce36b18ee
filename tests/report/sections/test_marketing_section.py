"""The marketing sections: numbers by plain pandas on the files of the made-up company, and reasons for what is not."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from support.companies import open_from, shipped_company
from support.reasons import says

from kpi_analysis.core.config.company import AttributionSpec
from kpi_analysis.core.errors import UsageError
from kpi_analysis.design.blocks import Figure, Note, Table
from kpi_analysis.insight.figures.credit import own_paths
from kpi_analysis.metrics.compute.spend_cohorts import spend_cohorts
from kpi_analysis.report.notebook import Report, open_report
from kpi_analysis.report.sections.marketing import MarketingSections
from kpi_analysis.stats.attribution import RULES, attribute

ROOT = Path(__file__).parents[3]
DATA = ROOT / "data" / "demo"
MARGIN, START, END = 0.62, pd.Timestamp("2026-07-01"), pd.Timestamp("2026-09-30")


@pytest.fixture(scope="module")
def report() -> Report:
    return open_report(shipped_company(), "2026-Q3")


@pytest.fixture(scope="module")
def marketing(report: Report) -> MarketingSections:
    return report.marketing


@pytest.fixture(scope="module")
def spend() -> pd.DataFrame:
    found = pd.read_csv(DATA / "spend.csv.gz", parse_dates=["spent_on"])
    return found[found["kind"] == "marketing"]


@pytest.fixture(scope="module")
def journeys() -> pd.DataFrame:
    """The touches of converted journeys in order, with the day their journey ended and what it came to."""
    touches = pd.read_csv(DATA / "touchpoints.csv.gz", parse_dates=["touched_at"]).sort_values("touched_at")
    touches["day"] = touches["touched_at"].dt.normalize()
    paths = touches.groupby("path_id")
    touches["ended"] = paths["day"].transform("max")
    touches["worth"] = touches["value"].where(touches["converted"]).groupby(touches["path_id"]).transform("sum")
    touches["won"] = paths["converted"].transform("max")
    touches["age"] = (touches["ended"] - touches["day"]).dt.days
    return touches[touches["won"] & (touches["age"] <= 90)]


def in_period(frame: pd.DataFrame, date: str) -> pd.DataFrame:
    return frame[frame[date].between(START, END)]


def texts(block: object) -> list[list[str]]:
    assert isinstance(block, Table | Figure)
    return [[cell.text + cell.suffix for cell in row.cells] for row in block.rows]


def number(text: str) -> float:
    return float(text.replace(",", "").replace("−", "-"))


# ------------------------------------------------------------------------------------------------------------ returns


def test_returns_are_last_touches_over_spend(
    marketing: MarketingSections, spend: pd.DataFrame, journeys: pd.DataFrame
) -> None:
    last = in_period(journeys, "ended").groupby("path_id").tail(1)
    revenue = last.groupby("channel")["worth"].sum()
    cost = in_period(spend, "spent_on").groupby("channel")["amount"].sum()
    ratio = (revenue.reindex(cost.index).fillna(0) / cost).sort_values(ascending=False)
    rows = texts(marketing.returns())
    assert [row[0] for row in rows] == [*ratio.index, "All channels"]
    for row, (channel, value) in zip(rows, ratio.items(), strict=False):
        assert number(row[1]) == pytest.approx(cost[channel] / 1e3, abs=0.006)
        assert number(row[2]) == pytest.approx(revenue.get(channel, 0.0) / 1e3, abs=0.06)
        assert number(row[3]) == pytest.approx(MARGIN * revenue.get(channel, 0.0) / 1e3, abs=0.06)
        assert number(row[4]) == pytest.approx(value, abs=0.06)
        assert number(row[7]) == pytest.approx(100 * (value - 1), abs=0.6)
        assert number(row[8]) == pytest.approx(100 * (MARGIN * value - 1), abs=0.06)
    assert number(rows[-1][4]) == pytest.approx(revenue.sum() / cost.sum(), abs=0.06), "a ratio of sums, no sum"


def test_the_interval_is_that_of_a_sum_of_so_many_journeys(
    report: Report, spend: pd.DataFrame, journeys: pd.DataFrame
) -> None:
    kpis = ["marketing_revenue_ratio", "marketing_roi", "marketing_revenue_roi"]
    frame = report.company.compute(kpis, period="2026-Q3", by=["channel"]).set_index(["kpi", "channel"])
    last = in_period(journeys, "ended").groupby("path_id").tail(1)
    worth = last.loc[last["channel"] == "Email", "worth"]
    paid = in_period(spend, "spent_on")
    cost = paid.loc[paid["channel"] == "Email", "amount"].sum()
    half = 1.959963985 * np.sqrt((worth**2).sum()) / cost
    middle = worth.sum() / cost
    for kpi, factor, shift in zip(kpis, (1, MARGIN, 1), (0, 1, 1), strict=True):
        low, high = frame.loc[(kpi, "Email"), ["ci_low", "ci_high"]]
        wanted = (factor * (middle - half) - shift, factor * (middle + half) - shift)
        assert (low, high) == pytest.approx(wanted, rel=1e-6)
    nothing = frame.loc[("marketing_revenue_ratio", "Display")]
    assert nothing["value"] == 0 and np.isnan(nothing["ci_low"]), "no sale does not make a certain zero"


def test_five_to_one_is_four_hundred_per_cent_and_at_this_margin_one_hundred(tmp_path: Path) -> None:
    company = open_from(
        tmp_path,
        {
            "spend": "spent_on,amount,channel\n2026-01-05,100,email\n",
            "orders": "order_id,ordered_on,customer_id,amount,channel\n1,2026-01-10,a,500,email\n",
        },
        gross_margin=0.4,
    )
    kpis = ["marketing_revenue_ratio", "marketing_revenue_roi", "marketing_roi", "break_even_roas"]
    assert company.compute(kpis, period="2026-01").value.tolist() == pytest.approx([5, 4, 1, 2.5])


def test_an_order_of_two_lines_varies_as_one(tmp_path: Path) -> None:
    lines = "order_id,ordered_on,customer_id,amount,channel\n1,2026-01-10,a,300,email\n1,2026-01-10,a,200,email\n"
    company = open_from(tmp_path, {"spend": "spent_on,amount\n2026-01-05,100\n", "orders": lines}, gross_margin=0.4)
    row = company.compute(["marketing_revenue_ratio"], period="2026-01").iloc[0]
    assert (row.ci_high - row.ci_low) / 2 == pytest.approx(1.959963985 * 500 / 100)


def test_the_title_blames_nobody_by_chance(marketing: MarketingSections) -> None:
    title = marketing.title()
    assert says(title.title.replace("\xa0", " "), "4.9 : 1", "nothing", "Display")
    assert "Break-even at 1.6" in title.deck
    year = open_report(shipped_company(), "2026").marketing
    high = year.figures.by_channel["marketing_revenue_ratio", "ci_high"]["Display"]
    assert high < 1 / MARGIN and year.title().title.endswith("Display does not pay for itself")


# ------------------------------------------------------------------------------------------------ channels, campaigns


def test_channels_add_up_and_rates_of_all_are_ratios_of_sums(marketing: MarketingSections, spend: pd.DataFrame) -> None:
    table = marketing.channels()
    assert isinstance(table, Table)
    heads = [column.label for column in table.columns]
    rows = texts(table)
    paid = in_period(spend, "spent_on")
    leads = in_period(pd.read_csv(DATA / "leads.csv.gz", parse_dates=["created_on"]), "created_on")
    assert [row[0] for row in rows[:-1]] == paid.groupby("channel")["amount"].sum().sort_values()[::-1].index.tolist()
    for row in rows[:-1]:
        count = int((leads["channel"] == row[0]).sum())
        assert number(row[heads.index("Leads")]) == count
        cost = paid.loc[paid["channel"] == row[0], "amount"].sum()
        assert number(row[heads.index("CPL")]) == pytest.approx(cost / count, abs=0.006)
    assert rows[-1][0] == "All channels" and number(rows[-1][heads.index("Leads")]) == len(leads)
    assert number(rows[-1][heads.index("CPL")]) == pytest.approx(paid["amount"].sum() / len(leads), abs=0.006)


def test_campaigns_come_by_spend_with_a_reason_for_what_no_table_tells(
    marketing: MarketingSections, spend: pd.DataFrame
) -> None:
    table = marketing.campaigns(most=3)
    assert isinstance(table, Table)
    cost = in_period(spend, "spent_on").fillna({"campaign": "no campaign"}).groupby("campaign")["amount"].sum()
    assert [row[0] for row in texts(table)] == cost.sort_values(ascending=False).index[:3].tolist()
    assert "The 3 of 7 campaigns" in table.note
    assert says(table.note, "Revenue, ROAS and Margin ROI", "touchpoints", "no column campaign")


def test_the_campaigns_of_published_advertisements(shared_data: Path, tmp_path: Path) -> None:
    ads = pd.read_csv(shared_data / "kag-facebook-ads" / "KAG_conversion_data.csv")
    table = pd.DataFrame(
        {"spent_on": "2026-01-15", "amount": ads["Spent"], "campaign": ads["xyz_campaign_id"].astype(str),
         "impressions": ads["Impressions"], "clicks": ads["Clicks"], "conversions": ads["Approved_Conversion"]}
    )  # fmt: skip
    company = open_from(tmp_path, {"spend": table})
    sections = open_report(company.config.path, "2026-01").marketing
    campaigns = sections.campaigns()
    assert isinstance(campaigns, Table)
    heads = [column.label for column in campaigns.columns]
    assert heads == ["Campaign", "Spend", "Impr., k", "Clicks", "CTR", "CPC", "Conv.", "Cost/conv."]
    assert [row[:2] + row[3:4] + row[6:7] for row in texts(campaigns)] == [
        ["1178", "55.66", "36,068", "872"], ["936", "2.89", "1,984", "183"], ["916", "0.15", "113", "24"],
    ]  # fmt: skip
    assert number(texts(campaigns)[0][7]) == pytest.approx(55662.149959 / 872, abs=0.006)
    assert isinstance(sections.channels(), Note)
    assert says(sections.channels().text, "spend", "no column channel")  # type: ignore[union-attr]
    assert sections.title().title.startswith("Marketing cost €58.7k")


def test_the_funnel_says_counts_and_rates_of_the_period(marketing: MarketingSections) -> None:
    leads = pd.read_csv(DATA / "leads.csv.gz", parse_dates=["created_on", "mql_on", "sql_on"])
    counts = [len(in_period(leads, name)) for name in ("created_on", "mql_on", "sql_on")]
    rows = texts(marketing.funnel())
    assert [number(row[1]) for row in rows[:3]] == counts
    assert rows[1][2] == f"{100 * counts[1] / counts[0]:.1f}%"
    visits = pd.read_csv(DATA / "web_traffic.csv.gz", parse_dates=["visited_on"])
    visitors = in_period(visits, "visited_on")["visitors"].sum()
    funnel = marketing.funnel()
    assert isinstance(funnel, Figure)
    assert funnel.title.startswith(f"{visitors:,} visitors: {100 * counts[0] / visitors:.1f}% became leads")


def test_shares_of_spend_and_return_each_add_up(marketing: MarketingSections) -> None:
    rows = texts(marketing.spend_and_return())
    for place in (1, 2):
        assert sum(number(row[place]) for row in rows) == pytest.approx(100, abs=0.4)
    assert sum(number(row[3]) for row in rows) == pytest.approx(0, abs=4)


# ------------------------------------------------------------------------------------------------------------- credit


def test_cohorts_lay_revenue_beside_the_month_of_its_touch(
    report: Report, spend: pd.DataFrame, journeys: pd.DataFrame
) -> None:
    calendar = report.company.config.calendar
    months = [calendar.parse(label) for label in ("2026-06", "2026-07", "2026-08")]
    found = spend_cohorts(report.company.sources, months, dt.date(2026, 9, 30), rule=AttributionSpec(rule="linear"))
    shares = journeys["worth"] / journeys.groupby("path_id")["day"].transform("size")
    for row in found.to_dict("records"):
        month = pd.Period(row["month"])
        assert row["spend"] == pytest.approx(spend.loc[spend["spent_on"].dt.to_period("M") == month, "amount"].sum())
        for low, high in ((0, 30), (31, 60), (61, 90)):
            mine = (journeys["day"].dt.to_period("M") == month) & journeys["age"].between(low, high)
            assert row[f"within_{high}"] == pytest.approx(shares[mine].sum(), abs=0.01)
    assert found[["done_30", "done_60", "done_90"]].to_numpy().tolist() == [
        [True, True, True], [True, True, False], [True, False, False],
    ]  # fmt: skip


def test_journeys_that_end_after_the_day_that_counts_are_not_known(report: Report, journeys: pd.DataFrame) -> None:
    month, day = report.company.config.calendar.parse("2026-06"), dt.date(2026, 7, 10)
    found = spend_cohorts(report.company.sources, [month], day, rule=AttributionSpec(rule="first"))
    firsts = journeys[journeys["ended"] <= pd.Timestamp(day)].groupby("path_id").head(1)
    wanted = firsts.loc[firsts["day"].dt.to_period("M") == pd.Period("2026-06"), "worth"].sum()
    assert found[["within_30", "within_60", "within_90"]].sum(axis=1)[0] == pytest.approx(wanted)
    assert not found["done_30"][0]


def test_lags_rise(report: Report) -> None:
    month = report.company.config.calendar.parse("2026-06")
    with pytest.raises(UsageError, match="do not rise"):
        spend_cohorts(report.company.sources, [month], dt.date(2026, 9, 30), rule=AttributionSpec(), lags=[60, 30])


def test_months_that_may_still_earn_stand_open(marketing: MarketingSections) -> None:
    rows = texts(marketing.cohorts(last=4))
    assert [row.count("open") for row in rows] == [0, 5, 6, 7]
    spent, *parts = (number(cell) for cell in rows[0][1:5])
    assert number(rows[0][6]) == pytest.approx(sum(parts) / spent, abs=0.06)


def test_every_rule_gives_away_what_the_journeys_brought(marketing: MarketingSections, journeys: pd.DataFrame) -> None:
    table = marketing.rules()
    assert isinstance(table, Table) and len(table.columns) == 1 + len(RULES)
    ended = in_period(journeys, "ended")
    whole = ended.groupby("path_id")["worth"].first().sum() / 1e3
    rows = texts(table)
    for place in range(1, 9):
        assert sum(number(row[place]) for row in rows[:-1]) == pytest.approx(whole, abs=0.04)
        assert number(rows[-1][place]) == pytest.approx(whole, abs=0.006)
    assert {len(cell.partition(".")[2]) for row in rows for cell in row[1:]} == {2}, "rules are compared on one scale"
    first = ended.groupby("path_id").head(1).groupby("channel")["worth"].sum() / 1e3
    assert {row[0]: number(row[1]) for row in rows[:-1]} == pytest.approx(first.to_dict(), abs=0.006)


def test_credit_by_the_company_s_rule_is_the_kpi(report: Report, marketing: MarketingSections) -> None:
    frame = report.company.compute(["attributed_revenue"], period="2026-Q3", by=["channel"]).set_index("channel")
    credit = attribute(marketing.context.scope.once(own_paths), "last").set_index("channel")["value"]
    assert credit.to_dict() == pytest.approx(frame.value.reindex(credit.index).fillna(0.0).to_dict())


def test_sensitivity_spans_what_rules_give(marketing: MarketingSections, spend: pd.DataFrame) -> None:
    paid = in_period(spend, "spent_on").groupby("channel")["amount"].sum()
    rows = {row[0]: row for row in texts(marketing.sensitivity())}
    for rule in RULES:
        credit = attribute(marketing.context.scope.once(own_paths), rule).set_index("channel")["value"]
        for channel, row in rows.items():
            low, high = number(row[1]), number(row[3])
            assert low - 0.06 <= credit.get(channel, 0.0) / paid[channel] <= high + 0.06
            assert number(row[7]) <= high, "with more costs no channel returns more"


def test_credit_never_exceeds_what_was_booked_and_claims_that_do_are_warned_of(marketing: MarketingSections) -> None:
    orders = in_period(pd.read_csv(DATA / "orders.csv.gz", parse_dates=["ordered_on"]), "ordered_on")
    assert marketing.figures.totals["attributed_revenue"]["value"] <= orders["amount"].sum()
    table = marketing.reconciliation()
    assert isinstance(table, Table) and f"{orders['amount'].sum() / 1e6:.2f}m" in table.measure
    spend = in_period(pd.read_csv(DATA / "spend.csv.gz", parse_dates=["spent_on"]), "spent_on")
    claimed = spend.groupby("channel")["conversions"].sum().loc[lambda count: count > 0]
    assert {row[0]: number(row[1]) for row in texts(table)[:-1]} == claimed.to_dict()
    warning = marketing.claims()
    assert warning is not None and f"claim {claimed.sum():.0f} conversions" in warning.text


TOUCHES = """path_id,touched_at,channel,converted,value
1,2026-01-05,email,false,
1,2026-01-20,paid,true,900
2,2026-01-11,paid,true,300
"""


def test_more_credit_than_was_booked_is_warned_of(tmp_path: Path) -> None:
    company = open_from(
        tmp_path,
        {"touchpoints": TOUCHES, "spend": "spent_on,amount,channel\n2026-01-05,100,paid\n2026-01-06,50,email\n",
         "orders": "order_id,ordered_on,customer_id,amount\n1,2026-01-20,a,1000\n"},
        gross_margin=0.5,
    )  # fmt: skip
    sections = open_report(company.config.path, "2026-01").marketing
    warning = sections.claims()
    assert warning is not None and says(warning.text, "€1,200", "credited", "€1,000", "booked")
    assert isinstance(sections.reconciliation(), Table)
    assert says(sections.reconciliation().title, "More", "credited", "booked")  # type: ignore[union-attr]


def test_credit_without_spend_says_no_spend(tmp_path: Path) -> None:
    spend = "spent_on,amount,channel\n2026-01-05,100,paid\n2026-01-31,1,paid\n"
    credited = TOUCHES.replace("2026-01-20,paid", "2026-01-20,email")
    company = open_from(tmp_path, {"touchpoints": credited, "spend": spend}, gross_margin=0.5)
    rows = texts(open_report(company.config.path, "2026-01").marketing.returns())
    assert rows[1][0] == "email" and "no spend" in rows[1]


# --------------------------------------------------------------------------------------------------- marginal returns


def test_marginal_returns_are_withheld_with_a_reason_where_spend_hardly_varied(marketing: MarketingSections) -> None:
    table = marketing.marginal()
    assert isinstance(table, Table) and table.title.startswith("Marginal returns are withheld")
    assert all(len(row[1]) > 10 for row in texts(table))
    what_if = marketing.what_if()
    assert isinstance(what_if, Note) and says(what_if.text, "fewer than two")
    curves = marketing.response_curves()
    assert isinstance(curves, Note) and says(curves.text, "withheld")


def test_where_spend_varied_marginal_returns_are_told_and_budget_moves_as_a_what_if(tmp_path: Path) -> None:
    random = np.random.default_rng(1)
    weeks = pd.date_range("2024-01-01", periods=130, freq="W-MON")
    search, social = (random.choice(sizes, 130) for sizes in ([0.0, 500, 1000, 4000], [0.0, 300, 3000, 5000]))
    revenue = 20_000 + 6 * search + 150 * np.sqrt(social) + random.normal(0, 600, 130)
    ones = pd.DataFrame({"spent_on": weeks, "amount": search, "channel": "search"})
    others = pd.DataFrame({"spent_on": weeks, "amount": social, "channel": "social"})
    orders = pd.DataFrame({"order_id": range(130), "ordered_on": weeks, "customer_id": "a", "amount": revenue})
    orders["channel"] = "search"
    tables = {"spend": pd.concat([ones, others]), "orders": orders}
    sections = open_report(open_from(tmp_path, tables, gross_margin=0.5).config.path, "2026-Q2").marketing
    table = sections.marginal()
    assert isinstance(table, Table)
    rows = {row[0]: [number(cell) for cell in row[1:]] for row in texts(table)}
    last = slice(-53, -1)  # the week that the data end in is not over
    assert rows["search"][0] == pytest.approx(search[last].sum() / 1e3, abs=0.06)
    assert rows["search"][1] == pytest.approx(6, abs=0.6), "each unit of money brings six"
    assert rows["search"][4] > rows["social"][4]
    assert rows["social"][4] < rows["social"][1], "what has diminishing returns brings less at the margin"
    what_if = sections.what_if(moved=0.1)
    assert isinstance(what_if, Table) and what_if.title.startswith("What if €")
    assert texts(what_if)[0][:2] == ["social", "search"]
    assert "assumption, not a finding" in what_if.note
    curves = sections.response_curves()
    assert isinstance(curves, Figure) and curves.title.startswith("search rises most steeply")
    outcomes = {(row["dimensions"]["channel"], row["name"]) for row in curves.values}
    assert {("search", "outcome"), ("social", "spend"), ("social", "present")} <= outcomes
    returns = texts(sections.returns())
    assert returns[1][:3] == ["social", returns[1][1], "0"], "nothing is credited to it"


# ------------------------------------------------------------------------------------------------------------- slices


def test_a_region_that_touches_do_not_know_leaves_reasons_and_what_can_be_told() -> None:
    sections = open_report(shipped_company(), "2026-Q3", slices={"region": "EMEA"}).marketing
    reason = "table touchpoints has no column region"
    for block in (sections.returns(), sections.cohorts(), sections.rules(), sections.sensitivity()):
        assert isinstance(block, Note) and reason in block.text
    assert sections.title().deck == f"What it returned is not shown: {reason}."
    assert sections.credit_page() is None, "a page of reasons only is none"
    for told in (sections.channels(), sections.campaigns(), sections.funnel()):
        assert isinstance(told, Table | Figure)


def test_every_table_says_that_it_is_credit(marketing: MarketingSections) -> None:
    for block in (
        marketing.returns(), marketing.channels(), marketing.campaigns(), marketing.spend_and_return(),
        marketing.cohorts(), marketing.rules(), marketing.sensitivity(), marketing.reconciliation(),
        marketing.marginal(),
    ):  # fmt: skip
        assert isinstance(block, Table | Figure)
        assert block.note.startswith("Credit, not incrementality."), block.id
        for text in (block.title, block.measure, block.note, *(cell for row in texts(block) for cell in row)):
            assert "nan" not in text.lower().split() and "inf" not in text.split()
