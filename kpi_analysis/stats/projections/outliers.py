"""Take single outliers and lasting level shifts out of a series before it is averaged over the models.

Both are one more regressor in each model: an outlier moves one value, a shift moves every value from its time
on. For all models and all times at once the gain is closed form, so the evidence for each disturbance is a
marginal likelihood ratio, averaged over the models. Outlier and shift compete: only the stronger is taken.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from kpi_analysis.stats.projections.design_matrices import Design, FamilyDesign, correlated, from_the_end
from kpi_analysis.stats.projections.fitting import FamilyFit, Fit, fit, outlying
from kpi_analysis.stats.projections.smoothing_models import Array

SUSPICIOUS = 4.5  # robust standard deviations: where no surprise is larger, a search cannot succeed
LOG_ODDS = 8.0
SIZE_SCALE = 10.0
SHORTEST_STRETCH = 3
ROUNDS = 3
LARGEST_AGAIN = 5.0  # deviations, as which a disturbance at most counts in the noise


@dataclass(frozen=True)
class Cleaned:
    """A series without its disturbances, in columns (columns, n), and the fit to it."""

    values: Array
    fit: Fit
    outliers: int
    shifts: int


def cleaned(design: Design, values: Array, first: Fit) -> Cleaned:
    """Return `values` (columns, n) without what no model can have foreseen, and the fit to what is left.

    An earlier stretch is moved to the level after its shift, since the future starts from there. What then
    still lies far out is drawn in to the limit that noise hardly reaches. What happened once can happen again:
    it stays in the noise, each time as a surprise of limited size.
    """
    values, current = values.copy(), first
    taken = np.zeros_like(values)
    outlier, shift = np.zeros(values.shape, dtype=bool), np.zeros(values.shape, dtype=bool)
    for _ in range(ROUNDS):
        suspects = np.flatnonzero(outlying(design, current.surprises, SUSPICIOUS).any(axis=1))
        found = {int(column): strongest(design, current, int(column)) for column in suspects}
        if not any(found.values()):
            break
        for column, disturbance in found.items():
            if disturbance is None:
                continue
            time, size = disturbance.time, disturbance.size
            taken[column, time] += size
            if disturbance.lasting:
                values[column, :time] += size
                shift[column, time] = True
            else:
                values[column, time] -= size
                outlier[column, time] = True
        current = fit(design, values)
    beyond = outlying(design, current.surprises)
    if beyond.any():
        values -= beyond
        taken += beyond
        current = fit(design, values)
    usual = np.sqrt((current.weights * current.noise**2).sum(axis=1, keepdims=True))
    again = (np.minimum(np.abs(taken), LARGEST_AGAIN * usual) ** 2).sum(axis=1, keepdims=True)
    noise = current.noise * np.sqrt(1 + again / usual**2 / (design.observed - 1))
    return Cleaned(values, replace(current, noise=noise), _most(outlier), _most(shift))


def _most(marks: NDArray[np.bool_]) -> int:
    return int(marks.sum(axis=1).max())


@dataclass(frozen=True)
class Disturbance:
    """An outlier at a time, or a level shift that lasts from it; size in the units of the series."""

    time: int
    size: float
    lasting: bool


def strongest(design: Design, fitted: Fit, column: int) -> Disturbance | None:
    """Return the disturbance of one column with the strongest evidence, if that is beyond doubt."""
    prior = np.log(fitted.weights[column] + 1e-300)[:, None]
    candidates = []
    for lasting in (False, True):
        parts = [
            _evidence(family, own, column, design.observed, lasting)
            for family, own in zip(design.families, fitted.families, strict=True)
        ]
        evidence = prior + np.concatenate([part[0] for part in parts])
        sizes = np.concatenate([part[1] for part in parts])
        top = evidence.max(axis=0)
        total = top + np.log(np.exp(evidence - top).sum(axis=0))
        time = int(np.where(_allowed_times(design, lasting), total, -np.inf).argmax())
        share = np.exp(evidence[:, time] - top[time])
        size = float(share @ sizes[:, time] / share.sum())
        candidates.append((float(total[time]), Disturbance(time, size, lasting)))
    strength, found = max(candidates, key=lambda candidate: candidate[0])
    return found if strength - np.log(design.length) > LOG_ODDS else None


def _allowed_times(design: Design, lasting: bool) -> NDArray[np.bool_]:
    allowed = np.ones(design.length, dtype=bool)
    if lasting:
        allowed[:SHORTEST_STRETCH] = False
        allowed[design.length - SHORTEST_STRETCH + 1 :] = False
    else:
        allowed[list(design.gaps)] = False
    return allowed


def _evidence(family: FamilyDesign, own: FamilyFit, column: int, observed: int, lasting: bool) -> tuple[Array, Array]:
    """Return log Bayes factor and size (models, n) of a disturbance at each time."""
    regressors = family.shifts if lasting else family.outliers
    along = correlated(family, own.plain[:, column])
    if lasting:
        along = from_the_end(along)
    along = along[:, None] - own.unknowns[:, :, column] @ np.swapaxes(regressors.reach, 1, 2)
    precision = SIZE_SCALE**-2
    energy = regressors.energy + precision
    gain = np.minimum(along**2 / (energy * own.squares[:, :, column, None]), 1 - 1e-9)
    factor = -0.5 * (observed - 1) * np.log1p(-gain) - 0.5 * np.log(energy / precision)
    length = along.shape[2]
    return factor.reshape(-1, length), (along / energy).reshape(-1, length)
