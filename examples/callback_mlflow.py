"""Keep a search in MLflow: the options are those of ``deap-nas run``.

pip install -e '.[cpu,mlflow]'
python examples/callback_mlflow.py --population 6 --generations 2 --epochs 2
mlflow ui --backend-store-uri sqlite:///results/mlflow.db
"""

import sys
from pathlib import Path
from typing import Any

import mlflow

from deap_nas import Evaluation
from deap_nas.commands.run import main
from deap_nas.runs.watcher import Watcher


class MlflowWatcher(Watcher):
    """Accuracy and parameters of each genome, fitness of each generation."""

    def __init__(self) -> None:
        self._count = 0

    def evaluated(self, genome: str, evaluation: Evaluation, cached: bool) -> None:
        self._count += 1
        scores = {name: getattr(evaluation, name) for name in ("accuracy", "n_params")}
        mlflow.log_metrics(scores, step=self._count)

    def generation(self, number: int, record: dict[str, Any]) -> None:
        mlflow.log_metrics({f"fitness_{name}": v for name, v in record.items()}, step=number)


if __name__ == "__main__":
    Path("results").mkdir(exist_ok=True)
    mlflow.set_tracking_uri("sqlite:///results/mlflow.db")
    mlflow.set_experiment("deap-nas")
    with mlflow.start_run():
        mlflow.log_param("command", " ".join(sys.argv[1:]))
        status = main(prog=sys.argv[0], watcher=MlflowWatcher())
    sys.exit(status)
