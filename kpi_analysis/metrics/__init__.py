"""The semantic layer: sources, canonical tables, the catalogue of KPIs, and the engine that computes them."""
