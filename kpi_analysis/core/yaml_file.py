"""YAML files as strict, frozen models; every error names file, line, what was found and the nearest name."""

from __future__ import annotations

import re
import types
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar, Union, get_args, get_origin

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from kpi_analysis.core.errors import ConfigError, did_you_mean

Location = tuple[str | int, ...]


class StrictModel(BaseModel):
    """Base of all configuration models: frozen, no unknown keys."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


ModelT = TypeVar("ModelT", bound=BaseModel)


@dataclass(frozen=True)
class YamlFile:
    """Content of a YAML file, and on which line each part of it stands."""

    path: Path
    data: Any
    lines: Mapping[Location, int]

    def line(self, location: Location) -> int | None:
        """Line of a location such as ``("tables", "orders", "path")``, or of its nearest parent."""
        location = tuple(
            part for place, part in enumerate(location) if part != "sources" or not _is_place(location, place + 1)
        )  # a list of sources has no name in the file
        for length in range(len(location), -1, -1):
            if location[:length] in self.lines:
                return self.lines[location[:length]]
        return None


def _is_place(location: Location, place: int) -> bool:
    return place < len(location) and isinstance(location[place], int)


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]  # libyaml, where it was built in
    """YAML as users mean it: `on`, `off`, `yes` and `no` stay words, only true and false are booleans."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:bool"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:bool", re.compile(r"^(?:true|True|TRUE|false|False|FALSE)$"), list("tTfF")
)


def read_yaml(path: Path) -> YamlFile:
    """Content of a YAML file with its line numbers.

    Parameters
    ----------
    path : Path
        The file.

    Returns
    -------
    YamlFile
        Empty mapping for an empty file.

    Raises
    ------
    ConfigError
        When there is no such file, it is no YAML, or a key stands twice.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        siblings = [item.name for item in path.parent.glob("*.y*ml")] if path.parent.is_dir() else []
        hint = did_you_mean(path.name, siblings) or "Make one with: kpi init DIR"
        raise ConfigError("there is no such file.", remedy=hint, file=path) from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"cannot be read: {error}.", remedy="Save it as UTF-8 text.", file=path) from None
    return parse_yaml(text, path)


def parse_yaml(text: str, path: Path) -> YamlFile:
    """Content of YAML text, as `read_yaml` reads it; `path` is only for the messages."""
    try:
        loader = _Loader(text)
        try:
            root = loader.get_single_node()
            lines: dict[Location, int] = {}
            data = _build(loader, root, (), lines, path) if root is not None else {}
        finally:
            loader.dispose()
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        problem = getattr(error, "problem", None) or "unreadable"
        raise ConfigError(
            f"not valid YAML: {problem}.",
            remedy="Check the indentation, quotes and colons on this line.",
            file=path,
            line=mark.line + 1 if mark else None,
        ) from None
    return YamlFile(path, data, lines)


def _build(loader: _Loader, node: yaml.Node, at: Location, lines: dict[Location, int], path: Path) -> Any:
    lines.setdefault(at, node.start_mark.line + 1)
    if isinstance(node, yaml.MappingNode):
        _refuse_twice(loader, node, path)
        loader.flatten_mapping(node)  # what is merged with << comes first, so that keys of its own win
        result: dict[Any, Any] = {}
        for key_node, value_node in node.value:
            key = loader.construct_object(key_node, deep=True)
            line = key_node.start_mark.line + 1
            lines[(*at, key)] = line
            result[key] = _build(loader, value_node, (*at, key), lines, path)
        return result
    if isinstance(node, yaml.SequenceNode):
        return [_build(loader, item, (*at, i), lines, path) for i, item in enumerate(node.value)]
    return loader.construct_object(node, deep=True)


def _refuse_twice(loader: _Loader, node: yaml.MappingNode, path: Path) -> None:
    seen = set()
    for key_node, _ in node.value:
        if key_node.tag == "tag:yaml.org,2002:merge":
            continue
        key = loader.construct_object(key_node, deep=True)
        if key in seen:
            line = key_node.start_mark.line + 1
            raise ConfigError(f"the key '{key}' stands twice.", remedy="Keep one.", file=path, line=line)
        seen.add(key)


def load_model(file: YamlFile, model: type[ModelT], context: Mapping[str, Any] | None = None) -> ModelT:
    """Model of a YAML file's content, validated.

    Parameters
    ----------
    file : YamlFile
        As `read_yaml` returns it.
    model : type[ModelT]
        The class of the model.
    context : mapping, optional
        What its validators must know beside the file.

    Returns
    -------
    ModelT
        An instance of it.

    Raises
    ------
    ConfigError
        Names the line of the first thing that is wrong, and how many more there are.
    """
    if not isinstance(file.data, Mapping):
        raise ConfigError("expected keys and values.", file=file.path, line=file.line(()))
    try:
        return model.model_validate(file.data, context=dict(context or {}))
    except ValidationError as error:
        problems = error.errors()
        first = min(problems, key=lambda problem: file.line(_location(problem)) or 0)
        message, remedy = _explain(first, model)
        if len(problems) > 1:
            remedy += f" (and {len(problems) - 1} more to mend in this file)"
        line = file.line(_location(first))
        raise ConfigError(message, remedy=remedy.strip(), file=file.path, line=line) from None


def _location(problem: Any) -> Location:
    return tuple(part for part in problem["loc"] if not (isinstance(part, str) and part.startswith("function-")))


def _explain(problem: Any, model: type[BaseModel]) -> tuple[str, str]:
    location = _location(problem)
    where = ".".join(str(part) for part in location)
    found = problem.get("input")
    if problem["type"] == "extra_forbidden":
        known = _fields_at(model, location[:-1])
        hint = did_you_mean(str(location[-1]), known) or f"Known keys: {', '.join(sorted(known))}."
        return f"unknown key '{location[-1]}'.", hint
    if problem["type"] == "missing":
        return f"the key '{where}' is missing.", f"Add '{location[-1]}: …'."
    if problem["type"] == "value_error":
        return f"{where}: {problem['ctx']['error']}" if where else str(problem["ctx"]["error"]), ""
    wanted = problem["msg"].removeprefix("Input should be ").removeprefix("a valid ")
    return f"{where}: found {found!r}, wanted {wanted}.", ""


def _fields_at(annotation: Any, location: Location) -> list[str]:
    """Names that a model knows at a place, walking through lists, dictionaries and optional parts."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        fields = annotation.model_fields
        if not location:
            return [field.alias or name for name, field in fields.items()]
        for name, field in fields.items():
            if location[0] in (name, field.alias):
                return _fields_at(field.annotation, location[1:])
        return []
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin in (Union, types.UnionType):
        return [name for argument in arguments for name in _fields_at(argument, location)]
    if origin in (list, tuple, dict) and location:
        return _fields_at(arguments[-1] if origin is dict else arguments[0], location[1:])
    return []
