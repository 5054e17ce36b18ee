"""The table of attribution rules: company file and methods know the same ones."""

from __future__ import annotations

from typing import get_args

from kpi_analysis.core.attribution_rules import ATTRIBUTION_RULES, SPLITTING_RULES
from kpi_analysis.core.config.company import AttributionSpec
from kpi_analysis.stats.attribution.heuristics import POSITION_RULES


def test_the_company_file_takes_the_rules_that_split_each_journey() -> None:
    assert get_args(AttributionSpec.model_fields["rule"].annotation) == SPLITTING_RULES


def test_each_rule_that_splits_a_journey_has_a_method() -> None:
    assert set(POSITION_RULES) == set(SPLITTING_RULES) < set(ATTRIBUTION_RULES)
