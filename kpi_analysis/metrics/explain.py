"""Why a KPI moved: the contributions of what its formula is made of, or of its slices."""

from __future__ import annotations

import datetime as dt
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from kpi_analysis.core import formula
from kpi_analysis.core.errors import DataError, UsageError
from kpi_analysis.core.formula import Call, Name, Node, Number, Operation, Values
from kpi_analysis.core.periods import Period
from kpi_analysis.metrics.catalogue import Catalogue, Metric
from kpi_analysis.metrics.compute.evaluate import SHIFTED
from kpi_analysis.metrics.compute.operands import Operands, measured_tables, read_operands
from kpi_analysis.metrics.compute.slices import check_slices, known_columns
from kpi_analysis.metrics.sources import Sources
from kpi_analysis.stats.drivers import decompose, operand_name, operands, segment_effects, simpson_paradox
from kpi_analysis.stats.drivers.formula_terms import as_ratio, is_sum, substitute

COLUMNS = ("driver", "label", "unit", "before", "after", "contribution", "share")
EFFECTS = ("rate_effect", "mix_effect")
TOLERANCE = 1e-9
AUTO = "auto"
FEW_SLICES, MOST_SLICES = 12, 60


def explain(
    sources: Sources,
    catalogue: Catalogue,
    kpi: str,
    *,
    period: str | Period,
    against: str | Period | None = None,
    by: str | None = None,
    where: str | None = None,
    as_of: dt.date | None = None,
    measures: bool = False,
) -> pd.DataFrame:
    """Say why a KPI moved from one period to another: its drivers with contributions that add up to the change.

    The drivers are the parts of its formula. A part that is a sum is opened into its terms; a ratio, such as the
    win ratio in sales velocity, is a driver of its own, and so is a part of another period (``prior(x)``), a mean
    balance (``average(x)``), and the length of the period (``days()``). `kpi_analysis.stats.drivers.decompose` says how
    they are told apart. An unfinished period is compared with the same stretch of the other one.

    Parameters
    ----------
    sources : Sources
        The connected tables.
    catalogue : Catalogue
        What the KPIs are.
    kpi : str
        Id of the KPI.
    period : str or Period
        ``2026-Q3``.
    against : str or Period, optional
        What it is compared with; the period before by default.
    by : str, optional
        A dimension: the drivers are its values. For a ratio of sums each has a rate and a mix effect; in other
        formulas a slice has the sum of what its part of each number counts. With ``auto``
        it is the dimension of the KPI's tables, with few slices, in which the change is least evenly spread.
    where : str, optional
        SQL condition over canonical columns.
    as_of : date, optional
        The last day that counts; by default the last day in the data.
    measures : bool
        Whether ratios are opened, too, down to what the tables give. A measure that stands in two of them, such as
        won deals in win ratio and deal size, then has the sum of what it does in both.

    Returns
    -------
    DataFrame
        driver, label, unit, before, after, contribution, share (of the change), the largest contribution first;
        with `by` also rate_effect and mix_effect. ``attrs`` holds kpi, period, against, by, days (counted, and of the
        whole period), before, after, change, method, simpson (a sentence, where the slices contradict the whole)
        and reason: why the frame is empty, where it is.

    Raises
    ------
    UsageError
        Unknown KPI, period or dimension, or `against` is no earlier period of the same grain.
    """
    metric = catalogue.metric(kpi)
    if by is not None and "," in by:
        raise UsageError(f"'{by}' are several dimensions.", remedy="Explain by one of them at a time.")
    check_slices(sources, [by] if by and by != AUTO else [], where)
    end = as_of or sources.last_day()
    if end is None:
        raise UsageError("there is no dated row in any connected table.", remedy="Check them with: kpi check")
    after, before = _periods(sources, period, against, end)
    explanation = _Explanation(sources, catalogue, metric, before, after, where, end)
    return explanation.most_telling() if by == AUTO else explanation.frame(by, measures=measures)


def _periods(
    sources: Sources, period: str | Period, against: str | Period | None, end: dt.date
) -> tuple[Period, Period]:
    """Return the period as far as it is over, and the same stretch of the one that it is compared with."""
    calendar = sources.config.calendar
    whole = calendar.parse(period) if isinstance(period, str) else period
    after = whole.cut(end) if whole.start <= end else whole
    if against is None:
        return after, calendar.prior(after)
    base = calendar.parse(against) if isinstance(against, str) else against
    if base.grain != after.grain or base.start >= after.start:
        raise UsageError(
            f"{after.label} cannot be held against {base.label}.",
            remedy=f"Name an earlier {after.grain}, such as {calendar.prior(whole).label}.",
        )
    return after, base if after.complete else base.cut(base.start + dt.timedelta(days=after.days - 1))


@dataclass(frozen=True)
class _Explanation:
    """One KPI between two periods."""

    sources: Sources
    catalogue: Catalogue
    metric: Metric
    before: Period
    after: Period
    where: str | None
    as_of: dt.date

    def frame(self, by: str | None, *, measures: bool) -> pd.DataFrame:
        tree = self.company(self.metric.tree, measures=measures or by is not None)
        parts = self.operands(tree)
        whole = self.read([self.metric.tree, *parts.values()])
        first, last = float(whole.before[0].numbers[0]), float(whole.after[0].numbers[0])
        reason = self.reason(whole)
        attrs: dict[Hashable | None, Any] = {
            "kpi": self.metric.name,
            "unit": self.metric.unit,
            "period": self.after.label,
            "against": self.before.label,
            "by": by or "",
            "days": (self.after.days, self.after.full_days),
            "before": None if np.isnan(first) else first,
            "after": None if np.isnan(last) else last,
            "change": None if reason else last - first,
            "method": "",
            "simpson": "",
            "reason": reason,
        }
        columns = [*COLUMNS, *(EFFECTS if by else ())]
        rows: list[dict[str, Any]] = []
        if not reason and by:
            rows = self.slices(by, first, last, tree, attrs)
        elif not reason:
            rows = self.drivers(tree, parts, whole, attrs)
        frame = pd.DataFrame.from_records(rows, columns=columns)
        for name in columns[3:]:
            frame[name] = pd.to_numeric(frame[name]).astype(float)
        if rows:
            frame["share"] = frame.contribution / (last - first) if last != first else np.nan
            frame = frame.sort_values("contribution", key=lambda c: -c.abs(), kind="stable", ignore_index=True)
        frame.attrs = attrs
        return frame

    # ------------------------------------------------------------------ by the formula

    def drivers(
        self, tree: Node, parts: dict[str, Node], whole: Operands, attrs: dict[Hashable | None, Any]
    ) -> list[dict[str, Any]]:
        then = {name: float(v.numbers[0]) for name, v in zip(parts, whole.before[1:], strict=True)}
        now = {name: float(v.numbers[0]) for name, v in zip(parts, whole.after[1:], strict=True)}
        found = decompose(tree, then, now)
        if abs(found.sum() - attrs["change"]) > TOLERANCE * max(abs(attrs["before"]), abs(attrs["after"]), 1e-300):
            raise DataError(f"the drivers of {self.metric.name} do not add up to its change.")
        attrs["method"] = found.attrs["method"]
        return [self.row(leaf, *(side[operand_name(leaf)] for side in (then, now, found))) for leaf in operands(tree)]

    def row(self, leaf: Node, before: float, after: float, contribution: float) -> dict[str, Any]:
        """Return a driver of the formula."""
        return {
            "driver": operand_name(leaf),
            "label": self.label(leaf),
            "unit": self.unit(leaf),
            "before": before,
            "after": after,
            "contribution": contribution,
        }

    def company(self, node: Node, *, measures: bool) -> Node:
        """Put the terms of metrics that are sums in their place; with `measures` all metrics."""
        if isinstance(node, Operation):
            left, right = (self.company(part, measures=measures) for part in (node.left, node.right))
            return Operation(node.operator, left, right)
        if isinstance(node, Name) and node.name not in self.catalogue.measures:
            tree = self.catalogue.metrics[node.name].tree
            if measures or (isinstance(tree, Operation) and is_sum(tree)):
                return self.company(tree, measures=measures)
        return node

    def operands(self, tree: Node) -> dict[str, Node]:
        """Return each leaf as it is to be read."""
        found: dict[str, Node] = {operand_name(leaf): leaf for leaf in operands(tree)}
        for node in formula.walk(tree):
            if isinstance(node, Operation) and isinstance(node.right, Call) and node.right.function in SHIFTED:
                found[operand_name(node.right)] = _on_the_right(node.right)
        return found

    def label(self, leaf: Node) -> str:
        words = formula.formula_text(leaf, self.catalogue.label)
        return words[:1].upper() + words[1:]

    def unit(self, leaf: Node) -> str:
        """Unit of a driver, where the catalogue knows it."""
        if isinstance(leaf, Call):
            return leaf.function if leaf.argument is None else self.unit(leaf.argument)
        if not isinstance(leaf, Name):
            return ""
        if leaf.name in self.catalogue.measures:
            same = (m.unit for m in self.catalogue.metrics.values() if m.tree == leaf)
            return next(same, "")
        return self.catalogue.metrics[leaf.name].unit

    # ------------------------------------------------------------------ by a dimension

    def slices(
        self, by: str, first: float, last: float, tree: Node, attrs: dict[Hashable | None, Any]
    ) -> list[dict[str, Any]]:
        parts = [self.metric.tree, *as_ratio(tree)]
        whole, sliced = self.read(parts), self.read(parts, by)
        values = sliced.before[0], sliced.after[0]
        pairs = [
            dict(zip(names, zip(*(_known(v) for v in side[1:3]), strict=True), strict=True))
            for names, side in ((_names(sliced), sliced.before), (_names(sliced), sliced.after))
            if len(parts) == 3
        ]
        try:
            if len(parts) == 3 and all(_adds_up(whole, sliced, place) for place in (1, 2)):
                effects = segment_effects(*pairs)
                if abs(effects.total.sum() - (last - first)) <= TOLERANCE * max(abs(first), abs(last)):
                    paradox = simpson_paradox(*pairs)
                    attrs["method"] = "rate and mix"
                    attrs["simpson"] = paradox.sentence(self.metric.label, by) if paradox else ""
                    return _rows(effects, values, self.metric.unit)
        except UsageError:
            pass  # a negative lower part: no weights, so neither rate nor mix
        if sliced.groups and _adds_up(whole, sliced, 0):
            attrs["method"] = "differences"
            names = _names(sliced)
            effects = segment_effects(*(dict(zip(names, _known(v), strict=True)) for v in values))
            return _rows(effects, values, self.metric.unit)
        return self.composed(by, tree, values, attrs)

    def composed(
        self, by: str, tree: Node, values: tuple[Values, Values], attrs: dict[Hashable | None, Any]
    ) -> list[dict[str, Any]]:
        """Explain a formula that is neither a sum nor a ratio: each leaf is the sum of its slices."""
        parts = self.operands(tree)
        whole, sliced = self.read([*parts.values()]), self.read([*parts.values()], by)
        names = _names(sliced)
        sums: dict[str, list[str]] = {}
        then: dict[str, float] = {}
        now: dict[str, float] = {}
        for place, leaf in enumerate(parts):
            sides = ((then, whole.before, sliced.before), (now, whole.after, sliced.after))
            total = [float(side[place].numbers[0]) for _, side, _ in sides]
            alike = [
                bool(np.all(side[place].numbers == number)) for (_, _, side), number in zip(sides, total, strict=True)
            ]
            if not names or not (all(alike) or _adds_up(whole, sliced, place)):
                attrs["reason"] = (
                    sliced.reason or f"{self.metric.label} of the slices by {by} does not add up to the whole"
                )
                return []
            if all(alike) and len(names) > 1:
                then[leaf], now[leaf] = total
                continue
            sums[leaf] = [f"{leaf} of {name}" for name in names]
            for numbers, _, side in sides:
                numbers.update(zip(sums[leaf], _known(side[place]).tolist(), strict=True))
        found = decompose(substitute(tree, sums), then, now)
        attrs["method"] = found.attrs["method"]
        totals = [float(sum(found[sums[leaf][index]] for leaf in sums)) for index in range(len(names))]
        effects = pd.DataFrame({"segment": names, "rate_effect": np.nan, "mix_effect": np.nan, "total": totals})
        common = [
            self.row(leaf, then[operand_name(leaf)], now[operand_name(leaf)], found[operand_name(leaf)])
            for leaf in operands(tree)
            if operand_name(leaf) not in sums and found[operand_name(leaf)] != 0
        ]
        return [*_rows(effects, values, self.metric.unit), *common]

    def most_telling(self) -> pd.DataFrame:
        """Explain by the dimension whose slices say most."""
        frames = [frame for by in self.dimensions() if 1 < len(frame := self.frame(by, measures=False)) <= MOST_SLICES]
        few = [frame for frame in frames if len(frame) <= FEW_SLICES]
        if not frames:
            empty = self.frame(None, measures=False).iloc[:0]
            empty.attrs["reason"] = empty.attrs["reason"] or f"{self.metric.label} has no dimension that explains it"
            return empty
        return max(few or frames, key=_unevenness)

    def dimensions(self) -> list[str]:
        """Dimensions that all tables of the KPI have; keys and currencies say nothing."""
        first, *others = measured_tables(self.sources, self.catalogue, self.metric) or ("",)
        shared = self.sources.schemas[first].dimensions if first else ()
        known = known_columns(self.sources)
        shared = tuple(name for name in shared if all(name in known[table] for table in (first, *others)))
        return [name for name in shared if not name.endswith("_id") and name not in ("currency", "kind", "outcome")]

    # ------------------------------------------------------------------ reading

    def read(self, parts: list[Node], by: str | None = None) -> Operands:
        return read_operands(
            self.sources,
            self.catalogue,
            self.metric,
            parts,
            self.before,
            self.after,
            by=[by] if by else [],
            where=self.where,
            as_of=self.as_of,
        )

    def reason(self, whole: Operands) -> str:
        """Why there is no change to explain, or nothing."""
        for values, period in ((whole.after[0], self.after), (whole.before[0], self.before)):
            if values.reasons[0]:
                return f"{period.label}: {values.reasons[0]}"
        matures = self.metric.matures_in
        whole_end = self.after.end
        if matures is not None and (self.as_of - whole_end).days < matures:
            return f"{self.after.label} is still maturing: it is judged {matures} days after its end"
        return ""


def _unevenness(frame: pd.DataFrame) -> float:
    """How much slices say about a change: the part of it that does not lie where an even change would.

    An even change of a sum moves each slice in proportion to what it was, that of a ratio moves all alike.
    """
    change, moved = frame.attrs["change"], frame.contribution
    weights = frame.before.abs() if frame.attrs["method"] == "differences" else pd.Series(1.0, index=frame.index)
    size = moved.abs().sum()
    if size == 0 or weights.sum() == 0:
        return 0.0
    return float((moved - change * weights / weights.sum()).abs().sum() / size)


def _on_the_right(node: Node) -> Node:
    """A part as the evaluator reads it on the right of an operator, where a base is brought to as many weeks."""
    return Operation("*", Number(1.0), node)


def _names(sliced: Operands) -> list[str]:
    return [group[0] for group in sliced.groups]


def _known(values: Values) -> npt.NDArray[np.float64]:
    """Numbers with nothing where there is none: a slice without rows adds nothing."""
    return np.where(values.reasons == "", values.numbers, 0.0)


def _adds_up(whole: Operands, sliced: Operands, place: int) -> bool:
    """Whether the slices of a part are the whole of it, before and after: distinct counts and medians are not."""
    for total, parts in ((whole.before, sliced.before), (whole.after, sliced.after)):
        numbers, wanted = _known(parts[place]), float(total[place].numbers[0])
        if not abs(numbers.sum() - wanted) <= TOLERANCE * max(float(np.abs(numbers).sum()), abs(wanted)):
            return False
    return True


def _rows(effects: pd.DataFrame, values: tuple[Values, Values], unit: str) -> list[dict[str, Any]]:
    """Return the slices that are there before or after."""
    rows = []
    for index, effect in enumerate(effects.itertuples(index=False)):
        first, last = (side.numbers[index] for side in values)
        if effect.total == 0 and np.nan_to_num(first) == 0 and np.nan_to_num(last) == 0:
            continue
        rows.append(
            {
                "driver": effect.segment,
                "label": effect.segment,
                "unit": unit,
                "before": first,
                "after": last,
                "contribution": effect.total,
                "rate_effect": effect.rate_effect,
                "mix_effect": effect.mix_effect,
            }
        )
    return rows
