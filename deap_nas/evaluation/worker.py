"""The child's side of ``workers``: ``python -I worker.py NAME FD MAX_MEMORY``.

Takes or makes one object, then runs its methods as asked over the pipe FD, one at a time. It starts
without the package, which it is told the place of.
"""

from __future__ import annotations

import ctypes
import importlib.util
import os
import pickle
import select
import sys
import threading
from multiprocessing import spawn
from multiprocessing.connection import Connection
from multiprocessing.reduction import ForkingPickler
from pathlib import Path
from typing import Any

MIB = 2**20


def main() -> None:
    fd, max_memory = int(sys.argv[2]), int(sys.argv[3])
    threading.Thread(target=_end_with_parent, args=(fd,), daemon=True).start()
    pipe = Connection(fd)
    places, script, message = pipe.recv(), pipe.recv(), pipe.recv_bytes()
    try:
        _find_modules(*places)
        # What is defined in the script that is run has __main__ for its module.
        spawn.prepare(script)
        servant = _make_servant(*pickle.loads(message))
        del message
        _release_code()
        if max_memory:
            _limit_memory(max_memory * MIB)
    except Exception as error:
        pipe.send(("failed", one_line(error)))
        return
    pipe.send(("ready", None))
    while True:
        try:
            message = pipe.recv_bytes()
        except EOFError:
            return
        pipe.send_bytes(_answer(servant, message))


def _find_modules(package: str, path: list[str]) -> None:
    """Import what the parent can, our package from where it has it; but installed libraries come
    first, whatever lies in a user's folders under their names."""
    sys.path += [folder for folder in path if folder not in sys.path]
    spec = importlib.util.spec_from_file_location(
        "deap_nas", f"{package}/__init__.py", submodule_search_locations=[package]
    )
    assert spec
    assert spec.loader
    sys.modules["deap_nas"] = module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)


def _make_servant(target: Any, args: tuple[Any, ...]) -> Any:
    if isinstance(target, str):
        module, _, name = target.partition(":")
        return getattr(importlib.import_module(module), name)(*args)
    if hasattr(target, "start"):
        target.start()
    return target


def _answer(servant: Any, message: bytes) -> bytes:
    """Do what the message asks; whatever goes wrong, in either direction, is an answer too."""
    try:
        method, task = pickle.loads(message)
        return bytes(ForkingPickler.dumps(("ok", getattr(servant, method)(*task))))
    except Exception as error:
        return pickle.dumps((_status(error), one_line(error)))


def _status(error: Exception) -> str:
    """What a task ended with, by the names of errors that are not to be imported here; ``killed``
    where this process is of no more use."""
    if isinstance(error, MemoryError) or "ResourceExhausted" in str(type(error)):
        return "oom"
    return "killed" if type(error).__name__ == "CardError" else "error"


def one_line(error: BaseException) -> str:
    """An exception as one line of at most 300 characters."""
    try:
        text = " ".join(str(error).split())
    except Exception:  # not even that
        text = ""
    return f"{type(error).__name__}: {text}"[:300] if text else type(error).__name__


def _end_with_parent(fd: int) -> None:
    """End when the other end of the pipe closes, as it does when the parent dies by kill -9, even
    in the middle of a training: nobody is left to take the result."""
    poll = select.poll()
    poll.register(fd, 0)
    poll.poll()
    os._exit(0)


def _release_code() -> None:
    """Give back the pages of library code that only the imports needed, hundreds of MiB
    where that is TensorFlow; what is needed again is read from the page cache."""
    dont_need = 4  # MADV_DONTNEED; for code, whose pages are unchanged copies of a file
    try:
        libc = ctypes.CDLL(None)
        for line in Path("/proc/self/maps").read_text().splitlines():
            span, access, _, _, inode, *name = line.split(maxsplit=5)
            if access == "r-xp" and inode != "0" and ".so" in str(name):
                start, end = (int(edge, 16) for edge in span.split("-"))
                libc.madvise(ctypes.c_void_p(start), ctypes.c_size_t(end - start), dont_need)
    except (OSError, AttributeError, ValueError):  # not Linux
        pass


def _limit_memory(max_bytes: int) -> None:
    """Let the process grow to ``max_bytes`` resident: beyond, an allocation fails cleanly.

    What is reserved but not resident by now (thread stacks, arenas) does not count.
    """
    try:
        import resource

        import psutil

        memory = psutil.Process().memory_info()
        limit = int(memory.data - memory.rss + max_bytes)
        resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
    except (ImportError, AttributeError, ValueError, OSError):  # not Linux: the parent watches
        pass


if __name__ == "__main__":
    main()
