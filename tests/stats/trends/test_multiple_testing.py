"""Findings among many KPIs."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from support.published_series import BENJAMINI_HOCHBERG

from kpi_analysis.core.errors import UsageError
from kpi_analysis.stats.trends import benjamini_hochberg


def test_four_of_benjamini_and_hochbergs_fifteen_are_discoveries() -> None:
    assert benjamini_hochberg(BENJAMINI_HOCHBERG) == [True] * 4 + [False] * 11


def test_the_order_does_not_matter_and_is_kept() -> None:
    order = np.random.default_rng(1).permutation(15)
    found = benjamini_hochberg([BENJAMINI_HOCHBERG[at] for at in order])
    assert found == [bool(at < 4) for at in order]


def test_the_stepwise_rule_gives_the_same() -> None:
    rng = np.random.default_rng(2)
    for _ in range(20):
        p = rng.uniform(size=30) ** 3
        ranked = np.sort(p)
        passed = np.flatnonzero(ranked <= 0.1 * np.arange(1, 31) / 30)
        threshold = ranked[passed[-1]] if passed.size else -1.0
        assert benjamini_hochberg(p.tolist(), q=0.1) == (p <= threshold).tolist()


def test_what_was_not_tested_is_no_discovery_and_does_not_count() -> None:
    assert benjamini_hochberg([0.04, None, float("nan")]) == [True, False, False]
    assert benjamini_hochberg([None, None]) == [False, False]
    assert benjamini_hochberg([]) == []


def test_thirty_kpis_without_a_trend_seldom_give_a_false_alarm() -> None:
    rows = np.random.default_rng(3).uniform(size=(300, 30))
    assert np.mean([(row < 0.05).any() for row in rows]) > 0.7
    assert np.mean([any(benjamini_hochberg(row.tolist())) for row in rows]) < 0.08


@pytest.mark.parametrize(("p_values", "q"), [([1.2], 0.05), ([-0.1, 0.3], 0.05), ([0.3], 5.0)])
def test_a_probability_lies_within_zero_and_one(p_values: list[float], q: float) -> None:
    with pytest.raises(UsageError, match="within 0 and 1"):
        benjamini_hochberg(p_values, q)


def test_importing_the_trends_does_not_load_scipy() -> None:
    script = "import sys, kpi_analysis.stats.trends; sys.exit('scipy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
