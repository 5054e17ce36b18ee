"""Warm kernels: each is forked from a clean process that has imported everything already.

`server` is that process's keeper, `client` asks it for kernels, `kernel` is what runs in the forked process, and
`provisioner` is how Jupyter comes to use it: by the kernelspec ``kpi``, in JupyterLab, papermill and nbclient alike.
"""

PAUSE_GC = "kpi_analysis.press.kernels.pause_gc"  # imported first in a process that is forked later
CLOSE_AND_FREEZE = "kpi_analysis.press.kernels.close_and_freeze"  # imported last
