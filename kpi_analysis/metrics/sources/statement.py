"""Statements of accounts: which rows are accounts and which are headings, subtotals and results of those above.

Every subtotal and result is checked against its parts, so that a row which was taken for something else is found.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from kpi_analysis.core.account_names import account_of, propose_accounts, section_account

Amounts = NDArray[np.float64]

_TOTAL = re.compile(
    r"(?:sub|grand |overall )?(?:total|sum|summe|gesamt|zwischensumme|subtotal)\b[ :]*(?:for |of |der |des |von )?(.*)|"
    r"(.+?)[ \-:,]+(?:total|gesamt|insgesamt|summe)"
)
_RESULT = re.compile(
    r"gross (profit|margin|income|loss|surplus|earnings).*|(total )?net .*(income|profit|loss|earnings|result|surplus)"
    r".*|operating (income|profit|loss|result|surplus)|ebitd?a?|ebt|.*\b(profit|income|earnings|loss) (before|after|"
    r"for) .*|"
    r"(profit|loss|surplus|result)|(betrieblicher )?rohertrag.*|rohgewinn.*|rohergebnis.*|deckungsbeitrag.*|.*ergebnis|"
    r".*\bergebnis\b.*|jahres(überschuss|fehlbetrag|ergebnis).*|(gewinn|verlust|überschuss)\b.*|gesamtleistung.*|"
    r"gesamtkosten.*|gesamtertrag.*|gesamtaufwand.*|contribution margin.*"
)
_NET = re.compile(
    r"net (income|profit|loss|earnings|result)|(net )?(profit|income|earnings) (after tax|for the (year|period)).*|"
    r"jahres(überschuss|fehlbetrag|ergebnis).*|vorläufiges ergebnis|(profit|loss)|.*ergebnis nach steuern"
)
_RATIO = re.compile(r".*(%|in prozent|quote|rentabilität)\)?|.*\bmargin|.*marge")
_BALANCE = (r"\bassets\b|aktiva|vermögen", r"liabilit|passiva|verbindlichkeiten|equity")
_LEAST_TELLING = 2  # months with a value that a sum without a name must agree in


@dataclass(frozen=True)
class StatementLine:
    """A row of a statement: its place in the file, its name, how far it is indented, and its amounts; NaN for none."""

    row: int
    name: str
    indent: int
    amounts: Amounts

    @property
    def key(self) -> str:
        """Name in small letters, as names are compared."""
        return re.sub(r"\s+", " ", self.name).strip(" :.").casefold()

    @property
    def has_amounts(self) -> bool:
        """Whether it has any."""
        return bool(np.isfinite(self.amounts).any())


@dataclass(frozen=True)
class StatementAccount:
    """An account of a statement: its row, the headings above it, and the account of the ledger it belongs to."""

    line: StatementLine
    headings: tuple[str, ...]
    ours: str | None = None
    is_named: bool = False  # whether the company file names the row itself
    guess: str | None = None  # what it would be by its name, where it is mapped to none

    @property
    def sign(self) -> int:
        """How it counts on the way to net income; 0 where that is not known."""
        known = self.ours or self.guess
        return 0 if known is None else -1 if known in _COSTS else 1


_COSTS = ("cogs", "operating_expense", "depreciation", "amortisation", "interest", "tax", "other_expense")


@dataclass(frozen=True)
class StatementFault:
    """A subtotal or result that is not what its parts come to, in the first column in which it is not.

    `is_unknown` says that its parts count up or down, nobody knows.
    """

    line: StatementLine
    column: int
    found: float
    wanted: float
    is_unknown: bool = False


@dataclass
class Statement:
    """Statement as it was understood.

    Parameters
    ----------
    accounts : list of StatementAccount
        Whose rows are kept, in the order of the file.
    checked : list of StatementLine
        Subtotals and results that their parts come to.
    faults : list of StatementFault
        Those that they do not come to.
    twice : list of str
        Subtotals that the company file maps beside their parts.
    costs_are_negative : bool
        Whether costs are written as negative amounts.
    """

    accounts: list[StatementAccount] = field(default_factory=list)
    checked: list[StatementLine] = field(default_factory=list)
    faults: list[StatementFault] = field(default_factory=list)
    twice: list[str] = field(default_factory=list)
    costs_are_negative: bool = False


@dataclass
class _Section:
    key: str
    name: str
    indent: int
    start: int  # of its accounts
    is_closed_by_total: bool


def read_statement(
    lines: Sequence[StatementLine], accounts: Mapping[str, Sequence[str]] | None = None, *, decimals: int = 2
) -> Statement:
    """Statement of the rows of a file: its accounts, and its subtotals and results checked against them.

    Parameters
    ----------
    lines : sequence of StatementLine
        In the order of the file.
    accounts : mapping of str to sequence of str, optional
        Ours, and theirs that belong to it: accounts, or headings for all that stand under them. By default they are
        proposed by their names.
    decimals : int
        To how many the amounts are rounded.

    Returns
    -------
    Statement

    Examples
    --------
    >>> def line(row, name, *amounts):
    ...     return StatementLine(row, name, 0, np.array(amounts, dtype=float))
    >>> found = read_statement([line(0, "Sales", 10, 12), line(1, "Materials", 4, 5), line(2, "Gross Profit", 6, 7)])
    >>> [(one.line.name, one.ours) for one in found.accounts], [one.name for one in found.checked], found.faults
    ([('Sales', 'revenue'), ('Materials', 'cogs')], ['Gross Profit'], [])
    """
    reader = _Reader(lines, accounts, decimals)
    for place in range(len(lines)):
        reader.take(place)
    return reader.finish()


class _Reader:
    """Walk over the lines of a statement."""

    def __init__(
        self, lines: Sequence[StatementLine], accounts: Mapping[str, Sequence[str]] | None, decimals: int
    ) -> None:
        self.lines = lines
        self.named = (
            None if accounts is None else {_plain(one): ours for ours, all_ in accounts.items() for one in all_}
        )
        self.proposed = propose_accounts([line.name for line in lines]).by_theirs
        self.unit = 10.0**-decimals
        self.statement = Statement()
        self.stack: list[_Section] = []
        keys = [line.key for line in lines]
        self.is_balance = all(any(re.search(word, key) for key in keys) for word in _BALANCE)
        self.indents = len({line.indent for line in lines if line.name}) > 1
        self.results: list[tuple[StatementLine, int, bool]] = []  # with how many accounts stood above
        self.last_amounts = max((place for place, line in enumerate(lines) if line.has_amounts), default=-1)

    @property
    def found(self) -> list[StatementAccount]:
        """Accounts so far."""
        return self.statement.accounts

    def take(self, place: int) -> None:
        """Take a line: as a heading, a subtotal, a result or an account."""
        line = self.lines[place]
        if not line.name:
            return
        if not line.has_amounts:
            if place < self.last_amounts:
                self._open(line, place)
            return
        total = _TOTAL.fullmatch(line.key)
        names_account = self.named is not None and line.key in self.named
        if total is not None:
            self._close(line, _plain(total.group(1) or total.group(2) or ""), names_account)
        elif self.is_balance and line.key in ("net assets", "working capital", "reinvermögen"):
            return
        elif not self.is_balance and _RESULT.fullmatch(line.key) is not None:
            self._result(line, names_account)
        elif not self._sums_up_children(line, place):
            self._account(line, place)

    def finish(self) -> Statement:
        """Check the results, which tell whether costs are written as negative amounts."""
        statement = self.statement
        votes = 0
        for line, count, _ in self.results:
            above = self.found[:count]
            positive, negative = self._agrees(line, _running(above, 1)), self._agrees(line, _running(above, -1))
            votes += int(positive) - int(negative)
        costs = [one for one in self.found if one.sign < 0]
        size = sum(float(np.nansum(one.line.amounts)) for one in costs)
        statement.costs_are_negative = votes < 0 or (votes == 0 and size < 0 and not self.results)
        for line, count, is_net in self.results:
            self._check_result(line, self.found[:count], is_net=is_net)
        return statement

    def _open(self, line: StatementLine, place: int) -> None:
        later = any(_total_of(other.key) == line.key for other in self.lines[place + 1 :])
        self._leave(line)
        self.stack.append(_Section(line.key, line.name, line.indent, len(self.found), later))

    def _leave(self, line: StatementLine) -> None:
        """Leave sections that no subtotal closes, where a line is not within them."""
        while self.stack and not self.stack[-1].is_closed_by_total:
            if self.indents and self.stack[-1].indent < line.indent:
                return
            if not self.indents and line.has_amounts:
                return
            self.stack.pop()

    def _close(self, line: StatementLine, key: str, names_account: bool) -> None:
        """Check a subtotal against the accounts of its section."""
        place = next((at for at in range(len(self.stack) - 1, -1, -1) if self.stack[at].key == key), None)
        if place is None:
            parts = self._parts_of(line)
        else:
            parts = self.found[self.stack[place].start :]
            del self.stack[place:]
        self._subtotal(line, parts, names_account)

    def _parts_of(self, line: StatementLine) -> Sequence[StatementAccount]:
        """The accounts above that a subtotal without a heading is the sum of; else all of the section it stands in."""
        for start in range(len(self.found) - 1, -1, -1):
            if self._is_sum(line, self.found[start:]):
                return self.found[start:]
        return self.found[self.stack[-1].start if self.stack else 0 :]

    def _subtotal(self, line: StatementLine, parts: Sequence[StatementAccount], names_account: bool) -> None:
        if names_account and self.named is not None:
            self._take_instead(line, parts, self.named[line.key])
        elif self._is_sum(line, parts) or (not parts and not np.nansum(np.abs(line.amounts))):
            self.statement.checked.append(line)
        else:
            self._fault(line, _plain_sum(parts, line))

    def _take_instead(self, line: StatementLine, parts: Sequence[StatementAccount], ours: str) -> None:
        """A subtotal that the company file maps stands for its parts."""
        if any(one.is_named for one in parts):
            self.statement.twice.append(line.name)
            return
        kept = self.found[: len(self.found) - len(parts)] if parts else list(self.found)
        self.statement.accounts = [*kept, StatementAccount(line, (), ours, is_named=True)]

    def _result(self, line: StatementLine, names_account: bool) -> None:
        if names_account and self.named is not None:
            self._take_instead(line, (), self.named[line.key])
            return
        self._leave(replace(line, amounts=np.full_like(line.amounts, np.nan)))
        self.results.append((line, len(self.found), _NET.fullmatch(line.key) is not None))

    def _check_result(self, line: StatementLine, above: Sequence[StatementAccount], *, is_net: bool) -> None:
        costs = -1 if self.statement.costs_are_negative else 1
        if self._agrees(line, _running(above, costs)) or (
            not is_net and any(self._is_sum(line, above[start:], costs) for start in range(len(above)))
        ):
            self.statement.checked.append(line)
        elif _RATIO.fullmatch(line.key) is None:
            self._fault(line, _running(above, costs), is_unknown=any(one.sign == 0 for one in above))

    def _account(self, line: StatementLine, place: int) -> None:
        self._leave(line)
        ours, is_named = self._ours(line)
        if ours is None and self._proposal(line) is None and self._is_unnamed_sum(line):
            self.statement.checked.append(line)
            return
        if ours is None and _RATIO.fullmatch(line.key) is not None:
            return
        headings = tuple(section.name for section in self.stack)
        is_parent = any(_total_of(other.key) == line.key for other in self.lines[place + 1 :])
        if is_parent:  # which has amounts of its own beside those of its parts
            self.stack.append(_Section(line.key, line.name, line.indent, len(self.found), True))
        self.found.append(StatementAccount(line, headings, ours, is_named, self._proposal(line)))

    def _ours(self, line: StatementLine) -> tuple[str | None, bool]:
        """The account of the ledger that a row belongs to, by its name or the nearest heading above it."""
        headings = [section.name for section in self.stack]
        if self.named is not None:
            path = _plain(":".join([*headings[-1:], line.name]))
            for key in (path, line.key):
                if key in self.named:
                    return self.named[key], True
            above = (self.named[_plain(one)] for one in reversed(headings) if _plain(one) in self.named)
            return next(above, None), False
        return self._proposal(line), False

    def _proposal(self, line: StatementLine) -> str | None:
        """The account of the ledger that a row belongs to by its name and the heading above it."""
        headings = (section.name for section in reversed(self.stack) if section.key != line.key)
        known = next((one for one in headings if section_account(one) is not None), None)
        if self.is_balance:  # whose names are like those of costs: accumulated depreciation
            found = None if known is None else account_of(line.name, known)
            return found if found in ("current_assets", "current_liabilities", "inventory") else None
        return self.proposed.get(line.name) if known is None else account_of(line.name, known)

    def _is_unnamed_sum(self, line: StatementLine) -> bool:
        """Whether a row that is no known account is a sum of rows above it, in so many columns that it is no chance."""
        if np.count_nonzero(np.nan_to_num(line.amounts)) < _LEAST_TELLING or len(self.found) < 2 or self.is_balance:
            return False
        sums = [_running(self.found, 1), _running(self.found, -1)]
        sums += [_plain_sum(self.found[start:], line) for start in range(len(self.found) - 1)]
        return any(bool((self._off(line, one) <= self.unit * 1.01e-2).all()) for one in sums)

    def _sums_up_children(self, line: StatementLine, place: int) -> bool:
        """Whether a row stands above its parts, which are indented under it, and is their sum: then it is a heading."""
        if not self.indents:
            return False
        children = []
        for other in self.lines[place + 1 :]:
            if other.name and other.indent <= line.indent:
                break
            if other.name and other.has_amounts:
                children.append(other)
        if len(children) < 2 or any(_TOTAL.fullmatch(one.key) for one in children):
            return False
        least = min(child.indent for child in children)
        direct = [child for child in children if child.indent == least]
        if not self._agrees(line, np.nansum([child.amounts for child in direct], axis=0)):
            return False
        self._leave(line)
        self.stack.append(_Section(line.key, line.name, line.indent, len(self.found), False))
        self.statement.checked.append(line)
        return True

    def _is_sum(self, line: StatementLine, parts: Sequence[StatementAccount], costs: int = 1) -> bool:
        if not parts:
            return False
        signed = _running(parts, costs)
        return any(self._agrees(line, one) for one in (_plain_sum(parts, line), signed, -signed))

    def _agrees(self, line: StatementLine, wanted: Amounts) -> bool:
        return bool((self._off(line, wanted) <= self._tolerance()).all())

    def _off(self, line: StatementLine, wanted: Amounts) -> Amounts:
        return np.abs(np.nan_to_num(line.amounts) - np.nan_to_num(wanted))

    def _tolerance(self) -> float:
        """Every amount is rounded by itself."""
        return self.unit * 0.5 * (len(self.found) + 1) + 1e-6 if self.unit >= 1 else self.unit * 1.01

    def _fault(self, line: StatementLine, wanted: Amounts, *, is_unknown: bool = False) -> None:
        column = int(np.argmax(self._off(line, wanted) > self._tolerance()))
        found = float(np.nan_to_num(line.amounts)[column])
        self.statement.faults.append(StatementFault(line, column, found, float(wanted[column]), is_unknown))


def _plain(name: str) -> str:
    return re.sub(r"\s+", " ", name).strip(" :.").casefold()


def _total_of(key: str) -> str | None:
    found = _TOTAL.fullmatch(key)
    return None if found is None else _plain(found.group(1) or found.group(2) or "")


def _plain_sum(parts: Sequence[StatementAccount], line: StatementLine) -> Amounts:
    if not parts:
        return np.zeros_like(line.amounts)
    whole: Amounts = np.nansum([one.line.amounts for one in parts], axis=0)
    return whole


def _running(parts: Sequence[StatementAccount], costs: int) -> Amounts:
    """What accounts come to: income less costs, or together where costs are written as negative amounts."""
    if not parts:
        return np.zeros(1)
    signs = [one.sign * (costs if one.sign < 0 else 1) for one in parts]
    whole: Amounts = np.nansum([sign * one.line.amounts for sign, one in zip(signs, parts, strict=True)], axis=0)
    return whole
