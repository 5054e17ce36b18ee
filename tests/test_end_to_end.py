"""From a company file and a notebook to the files that a reader opens."""

from __future__ import annotations

import datetime as dt
import io
import json
import re
from pathlib import Path

import pandas as pd
import pikepdf
import pytest
from support.reasons import says

from kpi_analysis.core.errors import DataError, UsageError
from kpi_analysis.press.run.report import render_report

ROOT = Path(__file__).parent.parent
NOTEBOOK = ROOT / "notebooks/quarterly_report.ipynb"
NOW = dt.datetime(2026, 1, 2, 3, 4, 5, tzinfo=dt.UTC)


def other_company(folder: Path) -> Path:
    """The example's opportunities as another CRM would export them: other names, other words, other dates."""
    deals = pd.read_csv(ROOT / "data/crm_sales_opportunities/sales_pipeline.csv")
    export = pd.DataFrame({
        "Id": deals.opportunity_id, "Verkäufer": deals.sales_agent, "Artikel": deals["product"],
        "Status": deals.deal_stage.map({"Won": "gewonnen", "Lost": "verloren"}).fillna("offen"),
        "Angelegt": pd.to_datetime(deals.engage_date).dt.strftime("%d.%m.%Y"),
        "Abschluss": pd.to_datetime(deals.close_date).dt.strftime("%d.%m.%Y"), "Wert": deals.close_value,
    })  # fmt: skip
    export.to_csv(folder / "export.csv", index=False, sep=";")
    (folder / "company.yaml").write_text(
        """
company: Anderswo GmbH
currency: USD
locale: de_DE
tables:
  opportunities:
    path: export.csv
    columns:
      opportunity_id: Id
      owner: Verkäufer
      product: Artikel
      outcome: case Status when 'gewonnen' then 'won' when 'verloren' then 'lost' else 'open' end
      created_on: strptime(Angelegt, '%d.%m.%Y')
      closed_on: strptime(Abschluss, '%d.%m.%Y')
      amount: Wert
""",
        encoding="utf-8",
    )
    return folder / "company.yaml"


def test_another_crm_export_gives_its_report_with_no_code_changed(tmp_path: Path) -> None:
    company = other_company(tmp_path)
    reports = tmp_path / "reports"
    report = render_report(NOTEBOOK, company=company, period="2017-Q4", output_dir=reports, clock=lambda: NOW)
    assert report.folder == reports / "2017-Q4" / "quarterly_report"
    names = {path.name for path in report.folder.iterdir()}
    assert names == {"report.html", "report.pdf", "report.ipynb", "results.json", "manifest.json"}

    results = json.loads((report.folder / "results.json").read_text(encoding="utf-8"))
    assert set(results) == {"values", "targets", "projections", "findings", "data_end"}
    figures = {value["id"]: value for value in results["values"]}
    assert figures["sales_revenue@2017-Q4"]["value"] == 2_802_496
    assert figures["opportunity_to_win_ratio@2017-Q4"]["numerator"] == 1196
    assert figures["opportunity_to_win_ratio@2017-Q4"]["denominator"] == 1985
    assert figures["pipeline_value@2017-Q4"]["value"] is None
    assert says(figures["pipeline_value@2017-Q4"]["reason"], "amount", "empty", "1,589")

    manifest = json.loads((report.folder / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["parameters"]["period"] == "2017-Q4"
    assert manifest["sources"][0]["rows"] == 8800

    with pikepdf.open(report.folder / "report.pdf") as pdf:
        assert pdf.Root.MarkInfo.Marked
        assert str(pdf.Root.Lang) == "de-DE"
        assert str(pdf.docinfo.Title)
        attached = pdf.attachments[next(name for name in pdf.attachments if name.endswith("results.json"))]
        assert json.loads(attached.get_file().read_bytes()) == results

    html = (report.folder / "report.html").read_text(encoding="utf-8")
    assert "2,80" in html and "Anderswo GmbH" in html
    assert len(re.findall("<script", html)) == len(re.findall(r"script-src 'sha256-[^']+';", html)) == 1
    assert re.findall(r"(?:src|href)=[\"']?(?:https?:)?//|url\(\s*[\"']?(?:https?:)?//|@import", html) == []
    assert "kpi_analysis.report.notebook" not in html, "code is not shown"
    assert (reports / "index.html").exists()


def test_data_that_cannot_be_read_stop_the_report_before_anything_is_written(tmp_path: Path) -> None:
    (tmp_path / "deals.csv").write_text("opportunity_id,created_on,closed_on,outcome\n1,31-02-2018,2018-03-01,won\n")
    company = tmp_path / "company.yaml"
    company.write_text("company: A\ntables:\n  opportunities: {path: deals.csv}\n")
    with pytest.raises(DataError, match=r"deals\.csv:2: .*'31-02-2018'"):
        render_report(NOTEBOOK, company=company, period="2018-Q1", output_dir=tmp_path / "reports", clock=lambda: NOW)
    assert not list((tmp_path / "reports").rglob("report.*"))


@pytest.mark.parametrize(
    ("given", "words"),
    [({"perod": "2017-Q4"}, "period"), ({"as_of": 5}, "as_of")],
)
def test_a_wrong_parameter_stops_before_a_kernel_starts(tmp_path: Path, given: dict[str, object], words: str) -> None:
    company = other_company(tmp_path)
    with pytest.raises(UsageError, match=words):
        render_report(NOTEBOOK, company=company, given=given, output_dir=tmp_path / "reports", clock=lambda: NOW)
    assert not (tmp_path / "reports").exists()


def test_jupyter_s_own_export_menu_knows_both_formats() -> None:
    nbconvert = pytest.importorskip("nbconvert")
    assert {"kpi_html", "kpi_pdf"} <= set(nbconvert.exporters.get_export_names())
    pdf, resources = nbconvert.get_exporter("kpi_pdf")().from_filename(str(ROOT / "tests/notebooks/says_hello.ipynb"))
    assert resources["output_extension"] == ".pdf"
    with pikepdf.open(io.BytesIO(pdf)) as document:
        assert document.Root.MarkInfo.Marked
