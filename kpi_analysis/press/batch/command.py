"""The command `kpi batch`: run or show a batch, and say with which code to end."""

from __future__ import annotations

import signal
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from types import FrameType

from kpi_analysis.press.batch import plan_batch, read_batch, run_batch
from kpi_analysis.press.batch.progress import ConsoleProgress, print_plan, print_results


def run_command(
    file: Path,
    company: Path,
    *,
    period: str | None = None,
    clock: Callable[[], datetime],
    workers: int | None = None,
    cluster: str | None = None,
    resume: bool = True,
    fail_fast: bool = False,
    dry_run: bool = False,
    as_of: date | None = None,
) -> int:
    """Run a batch file, or only show what would run; return 0, or 1 where a report failed."""
    batch = read_batch(file, company, period=period, as_of=as_of)
    if dry_run:
        with tempfile.TemporaryDirectory(prefix="kpi-") as folder:
            results, _ = plan_batch(batch, resume=resume, folder=Path(folder))
        print_plan(results)
        return int(any(result.state == "failed" for result in results))
    with _terminated_cleanly(), ConsoleProgress() as progress:
        try:
            results = run_batch(
                batch,
                clock=clock,
                progress=progress,
                workers=workers,
                cluster=cluster,
                resume=resume,
                fail_fast=fail_fast,
            )
        except (KeyboardInterrupt, SystemExit):
            again = f"kpi batch {file}" + (f" --period {period}" if period else "")
            progress.note(f"The batch was stopped. What is done stays; to go on: {again}")
            raise
    print_results(results)
    return int(any(result.state not in ("done", "kept") for result in results))


@contextmanager
def _terminated_cleanly() -> Iterator[None]:
    """Let a SIGTERM end the batch as Ctrl-C does: its processes first, then its summary."""

    def end(number: int, frame: FrameType | None) -> None:
        sys.exit(128 + number)

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
