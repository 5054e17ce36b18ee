import json
from pathlib import Path

from kpi_analysis.run.index import write_index


def published(root: Path, place: str, **facts: object) -> None:
    folder = root / place
    folder.mkdir(parents=True)
    (folder / "manifest.json").write_text(json.dumps(facts))
    (folder / "report.html").write_text("")


def test_the_newest_period_comes_first_whatever_its_grain(tmp_path: Path) -> None:
    published(tmp_path, "2017/a", title="The year", period="2017", period_end="2017-12-31")
    published(tmp_path, "2018-01/b", title="January", period="2018-01", period_end="2018-01-31")
    published(tmp_path, "2017-Q3/c", title="Third quarter", period="2017-Q3", period_end="2017-09-30")
    page = write_index(tmp_path).read_text()
    assert page.index("January") < page.index("The year") < page.index("Third quarter")


def test_words_of_users_are_escaped_and_links_are_quoted(tmp_path: Path) -> None:
    published(
        tmp_path,
        "2017-Q4/sales & more #1",
        title="<script>x</script>",
        company="A & B",
        distinct={"r": "<b>"},
    )
    page = write_index(tmp_path).read_text()
    assert "<script>" not in page
    assert "A &amp; B" in page
    assert "r: &lt;b&gt;" in page
    assert 'href="2017-Q4/sales%20%26%20more%20%231/report.html"' in page


def test_it_asks_no_other_host(tmp_path: Path) -> None:
    published(tmp_path, "2017-Q4/a", title="A")
    page = write_index(tmp_path).read_text()
    assert "http" not in page
    assert "--paper" in page


def test_failed_and_half_made_reports_are_not_listed(tmp_path: Path) -> None:
    published(tmp_path, "failed/2017-Q4/a", title="Failed one")
    published(tmp_path, "2017-Q4/.a.1.new", title="Half one")
    page = write_index(tmp_path).read_text()
    assert "Failed one" not in page
    assert "Half one" not in page
    assert "No report has been made yet." in page


def test_a_manifest_that_cannot_be_read_is_said_so(tmp_path: Path) -> None:
    (tmp_path / "2017-Q4" / "a").mkdir(parents=True)
    (tmp_path / "2017-Q4" / "a" / "manifest.json").write_text("{")
    assert "a: its manifest cannot be read" in write_index(tmp_path).read_text()
