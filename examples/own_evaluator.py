"""Your own evaluator in place of Keras: any function of a genome will do.

Here a genome's convolutions get random weights that are never trained (numpy), and scikit-learn
fits a ridge classifier on what comes out of them, for its digits of 8 x 8 pixels. That measures a
genome in a fraction of a second, and shows all that a search needs: a space for the images, a
function genome -> fitness tuple, ``make_toolbox`` and a loop. Prints the best three genomes with
their validation accuracy, and the winner's accuracy on images kept out of it all, beside that of
the same classifier on plain pixels.

    python examples/own_evaluator.py --generations 5
"""

import argparse
import random
import sys

import numpy as np
from deap import tools
from numpy.lib.stride_tricks import sliding_window_view
from sklearn.datasets import load_digits
from sklearn.linear_model import RidgeClassifier
from sklearn.model_selection import train_test_split

from deap_nas import SearchSpace, ea_generational, make_toolbox

SPACE = SearchSpace(
    n_normal=(0, 2),
    n_reduction=1,
    filters=(2, 4, 8, 12),
    kernels=(2, 3, 4),
    input_shape=(8, 8, 1),
    head_activations=("relu",),  # the head is the classifier's business: one choice, no search
)
ACTIVATIONS = {
    "relu": lambda x: np.maximum(x, 0),
    "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    "tanh": np.tanh,
    "swish": lambda x: x / (1 + np.exp(-x)),
    "gelu": lambda x: x / (1 + np.exp(-1.702 * x)),  # its usual approximation
}


def features(genome, x):
    """What the genome's convolutions, with random weights, make of images.

    x: shape (n, height, width, channels); the features have shape (n, whatever is left).
    """
    rng = np.random.default_rng(0)
    for gene in genome[:-1]:  # all but FL
        k, stride = gene.kernel, 1 + (gene.kind == "RC")
        if gene.kind == "NC":  # padding same
            x = np.pad(x, ((0, 0), ((k - 1) // 2, k // 2), ((k - 1) // 2, k // 2), (0, 0)))
        patches = sliding_window_view(x, (k, k), axis=(1, 2))[:, ::stride, ::stride]
        weights = rng.normal(size=(*patches.shape[3:], gene.filters)) / k
        x = ACTIVATIONS[gene.activation](np.tensordot(patches, weights, axes=3))
    return x.reshape(len(x), -1)


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--population", type=int, default=12)
    parser.add_argument("--generations", type=int, default=4)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args(argv)
    images, labels = load_digits(return_X_y=True)
    images = images.reshape(-1, 8, 8, 1) / 16
    x_train, x_rest, y_train, y_rest = train_test_split(
        images, labels, test_size=0.4, random_state=0
    )
    x_val, x_test, y_val, y_test = train_test_split(x_rest, y_rest, test_size=0.5, random_state=0)

    def accuracy(genome, x, y):
        model = RidgeClassifier().fit(features(genome, x_train), y_train)
        return model.score(features(genome, x), y)

    known = {}  # genome -> validation accuracy: each is measured once

    def evaluate(genome):
        if str(genome) not in known:
            known[str(genome)] = accuracy(genome, x_val, y_val)
        return (known[str(genome)],)

    random.seed(args.seed)
    toolbox, best = make_toolbox(SPACE, evaluate, selection="tournament"), tools.HallOfFame(3)
    population = toolbox.population(n=args.population)
    ea_generational(population, toolbox, 0.9, 0.3, args.generations, elitism=1, halloffame=best)
    print(f"measured {len(known)} genomes of {SPACE.size():,}")
    for genome in best:
        print(f"{genome}: validation accuracy {genome.fitness.values[0]:.4f}")
    test = accuracy(best[0], x_test, y_test)
    pixels = RidgeClassifier().fit(x_train.reshape(len(x_train), -1), y_train)
    plain = pixels.score(x_test.reshape(len(x_test), -1), y_test)
    print(f"test accuracy of the first: {test:.4f}; of the classifier on plain pixels: {plain:.4f}")
    return best, known, test, plain


if __name__ == "__main__":
    main(sys.argv[1:])
