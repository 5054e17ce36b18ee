"""The KPIs a second time, as plain loops over rows: the slow and obvious route that the engine is held to.

Everything here is written from the definitions of the KPIs, on purpose without the engine, its SQL or its catalogue: a
table is a list of rows, a missing value is None, and a KPI that has no value raises `NoValue`. The one thing taken from
the engine is the gate `covers`: whether the data were there when the base of a comparison began.
"""

from __future__ import annotations

import datetime as dt
import statistics
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import pandas as pd

Row = dict[str, Any]
Test = Callable[[Row], bool]
Number = Callable[["View"], float]

FREQUENCY = {"day": "D", "week": "W-SUN", "month": "M", "quarter": "Q", "year": "Y"}
IN_A_YEAR = {"month": 12, "quarter": 4, "year": 1}
DAY = dt.timedelta(days=1)
# The day on which a row comes to be; every other date is something that happens to it later.
BORN = {
    "spend": "spent_on", "leads": "created_on", "opportunities": "created_on", "orders": "ordered_on",
    "customers": "acquired_on", "subscriptions": "started_on", "touchpoints": "touched_at", "invoices": "issued_on",
    "ledger": "booked_on", "web_traffic": "visited_on", "social": "posted_on", "tickets": "opened_on",
    "surveys": "answered_on", "employees": "hired_on", "vacancies": "opened_on", "sales_activities": "active_on",
    "production": "produced_on",
}  # fmt: skip


class NoValue(Exception):
    """There is no such number."""


class Unreadable(NoValue):
    """The company lacks a table, a column or a setting for it."""


# ---------------------------------------------------------------------------------------------------------- periods


@dataclass(frozen=True)
class Span:
    """A period of the ordinary calendar, counted through a day."""

    grain: str
    start: dt.date
    end: dt.date
    last: dt.date

    @classmethod
    def around(cls, grain: str, day: dt.date) -> Span:
        """The period of a grain that a day lies in."""
        period = pd.Period(pd.Timestamp(day), FREQUENCY[grain])
        end = period.end_time.date()
        return cls(grain, period.start_time.date(), end, end)

    @property
    def days(self) -> int:
        return (self.last - self.start).days + 1

    @property
    def full_days(self) -> int:
        return (self.end - self.start).days + 1

    @property
    def label(self) -> str:
        """How the command line writes it."""
        year, week, _ = self.start.isocalendar()
        return {
            "day": self.start.isoformat(),
            "week": f"{year}-W{week:02d}",
            "month": f"{self.start:%Y-%m}",
            "quarter": f"{self.start.year}-Q{(self.start.month + 2) // 3}",
            "year": f"{self.start.year}",
        }[self.grain]

    def cut(self, day: dt.date) -> Span:
        """The part of it that is over on a day."""
        return replace(self, last=min(self.last, day)) if day >= self.start else self

    def like(self, other: Span) -> Span:
        """The same number of days as of the other, where the other is unfinished."""
        return self if other.last == other.end else self.cut(self.start + (other.last - other.start))

    def prior(self) -> Span:
        return Span.around(self.grain, self.start - DAY).like(self)

    def year_ago(self) -> Span | None:
        """The same period of the year before, if it had one."""
        try:
            if self.grain == "day":
                return Span.around("day", self.start.replace(year=self.start.year - 1))
            if self.grain == "week":
                year, week, _ = self.start.isocalendar()
                return Span.around("week", dt.date.fromisocalendar(year - 1, week, 1)).like(self)
        except ValueError:
            return None
        earlier = pd.Period(pd.Timestamp(self.start), FREQUENCY[self.grain]) - IN_A_YEAR[self.grain]
        return Span.around(self.grain, earlier.start_time.date()).like(self)


# ------------------------------------------------------------------------------------------------ a company, a slice


@dataclass(frozen=True)
class Books:
    """A company: its tables as rows, which columns they have, and its settings."""

    tables: Mapping[str, list[Row]]
    columns: Mapping[str, tuple[str, ...]]
    covers: Callable[[str, str, Span], bool]
    gross_margin: float | None = None
    inbound_channels: tuple[str, ...] = ()
    revenue_from: str | None = None
    attribution: Mapping[str, Any] = field(default_factory=dict)
    last_day: dt.date = dt.date.min

    def known_on(self, as_of: dt.date, table: str) -> list[Row]:
        """The rows of a table without what happened to them after a day: a lead qualified later is not yet."""
        rows = self.tables[table]
        if as_of >= self.last_day:
            return rows

        def later(value: Any) -> bool:
            return isinstance(value, dt.date) and day(value) > as_of

        def then(row: Row) -> Row:
            is_open = "outcome" in row and later(row.get("closed_on"))
            kept = {name: None if name != BORN[table] and later(v) else v for name, v in row.items()}
            return kept | ({"outcome": "open"} if is_open else {})

        return [then(row) for row in rows]


@dataclass(frozen=True)
class View:
    """A company in one period and one slice; `group` None is all slices together."""

    books: Books
    span: Span
    as_of: dt.date
    by: tuple[str, ...] = ()
    group: tuple[str, ...] | None = None
    where: Test = lambda row: True
    asked: tuple[str, ...] = ()
    base: bool = field(default=False)

    def prior(self) -> View:
        return replace(self, span=self.span.prior(), base=True)

    def year_ago(self) -> View:
        earlier = self.span.year_ago()
        if earlier is None:
            raise NoValue
        return replace(self, span=earlier, base=True)

    def whole(self) -> View:
        return replace(self, group=None)

    @property
    def stock_day(self) -> dt.date:
        """A stock is read at the end of the period, or as far as the data count."""
        return min(self.span.end, self.as_of)

    def in_slice(self, row: Row) -> bool:
        return self.group is None or self.group == tuple(row[name] or "(none)" for name in self.by)

    def everything(self, table: str, *needs: str) -> list[Row]:
        """All rows of a table, if it can answer at all."""
        if table not in self.books.tables:
            raise Unreadable
        rows, present = self.books.known_on(self.as_of, table), set(self.books.columns[table])
        if table == "leads" and "opportunities" in self.books.tables:
            opportunities = self.books.tables["opportunities"]
            until = self.as_of if self.as_of < self.books.last_day else dt.date.max
            created = {
                r["lead_id"] for r in opportunities if r["created_on"] is not None and r["created_on"] <= until
            } - {None}
            rows, present = [r | {"opportunity": r["lead_id"] in created} for r in rows], present | {"opportunity"}
        if table == "touchpoints":
            rows = with_credits(rows, present, **self.books.attribution)
            present = present | ({"credited_value"} if "value" in present else set())
        if table == "orders" and "customers" in self.books.tables:
            channels = {r["customer_id"]: r["acquired_channel"] for r in self.books.tables["customers"]}
            channels[None] = None
            rows = [r | {"acquired_channel": channels.get(r["customer_id"])} for r in rows]
            present = present | {"acquired_channel"}
        if {*needs, *self.by, *self.asked} - present:
            raise Unreadable
        return rows

    def asked_for(self, table: str, *needs: str) -> list[Row]:
        """Rows that the user's condition leaves."""
        return [row for row in self.everything(table, *needs) if self.where(row)]

    def check_reach(self, table: str, date: str, *, flow: bool = False, ends: bool = True) -> None:
        """Nothing is said of a time that the data do not reach; a stock alone goes on after its last row."""
        days = [day(row[date]) for row in self.books.tables[table] if row[date] is not None]
        if not days or self.span.start > self.as_of or self.span.last < min(days):
            raise NoValue
        if flow and ends and self.span.start > max(days):
            raise NoValue
        if flow and self.base and not self.books.covers(table, date, self.span):
            raise NoValue


def day(moment: Any) -> Any:
    """The day of a moment; a day is its own."""
    return moment.date() if isinstance(moment, dt.datetime) else moment


def total(values: Iterable[float | None], *, nothing: float | None = 0.0) -> float:
    """The sum of what is known; unknown where there are values and none is known."""
    listed = list(values)
    known = [value for value in listed if value is not None]
    if listed and not known:
        raise NoValue
    if not listed and nothing is None:
        raise NoValue
    return float(sum(known))


def known(value: Callable[[Row], float], *columns: str) -> Callable[[Row], float | None]:
    """A calculation that gives nothing where one of its columns is empty."""
    return lambda row: None if any(row[name] is None for name in columns) else value(row)


# ------------------------------------------------------------------------------------------------ kinds of measures


def happened(view: View, table: str, date: str, *needs: str, where: Test = lambda row: True) -> list[Row]:
    """A flow: rows of the slice whose date lies in the period."""
    rows = view.asked_for(table, date, *needs)
    view.check_reach(table, date, flow=True)
    return [
        row
        for row in rows
        if row[date] is not None
        and view.span.start <= day(row[date]) <= view.span.last
        and view.in_slice(row)
        and where(row)
    ]


def flow(view: View, table: str, date: str, value: str, *needs: str, where: Test = lambda row: True) -> float:
    """A flow of an amount."""
    return total(row[value] for row in happened(view, table, date, value, *needs, where=where))


def number(view: View, table: str, date: str, *needs: str, where: Test = lambda row: True) -> float:
    """A flow of rows."""
    return float(len(happened(view, table, date, *needs, where=where)))


def open_rows(view: View, table: str, begin: str, end: str | None, *needs: str) -> list[Row]:
    """A stock: rows that have begun by its day and have not ended by then."""
    rows = view.asked_for(table, begin, *((end,) if end else ()), *needs)
    view.check_reach(table, begin, flow=False)
    return [row for row in rows if view.in_slice(row) and is_open(row, begin, end, view.stock_day)]


def is_open(row: Row, begin: str, end: str | None, on: dt.date) -> bool:
    """Whether a row has begun by a day and has not ended by then."""
    if row[begin] is None or row[begin] > on:
        return False
    return end is None or row[end] is None or row[end] > on


def opening_and_closing(view: View, stock: Number) -> float:
    """The average of a stock on the day before the period and at its end."""
    return (stock(replace(view, span=Span.around("day", view.span.start - DAY))) + stock(view)) / 2


def latest(view: View, table: str, key: str, date: str, *needs: str, where: Test = lambda row: True) -> list[list[Row]]:
    """A balance: for each key the rows of its last date up to the day, as far as they lie in the slice."""
    rows = [row for row in view.asked_for(table, date, key, *needs) if where(row)]
    view.check_reach(table, date, flow=False)
    rows = [row for row in rows if row[key] is not None and row[date] is not None and row[date] <= view.stock_day]
    found = []
    for one in sorted({row[key] for row in rows}):
        its = sorted((row for row in rows if row[key] == one), key=lambda row: row[date])
        found.append([row for row in its if row[date] == its[-1][date] and view.in_slice(row)])
    return [rows for rows in found if rows]


def newcomers(view: View, table: str, key: str, date: str, *order: str, where: Test) -> float:
    """Keys whose first row falls in the period and the slice; of rows of one day the smallest is the first."""
    everybody = [row for row in view.everything(table, key, date) if where(row)]
    view.check_reach(table, date, flow=True)
    everybody = [row for row in everybody if row[key] is not None and row[date] is not None]
    columns = [name for name in order if name in view.books.columns[table]]
    count = 0
    for one in {row[key] for row in everybody}:
        its = [row for row in everybody if row[key] == one]
        first = min(its, key=lambda row: (row[date], [(row[name] is None, row[name] or 0) for name in columns]))
        count += view.span.start <= first[date] <= view.span.last and view.where(first) and view.in_slice(first)
    return float(count)


@dataclass(frozen=True)
class Account:
    """A customer's recurring revenue at the opening and at the closing, and whether there was any plan earlier."""

    opening: float
    closing: float
    before: bool


def accounts(view: View, *, since: str = "prior", looks_back: bool = True) -> list[Account]:
    """Each customer of the slice: the sum over the plans that are open on each of the two days."""
    everybody = view.everything("subscriptions", "customer_id", "started_on", "ended_on", "mrr")
    closing = view.span.last if looks_back else view.stock_day
    opening = view.span.start - DAY
    if since == "year_ago":
        earlier = view.span.year_ago()
        opening = earlier.last if earlier is not None else view.span.last - 364 * DAY
    view.check_reach("subscriptions", "started_on", flow=True, ends=False)
    everybody = [row for row in everybody if row["customer_id"] is not None and row["started_on"] is not None]
    if looks_back and opening < min(
        row["started_on"] for row in view.books.tables["subscriptions"] if row["started_on"]
    ):
        raise NoValue
    found = []
    for customer in sorted({row["customer_id"] for row in everybody}):
        all_plans = [row for row in everybody if row["customer_id"] == customer]
        plans = [row for row in all_plans if view.where(row) and view.in_slice(row)]
        was, now = (
            sum(row["mrr"] or 0 for row in plans if is_open(row, "started_on", "ended_on", on))
            for on in (opening, closing)
        )
        found.append(Account(was, now, any(row["started_on"] <= opening for row in all_plans)))
    return found


def moved(
    view: View, amount: Callable[[Account], float], test: Callable[[Account], bool], since: str = "prior"
) -> float:
    """An amount over the accounts that pass a test."""
    return float(sum(amount(account) for account in accounts(view, since=since) if test(account)))


def by_customer(view: View, value: str, *, where: Test = lambda row: True) -> list[list[Row]]:
    """The orders of the period and slice, customer by customer."""
    rows = happened(view, "orders", "ordered_on", "customer_id", value, where=where)
    customers = sorted({row["customer_id"] for row in rows} - {None})
    return [[row for row in rows if row["customer_id"] == customer] for customer in customers]


def customer_sums(view: View) -> list[float | None]:
    """Revenue of each customer, None where no amount of it is known."""
    amounts = [[row["amount"] for row in rows if row["amount"] is not None] for rows in by_customer(view, "amount")]
    return [sum(known) if known else None for known in amounts]


def either(view: View, *ways: Number) -> float:
    """The first way that the company's tables allow, whatever the slice: a slice must not change what is meant."""
    whole = replace(view, by=(), group=None, where=lambda row: True, asked=())
    for way in ways[:-1]:
        try:
            way(whole)
        except Unreadable:
            continue
        except NoValue:
            pass
        return way(view)
    return ways[-1](view)


def growth(now: float, base: float) -> float:
    """How much more; over nothing or less there is no growth."""
    if base <= 0:
        raise NoValue
    return now / base - 1


# --------------------------------------------------------------------------------------------------------- measures


def won(row: Row) -> bool:
    return bool(row["outcome"] == "won")


def positive(row: Row) -> bool:
    return row["amount"] is not None and row["amount"] > 0


def order_revenue(v: View) -> float:
    return flow(v, "orders", "ordered_on", "amount")


def won_amount(v: View) -> float:
    return flow(v, "opportunities", "closed_on", "amount", where=won)


def won_deals(v: View) -> float:
    return number(v, "opportunities", "closed_on", where=won)


def closed_deals(v: View) -> float:
    return number(v, "opportunities", "closed_on", where=lambda r: r["outcome"] in ("won", "lost"))


def open_deals(v: View) -> list[Row]:
    """Deals that are open at the end; one that is won or lost on an unknown day is not."""
    rows = open_rows(v, "opportunities", "created_on", "closed_on", "outcome")
    return [row for row in rows if row["outcome"] == "open" or row["closed_on"] is not None]


def won_lengths(v: View) -> list[float | None]:
    rows = happened(v, "opportunities", "closed_on", "created_on", where=won)
    return [known(lambda r: (r["closed_on"] - r["created_on"]).days, "created_on")(r) for r in rows]


def ledger(v: View, account: str) -> float:
    """What was booked on an account in the period."""
    return flow(v, "ledger", "booked_on", "amount", "account", where=lambda r: r["account"] == account)


def account(v: View, name: str) -> float:
    """The same, of an account that the ledger must have."""
    require_account(v, name)
    return ledger(v, name)


def require_account(v: View, name: str) -> None:
    if name not in {row["account"] for row in v.everything("ledger")}:
        raise Unreadable


def ledger_balance(v: View, name: str) -> float:
    """What stands on an account at the end."""
    require_account(v, name)
    groups = latest(v, "ledger", "account", "booked_on", "amount", where=lambda r: r["account"] == name)
    return total(row["amount"] for rows in groups for row in rows)


def revenue(v: View) -> float:
    ways: dict[str, Number] = {
        "orders": order_revenue,
        "opportunities": won_amount,
        "ledger": lambda v: ledger(v, "revenue"),
    }
    chosen = v.books.revenue_from
    return ways[chosen](v) if chosen else either(v, *ways.values())


def new_customers(v: View) -> float:
    lines = ("order_id", "amount", "cost", "quantity", "product", "channel", "region", "segment")
    return either(
        v,
        lambda v: newcomers(v, "orders", "customer_id", "ordered_on", *lines, where=positive),
        lambda v: newcomers(v, "opportunities", "customer_id", "closed_on", "opportunity_id", where=won),
    )


def orders(v: View) -> float:
    rows = happened(v, "orders", "ordered_on", "order_id", where=positive)
    return float(len({row["order_id"] for row in rows} - {None}))


def leads(v: View) -> float:
    return number(v, "leads", "created_on")


def became(*needs: str) -> Number:
    """Leads of the period that have all of these."""
    return lambda v: number(
        v, "leads", "created_on", *needs, where=lambda r: all(r[n] not in (None, False) for n in needs)
    )


def marketing_spend(v: View) -> float:
    return flow(v, "spend", "spent_on", "amount", where=lambda r: r.get("kind") in (None, "marketing"))


def all_spend(v: View) -> float:
    return flow(v, "spend", "spent_on", "amount")


def spend_with(column: str) -> Number:
    return lambda v: flow(v, "spend", "spent_on", "amount", column, where=lambda r: r[column] is not None)


def margin(v: View) -> float:
    if v.books.gross_margin is None:
        raise Unreadable
    return v.books.gross_margin


def cost_or_margin(v: View) -> list[tuple[Row, float | None]]:
    """Orders with their cost, or what the gross margin leaves of their amount."""
    rest = 1 - margin(v)

    def cost(row: Row) -> float | None:
        if row.get("cost") is not None:
            return float(row["cost"])
        return None if row["amount"] is None else row["amount"] * rest

    return [(row, cost(row)) for row in happened(v, "orders", "ordered_on", "amount")]


def journey_shares(days: list[int], rule: str, half_life_days: float) -> list[float]:
    """How a journey's credit is split among its touches, given how many days each was before the last one."""
    size, lasting = len(days), len(days) - 1
    decay = [2 ** (-ago / half_life_days) for ago in days]
    peaks = {0, lasting // 2, lasting}
    equal = [1 / size] * size
    return {
        "first": [1.0] + [0.0] * lasting,
        "last": [0.0] * lasting + [1.0],
        "linear": equal,
        "time_decay": [weight / sum(decay) for weight in decay],
        "u_shaped": equal if size < 3 else [0.4, *[0.2 / (size - 2)] * (size - 2), 0.4],
        "w_shaped": equal if size < 4 else [0.3 if n in peaks else 0.1 / (size - 3) for n in range(size)],
    }[rule]


def with_credits(
    rows: list[Row], columns: set[str], rule: str = "last", lag_days: int = 90, half_life_days: float = 7.0
) -> list[Row]:
    """Touches with the day on which their journey converted and what each is credited with."""

    def says_so(row: Row) -> bool:
        return row["converted"] is True if "converted" in columns else row.get("value") is not None

    def in_time(row: Row) -> Any:
        ties = [row.get(name) for name in ("channel", "cost", "value")]
        return row["touched_at"], says_so(row), [(tie is None, tie or 0) for tie in ties]

    found = [row | {"converted_on": None, "credited_value": None} for row in rows]
    for path in {row["path_id"] for row in found} - {None}:
        journey = [row for row in found if row["path_id"] == path and row["touched_at"] is not None]
        if not any(says_so(row) for row in journey):
            continue
        ended = max(day(row["touched_at"]) for row in journey)
        values = [row["value"] for row in journey if says_so(row) and row.get("value") is not None]
        for row in journey:
            row |= {"converted_on": ended, "credited_value": 0.0 if values else None}
        counting = [row for row in journey if row["channel"] is not None]
        counting = [row for row in counting if (ended - day(row["touched_at"])).days <= lag_days]
        counting = sorted(counting, key=in_time)
        days = [(ended - day(row["touched_at"])).days for row in counting]
        for row, share in zip(counting, journey_shares(days, rule, half_life_days) if days else (), strict=True):
            row["credited_value"] = share * sum(values) if values else None
    return found


def credits(v: View) -> list[float | None]:
    """What the touches of the slice are credited with whose journeys converted in the period."""
    rows = v.asked_for("touchpoints", "touched_at", "credited_value")
    v.check_reach("touchpoints", "touched_at", flow=True)
    rows = [row for row in rows if row["converted_on"] is not None and v.in_slice(row)]
    return [row["credited_value"] for row in rows if v.span.start <= row["converted_on"] <= v.span.last]


def attributed_gross_profit(v: View) -> float:
    def by_touches(v: View) -> float:
        share = margin(v)
        return total(None if credit is None else credit * share for credit in credits(v))

    def by_margin(column: str) -> Number:
        def way(v: View) -> float:
            v.everything("orders", column)
            pairs = [(row, cost) for row, cost in cost_or_margin(v) if row[column] is not None]
            return total(None if cost is None or row["amount"] is None else row["amount"] - cost for row, cost in pairs)

        return way

    def by_cost(v: View) -> float:
        rows = happened(
            v, "orders", "ordered_on", "amount", "cost", "channel", where=lambda r: r["channel"] is not None
        )
        return total(known(lambda r: r["amount"] - r["cost"], "amount", "cost")(row) for row in rows)

    return either(v, by_touches, by_margin("channel"), by_cost, by_margin("acquired_channel"))


def attributed_revenue(v: View) -> float:
    def through(column: str) -> Number:
        return lambda v: flow(v, "orders", "ordered_on", "amount", column, where=lambda r: r[column] is not None)

    return either(v, lambda v: total(credits(v)), through("channel"), through("acquired_channel"))


def inbound_revenue(v: View) -> float:
    def through(column: str) -> Number:
        def way(v: View) -> float:
            v.everything("orders", column)
            if not v.books.inbound_channels:
                raise Unreadable
            inbound = v.books.inbound_channels
            return flow(v, "orders", "ordered_on", "amount", column, where=lambda r: r[column] in inbound)

        return way

    return either(v, through("acquired_channel"), through("channel"))


def visitors(v: View) -> float:
    return flow(v, "web_traffic", "visited_on", "visitors")


def followers(v: View) -> float:
    groups = latest(v, "social", "network", "posted_on", "followers")
    highest = [max((r["followers"] for r in rows if r["followers"] is not None), default=None) for rows in groups]
    return total(highest, nothing=None)


def mrr(v: View) -> float:
    return total(row["mrr"] for row in open_rows(v, "subscriptions", "started_on", "ended_on", "mrr"))


def active_accounts(v: View) -> float:
    return float(sum(account.closing > 0 for account in accounts(v, looks_back=False)))


def at_start(v: View) -> float:
    return moved(v, lambda a: 1, lambda a: a.opening > 0)


def revenue_per_account(v: View) -> float:
    return mrr(v) / active_accounts(v)


def churn(v: View) -> float:
    return moved(v, lambda a: 1, lambda a: a.opening > 0 and a.closing == 0) / at_start(v)


def lifetime_gain(v: View) -> float:
    whole = {"month": 1, "quarter": 3, "year": 12}.get(v.span.grain)
    months = whole if whole and v.span.last == v.span.end else v.span.days / (365.25 / 12)
    return margin(v) * revenue_per_account(v) * months


def acquisition_cost(v: View) -> float:
    return all_spend(v) / new_customers(v)


def is_nps(row: Row) -> bool:
    return row.get("kind") in (None, "nps")


def nps_answers(v: View, *, low: float = 0, high: float = float("inf")) -> float:
    rows = happened(v, "surveys", "answered_on", "score", where=is_nps)
    return float(sum(row["score"] is not None and low <= row["score"] <= high for row in rows))


def csat(v: View, *, least: float) -> float:
    def in_surveys(v: View) -> float:
        rows = happened(v, "surveys", "answered_on", "score", "kind", where=lambda r: r["kind"] == "csat")
        return float(sum(row["score"] is not None and row["score"] >= least for row in rows))

    def in_tickets(v: View) -> float:
        rows = happened(v, "tickets", "opened_on", "csat")
        return float(sum(row["csat"] is not None and row["csat"] >= least for row in rows))

    return either(v, in_surveys, in_tickets)


def filled_in(v: View, column: str) -> float:
    """Tickets of the period where a column is known."""
    return number(v, "tickets", "opened_on", column, where=lambda r: r[column] is not None)


def resolution_hours(v: View) -> float:
    rows = happened(v, "tickets", "resolved_on", "opened_on")
    hours = [(r["resolved_on"] - r["opened_on"]).total_seconds() / 3600 for r in rows if r["opened_on"] is not None]
    if not hours:
        raise NoValue
    return float(statistics.median(hours))


def agents(v: View) -> float:
    return float(len({row["agent"] for row in happened(v, "tickets", "opened_on", "agent")} - {None}))


def margin_revenue(v: View) -> float:
    return either(v, lambda v: account(v, "revenue"), order_revenue)


def goods_cost(v: View) -> float:
    return either(
        v,
        lambda v: account(v, "cogs"),
        lambda v: total(cost for _, cost in cost_or_margin(v)),
        lambda v: flow(v, "orders", "ordered_on", "cost"),
    )


def operating_income(v: View) -> float:
    costs = account(v, "cogs") + account(v, "operating_expense") + ledger(v, "depreciation") + ledger(v, "amortisation")
    return account(v, "revenue") - costs


def ebitda(v: View) -> float:
    return operating_income(v) + ledger(v, "depreciation") + ledger(v, "amortisation")


def net_income(v: View) -> float:
    return operating_income(v) - ledger(v, "interest") - ledger(v, "tax")


def payment(row: Row) -> float | None:
    """What was paid; all of it where no part is named."""
    paid = row.get("paid_amount")
    amount: float | None = row["amount"] if paid is None else paid
    return amount


def receivable(v: View) -> float:
    issued = total(row["amount"] for row in open_rows(v, "invoices", "issued_on", None, "amount"))
    return issued - total(payment(row) for row in open_rows(v, "invoices", "paid_on", None, "amount"))


def received(v: View) -> float:
    return total(payment(row) for row in happened(v, "invoices", "paid_on", "amount"))


def customer_revenue(v: View) -> float:
    return total(customer_sums(v))


def largest(v: View, how_many: int) -> float:
    sums = customer_sums(v)
    told = sorted((value for value in sums if value is not None), reverse=True)
    if (how_many == 1 or sums) and not told:
        raise NoValue
    return sum(told[:how_many])


def staff(v: View) -> float:
    return float(len(open_rows(v, "employees", "hired_on", "left_on")))


def rated(v: View, column: str) -> list[float]:
    """What is known of the staff at the end."""
    return [r[column] for r in open_rows(v, "employees", "hired_on", "left_on", column) if r[column] is not None]


def ratings(v: View) -> float:
    return total(
        r["performance_rating"] for r in open_rows(v, "employees", "hired_on", "left_on", "performance_rating")
    )


def open_positions(v: View) -> float:
    return float(len(open_rows(v, "vacancies", "opened_on", "filled_on")))


def days_to_fill(v: View) -> float:
    rows = happened(v, "vacancies", "filled_on", "opened_on")
    return total(known(lambda r: (r["filled_on"] - r["opened_on"]).days, "opened_on")(row) for row in rows)


def units_where(column: str) -> Number:
    return lambda v: flow(v, "production", "produced_on", "units", column, where=lambda r: r[column] is not None)


# ------------------------------------------------------------------------------------------------------------- KPIs

KPIS: dict[str, Number | tuple[Number, Number]] = {
    # Sales
    "sales_revenue": revenue,
    "revenue_growth": lambda v: growth(revenue(v), revenue(v.prior())),
    "revenue_growth_on_year": lambda v: growth(revenue(v), revenue(v.year_ago())),
    "order_count": orders,
    "average_order_value": (order_revenue, orders),
    "opportunities_created": lambda v: number(v, "opportunities", "created_on"),
    "open_pipeline": lambda v: float(len(open_deals(v))),
    "pipeline_value": lambda v: total(row["amount"] for row in open_deals(v)),
    "opportunity_to_win_ratio": (won_deals, closed_deals),
    "average_deal_size": (won_amount, won_deals),
    "sales_cycle_length": (
        lambda v: total(won_lengths(v)),
        lambda v: float(sum(length is not None for length in won_lengths(v))),
    ),
    "sales_cycle_median": lambda v: float(statistics.median([n for n in won_lengths(v) if n is not None])),
    "sales_velocity": (
        lambda v: (
            (KPI("open_pipeline", v.prior()) + KPI("opportunities_created", v))
            * (won_deals(v) / closed_deals(v))
            * (won_amount(v) / won_deals(v))
        ),
        lambda v: KPI("sales_cycle_length", v),
    ),
    "lead_to_sale_conversion": (became("customer_id"), leads),
    "new_customers": new_customers,
    "revenue_per_new_customer": (revenue, new_customers),
    "revenue_per_sales_hour": (revenue, lambda v: flow(v, "sales_activities", "active_on", "call_hours")),
    # Marketing, web and social
    "leads": leads,
    "lead_generation_rate": (leads, lambda v: v.span.days),
    "marketing_qualified_leads": lambda v: number(v, "leads", "mql_on"),
    "sales_qualified_leads": lambda v: number(v, "leads", "sql_on"),
    "lead_to_mql_rate": (became("mql_on"), leads),
    "mql_to_sql_rate": (became("mql_on", "sql_on"), became("mql_on")),
    "sql_to_opportunity_rate": (became("sql_on", "opportunity"), became("sql_on")),
    "cost_per_lead": (marketing_spend, leads),
    "cost_per_mql": (marketing_spend, lambda v: number(v, "leads", "mql_on")),
    "cost_per_sql": (marketing_spend, lambda v: number(v, "leads", "sql_on")),
    "cost_per_conversion": (spend_with("conversions"), lambda v: flow(v, "spend", "spent_on", "conversions")),
    "cost_per_click": (spend_with("clicks"), lambda v: flow(v, "spend", "spent_on", "clicks")),
    "click_through_rate": (
        lambda v: flow(v, "spend", "spent_on", "clicks", "impressions", where=lambda r: r["impressions"] is not None),
        lambda v: flow(v, "spend", "spent_on", "impressions"),
    ),
    "cost_per_mille": lambda v: spend_with("impressions")(v) / flow(v, "spend", "spent_on", "impressions") * 1000,
    "customer_acquisition_cost": (all_spend, new_customers),
    "marketing_spend": marketing_spend,
    "impressions": lambda v: flow(v, "spend", "spent_on", "impressions"),
    "clicks": lambda v: flow(v, "spend", "spent_on", "clicks"),
    "platform_conversions": lambda v: flow(v, "spend", "spent_on", "conversions"),
    "attributed_revenue": attributed_revenue,
    "attributed_gross_profit": attributed_gross_profit,
    "marketing_roi": (lambda v: attributed_gross_profit(v) - marketing_spend(v), marketing_spend),
    "marketing_revenue_ratio": (attributed_revenue, marketing_spend),
    "marketing_revenue_roi": (lambda v: attributed_revenue(v) - marketing_spend(v), marketing_spend),
    "break_even_roas": (attributed_revenue, attributed_gross_profit),
    "inbound_revenue": inbound_revenue,
    "inbound_revenue_share": (inbound_revenue, order_revenue),
    "website_visitors": visitors,
    "traffic_growth": lambda v: growth(visitors(v), visitors(v.prior())),
    "form_submissions": lambda v: flow(v, "web_traffic", "visited_on", "form_submissions"),
    "visitor_to_lead_conversion": (leads, visitors),
    "social_impressions": lambda v: flow(v, "social", "posted_on", "impressions"),
    "social_reach": lambda v: flow(v, "social", "posted_on", "reach"),
    "engagement_rate": (
        lambda v: flow(
            v, "social", "posted_on", "engagements", "impressions", where=lambda r: r["impressions"] is not None
        ),
        lambda v: flow(v, "social", "posted_on", "impressions"),
    ),
    "social_followers": followers,
    "follower_growth": lambda v: growth(followers(v), followers(v.prior())),
    "marketing_payback_months": (acquisition_cost, lambda v: revenue_per_account(v) * margin(v)),
    # Customers and service
    "customer_retention_rate": (lambda v: moved(v, lambda a: 1, lambda a: a.opening > 0 and a.closing > 0), at_start),
    "churn_rate": (lambda v: moved(v, lambda a: 1, lambda a: a.opening > 0 and a.closing == 0), at_start),
    "monthly_recurring_revenue": mrr,
    "mrr_growth": lambda v: growth(mrr(v), mrr(v.prior())),
    "mrr_new": lambda v: moved(v, lambda a: a.closing, lambda a: a.opening == 0 and a.closing > 0 and not a.before),
    "mrr_reactivation": lambda v: moved(
        v, lambda a: a.closing, lambda a: a.opening == 0 and a.closing > 0 and a.before
    ),
    "mrr_expansion": lambda v: moved(v, lambda a: a.closing - a.opening, lambda a: a.closing > a.opening > 0),
    "mrr_contraction": lambda v: moved(v, lambda a: a.opening - a.closing, lambda a: 0 < a.closing < a.opening),
    "mrr_churned": lambda v: moved(v, lambda a: a.opening, lambda a: a.opening > 0 and a.closing == 0),
    "net_revenue_retention": (
        lambda v: moved(v, lambda a: a.closing, lambda a: a.opening > 0, "year_ago"),
        lambda v: moved(v, lambda a: a.opening, lambda a: a.opening > 0, "year_ago"),
    ),
    "gross_revenue_retention": (
        lambda v: moved(v, lambda a: min(a.opening, a.closing), lambda a: a.opening > 0, "year_ago"),
        lambda v: moved(v, lambda a: a.opening, lambda a: a.opening > 0, "year_ago"),
    ),
    "net_revenue_retention_in_period": (
        lambda v: moved(v, lambda a: a.closing, lambda a: a.opening > 0),
        lambda v: moved(v, lambda a: a.opening, lambda a: True),
    ),
    "gross_revenue_retention_in_period": (
        lambda v: moved(v, lambda a: min(a.opening, a.closing), lambda a: a.opening > 0),
        lambda v: moved(v, lambda a: a.opening, lambda a: True),
    ),
    "average_revenue_per_account": (mrr, active_accounts),
    "active_accounts": active_accounts,
    "customer_lifetime_value": (lifetime_gain, churn),
    "ltv_to_cac": (lambda v: lifetime_gain(v) / churn(v), acquisition_cost),
    "repeat_purchase_rate": (
        lambda v: float(
            sum(len({r["order_id"] for r in rows} - {None}) >= 2 for rows in by_customer(v, "order_id", where=positive))
        ),
        lambda v: float(len(by_customer(v, "order_id", where=positive))),
    ),
    "net_promoter_score": lambda v: (nps_answers(v, low=9) - nps_answers(v, high=6)) / nps_answers(v) * 100,
    "customer_satisfaction": (lambda v: csat(v, least=4), lambda v: csat(v, least=0)),
    "average_call_time": (
        lambda v: flow(v, "tickets", "opened_on", "handle_minutes"),
        lambda v: filled_in(v, "handle_minutes"),
    ),
    "resolution_time": resolution_hours,
    "first_contact_resolution": (
        lambda v: number(
            v, "tickets", "opened_on", "first_contact_resolved", where=lambda r: r["first_contact_resolved"] is True
        ),
        lambda v: filled_in(v, "first_contact_resolved"),
    ),
    "tickets_per_agent": (lambda v: number(v, "tickets", "opened_on"), agents),
    # Finance
    "gross_profit_margin": (lambda v: margin_revenue(v) - goods_cost(v), margin_revenue),
    "operating_income": operating_income,
    "ebitda": ebitda,
    "ebitda_margin": (ebitda, lambda v: account(v, "revenue")),
    "net_income": net_income,
    "net_profit_margin": (net_income, lambda v: account(v, "revenue")),
    "operating_cash_flow": lambda v: account(v, "operating_cash_flow"),
    "working_capital": lambda v: ledger_balance(v, "current_assets") - ledger_balance(v, "current_liabilities"),
    "current_ratio": (
        lambda v: ledger_balance(v, "current_assets"),
        lambda v: ledger_balance(v, "current_liabilities"),
    ),
    "accounts_receivable": receivable,
    "days_sales_outstanding": lambda v: receivable(v) / revenue(v) * v.span.days,
    "collection_ratio": (received, lambda v: flow(v, "invoices", "issued_on", "amount")),
    "inventory_turnover": (
        lambda v: account(v, "cogs") / opening_and_closing(v, lambda v: ledger_balance(v, "inventory")) * 365,
        lambda v: v.span.days,
    ),
    "revenue_concentration": (lambda v: largest(v, 1), customer_revenue),
    "revenue_concentration_top_ten": (lambda v: largest(v, 10), customer_revenue),
    "revenue_herfindahl": (
        lambda v: total(None if value is None else value**2 for value in customer_sums(v)),
        lambda v: customer_revenue(v) ** 2,
    ),
    "income_sources": (revenue, lambda v: revenue(v.whole())),
    "return_on_investment": (
        lambda v: account(v, "investment_gain") - account(v, "investment_cost"),
        lambda v: account(v, "investment_cost"),
    ),
    # Operations and people
    "production_yield": (lambda v: flow(v, "production", "produced_on", "good_units"), units_where("good_units")),
    "defect_rate": (lambda v: flow(v, "production", "produced_on", "defects"), units_where("defects")),
    "on_time_rate": (lambda v: flow(v, "production", "produced_on", "on_time_units"), units_where("on_time_units")),
    "employee_turnover": (
        lambda v: number(v, "employees", "left_on"),
        lambda v: opening_and_closing(v, staff),
    ),
    "employee_turnover_annualised": (lambda v: KPI("employee_turnover", v) * 365, lambda v: v.span.days),
    "voluntary_turnover": (
        lambda v: number(v, "employees", "left_on", "left_voluntarily", where=lambda r: r["left_voluntarily"] is True),
        lambda v: opening_and_closing(v, staff),
    ),
    "headcount": staff,
    "vacancies": open_positions,
    "vacancy_rate": (open_positions, lambda v: open_positions(v) + staff(v)),
    "time_to_fill": (days_to_fill, lambda v: number(v, "vacancies", "filled_on")),
    "employee_performance": (ratings, lambda v: float(len(rated(v, "performance_rating")))),
    "employees_on_target": (
        lambda v: float(sum(value >= 1 for value in rated(v, "target_attainment"))),
        lambda v: float(len(rated(v, "target_attainment"))),
    ),
}


SHARES: dict[str, tuple[Callable[[View], float], Callable[[View], float]]] = {
    "inbound_revenue_share": (inbound_revenue, order_revenue),
    "revenue_concentration": (lambda v: largest(v, 1), customer_revenue),
    "revenue_concentration_top_ten": (lambda v: largest(v, 1), customer_revenue),
    "revenue_herfindahl": (lambda v: largest(v, 1), customer_revenue),
}


def KPI(name: str, view: View) -> float:  # noqa: N802
    """A KPI as a part of another one."""
    value = answer(name, view)[0]
    if value is None:
        raise NoValue
    return value


def answer(name: str, view: View) -> tuple[float | None, float | None, float | None]:
    """Value, numerator and denominator of a KPI in a view, each None where there is none."""
    parts = KPIS[name]
    if not isinstance(parts, tuple):
        return _told(lambda: parts(view)), None, None
    upper, lower = _told(lambda: parts[0](view)), _told(lambda: parts[1](view))
    value = None if upper is None or not lower else upper / lower
    return (None if value is not None and _misleads(name, view, value) else value), upper, lower


def _misleads(name: str, view: View, share: float) -> bool:
    """Whether returns have made a part larger than the whole that it is a share of."""
    if name not in SHARES:
        return False
    part, whole = (calculation(view) for calculation in SHARES[name])
    return whole < 0 or part > whole + 1e-9 * abs(whole) or not 0 <= share <= 1 + 1e-9


def _told(calculation: Callable[[], float]) -> float | None:
    try:
        return calculation()
    except (NoValue, ZeroDivisionError, statistics.StatisticsError):
        return None
