from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import Field

from kpi_analysis.core.errors import ConfigError
from kpi_analysis.core.yaml_file import StrictModel, load_model, parse_yaml, read_yaml


class Part(StrictModel):
    amount: float = 0
    words: list[str] = Field(default_factory=list)


class Whole(StrictModel):
    name: str
    parts: dict[str, Part] = Field(default_factory=dict)


def load(text: str) -> Whole:
    return load_model(parse_yaml(text, Path("whole.yaml")), Whole)


def refused(text: str) -> ConfigError:
    with pytest.raises(ConfigError) as caught:
        load(text)
    return caught.value


def test_an_unknown_key_names_its_line_and_the_nearest_key() -> None:
    error = refused("name: a\nparts:\n  first:\n    amuont: 3\n")
    assert error.line == 4
    assert "unknown key 'amuont'" in error.message
    assert error.remedy == "Did you mean 'amount'?"


def test_a_wrong_value_says_what_was_found_and_wanted() -> None:
    error = refused("name: a\nparts:\n  first: {amount: many}\n")
    assert error.line == 3
    assert "'many'" in error.message and "number" in error.message


def test_a_missing_key_is_named() -> None:
    assert "'name' is missing" in refused("parts: {}\n").message


def test_the_first_of_several_problems_is_told_with_the_count_of_the_others() -> None:
    error = refused("name: a\nparts:\n  x: {amount: b}\n  y: {amount: c}\n")
    assert error.line == 3 and "1 more" in str(error)


def test_a_key_that_stands_twice_is_refused() -> None:
    error = refused("name: a\nname: b\n")
    assert error.line == 2 and "twice" in error.message


def test_a_syntax_error_has_its_line() -> None:
    error = refused("name: a\nparts: {first: [1, 2\nother: 3\n")
    assert error.line == 3 and "not valid YAML" in error.message


def test_on_off_yes_no_stay_words() -> None:
    assert load("name: no\n").name == "no"
    assert load("name: on\n").name == "on"


def test_an_empty_file_lacks_its_keys() -> None:
    assert "missing" in refused("").message


def test_a_list_where_keys_were_wanted_is_refused() -> None:
    assert "keys and values" in refused("- a\n- b\n").message


def test_a_missing_file_hints_at_its_neighbour(tmp_path: Path) -> None:
    (tmp_path / "company.yaml").write_text("a: 1")
    with pytest.raises(ConfigError, match=r"Did you mean 'company\.yaml'"):
        read_yaml(tmp_path / "compny.yaml")


def test_a_file_that_is_not_utf8_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_bytes(b"name: caf\xe9\n")
    with pytest.raises(ConfigError, match="UTF-8"):
        read_yaml(tmp_path / "a.yaml")
