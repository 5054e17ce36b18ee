"""What the names in a text mean: the table's columns, then the settings of the company."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeAlias

import ibis
import ibis.expr.types as ir
from sqlglot import exp
from sqlglot.errors import SqlglotError

from kpi_analysis.core.errors import ConfigError, did_you_mean
from kpi_analysis.metrics.sql.text import problem, shorten

Constant: TypeAlias = float | str | tuple[str, ...] | None


class MissingColumn(ConfigError):
    """The table lacks a column that the text needs; `column` is its name."""

    def __init__(self, message: str, *, column: str, remedy: str | None = None) -> None:
        self.column = column
        super().__init__(message, remedy=remedy)


@dataclass(frozen=True)
class NameScope:
    """Where a text is read: its table, the settings, and the place it stands in.

    `optional` holds inside ``coalesce(…)``, where a column that the table lacks is NULL. `instead` has values that
    stand for columns of the table.
    """

    table: ir.Table
    constants: Mapping[str, Constant]
    where: str = ""
    optional: bool = False
    instead: Mapping[str, ir.Value] = field(default_factory=dict)

    def inside_coalesce(self) -> NameScope:
        """Return the scope in which missing columns are NULL."""
        return replace(self, optional=True)

    def look_up(self, name: exp.Identifier) -> ir.Value:
        """Return the column or the setting of that name; exact first, then in any case if it is unquoted."""
        word = name.name
        column = self._column(word, quoted=bool(name.args.get("quoted")))
        if column is not None:
            return self.instead[column] if column in self.instead else self.table[column]
        if word in self.constants:
            return self._setting(word)
        if self.optional:
            return ibis.null()
        columns = [one for one in self.table.columns if not one.startswith("kpi.")]
        known = [*columns, *self.constants]
        place = f"{self.where}: " if self.where else ""
        raise MissingColumn(
            f"{place}No column '{word}' in the table; it has {shorten(', '.join(columns), 200)}.",
            column=word,
            remedy=did_you_mean(word, known) or None,
        )

    def listed(self, parts: Sequence[exp.Expression]) -> tuple[str, ...] | None:
        """Return the words of a setting that is a list, where it stands alone in ``in (…)``."""
        name = parts[0].name if len(parts) == 1 and isinstance(parts[0], exp.Column) else ""
        setting = None if name in self.table.columns else self.constants.get(name)
        return setting if isinstance(setting, tuple) else None

    def refuse(self, node: exp.Expression, why: str, remedy: str | None = None) -> ConfigError:
        """Return the error that quotes the piece at fault."""
        return problem(self.where, f"'{quote(node)}': {why}", remedy)

    def _column(self, word: str, *, quoted: bool) -> str | None:
        if word in self.table.columns:
            return word
        near = [column for column in self.table.columns if column.casefold() == word.casefold()]
        if quoted or not near:
            return None
        if len(near) > 1:
            raise problem(
                self.where,
                f"'{word}' could be any of the columns {', '.join(near)}.",
                'Write the one that is meant as it stands in the table: "' + near[0] + '".',
            )
        return str(near[0])

    def _setting(self, word: str) -> ir.Value:
        setting = self.constants[word]
        if setting is None:
            raise problem(self.where, f"{word} is not set in the company file.", f"Add a line `{word}: …` to it.")
        return ibis.literal(setting)


def quote(node: exp.Expression) -> str:
    """Return a piece of the tree as SQL, short enough for an error."""
    try:
        return shorten(node.sql("duckdb", normalize_functions="lower"))
    except (
        SqlglotError,
        AttributeError,
        TypeError,
        ValueError,
    ):  # a function without its arguments, as date()
        return f"{node.key}()"
