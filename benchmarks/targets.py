"""Will we make it? The probabilities of hitting a target, judged on the M3 series.

Run it with ``python benchmarks/targets.py``; the series are found as in ``benchmarks/projections.py``.

A case is the total of a year and a target for it. In the first set the whole year is ahead and the targets lie
anywhere within 20 % of what it came to. In the second they lie 5 and 10 % off, in the third up to twice as far
off as the series' own years differ. In the fourth a part of the year is over, and the target is last year's
total and a growth, as companies set them. How hard a set is depends on how it is built, so the bar is judged on
the first only; the second and the third are harder and miss its Brier score. Series whose projection is withheld
are left out. Brier is the mean squared error of the probability; ECE is the mean distance between the
probability said and the share that made it, in ten classes.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass

import numpy as np
import pandas as pd
from projections import Case, cases, shared_data
from scipy.stats import norm

from kpi_analysis.stats.projections import probability, project

CASES = 1800
BRIER_BAR, ECE_BAR = 0.11, 0.04
OURS = "kpi_analysis"


@dataclass(frozen=True)
class Year:
    """A year in which some periods may be over: how many are left, and the targets to judge."""

    case: Case
    left: int
    targets: tuple[float, ...]

    @property
    def to_date(self) -> float:
        """What the periods that are over came to."""
        over = self.case.season_length - self.left
        return float(self.case.past[len(self.case.past) - over :].sum())


def within_a_fifth(case: Case, random: np.random.Generator) -> Year:
    """A whole year ahead, three targets at random within 20 % of what it came to."""
    actual = case.future[: case.season_length].sum()
    return Year(case, case.season_length, tuple(actual * (1 + random.uniform(-0.2, 0.2, 3))))


def near_the_truth(case: Case, random: np.random.Generator) -> Year:
    """A whole year ahead, four targets close to what it came to."""
    actual = case.future[: case.season_length].sum()
    return Year(case, case.season_length, tuple(actual * np.array([0.9, 0.95, 1.05, 1.1])))


def as_years_differ(case: Case, random: np.random.Generator) -> Year:
    """A whole year ahead, three targets at random distances."""
    season = case.season_length
    totals = case.past[len(case.past) % season :].reshape(-1, season).sum(axis=1)
    usual = np.sqrt(np.mean(np.diff(totals) ** 2))
    actual = case.future[:season].sum()
    return Year(case, season, tuple(actual + usual * random.uniform(-2, 2, 3)))


def last_year_and_growth(case: Case, random: np.random.Generator) -> Year:
    """A year of which one, two or three quarters are left, three growths on the year before."""
    season = case.season_length
    left = int(random.integers(1, 4)) * season // 4
    end = len(case.past) - (season - left)
    last_year = case.past[end - season : end].sum()
    return Year(case, left, tuple(last_year * (1 + random.uniform(-0.2, 0.3, 3))))


def assessments(year: Year) -> list[dict[str, float]]:
    """Return what came true and what each method said, for each target."""
    case, left, to_date = year.case, year.left, year.to_date
    actual = to_date + case.future[:left].sum()
    projection = project(pd.Series(case.past), left, season_length=case.season_length)
    if projection.reason is not None:
        return []
    centre = projection.frame["mean"].sum()
    independent = np.sqrt(projection.paths.var(axis=0).sum())
    rest = np.array([case.past[start : start + left].sum() for start in range(len(case.past) - left + 1)])
    rows = []
    for target in year.targets:
        said = probability(projection, target, to_date=to_date, total=True)
        normal = norm.sf((target - to_date - centre) / independent) if independent > 0 else said
        rows.append(
            {
                "true": float(actual >= target),
                OURS: said,
                "independent-normal sum": float(normal),
                "point forecast, yes or no": float(to_date + centre >= target),
                "climatology: share of past stretches": float((to_date + rest >= target).mean()),
            }
        )
    return rows


def brier(said: pd.Series, true: pd.Series) -> float:
    """Return the mean squared error of probabilities."""
    return float(((said - true) ** 2).mean())


def calibration_error(said: pd.Series, true: pd.Series) -> float:
    """Return the mean distance between what was said and what came true, in ten classes."""
    classes = np.minimum((said * 10).astype(int), 9)
    means = pd.DataFrame({"said": said, "true": true}).groupby(classes).agg(["mean", "size"])
    distance = (means["said"]["mean"] - means["true"]["mean"]).abs()
    return float((distance * means["said"]["size"]).sum() / len(said))


def measured(title: str, rows: pd.DataFrame) -> pd.DataFrame:
    """Print and return the scores of every method."""
    true = rows.pop("true")
    rows["the share that makes it, always"] = true.mean()
    scores = pd.DataFrame(
        {name: {"Brier": brier(said, true), "ECE": calibration_error(said, true)} for name, said in rows.items()}
    ).T
    print(f"\n{title}: {len(rows)} cases, {true.mean():.3f} made it")
    print(scores.round(3).to_string())
    said = rows[OURS]
    classes = pd.cut(said, np.linspace(0, 1, 11), include_lowest=True)
    curve = pd.DataFrame({"said": said, "made it": true}).groupby(classes, observed=True).mean().round(3)
    curve["cases"] = said.groupby(classes, observed=True).size()
    print(curve.to_string())
    return scores


def main() -> int:
    """Print the tables; return 1 where the bar is missed."""
    folder = shared_data()
    if folder is None:
        print("The M3 series are not here: name their folder in KPI_SHARED_DATA. Nothing was measured.")
        return 0
    file = folder / "m3-monthly-quarterly" / "series.parquet"
    found = cases(file, 12, "monthly") + cases(file, 4, "quarterly")
    found = [case for case in found if len(case.past) >= 3 * case.season_length]
    results = {}
    for title, make, each in (
        ("A year ahead, targets within 20 % of the truth", within_a_fifth, 3),
        ("A year ahead, targets 5 and 10 % off the truth", near_the_truth, 4),
        ("A year ahead, targets as far off as years differ", as_years_differ, 3),
        ("Part of a year ahead, last year and a growth", last_year_and_growth, 3),
    ):
        random = np.random.default_rng(0)
        chosen = [found[index] for index in sorted(random.choice(len(found), CASES // each, replace=False))]
        rows = [row for case in chosen for row in assessments(make(case, random))]
        results[title] = measured(title, pd.DataFrame(rows)).loc[OURS]
    print()
    good = True
    title, scores = next(iter(results.items()))
    for measure, bar in (("Brier", BRIER_BAR), ("ECE", ECE_BAR)):
        reached = scores[measure] <= bar
        good &= bool(reached)
        print(f"{'reached' if reached else 'MISSED '}  {title}: {measure} {scores[measure]:.3f}, at most {bar}")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
