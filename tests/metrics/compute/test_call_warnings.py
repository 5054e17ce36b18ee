"""What is odd about a call is said, and its values stay as they are."""

from __future__ import annotations

import warnings
from pathlib import Path

import pytest
from support.companies import open_from, shipped_company

from kpi_analysis.cli.main import main
from kpi_analysis.core.errors import CallWarning, ConfigError, UsageError
from kpi_analysis.metrics.session import OpenCompany, open_company

NULLFILTER = Path(__file__).parents[2] / "data/cases/nullfilter/company.yaml"
LEADS = """lead_id,created_on,channel,region,segment
1,2026-01-05,email,EMEA,small
2,2026-01-06,search,EMEA,
3,2026-01-07,email,APAC,large
4,2026-01-08,,APAC,large
5,2026-02-08,,EMEA,
"""


@pytest.fixture(scope="module")
def leads(tmp_path_factory: pytest.TempPathFactory) -> OpenCompany:
    return open_from(tmp_path_factory.mktemp("leads"), {"leads": LEADS})


def said(company: OpenCompany, where: str, period: str = "2026-01", kpi: str = "leads") -> tuple[float, list[str]]:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        frame = company.compute(kpi, period=period, where=where)
    told = [str(one.message) for one in caught if issubclass(one.category, CallWarning)]
    assert told == frame.attrs["warnings"]
    return float(frame.value[0]), told


def test_rows_that_a_condition_leaves_out_for_want_of_a_value_are_counted() -> None:
    where = "region != 'EMEA'"
    assert said(open_company(NULLFILTER), where, "2026-Q3", "sales_revenue") == (
        400, ["1 row has no region and is left out: table orders"],
    )  # fmt: skip


def test_the_command_line_says_it_on_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--period", "2026-Q3", "--where", "region != 'EMEA'", "--company", str(NULLFILTER), "--format", "csv"]
    with pytest.raises(SystemExit) as ended:
        main(["compute", "sales_revenue", *words])
    printed = capsys.readouterr()
    assert ended.value.code == 0 and ",400.0," in printed.out
    assert printed.err == "warning: 1 row has no region and is left out: table orders.\n"


@pytest.mark.parametrize(
    ("where", "value", "told"),
    [
        ("region = 'EMEA'", 2, []),
        ("channel = 'email'", 2, []),  # nobody expects a lead without a channel there
        ("channel in ('email', 'search')", 3, []),
        ("channel is not null", 3, []),
        ("coalesce(channel, '') <> 'email'", 2, []),
        ("channel <> 'email'", 1, ["1 row has no channel and is left out: table leads"]),
        ("not channel = 'email'", 1, ["1 row has no channel and is left out: table leads"]),
        ("channel not in ('email')", 1, ["1 row has no channel and is left out: table leads"]),
        ("not channel like 'e%'", 1, ["1 row has no channel and is left out: table leads"]),
        ("not (channel = 'email' and region = 'EMEA')", 3, []),  # what is in APAC is not both, whatever its channel
        ("region = 'APAC' and channel <> 'search'", 1, ["1 row has no channel and is left out: table leads"]),
        (
            "segment <> 'large' or channel <> 'search'",
            2,
            ["1 row has no channel and is left out: table leads", "1 row has no segment and is left out: table leads"],
        ),
        ("segment <> 'small'", 2, ["1 row has no segment and is left out: table leads"]),
        ("region = 'EMAE'", 0, ["no row has region 'EMAE'; did you mean 'EMEA'?"]),
        ("region = 'emea'", 0, ["no row has region 'emea'; did you mean 'EMEA'?"]),
        ("region in ('EMEA', 'AMER')", 2, ["no row has region 'AMER'; there are APAC, EMEA"]),
        ("region <> 'EMAE'", 4, ["no row has region 'EMAE'; did you mean 'EMEA'?"]),
    ],
)
def test_odd_conditions(leads: OpenCompany, where: str, value: float, told: list[str]) -> None:
    assert said(leads, where) == (value, told)


def test_only_rows_of_the_days_asked_for_are_counted(leads: OpenCompany) -> None:
    told = ["2 rows have no channel and are left out: table leads"]
    assert said(leads, "channel <> 'email'", "2026-Q1")[1] == told
    assert said(leads, "channel <> 'email'", "2026-02")[1] == ["1 row has no channel and is left out: table leads"]


def test_an_explanation_says_it_too(leads: OpenCompany) -> None:
    with pytest.warns(CallWarning, match="did you mean 'EMEA'"):
        frame = leads.explain("leads", period="2026-02", where="region = 'EMAE'")
    assert len(frame.attrs["warnings"]) == 1


@pytest.mark.parametrize("where", ["channel = email", 'channel = "email"', "channel in (email, 'search')"])
def test_a_word_without_its_quotes_is_shown_with_them(leads: OpenCompany, where: str) -> None:
    with pytest.raises(UsageError, match="single quotes: channel = 'email'"):
        leads.compute("leads", period="2026-01", where=where)


def test_several_words_without_quotes_are_told_where_quotes_stand(leads: OpenCompany) -> None:
    with pytest.raises(ConfigError, match="single quotes, as in region = 'EMEA'"):
        leads.compute("leads", period="2026-01", where="region = North America")


def test_reports_and_slices_by_word_do_not_warn() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error", CallWarning)
        shipped_company().compute("leads", period="2026-Q3", where="region = 'EMEA' and channel = 'Email'")


@pytest.mark.parametrize(("kpis", "by"), [("leads", "channel"), (["leads"], ["channel"]), ("leads,", " channel ")])
def test_a_bare_name_is_accepted_wherever_names_are(leads: OpenCompany, kpis: object, by: object) -> None:
    frame = leads.compute(kpis, period="2026-01", by=by)  # type: ignore[arg-type]
    assert dict(zip(frame.channel, frame.value, strict=True)) == {"(none)": 1, "email": 2, "search": 1}
    assert leads.compute("leads, lead_generation_rate", period="2026-01").kpi.nunique() == 2
    assert len(leads.explain("leads", period="2026-02", by=by)) > 0  # type: ignore[arg-type]
