"""A sentence and a figure that differ stop the report."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest

from kpi_analysis.core.errors import RunError
from kpi_analysis.design.formats import Format
from kpi_analysis.press.run.reconcile import reconcile

ID = "leads@2026-Q3"
FINDING: dict[str, Any] = {
    "id": "moved:leads@2026-Q3",
    "kind": "moved",
    "claim": "Leads stood far above their usual level in Q3 2026: 1,500.",
    "evidence": "What went before lets one expect 900 to 1,100 in all.",
    "figure": "1,500",
    "low": 900.0,
    "high": 1100.0,
    "quoted": [
        {"id": ID, "field": "value", "value": 1500.0, "text": "1,500", "unit": "count"},
        {"id": "moved:leads@2026-Q3", "field": "low", "value": 900.0, "text": "900", "unit": "count"},
    ],
}
VALUE = {"id": ID, "value": 1500.0}
BLOCK = {"findings": [{"figure": {"text": "1,500"}, "claim": FINDING["claim"], "evidence": FINDING["evidence"]}]}


def check(finding: dict[str, Any] = FINDING, value: dict[str, Any] = VALUE, block: dict[str, Any] = BLOCK) -> None:
    reconcile([finding], [value], [], [block], Format())


def test_what_agrees_passes() -> None:
    check()


def test_a_figure_that_differs_is_named_with_both_numbers() -> None:
    with pytest.raises(RunError, match=r"1500.0 for leads@2026-Q3 \(value\); the figure is 1490"):
        check(value={"id": ID, "value": 1490.0})


def test_a_figure_that_the_report_does_not_have() -> None:
    with pytest.raises(RunError, match="no figure of this report"):
        check(value={"id": "other", "value": 1.0})


def test_a_number_that_is_printed_otherwise() -> None:
    changed = deepcopy(FINDING)
    changed["quoted"][0]["text"] = "1,600"
    with pytest.raises(RunError, match=r"prints 1,600 for leads@2026-Q3 \(value\); the figure is 1,500"):
        check(changed)


def test_a_range_that_differs_from_the_record() -> None:
    with pytest.raises(RunError, match=r"says 900\.0 for moved:leads@2026-Q3"):
        check({**FINDING, "low": 800.0})


def test_a_printed_sentence_that_was_tampered_with() -> None:
    block = deepcopy(BLOCK)
    block["findings"][0]["claim"] = FINDING["claim"].replace("1,500", "1,900")
    with pytest.raises(RunError, match="1,900"):
        check(block=block)
