"""How long does each attribution rule take over a million journeys, beside ChannelAttribution?

Run it with ``python benchmarks/attribution.py``. The journeys are made up: 20 channels, about four touches each, one
in five converted. They come twice: one row a journey, as a log gives them, and one row a path with counts.

ChannelAttribution is the package that most people know, in R and in Python; it is no part of this project. Name the
interpreter of an environment that has it: ``--peer PYTHON``, made for instance with ``uv venv peer`` and
``uv pip install --python peer/bin/python ChannelAttribution``. It gets one row a path, runs in a process of its own,
and says its seconds without those of start and import. It simulates the Markov chain; we solve it.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from time import perf_counter

import numpy as np
import pandas as pd

from kpi_analysis.stats.attribution import RULES, attribute

CHANNELS = 20
BAR = 10.0  # seconds for a million journeys and one rule
SAME_AS_PEER = ("first", "last", "linear", "markov")
PEER = """
import json, sys, time
import pandas as pd
import ChannelAttribution as peer

paths = pd.read_parquet(sys.argv[1])
names = dict(var_path="path", var_conv="conversions", var_value="value", flg_pro=False)
found = {"seconds": {}, "conversions": {}}
start = time.perf_counter()
heuristic = peer.heuristic_models(paths, **names).set_index("channel_name")
found["seconds"]["first, last and linear"] = time.perf_counter() - start
start = time.perf_counter()
markov = peer.markov_model(paths, var_null="nulls", verbose=False, **names)
found["seconds"]["markov"] = time.perf_counter() - start
markov = (markov["result"] if isinstance(markov, dict) else markov).set_index("channel_name")
for rule in ("first", "last", "linear"):
    found["conversions"][rule] = heuristic[f"{rule}_touch_conversions"].to_dict()
found["conversions"]["markov"] = markov[[c for c in markov if "conversions" in c][0]].to_dict()
print(json.dumps(found))
"""


def make_journeys(rows: int, seed: int = 0) -> pd.DataFrame:
    """Return made-up journeys, one a row, with the days of their touches."""
    random = np.random.default_rng(seed)
    lengths = np.minimum(random.geometric(0.27, rows), 15)
    often = 1 / np.arange(1, CHANNELS + 1)
    touches = random.choice(CHANNELS, lengths.sum(), p=often / often.sum())
    days = random.integers(0, 60, lengths.sum())
    names = np.array([f"channel {number:02d}" for number in range(CHANNELS)])[touches]
    ends = np.cumsum(lengths)[:-1]
    converted = random.random(rows) < 0.2
    return pd.DataFrame(
        {
            "path": [" > ".join(part) for part in np.split(names, ends)],
            "conversions": converted.astype(float),
            "value": np.where(converted, np.round(random.gamma(2, 60, rows), 2), 0.0),
            "nulls": (~converted).astype(float),
            "days": [" > ".join(map(str, sorted(part.tolist(), reverse=True))) for part in np.split(days, ends)],
        }
    )


def run_peer(python: str, paths: pd.DataFrame) -> dict[str, dict[str, object]] | str:
    """Return seconds and conversions of ChannelAttribution, or why there are none."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "paths.parquet"
        paths.drop(columns="days", errors="ignore").to_parquet(file)
        done = subprocess.run([python, "-c", PEER, str(file)], capture_output=True, text=True)
    if done.returncode != 0:
        return (done.stderr.strip().splitlines() or ["it failed"])[-1]
    found: dict[str, dict[str, object]] = json.loads(done.stdout.strip().splitlines()[-1])
    return found


def main(arguments: Sequence[str]) -> int:
    """Print the times and how far the results are apart; 1 where a rule is slower than the bar."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=1_000_000, help="how many journeys")
    parser.add_argument("--peer", help="the Python of an environment that has ChannelAttribution")
    given = parser.parse_args(arguments)
    journeys = make_journeys(given.rows)
    paths = journeys.groupby("path", as_index=False)[["conversions", "value", "nulls"]].sum()
    print(f"{len(journeys):,} journeys on {len(paths):,} different paths, {CHANNELS} channels")
    print(f"{'rule':<12}{'one row a journey':>20}{'one row a path':>18}   seconds")
    results, slowest = {}, 0.0
    for rule in RULES:
        seconds = []
        for frame in (journeys, paths):
            start = perf_counter()
            results[rule] = attribute(frame, rule).set_index("channel")
            seconds.append(perf_counter() - start)
        slowest = max(slowest, *seconds)
        print(f"{rule:<12}{seconds[0]:>20.2f}{seconds[1]:>18.2f}")
    python = given.peer or (sys.executable if importlib.util.find_spec("ChannelAttribution") else None)
    if python is None:
        print("ChannelAttribution is not here; name an environment that has it with --peer PYTHON.")
        return int(slowest > BAR)
    peer = run_peer(python, paths)
    if isinstance(peer, str):
        print(f"ChannelAttribution did not run: {peer}")
        return int(slowest > BAR)
    for what, took in peer["seconds"].items():
        print(f"ChannelAttribution, one row a path, {what}: {took:.2f} seconds")
    for rule in SAME_AS_PEER:
        theirs = pd.Series(peer["conversions"][rule], dtype=float)
        ours = results[rule]["conversions"]
        gap = (ours - theirs).abs().max() / ours.sum()
        print(f"largest difference of a channel, {rule}: {gap:.2e} of all conversions")
    return int(slowest > BAR)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
