"""The adapter in the hands of a bot that was written in a hurry: wrong types, other processes, other loops, a daemon that hangs.

Whatever is handed over, either one order is placed or an exception of ccxt's says what is wrong with it.
"""

from __future__ import annotations

import asyncio
import copy
import multiprocessing
import pickle
import signal
import threading
import time
from collections.abc import Callable, Iterator
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import ccxt
import ccxt.async_support
import ccxt.pro
import pytest
from conftest import CHOSEN, VENUES, House, exchange, wait_until
from test_bad_input import ACCOUNT

import omsd
import omsd.ccxt
from omsd._structure import structure
from omsd.ccxt._translate import place, refuse_direct_write

pytestmark = pytest.mark.skipif("xt" not in CHOSEN, reason="this run is about another venue")

SYMBOL = "BTC/USDT"


@pytest.fixture
def wrapped(house: House) -> Iterator[Any]:
    adapter = omsd.ccxt.wrap(exchange(ccxt, "xt", house), VENUES["xt"][1], house.socket, patience=60)
    yield adapter
    adapter.close()


def placed(client: omsd.Client, account: str = VENUES["xt"][1]) -> int:
    """Orders that the account ever had."""
    count, after = 0, None
    while True:
        page = client.order_list(account=account, after=after, limit=1000)
        count, after = count + len(page.orders), page.next
        if after is None:
            return count


#: Arguments of ``create_order``, each with the exception that an honest exchange would raise.
NONSENSE: list[tuple[tuple[Any, ...], type[Exception]]] = [
    ((None, "limit", "buy", 0.01, 38000), ccxt.ArgumentsRequired),
    ((5, "limit", "buy", 0.01, 38000), ccxt.BadSymbol),
    (("", "limit", "buy", 0.01, 38000), ccxt.BadSymbol),
    (("BTC/USDT:USDT", "limit", "buy", 0.01, 38000), ccxt.NotSupported),
    (("BTC/USD", "limit", "buy", 0.01, 38000), ccxt.BadSymbol),
    ((SYMBOL, None, "buy", 0.01, 38000), ccxt.ArgumentsRequired),
    ((SYMBOL, 1, "buy", 0.01, 38000), ccxt.InvalidOrder),
    ((SYMBOL, "limit", None, 0.01, 38000), ccxt.ArgumentsRequired),
    ((SYMBOL, "limit", "long", 0.01, 38000), ccxt.InvalidOrder),
    ((SYMBOL, "limit", "buy", None, 38000), ccxt.ArgumentsRequired),
    ((SYMBOL, "limit", "buy", 0.01, None), ccxt.ArgumentsRequired),
    *(((SYMBOL, "limit", "buy", amount, 38000), ccxt.InvalidOrder) for amount in ("", "much", True, [1], {"a": 1}, float("nan"), 1j)),
    *(((SYMBOL, "limit", "buy", amount, 38000), ccxt.InvalidOrder) for amount in (0, -1, "-1", -0.0, float("inf"), float("-inf"))),
    *(((SYMBOL, "limit", "buy", amount, 38000), ccxt.InvalidOrder) for amount in (1e300, 1e30, "1e999999999", 10**400, 5e-324, 1e-9)),
    *(((SYMBOL, "limit", "buy", 0.01, price), ccxt.InvalidOrder) for price in (0, -1, float("nan"), 1e300, 1e30, "1e-999999999", 1e-9)),
    ((SYMBOL, "market", "sell", None), ccxt.ArgumentsRequired),
    ((SYMBOL, "market", "buy", None, None, {"cost": float("nan")}), ccxt.InvalidOrder),
    ((SYMBOL, "market", "buy", 0.01, -5), ccxt.InvalidOrder),
    ((SYMBOL, "limit", "buy", 0.01, 38000, [1]), ccxt.BadRequest),
    ((SYMBOL, "limit", "buy", 0.01, 38000, "x"), ccxt.BadRequest),
    ((SYMBOL, "limit", "buy", 0.01, 38000, {"clientOrderId": "x" * 200}), ccxt.InvalidOrder),
    ((SYMBOL, "limit", "buy", 0.01, 38000, {"clientOrderId": "ä \n"}), ccxt.InvalidOrder),
    ((SYMBOL, "limit", "buy", 0.01, 38000, {"timeInForce": 7}), ccxt.NotSupported),
    # A real order is none for a test, and the account's money is none of a margin's.
    ((SYMBOL, "limit", "buy", 0.01, 38000, {"test": True}), ccxt.NotSupported),
    ((SYMBOL, "limit", "buy", 0.01, 38000, {"marginMode": "cross"}), ccxt.NotSupported),
    ((SYMBOL, "limit", "buy", 0.01, 38000, {"type": "margin"}), ccxt.NotSupported),
    ((SYMBOL, "limit", "buy", 0.01, 38000, {"stopLossPrice": 37000}), ccxt.NotSupported),
    # What names another line of business names another account's order.
    *(
        ((SYMBOL, "limit", "buy", 0.01, 38000, {name: said}), ccxt.NotSupported)
        for name, said in (("category", "linear"), ("productType", "USDT-FUTURES"), ("subType", "inverse"), ("uta", True))
    ),
    # Only a market buy spends: elsewhere a cost would be a wish that nobody heard.
    ((SYMBOL, "market", "sell", 0.01, None, {"cost": 500}), ccxt.NotSupported),
    ((SYMBOL, "limit", "buy", 0.01, 38000, {"cost": 500}), ccxt.NotSupported),
]


@pytest.mark.parametrize(("arguments", "error"), NONSENSE)
def test_nonsense_is_refused_as_ccxt_would_and_places_nothing(
    wrapped: Any, client: omsd.Client, arguments: tuple[Any, ...], error: type[Exception]
) -> None:
    before = placed(client)
    with pytest.raises(error) as refused:
        wrapped.create_order(*arguments)
    assert not isinstance(refused.value, ccxt.NetworkError), "it would invite to send the same again"
    assert placed(client) == before


@pytest.mark.parametrize(
    ("amount", "price", "sent"),
    [
        ("1e-2", "3.8e4", ("0.01", "38000")),
        (Decimal("1E-2"), Decimal("38000.10"), ("0.01", "38000.1")),
        (1, 38000, ("1", "38000")),
        ("0.0123456789", "38000.129", ("0.012345", "38000.13")),
        (0.012345999999, 38000.5, ("0.012345", "38000.5")),
    ],
)
def test_a_number_in_any_spelling_is_the_same_number(wrapped: Any, amount: Any, price: Any, sent: tuple[str, str]) -> None:
    row = wrapped.create_order(SYMBOL, "limit", "buy", amount, price)["info"]
    assert (row["asked_quantity"], row["asked_price"]) == sent


@pytest.mark.parametrize(
    ("method", "arguments", "error"),
    [
        ("create_orders", (None,), ccxt.BadRequest),
        ("create_orders", ({"symbol": SYMBOL},), ccxt.BadRequest),
        ("create_orders", ([None],), ccxt.BadRequest),
        ("create_orders", ([],), ccxt.ArgumentsRequired),
        ("create_orders", ([{"symbol": SYMBOL}],), ccxt.ArgumentsRequired),
        ("fetch_order", (None, SYMBOL), ccxt.ArgumentsRequired),
        ("fetch_order", ("", SYMBOL), ccxt.ArgumentsRequired),
        ("fetch_order", (5, SYMBOL), ccxt.OrderNotFound),
        ("fetch_order", ("never0seen", SYMBOL), ccxt.OrderNotFound),
        ("fetch_order", ("x" * 500, SYMBOL), ccxt.BadRequest),
        ("fetch_order_trades", ("never0seen", SYMBOL), ccxt.OrderNotFound),
        ("cancel_order", (None, SYMBOL), ccxt.ArgumentsRequired),
        ("cancel_order", ("never0seen", SYMBOL), ccxt.OrderNotFound),
        ("cancel_orders", ("never0seen", SYMBOL), ccxt.BadRequest),
        ("cancel_all_orders", ("",), ccxt.BadSymbol),
        ("cancel_all_orders", ("NO/SUCH",), ccxt.BadSymbol),
        ("edit_order", ("never0seen", SYMBOL, "limit", "buy", 0.01, 37000), ccxt.OrderNotFound),
        ("fetch_open_orders", ("NO/SUCH",), ccxt.BadSymbol),
        ("fetch_open_orders", (SYMBOL, "2020"), ccxt.BadRequest),
        ("fetch_my_trades", (SYMBOL, None, "x"), ccxt.BadRequest),
        ("fetch_my_trades", (SYMBOL, None, -1), ccxt.BadRequest),
        ("fetch_my_trades", (SYMBOL, float("nan")), ccxt.BadRequest),
    ],
)
def test_a_call_that_cannot_be_meant_says_so_in_ccxts_words(
    wrapped: Any, method: str, arguments: tuple[Any, ...], error: type[Exception]
) -> None:
    with pytest.raises(error):
        getattr(wrapped, method)(*arguments)


@pytest.mark.parametrize("kind", [Fraction, type("Index", (int,), {})])
def test_a_window_may_be_any_whole_number_as_data_frames_have_them(wrapped: Any, kind: Callable[[int], Any]) -> None:
    wrapped.create_order(SYMBOL, "limit", "buy", 0.01, 36003)
    assert len(wrapped.fetch_open_orders(SYMBOL, kind(0), kind(1))) == 1


def test_no_more_rows_than_asked_for_also_where_none_is(wrapped: Any) -> None:
    for price in (36001, 36002):
        wrapped.create_order(SYMBOL, "limit", "buy", 0.01, price)
    assert wrapped.fetch_open_orders(SYMBOL, None, 0) == []
    assert [row["price"] for row in wrapped.fetch_open_orders(SYMBOL, None, 1)] == [36002.0]


def test_an_id_of_ones_own_is_placed_once_and_a_second_time_is_a_duplicate(wrapped: Any, client: omsd.Client) -> None:
    name = f"own{time.time_ns()}"
    order = (SYMBOL, "limit", "buy", 0.01, 38000, {"clientOrderId": name})
    assert wrapped.create_order(*order)["id"] == name
    before = placed(client)
    with pytest.raises(ccxt.DuplicateOrderId):
        wrapped.create_order(*order)
    assert placed(client) == before
    assert wrapped.fetch_order("", SYMBOL, {"clientOrderId": name})["id"] == name
    assert wrapped.cancel_order_with_client_order_id(name, SYMBOL)["status"] == "canceled"
    assert [row["id"] for row in wrapped.cancel_orders_with_client_order_ids([name], SYMBOL)] == [name]


def test_an_order_may_be_cancelled_twice_at_once_and_again(wrapped: Any) -> None:
    id = wrapped.create_order(SYMBOL, "limit", "buy", 0.01, 38000)["id"]
    assert [row["status"] for row in wrapped.cancel_orders([id, id], SYMBOL)] == ["canceled"] * 2
    assert wrapped.cancel_order(id, SYMBOL)["status"] == "canceled"


def test_one_strange_id_does_not_keep_the_others_alive(wrapped: Any, house: House) -> None:
    ids = [wrapped.create_order(SYMBOL, "limit", "buy", 0.01, 38000)["id"] for _ in range(2)]
    with pytest.raises(ccxt.OrderNotFound, match="never0seen"):
        wrapped.cancel_orders([ids[0], "never0seen", ids[1]], SYMBOL)
    assert [wrapped.fetch_order(id)["status"] for id in ids] == ["canceled"] * 2


@pytest.mark.parametrize(
    ("symbol", "kind", "side", "amount", "price"),
    [
        (SYMBOL, "limit", "sell", 0.02, 37000),
        (SYMBOL, "market", "buy", 0.02, None),
        ("ETH/USDT", "limit", "buy", 0.02, 37000),
        (SYMBOL, "limit", "buy", None, None),
        (SYMBOL, "limit", "buy", float("nan"), 37000),
        (SYMBOL, "limit", "buy", -1, 37000),
    ],
)
def test_an_edit_into_another_order_changes_nothing(wrapped: Any, symbol: str, kind: str, side: str, amount: Any, price: Any) -> None:
    id = wrapped.create_order(SYMBOL, "limit", "buy", 0.01, 38000)["id"]
    with pytest.raises(ccxt.InvalidOrder):
        wrapped.edit_order(id, symbol, kind, side, amount, price)
    order = wrapped.fetch_order(id)
    assert (order["side"], order["type"], order["amount"], order["price"]) == ("buy", "limit", 0.01, 38000.0)


@pytest.mark.parametrize(
    ("side", "reduces", "position"), [("buy", False, "long"), ("sell", False, "short"), ("sell", True, "long"), ("buy", True, "short")]
)
def test_two_positions_beside_each_other_are_named_as_ccxt_names_them(house: House, side: str, reduces: bool, position: str) -> None:
    plain = exchange(ccxt, "bitget", house)
    asked = plain.create_uta_order_request("BTC/USDT:USDT", "limit", side, 0.01, 38000, {"hedged": True, "reduceOnly": reduces})
    assert asked["posSide"] == position
    account = structure(omsd.Account, {**ACCOUNT, "venue": "bitget-uta", "product": "usdt-futures"})
    order = place(plain, account, "BTC/USDT:USDT", "limit", side, 0.01, 38000, {"hedged": True, "reduceOnly": reduces})
    assert (order.position_side, order.reduce_only) == (position, None)


BYBIT = structure(omsd.Account, {**ACCOUNT, "account": "b", "venue": "bybit", "product": "linear"})


@pytest.mark.parametrize(
    ("side", "params"),
    [
        ("buy", {}),
        ("buy", {"positionIdx": 0}),
        ("sell", {"positionIdx": 1}),
        ("buy", {"positionIdx": 2}),
        ("buy", {"hedged": True}),
        ("sell", {"hedged": True, "reduceOnly": True}),
    ],
)
def test_a_position_of_bybits_is_the_one_that_ccxt_numbers(house: House, side: str, params: dict[str, Any]) -> None:
    plain = exchange(ccxt, "bybit", house)
    asked = plain.create_order_request("BTC/USDT:USDT", "limit", side, 0.01, 38000, dict(params))
    order = place(plain, BYBIT, "BTC/USDT:USDT", "limit", side, 0.01, 38000, params)
    assert {None: 0, "long": 1, "short": 2}[order.position_side and str(order.position_side)] == asked.get("positionIdx", 0)
    assert (order.symbol, order.quantity, order.price) == (asked["symbol"], asked["qty"], asked["price"])


def test_an_account_of_contracts_trades_its_own_kind_of_them(house: House) -> None:
    plain = exchange(ccxt, "bybit", house)
    inverse = structure(omsd.Account, {**ACCOUNT, "venue": "bybit", "product": "inverse"})
    assert place(plain, inverse, "BTC/USD:BTC", "market", "buy", 100, None, {}).quantity == "100"
    for account, symbol, error in [
        (BYBIT, "BTC/USD:BTC", ccxt.NotSupported),
        (inverse, "BTC/USDT:USDT", ccxt.NotSupported),
        (BYBIT, "BTC/USDT", ccxt.BadSymbol),
    ]:
        with pytest.raises(error, match="this account of omsd trades"):
            place(plain, account, symbol, "limit", "buy", 100, 38000, {})
    bitget = structure(omsd.Account, {**ACCOUNT, "venue": "bitget-uta", "product": "usdt-futures"})
    for symbol in ("BTC/USDC:USDC", "BTC/USD:BTC"):
        with pytest.raises(ccxt.NotSupported):
            place(exchange(ccxt, "bitget", house), bitget, symbol, "limit", "buy", 0.01, 38000, {})


@pytest.mark.parametrize(("said", "action"), [(1, "auto_borrow"), (True, "auto_borrow"), (0, None), (False, None)])
def test_spot_of_bybits_borrows_where_it_is_asked_to(house: House, said: Any, action: str | None) -> None:
    spot = structure(omsd.Account, {**ACCOUNT, "venue": "bybit", "product": "spot"})
    plain = exchange(ccxt, "bybit", house)
    assert place(plain, spot, SYMBOL, "limit", "buy", 0.01, 38000, {"isLeverage": said}).margin_action == action
    with pytest.raises(ccxt.InvalidOrder, match="isLeverage"):
        place(plain, spot, SYMBOL, "limit", "buy", 0.01, 38000, {"isLeverage": "often"})


def test_both_of_ccxts_names_of_a_method_go_through_omsd(wrapped: Any, client: omsd.Client) -> None:
    order = wrapped.createOrder(SYMBOL, "limit", "buy", 0.01, 38000)
    assert client.order_get(order["id"]).intent_id == order["info"]["intent_id"]
    assert wrapped.fetchOrder(order["id"], SYMBOL)["id"] == order["id"]
    assert wrapped.editOrder(order["id"], SYMBOL, "limit", "buy", 0.02, 37000)["amount"] == 0.02
    assert order["id"] in [row["id"] for row in wrapped.fetchOpenOrders(SYMBOL)]
    assert wrapped.cancelOrder(order["id"], SYMBOL)["status"] == "canceled"
    assert wrapped.createLimitBuyOrder(SYMBOL, 0.01, 38000)["info"]["account"] == "spot-xt"
    assert wrapped.cancelAllOrders(SYMBOL)
    bought = wrapped.createMarketBuyOrderWithCost(SYMBOL, 500)
    assert (bought["info"]["account"], bought["info"]["quote_quantity"]) == ("spot-xt", "500")


def test_pages_that_close_or_place_are_not_reached_by_any_name(wrapped: Any) -> None:
    for path in ("future/user/v1/position/close-all", "order", "batch-order", "open-order"):
        with pytest.raises(ccxt.NotSupported, match="past omsd"):
            wrapped.request(path, ["private", "spot"], "POST")
    with pytest.raises(ccxt.NotSupported, match="past omsd"):
        wrapped.private_linear_post_future_user_v1_position_close_all()
    for path in ("v5/order/create", "v5/position/trading-stop", "v5/spot-lever-token/purchase", "v3/trade/close-positions"):
        with pytest.raises(ccxt.NotSupported, match="past omsd"):
            refuse_direct_write(path, "POST")
    for path in ("v5/position/set-leverage", "v5/spot-margin-trade/switch-mode", "v5/account/borrow", "v5/user/agreement"):
        refuse_direct_write(path, "POST")
    refuse_direct_write("v5/order/realtime", "GET")


@pytest.mark.parametrize("name", ["bybit", "okx"])
def test_orders_over_a_connection_of_ccxts_own_are_refused_too(house: House, client: omsd.Client, name: str) -> None:
    """These classes of ccxt.pro place over a WebSocket, which no page's name tells."""

    async def run() -> None:
        adapter = omsd.ccxt.wrap(exchange(ccxt.pro, name, house), f"spot-{name}", house.socket)
        order = (SYMBOL, "limit", "buy", 0.01, 38000)
        for method, arguments in [
            ("create_order_ws", order),
            ("createOrderWs", order),
            ("edit_order_ws", ("o1", *order)),
            ("cancel_order_ws", ("o1", SYMBOL)),
            ("create_limit_order_ws", (SYMBOL, "buy", 0.01, 38000)),
        ]:
            with pytest.raises(ccxt.NotSupported, match="past omsd"):
                await getattr(adapter, method)(*arguments)
        with pytest.raises(ccxt.NotSupported, match="conditional"):
            await adapter.watch_orders(SYMBOL, None, None, {"trigger": True})
        assert not any(can for name, can in adapter.has.items() if name.endswith("Ws") and name.startswith(("create", "edit", "cancel")))
        await adapter.close()

    before = placed(client, f"spot-{name}")
    asyncio.run(run())
    assert placed(client, f"spot-{name}") == before


def test_one_exchange_wrapped_for_two_accounts_sends_each_order_to_its_own(house: House, client: omsd.Client) -> None:
    plain = exchange(ccxt, "bitget", house)
    before = dict(plain.has)
    first = omsd.ccxt.wrap(plain, "uta-bitget", house.socket)
    second = omsd.ccxt.wrap(plain, "margin-bitget", house.socket)
    for adapter, account in ((first, "uta-bitget"), (second, "margin-bitget"), (first, "uta-bitget")):
        order = adapter.create_order(SYMBOL, "limit", "buy", 0.01, 38000)
        assert client.order_get(order["id"]).account == account
    first.close()
    assert second.create_order(SYMBOL, "limit", "buy", 0.01, 38000)["info"]["account"] == "margin-bitget"
    assert plain.has == before
    with pytest.raises(TypeError, match="wrapped already, for the account margin-bitget"):
        omsd.ccxt.wrap(second, "uta-bitget", house.socket)
    second.close()


@pytest.mark.parametrize("what", [None, "xt", ccxt.xt, 5])
def test_what_is_no_exchange_is_not_wrapped(house: House, what: Any) -> None:
    with pytest.raises(TypeError, match="no exchange object"):
        omsd.ccxt.wrap(what, "spot-xt", house.socket)


@pytest.mark.parametrize("timeout", [None, -1, float("nan"), float("inf"), "10", 1e9, True])
def test_a_timeout_that_is_none_is_refused_before_anything_is_placed(house: House, client: omsd.Client, timeout: Any) -> None:
    plain = exchange(ccxt, "xt", house)
    with pytest.raises(ValueError, match="timeout should be"):
        omsd.ccxt.wrap(plain, "spot-xt", house.socket, timeout=timeout)
    adapter = omsd.ccxt.wrap(plain, "spot-xt", house.socket)
    adapter.omsd_timeout = timeout
    before = placed(client)
    with pytest.raises((ValueError, TypeError)):
        adapter.create_order(SYMBOL, "limit", "buy", 0.01, 38000)
    assert placed(client) == before
    adapter.close()


def test_markets_made_by_hand_need_no_more_than_ccxt_needs(house: House, client: omsd.Client) -> None:
    """ccxt keeps what it is given: a field that is missing may not end in an error once the order is placed."""
    plain = exchange(ccxt, "xt", house)
    known = {
        "id": "btc_usdt",
        "symbol": SYMBOL,
        "base": "BTC",
        "quote": "USDT",
        "baseId": "btc",
        "quoteId": "usdt",
        "type": "spot",
        "spot": True,
    }
    plain.set_markets([{**known, "precision": {"amount": 1e-6, "price": 0.01}, "limits": {"amount": {}, "cost": {}, "price": {}}}])
    adapter = omsd.ccxt.wrap(plain, "spot-xt", house.socket)
    order = adapter.create_order(SYMBOL, "limit", "buy", 0.01, 38000)
    assert client.order_get(order["id"]).state.is_closed is False
    assert [row["symbol"] for row in adapter.fetch_open_orders(SYMBOL, None, None, {"orderId": order["id"]})] == [SYMBOL]
    sold = adapter.create_order(SYMBOL, "market", "sell", 0.001)["id"]
    wait_until(lambda: bool(adapter.fetch_order_trades(sold, SYMBOL)), "the market order has no trade")
    adapter.close()


def test_a_closed_exchange_places_nothing_and_does_not_pretend_to(house: House, client: omsd.Client) -> None:
    adapter = omsd.ccxt.wrap(exchange(ccxt, "xt", house), "spot-xt", house.socket)
    adapter.create_order(SYMBOL, "limit", "buy", 0.01, 38000)
    adapter.close()
    before = placed(client)
    with pytest.raises(ccxt.ExchangeClosedByUser):
        adapter.create_order(SYMBOL, "limit", "buy", 0.01, 38000)
    assert placed(client) == before
    adapter.close()


def test_many_threads_share_one_exchange(wrapped: Any, client: omsd.Client) -> None:
    before = placed(client)
    found: list[tuple[float, Any]] = []

    def trade(number: int) -> None:
        for step in range(10):
            price = 20_000.0 + 100 * number + step
            order = wrapped.create_order(SYMBOL, "limit", "buy", 0.01, price)
            found.append((price, wrapped.fetch_order(order["id"], SYMBOL)))
            assert wrapped.cancel_order(order["id"], SYMBOL)["status"] == "canceled"

    threads = [threading.Thread(target=trade, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(found) == 80
    assert all(order["price"] == price for price, order in found), "an answer went to another thread"
    assert placed(client) == before + 80


def _in_child(work: Callable[[Any], Any], adapter: Any, answers: Any) -> None:
    try:
        answers.put(work(adapter))
    except BaseException as problem:
        answers.put(repr(problem))


def _place_and_read(adapter: Any) -> list[Any]:
    rows = [adapter.create_order(SYMBOL, "limit", "buy", 0.01, 30_000 + step) for step in range(10)]
    return [(row["id"], adapter.fetch_order(row["id"])["price"]) for row in rows]


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_an_exchange_that_is_connected_goes_on_in_another_process(wrapped: Any, method: str) -> None:
    wrapped.create_order(SYMBOL, "limit", "buy", 0.01, 38000)
    context: Any = multiprocessing.get_context(method)
    answers = context.Queue()
    child = context.Process(target=_in_child, args=(_place_and_read, wrapped, answers))
    child.start()
    # Both at once: over one connection they would take each other's answers.
    mine = _place_and_read(wrapped)
    theirs = answers.get(timeout=60)
    child.join(60)
    assert [price for _, price in mine] == [price for _, price in theirs] == [30_000.0 + step for step in range(10)]
    assert len({id for id, _ in mine + theirs}) == 20


def test_events_go_on_in_each_of_two_processes_after_a_fork(house: House, client: omsd.Client) -> None:
    seq = client.daemon_status().seq
    with omsd.Client(house.socket) as own:
        own.account_reconcile("spot-xt")
        for price in ("35001", "35002", "35003"):
            own.intent_submit("spot-xt", place=[omsd.Place(symbol="btc_usdt", side="buy", type="limit", price=price, quantity="0.001")])
        events = own.events(after=seq)
        next(events)
        context = multiprocessing.get_context("fork")
        answers: Any = context.Queue()
        child = context.Process(target=lambda: answers.put([next(events).seq for _ in range(5)]))
        child.start()
        theirs = answers.get(timeout=60)
        child.join(60)
        assert [next(events).seq for _ in range(5)] == theirs
        events.close()


@pytest.mark.parametrize("how", [copy.copy, copy.deepcopy, lambda it: pickle.loads(pickle.dumps(it))])
def test_a_copy_is_an_exchange_of_its_own_connection(wrapped: Any, how: Callable[[Any], Any]) -> None:
    other = how(wrapped)
    order = other.create_order(SYMBOL, "limit", "buy", 0.01, 38000)
    other.close()
    assert wrapped.cancel_order(order["id"], SYMBOL)["status"] == "canceled"
    client = how(wrapped.omsd)
    assert (client.socket, client.patience) == (wrapped.omsd.socket, wrapped.omsd.patience)
    client.close()


def test_one_asynchronous_client_serves_one_loop_after_another(house: House) -> None:
    client = omsd.AsyncClient(house.socket, patience=10)

    async def ask() -> list[int]:
        return [status.seq for status in await asyncio.gather(*(client.daemon_status() for _ in range(5)))]

    for _ in range(3):
        assert len(asyncio.run(ask())) == 5
    loops = [asyncio.new_event_loop() for _ in range(2)]
    for loop in (*loops, *loops):
        assert len(loop.run_until_complete(ask())) == 5
    loops[1].run_until_complete(client.close())
    for loop in loops:
        for task in asyncio.all_tasks(loop):
            task.cancel()
        loop.run_until_complete(asyncio.sleep(0))
        loop.close()


@pytest.fixture
def own(tmp_path: Path) -> Iterator[House]:
    made = House(tmp_path, number=6)
    try:
        made.start()
        yield made
    finally:
        made.resume()
        made.close()


def test_a_bot_that_loses_its_patience_finds_the_order_under_its_own_id(own: House) -> None:
    async def run() -> None:
        adapter = omsd.ccxt.wrap(exchange(ccxt.async_support, "xt", own), "spot-xt", own.socket)
        try:
            await adapter.create_order(SYMBOL, "limit", "buy", 0.01, 37000)
            own.suspend()
            order = (SYMBOL, "limit", "buy", 0.01, 38000, {"clientOrderId": "mine1"})
            placing = [asyncio.create_task(adapter.create_order(*order)) for _ in range(2)]
            with pytest.raises(asyncio.TimeoutError):
                await asyncio.wait_for(asyncio.gather(*placing), 0.2)
            own.resume()
            with pytest.raises(ccxt.DuplicateOrderId):
                await adapter.create_order(*order)
            assert (await adapter.fetch_order("mine1"))["price"] == 38000.0
            found = await asyncio.gather(*(adapter.create_order(SYMBOL, "limit", "buy", 0.01, 20000 + step) for step in range(50)))
            assert [row["price"] for row in found] == [20000.0 + step for step in range(50)]
            assert len(await adapter.fetch_open_orders(SYMBOL)) == 52
        finally:
            await adapter.close()

    asyncio.run(run())


def test_an_alarm_in_the_middle_of_a_call_costs_that_call_alone(own: House) -> None:
    def ring(*_: Any) -> None:
        raise TimeoutError("the bot's own alarm")

    adapter = omsd.ccxt.wrap(exchange(ccxt, "xt", own), "spot-xt", own.socket)
    adapter.create_order(SYMBOL, "limit", "buy", 0.01, 37000)
    own.suspend()
    before = signal.signal(signal.SIGALRM, ring)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.2)
        with pytest.raises(TimeoutError, match="own alarm"):
            adapter.create_order(SYMBOL, "limit", "buy", 0.01, 38000, {"clientOrderId": "mine2"})
    finally:
        signal.signal(signal.SIGALRM, before)
        own.resume()
    wait_until(lambda: len(adapter.fetch_open_orders(SYMBOL)) == 2, "it was not taken")
    assert adapter.fetch_order("mine2")["price"] == 38000.0
    adapter.close()


@pytest.mark.parametrize("library", [ccxt, ccxt.async_support])
def test_a_daemon_that_hangs_costs_the_timeout_and_no_second_order(own: House, library: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("omsd.ccxt._run.HANGS", 0.2)
    adapter = omsd.ccxt.wrap(exchange(library, "xt", own), "spot-xt", own.socket, timeout=0.3)

    def call(method: str, *arguments: Any) -> Any:
        found = getattr(adapter, method)(*arguments)
        return loop.run_until_complete(found) if library is ccxt.async_support else found

    loop = asyncio.new_event_loop()
    adapter.omsd_timeout = 10
    call("create_order", SYMBOL, "limit", "buy", 0.01, 38000)
    adapter.omsd_timeout = 0.3
    own.suspend()
    began = time.monotonic()
    order = call("create_order", SYMBOL, "limit", "buy", 0.01, 38001)
    assert time.monotonic() - began < 5
    assert (order["status"], order["info"]["state"]) == ("open", "in_doubt")
    assert "may have been taken" in order["info"]["unanswered"]
    with pytest.raises(ccxt.RequestTimeout):
        call("fetch_order", order["id"])
    own.resume()
    # It was in the socket all the time, and is there once.
    with omsd.Client(own.socket) as client:
        wait_until(lambda: len(client.order_list(account="spot-xt").orders) == 2, "it was not taken")
    adapter.omsd_timeout = 10
    assert call("fetch_order", order["id"])["price"] == 38001.0
    call("close") if library is ccxt else loop.run_until_complete(adapter.close())
    loop.close()


def test_watching_goes_on_after_the_daemon_was_away_longer_than_anybody_waits(own: House) -> None:
    async def run() -> None:
        adapter = omsd.ccxt.wrap(exchange(ccxt.async_support, "xt", own), "spot-xt", own.socket, patience=0.2)
        try:
            watching = asyncio.create_task(adapter.watch_orders(SYMBOL))
            trades = asyncio.create_task(adapter.watchMyTrades(SYMBOL))
            for kind in ("orders", "trades"):
                await adapter._omsd_watch(kind).began.wait()
            own.kill()
            await asyncio.sleep(1)
            with pytest.raises(ccxt.ExchangeNotAvailable):
                await adapter.fetch_open_orders(SYMBOL)
            assert not watching.done()
            await asyncio.to_thread(own.start)
            order = await adapter.create_order(SYMBOL, "market", "sell", 0.001)
            assert order["id"] in [row["id"] for row in await asyncio.wait_for(watching, 30)]
            (trade,) = await asyncio.wait_for(trades, 30)
            assert (trade["order"], trade["amount"]) == (order["id"], 0.001)
            with pytest.raises(ccxt.BadSymbol):
                await adapter.watch_orders("NO/SUCH")
            await adapter.un_watch_orders()
            await adapter.un_watch_my_trades()
            assert adapter.omsd_watches == {}
        finally:
            await adapter.close()

    asyncio.run(run())


def test_a_cancel_that_the_venue_refuses_is_told_in_its_words(own: House) -> None:
    adapter = omsd.ccxt.wrap(exchange(ccxt, "bitget", own), "uta-bitget", own.socket, timeout=3)
    order = adapter.create_order(SYMBOL, "limit", "buy", 0.01, 38000)
    refused = {"type": "item_error", "code": "40762", "message": "The order amount exceeds the balance"}
    own.simulator("faults", {"rules": [{"kind": "cancel", "fault": refused}]})
    with pytest.raises(ccxt.InvalidOrder, match="the cancel was refused: 40762"):
        adapter.cancel_order(order["id"], SYMBOL)
    assert adapter.fetch_order(order["id"])["status"] == "open"
    own.simulator("faults", {"rules": []})
    adapter.close()
