"""What a snapshot has result comes back as it was, and what is spoilt is not believed."""

import datetime as dt
from pathlib import Path

import pytest

from kpi_analysis.core.periods import Period
from kpi_analysis.metrics.sources import query_cache
from kpi_analysis.metrics.sources.cache_key import CacheScope
from kpi_analysis.metrics.sources.query_cache import CompiledQueryCache
from kpi_analysis.metrics.sources.result_cache import CachedResult, ResultCache

MAY = Period("month", dt.date(2026, 5, 1), dt.date(2026, 5, 31), "2026-05")
CUT = MAY.cut(dt.date(2026, 5, 17))
DAY = Period("day", dt.date(2026, 5, 31), dt.date(2026, 5, 31), "2026-05-31")


def test_results_come_back_as_they_were() -> None:
    result = CachedResult()
    result.add("revenue", {MAY: {("EMEA", "web"): 0.1 + 0.2, ("APAC", "(none)"): None}, CUT: {}})
    result.add("orders", {DAY: {("EMEA", "web"): 3.0}})
    again = CachedResult(result.text())
    assert again.column("orders") == result.column("orders") == {DAY: {("EMEA", "web"): 3.0}}
    assert CachedResult(again.text()).column("revenue") == result.column("revenue")  # read by nobody in between
    assert again.column("revenue")[MAY][("EMEA", "web")] == 0.1 + 0.2


def test_a_column_lacks_the_periods_that_it_was_not_asked_for() -> None:
    result = CachedResult()
    result.add("revenue", {MAY: {(): 1.0}})
    assert not result.lacks("revenue", [MAY])
    assert result.lacks("revenue", [MAY, CUT])  # the same month, but only so far
    assert result.lacks("orders", [MAY])


def cache(folder: Path, scope: CacheScope | None = None) -> ResultCache:
    return ResultCache(CompiledQueryCache(folder, scope or CacheScope()))


def add(results: ResultCache, name: str, found: dict[tuple[str, ...], float]) -> None:
    key = results.key({"by": name})
    results.get(key).add("orders", {MAY: dict(found)})
    results.keep(key)


def column(results: ResultCache, name: str) -> object:
    return results.get(results.key({"by": name})).column("orders")


def test_another_process_finds_what_was_kept(tmp_path: Path) -> None:
    add(cache(tmp_path / "texts"), "region", {("EMEA",): 3.0})
    second = cache(tmp_path / "texts")
    assert column(second, "region") == {MAY: {("EMEA",): 3.0}}
    assert column(second, "channel") == {}


@pytest.mark.parametrize(
    "other",
    [CacheScope(snapshot="newer"), CacheScope(code="changed"), CacheScope(packages=(("duckdb", "2.0"),))],
)
def test_other_data_other_code_and_other_packages_find_nothing(tmp_path: Path, other: CacheScope) -> None:
    add(cache(tmp_path), "region", {("EMEA",): 3.0})
    assert column(cache(tmp_path, other), "region") == {}


@pytest.mark.parametrize("spoilt", ["", "{", "[]", '{"periods": [], "columns": {}}', "\0"])
def test_a_spoilt_file_is_as_none(tmp_path: Path, spoilt: str) -> None:
    add(cache(tmp_path), "region", {(): 3.0})
    (file,) = tmp_path.iterdir()
    file.write_text(spoilt)
    assert column(cache(tmp_path), "region") == {}


def test_a_great_many_questions_do_not_fill_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(query_cache, "MOST", 3)
    results = cache(tmp_path / "texts")
    for number in range(9):
        add(results, f"question {number}", {(): float(number)})
    assert len(list((tmp_path / "texts").iterdir())) == 3
    assert column(results, "question 8") == {MAY: {(): 8.0}}
