"""The client with a real omsd, over simulated venues."""

from __future__ import annotations

import asyncio
import dataclasses
import threading
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from conftest import House, wait_until

import omsd
from omsd.types import Matching, Modify


def resting(price: str = "39000") -> omsd.Place:
    return omsd.Place(symbol="btc_usdt", side="buy", type="limit", price=price, quantity=10, position_side="long")


def unknown_fields(value: Any, path: str = "") -> Iterator[str]:
    """Paths of fields that the daemon sent and no dataclass of ours names."""
    if isinstance(value, tuple):
        for item in value:
            yield from unknown_fields(item, path)
    elif hasattr(value, "more"):
        yield from (f"{path}{type(value).__name__}.{name}" for name in value.more)
        for name in value.__dataclass_fields__:
            yield from unknown_fields(getattr(value, name), path)


def test_an_order_is_placed_changed_and_cancelled(client: omsd.Client) -> None:
    taken = client.intent_submit("mm-az", place=[resting()])
    # A listing may have shown it by then.
    assert client.intent_wait(taken.intent_id, until=omsd.Until.SETTLED).counts in ({"acknowledged": 1}, {"working": 1})
    (order,) = taken.orders
    changed = client.intent_submit("mm-az", modify=[Modify(client_order_id=order, price="38000")])
    client.intent_wait(changed.intent_id)
    assert client.order_get(order).price == Decimal(38000)
    cancelled = client.intent_submit("mm-az", cancel=[order])
    client.intent_wait(cancelled.intent_id)
    assert client.order_get(order).state is omsd.OrderState.CANCELED
    story = client.order_timeline(order)
    assert [command.kind for command in story.commands] == ["modify", "cancel"]
    assert story.requests[0].kind == "place"


class Counting(omsd.Client):
    """Knows which methods of the protocol it called."""

    def __init__(self, house: House) -> None:
        super().__init__(house.socket, patience=30)
        self.called: set[str] = set()

    def call_all(self, asked: Any, *, within: float | None = None) -> Any:
        asked = list(asked)
        self.called |= {request.method for request in asked}
        return super().call_all(asked, within=within)


def test_every_method_is_called_and_every_field_known(house: House) -> None:
    client = Counting(house)
    taken = client.intent_submit("mm-az", place=[resting()])
    (order,) = taken.orders
    client.intent_wait(taken.intent_id)
    market = omsd.Place(symbol="btc_usdt", side="sell", type="market", quantity="0.001")
    before = client.position_list(account="spot-xt", symbol="btc_usdt").positions
    held = (before[0].position if before else None) or Decimal(0)
    traded = client.intent_submit("spot-xt", place=[market])
    wait_until(lambda: bool(client.fill_list(intent_id=traded.intent_id).fills), "the market order has no fill")
    live = client.order_get(order)
    assert live.venue_order_id is not None
    reconciled = client.account_reconcile("mm-az")
    budget = client.limit_list().budgets[0]
    now = datetime.now(tz=timezone.utc)
    stats = client.stats_get(now - timedelta(hours=1), now, 60_000)
    assert len(stats.points) == 60
    grant = client.limit_take(budget.account, budget.budget, 1)
    answers: list[Any] = [
        taken,
        stats,
        client.intent_plan("mm-az", place=[resting(), resting()]),
        client.intent_get(taken.intent_id),
        client.intent_list(account="mm-az", limit=5),
        live,
        client.order_get(account="mm-az", venue_order_id=live.venue_order_id),
        client.order_list(account="mm-az", symbol="btc_usdt", states=["acknowledged", "working"], limit=3),
        client.order_timeline(order),
        client.fill_list(account="spot-xt"),
        client.break_list(account="mm-az"),
        client.instrument_list(account="mm-az"),
        (positions := client.position_list(account="spot-xt", symbol="btc_usdt")),
        client.risk_get(account="mm-az"),
        client.account_list(),
        client.account_set_state("mm-az", "reducing", "a test"),
        client.account_set_state("mm-az", omsd.TradingState.ACTIVE, "the test goes on"),
        client.account_kill_status("mm-az"),
        reconciled,
        budget,
        grant,
        client.limit_release(grant.permit_id),
        (guarded := client.session_guard("cancel", grace_ms=5_000)),
        client.guard_list(),
        client.session_release(guarded.guard_id),
        client.rehearsal_record("mm-az", 0, [{"name": "tls", "assumed": "it proves its name", "seen": "it does", "verdict": "holds"}]),
        client.intent_cancel(taken.intent_id),
        client.intent_submit("mm-az", place=[resting()], tag="grid"),
        client.intent_list(tag="grid"),
        client.order_list(tag="grid"),
        client.intent_cancel(tag="grid", account="mm-az"),
        client.seal_get(),
        client.daemon_status(),
        client.rpc_discover(),
        client.event_unsubscribe(client.event_subscribe(after_seq=0, account="mm-az").subscription),
    ]
    (position,) = positions.positions
    assert position.position == held - Decimal("0.001")
    assert position.fills >= 1
    with pytest.raises(omsd.RequestInvalid, match="not in doubt"):
        client.order_resolve(order, "placed", "a test")
    with pytest.raises(omsd.Refused, match="break"):
        client.break_acknowledge(2**53, "a test")
    events = client.events(after=0)
    answers += [next(events) for _ in range(10)]
    events.close()
    # A line of the record has the fields of its kind beside its own: of the item that was born, of the execution.
    of_kind = {field.name for kind in (omsd.Place, omsd.Fill) for field in dataclasses.fields(kind)} | {"item"}
    known = {f"Event.{name}" for name in of_kind}
    found = {path for answer in answers for path in unknown_fields(answer) if not path.startswith("Document.")}
    assert found - known == set()
    assert client.called == {method["name"] for method in client.rpc_discover().methods}
    client.close()


def test_a_wrong_order_is_refused_with_its_place(client: omsd.Client) -> None:
    with pytest.raises(omsd.InvalidOrder) as refused:
        client.intent_submit("mm-az", place=[resting(), resting("39000.05")])
    (detail,) = refused.value.details
    assert (detail.list, detail.index, detail.field) == ("place", 1, "price")


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (omsd.requests.account_reconcile("nobody"), omsd.UnknownAccount),
        (omsd.requests.order_get("never0seen"), omsd.UnknownOrder),
        (omsd.requests.intent_list(limit=100_000), omsd.RequestInvalid),
    ],
)
def test_each_reason_has_its_exception(client: omsd.Client, call: Any, error: type[omsd.Refused]) -> None:
    with pytest.raises(error):
        client.call(call)


def test_thousands_of_orders_in_one_intent_are_placed_once(client: omsd.Client) -> None:
    place = [resting(str(30_000 + index % 900)) for index in range(2_000)]
    taken = client.intent_submit("mm-az", place=place)
    again = client.intent_submit("mm-az", place=place, intent_id=taken.intent_id)
    assert again.duplicate
    assert again.orders == taken.orders
    settled = client.intent_wait(taken.intent_id, timeout_ms=120_000)
    assert (settled.timed_out, settled.orders) == (False, 2_000)
    with pytest.raises(omsd.IntentConflict):
        client.intent_submit("mm-az", place=place[1:], intent_id=taken.intent_id)
    cancelled = client.intent_submit("mm-az", cancel=[Matching(symbol="btc_usdt")])
    assert client.intent_wait(cancelled.intent_id, timeout_ms=120_000).timed_out is False


def test_a_daemon_that_is_killed_in_the_middle_costs_no_order_and_no_event(house: House) -> None:
    with omsd.Client(house.socket, patience=60) as client:
        start = client.daemon_status().seq
        seen: list[int] = []
        done = threading.Event()

        def listen() -> None:
            for event in client.events(after=start, patience=60):
                seen.append(event.seq)
                if done.is_set():
                    return

        listener = threading.Thread(target=listen, daemon=True)
        listener.start()
        intents = [f"kill-{index}" for index in range(40)]
        for index, intent in enumerate(intents):
            if index in (10, 25):
                house.kill()
                house.spawn()
            client.intent_submit("spot-xt", intent_id=intent, place=[SPOT])
        states = [client.intent_wait(intent, timeout_ms=60_000).timed_out for intent in intents]
        assert states == [False] * len(intents)
        orders = [order for intent in intents for order in client.order_list(intent_id=intent).orders]
        assert len(orders) == len(intents)
        last = client.daemon_status().seq
        wait_until(lambda: bool(seen) and seen[-1] >= last, "the listener does not come to the end")
        done.set()
        client.account_reconcile("spot-xt")
        client.intent_submit("spot-xt", place=[SPOT])
        listener.join(30)
        assert not listener.is_alive()
        # The record's own numbers: each once, in order.
        assert seen == sorted(set(seen))


SPOT = omsd.Place(symbol="btc_usdt", side="buy", type="limit", price="39000", quantity="0.001")


def test_what_was_taken_is_answered_again_though_new_orders_are_refused(client: omsd.Client) -> None:
    taken = client.intent_submit("spot-xt", place=[SPOT])
    client.account_set_state("spot-xt", omsd.TradingState.HALTED, "a test")
    try:
        # Else a repetition after a lost answer would say that nothing was placed.
        again = client.intent_submit("spot-xt", place=[SPOT], intent_id=taken.intent_id)
        assert (again.duplicate, again.orders) == (True, taken.orders)
        with pytest.raises(omsd.TradingHalted):
            client.intent_submit("spot-xt", place=[SPOT])
    finally:
        client.account_set_state("spot-xt", omsd.TradingState.ACTIVE, "the test goes on")


def test_the_asynchronous_client_speaks_to_it_too(house: House) -> None:
    async def run() -> None:
        async with omsd.AsyncClient(house.socket, patience=30) as client:
            taken = await asyncio.gather(*(client.intent_submit("spot-xt", place=[SPOT]) for _ in range(20)))
            waited = await asyncio.gather(*(client.intent_wait(intent.intent_id) for intent in taken))
            assert all(intent.state is omsd.IntentState.SETTLED for intent in waited)
            count = 0
            async for event in client.events(after=0):
                count += 1
                if event.kind and count == 20:
                    break

    asyncio.run(run())
