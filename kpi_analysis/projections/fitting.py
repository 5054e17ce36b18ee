"""Fit all models of a design to standardised series at once, and weigh them by how well they foretell."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kpi_analysis.projections.design import Design, filtered
from kpi_analysis.projections.families import Array

OUTLIER_LIMIT = 3.5
NORMAL_MEDIAN = 1.4826    # standard deviations in a median absolute deviation
SMALLEST = 1e-12


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
    """

    log_likelihood: Array
    weights: Array
    futures: Array
    noise: Array
    surprises: Array

    @property
    def centre(self) -> Array:
        """The average projection, (columns, horizon)."""
        centre: Array = np.einsum("cm,cmh->ch", self.weights, self.futures)
        return centre


def fit(design: Design, values: Array) -> Fit:
    """Fit every model of `design` to each row of `values` (columns, n), whose gaps hold zero."""
    degrees = design.observed - 1
    results = []
    for family in design.families:
        plain = filtered(family.filtering, values)
        seen = plain @ family.unknowns_in_surprises
        unknowns = seen[:, None] @ family.covariance
        squares = (plain**2).sum(axis=2)[:, None] - (seen[:, None] * unknowns).sum(axis=3)
        squares = np.maximum(squares, SMALLEST * degrees)
        future = (plain @ np.swapaxes(family.surprises_in_future, 1, 2))[:, None]
        future = future + unknowns @ np.swapaxes(family.unknowns_in_future, 1, 2)[:, None]
        evidence = family.log_determinants[:, :, None] - 0.5 * degrees * np.log(squares)
        results.append((plain, unknowns, squares, future, evidence))

    columns = values.shape[0]
    evidence = np.concatenate([_by_column(part[4], columns) for part in results], axis=1)
    squares = np.concatenate([_by_column(part[2], columns) for part in results], axis=1)
    futures = np.concatenate([_by_column(part[3], columns) for part in results], axis=1)
    weights = 0.5 * _softmax(evidence) + 0.5 * _softmax(np.where(design.has_drift, evidence, -np.inf))
    surprises = np.zeros_like(values)
    first = 0
    for family, (plain, unknowns, part_squares, _, _) in zip(design.families, results, strict=True):
        dynamics, priors = part_squares.shape[:2]
        share = weights[:, first : first + dynamics * priors].reshape(columns, dynamics, priors)
        first += dynamics * priors
        surprises += np.einsum("cdr,dct->ct", share, plain)
        mean_unknowns = np.einsum("cdr,drcp->cdp", share, unknowns)
        surprises -= np.einsum("dtp,cdp->ct", family.unknowns_in_surprises, mean_unknowns, optimize=True)
    return Fit(evidence, weights, futures, np.sqrt(squares / degrees), surprises)


def outlying(design: Design, surprises: Array) -> Array:
    """Return what of the surprises (columns, n) lies beyond the limit that noise hardly reaches."""
    there = np.ones(design.length, dtype=bool)
    there[list(design.gaps)] = False
    usual = np.median(np.abs(surprises[:, there]), axis=1, keepdims=True)
    limit = OUTLIER_LIMIT * NORMAL_MEDIAN * usual
    return np.where(there, surprises - np.clip(surprises, -limit, limit), 0.0)


def _by_column(part: Array, columns: int) -> Array:
    moved = np.moveaxis(part, 2, 0)
    return moved.reshape(columns, part.shape[0] * part.shape[1], *part.shape[3:])


def _softmax(evidence: Array) -> Array:
    weights = np.exp(evidence - evidence.max(axis=1, keepdims=True))
    shares: Array = weights / weights.sum(axis=1, keepdims=True)
    return shares
