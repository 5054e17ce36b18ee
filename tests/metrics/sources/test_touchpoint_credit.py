"""Attributed revenue from touchpoints: by hand, against plain loops, and never more than was booked."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import ibis
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reference.rows import Row
from reference.touchpoints import credited
from support.companies import open_from
from support.reasons import says

from kpi_analysis.core.config.company import AttributionSpec
from kpi_analysis.core.errors import ConfigError
from kpi_analysis.metrics.compute.journeys import journeys
from kpi_analysis.metrics.session import OpenCompany, open_company
from kpi_analysis.metrics.sources import Sources
from kpi_analysis.metrics.sources.touchpoint_credit import with_credits
from kpi_analysis.stats.attribution import attribute

RULES = ("first", "last", "linear", "time_decay", "u_shaped", "w_shaped")
COMPANY = Path(__file__).resolve().parents[3] / "params" / "company.yaml"

TOUCHES = """path_id,touched_at,channel,cost,converted,value
a,2026-01-02 09:00,email,1,false,
a,2026-02-11 09:00,paid,1,false,
a,2026-02-18 09:00,organic,1,false,
a,2026-02-25 09:00,paid,1,true,100
b,2026-02-20 09:00,email,1,true,40
c,2026-02-20 09:00,email,1,false,
c,2026-03-01 09:00,paid,1,false,
d,2026-01-20 09:00,,1,false,
d,2026-03-05 09:00,paid,1,true,60
"""
ORDERS = """order_id,ordered_on,customer_id,amount,cost,channel
1,2026-01-05,x,500,100,email
2,2026-02-26,y,900,300,
3,2026-03-30,y,200,50,paid
"""
SPEND = "spent_on,amount,channel\n2026-01-01,10,paid\n2026-02-01,20,paid\n2026-02-02,5,email\n2026-03-31,20,paid\n"
TABLES = {"touchpoints": TOUCHES, "orders": ORDERS, "spend": SPEND}


def attributed(company: OpenCompany, period: str = "2026-02", **asked: Any) -> dict[str, float]:
    frame = company.compute(["marketing_revenue_ratio"], period=period, by=["channel"], **asked)
    return {row.channel: row.numerator for row in frame.itertuples() if row.numerator}


@pytest.mark.parametrize(
    ("rule", "wanted"),
    [
        ("first", {"email": 140}),
        ("last", {"email": 40, "paid": 100}),
        ("linear", {"email": 65, "paid": 50, "organic": 25}),
        ("u_shaped", {"email": 80, "paid": 50, "organic": 10}),
        ("w_shaped", {"email": 70, "paid": 60, "organic": 10}),
    ],
)
def test_each_rule_by_hand(tmp_path: Path, rule: str, wanted: dict[str, float]) -> None:
    company = open_from(tmp_path, TABLES, attribution={"rule": rule})
    assert attributed(company) == pytest.approx(wanted)


def test_time_decay_halves_by_the_half_life_of_the_company_file(tmp_path: Path) -> None:
    company = open_from(tmp_path, TABLES, attribution={"rule": "time_decay", "half_life_days": 14, "lag_days": 30})
    weights = {"paid": 2**-1 + 1, "organic": 2**-0.5}
    wanted = {channel: 100 * weight / sum(weights.values()) for channel, weight in weights.items()}
    assert attributed(company) == pytest.approx(wanted | {"email": 40})


def test_touches_before_the_lag_have_no_credit_and_the_others_have_all(tmp_path: Path) -> None:
    short = open_from(tmp_path, TABLES, attribution={"rule": "first", "lag_days": 14})
    assert attributed(short) == {"email": 40, "paid": 100}, "the first of those that count"
    none = open_from(tmp_path, TABLES, attribution={"rule": "linear", "lag_days": 0})
    assert attributed(none) == {"email": 40, "paid": 100}


def test_a_touch_without_a_channel_has_no_credit(tmp_path: Path) -> None:
    company = open_from(tmp_path, TABLES, attribution={"rule": "first"})
    assert attributed(company, "2026-03") == {"paid": 60}


def test_the_day_is_that_of_the_last_touch(tmp_path: Path) -> None:
    company = open_from(tmp_path, TABLES, attribution={"rule": "first"}, gross_margin=0.5)
    frame = company.compute(["marketing_revenue_ratio", "marketing_roi"], period="2026-03", last=3)
    found = frame.set_index(["kpi", "period"])
    assert found.numerator.loc["marketing_revenue_ratio"].tolist() == [0, 140, 60]
    assert found.numerator.loc["marketing_roi"].tolist() == [0 - 10, 70 - 25, 30 - 20]
    assert found.value.loc["marketing_revenue_ratio"].tolist() == pytest.approx([0, 140 / 25, 60 / 20])


def test_a_condition_and_a_day_leave_the_credit_of_a_touch_as_it_is(tmp_path: Path) -> None:
    company = open_from(tmp_path, TABLES, attribution={"rule": "linear"})
    ask = {"kpis": ["marketing_revenue_ratio"], "period": "2026-02"}
    assert company.compute(where="channel = 'paid'", **ask).numerator[0] == pytest.approx(50)
    assert company.compute(as_of="2026-02-20", **ask).numerator[0] == pytest.approx(40)


def test_a_period_before_the_touches_says_so(tmp_path: Path) -> None:
    row = open_from(tmp_path, TABLES).compute(["marketing_revenue_ratio"], period="2025-11").iloc[0]
    assert says(row.reason, "before the data")


def test_journeys_of_unknown_value_say_so(tmp_path: Path) -> None:
    unknown = "path_id,touched_at,channel,converted,value\na,2026-02-11,paid,true,\nb,2026-03-11,paid,true,5\n"
    row = open_from(tmp_path, {"touchpoints": unknown, "spend": SPEND}).compute(
        ["marketing_revenue_ratio"], period="2026-02"
    )
    assert says(row.reason[0], "credited_value", "empty", "1 row")


def test_without_a_word_on_conversions_a_value_is_one(tmp_path: Path) -> None:
    company = open_from(tmp_path, TABLES, columns={"touchpoints": {"converted": "nullif(converted, converted)"}})
    assert attributed(company) == {}, "a column without a yes is a no"
    rows = [line.split(",") for line in TOUCHES.splitlines()]
    bare = "\n".join(",".join([*row[:4], row[5]]) for row in rows)
    assert attributed(open_from(tmp_path, TABLES | {"touchpoints": bare})) == {"email": 40, "paid": 100}


def test_without_values_of_touches_orders_are_asked(tmp_path: Path) -> None:
    bare = "path_id,touched_at,channel\na,2026-02-11 09:00,paid\n"
    by_order = open_from(tmp_path, TABLES | {"touchpoints": bare}, gross_margin=0.5)
    frame = by_order.compute(["marketing_revenue_ratio", "marketing_roi"], period="2026-Q1")
    assert frame.numerator.tolist() == [700, 550 - 55]
    assert attributed(open_from(tmp_path, {"orders": ORDERS, "spend": SPEND}), "2026-Q1") == {"email": 500, "paid": 200}


def test_gross_profit_of_touches_needs_the_margin_of_the_company_file(tmp_path: Path) -> None:
    company = open_from(tmp_path, {"touchpoints": TOUCHES, "spend": SPEND})
    assert says(company.compute(["marketing_roi"], period="2026-02").reason[0], "gross_margin", "not set")


@pytest.mark.parametrize("rule", ["shapley", "markov"])
def test_rules_over_all_journeys_are_for_the_notebook(tmp_path: Path, rule: str) -> None:
    with pytest.raises(
        ConfigError, match=r"marketing ROI notebook; KPIs need a rule .*: first, last, linear"
    ) as caught:
        open_from(tmp_path, TABLES, attribution={"rule": rule})
    assert caught.value.line is not None


def test_the_day_of_conversion_is_a_date_for_own_measures(tmp_path: Path) -> None:
    (tmp_path / "kpis.yaml").write_text(
        "measures:\n  won: {table: touchpoints, agg: sum(credited_conversions), date: converted_on}\n"
        "metrics:\n  - {name: journeys_won, label: Won, question: 'How many?', formula: won, unit: count,\n"
        "     better: higher, level: operational, category: marketing, supports: sales_revenue}\n"
    )
    company = open_from(tmp_path, TABLES, attribution={"rule": "linear"})
    frame = company.compute(["journeys_won"], period="2026-02", by=["channel"])
    assert dict(zip(frame.channel, frame.value, strict=True)) == pytest.approx(
        {"email": 1.25, "organic": 0.25, "paid": 0.5}
    )


# ----------------------------------------------------------------------------------------------------- two more routes

KINDS = {"path_id": pa.string(), "touched_at": pa.timestamp("us"), "channel": pa.string(), "converted": pa.bool_(),
         "value": pa.float64()}  # fmt: skip
moments = st.builds(
    lambda day, hour: dt.datetime(2026, 1, 1, hour) + dt.timedelta(days=day),
    st.integers(0, 40),
    st.sampled_from([9, 15]),
)
touches = st.lists(
    st.fixed_dictionaries(
        {
            "path_id": st.sampled_from(["a", "b", "c", None]),
            "touched_at": st.one_of(moments, moments, moments, st.none()),
            "channel": st.sampled_from(["email", "paid", "organic", None]),
            "converted": st.sampled_from([True, False, None]),
            "value": st.sampled_from([None, 3, 10, -4]),
        }
    ),
    min_size=1,
    max_size=20,
)


@given(touches, st.sampled_from(RULES), st.sampled_from([0, 5, 90]), st.booleans())
@settings(max_examples=25, deadline=None, derandomize=True, database=None)
def test_each_touch_against_plain_loops(rows: list[Row], rule: str, lag_days: int, told: bool) -> None:
    if not told:
        rows = [{key: value for key, value in row.items() if key != "converted"} for row in rows]
    split = AttributionSpec(rule=rule, lag_days=lag_days, half_life_days=3)  # type: ignore[arg-type]
    kept = pa.table({name: pa.array([row[name] for row in rows], KINDS[name]) for name in rows[0]})
    columns = ["path_id", "channel", "converted_on", "credited_value"]
    found = with_credits(ibis.memtable(kept), split, columns[2:]).to_pyarrow().to_pylist()
    wanted = credited(rows, set(kept.column_names), rule, lag_days, 3)
    assert len(found) == len(rows)

    def sums(touches: list[Row]) -> dict[Any, tuple[int, float, int]]:
        keys = {tuple(row[name] for name in columns[:3]) for row in touches}
        groups = {key: [row for row in touches if tuple(row[name] for name in columns[:3]) == key] for key in keys}
        known = {key: [row["credited_value"] for row in group] for key, group in groups.items()}
        return {
            key: (len(some), round(sum(value or 0.0 for value in some), 9) + 0.0, some.count(None))
            for key, some in known.items()
        }

    assert sums(found) == sums(wanted)


@pytest.mark.parametrize("rule", RULES)
def test_the_package_attribution_gives_the_same_shares(demo: OpenCompany, rule: str) -> None:
    split = AttributionSpec(rule=rule, lag_days=60)  # type: ignore[arg-type]
    sources = Sources(demo.config.model_copy(update={"attribution": split}))
    rows = sources.with_derived("touchpoints", ["converted_on", "credited_conversions", "credited_value"]).to_pandas()
    in_summer = pd.to_datetime(rows.converted_on).between("2026-07-01", "2026-09-30")
    found = rows[in_summer].groupby("channel")[["credited_conversions", "credited_value"]].sum()
    paths = journeys(sources, period=demo.config.calendar.parse("2026-Q3"))
    wanted = attribute(paths, rule).set_index("channel")
    assert found.credited_conversions.to_dict() == pytest.approx(wanted.conversions.to_dict(), abs=1e-9)
    assert found.credited_value.to_dict() == pytest.approx(wanted.value.to_dict(), abs=1e-6)


@pytest.fixture(scope="module")
def demo() -> OpenCompany:
    return open_company(COMPANY)


def test_no_more_is_credited_than_was_booked(demo: OpenCompany) -> None:
    asked = {"period": "2026-Q3", "last": 3}
    whole = demo.compute(["marketing_revenue_ratio", "sales_revenue"], **asked).set_index(["kpi", "period"])
    parts = demo.compute(["marketing_revenue_ratio"], by=["channel"], **asked).groupby("period").numerator.sum()
    credit = whole.numerator.loc["marketing_revenue_ratio"]
    assert (credit > 0).all()
    assert (credit < whole.value.loc["sales_revenue"]).all()
    assert parts.to_dict() == pytest.approx(credit.to_dict())
