"""A published PDF against its sources: what agrees, what moved, and why it did."""

from __future__ import annotations

import datetime as dt
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import nbformat.v4 as v4
import pikepdf
import pytest
from support.companies import open_from
from support.reasons import says

from kpi_analysis.cli.main import main
from kpi_analysis.core.errors import UsageError
from kpi_analysis.design.blocks import is_derived
from kpi_analysis.insight.restatement import Comparison, Published
from kpi_analysis.insight.verify import read_published, verify
from kpi_analysis.metrics.lineage import causes, definition_hash, made_from
from kpi_analysis.metrics.session import open_company
from kpi_analysis.press.run.report import render_report

NOW = dt.datetime(2026, 1, 2, 3, 4, 5, tzinfo=dt.UTC)

CELLS = (
    'from kpi_analysis.report.notebook import open_report\n\nreport = open_report(company, period)\nreport.title()',
    'report.scorecard(["sales_revenue", "opportunity_to_win_ratio", "order_count", "cost_per_conversion"])',
    'report.ranking("opportunity_to_win_ratio", by="owner")',
    'report.by_month("order_count")',
    "report.pipeline.cohorts()",
)  # fmt: skip

TARGETS = """targets:
  - {kpi: sales_revenue, objective: Grow, owner: Ann, baseline: 2024, target: +10%, by: 2025-12-31, review: monthly,
     actions: [Call]}
"""


def tables() -> dict[str, str]:
    """Two years of orders, one each fifth day, a deal a week of two sellers, and a cost a month."""
    first = dt.date(2024, 1, 1)
    days = [first + dt.timedelta(days=5 * n) for n in range(146)]
    orders = [f"{n},{day},c{n % 40},{100 + n % 7 * 10}" for n, day in enumerate(days)]
    weeks = [first + dt.timedelta(weeks=n) for n in range(104)]
    deals = [
        f"{n},{day},{day + dt.timedelta(days=3)},{'won' if n % 3 else 'lost'},{500 + n},{'Ann' if n % 2 else 'Bob'}"
        for n, day in enumerate(weeks)
    ]
    costs = [f"{dt.date(2024 + n // 12, n % 12 + 1, 1)},{200 + n},{10 + n % 3}" for n in range(24)]
    return {
        "orders": "\n".join(["order_id,ordered_on,customer_id,amount", *orders]) + "\n",
        "opportunities": "\n".join(["opportunity_id,created_on,closed_on,outcome,amount,owner", *deals]) + "\n",
        "spend": "\n".join(["spent_on,amount,conversions", *costs]) + "\n",
    }


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with one report, rendered once."""
    folder = tmp_path_factory.mktemp("published")
    open_from(folder, tables())
    (folder / "targets.yaml").write_text(TARGETS)
    parameters = v4.new_code_cell('company: str = "company.yaml"\nperiod: str = "2025-Q4"')
    parameters.metadata["tags"] = ["parameters"]
    notebook = v4.new_notebook(cells=[parameters, *map(v4.new_code_cell, CELLS)])
    (folder / "tiny.ipynb").write_text(json.dumps(notebook))
    render_report(
        folder / "tiny.ipynb", company=folder / "company.yaml", output_dir=folder / "reports", clock=lambda: NOW
    )
    return folder


@pytest.fixture
def workspace(published: Path, tmp_path: Path) -> Path:
    """A copy of it, to change."""
    return shutil.copytree(published, tmp_path / "copy")


def pdf(folder: Path) -> Path:
    return folder / "reports/2025-Q4/tiny/report.pdf"


def replaced(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert text.count(old) == 1
    path.write_text(text.replace(old, new))


def run(*arguments: str) -> int:
    with pytest.raises(SystemExit) as caught:
        main(["verify", *arguments])
    return int(caught.value.code or 0)


def test_all_figures_of_an_untouched_report_agree(published: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(str(pdf(published))) == 0
    results = read_published(pdf(published)).results
    figures = len(results["values"]) + len(results["targets"]) + len(results["projections"])
    assert len(results["values"]) > 15 and len(results["targets"]) == 1
    assert capsys.readouterr().out == f"All {figures} figures agree: Quarterly KPI report, Test, 2025-Q4\n"


def test_a_changed_order_moves_what_is_made_of_orders_and_nothing_else(
    workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    replaced(workspace / "orders.csv", "138,2025-11-21,c18,150\n", "138,2025-11-21,c18,5150\n")
    assert run(str(pdf(workspace))) == 1
    printed = capsys.readouterr().out
    assert says(printed, "orders: ", "other content")
    moved = {figure.id: figure for figure in verify(pdf(workspace)).moved}
    assert {id.partition("@")[0] for id in moved if "@" in id} == {"sales_revenue", "average_order_value"}
    revenue = moved["sales_revenue@2025-Q4"].moved[0]
    assert (revenue.field, revenue.now - revenue.then) == ("value", 5000)
    assert {cause.kind for figure in moved.values() for cause in figure.causes} == {"data"}
    target = next(figure for figure in moved.values() if "target" in figure.id)
    current = next(one for one in target.moved if one.field == "current")
    assert current.now - current.then == 5000


def test_a_further_order_moves_the_count_of_its_month_and_of_the_quarter(workspace: Path) -> None:
    with (workspace / "orders.csv").open("a") as file:
        file.write("late,2025-11-30,c1,1\n")
    counts = [figure for figure in verify(pdf(workspace)).moved if figure.kpi == "order_count"]
    assert [figure.id for figure in counts] == ["order_count@2025-Q4", "order_count@2025-11"]
    assert {cause.words for figure in counts for cause in figure.causes} == {"orders: 146 → 147 rows"}


def test_a_derived_figure_is_computed_anew(workspace: Path) -> None:
    """A deal of November that was lost is won: the counts of its quarter and their sums move, and the rate."""
    deal = "97,2025-11-10,2025-11-13,"
    assert f"{deal}won" in (workspace / "opportunities.csv").read_text()
    replaced(workspace / "opportunities.csv", f"{deal}won", f"{deal}lost")
    moved = {one.id: one for one in verify(pdf(workspace)).moved if one.id.startswith("figure:")}
    quarter = {f"figure:win_rates.cohorts.{name}@2025-Q4" for name in ("won", "lost", "rate")}
    assert set(moved) == quarter | {f"{id}[cohorts=all]" for id in quarter}
    won = moved["figure:win_rates.cohorts.won@2025-Q4"].moved[0]
    assert (won.field, won.now - won.then) == ("value", -1)
    assert {cause.words for one in moved.values() for cause in one.causes} == {
        "opportunities: other content in as many rows"
    }


def test_a_derived_figure_that_nobody_computes_any_more_has_moved(published: Path) -> None:
    report = read_published(pdf(published))
    gone = {"function": "no.such", "arguments": {}}
    rows = [{**row, "made_by": gone} if is_derived(row) else row for row in report.results["values"]]
    comparison = Comparison(
        open_company(published / "company.yaml"), Published({**report.results, "values": rows}, report.provenance)
    )
    told = comparison.derived()
    assert told and all(one.moved and one.causes[0].kind == "code" for one in told)


def test_orders_that_came_later_move_nothing(workspace: Path) -> None:
    with (workspace / "orders.csv").open("a") as file:
        file.write("new,2026-01-03,c1,900\n")
    assert verify(pdf(workspace)).moved == ()


def test_an_own_definition_is_named_as_the_reason(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (workspace / "kpis.yaml").write_text("""metrics:
  - {name: order_count, label: Orders, question: How many, formula: 2 * orders_placed, unit: count, better: higher,
     level: operational, supports: sales_revenue, category: sales, example: {orders_placed: 2, value: 4}}
measures:
  orders_placed: {table: orders, agg: count(*), date: ordered_on}
""")
    assert run(str(pdf(workspace)), "--format", "json") == 1
    told = json.loads(capsys.readouterr().out)
    assert {figure["kpi"] for figure in told["moved"]} == {"order_count"}
    assert told["figures"] == told["agree"] + len(told["moved"])
    for figure in told["moved"]:
        assert figure["why"] == [{"kind": "definition", "what": "the definition of the KPI"}]
        assert figure["changes"][0]["now"] == 2 * figure["changes"][0]["then"]


def test_another_mapping_and_another_target_are_definitions_too(workspace: Path) -> None:
    replaced(workspace / "company.yaml", "path: spend.csv", "path: spend.csv\n    columns: {amount: amount * 2}")
    replaced(workspace / "targets.yaml", "+10%", "+20%")
    why = {cause.words: figure.kpi for figure in verify(pdf(workspace)).moved for cause in figure.causes}
    assert why == {
        "which columns of spend are which": "cost_per_conversion",
        "the target as it is written down": "sales_revenue",
    }


def test_a_table_that_is_gone_is_told(workspace: Path) -> None:
    replaced(workspace / "company.yaml", "  spend:\n    path: spend.csv\n", "")
    moved = verify(pdf(workspace)).moved
    assert {figure.kpi for figure in moved} == {"cost_per_conversion", "customer_acquisition_cost"}
    assert {cause.words for figure in moved for cause in figure.causes} == {"spend: not connected any more"}


def test_code_is_named_where_it_differs_and_else_a_figure_is_not_reproducible(workspace: Path) -> None:
    company = open_company(workspace / "company.yaml")
    now = made_from(company)
    assert [cause.kind for cause in causes(now, now, company, "sales_revenue")] == ["unexplained"]
    older = now | {"code": "another", "packages": now["packages"] | {"duckdb": "0.1"}}
    assert [cause.kind for cause in causes(older, now, company, "sales_revenue")] == ["code", "code"]
    gone = causes(now, now, company, "no_such_kpi")
    assert [(cause.kind, cause.words) for cause in gone] == [("definition", "the catalogue has no such KPI any more")]


def test_a_definition_is_its_formula_all_the_way_down_and_not_its_words() -> None:
    from kpi_analysis.metrics.catalogue import shipped

    catalogue = shipped()
    worded = catalogue.metrics["sales_revenue"].model_copy(update={"label": "Turnover"})
    other = catalogue.metrics["sales_revenue"].model_copy(update={"formula": "won_deals"})

    def hashes(metric: object) -> dict[str, bool]:
        changed = type(catalogue)(catalogue.measures, {**catalogue.metrics, "sales_revenue": metric})  # type: ignore[dict-item]
        return {
            name: definition_hash(changed, name) != definition_hash(catalogue, name)
            for name in ("sales_revenue", "leads", "average_order_value")
        }

    assert not any(hashes(worded).values())
    assert hashes(other)["sales_revenue"] and not hashes(other)["leads"]


def without_attachments(path: Path) -> None:
    with pikepdf.open(path, allow_overwriting_input=True) as document:
        for name in list(document.attachments):
            del document.attachments[name]
        document.save(path)


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (without_attachments, "has no results.json attached"),
        (lambda path: path.write_bytes(b"no PDF"), "is no PDF that can be read"),
        (lambda path: path.unlink(), "There is no file"),
    ],
)  # fmt: skip
def test_a_pdf_that_does_not_tell_how_it_was_made_is_wrong_usage(
    workspace: Path, capsys: pytest.CaptureFixture[str], spoil: Callable[[Path], None], words: str
) -> None:
    spoil(pdf(workspace))
    assert run(str(pdf(workspace))) == 2
    printed = capsys.readouterr()
    assert words in printed.err and printed.out == ""


def test_the_company_file_is_found_above_the_pdf_or_named(workspace: Path, tmp_path: Path) -> None:
    alone = tmp_path / "elsewhere" / "report.pdf"
    alone.parent.mkdir()
    shutil.copy(pdf(workspace), alone)
    with pytest.raises(UsageError, match="--company FILE"):
        verify(alone)
    assert verify(alone, workspace / "company.yaml").moved == ()
    replaced(workspace / "company.yaml", "company: Test", "company: Another")
    with pytest.raises(UsageError, match=r"is a report of Test, and .* of Another"):
        verify(alone, workspace / "company.yaml")
