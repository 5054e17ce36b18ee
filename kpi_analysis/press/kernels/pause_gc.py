"""Imported first in a process that others will be forked from: the collector finds nothing while modules are read.

It is switched on again by `kpi_analysis.press.kernels.close_and_freeze`, which is imported last.
"""

import gc

gc.disable()
