"""Downloads by Keras, which knows no timeout and draws bars."""

from __future__ import annotations

import contextlib
import io
import socket
from collections.abc import Iterator


@contextlib.contextmanager
def patiently(seconds: float) -> Iterator[None]:
    """Whatever is downloaded meanwhile prints nothing, and fails without an answer.

    Args:
        seconds: without an answer.
    """
    before = socket.getdefaulttimeout()
    try:
        socket.setdefaulttimeout(seconds)
        with contextlib.redirect_stdout(io.StringIO()):
            yield
    finally:
        socket.setdefaulttimeout(before)
