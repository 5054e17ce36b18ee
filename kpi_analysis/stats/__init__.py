"""Statistical methods as pure functions: arrays and frames in, frames out; no input, no output, no looks."""
