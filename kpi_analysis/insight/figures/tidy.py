"""Derived figures as tidy rows: figures that are no KPI of the catalogue, each with an id, a name and a unit."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import wraps
from typing import Any, Concatenate, ParamSpec, cast

import pandas as pd

from kpi_analysis.core.errors import UsageError, did_you_mean
from kpi_analysis.core.records import json_value, records
from kpi_analysis.design.blocks import DERIVED
from kpi_analysis.insight.scope import Scope

P = ParamSpec("P")
SIDES = ("reason", "numerator", "denominator", "rows", "ci_low", "ci_high", "previous", "year_ago")
EXACT, ITERATED = 1e-9, 1e-4  # sums are settled to 13 digits; what ends an iteration or is simulated is not
NO_VALUE = "nothing to tell it from"


@dataclass(frozen=True)
class Quantity:
    """One kind of derived figure.

    Parameters
    ----------
    name : str
        The column that holds its values; together with the function's name it is the figure's own.
    label : str
        In words.
    unit : str
        As in the catalogue: count, currency, percent, ratio, days …
    """

    name: str
    label: str
    unit: str


@dataclass(frozen=True)
class FigureFunction:
    """A registered function of a `Scope` that returns derived figures.

    Parameters
    ----------
    name : str
        ``marketing.spend_shares``.
    function : callable
        Takes a scope, and arguments that JSON can hold.
    kpis : tuple of str
        KPIs of the catalogue that are read from the same tables: why a figure moved is why these did. Of a function
        with an argument ``kpi`` it is that one.
    tolerance : float
        How far, relatively, a figure may be from itself when it is computed anew.
    aimed : bool
        Whether it depends on the targets.
    """

    name: str
    function: Callable[..., pd.DataFrame]
    kpis: tuple[str, ...] = ()
    tolerance: float = EXACT
    aimed: bool = False


REGISTER: dict[str, FigureFunction] = {}


def figure_function(
    name: str, *, kpis: tuple[str, ...] = (), tolerance: float = EXACT, aimed: bool = False
) -> Callable[[Callable[Concatenate[Scope, P], pd.DataFrame]], Callable[Concatenate[Scope, P], pd.DataFrame]]:
    """Register a function of derived figures, and give its rows their ids; see `FigureFunction`.

    The function returns what `tidy` makes. For one scope and the same arguments it runs once.
    """

    def register(
        function: Callable[Concatenate[Scope, P], pd.DataFrame],
    ) -> Callable[Concatenate[Scope, P], pd.DataFrame]:
        signature = inspect.signature(function)

        @wraps(function)
        def computed(scope: Scope, *args: P.args, **given: P.kwargs) -> pd.DataFrame:
            bound = signature.bind(scope, *args, **given)
            arguments = {
                key: value
                for key, value in list(bound.arguments.items())[1:]
                if value != signature.parameters[key].default
            }
            key = (name, tuple(sorted(arguments.items())))
            return scope.kept(key, lambda: identified(function(scope, *args, **given), scope, name, arguments))

        REGISTER[name] = FigureFunction(name, computed, kpis, tolerance, aimed)
        return cast("Callable[Concatenate[Scope, P], pd.DataFrame]", computed)

    return register


def compute_figures(scope: Scope, name: str, arguments: Mapping[str, Any]) -> pd.DataFrame:
    """Return the figures of a registered function.

    Raises
    ------
    UsageError
        No function is registered under the name.
    """
    if name not in REGISTER:
        raise UsageError(f"Nobody computes the figures '{name}'.", remedy=did_you_mean(name, REGISTER))
    return REGISTER[name].function(scope, **arguments)


def tidy(frame: pd.DataFrame, measures: Sequence[Quantity], by: Sequence[str] = ()) -> pd.DataFrame:
    """Return a wide frame as one row a figure.

    Parameters
    ----------
    frame : DataFrame
        One row a slice, one column a measure. What else a figure has stands in columns such as ``rate.ci_low``: see
        `SIDES`. With a column ``period`` each row is of that period; else of the period of the report. A column
        ``complete`` says whether it is over.
    measures : sequence of Quantity
    by : sequence of str
        The columns that name the slice.

    Examples
    --------
    >>> share = Quantity("share", "Share of spend", "percent")
    >>> shares = pd.DataFrame({"channel": ["Email"], "share": [0.25], "share.numerator": [10.0]})
    >>> tidy(shares, [share], ["channel"])[["name", "dimensions", "value"]].to_dict("records")
    [{'name': 'share', 'dimensions': {'channel': 'Email'}, 'value': 0.25}]
    """
    found: list[dict[str, Any]] = []
    for record in records(frame):
        slices = {name: str(record[name]) for name in by}
        for measure in measures:
            value = record.get(measure.name)
            row: dict[str, Any] = {
                "name": measure.name,
                "label": measure.label,
                "unit": measure.unit,
                "dimensions": slices,
            }
            row |= {"value": None if value is None else float(value)}
            row |= {side: record.get(f"{measure.name}.{side}") for side in SIDES}
            row |= {"period": record.get("period"), "complete": record.get("complete")}
            found.append(row)
    return pd.DataFrame(found, columns=_TIDY).astype(object)


_TIDY = ["name", "label", "unit", "dimensions", "value", *SIDES, "period", "complete"]


def together(*parts: pd.DataFrame, **attrs: Any) -> pd.DataFrame:
    """Return tidy frames under each other; `attrs` hold words about them, such as a reason."""
    there = [part for part in parts if len(part)]
    frame = pd.concat(there, ignore_index=True) if there else pd.DataFrame(columns=_TIDY)
    frame.attrs.update(attrs)
    return frame


def none_because(reason: str, **attrs: Any) -> pd.DataFrame:
    """Return no figures, and why."""
    return together(reason=reason, **attrs)


def identified(frame: pd.DataFrame, scope: Scope, name: str, arguments: Mapping[str, Any]) -> pd.DataFrame:
    """Return tidy figures with their ids and periods, in the order of the fields of a KPI's row."""
    given = ",".join(f"{key}={value}" for key, value in arguments.items())
    own = f"{name}({given})" if given else name
    rows = []
    for row in frame.to_dict("records"):
        period = scope.period if row["period"] is None else scope.calendar.parse(row["period"])
        if row["complete"] is None:
            row["complete"] = bool(period.complete and period.end <= scope.as_of)
        slices = ",".join(f"{key}={value}" for key, value in row["dimensions"].items())
        head = own.replace(name, f"{name}.{row['name']}", 1)
        rows.append({
            "id": f"{DERIVED}{head}@{period.label}" + (f"[{slices}]" if slices else ""),
            "kpi": f"{name}.{row['name']}", "grain": period.grain, "period": period.label,
            "period_start": period.start, "period_end": period.end,
            **{key: value for key, value in row.items() if key != "period"},
            "target": None, "pace": None, "status": None, "warnings": [],
            "made_by": {"function": name, "arguments": dict(arguments)},
        })  # fmt: skip
    found = pd.DataFrame(rows, columns=_ALL).astype(object)
    found.attrs = frame.attrs
    return found


_ALL = [
    "id", "kpi", "grain", "period", "period_start", "period_end", "complete", "name", "label", "unit", "dimensions",
    "value", *SIDES, "target", "pace", "status", "warnings", "made_by",
]  # fmt: skip


def figure_values(*frames: pd.DataFrame) -> tuple[dict[str, Any], ...]:
    """Return figures as rows of ``results.json``; one that has neither a value nor a reason is not printed."""
    found: dict[str, dict[str, Any]] = {}
    for frame in frames:
        for row in records(frame):
            if row["value"] is not None or row["reason"]:
                found.setdefault(row["id"], row)
    return tuple(found.values())


def only(frame: pd.DataFrame, *names: str, **slices: Any) -> pd.DataFrame:
    """Return the figures of these names, of slices that have these values."""
    wanted = {key: str(value) for key, value in slices.items()}
    kept = [
        (not names or name in names) and all(dimensions.get(key) == value for key, value in wanted.items())
        for name, dimensions in zip(frame["name"], frame["dimensions"], strict=True)
    ]
    found: pd.DataFrame = frame[kept]
    return found


def of_slices(frame: pd.DataFrame, dimension: str, kept: Collection[Any]) -> pd.DataFrame:
    """Return the figures whose slice is one of those that are kept, and those without this dimension."""
    wanted = {str(value) for value in kept}
    found: pd.DataFrame = frame[[one.get(dimension) in {None, *wanted} for one in frame["dimensions"]]]
    return found


def wide(frame: pd.DataFrame, *names: str, by: Sequence[str]) -> pd.DataFrame:
    """Return figures as one row a slice, as `tidy` took them: the dimensions, the measures, and their sides.

    Examples
    --------
    >>> share = Quantity("share", "Share of spend", "percent")
    >>> frame = tidy(pd.DataFrame({"channel": ["Email"], "share": [0.25]}), [share], ["channel"])
    >>> wide(frame, by=["channel"])[["channel", "share"]].to_dict("records")
    [{'channel': 'Email', 'share': 0.25}]
    """
    found: dict[tuple[Any, ...], dict[str, Any]] = {}
    for row in _rows(frame, names):
        slices = row["dimensions"]
        if set(slices) != set(by):
            continue
        key = (row["period"], *(slices[name] for name in by))
        line = found.setdefault(key, {**slices, "period": row["period"], "complete": row["complete"]})
        line[row["name"]] = row["value"]
        line |= {f"{row['name']}.{side}": row[side] for side in SIDES}
    return pd.DataFrame(found.values())


def totals(frame: pd.DataFrame) -> dict[str, Any]:
    """Return the figures that have no dimension, by name: the totals."""
    return {row["name"]: row["value"] for row in _rows(frame, ()) if not row["dimensions"]}


def _rows(frame: pd.DataFrame, names: Sequence[str]) -> Iterator[dict[str, Any]]:
    for row in records(frame):
        if not names or row["name"] in names:
            yield {key: json_value(value) for key, value in row.items()}
