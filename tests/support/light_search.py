"""A search with what the package needs without extras: operators, space, loop, table, contract.

The test of the light install runs it with everything else hidden, and .ci/run in an environment
that has nothing else.
"""

import random

from deap import tools

from deap_nas import FULL_SPACE, PAPER_SPACE, cx_one_point, ea_preselected, make_toolbox, mut_gene
from deap_nas.tabular import TabularEvaluator, load_table
from deap_nas.testing import check_crossover, check_mutation


def main() -> None:
    check_crossover(cx_one_point, PAPER_SPACE, trials=50)
    check_mutation(mut_gene, PAPER_SPACE, trials=50)
    assert FULL_SPACE.sample(random.Random(0)) in FULL_SPACE
    random.seed(0)
    table, best = load_table(), tools.HallOfFame(1)
    evaluator = TabularEvaluator(table)
    toolbox = make_toolbox(table.space, evaluator, crossover="uniform", mutation="mixture")
    population = toolbox.population(n=8)
    settings = {"mu": 8, "lambda_": 4, "cxpb": 0.5, "mutpb": 1.0, "ngen": 3}
    ea_preselected(population, toolbox, **settings, halloffame=best)
    print(f"{len(evaluator.measured)} trainings, best {best[0].fitness.values[0]:.3f}: {best[0]}")


if __name__ == "__main__":
    main()
