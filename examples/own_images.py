"""Your own images, from a .npz file, searched end to end: data, space, training, winner, file.

    python examples/own_images.py --data mine.npz
    python examples/own_images.py                   # makes a file of scikit-learn's 8 x 8 digits

The file holds x_train, y_train, x_test and y_test: uint8 or float images, grey or colour, and
labels from 0. The space is made for their shape. Prints what it read, the best genome of each
generation and the winner's test accuracy, and saves the winner as a plain Keras model.
(``deap-nas run --dataset mine.npz`` does more, such as a report and resuming, in a space that is
ready made.)
"""

import argparse
import random
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np

from deap_nas import (
    RECIPES,
    DataError,
    Evaluator,
    SearchSpace,
    ea_generational,
    load_dataset,
    make_toolbox,
)


def write_digits(path):
    """1,797 handwritten digits: 1,200 to train on, the rest to test."""
    from sklearn.datasets import load_digits

    images, y = load_digits(return_X_y=True)
    x = (images.reshape(-1, 8, 8) * 255 / 16).astype(np.uint8)
    np.savez_compressed(path, x_train=x[:1200], y_train=y[:1200], x_test=x[1200:], y_test=y[1200:])


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", help=".npz file (default: digits, written into OUT)")
    parser.add_argument("--out", type=Path, default=Path("results/own_images"))
    parser.add_argument("--population", type=int, default=6)
    parser.add_argument("--generations", type=int, default=2)
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args(argv)
    args.out.mkdir(parents=True, exist_ok=True)
    if not args.data:
        args.data = str(args.out / "digits.npz")
        write_digits(args.data)
    try:
        dataset = load_dataset(args.data)
    except DataError as error:
        parser.error(str(error))
    space = SearchSpace(
        n_normal=(0, 2),
        n_reduction=1,
        filters=(4, 8, 12, 16),
        kernels=(2, 3),
        activations=("relu", "swish", "tanh"),
        input_shape=dataset.input_shape,
        n_classes=dataset.n_classes,
    )
    print(f"{args.data}: {len(dataset.x_train):,} images of shape {dataset.input_shape}, ", end="")
    print(f"{dataset.n_classes} classes; {space.size():,} legal genomes")

    def show(generation, population):
        best = max(population, key=lambda genome: genome.fitness)
        print(f"generation {generation}: {best.fitness.values[0]:.3f} {best}")

    rng = random.Random(args.seed)
    recipe = replace(RECIPES["fast"], epochs=args.epochs)
    with Evaluator(dataset, recipe=recipe, cache=args.out / "cache") as evaluator:
        toolbox = make_toolbox(space, evaluator, rng=rng)
        population = toolbox.population(n=args.population)
        population, _ = ea_generational(
            population, toolbox, 0.9, 0.3, args.generations, elitism=1, observe=show, rng=rng
        )
        best = max(population, key=lambda genome: genome.fitness)
        found, weights = evaluator.measure(best), evaluator.weights(best)
        confusion = evaluator.test(best, weights)
        accuracy = confusion.trace() / confusion.sum()
        evaluator.save(best, weights, args.out / "best.keras")
    print(f"winner: {best}: {found.n_params:,} parameters, validation accuracy ", end="")
    print(f"{found.accuracy:.4f}, test accuracy {accuracy:.4f}; saved as {args.out / 'best.keras'}")
    return best, accuracy


if __name__ == "__main__":
    main(sys.argv[1:])
