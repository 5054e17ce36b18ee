"""Expected days of opportunities: every CRM fills the day of closing of an open one, which is a plan and no event."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence

import ibis
import ibis.expr.types as ir

OPPORTUNITIES, OUTCOME, CLOSED, EXPECTED = "opportunities", "outcome", "closed_on", "expected_on"
OPEN = "open"


def has_expected_days(name: str, columns: Container[str]) -> bool:
    """Whether days of closing and expected days stand in one column of a table.

    Parameters
    ----------
    name : str
        Of the canonical table.
    columns : container of str
        Canonical columns that it has.

    Returns
    -------
    bool

    Examples
    --------
    >>> has_expected_days("opportunities", {"closed_on", "outcome"}), has_expected_days("leads", {"created_on"})
    (True, False)
    """
    return name == OPPORTUNITIES and OUTCOME in columns and CLOSED in columns


def expected_columns(name: str, columns: Sequence[str]) -> tuple[str, ...]:
    """Canonical columns of a table, the expected day of closing among them where it is taken from another one."""
    added = [EXPECTED] if has_expected_days(name, columns) and EXPECTED not in columns else []
    return (*columns, *added)


def with_expected_days(name: str, values: Mapping[str, ir.Value]) -> dict[str, ir.Value]:
    """Columns in which only a won or lost opportunity has a day of closing, and that of an open one is expected.

    Parameters
    ----------
    name : str
        Of the canonical table.
    values : mapping of str to Value
        Its canonical columns.

    Returns
    -------
    dict of str to Value
        The same for all other tables.
    """
    if not has_expected_days(name, values):
        return dict(values)
    closed, is_open = values[CLOSED], (values[OUTCOME] == OPEN).fill_null(False)
    planned = ibis.ifelse(is_open, closed, ibis.null(closed.type()))
    expected = ibis.coalesce(values[EXPECTED], planned) if EXPECTED in values else planned
    return {**values, CLOSED: ibis.ifelse(is_open, ibis.null(closed.type()), closed), EXPECTED: expected}
