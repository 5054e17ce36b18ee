import json
from pathlib import Path

import pytest
from pydantic import SecretStr

from kpi_analysis.core.errors import ConfigError, UsageError
from kpi_analysis.press.run.parameter_values import UntypedText, merge_parameters, parse_yaml_parameters
from kpi_analysis.press.run.parameters import check_parameters, parse_parameters, read_parameters, without_secrets

SOURCE = """\
from typing import Literal
period: str = "2017-Q4"  # the quarter
region: str | None = None
grain: Literal["month", "quarter"] = "quarter"
top: int = 5
rate: float = 0.5
compare: bool = True
kpis: list[str] = [
    "sales_revenue",  # inside
    "leads",
]  # what is shown
limits: dict[str, float] = {}
password: SecretStr = SecretStr("")
shift = -1
"""
DECLARED = parse_parameters(SOURCE)


def given(**texts: str) -> dict[str, object]:
    return check_parameters(DECLARED, {name: UntypedText(value) for name, value in texts.items()})


def refused(**values: object) -> str:
    with pytest.raises(UsageError) as caught:
        check_parameters(DECLARED, values, notebook="sales.ipynb")
    return str(caught.value)


def notebook(folder: Path, *cells: tuple[str, list[str]]) -> Path:
    path = folder / "some.ipynb"
    data = [
        {"cell_type": "code", "source": source.splitlines(True), "metadata": {"tags": tags}} for source, tags in cells
    ]
    path.write_text(json.dumps({"cells": data, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}))
    return path


def test_annotated_literals_are_read_with_their_help() -> None:
    assert [p.name for p in DECLARED] == [
        "period", "region", "grain", "top", "rate", "compare", "kpis", "limits", "password", "shift",
    ]  # fmt: skip
    by_name = {p.name: p for p in DECLARED}
    assert by_name["period"].help == "the quarter"
    assert by_name["kpis"].help == "what is shown"
    assert by_name["kpis"].default == ["sales_revenue", "leads"]
    assert by_name["shift"].annotation == "int"
    assert by_name["shift"].default == -1


def test_a_notebook_without_a_parameters_cell_has_none(tmp_path: Path) -> None:
    assert read_parameters(notebook(tmp_path, ("top: int = 5", []))) == ()


def test_reading_executes_nothing(tmp_path: Path) -> None:
    path = notebook(tmp_path, ("top: int = 5", ["parameters"]), ("raise SystemExit(9)", []))
    assert [p.name for p in read_parameters(path)] == ["top"]


def test_two_parameters_cells_are_an_error_that_names_both(tmp_path: Path) -> None:
    path = notebook(tmp_path, ("a: int = 1", ["parameters"]), ("", []), ("b: int = 1", ["parameters"]))
    with pytest.raises(ConfigError, match="Cells 1 and 3"):
        read_parameters(path)


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("x: int = 1 + len('a')", "line 1: the default of 'x' is not a literal"),
        ("\nx: int", "line 2: 'x' has no default"),
        ("x: int = 'five'", "the default of 'x' is 'five', which is not int"),
        ("x: str = None", "the default of 'x' is None, which is not str"),
        ("x: frobnicate = 1", "the type 'frobnicate' is not known"),
        ("print('x')", "is not a parameter"),
        ("x: int = ", "Cell 4"),
        ("x: list[int] = (1, 2)", "is a tuple"),
    ],
)
def test_a_cell_that_is_not_literal_is_an_error_with_its_place(source: str, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_parameters(source, cell=4, file=Path("sales.ipynb"))
    assert said in str(caught.value)
    assert "sales.ipynb: Cell 4" in str(caught.value)


def test_text_is_typed_by_the_declaration_and_not_by_its_looks() -> None:
    assert given(region="007", top="007", rate="2", compare="false", grain="month") == {
        "region": "007", "top": 7, "rate": 2.0, "compare": False, "grain": "month",
    }  # fmt: skip
    assert given(region="nan") == {"region": "nan"}
    assert given(kpis="[a, 007]", limits="{low: 1}") == {"kpis": ["a", "007"], "limits": {"low": 1.0}}
    assert isinstance(given(password="x")["password"], SecretStr)


def test_none_is_understood_only_where_the_declaration_allows_it() -> None:
    assert given(region="None") == {"region": None}
    assert given(period="None") == {"period": "None"}
    assert "wanted a whole number (int)" in refused(top=UntypedText("None"))


def test_a_whole_number_will_do_for_a_number_but_a_string_for_neither() -> None:
    assert check_parameters(DECLARED, {"rate": 2}) == {"rate": 2.0}
    assert "'top' is '5'" in refused(top="5")
    assert "'top' is True" in refused(top=True)


@pytest.mark.parametrize("value", ["nan", "inf", "1_0", "five", ""])
def test_what_is_no_number_is_refused(value: str) -> None:
    assert "'rate'" in refused(rate=UntypedText(value))


def test_all_problems_are_told_at_once_with_the_nearest_name_and_an_example() -> None:
    said = refused(regoin=UntypedText("EMEA"), top=UntypedText("five"), grain=UntypedText("week"))
    assert "sales.ipynb cannot be run with these parameters" in said
    assert "There is no parameter 'regoin'. Did you mean 'region'?" in said
    assert "'top' is 'five', wanted a whole number (int), for example -p top 5." in said
    assert "'grain' is 'week', wanted one of 'month', 'quarter', for example -p grain quarter." in said
    assert "Its parameters: period, region, grain" in said


def test_a_wrong_secret_is_not_told() -> None:
    declared = parse_parameters("api_key: int = 0")
    with pytest.raises(UsageError) as caught:
        check_parameters(declared, {"api_key": UntypedText("hunter2")})
    assert "hunter2" not in str(caught.value)


def test_later_letters_win_in_papermills_order(tmp_path: Path) -> None:
    file = tmp_path / "a.yaml"
    file.write_text("a: file\nb: file\nc: file\nd: file\n")
    merged = merge_parameters(p=[("c", "p"), ("d", "p")], r=[("d", "r")], f=[file], y=["{b: yaml, c: yaml, d: yaml}"])
    assert merged == {"a": "file", "b": "yaml", "c": "p", "d": "r"}


def test_a_raw_string_is_never_read_as_a_number() -> None:
    merged = merge_parameters(r=[("top", "5"), ("region", "None")])
    assert check_parameters(DECLARED, {"region": merged["region"]}) == {"region": "None"}
    assert "'top' is '5'" in refused(top=merged["top"])


def test_yaml_words_and_dates_keep_their_letters() -> None:
    values = parse_yaml_parameters("region: NO\nperiod: 2026-09-14\nkpis: [on, 012]\ntop: 3\n", file=Path("a.yaml"))
    assert check_parameters(DECLARED, values) == {
        "region": "NO", "period": "2026-09-14", "kpis": ["on", "012"], "top": 3,
    }  # fmt: skip
    assert "'top' is '3'" in refused(**parse_yaml_parameters("top: '3'", file=Path("a.yaml")))
    assert check_parameters(DECLARED, parse_yaml_parameters("region:", file=Path("a.yaml"))) == {"region": None}


@pytest.mark.parametrize(
    ("text", "line"), [("a: 1\nb: [1, 2\n", 3), ("a: 1\nb: 2\na: 3\n", 3), ("- a\n- b\n", 1), ("a: 'x\n", 2)]
)
def test_broken_yaml_is_told_with_file_and_line(tmp_path: Path, text: str, line: int) -> None:
    file = tmp_path / "p.yaml"
    file.write_text(text)
    with pytest.raises(ConfigError) as caught:
        merge_parameters(f=[file])
    assert caught.value.file == file
    assert caught.value.line == line


def test_a_missing_parameter_file_is_told() -> None:
    with pytest.raises(UsageError, match=r"nowhere\.yaml cannot be read"):
        merge_parameters(f=["nowhere.yaml"])


@pytest.mark.parametrize("name", ["password", "db_password", "API_TOKEN", "apikey", "secret_id", "key"])
def test_names_that_say_secret_are_hidden(name: str) -> None:
    declared = parse_parameters(f"{name}: str = ''")
    assert without_secrets(declared, {name: "hunter2"}) == {name: "**********"}


def test_ordinary_names_are_shown() -> None:
    declared = parse_parameters("keyword: str = ''\nregion: str = ''")
    assert without_secrets(declared, {"keyword": "bikes", "region": "EMEA"}) == {"keyword": "bikes", "region": "EMEA"}
