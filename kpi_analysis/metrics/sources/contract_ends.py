"""Ends of contracts: from which day on a customer's plan no longer runs, whichever way `ended_on` is meant.

Some exports write the last day with the contract (inclusive), others the first day without it (exclusive). The company
file says which; else the changes of plan tell it: the next plan begins on the day after `ended_on`, or on that day.
A plan that is followed within a day is a change of plan by either reading, and never a gap.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import ibis
import ibis.expr.types as ir

from kpi_analysis.core.errors import DataFinding
from kpi_analysis.metrics.sources.dialects import dialect_of

if TYPE_CHECKING:
    from kpi_analysis.metrics.sources import Sources

Ends = Literal["inclusive", "exclusive"]

_CONTRACTS, _CUSTOMER, _STARTED, _ENDED = "subscriptions", "customer_id", "started_on", "ended_on"
FIRST_DAY_WITHOUT = "kpi_ended"  # the column that is added where `ended_on` is not that day itself
CLEAR_MAJORITY = 0.75
MEANING: Mapping[Ends, str] = {
    "inclusive": "the last day with the contract",
    "exclusive": "the first day without the contract",
}


@dataclass(frozen=True)
class PlanChanges:
    """Changes of plan: how often a plan is followed by another one of its customer, by the day this one begins.

    Parameters
    ----------
    same_day : mapping of date to int
        Those that begin on the day that `ended_on` names.
    next_day : mapping of date to int
        Those that begin on the day after it.
    """

    same_day: Mapping[dt.date, int] = field(default_factory=dict)
    next_day: Mapping[dt.date, int] = field(default_factory=dict)

    def until(self, day: dt.date) -> tuple[int, int]:
        """How many began on the same day and on the next one, as far as they are known on a day."""
        same, following = (
            sum(count for begun, count in changes.items() if begun <= day) for changes in (self.same_day, self.next_day)
        )
        return same, following


@dataclass(frozen=True)
class ContractEnds:
    """Reading of `ended_on`: what it means, and how that was told.

    Parameters
    ----------
    ends : str
        inclusive or exclusive.
    told_by : str
        What told it: the company file, the data, or nothing.
    same_day, next_day : int
        Changes of plan on the day that `ended_on` names, and on the day after it.
    as_of : date, optional
        Plans that begin later are not known.

    Examples
    --------
    >>> ContractEnds("inclusive", "data", same_day=2, next_day=40).words
    'ended_on is the last day with the contract, told by 40 of 42 changes of plan'
    >>> ContractEnds("exclusive", "default").words
    'ended_on is the first day without the contract, by default: no change of plan tells it'
    """

    ends: Ends
    told_by: Literal["company file", "data", "default"]
    same_day: int = 0
    next_day: int = 0
    as_of: dt.date | None = None

    @property
    def words(self) -> str:
        """The reading as a sentence without its full stop."""
        changes, counted = self.same_day + self.next_day, "the one change of plan"
        if changes > 1:
            counted = f"{self.next_day if self.ends == 'inclusive' else self.same_day:,} of {changes:,} changes of plan"
        undecided = "no change of plan tells it"
        if changes:
            undecided = f"of the changes of plan {self.same_day:,} fall on that day and {self.next_day:,} on the next"
        how = {
            "company file": "by the company file",
            "data": f"told by {counted}",
            "default": f"by default: {undecided}",
        }
        return f"{_ENDED} is {MEANING[self.ends]}, {how[self.told_by]}"

    @property
    def is_mixed(self) -> bool:
        """Whether some changes of plan are written the other way."""
        return (self.same_day if self.ends == "inclusive" else self.next_day) > 0

    @property
    def key(self) -> tuple[str, ...]:
        """All that a query for the ends depends on."""
        return (self.ends, "mixed", str(self.as_of)) if self.is_mixed else (self.ends,)


def contract_ends(sources: Sources, as_of: dt.date) -> ContractEnds | None:
    """Reading of `ended_on` as it is known on a day.

    Parameters
    ----------
    sources : Sources
        Tables of the company.
    as_of : date
        The last day that counts.

    Returns
    -------
    ContractEnds, or None where no contract has an end.

    Raises
    ------
    DataError
        When the contracts contradict the schema.
    """
    if _CONTRACTS not in sources.connected or _ENDED not in sources.columns(_CONTRACTS):
        return None
    changes = sources.memo.get(("changes of plan",), lambda: read_plan_changes(sources.table(_CONTRACTS)))
    return reading_of(changes, as_of, _ends(sources))


def reading_of(changes: PlanChanges, as_of: dt.date, said: Ends | None = None) -> ContractEnds:
    """Reading that the changes of plan tell, unless the company file says one.

    Parameters
    ----------
    changes : PlanChanges
        Of all contracts.
    as_of : date
        The last day that counts.
    said : str, optional
        What the company file says.

    Returns
    -------
    ContractEnds

    Examples
    --------
    >>> day = dt.date(2026, 7, 1)
    >>> reading_of(PlanChanges(next_day={day: 3}), day).ends
    'inclusive'
    >>> reading_of(PlanChanges(same_day={day: 2}, next_day={day: 3}), day).told_by
    'default'
    """
    same, following = changes.until(as_of)
    if said is not None:
        return ContractEnds(said, "company file", same, following, as_of)
    clear = CLEAR_MAJORITY * (same + following)
    if following and following >= clear:
        return ContractEnds("inclusive", "data", same, following, as_of)
    return ContractEnds("exclusive", "data" if same and same >= clear else "default", same, following, as_of)


def contract_end_findings(ends: ContractEnds | None) -> list[DataFinding]:
    """Findings about `ended_on`, where the changes of plan do not tell how to read it, or contradict the company file.

    Parameters
    ----------
    ends : ContractEnds, optional
        The reading; none where no contract has an end.

    Returns
    -------
    list of DataFinding
        Warnings: a change of plan is none of them a loss, but the day on which a customer leaves may be off by one.

    Examples
    --------
    >>> contract_end_findings(ContractEnds("exclusive", "data", same_day=9))
    []
    >>> [finding.remedy for finding in contract_end_findings(ContractEnds("exclusive", "default", 1, 1))]
    ['Say which it is in the company file: ends: inclusive, or ends: exclusive.']
    """
    if ends is None:
        return []
    subject, day = f"table {_CONTRACTS}, column {_ENDED}", "Customers who leave may be counted a day off."
    if ends.told_by == "default" and ends.same_day + ends.next_day:
        remedy = "Say which it is in the company file: ends: inclusive, or ends: exclusive."
        return [DataFinding("warning", subject, f"{ends.words}. {day}", remedy)]
    told = reading_of(PlanChanges({dt.date.min: ends.same_day}, {dt.date.min: ends.next_day}), dt.date.max)
    if ends.told_by == "company file" and told.told_by == "data" and told.ends != ends.ends:
        words = f"the company file says ends: {ends.ends}, but the changes of plan say that {told.words}. {day}"
        return [DataFinding("warning", subject, words, f"Check it, and write ends: {told.ends} if they are right.")]
    return []


def read_plan_changes(contracts: ir.Table) -> PlanChanges:
    """Changes of plan of all customers, by one query.

    Parameters
    ----------
    contracts : Table
        The canonical table.

    Returns
    -------
    PlanChanges
    """
    plans = contracts.select(
        customer=contracts[_CUSTOMER], begun=contracts[_STARTED].cast("date"), ended=contracts[_ENDED].cast("date")
    )
    begins = plans.filter(plans.customer.notnull(), plans.begun.notnull()).select("customer", "begun").distinct()
    plans = plans.filter(plans.ended >= plans.begun)
    after = _next_day(plans.ended)
    same = begins.rename(kpi_who="customer", kpi_same="begun")
    following = begins.rename(kpi_other="customer", kpi_next="begun")
    followed = plans.mutate(kpi_after=after)
    followed = followed.left_join(
        same,
        [followed.customer == same.kpi_who, followed.ended == same.kpi_same, followed.ended > followed.begun],
    )
    followed = followed.left_join(
        following, [followed.customer == following.kpi_other, followed.kpi_after == following.kpi_next]
    )
    followed = followed.mutate(kpi_on=followed.kpi_same.coalesce(followed.kpi_next), kpi_is=followed.kpi_same.notnull())
    counted = followed.filter(followed.kpi_on.notnull()).group_by(["kpi_on", "kpi_is"])
    found = counted.aggregate(plans=lambda t: t.count()).to_pyarrow().to_pylist()
    days = [(row["kpi_on"], bool(row["kpi_is"]), int(row["plans"])) for row in found]
    return PlanChanges(
        {day: count for day, is_same, count in days if is_same},
        {day: count for day, is_same, count in days if not is_same},
    )


def with_contract_ends(contracts: ir.Table, ends: ContractEnds | None) -> ir.Table:
    """Contracts with the first day without each, where that is not `ended_on` itself.

    Parameters
    ----------
    contracts : Table
        The canonical table, whole: a plan may be followed by one that a condition leaves out.
    ends : ContractEnds, optional
        The reading; none where no contract has an end.

    Returns
    -------
    Table
    """
    if ends is None or (ends.ends == "exclusive" and not ends.is_mixed):
        return contracts
    ended, begun = contracts[_ENDED].cast("date"), contracts[_STARTED].cast("date")
    contracts = contracts.mutate(kpi_on=ended, kpi_begun=begun, kpi_after=_next_day(ended))
    if not ends.is_mixed:
        return contracts.mutate(**{FIRST_DAY_WITHOUT: contracts.kpi_after}).drop("kpi_on", "kpi_begun", "kpi_after")
    begins = contracts.filter(contracts[_CUSTOMER].notnull(), contracts.kpi_begun <= ends.as_of)
    begins = begins.select(kpi_who=begins[_CUSTOMER], kpi_same=begins.kpi_begun).distinct()
    contracts = contracts.left_join(
        begins,
        [contracts[_CUSTOMER] == begins.kpi_who, contracts.kpi_on == begins.kpi_same,
         contracts.kpi_on > contracts.kpi_begun],
    ).drop("kpi_who")  # fmt: skip
    added = ["kpi_on", "kpi_begun", "kpi_after", "kpi_same"]
    if ends.ends == "inclusive":
        end = ibis.ifelse(contracts.kpi_same.notnull(), contracts.kpi_on, contracts.kpi_after)
        return contracts.mutate(**{FIRST_DAY_WITHOUT: end}).drop(*added)
    following = begins.view().rename(kpi_next="kpi_same")
    contracts = contracts.left_join(
        following, [contracts[_CUSTOMER] == following.kpi_who, contracts.kpi_after == following.kpi_next]
    )
    bridged = contracts.kpi_same.isnull() & contracts.kpi_next.notnull()
    end = ibis.ifelse(bridged, contracts.kpi_after, contracts.kpi_on)
    return contracts.mutate(**{FIRST_DAY_WITHOUT: end}).drop(*added, "kpi_who", "kpi_next")


def end_of(rows: ir.Table, column: str) -> ir.Value:
    """Day on which rows are no longer open: the first day without, where the column is the end of contracts.

    Parameters
    ----------
    rows : Table
        Of any canonical table.
    column : str
        The one that says when a row ends.

    Returns
    -------
    Value
        A date.
    """
    name = FIRST_DAY_WITHOUT if column == _ENDED and FIRST_DAY_WITHOUT in rows.columns else column
    return rows[name].cast("date")


def _next_day(day: ir.Value) -> ir.Value:
    return dialect_of(day.get_backend()).next_day(day)


def _ends(sources: Sources) -> Literal["inclusive", "exclusive"] | None:
    """What the company file says of the last day of contracts, in the table or in a source of it."""
    return next((one.ends for one in sources.config.tables[_CONTRACTS].all_sources if one.ends is not None), None)
