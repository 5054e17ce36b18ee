"""Where a report lies: ``reports/<period>/<notebook>[__<value>…]``."""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from collections.abc import Mapping
from typing import Any

from kpi_analysis.run.secrets import plain

LONGEST = 80  # bytes of one value: with several of them a name still stays under the 255 of file systems


def folder_name(notebook: str, distinct: Mapping[str, Any]) -> str:
    """Return the name of a report's folder.

    Parameters
    ----------
    notebook : str
        The notebook's name without ``.ipynb``.
    distinct : mapping
        The parameters that differ from their defaults.

    Examples
    --------
    >>> folder_name("sales", {"region": "North America", "top": 5})
    'sales__North-America__5'
    """
    name = "__".join([notebook, *(slug(value) for value in distinct.values())])
    if len(name.encode()) <= 200:
        return name
    return f"{_cut(name, 180)}-{_hash(name)}"


def slug(value: Any) -> str:
    """Return a value as a part of a file name; two values never share one, but for blanks and hyphens.

    Examples
    --------
    >>> slug("Zürich"), slug(["a", "b"]), slug(None)
    ('Zürich', 'a-b', 'none')
    >>> slug("../etc")
    'etc-f7f9121f'
    """
    value = plain(value)
    if value is None or value == "":
        return "none" if value is None else "blank"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list) and value and all(isinstance(item, str) for item in value):
        parts = [slug(item) for item in value]
        joined = "-".join(parts)
        return joined if len(joined.encode()) <= LONGEST else f"{_cut(joined, LONGEST)}-{_hash(joined)}"
    text = value if isinstance(value, str | int | float) else json.dumps(value, sort_keys=True)
    text = unicodedata.normalize("NFC", str(text))
    readable = re.sub(r" ", "-", text)
    safe = re.sub(r"-{2,}", "-", re.sub(r"_{2,}", "_", re.sub(r"[^\w.\-]", "-", readable))).strip(".-_")
    short = _cut(safe, LONGEST)
    return short if short == readable else "-".join(part for part in (short, _hash(text)) if part)


def _cut(text: str, size: int) -> str:
    return text.encode()[:size].decode(errors="ignore").rstrip(".-_")


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:8]
