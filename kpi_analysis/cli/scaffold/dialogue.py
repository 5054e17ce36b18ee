"""The guided dialogue of `kpi init` on a terminal: three questions, each with a default."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from babel.numbers import list_currencies

Ask = Callable[[str, str], str]
Tell = Callable[[str], None]


@dataclass(frozen=True)
class Answers:
    """Answers of a user: the name of the company, its currency, and where its data lie; None where it is not said."""

    company: str | None = None
    currency: str | None = None
    origin: str | None = None


def ask_for_company(ask: Ask, tell: Tell) -> Answers:
    """Ask who the company is and where its files lie.

    Parameters
    ----------
    ask : callable
        Of a question and its default; returns the answer.
    tell : callable
        Of a line to print.

    Returns
    -------
    Answers

    Examples
    --------
    >>> given = iter(["Ours", "usd", ""])
    >>> ask_for_company(lambda question, default: next(given) or default, lambda line: None)
    Answers(company='Ours', currency='USD', origin=None)
    """
    tell("Three questions; Enter takes what stands in brackets.")
    company = ask("Name of the company, as reports shall print it", "My company")
    currency = _currency(ask, tell)
    origin = _origin(ask, tell)
    return Answers(None if company == "My company" else company, currency, origin)


def _currency(ask: Ask, tell: Tell) -> str | None:
    while True:
        given = ask("Currency of its reports (ISO 4217: EUR, USD, GBP …)", "as in the files").strip()
        if given == "as in the files":
            return None
        if given.upper() in list_currencies():
            return given.upper()
        tell(f"'{given}' is no ISO 4217 currency such as EUR, USD or GBP.")


def _origin(ask: Ask, tell: Tell) -> str | None:
    while True:
        given = ask("Where are your files: a folder, a file or the URL of a database", "none yet: a sample").strip()
        if given == "none yet: a sample":
            return None
        if "://" in given or Path(given).expanduser().exists():
            return given
        tell(f"There is no '{given}'.")
