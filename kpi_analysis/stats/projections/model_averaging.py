"""Bayesian model averaging: the fit of all models of a design at once, and their weights."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kpi_analysis.stats.arrays import FloatArray
from kpi_analysis.stats.projections.design_matrices import DesignMatrices, FamilyDesign, innovations_of

OUTLIER_LIMIT = 3.5
NORMAL_MEDIAN = 1.4826  # standard deviations in a median absolute deviation
SMALLEST = 1e-12


@dataclass(frozen=True)
class FamilyFit:
    """Fit of one family's models to series in columns.

    Parameters
    ----------
    plain : array (dynamics, columns, n)
        Innovations as they would be with all unknowns zero.
    unknowns : array (dynamics, priors, columns, unknowns)
        Posterior means of the states at the start, and of the missing values.
    squares : array (dynamics, priors, columns)
        Squared innovations, with what the prior adds.
    """

    plain: FloatArray
    unknowns: FloatArray
    squares: FloatArray


@dataclass(frozen=True)
class ModelFits:
    """Fit of all models to series in columns, with their weights.

    Parameters
    ----------
    log_likelihood : array (columns, models)
        Log marginal likelihood, up to a constant of the length.
    weights : array (columns, models)
        Share of each model in the average.
    futures : array (columns, models, horizon)
        Each model's projection.
    noise : array (columns, models)
        Each model's estimate of the deviation of an innovation.
    innovations : array (columns, n)
        The average model's innovations.
    families : tuple of FamilyFit
        What the models are made from.
    """

    log_likelihood: FloatArray
    weights: FloatArray
    futures: FloatArray
    noise: FloatArray
    innovations: FloatArray
    families: tuple[FamilyFit, ...]

    @property
    def centre(self) -> FloatArray:
        """Average projection, (columns, horizon)."""
        centre: FloatArray = (self.weights[:, None] @ self.futures)[:, 0]
        return centre


def fit_models(design: DesignMatrices, values: FloatArray) -> ModelFits:
    """Fit of every model of `design` to each row of `values` (columns, n), whose gaps hold zero."""
    degrees = design.observed - 1
    families = tuple(_family_fit(family, values, degrees) for family in design.families)
    pairs = list(zip(design.families, families, strict=True))
    evidence = _by_column(
        [family.log_determinants[:, :, None] - 0.5 * degrees * np.log(own.squares) for family, own in pairs]
    )
    weights = 0.5 * _softmax(evidence) + 0.5 * _softmax(np.where(design.has_drift, evidence, -np.inf))
    return ModelFits(
        evidence,
        weights,
        _by_column([_futures(family, own) for family, own in pairs]),
        np.sqrt(_by_column([own.squares for own in families]) / degrees),
        _mean_innovations(pairs, weights),
        families,
    )


def _family_fit(family: FamilyDesign, values: FloatArray, degrees: int) -> FamilyFit:
    plain = innovations_of(family, values)
    seen = (plain @ family.unknowns_in_innovations)[:, None]
    unknowns = seen @ family.covariance
    squares = (plain**2).sum(axis=2)[:, None] - (seen * unknowns).sum(axis=3)
    return FamilyFit(plain, unknowns, np.maximum(squares, SMALLEST * degrees))


def _futures(family: FamilyDesign, own: FamilyFit) -> FloatArray:
    from_innovations = own.plain @ np.swapaxes(family.innovations_in_future, 1, 2)
    from_unknowns = own.unknowns @ np.swapaxes(family.unknowns_in_future, 1, 2)[:, None]
    return from_innovations[:, None] + from_unknowns


def _mean_innovations(pairs: list[tuple[FamilyDesign, FamilyFit]], weights: FloatArray) -> FloatArray:
    total = np.zeros(pairs[0][1].plain.shape[1:])
    first = 0
    for family, own in pairs:
        dynamics, priors, columns = own.squares.shape
        last = first + dynamics * priors
        share = np.moveaxis(weights[:, first:last].reshape(columns, dynamics, priors), 0, 2)
        first = last
        unknowns = (share[..., None] * own.unknowns).sum(axis=1)
        explained = unknowns @ np.swapaxes(family.unknowns_in_innovations, 1, 2)
        total += (share.sum(axis=1)[..., None] * own.plain - explained).sum(axis=0)
    return total


def outlier_excess(design: DesignMatrices, innovations: FloatArray, limit: float = OUTLIER_LIMIT) -> FloatArray:
    """Part of the innovations (columns, n) beyond `limit` robust standard deviations."""
    there = np.ones(design.length, dtype=bool)
    there[list(design.gaps)] = False
    usual = np.median(np.abs(innovations[:, there]), axis=1, keepdims=True)
    farthest = limit * NORMAL_MEDIAN * usual
    return np.where(there, innovations - np.clip(innovations, -farthest, farthest), 0.0)


def _by_column(parts: list[FloatArray]) -> FloatArray:
    """Arrays (dynamics, priors, columns, …) of the families as one (columns, models, …)."""
    flat = [np.moveaxis(part, 2, 0).reshape(part.shape[2], -1, *part.shape[3:]) for part in parts]
    return np.concatenate(flat, axis=1)


def _softmax(evidence: FloatArray) -> FloatArray:
    weights = np.exp(evidence - evidence.max(axis=1, keepdims=True))
    shares: FloatArray = weights / weights.sum(axis=1, keepdims=True)
    return shares
