"""The page in a real browser: axe finds nothing at WCAG 2.2 AA, in light and dark, and nothing asks another host."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support import sample_report as made_up

from kpi_analysis.press.render import chromium
from kpi_analysis.press.render.document import read_document
from kpi_analysis.press.render.html import to_html

playwright = pytest.importorskip("playwright.sync_api", reason="axe-playwright-python is not installed")
axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe-playwright-python is not installed")
BROWSER = chromium.find_browser()
pytestmark = pytest.mark.skipif(BROWSER is None, reason="no Chromium browser is on this machine")
WCAG = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}}


@pytest.fixture(scope="module")
def page_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("page") / "report.html"
    path.write_text(to_html(read_document(made_up.report()), timestamp=None, attachments={"results.json": b"{}"}))
    return path


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with playwright.sync_playwright() as driver:
        started = driver.chromium.launch(executable_path=str(BROWSER), args=["--no-sandbox"])
        yield started
        started.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(browser: Any, page_file: Path, scheme: str) -> None:
    context = browser.new_context(color_scheme=scheme, bypass_csp=True)  # axe itself is a script that the page forbids
    page = context.new_page()
    page.goto(page_file.as_uri())
    found = axe.Axe().run(page, options=WCAG).response
    context.close()
    assert [(one["id"], one["nodes"][0]["html"][:120]) for one in found["violations"]] == []
    assert len(found["passes"]) > 20


def test_a_page_without_alternatives_would_be_found(browser: Any) -> None:
    context = browser.new_context()
    page = context.new_page()
    page.set_content("<html><body><img src='data:,'><p style='color:#ccc;background:#fff'>pale</p></body></html>")
    found = {one["id"] for one in axe.Axe().run(page, options=WCAG).response["violations"]}
    context.close()
    assert {"image-alt", "color-contrast", "html-has-lang"} <= found


def test_the_page_asks_no_other_host_and_runs_under_its_own_policy(browser: Any, page_file: Path) -> None:
    context = browser.new_context()
    page = context.new_page()
    asked: list[str] = []
    said: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: said.append(message.text))
    page.goto(page_file.as_uri())
    page.wait_for_timeout(200)
    context.close()
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []
    assert [text for text in said if "Content Security Policy" in text or "Refused" in text] == []


def test_the_keyboard_reaches_every_table_of_numbers(browser: Any, page_file: Path) -> None:
    context = browser.new_context()
    page = context.new_page()
    page.goto(page_file.as_uri())
    tables = page.locator("figure details")
    assert tables.count() > 0
    summary = tables.first.locator("summary")
    summary.focus()
    page.keyboard.press("Enter")
    assert tables.first.evaluate("details => details.open")
    context.close()
