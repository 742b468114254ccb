"""setup.cfg holds the settings; here is what it cannot say: how the kernels are compiled.

A variant of one library for each level of x86-64, a plain C library that Python calls through
ctypes, so that a wheel depends on the platform but not on the Python. Without a compiler the rest
is installed all the same.
"""

import copy
import os
import platform
from glob import glob

from setuptools import Extension, setup
from setuptools.command.bdist_wheel import bdist_wheel
from setuptools.command.build_ext import build_ext

KERNELS = "deap_nas/training/native/kernels"
# The same bits from every compiler: nothing contracted, nothing reordered.
EXACT = ["-ffp-contract=off", "-fno-fast-math", "-fno-math-errno", "-fno-trapping-math"]
USUAL = ["-std=c++20", "-O3", "-g0", "-fvisibility=hidden", "-Wno-maybe-uninitialized"]
VARIANTS = {"baseline": []}
if platform.machine().lower() in ("x86_64", "amd64"):
    VARIANTS = {
        "baseline": ["-march=x86-64"],
        "avx2": ["-march=x86-64-v3"],
        "avx512": ["-march=x86-64-v4", "-mprefer-vector-width=512"],
    }


class Build(build_ext):
    """Libraries without Python's own ending, compiled side by side."""

    def finalize_options(self):
        super().finalize_options()
        self.parallel = self.parallel or os.cpu_count()

    def build_extension(self, ext):
        own = copy.copy(self)  # a folder of its own: all variants are of one source file
        own.build_temp = os.path.join(self.build_temp, ext.name)
        build_ext.build_extension(own, ext)

    def get_ext_filename(self, name):
        return os.path.join(*name.split(".")) + ".so"


class Wheel(bdist_wheel):
    """For this platform, and any Python 3."""

    def get_tag(self):
        return "py3", "none", super().get_tag()[2]


setup(
    cmdclass={"build_ext": Build, "bdist_wheel": Wheel},
    ext_modules=[
        Extension(
            f"deap_nas.training.native.kernels_{variant}",
            [f"{KERNELS}/native.cpp"],
            depends=sorted(glob(f"{KERNELS}/*.h")),
            extra_compile_args=[*USUAL, *EXACT, *flags],
            language="c++",
            optional=True,
        )
        for variant, flags in VARIANTS.items()
    ],
)
