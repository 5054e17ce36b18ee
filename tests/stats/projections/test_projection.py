"""Will we make it? The share of sample paths, and nothing else."""

from __future__ import annotations

import numpy as np
import pytest

from kpi_analysis.core.errors import UsageError
from kpi_analysis.stats.projections import Backtest, Projection, probability

PATHS = np.array([[10.0, 30.0], [20.0, 10.0], [40.0, 40.0], [5.0, 5.0]])


def test_the_last_step_is_judged_unless_the_total_is_asked_for() -> None:
    projection = Projection(paths=PATHS)
    assert probability(projection, 30) == 0.5
    assert probability(projection, 30, total=True) == 0.75
    assert probability(projection, 30, to_date=1000) == 0.5


def test_what_is_reached_already_counts_in_a_total() -> None:
    projection = Projection(paths=PATHS)
    assert probability(projection, 130, to_date=100, total=True) == 0.75
    assert probability(projection, 130, to_date=200, total=True) == 1.0


def test_lower_is_judged_from_the_other_side_and_a_tie_makes_it() -> None:
    projection = Projection(paths=PATHS)
    assert probability(projection, 10, better="lower") == 0.5
    assert probability(projection, 10, better="higher") == 0.75


@pytest.mark.parametrize(("walk", "expected"), [(False, 0.1932), (True, 0.3442)])
def test_the_known_chances_of_a_year_to_date(walk: bool, expected: float) -> None:
    surprises = 20 * np.random.default_rng(0).standard_normal((400_000, 3))
    paths = 90 + (np.cumsum(surprises, axis=1) if walk else surprises)
    chance = probability(Projection(paths=paths), 1200, to_date=900, total=True)
    assert chance == pytest.approx(expected, abs=0.003)


def test_without_a_projection_there_is_no_chance() -> None:
    assert np.isnan(probability(Projection(reason="not enough data"), 10))


@pytest.mark.parametrize(
    "wrong", [{"target": float("nan")}, {"target": 1.0, "to_date": float("inf")}, {"target": 1.0, "better": "up"}]
)
def test_senseless_questions_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(UsageError, match="wanted"):
        probability(Projection(paths=PATHS), **wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize(("error", "naive", "ratio"), [(3.0, 2.0, 1.5), (0.0, 0.0, 1.0), (1.0, 0.0, float("inf"))])
def test_the_ratio_of_errors(error: float, naive: float, ratio: float) -> None:
    assert Backtest(3, 1, error, naive, 1.0, 3).ratio == ratio
