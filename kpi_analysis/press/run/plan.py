"""Everything about a report that can be checked before a kernel starts."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kpi_analysis.core.config.company import load_company
from kpi_analysis.core.errors import UsageError, did_you_mean
from kpi_analysis.core.periods import Period
from kpi_analysis.design.brand import company_theme
from kpi_analysis.press.archive.previous_report import previous_report
from kpi_analysis.press.kernels.selection import choose_kernel
from kpi_analysis.press.render.engines import FORMATS, choose_engine
from kpi_analysis.press.run.names import folder_name, templated_folder
from kpi_analysis.press.run.notebook_file import find_notebook, read_notebook
from kpi_analysis.press.run.parameter_values import GivenParameters, UntypedText
from kpi_analysis.press.run.parameters import Parameter, check_parameters, read_parameters, without_secrets
from kpi_analysis.press.run.publish import check_writable
from kpi_analysis.press.run.secrets import reveal, secret_texts

_SET_BY_COMMAND = ("company", "period", "earlier")


@dataclass(frozen=True)
class Plan:
    """One report, checked and ready to run.

    Parameters
    ----------
    notebook : path
    declared : tuple of Parameter
        What the notebook declares.
    values : dict
        What is injected, in the declared types.
    company : str
        The company's name.
    period : Period, optional
        None where the notebook has no period.
    root, folder, failed : path
        Where all reports lie, where this one will, and where its notebook goes if it fails.
    formats : tuple of str
    engine, kernel : str
    timeout : int, optional
        Seconds a cell may take.
    key : str, optional
        One hash of all that the report is made from, where it was asked for.
    snapshot : str, optional
        The fingerprint of the data that all reports of a batch share.
    show_code : bool
        Whether the cells' code is printed too.
    """

    notebook: Path
    declared: tuple[Parameter, ...]
    values: dict[str, Any]
    company: str
    period: Period | None
    root: Path
    folder: Path
    failed: Path
    formats: tuple[str, ...]
    engine: str
    kernel: str
    timeout: int | None
    key: str | None = None
    snapshot: str | None = None
    show_code: bool = False

    @property
    def parameters(self) -> dict[str, Any]:
        """All parameters as the run has them, secrets hidden."""
        whole = {p.name: reveal(self.values.get(p.name, p.default)) for p in self.declared}
        return without_secrets(self.declared, whole)

    @property
    def distinct(self) -> dict[str, Any]:
        """The parameters that tell this report from its notebook's default one."""
        return _distinct(self.declared, self.values)

    @property
    def secrets(self) -> tuple[str, ...]:
        """The names of the secret parameters."""
        return tuple(p.name for p in self.declared if p.secret)

    @property
    def hidden(self) -> tuple[str, ...]:
        """The texts of secret defaults."""
        return tuple(text for p in self.declared if p.secret for text in secret_texts(p.default))


def plan_report(
    notebook: str | Path,
    *,
    company: Path = Path("params/company.yaml"),
    period: str | None = None,
    given: GivenParameters | None = None,
    formats: Sequence[str] = ("html", "pdf"),
    engine: str = "auto",
    output_dir: Path | None = None,
    output: str | None = None,
    kernel: str | None = None,
    timeout: int | None = None,
    show_code: bool = False,
) -> Plan:
    """Check everything about a report that needs no kernel; nothing is written.

    Parameters
    ----------
    notebook : str or path
        The notebook, or its bare name.
    company : path
        The company file.
    period : str, optional
        In the company's calendar; else the notebook's own default.
    given : mapping, optional
        Further parameters, from `merge_parameters` or as Python values.
    formats : sequence of str
        Of `kpi_analysis.press.render.engines.FORMATS`.
    engine : str
        Of `kpi_analysis.press.render.engines.ENGINE_NAMES`.
    output_dir : path, optional
        Where all reports lie: ``reports``.
    output : str, optional
        Where this one shall lie, as a template, in place of ``reports/<period>/<notebook>[__<value>…]``.
    kernel : str, optional
        In place of the notebook's own.
    timeout : int, optional
        Seconds one cell may take.
    show_code : bool
        Whether the cells' code is printed too.

    Raises
    ------
    UsageError, ConfigError
        Something is unknown, misspelt or does not fit.
    EngineMissing
        A format needs a tool that is not installed.
    RunError
        The place for the report cannot be written to.
    """
    path = find_notebook(notebook)
    data = read_notebook(path)
    declared = read_parameters(path)
    firm = load_company(company)
    company_theme(firm)  # a logo or a typeface that cannot be used is told before anything runs
    values = check_parameters(
        declared,
        {**(given or {}), **_from_command(declared, given or {}, path, company, period)},
        notebook=path.name,
    )
    whole = {p.name: values.get(p.name, p.default) for p in declared}
    span = firm.calendar.parse(whole["period"]) if whole.get("period") else None
    if timeout is not None and timeout <= 0:
        raise UsageError(f"The time-out is {timeout} s.", remedy="Give whole seconds, more than 0.")
    root = output_dir or Path("reports")
    place = Path(span.label if span else "undated") / folder_name(path.stem, _distinct(declared, values))
    if output is not None:
        known = {p.name: None if p.secret else whole[p.name] for p in declared}
        words = {**known, "notebook": path.stem, "period": span.label if span else "undated"}
        root, place = templated_folder(output, words, secrets=[p.name for p in declared if p.secret])
    if "earlier" in whole and span is not None and "earlier" not in (given or {}):
        found = previous_report(
            root, place, span, notebook=path.name, company=firm.name, distinct=_distinct(declared, values)
        )
        if found is not None:
            values["earlier"] = Path(os.path.relpath(found.resolve(), path.resolve().parent)).as_posix()
    plan = Plan(
        notebook=path,
        declared=declared,
        values=values,
        company=firm.name,
        period=span,
        root=root,
        folder=root / place,
        failed=root / "failed" / place.with_name(f"{place.name}.ipynb"),
        formats=_formats(formats),
        engine=choose_engine(engine, formats),
        kernel=choose_kernel(data, kernel),
        timeout=timeout,
        show_code=show_code,
    )
    check_writable(plan.folder)
    _check_ours(plan)
    return plan


def _from_command(
    declared: Sequence[Parameter], given: GivenParameters, notebook: Path, company: Path, period: str | None
) -> dict[str, UntypedText]:
    """Return the company and the period as the notebook wants them: paths relative to where it runs."""
    names = {parameter.name for parameter in declared}
    if "company" in given:
        raise UsageError("The company is not given as a parameter.", remedy="Use --company FILE.")
    if period is not None and "period" in given and str(given["period"]) != period:
        raise UsageError(f"The period is given twice: {period} and {given['period']}.", remedy="Keep --period only.")
    if period is not None and "period" not in names:
        raise UsageError(f"{notebook.name} has no parameter 'period'.", remedy="Leave --period out.")
    found: dict[str, UntypedText] = {}
    if "company" in names:
        relative = os.path.relpath(company.resolve(), notebook.resolve().parent)
        found["company"] = UntypedText(Path(relative).as_posix())
    if period is not None:
        found["period"] = UntypedText(period)
    return found


def _distinct(declared: Sequence[Parameter], values: Mapping[str, Any]) -> dict[str, Any]:
    return {
        parameter.name: values[parameter.name]
        for parameter in declared
        if parameter.name in values
        and parameter.name not in _SET_BY_COMMAND
        and not parameter.secret
        and values[parameter.name] != parameter.default
    }


def _formats(formats: Sequence[str]) -> tuple[str, ...]:
    if not formats:
        raise UsageError("No format is given.", remedy=f"Formats: {', '.join(FORMATS)}.")
    for name in formats:
        if name not in FORMATS:
            hint = did_you_mean(name, FORMATS)
            raise UsageError(
                f"The format '{name}' cannot be made.",
                remedy=" ".join(part for part in (hint, f"Formats: {', '.join(FORMATS)}.") if part),
            )
    return tuple(dict.fromkeys(formats))


def _check_ours(plan: Plan) -> None:
    """Raise where another report lies in the folder: its figures must not be replaced by ours."""
    try:
        found = json.loads((plan.folder / "manifest.json").read_text(encoding="utf-8"))
        other = (found["company"], found["distinct"])
    except (OSError, ValueError, KeyError, TypeError):
        return  # no report, or one that nobody can read: nothing to protect
    ours = (plan.company, json.loads(json.dumps(plan.distinct)))
    if other != ours:
        about = ", ".join([other[0], *(f"{name} {value}" for name, value in other[1].items())])
        raise UsageError(
            f"{plan.folder} holds another report ({about}), which would be lost.",
            remedy="Give another place with --output-dir, or remove that folder.",
        )
