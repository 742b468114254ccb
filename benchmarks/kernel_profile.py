"""Where the kernels spend their time, genome by genome, as Linux's perf samples it.

    apt-get install linux-perf
    python benchmarks/kernel_profile.py              # half a minute

Trains each genome of evaluation_throughput.py for 100 steps of 128 images, and counts samples
inside the kernels alone. Writes results/evaluation_throughput/profile.csv (a row a genome, shares)
and profile.json. ``correlate`` is convolution, forward and back to what reached it; ``gradient``
that of its weights; ``forward`` the activations in the same pass; ``backward`` their slopes and the
biases.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

import pandas as pd
from common import RESULTS, make_parser, provenance, write_csv, write_json
from evaluation_throughput import BATCH, SETS

STEPS = 100
PARTS = {  # how a function's name begins
    "correlate": ("correlate_",),
    "gradient": ("gradient_",),
    "forward": ("Convolution::forward",),
    "backward": ("Convolution::backward",),
    "normalisation": ("Normalisation::", "Statistics::"),
}


def main() -> None:
    parser = make_parser(__doc__, RESULTS / "evaluation_throughput")
    arguments, made_with = parser.parse_args(), provenance()
    rows = []
    for genomes, each in SETS.items():
        for name, text in each.items():
            rows.append({"genomes": genomes, "name": name, "genome": text, **profile(text)})
            print(name, {part: f"{rows[-1][part]:.2f}" for part in (*PARTS, "rest")}, flush=True)
    write_csv(pd.DataFrame(rows), arguments.out / "profile.csv")
    write_json({**made_with, "steps": STEPS}, arguments.out / "profile.json")


def profile(text: str) -> dict[str, float]:
    """The share of each part in the samples of one genome's training, and how many there are."""
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "perf.data"
        train = [sys.executable, __file__, "--train", text]
        record = ["perf", "record", "-q", "-o", str(data), *train]
        subprocess.run(record, check=True, capture_output=True)
        report = ["perf", "report", "-q", "-i", str(data), "--stdio", "--fields", "sample,dso,sym"]
        lines = subprocess.run(report, check=True, capture_output=True, text=True).stdout
    counts: Counter[str] = Counter()
    for line in lines.splitlines():
        words = line.split(maxsplit=3)  # samples, library, [.], function
        if len(words) == 4 and words[1].startswith("kernels_"):
            counts[part_of(words[3])] += int(words[0])
    total = counts.total()
    return {"samples": total, **{part: counts[part] / total for part in (*PARTS, "rest")}}


def part_of(function: str) -> str:
    return next((part for part, starts in PARTS.items() if function.startswith(starts)), "rest")


def train(text: str) -> None:
    import numpy as np

    from deap_nas import RECIPES, load_dataset, parse_genome
    from deap_nas.training.native.network import NativeNetwork

    x, y, _, _ = load_dataset("fashion_mnist").split("test")
    size = (28, 28, 1), 10
    network = NativeNetwork(parse_genome(text), *size, RECIPES["paper"], x, y)
    network(np.arange(STEPS * BATCH, dtype=np.int32), np.full(STEPS, 0.01, np.float32))


if __name__ == "__main__":
    if sys.argv[1:2] == ["--train"]:
        train(sys.argv[2])
    else:
        main()
