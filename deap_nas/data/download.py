"""Downloads by Keras, which knows no timeout and draws bars; and where it keeps them."""

from __future__ import annotations

import contextlib
import io
import os
import socket
from collections.abc import Iterator
from pathlib import Path


def keras_folder() -> Path:
    """Keras's own folder; it keeps data sets in ``datasets`` there."""
    return Path(os.path.expanduser(os.environ.get("KERAS_HOME") or "~/.keras"))


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
