"""Rows of files that are no rows of their table, in words, and what of that may be meant otherwise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from kpi_analysis.core.errors import DataFinding
from kpi_analysis.metrics.sources.readers.file_read import FilePart, FileRead, shortened
from kpi_analysis.metrics.sources.readers.text_encoding import UTF8

MOST_FILES = 3


def skipped_words(reads: Mapping[str, FileRead]) -> list[str]:
    """What was left out of the files of a company, and in which encoding they are, where that is not UTF-8.

    Parameters
    ----------
    reads : mapping of str to FileRead
        By the name of a table or of a source of it.

    Returns
    -------
    list of str
        A sentence for each file of which that is to be said, of each table the first few.

    Examples
    --------
    >>> from pathlib import Path
    >>> from kpi_analysis.metrics.sources.readers.file_read import SkippedRows
    >>> part = FilePart(Path("ads.csv"), 9, ("Day",), skipped=(SkippedRows("total", 2, 12, "Total: Account"),))
    >>> skipped_words({"spend": FileRead((part,))})
    ["spend: of ads.csv 9 rows are read; left out are 2 total rows ('Total: Account')."]
    """
    seen: set[int] = set()
    found = []
    for name, read in sorted(reads.items(), key=lambda item: ("," not in item[0], item[0])):
        parts = [part for part in read.parts if id(part) not in seen and (part.skipped or part.encoding not in UTF8)]
        seen |= {id(part) for part in read.parts}
        table = name.split(",")[0]
        found += [f"{table}: {_of_part(part)}." for part in parts[:MOST_FILES]]
        if len(parts) > MOST_FILES:
            found.append(f"{table}: in {len(parts) - MOST_FILES:,} more files rows are left out in the same way.")
    return found


def _of_part(part: FilePart) -> str:
    rows = "1 row is read" if part.rows == 1 else f"{part.rows:,} rows are read"
    words = f"of {part.place.name} {rows}"
    if part.encoding not in UTF8:
        words += f" as {part.encoding}"
    if not part.skipped:
        return words
    return f"{words}; left out are {', '.join(map(str, part.skipped))}"


def skipped_findings(name: str, read: FileRead) -> Sequence[DataFinding]:
    """Warnings about rows that look like totals and are none, and about files that were written to.

    Parameters
    ----------
    name : str
        Of the canonical table.
    read : FileRead
        What is known of its files.

    Returns
    -------
    sequence of DataFinding
    """
    found = []
    for file, row, text in read.doubtful:
        words = f"row {row} of {file.name} begins with '{shortened(text)}' and is not the sum of the other rows"
        column = read.parts[0].columns[0]
        quoted = '"' + column.replace('"', '""') + '"'
        remedy = f"It is read as a row. If it is a total, leave it out: where: '{quoted} <> ''{text}'''"
        found.append(
            DataFinding("warning", f"table {name}", f"{words}.", remedy, str(file), row, table=name, summary=words)
        )
    for file in read.changed:
        words = f"{file.name} was written to while it was read"
        remedy = "Some of its rows may be missing; start again when it is there as a whole."
        found.append(DataFinding("warning", f"table {name}", f"{words}.", remedy, str(file), table=name, summary=words))
    return found
