"""The press as nbconvert exporters: ``jupyter nbconvert --to kpi_html`` and ``--to kpi_pdf``.

Only this module imports nbconvert, which takes a second or more; ``kpi render`` never does.
"""

from __future__ import annotations

from typing import Any

from jinja2 import Environment
from nbconvert.exporters.exporter import Exporter
from nbconvert.exporters.templateexporter import TemplateExporter
from nbformat import NotebookNode
from traitlets import Bool

from kpi_analysis.press.render.document import read_document
from kpi_analysis.press.render.html import TEMPLATES, page_context, page_environment
from kpi_analysis.press.render.typst import to_pdf

_SHOW_CODE = "Whether the cells' code is printed too."


class KpiHtmlExporter(TemplateExporter):
    """One HTML page, by the template folder ``kpi_html`` that comes with this package.

    A folder of the same shape under a ``--TemplateExporter.extra_template_basedirs`` can stand in its place.
    """

    export_from_notebook = "KPI report (HTML)"
    output_mimetype = "text/html"
    show_code = Bool(False, help=_SHOW_CODE).tag(config=True)

    def _file_extension_default(self) -> str:
        return ".html"

    def _template_name_default(self) -> str:
        return "kpi_html"

    def _template_extension_default(self) -> str:
        return ".html.j2"

    def get_template_names(self) -> list[str]:
        """Return the template's folder; ours is found wherever the package is installed."""
        if str(TEMPLATES) not in self.extra_template_basedirs:
            self.extra_template_basedirs = [*self.extra_template_basedirs, str(TEMPLATES)]
        names: list[str] = super().get_template_names()  # type: ignore[no-untyped-call]
        return names

    def _create_environment(self) -> Environment:
        # nbconvert's own environment does not escape; this one does, with nbconvert's search path
        searched = super()._create_environment()  # type: ignore[no-untyped-call]
        return page_environment().overlay(loader=searched.loader)

    def from_notebook_node(  # type: ignore[override]
        self, nb: NotebookNode, resources: Any = None, **kw: Any
    ) -> tuple[str, dict[str, Any]]:
        """Return the page and nbconvert's resources."""
        document = read_document(nb, show_code=self.show_code)
        resources = self._init_resources(resources)  # type: ignore[no-untyped-call]
        resources["kpi"] = page_context(document, timestamp=document.finished, attachments={})
        page, resources = super().from_notebook_node(nb, resources, **kw)
        return page, resources


class TypstPdfExporter(Exporter):
    """A tagged PDF, set by Typst."""

    export_from_notebook = "KPI report (PDF)"
    output_mimetype = "application/pdf"
    show_code = Bool(False, help=_SHOW_CODE).tag(config=True)

    def _file_extension_default(self) -> str:
        return ".pdf"

    def from_notebook_node(self, nb: NotebookNode, resources: Any = None, **kw: Any) -> tuple[Any, dict[str, Any]]:
        """Return the bytes of the PDF and nbconvert's resources."""
        nb, resources = super().from_notebook_node(nb, resources, **kw)
        document = read_document(nb, show_code=self.show_code)
        resources["output_extension"] = self.file_extension
        return to_pdf(document, timestamp=document.finished, attachments={}), resources
