"""The client for ordinary programs: one call after the other, or many at once."""

from __future__ import annotations

import contextlib
import logging
import os
import random
import socket as sockets
import struct
import threading
import time
import weakref
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as NotYet
from functools import update_wrapper
from types import TracebackType
from typing import Any, Generic, ParamSpec, TypeVar, overload

from . import _wire, requests
from ._structure import structure
from .errors import ConnectionLost, NoAnswer, OmsdError, ProtocolError, Unreachable
from .requests import Request
from .types import Event, HeldGuard, OnLost

Parameters = ParamSpec("Parameters")
Answer = TypeVar("Answer")

log = logging.getLogger("omsd")

#: Where the Debian package's daemon listens.
DEFAULT_SOCKET = "/run/omsd/control.sock"


def socket_path(path: str | os.PathLike[str] | None) -> str:
    """The socket's path: as given, else ``OMSD_SOCKET``, else the package's."""
    return os.fspath(path) if path is not None else os.environ.get("OMSD_SOCKET") or DEFAULT_SOCKET


def pause_after(failures: int) -> float:
    """Seconds to wait before the next try to connect: ever longer, to 2 s, with jitter."""
    return min(2.0, 0.05 * 2.0 ** min(failures, 6)) * random.uniform(0.5, 1.0)


def unanswered(why: object) -> ConnectionLost:
    """What was sent and not answered, by a daemon that does not come back."""
    return ConnectionLost(f"it was sent and not answered, and may have been taken: {why}")


def late(method: str, within: float) -> NoAnswer:
    """What was sent over a connection that stands, and not answered in time."""
    return NoAnswer(f"{method} was sent and not answered within {within:g} s, and may have been taken")


class _Channel:
    """One connection. Requests are written as they come; a thread reads answers and hands each to who waits for it."""

    def __init__(self, path: str) -> None:
        self._socket = sockets.socket(sockets.AF_UNIX, sockets.SOCK_STREAM)
        try:
            self._socket.connect(path)
        except OSError:
            self._socket.close()
            raise
        self._lock = threading.Lock()
        self._writing = threading.Lock()
        self._waiting: dict[int, tuple[Request[Any], Future[Any]]] = {}
        self._number = 0
        self._end: OmsdError | None = None
        threading.Thread(target=self._read, name="omsd answers", daemon=True).start()

    @property
    def is_open(self) -> bool:
        return self._end is None

    def start(self, request: Request[Answer], within: float | None = None) -> Future[Answer]:
        """Sends a request. A daemon that reads nothing for ``within`` seconds has lost the connection."""
        future: Future[Answer] = Future()
        with self._lock:
            if self._end is not None:
                raise self._end
            self._number += 1
            number = self._number
            self._waiting[number] = (request, future)
        try:
            # Requests take effect in the order sent; a partial write of one must not meet another.
            with self._writing:
                self._socket.setsockopt(sockets.SOL_SOCKET, sockets.SO_SNDTIMEO, _seconds(within))
                self._socket.sendall(_wire.encode(number, request))
        except OSError as problem:
            self._finish(ConnectionLost(f"the connection ended while {request.method} was sent: {problem}"))
        return future

    def close(self) -> None:
        self._finish(ConnectionLost("the client was closed"))

    def beat(self) -> None:
        """Sends an empty line: a sign of life, and nothing else."""
        try:
            with self._writing:
                self._socket.setsockopt(sockets.SOL_SOCKET, sockets.SO_SNDTIMEO, _seconds(None))
                self._socket.sendall(b"\n")
        except OSError as problem:
            self._finish(ConnectionLost(f"the connection ended: {problem}"))

    def leave(self) -> None:
        """Lets go of a connection that is another process's too, which goes on with it."""
        self._socket.close()

    def _read(self) -> None:
        lines = _wire.Lines()
        try:
            while data := self._socket.recv(1 << 20):
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

    def _take(self, message: _wire.Answered | _wire.Failed | _wire.Notified) -> None:
        if isinstance(message, _wire.Notified):
            return
        if message.id is None:
            raise message.error if isinstance(message, _wire.Failed) else ProtocolError("an answer without id")
        with self._lock:
            request, future = self._waiting.pop(message.id, (None, None))
        if request is None or future is None:
            raise ProtocolError(f"the daemon answered request {message.id}, which was never sent")
        if isinstance(message, _wire.Failed):
            future.set_exception(message.error)
            return
        try:
            future.set_result(request.parse(message.result))
        except OmsdError as problem:
            future.set_exception(problem)

    def _finish(self, end: OmsdError) -> None:
        with self._lock:
            if self._end is not None:
                return
            self._end = end
            left = list(self._waiting.values())
            self._waiting.clear()
        with contextlib.suppress(OSError):
            self._socket.shutdown(sockets.SHUT_RDWR)
        self._socket.close()
        for _, future in left:
            future.set_exception(end)


def _seconds(within: float | None) -> bytes:
    """A time of the kernel's; none at all: for ever."""
    return struct.pack("ll", 0, 0) if within is None else struct.pack("ll", int(within), max(1, int(within % 1 * 1_000_000)))


class _Method(Generic[Parameters, Answer]):
    """A method of the protocol on the client, with the parameters of its request."""

    def __init__(self, build: Callable[Parameters, Request[Answer]]) -> None:
        self._build = build
        self.__doc__ = build.__doc__

    @overload
    def __get__(self, client: None, owner: type[Any]) -> _Method[Parameters, Answer]: ...
    @overload
    def __get__(self, client: Client, owner: type[Any]) -> Callable[Parameters, Answer]: ...
    def __get__(self, client: Client | None, owner: type[Any]) -> Any:
        if client is None:
            return self
        build = self._build

        def call(*args: Parameters.args, **kwargs: Parameters.kwargs) -> Answer:
            return client.call(build(*args, **kwargs))

        return update_wrapper(call, build)


class Client:
    """A connection to omsd that comes back by itself.

    >>> with omsd.Client() as client:
    ...     taken = client.intent_submit("mm-az", place=[omsd.Place(symbol="btc_usdt", side="buy", type="limit",
    ...                                                             price="39000", quantity="10")])
    ...     print(client.intent_wait(taken.intent_id).counts)

    After a lost connection the client repeats what is safe to repeat, and says so in the log ``omsd``: every question, and an
    intent under its id. Of anything else ``ConnectionLost`` is raised, for nobody knows whether it took effect.

    A client may be used by many threads, goes on in a forked process over a connection of its own, and can be pickled: what is unpickled
    is a client of the same socket.

    :param socket: the daemon's socket; default: ``$OMSD_SOCKET``, else ``/run/omsd/control.sock``.
    :param patience: seconds to go on trying to reach the daemon before ``Unreachable``.
    """

    def __init__(self, socket: str | os.PathLike[str] | None = None, *, patience: float = 10.0) -> None:
        self.socket = socket_path(socket)
        self.patience = patience
        self._channel: _Channel | None = None
        self._lock = threading.Lock()
        self._is_closed = False
        self._guard: HeldGuard | None = None
        self._guard_end: OmsdError | None = None
        #: Connections of `events`.
        self._listening: set[sockets.socket] = set()
        _clients.add(self)

    def __reduce__(self) -> tuple[Any, ...]:
        return _made, (type(self), self.socket, self.patience)

    def __enter__(self) -> Client:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Ends the connection; calls under way raise ``ConnectionLost``, and who waits for events ``Unreachable``."""
        with self._lock:
            self._is_closed = True
            channel, self._channel = self._channel, None
            listening = list(self._listening)
        if channel is not None:
            channel.close()
        for connection in listening:
            with contextlib.suppress(OSError):
                connection.shutdown(sockets.SHUT_RDWR)

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

    def call(self, request: Request[Answer], *, within: float | None = None) -> Answer:
        """Asks, and waits for the answer: for ever, or so many seconds once there is a connection; then ``NoAnswer``."""
        return self.call_all([request], within=within)[0]

    def call_all(self, asked: Iterable[Request[Answer]], *, within: float | None = None) -> list[Answer]:
        """Sends all of these at once, in order, and waits for all answers. The first error is raised once all ended.

        >>> client.call_all(omsd.requests.order_get(id) for id in ids)
        """
        asked = list(asked)
        answers: dict[int, Answer] = {}
        failure: OmsdError | None = None
        left = list(range(len(asked)))
        until = time.monotonic() + self.patience
        was_sent = False
        while left:
            try:
                futures = self._start_all([asked[index] for index in left], until, within)
            except Unreachable as gone:
                # What was sent before may have been taken: that is not the same as nobody there.
                raise unanswered(gone) if was_sent else gone from None
            was_sent = True
            end = None if within is None else time.monotonic() + within
            again: list[int] = []
            for index, future in zip(left, futures, strict=True):
                try:
                    answers[index] = future.result(None if end is None else max(0.0, end - time.monotonic()))
                except NotYet:
                    if end is None or time.monotonic() < end:
                        # Somebody else's, of an alarm that rang meanwhile.
                        raise
                    failure = failure or late(asked[index].method, within or 0.0)
                except ConnectionLost as lost:
                    if asked[index].repeats and not self._is_closed:
                        again.append(index)
                    else:
                        failure = failure or lost
                except OmsdError as problem:
                    failure = failure or problem
            if again:
                log.warning("the connection to omsd was lost: %d safe calls are repeated", len(again))
                until = max(until, time.monotonic() + self.patience) if len(again) < len(left) else until
                if time.monotonic() > until:
                    raise unanswered(f"the connection to {self.socket} is lost again and again")
            left = again
        if failure is not None:
            raise failure
        return [answers[index] for index in range(len(asked))]

    def _start_all(self, asked: list[Request[Answer]], until: float, within: float | None) -> list[Future[Answer]]:
        futures: list[Future[Answer]] = []
        channel = self._connected(until)
        for request in asked:
            try:
                futures.append(channel.start(request, within))
            except ConnectionLost as lost:
                # Nothing of it was sent, yet its place in the order is gone with the connection.
                future: Future[Answer] = Future()
                future.set_exception(lost)
                futures.append(future)
        return futures

    def _connected(self, until: float) -> _Channel:
        failures = 0
        while True:
            with self._lock:
                if self._is_closed:
                    raise Unreachable("the client was closed")
                if self._channel is not None and self._channel.is_open:
                    return self._channel
                if self._guard_end is not None:
                    raise self._guard_end
                try:
                    self._channel = self._resumed(_Channel(self.socket))
                    return self._channel
                except (OSError, ConnectionLost) as problem:
                    reason = problem
            if time.monotonic() >= until:
                raise Unreachable(f"no omsd answers at {self.socket}: {reason}") from reason
            failures += 1
            time.sleep(min(pause_after(failures), max(0.0, until - time.monotonic())))

    def _resumed(self, channel: _Channel) -> _Channel:
        """A connection made anew takes over the guard of the one before it, in front of anything else."""
        if self._guard is None:
            return channel
        try:
            self._guard = channel.start(requests.session_guard(resume=self._guard.token)).result(self.patience)
        except NotYet:
            channel.close()
            raise ConnectionLost("the guard was not taken over in time") from None
        except ConnectionLost:
            raise
        except OmsdError as problem:
            # It tripped: what is asked from now on would not be guarded.
            self._guard_end = problem
            channel.close()
            raise
        return channel

    @contextlib.contextmanager
    def guard(
        self,
        on_lost: OnLost | str = "cancel",
        *,
        grace: float = 5.0,
        heartbeat: float | None = None,
        accounts: Iterable[str] | None = None,
    ) -> Generator[HeldGuard, None, None]:
        """A dead man's switch: what this client submits in the block is cancelled (or its accounts halted) if the program dies or hangs.

        >>> with client.guard(grace=2, heartbeat=10):
        ...     quote(client)

        Over a lost connection, or a daemon that starts anew, the client takes its guard along. Once it tripped, every call in the block
        raises ``NotPermitted``. The block's own end releases it, and what it submitted stays; an exception that leaves the block ends the
        connection, so that the guard trips ``grace`` later.

        :param grace: seconds that nobody may hold it, 0 to 600.
        :param heartbeat: seconds, 0.5 to 600: a thread tells thrice as often that the interpreter runs; None: only the
            connection's end counts.
        :param accounts: only what is submitted for these; needed with ``halt``.
        :raises RuntimeError: the client holds one already.
        """
        if self._guard is not None:
            raise RuntimeError("the client holds a guard already; use another client for another guard")
        beat_ms = None if heartbeat is None else round(heartbeat * 1_000)
        asked = requests.session_guard(on_lost, accounts=accounts, heartbeat_ms=beat_ms, grace_ms=round(grace * 1_000))
        held = self._guard = self.call(asked)
        over = threading.Event()
        if heartbeat is not None:
            threading.Thread(target=self._beat, args=(heartbeat / 3, over), name="omsd guard", daemon=True).start()
        try:
            yield held
        except BaseException:
            self._let_go()
            raise
        else:
            self._guard = None
            if self._guard_end is None:
                self.session_release(held.guard_id)
        finally:
            over.set()
            self._guard = None
            self._guard_end = None

    def _let_go(self) -> None:
        """Ends the connection, and its guard is not taken along."""
        with self._lock:
            self._guard = None
            channel, self._channel = self._channel, None
        if channel is not None:
            channel.close()

    def _beat(self, seconds: float, over: threading.Event) -> None:
        while not over.wait(seconds):
            try:
                self._connected(time.monotonic()).beat()
            except OmsdError as problem:
                log.warning("no sign of life reaches omsd: %s", problem)

    # Events.

    def events(
        self, after: int | None = None, account: str | None = None, *, patience: float | None = None
    ) -> Generator[Event, None, None]:
        """The record's lines as they come, without a gap over lost connections and restarts of the daemon.

        :param after: the ``seq`` of the last one known; None: from now on. 0: from the beginning.
        :param patience: seconds without a daemon before ``Unreachable``; None: for ever.
        """
        failures = 0
        gone_since = time.monotonic()
        process = os.getpid()
        while True:
            reason: Exception | None = None
            try:
                with self._listener() as connection:
                    connection.connect(self.socket)
                    for message in _messages(connection, after, account):
                        if isinstance(message, int):
                            after = message if after is None else after
                        else:
                            after = message.seq
                            yield message
                        failures, gone_since = 0, time.monotonic()
                        if os.getpid() != process:
                            # Forked: what comes over this connection is the other process's.
                            process = os.getpid()
                            break
                    else:
                        reason = ConnectionLost("the daemon ended the connection")
            except OSError as problem:
                reason = problem
            if reason is None:
                continue
            if patience is not None and time.monotonic() - gone_since > patience:
                raise Unreachable(f"no omsd answers at {self.socket}: {reason}") from reason
            failures += 1
            if failures == 1:
                log.warning("events of omsd stop at %s: %s; they go on from there once it answers", after, reason)
            time.sleep(pause_after(failures))

    @contextlib.contextmanager
    def _listener(self) -> Generator[sockets.socket, None, None]:
        """A connection that ends with the client."""
        with contextlib.closing(sockets.socket(sockets.AF_UNIX, sockets.SOCK_STREAM)) as connection:
            with self._lock:
                if self._is_closed:
                    raise Unreachable("the client was closed")
                self._listening.add(connection)
            try:
                yield connection
            finally:
                self._listening.discard(connection)


#: Those of this process, for the children that it forks.
_clients: weakref.WeakSet[Client] = weakref.WeakSet()


def _in_child() -> None:
    """After a fork: the thread that reads answers stayed behind, and with it the right to the connection."""
    for client in list(_clients):
        channel, client._channel = client._channel, None
        client._lock = threading.Lock()
        if channel is not None:
            channel.leave()


os.register_at_fork(after_in_child=_in_child)


def _made(kind: type[Any], socket: str, patience: float) -> Any:
    """What a pickled client becomes: one of the same socket."""
    return kind(socket, patience=patience)


def subscribing(after: int | None, account: str | None) -> Request[Any]:
    """What begins a subscription on a fresh connection. From now on: from the number that the daemon's status tells."""
    if after is None:
        return requests.daemon_status()
    return requests.event_subscribe(after_seq=after, account=account)


def _messages(connection: sockets.socket, after: int | None, account: str | None) -> Generator[int | Event, None, None]:
    """Events of one connection; before them, where none was known, the number from which they go on."""
    lines = _wire.Lines()
    number = 0

    def ask(request: Request[Any]) -> None:
        nonlocal number
        number += 1
        connection.sendall(_wire.encode(number, request))

    ask(subscribing(after, account))
    while data := connection.recv(1 << 20):
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
                ask(subscribing(after, account))


__all__ = ["DEFAULT_SOCKET", "Client"]
