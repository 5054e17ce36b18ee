"""What people see of a batch: a live table on a terminal, one plain line a report elsewhere."""

from __future__ import annotations

import threading
from collections.abc import Sequence

from rich.console import Console
from rich.live import Live
from rich.markup import escape
from rich.table import Table

from kpi_analysis.press.batch.results import Result

_STYLES = {
    "done": "green",
    "kept": "dim",
    "failed": "bold red",
    "running": "cyan",
    "stopped": "yellow",
    "not run": "dim",
}
_MOST_LINES = 30


class ConsoleProgress:
    """Shows a batch as it goes, on standard error; use it as a context."""

    def __init__(self) -> None:
        self._console = Console(stderr=True, highlight=False)
        self._lock = threading.Lock()
        self._results: dict[str, Result] = {}
        self._cells: dict[str, str] = {}
        self._live = Live(console=self._console, refresh_per_second=4) if self._console.is_terminal else None

    def __enter__(self) -> ConsoleProgress:
        if self._live is not None:
            self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._live is not None:
            self._live.stop()

    def planned(self, results: Sequence[Result]) -> None:
        """Show what shall be made, and what need not."""
        with self._lock:
            self._results = {result.item.name: result for result in results}
            self._draw()
        for result in results:
            if result.state != "waiting":
                self._line(result)

    def note(self, words: str) -> None:
        """Show something worth knowing."""
        self._console.print(words, markup=False, soft_wrap=True)

    def cell(self, name: str, done: int, total: int) -> None:
        """Show how far a report is."""
        with self._lock:
            self._cells[name] = f"cell {done} of {total}"
            self._draw()

    def changed(self, result: Result) -> None:
        """Show the new state of a report."""
        with self._lock:
            self._results[result.item.name] = result
            self._draw()
        if result.state != "running":
            self._line(result)

    def _line(self, result: Result) -> None:
        if self._live is None:
            self._console.print(result_line(result), markup=False, soft_wrap=True)

    def _draw(self) -> None:
        if self._live is not None:
            order = {"running": 0, "failed": 1, "waiting": 2}
            shown = sorted(self._results.values(), key=lambda result: order.get(result.state, 3))
            self._live.update(results_table(shown[:_MOST_LINES], self._cells, left=len(shown) - _MOST_LINES))


def result_line(result: Result) -> str:
    """Return a result as one plain line."""
    time = f" in {result.outcome.seconds:.1f} s" if result.outcome and result.state == "done" else ""
    why = f": {result.error}" if result.error else " (nothing it is made from has changed)" * (result.state == "kept")
    return f"{result.item.name}: {result.state}{time}{why}"


def results_table(results: Sequence[Result], cells: dict[str, str] | None = None, *, left: int = 0) -> Table:
    """Return results as a table."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for head in ("report", "state", "seconds", ""):
        table.add_column(head, justify="right" if head == "seconds" else "left", no_wrap=head == "report")
    for result in results:
        style = _STYLES.get(result.state, "")
        seconds = f"{result.outcome.seconds:.1f}" if result.outcome and result.outcome.seconds else ""
        remark = result.error or (cells or {}).get(result.item.name, "") * (result.state == "running") or result.why
        state = f"[{style}]{result.state}[/]" if style else result.state
        table.add_row(escape(result.item.name), state, seconds, escape(remark))
    if left > 0:
        table.add_row(f"… and {left} more", "", "", "")
    return table


def print_results(results: Sequence[Result]) -> None:
    """Print what became of every report, and a closing line."""
    console = Console(highlight=False)
    if console.is_terminal:
        console.print(results_table(results))
    print_counts(results, console)


def print_plan(results: Sequence[Result]) -> None:
    """Print what would be made, and why."""
    console = Console(highlight=False)
    for result in results:
        words = {"waiting": f"would run: {result.why}", "kept": "would be kept: nothing it is made from has changed"}
        told = words.get(result.state) or f"cannot run: {result.error}"
        console.print(f"{result.item.name}: {told}", markup=False, soft_wrap=True)


def print_counts(results: Sequence[Result], console: Console) -> None:
    """Print how many reports ended in which state."""
    states = ("done", "kept", "failed", "stopped", "not run")
    counts = {state: sum(result.state == state for result in results) for state in states}
    told = [f"{count} {state}" for state, count in counts.items() if count or state in ("done", "failed")]
    console.print(f"{len(results)} reports: {', '.join(told)}")
