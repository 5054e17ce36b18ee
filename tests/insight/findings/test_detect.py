"""Noise stays silent, a step, a spike and an exceptional day are found."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from support.simulated_noise import findings_of, history, series

from kpi_analysis.insight.findings import Days, scan, scan_days, significant


def test_fewer_than_one_report_in_ten_on_pure_noise_shows_a_finding() -> None:
    rng = np.random.default_rng(2026)
    reports = 60
    false = sum(bool(findings_of(rng, 30, 30)) for _ in range(reports))
    assert false / reports < 0.10


def test_a_step_is_found_among_thirty_kpis() -> None:
    """In a quarter of three months: one of three sigma more often than not, one of four nearly always."""
    assert _found(3.0) >= 11
    assert _found(4.0) >= 18


def _found(sigmas: float) -> int:
    found = 0
    for seed in range(20):
        rng = np.random.default_rng(seed)
        values = 100 * np.exp(0.05 * rng.normal(size=36))
        values[-3:] *= np.exp(0.05 * sigmas)
        company = scan(series(values, "moved"), *(series(history(rng, n % 4)) for n in range(29)))
        found += any(one.kpi == "moved" and one.up for one in significant(company, []))
    return found


def test_a_spike_is_told_as_its_month_with_the_direction() -> None:
    values = 100 * np.exp(0.03 * np.random.default_rng(1).normal(size=36))
    values[-2] *= 0.5
    best = min(scan(series(values)), key=lambda one: one.p_value)
    assert (best.kind, best.period, best.up) == ("unusual", "2026-08", False)
    assert best.low < 100 < best.high


def test_last_years_season_is_no_news() -> None:
    """A December that is high every year: in the second year it is expected, although two cycles are not known."""
    rng = np.random.default_rng(3)
    values = 100 * np.exp(0.02 * rng.normal(size=24))
    values[11] *= 1.5
    values[23] *= 1.5
    assert min(one.p_value for one in scan(series(values))) > 0.001
    values[11] /= 1.5
    assert min(one.p_value for one in scan(series(values))) < 1e-6


def test_too_short_or_constant_histories_say_nothing() -> None:
    assert scan(series(np.arange(14.0) ** 2)) == []
    assert scan(series(np.full(36, 5.0))) == []


def test_a_gap_stays_a_gap() -> None:
    values = 100 * np.exp(0.03 * np.random.default_rng(1).normal(size=36))
    values[[5, 20]] = np.nan
    assert all(one.p_value > 0.001 for one in scan(series(values)))


def test_a_share_is_judged_by_its_cases() -> None:
    """40 of 200 against 30 % of 3,300 before: z of two shares with the pooled earlier share, by hand 3.03."""
    values, trials = np.full(36, 0.3), np.full(36, 100.0)
    values[:33] += np.tile([0.04, -0.04, 0.0], 11)
    values[-3:] = 0.20
    moved = next(one for one in scan(replace(series(values), trials=trials)) if one.kind == "moved")
    spread = max(1.0, 22 * 100 * 0.04**2 / (0.3 * 0.7) / 32)
    error = (0.3 * 0.7 * (1 / 300 + 1 / 3300) * spread) ** 0.5
    assert moved.strength == pytest.approx(0.1 / error)
    assert not moved.up


def test_a_lasting_change_that_no_quarter_could_tell_is_found_later() -> None:
    rng = np.random.default_rng(11)
    values = 100 * np.exp(0.06 * rng.normal(size=36))
    values[-9:] *= 0.88
    turned = next(one for one in scan(series(values)) if one.kind == "turned")
    since = len(turned.months)
    assert since in (6, 9)
    assert not turned.up
    assert turned.p_value < 0.01
    assert turned.low == pytest.approx(values[:-since].mean())
    assert turned.high == pytest.approx(values[-since:].mean())


def days(values: np.ndarray, first: int) -> Days:
    labels = pd.date_range("2026-01-01", periods=len(values)).strftime("%Y-%m-%d")
    return Days("sales_revenue", pd.Series(values, index=labels), first)


def test_an_exceptional_day_is_found_only_in_its_period() -> None:
    values = np.random.default_rng(5).gamma(4, 10, 270)
    values[240] = -400.0
    assert min(one.p_value for one in scan_days(days(values, 180))) < 1e-4
    assert all(one.p_value > 1e-3 for one in scan_days(days(values, 250)))


def test_heavy_tails_make_no_exceptional_days() -> None:
    rng = np.random.default_rng(6)
    p_values = [one.p_value for _ in range(300) for one in scan_days(days(rng.pareto(2, 270), 0))]
    assert np.mean(np.array(p_values) < 0.01) < 0.03
