"""Outcomes made from known curves, and the returns that follow from them, worked out without the package."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

SEASON = 52
BEFORE = 60  # periods that had their effect before the first one that is shown


@dataclass(frozen=True)
class Truth:
    """A channel as it is: `size` is the outcome that endless money would bring."""

    decay: float
    half: float
    shape: float
    size: float

    def brought(self, spend: np.ndarray) -> np.ndarray:
        weights = (1 - self.decay) * self.decay ** np.arange(40)
        money = np.convolve(spend, weights)[: spend.size]
        return self.size * money**self.shape / (money**self.shape + self.half**self.shape)

    def season(self, spend: np.ndarray, multiple: float = 1.0) -> float:
        """The outcome of the last season, if it is spent over and over."""
        return float(self.brought(multiple * np.tile(spend[-SEASON:], 4))[-SEASON:].sum())

    def average(self, spend: np.ndarray) -> float:
        return self.season(spend) / float(spend[-SEASON:].sum())

    def marginal(self, spend: np.ndarray) -> float:
        """By a small difference, not by a derivative."""
        step = 1e-5
        rise = self.season(spend, 1 + step) - self.season(spend, 1 - step)
        return rise / (2 * step * float(spend[-SEASON:].sum()))


TV = Truth(decay=0.6, half=60.0, shape=1.0, size=400.0)
SEARCH = Truth(decay=0.2, half=40.0, shape=1.5, size=300.0)
WASTE = Truth(decay=0.0, half=10.0, shape=1.0, size=40.0)  # has all it can have: little comes of more
NOTHING = Truth(decay=0.0, half=30.0, shape=1.0, size=0.0)


def simulated(
    channels: dict[str, Truth], seed: int, *, periods: int = 150, noise: float = 25.0
) -> tuple[pd.DataFrame, pd.Series]:
    """Spend around 50 a week and an outcome with trend, season and normal noise."""
    random = np.random.default_rng(seed)
    time = np.arange(periods + BEFORE)
    outcome = 1000 + time + 80 * np.sin(2 * np.pi * time / SEASON) + 40 * np.cos(4 * np.pi * time / SEASON)
    outcome = outcome + random.normal(0, noise, time.size)
    spend = {}
    for name, channel in channels.items():
        spend[name] = random.gamma(4, 12.5, time.size)
        outcome = outcome + channel.brought(spend[name])
    weeks = pd.period_range("2021-01-04", periods=periods, freq="W")
    shown = pd.DataFrame({name: money[BEFORE:] for name, money in spend.items()}, index=weeks)
    return shown, pd.Series(outcome[BEFORE:], index=weeks)
