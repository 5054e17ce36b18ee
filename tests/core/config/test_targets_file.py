from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from kpi_analysis.core.config.targets import Goal, load_targets, parse_goal
from kpi_analysis.core.errors import ConfigError


@pytest.mark.parametrize(
    ("text", "goal"),
    [
        (125000, Goal("absolute", 125000)),
        ("125000", Goal("absolute", 125000)),
        ("125_000.5", Goal("absolute", 125000.5)),
        ("+20%", Goal("relative", 0.2)),
        ("-15%", Goal("relative", -0.15)),
        ("−15%", Goal("relative", -0.15)),
        ("+25000", Goal("delta", 25000)),
        ("-3", Goal("delta", -3)),
        ("30%", Goal("absolute", 0.3)),
        ("+2pp", Goal("delta", 0.02)),
    ],
)
def test_a_goal_is_a_value_a_change_or_a_relative_change(text: str | float, goal: Goal) -> None:
    found = parse_goal(text)
    assert (found.kind, found.amount) == (goal.kind, pytest.approx(goal.amount))


@pytest.mark.parametrize("text", ["make lots of money", "", "20 %%", "+", "1e5", "nan"])
def test_what_is_no_goal_teaches_what_one_is(text: str) -> None:
    with pytest.raises(ValueError, match="Say it SMART"):
        parse_goal(text)


def test_a_goal_on_a_baseline() -> None:
    assert Goal("relative", 0.2).value(240) == pytest.approx(288)
    assert Goal("delta", -5).value(50) == 45
    assert Goal("absolute", 7).value(None) == 7
    assert Goal("delta", 7).value(None) is None


def test_the_file_is_read_with_its_lines(tmp_path: Path) -> None:
    path = tmp_path / "targets.yaml"
    path.write_text(
        "targets:\n  - {kpi: leads, target: 5}\n"
        "  - kpi: sales_revenue\n    target: +20%\n    by: 2026-12-31\n    baseline: 2025\n"
    )
    first, second = load_targets(path)
    assert (first.place, second.place) == ((path, 2), (path, 3))
    assert (second.by, second.baseline) == (date(2026, 12, 31), "2025")


def test_no_file_is_no_targets(tmp_path: Path) -> None:
    assert load_targets(tmp_path / "targets.yaml") == ()


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("targets:\n  - kpi: sales_revenue\n    target: make lots of money\n", 3, "Say it SMART"),
        ("targets:\n  - kpi: sales_revenue\n    target: 5\n    ownr: Ann\n", 4, "Did you mean 'owner'"),
        ("targets:\n  - kpi: sales_revenue\n    target: 5\n    by: soon\n", 4, "soon"),
        ("targets:\n  - kpi: sales_revenue\n    target: 5\n    review: sometimes\n", 4, "weekly"),
        ("targets:\n  - target: 5\n", 2, "kpi"),
    ],
)
def test_a_mistake_points_at_its_line(tmp_path: Path, text: str, line: int, words: str) -> None:
    path = tmp_path / "targets.yaml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=words) as caught:
        load_targets(path)
    assert caught.value.line == line
