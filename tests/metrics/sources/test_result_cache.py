"""What a snapshot has answered comes back as it was, and what is spoilt is not believed."""

import datetime as dt
from pathlib import Path

import pytest

from kpi_analysis.core.periods import Period
from kpi_analysis.metrics.sources import query_cache
from kpi_analysis.metrics.sources.query_cache import Texts
from kpi_analysis.metrics.sources.result_cache import Answered, Answers

MAY = Period("month", dt.date(2026, 5, 1), dt.date(2026, 5, 31), "2026-05")
CUT = MAY.cut(dt.date(2026, 5, 17))
DAY = Period("day", dt.date(2026, 5, 31), dt.date(2026, 5, 31), "2026-05-31")


def test_answers_come_back_as_they_were() -> None:
    answered = Answered()
    answered.add("revenue", {MAY: {("EMEA", "web"): 0.1 + 0.2, ("APAC", "(none)"): None}, CUT: {}})
    answered.add("orders", {DAY: {("EMEA", "web"): 3.0}})
    again = Answered(answered.text())
    assert again.column("orders") == answered.column("orders") == {DAY: {("EMEA", "web"): 3.0}}
    assert Answered(again.text()).column("revenue") == answered.column("revenue")  # read by nobody in between
    assert again.column("revenue")[MAY][("EMEA", "web")] == 0.1 + 0.2


def test_a_column_lacks_the_periods_that_it_was_not_asked_for() -> None:
    answered = Answered()
    answered.add("revenue", {MAY: {(): 1.0}})
    assert not answered.lacks("revenue", [MAY])
    assert answered.lacks("revenue", [MAY, CUT])  # the same month, but only so far
    assert answered.lacks("orders", [MAY])


def test_another_process_finds_what_was_kept(tmp_path: Path) -> None:
    first = Answers(Texts(tmp_path / "texts"))
    first.to("orders by region").add("orders", {MAY: {("EMEA",): 3.0}})
    first.keep("orders by region")
    second = Answers(Texts(tmp_path / "texts"))
    assert second.to("orders by region").column("orders") == {MAY: {("EMEA",): 3.0}}
    assert second.to("orders by channel").column("orders") == {}


@pytest.mark.parametrize("spoilt", ["", "{", "[]", '{"periods": [], "columns": {}}', "\0"])
def test_a_spoilt_file_is_as_none(tmp_path: Path, spoilt: str) -> None:
    first = Answers(Texts(tmp_path))
    first.to("orders").add("orders", {MAY: {(): 3.0}})
    first.keep("orders")
    (file,) = tmp_path.iterdir()
    file.write_text(spoilt)
    assert Answers(Texts(tmp_path)).to("orders").column("orders") == {}


def test_a_great_many_questions_do_not_fill_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(query_cache, "MOST", 3)
    answers = Answers(Texts(tmp_path / "texts"))
    for number in range(9):
        answers.to(f"question {number}").add("orders", {MAY: {(): float(number)}})
        answers.keep(f"question {number}")
    assert len(list((tmp_path / "texts").iterdir())) == 3
    assert answers.to("question 8").column("orders") == {MAY: {(): 8.0}}
