"""Guards: what a program that dies, hangs or fails leaves behind."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
import textwrap

import pytest
from conftest import House, wait_until

import omsd


def resting() -> omsd.Place:
    return omsd.Place(symbol="btc_usdt", side="buy", type="limit", price="39000", quantity=10, position_side="long")


def states(client: omsd.Client, intent: str) -> set[str]:
    return {order.state for order in client.order_list(intent_id=intent).orders}


def closed(client: omsd.Client, intent: str) -> bool:
    return states(client, intent) == {"canceled"}


def test_the_block_ends_and_what_it_submitted_stays(house: House) -> None:
    with omsd.Client(house.socket) as client, omsd.Client(house.socket) as other:
        with client.guard(grace=0, heartbeat=0.5) as guard:
            assert (guard.on_lost, guard.grace_ms, guard.heartbeat_ms) == ("cancel", 0, 500)
            taken = client.intent_submit("mm-az", place=[resting()])
            client.intent_wait(taken.intent_id)
            second = client.guard()
            with pytest.raises(RuntimeError, match="already"):
                second.__enter__()
        (row,) = [row for row in other.guard_list().guards if row.guard_id == guard.guard_id]
        assert row.state == "released"
        assert not closed(other, taken.intent_id)
        other.intent_cancel(taken.intent_id)


def test_an_exception_that_leaves_the_block_trips_the_guard(house: House) -> None:
    def fail(client: omsd.Client) -> None:
        with client.guard(grace=0.2):
            client.intent_wait(client.intent_submit("mm-az", place=[resting(), resting()], intent_id="failing").intent_id)
            raise ZeroDivisionError

    with omsd.Client(house.socket) as client, omsd.Client(house.socket) as other:
        free = other.intent_submit("mm-az", place=[resting()])
        with pytest.raises(ZeroDivisionError):
            fail(client)
        wait_until(lambda: closed(other, "failing"), "the guard has not tripped")
        assert not closed(other, free.intent_id)
        # The client goes on, over a connection without a guard.
        assert client.daemon_status().version
        other.intent_cancel(free.intent_id)


def test_a_program_that_is_killed_has_its_orders_cancelled(house: House) -> None:
    script = f"""
        import sys, time, omsd
        client = omsd.Client({str(house.socket)!r})
        with client.guard(grace=0.1):
            place = omsd.Place(symbol="btc_usdt", side="buy", type="limit", price="38000", quantity="10", position_side="long")
            taken = client.intent_submit("mm-az", place=[place])
            client.intent_wait(taken.intent_id)
            print(taken.intent_id, flush=True)
            time.sleep(600)
    """
    with subprocess.Popen([sys.executable, "-c", textwrap.dedent(script)], stdout=subprocess.PIPE, text=True) as program:
        assert program.stdout is not None
        intent = program.stdout.readline().strip()
        with omsd.Client(house.socket) as client:
            assert intent
            assert not closed(client, intent)
            program.send_signal(signal.SIGKILL)
            wait_until(lambda: closed(client, intent), "the guard has not tripped")


def test_the_guard_goes_along_over_a_lost_connection(house: House) -> None:
    with omsd.Client(house.socket) as client, omsd.Client(house.socket) as other:
        with client.guard(grace=30) as guard:
            taken = client.intent_submit("mm-az", place=[resting()])
            client.intent_wait(taken.intent_id)
            channel = client._channel
            assert channel is not None
            channel.close()
            more = client.intent_submit("mm-az", place=[resting()])
            (row,) = [row for row in other.guard_list().guards if row.guard_id == guard.guard_id]
            assert (row.state, row.live) == ("held", 2)
        assert not closed(other, taken.intent_id)
        for intent in (taken, more):
            other.intent_cancel(intent.intent_id)


def test_what_is_asked_after_the_guard_tripped_is_refused(house: House) -> None:
    with omsd.Client(house.socket) as client, omsd.Client(house.socket) as other:
        with client.guard(grace=0):
            taken = client.intent_submit("mm-az", place=[resting()])
            client.intent_wait(taken.intent_id)
            channel = client._channel
            assert channel is not None
            channel.close()
            wait_until(lambda: closed(other, taken.intent_id), "the guard has not tripped")
            for _ in range(2):
                with pytest.raises(omsd.NotPermitted, match="tripped"):
                    client.intent_submit("mm-az", place=[resting()])
        assert client.daemon_status().version


def test_the_async_client_has_the_same(house: House) -> None:
    async def fail(client: omsd.AsyncClient) -> None:
        async with client.guard(grace=0.1):
            taken = await client.intent_submit("mm-az", place=[resting()], intent_id="failing-too")
            await client.intent_wait(taken.intent_id)
            raise ZeroDivisionError

    async def quote() -> str:
        async with omsd.AsyncClient(house.socket) as client:
            async with client.guard(grace=5, heartbeat=0.5):
                kept = await client.intent_submit("mm-az", place=[resting()])
                await client.intent_wait(kept.intent_id)
                await asyncio.sleep(1.2)
            with pytest.raises(ZeroDivisionError):
                await fail(client)
            return kept.intent_id

    kept = asyncio.run(quote())
    with omsd.Client(house.socket) as client:
        wait_until(lambda: closed(client, "failing-too"), "the guard has not tripped")
        assert not closed(client, kept)
        client.intent_cancel(kept)
