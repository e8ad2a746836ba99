"""A ccxt exchange with omsd behind it, beside the same exchange on its own: same calls, same structures."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import ccxt
import ccxt.async_support
import ccxt.pro
import pytest
from conftest import CHOSEN, VENUES, House, exchange, wait_until

import omsd
import omsd.ccxt


@pytest.fixture(params=CHOSEN)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def wrapped(house: House, name: str) -> Iterator[Any]:
    adapter = omsd.ccxt.wrap(exchange(ccxt, name, house), VENUES[name][1], house.socket, patience=30)
    yield adapter
    adapter.close()


def test_an_order_goes_through_omsd_and_comes_back_as_ccxt_says_it(wrapped: Any, client: omsd.Client) -> None:
    order = wrapped.create_order("BTC/USDT", "limit", "buy", 0.01, 39000.1)
    assert (order["status"], order["symbol"], order["price"], order["amount"], order["side"]) == ("open", "BTC/USDT", 39000.1, 0.01, "buy")
    row = client.order_get(order["id"])
    assert (str(row.price), str(row.quantity)) == ("39000.1", "0.01")
    assert order["info"]["venue_order_id"] == row.venue_order_id
    assert order["id"] in [open["id"] for open in wrapped.fetch_open_orders("BTC/USDT")]
    assert wrapped.cancel_order(order["id"], "BTC/USDT")["status"] == "canceled"
    assert wrapped.fetch_order(order["id"])["status"] == "canceled"
    assert order["id"] in [canceled["id"] for canceled in wrapped.fetch_canceled_orders("BTC/USDT")]
    # Gone before: what an exchange says then.
    with pytest.raises(ccxt.OrderNotFound):
        wrapped.cancel_order("never0seen", "BTC/USDT")


def test_every_short_way_to_an_order_passes_by_omsd(wrapped: Any, client: omsd.Client) -> None:
    before = len(client.order_list(account=wrapped.omsd_account.account, limit=1000).orders)
    wrapped.create_limit_buy_order("BTC/USDT", 0.01, 38000)
    wrapped.create_limit_order("BTC/USDT", "sell", 0.01, 99000)
    wrapped.create_post_only_order("BTC/USDT", "limit", "buy", 0.01, 38000)
    orders = client.order_list(account=wrapped.omsd_account.account, limit=1000).orders
    assert len(orders) == before + 3
    assert orders[-1].post_only
    assert len(wrapped.cancel_all_orders("BTC/USDT")) >= 3
    assert wrapped.fetch_open_orders("BTC/USDT") == []


def test_a_tag_tells_bots_on_one_account_apart(wrapped: Any, client: omsd.Client) -> None:
    grid = wrapped.create_order("BTC/USDT", "limit", "buy", 0.01, 38000, {"tag": "grid.1"})
    other = wrapped.create_limit_buy_order("BTC/USDT", 0.01, 38000)
    assert grid["info"]["tag"] == "grid.1"
    assert other["info"].get("tag") is None
    assert [row["id"] for row in wrapped.fetch_open_orders("BTC/USDT", None, None, {"tag": "grid.1"})] == [grid["id"]]
    assert wrapped.fetch_orders("BTC/USDT", None, None, {"tag": "never"}) == []
    assert [row["id"] for row in wrapped.cancel_all_orders("BTC/USDT", {"tag": "grid.1"})] == [grid["id"]]
    assert client.order_get(other["id"]).state.is_closed is False
    order = {"symbol": "BTC/USDT", "type": "limit", "side": "buy", "amount": 0.01, "price": 39000}
    with pytest.raises(ccxt.BadRequest, match="one tag"):
        wrapped.create_orders([{**order, "params": {"tag": "a"}}, order])
    with pytest.raises(ccxt.BadRequest):
        wrapped.create_order("BTC/USDT", "limit", "buy", 0.01, 38000, {"tag": "two words"})
    wrapped.cancel_all_orders("BTC/USDT")


def test_a_request_that_would_pass_omsd_by_is_refused(wrapped: Any) -> None:
    with pytest.raises(ccxt.NotSupported, match="past omsd"):
        wrapped.request("trade/place-order", "private", "POST", {"symbol": "BTCUSDT"})


def test_many_orders_are_one_intent_and_a_wrong_one_refuses_all(wrapped: Any, client: omsd.Client, name: str) -> None:
    order = {"symbol": "BTC/USDT", "type": "limit", "side": "buy", "amount": 0.01, "price": 39000}
    found = wrapped.create_orders([order] * 25)
    assert {row["status"] for row in found} == {"open"}
    assert len({client.order_get(row["id"]).intent_id for row in found}) == 1
    # Too little money; at OKX, where there is no such bound, a name that it does not take.
    wrong: dict[str, Any] = {"params": {"clientOrderId": "a-b"}} if name == "okx" else {"amount": 0.001, "price": 1}
    with pytest.raises(ccxt.InvalidOrder, match=r"place\[1\]"):
        wrapped.create_orders([order, {**order, **wrong}])
    assert {row["status"] for row in wrapped.cancel_orders([row["id"] for row in found])} == {"canceled"}


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (("BTC/USDT", "limit", "buy", 0.01, None), ccxt.ArgumentsRequired),
        (("BTC/USDT", "stop", "buy", 0.01, 39000), ccxt.NotSupported),
        (("BTC/USDT", "limit", "buy", 0.01, 39000, {"triggerPrice": 1}), ccxt.NotSupported),
        (("NO/SUCH", "limit", "buy", 0.01, 39000), ccxt.BadSymbol),
        (("BTC/USDT", "limit", "buy", 0.00001, 0.02), ccxt.InvalidOrder),
    ],
)
def test_what_cannot_be_placed_is_refused_in_ccxts_words(wrapped: Any, call: tuple[Any, ...], error: type[Exception]) -> None:
    with pytest.raises(error):
        wrapped.create_order(*call)


def test_a_market_buy_that_spends_needs_to_know_how_much(wrapped: Any, name: str) -> None:
    if name == "ascendex":
        # It counts what is bought, and so does ccxt's own class.
        assert wrapped.create_order("BTC/USDT", "market", "buy", 0.01)["amount"] == 0.01
        return
    if name == "bybit":
        # It counts what is bought unless a price or a cost says what may be spent, and so does ccxt's own class.
        assert wrapped.create_order("BTC/USDT", "market", "buy", 0.01)["info"]["quantity"] == "0.01"
        assert wrapped.create_order("BTC/USDT", "market", "buy", 0.01, 61000)["info"]["quote_quantity"] == "610"
    elif name == "okx":
        # It counts what is bought, whatever price stands beside, unless something says what may be spent; and so does ccxt's own class.
        assert wrapped.create_order("BTC/USDT", "market", "buy", 0.01, 61000)["info"]["quantity"] == "0.01"
        spent = wrapped.create_market_buy_order_with_cost("BTC/USDT", 610)
        assert (spent["info"]["quote_quantity"], spent["info"].get("quantity")) == ("610", None)
    else:
        with pytest.raises(ccxt.InvalidOrder, match="requires the price argument"):
            wrapped.create_order("BTC/USDT", "market", "buy", 0.01)
    bought = wrapped.create_order("BTC/USDT", "market", "buy", 0.01, None, {"cost": 500})
    assert bought["info"]["quote_quantity"] == "500"


def test_a_contract_is_not_traded_by_a_spot_account(wrapped: Any, name: str) -> None:
    contracts = [symbol for symbol, market in wrapped.markets.items() if market["contract"]]
    assert contracts or name not in ("bitget", "xt", "bybit", "okx")
    for symbol in contracts:
        with pytest.raises(ccxt.NotSupported, match="is a (swap|future) market"):
            wrapped.create_order(symbol, "limit", "buy", 1, 39000)


def test_one_order_is_asked_for_by_its_state_and_by_what_narrows_a_list(wrapped: Any) -> None:
    live, gone = (wrapped.create_order("BTC/USDT", "limit", "buy", 0.01, 38000 + step)["id"] for step in range(2))
    wrapped.cancel_order(gone, "BTC/USDT")
    assert wrapped.fetch_open_order(live, "BTC/USDT")["id"] == live
    assert wrapped.fetch_closed_order(gone, "BTC/USDT")["status"] == "canceled"
    for method, id in (("fetch_open_order", gone), ("fetch_closed_order", live), ("fetch_open_order", "never0seen")):
        with pytest.raises(ccxt.OrderNotFound):
            getattr(wrapped, method)(id, "BTC/USDT")
    # ccxt's classes hand ids and their like on as params: what is not heard would answer with other orders.
    assert [row["id"] for row in wrapped.fetch_open_orders("BTC/USDT", None, None, {"orderId": live})] == [live]
    assert wrapped.fetch_open_orders("BTC/USDT", None, None, {"clientOrderId": gone}) == []
    assert wrapped.fetch_open_orders("ETH/USDT", None, None, {"orderId": live}) == []
    assert wrapped.fetch_open_orders("BTC/USDT", None, None, {"trigger": True}) == []
    assert wrapped.fetch_open_orders("BTC/USDT", None, None, {"until": 1}) == []
    assert gone in [row["id"] for row in wrapped.fetch_orders_by_status("canceled", "BTC/USDT")]
    assert live not in [row["id"] for row in wrapped.fetch_orders_by_status("canceled", "BTC/USDT")]
    # Conditional orders, of which omsd places none, are not the plain ones; nor is a coin's every order.
    assert wrapped.cancel_all_orders("BTC/USDT", {"trigger": True}) == []
    with pytest.raises(ccxt.NotSupported, match="baseCoin"):
        wrapped.cancel_all_orders(None, {"baseCoin": "ETH"})
    assert wrapped.fetch_order(live)["status"] == "open"
    assert [row["status"] for row in wrapped.cancel_orders_for_symbols([{"id": live, "symbol": "BTC/USDT"}])] == ["canceled"]


def test_trades_are_those_of_the_account(wrapped: Any, name: str) -> None:
    if name == "ascendex":
        pytest.skip("omsd does not ask AscendEX for single executions")
    order = wrapped.create_order("BTC/USDT", "market", "sell", 0.001)
    wait_until(lambda: bool(wrapped.fetch_order_trades(order["id"], "BTC/USDT")), "the market order has no trade")
    (trade,) = wrapped.fetch_order_trades(order["id"], "BTC/USDT")
    assert (trade["order"], trade["symbol"], trade["side"], trade["amount"]) == (order["id"], "BTC/USDT", "sell", 0.001)
    assert trade["cost"] == pytest.approx(trade["price"] * trade["amount"])
    wait_until(lambda: bool(wrapped.fetch_order(order["id"])["status"] == "closed"), "it does not end")
    closed = wrapped.fetch_order(order["id"])
    assert (closed["filled"], closed["remaining"]) == (0.001, 0.0)
    assert order["id"] in [row["id"] for row in wrapped.fetch_closed_orders("BTC/USDT")]


def test_an_exchange_of_another_venue_is_refused(house: House) -> None:
    with pytest.raises(ValueError, match=r"ccxt\.xt"):
        omsd.ccxt.wrap(exchange(ccxt, "bitget", house), "spot-xt", house.socket)
    with pytest.raises(ccxt.NotSupported, match="az-futures"):
        omsd.ccxt.wrap(exchange(ccxt, "xt", house), "mm-az", house.socket)
    with pytest.raises(omsd.OmsdError, match="no account 'nobody'"):
        omsd.ccxt.wrap(exchange(ccxt, "xt", house), "nobody", house.socket)


async def _told_as_it_is(adapter: Any, id: str, holds: Callable[[Any], bool]) -> None:
    """Until the watch says of an order what is read of it, once something holds: where it goes on in between, the watch says that too."""
    while True:
        for row in await asyncio.wait_for(adapter.watch_orders("BTC/USDT"), 30):
            if row["id"] == id and holds(row) and row == await adapter.fetch_order(id):
                return


@pytest.mark.parametrize("library", [ccxt.async_support, ccxt.pro])
def test_the_asynchronous_exchange_places_and_watches(house: House, name: str, library: Any) -> None:
    async def run() -> None:
        plain = exchange(library, name, house)
        adapter = omsd.ccxt.wrap(plain, VENUES[name][1], house.socket, patience=30)
        try:
            watching = asyncio.create_task(adapter.watch_orders("BTC/USDT"))
            await adapter._omsd_watch("orders").began.wait()
            order = await adapter.create_order("BTC/USDT", "limit", "buy", 0.01, 39000)
            seen = await asyncio.wait_for(watching, 30)
            assert order["id"] in [row["id"] for row in seen]
            assert {frozenset(row) for row in seen} == {frozenset(order)}
            await _told_as_it_is(adapter, order["id"], lambda row: row["info"]["venue_order_id"] is not None)
            assert (await adapter.cancel_order(order["id"], "BTC/USDT"))["status"] == "canceled"
            await _told_as_it_is(adapter, order["id"], lambda row: row["status"] == "canceled")
            if name != "ascendex":
                trades = asyncio.create_task(adapter.watch_my_trades("BTC/USDT"))
                await adapter._omsd_watch("trades").began.wait()
                sold = await adapter.create_order("BTC/USDT", "market", "sell", 0.002)
                assert await asyncio.wait_for(trades, 30) == await adapter.fetch_order_trades(sold["id"], "BTC/USDT")
        finally:
            await adapter.close()

    asyncio.run(run())
