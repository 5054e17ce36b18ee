"""Design matrices of the smoothing models: all that length, horizon and gaps decide, worked out once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import NDArray

from kpi_analysis.stats.arrays import FloatArray
from kpi_analysis.stats.projections.smoothing_models import (
    SmoothingFamily,
    nonseasonal_family,
    responses,
    seasonal_family,
)


@dataclass(frozen=True)
class FamilyDesign:
    """Design matrices of one family of models.

    A missing value is one more unknown beside the states at the start, under a flat prior: that is exactly to
    condition on the values that are there, and no value is made up.

    Parameters
    ----------
    filtering : array (dynamics, n)
        Response of the innovations to a value.
    unknowns_in_innovations : array (dynamics, n, unknowns)
        What the unknowns take off the innovations.
    unknowns_in_future : array (dynamics, horizon, unknowns)
        What the unknowns add to the projection.
    innovations_in_future : array (dynamics, horizon, n)
        What the innovations of a series without unknowns add to the projection.
    covariance : array (dynamics, priors, unknowns, unknowns)
        Posterior covariance of the unknowns, in units of the noise.
    log_determinants : array (dynamics, priors)
        The part of the log marginal likelihood that no value enters.
    noise_in_future : array (dynamics, horizon, horizon)
        What the future's own innovations add to it: lower triangular.
    """

    filtering: FloatArray
    unknowns_in_innovations: FloatArray
    unknowns_in_future: FloatArray
    innovations_in_future: FloatArray
    covariance: FloatArray
    log_determinants: FloatArray
    noise_in_future: FloatArray

    @property
    def padded(self) -> int:
        """Length for Fourier transforms in which nothing wraps round."""
        return -(-2 * int(self.filtering.shape[1]) // 64) * 64

    @cached_property
    def spectrum(self) -> NDArray[np.complex128]:
        """Fourier transform of the filtering response."""
        return np.fft.rfft(self.filtering, self.padded)

    @cached_property
    def spreads(self) -> FloatArray:
        """Cholesky factors of the covariance of the future in units of the noise, (models, horizon, horizon)."""
        future = self.unknowns_in_future[:, None]
        own = self.noise_in_future[:, None]
        covariance = future @ self.covariance @ _transposed(future) + own @ _transposed(own)
        horizon = own.shape[-1]
        return np.asarray(np.linalg.cholesky(covariance), dtype=float).reshape(-1, horizon, horizon)

    @cached_property
    def outliers(self) -> Regressors:
        """Regressors of an additive outlier: one value moved, at each time."""
        reach = filter_correlation(self, self.unknowns_in_innovations)
        return self._regressors(reach, np.cumsum(self.filtering**2, axis=1)[:, ::-1])

    @cached_property
    def shifts(self) -> Regressors:
        """Regressors of a level shift: all values from each time on moved."""
        reach = reverse_cumsum(self.outliers.reach)
        return self._regressors(reach, np.cumsum(np.cumsum(self.filtering, axis=1) ** 2, axis=1)[:, ::-1])

    def _regressors(self, reach: FloatArray, energy: FloatArray) -> Regressors:
        explained = ((reach[:, None] @ self.covariance) * reach[:, None]).sum(axis=3)
        return Regressors(reach, np.maximum(energy[:, None] - explained, 0.0))


@dataclass(frozen=True)
class Regressors:
    """Regressors of an intervention of size one at each time, as the innovations see it.

    Parameters
    ----------
    reach : array (dynamics, n, unknowns)
        What it has in common with the unknowns.
    energy : array (dynamics, priors, n)
        Its squares that no unknown explains.
    """

    reach: FloatArray
    energy: FloatArray


@dataclass(frozen=True)
class DesignMatrices:
    """Design matrices of all families that a history of this length can bear."""

    length: int
    horizon: int
    gaps: tuple[int, ...]
    families: tuple[FamilyDesign, ...]
    has_drift: NDArray[np.bool_]

    @property
    def observed(self) -> int:
        """Number of values that are there."""
        return self.length - len(self.gaps)

    @property
    def seasonal(self) -> bool:
        """Whether the seasonal family is in."""
        return len(self.families) > 1

    @property
    def plain_models(self) -> int:
        """Number of models without a season; they come first."""
        return int(self.families[0].log_determinants.size)

    @cached_property
    def spreads(self) -> FloatArray:
        """Cholesky factors of the future's covariance, model by model."""
        return np.concatenate([family.spreads for family in self.families])


@lru_cache(maxsize=32)
def design_matrices(length: int, horizon: int, season_length: int, gaps: tuple[int, ...] = ()) -> DesignMatrices:
    """Design matrices for histories of `length` periods with values missing at `gaps`."""
    families = [nonseasonal_family()]
    if season_length > 1 and length - len(gaps) >= season_length + season_length // 2 + 1:
        families.append(seasonal_family(season_length))
    has_drift = [np.repeat(family.has_drift(), len(family.prior_precisions())) for family in families]
    built = tuple(_family_design(family, length, horizon, gaps) for family in families)
    return DesignMatrices(length, horizon, gaps, built, np.concatenate(has_drift))


def _family_design(family: SmoothingFamily, length: int, horizon: int, gaps: tuple[int, ...]) -> FamilyDesign:
    known = responses(family, length + horizon)
    filtering = known.filtering[:, :length]
    growing = known.growing
    step, time = np.arange(horizon)[:, None], np.arange(length)
    innovations_in_future = growing[:, length + step - time]
    lag = step - np.arange(horizon)
    noise_in_future = np.where(lag >= 0, growing[:, np.maximum(lag, 0)], 0.0)

    start = known.start_in_innovations[:, :length]
    missing = np.stack([_delayed(filtering, gap) for gap in gaps], axis=2) if gaps else start[:, :, :0]
    in_innovations = np.concatenate([start, -missing], axis=2)
    start_in_future = known.start_in_values[:, length : length + horizon]
    no_future = np.zeros((len(filtering), horizon, len(gaps)))
    in_future = np.concatenate([start_in_future, no_future], axis=2) - innovations_in_future @ in_innovations

    prior = family.prior_precisions()
    precisions = np.hstack([prior, np.zeros((len(prior), len(gaps)))])
    from_values = _transposed(in_innovations) @ in_innovations
    information = from_values[:, None] + np.eye(precisions.shape[1]) * precisions[:, None]
    covariance = np.linalg.inv(information)
    log_prior = family.log_prior_odds() + 0.5 * np.log(prior).sum(axis=1)
    log_determinants = log_prior - 0.5 * np.linalg.slogdet(information)[1]
    return FamilyDesign(
        filtering,
        in_innovations,
        in_future,
        innovations_in_future,
        covariance,
        log_determinants,
        noise_in_future,
    )


def innovations_of(family: FamilyDesign, values: FloatArray) -> FloatArray:
    """Innovations (dynamics, columns, n) of series (columns, n) whose unknowns are all zero."""
    spectrum = np.fft.rfft(values, family.padded)
    moved = np.fft.irfft(family.spectrum[:, None] * spectrum, family.padded)
    return moved[:, :, : values.shape[1]]


def filter_correlation(family: FamilyDesign, following: FloatArray) -> FloatArray:
    """Correlation of `following` (dynamics, n, …) with the filtering response, from each time on."""
    extra = (None,) * (following.ndim - 2)
    spectrum = np.conj(family.spectrum)[(..., *extra)] * np.fft.rfft(following, family.padded, axis=1)
    return np.fft.irfft(spectrum, family.padded, axis=1)[:, : following.shape[1]]


def reverse_cumsum(values: FloatArray) -> FloatArray:
    """Running sums (dynamics, n, …) from each time to the end."""
    return np.cumsum(values[:, ::-1], axis=1)[:, ::-1]


def _delayed(response: FloatArray, delay: int) -> FloatArray:
    moved = np.zeros_like(response)
    moved[:, delay:] = response[:, : response.shape[1] - delay]
    return moved


def _transposed(matrices: FloatArray) -> FloatArray:
    return np.swapaxes(matrices, -1, -2)
