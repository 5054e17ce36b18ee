"""What the command line prints: frames as tables, CSV, JSON or Parquet, and errors."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from kpi_analysis.core.errors import WITHHELD, DataFinding, KpiError, UsageError
from kpi_analysis.core.records import records, to_json
from kpi_analysis.design.formats import Format
from kpi_analysis.design.status_words import STATUS_WORDS

if TYPE_CHECKING:
    import pandas as pd

    from kpi_analysis.insight.verify import Verdict
    from kpi_analysis.metrics.catalogue import Catalogue, Metric
    from kpi_analysis.metrics.sources import Reach

FORMATS = ("table", "csv", "json", "parquet")
TEXT_FORMATS = FORMATS[:3]
VERDICT_FORMATS = ("table", "json")
SHOWN_KPIS = 2
MARK = "*"


def error(problem: KpiError) -> None:
    """Print an error to standard error: what was found, what was wanted, what to do."""
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    console.print("error:", style="bold red", end=" ")
    console.print(str(problem), markup=False)


def warn(sentences: Sequence[str]) -> None:
    """Print warnings to standard error, one line each."""
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    for sentence in sentences:
        console.print("warning:", style="yellow", end=" ")
        console.print(f"{sentence}.".replace("?.", "?"), markup=False)


def write_frame(
    frame: pd.DataFrame, form: str, output: Path | None, catalogue: Catalogue, written: Format, by: Sequence[str]
) -> None:
    """Write a tidy frame in one of `FORMATS` to a file or to standard output.

    Raises
    ------
    UsageError
        When the format is unknown, or Parquet would go to a terminal, or the file cannot be written.
    """
    if form == "parquet":
        if output is None:
            raise UsageError("Parquet is not text.", remedy="Name a file: --output kpis.parquet")
        write = lambda target: frame.to_parquet(target, index=False)  # noqa: E731
        _to_file(output, write)
        return
    if form == "csv":
        flat = frame.assign(warnings=["; ".join(marks) for marks in frame.warnings])
        text = flat.to_csv(index=False, date_format="%Y-%m-%d")
    elif form == "json":
        text = to_json(records(frame)) + "\n"
    else:
        print_table(frame, catalogue, written, by, output)
        return
    if output is None:
        sys.stdout.write(text)
    else:
        _to_file(output, lambda target: target.write_text(text, encoding="utf-8"))


def _to_file(output: Path, write: Any) -> None:
    """Write beside the file and move it in place, so that it is whole or as it was."""
    beside = output.with_name(f".{output.name}.part")
    try:
        write(beside)
        beside.replace(output)
    except OSError as problem:
        beside.unlink(missing_ok=True)
        raise UsageError(f"cannot write {output}: {problem.strerror}.", remedy="Choose another --output.") from None


def print_table(
    frame: pd.DataFrame, catalogue: Catalogue, written: Format, by: Sequence[str], output: Path | None = None
) -> None:
    """Print a tidy frame for people: numbers by unit, and words where there is none."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for head in ("KPI", "period", *by):
        table.add_column(head)
    rows = records(frame)
    aimed = any(row["target"] is not None for row in rows)
    for head in ("value", "before", "year ago", "rows", *(("target",) if aimed else ())):
        table.add_column(head, justify="right")
    table.add_column("")
    for row in rows:
        metric = catalogue.metric(row["kpi"])
        shown = [
            "–" if row[name] is None else written.value(row[name], metric.unit)
            for name in ("value", "previous", "year_ago")
        ]
        shown[0] += MARK if row["warnings"] and row["value"] is not None else ""
        goal = [] if not aimed else ["" if row["target"] is None else written.value(row["target"], metric.unit)]
        status = STATUS_WORDS[row["status"]].lower() if row["status"] not in (None, "none") else ""
        remarks = (row["reason"] or ("" if row["complete"] else "incomplete"), status)
        dimensions = [str(row[name] or "–") for name in by]
        unit = written.unit_label(metric.unit, None, metric.better)
        table.add_row(
            f"{metric.label} [dim]{unit}[/]",
            row["period"],
            *dimensions,
            *shown,
            f"{row['rows']:,}",
            *goal,
            ", ".join(filter(None, remarks)),
        )
    if any(frame.warnings):
        table.caption = f"{MARK} The data behind it have faults; see: kpi check"
        table.caption_justify = "left"
    notes = frame.attrs.get("notes", ())
    if output is None:
        console = Console(highlight=False, width=None if sys.stdout.isatty() else 140)
        console.print(table, *notes, sep="\n")
        return
    with output.open("w", encoding="utf-8") as stream:
        Console(file=stream, highlight=False, width=160).print(table, *notes, sep="\n")


def write_explanation(frame: pd.DataFrame, form: str, metric: Metric, written: Format) -> None:
    """Write why a KPI moved to standard output, in one of `TEXT_FORMATS`; a table ends with the change in total."""
    if form == "csv":
        sys.stdout.write(frame.to_csv(index=False))
        return
    if form == "json":
        drivers = frame.astype(object).where(frame.notna(), None).to_dict("records")
        sys.stdout.write(to_json({**frame.attrs, "drivers": drivers}) + "\n")
        return
    console = Console(highlight=False, width=None if sys.stdout.isatty() else 140)
    told = frame.attrs
    days, full = told["days"]
    stretch = "" if days == full else f" (the first {days} days of each)"
    console.print(f"{metric.label}, {told['period']} against {told['against']}{stretch}", style="bold", markup=False)
    if told["reason"]:
        console.print(told["reason"], markup=False)
        return
    console.print(_explanation(frame, metric, written))
    if told["simpson"]:
        console.print(told["simpson"] + ".", markup=False)


def _explanation(frame: pd.DataFrame, metric: Metric, written: Format) -> Table:
    told, effects = frame.attrs, [name for name in ("rate_effect", "mix_effect") if _has(frame, name)]
    moved = written.scale([*frame.contribution, told["change"]], metric.unit)
    unit = "points" if metric.unit == "percent" else written.unit_label(metric.unit, moved)
    table = Table(box=None, pad_edge=False, header_style="bold", show_footer=True, footer_style="bold")

    def signed(x: float) -> str:
        text = written.value(x, metric.unit, moved)
        return f"+{text}" if x > 0 and text.strip(f"0{written.point}") else text

    def level(x: float, of: str) -> str:
        if x != x:
            return "–"
        return written.value(x, of) if of else written.number(x, 0 if abs(x) >= 100 or x == int(x) else 2)

    name = written.unit_label(metric.unit, None, metric.better)
    table.add_column("driver", footer=f"{escape(metric.label)} [dim]{name}[/]")
    for head in ("before", "after"):
        table.add_column(head, justify="right", footer=level(told[head], metric.unit))
    table.add_column(f"contribution, {unit}", justify="right", footer=signed(told["change"]))
    for effect in effects:
        table.add_column(effect.removesuffix("_effect"), justify="right", footer=signed(frame[effect].sum()))
    table.add_column("share", justify="right", footer="" if told["change"] == 0 else written.percent(1.0))
    for row in frame.to_dict("records"):
        table.add_row(
            f"{escape(row['label'])} [dim]{written.unit_label(row['unit']) if row['unit'] else ''}[/]",
            level(row["before"], row["unit"]),
            level(row["after"], row["unit"]),
            signed(row["contribution"]),
            *(signed(row[effect]) for effect in effects),
            "–" if row["share"] != row["share"] else written.percent(row["share"]),
        )
    return table


def _has(frame: pd.DataFrame, name: str) -> bool:
    return name in frame and bool(frame[name].notna().any())


def print_catalogue(metrics: Sequence[Metric]) -> None:
    """Print the list of KPIs."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for head in ("KPI", "what it is", "unit", "better", "category"):
        table.add_column(head, no_wrap=head == "KPI")
    for metric in metrics:
        table.add_row(metric.name, metric.label, metric.unit, metric.better, metric.category)
    Console(highlight=False, width=None if sys.stdout.isatty() else 140).print(table)


def print_metric(
    catalogue: Catalogue, name: str, readings: Callable[[Collection[str]], Sequence[str]] = lambda tables: ()
) -> None:
    """Print one KPI: what it answers, how it is made, how its columns are read, and a worked example."""
    metric = catalogue.metric(name)
    measures = catalogue.measures_of(name)
    tables = dict.fromkeys(way.table for measure in measures for way in catalogue.measures[measure].aggregates)
    lines = [
        (metric.label, metric.question),
        ("formula", catalogue.in_words(name)),
        ("", metric.formula),
        ("unit", f"{metric.unit}; {metric.better} is better" if metric.better != "neutral" else metric.unit),
        ("level", metric.level + (f", supports {metric.supports}" if metric.supports else "")),
        ("tables", ", ".join(tables)),
    ]
    lines += [("measure", f"{measure}: {catalogue.measure_in_words(measure)}") for measure in measures]
    lines += [("reading", words) for words in readings(tables)]
    example = ", ".join(f"{part} {value:g}" for part, value in metric.example.items() if part != "value")
    if example:
        lines.append(("example", f"{example}: {metric.example['value']:g}"))
    if metric.note:
        lines.append(("note", metric.note))
    if metric.otherwise is not None:
        lines += [(f"without {metric.otherwise.without}", metric.alternative.formula), ("", metric.alternative.note)]
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(style="bold", no_wrap=True)
    table.add_column()
    for head, words in lines:
        table.add_row(escape(head), escape(words))
    Console(highlight=False, width=None if sys.stdout.isatty() else 120).print(table)


def touched_words(finding: DataFinding) -> str:
    """Words for the KPIs that a finding touches, before or after its message; nothing where it touches none.

    Examples
    --------
    >>> touched_words(DataFinding("warning", "table orders", "…", kpis=("sales_revenue", "leads", "churn_rate")))
    ' Touches sales_revenue, leads and 1 more.'
    """
    if not finding.kpis:
        return ""
    more = f" and {len(finding.kpis) - SHOWN_KPIS} more" if len(finding.kpis) > SHOWN_KPIS else ""
    verb = "Withholds" if finding.level == "error" else "Touches"
    return f" {verb} {', '.join(finding.kpis[:SHOWN_KPIS])}{more}."


def tell_warnings(frame: pd.DataFrame) -> None:
    """Print one line to standard error on what is wrong with the data behind a frame: the worst, and what it touches.

    A figure that an error keeps back is worse than one that a warning marks, and what touches more figures comes first.
    """
    withheld = frame.loc[frame.reason.fillna("").str.startswith(WITHHELD), "reason"].str.removeprefix(WITHHELD)
    marks = [mark for marked in frame.warnings for mark in marked]
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    if len(withheld):
        worst, count = withheld.value_counts().index[0], len(withheld)
        console.print("error:", style="bold red", end=" ")
        figures = f"{count:,} of {len(frame):,} figures {'is' if count == 1 else 'are'} withheld"
        console.print(f"{worst}. {figures}; see all with: kpi check", markup=False)
    elif marks:
        worst, count = Counter(marks).most_common(1)[0]
        rest = len(set(marks)) - 1
        console.print("warning:", style="yellow", end=" ")
        more = f" {rest:,} more {'warning' if rest == 1 else 'warnings'};" if rest else ""
        figures = f"It touches {count:,} of {len(frame):,} figures;"
        console.print(f"{worst}. {figures}{more} see all with: kpi check", markup=False)


def print_findings(findings: Sequence[DataFinding], reach: Reach, readings: Sequence[str] = ()) -> None:
    """Print what a check found, one line a finding, errors before warnings; how far the data reach and how columns are
    read; a closing line."""
    console = Console(highlight=False, soft_wrap=True)
    for level, style in (("error", "bold red"), ("warning", "yellow")):
        for finding in findings:
            if finding.level == level:
                console.print(f"{level}:", style=style, end=" ")
                words = str(finding)
                console.print(f"{words if words.endswith('.') else f'{words}.'}{touched_words(finding)}", markup=False)
    if reach.day is not None:
        from kpi_analysis.metrics.sources.facts import REACH_WORDS

        console.print(f"the data reach to {reach.day}, {REACH_WORDS[reach.decided_by]}{_event(reach)}", markup=False)
    for words in readings:
        console.print("reading:", style="bold", end=" ")
        console.print(words, markup=False)
    errors = sum(finding.level == "error" for finding in findings)
    console.print(f"{errors} errors, {len(findings) - errors} warnings")


def _event(reach: Reach) -> str:
    return f" ({reach.table}.{reach.column})" if reach.table else ""


def write_verdict(verdict: Verdict, form: str) -> None:
    """Write which figures of a report moved and why to standard output, as a table or as JSON."""
    if form == "json":
        sys.stdout.write(to_json(verdict.record()) + "\n")
        return
    console = Console(highlight=False, width=None if sys.stdout.isatty() else 160)
    if verdict.moved:
        table = Table(box=None, pad_edge=False, header_style="bold")
        for head in ("figure", "", "then", "now", "changed since"):
            table.add_column(head, justify="right" if head in ("then", "now") else "left", overflow="fold")
        for figure in verdict.moved:
            first, rest = figure.moved[0], len(figure.moved) - 1
            more = f" and {rest} more" if rest else ""
            why = "; ".join(f"{cause.kind}: {cause.words}" for cause in figure.causes)
            table.add_row(
                *map(escape, (figure.id, f"{first.field}{more}", _number(first.then), _number(first.now), why))
            )
        console.print(table)
    moved, figures = len(verdict.moved), len(verdict.figures)
    summary = f"{figures - moved:,} of {figures:,} figures agree, {moved:,} moved"
    summary = summary if moved else f"All {figures:,} figures agree"
    console.print(f"{summary}: {verdict.report}, {verdict.company}, {verdict.period}", markup=False)


def _number(value: Any) -> str:
    """A figure of any unit, to the digits by which it can be told from its neighbour."""
    return "–" if value is None else f"{value:,.10g}" if isinstance(value, int | float) else str(value)


def print_doctor(states: Sequence[Any]) -> None:
    """Print what is installed and what is missing, with the command that brings it."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for head in ("what", "state", "version", "", "remedy"):
        table.add_column(head)
    for state in states:
        table.add_row(
            *(escape(str(part or "")) for part in (state.name, state.state, state.version, state.detail, state.remedy))
        )
    Console(highlight=False, width=None if sys.stdout.isatty() else 160).print(table)


class Progress:
    """How far a run is: a moving line on a terminal, one plain line a step elsewhere; to standard error."""

    def __init__(self, title: str) -> None:
        self._title = Path(title).stem
        self._console = Console(stderr=True, highlight=False)
        self._status = self._console.status(self._title) if self._console.is_terminal else None

    def __enter__(self) -> Progress:
        if self._status is not None:
            self._status.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._status is not None:
            self._status.stop()

    def __call__(self, done: int, total: int) -> None:
        """Note that so many cells of all are done."""
        words = f"{self._title}: cell {done} of {total}"
        if self._status is not None:
            self._status.update(words)
        else:
            self._console.print(words, markup=False)
