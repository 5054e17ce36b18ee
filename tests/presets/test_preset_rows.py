"""A tiny export of every known tool comes to the canonical rows that it means, all of them compared."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pandas as pd
import pytest
import yaml
from presets.export_samples import SAMPLES

from kpi_analysis import open_company
from kpi_analysis.core.schema import TABLES
from kpi_analysis.presets import load_presets, recognise


def shown(value: object, kind: str) -> str:
    if value is None or pd.isna(value):
        return ""
    if kind == "number":
        return f"{float(str(value)):.10g}"
    text = str(value)
    return text[:10] if kind == "date" else text


@pytest.mark.parametrize("name", SAMPLES)
def test_an_export_comes_to_these_rows(tmp_path: Path, name: str) -> None:
    table, export, wanted = SAMPLES[name]
    (tmp_path / "export.csv").write_text(export, encoding="utf-8")
    company = {
        "company": "Test",
        "timezone": "Europe/Berlin",
        "tables": {table: {"path": "export.csv", "preset": name}},
        "rates": {"path": "rates.csv"},
    }
    (tmp_path / "rates.csv").write_text("date,currency,rate\n2019-01-01,USD,1\n", encoding="utf-8")
    (tmp_path / "company.yaml").write_text(yaml.safe_dump(company), encoding="utf-8")
    rows = open_company(tmp_path / "company.yaml").sources.tables.unchecked(table).to_pandas()
    expected = list(csv.DictReader(io.StringIO(wanted)))
    kinds = {column: TABLES[table].columns[column].kind for column in expected[0]}
    found = [{column: shown(row[column], kind) for column, kind in kinds.items()} for row in rows.to_dict("records")]
    assert sorted(map(str, found)) == sorted(map(str, expected))


def test_every_preset_that_is_told_by_headers_and_fills_a_table_has_a_sample() -> None:
    filling = {name for name, preset in load_presets().items() if preset.tables and not preset.months}
    assert filling - set(SAMPLES) == {"datev_buchungsstapel_skr04"}


@pytest.mark.parametrize("name", SAMPLES)
def test_the_header_line_of_a_sample_is_recognised(name: str) -> None:
    lines = SAMPLES[name][1].splitlines()
    line = lines[1] if lines[0].startswith('"EXTF"') else lines[0]
    headers = next(csv.reader([line], delimiter=";" if line.count(";") > line.count(",") else ","))
    assert recognise(headers)[0].name == name


@pytest.mark.parametrize("name", load_presets())
def test_the_expressions_of_a_preset_are_over_its_aliases_and_make_all_required_columns(name: str) -> None:
    load_presets()[name].check()
