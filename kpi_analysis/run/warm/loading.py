"""Imported first in a process that others will be forked from: the collector finds nothing while modules are read.

It is switched on again by `kpi_analysis.run.warm.quiet`, which is imported last.
"""

import gc

gc.disable()
