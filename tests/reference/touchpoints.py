"""Attribution of the value of a journey to its touches, one journey after the other."""

from __future__ import annotations

from typing import Any

from reference.periods import day_of

Row = dict[str, Any]


def shares(days_before: list[int], rule: str, half_life_days: float) -> list[float]:
    """The share of each touch in its journey, given how many days each was before the last one."""
    size, lasting = len(days_before), len(days_before) - 1
    decay = [2 ** (-days / half_life_days) for days in days_before]
    peaks = {0, lasting // 2, lasting}
    equal = [1 / size] * size
    return {
        "first": [1.0] + [0.0] * lasting,
        "last": [0.0] * lasting + [1.0],
        "linear": equal,
        "time_decay": [weight / sum(decay) for weight in decay],
        "u_shaped": equal if size < 3 else [0.4, *[0.2 / (size - 2)] * (size - 2), 0.4],
        "w_shaped": equal if size < 4 else [0.3 if n in peaks else 0.1 / (size - 3) for n in range(size)],
    }[rule]


def credited(
    rows: list[Row], columns: set[str], rule: str = "last", lag_days: int = 90, half_life_days: float = 7.0
) -> list[Row]:
    """Touches with the day on which their journey converted and what each is credited with."""

    def converts(row: Row) -> bool:
        return row["converted"] is True if "converted" in columns else row.get("value") is not None

    def in_time(row: Row) -> Any:
        ties = [row.get(name) for name in ("channel", "cost", "value")]
        return row["touched_at"], converts(row), [(tie is None, tie or 0) for tie in ties]

    found = [row | {"converted_on": None, "credited_value": None} for row in rows]
    for path in {row["path_id"] for row in found} - {None}:
        journey = [row for row in found if row["path_id"] == path and row["touched_at"] is not None]
        if not any(converts(row) for row in journey):
            continue
        ended = max(day_of(row["touched_at"]) for row in journey)
        values = [row["value"] for row in journey if converts(row) and row.get("value") is not None]
        for row in journey:
            row |= {"converted_on": ended, "credited_value": 0.0 if values else None}
        counting = [row for row in journey if row["channel"] is not None]
        counting = [row for row in counting if (ended - day_of(row["touched_at"])).days <= lag_days]
        counting = sorted(counting, key=in_time)
        days = [(ended - day_of(row["touched_at"])).days for row in counting]
        for row, share in zip(counting, shares(days, rule, half_life_days) if days else (), strict=True):
            row["credited_value"] = share * sum(values) if values else None
    return found
