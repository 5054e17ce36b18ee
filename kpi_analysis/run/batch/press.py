"""What the process of a report needs, imported once in the server that these processes are forked from."""

from kpi_analysis.run.execute import without_iri_grammar

with without_iri_grammar():
    import kpi_analysis.run.engine
import kpi_analysis.render.html
import kpi_analysis.render.typst
import kpi_analysis.run.report

__all__ = ["kpi_analysis"]
