"""What only a search needs comes with an extra; who lacks it is told which."""

from __future__ import annotations

REMEDY = "in your clone of deap_nas, pip install -e '.[cpu]'"
OTHERS = {"distributed": "in your clone of deap_nas, pip install -e '.[cpu,dask]'"}


def lacking(error: ImportError) -> ImportError:
    """The error for a package that is not installed, with the remedy; any other as it is."""
    name = error.name or ""
    bare = isinstance(error, ModuleNotFoundError) and str(error) == f"No module named {name!r}"
    if not bare or name.partition(".")[0] == "deap_nas":
        return error
    remedy = OTHERS.get(name, REMEDY)
    return ModuleNotFoundError(f"{name} is not installed, and needed here: {remedy}", name=name)
