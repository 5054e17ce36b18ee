"""A new workspace: with a sample that renders at once, or for the data of a company as they were exported."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from kpi_analysis.cli.scaffold.company_file import GUIDE, commented_tables, company_text, yaml_scalar
from kpi_analysis.cli.scaffold.company_settings import (
    CompanySettings,
    Setting,
    inbound_of,
    period_end_seen,
    see_settings,
)
from kpi_analysis.cli.scaffold.first_check import FirstCheck, first_check, with_inbound
from kpi_analysis.cli.scaffold.inspect_files import Found, FoundTable, inspect, inspect_database
from kpi_analysis.cli.scaffold.source_plan import SourcePlan, plan_sources
from kpi_analysis.core.config.company import CompanyConfig
from kpi_analysis.core.errors import DataFinding, UsageError

FILES = Path(__file__).parent / "files"
NOTEBOOKS = (Path(__file__).parent / "notebooks", Path(__file__).parents[3] / "notebooks")  # installed, and as cloned
IGNORED = "/reports/*\n.ipynb_checkpoints/\n"
SAMPLE_PERIOD = "2026-Q3"
PASSWORD = "KPI_DATABASE_PASSWORD"
DATABASE_FILE = {"duckdb": "duckdb:///", "sqlite": "sqlite:///"}
MOST_DAYS_MISSING = 7  # days without an event at the end of a period that the files name


@dataclass(frozen=True)
class Workspace:
    """A workspace that was made.

    Parameters
    ----------
    folder : path
    files : tuple of path
        Sorted.
    lines : tuple of str
        What was found, a line a file; none for a sample.
    check : FirstCheck, optional
        Of a company's own data.
    """

    folder: Path
    files: tuple[Path, ...]
    lines: tuple[str, ...] = ()
    check: FirstCheck | None = None

    @property
    def period(self) -> str:
        """The period of its first report."""
        return SAMPLE_PERIOD if self.check is None else self.check.period


def new_workspace(
    folder: Path, origin: Path | str | None = None, *, name: str | None = None, currency: str | None = None
) -> Workspace:
    """Make a workspace in a new or empty folder, whole or not at all.

    Parameters
    ----------
    folder : path
        Where it shall lie.
    origin : path or str, optional
        A user's file, folder of files, or the URL of a database: the company file then names what is recognised, and
        has what is not in comments. Without it, the workspace has a sample.
    name, currency : str, optional
        Of the company, as the user says.

    Returns
    -------
    Workspace

    Raises
    ------
    UsageError
        The folder is not empty or cannot be made, or there are no data to look at.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError(f"{folder} is not empty.", remedy="Name a new folder: nothing of yours is written over.")
    own = None if origin is None else _own_data(*_look(origin), folder, name, currency)
    place = folder.resolve()
    new = place.with_name(f".{place.name}.{os.getpid()}.new")
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        _write(new, own)
        if place.exists():
            place.rmdir()  # empty: a folder is only renamed onto nothing everywhere
        new.rename(place)
    except OSError as error:
        raise UsageError(f"{folder} cannot be made: {error.strerror}.", remedy="Name another folder.") from None
    finally:
        shutil.rmtree(new, ignore_errors=True)
    lines, check = ((), None) if own is None else (own.plan.lines, _check(folder, own))
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return Workspace(folder, tuple(files), lines, check)


@dataclass(frozen=True)
class _OwnData:
    """What is known of a company's own data before its workspace is made."""

    plan: SourcePlan
    tables: tuple[FoundTable, ...]
    settings: CompanySettings
    source: str
    environment: Mapping[str, str]

    def text(
        self,
        inbound: Setting | None = None,
        ends: Setting | None = None,
        remarks: Mapping[str, Sequence[str]] | None = None,
    ) -> str:
        """Text of the company file."""
        is_german = self.settings.locale.value.startswith("de") and "language" in CompanyConfig.model_fields
        return company_text(
            self.settings,
            self.plan.drafts,
            source=self.source,
            inbound=inbound,
            data_ends=ends,
            language="de" if is_german else None,
            remarks=remarks,
        )


def _own_data(found: list[Found], url: str | None, folder: Path, name: str | None, currency: str | None) -> _OwnData:
    source, environment, plan = _source(plan_sources(found, folder / "params"), url)
    tables = _of_use(plan, found)
    return _OwnData(plan, tables, see_settings(tables, name, currency), source, environment)


def _look(origin: Path | str) -> tuple[list[Found], str | None]:
    """What lies there, and the URL where it is a database."""
    text = str(origin)
    if isinstance(origin, str) and "://" in text:
        url = _from_anywhere(text)
        return inspect_database(url), url
    return inspect(Path(text).expanduser()), None


def _from_anywhere(url: str) -> str:
    """A URL that means the same from every folder; a file of a database must be there, else it would be made."""
    kind, _, name = url.partition("://")
    path = Path(name.partition("?")[0]).expanduser()
    if kind not in ("duckdb", "sqlite") or not name:
        return url
    if not path.is_file():
        raise UsageError(f"There is no database {path}.", remedy="Name its file: duckdb://warehouse.duckdb")
    return f"{kind}://{path.resolve()}"


def _write(folder: Path, own: _OwnData | None) -> None:
    _copy(folder, FILES / ("sample" if own is None else "own"))
    path = folder / "params" / "company.yaml"
    if own is None:
        with path.open("a", encoding="utf-8") as file:
            file.write(f"\n{GUIDE}{commented_tables()}")
    else:
        path.write_text(own.text(), encoding="utf-8")


def _check(folder: Path, own: _OwnData) -> FirstCheck:
    """Check the workspace in its place, and write into the company file what only its tables tell."""
    path = folder / "params" / "company.yaml"
    with _set(own.environment):
        check = first_check(path)
        inbound, ends = _inbound(check), _data_ends(check, own.tables)
        remarks = _remarks(check.findings)
        if inbound is not None or ends is not None or remarks:
            path.write_text(own.text(inbound, ends, remarks), encoding="utf-8")
        if inbound is not None:
            check = with_inbound(check, path)
    _write_period(folder, check.period)
    return check


def _copy(folder: Path, files: Path) -> None:
    shutil.copytree(FILES / "both", folder)
    shutil.copytree(files, folder, dirs_exist_ok=True)
    notebooks = next(place for place in NOTEBOOKS if any(place.glob("*.ipynb")))
    (folder / "notebooks").mkdir()
    for path in sorted(notebooks.glob("*.ipynb")):
        shutil.copyfile(path, folder / "notebooks" / path.name)
    (folder / "reports").mkdir()
    (folder / ".gitignore").write_text(IGNORED, encoding="utf-8")


def _of_use(plan: SourcePlan, found: list[Found]) -> tuple[FoundTable, ...]:
    """Tables that are read or proposed; all where none is."""
    used = {draft.origin.name for draft in plan.drafts}
    tables = tuple(one for one in found if isinstance(one, FoundTable))
    return tuple(one for one in tables if one.name in used) or tables


def _source(plan: SourcePlan, url: str | None) -> tuple[str, dict[str, str], SourcePlan]:
    """The source of tables of a database, its password as a variable; a workspace has one database."""
    if url is not None:
        found = re.match(r"(\w+://[^:/@]*):([^@]+)@(.*)", url)
        if found is None:
            return url, {}, plan
        return f"{found[1]}:${{{PASSWORD}}}@{found[3]}", {PASSWORD: found[2]}, plan
    files = {draft.origin.file: draft.origin for draft in plan.drafts if draft.origin.table is not None}
    if not files:
        return "duckdb://", {}, plan
    first, *others = files
    assert first is not None  # a table without a URL stands in a file
    note = "left out: a company file names one database"
    drafts = tuple(
        replace(one, is_active=False, note=note) if one.origin.table and one.origin.file in others else one
        for one in plan.drafts
    )
    return f"{files[first].url}", {}, replace(plan, drafts=drafts)


@contextmanager
def _set(environment: Mapping[str, str]) -> Iterator[None]:
    """Set variables of the environment for a while."""
    before = {name: os.environ.get(name) for name in environment}
    os.environ.update(environment)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _inbound(check: FirstCheck) -> Setting | None:
    names = inbound_of(check.channels)
    if not names:
        return None
    others = [name for name in check.channels if name not in names][:8]
    said = f"seen among the channels; not taken: {', '.join(others)}" if others else "all channels seen"
    return Setting(yaml_scalar(names), said)


def _data_ends(check: FirstCheck, tables: Sequence[FoundTable]) -> Setting | None:
    """The day that the files name as the end of their period, where the last events lie a few days before it."""
    seen = period_end_seen(tables)
    if seen is None or check.reach is None:
        return None
    day, file = seen
    missing = (day - check.reach).days
    return Setting(day.isoformat(), f"seen in {file}") if 0 < missing <= MOST_DAYS_MISSING else None


def _remarks(findings: tuple[DataFinding, ...]) -> dict[str, list[str]]:
    """What the check asks for under each table."""
    remarks: dict[str, list[str]] = {}
    for finding in findings:
        if finding.level == "error" and finding.table and finding.remedy:
            remarks.setdefault(finding.table, []).append(" ".join(finding.remedy.split()))
    return remarks


def _write_period(folder: Path, period: str) -> None:
    """Write the period of the first report into what names one."""
    for path in (folder / "README.md", folder / "params" / "batch.yaml"):
        text = path.read_text(encoding="utf-8")
        path.write_text(text.replace(SAMPLE_PERIOD, period or SAMPLE_PERIOD), encoding="utf-8")


def report_lines(workspace: Workspace) -> list[str]:
    """Return what `kpi init` prints of a workspace: a line a file, what the check says, and the next command.

    Parameters
    ----------
    workspace : Workspace

    Returns
    -------
    list of str
    """
    if workspace.check is None:
        return [*map(str, workspace.files), _next(workspace, f"kpi render quarterly_report --period {SAMPLE_PERIOD}")]
    check = workspace.check
    lines = [*workspace.lines, f"{workspace.folder / 'params' / 'company.yaml'} is written."]
    if check.error is not None:
        return [*lines, f"error: {check.error}", _next(workspace, "kpi check")]
    warnings = len(check.findings) - check.errors
    lines.append(f"kpi check: {_count(check.errors, 'error')}, {_count(warnings, 'warning')}.")
    lines += [f"error: {finding}" for finding in check.findings if finding.level == "error"]
    if check.period:
        lines.append(f"{check.kpis} of {check.of} KPIs have a value in {check.period}.")
    if check.best_table is not None:
        row = _row_words(check.best_table)
        lines.append(f"The table that would add most: {check.best_table} ({row}), {_count(check.added, 'KPI')} more.")
    if check.errors or not check.period:
        return [*lines, _next(workspace, "kpi check")]
    return [*lines, _next(workspace, f"kpi render quarterly_report --period {check.period}")]


def _next(workspace: Workspace, command: str) -> str:
    return f"Next: cd {workspace.folder} && {command}"


def _row_words(table: str) -> str:
    from kpi_analysis.core.schema import TABLES

    return f"a row is {TABLES[table].row}"


def _count(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"
