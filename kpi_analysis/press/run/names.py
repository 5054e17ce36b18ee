"""Where a report lies: ``reports/<period>/<notebook>[__<value>…]``."""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from collections.abc import Collection, Mapping
from itertools import takewhile
from pathlib import Path
from string import Formatter
from typing import Any

from kpi_analysis.core.errors import UsageError, did_you_mean
from kpi_analysis.press.run.secrets import reveal

MAX_NAME_LENGTH = 80  # bytes of one value: with several of them a name still stays under the 255 of file systems


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


def templated_folder(template: str, values: Mapping[str, Any], *, secrets: Collection[str] = ()) -> tuple[Path, Path]:
    """Return where a template puts a report: the folder of all reports, and the place in it.

    Parameters
    ----------
    template : str
        ``reports/{period}/{notebook}__{region}``. The folders before the first name in braces hold all reports.
    values : mapping
        What may stand in braces.
    secrets : collection of str
        Names that may not.

    Raises
    ------
    UsageError
        A name is unknown or secret, or the place would lie outside the workspace.

    Examples
    --------
    >>> values = {"period": "2026-Q3", "notebook": "sales", "region": "EMEA"}
    >>> root, place = templated_folder("reports/{period}/{notebook}__{region}", values)
    >>> root.as_posix(), place.as_posix()
    ('reports', '2026-Q3/sales__EMEA')
    """
    parts = template.replace("\\", "/").split("/")
    if template.startswith(("/", "~")) or ".." in parts or ":" in parts[0]:
        raise UsageError(
            f"The output '{template}' leads out of the workspace.",
            remedy="Give a place below it: reports/{period}/{notebook}",
        )
    try:
        pieces = list(Formatter().parse(template))
    except ValueError as error:
        raise UsageError(f"The output '{template}' cannot be read: {error}.", remedy="Close each brace.") from None
    for _, name, form, conversion in pieces:
        if name is None:
            continue
        if name in secrets:
            raise UsageError(f"The output names '{name}', which is secret.", remedy="Leave it out of the output.")
        if name not in values or form or conversion:
            hint = did_you_mean(name, values) or f"Known: {', '.join(values)}."
            raise UsageError(f"The output names '{name}', which is no parameter.", remedy=hint)
    fixed = [part for part in takewhile(lambda part: "{" not in part, parts) if part not in ("", ".")]
    told = [part.format(**{name: slug(value) for name, value in values.items()}) for part in parts]
    place = [part for part in told if part not in ("", ".")][len(fixed) :]
    if not fixed or not place:
        raise UsageError(
            f"The output '{template}' names no folder for each report in a folder for all of them.",
            remedy="Write: reports/{period}/{notebook}",
        )
    return Path(*fixed), Path(*place)


def slug(value: Any) -> str:
    """Return a value as a part of a file name; two values never share one, but for blanks and hyphens.

    Examples
    --------
    >>> slug("Zürich"), slug(["a", "b"]), slug(None)
    ('Zürich', 'a-b', 'none')
    >>> slug("../etc")
    'etc-f7f9121f'
    """
    value = reveal(value)
    if value is None or value == "":
        return "none" if value is None else "blank"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list) and value and all(isinstance(item, str) for item in value):
        parts = [slug(item) for item in value]
        joined = "-".join(parts)
        return joined if len(joined.encode()) <= MAX_NAME_LENGTH else f"{_cut(joined, MAX_NAME_LENGTH)}-{_hash(joined)}"
    text = value if isinstance(value, str | int | float) else json.dumps(value, sort_keys=True)
    text = unicodedata.normalize("NFC", str(text))
    readable = re.sub(r" ", "-", text)
    safe = re.sub(r"-{2,}", "-", re.sub(r"_{2,}", "_", re.sub(r"[^\w.\-]", "-", readable))).strip(".-_")
    short = _cut(safe, MAX_NAME_LENGTH)
    return short if short == readable else "-".join(part for part in (short, _hash(text)) if part)


def _cut(text: str, size: int) -> str:
    return text.encode()[:size].decode(errors="ignore").rstrip(".-_")


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:8]
