"""What int8 costs in accuracy, when trained networks are quantised: would training in the loop pay?

    python benchmarks/int8_drop.py    # a dozen short trainings on one core

Genomes drawn from WIDE_SPACE without GELU, within 16 kB of flash, 8 kB of RAM and 300,000
multiply-adds, trained on Fashion-MNIST for an epoch, then quantised after training; float and int8
are scored on the same 10,000 validation images. Writes results/int8_drop/networks.csv, summary.csv,
run.json.
"""

from __future__ import annotations

import random
import time
from dataclasses import replace

import pandas as pd
from common import RESULTS, make_parser, provenance, save

from deap_nas import WIDE_SPACE, Evaluator
from deap_nas.devices.int8 import Int8, Quantiser
from deap_nas.devices.kernels import kernels
from deap_nas.devices.quantise import SAMPLE, draw_sample
from deap_nas.spaces import supported
from deap_nas.training.recipes import find_recipe

GENOMES, EPOCHS, SEED = 12, 1, 0
KB, MOST = 1024, 300_000


def main() -> None:
    arguments = make_parser(__doc__, RESULTS / "int8_drop").parse_args()
    made = {**provenance(), "seed": SEED, "kernels": kernels(), "sample": SAMPLE}
    rng = random.Random(SEED)
    space = replace(
        supported(WIDE_SPACE), max_flash=16 * KB, max_ram=8 * KB, max_multiply_adds=MOST
    )
    recipe, rows = replace(find_recipe("fast"), epochs=EPOCHS), []
    how = {"recipe": recipe, "workers": 1, "cache": None, "saver": Quantiser}
    with Evaluator("fashion_mnist", **how) as evaluator:
        images, _, x, y = evaluator.dataset.split(evaluator.split)
        sample = draw_sample(images)
        for _ in range(GENOMES):
            genome = space.sample(rng)
            evaluation, weights = evaluator.measure(genome), evaluator.weights(genome)
            start = time.perf_counter()
            content = evaluator.ask_saver("quantise", str(genome), weights, sample)
            made_in = time.perf_counter() - start
            counts = evaluator.ask_saver("score_int8", content, x, y)
            int8 = Int8(tuple(map(tuple, counts.tolist())), len(content))
            row = {
                "genome": str(genome),
                "accuracy": evaluation.accuracy,
                "int8_accuracy": int8.accuracy,
                "drop_points": 100 * (evaluation.accuracy - int8.accuracy),
                "n_params": evaluation.n_params,
                "ram": evaluation.ram,
                "flash_by_formula": evaluation.flash,
                "flash": int8.flash,
                "train_seconds": evaluation.train_seconds,
                "quantise_seconds": made_in,
                "score_seconds": time.perf_counter() - start - made_in,
            }
            rows.append(row)
            print(f"{row['drop_points']:6.2f} points, {evaluation.accuracy:.4f}: {genome}")
    networks = pd.DataFrame(rows)
    drops = networks["drop_points"]
    summary = pd.DataFrame(
        [
            {
                "networks": len(networks),
                "mean_drop": drops.mean(),
                "median_drop": drops.median(),
                "worst_drop": drops.max(),
                "standard_deviation": drops.std(),
                "quantise_seconds": networks["quantise_seconds"].mean(),
                "score_seconds": networks["score_seconds"].mean(),
            }
        ]
    )
    save(arguments.out, made, networks=networks, summary=summary)
    print(summary.to_string(index=False))


if __name__ == "__main__":
    main()
