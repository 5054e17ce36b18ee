"""Records: the tidy KPI frame as JSON-ready data, which tables, blocks and results.json quote."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd


def records(frame: pd.DataFrame) -> tuple[dict[str, Any], ...]:
    """Records of a frame as JSON-ready data: missing values are None, days are ISO dates.

    Parameters
    ----------
    frame : DataFrame
        Any.

    Returns
    -------
    tuple of dict
        One a row, by column.

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
    """Cell of a frame as JSON knows it."""
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
    """Tidy frame as the values of results.json: as `records`, with the dimensions in one mapping."""
    found = []
    for record in records(frame):
        slices = {name: record.pop(name) for name in dimensions}
        found.append({**record, "dimensions": slices})
    return tuple(found)


def to_json(content: Any) -> str:
    """JSON text of content; a NaN in it is a mistake of ours and raises."""
    return json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False)
