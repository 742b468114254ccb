"""Make the figures of the first pages: search as README's first command does, for about two
minutes, then take them from the run.

    python docs/make_figures.py
"""

import shutil
import sys
from pathlib import Path

from deap_nas.commands.run import main

FIGURES = ("front", "scatter_fitness")
RUN = Path("results/runs/readme")

if __name__ == "__main__":
    finished = (RUN / "result.json").exists()
    status = 0 if finished else main(["--out", str(RUN)])
    if status == 0:
        for name in FIGURES:
            shutil.copy(
                RUN / "report" / f"{name}.svg", Path(__file__).parent / "figures" / f"{name}.svg"
            )
    sys.exit(status)
