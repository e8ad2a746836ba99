"""What happens when the connection does not do as it should."""

from __future__ import annotations

import asyncio
import json
import logging
import socket
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from conftest import Script

import omsd

Made = Callable[..., Script]


def lines(connection: socket.socket) -> Any:
    """Requests as they come, until the other end closes."""
    with connection.makefile("rb") as stream:
        for line in stream:
            yield json.loads(line)


def answer(connection: socket.socket, request: Any, result: Any) -> None:
    connection.sendall(json.dumps({"jsonrpc": "2.0", "id": request["id"], "result": result}).encode() + b"\n")


TAKEN = {"duplicate": False, "accepted_at": 1, "orders": ["o1"], "planned_requests": 1}


def accepts(connection: socket.socket) -> None:
    for request in lines(connection):
        answer(connection, request, {**TAKEN, "intent_id": request["params"].get("intent_id")})


def ends_after_reading(connection: socket.socket) -> None:
    next(lines(connection))


def ends_in_half_a_line(connection: socket.socket) -> None:
    next(lines(connection))
    connection.sendall(b'{"jsonrpc":"2.0","id":1,"resu')


def speaks_nonsense(connection: socket.socket) -> None:
    next(lines(connection))
    connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")


def test_without_a_daemon_the_client_says_so_after_its_patience(tmp_path: Path) -> None:
    with omsd.Client(tmp_path / "nobody.sock", patience=0.2) as client, pytest.raises(omsd.Unreachable, match=r"nobody\.sock"):
        client.daemon_status()


@pytest.mark.parametrize("loss", [ends_after_reading, ends_in_half_a_line])
def test_a_submit_whose_answer_is_lost_is_repeated_under_its_id(
    scripted: Made, loss: Callable[[socket.socket], None], caplog: pytest.LogCaptureFixture
) -> None:
    seen: list[str] = []

    def takes(connection: socket.socket) -> None:
        for request in lines(connection):
            seen.append(request["params"]["intent_id"])
            answer(connection, request, {**TAKEN, "intent_id": request["params"]["intent_id"], "duplicate": True})

    script = scripted(loss, takes)
    with caplog.at_level(logging.WARNING, "omsd"), omsd.Client(script.path) as client:
        taken = client.intent_submit("a", cancel=["o1"])
    assert taken.duplicate
    assert seen == [taken.intent_id]
    assert script.connections == 2
    assert "repeated" in caplog.text


def test_what_is_not_safe_to_repeat_is_not_repeated(scripted: Made) -> None:
    script = scripted(ends_after_reading, accepts)
    with omsd.Client(script.path) as client, pytest.raises(omsd.ConnectionLost):
        client.limit_take("a", "batch-place", 1)
    assert script.connections == 1


@pytest.mark.parametrize("asynchronous", [False, True])
@pytest.mark.parametrize("how", ["gone", "closing"])
def test_what_was_sent_and_never_answered_is_not_said_to_be_untaken(scripted: Made, how: str, asynchronous: bool) -> None:
    def reads_and_goes(connection: socket.socket) -> None:
        next(lines(connection))
        if how == "gone":
            script.path.unlink()

    script = scripted(reads_and_goes, lambda connection: connection.close())

    async def wait() -> None:
        async with omsd.AsyncClient(script.path, patience=0.3) as client:
            await client.intent_submit("a", cancel=["o1"])

    def submit() -> None:
        with omsd.Client(script.path, patience=0.3) as client:
            client.intent_submit("a", cancel=["o1"])

    with pytest.raises(omsd.ConnectionLost, match="may have been taken"):
        asyncio.run(wait()) if asynchronous else submit()


def test_an_answer_that_is_none_ends_the_call_and_not_the_client(scripted: Made) -> None:
    script = scripted(speaks_nonsense, accepts)
    with omsd.Client(script.path) as client:
        with pytest.raises(omsd.ProtocolError, match="no JSON"):
            client.daemon_status()
        assert client.intent_submit("a", cancel=["o1"]).orders == ("o1",)


@pytest.mark.parametrize("asynchronous", [False, True])
def test_an_answer_that_breaks_the_reader_ends_the_call(scripted: Made, monkeypatch: pytest.MonkeyPatch, asynchronous: bool) -> None:
    def breaks(line: bytes) -> None:
        raise LookupError("a mistake of the reader's own")

    monkeypatch.setattr("omsd._wire.decode", breaks)
    script = scripted(accepts)

    async def ask() -> None:
        async with omsd.AsyncClient(script.path) as client:
            await client.daemon_status()

    def call() -> None:
        with omsd.Client(script.path) as client:
            client.daemon_status()

    with pytest.raises(omsd.ProtocolError, match="reader's own"):
        asyncio.run(ask()) if asynchronous else call()


def test_many_calls_at_once_come_back_in_the_order_asked_though_answers_do_not(scripted: Made) -> None:
    def backwards(connection: socket.socket) -> None:
        requests = []
        for request in lines(connection):
            requests.append(request)
            if len(requests) == 50:
                break
        for request in reversed(requests):
            answer(connection, request, {"intents": 1, "withdrawn": int(request["params"]["intent_id"][1:]), "cancels": 1})

    script = scripted(backwards)
    with omsd.Client(script.path) as client:
        found = client.call_all(omsd.requests.intent_cancel(f"i{index}") for index in range(50))
    assert [cancellation.withdrawn for cancellation in found] == list(range(50))


def test_a_closed_client_takes_no_call(scripted: Made) -> None:
    script = scripted(accepts)
    client = omsd.Client(script.path)
    assert client.intent_submit("a", cancel=["o1"]).planned_requests == 1
    client.close()
    with pytest.raises(omsd.Unreachable, match="closed"):
        client.daemon_status()


def test_events_go_on_behind_the_last_one_seen(scripted: Made) -> None:
    asked: list[Any] = []

    def tells(*numbers: int) -> Callable[[socket.socket], None]:
        def script(connection: socket.socket) -> None:
            request = next(lines(connection))
            asked.append(request["params"]["after_seq"])
            answer(connection, request, {"subscription": 9})
            for number in numbers:
                event = {"subscription": 9, "seq": number, "at": number, "kind": "note"}
                connection.sendall(json.dumps({"jsonrpc": "2.0", "method": "event", "params": event}).encode() + b"\n")

        return script

    script = scripted(tells(3, 4), tells(5, 7))
    with omsd.Client(script.path) as client:
        events = client.events(after=2)
        assert [next(events).seq for _ in range(4)] == [3, 4, 5, 7]
        events.close()
    assert asked == [2, 4]


def subscribes(connection: socket.socket) -> None:
    for request in lines(connection):
        answer(connection, request, {"subscription": 1})
        event = {"subscription": 1, "seq": 3, "at": 3, "kind": "note"}
        connection.sendall(json.dumps({"jsonrpc": "2.0", "method": "event", "params": event}).encode() + b"\n")


@pytest.mark.parametrize("asynchronous", [False, True])
def test_who_waits_for_events_of_a_client_that_is_closed_waits_no_more(scripted: Made, asynchronous: bool) -> None:
    script = scripted(subscribes)

    async def listen() -> None:
        client = omsd.AsyncClient(script.path)
        events = client.events(after=0)
        assert (await events.__anext__()).seq == 3
        waiting = asyncio.ensure_future(events.__anext__())
        await asyncio.sleep(0.05)
        await client.close()
        with pytest.raises(omsd.Unreachable, match="closed"):
            await asyncio.wait_for(waiting, 10)

    if asynchronous:
        return asyncio.run(listen())
    client = omsd.Client(script.path)
    events = client.events(after=0)
    assert next(events).seq == 3
    threading.Timer(0.05, client.close).start()
    with pytest.raises(omsd.Unreachable, match="closed"):
        next(events)


@pytest.mark.parametrize("asynchronous", [False, True])
def test_a_guard_that_a_hanging_daemon_does_not_hand_over_is_an_error_of_the_connection(scripted: Made, asynchronous: bool) -> None:
    held = {"guard_id": 1, "token": "t", "accounts": [], "on_lost": "cancel", "heartbeat_ms": None, "grace_ms": 1}

    def guards(connection: socket.socket) -> None:
        answer(connection, next(lines(connection)), held)

    script = scripted(guards, lambda connection: [None for _ in lines(connection)] and None)

    async def wait() -> None:
        async with omsd.AsyncClient(script.path, patience=0.2) as client, client.guard():
            await client.daemon_status()

    def call() -> None:
        with omsd.Client(script.path, patience=0.2) as client, client.guard():
            client.daemon_status()

    with pytest.raises(omsd.OmsdError, match="guard was not taken over"):
        asyncio.run(wait()) if asynchronous else call()


def test_the_asynchronous_client_does_the_same(scripted: Made) -> None:
    script = scripted(ends_in_half_a_line, accepts)

    async def run() -> None:
        async with omsd.AsyncClient(script.path) as client:
            taken = await client.intent_submit("a", cancel=["o1"])
            assert taken.orders == ("o1",)
            with pytest.raises(omsd.ProtocolError):
                await client.daemon_status()

    asyncio.run(run())
    assert script.connections == 2


def test_the_asynchronous_client_says_when_nobody_is_there(tmp_path: Path) -> None:
    async def run() -> None:
        async with omsd.AsyncClient(tmp_path / "nobody.sock", patience=0.2) as client:
            with pytest.raises(omsd.Unreachable):
                await client.daemon_status()

    asyncio.run(run())
