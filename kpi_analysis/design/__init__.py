"""How reports look: palette, theme, brand, number formats and the blocks that reports are made of."""
