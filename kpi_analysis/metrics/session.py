"""An open company: its file, its tables and the catalogue in one hand."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from warnings import warn

import ibis.expr.types as ir
import pandas as pd

from kpi_analysis.core.config.company import CompanyConfig, load_company
from kpi_analysis.core.config.targets import Target, load_targets
from kpi_analysis.core.errors import CallWarning, DataFinding, KpiError
from kpi_analysis.core.formula import Name
from kpi_analysis.core.name_lists import as_names
from kpi_analysis.design.brand import company_theme
from kpi_analysis.design.theme import DEFAULT_THEME, Theme
from kpi_analysis.metrics.catalogue import Catalogue, with_own
from kpi_analysis.metrics.checks import check_sources, refuse_errors
from kpi_analysis.metrics.compute import compute
from kpi_analysis.metrics.compute.aggregate_functions import is_additive
from kpi_analysis.metrics.compute.call_warnings import call_warnings
from kpi_analysis.metrics.compute.custom_kpis import check_own
from kpi_analysis.metrics.compute.data_warnings import touched_kpis
from kpi_analysis.metrics.compute.resolution import resolved_aggregates
from kpi_analysis.metrics.definition_checks import check_accounts, check_revenue
from kpi_analysis.metrics.explain import explain
from kpi_analysis.metrics.skipped_rows import skipped_words
from kpi_analysis.metrics.source_notes import source_notes
from kpi_analysis.metrics.sources import Sources
from kpi_analysis.metrics.sources.contract_ends import ContractEnds, contract_end_findings, contract_ends
from kpi_analysis.metrics.sources.snapshot import open_snapshot
from kpi_analysis.metrics.target_columns import with_target_columns


@dataclass(frozen=True)
class OpenCompany:
    """A company whose tables can be asked.

    Parameters
    ----------
    config : CompanyConfig
        Its company file.
    catalogue : Catalogue
        What its KPIs are.
    sources : Sources
        Its connected tables.
    targets : tuple of Target
        What shall be reached.
    theme : Theme
        Colours, typeface, paper and logo of its reports.
    partial : bool
        Whether KPIs that an error in the data keeps back are told with their reason even where none is left, as a
        report does; by default that is an error.
    """

    config: CompanyConfig
    catalogue: Catalogue
    sources: Sources
    targets: tuple[Target, ...] = ()
    theme: Theme = DEFAULT_THEME
    partial: bool = False

    def compute(
        self,
        kpis: str | Sequence[str] | None = None,
        *,
        period: str,
        grain: str | None = None,
        last: int = 1,
        by: str | Sequence[str] = (),
        where: str | None = None,
        as_of: str | dt.date | None = None,
        compared: bool = True,
    ) -> pd.DataFrame:
        """Compute KPIs into a tidy frame, with their targets; see `kpi_analysis.metrics.compute.compute`.

        A row of the slice and the period for which a target is set has its `target`, `pace` and `status`. What is odd
        about the call is in ``attrs["warnings"]`` and warned of once.
        """
        frame = self.values(
            kpis, period=period, grain=grain, last=last, by=by, where=where, as_of=as_of, compared=compared
        )
        self._warn(frame)
        return with_target_columns(self, frame, by=as_names(by), where=where, as_of=_day(as_of))

    def values(
        self,
        kpis: str | Sequence[str] | None = None,
        *,
        period: str,
        grain: str | None = None,
        last: int = 1,
        by: str | Sequence[str] = (),
        where: str | None = None,
        as_of: str | dt.date | None = None,
        compared: bool = True,
    ) -> pd.DataFrame:
        """Compute KPIs into a tidy frame without their targets: what targets themselves are judged by."""
        return compute(
            self.sources,
            self.catalogue,
            kpis,
            period=period,
            grain=grain,
            last=last,
            by=by,
            where=where,
            as_of=_day(as_of),
            compared=compared,
            partial=self.partial,
        )

    def explain(
        self,
        kpi: str,
        *,
        period: str,
        against: str | None = None,
        by: str | Sequence[str] | None = None,
        where: str | None = None,
        as_of: str | dt.date | None = None,
        measures: bool = False,
    ) -> pd.DataFrame:
        """Say why a KPI moved, in drivers that add up to the change; see `kpi_analysis.metrics.explain.explain`."""
        frame = explain(
            self.sources, self.catalogue, kpi,
            period=period, against=against, by=",".join(as_names(by)) or None, where=where, as_of=_day(as_of),
            measures=measures,
        )  # fmt: skip
        asked = self.config.calendar.parse(period)
        frame.attrs["warnings"] = call_warnings(self.sources, self.catalogue, [kpi], where, asked.start, asked.end)
        self._warn(frame)
        return frame

    def _warn(self, frame: pd.DataFrame) -> None:
        """Say what is odd about a call; Python says the same at one place only once."""
        for words in frame.attrs["warnings"]:
            warn(words, CallWarning, stacklevel=3)

    def formula(self, kpi: str) -> str:
        """Return the formula of a KPI in words, as this company reads its measures."""
        aggregates = resolved_aggregates(self.sources, self.catalogue, self.catalogue.measures_of(kpi))
        return self.catalogue.in_words(kpi, aggregates)

    def is_additive(self, kpi: str) -> bool:
        """Whether slices of a KPI add up to the whole: it is one sum or count of rows."""
        tree = self.catalogue.metric(kpi).tree
        if not isinstance(tree, Name) or tree.name not in self.catalogue.measures:
            return False
        return all(is_additive(one) for one in self.catalogue.measures[tree.name].aggregates)

    def table(self, name: str) -> ir.Table:
        """Return a canonical table as an Ibis expression, to explore it freely."""
        return self.sources.table(name)

    def check(self) -> list[DataFinding]:
        """Check every connected table, the user's own KPIs, and from which table revenue comes.

        Each finding names the KPIs that it touches.
        """
        found = [
            *check_sources(self.sources),
            *check_accounts(self.sources, self.catalogue),
            *check_revenue(self.sources, self.catalogue),
        ]
        with suppress(KpiError):  # what stands in the way is among the findings
            found += contract_end_findings(self.contract_ends())
        touched = touched_kpis(self.sources, self.catalogue, found)
        told = [replace(finding, kpis=touched.get(place, ())) for place, finding in enumerate(found)]
        return [*told, *check_own(self.sources, self.catalogue)]

    def contract_ends(self, as_of: dt.date | None = None) -> ContractEnds | None:
        """Return how the end of contracts is read and what told it, as it is known on a day; by default the last."""
        day = as_of or self.sources.last_day()
        return None if day is None else contract_ends(self.sources, day)

    def readings(self, as_of: dt.date | None = None) -> list[str]:
        """Return in words how columns are read that can be meant in two ways on a day, and which rows are left out."""
        notes = [*source_notes(self.sources), *skipped_words(self.sources.connections.reads)]
        with suppress(KpiError):  # which a check tells of
            ends = self.contract_ends(as_of)
            return notes if ends is None else [f"subscriptions: {ends.words}.", *notes]
        return notes


def _day(day: str | dt.date | None) -> dt.date | None:
    return dt.date.fromisoformat(day) if isinstance(day, str) else day


def open_company(path: str | Path = "params/company.yaml") -> OpenCompany:
    """Session of a company, by its company file; a ``kpis.yaml`` beside it adds KPIs, a ``targets.yaml`` targets.

    Parameters
    ----------
    path : str | Path
        The company file.

    Returns
    -------
    OpenCompany
        Its tables are read when they are first needed.

    Raises
    ------
    ConfigError
        When the file is missing or says something that cannot be meant.
    """
    company = load_company(path)
    folder = company.folder
    targets = load_targets(folder / "targets.yaml")
    catalogue = with_own(folder / "kpis.yaml", company.schemas).for_tables(company.tables)
    return OpenCompany(
        company, catalogue, Sources(company, refuse_errors, open_snapshot(company)), targets, company_theme(company)
    )
