"""``python -m deap_nas.run``: the same as ``deap-nas run``."""

import sys

from deap_nas.commands.run import main

__all__ = ["main"]

if __name__ == "__main__":
    sys.exit(main())
