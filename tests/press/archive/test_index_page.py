"""The list of reports in a real browser, opened from the disk: search, policy, keyboard, axe, narrow screens."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from press.archive.test_index import batch, failed, published, quarter

from kpi_analysis.press.archive.index import write_index
from kpi_analysis.press.render import chromium

playwright = pytest.importorskip("playwright.sync_api", reason="axe-playwright-python is not installed")
axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe-playwright-python is not installed")
BROWSER = chromium.find_browser()
pytestmark = pytest.mark.skipif(BROWSER is None, reason="no Chromium browser is on this machine")
WCAG = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}}


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("reports & more")
    quarter(root, "2017-Q3", 100_000.0, claims=("Orders fell in Zürich",))
    quarter(root, "2017-Q4", 120_000.0, message="Sales revenue rose")
    hostile = "<img src=x onerror='document.title=1'>" + "long" * 60
    published(
        root, "2017-Q4/odd # name", report=hostile, period="2017-Q4", distinct={"note": hostile}, complete=False,
        period_start="2017-10-01", period_end="2017-12-31",
    )  # fmt: skip
    failed(root, "2017-Q4/sales__EMEA", period="2017-Q4", region="EMEA")
    batch(root, {"folder": "2017-Q4/sales", "state": "failed", "error": "No memory."})
    (root / "broken").mkdir()
    (root / "broken" / "manifest.json").write_text("{")
    return write_index(root)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with playwright.sync_playwright() as driver:
        started = driver.chromium.launch(executable_path=str(BROWSER), args=["--no-sandbox"])
        yield started
        started.close()


@pytest.fixture
def page(browser: Any, index: Path) -> Iterator[Any]:
    context = browser.new_context()
    company = context.new_page()
    company.said = []
    company.on("console", lambda message: company.said.append(message.text))
    company.on("pageerror", lambda error: company.said.append(str(error)))
    company.goto(index.as_uri())
    yield company
    context.close()


@pytest.mark.parametrize(("scheme", "width"), [("light", 1180), ("dark", 1180), ("light", 400)])
def test_axe_finds_nothing(browser: Any, index: Path, scheme: str, width: int) -> None:
    size = {"width": width, "height": 900}
    context = browser.new_context(color_scheme=scheme, viewport=size, bypass_csp=True)
    page = context.new_page()
    page.goto(index.as_uri())
    found = axe.Axe().run(page, options=WCAG).response
    wide = page.evaluate("document.documentElement.scrollWidth")
    context.close()
    assert [(one["id"], one["nodes"][0]["html"][:120]) for one in found["violations"]] == []
    assert len(found["passes"]) > 15
    assert wide <= width


def test_words_find_reports_by_all_that_is_told_of_them(page: Any) -> None:
    def seen(words: str) -> list[str]:
        page.get_by_role("searchbox", name="Find a report").fill(words)
        return [row.inner_text().split("\n")[0] for row in page.locator(".report:visible").all()]

    assert len(seen("")) == 4
    assert seen("ZÜRICH orders") == ["Sales"]
    assert seen("2017-q3") == ["Sales"] and page.locator("h2:visible", has_text="2017-Q4").count() == 0
    assert page.get_by_role("status").inner_text() == "1 of 4 reports"
    assert seen("emea failed") == ["sales__EMEA"]
    assert seen("nowhere") == [] and page.get_by_role("status").inner_text() == "0 of 4 reports"
    assert len(seen("  ")) == 4 and page.get_by_role("status").inner_text() == "4 reports"


def test_it_runs_under_its_own_policy_and_words_of_users_stay_text(page: Any) -> None:
    assert page.said == []
    assert page.title() == "Reports"
    assert page.locator("img").count() == 0
    page.evaluate("document.body.insertAdjacentHTML('beforeend', '<b onclick=\"document.title=2\">x</b>')")
    page.locator("body > b").click()
    assert page.title() == "Reports"
    assert any("Content Security Policy" in text for text in page.said)


def test_the_keyboard_reaches_search_and_reports_in_order(page: Any) -> None:
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") == "words"
    page.keyboard.type("zürich")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.getAttribute('href')") == "2017-Q3/sales/report.html"


def test_every_link_leads_to_a_file_and_every_report_says_how_old_it_is(page: Any, index: Path) -> None:
    links = [link.get_attribute("href") for link in page.locator("a").all()]
    assert len(links) > 5
    assert [link for link in links if not (index.parent / unquote(link)).is_file()] == []
    assert page.locator("time").count() == 2 and "years ago" in page.locator(".when").first.inner_text()


def test_without_scripts_it_is_a_plain_list(browser: Any, index: Path) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(index.as_uri())
    assert page.locator(".report:visible").count() == 4
    assert not page.locator("form").is_visible()
    context.close()
