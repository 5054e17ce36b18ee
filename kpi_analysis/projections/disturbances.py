"""Take single outliers and lasting level shifts out of a series before it is averaged over the models.

Both are one more regressor in each model: an outlier moves one value, a shift moves every value from its time
on. For all models and all times at once the gain is closed form, so the evidence for each disturbance is a
marginal likelihood ratio, averaged over the models. Outlier and shift compete: only the stronger is taken.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kpi_analysis.projections.design import Design, FamilyDesign, correlated, filtered, from_the_end
from kpi_analysis.projections.families import Array
from kpi_analysis.projections.fitting import SMALLEST, Fit, fit, outlying

LOG_ODDS = 10.0
SIZE_SCALE = 10.0
SHORTEST_STRETCH = 3
ROUNDS = 3


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
    still lies far out is drawn in to the limit that noise hardly reaches.
    """
    values, current = values.copy(), first
    outliers, shifts = np.zeros(len(values), dtype=int), np.zeros(len(values), dtype=int)
    for _ in range(ROUNDS):
        suspects = outlying(design, current.surprises).any(axis=1)
        moved = False
        for column in np.flatnonzero(suspects):
            found = strongest(design, values[column], current.weights[column])
            if found is None:
                continue
            moved = True
            if found.lasting:
                values[column, : found.time] += found.size
                shifts[column] += 1
            else:
                values[column, found.time] -= found.size
                outliers[column] += 1
        if not moved:
            break
        current = fit(design, values)
    beyond = outlying(design, current.surprises)
    if beyond.any():
        values -= beyond
        current = fit(design, values)
    return Cleaned(values, current, int(outliers.max()), int(shifts.max()))


@dataclass(frozen=True)
class Disturbance:
    """An outlier at a time, or a level shift that lasts from it; size in the units of the series."""

    time: int
    size: float
    lasting: bool


def strongest(design: Design, values: Array, weights: Array) -> Disturbance | None:
    """Return the disturbance of one series (n,) with the strongest evidence, if that is beyond doubt."""
    prior = np.log(weights + 1e-300)[:, None]
    candidates = []
    for lasting in (False, True):
        parts = [_evidence(family, design.observed, values, lasting) for family in design.families]
        evidence = prior + np.concatenate([part[0] for part in parts])
        sizes = np.concatenate([part[1] for part in parts])
        allowed = _allowed_times(design, lasting)
        top = evidence.max(axis=0)
        total = np.where(allowed, top + np.log(np.exp(evidence - top).sum(axis=0)), -np.inf)
        time = int(total.argmax())
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


def _evidence(family: FamilyDesign, observed: int, values: Array, lasting: bool) -> tuple[Array, Array]:
    """Return log Bayes factor and size (models, n) of a disturbance at each time."""
    plain = filtered(family.filtering, values[None])[:, 0]
    seen = np.einsum("dt,dtp->dp", plain, family.unknowns_in_surprises)
    unknowns = np.einsum("dp,drpq->drq", seen, family.covariance)
    squares = (plain**2).sum(axis=1)[:, None] - np.einsum("dp,drp->dr", seen, unknowns)
    squares = np.maximum(squares, SMALLEST * observed)
    along = correlated(family.filtering, plain)
    regressors = family.shifts if lasting else family.outliers
    if lasting:
        along = from_the_end(along)
    along = along[:, None] - unknowns @ np.swapaxes(regressors.reach, 1, 2)
    precision = SIZE_SCALE**-2
    energy = regressors.energy + precision
    gain = np.minimum(along**2 / (energy * squares[:, :, None]), 1 - 1e-9)
    factor = -0.5 * (observed - 1) * np.log1p(-gain) - 0.5 * np.log(energy / precision)
    models = factor.shape[0] * factor.shape[1]
    return factor.reshape(models, -1), (along / energy).reshape(models, -1)
