"""A render engine: its name, the formats it makes, what it needs here, and how it makes them."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from kpi_analysis.core.errors import EngineMissing

if TYPE_CHECKING:
    from kpi_analysis.press.render.document import Document


class Make(Protocol):
    """A function that returns a document in one of an engine's formats, as the bytes of a file."""

    def __call__(
        self, document: Document, form: str, *, timestamp: datetime | None, attachments: Mapping[str, bytes]
    ) -> bytes: ...


@dataclass(frozen=True)
class Engine:
    """What makes files of documents. Its modules are imported only when it is checked or makes one.

    Parameters
    ----------
    name : str
    formats : tuple of str
        What it makes, the one to recommend first.
    make : callable
        (document, form, *, timestamp, attachments) → bytes.
    requires : tuple of callable
        Each raises `EngineMissing`, with its install line, where something is not there; nothing is started.
    distribution : str
        The Python package whose version is the engine's.
    program : callable, optional
        Returns the path of the command line that it calls, or None where there is none.
    standard : bool
        Whether the standard reports (HTML, PDF) need it.
    selectable : bool
        Whether ``--engine`` takes its name. One that is the only sensible maker of its format need not be named.

    Examples
    --------
    >>> from kpi_analysis.press.render.engines import engine_of
    >>> engine_of("pdf", "auto").formats
    ('pdf',)
    """

    name: str
    formats: tuple[str, ...]
    make: Make
    requires: tuple[Callable[[], object], ...] = ()
    distribution: str = ""
    program: Callable[[], str | None] | None = None
    standard: bool = False
    selectable: bool = True

    def check(self) -> EngineMissing | None:
        """Return what is missing here, with the command that installs it; None where the engine can be used."""
        for required in self.requires:
            try:
                required()
            except EngineMissing as missing:
                return missing
        return None


def required_module(module: str, distribution: str, needed_for: str) -> None:
    """Raise `EngineMissing` where a Python module is not installed; it is not imported.

    Parameters
    ----------
    module : str
        As it is imported.
    distribution : str
        As it is installed.
    needed_for : str
        What needs it: ``PDF needs``.
    """
    if importlib.util.find_spec(module) is None:
        raise EngineMissing(
            f"{needed_for} {distribution}, which is not installed.", remedy=f"Install it: pip install {distribution}"
        )
