"""Targets file: what shall be reached, by whom and by when."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Literal

from pydantic import Field, PrivateAttr, field_validator

from kpi_analysis.core.yaml_file import StrictModel, load_model, read_yaml

TEACH = (
    "A target is a number (125000), a change (+25000) or a relative change (+20%). Say it SMART: which KPI, "
    "how much, who answers for it, what is done for it, and by when."
)


@dataclass(frozen=True)
class Goal:
    """Goal of a target: a value, a change, or a relative change on the baseline."""

    kind: Literal["absolute", "delta", "relative"]
    amount: float

    def value(self, baseline: float | None) -> float | None:
        """Value to reach; None where it needs a baseline that is not known.

        Parameters
        ----------
        baseline : float, optional
            The value that the change starts from.

        Returns
        -------
        float or None
            In the KPI's unit.

        Examples
        --------
        >>> Goal("relative", 0.2).value(240), Goal("delta", -3).value(50), Goal("relative", 0.2).value(None)
        (288.0, 47.0, None)
        """
        if self.kind == "absolute":
            return self.amount
        if baseline is None:
            return None
        return float(baseline + self.amount if self.kind == "delta" else baseline * (1 + self.amount))


def parse_goal(text: str | float) -> Goal:
    """Goal of a text: ``125000``, ``+25000``, ``+20%``, ``30%`` (a rate) or ``+2pp`` (percentage points).

    Parameters
    ----------
    text : str | float
        As it is written in the targets file.

    Returns
    -------
    Goal
        A percentage is a fraction.

    Raises
    ------
    ValueError
        With a message that teaches what a target is.

    Examples
    --------
    >>> parse_goal("+20%"), parse_goal("30%"), parse_goal("-3")
    (Goal(kind='relative', amount=0.2), Goal(kind='absolute', amount=0.3), Goal(kind='delta', amount=-3.0))
    """
    if not isinstance(text, str):
        return Goal("absolute", float(text))
    found = re.fullmatch(r"([+-]?)\s*(\d[\d_]*(?:\.\d+)?)\s*(%|pp)?", text.strip().replace("−", "-"))
    if found is None:
        raise ValueError(f"'{text}' is no target. {TEACH}")
    sign, digits, unit = found.groups()
    amount = float(digits.replace("_", "")) * (-1 if sign == "-" else 1)
    if unit == "pp":
        return Goal("delta", amount / 100)
    if unit == "%":
        return Goal("relative" if sign else "absolute", amount / 100)
    return Goal("delta" if sign else "absolute", amount)


class Target(StrictModel):
    """Target, as it is written down."""

    kpi: str
    target: str | float
    objective: str = ""
    owner: str = ""
    baseline: str | float | None = None
    by: date | None = None
    review: Literal["weekly", "monthly", "quarterly", "yearly"] | None = None
    supports: str | None = None
    actions: tuple[str, ...] = ()
    where: str | None = None

    _line: int | None = PrivateAttr(None)
    _file: Path | None = PrivateAttr(None)

    @field_validator("target")
    @classmethod
    def _is_a_goal(cls, value: str | float) -> str | float:
        parse_goal(value)
        return value

    @field_validator("baseline", mode="before")
    @classmethod
    def _years_are_periods(cls, value: object) -> object:
        """A bare 2025 is the year, a number with a point or a larger one is a value."""
        return str(value) if isinstance(value, int) and 1900 <= value <= 2200 else value

    @cached_property
    def goal(self) -> Goal:
        """Goal of the target."""
        return parse_goal(self.target)

    @property
    def place(self) -> tuple[Path | None, int | None]:
        """File and line where the target stands."""
        return self._file, self._line


class TargetsFile(StrictModel):
    """Targets file: all targets of a workspace."""

    targets: tuple[Target, ...] = Field(default=())


def load_targets(path: Path) -> tuple[Target, ...]:
    """Targets of a file; none where there is no such file.

    Parameters
    ----------
    path : Path
        The targets file.

    Returns
    -------
    tuple of Target
        In the order of the file; each knows its line.

    Raises
    ------
    ConfigError
        With file and line: a target that is none, an unknown key, a date that is none.
    """
    if not path.is_file():
        return ()
    file = read_yaml(path)
    targets = load_model(file, TargetsFile).targets
    for index, target in enumerate(targets):
        target._file, target._line = path, file.line(("targets", index))
    return targets
