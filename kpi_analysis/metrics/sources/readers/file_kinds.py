"""Which kind a file is of, by its ending."""

from __future__ import annotations

from pathlib import Path

KINDS = {
    ".csv": "csv", ".csv.gz": "csv", ".tsv": "csv", ".tsv.gz": "csv", ".txt": "csv", ".txt.gz": "csv", ".tab": "csv",
    ".parquet": "parquet", ".json": "json", ".json.gz": "json", ".jsonl": "json", ".ndjson": "json",
    ".jsonl.gz": "json", ".ndjson.gz": "json", ".xlsx": "excel", ".xlsm": "excel", 
    ".xls": "excel", ".xlsb": "excel", ".ods": "excel", ".zip": "zip",
}  # fmt: skip


def file_kind(file: Path) -> str | None:
    """Kind of a file by its ending: csv, excel, json, parquet or zip.

    Parameters
    ----------
    file : Path

    Returns
    -------
    str or None
        None where it is of no kind that can be read.

    Examples
    --------
    >>> file_kind(Path("orders.v2.CSV.gz")), file_kind(Path("orders.pdf"))
    ('csv', None)
    """
    suffixes = [suffix.lower() for suffix in file.suffixes[-2:]]
    return KINDS.get("".join(suffixes)) or KINDS.get(suffixes[-1] if suffixes else "")
