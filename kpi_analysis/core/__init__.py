"""Foundations of all wings: errors, periods, the canonical schema, formulas, configuration models, records."""
