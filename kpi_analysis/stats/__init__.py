"""Statistical methods as pure functions: arrays and frames in, frames out; no input, no output, no looks.

Public are the names that its packages list in `__all__`: `intervals` (confidence intervals), `trends` (tests and
control charts), `projections` (forecasts and probabilities), `attribution` (multi-touch credit), `customers`
(retention, lifetime value), `drivers` (decomposition of changes), `response` (media response) and `pipeline` (win
probabilities, forecasts). Each is imported from its package: ``from kpi_analysis.stats.trends import trend``.
Everything else may change.
"""
