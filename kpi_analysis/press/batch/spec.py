"""``params/batch.yaml``: which reports a batch is made of."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from itertools import product
from pathlib import Path
from typing import Any

from pydantic import Field, field_validator

from kpi_analysis.core.config.company import expand_secrets
from kpi_analysis.core.errors import ConfigError, KpiError, UsageError
from kpi_analysis.core.yaml_file import StrictModel, YamlFile, load_model, read_yaml
from kpi_analysis.press.run.notebook_file import find_notebook
from kpi_analysis.press.run.parameter_values import UntypedText
from kpi_analysis.press.run.parameter_values import parse_yaml_parameters as read_texts
from kpi_analysis.press.run.parameters import read_parameters
from kpi_analysis.press.run.plan import Plan, plan_report

_BYTES = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12}


class BatchFile(StrictModel):
    """A batch file, read and checked.

    Parameters
    ----------
    notebook : str
        The notebook, or its bare name.
    params : dict
        Parameters of every report.
    grid : dict of lists, optional
        One report for each element of the product of the lists.
    each : list of dicts, optional
        One report for each entry.
    to : list of str
        Formats.
    output : str, optional
        Where a report shall lie: ``reports/{period}/{notebook}__{region}``.
    engine : str
        What sets the PDF.
    kernel : str, optional
        In place of the notebook's own.
    timeout : int, optional
        Seconds a cell may take.
    memory : int, optional
        Bytes that one report's code may take, ``4 GB``.
    """

    notebook: str
    params: dict[str, Any] = Field(default_factory=dict)
    grid: dict[str, list[Any]] | None = None
    each: list[dict[str, Any]] | None = None
    to: tuple[str, ...] = ("html", "pdf")
    output: str | None = None
    engine: str = "auto"
    kernel: str | None = None
    timeout: int | None = Field(default=None, gt=0)
    memory: int | None = Field(default=None, gt=0)

    @field_validator("to", mode="before")
    @classmethod
    def _list(cls, value: Any) -> Any:
        return [part.strip() for part in value.split(",")] if isinstance(value, str) else value

    @field_validator("memory", mode="before")
    @classmethod
    def _in_bytes(cls, value: Any) -> Any:
        found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([kmgt]?)b?", str(value).strip(), re.IGNORECASE)
        if found is None:
            raise ValueError(f"'{value}' is no amount of memory such as 4 GB")
        return int(float(found[1]) * _BYTES[found[2].lower()])


@dataclass(frozen=True)
class Item:
    """One report of a batch.

    Parameters
    ----------
    name : str
        Where it lies among the reports: ``2026-Q3/quarterly_report__EMEA``.
    plan : Plan, optional
        None where something is wrong with it.
    error : KpiError, optional
        What is wrong with it.
    """

    name: str
    plan: Plan | None
    error: KpiError | None = None


@dataclass(frozen=True)
class Batch:
    """The reports of a batch file, checked as far as they can be before anything runs."""

    file: Path
    company: Path
    spec: BatchFile
    root: Path
    items: tuple[Item, ...]

    @property
    def period(self) -> str:
        """The period that all reports share, or the latest one."""
        labels = {
            (item.plan.period.end, item.plan.period.label) for item in self.items if item.plan and item.plan.period
        }
        return max(labels)[1] if labels else "undated"


def read_batch(path: Path, company: Path, *, period: str | None = None, as_of: date | None = None) -> Batch:
    """Read a batch file and plan each report of it; nothing is run or written.

    A report whose own parameters are wrong is an item with an error; the others can be made all the same.

    Parameters
    ----------
    path : path
        The batch file.
    company : path
        The company file.
    period : str, optional
        The period of every report, in place of the one among the file's `params`.
    as_of : date, optional
        The last day that counts in every report, likewise.

    Raises
    ------
    ConfigError, UsageError
        The file itself is wrong, two reports would lie in one folder, or no report can be made.
    """
    spec, own = _read(path)
    shared = {**spec.params} if period is None else {**spec.params, "period": _one_period(period, own, path)}
    if as_of is not None:
        shared["as_of"] = as_of.isoformat()
    notebook = find_notebook(spec.notebook)
    secret = {parameter.name for parameter in read_parameters(notebook) if parameter.secret}
    items = []
    for entry in own:
        given = {**shared, **entry}
        shown = ", ".join(f"{name} {'…' if name in secret else value}" for name, value in entry.items())
        try:
            plan = plan_report(
                notebook,
                company=company,
                given={name: _opened(name, value, path, secret) for name, value in given.items()},
                formats=spec.to,
                engine=spec.engine,
                output=spec.output,
                kernel=spec.kernel,
                timeout=spec.timeout,
            )
        except KpiError as error:
            items.append(Item(shown or notebook.stem, None, error))
        else:
            items.append(Item(plan.folder.relative_to(plan.root).as_posix(), plan))
    wrong = [item.error for item in items if item.error is not None]
    if len(wrong) == len(items):
        raise wrong[0]
    _refuse_collisions(items, path)
    root = next(item.plan.root for item in items if item.plan is not None)
    return Batch(path, company, spec, root, tuple(items))


def _read(path: Path) -> tuple[BatchFile, list[dict[str, Any]]]:
    """Read the file twice: once for its lines, once so that values keep their letters (``007``)."""
    lines = read_yaml(path).lines
    file = YamlFile(path, read_texts(path.read_text(encoding="utf-8"), file=path), lines)
    spec = load_model(file, BatchFile)
    if spec.grid is not None and spec.each is not None:
        raise ConfigError("both 'grid' and 'each' are given.", remedy="Keep one.", file=path, line=file.line(("each",)))
    if spec.grid is not None:
        empty = next((name for name, values in spec.grid.items() if not values), None)
        if empty is not None:
            raise ConfigError(
                f"the grid has no value of '{empty}'.", remedy="List one.", file=path, line=file.line(("grid", empty))
            )
        own = [dict(zip(spec.grid, values, strict=True)) for values in product(*spec.grid.values())]
    else:
        own = [{}] if spec.each is None else list(spec.each)
    if not own:
        raise ConfigError("the list 'each' is empty.", remedy="Add an entry.", file=path, line=file.line(("each",)))
    return spec, own


def _one_period(period: str, own: list[dict[str, Any]], path: Path) -> UntypedText:
    if any("period" in entry for entry in own):
        raise UsageError(
            f"--period {period}: {path} gives reports periods of their own.",
            remedy="Leave --period out, or take the periods out of 'grid' or 'each'.",
        )
    return UntypedText(period)


def _opened(name: str, value: Any, path: Path, secret: set[str]) -> Any:
    """Fill ``${NAME}`` from the environment, where the notebook keeps the value secret."""
    if isinstance(value, list):
        return [_opened(name, item, path, secret) for item in value]
    if isinstance(value, Mapping):
        return {key: _opened(name, item, path, secret) for key, item in value.items()}
    if not isinstance(value, str) or not re.search(r"\$\{\w+\}", value):
        return value
    if name not in secret:
        raise UsageError(
            f"'{name}' is filled from the environment, but the notebook does not keep it secret.",
            remedy=f"Declare it in the notebook: {name}: SecretStr = SecretStr('').",
        )
    full = expand_secrets(value, path)
    return UntypedText(full) if isinstance(value, UntypedText) else full


def _refuse_collisions(items: list[Item], path: Path) -> None:
    seen: dict[str, Item] = {}
    for item in items:
        if item.plan is None:
            continue
        key = item.plan.folder.as_posix().casefold()  # some file systems do not tell case apart
        if key in seen:
            names = [parameter.name for parameter in item.plan.declared if not parameter.secret]
            differing = [
                n
                for n in names
                if item.plan.parameters[n] != seen[key].plan.parameters[n]  # type: ignore[union-attr]
            ]
            remedy = (
                f"Name what tells them apart in the output: {{{differing[0]}}}."
                if differing
                else "Remove one of them: they are the same."
            )
            raise ConfigError(f"two reports would lie in {item.plan.folder}.", remedy=remedy, file=path)
        seen[key] = item
