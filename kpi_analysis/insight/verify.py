"""A published PDF recomputed from its sources: which figures agree, which moved, and why."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kpi_analysis.core.config.company import load_company
from kpi_analysis.core.errors import UsageError
from kpi_analysis.insight.restatement import Compared, Comparison, Published
from kpi_analysis.metrics.session import open_company

RENDER_AGAIN = "Render it again with kpi render, then verify that PDF."


@dataclass(frozen=True)
class Verdict:
    """What became of the figures of a report.

    Parameters
    ----------
    report, company, period : str
        What the report says it is.
    company_file : path
        Through which its sources were read.
    figures : tuple of Compared
        Values, then targets, then projections.
    """

    report: str
    company: str
    period: str | None
    company_file: Path
    figures: tuple[Compared, ...]

    @property
    def moved(self) -> tuple[Compared, ...]:
        """The figures that are not what they were."""
        return tuple(figure for figure in self.figures if figure.moved)

    def record(self) -> dict[str, Any]:
        """Return it as JSON-ready data."""
        return {
            "report": self.report,
            "company": self.company,
            "period": self.period,
            "figures": len(self.figures),
            "agree": len(self.figures) - len(self.moved),
            "moved": [
                {
                    "id": figure.id,
                    "kpi": figure.kpi,
                    "changes": [{"field": one.field, "then": one.then, "now": one.now} for one in figure.moved],
                    "why": [{"kind": cause.kind, "what": cause.words} for cause in figure.causes],
                }
                for figure in self.moved
            ],
        }


def verify(pdf: Path, company: Path | None = None) -> Verdict:
    """Recompute every figure of a published PDF from its sources, as of the day that the report counts to.

    Parameters
    ----------
    pdf : path
        A report of `kpi render`.
    company : path, optional
        Its company file; by default the one that it names, in this workspace or in that of the PDF.

    Raises
    ------
    UsageError
        The PDF is none, or does not say what it was made from, or its company file is not to be found.
    ConfigError, DataError
        The company's tables cannot be read.
    """
    report = read_published(pdf)
    told = report.provenance
    file = company or _company_file(pdf, told)
    session = open_company(file)
    if session.config.name != told["company"]:
        raise UsageError(
            f"{pdf} is a report of {told['company']}, and {file} is the company file of {session.config.name}.",
            remedy="Name its own with --company FILE.",
        )
    comparison = Comparison(session, report)
    figures = (*comparison.values(), *comparison.derived(), *comparison.outlook())
    return Verdict(told["report"], told["company"], told["period"], file, figures)


def read_published(pdf: Path) -> Published:
    """Return the figures that are attached to a PDF, and what they were made from.

    Raises
    ------
    UsageError
        There is no such PDF, or it has no such attachments.
    """
    files = _attachments(pdf)
    for name in ("results.json", "provenance.json"):
        if name not in files:
            raise UsageError(f"{pdf} has no {name} attached, so nobody can say how it was made.", remedy=RENDER_AGAIN)
    try:
        report = Published(json.loads(files["results.json"]), json.loads(files["provenance.json"]))
        whole = report.provenance["made_from"] is not None and report.provenance["as_of"] is not None
    except (ValueError, KeyError, TypeError):
        raise UsageError(f"What is attached to {pdf} cannot be read.", remedy=RENDER_AGAIN) from None
    if not whole:
        notebook = report.provenance.get("notebook")
        raise UsageError(
            f"{pdf} does not say what its figures were made from.",
            remedy=f"Its notebook {notebook} shows them without report.title(), which tells it: add that cell.",
        )
    return report


def _attachments(pdf: Path) -> dict[str, bytes]:
    import pikepdf

    if not pdf.is_file():
        raise UsageError(f"There is no file {pdf}.", remedy="Name a PDF that kpi render has made.")
    try:
        with pikepdf.open(pdf) as document:
            return {Path(name).name: spec.get_file().read_bytes() for name, spec in document.attachments.items()}
    except (pikepdf.PdfError, pikepdf.PasswordError):
        raise UsageError(f"{pdf} is no PDF that can be read.", remedy="Name the report.pdf of a report.") from None


def _company_file(pdf: Path, told: Mapping[str, Any]) -> Path:
    """The company file that a report names, looked for in this workspace and then in each folder above the PDF."""
    name: str | None = told.get("company_file")
    if not name:
        raise UsageError(f"{pdf} names no company file.", remedy="Name it: --company FILE")
    for folder in (Path(), *pdf.resolve().parents):
        if (folder / name).is_file() and load_company(folder / name).name == told["company"]:
            return folder / name
    raise UsageError(
        f"The company file {name} of {told['company']} is neither here nor in a folder above {pdf}.",
        remedy="Run it in the workspace, or name the file: --company FILE",
    )
