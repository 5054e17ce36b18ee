"""Which source each file becomes: several of one tool are united, and the same money or the same rows never twice."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from kpi_analysis.cli.scaffold.inspect_files import Found, FoundTable, NotReadable
from kpi_analysis.cli.scaffold.loader_schemas import loader_sources
from kpi_analysis.cli.scaffold.source_draft import SourceDraft
from kpi_analysis.cli.scaffold.table_proposals import Assessment, assess
from kpi_analysis.presets import Match, nearest_presets, recognise

# Tables to which each tool adds its own rows: what one advertises, answers or makes is not what another does. Of the
# others two tools hold the same: a deal in two systems is one deal.
ADDITIVE = frozenset(("spend", "social", "surveys", "tickets", "touchpoints", "sales_activities", "production"))
MIN_SAME_SHARE = 0.5  # so many rows of the smaller file in another: it is the same export, made twice
MIN_UNIQUE_SHARE = 0.95
WORDS = {
    "invoices": "the same invoices", "ledger": "the same money", "orders": "the same orders", "leads": "the same leads",
    "opportunities": "the same deals", "customers": "the same customers", "subscriptions": "the same contracts",
    "web_traffic": "the same visits", "employees": "the same employees", "vacancies": "the same positions",
}  # fmt: skip


@dataclass(frozen=True)
class SourcePlan:
    """What becomes of all files.

    Parameters
    ----------
    lines : tuple of str
        One a file, sheet or table of a database, in the words of the command line.
    drafts : tuple of SourceDraft
        The sources, active and commented.
    matches : mapping of str to Match
        Of the recognised ones, by the name of what was found.
    """

    lines: tuple[str, ...]
    drafts: tuple[SourceDraft, ...]
    matches: Mapping[str, Match] = field(default_factory=dict)

    @property
    def active(self) -> tuple[SourceDraft, ...]:
        """The sources that are read at once."""
        return tuple(draft for draft in self.drafts if draft.is_active)


def plan_sources(found: Sequence[Found], folder: Path) -> SourcePlan:
    """Return which source each of what was found becomes.

    Parameters
    ----------
    found : sequence of FoundTable or NotReadable
    folder : path
        Where the company file will lie; paths are relative to it.

    Returns
    -------
    SourcePlan
    """
    by_loader, loader_lines = loader_sources(found)
    rest = [one for one in found if one.name not in loader_lines]
    tables = [one for one in rest if isinstance(one, FoundTable)]
    matches = {
        one.name: hits[0] for one in tables if (hits := recognise(one.headers, one.lines_above, one.first_column))
    }
    drafts = [
        SourceDraft(table, {**_where(one, folder), "preset": matches[one.name].name}, one)
        for one in tables
        if one.name in matches
        for table in matches[one.name].preset.fills
    ]
    drafts = _once(_of_one_export(drafts), matches)
    assessed = {one.name: assess(one.columns, one.first_column) for one in tables if one.name not in matches}
    taken = {draft.table for draft in (*drafts, *by_loader)}
    drafts += [_proposed(one, assessed[one.name], folder, taken) for one in tables if _has_proposal(assessed, one)]
    lines = [loader_lines.get(one.name) or _line(one, matches, assessed, drafts) for one in found]
    return SourcePlan(tuple(lines), (*by_loader, *drafts), matches)


def _has_proposal(assessed: Mapping[str, Assessment], one: FoundTable) -> bool:
    return one.name in assessed and assessed[one.name].proposal is not None


def _where(one: FoundTable, folder: Path) -> dict[str, Any]:
    """Keys that say where a table stands."""
    if one.table is not None:
        return {"table": one.table}
    assert one.file is not None  # what has no table stands in a file
    said: dict[str, Any] = {"path": relative_path(one.file, folder)}
    return said | ({"read": {"sheet": one.sheet}} if one.sheet is not None else {})


def relative_path(path: Path, folder: Path) -> str:
    """Return a path as the company file says it: relative to it, with forward strokes.

    Parameters
    ----------
    path, folder : path

    Returns
    -------
    str

    Examples
    --------
    >>> relative_path(Path("exports/deals.csv"), Path("ours/params"))
    '../../exports/deals.csv'
    """
    try:
        return Path(os.path.relpath(path.resolve(), folder.resolve())).as_posix()
    except ValueError:  # on another drive of Windows
        return path.resolve().as_posix()


def _of_one_export(drafts: Sequence[SourceDraft]) -> list[SourceDraft]:
    """Leave out exports whose rows another one of the same tool holds already."""
    kept: list[SourceDraft] = []
    for draft in sorted(drafts, key=lambda one: (-one.origin.rows, one.origin.name)):
        whole = next((one for one in kept if one.is_active and _holds(one, draft)), None)
        if whole is not None:
            note = f"left out: {whole.origin.name} holds the same rows"
            draft = replace(draft, is_active=False, note=note)
        kept.append(draft)
    names = [draft.origin.name for draft in drafts]
    return sorted(kept, key=lambda one: names.index(one.origin.name))


def _holds(whole: SourceDraft, other: SourceDraft) -> bool:
    """Whether one export holds the rows of another of the same tool: by what names a row, else by days and words."""
    if whole.table != other.table or whole.said.get("preset") != other.said.get("preset"):
        return False
    first, second = whole.origin, other.origin
    if first is second or not first.sample or not second.sample:
        return False
    shared = [column for column in second.columns if column.name in first.headers]
    unique = [column for column in shared if column.distinct_share >= MIN_UNIQUE_SHARE and column.filled_share > 0.9]
    told = unique[:1] or [column for column in shared if column.kind in ("text", "date")]
    if not told:
        return False
    ours, theirs = (_rows_of(one, [column.name for column in told]) for one in (first, second))
    return len(ours & theirs) >= MIN_SAME_SHARE * len(theirs)


def _rows_of(one: FoundTable, names: Sequence[str]) -> set[tuple[str | None, ...]]:
    places = [one.headers.index(name) for name in names]
    return {tuple(row[place] if place < len(row) else None for place in places) for row in one.sample}


def _once(drafts: Sequence[SourceDraft], matches: Mapping[str, Match]) -> list[SourceDraft]:
    """Of tables that two tools hold the same rows of, keep one tool active; the others are comments that say so."""
    kept: list[SourceDraft] = []
    for draft in drafts:
        rivals = [one for one in drafts if one.is_active and one.table == draft.table and draft.is_active]
        presets = {str(one.said["preset"]) for one in rivals}
        if draft.table in ADDITIVE or len(presets) < 2:
            kept.append(draft)
            continue
        best = max(presets, key=lambda name: _completeness(name, draft.table, rivals, matches))
        if draft.said["preset"] != best:
            chosen = " and ".join(one.origin.name for one in rivals if one.said["preset"] == best)
            note = f"left out: {chosen} holds {WORDS.get(draft.table, 'the same rows')}"
            draft = replace(draft, is_active=False, note=note)
        kept.append(draft)
    return kept


def _completeness(
    preset: str, table: str, rivals: Sequence[SourceDraft], matches: Mapping[str, Match]
) -> tuple[bool, int, int, str]:
    """How much a tool's export says of a table: a statement with its totals comes before single bookings."""
    own = [one.origin for one in rivals if one.said["preset"] == preset]
    filled = matches[own[0].name].preset.tables[table]
    return filled.unpivot is not None, len(filled.columns), sum(one.rows for one in own), preset


def _proposed(one: FoundTable, assessment: Assessment, folder: Path, taken: set[str]) -> SourceDraft:
    proposal = assessment.proposal
    assert proposal is not None  # only these are asked for
    note = f"proposed as {proposal.table} ({'; '.join(proposal.reasons)})"
    if proposal.table in taken:
        note += f"; another file fills {proposal.table} already"
    columns = {"columns": dict(proposal.columns)} if proposal.columns else {}
    return SourceDraft(proposal.table, {**_where(one, folder), **proposal.further, **columns}, one, False, note)


def _line(
    one: Found, matches: Mapping[str, Match], assessed: Mapping[str, Assessment], drafts: Sequence[SourceDraft]
) -> str:
    if isinstance(one, NotReadable):
        return f"{one.name}: not readable because {one.reason}"
    own = [draft for draft in drafts if draft.origin is one]
    if one.name in matches:
        match = matches[one.name]
        if not own:
            return f"{one.name}: recognised as {match.name} (no table: {match.preset.reason})"
        notes = dict.fromkeys(draft.note for draft in own if draft.note)
        said = f"; {'; '.join(notes)}" if notes else ""
        return f"{one.name}: recognised as {match.name} ({', '.join(draft.table for draft in own)}){said}"
    if own:
        return f"{one.name}: {own[0].note}"
    return f"{one.name}: not recognised{_nearest(one, assessed[one.name])}"


def _nearest(one: FoundTable, assessment: Assessment) -> str:
    if not one.columns:
        return ": it has no columns"
    if one.rows == 0:
        return ": it has a header and no rows"
    said = f": it looks like {assessment.looks_like}" if assessment.looks_like else ""
    near = [f"{fit.table} (lacks {', '.join(fit.lacks)})" for fit in assessment.nearest]
    known = [f"{name} (lacks {', '.join(map(repr, lacks))})" for name, lacks in nearest_presets(one.headers, 1)]
    if near and not assessment.looks_like:
        said += f"; nearest are {', '.join(near)}"
    return said + (f"; of the known exports {known[0]}" if known else "")
