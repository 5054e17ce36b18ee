"""The command line: arguments only. What a command does lies in the package."""

from __future__ import annotations

import datetime as dt
import sys
from collections.abc import Collection, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any
from warnings import simplefilter

import typer

from kpi_analysis.core.errors import CallWarning, KpiError, UsageError, did_you_mean
from kpi_analysis.core.name_lists import as_names
from kpi_analysis.press.render.engines import ENGINE_NAMES, FORMATS

DEFAULT_COMPANY = Path("params/company.yaml")

app = typer.Typer(
    name="kpi",
    help="KPIs, trends, targets and marketing ROI from a company's own tables.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

CompanyFile = Annotated[Path, typer.Option("--company", help="The company file.", metavar="FILE")]


def _one_of(names: Sequence[str]) -> str:
    return f"{', '.join(names[:-1])} or {names[-1]}"


def _kpi_names(incomplete: str) -> list[str]:
    return [name for name in _catalogue(DEFAULT_COMPANY).metrics if name.startswith(incomplete)]


def _preset_names(incomplete: str) -> list[str]:
    from kpi_analysis.presets.loading import load_loaders, load_presets

    return [name for name in (*load_presets(), *load_loaders()) if name.startswith(incomplete)]


def _catalogue(company: Path) -> Any:
    """The catalogue of a company: the shipped KPIs and those of the kpis.yaml beside its file."""
    from kpi_analysis.core.config.company import load_company
    from kpi_analysis.core.schema import TABLES
    from kpi_analysis.metrics.catalogue import with_own

    schemas = TABLES
    if company.is_file():
        with suppress(KpiError):  # a KPI is shown whatever is wrong with the company file; a check tells of it
            schemas = load_company(company).schemas
    return with_own(company.parent / "kpis.yaml", schemas)


def _readings(company: Path, tables: Collection[str]) -> list[str]:
    """How a company's columns are read that can be meant in two ways; nothing where there is no company file."""
    from kpi_analysis.metrics.session import open_company

    if "subscriptions" in tables and company.is_file():
        with suppress(KpiError):  # a KPI is shown whatever is wrong with the company file; a check tells of it
            return open_company(company).readings()
    return []


KpiName = Annotated[str, typer.Argument(help="Id of a KPI.", autocompletion=_kpi_names)]
KpiNames = Annotated[list[str] | None, typer.Argument(help="Ids of KPIs; all by default.", autocompletion=_kpi_names)]


@app.command("compute", epilog="Example: kpi compute opportunity_to_win_ratio --period 2017-Q4 --by owner --format csv")
def compute_command(
    kpis: KpiNames = None,
    period: Annotated[str, typer.Option(help="2026, 2026-Q3, 2026-09, 2026-W39 or 2026-09-14.")] = ...,  # type: ignore[assignment]
    grain: Annotated[
        str | None, typer.Option(help="day, week, month, quarter or year; the period's by default.")
    ] = None,
    last: Annotated[int, typer.Option(help="So many periods, ending at the period.")] = 1,
    by: Annotated[str | None, typer.Option(help="Dimensions to slice by: region,channel", metavar="DIM[,DIM]")] = None,
    where: Annotated[str | None, typer.Option(help="SQL condition: \"region = 'EMEA'\"", metavar="CONDITION")] = None,
    as_of: Annotated[str | None, typer.Option(help="Last day that counts.", metavar="DATE")] = None,
    form: Annotated[str, typer.Option("--format", help="table, csv, json or parquet.")] = "table",
    output: Annotated[Path | None, typer.Option(help="Write to a file.", metavar="FILE")] = None,
    company: CompanyFile = DEFAULT_COMPANY,
) -> None:
    """Compute KPIs without a notebook."""
    from kpi_analysis.cli import console

    if form not in console.FORMATS:
        hint = did_you_mean(form, console.FORMATS) or f"Use {', '.join(console.FORMATS)}."
        raise UsageError(f"unknown format '{form}'.", remedy=hint)
    import kpi_analysis.insight.target_fields  # noqa: F401  (it enters itself as the judge of targets)
    from kpi_analysis.design.formats import Format
    from kpi_analysis.metrics.session import open_company

    session = open_company(company)
    dimensions = as_names(by)
    frame = session.compute(kpis, period=period, grain=grain, last=last, by=dimensions, where=where, as_of=_day(as_of))
    console.warn(frame.attrs["warnings"])
    written = Format(session.config.locale, session.config.currency)
    console.write_frame(frame, form, output, session.catalogue, written, dimensions)
    console.tell_warnings(frame)


@app.command("explain", epilog="Example: kpi explain opportunity_to_win_ratio --period 2026-Q1 --by region")
def explain_command(
    kpi: KpiName,
    period: Annotated[str, typer.Option(help="2026, 2026-Q3, 2026-09, 2026-W39 or 2026-09-14.")],
    against: Annotated[str | None, typer.Option(help="An earlier period; the one before by default.")] = None,
    by: Annotated[str | None, typer.Option(help="Explain by the slices of a dimension.", metavar="DIM")] = None,
    where: Annotated[str | None, typer.Option(help="SQL condition: \"region = 'EMEA'\"", metavar="CONDITION")] = None,
    as_of: Annotated[str | None, typer.Option(help="Last day that counts.", metavar="DATE")] = None,
    measures: Annotated[bool, typer.Option("--measures", help="Open ratios down to what the tables give.")] = False,
    form: Annotated[str, typer.Option("--format", help="table, csv or json.")] = "table",
    company: CompanyFile = DEFAULT_COMPANY,
) -> None:
    """Say why a KPI moved: its drivers, whose contributions add up to the change."""
    from kpi_analysis.cli import console

    if form not in console.TEXT_FORMATS:
        hint = did_you_mean(form, console.TEXT_FORMATS) or f"Use {', '.join(console.TEXT_FORMATS)}."
        raise UsageError(f"unknown format '{form}'.", remedy=hint)
    from kpi_analysis.design.formats import Format
    from kpi_analysis.metrics.session import open_company

    session = open_company(company)
    frame = session.explain(
        kpi, period=period, against=against, by=by, where=where, as_of=_day(as_of), measures=measures
    )
    console.warn(frame.attrs["warnings"])
    written = Format(session.config.locale, session.config.currency)
    console.write_explanation(frame, form, session.catalogue.metric(kpi), written)


@app.command("list", epilog="Example: kpi list --category marketing")
def list_command(
    category: Annotated[str | None, typer.Option(help="Only this category.")] = None,
    company: CompanyFile = DEFAULT_COMPANY,
) -> None:
    """List the KPIs of the catalogue."""
    from kpi_analysis.cli.console import print_catalogue

    metrics = list(_catalogue(company).metrics.values())
    categories = {metric.category for metric in metrics}
    if category is not None and category not in categories:
        hint = did_you_mean(category, categories) or f"Known: {', '.join(sorted(categories))}."
        raise UsageError(f"no category '{category}'.", remedy=hint)
    print_catalogue([metric for metric in metrics if category in (None, metric.category)])


@app.command("show", epilog="Example: kpi show sales_velocity")
def show_command(kpi: KpiName, company: CompanyFile = DEFAULT_COMPANY) -> None:
    """Show one KPI: question, formula, unit, tables and a worked example."""
    from kpi_analysis.cli.console import print_metric

    print_metric(_catalogue(company), kpi, lambda tables: _readings(company, tables))


@app.command("check", epilog="Example: kpi check --company params/company.yaml")
def check_command(
    company: CompanyFile = DEFAULT_COMPANY,
    notebooks: Annotated[Path, typer.Option(help="Folder whose notebooks' parameters are checked.")] = Path(
        "notebooks"
    ),
) -> None:
    """Check tables, types, keys, ranges, own KPIs, SMART targets and report parameters before anything runs."""
    from kpi_analysis.cli.console import print_findings
    from kpi_analysis.insight.outlook import check_targets
    from kpi_analysis.metrics.session import open_company
    from kpi_analysis.press.run.notebook_check import check_notebooks

    session = open_company(company)
    findings = session.check()
    if not any(finding.level == "error" for finding in findings):
        findings += check_targets(session, session.sources.last_day())
    findings += check_notebooks(notebooks)
    print_findings(findings, session.sources.reach, session.readings())
    if any(finding.level == "error" for finding in findings):
        raise typer.Exit(2)


@app.command("render", epilog="Example: kpi render notebooks/quarterly_report.ipynb --period 2017-Q4 --to html,pdf")
def render_command(
    notebook: Annotated[str, typer.Argument(help="A notebook, or its name in notebooks/.")],
    period: Annotated[str | None, typer.Option(help="2026-Q3; the notebook's own default else.")] = None,
    parameter: Annotated[list[str] | None, typer.Option("-p", hidden=True)] = None,
    raw: Annotated[list[str] | None, typer.Option("-r", hidden=True)] = None,
    file: Annotated[list[Path] | None, typer.Option("-f", help="Parameters from a YAML file.", metavar="FILE")] = None,
    text: Annotated[list[str] | None, typer.Option("-y", help="Parameters as YAML text.", metavar="YAML")] = None,
    kernel: Annotated[str | None, typer.Option("-k", help="Jupyter kernel.", metavar="KERNEL")] = None,
    to: Annotated[str, typer.Option(help=f"Formats: {','.join(FORMATS)}.")] = "html,pdf",
    engine: Annotated[str, typer.Option(help=f"What makes them: {_one_of(ENGINE_NAMES)}.")] = "auto",
    output_dir: Annotated[Path | None, typer.Option(help="Folder of all reports: reports/.", metavar="DIR")] = None,
    execution_timeout: Annotated[int | None, typer.Option(help="Seconds a cell may take.", metavar="S")] = None,
    code: Annotated[bool, typer.Option("--code", help="Print the code of the cells too.")] = False,
    as_of: Annotated[str | None, typer.Option(help="Last day that counts.", metavar="DATE")] = None,
    company: CompanyFile = DEFAULT_COMPANY,
) -> None:
    """Run a notebook with parameters and publish it as HTML and PDF.

    Parameters are given as to papermill: -p NAME VALUE, -r NAME VALUE (raw string), -f FILE.yaml, -y YAML.
    """
    from kpi_analysis.cli.console import Progress
    from kpi_analysis.press.run.parameter_values import merge_parameters
    from kpi_analysis.press.run.report import render_report

    day = [] if as_of is None else [("as_of", str(_day(as_of)))]
    given = merge_parameters([*_pairs(parameter), *day], _pairs(raw), file or [], text or [])
    with Progress(notebook) as progress:
        report = render_report(
            notebook,
            clock=lambda: dt.datetime.now(dt.UTC),
            company=company,
            period=period,
            given=given,
            formats=[name.strip() for name in to.split(",") if name.strip()],
            engine=engine,
            output_dir=output_dir,
            kernel=kernel,
            timeout=execution_timeout,
            show_code=code,
            progress=progress,
        )
    for path in report.files:
        typer.echo(path)


@app.command("batch", epilog="Example: kpi batch params/batch.yaml --workers 4")
def batch_command(
    file: Annotated[Path, typer.Argument(help="The batch file: params/batch.yaml.", metavar="FILE.yaml")],
    period: Annotated[str | None, typer.Option(help="The period of all reports; that of the file else.")] = None,
    workers: Annotated[int | None, typer.Option(help="Reports side by side; as many as processors.", min=1)] = None,
    cluster: Annotated[str | None, typer.Option(help="A Dask scheduler: tcp://…", metavar="ADDRESS")] = None,
    resume: Annotated[bool, typer.Option(help="Leave alone what is there, made from the same.")] = True,
    fail_fast: Annotated[bool, typer.Option("--fail-fast", help="Begin no further report after a failure.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what would run, and why.")] = False,
    as_of: Annotated[str | None, typer.Option(help="Last day that counts.", metavar="DATE")] = None,
    company: CompanyFile = DEFAULT_COMPANY,
) -> None:
    """Make many reports side by side; one that fails does not touch the others."""
    from kpi_analysis.press.batch.command import run_command

    code = run_command(
        file, company, period=period, workers=workers, cluster=cluster, resume=resume, fail_fast=fail_fast,
        dry_run=dry_run, as_of=_day(as_of), clock=lambda: dt.datetime.now(dt.UTC),
    )  # fmt: skip
    raise typer.Exit(code)


@app.command("verify", epilog="Example: kpi verify reports/2026-Q3/quarterly_report/report.pdf")
def verify_command(
    pdf: Annotated[Path, typer.Argument(help="A report that kpi render has made.", metavar="PDF")],
    form: Annotated[str, typer.Option("--format", help="table or json.")] = "table",
    company: Annotated[Path | None, typer.Option(help="Its company file, if it moved.", metavar="FILE")] = None,
) -> None:
    """Recompute every figure of a report from its sources: which agree, which moved and why."""
    from kpi_analysis.cli import console

    if form not in console.VERDICT_FORMATS:
        hint = did_you_mean(form, console.VERDICT_FORMATS) or f"Use {' or '.join(console.VERDICT_FORMATS)}."
        raise UsageError(f"unknown format '{form}'.", remedy=hint)
    from kpi_analysis.insight.verify import verify

    verdict = verify(pdf, company)
    console.write_verdict(verdict, form)
    raise typer.Exit(int(bool(verdict.moved)))


@app.command("init", epilog="Example: kpi init my-company --from ~/exports")
def init_command(
    folder: Annotated[Path, typer.Argument(help="A new or empty folder.", metavar="DIR")],
    data: Annotated[
        str | None,
        typer.Option("--from", help="Your exports, as they are, or the URL of a database.", metavar="FOLDER|FILE|URL"),
    ] = None,
) -> None:
    """Make a workspace for your own data: what lies in a folder is recognised, proposed, or told why not.

    Without --from it asks on a terminal; in a script it makes a workspace with a sample.
    """
    from kpi_analysis.cli.scaffold import new_workspace, report_lines
    from kpi_analysis.cli.scaffold.dialogue import Answers, ask_for_company

    answers = Answers(origin=data)
    if data is None and sys.stdin.isatty() and sys.stdout.isatty():
        answers = ask_for_company(lambda question, default: typer.prompt(question, default=default), typer.echo)
    made = new_workspace(folder, answers.origin, name=answers.company, currency=answers.currency)
    for line in report_lines(made):
        typer.echo(line)


@app.command("presets", epilog="Example: kpi presets show hubspot_deals")
def presets_command(
    action: Annotated[str | None, typer.Argument(help="show, with a NAME; the list by default.")] = None,
    name: Annotated[str | None, typer.Argument(help="Name of a preset.", autocompletion=_preset_names)] = None,
) -> None:
    """List the exports and loader tables that are known; show one of them whole."""
    from kpi_analysis.cli.preset_lists import print_preset, print_presets

    if action not in (None, "show"):
        raise UsageError(f"found '{action}', wanted show.", remedy=f"Write: kpi presets show {action}")
    if action == "show" and name is None:
        raise UsageError("which preset is to be shown?", remedy="Write: kpi presets show NAME")
    print_presets() if name is None else print_preset(name)


@app.command("send", epilog="Example: kpi send reports/2026-Q3/quarterly_report --to ann@example.com --eml report.eml")
def send_command(
    folder: Annotated[Path, typer.Argument(help="The folder of a report.", metavar="REPORT_DIR")],
    to: Annotated[list[str], typer.Option(help="Whom to; can be given again.", metavar="ADDRESS")],
    sender: Annotated[str | None, typer.Option(help="From whom; KPI_SMTP_FROM by default.", metavar="ADDRESS")] = None,
    eml: Annotated[Path | None, typer.Option(help="Write the e-mail to a file, send nothing.", metavar="FILE")] = None,
) -> None:
    """Send a report by e-mail, its findings as text and its PDF attached, through KPI_SMTP_URL."""
    import os

    from kpi_analysis.press.send import report_message, send, sender_address, write_message

    message = report_message(folder, to, sender or sender_address(os.environ))
    if eml is not None:
        write_message(message, eml)
        typer.echo(eml)
        return
    typer.echo(f"sent to {', '.join(to)} through {send(message, os.environ)}")


@app.command("doctor", epilog="Example: kpi doctor")
def doctor_command() -> None:
    """Show what is installed, which engines work here, and the command that brings what is missing."""
    from kpi_analysis.cli.console import print_doctor
    from kpi_analysis.cli.doctor import diagnose

    print_doctor(diagnose())


def _day(text: str | None) -> dt.date | None:
    try:
        return None if text is None else dt.date.fromisoformat(text)
    except ValueError:
        raise UsageError(f"--as-of {text} is no day.", remedy="Write it like 2026-09-14.") from None


PAIR = "\x1f"


def _pairs(given: list[str] | None) -> list[tuple[str, str]]:
    return [(name, value) for name, _, value in (pair.partition(PAIR) for pair in given or [])]


def _join_pairs(arguments: list[str]) -> list[str]:
    """Make one word of ``-p NAME VALUE``, which takes two, so that the value may begin with a dash."""
    joined: list[str] = []
    index = 0
    while index < len(arguments):
        if arguments[index] in ("-p", "-r", "--parameters", "--parameters_raw"):
            pair = arguments[index + 1 : index + 3]
            letter = "-r" if arguments[index] in ("-r", "--parameters_raw") else "-p"
            if len(pair) < 2:
                raise UsageError(f"{letter} takes a name and a value.", remedy=f"Write: {letter} region EMEA")
            joined += [letter, PAIR.join(pair)]
            index += 3
        else:
            joined.append(arguments[index])
            index += 1
    return joined


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and exit.

    0: done. 1: something failed while running. 2: wrong usage or configuration, nothing was run. 138: the kernel died.
    """
    words: list[Any] = list(sys.argv[1:] if arguments is None else arguments)
    debug = "--debug" in words
    words = [word for word in words if word != "--debug"]
    simplefilter("ignore", CallWarning)  # they are printed as lines of their own
    try:
        app(_join_pairs(words) if "render" in words[:1] else words, prog_name="kpi")
    except KpiError as problem:
        if debug:
            raise
        from kpi_analysis.cli import console

        console.error(problem)
        sys.exit(problem.exit_code)
    except KeyboardInterrupt:
        sys.exit(130)
