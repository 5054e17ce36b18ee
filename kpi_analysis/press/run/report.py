"""One report: checked, executed, printed and published."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any

from kpi_analysis.core.errors import KpiError, RunError
from kpi_analysis.design.formats import Format
from kpi_analysis.press.archive.headline import headline_kpi
from kpi_analysis.press.archive.index import write_index
from kpi_analysis.press.archive.versions import keep_version
from kpi_analysis.press.run.execute import Progress, execute_notebook, to_ipynb
from kpi_analysis.press.run.manifest import canonical_json, manifest_json, provenance, results_json
from kpi_analysis.press.run.parameter_values import GivenParameters
from kpi_analysis.press.run.plan import Plan, plan_report
from kpi_analysis.press.run.publish import publish, recover, write_atomically
from kpi_analysis.press.run.reconcile import quoted_findings, reconcile


@dataclass(frozen=True)
class PublishedReport:
    """A published report.

    Parameters
    ----------
    folder : path
    files : tuple of path
    values : int
        How many figures it quotes.
    seconds : float
        From the start of the run to the finished files.
    """

    folder: Path
    files: tuple[Path, ...]
    values: int
    seconds: float


def render_report(
    notebook: str | Path,
    *,
    clock: Callable[[], datetime],
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
    progress: Progress = lambda done, total: None,
) -> PublishedReport:
    """Make one report from a notebook; the parameters are those of `plan_report`.

    Parameters
    ----------
    clock : callable
        Says when the run started and finished.
    progress : callable
        Called with (cells done, cells in all).

    Raises
    ------
    UsageError, ConfigError, DataError, EngineMissing
        Nothing was published; what was wrong is wrong before or apart from the run.
    RunError
        The run failed. The last good report is as it was; the notebook lies under ``failed/``.
    """
    plan = plan_report(
        notebook, company=company, period=period, given=given, formats=formats, engine=engine,
        output_dir=output_dir, output=output, kernel=kernel, timeout=timeout, show_code=show_code,
    )  # fmt: skip
    return run_report(plan, clock=clock, progress=progress)


def run_report(
    plan: Plan,
    *,
    clock: Callable[[], datetime],
    progress: Progress = lambda done, total: None,
    listed: bool = True,
) -> PublishedReport:
    """Execute a plan, print it in its formats and publish it. See `render_report`.

    Without `listed` the list of all reports stays as it is: who makes many writes it once, at the end.
    """
    started = clock()
    recover(plan.folder)
    try:
        nb = execute_notebook(
            plan.notebook, plan.values, kernel=plan.kernel, timeout=plan.timeout, progress=progress,
            secrets=plan.secrets, hidden=plan.hidden, failed=plan.failed,
        )  # fmt: skip
    except KpiError:
        _list_failure(plan, listed)
        raise
    try:
        files, count = _printed(plan, nb, started, clock)
        keep_version(plan.root, plan.folder, files)
        published = publish(plan.folder, files)
    except RunError:
        with suppress(RunError):  # the first error says more than a second one about the same disk
            write_atomically(plan.failed, to_ipynb(nb))
        _list_failure(plan, listed)
        raise
    plan.failed.unlink(missing_ok=True)
    if listed:
        write_index(plan.root)
    return PublishedReport(plan.folder, published, count, (clock() - started).total_seconds())


def _list_failure(plan: Plan, listed: bool) -> None:
    if listed and plan.failed.is_file():
        with suppress(RunError):  # why the run failed matters more than a list that is out of date
            write_index(plan.root)


def _printed(plan: Plan, nb: Any, started: datetime, clock: Callable[[], datetime]) -> tuple[dict[str, bytes], int]:
    from kpi_analysis.press.render.document import collect_values, read_document
    from kpi_analysis.press.render.engines import file_name, make

    document = read_document(nb, show_code=plan.show_code)
    values = collect_values(document)
    facts = {**document.facts, "findings": quoted_findings(document.blocks)}
    written = Format(facts.get("locale", "en_GB"), facts.get("currency", "EUR"))
    reconcile(facts["findings"], values, facts.get("targets", ()), document.blocks, written)
    figures = results_json(values, facts)
    day = _dated(document.facts, started)
    made_from = canonical_json(provenance(plan, document.facts, title=document.title))
    files: dict[str, bytes] = {}
    for form in plan.formats:
        if form != "ipynb":
            carried = {"results.json": figures, "provenance.json": made_from} if form == "pdf" else {}
            files[file_name(form)] = make(document, form, plan.engine, timestamp=day, attachments=carried)
    files["report.ipynb"] = to_ipynb(nb)
    files["results.json"] = figures
    shown = {**document.facts, "message": document.toc[0].title, "headline": headline_kpi(values, document.facts)}
    files["manifest.json"] = manifest_json(
        plan, nb, shown, title=document.title, files=files, started=started, finished=clock()
    )
    return files, len(values)


def _dated(facts: Mapping[str, Any], started: datetime) -> datetime:
    """The date of the files: the last day that counts, so that the same data print the same bytes on every day."""
    try:
        return datetime.combine(date.fromisoformat(str(facts.get("as_of"))), time(), UTC)
    except ValueError:
        return started
