"""Company file: who the company is, where its tables lie, and how they map onto the canonical ones."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from babel import Locale, UnknownLocaleError
from babel.numbers import list_currencies
from pydantic import AliasChoices, Field, PrivateAttr, field_validator, model_validator

from kpi_analysis.core.attribution_rules import SPLITTING_RULES
from kpi_analysis.core.config.brand import BrandSpec
from kpi_analysis.core.config.table_spec import NAME, TableSpec, location_of, table_of_own, with_own_columns
from kpi_analysis.core.errors import ConfigError, did_you_mean
from kpi_analysis.core.limits import SCALES, survey_scale
from kpi_analysis.core.periods import Calendar
from kpi_analysis.core.schema import DERIVED, TABLES, CanonicalTable
from kpi_analysis.core.yaml_file import StrictModel, YamlFile, load_model, read_yaml

RevenueTable = Literal["orders", "opportunities", "ledger"]


class CalendarSpec(StrictModel):
    """`calendar:` of the company file: type, first month or day, and which end names a year."""

    type: Literal["gregorian", "4-4-5", "4-5-4", "5-4-4"] = "gregorian"
    year_starts: int | date = 1
    named_by: Literal["start", "end"] | None = None

    @model_validator(mode="after")
    def _fits(self) -> CalendarSpec:
        if self.type == "gregorian":
            if not isinstance(self.year_starts, int) or not 1 <= self.year_starts <= 12:
                raise ValueError("year_starts of a gregorian calendar is a month from 1 to 12")
        elif not isinstance(self.year_starts, date):
            raise ValueError(f"year_starts of a {self.type} calendar is the first day of a year: 2025-02-02")
        return self


class RatesSpec(TableSpec):
    """`rates:` of the company file: what one unit of a currency is worth in the company's own, from a day on."""

    @field_validator("ends")
    @classmethod
    def _without_ends(cls, value: str) -> str:
        raise ValueError("'ends' says what ended_on of subscriptions means; rates have no such column")

    @model_validator(mode="after")
    def _one_table(self) -> RatesSpec:
        if self.is_prepared or self.extra or self.date or self.key:
            raise ValueError("rates are one path, table or query with columns date, currency and rate, and no more")
        return self

    @field_validator("columns")
    @classmethod
    def _known_columns(cls, value: dict[str, str]) -> dict[str, str]:
        for column in value:
            if column not in ("date", "currency", "rate"):
                raise ValueError(f"rates have the columns date, currency and rate; found '{column}'")
        return value


class AttributionSpec(StrictModel):
    """`attribution:` of the company file: by which rule, and within how many days, revenue is credited.

    `half_life_days` is for time_decay: a touch so many days before the conversion counts half as much.
    """

    rule: Literal["first", "last", "linear", "time_decay", "u_shaped", "w_shaped"] = "last"
    lag_days: int = Field(default=90, ge=0)
    half_life_days: float = Field(default=7.0, gt=0)

    @field_validator("rule", mode="before")
    @classmethod
    def _splits_each_journey(cls, value: Any) -> Any:
        if value in ("shapley", "markov"):
            raise ValueError(
                f"'{value}' looks at all journeys of a period together and is shown in the marketing ROI notebook; "
                f"KPIs need a rule that splits each journey: {', '.join(SPLITTING_RULES)}"
            )
        return value


class CompanyConfig(StrictModel):
    """Configuration of a company: the company file, read and checked.

    Examples
    --------
    >>> company = CompanyConfig(company="Northwind Bikes", currency="EUR", gross_margin=0.62)
    >>> company.calendar.parse("2026-Q3").start
    datetime.date(2026, 7, 1)
    """

    name: str = Field(alias="company", min_length=1)
    currency: str = "EUR"
    locale: str = "en_GB"
    calendar_spec: CalendarSpec = Field(default=CalendarSpec(), alias="calendar")
    timezone: str = "UTC"
    data_ends: date | None = None
    source: str = "duckdb://"
    tables: dict[str, TableSpec] = Field(default_factory=dict)
    rates: RatesSpec | None = None
    revenue_from: RevenueTable | None = Field(default=None, validation_alias=AliasChoices("revenue", "revenue_from"))
    scales: dict[str, int] = Field(default_factory=dict)
    inbound_channels: tuple[str, ...] = ()
    gross_margin: float | None = Field(default=None, gt=0, le=1)
    attribution: AttributionSpec = AttributionSpec()
    brand: BrandSpec | None = None

    _file: YamlFile | None = PrivateAttr(None)

    @field_validator("currency")
    @classmethod
    def _known_currency(cls, value: str) -> str:
        if value not in list_currencies():
            raise ValueError(f"'{value}' is no ISO 4217 currency such as EUR, USD or GBP")
        return value

    @field_validator("locale")
    @classmethod
    def _known_locale(cls, value: str) -> str:
        try:
            Locale.parse(value)
        except (ValueError, UnknownLocaleError):
            raise ValueError(f"'{value}' is no locale such as en_GB, en_US or de_DE") from None
        return value

    @field_validator("timezone")
    @classmethod
    def _known_timezone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            hint = did_you_mean(value, available_timezones())
            raise ValueError(f"'{value}' is no time zone such as Europe/Berlin. {hint}".strip()) from None
        return value

    @field_validator("scales")
    @classmethod
    def _known_scales(cls, value: dict[str, int]) -> dict[str, int]:
        for kind, highest in value.items():
            if kind not in SCALES:
                raise ValueError(f"'{kind}' is no kind of survey. {did_you_mean(kind, SCALES) or 'Known: csat, nps.'}")
            if highest not in SCALES[kind]:
                known = ", ".join(map(str, SCALES[kind]))
                raise ValueError(f"{kind} has no scale that ends with {highest}; known are {known}")
        return value

    @field_validator("tables")
    @classmethod
    def _tables_with_columns(cls, value: dict[str, TableSpec]) -> dict[str, TableSpec]:
        for name, spec in value.items():
            for source in spec.all_sources:
                _check_table(name, spec, source)
        return value

    @cached_property
    def schemas(self) -> Mapping[str, CanonicalTable]:
        """The canonical tables, with the columns of one's own that the company gives them and its own tables."""
        changed = {}
        for name, spec in self.tables.items():
            table = TABLES[name] if name in TABLES else table_of_own(name, spec)
            changed[name] = with_own_columns(table, spec)
        return {**TABLES, **changed}

    @cached_property
    def calendar(self) -> Calendar:
        """Calendar of the company."""
        spec = self.calendar_spec
        return Calendar(type=spec.type, year_starts=spec.year_starts, named_by=spec.named_by)

    @property
    def file(self) -> YamlFile | None:
        """Company file with the lines of what it says, for messages."""
        return self._file

    @property
    def path(self) -> Path | None:
        """Path of the company file."""
        return self._file.path if self._file else None

    @property
    def folder(self) -> Path:
        """Folder to which paths of the company file are relative."""
        return self.path.parent if self.path else Path()

    def line(self, *location: str | int) -> int | None:
        """Line of the company file where something is said, for messages."""
        if location[:1] == ("tables",) and len(location) > 1:
            location = ("tables", *location_of(str(location[1])), *location[2:])
        return self._file.line(location) if self._file else None

    @property
    def connection_url(self) -> str:
        """Connection URL: the source with its ``${NAME}`` parts filled from the environment. Never print it."""
        return expand_secrets(self.source, self.path, self.line("source"))


RESERVED = (
    "kpi", "grain", "period", "period_start", "period_end", "complete", "value", "reason", "numerator", "denominator",
    "rows", "ci_low", "ci_high", "previous", "year_ago", "target", "pace", "status", "warnings", "part", "source",
)  # fmt: skip  # columns of what `compute` and `rows` return, beside which dimensions stand


def _check_table(name: str, spec: TableSpec, source: TableSpec) -> None:
    """Whether a table, or one source of it, says what can be meant; raises a ValueError where it does not."""
    if name not in TABLES and not any(one.date for one in spec.all_sources):
        hint = did_you_mean(name, TABLES) or f"Known tables: {', '.join(sorted(TABLES))}."
        raise ValueError(f"unknown table '{name}'. {hint} A table of your own names its date: date: visited_on")
    if name not in TABLES and not re.match(NAME, name):
        raise ValueError(f"'{name}' is no name of a table: letters, digits and _ only, a letter first")
    if name in TABLES and (source.date or source.key):
        raise ValueError(f"'date' and 'key' are for tables of your own; table '{name}' has {TABLES[name].date}")
    table = TABLES[name] if name in TABLES else table_of_own(name, spec)
    derived = {column.name for column in DERIVED if column.table == name}
    for column in source.extra:
        if column in TABLES.get(name, table).columns if name in TABLES else column in (table.date, table.key):
            raise ValueError(f"table {name} has a column '{column}' already; map it under columns: of the table")
        if column in RESERVED or column in derived or not re.match(NAME, column):
            raise ValueError(
                f"'{column}' cannot be the name of a column of one's own: letters, digits and _, not {column}"
            )
    known = with_own_columns(table, spec).columns
    for column in source.columns:
        if column not in known:
            hint = did_you_mean(column, known) or f"Its columns: {', '.join(known)}."
            raise ValueError(f"table {name} has no canonical column '{column}'. {hint}")
    if source.ends is not None and name != "subscriptions":
        raise ValueError(f"'ends' says what ended_on of subscriptions means; table '{name}' has no such column")


def load_company(path: str | Path) -> CompanyConfig:
    """Configuration of a company, read from its file.

    Parameters
    ----------
    path : str | Path
        The company file.

    Returns
    -------
    CompanyConfig
        It knows its file and lines.

    Raises
    ------
    ConfigError
        With file and line: no such file, no valid YAML, an unknown key or table, an impossible value.
    """
    file = read_yaml(Path(path))
    try:
        company = load_model(file, CompanyConfig)
    except ConfigError as error:
        if error.line is None or "tables:" not in error.message:
            raise
        raise ConfigError(
            error.message, remedy=error.remedy, file=error.file, line=_line_of_word(file, error.message) or error.line
        ) from None
    company._file = file
    return company


def _line_of_word(file: YamlFile, message: str) -> int | None:
    """Find the line under `tables` of the last quoted name in a message: validators do not know lines."""
    words = re.findall(r"'([^']+)'", message.split(". Did you mean")[0])
    for location, line in file.lines.items():
        if words and location and location[0] == "tables" and location[-1] == words[0]:
            return line
    return None


def expand_secrets(text: str, file: Path | None = None, line: int | None = None) -> str:
    """Text with its ``${NAME}`` parts filled from the environment.

    Parameters
    ----------
    text : str
        Such as ``postgres://${USER}@host/db``.
    file : Path, optional
        Where it stands, for the message.
    line : int, optional
        The line there, from 1.

    Returns
    -------
    str
        Never print it.

    Raises
    ------
    ConfigError
        When a name is not set.
    """

    def value(match: re.Match[str]) -> str:
        name = match.group(1)
        if name not in os.environ:
            raise ConfigError(
                f"the environment variable {name} is not set.",
                remedy=f"Set it before you start: export {name}=…",
                file=file,
                line=line,
            )
        return os.environ[name]

    return re.sub(r"\$\{(\w+)\}", value, text)


def settings(company: CompanyConfig) -> dict[str, Any]:
    """Settings of a company that SQL text of measures may name, such as ``gross_margin``."""
    nps = survey_scale("nps", company.scales)
    return {
        "gross_margin": company.gross_margin,
        "inbound_channels": company.inbound_channels or None,
        "csat_good": survey_scale("csat", company.scales).good,
        "nps_good": nps.good,
        "nps_bad": nps.bad,
    }
