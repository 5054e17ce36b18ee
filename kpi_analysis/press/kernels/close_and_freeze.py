"""Imported last in the clean process: closes what importing has opened, so that no kernel inherits it."""

import gc
import sys

if "duckdb" in sys.modules:
    sys.modules["duckdb"].close()  # its import opens a connection, with a thread; each kernel opens its own
gc.freeze()  # the collector would write into pages that kernels share
gc.enable()
