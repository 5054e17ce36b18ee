"""Known curves are found again, and what cannot be told is not told."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from support.reasons import says
from support.simulated_response import NOTHING, SEARCH, TV, simulated

from kpi_analysis.core.errors import DataError, UsageError
from kpi_analysis.stats.response import Response, adstock, fit_response, hill

NUMBERS = ["average_return", "average_low", "average_high", "marginal_return", "marginal_low", "marginal_high"]


@pytest.fixture(scope="module")
def twenty() -> list[tuple[pd.DataFrame, pd.DataFrame]]:
    """Spend and found channels of twenty companies in which tv works and the other channel does nothing."""
    made = [simulated({"tv": TV, "nothing": NOTHING}, seed, periods=100, noise=15.0) for seed in range(20)]
    return [(spend, fit_response(spend, outcome).channels.set_index("channel")) for spend, outcome in made]


def test_the_limits_hold_the_true_returns_and_their_middle_is_right_on_average(
    twenty: list[tuple[pd.DataFrame, pd.DataFrame]],
) -> None:
    told = [(spend["tv"].to_numpy(), found.loc["tv"]) for spend, found in twenty if found.loc["tv"].reason == ""]
    assert len(told) >= 16
    marginals = [row.marginal_low <= TV.marginal(money) <= row.marginal_high for money, row in told]
    averages = [row.average_low <= TV.average(money) <= row.average_high for money, row in told]
    assert np.mean(marginals) >= 0.8 and np.mean(averages) >= 0.8
    assert np.mean([row.marginal_return / TV.marginal(money) for money, row in told]) == pytest.approx(1, abs=0.1)


def test_a_channel_that_does_nothing_is_not_told_from_none(twenty: list[tuple[pd.DataFrame, pd.DataFrame]]) -> None:
    nothing = [found.loc["nothing"] for _, found in twenty]
    withheld = [row.reason.startswith("its effect is not distinguishable from none") for row in nothing]
    assert np.mean(withheld) >= 0.9
    for row in (row for row, silent in zip(nothing, withheld, strict=True) if silent):
        assert row[NUMBERS].isna().all()


def test_parameters_and_returns_are_found_again_where_the_noise_is_small() -> None:
    spend, outcome = simulated({"tv": TV, "search": SEARCH}, seed=3, noise=8.0)
    found = fit_response(spend, outcome)
    for channel, truth in (("tv", TV), ("search", SEARCH)):
        row, money = found.channels.set_index("channel").loc[channel], spend[channel].to_numpy()
        assert row.reason == ""
        assert row.decay == pytest.approx(truth.decay, abs=0.07)
        assert row.marginal_return == pytest.approx(truth.marginal(money), rel=0.1)
        assert row.average_return == pytest.approx(truth.average(money), rel=0.25)
        assert row.contribution == pytest.approx(row.average_return * money[-52:].sum())
    assert found.reason is None and found.fit_quality is not None
    assert found.fit_quality.r_squared > 0.98
    assert found.fit_quality.error < 0.3 * found.fit_quality.naive_error


def test_the_published_data_set_gives_the_returns_that_it_was_made_with(shared_data: Path) -> None:
    """The tutorial says how: β 3000 and 2000, adstock .4 and .2 over 8 weeks, tanh(λx/2) with λ 4 and 3."""
    data = pd.read_csv(shared_data / "mmm-example" / "mmm_example.csv")
    assert data[["y", "x1", "x2"]].sum().tolist() == pytest.approx([946005.616086, 55.325603, 28.971148])
    assert (data.x2 == 0).sum() == 147
    found = fit_response(data[["x1", "x2"]], data["y"], controls=data[["event_1", "event_2"]]).channels.set_index(
        "channel"
    )
    for channel, decay, lam, beta in (("x1", 0.4, 4, 3000), ("x2", 0.2, 3, 2000)):
        season = data[channel].to_numpy()[-52:]
        weights = decay ** np.arange(8)
        at_work = np.convolve(np.tile(season, 3), weights / weights.sum())[104:156]
        reached = np.tanh(lam * at_work / 2)
        average = beta * reached.sum() / season.sum()
        marginal = beta * ((1 - reached**2) * lam * at_work / 2).sum() / season.sum()
        row = found.loc[channel]
        assert row.spend == pytest.approx(season.sum())
        assert row.average_low < average < row.average_high
        assert row.marginal_low < marginal < row.marginal_high
        assert row.marginal_return == pytest.approx(marginal, rel=0.2)
        assert row.decay == pytest.approx(decay, abs=0.1)


def test_the_same_seed_gives_the_same_and_another_hardly_anything_else() -> None:
    spend, outcome = simulated({"tv": TV}, seed=0, periods=100, noise=10.0)
    first, again, other = (fit_response(spend, outcome, seed=seed).channels for seed in (0, 0, 1))
    pd.testing.assert_frame_equal(first, again)
    assert other.marginal_return[0] != first.marginal_return[0]
    assert other.marginal_return[0] == pytest.approx(first.marginal_return[0], rel=0.05)


def test_units_of_money_and_outcome_do_not_matter() -> None:
    spend, outcome = simulated({"tv": TV}, seed=0, periods=100, noise=10.0)
    plain, scaled = (
        fit_response(spend, outcome).channels.iloc[0],
        fit_response(spend * 100, outcome * 1e6).channels.iloc[0],
    )
    assert scaled.marginal_return == pytest.approx(plain.marginal_return * 1e4)
    assert scaled.average_high == pytest.approx(plain.average_high * 1e4)


def reasons(found: Response) -> dict[str, str]:
    return dict(zip(found.channels["channel"], found.channels["reason"], strict=True))


def test_spend_that_is_flat_or_over_or_moves_with_something_else_is_withheld() -> None:
    spend, outcome = simulated({"tv": TV, "search": SEARCH}, seed=4)
    random = np.random.default_rng(4)
    spend = spend.assign(
        flat=100 + random.normal(0, 4, 150),
        twin=2 * spend["search"] + random.normal(0, 4, 150),
        over=np.where(np.arange(150) < 98, spend["tv"].to_numpy()[::-1], 0.0),
        never=0.0,
    )
    found = fit_response(spend, outcome)
    why = reasons(found)
    assert why["flat"].startswith("spend hardly varied: coefficient of variation 0.04, below 0.2")
    correlation = np.corrcoef(spend["search"], spend["twin"])[0, 1]
    assert why["twin"] == f"moves together with search (correlation {correlation:.2f})"
    assert why["search"] == f"moves together with twin (correlation {correlation:.2f})"
    assert says(why["over"], "no spend", "52")
    assert why["never"] == "no spend"
    assert why["tv"] == ""
    withheld = found.channels[found.channels["reason"] != ""]
    assert withheld[[*NUMBERS, "contribution", "decay"]].isna().all(axis=None)
    assert set(found.curves) == {"tv"}


def test_spend_that_follows_the_season_is_withheld() -> None:
    spend, outcome = simulated({"tv": TV}, seed=5)
    season = 100 + 80 * np.sin(2 * np.pi * np.arange(150) / 52)
    why = reasons(fit_response(spend.assign(xmas=season + np.random.default_rng(5).normal(0, 5, 150)), outcome))
    assert why["xmas"].startswith("moves together with trend, season and the other channels (they explain 9")


def test_a_range_that_says_nothing_is_withheld_though_the_average_is_told() -> None:
    random = np.random.default_rng(0)
    on = (random.random(120) < 0.3) * (90 + 20 * random.random(120))  # nothing, or always about as much
    outcome = pd.Series(1000 + 200 * hill(adstock(on, 0.0), 30.0, 1.0) + random.normal(0, 40, 120))
    row = fit_response(pd.DataFrame({"bursts": on}), outcome).channels.iloc[0]
    assert row.average_low < 200 * hill(on, 30.0, 1.0)[-52:].sum() / on[-52:].sum() < row.average_high
    assert np.isnan(row.marginal_return) == row.reason.startswith("range of marginal return spans")
    assert np.isnan(row.marginal_return)


def test_all_is_withheld_where_the_model_loses_against_the_season_before() -> None:
    spend, _ = simulated({"tv": TV}, seed=6)
    season = np.random.default_rng(6).normal(0, 100, 52)  # a season that no wave can follow
    found = fit_response(spend, pd.Series(np.resize(1000 + season, 150), index=spend.index))
    assert found.reason is not None and found.reason.startswith("the model misses held-out periods by ")
    assert found.fit_quality is not None and found.fit_quality.naive_error == pytest.approx(0, abs=1e-9)
    assert reasons(found) == {"tv": found.reason} and found.channels[NUMBERS].isna().all(axis=None)


@pytest.mark.parametrize(
    ("periods", "channels", "reason"),
    [(51, 1, "fewer than 52 periods: 51"), (60, 8, "unknowns are too many for 60 periods")],
)
def test_too_few_periods_are_not_fitted(periods: int, channels: int, reason: str) -> None:
    spend, outcome = simulated({f"c{number}": NOTHING for number in range(channels)}, seed=0, periods=periods)
    found = fit_response(spend, outcome)
    assert found.reason is not None and reason in found.reason
    assert found.fit_quality is None and set(reasons(found).values()) == {found.reason}


def test_an_outcome_that_never_changes_is_not_fitted() -> None:
    spend, outcome = simulated({"tv": TV}, seed=0)
    assert says(fit_response(spend, outcome * 0 + 5).reason, "never changes")


def test_tables_that_cannot_be_meant_are_refused() -> None:
    spend, outcome = simulated({"tv": TV, "search": SEARCH}, seed=0, periods=60)
    with pytest.raises(UsageError, match="not of the same periods: 59 and 60"):
        fit_response(spend, outcome[1:])
    with pytest.raises(UsageError, match="names 'tv' twice"):
        fit_response(spend.set_axis(["tv", "tv"], axis=1), outcome)
    with pytest.raises(UsageError, match="numbers are wanted"):
        fit_response(spend.astype(str), outcome)
    with pytest.raises(UsageError, match="whole number of periods"):
        fit_response(spend, outcome, season_length=0)
    with pytest.raises(DataError, match="'search' is -50 in"):
        fit_response(spend - pd.Series({"tv": 0, "search": spend["search"].iloc[0] + 50}), outcome)
    with pytest.raises(DataError, match="no number for 'tv'"):
        fit_response(spend.assign(tv=spend["tv"].where(spend.index != spend.index[7])), outcome)


@pytest.mark.parametrize("season_length", [1, 12])
def test_other_grains_are_fitted_too(season_length: int) -> None:
    random = np.random.default_rng(2)
    spend = pd.DataFrame({"tv": random.gamma(2, 25, 84)})
    outcome = pd.Series(1000 + TV.brought(spend["tv"].to_numpy()) + random.normal(0, 8, 84))
    row = fit_response(spend, outcome, season_length=season_length).channels.iloc[0]
    present = spend["tv"].iloc[-(12 if season_length == 12 else 52) :]
    assert row.spend == pytest.approx(present.sum())
    assert row.reason == "" and row.marginal_low < row.marginal_return < row.marginal_high
