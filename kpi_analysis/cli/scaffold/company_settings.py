"""What is seen of a company in its files: currency, way of writing, time zone, fiscal year; else a line to be set."""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from babel.numbers import list_currencies

from kpi_analysis.cli.scaffold.column_profiles import ColumnProfile
from kpi_analysis.cli.scaffold.header_words import plain_words
from kpi_analysis.cli.scaffold.inspect_files import FoundTable

CURRENCY_HEADERS = frozenset((
    "currency", "currency code", "currency iso code", "amount currency", "währung", "währungscode", "wkz umsatz",
    "devise", "moneda", "wkz",
))  # fmt: skip
SIGNS = {"€": "EUR", "£": "GBP", "₹": "INR", "$": "USD"}
GERMAN = frozenset((
    "datum", "betrag", "wert", "kunde", "kosten", "tag", "kampagne", "menge", "status", "rechnungsdatum", "netto",
    "brutto", "bezeichnung", "abteilung", "konto", "umsatz", "klicks", "verantwortlich", "angelegt am",
    "personalnummer",
    "einstellungsdatum", "buchungstext", "belegdatum", "währungscode", "abschlussdatum", "vorname", "nachname",
))  # fmt: skip
# Time zones whose clocks have been seen in exports with these offsets, winter and summer.
ZONES: tuple[tuple[frozenset[str], str], ...] = (
    (frozenset(("+0100", "+0200")), "Europe/Berlin"),
    (frozenset(("+0200", "+0300")), "Europe/Helsinki"),
    (frozenset(("-0500", "-0400")), "America/New_York"),
    (frozenset(("-0600", "-0500")), "America/Chicago"),
    (frozenset(("-0700", "-0600")), "America/Denver"),
    (frozenset(("-0800", "-0700")), "America/Los_Angeles"),
    (frozenset(("+0000", "+0100")), "Europe/London"),
    (frozenset(("+0530",)), "Asia/Kolkata"),
    (frozenset(("+0900",)), "Asia/Tokyo"),
    (frozenset(("+1000", "+1100")), "Australia/Sydney"),
)
IN_UTC = frozenset(("Z", "UTC", "+0000"))
INBOUND = re.compile(r"(?i)\b(organic|organisch\w*|seo|e-?mail\w*|newsletter|referr?al\w*|empfehlung\w*|content|blog|"
                     r"webinar\w*|direct|direkt\w*|word.of.mouth|inbound)\b")  # fmt: skip
PAID = re.compile(r"(?i)\b(paid|bezahlt\w*|ads?|anzeige\w*|cpc|ppc|display|retargeting|remarketing|sponsored|"
                  r"cold|outbound|kaltakquise)\b")  # fmt: skip


@dataclass(frozen=True)
class Setting:
    """Setting of the company file: its value, and by what it was seen or that it is to be set."""

    value: str
    comment: str

    @property
    def is_seen(self) -> bool:
        """Whether the files tell it."""
        return not self.comment.startswith("set this")


@dataclass(frozen=True)
class CompanySettings:
    """Settings of a company as they are seen in its files."""

    name: Setting
    currency: Setting
    locale: Setting
    calendar: Setting
    timezone: Setting


def see_settings(tables: Sequence[FoundTable], name: str | None = None, currency: str | None = None) -> CompanySettings:
    """Return the settings of a company that its files tell, and the others to be set.

    Parameters
    ----------
    tables : sequence of FoundTable
        Those that are of use.
    name, currency : str, optional
        As the user says.

    Returns
    -------
    CompanySettings
    """
    seen = Setting(currency, "as you said") if currency else currency_seen(tables)
    locale = locale_seen(tables, seen)
    called = (
        Setting(name, "as you said") if name else Setting("My company", "set this: its name, as reports shall print it")
    )
    return CompanySettings(called, seen, locale, calendar_seen(tables), timezone_seen(tables, locale))


def currency_seen(tables: Sequence[FoundTable]) -> Setting:
    """Return the currency that most files name in a column, a header, or beside their amounts.

    Parameters
    ----------
    tables : sequence of FoundTable

    Returns
    -------
    Setting

    Examples
    --------
    >>> column = ColumnProfile("Amount spent (USD)", "number", 9, 9, 9)
    >>> currency_seen([FoundTable(None, "ads.csv", 9, (column,))])
    Setting(value='USD', comment='seen in ads.csv (Amount spent (USD))')
    """
    known = set(list_currencies())
    votes: Counter[str] = Counter()
    where: dict[str, str] = {}
    for table in tables:
        for code, column in dict(_codes_in(table, known)).items():
            votes[code] += 1
            where.setdefault(code, f"{table.name} ({column})")
    if not votes:
        return Setting("EUR", "set this: no file names a currency")
    (code, _), *others = votes.most_common()
    said = f"seen in {where[code]}"
    if others:
        more = "; ".join(f"{other} in {where[other]}" for other, _ in others[:3])
        return Setting(code, f"set this: {said}, but {more}: amounts in other currencies need rates")
    return Setting(code, said)


def _codes_in(table: FoundTable, known: Collection[str]) -> Iterator[tuple[str, str]]:
    for column in table.columns:
        if plain_words(column.name) in CURRENCY_HEADERS:
            yield from ((word.upper(), column.name) for word in column.words if word.upper() in known)
        found = re.search(r"[(\[]\s*([A-Z]{3}|[€£$₹])\s*[)\]]|([€£₹])", column.name)
        if found and (code := SIGNS.get(found[1] or found[2], found[1])) in known:
            yield code, column.name
        elif column.kind == "number":
            for text in column.examples:
                sign = next((sign for sign in SIGNS if sign in text), None)
                code = SIGNS[sign] if sign else (re.findall(r"\b[A-Z]{3}\b", text) or [""])[0]
                if code in known:
                    yield code, column.name


def locale_seen(tables: Sequence[FoundTable], currency: Setting) -> Setting:
    """Return the locale that the headers, the decimal signs and the dates of the files tell.

    Parameters
    ----------
    tables : sequence of FoundTable
    currency : Setting

    Returns
    -------
    Setting

    Examples
    --------
    >>> column = ColumnProfile("Wert", "number", 9, 9, 9, examples=("15.501,82",))
    >>> other = ColumnProfile("Angelegt am", "date", 9, 9, 9, examples=("24.08.2025",))
    >>> locale_seen([FoundTable(None, "a.csv", 9, (column, other))], Setting("EUR", "")).value
    'de_DE'
    """
    columns = [column for table in tables for column in table.columns]
    german = [table.name for table in tables if sum(plain_words(c.name) in GERMAN for c in table.columns) >= 2]
    commas = sum(any(re.search(r"\d,\d{1,2}$", text) for text in column.examples) for column in _numbers(columns))
    if german and 2 * len(german) >= len(tables):
        swiss = any("'" in text or "’" in text for column in _numbers(columns) for text in column.examples)
        code = "de_CH" if swiss or currency.value == "CHF" else "de_DE"
        return Setting(code, f"seen in the headers of {german[0]}: {', '.join(_first(tables, german[0]))}")
    if commas and 2 * commas > len(list(_numbers(columns))):
        return Setting("en_GB", "set this: numbers have decimal commas; fr_FR, es_ES, it_IT, nl_NL, de_DE …")
    slashes = [c for c in columns if c.kind == "date" and any(re.match(r"\d{1,2}/\d{1,2}/", t) for t in c.examples)]
    if currency.value == "USD" and (currency.is_seen or slashes):
        by = f"dates such as {slashes[0].examples[0]} and amounts in USD" if slashes else "amounts in USD"
        return Setting("en_US", f"seen: {by}")
    return Setting("en_GB", "set this: how numbers and dates are written in reports: en_US, de_DE, fr_FR …")


def _first(tables: Sequence[FoundTable], name: str) -> list[str]:
    found = next(table for table in tables if table.name == name)
    return [header for header in found.headers if plain_words(header) in GERMAN][:3]


def _numbers(columns: Sequence[ColumnProfile]) -> list[ColumnProfile]:
    """Columns of numbers with a decimal sign."""
    return [c for c in columns if c.kind == "number" and any(re.search(r"[.,]\d{1,2}\D*$", t) for t in c.examples)]


def timezone_seen(tables: Sequence[FoundTable], locale: Setting) -> Setting:
    """Return the time zone that the offsets of times make likely; it is always a line to be set.

    Parameters
    ----------
    tables : sequence of FoundTable
    locale : Setting

    Returns
    -------
    Setting

    Examples
    --------
    >>> column = ColumnProfile("Created at", "date", 9, 9, 9, offsets=frozenset({"+0200"}))
    >>> timezone_seen([FoundTable(None, "tickets.csv", 9, (column,))], Setting("en_GB", "")).value
    'Europe/Berlin'
    """
    for table in tables:
        for column in table.columns:
            offsets = column.offsets - IN_UTC
            zone = next((zone for known, zone in ZONES if offsets and offsets <= known), None)
            if zone:
                shown = ", ".join(sorted(offsets))
                return Setting(zone, f"set this: a guess by {shown} in {table.name} ({column.name})")
    if locale.value.startswith("de"):
        return Setting("Europe/Berlin", "set this: a guess by the language of the files")
    return Setting("UTC", "set this, such as Europe/Berlin: moments become days here")


def calendar_seen(tables: Sequence[FoundTable]) -> Setting:
    """Return the fiscal year, where a column of fiscal quarters beside a day tells it; else a line to be set.

    Parameters
    ----------
    tables : sequence of FoundTable

    Returns
    -------
    Setting

    Examples
    --------
    >>> columns = tuple(ColumnProfile(name, "text") for name in ("Close Date", "Fiscal Period"))
    >>> rows = (("2/10/2026", "Q1-2026"), ("5/7/2026", "Q2-2026"), ("12/24/2025", "Q4-2025"))
    >>> calendar_seen([FoundTable(None, "deals.csv", 3, columns, rows)]).comment
    'seen in deals.csv (Fiscal Period)'
    """
    for table in tables:
        names = {plain_words(header): place for place, header in enumerate(table.headers)}
        if "fiscal period" not in names or "close date" not in names:
            continue
        pairs = [
            (row[names["close date"]], row[names["fiscal period"]])
            for row in table.sample
            if len(row) == len(table.headers)
        ]
        told = [told for day, quarter in pairs if (told := _month_and_quarter(day, quarter)) is not None]
        starts = [
            start
            for start in range(1, 13)
            if told and all(quarter == (month - start) % 12 // 3 + 1 for month, quarter in told)
        ]
        if len(starts) == 1 or starts[:1] == [1]:
            said = f"{{type: gregorian, year_starts: {starts[0]}}}"
            return Setting(said, f"seen in {table.name} (Fiscal Period)")
    return Setting("{type: gregorian, year_starts: 1}", "set this: the month in which your fiscal year starts")


def _month_and_quarter(day: str | None, quarter: str | None) -> tuple[int, int] | None:
    found = re.match(r"Q([1-4])", quarter or "")
    written = re.match(r"(\d{1,2})/(\d{1,2})/\d{4}|\d{4}-(\d{2})-\d{2}", day or "")
    if not found or not written:
        return None
    month = int(written[1] or written[3])
    return (month, int(found[1])) if 1 <= month <= 12 else None


def inbound_of(channels: Collection[str]) -> list[str]:
    """Return the channels by whose names people come by themselves.

    Parameters
    ----------
    channels : collection of str
        As they are called in the tables.

    Returns
    -------
    list of str

    Examples
    --------
    >>> inbound_of(["Paid Search", "Organic Search", "Email", "Direct", "Paid Social", "Messe"])
    ['Direct', 'Email', 'Organic Search']
    """
    return sorted(
        name for name in channels if INBOUND.search(name.replace("_", " ")) and not PAID.search(name.replace("_", " "))
    )


def period_end_seen(tables: Sequence[FoundTable]) -> tuple[dt.date, str] | None:
    """Return the last day of the period that the files say they are of, with such a file; None where they differ.

    Parameters
    ----------
    tables : sequence of FoundTable

    Returns
    -------
    tuple of date and str, or None

    Examples
    --------
    >>> one = FoundTable(None, "ads.csv", 9, (), lines_above=("January 1, 2024 - September 30, 2026",))
    >>> period_end_seen([one])
    (datetime.date(2026, 9, 30), 'ads.csv')
    """
    ends: dict[dt.date, str] = {}
    for table in tables:
        for line in (table.name, *table.lines_above):
            if (end := _end_of_span(line)) is not None:
                ends.setdefault(end, table.name)
    return next(iter(ends.items())) if len(ends) == 1 else None


_MONTHS = {name: number for number, names in enumerate((
    ("jan", "januar", "january"), ("feb", "februar", "february"), ("mar", "mär", "mrz", "märz", "march"),
    ("apr", "april"), ("may", "mai"), ("jun", "juni", "june"), ("jul", "juli", "july"), ("aug", "august"),
    ("sep", "sept", "september"), ("oct", "okt", "oktober", "october"), ("nov", "november"),
    ("dec", "dez", "dezember", "december"),
), start=1) for name in names}  # fmt: skip
_DAY = "|".join((
    r"(?P<c{0}>20\d{{6}})",
    r"(?P<y{0}>20\d\d)-(?P<m{0}>\d\d)-(?P<d{0}>\d\d)",
    r"(?P<gd{0}>\d\d?)\.(?P<gm{0}>\d\d?)\.(?P<gy{0}>20\d\d)",
    r"(?P<n{0}>[A-Za-zä]{{3,9}})[ -](?P<nd{0}>\d\d?),?[ -](?P<ny{0}>20\d\d)",
    r"(?P<dd{0}>\d\d?)\.? (?P<dn{0}>[A-Za-zä]{{3,9}}) (?P<dy{0}>20\d\d)",
))  # fmt: skip
_SPAN = re.compile(f"(?:{_DAY.format(1)})" + r"\s*(?:-|–|_|to|bis|/)\s*" + f"(?:{_DAY.format(2)})")


def _end_of_span(line: str) -> dt.date | None:
    found = _SPAN.search(line)
    if found is None:
        return None
    part = {key[:-1]: value for key, value in found.groupdict().items() if key.endswith("2") and value}
    try:
        if "c" in part:
            return dt.datetime.strptime(part["c"], "%Y%m%d").date()
        if "y" in part:
            return dt.date(int(part["y"]), int(part["m"]), int(part["d"]))
        if "gy" in part:
            return dt.date(int(part["gy"]), int(part["gm"]), int(part["gd"]))
        name, day, year = (part["n"], part["nd"], part["ny"]) if "n" in part else (part["dn"], part["dd"], part["dy"])
        return dt.date(int(year), _MONTHS[name.casefold()], int(day))
    except (KeyError, ValueError):
        return None
