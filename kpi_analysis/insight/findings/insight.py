"""What a finding is: first a candidate with its p-value, then a sentence with everything that it quotes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from kpi_analysis.insight.findings.baseline import Basis

Kind = Literal["moved", "target", "turned", "unusual", "segment"]


@dataclass(frozen=True)
class Candidate:
    """Something that may be a finding, before it is known how much else was looked at.

    Parameters
    ----------
    kind : str
        moved (the months of the period), unusual (one month or day), turned (a lasting change of level).
    kpi : str
    slice : mapping of str to str
        Dimension values; nothing for the whole company.
    period : str
        The month, day or period that it is about; for a change, the first month of the new level.
    months : tuple of str
        Labels of the months (or days) that speak for it.
    up : bool
        Whether the KPI is above what is usual.
    strength : float
        How many standard errors it is off.
    p_value : float
        How often noise alone would do this.
    low, high : float
        Where 95 of 100 values would lie, in the KPI's own unit; for a change the means before and after.
    basis : {"level", "season", "trend"}
        What it is held against: the usual level, that of the season, or the trend as it would go on.
    """

    kind: Kind
    kpi: str
    slice: Mapping[str, str]
    period: str
    months: tuple[str, ...]
    up: bool
    strength: float
    p_value: float
    low: float
    high: float
    basis: Basis = "level"

    @property
    def id(self) -> str:
        """Names the finding: ``moved:cost_per_lead@2026-Q3[channel=Paid social]``."""
        slices = ",".join(f"{name}={value}" for name, value in self.slice.items())
        return f"{self.kind}:{self.kpi}@{self.period}" + (f"[{slices}]" if slices else "")


@dataclass(frozen=True)
class Quoted:
    """A number of a sentence: of which figure, which field of it, its value, and how it is printed.

    Parameters
    ----------
    id : str
        The id of a value in results.json, of the finding itself, or ``target:<kpi>``.
    field : str
        value, previous, year_ago, low, high, chance, target, current.
    value : float
    text : str
        As it stands in the sentence.
    unit : str
        The unit in which it is written there; ``chance`` for a probability.
    """

    id: str
    field: str
    value: float
    text: str
    unit: str


@dataclass(frozen=True)
class Insight:
    """A finding in words, with its evidence and the command that shows more.

    Parameters
    ----------
    id, kind, kpi, period, slice
        As those of its candidate.
    size : float
        The change that is reported, in the KPI's own unit; of a target the chance.
    low, high : float, optional
        The 95 % range of what would have been usual.
    p_value : float, optional
        None where no chance is played with: a target, a gap in the data.
    claim, evidence : str
    query : str
        A command that shows more.
    quoted : tuple of Quoted
    score : float
        Its rank; the highest comes first.
    tone : str
        good, bad, warn or plain.
    figure, figure_unit : str
        The number that stands large beside it, and the words below that.
    """

    id: str
    kind: Kind
    kpi: str
    period: str
    slice: Mapping[str, str]
    size: float | None
    low: float | None
    high: float | None
    p_value: float | None
    claim: str
    evidence: str
    query: str
    quoted: tuple[Quoted, ...]
    score: float
    tone: Literal["plain", "good", "bad", "warn"] = "plain"
    figure: str = ""
    figure_unit: str = ""
    also: tuple[str, ...] = field(default=())

    def record(self) -> dict[str, Any]:
        """Return it as JSON-ready data."""
        told = asdict(self)
        return {**told, "slice": dict(self.slice), "quoted": [asdict(one) for one in self.quoted]}
