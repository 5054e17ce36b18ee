"""What everything rests on: errors, periods, the canonical schema, formulas, configuration models, records."""
