"""``python -m deap_nas COMMAND``, and the console script ``deap-nas COMMAND``."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from deap_nas.commands.output import say

USAGE = """\
usage: deap-nas COMMAND ...

  run      evolve networks on images (the same as python -m deap_nas.run)
  train    train one genome: deap-nas train "NC 16 3 tanh;RC 6 3 tanh;RC 10 3 tanh;FL swish"

  space    the rules of a search space, its size, a few genomes: deap-nas space wide
  report   the page of a run: deap-nas report DIR
  export   networks of a run as files: deap-nas export DIR --format keras tflite c --to mine
  compare  runs side by side: deap-nas compare DIR DIR...
  cache    trainings that are kept: deap-nas cache --keep 5G

  benchmark   your operators beside ours: deap-nas benchmark --operators mine.py

deap-nas COMMAND --help says more.
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Hand over to a command; returns the exit status.

    Args:
        argv: the arguments; unless given, those of the process, which is then the command's own.
    """
    if argv is None:
        from deap_nas.commands import start

        start.clear()
    arguments = list(sys.argv[1:] if argv is None else argv)
    command = arguments.pop(0) if arguments else "--help"
    if command == "run":
        from deap_nas.commands.run import main as run

        return run(arguments, prog="deap-nas run")
    if command == "train":
        from deap_nas.commands.train import main as train

        return train(arguments)
    if command == "space":
        from deap_nas.commands.space import main as space

        return space(arguments)
    if command == "report":
        from deap_nas.commands.report import main as report

        return report(arguments)
    if command == "export":
        from deap_nas.commands.export import main as export

        return export(arguments)
    if command == "compare":
        from deap_nas.commands.compare import main as compare

        return compare(arguments)
    if command == "cache":
        from deap_nas.commands.cache import main as cache

        return cache(arguments)
    if command == "benchmark":
        from deap_nas.commands.benchmark import main as benchmark

        return benchmark(arguments)
    if command in ("-h", "--help"):
        say(USAGE.rstrip())
        return 0
    if command == "--version":
        from deap_nas import __version__

        say(__version__)
        return 0
    say(
        f"error: command {command!r}, allowed run, train, space, report, export, compare, "
        "cache, benchmark; see deap-nas --help",
        error=True,
    )
    return 2


if __name__ == "__main__":
    sys.exit(main())
