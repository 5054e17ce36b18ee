"""How often findings cry wolf on companies of noise, and how often they see a step of three sigma.

Run: .venv/bin/python benchmarks/findings.py [reports]
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))
from support.simulated_noise import findings_of, history, series

from kpi_analysis.insight.findings import scan, significant


def main(reports: int) -> None:
    """Print a table: size of the scan, reports with a false finding, milliseconds a report."""
    print(f"{'KPIs':>5} {'slices':>7} {'reports':>8} {'false':>6} {'ms':>6}")
    for kpis, parts in ((10, 0), (30, 0), (30, 100), (60, 150)):
        rng = np.random.default_rng(kpis + parts)
        start = time.perf_counter()
        false = sum(bool(findings_of(rng, kpis, parts)) for _ in range(reports))
        spent = (time.perf_counter() - start) / reports * 1000
        print(f"{kpis:>5} {parts:>7} {reports:>8} {false / reports:>6.1%} {spent:>6.0f}")
    print(f"\n{'step':>5} {'found among 30 KPIs':>20}")
    for sigmas in (2, 3, 4, 5):
        print(f"{sigmas:>5} {power(sigmas, reports):>20.0%}")


def power(sigmas: float, reports: int) -> float:
    """How often a step of so many sigma in all three months of the period is found."""
    found = 0
    for seed in range(reports):
        rng = np.random.default_rng(seed)
        values = 100 * np.exp(0.05 * rng.normal(size=36))
        values[-3:] *= np.exp(0.05 * sigmas)
        company = scan(series(values, "moved"))
        company += [one for n in range(29) for one in scan(series(history(rng, n % 4)))]
        found += any(one.kpi == "moved" and one.up for one in significant(company, []))
    return found / reports


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 200)
