"""Whether fitness and accuracy rank genomes the same when they are trained again.

Genomes evenly over the ranking of run seed-0, trained as in the run but with other train seeds; the
run itself is train seed 0. About 70 s of CPU a training.
"""

from __future__ import annotations

from benchmarks.paper.plan import Plan, spread
from benchmarks.paper.trainings import Job, train_all


def measure(plan: Plan) -> None:
    genomes = spread(plan.table("seed-0"), "fitness", plan.n_genomes(12))
    # With fewer epochs than the run had, its scores are no third column: train seed 0 again.
    first = 0 if plan.epochs or plan.quick else 1
    seeds = range(first, plan.n_seeds(3))
    jobs = [Job(genome, plan.recipe(), seed, "test") for seed in seeds for genome in genomes]
    train_all(jobs, plan.out / "stability.csv", plan.dataset)
