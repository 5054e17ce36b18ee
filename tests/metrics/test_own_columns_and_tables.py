"""Columns and tables of one's own carry measures, KPIs, slices and checks like any other."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from kpi_analysis.core.errors import ConfigError, DataError
from kpi_analysis.metrics.session import OpenCompany, open_company
from kpi_analysis.metrics.snapshot import write_snapshot

ORDERS = "order_id,ordered_on,customer_id,amount,Gewicht,Filiale\n" + "".join(
    f"{n},2026-0{1 + n % 3}-{1 + n % 28:02d},c{n % 5},{10 + n},{n}.5,{'Köln' if n % 2 else 'Bonn'}\n" for n in range(60)
)
VISITS = "visit_id,visited_on,listing,guests\n" + "".join(
    f"v{n},2026-0{1 + n % 3}-{1 + n % 28:02d},{'A' if n % 3 else 'B'},{n % 4}\n" for n in range(60)
)
TABLES = {
    "orders": {
        "path": "orders.csv",
        "extra": {"weight": {"from": "Gewicht", "type": "number"}, "store": {"from": "Filiale"}},
    },
    "visits": {
        "path": "visits.csv", "date": "visited_on", "key": "visit_id",
        "extra": {"listing": {"type": "text"}, "guests": {"type": "number"}},
    },
}  # fmt: skip
KPI = "unit: ratio, better: higher, level: operational, supports: sales_revenue, category: sales"
KPIS = f"""
measures:
  shipped_weight: {{table: orders, agg: sum(weight), date: ordered_on}}
  guests_of_visits: {{table: visits, agg: sum(guests), date: visited_on}}
  all_visits: {{table: visits, agg: count(*), date: visited_on}}
metrics:
  - {{name: weight_sold, label: Weight, question: How much?, formula: shipped_weight, {KPI}}}
  - {{name: guests_per_visit, label: Guests, question: How many?, formula: guests_of_visits / all_visits, {KPI}}}
"""


def company_of(folder: Path, visits: str = VISITS, tables: object = TABLES, kpis: str = KPIS) -> OpenCompany:
    """Open a company with orders that have weights, and visits, which no shipped KPI knows."""
    (folder / "orders.csv").write_text(ORDERS, encoding="utf-8")
    (folder / "visits.csv").write_text(visits, encoding="utf-8")
    (folder / "kpis.yaml").write_text(kpis, encoding="utf-8")
    (folder / "company.yaml").write_text(yaml.safe_dump({"company": "T", "tables": tables}), encoding="utf-8")
    return open_company(folder / "company.yaml")


def test_an_extra_number_is_summed_and_an_extra_text_slices(tmp_path: Path) -> None:
    frame = company_of(tmp_path).compute(["weight_sold", "sales_revenue"], period="2026-03", by=["store"])
    march = [n for n in range(60) if n % 3 == 2]
    wanted = {
        (kpi, store): sum(value(n) for n in march if (n % 2 == 1) == (store == "Köln"))
        for kpi, value in {"weight_sold": lambda n: n + 0.5, "sales_revenue": lambda n: 10 + n}.items()
        for store in ("Bonn", "Köln")
    }
    found = zip(frame.kpi, frame.store, frame.value, strict=True)
    assert {(kpi, store): value for kpi, store, value in found} == wanted


def test_a_table_of_ones_own_has_kpis_slices_and_conditions(tmp_path: Path) -> None:
    company = company_of(tmp_path)
    assert not company.check()
    frame = company.compute(["guests_per_visit"], period="2026-02", by=["listing"], where="guests > 0")
    rows = [n for n in range(60) if n % 3 == 1 and n % 4 > 0]
    assert frame[frame.listing == "A"].value.tolist() == [sum(n % 4 for n in rows) / len(rows)]


def test_the_days_of_an_own_table_say_how_far_the_data_reach(tmp_path: Path) -> None:
    company = company_of(tmp_path, VISITS + "v99,2026-03-31,A,1\n")
    assert (company.sources.reach.table, str(company.sources.reach.day)) == ("visits", "2026-03-31")
    assert company.compute(["guests_per_visit"], period="2026-04").value.isna().all()


def test_an_own_table_is_explained_and_held_by_a_snapshot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    company = company_of(tmp_path)
    frame = company.explain("guests_per_visit", period="2026-02")
    values = [company.compute(["guests_per_visit"], period=month).value.iloc[0] for month in ("2026-01", "2026-02")]
    assert frame.contribution.sum() == pytest.approx(values[1] - values[0])
    write_snapshot(tmp_path / "company.yaml", tmp_path / "snapshot.duckdb")
    monkeypatch.setenv("KPI_SNAPSHOT", str(tmp_path / "snapshot.duckdb"))
    again = open_company(tmp_path / "company.yaml")
    assert again.sources.tables.written
    assert again.compute(["guests_per_visit"], period="2026-02").value.iloc[0] == values[1]
    assert again.compute(["weight_sold"], period="2026-03", by=["store"]).store.tolist() == ["Bonn", "Köln"]


@pytest.mark.parametrize(
    ("visits", "words"),
    [
        (VISITS + "v1,2026-03-01,A,1\n", "must be unique"),
        (VISITS + "v99,yesterday,A,1\n", r"visits\.csv:62"),
        (VISITS + "v99,2026-03-01,A,many\n", r"visits\.csv:62"),
    ],
)
def test_wrong_rows_of_an_own_table_are_refused(tmp_path: Path, visits: str, words: str) -> None:
    with pytest.raises(DataError, match=words):
        company_of(tmp_path, visits).table("visits")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"visitz": {"path": "visits.csv"}}, "unknown table 'visitz'.*its date: date: visited_on"),
        ({"order": {"path": "visits.csv"}}, "unknown table 'order'. Did you mean 'orders'"),
        ({"orders": {"path": "orders.csv", "extra": {"amount": {"type": "number"}}}}, "'amount' already"),
        ({"orders": {"path": "orders.csv", "extra": {"value": {}}}}, "'value' cannot be the name"),
        ({"orders": {"path": "orders.csv", "extra": {"my weight": {}}}}, "'my weight' cannot be the name"),
        ({"orders": {"path": "orders.csv", "date": "ordered_on"}}, "'date' and 'key' are for tables of your own"),
        ({"orders": {"path": "orders.csv", "extra": {"w": {"type": "money"}}}}, "found 'money'"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_the_line(tmp_path: Path, change: dict[str, object], words: str) -> None:
    with pytest.raises(ConfigError, match=words) as error:
        company_of(tmp_path, tables=change)
    assert error.value.line is not None


def test_a_measure_over_a_table_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"unknown table 'visit'\. Did you mean 'visits'"):
        company_of(tmp_path, kpis=KPIS.replace("table: visits", "table: visit"))
    with pytest.raises(ConfigError, match="table visits has no column 'visited_at'"):
        company_of(tmp_path, kpis=KPIS.replace("date: visited_on", "date: visited_at"))


def test_the_ledger_has_units_and_cost_centres(tmp_path: Path) -> None:
    (tmp_path / "l.csv").write_text(
        "booked_on,account,amount,unit,cost_centre\n2026-01-31,revenue,10,North,100\n2026-01-31,revenue,5,South,200\n",
        encoding="utf-8",
    )
    (tmp_path / "company.yaml").write_text("company: T\ntables: {ledger: {path: l.csv}}\n", encoding="utf-8")
    company = open_company(tmp_path / "company.yaml")
    frame = company.compute(["sales_revenue"], period="2026-01", by=["unit"])
    assert dict(zip(frame.unit, frame.value, strict=True)) == {"North": 10, "South": 5}
