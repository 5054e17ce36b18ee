"""Process-behaviour limits and the run rules."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from support.published_series import XMR

from kpi_analysis.stats.trends import signals


def words(history: pd.Series) -> dict[object, str]:  # type: ignore[type-arg]
    found = signals(history)
    marked = found[found["signal"] != ""]
    return dict(zip(marked["period"], marked["signal"], strict=True))


def around(centre: float, offsets: list[float], reach: float = 30.0) -> pd.Series:  # type: ignore[type-arg]
    """Offsets that the centre and the limits are then found around: a swing balances mean and moving range."""
    half = len(offsets)
    swing = [reach / 2.66 / 2 * (-1) ** at for at in range(20 * half)]
    return pd.Series([centre + value for value in swing + offsets])


def test_the_worked_example_gives_its_published_limits_and_no_signal() -> None:
    found = signals(XMR)
    assert list(found.columns) == ["period", "value", "centre", "lower", "upper", "signal"]
    assert found["centre"].unique() == pytest.approx(50.81)
    assert found["lower"].unique() == pytest.approx(45.8159, abs=5e-5)
    assert found["upper"].unique() == pytest.approx(55.8041, abs=5e-5)
    assert set(found["signal"]) == {""}


def test_a_period_beyond_a_limit_is_named_with_its_side() -> None:
    leads = [50.0, 54, 49, 53, 51, 54, 49, 53, 52, 50, 54, 49]
    periods = [f"2026-{month:02}" for month in range(1, 14)]
    assert words(pd.Series([*leads, 80], index=periods)) == {"2026-13": "above the limits"}
    assert words(pd.Series([*leads, 20], index=periods)) == {"2026-13": "below the limits"}


def test_eight_in_a_row_is_named_from_the_eighth_on() -> None:
    low, high = [48.0, 46, 49, 45, 48, 46, 49], [52.0, 54, 51, 55, 52, 54, 51, 55, 52]
    found = words(pd.Series(low + high))
    assert {at: word for at, word in found.items() if "eight" in word} == {
        14: "eight in a row above the centre",
        15: "eight in a row above the centre",
    }
    mirrored = words(-pd.Series(low + high))
    assert mirrored[14] == mirrored[15] == "eight in a row below the centre"


def test_seven_in_a_row_and_a_point_on_the_centre_are_no_run() -> None:
    symmetric = pd.Series([-3.0, 3, *[1, 2, 1, 2], 0, *[1, 2, 1, 2], -3, 3, -12, *[-1, 1] * 3])
    assert symmetric.mean() == 0
    assert not any("eight" in word for word in words(symmetric).values())
    bridged = symmetric.copy()
    bridged.iloc[6], bridged.iloc[13] = 1.0, -13.0
    assert any("eight" in word for word in words(bridged).values())


def test_three_of_four_near_a_limit_is_named_when_the_third_comes() -> None:
    near = around(100.0, [20.0, 20.0, 0.0, 20.0])
    last = len(near) - 1
    assert words(near) == {last: "three of four near the upper limit"}
    far = around(100.0, [20.0, 20.0, 0.0, 0.0, 20.0])
    assert words(far) == {}
    down = around(100.0, [-20.0, 0.0, -20.0, -20.0])
    assert words(down) == {last: "three of four near the lower limit"}


def test_both_sides_together_are_no_three_of_four() -> None:
    assert words(around(100.0, [20.0, -20.0, 20.0, 0.0])) == {}


def test_a_gap_breaks_moving_ranges() -> None:
    levels = pd.Series([10.0, 12, 10, 12, 10, np.nan, 1012, 1010, 1012, 1010, 1012])
    found = signals(levels)
    assert (found["upper"] - found["centre"]).iloc[0] == pytest.approx(2 * 3 / 1.128)
    assert (signals(levels.dropna())["upper"] - found["centre"]).iloc[0] > 100


def test_a_gap_breaks_runs() -> None:
    values = [48.0, 46, 49, 45, 48, 46, 49, 45, 52, 54, 51, 55, 52, 54, 51, 55]
    assert words(pd.Series(values)) == {
        7: "eight in a row below the centre",
        15: "eight in a row above the centre",
    }
    assert words(pd.Series([*values[:12], np.nan, *values[12:]])) == {7: "eight in a row below the centre"}


def test_a_gap_breaks_three_of_four() -> None:
    assert words(around(100.0, [20.0, 20.0, np.nan, 20.0])) == {}


def test_a_gap_keeps_its_row_without_a_value_or_a_signal() -> None:
    found = signals(pd.Series([5.0, 6, np.nan, 5, 6, 5, 6], index=list("abcdefg")))
    assert found["period"].tolist() == list("abcdefg")
    assert np.isnan(found.at[2, "value"]) and found.at[2, "signal"] == ""
    assert found["centre"].notna().all()


@pytest.mark.parametrize("values", [[], [5.0], [5.0, 900.0, 5.0, 6.0], [5.0, np.nan, 6.0, np.nan, 900.0, np.nan, 7]])
def test_too_few_neighbours_give_no_limits_and_no_signal(values: list[float]) -> None:
    found = signals(pd.Series(values, dtype=float))
    assert len(found) == len(values)
    assert found[["centre", "lower", "upper"]].isna().all(axis=None)
    assert set(found["signal"]) <= {""}


def test_equal_values_are_no_signal_despite_rounding() -> None:
    for value in (0.1, 1e9 / 3, -0.7, 0.0):
        assert words(pd.Series([value] * 13)) == {}


def test_the_history_is_left_as_it_was() -> None:
    values = XMR.copy(deep=True)
    pd.testing.assert_frame_equal(signals(values), signals(values))
    pd.testing.assert_series_equal(values, XMR)
