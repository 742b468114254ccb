"""Evolution, on DEAP, searches small convolutional networks.

Names load on first use (``__init__.pyi`` lists them), so that ``import deap_nas`` costs next to
nothing and who only wants the operators never pays for Keras.
"""

import os
import sys

# A command imports nothing from the current directory that has a library's name, be it `typing`.
if getattr(sys, "argv", [""])[0].endswith(("-m", "deap-nas")):
    try:
        here = ("", ".", os.getcwd())
    except OSError:  # it is gone
        here = ("", ".", ".")
    sys.path.sort(key=here.__contains__)

from typing import Any

import lazy_loader

__version__ = "0.1.0"

_load, _, _names = lazy_loader.attach_stub(__name__, __file__)
__all__ = ["__version__", *_names]


def __getattr__(name: str) -> Any:
    try:
        return _load(name)
    except ImportError as error:
        from deap_nas.extras import lacking

        raise lacking(error) from None


def __dir__() -> list[str]:
    return __all__
