"""The company file of a new workspace: what was seen with its reason, recognised sources, and proposals as comments."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import yaml

from kpi_analysis.cli.scaffold.company_settings import CompanySettings, Setting
from kpi_analysis.cli.scaffold.source_draft import SourceDraft
from kpi_analysis.core.schema import TABLES, CanonicalTable

COMMENT_AT = 46  # where comments begin
MAX_WIDTH = 150


def company_text(
    settings: CompanySettings,
    drafts: Sequence[SourceDraft],
    *,
    source: str = "duckdb://",
    inbound: Setting | None = None,
    data_ends: Setting | None = None,
    language: str | None = None,
    remarks: Mapping[str, Sequence[str]] | None = None,
) -> str:
    """Return the text of a company file.

    Parameters
    ----------
    settings : CompanySettings
    drafts : sequence of SourceDraft
    source : str
        Where tables of a database lie.
    inbound, data_ends : Setting, optional
    language : str, optional
        Of the reports, where it is not English.
    remarks : mapping of str to sequence of str, optional
        What is to be set by hand under a table, such as a way of writing that could be read in two ways.

    Returns
    -------
    str

    Examples
    --------
    >>> seen = Setting("Ours", "as you said")
    >>> text = company_text(CompanySettings(seen, Setting("EUR", ""), seen, seen, seen), [])
    >>> text.splitlines()[2]
    'company: Ours                                 # as you said'
    """
    head = [
        "# Who the company is, where its tables lie, and which of their columns are which. Written by: kpi init",
        "# Paths are relative to this file. After a change: kpi check",
        _setting("company", Setting(yaml_scalar(settings.name.value), settings.name.comment)),
        _setting("currency", settings.currency),
        _setting("locale", settings.locale),
    ]
    if language is not None:
        head.append(_setting("language", Setting(language, "of the reports; en for English")))
    head += [_setting("calendar", settings.calendar), _setting("timezone", settings.timezone)]
    if data_ends is not None:
        head.append(_setting("data_ends", data_ends))
    head.append(_setting("source", Setting(yaml_scalar(source), "files need no more" if source == "duckdb://" else "")))
    if inbound is not None:
        head.append(_setting("inbound_channels", inbound))
    else:
        head.append("# inbound_channels: [Organic Search, Email]   # set this: of people who come by themselves")
    head += [
        _revenue(drafts),
        "# gross_margin: 0.6                           # used where an order carries no cost",
        "# scales: {csat: 5, nps: 10}                  # the highest answers of your surveys",
    ]
    return "\n".join([*head, "", *_tables(drafts, remarks or {}), GUIDE + commented_tables(_used(drafts))])


def yaml_scalar(value: Any) -> str:
    """Return a value as YAML in one line.

    Parameters
    ----------
    value : object

    Returns
    -------
    str

    Examples
    --------
    >>> yaml_scalar("Wert (€)"), yaml_scalar("a: b"), yaml_scalar({"sheet": "Q3"})
    ('Wert (€)', "'a: b'", '{sheet: Q3}')
    """
    text = yaml.safe_dump(value, allow_unicode=True, width=10_000, default_flow_style=True, sort_keys=False)
    return text.removesuffix("...\n").strip()


def _setting(key: str, setting: Setting) -> str:
    said = f"{key}: {setting.value}"
    return f"{said:<{COMMENT_AT - 1}} # {setting.comment}".rstrip(" #") if setting.comment else said


def _revenue(drafts: Sequence[SourceDraft]) -> str:
    """Line on the table that revenue comes from: to be set where won deals and a ledger both hold it."""
    active = {draft.table for draft in drafts if draft.is_active}
    if "orders" not in active and {"opportunities", "ledger"} <= active:
        return (
            "# revenue: ledger                             # set this: won deals give it now; your ledger holds it too"
        )
    return "# revenue: orders                             # or opportunities (the won ones), or ledger, if several give"


def _used(drafts: Iterable[SourceDraft]) -> set[str]:
    return {draft.table for draft in drafts}


def _tables(drafts: Sequence[SourceDraft], remarks: Mapping[str, Sequence[str]]) -> list[str]:
    active = [table for table in TABLES if any(one.is_active and one.table == table for one in drafts)]
    proposed = [table for table in TABLES if table in _used(drafts) and table not in active]
    lines = ["tables:" if active else "tables: {}  # take the braces away with the marks of your first table"]
    for table in active:
        own = sorted((one for one in drafts if one.table == table), key=lambda one: not one.is_active)
        lines += [*_active_table(table, own), *(f"    # set this: {text}" for text in remarks.get(table, ())), ""]
    for table in proposed:
        lines += [*_proposed_table(table, [one for one in drafts if one.table == table]), ""]
    return lines


def _active_table(table: str, own: Sequence[SourceDraft]) -> list[str]:
    """One source as a mapping; several, or one beside commented ones, as a list."""
    if len(own) == 1:
        return [f"  {table}:", *(f"    {line}" for line in _said(own[0].said))]
    lines = [f"  {table}:"]
    for draft in own:
        mark = "" if draft.is_active else "# "
        if draft.note:
            lines.append(f"    # {draft.origin.name}: {draft.note}")
        first, *others = _said(draft.said)
        lines += [f"    {mark}- {first}", *(f"    {mark}  {line}" for line in others)]
    return lines


def _proposed_table(table: str, own: Sequence[SourceDraft]) -> list[str]:
    lines = [f"  # {draft.origin.name}: {draft.note}" for draft in own]
    lines.append("  # Compare, and take the marks away:")
    body = [f"{table}:"]
    if len(own) == 1:
        body += [f"  {line}" for line in _said(own[0].said)]
    else:
        for draft in own:
            first, *others = _said(draft.said)
            body += [f"  - {first}", *(f"    {line}" for line in others)]
    return lines + [f"  # {line}" for line in body]


def _said(said: Mapping[str, Any]) -> list[str]:
    """Lines of a source: columns and accounts stand one a line."""
    lines = []
    for key, value in said.items():
        if key in ("columns", "accounts", "extra") and isinstance(value, Mapping):
            lines.append(f"{key}:")
            lines += [f"  {name}: {yaml_scalar(one)}" for name, one in value.items()]
        else:
            lines.append(f"{key}: {yaml_scalar(value)}")
    return lines


GUIDE = """  # ---------------------------------------------------------------------------------------------------
  # The other tables, in one form: take the marks away from those that you have. Columns with a star are needed; delete
  # the others that you do not have. In place of path (CSV, also .gz and .zip, Excel, Parquet, JSON; "../data/*.csv" for
  # several):   table: schema.name   or   sql: select … from …
"""

_ENDS = (
    "  # ends: inclusive".ljust(42) + "# where ended_on is the last day with the contract; exclusive: the first",
    " " * 42 + "# without. Left out, the changes of plan tell it: see kpi check",
)


def commented_tables(without: Iterable[str] = ()) -> str:
    """Return canonical tables as comments of a company file, to be filled in.

    Parameters
    ----------
    without : iterable of str
        Tables that stand in the file already.

    Returns
    -------
    str

    Examples
    --------
    >>> commented_tables(set(TABLES) - {"customers"}).splitlines()[0]
    '  # customers:                                # one customer'
    """
    left_out = set(without)
    return "\n".join(_commented(table) for table in TABLES.values() if table.name not in left_out)


def _commented(table: CanonicalTable) -> str:
    lines = [f"{table.name}:".ljust(42) + f"# {table.row}", f"  path: ../data/{table.name}.csv"]
    if "ended_on" in table.columns:
        lines += _ENDS
    lines.append("  columns:")
    for column in table.columns.values():
        star = "*" if column.required else " "
        kind = " or ".join(column.values) or column.kind
        lines.append(f"    {column.name}: …".ljust(42) + f"# {star} {kind}")
    return "".join(f"  # {line}\n" for line in lines)
