"""Every number that a report prints, and whether a row of ``results.json`` accounts for it.

A number is accounted for where a field of a row that *its own block* quotes, rounded as it is printed, has its digits.
The fields are those of the contract, and the change of a value on ``previous`` and ``year_ago``: a difference, or
growth for counts and money. Targets and projections, which have lists of their own in ``results.json``, account for
what a block prints of their KPI where it names it. Three things narrow what a row may account for:

* the kind: a number with a percent sign is no amount of money, one with a currency sign no share;
* the place: a row whose slice, period or name stands in the rows or heads of a table accounts only for cells there;
* the digits: all that are printed.

`SETTINGS` lists what has digits and is no figure: days and periods, ticks of an axis, constants of a method.
"""

from __future__ import annotations

import ast
import itertools
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from functools import cached_property
from pathlib import Path
from typing import Any

from kpi_analysis.design.blocks import MIME

Payload = Mapping[str, Any]

S = "[ \u00a0]"
MONTH = r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*"
SETTINGS = {
    "a day or a period": r"\b\d{4}-(?:\d\d-\d\d|\d\d|Q\d|W\d\d|H\d)\b"
    rf"|\b(?:\d{{1,2}} to )?\d{{1,2}}{S}{MONTH}(?:{S}\d{{4}})?\b|\b{MONTH}{S}\d{{1,2}}, \d{{4}}\b"
    rf"|\b{MONTH}{S}\d{{4}}\b|\bQ[1-4](?:{S}\d{{4}})?\b|\b(?:19|20)\d\d\b(?![,.]\d)",
    "days of a period that runs": r"\bincomplete, \d+ of \d+ days\b|\b(?:the same|the first) \d+ days\b",
    "the level of an interval": r"\b(?:95|80|50)% (?=range|interval|from|low|high)|\(95% interval\)",
    "where an axis starts": r"\bscale starts at [^;\s]+",
    "a line that the field draws": rf"\b(?<=n){S}:{S}1\b|(?<=\d){S}:{S}1\b|\b(?:strong|exceptional) \d+\b"
    r"|\b70 on track\b|chance from 5% to 95%|, below 0\.2\b",
    "scores of segments": r"\b[RF] \d(?:–\d)?\b|, 5 the best",
    "ages, lags and counts that were chosen": r"\b(?:[Ww]ithin|after|in|next) \d+ (?:days|months)\b|\b[Bb]y day \d+\b"
    r"|\b\d+–\d+ days\b|\bin the first \d+\b|\(0, 7, 30 and 90 days\)|, \d+ days$|\bdiscounted at [\d.]+% a year"
    r"|\bThe \d+ (?:largest|highest|first|of \d+ campaigns)|\band (?:the )?\d+ (?:lowest|last)\b"
    r"|\bEvery month to come [+−][\d.]+%",
    "the method in words": r"\baverage of \d+ exponential|\bseason of \d+|\bp below \.?0?\.?0+1\b"
    r"|\bfewer than \d+ months\b"
    r"|\b(?:takes|needs) \d+ full cycles|\bthe \d+ complete months before it\b",
}  # fmt: skip
# What a KPI is in words, and what somebody wrote down.
WORDS = ("Formula", "Unit", "Objective", "Action")
# What was read, and what its check found: provenance.json has it with a hash, and `kpi verify` names what changed.
READ = "sources"
CHECKED = "Table "

SMALL = 20  # a count below it is told to have changed by so many
FIELDS = ("value", "previous", "year_ago", "ci_low", "ci_high", "target")
COUNTS = ("numerator", "denominator", "rows")
KINDS = {"percent": "percent", "chance": "percent", "points": "percent", "currency": "money"}
SCALES = {"bn": 1e9, "m": 1e6, "k": 1e3}
NUMBER = re.compile(
    r"(?P<money>US\$|[€$£])?(?P<digits>\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?|(?<![\w.])\.\d+)(?P<word>bn\b|m\b|k\b)?"
    rf"(?P<unit>{S}?(?:%|pp\b|points\b))?"
)


@dataclass(frozen=True)
class Printed:
    """A number as it is printed.

    Parameters
    ----------
    block, place : str
        Where it stands: the id of a block, and the field, or the row and column.
    words : str
        What is printed there.
    digits : str
        The number.
    is_accounted : bool
        Whether a row accounts for it.
    """

    block: str
    place: str
    words: str
    digits: str
    is_accounted: bool

    def __str__(self) -> str:
        return f"{self.block} · {self.place} · {self.digits} in “{self.words}”"


def executed(notebook: Path, **parameters: Any) -> list[Payload]:
    """Return the blocks that a notebook shows; its cells run in this process, so that companies are opened once."""
    space: dict[str, Any] = {}
    shown: list[Payload] = []
    for cell in json.loads(notebook.read_text(encoding="utf-8"))["cells"]:
        tree = ast.parse("".join(cell["source"]))
        last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
        exec(compile(tree, notebook.name, "exec"), space)
        if "parameters" in cell["metadata"].get("tags", ()):
            space |= parameters
        value = eval(compile(ast.Expression(last.value), notebook.name, "eval"), space) if last else None  # type: ignore[attr-defined]
        if value is not None:
            shown.append(json.loads(json.dumps(value._repr_mimebundle_()[MIME])))
    return [block for payload in shown for block in each(payload)]


def each(block: Payload) -> Iterator[Payload]:
    """Return a block and those inside it."""
    yield block
    for inner in block.get("blocks", ()):
        yield from each(inner)


def printed(blocks: Sequence[Payload]) -> list[Printed]:
    """Return every number that the blocks of a report print."""
    facts = next(block["facts"] for block in blocks if block.get("facts"))
    told = [block for block in blocks if block.get("id") != READ and not block.get("text", "").startswith(CHECKED)]
    return [number for block in told for number in _Block(block, facts).numbers()]


@dataclass(frozen=True)
class _Token:
    digits: str
    kind: str = ""
    scale: float = 1.0


@dataclass(frozen=True)
class _Number:
    """What a row may print."""

    row: Mapping[str, Any] = field(repr=False)
    field: str = ""
    value: float = 0.0
    kind: str = ""

    def prints(self, token: _Token) -> bool:
        if token.kind and self.kind not in (token.kind, "any"):
            return False
        plain = token.digits.replace(",", "")
        places, size = len(plain.partition(".")[2]), abs(self.value) / token.scale
        if abs(size - float(plain)) > 0.6 * 10.0**-places + (0.5 if self.kind == "percent" else 0.0):
            return False
        wanted = Decimal(f"0{plain}")
        # sentences round a share to whole per cent or to a tenth of one before they write it
        shown = [size, *(round(size / 100, digits) * 100 for digits in (2, 3) if self.kind == "percent")]
        return any(_rounded(one, places) == wanted for one in shown)


class _Block:
    def __init__(self, block: Payload, facts: Payload) -> None:
        self.block, self.facts = block, facts
        self._spots: dict[int, tuple[list[set[int]], list[set[int]]]] = {}
        self.name = str(block.get("id") or f"{block['kind']}: {(block.get('title') or block.get('text') or '')[:50]}")

    # ------------------------------------------------------------------ what is printed

    def numbers(self) -> Iterator[Printed]:
        """Each number in words, in cells, and in the drawing."""
        for name in ("title", "deck", "measure", "note", "text"):
            yield from self._said(name, str(self.block.get(name) or ""))
        for number, finding in enumerate(self.block.get("findings", ()), 1):
            for words in (_cell_words(finding["figure"]), finding["claim"], finding["evidence"]):
                yield from self._said(f"finding {number}", words)
        yield from self._in_cells()
        yield from self._drawn()

    def _said(self, place: str, words: str) -> Iterator[Printed]:
        for text in self.facts.get("checked", ()):
            words = words.replace(text, " ")
        for token in self._tokens(words):
            reasoned = any(reason in words and token.digits in reason for reason in self.reasons)
            yield self._judged(place, words, token, self.candidates, reasoned)

    def _in_cells(self) -> Iterator[Printed]:
        columns = self.block.get("columns", ())
        for name, number, cells in self.table:
            for column, cell in cells:
                head = columns[column]
                if head["label"] in WORDS:
                    continue
                words, place = _cell_words(cell), f"{name}, {head['label']}"
                allowed = self._allowed(number, column)
                unit = (
                    "" if re.search(r"[A-Za-z]{3}", words) else f"{head['unit']} {cell['suffix']} {cells[0][1]['unit']}"
                )
                for token in self._tokens(words, unit, 1e3 if head["label"].endswith(", k") else 1.0):
                    if column == 0 and (self.block["kind"] == "figure" or self._is_slice(token.digits)):
                        continue  # the name of the row, or its place on the axis
                    yield self._judged(place, words, token, allowed, words in self.reasons)

    def _drawn(self) -> Iterator[Printed]:
        svg = str(self.block.get("svg") or "")
        ticks = _ticks(svg)
        # the table of the figure's numbers is looked at by itself
        there = {
            token.digits for _, _, cells in self.table for _, cell in cells for token in self._tokens(_cell_words(cell))
        }
        for attributes, words in _texts(svg):
            for token in self._tokens(words):
                if (attributes, words) not in ticks and token.digits not in there:
                    yield self._judged("chart", words, token, self.candidates, False)

    def _judged(self, place: str, words: str, token: _Token, allowed: Iterable[_Number], is_reason: bool) -> Printed:
        told = is_reason or any(one.prints(token) for one in allowed)
        return Printed(self.name, place, words, token.digits, told)

    def _tokens(self, words: str, unit: str = "", scale: float = 1.0) -> list[_Token]:
        for name in self.names:
            words = words.replace(name, " ")
        for pattern in SETTINGS.values():
            words = re.sub(pattern, " ", words)
        found = []
        for one in NUMBER.finditer(words):
            before, after = words[: one.start()][-1:], words[one.end() :][:1]
            if (before.isalnum() and not one["money"]) or (after.isalpha() and not one["word"]):
                continue  # part of a name: Q3, 85123A
            kind, factor = "money" if one["money"] else "percent" if one["unit"] else "", scale
            if not kind and (sign := re.search(r"(%|\bpp\b|\bpoints\b)|[€$£](bn|m|k)?|^ *(bn|m)\b", unit)):
                kind = "percent" if sign[1] else "money" if sign[0][0] in "€$£" else ""
                factor *= SCALES.get(sign[2] or sign[3] or "", 1.0)
            found.append(_Token(one["digits"], kind, factor * SCALES.get(one["word"] or "", 1.0)))
        return found

    # ------------------------------------------------------------------ what accounts for it

    @cached_property
    def table(self) -> list[tuple[str, int, list[tuple[int, Payload]]]]:
        """Each row with its name, its number, and its cells with the number of their column."""
        found = []
        for number, row in enumerate(self.block.get("rows", ())):
            starts = itertools.accumulate((cell["span"] for cell in row["cells"]), initial=0)
            cells = list(zip(starts, row["cells"], strict=False))
            found.append((cells[0][1]["text"] or f"row {number + 1}", number, cells))
        return found

    @cached_property
    def rows(self) -> list[Mapping[str, Any]]:
        """The rows that the block quotes; with what it prints of targets and projections of KPIs that it names."""
        rows = [dict(row) for row in self.block.get("values", ())]
        rows += [
            {"value": one["value"], "unit": one["unit"]} for r in self.block.get("records", ()) for one in r["quoted"]
        ]
        cells = [_cell_words(cell) for *_, line in self.table for _, cell in line]
        words = " ".join([self.block.get("title") or "", self.block.get("measure") or "", *cells]).casefold()
        for target in self._about("targets", words):
            unit = self.facts["kpis"][target["kpi"]]["unit"]
            rows += [
                {"value": target[name], "unit": unit}
                for name in ("baseline", "target", "current", "expected", "needed")
            ]
            rows.append({"value": target["chance"], "unit": "chance"})
        for one in self._about("projections", words):
            unit = self.facts["kpis"][one["kpi"]]["unit"]
            rows += [{"value": step[name], "unit": unit} for step in one["steps"] for name in ("mean", "low", "high")]
        return rows

    def _about(self, name: str, words: str) -> Iterator[Mapping[str, Any]]:
        labels = {kpi: str(told["label"]).casefold() for kpi, told in self.facts["kpis"].items()}
        return (one for one in self.facts.get(name, ()) if labels[one["kpi"]] in words)

    @cached_property
    def reasons(self) -> set[str]:
        """Words that a row says in place of a value: numbers in them are the row's."""
        return {str(row["reason"]) for row in self.rows if row.get("reason")}

    @cached_property
    def names(self) -> list[str]:
        """Names of slices that hold digits: a product 85123A is no number."""
        told = {str(name) for row in self.rows for name in row.get("dimensions", {}).values()}
        codes = (name for name in told if re.search(r"\d", name) and (re.search(r"[^\W\d_]|\+", name) or len(name) > 4))
        return sorted(codes, key=len, reverse=True)

    def _is_slice(self, digits: str) -> bool:
        return any(digits == name for row in self.rows for name in row.get("dimensions", {}).values())

    @cached_property
    def candidates(self) -> list[_Number]:
        """All that the rows of the block may print."""
        return [one for row in self.rows for one in _numbers_of(row, self._unit(row))]

    def _unit(self, row: Mapping[str, Any]) -> str:
        return str(row.get("unit") or self.facts["kpis"].get(row.get("kpi"), {"unit": "count"})["unit"]).partition("/")[
            0
        ]

    def _allowed(self, number: int, column: int) -> list[_Number]:
        return [one for one in self.candidates if self._may_stand(one, number, column)]

    def _may_stand(self, one: _Number, number: int, column: int) -> bool:
        if id(one.row) not in self._spots:
            self._spots[id(one.row)] = self._spot(one.row)
        rows, heads = self._spots[id(one.row)]
        return all(number in place for place in rows) and (one.field != "value" or all(column in p for p in heads))

    def _spot(self, row: Mapping[str, Any]) -> tuple[list[set[int]], list[set[int]]]:
        """In which rows and under which heads a row of ``results.json`` is named, for each of its names."""
        slices, kpi = row.get("dimensions", {}), self.facts["kpis"].get(row.get("kpi"), {})
        said = {*slices.values(), *(f"no {name}" for name, value in slices.items() if value == "(none)")}
        said |= {row.get("period"), row.get("label") or kpi.get("label")} - {None}
        names = {_plain(str(name)) for name in said}
        rows, heads = (self._places[side] for side in ("rows", "heads"))
        return [rows[name] for name in names if name in rows], [heads[name] for name in names if name in heads]

    @cached_property
    def _places(self) -> dict[str, dict[str, set[int]]]:
        """In which rows and under which heads words stand."""
        found: dict[str, dict[str, set[int]]] = {"rows": {}, "heads": {}}
        for _, number, cells in self.table:
            for _, cell in cells:
                found["rows"].setdefault(_plain(cell["text"]), set()).add(number)
        for number, column in enumerate(self.block.get("columns", ())):
            found["heads"].setdefault(_plain(column["label"]), set()).add(number)
        return found


def _numbers_of(row: Mapping[str, Any], unit: str) -> Iterator[_Number]:
    kind, times = KINDS.get(unit, "plain"), 100.0 if unit in ("percent", "chance") else 1.0
    for name in FIELDS:
        if _is_number(value := row.get(name)):
            yield _Number(row, name, times * value, kind)
            if times != 1.0:
                yield _Number(row, name, value, "plain")  # an index that is written as it is: 0.025
    if _is_number(chance := row.get("chance")):
        yield _Number(row, "chance", 100 * chance, "percent")
    for name in COUNTS:
        if _is_number(value := row.get(name)):
            yield _Number(row, name, value, "plain" if name == "rows" else "any")
    for name in ("previous", "year_ago"):
        if _is_number(now := row.get("value")) and _is_number(then := row.get(name)):
            if unit not in ("count", "currency") or (unit == "count" and 0 <= then < SMALL):
                yield _Number(row, "change", times * (now - then), kind)
            if unit in ("count", "currency") and then > 0:
                yield _Number(row, "change", 100 * (now - then) / then, "percent")


def _ticks(svg: str) -> set[tuple[str, str]]:
    """The labels of an axis: numbers of the size of an axis on one line, evenly spaced."""
    lines: dict[tuple[str, str], list[tuple[float, tuple[str, str]]]] = {}
    for attributes, words in _texts(svg):
        number = re.fullmatch(r"−?[€$£]?([\d.,]+)%?(?:k|m|bn)?", words)
        place = re.findall(r'\b([xy])="([\d.]+)"', attributes)
        if "font-size: 7.5px" in attributes and number and len(place) == 2:
            value = float(number[1].replace(",", "")) * (-1 if words.startswith("−") else 1)
            for axis in place:
                lines.setdefault(axis, []).append((value, (attributes, words)))
    found: set[tuple[str, str]] = set()
    for labels in lines.values():
        values = sorted(value for value, _ in labels)
        if len(values) > 1 and len({round(b - a, 6) for a, b in itertools.pairwise(values)}) == 1:
            found |= {label for _, label in labels}
    return found


def _texts(svg: str) -> list[tuple[str, str]]:
    return re.findall(r"<text([^>]*)>([^<]*)<", svg)


def _rounded(value: float, places: int) -> Decimal:
    return Decimal(repr(float(value))).quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _plain(words: str) -> str:
    return words.replace("\u00a0", " ").strip().casefold()


def _cell_words(cell: Payload) -> str:
    if cell["svg"]:
        return ""  # a picture
    space = " " if cell["suffix"][:1].isalpha() else ""
    return f"{cell['text']}{space}{cell['suffix']}"
