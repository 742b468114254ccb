"""``python -m deap_nas.report``: the same as ``deap-nas report``."""

import sys

if __name__ == "__main__":
    from deap_nas.commands import start

    start.clear()

from deap_nas.commands.report import main

__all__ = ["main"]

if __name__ == "__main__":
    sys.exit(main())
