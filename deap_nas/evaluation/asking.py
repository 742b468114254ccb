"""What a function asks an evaluator for, found out before anything is measured."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from deap_nas.evaluation.protocol import Request


class Asked(BaseException):
    """No error: a function asks for what is not known yet. What a function does about an
    ``Exception`` does not concern it."""

    def __init__(self, requests: list[Request]) -> None:
        super().__init__(requests)
        self.requests = requests


class Asking(threading.local):
    """Whether this thread calls a function only as far as it gets by what is known."""

    on = False

    def call(self, function: Callable[[Any], Any], genome: Any) -> Any:
        """The function's value, or ``Asked``, raised by the evaluator that it asked.

        Raises:
            Asked: with what must be measured before the function is called again.
        """
        before, self.on = self.on, True
        try:
            return function(genome)
        finally:
            self.on = before
