"""Text form of a period: its grammar, and errors that say what was wanted."""

from __future__ import annotations

import re
from datetime import date

from kpi_analysis.core.errors import UsageError

FIRST_YEAR, LAST_YEAR = 1000, 9998
PERIOD_TEXT = re.compile(
    r"([0-9]{4})(?:-Q(?P<quarter>[0-9])|-W(?P<week>[0-9]{2})|-(?P<month>[0-9]{2})(?:-(?P<day>[0-9]{2}))?)?"
)
PERIOD_FORMS = "Write a year (2026), a quarter (2026-Q3), a month (2026-09), a week (2026-W39) or a day (2026-09-14)."


def read_period_text(text: str) -> tuple[str, int, int]:
    """Grain, year and number of the period that a text names, before a calendar says which days it has.

    Parameters
    ----------
    text : str
        ``2026``, ``2026-Q3``, ``2026-09``, ``2026-W39`` or ``2026-09-14``.

    Returns
    -------
    (str, int, int)
        The number counts quarters, weeks and months from 1; of a day it is the ordinal, of a year 0.

    Raises
    ------
    UsageError
        The text has another form, or names a period that no calendar has.

    Examples
    --------
    >>> read_period_text("2026-Q3"), read_period_text("2026")
    (('quarter', 2026, 3), ('year', 2026, 0))
    """
    if not isinstance(text, str):
        raise UsageError(f"{text!r} is not a period: a period is a text.", remedy=f"Put it in quotes. {PERIOD_FORMS}")
    found = PERIOD_TEXT.fullmatch(text)
    if found is None:
        raise no_such_period(text)
    year = int(found[1])
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise no_such_period(text, f"years go from {FIRST_YEAR} to {LAST_YEAR}")
    if found["day"]:
        try:
            return "day", year, date.fromisoformat(text).toordinal()
        except ValueError:
            raise no_such_period(text, "there is no such day") from None
    if found["month"] and not 1 <= int(found["month"]) <= 12:
        raise no_such_period(text, "a year has the months 01 to 12")
    if found["quarter"] and not 1 <= int(found["quarter"]) <= 4:
        raise no_such_period(text, "a year has the quarters Q1 to Q4")
    for grain in ("month", "quarter", "week"):
        if found[grain]:
            return grain, year, int(found[grain])
    return "year", year, 0


def no_such_period(text: str, why: str = "") -> UsageError:
    """Error of a text that names no period, with the forms that do."""
    return UsageError(f"{text!r} is not a period{': ' + why if why else ''}.", remedy=PERIOD_FORMS)
