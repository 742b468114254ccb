"""Follow a search in TensorBoard: the options are those of ``deap-nas run``.

pip install -e '.[cpu,tensorboard]'
python examples/callback_tensorboard.py --population 6 --generations 2 --epochs 2
tensorboard --logdir results/tensorboard
"""

import sys
import time
from typing import Any

from tensorboard.summary import Writer

from deap_nas import Evaluation
from deap_nas.commands.run import main
from deap_nas.runs.watcher import Watcher


class TensorBoardWatcher(Watcher):
    """Accuracy and parameters of each genome, fitness of each generation."""

    def __init__(self, folder: str) -> None:
        self._writer, self._count = Writer(folder), 0

    def evaluated(self, genome: str, evaluation: Evaluation, cached: bool) -> None:
        self._count += 1
        for name in ("accuracy", "n_params", "train_seconds"):
            self._writer.add_scalar(f"genome/{name}", getattr(evaluation, name), self._count)

    def generation(self, number: int, record: dict[str, Any]) -> None:
        for name, value in record.items():
            self._writer.add_scalar(f"fitness/{name}", value, number)
        self._writer.flush()


if __name__ == "__main__":
    folder = time.strftime("results/tensorboard/%Y%m%d-%H%M%S")
    sys.exit(main(prog=sys.argv[0], watcher=TensorBoardWatcher(folder)))
