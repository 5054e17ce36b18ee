"""The parameters of a notebook: what it declares, what was given, and whether the two fit.

A declaration is an annotated literal in the one cell tagged ``parameters``; it is read, never executed.
Whatever comes as text (the command line, a plain scalar in YAML) is typed by the declaration, not by its
looks, so ``007`` stays ``007`` where text is declared.
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Union

from pydantic import ConfigDict, SecretStr, TypeAdapter, ValidationError

from kpi_analysis.core.errors import ConfigError, UsageError, did_you_mean
from kpi_analysis.press.run.notebook_file import read_notebook
from kpi_analysis.press.run.parameter_values import GivenParameters, UntypedText, coerce
from kpi_analysis.press.run.secrets import REDACTED

_SECRET_NAME = re.compile(r"password|passwd|passphrase|token|secret|credential|key(?!word)", re.IGNORECASE)
_STRICT = ConfigDict(strict=True, allow_inf_nan=False)
_PLAIN: dict[str, Any] = {
    "str": str, "int": int, "float": float, "bool": bool, "list": list, "dict": dict,
    "Any": Any, "None": None, "SecretStr": SecretStr,
}  # fmt: skip
_WORDS = {"str": "text", "int": "a whole number", "float": "a number", "bool": "true or false"}
_EXAMPLES = {"str": "EMEA", "int": "5", "float": "0.5", "bool": "true", "SecretStr": "…"}


@dataclass(frozen=True)
class Parameter:
    """One declared parameter.

    Parameters
    ----------
    name : str
        Its name in the notebook.
    annotation : str
        Its type as written: ``str | None``.
    type : Any
        The same as a Python type.
    default : Any
        The value in the notebook.
    help : str
        The comment behind it.
    """

    name: str
    annotation: str
    type: Any
    default: Any
    help: str = ""

    @property
    def secret(self) -> bool:
        """Whether its value must never be written down: a ``SecretStr``, or a name that says so."""
        return "SecretStr" in self.annotation or bool(_SECRET_NAME.search(self.name))


def read_parameters(notebook: Path) -> tuple[Parameter, ...]:
    """Return what a notebook declares, without executing it.

    Parameters
    ----------
    notebook : path
        The ``.ipynb`` file. Without a cell tagged ``parameters`` it has no parameters.

    Raises
    ------
    ConfigError
        There are two such cells, or one holds anything but annotated literal defaults.
    """
    tagged = [
        (number, cell["source"])
        for number, cell in enumerate(read_notebook(notebook)["cells"], start=1)
        if cell["cell_type"] == "code" and "parameters" in cell["metadata"].get("tags", ())
    ]
    if len(tagged) > 1:
        numbers = " and ".join(str(number) for number, _ in tagged)
        raise ConfigError(
            f"Cells {numbers} are all tagged 'parameters'; one may be.",
            remedy="Put every parameter into the first of them.",
            file=notebook,
        )
    return tuple(p for number, source in tagged for p in parse_parameters(source, cell=number, file=notebook))


def parse_parameters(source: str, *, cell: int = 1, file: Path = Path("notebook.ipynb")) -> tuple[Parameter, ...]:
    """Return what the source of one parameters cell declares.

    Examples
    --------
    >>> found = parse_parameters("region: str | None = None  # all regions, unless one is named")[0]
    >>> found.name, found.annotation, found.default, found.help
    ('region', 'str | None', None, 'all regions, unless one is named')
    """
    try:
        statements = ast.parse(source).body
    except SyntaxError as error:
        raise ConfigError(
            f"Cell {cell} (parameters), line {error.lineno}: {error.msg}.", remedy="Mend it.", file=file
        ) from None
    comments = {
        token.start[0]: token.string.lstrip("# ").strip()
        for token in tokenize.generate_tokens(io.StringIO(source).readline)
        if token.type == tokenize.COMMENT
    }
    found: dict[str, Parameter] = {}
    for statement in statements:
        if isinstance(statement, ast.Import | ast.ImportFrom) or _is_text(statement):
            continue
        try:
            parameter = _declared(statement, comments.get(statement.end_lineno or 0, ""))
        except ValueError as error:
            raise ConfigError(
                f"Cell {cell} (parameters), line {statement.lineno}: {error}",
                remedy="Write parameters as annotated literals: region: str | None = None, top: int = 5.",
                file=file,
            ) from None
        found[parameter.name] = parameter
    return tuple(found.values())


def check_parameters(
    declared: Sequence[Parameter], given: GivenParameters, *, notebook: str = "The notebook"
) -> dict[str, Any]:
    """Return the given values in their declared types; every problem is reported at once.

    Parameters
    ----------
    declared : sequence of Parameter
        From `read_parameters`.
    given : mapping
        From `merge_parameters`, or plain Python values.
    notebook : str
        What to call the notebook in a message.

    Raises
    ------
    UsageError
        A parameter is unknown, or its value does not fit the declaration.

    Examples
    --------
    >>> declared = parse_parameters("top: int = 5\\nregion: str = 'EMEA'")
    >>> check_parameters(declared, {"top": UntypedText("7"), "region": UntypedText("007")})
    {'top': 7, 'region': '007'}
    """
    by_name = {parameter.name: parameter for parameter in declared}
    checked: dict[str, Any] = {}
    problems: list[str] = []
    for name, value in given.items():
        if name not in by_name:
            hint = did_you_mean(name, by_name)
            problems.append(f"There is no parameter '{name}'." + (f" {hint}" if hint else ""))
            continue
        parameter = by_name[name]
        try:
            checked[name] = _fit(value, parameter.type)
        except ValidationError:
            shown = REDACTED if parameter.secret else repr(_plain(value))
            example = f"-p {name} {_example(parameter)}"
            problems.append(f"'{name}' is {shown}, wanted {_wanted(parameter)}, for example {example}.")
    if problems:
        known = ", ".join(by_name) or "none"
        raise UsageError(
            f"{notebook} cannot be run with these parameters. " + " ".join(problems),
            remedy=f"Its parameters: {known}.",
        )
    return checked


def without_secrets(declared: Sequence[Parameter], values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values as they may be written down: secrets are hidden.

    Examples
    --------
    >>> without_secrets(parse_parameters("api_key: str = ''"), {"api_key": "abc"})
    {'api_key': '**********'}
    """
    secret = {parameter.name for parameter in declared if parameter.secret}
    return {name: REDACTED if name in secret and value else value for name, value in values.items()}


def _is_text(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def _declared(statement: ast.stmt, comment: str) -> Parameter:
    if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
        if statement.value is None:
            raise ValueError(f"'{statement.target.id}' has no default.")
        name = statement.target.id
        default = _literal(name, statement.value)
        declared, annotation = _type(statement.annotation), ast.unparse(statement.annotation)
    elif (
        isinstance(statement, ast.Assign) and len(statement.targets) == 1 and isinstance(statement.targets[0], ast.Name)
    ):
        name = statement.targets[0].id
        default = _literal(name, statement.value)
        declared = Any if default is None else type(default)
        annotation = "Any" if default is None else type(default).__name__
    else:
        raise ValueError(f"'{ast.unparse(statement).splitlines()[0]}' is not a parameter.")
    try:
        default = _fit(default, declared)
    except ValidationError:
        raise ValueError(f"the default of '{name}' is {default!r}, which is not {annotation}.") from None
    return Parameter(name, annotation, declared, default, comment)


def _literal(name: str, node: ast.expr) -> Any:
    is_secret = isinstance(node, ast.Call) and _name(node.func) == "SecretStr" and len(node.args) == 1
    try:
        value = ast.literal_eval(node.args[0] if is_secret and isinstance(node, ast.Call) else node)
    except (ValueError, TypeError, SyntaxError):
        raise ValueError(f"the default of '{name}' is not a literal: {ast.unparse(node)}.") from None
    if isinstance(value, tuple | set | bytes | complex):
        raise ValueError(f"the default of '{name}' is a {type(value).__name__}, wanted a list or one value.")
    return value


def _name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _type(node: ast.expr) -> Any:
    """Build the Python type of an annotation from the few words that parameters need."""
    if isinstance(node, ast.Constant) and node.value is None:
        return None
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return _type(ast.parse(node.value, mode="eval").body)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
        return Union[_type(node.left), _type(node.right)]  # noqa: UP007  (built at run time)
    if _name(node) in _PLAIN:
        return _PLAIN[_name(node)]
    if isinstance(node, ast.Subscript):
        inner = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        match _name(node.value):
            case "Literal":
                return Literal[tuple(ast.literal_eval(item) for item in inner)]
            case "Optional":
                return Union[_type(inner[0]), None]  # noqa: UP007
            case "Union":
                return Union[tuple(_type(item) for item in inner)]  # noqa: UP007
            case "list" | "List" if len(inner) == 1:
                return list[_type(inner[0])]  # type: ignore[misc]
            case "dict" | "Dict" if len(inner) == 2:
                return dict[_type(inner[0]), _type(inner[1])]  # type: ignore[misc]
    known = ", ".join([*_PLAIN, "Literal[…]", "list[…]", "dict[…]", "… | None"])
    raise ValueError(f"the type '{ast.unparse(node)}' is not known for a parameter; known are {known}.")


def _fit(value: Any, declared: Any) -> Any:
    return TypeAdapter(declared, config=_STRICT).validate_python(coerce(value, declared))


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, UntypedText) else value


def _wanted(parameter: Parameter) -> str:
    if parameter.annotation.startswith("Literal["):
        return f"one of {parameter.annotation.removeprefix('Literal[').removesuffix(']')}"
    words = _WORDS.get(parameter.annotation)
    return f"{words} ({parameter.annotation})" if words else parameter.annotation


def _example(parameter: Parameter) -> str:
    value = parameter.default
    if parameter.secret or value in (None, "", [], {}):
        first = re.split(r"\W", parameter.annotation)[0]
        if first in ("list", "dict"):
            return '"[a, b]"' if first == "list" else '"{a: 1}"'
        return _EXAMPLES.get(first, "…")
    if isinstance(value, list):
        return '"[' + ", ".join(str(item) for item in value[:2]) + ']"'
    if isinstance(value, dict):
        return '"{' + ", ".join(f"{k}: {v}" for k, v in list(value.items())[:2]) + '}"'
    return str(value).lower() if isinstance(value, bool) else str(value)
