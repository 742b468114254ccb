"""Make the figures of the first pages: search for some minutes, then take them from the run.

    python docs/make_figures.py

The numbers depend on the machine, as far as its arithmetic and its speed do.
"""

import shutil
import sys
from pathlib import Path

from deap_nas.commands.run import main

FIGURES = ("front", "scatter_fitness")
RUN = Path("results/runs/readme")
SEARCH = (
    *("--population", "12", "--generations", "15", "--epochs", "5"),
    *("--baseline", "NC 8 3 relu;RC 8 3 relu;RC 8 3 relu;FL relu"),
    *("--finalists", "0"),
)

if __name__ == "__main__":
    finished = (RUN / "result.json").exists()
    status = 0 if finished else main(["--out", str(RUN), *SEARCH])
    if status == 0:
        for name in FIGURES:
            shutil.copy(
                RUN / "report" / f"{name}.svg", Path(__file__).parent / "figures" / f"{name}.svg"
            )
    sys.exit(status)
