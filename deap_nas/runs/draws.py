"""What DEAP's own selections draw from in a search: nothing that anybody else draws from."""

from __future__ import annotations

import contextlib
import random
import threading
from collections.abc import Callable, Iterator
from functools import wraps
from typing import Any

from deap.tools import emo, selection

LOCK = threading.Lock()  # of what is borrowed


def drawing_from(rng: random.Random) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """A decorator of selections: DEAP's draw from ``rng``, and not from the random module, which a
    watcher, or another thread of the program, may draw from or seed meanwhile."""

    def decorate(select: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(select)
        def selecting(*args: Any, **settings: Any) -> Any:
            with LOCK, _module(selection, rng), _module(emo, rng):
                return select(*args, **settings)

        return selecting

    return decorate


@contextlib.contextmanager
def _module(user: Any, rng: random.Random) -> Iterator[None]:
    """A module of DEAP's has ``rng`` for its ``random``."""
    before, user.random = user.random, rng
    try:
        yield
    finally:
        user.random = before
