"""An Evaluator of few images, without a cache, and a dozen genomes for it."""

from __future__ import annotations

import random
from typing import Any

import drivers

from deap_nas.spaces import PAPER_SPACE
from deap_nas.training.evaluator import Evaluator

DATA = drivers.tiny_dataset()
GENOMES = [PAPER_SPACE.sample(random.Random(i)) for i in range(12)]


def make(**settings: Any) -> Evaluator:
    return Evaluator(DATA, **{"cache": None, "workers": 1, **settings})
