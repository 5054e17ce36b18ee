"""`kpi presets` lists the known exports, and shows one of them whole."""

from __future__ import annotations

import pytest

from kpi_analysis.cli.main import main
from kpi_analysis.presets.loading import load_loaders, load_presets


def run(*words: str) -> int:
    with pytest.raises(SystemExit) as stopped:
        main(["presets", *words])
    return int(str(stopped.value.code))


def test_the_list_names_every_preset(capsys: pytest.CaptureFixture[str]) -> None:
    assert run() == 0
    listed = {line.split(" ")[0] for line in capsys.readouterr().out.splitlines()}
    assert {*load_presets(), *load_loaders()} <= listed


def test_one_preset_is_shown_whole(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("show", "google_ads_campaigns") == 0
    shown = capsys.readouterr().out
    preset = load_presets()["google_ads_campaigns"]
    assert all(note in shown for note in preset.notes)
    assert all(spelling in shown for known in preset.headers.values() for spelling in known)
    assert preset.seen.words in shown
    assert "spend: {path: …, preset: google_ads_campaigns}" in shown


def test_a_preset_that_fills_nothing_says_why(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("show", "klaviyo_campaigns") == 0
    assert f"fills nothing: {load_presets()['klaviyo_campaigns'].reason}" in capsys.readouterr().out


def test_an_unknown_preset_is_told_with_the_nearest(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("show", "hubspot_deal") == 2
    assert "hubspot_deals" in capsys.readouterr().err
