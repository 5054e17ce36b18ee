"""Later rows change no earlier figure: a company as of a day is the same company with everything later cut off."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from reference.reach import CREATED_ON
from reference.rows import KNOWN_ON
from support.companies import shipped_company

from kpi_analysis import open_company
from kpi_analysis.metrics.session import OpenCompany

PLANNED = ("due_on", "expected_on")
DAYS = [dt.date(2024, 3, 31) + dt.timedelta(days=45 * n + n % 7) for n in range(20)]
COMPARED = ["value", "numerator", "denominator", "previous", "year_ago", "ci_low", "ci_high"]
NO_DATE = "only at the end of the data"


@pytest.fixture(scope="module")
def whole() -> dict[str, pd.DataFrame]:
    company = shipped_company()
    return {name: company.table(name).to_pandas() for name in company.sources.connected}


def cut(tables: dict[str, pd.DataFrame], day: dt.date) -> dict[str, pd.DataFrame]:
    """The tables as they were on a day: no later row, no later date, and no fact that became known later."""
    end = pd.Timestamp(day) + pd.Timedelta(hours=23, minutes=59)

    def later(dates: pd.Series) -> pd.Series:
        return pd.to_datetime(dates) > end

    first_order = tables["orders"][tables["orders"].amount > 0].groupby("customer_id").ordered_on.min()
    won = tables["opportunities"].query("outcome == 'won'").groupby("lead_id").closed_on.min()
    found = {}
    for name, table in tables.items():
        rows = table.convert_dtypes()
        if name == "leads":
            known = rows.lead_id.map(won).fillna(rows.customer_id.map(first_order))
            rows.loc[known.isna() | later(known), "customer_id"] = None
        for fact, dates in KNOWN_ON.get(name, {}).items():
            if fact in rows and dates and dates[0] in rows:
                unknown = later(rows[dates[0]]) | (rows[dates[0]].isna() & (fact != "outcome"))
                rows.loc[unknown, fact] = "open" if fact == "outcome" else None
        for column in rows:
            is_date = column.endswith(("_on", "_at")) or column == "day"
            if is_date and column not in (CREATED_ON[name], *PLANNED):
                rows.loc[later(rows[column]), column] = None
        born = CREATED_ON[name]
        found[name] = rows[rows[born].isna() | ~later(rows[born])]
    return found


def reopened(tables: dict[str, pd.DataFrame], folder: Path) -> OpenCompany:
    """The demo company with these tables."""
    shipped = shipped_company().config
    specs = {}
    for name, table in tables.items():
        table.to_parquet(folder / f"{name}.parquet", index=False)
        specs[name] = {"path": f"{name}.parquet"}
    settings = yaml.safe_load(shipped.path.read_text(encoding="utf-8")) if shipped.path else {}
    (folder / "company.yaml").write_text(yaml.safe_dump({**settings, "tables": specs}), encoding="utf-8")
    return open_company(folder / "company.yaml")


@pytest.mark.parametrize(
    "day",
    [day if place % 5 == 2 else pytest.param(day, marks=pytest.mark.thorough) for place, day in enumerate(DAYS)],
    ids=str,
)
def test_as_of_a_day_is_the_company_with_all_later_things_cut_off(
    day: dt.date, whole: dict[str, pd.DataFrame], tmp_path: Path
) -> None:
    grain = ("month", "quarter", "week")[DAYS.index(day) % 3]
    calendar = shipped_company().config.calendar
    period = calendar.containing(day, grain).label
    now = shipped_company().compute(period=period, last=2, as_of=day)
    then = reopened(cut(whole, day), tmp_path).compute(period=period, last=2, as_of=day)
    assert now.id.tolist() == then.id.tolist()
    told = ~now.reason.fillna("").str.contains(NO_DATE)
    assert told.sum() > 0.9 * len(now)
    wrong = [
        f"{one.id}: {field} {one[field]} as of the day, {other[field]} in the tables of that day; {one.reason}"
        for (_, one), (_, other) in zip(now[told].iterrows(), then[told].iterrows(), strict=True)
        for field in COMPARED
        if not np.isclose(one[field], other[field], rtol=1e-9, atol=1e-9, equal_nan=True)
    ]
    wrong += [
        f"{one.id}: complete {one.complete}, {other.complete}"
        for (_, one), (_, other) in zip(now[told].iterrows(), then[told].iterrows(), strict=True)
        if one.complete != other.complete
    ]
    assert not wrong, "\n".join(wrong)
