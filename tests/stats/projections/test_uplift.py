"""What-ifs: each beside the probability that it leads to."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from kpi_analysis.core.errors import UsageError
from kpi_analysis.stats.projections import Projection, needed_uplift, probability, project, with_uplift

HISTORY = pd.Series(100 + np.cumsum(np.random.default_rng(3).normal(0, 4, 40)))


@pytest.mark.parametrize("total", [True, False])
@pytest.mark.parametrize(("better", "target"), [("higher", 1.15), ("lower", 0.8)])
def test_the_needed_uplift_leads_to_the_chance(total: bool, better: str, target: float) -> None:
    found = project(HISTORY, 6)
    aim = target * (found.frame["mean"].sum() + 50 if total else found.frame["mean"].iloc[-1])
    given = {"to_date": 50.0, "total": total, "better": better}
    uplift = needed_uplift(found, aim, 0.7, **given)
    chance = probability(with_uplift(found, uplift), aim, **given)
    assert chance == pytest.approx(0.7, abs=2 / len(found.paths) + 1e-9)
    assert chance >= 0.7 - 1e-9
    assert (uplift > 0) == (better == "higher")


def test_no_uplift_is_the_projection_itself() -> None:
    found = project(HISTORY, 4)
    same = with_uplift(found, 0.0)
    assert np.array_equal(same.paths, found.paths)
    pd.testing.assert_frame_equal(same.frame, found.frame)


def test_a_share_stays_a_share() -> None:
    rates = Projection(
        frame=pd.DataFrame({"step": [1], "mean": [0.8], "low": [0.7], "high": [0.9]}), paths=np.array([[0.7], [0.9]])
    )
    more = with_uplift(rates, 0.5, bounds=(0.0, 1.0))
    assert more.frame.iloc[0].tolist() == [1, 1.0, 1.0, 1.0]
    assert more.paths.max() == 1.0


def test_what_cannot_be_scaled_has_no_needed_uplift() -> None:
    losses = Projection(paths=np.array([[-5.0], [-1.0], [2.0]]))
    assert np.isnan(needed_uplift(losses, 10.0, 0.7))
    assert np.isnan(needed_uplift(Projection(reason="too short"), 10.0, 0.7))


@pytest.mark.parametrize("uplift", [float("nan"), -1.5])
def test_an_uplift_that_cannot_be_is_refused(uplift: float) -> None:
    with pytest.raises(UsageError, match="uplift"):
        with_uplift(project(HISTORY, 2), uplift)
