"""Fit all models of a design to standardised series at once, and weigh them by how well they foretell."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kpi_analysis.stats.projections.design_matrices import Design, FamilyDesign, filtered
from kpi_analysis.stats.projections.smoothing_models import Array

OUTLIER_LIMIT = 3.5
NORMAL_MEDIAN = 1.4826  # standard deviations in a median absolute deviation
SMALLEST = 1e-12


@dataclass(frozen=True)
class FamilyFit:
    """The models of one family fitted to series in columns.

    Parameters
    ----------
    plain : array (dynamics, columns, n)
        Surprises as they would be with all unknowns zero.
    unknowns : array (dynamics, priors, columns, unknowns)
        Posterior means of the states at the start, and of the missing values.
    squares : array (dynamics, priors, columns)
        Squared surprises, with what the prior adds.
    """

    plain: Array
    unknowns: Array
    squares: Array


@dataclass(frozen=True)
class Fit:
    """All models fitted to series in columns.

    Parameters
    ----------
    log_likelihood : array (columns, models)
        Log marginal likelihood, up to a constant of the length.
    weights : array (columns, models)
        Share of each model in the average.
    futures : array (columns, models, horizon)
        Each model's projection.
    noise : array (columns, models)
        Each model's estimate of the deviation of a surprise.
    surprises : array (columns, n)
        The average model's surprises.
    families : tuple of FamilyFit
        What the models are made from.
    """

    log_likelihood: Array
    weights: Array
    futures: Array
    noise: Array
    surprises: Array
    families: tuple[FamilyFit, ...]

    @property
    def centre(self) -> Array:
        """The average projection, (columns, horizon)."""
        centre: Array = (self.weights[:, None] @ self.futures)[:, 0]
        return centre


def fit(design: Design, values: Array) -> Fit:
    """Fit every model of `design` to each row of `values` (columns, n), whose gaps hold zero."""
    degrees = design.observed - 1
    families = tuple(_family_fit(family, values, degrees) for family in design.families)
    pairs = list(zip(design.families, families, strict=True))
    evidence = _by_column(
        [family.log_determinants[:, :, None] - 0.5 * degrees * np.log(own.squares) for family, own in pairs]
    )
    weights = 0.5 * _softmax(evidence) + 0.5 * _softmax(np.where(design.has_drift, evidence, -np.inf))
    return Fit(
        evidence,
        weights,
        _by_column([_futures(family, own) for family, own in pairs]),
        np.sqrt(_by_column([own.squares for own in families]) / degrees),
        _mean_surprises(pairs, weights),
        families,
    )


def _family_fit(family: FamilyDesign, values: Array, degrees: int) -> FamilyFit:
    plain = filtered(family, values)
    seen = (plain @ family.unknowns_in_surprises)[:, None]
    unknowns = seen @ family.covariance
    squares = (plain**2).sum(axis=2)[:, None] - (seen * unknowns).sum(axis=3)
    return FamilyFit(plain, unknowns, np.maximum(squares, SMALLEST * degrees))


def _futures(family: FamilyDesign, own: FamilyFit) -> Array:
    from_surprises = own.plain @ np.swapaxes(family.surprises_in_future, 1, 2)
    from_unknowns = own.unknowns @ np.swapaxes(family.unknowns_in_future, 1, 2)[:, None]
    return from_surprises[:, None] + from_unknowns


def _mean_surprises(pairs: list[tuple[FamilyDesign, FamilyFit]], weights: Array) -> Array:
    total = np.zeros(pairs[0][1].plain.shape[1:])
    first = 0
    for family, own in pairs:
        dynamics, priors, columns = own.squares.shape
        last = first + dynamics * priors
        share = np.moveaxis(weights[:, first:last].reshape(columns, dynamics, priors), 0, 2)
        first = last
        unknowns = (share[..., None] * own.unknowns).sum(axis=1)
        explained = unknowns @ np.swapaxes(family.unknowns_in_surprises, 1, 2)
        total += (share.sum(axis=1)[..., None] * own.plain - explained).sum(axis=0)
    return total


def outlying(design: Design, surprises: Array, limit: float = OUTLIER_LIMIT) -> Array:
    """Return what of the surprises (columns, n) lies beyond `limit` robust standard deviations."""
    there = np.ones(design.length, dtype=bool)
    there[list(design.gaps)] = False
    usual = np.median(np.abs(surprises[:, there]), axis=1, keepdims=True)
    farthest = limit * NORMAL_MEDIAN * usual
    return np.where(there, surprises - np.clip(surprises, -farthest, farthest), 0.0)


def _by_column(parts: list[Array]) -> Array:
    """Return (dynamics, priors, columns, …) of the families as one array (columns, models, …)."""
    flat = [np.moveaxis(part, 2, 0).reshape(part.shape[2], -1, *part.shape[3:]) for part in parts]
    return np.concatenate(flat, axis=1)


def _softmax(evidence: Array) -> Array:
    weights = np.exp(evidence - evidence.max(axis=1, keepdims=True))
    shares: Array = weights / weights.sum(axis=1, keepdims=True)
    return shares
