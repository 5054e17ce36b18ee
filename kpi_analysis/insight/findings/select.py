"""Which candidates are real, which of them are the same fact, and which matter most."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from kpi_analysis.insight.findings.insight import Candidate
from kpi_analysis.metrics.catalogue import Catalogue
from kpi_analysis.stats.trends import benjamini_hochberg

COMPANY, PARTS = 0.03, 0.01  # share of false findings that is put up with
SURE_ENOUGH = 8.0  # a p-value below 1e-8 says no more than one of 1e-8
OLD_NEWS = 3.0  # what a change of level weighs less, which the report before could have told


@dataclass(frozen=True)
class Group:
    """One fact: the candidate that speaks for it, and the others that it shows in."""

    lead: Candidate
    others: tuple[Candidate, ...]
    score: float


def significant(company: Sequence[Candidate], parts: Sequence[Candidate]) -> list[Candidate]:
    """Return the candidates that are believed, given everything that was looked at.

    Parameters
    ----------
    company, parts : sequence of Candidate
        All that was tested of the whole company and of its slices. They are two families, so that a thousand slices
        do not drown what the whole company shows. Where nothing is real, the first speaks up in at most 3 % of
        reports and the second in at most 1 %.

    References
    ----------
    Benjamini, Y. and Hochberg, Y. (1995). Controlling the false discovery rate. Journal of the Royal
    Statistical Society B 57, 289-300.
    """
    found: list[Candidate] = []
    for family, q in ((company, COMPANY), (parts, PARTS)):
        believed = benjamini_hochberg([one.p_value for one in family], q)
        found += [one for one, is_real in zip(family, believed, strict=True) if is_real]
    return found


def rank_findings(found: Iterable[Candidate], catalogue: Catalogue, aimed_at: Collection[str] = ()) -> list[Group]:
    """Return the facts behind candidates, the weightiest first; what shares a measure and a month is one fact.

    Parameters
    ----------
    found : iterable of Candidate
    catalogue : Catalogue
        Says what KPIs are made of and how much they weigh.
    aimed_at : collection of str
        KPIs with a target.
    """
    order = sorted(found, key=lambda one: (-_score(one, catalogue, aimed_at), one.id))
    leads: list[Candidate] = []
    others: dict[str, list[Candidate]] = {}
    for one in order:
        same = next((lead for lead in leads if _same_fact(lead, one, catalogue)), None)
        if same is None:
            leads.append(one)
            others[one.id] = []
        else:
            others[same.id].append(one)
    return [_whole_first(lead, others[lead.id], _score(lead, catalogue, aimed_at)) for lead in leads]


def _whole_first(lead: Candidate, others: Sequence[Candidate], score: float) -> Group:
    """Let the whole company speak where it shows the same of the same KPI, however much clearer a slice is."""
    whole = next((one for one in others if lead.slice and not one.slice and one.kpi == lead.kpi), lead)
    rest = tuple(one for one in (lead, *others) if one is not whole)
    return Group(whole, rest, score)


def _score(one: Candidate, catalogue: Catalogue, aimed_at: Collection[str]) -> float:
    """Strategic before operational, the whole company before a slice, sure before less sure."""
    from math import log10

    metric = catalogue.metric(one.kpi)
    weight = {1: 4.0, 2: 2.0}.get(metric.headline or 0, 0.0) + (2.0 if metric.level == "strategic" else 0.0)
    weight += (2.0 if one.kpi in aimed_at else 0.0) + (0.0 if one.slice else 2.0)
    weight -= OLD_NEWS if one.kind == "turned" else 0.0
    return weight + min(SURE_ENOUGH, -log10(max(one.p_value, 1e-300)))


def _same_fact(one: Candidate, other: Candidate, catalogue: Catalogue) -> bool:
    """Whether two candidates are one event: the same time, and KPIs that share a measure or lead to one another."""
    if (one.kind == "turned") != (other.kind == "turned"):
        return False
    if one.kind == "turned" and one.period != other.period:
        return False
    if not _days(one) & _days(other):
        return False
    if one.slice and other.slice and one.slice != other.slice:
        return one.kpi == other.kpi and one.up == other.up
    leads_to = catalogue.metric(one.kpi).supports == other.kpi or catalogue.metric(other.kpi).supports == one.kpi
    return (leads_to and one.slice == other.slice) or bool(
        set(catalogue.measures_of(one.kpi)) & set(catalogue.measures_of(other.kpi))
    )


def _days(one: Candidate) -> set[str]:
    """The months that it is about; a day counts as its month."""
    return {label[:7] for label in one.months}
