"""What the process of a report needs, imported and once gone through in the server that these are forked from.

Typst stays untouched: it starts threads, which a fork would lose.
"""

from contextlib import suppress

from kpi_analysis.press.run.execute import to_ipynb, without_iri_grammar

with without_iri_grammar():
    from kpi_analysis.press.run.engine import parameterized_notebook
import jupyter_client.provisioning

import kpi_analysis.press.kernels.manager
import kpi_analysis.press.kernels.provisioner
import kpi_analysis.press.run.report
from kpi_analysis.press.render.document import read_document
from kpi_analysis.press.render.glyphs import placeholder
from kpi_analysis.press.render.html import to_html
from kpi_analysis.press.render.typst import to_pdf
from kpi_analysis.press.run.manifest import report_package_versions


def warm_up_press() -> None:
    """Compile templates and schemas, and read the typeface: what each report would do for the first time."""
    text = {"cell_type": "markdown", "metadata": {}, "source": "# Rehearsal\n\n| a |\n|---|\n| 1 |"}
    nb = parameterized_notebook(
        {"cells": [text], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}, name="rehearsal", injected="1"
    )
    to_html(read_document(nb), timestamp=None, attachments={})
    to_ipynb(nb)
    placeholder()
    report_package_versions()


with suppress(Exception):  # a report that cannot be printed says why itself
    warm_up_press()

__all__ = ["jupyter_client", "kpi_analysis", "to_pdf"]
