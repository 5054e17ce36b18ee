"""How fast are all KPIs over big tables, beside SQL written by hand for the same figures?

Run it with ``python benchmarks/compute.py --rows 10M``; without ``--rows`` it takes a million, so that it is quick.
The tables (opportunities, leads, orders, touchpoints, each of so many rows) are made up once, as Parquet in
``--folder``; by default that is a folder in the system's place for temporary files, and is kept there.

Each way runs in a process of its own, which says its seconds and its peak memory. *First call* opens the company,
checks the tables at the door and computes; *next call* computes again in the same session. The SQL by hand is what
a good analyst would write for the same periods, one query for each table and date; *with checks* it also looks for
what the door looks for, in one more query a table. A first call is held against it with checks, a next one without,
by the time of the processor, which other programs on the machine disturb less than the clock. What models tell (the
lifetime value of customers) has no SQL to be held against, and stands in a line of its own.
"""

from __future__ import annotations

import argparse
import json
import math
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import duckdb

BAR = 1.3
MEMORY_BAR = "3.4GiB"  # for DuckDB, so that the process stays within 4 GiB
PERIOD, LAST = "2025-Q4", 8
START, DAYS = "2022-10-01", 1188  # to 2025-12-31
MADE_BY = 1  # of the tables; another number makes them anew
TABLES = ("opportunities", "leads", "orders", "touchpoints")

COMPANY = """company: Benchmark
currency: EUR
gross_margin: 0.6
inbound_channels: [organic, email]
tables:
  opportunities: {path: opportunities.parquet}
  leads: {path: leads.parquet}
  orders: {path: orders.parquet}
  touchpoints: {path: touchpoints.parquet}
"""
CHANNEL = "(['paid','organic','email','referral','events',null])[1 + (hash(i, 7) % 6)::int]"
REGION = "(['EMEA','AMER','APAC'])[1 + (hash(i, 8) % 3)::int]"
DAY = f"(date '{START}' + (hash(i, 1) % {DAYS})::int)"
SELECTS = {
    "opportunities": f"""
        select 'D' || i as opportunity_id, created_on, closed_on,
               case when closed_on is null then 'open' when hash(i, 2) % 5 < 2 then 'won' else 'lost' end as outcome,
               round(50 + (hash(i, 3) % 1000000) / 100.0, 2)::decimal(18, 2) as amount,
               'L' || (hash(i, 4) % {{rows}}) as lead_id, 'C' || (hash(i, 5) % ({{rows}} // 10)) as customer_id,
               'S' || (hash(i, 6) % 200) as owner, {CHANNEL} as channel, {REGION} as region
        from (select i, created_on, case when created_on + wait < date '2026-01-01' then created_on + wait end closed_on
              from (select i, {DAY} as created_on, 1 + (hash(i, 9) % 150)::int as wait from range({{rows}}) t(i)))""",
    "leads": f"""
        select 'L' || i as lead_id, created_on, {CHANNEL} as channel, {REGION} as region,
               case when hash(i, 2) % 10 < 5 then created_on + (hash(i, 3) % 20)::int end as mql_on,
               case when hash(i, 2) % 10 < 2 then created_on + 20 + (hash(i, 3) % 20)::int end as sql_on,
               case when hash(i, 2) % 10 < 1 then 'C' || (hash(i, 5) % ({{rows}} // 10)) end as customer_id
        from (select i, {DAY} as created_on from range({{rows}}) t(i))""",
    "orders": f"""
        select 'O' || (i // 2) as order_id, (date '{START}' + (hash(i // 2, 1) % {DAYS})::int) as ordered_on,
               'C' || (hash(i // 2, 5) % ({{rows}} // 10)) as customer_id,
               (case when hash(i, 2) % 20 = 0 then -1 else 1 end
                * round(5 + (hash(i, 3) % 50000) / 100.0, 2))::decimal(18, 2) as amount,
               case when hash(i, 4) % 10 > 0
                    then round(2 + (hash(i, 3) % 20000) / 100.0, 2)::decimal(18, 2) end as cost,
               (1 + hash(i, 6) % 5)::int as quantity, {CHANNEL} as channel, {REGION} as region
        from range({{rows}}) t(i)""",
    "touchpoints": f"""
        select 'P' || (hash(i, 5) % ({{rows}} // 4)) as path_id,
               {DAY}::timestamp + interval 1 second * (hash(i, 2) % 86400)::int as touched_at,
               coalesce({CHANNEL}, 'direct') as channel, round((hash(i, 3) % 300) / 100.0, 2) as cost,
               hash(i, 4) % 10 = 0 as converted
        from range({{rows}}) t(i)""",
}

FROM_TO = "between date '2022-10-01' and date '2025-12-31'"
BY_HAND = {
    "opportunities created": f"""
        select date_trunc('quarter', created_on) q, count(*)
        from opportunities where created_on {FROM_TO} group by 1""",
    "opportunities closed": f"""
        select date_trunc('quarter', closed_on) q,
               count(*) filter (outcome = 'won'), count(*) filter (outcome = 'lost'),
               sum(amount) filter (outcome = 'won'), sum(closed_on - created_on) filter (outcome = 'won'),
               count(closed_on - created_on) filter (outcome = 'won'),
               median(closed_on - created_on) filter (outcome = 'won'), sum(amount * amount) filter (outcome = 'won'),
               sum((closed_on - created_on) * (closed_on - created_on)) filter (outcome = 'won')
        from opportunities where closed_on {FROM_TO} group by 1""",
    "opportunities open": """
        with moved as (
            select date_trunc('quarter', created_on) q, date_trunc('quarter', closed_on) till, count(*) n, sum(amount) a
            from opportunities group by 1, 2),
        steps as (select q, n, a from moved union all select till, -n, -a from moved where till is not null)
        select q, sum(sum(n)) over (order by q), sum(sum(a)) over (order by q) from steps group by 1""",
    "leads created": f"""
        select date_trunc('quarter', created_on) q, count(*), count(mql_on), count(sql_on),
               count(*) filter (mql_on is not null and sql_on is not null), count(customer_id),
               count(*) filter (sql_on is not null and o.lead_id is not null)
        from leads l left join (select distinct lead_id from opportunities) o using (lead_id)
        where created_on {FROM_TO} group by 1""",
    "leads qualified": f"""
        select date_trunc('quarter', mql_on) q, count(*) from leads where mql_on {FROM_TO} group by 1""",
    "leads accepted": f"""
        select date_trunc('quarter', sql_on) q, count(*) from leads where sql_on {FROM_TO} group by 1""",
    "orders": f"""
        select date_trunc('quarter', ordered_on) q, sum(amount), count(distinct order_id) filter (amount > 0),
               sum(amount) filter (channel is not null),
               sum(amount - coalesce(cost, amount * 0.4)) filter (channel is not null),
               sum(coalesce(cost, amount * 0.4)), sum(amount) filter (channel in ('organic', 'email'))
        from orders where ordered_on {FROM_TO} group by 1""",
    "first orders": """
        select date_trunc('quarter', since) q, count(*)
        from (select customer_id, min(ordered_on) as since from orders where amount > 0 group by 1) group by 1""",
    "customers": f"""
        select q, sum(a), max(a), sum(a * a), sum(a) filter (place <= 10)
        from (select q, a, row_number() over (partition by q order by a desc) place
              from (select date_trunc('quarter', ordered_on) q, customer_id, sum(amount)::double a
                    from orders where ordered_on {FROM_TO} group by 1, 2)) group by 1""",
    "buyers": f"""
        select q, count(*), count(*) filter (n >= 2)
        from (select date_trunc('quarter', ordered_on) q, customer_id, count(distinct order_id) n
              from orders where ordered_on {FROM_TO} and amount > 0 group by 1, 2) group by 1""",
    "touchpoints": "select max(touched_at) from touchpoints",
}

CHECKS_BY_HAND = {
    "check opportunities": """
        select count(*), count(opportunity_id), count(distinct opportunity_id), count(created_on),
               count(*) filter (outcome is null or outcome not in ('won', 'lost', 'open')),
               count(*) filter (closed_on < created_on), min(created_on), max(created_on), max(closed_on),
               count(distinct created_on), count(distinct closed_on) from opportunities""",
    "check leads": """
        select count(*), count(lead_id), count(distinct lead_id), count(created_on),
               count(*) filter (mql_on < created_on), count(*) filter (sql_on < created_on),
               min(created_on), max(created_on), max(mql_on), max(sql_on),
               count(distinct created_on), count(distinct mql_on), count(distinct sql_on) from leads""",
    "check orders": """
        select count(*), count(order_id), count(customer_id), count(amount), min(ordered_on), max(ordered_on),
               count(distinct ordered_on) from orders""",
    "check touchpoints": """
        select count(*), count(path_id), count(channel), count(*) filter (cost < 0), min(touched_at), max(touched_at),
               count(distinct touched_at::date) from touchpoints""",
}


def make(folder: Path, rows: int) -> Path:
    """Make the tables up, unless they are there."""
    place = folder / f"kpi_benchmark_{rows}_{MADE_BY}"
    place.mkdir(parents=True, exist_ok=True)
    (place / "company.yaml").write_text(COMPANY, encoding="utf-8")
    with duckdb.connect() as connection:
        connection.execute(f"set memory_limit = '{MEMORY_BAR}'; set preserve_insertion_order = false")
        for name in TABLES:
            file, part = place / f"{name}.parquet", place / f"{name}.part"
            if not file.exists():
                connection.execute(f"copy ({SELECTS[name].format(rows=rows)}) to '{part}' (format parquet)")
                part.replace(file)
    return place


Seconds = tuple[float, float]  # by the clock, and of the processor


def timed(do: Callable[[], Any]) -> tuple[Any, Seconds]:
    """What a call gives, and how long it took."""
    clock, processor = time.perf_counter(), time.process_time()
    answer = do()
    return answer, (time.perf_counter() - clock, time.process_time() - processor)


def run_by_hand(place: Path) -> dict[str, Seconds]:
    """The seconds of each query written by hand."""
    connection = duckdb.connect()
    connection.execute(f"set memory_limit = '{MEMORY_BAR}'")
    for name in TABLES:
        connection.execute(f"create view {name} as select * from '{place / name}.parquet'")
    seconds = {}
    for name, query in (BY_HAND | CHECKS_BY_HAND).items():
        _, seconds[name] = timed(lambda query=query: connection.execute(query).fetchall())
    return seconds


def run_engine(place: Path, rows: int) -> dict[str, Seconds]:
    """The seconds of the first call and of the next one."""
    from kpi_analysis import open_company

    seconds = {}
    company = open_company(place / "company.yaml")
    company.sources.local.raw_sql(f"set memory_limit = '{MEMORY_BAR}'")
    modelled = [name for name in company.catalogue.metrics if company.catalogue.is_modelled(name)]
    kpis = [name for name in company.catalogue.metrics if name not in modelled]
    for name in ("first call", "next call"):
        frame, seconds[name] = timed(lambda: company.compute(kpis, period=PERIOD, last=LAST))
    _, seconds["models"] = timed(lambda: company.compute(modelled, period=PERIOD, last=LAST))
    leads = frame[(frame.kpi == "leads") & (frame.period == PERIOD)].value.iloc[0]
    if not math.isclose(leads, rows * 92 / DAYS, rel_tol=0.05):
        raise SystemExit(f"benchmark: {leads:,.0f} leads in {PERIOD} cannot be right")
    return seconds


def measured(way: str, place: Path, rows: int) -> dict[str, Any]:
    """Run one way in a process of its own."""
    command = [sys.executable, __file__, "--way", way, "--folder", str(place), "--rows", str(rows)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return dict(json.loads(done.stdout))


def count(text: str) -> int:
    """Read ``10M`` or ``500k`` as a number."""
    factor = {"k": 1_000, "m": 1_000_000}.get(text[-1:].lower(), 1)
    return int(float(text.rstrip("kKmM")) * factor)


def total(seconds: dict[str, Seconds], names: Iterable[str]) -> Seconds:
    """The seconds of some queries together."""
    clock, processor = zip(*(seconds[name] for name in names), strict=True)
    return sum(clock), sum(processor)


@dataclass(frozen=True)
class Outcome:
    """What one size has shown: the seconds of the first call, and both calls' ratios of processor time."""

    rows: int
    seconds: float
    next_ratio: float
    first_ratio: float


def compare(folder: Path, rows: int, detail: bool) -> Outcome:
    """Print both ways beside each other."""
    place = make(folder, rows)
    hand, ours = measured("hand", place, rows), measured("engine", place, rows)
    plain, checked = (total(hand["seconds"], names) for names in (BY_HAND, BY_HAND | CHECKS_BY_HAND))
    first, following = ours["seconds"]["first call"], ours["seconds"]["next call"]
    print(f"{rows:,} rows in each of {len(TABLES)} tables; all KPIs, {LAST} quarters to {PERIOD}")
    print(f"{'':28}{'seconds':>9}{'ratio':>8}{'CPU s':>9}{'ratio':>8}{'peak MiB':>10}")
    for name, mine, other, peak in (
        ("SQL by hand", plain, plain, hand["peak"]),
        ("kpi_analysis, next call", following, plain, ours["peak"]),
        ("SQL by hand, with checks", checked, checked, hand["peak"]),
        ("kpi_analysis, first call", first, checked, ours["peak"]),
    ):
        ratios = [own / its for own, its in zip(mine, other, strict=True)]
        print(f"{name:28}{mine[0]:9.2f}{ratios[0]:8.2f}{mine[1]:9.2f}{ratios[1]:8.2f}{peak:10.0f}")
    clock, processor = ours["seconds"]["models"]
    print(f"{'customer lifetime by models':28}{clock:9.2f}{'':8}{processor:9.2f}")
    if detail:
        for name, (clock, processor) in hand["seconds"].items():
            print(f"  {name:26}{clock:9.2f}{'':8}{processor:9.2f}")
    return Outcome(rows, first[0], following[1] / plain[1], first[1] / checked[1])


def main() -> None:
    """Read the command line, and run."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rows", type=count, nargs="+", default=[1_000_000], help="rows a table, as 10M")
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()), help="where the tables are kept")
    parser.add_argument("--detail", action="store_true", help="also the seconds of each query written by hand")
    parser.add_argument("--way", choices=("hand", "engine"), help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.way:
        run = run_by_hand(given.folder) if given.way == "hand" else run_engine(given.folder, given.rows[0])
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(json.dumps({"seconds": run, "peak": peak}))
        return
    outcomes = [compare(given.folder, rows, given.detail) for rows in given.rows]
    for less, more in pairwise(outcomes):
        times, longer = more.rows / less.rows, more.seconds / less.seconds
        print(f"{times:g} times the rows take {longer:.1f} times as long")
    met = all(max(one.next_ratio, one.first_ratio) <= BAR for one in outcomes)
    print(f"bar: at most {BAR} times the SQL by hand, at 10,000,000 rows: {'met' if met else 'not met'}")


if __name__ == "__main__":
    main()
