"""How the blocks that a report's sections return come to show themselves on that report's display."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from inspect import isfunction
from typing import Any, TypeVar

from kpi_analysis.core.errors import ConfigError, DataError, SourceUnreachable
from kpi_analysis.design.blocks import Block, Note

Sections = TypeVar("Sections", bound=type)


def on_display(sections: Sections) -> Sections:
    """Return a class of sections whose public methods return blocks on the display of their report.

    A notebook shows a block by naming it last in a cell, when nobody is there to tell it the theme of its report, or
    to note which KPIs it shows. So every block carries the `Display` of the report that it comes from. A section that
    an error in the data keeps back says so.

    Parameters
    ----------
    sections : type
        Its objects have a `display`, or a `context` that has one.
    """
    for name, method in list(vars(sections).items()):
        if isfunction(method) and not name.startswith("_"):
            setattr(sections, name, _displayed(method))
    return sections


def _displayed(method: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(method)
    def shown(self: Any, *args: Any, **options: Any) -> Any:
        try:
            found = method(self, *args, **options)
        except SourceUnreachable:
            raise
        except (ConfigError, DataError) as error:  # one wrong column keeps back its sections and no report
            found = Note(f"Not shown: {error.message}")
        return found.on(getattr(self, "context", self).display) if isinstance(found, Block) else found

    return shown
