"""The tidy KPI frame as JSON-ready records: what tables, blocks and results.json quote."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd


def records(frame: pd.DataFrame) -> tuple[dict[str, Any], ...]:
    """Return rows as JSON-ready data: missing values are None, days are ISO dates.

    Examples
    --------
    >>> import pandas as pd
    >>> records(pd.DataFrame({"kpi": ["leads"], "value": [float("nan")], "rows": [3]}))
    ({'kpi': 'leads', 'value': None, 'rows': 3},)
    """
    names = [str(name) for name in frame.columns]
    columns = [[json_value(value) for value in frame.iloc[:, place].tolist()] for place in range(len(names))]
    return tuple(dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True))


def json_value(value: Any) -> Any:
    """Return a cell of a frame as JSON knows it."""
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, float):
        return value if value == value else None
    if isinstance(value, dict):
        return {str(key): json_value(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [json_value(inner) for inner in value]
    if hasattr(value, "isoformat"):
        return value.isoformat()[:10] if value == value else None
    return json_value(value.item()) if hasattr(value, "item") else None if type(value).__name__ == "NAType" else value


def result_values(frame: pd.DataFrame, dimensions: tuple[str, ...] = ()) -> tuple[dict[str, Any], ...]:
    """Return a tidy frame as the values of results.json: as `records`, with the dimensions in one mapping."""
    found = []
    for record in records(frame):
        slices = {name: record.pop(name) for name in dimensions}
        found.append({**record, "dimensions": slices})
    return tuple(found)


def to_json(content: Any) -> str:
    """Return JSON text; a NaN in it is a mistake of ours and raises."""
    return json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False)
