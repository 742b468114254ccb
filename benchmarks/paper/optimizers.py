"""Section IV.2: optimizers on one genome, the report's best, all for the same epochs.

On all 60,000 training images, scored on the test set after each epoch, as the report did.
About 80 s of CPU a training and train seed.
"""

from __future__ import annotations

from benchmarks.common import PUBLISHED
from benchmarks.paper.plan import Plan
from benchmarks.paper.trainings import Job, train_all

GENOME = PUBLISHED[0]
EPOCHS = 10
TRIED = (  # optimizer, momentum, learning rates
    ("sgd", 0.0, (0.01, 0.1, 0.3)),
    ("sgd", 0.9, (0.01, 0.003, 0.03, 0.1)),
    ("adam", 0.0, (0.001, 0.005, 0.015)),
    ("rmsprop", 0.0, (0.001, 0.005)),
)


def measure(plan: Plan) -> None:
    jobs = []
    for seed in range(plan.n_seeds(1)):
        for optimizer, momentum, rates in TRIED[: 2 if plan.quick else None]:
            for rate in rates[: 1 if plan.quick else None]:
                recipe = plan.recipe(
                    name="compared",
                    optimizer=optimizer,
                    momentum=momentum,
                    learning_rate=rate,
                    epochs=EPOCHS,
                    patience=0,
                    best_epoch=False,
                )
                jobs.append(Job(GENOME, recipe, seed, "test"))
    train_all(jobs, plan.out / "optimizers.csv", plan.dataset)
