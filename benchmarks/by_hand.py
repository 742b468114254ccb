"""Networks drawn by hand outside the report's grammar, trained long: what a search in the wide
space has to find.

    python benchmarks/by_hand.py    # about ten minutes of one core

Full Fashion-MNIST, 50,000 training images, 30 epochs, Adam, warm-up of a tenth to rate 0.012, then
cosine to zero; scored once on the test set. Writes results/by_hand/scores.csv and run.json.
"""

from __future__ import annotations

from typing import Any

import pandas as pd
from common import RESULTS, make_parser, measured, provenance, save

from deap_nas import Evaluator, Recipe, build_model, load_dataset, parse_genome
from deap_nas.evaluation.fitness import accuracy_of

RECIPE = Recipe(
    "by_hand", 1, optimizer="adam", learning_rate=0.012, epochs=30, schedule="cosine", warmup=0.1
)
EXPECTED = {  # test accuracy after 30 epochs of another program with the same recipe, one seed
    "CR 4 3 relu;SB 8 3 relu;SR 8 3 relu;SB 10 3 relu;GP": 0.846,
    "CR 6 3 relu;SB 10 3 relu;SR 10 3 relu;SB 12 3 relu;GP": 0.863,
    "CR 6 3 relu;SB 12 3 relu;SR 12 3 relu;SB 14 3 relu;SB 14 3 relu;GP": 0.889,
}


def main() -> None:
    parser = make_parser(__doc__, RESULTS / "by_hand")
    parser.add_argument("--seeds", type=int, default=1, help="train seeds 0, 1, ... (default 1)")
    parser.add_argument("--workers", type=int, default=1, help="(default 1)")
    parser.add_argument(
        "--stock", action="store_true", help="the first by Keras's own fit, printed only"
    )
    arguments, measured_with = parser.parse_args(), provenance()
    if arguments.stock:
        print(f"test accuracy by stock fit {stock(next(iter(EXPECTED)), seed=0):.4f}")
        return
    genomes, rows = [parse_genome(text) for text in EXPECTED], []
    for seed in range(arguments.seeds):
        with Evaluator(
            "fashion_mnist", recipe=RECIPE, train_seed=seed, workers=arguments.workers
        ) as evaluator:
            evaluations = evaluator.measure_all(genomes)
            for genome, evaluation in zip(genomes, evaluations, strict=True):
                weights = evaluator.weights(genome) or []
                rows.append(
                    {
                        "genome": str(genome),
                        "train_seed": seed,
                        "test_accuracy": accuracy_of(evaluator.test(genome, weights)),
                        "expected": EXPECTED[str(genome)],
                        **measured(evaluation, "accuracy", "n_params", "epochs"),
                        **measured(evaluation, "train_cpu_seconds", "status"),
                    }
                )
    scores = pd.DataFrame(rows)
    save(arguments.out, measured_with, scores=scores)
    print(scores.to_string(index=False))


def stock(text: str, seed: int) -> float:
    """Test accuracy of a network trained by ``model.fit``, from the same initial weights."""
    import keras
    import tensorflow as tf

    data = load_dataset("fashion_mnist")
    x, y, *_ = data.split("validation")
    steps = RECIPE.epochs * -(-len(x) // RECIPE.batch_size)
    rates = tf.constant([RECIPE.rate(step, steps) for step in range(steps)])

    class Rates(keras.optimizers.schedules.LearningRateSchedule):  # type: ignore[misc]
        def __call__(self, step: Any) -> Any:
            return tf.gather(rates, tf.cast(step, tf.int32))

    model = build_model(parse_genome(text), data.input_shape, data.n_classes, seed=seed)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(Rates()), loss, metrics=["accuracy"], jit_compile=False)
    keras.utils.set_random_seed(seed)
    settings = {"batch_size": RECIPE.batch_size, "epochs": RECIPE.epochs, "verbose": 2}
    model.fit(x.astype("float32") / 255, y, **settings)
    found = model.evaluate(data.x_test.astype("float32") / 255, data.y_test, verbose=0)
    return float(found[1])


if __name__ == "__main__":
    main()
