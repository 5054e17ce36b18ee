"""Errors and findings, each saying what was found, what was wanted and what to do."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal


class KpiError(Exception):
    """Error that a user can mend; the command line prints it without a traceback.

    Parameters
    ----------
    message : str
        What was found and what was wanted, in one sentence or two.
    remedy : str, optional
        What to do about it.
    file : path, optional
        The file at fault.
    line : int, optional
        The line in that file, counted from 1.
    """

    exit_code = 2
    cell: int | None = None  # where it was raised in a notebook: the cell, counted from 1

    def __init__(
        self,
        message: str,
        *,
        remedy: str | None = None,
        file: str | Path | None = None,
        line: int | None = None,
    ) -> None:
        self.message = message
        self.remedy = remedy
        self.file = Path(file) if file is not None else None
        self.line = line
        super().__init__(str(self))

    def __str__(self) -> str:
        place = "" if self.file is None else f"{self.file}"
        if place and self.line is not None:
            place += f":{self.line}"
        parts = [f"{place}: " if place else "", self.message]
        if self.remedy:
            parts.append(f" {self.remedy}")
        return "".join(parts)


class ConfigError(KpiError):
    """Error of a file of the workspace: it says something that cannot be meant."""


class SourceUnreachable(ConfigError):
    """Error of a database that does not answer; the same may work a little later."""


class UsageError(KpiError):
    """Error of use: a command, an argument or a parameter is wrong."""


class DataError(KpiError):
    """Error of the data: they contradict the canonical schema, so no number may be made of them."""


class EngineMissing(KpiError):
    """Error of a format whose tool is not installed; the remedy is the command that brings it."""


class RunError(KpiError):
    """Error of a report while it was running."""

    exit_code = 1


class KernelDied(RunError):
    """Error of a kernel that ended in the middle of a notebook."""

    exit_code = 138


class CallWarning(UserWarning):
    """Warning about a call: what is asked may not be what is meant, such as a word that no row has."""


WITHHELD = "withheld: "  # begins the reason of a figure that an error in the data keeps back


@dataclass(frozen=True)
class DataFinding:
    """Finding of a check: an error withholds the KPIs that need what is broken, a warning marks them.

    Parameters
    ----------
    level : str
        error or warning.
    subject, message, remedy : str
        What it is about, what was found with its rows, and what to do.
    file, line : str and int, optional
        Where it stands.
    table : str
        The canonical table whose figures it touches; empty where it touches none.
    columns : tuple of str
        The canonical columns that it touches; all of the table where none is named.
    rows : int
        How many rows are touched.
    share : float
        Which share they are of the rows of the table, or of its money where that is more.
    effect : str
        What it does to sums over the table: low, high or nothing that is known.
    summary : str
        The message in one short clause without its rows.
    kpis : tuple of str
        The KPIs that it touches, those of the headline first.

    Examples
    --------
    >>> finding = DataFinding("warning", "table orders", "1 row is wrong: 'x' in row 3.", summary="1 row is wrong")
    >>> finding.short, str(finding)
    ('table orders: 1 row is wrong', "table orders: 1 row is wrong: 'x' in row 3.")
    """

    level: Literal["error", "warning"]
    subject: str
    message: str
    remedy: str = ""
    file: str | None = None
    line: int | None = None
    table: str = ""
    columns: tuple[str, ...] = ()
    rows: int = 0
    share: float = 0.0
    effect: Literal["", "low", "high"] = ""
    summary: str = ""
    kpis: tuple[str, ...] = ()

    @property
    def short(self) -> str:
        """Subject and message without rows, for where there is little room."""
        return f"{self.subject}: {self.summary or self.message.rstrip('.')}"

    @classmethod
    def of(cls, subject: str, error: KpiError, table: str = "") -> DataFinding:
        """Finding of an error, so that a check can go on."""
        file = str(error.file) if error.file else None
        message = error.message.removeprefix(f"{subject}: ")
        if message.startswith(f"{subject}, ") and ": " in message:  # one of its columns or sources
            subject, _, message = message.partition(": ")
        return cls("error", subject, message, error.remedy or "", file, error.line, table)

    def __str__(self) -> str:
        place = "" if self.file is None else self.file if self.line is None else f"{self.file}:{self.line}"
        words = f"{self.subject}: {self.message}" + (f" {self.remedy}" if self.remedy else "")
        return f"{place}: {words}" if place else words


def did_you_mean(found: str, known: Iterable[str]) -> str:
    """Spelling hint ``Did you mean 'x'?`` for the nearest known name; empty where none is near.

    Parameters
    ----------
    found : str
        The name that is not known.
    known : Iterable[str]
        The names that are.

    Returns
    -------
    str
        A sentence, or nothing.

    Examples
    --------
    >>> did_you_mean("revenu", ["sales_revenue", "revenue", "leads"])
    "Did you mean 'revenue'?"
    >>> did_you_mean("zzz", ["leads"])
    ''
    """
    names = sorted({str(name) for name in known})
    near = difflib.get_close_matches(found, names, n=1, cutoff=0.6)
    if not near:
        near = [name for name in names if found and found in name][:1]
    return f"Did you mean '{near[0]}'?" if near else ""
