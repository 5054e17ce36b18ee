"""The one sentence on the data that matters most, for the first page of a report."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from kpi_analysis.core.errors import DataFinding
from kpi_analysis.metrics.session import OpenCompany

LEAST_SHARE = 0.001  # of rows or money; what touches less is told beside the figures and on the last page only


def worst_finding(findings: Sequence[DataFinding], headline: Collection[str]) -> DataFinding | None:
    """Finding that matters most: what touches the headline first, then what touches the largest share.

    Parameters
    ----------
    findings : sequence of DataFinding
        Of one level, with the KPIs that each touches.
    headline : collection of str
        KPIs of the first page.

    Returns
    -------
    DataFinding or None
        None where nothing is worth a sentence on the first page.

    Examples
    --------
    >>> small = DataFinding("warning", "table leads", "…", share=0.2, kpis=("leads",))
    >>> large = DataFinding("warning", "table orders", "…", share=0.5, kpis=("sales_revenue",))
    >>> worst_finding([small, large], ["sales_revenue", "leads"]).subject
    'table orders'
    """
    told = [f for f in findings if f.kpis and (f.level == "error" or f.share >= LEAST_SHARE)]
    return min(told, key=lambda f: (set(headline).isdisjoint(f.kpis), -f.share, -len(f.kpis)), default=None)


def data_sentence(company: OpenCompany, findings: Sequence[DataFinding], headline: Sequence[str]) -> str:
    """Sentence on what is wrong with the data, and one on what is withheld for it; empty where all is sound.

    Parameters
    ----------
    company : OpenCompany
        Whose KPIs they are.
    findings : sequence of DataFinding
        With the KPIs that each touches.
    headline : sequence of str
        KPIs of the first page, the most important first.

    Returns
    -------
    str
    """
    errors = [finding for finding in findings if finding.level == "error"]
    warnings = [finding for finding in findings if finding.level == "warning"]
    return f"{_withheld(company, errors, headline)} {_marked(company, warnings, headline)}".strip()


def _withheld(company: OpenCompany, errors: Sequence[DataFinding], headline: Sequence[str]) -> str:
    worst = worst_finding(errors, headline)
    if worst is None:
        return ""
    kept = {kpi for error in errors for kpi in error.kpis}
    first = next((name for name in headline if name in kept), worst.kpis[0])
    others = len(kept) - 1
    more = f" and {others} more {'KPI' if others == 1 else 'KPIs'}" if others else ""
    told = f"{company.catalogue.metric(first).label}{more} {'are' if others else 'is'} withheld: "
    told += f"{worst.subject}: {worst.message.rstrip('.')}."
    several = sum(bool(error.kpis) for error in errors)
    if several > 1:
        told += f" {several - 1} more {'error is' if several == 2 else 'errors are'} on the last page."
    return told


def _marked(company: OpenCompany, warnings: Sequence[DataFinding], headline: Sequence[str]) -> str:
    worst = worst_finding(warnings, headline)
    if worst is None:
        return ""
    kpi = next((name for name in headline if name in worst.kpis), worst.kpis[0])
    label, others = company.catalogue.metric(kpi).label, len(worst.kpis) - 1
    effect = {"low": "is too low", "high": "is too high"}.get(worst.effect, "")
    effect = effect if effect and company.is_additive(kpi) else "may be wrong"
    touched = f", and {others} more {'KPI is' if others == 1 else 'KPIs are'} touched" if others else ""
    return f"{_in_table(worst)}: {label[:1].lower()}{label[1:]} {effect}{touched}."


def _in_table(finding: DataFinding) -> str:
    """What was found, with its table: ``2 of 3 rows of orders have no amount``."""
    words = finding.summary or finding.message.rstrip(".")
    for noun in (" rows ", " row ", " values ", " value "):
        before, found, after = words.partition(noun)
        if found and before.replace(",", "").replace(" of ", "").isdigit():
            return f"{before}{noun.rstrip()} of {finding.table} {after}"
    return f"In {finding.subject.removeprefix('table ')}, {words}"
