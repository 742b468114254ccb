"""What a command does before it imports anything: nothing around it may change what it finds."""

from __future__ import annotations

import os
import warnings

# Prefixes of variables that libraries of this process read: how they add up, what they refuse, what
# they print. Workers have none of the user's at all (``training.trainer.INHERITED``).
LIBRARIES = (
    *("TF_", "TF2_", "XLA_", "KERAS_", "OMP_", "GOMP_", "KMP_", "MKL_", "ONEDNN_", "DNNL_"),
    *("OPENBLAS_", "GOTO_", "BLIS_", "NPY_", "NUMPY_", "SCIPY_", "SKLEARN_", "JOBLIB_", "LOKY_"),
    *("PANDAS_", "MPLBACKEND", "MATPLOTLIBRC"),
)
KEPT = ("KERAS_HOME",)  # where Keras keeps data sets


def clear() -> None:
    """Forget what the libraries were told by environment variables, and Python of warnings; see to
    it that no file gets the number of a standard stream that is closed."""
    while (free := os.open(os.devnull, os.O_RDWR)) <= 2:
        continue
    os.close(free)
    for name in list(os.environ):
        if name.startswith(LIBRARIES) and name not in KEPT:
            del os.environ[name]
    warnings.resetwarnings()
    warnings.simplefilter("ignore")  # until a command shows them, one line each
