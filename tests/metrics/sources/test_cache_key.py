"""A cache key says all that a query or result depends on, and the same in every process."""

import datetime as dt
import json
from typing import Any

import pytest

from kpi_analysis.metrics.sources.cache_key import CacheKey, CacheScope

DEFINITION: dict[str, Any] = {"by": ["region"], "where": None, "as_of": dt.date(2026, 5, 17)}


def key(**others: Any) -> CacheKey:
    return CacheKey("query", CacheScope("data", "code", (("duckdb", "1.0"),)), DEFINITION | others)


def test_the_order_of_what_is_asked_does_not_matter() -> None:
    assert key().digest == CacheKey("query", key().scope, dict(reversed(DEFINITION.items()))).digest


@pytest.mark.parametrize("other", [{"by": []}, {"by": ["channel"]}, {"where": "None"}, {"as_of": None}, {"top": 3}])
def test_whatever_else_is_asked_is_another_key(other: dict[str, Any]) -> None:
    assert key(**other).digest != key().digest


@pytest.mark.parametrize(
    "scope", [CacheScope("other", "code", (("duckdb", "1.0"),)), CacheScope("data", "new", (("duckdb", "1.0"),)),
              CacheScope("data", "code", (("duckdb", "2.0"),))]
)  # fmt: skip
def test_other_data_code_or_packages_are_another_key(scope: CacheScope) -> None:
    assert CacheKey("query", scope, DEFINITION).digest != key().digest


def test_a_query_and_its_result_have_different_keys() -> None:
    assert CacheKey("result", key().scope, DEFINITION).digest != key().digest


def test_a_key_is_json_that_names_its_parts() -> None:
    kind, scope, definition = json.loads(key().text)
    assert (kind, scope[:2], definition["as_of"]) == ("query", ["data", "code"], "2026-05-17")


def test_what_has_no_canonical_form_is_refused() -> None:
    with pytest.raises(TypeError, match="object has no canonical form"):
        _ = key(anything=object()).digest
