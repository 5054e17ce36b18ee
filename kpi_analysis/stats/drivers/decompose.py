"""LMDI and Shapley decomposition of the change of a formula's value."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from kpi_analysis.core import formula as formulas
from kpi_analysis.core.errors import DataError, UsageError, did_you_mean
from kpi_analysis.core.formula import Node, Operation
from kpi_analysis.stats.drivers.formula_terms import evaluate, factors, operand_name, operands, terms

Method = Literal["auto", "lmdi", "shapley"]
METHODS = ("auto", "lmdi", "shapley")
MOST_NAMES = 12
TOLERANCE = 1e-9

OperandValues = Mapping[str, float]
Factor = tuple[float, Node, float, float]  # its power, the part, and its value before and after


def decompose(
    formula: str | Node, before: Mapping[str, float], after: Mapping[str, float], *, method: Method = "auto"
) -> pd.Series[float]:
    """LMDI or Shapley decomposition: the contribution of each operand to the change of a formula's value.

    The contributions add up to the change. They depend neither on the order of the names nor on brackets, and
    a number that did not change contributes nothing.

    Sums are taken apart into the differences of their terms. Where all factors of products and ratios are
    positive, LMDI-I takes those apart: a factor x of a product V counts L(V) · ln(x after ÷ x before), where L is
    the logarithmic mean; what a factor that is itself a sum counts is shared by its terms in proportion to their
    differences. Where zeros or negative numbers forbid logarithms, each name gets its Shapley value: the mean, over
    all orders in which the names could have changed one by one, of what its change did. Beyond 12 names that
    changed, or where a mixture of before and after divides by zero, products are taken apart level by level:
    factors get their Shapley values, and their parts share them in proportion.

    Parameters
    ----------
    formula : str | Node
        Such as ``deals * deal_size / days``, or the tree of one.
    before : mapping of str to float
        The numbers of the first side, by operand. A call stands under its text: ``prior(deals)``, ``days()``.
    after : mapping of str to float
        The numbers of the second side.
    method : {"auto", "lmdi", "shapley"}
        By default LMDI where it is possible.

    Returns
    -------
    Series
        Contribution by name, in the order of the formula. Its ``attrs["method"]`` says how it was made:
        differences, lmdi, shapley, or shapley by levels.

    Raises
    ------
    UsageError
        A number is missing, a side has no value, or LMDI is asked for where a factor is not positive.
    DataError
        The numbers are so far apart in size that the contributions cannot add up to 1e-9.

    References
    ----------
    Ang, B. W. (2005). The LMDI approach to decomposition analysis: a practical guide. Energy Policy 33.
    Shapley, L. S. (1953). A value for n-person games. Contributions to the Theory of Games II.

    Examples
    --------
    >>> then = {"opportunities": 40, "win_rate": 0.25, "deal_size": 20000, "cycle": 50}
    >>> now = {"opportunities": 50, "win_rate": 0.20, "deal_size": 22000, "cycle": 44}
    >>> found = decompose("opportunities * win_rate * deal_size / cycle", then, now)
    >>> found.round(2).to_dict()
    {'opportunities': 1000.0, 'win_rate': -1000.0, 'deal_size': 427.12, 'cycle': 572.88}
    >>> found.attrs["method"]
    'lmdi'
    """
    if method not in METHODS:
        raise UsageError(f"unknown method '{method}'.", remedy=did_you_mean(method, METHODS) or "Use lmdi or shapley.")
    tree = formulas.parse_formula(formula) if isinstance(formula, str) else formula
    names = [operand_name(operand) for operand in operands(tree)]
    start, end = (_checked(numbers, names, side) for numbers, side in ((before, "before"), (after, "after")))
    values = _value(tree, start, "before"), _value(tree, end, "after")
    found, used = _by_method(tree, names, start, end, method)
    contributions = pd.Series([found[name] for name in names], index=pd.Index(names, dtype=object), dtype=float)
    size = max(abs(values[0]), abs(values[1]), float(contributions.abs().sum()))
    if abs(contributions.sum() - (values[1] - values[0])) > TOLERANCE * size:
        raise DataError("the numbers of the formula are too far apart in size to be told apart.")
    contributions.attrs["method"] = used
    return contributions


def _by_method(
    tree: Node, names: Sequence[str], before: OperandValues, after: OperandValues, method: Method
) -> tuple[dict[str, float], str]:
    if method != "shapley":
        found = dict.fromkeys(names, 0.0)
        if _distribute(tree, 1.0, before, after, by_logarithms=True, into=found):
            return found, "differences" if _is_linear(tree) else "lmdi"
        if method == "lmdi":
            raise UsageError("LMDI needs positive factors, before and after.", remedy="Use the method shapley.")
    changed = [name for name in names if before[name] != after[name]]
    exact = _shapley(tree, changed, before, after) if len(changed) <= MOST_NAMES else None
    if exact is not None:
        return dict.fromkeys(names, 0.0) | exact, "shapley"
    found = dict.fromkeys(names, 0.0)
    _distribute(tree, 1.0, before, after, by_logarithms=False, into=found)
    return found, "shapley by levels"


def _checked(numbers: Mapping[str, float], names: Sequence[str], side: str) -> dict[str, float]:
    for name in names:
        if name not in numbers:
            hint = did_you_mean(name, numbers) or "Give a number for each name of the formula."
            raise UsageError(f"'{name}' has no number {side}.", remedy=hint)
        if numbers[name] is None or not math.isfinite(numbers[name]):
            raise UsageError(f"'{name}' is {numbers[name]} {side}.", remedy="A change needs a number on both sides.")
    return {name: float(numbers[name]) for name in names}


def _value(tree: Node, numbers: OperandValues, side: str) -> float:
    try:
        value = float(evaluate(tree, numbers))
    except ZeroDivisionError:
        value = math.nan
    if not math.isfinite(value):
        raise UsageError(f"the formula has no value {side}.", remedy="A change needs a value on both sides.")
    return value


def _distribute(
    node: Node,
    weight: float,
    before: OperandValues,
    after: OperandValues,
    *,
    by_logarithms: bool,
    into: dict[str, float],
) -> bool:
    """Distribution of what a part counts to its operands; false where a factor has no logarithm.

    The weight is what one unit of the part's change counts. It goes on to the terms of a sum as it is, and to the
    factors of a product by what one unit of each counts there, so that nothing is lost on the way.
    """
    if not operands(node):
        return True
    if not isinstance(node, Operation):
        name = operand_name(node)
        into[name] += weight * (after[name] - before[name])
        return True
    if node.operator in "+-":
        weighed = terms(node)
    else:
        found = _factor_weights(node, before, after, by_logarithms=by_logarithms)
        if found is None:
            return False
        weighed = found
    return all(
        _distribute(part, weight * share, before, after, by_logarithms=by_logarithms, into=into)
        for share, part in weighed
    )


def _factor_weights(
    node: Operation, before: OperandValues, after: OperandValues, *, by_logarithms: bool
) -> list[tuple[float, Node]] | None:
    """Factors of a product with what one unit of each counts in it."""
    coefficient, moving = 1.0, []
    for power, part in factors(node):
        first, last = float(evaluate(part, before)), float(evaluate(part, after))
        if operands(part):
            moving.append((power, part, first, last))
        else:
            coefficient *= first**power
    if len(moving) == 1 and moving[0][0] == 1:
        return [(coefficient, moving[0][1])]
    if not by_logarithms:
        return [(coefficient * weight, part) for weight, part in _shapley_weights(moving)]
    if any(min(first, last) <= 0 for _, _, first, last in moving):
        return None
    whole = _logarithmic_mean(*(math.prod(factor[side] ** factor[0] for factor in moving) for side in (2, 3)))  # type: ignore[operator]
    return [(coefficient * power * whole / _logarithmic_mean(first, last), part) for power, part, first, last in moving]


def _logarithmic_mean(first: float, last: float) -> float:
    """Logarithmic mean of two positive numbers."""
    return first if first == last else (last - first) / math.log1p((last - first) / first)


def _shapley_weights(moving: Sequence[Factor]) -> list[tuple[float, Node]]:
    """Shapley weights of factors: the mean of the product of all others on the straight line.

    The product of the others has a degree below their number, so that Gauss's rule is exact.
    """
    points, shares = np.polynomial.legendre.leggauss(len(moving))
    points, shares = (points + 1) / 2, shares / 2
    ways = [first**power + points * (last**power - first**power) for power, _, first, last in moving]
    weighed = []
    for index, (power, part, first, last) in enumerate(moving):
        others = np.prod([way for other, way in enumerate(ways) if other != index], axis=0)
        inner = 1.0 if power == 1 else -1.0 / (first * last)
        weighed.append((float(np.sum(shares * others)) * inner, part))
    return weighed


def _shapley(tree: Node, names: Sequence[str], before: OperandValues, after: OperandValues) -> dict[str, float] | None:
    """Shapley value of each name; None where a mixture of before and after has no value."""
    count = len(names)
    sets = np.arange(2**count)
    mixed: dict[str, Any] = dict(before)
    members = {name: (sets >> place & 1).astype(bool) for place, name in enumerate(names)}
    for name, inside in members.items():
        mixed[name] = np.where(inside, after[name], before[name])
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        values: npt.NDArray[np.float64] = np.broadcast_to(evaluate(tree, mixed), sets.shape).astype(float)
    if not np.isfinite(values).all():
        return None
    sizes = np.sum([inside for inside in members.values()], axis=0) if names else np.zeros(1)
    found = {}
    for place, name in enumerate(names):
        without = sets[~members[name]]
        likely = np.array([1 / (count * math.comb(count - 1, int(size))) for size in sizes[without]])
        found[name] = float(np.sum(likely * (values[without | 1 << place] - values[without])))
    return found


def _is_linear(node: Node) -> bool:
    """Whether a formula only adds, and multiplies by constants."""
    if not isinstance(node, Operation):
        return True
    if node.operator in "+-":
        return _is_linear(node.left) and _is_linear(node.right)
    moving = [(power, part) for power, part in factors(node) if operands(part)]
    return all(power == 1 and _is_linear(part) for power, part in moving) and len(moving) <= 1
