"""Values that come as text: papermill's letters -p -r -f -y, and how a declared type reads them."""

from __future__ import annotations

import re
import types
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin

import yaml
from pydantic import SecretStr

from kpi_analysis.core.errors import ConfigError, UsageError

GivenParameters = Mapping[str, Any]

_INT = re.compile(r"[+-]?\d+")
_FLOAT = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")


class UntypedText(str):
    """A value whose type is still open: a word of the command line, an unquoted scalar of YAML."""


def merge_parameters(
    p: Sequence[tuple[str, str]] = (),
    r: Sequence[tuple[str, str]] = (),
    f: Sequence[str | Path] = (),
    y: Sequence[str] = (),
) -> GivenParameters:
    """Return what the letters of papermill give together; the order is papermill's: f, y, p, r, later wins.

    Parameters
    ----------
    p : sequence of (name, value)
        Values to be typed by the declaration.
    r : sequence of (name, value)
        Raw strings.
    f : sequence of path
        YAML files.
    y : sequence of str
        YAML texts.

    Raises
    ------
    ConfigError
        YAML is broken, or is not a mapping; with file and line.

    Examples
    --------
    >>> merge_parameters(p=[("top", "3")], y=["{top: 5, region: EMEA}"])
    {'top': '3', 'region': 'EMEA'}
    """
    merged: dict[str, Any] = {}
    for path in map(Path, f):
        try:
            text = path.read_text(encoding="utf-8")
        except OSError as error:
            raise UsageError(
                f"The parameter file {path} cannot be read: {error.strerror}.",
                remedy="Give -f an existing YAML file.",
            ) from None
        merged |= parse_yaml_parameters(text, file=path)
    for text in y:
        merged |= parse_yaml_parameters(text, file=Path("-y"))
    merged |= {name: UntypedText(value) for name, value in p}
    merged |= {name: str(value) for name, value in r}
    return merged


def parse_yaml_parameters(text: str, *, file: Path) -> dict[str, Any]:
    """Read a YAML mapping in which plain scalars stay `UntypedText` and quoted ones are strings.

    Examples
    --------
    >>> parse_yaml_parameters("region: NO\\ncode: 007\\nday: 2026-09-14", file=Path("a.yaml"))
    {'region': 'NO', 'code': '007', 'day': '2026-09-14'}
    """
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise ConfigError(
            f"This is not valid YAML: {error.problem or error.context}.",
            remedy="Write one 'name: value' a line.",
            file=file,
            line=None if mark is None else mark.line + 1,
        ) from None
    except yaml.YAMLError as error:
        raise ConfigError(f"This is not valid YAML: {error}.", remedy="Mend it.", file=file) from None
    if root is None:
        return {}
    if not isinstance(root, yaml.MappingNode):
        raise ConfigError(
            "Parameters are a mapping, one 'name: value' a line.",
            remedy="Write for example: region: EMEA",
            file=file,
            line=root.start_mark.line + 1,
        )
    value: dict[str, Any] = _node(root, file)
    return value


def coerce(value: Any, declared: Any) -> Any:
    """Return the value with each open text read as the declared type; what cannot be read stays text.

    Examples
    --------
    >>> coerce(UntypedText("5"), int), coerce(UntypedText("5"), str), coerce(UntypedText("None"), str | None)
    (5, '5', None)
    >>> coerce([UntypedText("1"), UntypedText("x")], list[int])
    [1, 'x']
    """
    members = get_args(declared) if get_origin(declared) in (Union, types.UnionType) else (declared,)
    if isinstance(value, UntypedText):
        if type(None) in members and value in ("None", "null"):
            return None
        for member in members:
            read = _read(value, member)
            if not isinstance(read, UntypedText):
                return read
        return str(value)
    if isinstance(value, list):
        inner = next((get_args(m) for m in members if get_origin(m) is list), ()) or (Any,)
        return [coerce(item, inner[0]) for item in value]
    if isinstance(value, dict):
        inner = next((get_args(m) for m in members if get_origin(m) is dict), ()) or (str, Any)
        return {coerce(key, inner[0]): coerce(item, inner[1]) for key, item in value.items()}
    return value


def _read(text: UntypedText, member: Any) -> Any:
    """Read text as one type; give it back unread where it does not fit."""
    if get_origin(member) is Literal:
        return next((value for value in get_args(member) if str(value) == text), text)
    if get_origin(member) in (list, dict) or member in (list, dict):
        return _flow(text, member)
    if member is bool:
        return {"true": True, "false": False}.get(text.lower(), text)
    if member is int:
        return int(text) if _INT.fullmatch(text) else text
    if member is float:
        return float(text) if _FLOAT.fullmatch(text) else text
    if member in (str, SecretStr):
        return str(text)
    if member is Any:
        return _guess(text)
    return text


def _flow(text: UntypedText, member: Any) -> Any:
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError:
        return text
    wanted = yaml.SequenceNode if (get_origin(member) or member) is list else yaml.MappingNode
    return coerce(_node(node, Path("-p")), member) if isinstance(node, wanted) else text


def _guess(text: UntypedText) -> Any:
    """Where the declaration says nothing of the type, papermill's own reading holds."""
    for member in (int, float):
        read = _read(text, member)
        if not isinstance(read, UntypedText):
            return read
    return {"True": True, "False": False, "None": None, "true": True, "false": False}.get(text, str(text))


def _node(node: yaml.Node, file: Path) -> Any:
    if isinstance(node, yaml.SequenceNode):
        return [_node(item, file) for item in node.value]
    if isinstance(node, yaml.MappingNode):
        found: dict[Any, Any] = {}
        for key_node, value_node in node.value:
            key = _node(key_node, file)
            if not isinstance(key, str) or key in found:
                raise ConfigError(
                    f"'{key}' is given twice." if isinstance(key, str) else "A name must be plain text.",
                    remedy="Keep one of them." if isinstance(key, str) else "Write 'name: value'.",
                    file=file,
                    line=key_node.start_mark.line + 1,
                )
            found[key] = _node(value_node, file)
        return found
    if not isinstance(node, yaml.ScalarNode):
        return None
    if node.style in ("'", '"', "|", ">"):
        return str(node.value)
    return None if node.value in ("", "~") else UntypedText(node.value)
