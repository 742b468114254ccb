"""``python -m deap_nas.report``: the same as ``deap-nas report``."""

import sys

from deap_nas.commands.report import main

__all__ = ["main"]

if __name__ == "__main__":
    sys.exit(main())
