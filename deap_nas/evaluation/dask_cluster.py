"""What is asked of a Dask cluster, through its client, in the client's own event loop."""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from collections.abc import Callable
from concurrent.futures import CancelledError
from typing import Any

from deap_nas.evaluation import dask_worker
from deap_nas.evaluation.backend import Outcome, Task
from deap_nas.evaluation.process import WorkerStartError
from deap_nas.evaluation.worker import one_line

AT_ONCE = 4  # Dask workers that are sent their parcel at one time
PATIENCE = 60.0  # seconds that a farewell may take where the cluster does not answer


class DaskCluster:
    """The cluster that a client is of, and the parcel that its workers need.

    Args:
        client: a ``dask.distributed.Client``.
        target, args, settings, check: see ``dask_worker.Parcel``.

    Raises:
        ValueError: for an asynchronous client.
        WorkerStartError: for a target that cannot travel.
    """

    def __init__(
        self,
        client: Any,
        target: Any,
        args: tuple[Any, ...],
        settings: dict[str, Any],
        check: Callable[[], str] | None,
    ) -> None:
        import cloudpickle  # takes what is defined in a script or notebook with it

        if client.asynchronous:
            raise ValueError(f"{client} is asynchronous; make one with asynchronous=False")
        try:
            parcel = dask_worker.Parcel(cloudpickle.dumps(target), args, settings, check)
            self._name, self._data = parcel.pack()
        except Exception as error:
            raise WorkerStartError(
                f"a {type(target).__name__} cannot be sent to a Dask worker ({one_line(error)})"
            ) from None
        self._client, self._gate = client, asyncio.Semaphore(AT_ONCE)

    @property
    def status(self) -> str:
        """Of the connection: "running" as long as there is one."""
        return str(self._client.status)

    @property
    def address(self) -> str:
        """Of the scheduler."""
        return str(self._client.scheduler.addr) if self._client.scheduler else "it"

    def call(self, coroutine: Callable[..., Any], *args: Any) -> None:
        """Have something done in the client's event loop, from any thread."""
        self._client.loop.add_callback(coroutine, *args)

    async def workers(self) -> set[str]:
        """The addresses of the Dask workers that are there.

        Raises:
            OSError: where the scheduler is not.
        """
        if self.status != "running":
            raise OSError(f"the connection is {self.status}")
        return set(await self._client.nthreads())

    async def welcome(self, address: str) -> str | OSError:
        """Send a Dask worker the parcel: why it cannot be used, or ""; or how it was lost."""
        parcel = (self._name, self._data, dask_worker.version())
        try:
            async with self._gate:
                answers = await self._client.run(
                    dask_worker.enter, *parcel, workers=[address], on_error="return"
                )
            answer = answers[address]
        except Exception as error:
            answer = error
        # Dask tells of it as a text: what it could not import was the very question.
        if isinstance(answer, Exception) and "No module named 'deap_nas" in str(answer):
            return "it has no deap_nas, or an older one; install the same there as here"
        if isinstance(answer, OSError):
            return answer
        return one_line(answer) if isinstance(answer, Exception) else str(answer)

    def send(self, address: str, task: Task) -> Any:
        """Begin a task on a Dask worker that has the parcel; a future of its outcome."""
        import cloudpickle
        import dask

        key = f"{task.method}-{uuid.uuid4().hex}"
        data = cloudpickle.dumps(task)
        # Images to be scored are large, and no mistake.
        with dask.config.set({"distributed.admin.large-graph-warning-threshold": "1 TiB"}):
            return self._client.submit(
                *(dask_worker.work, self._name, key, data),
                key=key,
                workers=[address],
                allow_other_workers=False,
                retries=0,
                pure=False,
            )

    async def outcome(self, future: Any) -> Outcome | None:
        """How a task ended; None if it was cancelled, by us, or with the scheduler."""
        try:
            found: Outcome = await future
        except (CancelledError, asyncio.CancelledError):
            return None
        except Exception as error:
            return Outcome("error", reason=one_line(error))
        return found

    async def cancel(self, future: Any) -> None:
        """The Dask worker hears that a task is not wanted, and kills its process."""
        with contextlib.suppress(Exception):  # the scheduler is gone, or going
            if self.status == "running":
                await self._client.cancel([future])

    def forget(self, addresses: list[str]) -> None:
        """End the processes on Dask workers; waits until they have."""
        if not addresses or self.status != "running":
            return
        with contextlib.suppress(Exception):  # a cluster that is gone has no processes
            self._client.sync(
                *(self._client.run, dask_worker.forget, self._name),
                workers=addresses,
                on_error="ignore",
                callback_timeout=PATIENCE,
            )
