"""Virtual time, and processes in it: each an event loop of its own, which can be frozen, and killed.

Nothing runs in parallel and nothing waits: whatever is due next is done next, and the clock is set to its time. What
processes do to each other goes through the simulated network, which takes time; so it is as if they ran side by side.
"""

import asyncio
import heapq
import itertools
from collections import deque
from collections.abc import Callable, Coroutine
from contextlib import suppress
from contextvars import Context
from typing import Any, Protocol


class Endpoint(Protocol):
    """What listens at an address of the simulated network."""

    def accept(self, process: "Process", protocol: asyncio.Protocol) -> asyncio.Transport:
        """Connect a process's protocol. Raises `OSError`."""


class Time:
    """The one clock of a simulation, in seconds, and all that is to happen."""

    def __init__(self) -> None:
        self.now = 0.0
        self.steps = 0
        self._agenda: list[tuple[float, int, Process | None, asyncio.TimerHandle | Callable[[], object]]] = []
        self._numbers = itertools.count()

    def after(self, seconds: float, action: Callable[[], object]) -> None:
        """Something that happens in the world, and in no process."""
        heapq.heappush(self._agenda, (self.now + seconds, next(self._numbers), None, action))

    def put(self, when: float, process: "Process", handle: asyncio.TimerHandle) -> None:
        heapq.heappush(self._agenda, (max(when, self.now), next(self._numbers), process, handle))

    def run(self, until: float, look: Callable[["Process | None"], object]) -> None:
        """Let time pass; `look` is called after every step, with the process that made it."""
        agenda = self._agenda
        while agenda and agenda[0][0] <= until:
            when, number, process, action = heapq.heappop(agenda)
            if process is None:
                self.now = when
                self.steps += 1
                assert callable(action)
                action()
                look(None)
                continue
            assert isinstance(action, asyncio.TimerHandle)
            if process.is_dead or action.cancelled():
                continue
            if process.frozen_until > when:
                heapq.heappush(agenda, (process.frozen_until, number, process, action))
                continue
            self.now = when
            self.steps += 1
            process.step(action)
            look(process)
        self.now = until


class Process(asyncio.AbstractEventLoop):
    """The event loop of one process."""

    def __init__(self, time: Time, name: str, failed: Callable[[str, BaseException | None], object]) -> None:
        self.name = name
        self.is_dead = False
        self.frozen_until = 0.0
        self.network: dict[str, Endpoint] = {}
        self._virtual = time
        self._failed = failed
        self._ready: deque[asyncio.Handle] = deque()
        self._tasks: dict[asyncio.Task[Any], None] = {}

    def step(self, handle: asyncio.Handle) -> None:
        """Run what is due, and all that follows at once."""
        asyncio._set_running_loop(self)
        try:
            handle._run()
            ready = self._ready
            while ready and not self.is_dead:
                handle = ready.popleft()
                if not handle.cancelled():
                    handle._run()
        finally:
            asyncio._set_running_loop(None)

    def freeze(self, until: float) -> None:
        """As by SIGSTOP. Never for less than it is frozen already: what waits for the thaw is done in its order."""
        self.frozen_until = max(self.frozen_until, until)

    def soon(self, callback: Callable[..., object], *args: Any) -> None:
        """Call back in this process, from outside."""
        self._virtual.put(self._virtual.now, self, asyncio.TimerHandle(self._virtual.now, callback, args, self))

    def kill(self) -> None:
        """Nothing of it runs any more, and nothing of it is cleaned up, as after SIGKILL."""
        self.is_dead = True
        self._ready.clear()

    def bury(self) -> None:
        """Let go of what a dead process holds, without a word about it."""
        self.kill()
        asyncio._set_running_loop(self)
        try:
            for task in tuple(self._tasks):
                task._log_destroy_pending = False  # type: ignore[attr-defined]
                coroutine: Any = task.get_coro()
                for _ in range(100):  # what waits in a `finally` does not close at once
                    with suppress(BaseException):
                        coroutine.close()
                        break
            self._tasks.clear()
            self._ready.clear()
        finally:
            asyncio._set_running_loop(None)

    # What asyncio asks of a loop

    def time(self) -> float:
        return self._virtual.now

    def call_soon(self, callback: Callable[..., object], *args: Any, context: Context | None = None) -> asyncio.Handle:  # type: ignore[override]
        handle = asyncio.Handle(callback, args, self, context)
        self._ready.append(handle)
        return handle

    def call_later(  # type: ignore[override]
        self, delay: float, callback: Callable[..., object], *args: Any, context: Context | None = None
    ) -> asyncio.TimerHandle:
        return self.call_at(self._virtual.now + delay, callback, *args, context=context)

    def call_at(  # type: ignore[override]
        self, when: float, callback: Callable[..., object], *args: Any, context: Context | None = None
    ) -> asyncio.TimerHandle:
        handle = asyncio.TimerHandle(when, callback, args, self, context)
        self._virtual.put(when, self, handle)
        return handle

    def create_future(self) -> asyncio.Future[Any]:
        return asyncio.Future(loop=self)

    def create_task(  # type: ignore[override]
        self, coro: Coroutine[Any, Any, Any], *, name: str | None = None, context: Context | None = None
    ) -> asyncio.Task[Any]:
        task = asyncio.Task(coro, loop=self, name=name, context=context)
        self._tasks[task] = None
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._tasks.pop(task, None)

    async def create_connection(self, protocol_factory: Any, host: Any = None, port: Any = None, **_: Any) -> Any:
        protocol = protocol_factory()
        transport = self.network[host].accept(self, protocol)
        protocol.connection_made(transport)
        return transport, protocol

    def call_exception_handler(self, context: dict[str, Any]) -> None:
        if not self.is_dead:
            self._failed(f"{self.name}: {context.get('message')}", context.get("exception"))

    def get_debug(self) -> bool:
        return False

    def is_running(self) -> bool:
        return True

    def is_closed(self) -> bool:
        return False

    def _timer_handle_cancelled(self, handle: asyncio.TimerHandle) -> None:
        """What is cancelled is passed over when its time comes."""
