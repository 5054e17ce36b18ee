"""Baseline regressors: trend with slow bends, season and controls; least-squares projection."""

from __future__ import annotations

import numpy as np

from kpi_analysis.stats.arrays import FloatArray

MOST_WAVES = 3


def baseline_regressors(length: int, season_length: int, controls: FloatArray, ahead: int = 0) -> FloatArray:
    """Baseline regressors of `length` periods, carried on for `ahead` more.

    Parameters
    ----------
    length : int
        Periods that are fitted.
    season_length : int
        Periods in a full cycle; 1 for no season.
    controls : array (length + ahead, k)
        Other things that move the outcome.
    ahead : int
        Periods after them.

    Returns
    -------
    array (length + ahead, columns)
        Constant, trend, its bends (one a season, or every 24 or 52 periods if that is longer), waves, controls.

    Examples
    --------
    >>> baseline_regressors(156, 52, np.empty((156, 0))).shape      # constant, trend, 2 bends, 3 waves of two columns
    (156, 10)
    """
    time = np.arange(length + ahead, dtype=float)
    columns = [np.ones_like(time), time / length]
    columns += [np.maximum(time - bend, 0) / length for bend in _bends(length, season_length)]
    for wave in range(1, _waves(length, season_length) + 1):
        angle = 2 * np.pi * wave * time / season_length
        columns += [np.sin(angle), np.cos(angle)]
    return np.column_stack([*columns, controls])


def _bends(length: int, season_length: int) -> list[int]:
    """Periods in which the trend may bend, counted from the end, so that its last stretch is a full one."""
    stretch = max(season_length, 24) if season_length >= 12 else 52
    return list(range(length - stretch, stretch // 2, -stretch))


def _waves(length: int, season_length: int) -> int:
    possible = min(MOST_WAVES, (season_length - 1) // 2)
    if length >= 1.5 * season_length:
        return possible
    return min(1, possible) if length >= season_length else 0


def orthonormal_basis(columns: FloatArray) -> FloatArray:
    """Orthonormal basis of the space that columns span; columns that repeat others are left out.

    Parameters
    ----------
    columns : ndarray of float, shape (n, k)
        Any columns.

    Returns
    -------
    ndarray of float, shape (n, rank)
        Orthonormal columns.

    Examples
    --------
    >>> orthonormal_basis(np.array([[1.0, 2.0], [1.0, 2.0], [1.0, 2.0]])).shape
    (3, 1)
    """
    scale = np.abs(columns).max(axis=0)
    left, size, _ = np.linalg.svd(columns / np.where(scale > 0, scale, 1.0), full_matrices=False)
    return np.asarray(left[:, size > 1e-9 * size[0]], dtype=float)


def residuals(basis: FloatArray, rows: FloatArray) -> FloatArray:
    """Residuals of rows (…, n) after projection onto the orthonormal columns of `basis` (n, k)."""
    return rows - (rows @ basis) @ basis.T
