"""Tables that a loader keeps of a tool fill canonical tables: deleted rows, test rows, cents and yearly plans."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest
import yaml

from kpi_analysis import open_company
from kpi_analysis.core.errors import ConfigError
from kpi_analysis.presets import loader_tables
from kpi_analysis.presets.loading import load_loaders

HUBSPOT = """
create schema crm;
create table crm.deal as select * from (values
  (1, false, timestamp '2026-01-02 09:00', timestamp '2026-02-03 09:00', 100.0, 's1', 7, 'p'),
  (2, false, timestamp '2026-01-03 09:00', timestamp '2026-02-04 09:00', 50.0, 's0', 7, 'p'),
  (3, false, timestamp '2026-01-04 09:00', timestamp '2026-12-04 09:00', 70.0, 's5', 7, 'p'),
  (4, true, timestamp '2026-01-04 09:00', timestamp '2026-02-04 09:00', 999.0, 's1', 7, 'p'))
  t(deal_id, is_deleted, property_createdate, property_closedate, property_amount, deal_pipeline_stage_id, owner_id,
    deal_pipeline_id);
create table crm.deal_pipeline_stage as select * from (values ('s1', 1.0), ('s0', 0.0), ('s5', 0.5))
  t(stage_id, probability);
"""
STRIPE = """
create schema stripe;
create table stripe.subscription_history as select * from (values
  ('a', 'c1', 'active', true, true, null), ('a', 'c1', 'trialing', false, true, null),
  ('b', 'c2', 'canceled', true, true, timestamp '2026-03-01'), ('c', 'c3', 'trialing', true, true, null),
  ('d', 'c4', 'active', true, false, null))
  t(id, customer_id, status, _fivetran_active, livemode, ended_at);
alter table stripe.subscription_history add column start_date timestamp default timestamp '2026-01-02';
alter table stripe.subscription_history add column trial_end timestamp;
alter table stripe.subscription_history add column canceled_at timestamp;
alter table stripe.subscription_history add column current_period_start timestamp;
alter table stripe.subscription_history add column current_period_end timestamp;
alter table stripe.subscription_history add column cancel_at_period_end boolean default false;
create table stripe.subscription_item as select * from (values
  ('a', 'year', 2), ('b', 'month', 1), ('c', 'month', 1), ('d', 'month', 1)) t(subscription_id, plan_id, quantity);
create table stripe.price as select * from (values ('year', 60000, 'year', 1), ('month', 4900, 'month', 1))
  t(id, unit_amount, recurring_interval, recurring_interval_count);
alter table stripe.price add column nickname varchar default 'Team';
alter table stripe.price add column currency varchar default 'eur';
"""


def rows_of(folder: Path, setup: str, preset: str, schema: str, table: str) -> list[dict[str, object]]:
    with duckdb.connect(folder / "warehouse.duckdb") as connection:
        connection.execute(setup)
    company = {
        "company": "Test",
        "source": f"duckdb://{folder}/warehouse.duckdb",
        "tables": {table: {"preset": preset, "schema": schema}},
    }
    (folder / "company.yaml").write_text(yaml.safe_dump(company), encoding="utf-8")
    rows = open_company(folder / "company.yaml").sources.tables.unchecked(table).to_pandas()
    return [{str(key): value for key, value in row.items()} for row in rows.to_dict("records")]


def test_deals_of_a_warehouse_close_by_the_probability_of_their_stage(tmp_path: Path) -> None:
    rows = rows_of(tmp_path, HUBSPOT, "fivetran_hubspot", "crm", "opportunities")
    found = sorted((str(row["opportunity_id"]), row["outcome"], str(row["closed_on"])[:10]) for row in rows)
    assert found == [("1", "won", "2026-02-03"), ("2", "lost", "2026-02-04"), ("3", "open", "NaT")]


def test_plans_of_a_warehouse_are_monthly_in_whole_units_and_test_data_are_left_out(tmp_path: Path) -> None:
    rows = rows_of(tmp_path, STRIPE, "fivetran_stripe", "stripe", "subscriptions")
    assert sorted((row["customer_id"], round(float(str(row["mrr"])), 6), row["currency"]) for row in rows) == [
        ("c1", 100.0, "EUR"),
        ("c2", 49.0, "EUR"),
        ("c3", 0.0, "EUR"),
    ]


CHARGES = """
create schema stripe;
create table stripe.charge as select * from (values
  ('ch1', timestamp '2026-02-03', 'c1', 5000, 1000, 'eur'), ('ch2', timestamp '2026-02-03', 'c2', 5000, 0, 'jpy'),
  ('ch3', timestamp '2026-02-03', 'c3', 5000, 0, 'kwd')) t(id, created, customer_id, amount, amount_refunded, currency);
alter table stripe.charge add column receipt_email varchar;
alter table stripe.charge add column status varchar default 'succeeded';
alter table stripe.charge add column captured boolean default true;
alter table stripe.charge add column livemode boolean default true;
create table stripe.charges as
  select * replace (epoch(created)::bigint as created)
  from (select * rename (customer_id as customer) from stripe.charge);
"""


@pytest.mark.parametrize("preset", ["fivetran_stripe", "airbyte_stripe"])
def test_amounts_become_whole_units_of_each_currency(tmp_path: Path, preset: str) -> None:
    rows = rows_of(tmp_path, CHARGES, preset, "stripe", "orders")
    found = sorted((row["order_id"], float(str(row["amount"])), row["currency"]) for row in rows)
    assert found == [("ch1", 40.0, "EUR"), ("ch2", 5000.0, "JPY"), ("ch3", 5.0, "KWD")]
    assert {str(row["ordered_on"])[:10] for row in rows} == {"2026-02-03"}


@pytest.mark.parametrize("name", load_loaders())
def test_the_queries_of_a_loader_preset_stand_in_its_schema_and_make_canonical_columns(name: str) -> None:
    queries = loader_tables(name, "of_ours")
    assert set(queries) == set(load_loaders()[name].tables)
    for query in queries.values():
        assert "{schema}" not in query.sql
        assert "of_ours." in query.sql


def test_a_schema_that_is_no_name_is_refused() -> None:
    with pytest.raises(ConfigError, match="no name of a schema"):
        loader_tables("fivetran_hubspot", "crm; drop table x")
