"""What the numbers say: targets, projections, findings, derived figures, restatements, as frames with ids."""
