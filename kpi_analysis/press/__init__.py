"""From a notebook to published files: execution, render engines, batches, the archive. It never meets the analysis."""
