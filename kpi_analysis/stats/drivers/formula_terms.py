"""Algebra of formula trees: operands, terms, factors, ratio and value."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from kpi_analysis.core.formula import Call, Name, Node, Number, Operation, walk

Operand = Name | Call


def operand_name(node: Node) -> str:
    """Text of a part of a formula; of an operand, the name under which its number stands.

    Parameters
    ----------
    node : Node
        The part.

    Returns
    -------
    str
        Such as ``open_deals``, ``prior(open_deals)`` or ``(a + b)``.

    Examples
    --------
    >>> from kpi_analysis.core.formula import parse_formula
    >>> operand_name(parse_formula("prior( open_deals )")), operand_name(parse_formula("days()"))
    ('prior(open_deals)', 'days()')
    """
    if isinstance(node, Number):
        return f"{node.value:g}"
    if isinstance(node, Name):
        return node.name
    if isinstance(node, Call):
        return f"{node.function}({'' if node.argument is None else operand_name(node.argument)})"
    return f"({operand_name(node.left)} {node.operator} {operand_name(node.right)})"


def operands(tree: Node) -> tuple[Operand, ...]:
    """Operands of a formula, each once, from left to right: names, and calls such as ``prior(x)``.

    Parameters
    ----------
    tree : Node
        The formula.

    Returns
    -------
    tuple of Name or Call
        Constants are none.

    Examples
    --------
    >>> from kpi_analysis.core.formula import parse_formula
    >>> [operand_name(operand) for operand in operands(parse_formula("won / (won + lost) * 2"))]
    ['won', 'lost']
    """
    if isinstance(tree, Operation):
        return tuple(dict.fromkeys((*operands(tree.left), *operands(tree.right))))
    return () if isinstance(tree, Number) else (tree,)


def evaluate(tree: Node, numbers: Mapping[str, Any]) -> Any:
    """Value of a formula for given numbers; they may be arrays, and a division by zero is not finite."""
    if isinstance(tree, Number):
        return tree.value
    if not isinstance(tree, Operation):
        return numbers[operand_name(tree)]
    left, right = evaluate(tree.left, numbers), evaluate(tree.right, numbers)
    match tree.operator:
        case "+":
            return left + right
        case "-":
            return left - right
        case "*":
            return left * right
        case _:
            return left / right


def terms(node: Node) -> list[tuple[float, Node]]:
    """Terms of a sum, each with its sign, whatever the brackets."""
    return _flat(node, "+-", lambda sign, operator: -sign if operator == "-" else sign)


def factors(node: Node) -> list[tuple[float, Node]]:
    """Factors of a product, each with 1, or −1 where it divides, whatever the brackets."""
    return _flat(node, "*/", lambda power, operator: -power if operator == "/" else power)


def _flat(node: Node, operators: str, turned: Callable[[float, str], float]) -> list[tuple[float, Node]]:
    if not isinstance(node, Operation) or node.operator not in operators:
        return [(1.0, node)]
    right = [(turned(mark, node.operator), part) for mark, part in _flat(node.right, operators, turned)]
    return [*_flat(node.left, operators, turned), *right]


def is_sum(tree: Node) -> bool:
    """Whether a formula only adds and subtracts."""
    return all(node.operator in "+-" for node in walk(tree) if isinstance(node, Operation))


def as_ratio(tree: Node) -> tuple[Node, Node] | tuple[()]:
    """Upper and lower part of a ratio, whatever constant is added to it; empty where it is none."""
    moving = [part for _, part in terms(tree) if operands(part)]
    if len(moving) != 1:
        return ()
    found = factors(moving[0])
    if all(power == 1 for power, _ in found):
        return ()
    sign = next(sign for sign, part in terms(tree) if part is moving[0])
    upper: Node = Number(sign)
    lower: Node = Number(1.0)
    for power, part in found:
        upper, lower = (Operation("*", upper, part), lower) if power == 1 else (upper, Operation("*", lower, part))
    return upper, lower


def substitute(tree: Node, sums: Mapping[str, Sequence[str]]) -> Node:
    """Formula with operands replaced by sums of other names.

    Parameters
    ----------
    tree : Node
        The formula.
    sums : mapping of str to sequence of str
        Of an operand's name, the names that are added up in its place.

    Returns
    -------
    Node
        A new tree.

    Examples
    --------
    >>> from kpi_analysis.core.formula import parse_formula
    >>> operand_name(substitute(parse_formula("price * deals"), {"deals": ["won", "lost"]}))
    '(price * (won + lost))'
    """
    if isinstance(tree, Operation):
        return Operation(tree.operator, substitute(tree.left, sums), substitute(tree.right, sums))
    if isinstance(tree, Number) or operand_name(tree) not in sums:
        return tree
    return _sum(sums[operand_name(tree)])


def _sum(names: Sequence[str]) -> Node:
    """Sum of names, added in halves, so that a thousand of them stay a flat tree."""
    if len(names) == 1:
        return Name(names[0])
    middle = len(names) // 2
    return Operation("+", _sum(names[:middle]), _sum(names[middle:]))
