"""What commands write to: standard output and error that never stop a search, whatever they are."""

from __future__ import annotations

import contextlib
import errno
import os
import sys
from typing import Any

FOR_GOOD = (errno.EPIPE, errno.ENOSPC)  # nobody reads the pipe any more; the disk is full


class Steady:
    """A stream of text that may be broken, closed, full, of few letters, or none at all: what does
    not get through is lost (a run has its log), and nothing is raised.

    Args:
        stream: what is written to.

    ``lost`` tells whether anything did not get through.
    """

    def __init__(self, stream: Any) -> None:
        self._stream, self.lost = stream, False

    @property
    def encoding(self) -> str:
        return getattr(self._stream, "encoding", None) or "utf-8"

    def isatty(self) -> bool:
        try:
            return bool(self._stream.isatty())
        except (AttributeError, ValueError, OSError):
            return False

    def write(self, text: str) -> int:
        self._try("write", text)
        return len(text)

    def flush(self) -> None:
        self._try("flush")

    def fileno(self) -> int:
        number: int = self._stream.fileno()
        return number

    def _try(self, method: str, *text: str) -> None:
        try:
            getattr(self._stream, method)(*text)
            return
        except UnicodeEncodeError:
            plain = text[0].encode(self.encoding, "replace").decode(self.encoding)
            self._try(method, plain)
            return
        except OSError as error:
            if error.errno in FOR_GOOD:
                self._abandon()
        except (AttributeError, ValueError):
            pass
        self.lost = True

    def _abandon(self) -> None:
        """What could not be written is still in Python's buffer: as it ends, it would try again."""
        if self._stream in (sys.__stdout__, sys.__stderr__):
            with contextlib.suppress(ValueError, OSError):
                nowhere = os.open(os.devnull, os.O_WRONLY)
                os.dup2(nowhere, self._stream.fileno())
                os.close(nowhere)


def say(text: object, error: bool = False) -> bool:
    """Print a line to standard output, or to standard error; whether it got through."""
    stream = Steady(sys.stderr if error else sys.stdout)
    stream.write(f"{text}\n")
    stream.flush()
    return not stream.lost
