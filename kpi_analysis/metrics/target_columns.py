"""Columns target, pace and status of the tidy frame, where the row asked for is the one that a target is judged by.

To judge a target takes a projection, which lies in a wing above this one. So whoever judges is entered here when its
module is imported, and `kpi_analysis.open_company` and the command line import it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from kpi_analysis.core.config.targets import Target
from kpi_analysis.metrics import sql
from kpi_analysis.metrics.compute.slices import NONE

if TYPE_CHECKING:
    from kpi_analysis.metrics.session import OpenCompany

JudgedFields = tuple[float | None, float | None, str]  # goal, pace and status
Judge = Callable[["OpenCompany", Target, str, dt.date, dt.date], JudgedFields | None]

_JUDGES: list[Judge] = []


def judges_targets(judge: Judge) -> Judge:
    """Enter a function that judges targets.

    Parameters
    ----------
    judge : callable
        Takes a company, a target, the label and the last day of a period, and the last day that counts; gives the
        target's goal, pace and status where it is judged by that period, else None.

    Returns
    -------
    callable
        The same.
    """
    _JUDGES[:] = [judge]
    return judge


def with_target_columns(
    company: OpenCompany, frame: pd.DataFrame, *, by: Sequence[str], where: str | None, as_of: dt.date | None
) -> pd.DataFrame:
    """Tidy frame with the target, pace and status of each row whose slice and period a target is set for.

    Parameters
    ----------
    company : OpenCompany
    frame : DataFrame
        As `compute` gives it; it is filled in place.
    by : sequence of str
        Its dimensions.
    where : str, optional
        The condition that it was computed with.
    as_of : date, optional
        The last day that counts; by default the last day in the data.

    Returns
    -------
    DataFrame
        The same.
    """
    asked = set(frame.kpi)
    targets = [target for target in company.targets if target.kpi in asked]
    day = as_of or company.sources.last_day()
    if not targets or not _JUDGES or day is None:
        return frame
    goals, paces, states = (frame[name].to_list() for name in ("target", "pace", "status"))
    places = {name: np.flatnonzero(frame.kpi == name).tolist() for name in {target.kpi for target in targets}}
    labels, ends, slices = frame.period.to_list(), frame.period_end.to_list(), [frame[name].to_list() for name in by]
    for target in targets:
        part = _rest(target.where, where, by)
        for at in places[target.kpi] if part is not None else ():
            if all(words[at] == word for words, word in zip(slices, part or (), strict=True)):
                found = _JUDGES[0](company, target, labels[at], ends[at].date(), day)
                if found is not None:
                    goals[at], paces[at], states[at] = found
    frame["target"], frame["pace"] = np.array(goals, dtype=float), np.array(paces, dtype=float)
    frame["status"] = pd.Series(states, dtype=object)
    return frame


def _rest(part: str | None, where: str | None, by: Sequence[str]) -> list[str] | None:
    """The words, dimension by dimension, of the slice that a target is set for; None where no slice can be it."""
    wanted, given = sql.conjuncts(part), sql.conjuncts(where)
    if not given <= wanted:
        return None
    words = {}
    for conjunct in wanted - given:
        found = sql.slice_of(conjunct)
        if found is None:
            return None
        words[found[0]] = NONE if found[1] is None else found[1]
    return [words[name] for name in by] if words.keys() == set(by) else None
