"""Accounts of a company mapped onto those of the ledger, by their names, numbers or ranges of numbers."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import ibis
import ibis.expr.types as ir

from kpi_analysis.core.config.company import CompanyConfig
from kpi_analysis.core.config.table_spec import TableSpec
from kpi_analysis.core.errors import ConfigError
from kpi_analysis.metrics import sql

OUR_ACCOUNT, THEIR_ACCOUNT = "our_account", "their_account"
ACCOUNT = "account"
RANGE = re.compile(r"\s*(\d+)\s*(?:-|–|bis|to)\s*(\d+)\s*")


def with_accounts(config: CompanyConfig, name: str, spec: TableSpec, raw: ir.Table) -> tuple[ir.Table, TableSpec]:
    """Raw table with the account of the ledger that each row belongs to, which expressions of columns may use.

    Parameters
    ----------
    config : CompanyConfig
    name : str
        Of the table, or of one source of it.
    spec : TableSpec
        With `accounts`.
    raw : Table

    Returns
    -------
    Table, TableSpec
        With the columns our_account and their_account. An account that is mapped to none keeps its name.

    Raises
    ------
    ConfigError
        When the table has no column of accounts.
    """
    text = spec.columns.get(ACCOUNT, ACCOUNT)
    theirs = raw[text] if text in raw.columns else _expression(config, name, text, raw)
    theirs = theirs.cast("string").strip()
    ours = mapped_accounts(theirs, spec.accounts or {})
    columns = {**spec.columns, ACCOUNT: OUR_ACCOUNT}
    return raw.mutate(**{OUR_ACCOUNT: ours, THEIR_ACCOUNT: theirs}), spec.model_copy(update={"columns": columns})


def mapped_accounts(theirs: ir.StringValue, accounts: Mapping[str, Sequence[str]]) -> ir.StringValue:
    """Ours of a column of theirs, whatever the case of the letters; what is mapped to none keeps its name.

    Parameters
    ----------
    theirs : StringValue
    accounts : mapping of str to sequence of str
        Names, numbers, or ranges such as ``8000-8999``.

    Returns
    -------
    StringValue
    """
    names = {
        one.strip().casefold(): ours for ours, all_ in accounts.items() for one in all_ if not RANGE.fullmatch(one)
    }
    ranges = [(found, ours) for ours, all_ in accounts.items() for one in all_ if (found := RANGE.fullmatch(one))]
    number = theirs.re_extract(r"^\s*([0-9]+)(\s|$)", 1).nullif("").try_cast("int64")
    cases: list[tuple[ir.BooleanValue, ir.Value]] = []
    by_ours: dict[str, list[str]] = {}
    for one, ours in names.items():
        by_ours.setdefault(ours, []).append(one)
    lowered = theirs.lower()
    cases += [(lowered.isin(words), ibis.literal(ours)) for ours, words in by_ours.items()]
    cases += [(number.between(int(found.group(1)), int(found.group(2))), ibis.literal(ours)) for found, ours in ranges]
    mapped: ir.StringValue = ibis.cases(*cases, else_=theirs) if cases else theirs
    return mapped


def _expression(config: CompanyConfig, name: str, text: str, raw: ir.Table) -> ir.Value:
    try:
        return sql.expression(text, raw)
    except ConfigError as error:
        raise ConfigError(
            f"table {name}, accounts: {error.message}", remedy=error.remedy, file=config.path,
            line=config.line("tables", name, "accounts"),
        ) from None  # fmt: skip
