from __future__ import annotations

from pathlib import Path

import pytest
from support.reasons import says

from kpi_analysis.core.errors import ConfigError, UsageError
from kpi_analysis.core.formula import Call, Name, Node, Number, Operation
from kpi_analysis.metrics.catalogue import Catalogue, read_catalogue, shipped

METRIC = (
    "  - {{name: {name}, label: A, question: B, formula: {formula}, unit: count, better: higher, "
    "level: strategic, category: c{more}}}\n"
)


def read(
    tmp_path: Path,
    *metrics: tuple[str, str],
    measures: str = "  m: {table: leads, agg: count(*), date: created_on}\n",
    more: str = "",
) -> Catalogue:
    file = tmp_path / "kpis.yaml"
    text = "measures:\n" + measures + "metrics:\n"
    file.write_text(text + "".join(METRIC.format(name=n, formula=f, more=more) for n, f in metrics), encoding="utf-8")
    return read_catalogue([file])


def by_hand(node: Node, catalogue: Catalogue, example: dict[str, float]) -> float:
    """Evaluate a formula on the figures of its worked example: a second route beside the engine's."""
    if isinstance(node, Number):
        return node.value
    if isinstance(node, Name):
        return example[node.name]
    if isinstance(node, Call):
        argument = f"{node.argument.name}" if isinstance(node.argument, Name) else ""
        return example[f"{node.function}({argument})"]
    assert isinstance(node, Operation)
    left, right = by_hand(node.left, catalogue, example), by_hand(node.right, catalogue, example)
    return {"+": left + right, "-": left - right, "*": left * right, "/": left / right if right else 0.0}[node.operator]


@pytest.mark.parametrize("name", sorted(shipped().metrics))
def test_every_shipped_kpi_has_a_worked_example_that_holds(name: str) -> None:
    metric = shipped().metric(name)
    assert "value" in metric.example, "a worked example is wanted"
    assert by_hand(metric.tree, shipped(), metric.example) == pytest.approx(metric.example["value"], rel=1e-12)


@pytest.mark.parametrize("name", sorted(shipped().metrics))
def test_every_shipped_kpi_leads_to_a_strategic_one(name: str) -> None:
    metric, seen = shipped().metric(name), set()
    while metric.supports is not None and metric.name not in seen:
        seen.add(metric.name)
        metric = shipped().metric(metric.supports)
    assert metric.level == "strategic"


@pytest.mark.parametrize("name", sorted(shipped().metrics))
def test_every_shipped_kpi_is_written_in_words(name: str) -> None:
    metric = shipped().metric(name)
    assert metric.question.endswith("?")
    assert shipped().in_words(name)


def test_an_unknown_measure_names_line_and_nearest(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        read(tmp_path, ("a", "mm / 2"), ("b", "a + 1"))
    assert "unknown measure 'mm'" in caught.value.message and caught.value.line == 4
    assert caught.value.remedy == "Did you mean 'm'?"


def test_a_circle_is_shown(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="a → b → a"):
        read(tmp_path, ("a", "b + m"), ("b", "a * 2"))


def test_a_metric_may_bear_the_name_of_its_measure(tmp_path: Path) -> None:
    assert read(tmp_path, ("m", "m")).measures_of("m") == ("m",)


@pytest.mark.parametrize(
    ("measure", "words"),
    [
        ("  m: {table: leds, agg: count(*), date: created_on}\n", "Did you mean 'leads'"),
        ("  m: {table: leads, agg: count(*), date: creatd_on}\n", "Did you mean 'created_on'"),
        ("  m: {table: leads, agg: count(*)}\n", "either date"),
        ("  m: {agg: count(*), date: created_on}\n", "a measure has a table"),
        ("  m: {table: leads, agg: count(*), date: created_on, wher: x}\n", "Did you mean 'where'"),
    ],
)
def test_a_measure_that_cannot_be_read_is_refused(tmp_path: Path, measure: str, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        read(tmp_path, ("a", "m"), measures=measure)


def test_average_wants_a_stock(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="average\\(\\) needs a stock"):
        read(tmp_path, ("a", "average(m)"))


def test_a_metric_defined_twice_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="twice"):
        read(tmp_path, ("a", "m"), ("a", "m"))


def test_an_unknown_support_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="supports an unknown KPI 'nothing'"):
        read(tmp_path, ("a", "m"), more=", supports: nothing")


def test_an_unknown_kpi_names_the_nearest() -> None:
    with pytest.raises(UsageError, match="Did you mean 'sales_revenue'"):
        shipped().metric("sales_revenu")


@pytest.mark.parametrize("name", sorted(name for name, metric in shipped().metrics.items() if metric.otherwise))
def test_the_other_way_of_a_kpi_has_a_worked_example_that_holds(name: str) -> None:
    metric = shipped().metric(name).alternative
    assert metric.otherwise is None and metric.note != shipped().metric(name).note
    assert by_hand(metric.tree, shipped(), metric.example) == pytest.approx(metric.example["value"], rel=1e-12)


def test_a_kpi_is_made_otherwise_only_where_its_table_is_not_connected(tmp_path: Path) -> None:
    measures = (
        "  m: {table: leads, agg: count(*), date: created_on}\n  n: {table: orders, agg: count(*), date: ordered_on}\n"
    )
    catalogue = read(tmp_path, ("a", "m"), measures=measures, more=", otherwise: {without: leads, formula: n / 2}")
    assert catalogue.for_tables({"leads", "orders"}).measures_of("a") == ("m",)
    assert catalogue.for_tables({"orders"}).measures_of("a") == ("n",)
    assert catalogue.for_tables({"spend"}).measures_of("a") == ("m",), "neither can be read: the first way says why"


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (", otherwise: {without: leds, formula: m}", "unknown table 'leds'. Did you mean 'leads'"),
        (", otherwise: {without: leads, formula: mm}", "unknown measure 'mm'"),
        (", share: m", "a part divided by a whole"),
    ],
)
def test_another_way_or_a_share_that_cannot_be_is_refused(tmp_path: Path, more: str, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        read(tmp_path, ("a", "m"), more=more)


def test_a_share_names_a_measure(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="share names an unknown measure 'mm'") as caught:
        read(tmp_path, ("a", "m / m"), more=", share: mm")
    assert caught.value.remedy == "Did you mean 'm'?"


@pytest.mark.parametrize(
    ("measure", "words"),
    [
        ("agg: count(*), date: ordered_on, lifetime: {key: customer_id}", "a lifetime needs agg"),
        ("agg: sum(amount), open: [ordered_on], lifetime: {key: customer_id}", "a lifetime needs agg"),
        ("agg: sum(amount), date: ordered_on, lifetime: {key: custmer_id}", "Did you mean 'customer_id'"),
        ("agg: sum(amount), date: ordered_on, lifetime: {key: customer_id, months: 0}", "months"),
    ],
)
def test_a_lifetime_that_cannot_be_modelled_is_refused(tmp_path: Path, measure: str, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        read(tmp_path, ("a", "m"), measures=f"  m: {{table: orders, {measure}}}\n")


def test_what_a_model_expects_is_read_at_the_end_of_a_period(tmp_path: Path) -> None:
    measure = "  m: {table: orders, agg: sum(amount), date: ordered_on, lifetime: {key: customer_id, months: 24}}\n"
    catalogue = read(tmp_path, ("a", "m"), measures=measure)
    assert catalogue.is_stock("m") and catalogue.is_modelled("a")
    assert says(catalogue.in_words("a"), "customer_id", "24 months")
