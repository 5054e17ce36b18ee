"""Moves of accounts between slices: an account that goes on paying elsewhere was neither lost nor won.

Each account is netted over the slices. Where it pays more in some slices and less in others, the smaller of the two
sums has moved; only the rest is expansion or contraction, and that of the slices adds up to that of the whole:

    opening + new + returned + moved in + expansion - contraction - moved out - churned = closing

in every slice. Gains in several slices share what has moved in proportion to them, and so do losses.
"""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

NOISE = 1e-9  # a share so near to nothing or to all is a rounding of sums


def without_moves(accounts: ir.Table) -> ir.Table:
    """Accounts of the whole, where nothing moves.

    Parameters
    ----------
    accounts : Table
        One row an account and period, with opening and closing.

    Returns
    -------
    Table
        With the columns of `with_moves`.

    Examples
    --------
    >>> accounts = ibis.memtable({"opening": [10.0, 10.0, 0.0], "closing": [25.0, 0.0, 5.0]})
    >>> without_moves(accounts).select("expansion", "moved_in", "retained").to_pandas().values.tolist()
    [[15.0, 0.0, 25.0], [0.0, 0.0, 0.0], [0.0, 0.0, 0.0]]
    """
    opening, closing = accounts.opening, accounts.closing
    stays = (opening > 0) & (closing > 0)
    nothing = ibis.literal(0.0)
    return accounts.mutate(
        account_opening=opening,
        account_closing=closing,
        expansion=ibis.ifelse(stays & (closing > opening), closing - opening, 0.0),
        contraction=ibis.ifelse(stays & (closing < opening), opening - closing, 0.0),
        moved_in=nothing,
        moved_out=nothing,
        kept=ibis.ifelse(stays, ibis.least(opening, closing), 0.0),
        retained=ibis.ifelse(stays, closing, 0.0),
    )


def with_moves(accounts: ir.Table) -> ir.Table:
    """Accounts slice by slice, with what has moved between slices.

    Parameters
    ----------
    accounts : Table
        One row an account (`kpi_key`), period (`kpi_slot`) and slice, with opening and closing. Under a condition,
        these are of the rows that meet it, and `kpi_was` and `kpi_is` of all rows.

    Returns
    -------
    Table
        Further columns: what the account pays in all slices together (`account_opening`, `account_closing`); its
        expansion, contraction, moved_in and moved_out in this slice; of its opening, what is kept, wherever it is paid
        now (`kept`), and the same with what the account has added since (`retained`).

    Examples
    --------
    >>> rows = {"kpi_key": ["U", "U"], "kpi_slot": [0, 0], "plan": ["Basic", "Pro"]}
    >>> accounts = ibis.memtable(rows | {"opening": [10.0, 0.0], "closing": [0.0, 20.0]})
    >>> found = with_moves(accounts).order_by("plan")
    >>> found.select("moved_out", "moved_in", "expansion", "retained").to_pandas().values.tolist()
    [[10.0, 0.0, 0.0, 20.0], [0.0, 10.0, 10.0, 0.0]]
    """
    of_account = ibis.window(group_by=[accounts.kpi_key, accounts.kpi_slot])
    conditional = "kpi_was" in accounts.columns
    was, now = ("kpi_was", "kpi_is") if conditional else ("opening", "closing")
    rows = accounts.mutate(
        kpi_gain=ibis.greatest(accounts.closing - accounts.opening, 0.0),
        kpi_loss=ibis.greatest(accounts.opening - accounts.closing, 0.0),
    )
    entered = ibis.ifelse(rows.opening > 0, 0.0, rows.kpi_gain)
    rows = rows.mutate(
        account_opening=rows[was].sum().over(of_account),
        account_closing=rows[now].sum().over(of_account),
        kpi_inside=rows.opening.sum().over(of_account),
        kpi_gains=rows.kpi_gain.sum().over(of_account),
        kpi_losses=rows.kpi_loss.sum().over(of_account),
        kpi_entered=entered.sum().over(of_account),
    )
    growth = rows.account_closing - rows.account_opening
    net = rows.kpi_gains - rows.kpi_losses
    added, given_up = ibis.least(net, growth), ibis.least(-net, -growth)  # what is both inside and in all
    rows = rows.mutate(
        kpi_stays=(rows.account_opening > 0) & (rows.account_closing > 0),
        kpi_added=_share(added, rows.kpi_gains),
        kpi_given_up=_share(given_up, rows.kpi_losses),
        kpi_elsewhere=_elsewhere(rows, added, growth) if conditional else ibis.literal(0.0),
    )
    rows = rows.mutate(
        expansion=ibis.ifelse(rows.kpi_stays, rows.kpi_gain * rows.kpi_added, 0.0),
        contraction=ibis.ifelse(rows.kpi_stays, rows.kpi_loss * rows.kpi_given_up, 0.0),
    )
    newly = rows.kpi_entered * rows.kpi_added + rows.kpi_elsewhere  # added where the account did not pay before
    kept = rows.opening - rows.contraction
    return rows.mutate(
        moved_in=ibis.ifelse(rows.kpi_stays, rows.kpi_gain - rows.expansion, 0.0),
        moved_out=ibis.ifelse(rows.kpi_stays, rows.kpi_loss - rows.contraction, 0.0),
        kept=ibis.ifelse(rows.kpi_stays, kept, 0.0),
        retained=ibis.ifelse(
            rows.kpi_stays & (rows.opening > 0),
            kept + rows.expansion + newly * rows.opening / rows.kpi_inside.nullif(0.0),
            0.0,
        ),
    )


def _share(part: ir.NumericValue, whole: ir.NumericValue) -> ir.NumericValue:
    """A part of a whole, between nothing and all of it."""
    share = (ibis.greatest(part, 0.0) / whole.nullif(0.0)).fill_null(0.0)
    return ibis.ifelse(share < NOISE, 0.0, ibis.ifelse(share > 1 - NOISE, 1.0, share))


def _elsewhere(rows: ir.Table, added: ir.NumericValue, growth: ir.NumericValue) -> ir.NumericValue:
    """What an account has added outside the condition, where it paid nothing before."""
    outside = rows.account_opening - rows.kpi_inside > NOISE * rows.account_opening
    more = ibis.greatest(growth, 0.0) - ibis.greatest(added, 0.0)
    return ibis.ifelse(outside, 0.0, ibis.greatest(more, 0.0))
