"""What goes wrong under the adapter: no daemon, a restart, half a line, a newer daemon, floats, strange symbols, ten thousand orders."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import ccxt
import ccxt.async_support
import pytest
from conftest import CHOSEN, VENUES, House, Script, exchange, wait_until

import omsd
import omsd.ccxt

pytestmark = pytest.mark.skipif("xt" not in CHOSEN, reason="this run is about another venue")
Made = Callable[..., Script]


@pytest.fixture
def wrapped(house: House) -> Iterator[Any]:
    adapter = omsd.ccxt.wrap(exchange(ccxt, "xt", house), VENUES["xt"][1], house.socket, patience=60)
    yield adapter
    adapter.close()


def test_without_a_daemon_nothing_is_wrapped(house: House, tmp_path: Path) -> None:
    with pytest.raises(omsd.Unreachable, match=r"nobody\.sock"):
        omsd.ccxt.wrap(exchange(ccxt, "xt", house), "spot-xt", tmp_path / "nobody.sock", patience=0.1)


def told(client: omsd.Client, seq: int) -> list[omsd.Event]:
    """What the record says since."""
    last = client.daemon_status().seq
    events = client.events(after=seq)
    found: list[omsd.Event] = []
    while last > (found[-1].seq if found else seq):
        found.append(next(events))
    events.close()
    return found


#: What a daemon answers to each method, all of it true but for what a test changes.
ACCOUNT = {
    "account": "spot-xt",
    "venue": "xt-spot",
    "product": "spot",
    "uid": "U1",
    "state": "active",
    "ready": True,
    "queue": {},
    "in_flight": 0,
    "open": 0,
    "in_doubt": 0,
}
ORDER = {
    "client_order_id": "o1",
    "intent_id": "i1",
    "item": 0,
    "account": "spot-xt",
    "venue": "xt-spot",
    "product": "spot",
    "symbol": "btc_usdt",
    "side": "buy",
    "type": "limit",
    "state": "acknowledged",
    "evidence": "response",
    "filled_quantity": "0",
    "attempts": 1,
    "intended_at": 1_795_183_200_000_000,
    "order_key": 1,
    "price": "39000",
    "quantity": "0.01",
}


FILL = {
    "client_order_id": "o1",
    "account": "spot-xt",
    "quantity": "0.000001",
    "price": "39000",
    "at": 1_795_183_200_000_001,
    "venue_order_id": "1",
    "symbol": "btc_usdt",
    "side": "buy",
    "intent_id": "i1",
    "seq": 9,
    "fee": "0.001",
    "fee_asset": "usdt",
}
#: What of it changes with its first execution.
TRADED = {"state": "partially_filled", "filled_quantity": "0.004", "average_price": "39000"}


def daemon(
    seen: list[Any],
    *,
    ends_before: str | None = None,
    half: str | None = None,
    order: dict[str, Any] | None = None,
    fills: Callable[[Any], Any] = lambda _: {"fills": []},
    early: int = 0,
) -> Any:
    """A script that answers as omsd does, and ends the connection before, or in the middle of, its answer to one method.

    :param early: how many orders it does not take, because it has just started and knows no markets yet.
    """
    answers: dict[str, Callable[[Any], Any]] = {
        "account.list": lambda _: {"accounts": [ACCOUNT]},
        "intent.submit": lambda asked: {
            "intent_id": asked["intent_id"],
            "duplicate": len([one for one in seen if one["method"] == "intent.submit"]) > 1,
            "accepted_at": 1,
            "orders": ["o1"],
            "planned_requests": 1,
        },
        "intent.wait": lambda asked: {
            "intent_id": asked["intent_id"],
            "account": "spot-xt",
            "state": "settled",
            "orders": 1,
            "counts": {"acknowledged": 1},
            "accepted_at": 1,
            "commands": 0,
            "sequence": "cancel_first",
            "planned_requests": 1,
            "actor": "uid:0",
            "intent_key": 1,
            "timed_out": False,
        },
        "order.get": lambda _: {**ORDER, **(order or {})},
        "fill.list": fills,
    }
    done: set[str] = set()

    def script(connection: socket.socket) -> None:
        with connection.makefile("rb") as lines:
            for line in lines:
                request = json.loads(line)
                seen.append(request)
                method = request["method"]
                if method == "intent.submit" and len(seen) <= early:
                    refusal = {
                        "code": 1009,
                        "message": "not loaded yet",
                        "data": {"reason": "NOT_READY", "retryable": "yes", "details": []},
                    }
                    connection.sendall(json.dumps({"jsonrpc": "2.0", "id": request["id"], "error": refusal}).encode() + b"\n")
                    continue
                if method == ends_before and method not in done:
                    done.add(method)
                    return
                answer = json.dumps({"jsonrpc": "2.0", "id": request["id"], "result": answers[method](request["params"])}).encode() + b"\n"
                if method == half and method not in done:
                    done.add(method)
                    connection.sendall(answer[: len(answer) // 2])
                    return
                connection.sendall(answer)

    return script


def create(library: Any, adapter: Any, *arguments: Any) -> Any:
    """An order by the adapter of either kind, which is closed after it."""
    if library is ccxt:
        with contextlib.closing(adapter):
            return adapter.create_order(*arguments)

    async def run() -> Any:
        try:
            return await adapter.create_order(*arguments)
        finally:
            await adapter.close()

    return asyncio.run(run())


@pytest.mark.parametrize("library", [ccxt, ccxt.async_support])
@pytest.mark.parametrize("method", ["intent.submit", "intent.wait", "order.get", "fill.list"])
@pytest.mark.parametrize("how", ["ends_before", "half"])
def test_a_connection_that_ends_within_a_call_is_no_error_and_no_second_order(
    house: House, scripted: Made, method: str, how: str, library: Any
) -> None:
    seen: list[Any] = []
    broken: Any = {how: method}
    script = scripted(daemon(seen), daemon(seen, order=TRADED, **broken), daemon(seen, order=TRADED))
    adapter = omsd.ccxt.wrap(exchange(library, "xt", house), "spot-xt", script.path)
    assert create(library, adapter, "BTC/USDT", "limit", "buy", 0.01, 39000)["status"] == "open"
    ids = [request["params"]["intent_id"] for request in seen if request["method"] == "intent.submit"]
    assert len(set(ids)) == 1, "each repetition bears the intent's own id"
    assert script.connections == 3, "the connection did not end"


@pytest.mark.parametrize("library", [ccxt, ccxt.async_support])
@pytest.mark.parametrize(
    ("method", "state"), [("intent.submit", "in_doubt"), ("intent.wait", "intended"), ("fill.list", "partially_filled")]
)
def test_a_placement_is_no_error_wherever_the_daemon_goes_for_good(
    house: House, scripted: Made, library: Any, method: str, state: str
) -> None:
    script = scripted(daemon([]), daemon([], order=TRADED, ends_before=method), lambda connection: connection.close())
    adapter = omsd.ccxt.wrap(exchange(library, "xt", house), "spot-xt", script.path, patience=0.3)
    order = create(library, adapter, "BTC/USDT", "limit", "buy", 0.01, 39000)
    assert (order["status"], order["info"]["state"]) == ("open", state)
    assert "unread" in order["info"] or "unanswered" in order["info"]


@pytest.mark.parametrize("library", [ccxt, ccxt.async_support])
def test_a_daemon_that_has_just_started_is_waited_for_as_one_that_is_away(house: House, scripted: Made, library: Any) -> None:
    seen: list[Any] = []
    script = scripted(daemon([]), daemon(seen, early=3))
    adapter = omsd.ccxt.wrap(exchange(library, "xt", house), "spot-xt", script.path)
    assert create(library, adapter, "BTC/USDT", "limit", "buy", 0.01, 39000)["status"] == "open"
    submits = [request["params"] for request in seen if request["method"] == "intent.submit"]
    assert len(submits) == 4
    assert all(submit == submits[0] for submit in submits), "asked again, and not for a second order"


@pytest.mark.parametrize("library", [ccxt, ccxt.async_support])
def test_a_daemon_that_does_not_get_ready_took_nothing_and_says_so(house: House, scripted: Made, library: Any) -> None:
    seen: list[Any] = []
    script = scripted(daemon([]), daemon(seen, early=10_000))
    adapter = omsd.ccxt.wrap(exchange(library, "xt", house), "spot-xt", script.path, patience=0.4)
    with pytest.raises(ccxt.ExchangeNotAvailable, match="not loaded yet"):
        create(library, adapter, "BTC/USDT", "limit", "buy", 0.01, 39000)
    assert len({request["params"]["intent_id"] for request in seen}) == 1


def test_an_order_that_may_have_been_taken_comes_back_open_when_the_daemon_does_not(house: House, scripted: Made) -> None:
    seen: list[Any] = []
    script = scripted(daemon(seen), daemon(seen, ends_before="intent.submit"), lambda connection: connection.close())
    adapter = omsd.ccxt.wrap(exchange(ccxt, "xt", house), "spot-xt", script.path, patience=0.3)
    order = adapter.create_order("BTC/USDT", "limit", "buy", 0.01, 39000)
    assert (order["status"], order["info"]["state"], order["price"]) == ("open", "in_doubt", 39000.0)
    assert "may have been taken" in order["info"]["unanswered"]
    assert order["id"] == next(one["params"]["place"][0]["client_order_id"] for one in seen if one["method"] == "intent.submit")
    # Of a question nothing hangs: here the bot is told that nobody answers.
    with pytest.raises(ccxt.ExchangeNotAvailable):
        adapter.fetch_order(order["id"])
    adapter.close()


def test_an_order_with_thousands_of_executions_costs_what_all_of_them_cost(house: House, scripted: Made) -> None:
    def fills(asked: Any) -> Any:
        begin = (asked.get("after") or 0) + 1
        end = min(begin + asked["limit"], 2_501)
        rows = [{**FILL, "trade_id": str(number)} for number in range(begin, end)]
        return {"fills": rows, "next": end - 1 if end <= 2_500 else None}

    script = scripted(daemon([], order=TRADED, fills=fills))
    adapter = omsd.ccxt.wrap(exchange(ccxt, "xt", house), "spot-xt", script.path)
    assert adapter.fetch_order("o1")["fee"]["cost"] == pytest.approx(2.5)
    adapter.close()


def test_an_order_on_the_daemons_disk_is_no_error_when_its_fate_cannot_be_read(house: House, scripted: Made) -> None:
    script = scripted(daemon([]), daemon([], ends_before="intent.wait"), lambda connection: connection.close())
    adapter = omsd.ccxt.wrap(exchange(ccxt, "xt", house), "spot-xt", script.path, patience=0.3)
    order = adapter.create_order("BTC/USDT", "limit", "buy", 0.01, 39000)
    assert (order["status"], order["info"]["state"]) == ("open", "intended")
    adapter.close()


def test_an_order_for_a_daemon_that_is_not_there_was_never_taken_and_says_so(house: House, scripted: Made, tmp_path: Path) -> None:
    script = scripted(daemon([]))
    adapter = omsd.ccxt.wrap(exchange(ccxt, "xt", house), "spot-xt", script.path, patience=0.2)
    adapter.omsd.close()
    adapter.omsd = omsd.Client(tmp_path / "nobody.sock", patience=0.2)
    with pytest.raises(ccxt.ExchangeNotAvailable, match=r"nobody\.sock"):
        adapter.create_order("BTC/USDT", "limit", "buy", 0.01, 39000)
    adapter.close()


@pytest.mark.parametrize("state", ["in_doubt", "submitted", "a_state_of_tomorrow"])
def test_an_order_whose_fate_is_not_known_comes_back_open(house: House, scripted: Made, state: str) -> None:
    newer = {"state": state, "a_field_of_tomorrow": {"deep": [1]}}
    script = scripted(daemon([], order=newer))
    adapter = omsd.ccxt.wrap(exchange(ccxt, "xt", house), "spot-xt", script.path)
    order = adapter.create_order("BTC/USDT", "limit", "buy", 0.01, 39000)
    assert "unread" not in order["info"], order["info"]["unread"]
    assert (order["status"], order["info"]["state"], order["info"]["a_field_of_tomorrow"]) == ("open", state, {"deep": [1]})
    adapter.close()


@pytest.mark.parametrize(
    ("amount", "price", "sent"), [(0.1 + 0.2, 39000.1, ("0.3", "39000.1")), (1e-05, 123456.78, ("0.00001", "123456.78"))]
)
def test_floats_are_taken_by_their_shortest_text_and_cut_by_the_market(
    wrapped: Any, amount: float, price: float, sent: tuple[str, str]
) -> None:
    row = wrapped.create_order("BTC/USDT", "limit", "buy", amount, price)["info"]
    assert (row["asked_quantity"], row["asked_price"]) == sent


@pytest.mark.parametrize("amount", [float("nan"), float("inf"), -1.0, 0, None])
def test_an_amount_that_is_none_places_nothing(wrapped: Any, client: omsd.Client, amount: Any) -> None:
    seq = client.daemon_status().seq
    with pytest.raises((ccxt.BaseError, ArithmeticError, TypeError, ValueError)):
        wrapped.create_order("BTC/USDT", "limit", "buy", amount, 39000)
    assert not [event for event in told(client, seq) if event.kind == "order_born"]


def test_a_symbol_that_no_account_trades_is_refused_before_anything_is_sent(wrapped: Any) -> None:
    for symbol, error in (("NO/SUCH", ccxt.BadSymbol), ("", ccxt.BadSymbol), ("BTC/USDT:USDT", ccxt.NotSupported)):
        with pytest.raises(error):
            wrapped.create_order(symbol, "limit", "buy", 0.01, 39000)


@pytest.fixture
def own(tmp_path: Path) -> Iterator[House]:
    made = House(tmp_path, number=4)
    try:
        made.start()
        yield made
    finally:
        made.close()


def test_ten_thousand_orders_in_one_call_are_one_intent_and_each_there_once(own: House) -> None:
    adapter = omsd.ccxt.wrap(exchange(ccxt, "bitget", own), VENUES["bitget"][1], own.socket, patience=60, timeout=0.5)
    order = {"symbol": "BTC/USDT", "type": "limit", "side": "buy", "amount": 0.001}
    found = adapter.create_orders([{**order, "price": 30000 + index % 900} for index in range(10_000)])
    # The venue takes a hundred a second: most have not been sent yet, and say so.
    assert (len(found), len({row["id"] for row in found}), {row["status"] for row in found}) == (10_000, 10_000, {"open"})
    assert [row["price"] for row in found[:3]] == [30000.0, 30001.0, 30002.0]
    with omsd.Client(own.socket) as client:
        intent = client.intent_get(client.order_get(found[0]["id"]).intent_id)
    assert intent.orders == 10_000
    placed = own.simulator("ledger")["orders"]
    assert len({order["client_order_id"] for order in placed}) == len(placed)
    assert {order["client_order_id"] for order in placed} <= {row["id"] for row in found}
    adapter.close()


def test_a_reply_lost_at_the_venue_is_an_open_order_that_is_there_once(own: House) -> None:
    adapter = omsd.ccxt.wrap(exchange(ccxt, "xt", own), "spot-xt", own.socket, timeout=0.3)
    # Look-ups take longer than the bot waits: it gets its order before anybody knows.
    slow = {"kind": "lookup", "fault": {"type": "delay", "delay_ms": 700}}
    own.simulator("faults", {"rules": [{"kind": "place", "first": 1, "fault": {"type": "lose_reply_after_execution"}}, slow]})
    order = adapter.create_order("BTC/USDT", "limit", "buy", 0.01, 37000)
    assert (order["status"], order["info"]["state"]) == ("open", "in_doubt")
    wait_until(lambda: adapter.fetch_order(order["id"])["info"]["venue_order_id"] is not None, "it stays in doubt", 60)
    assert [row["client_order_id"] for row in own.simulator("ledger")["orders"]] == [order["id"]]
    adapter.close()


def test_a_daemon_that_restarts_in_the_middle_of_a_call_answers_it(wrapped: Any, house: House) -> None:
    found: list[Any] = []
    placing = threading.Thread(
        target=lambda: found.extend(wrapped.create_order("BTC/USDT", "limit", "buy", 0.01, 37000 + n) for n in range(30))
    )
    placing.start()
    for _ in range(2):
        wait_until(lambda: bool(found), "nothing is placed")
        house.kill()
        house.spawn()
    placing.join(60)
    assert (len(found), len({order["id"] for order in found}), {order["status"] for order in found}) == (30, 30, {"open"})
    wrapped.cancel_all_orders("BTC/USDT")
