"""Companies in which nothing is real: histories of 36 months of autocorrelated noise, some of it seasonal."""

from __future__ import annotations

import numpy as np
import pandas as pd

from kpi_analysis.insight.findings import Candidate, Series, scan, significant

MONTHS = 36
LABELS = pd.period_range("2023-10", periods=MONTHS, freq="M").astype(str)


def history(rng: np.random.Generator, kind: int) -> np.ndarray:
    """One history: multiplicative noise, seasonal noise, counts, or skewed amounts, each autocorrelated up to .5."""
    phi = rng.uniform(0, 0.5)
    noise = np.empty(MONTHS)
    noise[0] = rng.normal() / np.sqrt(1 - phi**2)
    for at in range(1, MONTHS):
        noise[at] = phi * noise[at - 1] + rng.normal()
    if kind == 1:
        noise += np.tile(rng.normal(0, 1.5, 12), 3)
    if kind == 2:
        return rng.poisson(100 * np.exp(0.1 * noise)).astype(float)
    if kind == 3:
        return rng.gamma(8, 100, MONTHS)
    return 100 * np.exp(0.08 * noise)


def series(values: np.ndarray, kpi: str = "leads", **slices: str) -> Series:
    """A history whose last three months are reported."""
    return Series(kpi, values, LABELS[-len(values) :].tolist(), 3, "2026-Q3", slices)


def findings_of(rng: np.random.Generator, kpis: int, parts: int) -> list[Candidate]:
    """What a report on one company of noise would believe."""
    company = [series(history(rng, n % 4)) for n in range(kpis)]
    sliced = [series(history(rng, n % 4), channel=str(n)) for n in range(parts)]
    return significant(scan(*company), scan(*sliced))
