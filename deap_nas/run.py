"""``python -m deap_nas.run``: the same as ``deap-nas run``."""

import sys

if __name__ == "__main__":
    from deap_nas.commands import start

    start.clear()

from deap_nas.commands.run import main

__all__ = ["main"]

if __name__ == "__main__":
    sys.exit(main())
