"""How far the images of a folder are decoded, for who waits."""

from __future__ import annotations

import time

from deap_nas.commands.output import say

WAIT = 3.0  # seconds without a word


class Decoding:
    """Is told of each image; says a line on standard error from time to time."""

    def __init__(self) -> None:
        self._said = time.monotonic()

    def __call__(self, done: int, of: int) -> None:
        if time.monotonic() - self._said >= WAIT:
            self._said = time.monotonic()
            say(f"decoding images: {done} of {of}", error=True)
