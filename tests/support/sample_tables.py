"""All seventeen canonical tables, small and random but coherent, and how each engine takes them in."""

from __future__ import annotations

import datetime as dt
import sqlite3
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import yaml

from kpi_analysis.core.schema import TABLES
from kpi_analysis.metrics.session import OpenCompany, open_company

FIRST, LAST = dt.date(2024, 1, 1), dt.date(2026, 2, 20)
DAYS = (LAST - FIRST).days
CHANNELS = ["paid", "email", "Organic", "émigré", None]
REGIONS = ["EMEA", "AMER", "apac", None]
MONEY = pa.decimal128(18, 2)

Rows = dict[str, list[Any]]


class Dice:
    """One seed, thrown into columns of a table."""

    def __init__(self, rows: int, seed: int) -> None:
        self.rows, self.random = rows, np.random.default_rng(seed)

    def day(self, first: dt.date = FIRST, last: dt.date = LAST) -> list[dt.date]:
        return [first + dt.timedelta(days=int(n)) for n in self.random.integers(0, (last - first).days + 1, self.rows)]

    def later(self, days: list[dt.date], mean: float, share: float) -> list[Any]:
        """Days after others, but for those that have not come about."""
        waits = self.random.geometric(1 / mean, self.rows) - 1
        came = self.random.random(self.rows) < share
        found = [day + dt.timedelta(days=int(wait)) for day, wait in zip(days, waits, strict=True)]
        return [day if here and day <= LAST else None for day, here in zip(found, came, strict=True)]

    def moment(self) -> list[dt.datetime]:
        """Moments, most of them about midnight in Berlin and on the days when clocks are changed."""
        edges = [dt.datetime(2024, 3, 31), dt.datetime(2024, 10, 27), dt.datetime(2025, 3, 30),
                 dt.datetime(2025, 10, 26), dt.datetime(2025, 6, 30), dt.datetime(2025, 12, 31)]  # fmt: skip
        near = self.random.random(self.rows) < 0.3
        found = []
        for day, at_edge in zip(self.day(last=LAST - dt.timedelta(days=1)), near, strict=True):
            start = self.pick(edges) if at_edge else dt.datetime.combine(day, dt.time())
            found.append(start.replace(tzinfo=dt.UTC) + dt.timedelta(minutes=int(self.random.integers(-180, 1440))))
        return found

    def pick(self, values: list[Any]) -> Any:
        return values[int(self.random.integers(len(values)))]

    def word(self, *values: Any) -> list[Any]:
        return [self.pick(list(values)) for _ in range(self.rows)]

    def key(self, prefix: str, count: int, missing: float = 0.0) -> list[Any]:
        numbers = self.random.zipf(1.4, self.rows) % count
        return [None if self.random.random() < missing else f"{prefix}{n}" for n in numbers]

    def money(self, mean: float, missing: float = 0.0, refunds: float = 0.0) -> list[Any]:
        amounts = []
        for value in self.random.gamma(2, mean / 2, self.rows):
            sign = -1 if self.random.random() < refunds else 1
            amounts.append(None if self.random.random() < missing else sign * Decimal(f"{value:.2f}"))
        return amounts

    def count(self, mean: float, missing: float = 0.0) -> list[Any]:
        found = self.random.poisson(mean, self.rows)
        return [None if self.random.random() < missing else int(n) for n in found]


def tables(rows: int = 400, seed: int = 20260) -> dict[str, Rows]:
    """Return the seventeen tables, column by column."""
    made = {name: Dice(rows, seed + place) for place, name in enumerate(TABLES)}

    def built(name: str, build: Callable[[Dice], Rows]) -> Rows:
        return build(made[name])

    company, started, hired, vacant = (
        made[n].day() for n in ("opportunities", "subscriptions", "employees", "vacancies")
    )
    leads = made["leads"].moment()
    lead_days = [moment.astimezone(ZoneInfo("Europe/Berlin")).date() for moment in leads]
    qualified = made["leads"].later(lead_days, 8, 0.6)
    issued, calls = made["invoices"].day(), made["tickets"].moment()
    closed = made["opportunities"].later(company, 40, 0.8)
    ids = [str(number) for number in range(rows)]
    accounts = ["revenue", "cogs", "operating_expense", "depreciation", "amortisation", "interest", "tax",
                "operating_cash_flow", "current_assets", "current_liabilities", "inventory", "investment_gain",
                "investment_cost"]  # fmt: skip
    return _within_limits({
        "spend": built("spend", lambda d: {
            "spent_on": d.moment(), "amount": d.money(80), "channel": d.word(*CHANNELS),
            "campaign": d.word("spring", "autumn", None), "kind": d.word("marketing", "sales", None),
            "impressions": d.count(900, 0.1), "clicks": d.count(30, 0.1), "conversions": d.count(3, 0.2),
            "reach": d.count(500, 0.1), "region": d.word(*REGIONS)}),
        "leads": built("leads", lambda d: {
            "lead_id": ids, "created_on": leads, "channel": d.word(*CHANNELS), "campaign": d.word("spring", None),
            "source": d.word("web", "fair", None), "mql_on": qualified,
            "sql_on": d.later([day or LAST for day in qualified], 5, 0.5), "customer_id": d.key("c", 90, 0.6),
            "region": d.word(*REGIONS), "segment": d.word("small", "Large", None)}),
        "opportunities": built("opportunities", lambda d: {
            "opportunity_id": ids, "created_on": company, "closed_on": closed,
            "outcome": ["open" if day is None else d.pick(["won", "lost"]) for day in closed],
            "amount": d.money(2000, 0.05), "lead_id": d.key("", rows, 0.3), "customer_id": d.key("c", 90, 0.1),
            "owner": d.word("Ann", "Bob", "özgür", None), "product": d.word("A", "b"), "region": d.word(*REGIONS),
            "channel": d.word(*CHANNELS)}),
        "orders": built("orders", lambda d: {
            "order_id": d.key("o", rows), "ordered_on": d.moment(), "customer_id": d.key("c", 90),
            "amount": d.money(120, 0.0, 0.1), "cost": d.money(60, 0.2), "quantity": d.count(3),
            "product": d.word("A", "b", "Z", None), "channel": d.word(*CHANNELS), "region": d.word(*REGIONS),
            "segment": d.word("small", "Large", None)}),
        "customers": built("customers", lambda d: {
            "customer_id": [f"c{n}" for n in range(rows)], "acquired_on": d.day(),
            "acquired_channel": d.word(*CHANNELS), "segment": d.word("small", "Large", None),
            "region": d.word(*REGIONS)}),
        "subscriptions": built("subscriptions", lambda d: {
            "customer_id": d.key("c", 120), "started_on": started, "ended_on": d.later(started, 150, 0.6),
            "mrr": d.money(50), "plan": d.word("basic", "Pro"), "segment": d.word("small", "Large", None),
            "region": d.word(*REGIONS)}),
        "touchpoints": built("touchpoints", lambda d: {
            "path_id": d.key("p", 150), "touched_at": d.moment(), "channel": d.word("paid", "email"),
            "cost": d.money(2, 0.2), "converted": d.word(True, False, None), "value": d.money(40, 0.5)}),
        "invoices": built("invoices", lambda d: {
            "invoice_id": ids, "issued_on": issued, "amount": d.money(300),
            "due_on": [day + dt.timedelta(days=30) for day in issued], "paid_on": d.later(issued, 25, 0.8),
            "paid_amount": d.money(280, 0.4), "customer_id": d.key("c", 90, 0.1)}),
        "ledger": built("ledger", lambda d: {
            "booked_on": d.day(), "account": d.word(*accounts), "amount": d.money(1000, 0.0, 0.05)}),
        "web_traffic": built("web_traffic", lambda d: {
            "visited_on": d.day(), "visitors": d.count(300), "sessions": d.count(350, 0.1),
            "channel": d.word(*CHANNELS), "form_submissions": d.count(5, 0.2), "signups": d.count(2, 0.2)}),
        "social": built("social", lambda d: {
            "posted_on": d.day(), "network": d.word("x", "Y", "é"), "impressions": d.count(900, 0.1),
            "reach": d.count(600, 0.1), "engagements": d.count(40, 0.1), "followers": d.count(5000, 0.3)}),
        "tickets": built("tickets", lambda d: {
            "ticket_id": ids, "opened_on": calls,
            "resolved_on": [t + dt.timedelta(minutes=int(d.random.integers(5, 6000)))
                            if d.random.random() < 0.8 else None for t in calls],
            "handle_minutes": d.money(12, 0.2), "first_contact_resolved": d.word(True, False, None),
            "csat": d.word(1, 2, 3, 4, 5, None), "agent": d.word("Ann", "Bob", None),
            "channel": d.word("phone", "email", None)}),
        "surveys": built("surveys", lambda d: {
            "answered_on": d.day(), "score": d.word(*range(11), None), "kind": d.word("nps", "csat", None),
            "customer_id": d.key("c", 90, 0.2), "segment": d.word("small", "Large", None)}),
        "employees": built("employees", lambda d: {
            "employee_id": ids, "hired_on": hired, "left_on": d.later(hired, 300, 0.4),
            "left_voluntarily": d.word(True, False, None), "department": d.word("Sales", "it", None),
            "performance_rating": d.money(3, 0.3), "target_attainment": d.money(1, 0.3)}),
        "vacancies": built("vacancies", lambda d: {
            "vacancy_id": ids, "opened_on": vacant, "filled_on": d.later(vacant, 45, 0.8),
            "department": d.word("Sales", "it", None)}),
        "sales_activities": built("sales_activities", lambda d: {
            "active_on": d.day(), "owner": d.word("Ann", "Bob", "özgür"), "call_hours": d.money(4, 0.1),
            "calls": d.count(12, 0.1), "meetings": d.count(2, 0.1)}),
        "production": built("production", lambda d: {
            "produced_on": d.day(), "units": d.count(500), "good_units": d.count(450, 0.1),
            "defects": d.count(20, 0.1), "on_time_units": d.count(400, 0.1), "line": d.word("1", "2", None)}),
    })  # fmt: skip


def _within_limits(tables: dict[str, Rows]) -> dict[str, Rows]:
    """No part is more than its whole, and no answer lies beyond its scale."""
    made, answers = tables["production"], tables["surveys"]
    for part in ("good_units", "on_time_units"):
        pairs = zip(made[part], made["units"], strict=True)
        made[part] = [None if one is None else min(one, whole) for one, whole in pairs]
    scored = zip(answers["score"], answers["kind"], strict=True)
    answers["score"] = [1 + score % 5 if kind == "csat" and score is not None else score for score, kind in scored]
    return tables


def arrow_type(values: list[Any]) -> pa.DataType:
    """The type in which a column is held, by its first value."""
    first = next(value for value in values if value is not None)
    types = {bool: pa.bool_(), int: pa.int64(), Decimal: MONEY, str: pa.string(), dt.date: pa.date32(),
             dt.datetime: pa.timestamp("us", "UTC")}  # fmt: skip
    return types[type(first)]


def open_on(folder: Path, source: str, specs: dict[str, dict[str, str]], **settings: Any) -> OpenCompany:
    """Open a company whose tables lie in one engine."""
    settings = {"timezone": "Europe/Berlin", "gross_margin": 0.6, "inbound_channels": ["email", "Organic"]} | settings
    file = folder / "company.yaml"
    content = {"company": "Test", "currency": "EUR", "source": source, "tables": specs} | settings
    file.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
    return open_company(file)


def in_parquet(folder: Path, content: dict[str, Rows], **settings: Any) -> OpenCompany:
    """The tables as Parquet, read by DuckDB in memory."""
    for name, columns in content.items():
        pq.write_table(
            pa.table({key: pa.array(values, arrow_type(values)) for key, values in columns.items()}),
            folder / f"{name}.parquet",
        )
    return open_on(folder, "duckdb://", {name: {"path": f"{name}.parquet"} for name in content}, **settings)


def in_duckdb(folder: Path, content: dict[str, Rows], **settings: Any) -> OpenCompany:
    """The tables in a file of DuckDB."""
    file = folder / "kept.duckdb"
    with duckdb.connect(file) as connection:
        for name, columns in content.items():
            kept = pa.table({key: pa.array(values, arrow_type(values)) for key, values in columns.items()})
            connection.register("kept", kept)
            connection.execute(f'create table "{name}" as select * from kept')
            connection.unregister("kept")
    return open_on(folder, f"duckdb://{file}", {name: {"table": name} for name in content}, **settings)


SQL_TYPES = {pa.bool_(): "boolean", pa.int64(): "bigint", MONEY: "numeric(18,2)", pa.string(): "text",
             pa.date32(): "date", pa.timestamp("us", "UTC"): "timestamp with time zone"}  # fmt: skip


def definition(name: str, columns: Rows) -> str:
    """The statement that makes a table, in words that Postgres and SQLite share."""
    types = ", ".join(f'"{key}" {SQL_TYPES[arrow_type(values)]}' for key, values in columns.items())
    return f'create table "{name}" ({types})'


def in_postgres(folder: Path, url: str, content: dict[str, Rows], **settings: Any) -> OpenCompany:
    """The tables in a database of Postgres."""
    import psycopg

    with psycopg.connect(url) as connection:
        for name, columns in content.items():
            connection.execute(f'drop table if exists "{name}"')
            connection.execute(definition(name, columns))
            with connection.cursor().copy(f'copy "{name}" from stdin') as copy:
                for row in zip(*columns.values(), strict=True):
                    copy.write_row(row)
    return open_on(folder, url, {name: {"table": name} for name in content}, **settings)


def in_sqlite(folder: Path, content: dict[str, Rows], **settings: Any) -> OpenCompany:
    """The tables in a file of SQLite, whose times are text in UTC."""

    def plain(value: Any) -> Any:
        if isinstance(value, dt.datetime):
            return value.strftime("%Y-%m-%d %H:%M:%S")
        if isinstance(value, Decimal):
            return float(value)
        return value.isoformat() if isinstance(value, dt.date) else value

    file = folder / "kept.sqlite"
    connection = sqlite3.connect(file)
    for name, columns in content.items():
        connection.execute(definition(name, columns).replace("timestamp with time zone", "timestamptz"))
        rows = [tuple(plain(value) for value in row) for row in zip(*columns.values(), strict=True)]
        connection.executemany(f'insert into "{name}" values ({",".join("?" * len(columns))})', rows)
    connection.commit()
    connection.close()
    return open_on(folder, f"sqlite://{file}", {name: {"table": name} for name in content}, **settings)
