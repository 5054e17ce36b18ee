"""Projections beside what a user would use instead, on the M3, M1 and M4 competition series.

Run it with ``python benchmarks/projections.py``. The series are found in the folder that $KPI_SHARED_DATA names,
or in ../shared/data beside the repository.

OWA is the mean of sMAPE and MASE, each relative to Naive2. Coverage and MSIS are those of 95 % intervals; the
naive methods have the textbook ones, the competitors left none.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kpi_analysis.stats.projections import Projection, project, project_many

Array = NDArray[np.float64]
Forecast = tuple[Array, Array, Array]

COMPETITORS = ("SINGLE", "HOLT", "WINTER", "DAMPEN", "COMB S-H-D", "THETA", "ForecastPro")
BARS = {
    "M3 monthly": {"OWA": 0.785, "coverage": (0.94, 0.97), "MSIS": 6.3, "ms": 15.0},
    "M3 quarterly": {"OWA": 0.87, "coverage": (0.94, 0.97), "MSIS": 9.2, "ms": 15.0},
}
OURS = "kpi_analysis"


@dataclass(frozen=True)
class Case:
    """A series, what came after it, and the season by which its errors are scaled."""

    id: str
    past: Array
    future: Array
    season_length: int


def shared_data() -> Path | None:
    """Return the folder of the shared series, or None where there is none."""
    beside = Path(__file__).resolve().parents[2] / "shared" / "data"
    folder = Path(os.environ.get("KPI_SHARED_DATA") or beside)
    return folder if (folder / "m3-monthly-quarterly" / "series.parquet").exists() else None


def cases(file: Path, season_length: int, period: str | None = None) -> list[Case]:
    """Return the series of one frequency."""
    rows = pd.read_parquet(file)
    if period is not None:
        rows = rows[rows["period"] == period]
    found = []
    for name, one in rows.groupby("id", sort=False):
        past = one.loc[one["part"] == "train"].sort_values("t")["value"].to_numpy(dtype=float)
        future = one.loc[one["part"] == "test"].sort_values("t")["value"].to_numpy(dtype=float)
        found.append(Case(str(name), past, future, season_length))
    return found


def naive(case: Case, season_length: int = 1) -> Forecast:
    """Repeat the last value, or the last season; the interval grows with the square root of the time."""
    steps = np.arange(len(case.future))
    season = season_length if len(case.past) > season_length else 1
    centre = case.past[len(case.past) - season + steps % season]
    noise = np.sqrt(np.mean((case.past[season:] - case.past[:-season]) ** 2))
    half = 1.96 * noise * np.sqrt(steps // season + 1)
    return centre, centre - half, centre + half


def naive2(case: Case) -> Forecast:
    """Repeat the last value of the series without its season, where a test finds one (M4's benchmark)."""
    past, season = case.past, case.season_length
    nothing = np.full(len(case.future), np.nan)
    if season == 1 or len(past) < 3 * season or not _has_season(past, season):
        return naive(case)[0], nothing, nothing
    window = np.ones(season) if season % 2 else np.r_[0.5, np.ones(season - 1), 0.5]
    trend = np.convolve(past, window / season, mode="valid")
    first = len(window) // 2
    with np.errstate(divide="ignore", invalid="ignore"):
        ratios = past[first : first + len(trend)] / trend
    places = (np.arange(len(trend)) + first) % season
    factors = np.array([np.nanmean(ratios[places == place]) for place in range(season)])
    factors /= factors.mean()
    if not np.isfinite(factors).all() or (factors <= 0).any():
        return naive(case)[0], nothing, nothing
    last = past[-1] / factors[(len(past) - 1) % season]
    centre = last * factors[(len(past) + np.arange(len(case.future))) % season]
    return centre, nothing, nothing


def _has_season(past: Array, season: int) -> bool:
    centred = past - past.mean()
    total = (centred**2).sum()
    if total == 0:
        return False
    lags = [float((centred[lag:] * centred[:-lag]).sum() / total) for lag in range(1, season + 1)]
    limit = 1.645 * np.sqrt((1 + 2 * np.square(lags[:-1]).sum()) / len(past))
    return abs(lags[-1]) > limit


def score(case: Case, forecast: Forecast) -> dict[str, float]:
    """Return sMAPE, MASE, coverage and MSIS of one series."""
    centre, low, high = forecast
    future, season = case.future, case.season_length
    scale = np.abs(case.past[season:] - case.past[:-season]).mean() if len(case.past) > season else np.nan
    scale = scale if scale > 0 else np.nan
    size = np.abs(future) + np.abs(centre)
    error = np.abs(future - centre)
    outside = np.maximum(low - future, 0) + np.maximum(future - high, 0)
    covered = np.where(np.isnan(low), np.nan, (future >= low) & (future <= high))
    return {
        "sMAPE": float(np.mean(np.divide(200 * error, size, out=np.zeros_like(error), where=size > 0))),
        "MASE": float(error.mean() / scale),
        "coverage": float(covered.mean()),
        "MSIS": float((high - low + 40 * outside).mean() / scale),
    }


def mean_scores(found: list[Case], forecasts: Iterable[Forecast]) -> pd.Series:
    """Return the mean scores over the series."""
    return pd.DataFrame([score(*pair) for pair in zip(found, forecasts, strict=True)]).mean()


def as_forecast(case: Case, projection: Projection) -> Forecast:
    """Return a projection's columns; where it is withheld, what a user is left with: the last value."""
    if projection.reason is not None:
        return naive(case)
    frame = projection.frame
    return frame["mean"].to_numpy(), frame["low"].to_numpy(), frame["high"].to_numpy()


def projected(found: list[Case], season_length: int) -> tuple[list[Projection], float]:
    """Return the projections, and the milliseconds a series when warm (the better of two runs)."""
    results: list[Projection] = []
    warm = 0.0
    for length in sorted({len(case.past) for case in found}):
        alike = [case for case in found if len(case.past) == length]
        histories = [pd.Series(case.past) for case in alike]
        results += project_many(histories, len(alike[0].future), season_length=season_length)
        timings = []
        for _ in range(2):
            start = perf_counter()
            project_many(histories, len(alike[0].future), season_length=season_length)
            timings.append(perf_counter() - start)
        warm += min(timings)
    return results, 1000 * warm / len(found)


def table(
    title: str, found: list[Case], season_length: int, submitted: Callable[[str], list[Forecast]] | None = None
) -> pd.DataFrame:
    """Return the scores of every method on one set."""
    found = sorted(found, key=lambda case: len(case.past))
    results, warm = projected(found, season_length)
    withheld = sum(result.reason is not None for result in results)
    rows = {
        OURS: mean_scores(found, map(as_forecast, found, results)),
        "last value": mean_scores(found, map(naive, found)),
    }
    rows[OURS]["ms"] = warm
    scale_season = found[0].season_length
    if scale_season > 1:
        rows["last season"] = mean_scores(found, [naive(case, scale_season) for case in found])
    if submitted is None:
        rows["Naive2"] = mean_scores(found, map(naive2, found))
    else:
        for method in ("NAIVE2", *COMPETITORS):
            by_id = dict(zip([case.id for case in found], submitted(method), strict=True))
            rows["Naive2" if method == "NAIVE2" else method] = mean_scores(found, [by_id[c.id] for c in found])
    scores = pd.DataFrame(rows).T
    base = scores.loc["Naive2"]
    scores.insert(0, "OWA", (scores["sMAPE"] / base["sMAPE"] + scores["MASE"] / base["MASE"]) / 2)
    ends = [result.backtest.coverage for result in results if result.backtest is not None]
    print(
        f"\n{title}: {len(found)} series, {len(found[0].future)} steps; {withheld} withheld, scored as the last value;"
    )
    print(f"the {len(ends)} backtests covered {np.mean(ends):.3f}")
    print(scores.sort_values("OWA").round(3).to_string(na_rep="–"))
    return scores


def submissions(folder: Path, found: list[Case]) -> Callable[[str], list[Forecast]]:
    """Return a reader of the forecasts that the M3 competitors handed in, in order of length."""
    rows = pd.read_parquet(folder / "m3-monthly-quarterly" / "competitor_forecasts.parquet")
    ordered = [case.id for case in sorted(found, key=lambda case: len(case.past))]

    def read(method: str) -> list[Forecast]:
        own = rows[rows["method"] == method].sort_values("t")
        by_id = {str(name): one["forecast"].to_numpy(dtype=float) for name, one in own.groupby("id")}
        return [(by_id[name], *2 * (np.full(len(by_id[name]), np.nan),)) for name in ordered]

    return read


def shortened(found: list[Case], length: int, horizon: int) -> list[Case]:
    """Return the series as a young company would have them: their last points and a short horizon."""
    return [
        Case(case.id, case.past[-length:], case.future[:horizon], case.season_length)
        for case in found
        if len(case.past) >= length
    ]


def report_seconds() -> float:
    """Return the seconds for 30 KPIs over 36 months, warm."""
    random = np.random.default_rng(0)
    months = np.arange(36)
    season = 10 * np.sin(2 * np.pi * months / 12)
    histories = [
        pd.Series(100 + season + months * slope + 5 * random.standard_normal(36)) for slope in np.linspace(-1, 2, 30)
    ]
    for _ in range(2):
        start = perf_counter()
        for history in histories:
            project(history, 6, season_length=12, non_negative=True)
        seconds = perf_counter() - start
    return seconds


def judged(name: str, scores: pd.DataFrame) -> bool:
    """Print whether a set's bars are reached."""
    own, reached = scores.loc[OURS], True
    for measure, bar in BARS[name].items():
        low, high = bar if isinstance(bar, tuple) else (0.0, bar)
        good = low <= own[measure] <= high
        reached &= bool(good)
        wanted = f"{low:g} to {high:g}" if low else f"at most {high:g}"
        print(f"{'reached' if good else 'MISSED '}  {name} {measure} {own[measure]:.3f}, wanted {wanted}")
    return reached


def main() -> int:
    """Print all tables; return 1 where a bar is missed."""
    folder = shared_data()
    if folder is None:
        print("The M3, M1 and M4 series are not here: name their folder in KPI_SHARED_DATA. Nothing was measured.")
        return 0
    m3 = folder / "m3-monthly-quarterly" / "series.parquet"
    measured = {}
    for period, season in (("monthly", 12), ("quarterly", 4), ("yearly", 1)):
        found = cases(m3, season, period)
        measured[f"M3 {period}"] = table(f"M3 {period}", found, season, submissions(folder, found))
    monthly, quarterly = cases(m3, 12, "monthly"), cases(m3, 4, "quarterly")
    table("M3 monthly, the last 24 months only", shortened(monthly, 24, 6), 12)
    table("M3 quarterly, the last 12 quarters only", shortened(quarterly, 12, 4), 4)
    table("M3 quarterly, the last 8 quarters only", shortened(quarterly, 8, 4), 4)
    for period, season in (("monthly", 12), ("quarterly", 4), ("yearly", 1)):
        table(f"M1 {period}", cases(folder / "m1-series" / "series.parquet", season, period), season)
    weekly = cases(folder / "m4-weekly" / "series.parquet", 1)
    table("M4 weekly", weekly, 52)
    long = [case for case in weekly if len(case.past) >= 208]
    table("M4 weekly, at least 208 weeks, taken with a season", long, 52)
    table("M4 weekly, at least 208 weeks, taken without a season", long, 1)
    published = pd.read_csv(folder / "m4-weekly" / "published_m4_accuracy_by_frequency.csv", index_col="method")
    chosen = published.loc[["Naive2", "SES", "Damped", "Theta", "Com", "118"]]
    print("\nPublished for all 359 weekly series of M4 (118 is the winner)")
    print(chosen[["OWA_Weekly", "sMAPE_Weekly", "MASE_Weekly"]].round(3).to_string())

    print()
    reached = [judged(name, measured[name]) for name in BARS]
    seconds = report_seconds()
    reached.append(seconds < 1.5)
    print(f"{'reached' if reached[-1] else 'MISSED '}  30 KPIs over 36 months {seconds:.2f} s, wanted under 1.5 s")
    return 0 if all(reached) else 1


if __name__ == "__main__":
    sys.exit(main())
