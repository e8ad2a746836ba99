"""The same client for asyncio."""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
import weakref
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable
from functools import update_wrapper
from types import TracebackType
from typing import Any, Generic, ParamSpec, TypeVar, overload

from . import _wire, requests
from ._structure import structure
from .client import _made, late, log, pause_after, socket_path, subscribing, unanswered
from .errors import ConnectionLost, OmsdError, ProtocolError, Unreachable
from .requests import Request
from .types import Event, HeldGuard, OnLost

Parameters = ParamSpec("Parameters")
Answer = TypeVar("Answer")


class _Channel:
    """One connection, and the task that reads it."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self._loop = asyncio.get_running_loop()
        self._waiting: dict[int, tuple[Request[Any], asyncio.Future[Any]]] = {}
        self._number = 0
        self._end: OmsdError | None = None
        self._task = asyncio.create_task(self._read(), name="omsd answers")

    @classmethod
    async def open(cls, path: str) -> _Channel:
        reader, writer = await asyncio.open_unix_connection(path)
        return cls(reader, writer)

    @property
    def is_here(self) -> bool:
        """Whether it is this loop's. One of a loop that ended was closed with it."""
        return self._loop is asyncio.get_running_loop()

    @property
    def is_open(self) -> bool:
        return self._end is None and self.is_here

    async def start(self, request: Request[Answer]) -> asyncio.Future[Answer]:
        if self._end is not None:
            raise self._end
        self._number += 1
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting[self._number] = (request, future)
        try:
            self._writer.write(_wire.encode(self._number, request))
            await self._writer.drain()
        except OSError as problem:
            self._finish(ConnectionLost(f"the connection ended while {request.method} was sent: {problem}"))
        return future

    async def beat(self) -> None:
        """Sends an empty line: a sign of life, and nothing else."""
        try:
            self._writer.write(b"\n")
            await self._writer.drain()
        except OSError as problem:
            self._finish(ConnectionLost(f"the connection ended: {problem}"))

    async def close(self) -> None:
        self._finish(ConnectionLost("the client was closed"))
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task
        with contextlib.suppress(OSError):
            await self._writer.wait_closed()

    async def _read(self) -> None:
        lines = _wire.Lines()
        try:
            while data := await self._reader.read(1 << 20):
                for line in lines.feed(data):
                    self._take(_wire.decode(line))
            self._finish(ConnectionLost("the daemon ended the connection before it answered"))
        except OSError as problem:
            self._finish(ConnectionLost(f"the connection ended before the answer came: {problem}"))
        except OmsdError as problem:
            self._finish(problem)
        except Exception as problem:
            # Nobody may wait for ever for an answer because of what came instead.
            log.exception("what omsd sent cannot be read")
            self._finish(ProtocolError(f"what the daemon sent cannot be read: {problem!r}"))
        except asyncio.CancelledError:
            # By `close`, or by the end of the loop.
            self._finish(ConnectionLost("the client's loop ended"))
            raise

    def _take(self, message: _wire.Answered | _wire.Failed | _wire.Notified) -> None:
        if isinstance(message, _wire.Notified):
            return
        if message.id is None:
            raise message.error if isinstance(message, _wire.Failed) else ProtocolError("an answer without id")
        request, future = self._waiting.pop(message.id, (None, None))
        if request is None or future is None:
            raise ProtocolError(f"the daemon answered request {message.id}, which was never sent")
        # Who waited may have been cancelled since.
        if future.done():
            return
        if isinstance(message, _wire.Failed):
            future.set_exception(message.error)
            return
        try:
            future.set_result(request.parse(message.result))
        except OmsdError as problem:
            future.set_exception(problem)

    def _finish(self, end: OmsdError) -> None:
        if self._end is not None:
            return
        self._end = end
        self._writer.close()
        for _, future in self._waiting.values():
            if not future.done():
                future.set_exception(end)
        self._waiting.clear()


class _Method(Generic[Parameters, Answer]):
    def __init__(self, build: Callable[Parameters, Request[Answer]]) -> None:
        self._build = build
        self.__doc__ = build.__doc__

    @overload
    def __get__(self, client: None, owner: type[Any]) -> _Method[Parameters, Answer]: ...
    @overload
    def __get__(self, client: AsyncClient, owner: type[Any]) -> Callable[Parameters, Awaitable[Answer]]: ...
    def __get__(self, client: AsyncClient | None, owner: type[Any]) -> Any:
        if client is None:
            return self
        build = self._build

        async def call(*args: Parameters.args, **kwargs: Parameters.kwargs) -> Answer:
            return await client.call(build(*args, **kwargs))

        return update_wrapper(call, build)


class AsyncClient:
    """``Client`` for asyncio: the same methods, awaited. Calls made at once are pipelined over one connection.

    >>> async with omsd.AsyncClient() as client:
    ...     first, second = await asyncio.gather(client.order_get("o1"), client.order_get("o2"))

    It may be used in one loop after another, over a connection of each loop's own.
    """

    def __init__(self, socket: str | os.PathLike[str] | None = None, *, patience: float = 10.0) -> None:
        self.socket = socket_path(socket)
        self.patience = patience
        self._channel: _Channel | None = None
        self._locks: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Lock] = weakref.WeakKeyDictionary()
        self._is_closed = False
        self._guard: HeldGuard | None = None
        self._guard_end: OmsdError | None = None
        #: Connections of `events`, each with its loop.
        self._listening: dict[asyncio.StreamWriter, asyncio.AbstractEventLoop] = {}

    def __reduce__(self) -> tuple[Any, ...]:
        return _made, (type(self), self.socket, self.patience)

    async def __aenter__(self) -> AsyncClient:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self.close()

    async def close(self) -> None:
        """Ends the connection; calls under way raise ``ConnectionLost``, and who waits for events ``Unreachable``."""
        self._is_closed = True
        for writer, loop in list(self._listening.items()):
            if loop is asyncio.get_running_loop():
                writer.close()
        channel, self._channel = self._channel, None
        if channel is not None and channel.is_here:
            await channel.close()

    @property
    def is_closed(self) -> bool:
        return self._is_closed

    # The protocol.

    intent_submit = _Method(requests.intent_submit)
    intent_plan = _Method(requests.intent_plan)
    intent_get = _Method(requests.intent_get)
    intent_list = _Method(requests.intent_list)
    intent_wait = _Method(requests.intent_wait)
    intent_cancel = _Method(requests.intent_cancel)
    order_get = _Method(requests.order_get)
    order_list = _Method(requests.order_list)
    order_timeline = _Method(requests.order_timeline)
    order_resolve = _Method(requests.order_resolve)
    fill_list = _Method(requests.fill_list)
    break_list = _Method(requests.break_list)
    break_acknowledge = _Method(requests.break_acknowledge)
    instrument_list = _Method(requests.instrument_list)
    account_list = _Method(requests.account_list)
    account_set_state = _Method(requests.account_set_state)
    account_kill_status = _Method(requests.account_kill_status)
    account_reconcile = _Method(requests.account_reconcile)
    position_list = _Method(requests.position_list)
    risk_get = _Method(requests.risk_get)
    limit_list = _Method(requests.limit_list)
    limit_take = _Method(requests.limit_take)
    limit_release = _Method(requests.limit_release)
    session_guard = _Method(requests.session_guard)
    session_release = _Method(requests.session_release)
    guard_list = _Method(requests.guard_list)
    rehearsal_record = _Method(requests.rehearsal_record)
    event_subscribe = _Method(requests.event_subscribe)
    event_unsubscribe = _Method(requests.event_unsubscribe)
    stats_get = _Method(requests.stats_get)
    seal_get = _Method(requests.seal_get)
    daemon_status = _Method(requests.daemon_status)
    rpc_discover = _Method(requests.rpc_discover)

    # Calls.

    async def call(self, request: Request[Answer], *, within: float | None = None) -> Answer:
        """Asks, and waits for the answer: for ever, or so many seconds once there is a connection; then ``NoAnswer``."""
        until = time.monotonic() + self.patience
        was_sent = False
        while True:
            try:
                channel = await self._connected(until)
            except Unreachable as gone:
                raise unanswered(gone) if was_sent else gone from None
            was_sent = True
            try:
                return await asyncio.wait_for(_answered(channel, request), within)
            except asyncio.TimeoutError:
                raise late(request.method, within or 0.0) from None
            except ConnectionLost:
                if not request.repeats or self._is_closed:
                    raise
                log.warning("the connection to omsd was lost: %s is repeated", request.method)
                if time.monotonic() > until:
                    raise unanswered(f"the connection to {self.socket} is lost again and again") from None

    async def call_all(self, asked: Iterable[Request[Answer]], *, within: float | None = None) -> list[Answer]:
        """Sends all of these at once, in order, and waits for all answers."""
        return await asyncio.gather(*(self.call(request, within=within) for request in asked))

    async def _connected(self, until: float) -> _Channel:
        failures = 0
        # In turn, so that requests keep their order over a connection that is being made.
        async with self._locks.setdefault(asyncio.get_running_loop(), asyncio.Lock()):
            while True:
                if self._is_closed:
                    raise Unreachable("the client was closed")
                if self._channel is not None and self._channel.is_open:
                    return self._channel
                if self._guard_end is not None:
                    raise self._guard_end
                try:
                    self._channel = await self._resumed(await _Channel.open(self.socket))
                    return self._channel
                except (OSError, ConnectionLost) as problem:
                    if time.monotonic() >= until:
                        raise Unreachable(f"no omsd answers at {self.socket}: {problem}") from problem
                failures += 1
                await asyncio.sleep(min(pause_after(failures), max(0.0, until - time.monotonic())))

    async def _resumed(self, channel: _Channel) -> _Channel:
        if self._guard is None:
            return channel
        try:
            taken = await channel.start(requests.session_guard(resume=self._guard.token))
            self._guard = await asyncio.wait_for(taken, self.patience)
        except asyncio.TimeoutError:  # Another class than TimeoutError, up to Python 3.10.
            await channel.close()
            raise ConnectionLost("the guard was not taken over in time") from None
        except ConnectionLost:
            raise
        except OmsdError as problem:
            self._guard_end = problem
            await channel.close()
            raise
        return channel

    @contextlib.asynccontextmanager
    async def guard(
        self,
        on_lost: OnLost | str = "cancel",
        *,
        grace: float = 5.0,
        heartbeat: float | None = None,
        accounts: Iterable[str] | None = None,
    ) -> AsyncGenerator[HeldGuard, None]:
        """As ``Client.guard``; the sign of life comes from the loop, so that a loop that hangs is one that died."""
        if self._guard is not None:
            raise RuntimeError("the client holds a guard already; use another client for another guard")
        beat_ms = None if heartbeat is None else round(heartbeat * 1_000)
        asked = requests.session_guard(on_lost, accounts=accounts, heartbeat_ms=beat_ms, grace_ms=round(grace * 1_000))
        held = await self.call(asked)
        self._guard = held
        beats = None if heartbeat is None else asyncio.create_task(self._beat(heartbeat / 3), name="omsd guard")
        try:
            yield held
        except BaseException:
            self._guard = None
            channel, self._channel = self._channel, None
            if channel is not None:
                await channel.close()
            raise
        else:
            self._guard = None
            if self._guard_end is None:
                await self.session_release(held.guard_id)
        finally:
            if beats is not None:
                beats.cancel()
            self._guard = None
            self._guard_end = None

    async def _beat(self, seconds: float) -> None:
        while True:
            await asyncio.sleep(seconds)
            try:
                channel = await self._connected(time.monotonic())
                await channel.beat()
            except OmsdError as problem:
                log.warning("no sign of life reaches omsd: %s", problem)

    # Events.

    async def events(
        self, after: int | None = None, account: str | None = None, *, patience: float | None = None
    ) -> AsyncGenerator[Event, None]:
        """As ``Client.events``: without a gap over lost connections and restarts."""
        failures = 0
        gone_since = time.monotonic()
        while True:
            if self._is_closed:
                raise Unreachable("the client was closed")
            try:
                reader, writer = await asyncio.open_unix_connection(self.socket)
                self._listening[writer] = asyncio.get_running_loop()
                try:
                    async for message in _messages(reader, writer, after, account):
                        if isinstance(message, int):
                            after = message if after is None else after
                        else:
                            after = message.seq
                            yield message
                        failures, gone_since = 0, time.monotonic()
                finally:
                    del self._listening[writer]
                    writer.close()
                reason: Exception = ConnectionLost("the daemon ended the connection")
            except OSError as problem:
                reason = problem
            if patience is not None and time.monotonic() - gone_since > patience:
                raise Unreachable(f"no omsd answers at {self.socket}: {reason}") from reason
            failures += 1
            if failures == 1:
                log.warning("events of omsd stop at %s: %s; they go on from there once it answers", after, reason)
            await asyncio.sleep(pause_after(failures))


async def _answered(channel: _Channel, request: Request[Answer]) -> Answer:
    return await (await channel.start(request))


async def _messages(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, after: int | None, account: str | None
) -> AsyncGenerator[int | Event, None]:
    lines = _wire.Lines()
    number = 1
    writer.write(_wire.encode(number, subscribing(after, account)))
    while data := await reader.read(1 << 20):
        for line in lines.feed(data):
            message = _wire.decode(line)
            if isinstance(message, _wire.Failed):
                raise message.error
            if isinstance(message, _wire.Notified):
                if message.method == "event":
                    yield structure(Event, message.params)
            elif after is None:
                after = requests.daemon_status().parse(message.result).seq
                yield after
                number += 1
                writer.write(_wire.encode(number, subscribing(after, account)))


__all__ = ["AsyncClient"]
