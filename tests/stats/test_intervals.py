from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from math import inf, nan

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import stats

from kpi_analysis.core.errors import KpiError
from kpi_analysis.stats.intervals import (
    UNBOUNDED,
    NoEstimate,
    fieller,
    garwood,
    jeffreys,
    net_promoter,
    newcombe,
    proportion,
    rate_per,
    ratio_of_sums,
    same_rate,
    student_t,
    too_few,
    welch_t,
    wilson,
)

OF_RATES = (wilson, jeffreys, proportion)
HAIR = 1e-9
quick = settings(max_examples=60, deadline=None)


@st.composite
def rates(draw: st.DrawFn) -> tuple[int, int]:
    trials = draw(st.integers(1, 2000))
    return draw(st.integers(0, trials)), trials


# One rate


@pytest.mark.parametrize(
    ("successes", "trials", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_wilson_gives_the_published_limits(successes: int, trials: int, low: float, high: float) -> None:
    assert wilson(successes, trials) == (pytest.approx(low, abs=5e-5), pytest.approx(high, abs=5e-5))


@pytest.mark.parametrize(("successes", "trials"), [(0, 7), (3, 12), (7, 7), (50, 400)])
@pytest.mark.parametrize("level", [0.8, 0.95, 0.99])
def test_wilson_agrees_with_scipy(successes: int, trials: int, level: float) -> None:
    theirs = stats.binomtest(successes, trials).proportion_ci(level, method="wilson")
    assert wilson(successes, trials, level=level) == pytest.approx((theirs.low, theirs.high), abs=1e-12)


@pytest.mark.parametrize(("successes", "trials"), [(1, 5), (3, 12), (39, 40), (200, 1000)])
def test_jeffreys_is_the_middle_of_the_beta_posterior(successes: int, trials: int) -> None:
    posterior = stats.beta(successes + 0.5, trials - successes + 0.5)
    assert jeffreys(successes, trials) == pytest.approx(tuple(posterior.ppf([0.025, 0.975])), abs=1e-12)


@pytest.mark.parametrize("method", OF_RATES)
def test_a_rate_of_none_or_all_touches_its_bound_exactly(method: Callable[..., tuple[float, float]]) -> None:
    assert method(0, 20)[0] == 0.0
    assert method(20, 20)[1] == 1.0
    assert 0 < method(0, 20)[1] < 0.2


def test_forty_trials_are_few_and_forty_one_are_not() -> None:
    assert proportion(7, 40) == jeffreys(7, 40) != wilson(7, 40)
    assert proportion(7, 41) == wilson(7, 41) != jeffreys(7, 41)


@quick
@given(rates(), st.sampled_from(OF_RATES))
def test_a_rate_lies_in_its_interval_and_the_interval_in_0_to_1(
    counts: tuple[int, int], method: Callable[..., tuple[float, float]]
) -> None:
    low, high = method(*counts)
    assert 0 <= low <= counts[0] / counts[1] <= high <= 1
    assert low < high


@quick
@given(rates(), st.sampled_from(OF_RATES))
def test_counting_failures_mirrors_the_interval(
    counts: tuple[int, int], method: Callable[..., tuple[float, float]]
) -> None:
    successes, trials = counts
    low, high = method(successes, trials)
    assert method(trials - successes, trials) == pytest.approx((1 - high, 1 - low), abs=HAIR)


@quick
@given(rates(), st.sampled_from((wilson, jeffreys)))
def test_the_same_rate_from_twice_as_many_is_known_better(
    counts: tuple[int, int], method: Callable[..., tuple[float, float]]
) -> None:
    successes, trials = counts
    assert _width(method(2 * successes, 2 * trials)) < _width(method(successes, trials))


@quick
@given(rates(), st.sampled_from(OF_RATES))
def test_more_confidence_needs_a_wider_interval(
    counts: tuple[int, int], method: Callable[..., tuple[float, float]]
) -> None:
    assert _width(method(*counts, level=0.8)) < _width(method(*counts, level=0.99))


@pytest.mark.parametrize(("method", "least"), [(wilson, 0.90), (jeffreys, 0.88)])
def test_intervals_of_few_trials_hold_their_level_exactly_computed(
    method: Callable[..., tuple[float, float]], least: float
) -> None:
    """Over all rates, weighing all outcomes by their binomial chance: no simulation."""
    trials = 20
    limits = np.array([method(k, trials) for k in range(trials + 1)])
    rates = np.linspace(0.005, 0.995, 199)[:, None]
    covers = (limits[:, 0] <= rates) & (rates <= limits[:, 1])
    coverage = (stats.binom.pmf(np.arange(trials + 1), trials, rates) * covers).sum(axis=1)
    assert coverage.mean() == pytest.approx(0.95, abs=0.005)
    assert coverage.min() > least


# Two rates


def test_newcombe_gives_the_published_limits() -> None:
    assert newcombe(56, 70, 48, 80) == pytest.approx((0.0524, 0.3339), abs=5e-5)


@pytest.mark.parametrize(
    ("counts", "low", "high"),
    # Newcombe 1998, table II, method 10.
    [((9, 10, 3, 10), 0.1705, 0.8090), ((10, 10, 0, 20), 0.6791, 1.0), ((5, 56, 0, 29), -0.0381, 0.1926)],
)
def test_newcombe_gives_the_limits_of_his_table(counts: tuple[int, ...], low: float, high: float) -> None:
    assert newcombe(*counts) == pytest.approx((low, high), abs=5e-5)


@quick
@given(rates(), rates())
def test_a_difference_lies_in_its_interval_and_turns_with_its_sign(
    first: tuple[int, int], second: tuple[int, int]
) -> None:
    low, high = newcombe(*first, *second)
    assert -1 <= low <= first[0] / first[1] - second[0] / second[1] <= high <= 1
    assert newcombe(*second, *first) == pytest.approx((-high, -low), abs=HAIR)


@pytest.mark.parametrize("table", [(56, 70, 48, 80), (120, 900, 80, 800), (6, 12, 7, 15)])
def test_large_tables_agree_with_chi_square(table: tuple[int, int, int, int]) -> None:
    a, m, b, n = table
    theirs = stats.chi2_contingency([[a, m - a], [b, n - b]], correction=False).pvalue
    assert same_rate(*table) == pytest.approx(theirs, rel=1e-9)


@pytest.mark.parametrize(
    "table",
    [
        (1, 10, 6, 10),
        (0, 20, 0, 30),
        (4, 200, 15, 210),
        (10, 10, 0, 10),
        (3, 5000, 20, 6000),
        (5, 10, 5, 505),  # no cell below 5 was counted, but .19 was expected
    ],
)
def test_small_tables_agree_with_fisher(table: tuple[int, int, int, int]) -> None:
    a, m, b, n = table
    theirs = stats.fisher_exact([[a, m - a], [b, n - b]]).pvalue
    assert same_rate(*table) == pytest.approx(theirs, rel=1e-6)


@quick
@given(rates(), rates())
def test_the_order_of_periods_and_outcomes_does_not_change_the_p_value(
    first: tuple[int, int], second: tuple[int, int]
) -> None:
    p = same_rate(*first, *second)
    (a, m), (b, n) = first, second
    assert 0 <= p <= 1
    assert same_rate(*second, *first) == pytest.approx(p, rel=1e-6, abs=1e-12)
    assert same_rate(m - a, m, n - b, n) == pytest.approx(p, rel=1e-6, abs=1e-12)


def test_shared_counts_are_not_tested_as_if_they_were_cases() -> None:
    with pytest.raises(NoEstimate, match="whole"):
        same_rate(2.5, 10, 3, 10)


# Counts, and a fixed amount per event


@pytest.mark.parametrize("count", [0, 1, 5, 50, 4000])
@pytest.mark.parametrize("level", [0.8, 0.95])
def test_garwoods_limits_leave_half_of_the_rest_on_either_side(count: int, level: float) -> None:
    low, high = garwood(count, level=level)
    assert stats.poisson.cdf(count, high) == pytest.approx((1 - level) / 2, rel=1e-9)
    if count:
        assert stats.poisson.sf(count - 1, low) == pytest.approx((1 - level) / 2, rel=1e-9)
    else:
        assert low == 0.0


def test_garwoods_limits_never_hold_less_than_their_level() -> None:
    limits = np.array([garwood(k) for k in range(80)])
    expected = np.linspace(0.1, 30, 150)[:, None]
    covers = (limits[:, 0] <= expected) & (expected <= limits[:, 1])
    assert (stats.poisson.pmf(np.arange(80), expected) * covers).sum(axis=1).min() >= 0.95


def test_ten_thousand_on_fifty_leads_may_cost_152_to_269_a_lead() -> None:
    assert rate_per(10_000, 50) == pytest.approx((151.70, 269.46), abs=0.005)


def test_spend_without_a_lead_has_a_floor_and_no_ceiling() -> None:
    low, high = rate_per(10_000, 0)
    assert low == pytest.approx(10_000 / 3.6889, rel=1e-4)
    assert high == inf


def test_leads_that_cost_nothing_cost_nothing() -> None:
    assert rate_per(0, 0) == rate_per(0, 12) == (0.0, 0.0)


@quick
@given(st.floats(0.01, 1e9), st.integers(1, 10_000))
def test_a_cost_lies_in_its_interval_which_shrinks_with_the_count(total: float, count: int) -> None:
    low, high = rate_per(total, count)
    assert low < total / count < high
    nearer = rate_per(2 * total, 2 * count)
    assert low < nearer[0] < nearer[1] < high


# Ratios


def test_fieller_gives_the_published_limits() -> None:
    assert fieller(10, 5, 1, 0.25) == pytest.approx((1.5090, 2.6508), abs=5e-5)


@pytest.mark.parametrize(("b", "variance"), [(1, 1), (0, 0), (0, 1), (-1, 1)])
def test_a_denominator_like_zero_leaves_the_ratio_not_estimable(b: float, variance: float) -> None:
    assert fieller(10, b, 1, variance) == UNBOUNDED


def test_a_certain_denominator_gives_the_plain_interval() -> None:
    assert fieller(10, 5, 4, 0) == pytest.approx(((10 - 1.959964 * 2) / 5, (10 + 1.959964 * 2) / 5), rel=1e-6)


def test_what_moves_together_narrows_the_ratio() -> None:
    assert _width(fieller(10, 5, 1, 0.25, 0.45)) < 0.5 * _width(fieller(10, 5, 1, 0.25))
    assert fieller(10, 5, 1, 0.25, 0.5) == pytest.approx((2, 2))


@quick
@given(st.floats(-1e4, 1e4), st.floats(-1e4, 1e4), st.floats(0, 1e4), st.floats(0, 1e4), st.floats(-0.99, 0.99))
def test_the_limits_of_a_ratio_are_those_a_test_would_just_not_reject(
    a: float, b: float, variance_a: float, variance_b: float, correlation: float
) -> None:
    assume(abs(b) > 0.1 and variance_a > 1e-3)
    covariance = correlation * (variance_a * variance_b) ** 0.5
    low, high = fieller(a, b, variance_a, variance_b, covariance)
    assume(high < 1e4 and low > -1e4)
    assert low - HAIR <= a / b <= high + HAIR
    for ratio in (low, high):
        variance = variance_a - 2 * ratio * covariance + ratio * ratio * variance_b
        assume(variance > 1e-3)
        scale = abs(a) + abs(ratio * b) + 1
        assert abs(a - ratio * b) == pytest.approx(1.959964 * variance**0.5, rel=1e-4, abs=1e-4 * scale)


@pytest.mark.parametrize("numbers", [(nan, 5, 1, 1), (10, inf, 1, 1), (10, 5, -1, 1), (10, 5, 1, -1), (10, 5, 1, 1, 2)])
def test_variances_that_cannot_be_are_refused(numbers: tuple[float, ...]) -> None:
    with pytest.raises(NoEstimate, match="cannot be"):
        fieller(*numbers)


def test_a_ratio_to_constants_is_the_t_interval_of_a_mean() -> None:
    values = [3.0, 5.0, 4.0, 8.0, 6.0]
    theirs = stats.ttest_1samp(values, 0).confidence_interval()
    assert ratio_of_sums(values, [1] * 5) == pytest.approx((theirs.low, theirs.high))


def test_a_ratio_of_sums_is_not_a_mean_of_ratios() -> None:
    low, high = ratio_of_sums([100, 9000] * 20, [1, 300] * 20)
    assert low < 9100 / 301 < high < 50  # the mean of the ratios is 65


def test_a_ratio_does_not_change_with_the_order_of_pairs_and_scales_with_the_unit() -> None:
    above, below = np.array([900.0, 1100, 1000, 1200]), np.array([10.0, 12, 9, 11])
    low, high = ratio_of_sums(above, below)
    assert ratio_of_sums(above[::-1], below[::-1]) == pytest.approx((low, high))
    assert ratio_of_sums(above / 1000, below) == pytest.approx((low / 1000, high / 1000))


def test_one_pair_or_a_denominator_around_zero_is_not_estimable() -> None:
    assert ratio_of_sums([100], [4]) == UNBOUNDED
    assert ratio_of_sums([100, 120, 90], [-4, 5, 1]) == UNBOUNDED


@pytest.mark.parametrize(("above", "below"), [([], []), ([1, 2], [1]), ([1, nan], [1, 2]), ([[1, 2]], [[1, 2]])])
def test_what_is_not_pairs_has_no_ratio(above: list[float], below: list[float]) -> None:
    with pytest.raises(NoEstimate):
        ratio_of_sums(above, below)


def test_the_interval_of_a_ratio_of_sums_holds_its_level() -> None:
    random = np.random.default_rng(7)
    below = random.gamma(4, 5, (1000, 20))
    above = 3 * below + random.normal(0, 10, below.shape)
    covers = [low <= 3 <= high for low, high in map(ratio_of_sums, above, below)]
    assert np.mean(covers) == pytest.approx(0.95, abs=0.02)


# Scores and means


def test_a_score_of_many_answers_has_the_multinomial_interval() -> None:
    promoters, passives, detractors = 5000, 3000, 2000
    answers = np.repeat([100, 0, -100], [promoters, passives, detractors])
    half = 1.959964 * answers.std() / len(answers) ** 0.5
    assert net_promoter(promoters, passives, detractors) == pytest.approx((30 - half, 30 + half), abs=0.02)


@quick
@given(st.integers(0, 500), st.integers(0, 500), st.integers(0, 500))
def test_a_score_lies_in_its_interval_and_turns_with_its_sign(promoters: int, passives: int, detractors: int) -> None:
    assume(promoters + passives + detractors > 0)
    score = 100 * (promoters - detractors) / (promoters + passives + detractors)
    low, high = net_promoter(promoters, passives, detractors)
    assert -100 <= low <= score + HAIR and score - HAIR <= high <= 100
    assert low < high
    assert net_promoter(detractors, passives, promoters) == pytest.approx((-high, -low), abs=HAIR)


@pytest.mark.parametrize("shares", [(0.6, 0.3, 0.1), (0.9, 0.08, 0.02), (0.2, 0.2, 0.6)])
def test_the_interval_of_a_score_holds_its_level_for_twenty_answers(shares: tuple[float, ...]) -> None:
    random = np.random.default_rng(11)
    truth = 100 * (shares[0] - shares[2])
    limits = np.array([net_promoter(*row) for row in random.multinomial(20, shares, 3000)])
    covers = (limits[:, 0] <= truth) & (truth <= limits[:, 1])
    assert 0.93 < np.mean(covers) < 0.98


@pytest.mark.parametrize("counts", [(0, 0, 0), (-1, 5, 5), (nan, 1, 1)])
def test_no_answers_make_no_score(counts: tuple[float, float, float]) -> None:
    with pytest.raises(NoEstimate, match="no score"):
        net_promoter(*counts)


@quick
@given(st.lists(st.floats(-1000, 1000), min_size=2, max_size=40))
def test_a_mean_from_its_sums_agrees_with_scipy_from_its_rows(values: list[float]) -> None:
    assume(np.std(values) > 0.1)
    theirs = stats.ttest_1samp(values, 0).confidence_interval()
    assert student_t(*_sums(values)) == pytest.approx((theirs.low, theirs.high), rel=1e-6, abs=1e-4)


def test_a_difference_of_means_agrees_with_welchs_test() -> None:
    first, second = [12.0, 15, 11, 18, 14, 90], [9.0, 10, 9, 11]
    theirs = stats.ttest_ind(first, second, equal_var=False).confidence_interval(0.9)
    ours = welch_t(*_sums(first), *_sums(second), level=0.9)
    assert ours == pytest.approx((theirs.low, theirs.high))


def test_one_value_says_nothing_about_its_mean() -> None:
    assert student_t(7, 49, 1) == UNBOUNDED
    assert welch_t(7, 49, 1, 30, 220, 5) == UNBOUNDED


def test_equal_values_have_an_interval_of_no_width() -> None:
    assert student_t(0.3, 0.03, 3) == pytest.approx((0.1, 0.1), abs=1e-7)  # .03 − .3²/3 is not quite 0
    assert welch_t(30, 300, 3, 12, 48, 3) == (6, 6)


@pytest.mark.parametrize("sums", [(10, 5, 3), (0, 0, 0), (nan, 1, 2), (1, nan, 2), (1, 1, -2), (1, inf, 2)])
def test_sums_that_no_values_have_are_refused(sums: tuple[float, float, float]) -> None:
    with pytest.raises(NoEstimate, match="have the sum"):
        student_t(*sums)


# Few, and wrong


@pytest.mark.parametrize(
    ("trials", "successes", "few"),
    [
        (29, None, True),
        (30, None, False),
        (29, 12, True),
        (30, 4, True),
        (30, 5, False),
        (30, 26, True),
        (nan, None, True),
    ],
)
def test_few_trials_and_rare_outcomes_are_too_few(trials: float, successes: float | None, few: bool) -> None:
    assert too_few(trials, successes) is few


@pytest.mark.parametrize("method", OF_RATES)
@pytest.mark.parametrize(("successes", "trials"), [(1, 0), (3, 2), (-1, 5), (nan, 5), (1, nan), (1, inf)])
def test_what_is_no_rate_has_no_interval(
    method: Callable[..., tuple[float, float]], successes: float, trials: float
) -> None:
    with pytest.raises(ValueError, match="no rate"):
        method(successes, trials)


@pytest.mark.parametrize(("total", "count"), [(10, -1), (10, nan), (-5, 3), (nan, 3)])
def test_negative_and_missing_counts_and_amounts_are_refused(total: float, count: float) -> None:
    with pytest.raises(NoEstimate, match="is no"):
        rate_per(total, count)


@pytest.mark.parametrize("level", [0, 1, 95, nan])
def test_a_level_is_a_share(level: float) -> None:
    with pytest.raises(KpiError, match="level") as refused:
        wilson(1, 2, level=level)
    assert refused.value.remedy


def test_wilson_and_newcombe_do_not_wait_for_scipy() -> None:
    code = (
        "import sys; from kpi_analysis.stats.intervals import newcombe, fieller;"
        "newcombe(5, 9, 4, 9); fieller(10, 5, 1, 1); sys.exit('scipy' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def _width(interval: tuple[float, float]) -> float:
    return interval[1] - interval[0]


def _sums(values: list[float]) -> tuple[float, float, int]:
    return sum(values), sum(value * value for value in values), len(values)
