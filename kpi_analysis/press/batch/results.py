"""What becomes of the reports of a batch: told to people as it happens, and written into ``batch.json``."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Protocol

from kpi_analysis.core.errors import RunError
from kpi_analysis.press.batch.data_snapshot import DataSnapshot
from kpi_analysis.press.batch.spec import Batch, Item
from kpi_analysis.press.batch.worker import Outcome
from kpi_analysis.press.run.manifest import canonical_json
from kpi_analysis.press.run.publish import write_atomically


@dataclass(frozen=True)
class Result:
    """What became of one report of a batch.

    Parameters
    ----------
    item : Item
    state : str
        waiting, running, done, kept (nothing had changed), failed, stopped, not run.
    why : str
        Why it has to be made, where it has to.
    outcome : Outcome, optional
    """

    item: Item
    state: str
    why: str = ""
    outcome: Outcome | None = None

    @property
    def error(self) -> str | None:
        """What went wrong."""
        if self.item.error is not None:
            return str(self.item.error)
        return None if self.outcome is None else self.outcome.error

    def record(self) -> dict[str, Any]:
        """Return it as JSON-ready data; secrets are hidden."""
        plan, outcome = self.item.plan, self.outcome
        return {
            "name": self.item.name,
            "folder": plan.folder.as_posix() if plan else None,
            "parameters": plan.parameters if plan else None,
            "state": self.state,
            "seconds": round(outcome.seconds, 3) if outcome else None,
            "tries": outcome.tries if outcome else None,
            "error": self.error,
            "cell": outcome.cell if outcome else None,
            "key": plan.key if plan else None,
        }


class BatchProgress(Protocol):
    """Who is told what happens."""

    def planned(self, results: Sequence[Result]) -> None:
        """What shall be made, and what need not."""

    def note(self, words: str) -> None:
        """Something worth knowing."""

    def cell(self, name: str, done: int, total: int) -> None:
        """How far a report is."""

    def changed(self, result: Result) -> None:
        """A report has another state."""


@dataclass
class Summary:
    """``batch.json``, written anew whenever a report has ended, so that a kill leaves the truth."""

    batch: Batch
    started: str
    snapshot: DataSnapshot | None
    results: list[Result]

    def write(self, finished: str | None = None) -> None:
        """Write the file; raises RunError where that is impossible."""
        content = canonical_json(
            {
                "batch": self.batch.file.name,
                "started": self.started,
                "finished": finished,
                "snapshot": self.snapshot.fingerprint if self.snapshot else None,
                "items": [result.record() for result in self.results],
            }
        )
        write_atomically(self.batch.root / self.batch.period / "batch.json", content)

    def update(self) -> None:
        """Write the file if there is room: a disk that is full for a while must not end the other reports."""
        with suppress(RunError):
            self.write()
