"""Outlier and level-shift adjustment of a series before it is averaged over the models.

Both are one more regressor in each model: an outlier moves one value, a shift moves every value from its time
on. For all models and all times at once the gain is closed form, so the evidence for each outlier is a
marginal likelihood ratio, averaged over the models. Outlier and shift compete: only the stronger is taken.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from kpi_analysis.stats.arrays import FloatArray
from kpi_analysis.stats.projections.design_matrices import (
    DesignMatrices,
    FamilyDesign,
    filter_correlation,
    reverse_cumsum,
)
from kpi_analysis.stats.projections.model_averaging import FamilyFit, ModelFits, fit_models, outlier_excess

SUSPICIOUS = 4.5  # robust standard deviations: where no innovation is larger, a search cannot succeed
LOG_ODDS = 8.0
SIZE_SCALE = 10.0
SHORTEST_STRETCH = 3
ROUNDS = 3
LARGEST_AGAIN = 5.0  # deviations, as which an outlier at most counts in the noise


@dataclass(frozen=True)
class OutlierAdjustment:
    """A series without its outliers and level shifts, in columns (columns, n), and the fit to it."""

    values: FloatArray
    fit: ModelFits
    outliers: int
    shifts: int


def adjust_outliers(design: DesignMatrices, values: FloatArray, first: ModelFits) -> OutlierAdjustment:
    """Outlier adjustment: `values` (columns, n) without what no model can have foreseen, and the fit to the rest.

    An earlier stretch is moved to the level after its shift, since the future starts from there. What then
    still lies far out is drawn in to the limit that noise hardly reaches. What happened once can happen again:
    it stays in the noise, each time as an innovation of limited size.
    """
    values, current = values.copy(), first
    taken = np.zeros_like(values)
    outlier, shift = np.zeros(values.shape, dtype=bool), np.zeros(values.shape, dtype=bool)
    for _ in range(ROUNDS):
        suspects = np.flatnonzero(outlier_excess(design, current.innovations, SUSPICIOUS).any(axis=1))
        found = {int(column): strongest_outlier(design, current, int(column)) for column in suspects}
        if not any(found.values()):
            break
        for column, strongest in found.items():
            if strongest is None:
                continue
            time, size = strongest.time, strongest.size
            taken[column, time] += size
            if strongest.level_shift:
                values[column, :time] += size
                shift[column, time] = True
            else:
                values[column, time] -= size
                outlier[column, time] = True
        current = fit_models(design, values)
    beyond = outlier_excess(design, current.innovations)
    if beyond.any():
        values -= beyond
        taken += beyond
        current = fit_models(design, values)
    usual = np.sqrt((current.weights * current.noise**2).sum(axis=1, keepdims=True))
    again = (np.minimum(np.abs(taken), LARGEST_AGAIN * usual) ** 2).sum(axis=1, keepdims=True)
    noise = current.noise * np.sqrt(1 + again / usual**2 / (design.observed - 1))
    return OutlierAdjustment(values, replace(current, noise=noise), _most(outlier), _most(shift))


def _most(marks: NDArray[np.bool_]) -> int:
    return int(marks.sum(axis=1).max())


@dataclass(frozen=True)
class Outlier:
    """An additive outlier at a time, or a level shift from it on; size in the units of the series."""

    time: int
    size: float
    level_shift: bool


def strongest_outlier(design: DesignMatrices, fitted: ModelFits, column: int) -> Outlier | None:
    """Outlier or level shift of one column with the strongest evidence; None where there is a doubt."""
    prior = np.log(fitted.weights[column] + 1e-300)[:, None]
    candidates = []
    for level_shift in (False, True):
        parts = [
            _log_bayes_factors(family, own, column, design.observed, level_shift)
            for family, own in zip(design.families, fitted.families, strict=True)
        ]
        evidence = prior + np.concatenate([part[0] for part in parts])
        sizes = np.concatenate([part[1] for part in parts])
        top = evidence.max(axis=0)
        total = top + np.log(np.exp(evidence - top).sum(axis=0))
        time = int(np.where(_allowed_times(design, level_shift), total, -np.inf).argmax())
        share = np.exp(evidence[:, time] - top[time])
        size = float(share @ sizes[:, time] / share.sum())
        candidates.append((float(total[time]), Outlier(time, size, level_shift)))
    strength, found = max(candidates, key=lambda candidate: candidate[0])
    return found if strength - np.log(design.length) > LOG_ODDS else None


def _allowed_times(design: DesignMatrices, level_shift: bool) -> NDArray[np.bool_]:
    allowed = np.ones(design.length, dtype=bool)
    if level_shift:
        allowed[:SHORTEST_STRETCH] = False
        allowed[design.length - SHORTEST_STRETCH + 1 :] = False
    else:
        allowed[list(design.gaps)] = False
    return allowed


def _log_bayes_factors(
    family: FamilyDesign, own: FamilyFit, column: int, observed: int, level_shift: bool
) -> tuple[FloatArray, FloatArray]:
    """Log Bayes factor and size (models, n) of an outlier at each time."""
    regressors = family.shifts if level_shift else family.outliers
    along = filter_correlation(family, own.plain[:, column])
    if level_shift:
        along = reverse_cumsum(along)
    along = along[:, None] - own.unknowns[:, :, column] @ np.swapaxes(regressors.reach, 1, 2)
    precision = SIZE_SCALE**-2
    energy = regressors.energy + precision
    gain = np.minimum(along**2 / (energy * own.squares[:, :, column, None]), 1 - 1e-9)
    factor = -0.5 * (observed - 1) * np.log1p(-gain) - 0.5 * np.log(energy / precision)
    length = along.shape[2]
    return factor.reshape(-1, length), (along / energy).reshape(-1, length)
