"""Colours for light and dark, their contrast, and what becomes of them with another accent."""

from __future__ import annotations

from dataclasses import dataclass, replace

from kpi_analysis.core.colour import contrast, mix


@dataclass(frozen=True)
class Palette:
    """The colours of one mode. Text colours reach a contrast of 4.5 on `paper`; fills carry no text."""

    paper: str = "#FFFFFF"
    ink: str = "#17212B"
    muted: str = "#55616D"
    faint: str = "#87929D"
    rule: str = "#B8C1C9"
    previous: str = "#B4BEC7"
    grid: str = "#E4E8EC"
    tint: str = "#F3F5F7"
    accent: str = "#0B5A94"
    accent_mid: str = "#9CC3E0"
    fan_95: str = "#D6E6F2"
    fan_80: str = "#AFCFE6"
    fan_50: str = "#86B5D8"
    good: str = "#0A7266"
    bad: str = "#B3360C"
    warn: str = "#8A5A00"
    good_fill: str = "#1B8A7C"
    bad_fill: str = "#E5793F"
    warn_fill: str = "#E0A526"
    category_2: str = "#DB537D"
    category_3: str = "#746E37"
    category_4: str = "#5F201C"
    category_5: str = "#51A2D4"
    category_6: str = "#D1B362"
    step_1: str = "#F1F6FA"
    step_2: str = "#CFE1EF"
    step_3: str = "#A3C8E3"
    step_4: str = "#74ABD6"

    @property
    def categories(self) -> tuple[str, ...]:
        """Six fills that stay apart in every kind of sight; lines use the first four."""
        return (
            self.accent,
            self.category_2,
            self.category_3,
            self.category_4,
            self.category_5,
            self.category_6,
        )

    @property
    def sequence(self) -> tuple[str, ...]:
        """Four steps from little to much, light enough for ink on top."""
        return (self.step_1, self.step_2, self.step_3, self.step_4)


LIGHT = Palette()
DARK = Palette(
    paper="#12181F",
    ink="#E8EDF2",
    muted="#A3AFBB",
    faint="#74808C",
    rule="#3A4652",
    previous="#4A5763",
    grid="#26303A",
    tint="#1B232C",
    accent="#6DB3E6",
    accent_mid="#3B78A6",
    fan_95="#1E3A50",
    fan_80="#2A5577",
    fan_50="#3B78A6",
    good="#4CC2AE",
    bad="#FF9466",
    warn="#E9B949",
    good_fill="#2FA392",
    bad_fill="#E5793F",
    warn_fill="#E0A526",
    category_2="#E87A9C",
    category_3="#A9A25C",
    category_4="#C4756F",
    category_5="#51A2D4",
    category_6="#D1B362",
    step_1="#1A2631",
    step_2="#1E3A50",
    step_3="#24496A",
    step_4="#2A5577",
)

# how much of the accent a tint holds: as much as those of the house do of theirs
_TINTS = {
    "accent_mid": 0.36, "fan_95": 0.15, "fan_80": 0.29, "fan_50": 0.45,
    "step_1": 0.055, "step_2": 0.18, "step_3": 0.34, "step_4": 0.45,
}  # fmt: skip
_DARK_TINTS = {
    "accent_mid": 0.58, "fan_95": 0.22, "fan_80": 0.38, "fan_50": 0.55,
    "step_1": 0.1, "step_2": 0.18, "step_3": 0.26, "step_4": 0.34,
}  # fmt: skip


def palettes(accent: str) -> tuple[Palette, Palette]:
    """Return the colours for light and dark with another accent; signals, greys and categories stay.

    Tints are the accent thinned with paper. On dark paper the accent is lightened until it reads as well there.

    Parameters
    ----------
    accent : str
        ``#`` and six digits; legible on white.

    Examples
    --------
    >>> light, dark = palettes("#7A1FA2")
    >>> light.fan_95, light.ink == LIGHT.ink, contrast(dark.accent, dark.paper) > 6
    ('#EBDDF1', True, True)
    """
    on_dark = next(
        mixed for step in range(21) if contrast(mixed := mix("#FFFFFF", accent, step / 20), DARK.paper) >= 6.5
    )
    light = {name: mix(accent, LIGHT.paper, share) for name, share in _TINTS.items()}
    dark = {name: mix(on_dark, DARK.paper, share) for name, share in _DARK_TINTS.items()}
    return replace(LIGHT, accent=accent.upper(), **light), replace(DARK, accent=on_dark, **dark)
