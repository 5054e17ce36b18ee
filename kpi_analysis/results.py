"""The tidy KPI frame as JSON-ready records: what tables, blocks and results.json quote."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd


def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Return a tidy frame as JSON-ready records: dates as text, what is missing as None, never NaN."""
    dated = frame.copy()
    for name in ("period_start", "period_end"):
        dated[name] = dated[name].dt.strftime("%Y-%m-%d")
    plain = dated.astype(object).where(dated.notna(), None)
    return [{str(key): value for key, value in record.items()} for record in plain.to_dict("records")]


def values(frame: pd.DataFrame, dimensions: tuple[str, ...] = ()) -> tuple[dict[str, Any], ...]:
    """Return a tidy frame as the values of results.json: as `records`, with the dimensions in one mapping."""
    found = []
    for record in records(frame):
        slices = {name: record.pop(name) for name in dimensions}
        found.append({**record, "dimensions": slices})
    return tuple(found)


def to_json(content: Any) -> str:
    """Return JSON text; a NaN in it is a mistake of ours and raises."""
    return json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False)
