"""What a report said before and is another number today."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import pytest
from support.companies import open_from
from support.reasons import says

from kpi_analysis.core.records import result_values, to_json
from kpi_analysis.design.blocks import Note, Table
from kpi_analysis.design.formats import Format
from kpi_analysis.metrics.lineage import made_from
from kpi_analysis.metrics.session import OpenCompany, open_company
from kpi_analysis.report.sections.restatement import LONGEST, restatements

WRITTEN = Format("en_GB", "EUR")


def orders(amounts: dict[str, float]) -> str:
    lines = [
        f"{n},{day},c{n},{amount},{'EMEA' if n % 2 else 'AMER'}" for n, (day, amount) in enumerate(amounts.items())
    ]
    return "\n".join(["order_id,ordered_on,customer_id,amount,region", *lines]) + "\n"


AMOUNTS = {(dt.date(2026, 1, 1) + dt.timedelta(days=n)).isoformat(): 100.0 for n in range(181)}


def publish(company: OpenCompany, folder: Path, *, where: str | None = None) -> None:
    """Leave what a report of the first quarter leaves."""
    options = {"where": where, "as_of": "2026-03-31"}
    frames = [
        (company.compute(["sales_revenue", "order_count"], period="2026-03", last=3, **options), ()),  # type: ignore[arg-type]
        (company.compute(["sales_revenue"], period="2026-Q1", by=["region"], **options), ("region",)),  # type: ignore[arg-type]
    ]
    told = {
        "values": [row for frame, by in frames for row in result_values(frame, by)],
        "targets": [],
        "projections": [],
    }
    made = made_from(company)
    manifest = {"period": "2026-Q1", "as_of": "2026-03-31", "where": where, "sources": made.pop("sources")}
    folder.mkdir()
    (folder / "results.json").write_text(to_json(told))
    (folder / "manifest.json").write_text(to_json(manifest | {"made_from": made}))


@pytest.fixture
def published(tmp_path: Path) -> Path:
    publish(open_from(tmp_path, {"orders": orders(AMOUNTS)}), tmp_path / "report")
    return tmp_path


def restated(folder: Path, amounts: dict[str, float]) -> Table | Note | None:
    (folder / "orders.csv").write_text(orders(amounts))
    return restatements(open_company(folder / "company.yaml"), WRITTEN, folder / "report")


def test_what_moved_is_told_with_both_numbers_the_change_and_why(published: Path) -> None:
    table = restated(published, AMOUNTS | {"2026-02-03": 250.0})
    assert isinstance(table, Table)
    assert says(table.title, "2 of 8", "Q1 2026")
    rows = [[cell.text + cell.suffix for cell in row.cells] for row in table.rows]
    why = "orders: other content in as many rows"
    # February is 28 orders of 100; the third of February is the 33rd order, so of EMEA with its 45
    assert rows == [
        ["Sales revenue", "2026-02", "2,800", "2,950", "+5.4%", why],
        ["Sales revenue", "2026-Q1[region=EMEA]", "4,500", "4,650", "+3.3%", why],
    ]
    assert [row.cells[0].unit for row in table.rows] == ["€", "€"]
    assert "31 Mar 2026" in table.measure and "0.05%" in table.measure


def test_less_than_a_twentieth_of_a_percent_is_no_restatement(published: Path) -> None:
    note = restated(published, AMOUNTS | {"2026-02-03": 101.0})  # 0.036 % of February
    assert isinstance(note, Note) and note.text.startswith("No figure published before has moved: the 8 values of Q1")
    assert isinstance(restated(published, AMOUNTS | {"2026-02-03": 102.0}), Table)  # 0.071 %


def test_what_happened_after_that_day_restates_nothing(published: Path) -> None:
    assert isinstance(restated(published, AMOUNTS | {"2026-06-30": 9999.0}), Note)


def test_a_small_move_is_shown_with_the_decimals_that_show_it(published: Path) -> None:
    table = restated(published, AMOUNTS | {"2026-01-05": 99.6})
    assert isinstance(table, Note)  # 0.4 of 3,100
    publish(open_company(published / "company.yaml"), published / "again", where="ordered_on = '2026-01-05'")
    (published / "orders.csv").write_text(orders(AMOUNTS | {"2026-01-05": 99.3}))
    table = restatements(open_company(published / "company.yaml"), WRITTEN, published / "again")
    assert isinstance(table, Table)
    assert [cell.text for cell in table.rows[0].cells[2:4]] == ["99.60", "99.30"]


def test_a_long_list_says_how_many_more(published: Path) -> None:
    results = json.loads((published / "report" / "results.json").read_text())
    days = open_company(published / "company.yaml").compute(
        ["sales_revenue"], period="2026-02-28", last=28, as_of="2026-03-31"
    )
    results["values"] += result_values(days)
    (published / "report" / "results.json").write_text(to_json(results))
    table = restated(published, AMOUNTS | {day: 100.0 + n for n, day in enumerate(AMOUNTS) if day[:7] == "2026-02"})
    assert isinstance(table, Table) and len(table.rows) == LONGEST
    moved = int(table.title.split()[0])
    assert table.note == f"And {moved - LONGEST} more, which moved less."


@pytest.mark.parametrize("spoil", ["no folder", "no manifest", "no origin"])
def test_without_a_report_that_says_how_it_was_made_nothing_is_shown(published: Path, spoil: str) -> None:
    folder, company = published / "report", open_company(published / "company.yaml")
    if spoil == "no folder":
        folder = published / "nowhere"
    elif spoil == "no manifest":
        (folder / "manifest.json").unlink()
    else:
        (folder / "manifest.json").write_text('{"period": "2026-Q1"}')
    assert restatements(company, WRITTEN, folder) is None
