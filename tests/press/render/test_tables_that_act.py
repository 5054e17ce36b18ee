"""Tables in a real browser: heads sort by value, long tables filter, and without script all of them still read."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support import report_parts as sample
from support import sample_report as made_up

from kpi_analysis.design.blocks import Cell, Column, Row, Table, Title
from kpi_analysis.press.render import chromium
from kpi_analysis.press.render.document import read_document
from kpi_analysis.press.render.html import to_html, to_print_html

playwright = pytest.importorskip("playwright.sync_api", reason="axe-playwright-python is not installed")
axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe-playwright-python is not installed")
BROWSER = chromium.find_browser()
pytestmark = pytest.mark.skipif(BROWSER is None, reason="no Chromium browser is on this machine")

AMOUNTS = ["1,240", "≤ 45", "–", "−3", "+9.5", "980", "12.4", "2", "0", "77"]
WCAG = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}}


def blocks() -> list[Any]:
    amounts = Table(
        "amounts",
        "Amounts",
        "",
        (Column("Name"), Column("Amount", align="right"), Column("Same")),
        (
            *(Row((Cell(f"Row {i}"), Cell(text), Cell("x"))) for i, text in enumerate(AMOUNTS)),
            Row((Cell("All"), Cell("9,999"), Cell("x")), "total"),
        ),
    )
    dated = Table(
        "dated",
        "Dated",
        "",
        (Column("Month"), Column("Value", align="right")),
        tuple(Row((Cell(month), Cell(value, suffix))) for month, value, suffix in MONTHS),
    )
    return [Title("Tables act", facts={"locale": "en_GB"}), amounts, made_up.scorecard(), dated]


MONTHS = [("Sep 2026", "1.24", "m"), ("Apr 2026", "940,000", ""), ("Dec 2025", "2.1", "m")]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with playwright.sync_playwright() as driver:
        started = driver.chromium.launch(executable_path=str(BROWSER), args=["--no-sandbox"])
        yield started
        started.close()


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("acting") / "report.html"
    document = read_document(sample.notebook(*(sample.cell_of(block) for block in blocks())))
    path.write_text(to_html(document, timestamp=None, attachments={}), encoding="utf-8")
    return path


@pytest.fixture
def page(browser: Any, file: Path) -> Iterator[Any]:
    context = browser.new_context()
    company = context.new_page()
    said: list[str] = []
    company.on("console", lambda message: said.append(message.text))
    company.on("pageerror", lambda problem: said.append(str(problem)))
    company.goto(file.as_uri())
    yield company
    assert said == []
    context.close()


def column(page: Any, table: int, place: int) -> list[str]:
    """The words of a column, row by row, of rows that show."""
    rows = page.locator("main table").nth(table).locator("tbody tr:not([hidden])")
    return [row.locator("th, td").nth(place).inner_text().strip() for row in rows.all()]


def head(page: Any, table: int, name: str) -> Any:
    return page.locator("main table").nth(table).locator("thead").get_by_role("button", name=name)


def test_numbers_sort_by_value_totals_stay_and_what_has_none_is_last(page: Any) -> None:
    head(page, 0, "Amount").click()
    assert column(page, 0, 1) == ["−3", "0", "2", "+9.5", "12.4", "≤ 45", "77", "980", "1,240", "–", "9,999"]
    head(page, 0, "Amount").click()
    assert column(page, 0, 1) == ["1,240", "980", "77", "≤ 45", "12.4", "+9.5", "2", "0", "−3", "–", "9,999"]
    head(page, 0, "Amount").click()
    assert column(page, 0, 1) == [*AMOUNTS, "9,999"], "the third time as they came"


def test_the_keyboard_sorts_and_says_so(page: Any) -> None:
    amount = page.locator("main table").nth(0).locator("thead th").nth(1)
    head(page, 0, "Amount").focus()
    page.keyboard.press("Enter")
    assert amount.get_attribute("aria-sort") == "ascending"
    page.keyboard.press("Space")
    assert amount.get_attribute("aria-sort") == "descending"
    head(page, 0, "Name").press("Enter")
    assert amount.get_attribute("aria-sort") is None


def test_rows_stay_under_the_label_of_their_group(page: Any) -> None:
    head(page, 1, "Q3 2026").click()
    names = [name.split("\n")[0] for name in column(page, 1, 0)]
    assert names[:4] == ["Sales", "Sales revenue €m", "Opportunity-to-win ratio %", "Sales cycle length days ↓"]
    assert names.index("Finance") < names.index("Operating cash flow €m") < names.index("Gross profit margin %")
    assert names[-1] == "Inventory turnover turns"


def test_a_column_that_says_one_thing_or_shows_pictures_does_not_sort(page: Any) -> None:
    assert head(page, 0, "Same").count() == 0 and head(page, 1, "12 quarters").count() == 0


def test_days_and_words_of_size_have_their_value(page: Any) -> None:
    head(page, 2, "Month").click()
    assert column(page, 2, 0) == ["Dec 2025", "Apr 2026", "Sep 2026"]
    head(page, 2, "Value").click()
    assert [text.replace("\n", "") for text in column(page, 2, 1)] == ["940,000", "1.24m", "2.1m"]


def test_long_tables_filter_and_tell_how_many_rows_are_left(page: Any) -> None:
    fields = page.get_by_role("searchbox")
    assert [field.get_attribute("aria-label") for field in fields.all()] == [
        "Filter rows: Amounts",
        "Filter rows: Scorecard",
    ]
    fields.nth(1).fill("REVENUE")
    assert [name.split(" €")[0] for name in column(page, 1, 0)] == [
        *("Sales", "Sales revenue", "Marketing", "Marketing revenue ratio n : 1"),
        *("Customers", "Recurring revenue a month", "Net revenue retention %"),
    ]
    assert page.get_by_role("status").nth(1).inner_text() == "4 of 12 rows"
    fields.nth(0).fill("nothing has this")
    assert column(page, 0, 0) == [], "nor does a total stand under no row"
    fields.nth(0).fill("")
    assert column(page, 0, 0)[-1] == "All" and page.get_by_role("status").nth(0).inner_text() == ""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_in_a_sorted_and_filtered_page(browser: Any, file: Path, scheme: str) -> None:
    context = browser.new_context(color_scheme=scheme, bypass_csp=True)  # axe itself is a script that the page forbids
    page = context.new_page()
    page.goto(file.as_uri())
    head(page, 0, "Amount").click()
    page.get_by_role("searchbox").nth(1).fill("revenue")
    found = axe.Axe().run(page, options=WCAG).response
    context.close()
    assert [(one["id"], one["nodes"][0]["html"][:120]) for one in found["violations"]] == []


def test_the_policy_lets_only_that_script_run(browser: Any, file: Path, tmp_path: Path) -> None:
    tampered = tmp_path / "tampered.html"
    bad = "<script>document.title = 'taken'</script><img alt='' src='data:,' onerror=\"document.title = 'taken'\">"
    tampered.write_text(file.read_text().replace("</main>", f"{bad}</main>"))
    context = browser.new_context()
    page = context.new_page()
    page.goto(tampered.as_uri())
    page.wait_for_timeout(100)
    assert page.title() != "taken"
    assert head(page, 0, "Amount").count() == 1, "ours still runs"
    context.close()


def test_without_script_everything_reads(browser: Any, file: Path) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(file.as_uri())
    text = page.content()
    context.close()
    assert "<button" not in text and 'type="search"' not in text
    assert all(amount in text for amount in AMOUNTS)


def test_on_a_small_screen_a_head_that_is_reached_by_keyboard_shows(browser: Any, file: Path) -> None:
    context = browser.new_context(viewport={"width": 360, "height": 800})
    page = context.new_page()
    page.goto(file.as_uri())
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    button = head(page, 1, "Chance")
    button.focus()
    box = button.bounding_box()
    clipped = page.evaluate("getComputedStyle(document.querySelector('.cards thead')).clipPath")
    context.close()
    assert clipped == "none" and box["width"] > 20 and 0 <= box["x"] < 360


def test_the_page_for_paper_has_no_script_at_all() -> None:
    page = to_print_html(read_document(sample.notebook(*(sample.cell_of(block) for block in blocks()))), timestamp=None)
    assert "<script" not in page and "script-src" not in page
