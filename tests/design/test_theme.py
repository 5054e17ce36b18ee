"""The visual system: contrast, CSS variables, themed SVG, fonts."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import asdict

import pytest

from kpi_analysis.design.theme import DARK, LIGHT, Palette, css_variables, font_files, themed, typst_tokens


def luminance(colour: str) -> float:
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    dark, light = sorted([luminance(one), luminance(other)])
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("palette", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("name", ["ink", "muted", "accent", "good", "bad", "warn"])
def test_text_colours_are_legible_on_paper(palette: Palette, name: str) -> None:
    assert contrast(getattr(palette, name), palette.paper) >= 4.5


@pytest.mark.parametrize("palette", [LIGHT, DARK], ids=["light", "dark"])
def test_ink_is_legible_on_every_step_of_the_sequence(palette: Palette) -> None:
    assert min(contrast(palette.ink, step) for step in palette.sequence) >= 4.5


def test_every_colour_has_a_light_and_a_dark_variable() -> None:
    css = css_variables()
    for name, value in asdict(LIGHT).items():
        assert f"--{name.replace('_', '-')}: {value};" in css
    for name, value in asdict(DARK).items():
        assert f"--{name.replace('_', '-')}: {value};" in css.split("dark) {")[1]


def test_dark_colours_never_reach_the_printer() -> None:
    assert "@media screen and (prefers-color-scheme: dark)" in css_variables()


def test_themed_turns_colours_into_variables_and_keeps_their_fallback() -> None:
    assert themed('<a fill="#0B5A94"/>') == '<a fill="var(--accent, #0B5A94)"/>'
    assert themed('<a style="fill:#e5793f;stroke: #ffffff"/>') == (
        '<a style="fill:var(--bad-fill, #E5793F);stroke: var(--paper, #FFFFFF)"/>'
    )


def test_themed_leaves_words_unknown_colours_and_references_alone() -> None:
    svg = '<use xlink:href="#m17212b"/><p clip-path="url(#17212B)"/><t fill="#123456">order #17212B</t>'
    assert themed(svg) == svg


def test_themed_twice_is_not_themed_differently() -> None:
    once = themed('<a fill="#0B5A94"/>')
    assert "var(--accent, var(" not in themed(once)


def test_tokens_survive_json() -> None:
    tokens = typst_tokens()
    assert json.loads(json.dumps(tokens)) == tokens
    assert tokens["colour"]["ink"] == "#17212B"


def test_the_three_faces_are_files() -> None:
    assert {weight: path.is_file() for weight, path in font_files().items()} == {
        "400": True,
        "600": True,
        "italic": True,
    }


def test_style_needs_no_matplotlib() -> None:
    use = "import sys, kpi_analysis.design.theme as s; s.css_variables(); s.font_files()"
    code = f"{use}; print('matplotlib' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
