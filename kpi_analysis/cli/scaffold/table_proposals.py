"""Which canonical table a user's file could be: proposed in comments, for the user to decide."""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from kpi_analysis.core.errors import UsageError
from kpi_analysis.core.schema import TABLES, CanonicalColumn, CanonicalTable

ENDINGS = (".csv", ".csv.gz", ".tsv", ".txt", ".parquet")
SAMPLE_ROWS = 500  # rows
MIN_NAME_SIMILARITY = 0.62  # of names; below, unlike words begin to match
CONTAINED_NAME_SIMILARITY = 0.75  # how much a name is like one of its words: "close value" and "value"
MIN_TYPED_SHARE = 0.9  # so many of a column's values are numbers, or days
MAX_PROPOSALS = 2  # tables proposed for one file

# What other systems call our columns.
OTHER_NAMES = {
    "amount": ("value", "total", "revenue", "price", "cost", "spend", "betrag"),
    "created_on": ("created", "created date", "create date", "engage date", "open date"),
    "closed_on": ("closed", "close date", "closing date"),
    "expected_on": ("expected close", "expected close date", "expected closing"),
    "ordered_on": ("order date", "date", "invoice date", "purchase date"),
    "order_id": ("order", "invoice no", "order number"),
    "opportunity_id": ("opportunity", "deal id", "record id"),
    "lead_id": ("lead",),
    "customer_id": ("customer", "account", "client", "account id"),
    "spent_on": ("date", "day"),
    "outcome": ("stage", "status", "deal stage"),
    "owner": ("sales agent", "sales rep", "seller"),
    "mrr": ("monthly fee", "recurring revenue"),
}

# A date with one of these words is that of something in particular, and not the day of any row: no spend is "created".
PARTICULAR_DATES = frozenset(
    ("create", "created", "close", "closed", "closing", "due", "modified", "paid", "birth", "start", "end", "hire")
)


@dataclass(frozen=True)
class FileSummary:
    """A user's file: its columns, each with what its values look like."""

    path: Path
    rows: int
    columns: dict[str, str]


def proposals(data: Path, folder: Path) -> str:
    """Return comments for a company file that say which table each file could be; nothing is decided.

    Parameters
    ----------
    data : path
        A file, or a folder of files.
    folder : path
        Where the company file will lie; paths are told relative to it.

    Raises
    ------
    UsageError
        There is no CSV and no Parquet file, or one cannot be read.
    """
    files = [data] if data.is_file() else sorted(path for path in data.glob("*") if path.is_file())
    files = [path for path in files if path.name.lower().endswith(ENDINGS)]
    if not files:
        raise UsageError(f"There is no CSV and no Parquet file in {data}.", remedy="Name a file or a folder of them.")
    lines = [line for path in files for line in _proposal(summarise_file(path), folder)]
    head = "---- What your files could be: a proposal. Compare, take the marks away, and run: kpi check"
    return "\n" + "".join(f"  # {line}\n" for line in [head, *lines])


def summarise_file(path: Path) -> FileSummary:
    """Return the columns of a file and what its first values look like: number, date or text."""
    reader = "read_parquet" if path.name.lower().endswith(".parquet") else "read_csv"
    options = "" if reader == "read_parquet" else ", all_varchar = true"
    try:
        with duckdb.connect() as connection:
            rows = connection.sql(f"from {reader}($1{options})", params=[str(path)])
            names, shown = rows.columns, rows.limit(SAMPLE_ROWS).fetchall()
            count = connection.sql(f"select count(*) from {reader}($1{options})", params=[str(path)]).fetchall()
    except duckdb.Error as error:
        words = str(error).splitlines()[0]
        raise UsageError(f"{path} cannot be read: {words}", remedy="Save it as CSV with a row of names.") from None
    looks = {name: _kind([row[place] for row in shown]) for place, name in enumerate(names)}
    return FileSummary(path, int(count[0][0]), looks)


def matched_columns(table: CanonicalTable, seen: FileSummary) -> dict[str, str]:
    """Return which of a file's columns could be which of a table's: the likest names first, each used once."""
    pairs = sorted(
        ((_likeness(column, name, kind), column.name, name) for column in table.columns.values()
         for name, kind in seen.columns.items()),
        key=lambda pair: -pair[0],
    )  # fmt: skip
    found: dict[str, str] = {}
    for likeness, ours, theirs in pairs:
        if likeness >= MIN_NAME_SIMILARITY and ours not in found and theirs not in found.values():
            found[ours] = theirs
    return found


def _proposal(seen: FileSummary, folder: Path) -> Iterable[str]:
    scored = []
    for table in TABLES.values():
        found = matched_columns(table, seen)
        needed = [column.name for column in table.columns.values() if column.required]
        share = sum(name in found for name in needed) / len(needed)
        if share >= 0.5 and len(found) > 1:
            scored.append((share, len(found), table, found))
    scored.sort(key=lambda one: (-one[0], -one[1], one[2].name))
    scored = [one for one in scored if one[0] == scored[0][0] and one[1] > scored[0][1] / 2]
    yield f"{seen.path.name}: {seen.rows:,} rows, columns {', '.join(seen.columns)}"
    if not scored:
        yield "  like none of our tables; see the list below"
    for _, _, table, found in scored[:MAX_PROPOSALS]:
        missing = [c.name for c in table.columns.values() if c.required and c.name not in found]
        yield f"{table.name}:".ljust(42) + f"# if a row is {table.row}"
        yield f"  path: {_relative(seen.path, folder)}"
        yield "  columns:"
        for column in (column for column in table.columns.values() if column.name in found):
            line = f"    {column.name}: {_quoted(found[column.name])}"
            few = f"# has to say {', '.join(column.values)}: case … when … then … end" if column.values else ""
            yield f"{line:<42}{few}".rstrip()
        yield from (f"    {name}: …".ljust(42) + "# needed, and not recognised" for name in missing)


def _likeness(column: CanonicalColumn, name: str, kind: str) -> float:
    """How much a name is like ours or one of its usual other names; none where the values cannot be of its kind."""
    wanted = {"number": ("number",), "date": ("date",), "timestamp": ("date",)}.get(column.kind, ("text", "number"))
    if kind not in (*wanted, "empty"):
        return 0.0
    known = (column.name, *OTHER_NAMES.get(column.name, ()))
    return max(_alike(_words(one), _words(name)) - 0.01 * place for place, one in enumerate(known))


def _alike(ours: str, theirs: str) -> float:
    likeness, words = difflib.SequenceMatcher(None, ours, theirs).ratio(), theirs.split()
    if ours in ("date", "day") and PARTICULAR_DATES & set(words):
        return 0.0
    return max(likeness, CONTAINED_NAME_SIMILARITY) if ours in words else likeness


def _words(name: str) -> str:
    """A name as plain words: ``CloseDate``, ``close_date`` and ``Close date`` are the same."""
    return re.sub(r"[\W_]+", " ", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)).casefold().strip()


def _kind(values: Sequence[object]) -> str:
    texts = [str(value).strip() for value in values if value is not None and str(value).strip()]
    if not texts:
        return "empty"
    if sum(bool(_DAY.match(text)) for text in texts) >= MIN_TYPED_SHARE * len(texts):
        return "date"
    return "number" if sum(bool(_NUMBER.fullmatch(text)) for text in texts) >= MIN_TYPED_SHARE * len(texts) else "text"


_DAY = re.compile(r"\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4}")
_NUMBER = re.compile(r"[-+]?\d[\d.,]*")


def _relative(path: Path, folder: Path) -> str:
    return Path(os.path.relpath(path.resolve(), folder.resolve())).as_posix()


def _quoted(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z_]\w*", name) else f"'\"{name}\"'"
