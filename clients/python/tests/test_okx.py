"""OKX's own words, each as ccxt's own class takes it: the order that omsd is handed is the one that the class would send."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import ccxt
import pytest
from conftest import CHOSEN, VENUES, House, exchange, wait_until
from test_bad_input import ACCOUNT

import omsd
import omsd.ccxt
from omsd import Account, Fill, Order
from omsd._structure import structure
from omsd.ccxt._translate import order as order_of
from omsd.ccxt._translate import place, refuse_direct_write, venue_problem
from omsd.ccxt._translate import trade as trade_of

pytestmark = pytest.mark.skipif("okx" not in CHOSEN, reason="this run is about another venue")

SPOT, SWAP, INVERSE, DATED = "BTC/USDT", "BTC/USDT:USDT", "BTC/USD:BTC", "BTC/USDT:USDT-270326"


def account(product: str) -> Account:
    return structure(Account, {**ACCOUNT, "account": f"{product}-okx", "venue": "okx", "product": product})


@pytest.fixture
def plain(house: House) -> Any:
    return exchange(ccxt, "okx", house)


@pytest.fixture
def wrapped(house: House) -> Iterator[Any]:
    adapter = omsd.ccxt.wrap(exchange(ccxt, "okx", house), VENUES["okx"][1], house.socket, patience=60)
    yield adapter
    adapter.close()


#: Product, arguments of ``create_order``, and what else ccxt's class has to be told to mean the same account.
SAME: list[tuple[str, tuple[Any, ...], dict[str, Any], dict[str, Any]]] = [
    ("spot", (SPOT, "limit", "buy", 0.01, 38000), {}, {}),
    ("spot", (SPOT, "limit", "sell", "0.0123456789", 38000.129), {"tdMode": "cash", "instType": "SPOT"}, {}),
    ("spot", (SPOT, "limit", "buy", 0.01, 38000), {"tgtCcy": "base_ccy", "pxAmendType": "0", "banAmend": True}, {}),
    ("spot", (SPOT, "limit", "buy", 0.01, 38000), {"postOnly": True}, {}),
    ("spot", (SPOT, "limit", "buy", 0.01, 38000), {"timeInForce": "IOC"}, {}),
    ("spot", (SPOT, "limit", "buy", 0.01, 38000), {"timeInForce": "FOK"}, {}),
    ("spot", (SPOT, "post_only", "buy", 0.01, 38000), {}, {}),
    ("spot", (SPOT, "ioc", "sell", 0.01, 38000), {}, {}),
    ("spot", (SPOT, "fok", "sell", 0.01, 38000), {"timeInForce": "GTC"}, {}),
    ("spot", (SPOT, "limit", "buy", 0.01, 38000), {"clOrdId": "own1"}, {}),
    ("spot", (SPOT, "limit", "buy", 0.01, 38000), {"stpMode": "cancel_taker"}, {}),
    ("spot", (SPOT, "limit", "buy", 0.01, 38000), {"selfTradePrevention": "EXPIRE_BOTH"}, {}),
    ("spot", (SPOT, "market", "sell", 0.01), {}, {}),
    ("spot", (SPOT, "market", "sell", 0.01), {"tgtCcy": "base_ccy"}, {}),
    ("spot", (SPOT, "market", "buy", 0.01), {}, {}),
    ("spot", (SPOT, "market", "buy", 0.01, 38000), {}, {}),
    ("spot", (SPOT, "market", "buy", 500), {"tgtCcy": "quote_ccy"}, {}),
    ("spot", (SPOT, "market", "buy", 500, 38000), {"tgtCcy": "quote_ccy"}, {}),
    ("spot", (SPOT, "market", "buy", 0.01, 38000), {"tgtCcy": "quote_ccy", "createMarketBuyOrderRequiresPrice": True}, {}),
    ("spot", (SPOT, "market", "buy", 0.01, 38000), {"tgtCcy": "quote_ccy", "cost": 500}, {}),
    ("margin", (SPOT, "limit", "buy", 0.01, 38000), {"marginMode": "cross"}, {}),
    ("margin", (SPOT, "limit", "buy", 0.01, 38000), {"margin": True, "ccy": "USDT"}, {}),
    ("margin", (SPOT, "limit", "sell", 0.01, 38000), {"tdMode": "cross", "instType": "MARGIN", "reduceOnly": True}, {}),
    ("margin", (SPOT, "market", "sell", 0.01), {"ccy": "USDT"}, {"margin": True}),
    ("margin", (SPOT, "market", "buy", 500, 38000), {"tgtCcy": "quote_ccy"}, {"margin": True}),
    ("margin", (SPOT, "market", "buy", 0.01, 38000), {"tgtCcy": "quote_ccy", "createMarketBuyOrderRequiresPrice": True}, {"margin": True}),
    ("margin", (SPOT, "market", "buy", 500), {"createMarketBuyOrderRequiresPrice": False}, {"margin": True}),
    ("swap", (SWAP, "limit", "buy", 3.07, 38000), {"tdMode": "cross", "marginMode": "cross"}, {}),
    ("swap", (SWAP, "market", "sell", "0.079"), {"reduceOnly": True, "positionSide": "net"}, {}),
    ("swap", (SWAP, "limit", "sell", 1, 38000), {"posSide": "long"}, {}),
    ("swap", (SWAP, "limit", "sell", 1, 38000), {"hedged": True}, {}),
    ("swap", (SWAP, "limit", "sell", 1, 38000), {"hedged": True, "reduceOnly": True}, {}),
    ("swap", (INVERSE, "limit", "buy", 7, 38000), {"instType": "SWAP"}, {}),
    ("futures", (DATED, "limit", "buy", 0.5, 38000), {"instType": "FUTURES"}, {}),
    ("futures", (DATED, "market", "buy", 1), {"timeInForce": "GTC"}, {}),
]


@pytest.mark.parametrize(("product", "order", "params", "beside"), SAME)
def test_an_order_says_what_ccxts_own_class_would_send(
    plain: Any, product: str, order: tuple[Any, ...], params: dict[str, Any], beside: dict[str, Any]
) -> None:
    symbol, kind, side, amount, price = (*order, None)[:5]
    asked = plain.create_order_request(symbol, kind, side, amount, price, {**params, **beside})
    found = place(plain, account(product), symbol, kind, side, amount, price, dict(params))
    assert (found.symbol, found.side) == (asked["instId"], asked["side"])
    counted = found.quantity if found.quote_quantity is None else found.quote_quantity
    assert Decimal(str(counted)) == Decimal(asked["sz"])
    # Of a market order ccxt's type is the venue's; a price stands with limit orders alone.
    is_market = asked["ordType"] == "market"
    rests = {"post_only": (True, None), "ioc": (None, "ioc"), "fok": (None, "fok")}.get(asked["ordType"], (None, None))
    assert (found.type, found.price, found.post_only) == ("market" if is_market else "limit", asked.get("px"), rests[0])
    assert str(found.time_in_force or "") in (str(rests[1] or ""), "gtc")
    # A net position is what nothing said means; where there are two, what closes one only reduces it.
    assert (found.position_side or "net") == asked.get("posSide", "net")
    assert (found.reduce_only or False) == asked.get("reduceOnly", False)
    assert found.stp == asked.get("stpMode")
    if "clOrdId" in params:
        assert found.client_order_id == asked["clOrdId"]
    if product == "spot" and is_market:
        assert (found.quote_quantity is not None) == (asked["tgtCcy"] == "quote_ccy")
    assert asked["tdMode"] == ("cash" if product == "spot" else "cross")


#: What names another account's order, says what omsd never does, or means two things at once.
REFUSED: list[tuple[str, tuple[Any, ...], dict[str, Any], type[Exception]]] = [
    *(
        ("spot", (SPOT, "limit", "buy", 0.01, 38000), {name: said}, ccxt.NotSupported)
        for name, said in (
            ("tdMode", "cross"),
            ("tdMode", "isolated"),
            ("marginMode", "cross"),
            ("margin", True),
            ("ccy", "USDT"),
            ("instType", "MARGIN"),
            ("tgtCcy", "quote_ccy"),
            ("banAmend", False),
            ("pxAmendType", "1"),
            ("expTime", "1795000000000"),
            ("attachAlgoOrds", []),
            ("closeFraction", "1"),
            ("quickMgnType", "manual"),
            ("ordType", "post_only"),
            ("type", "swap"),
        )
    ),
    ("spot", (SPOT, "limit", "buy", 0.01, 38000), {"tgtCcy": "coin"}, ccxt.InvalidOrder),
    ("spot", (SPOT, "limit", "buy", 0.01, 38000), {"cost": 500}, ccxt.NotSupported),
    ("spot", (SPOT, "market", "sell", 500), {"tgtCcy": "quote_ccy"}, ccxt.NotSupported),
    ("spot", (SPOT, "market", "buy", 0.01), {"tgtCcy": "base_ccy", "cost": 500}, ccxt.InvalidOrder),
    ("spot", (SPOT, "market", "buy", 0.01), {"tgtCcy": "quote_ccy", "createMarketBuyOrderRequiresPrice": True}, ccxt.InvalidOrder),
    *(
        ("spot", (SPOT, kind, "buy", 0.01, 38000), {}, ccxt.NotSupported)
        for kind in ("trigger", "conditional", "oco", "move_order_stop", "iceberg", "twap", "rpi", "optimal_limit_ioc")
    ),
    ("spot", (SPOT, "post_only", "buy", 0.01, None), {}, ccxt.ArgumentsRequired),
    ("spot", (SPOT, "ioc", "buy", 0.01, 38000), {"timeInForce": "FOK"}, ccxt.InvalidOrder),
    # A market order takes what there is: ccxt's class makes a limit order of it, without a price.
    ("spot", (SPOT, "market", "buy", 0.01), {"timeInForce": "FOK"}, ccxt.NotSupported),
    ("margin", (SPOT, "limit", "buy", 0.01, 38000), {"marginMode": "isolated"}, ccxt.NotSupported),
    ("margin", (SPOT, "limit", "buy", 0.01, 38000), {"tdMode": "cash"}, ccxt.NotSupported),
    ("margin", (SPOT, "limit", "buy", 0.01, 38000), {"margin": False}, ccxt.NotSupported),
    ("margin", (SPOT, "limit", "sell", 0.01, 38000), {"ccy": "BTC"}, ccxt.NotSupported),
    ("margin", (SPOT, "limit", "sell", 0.01, 38000), {"banAmend": True}, ccxt.NotSupported),
    # The amount of a market buy on margin is what is spent at the venue and what is bought in ccxt's words: it has to be said.
    ("margin", (SPOT, "market", "buy", 0.01), {}, ccxt.InvalidOrder),
    ("margin", (SPOT, "market", "buy", 600, 38000), {}, ccxt.InvalidOrder),
    ("margin", (SPOT, "market", "buy", 0.01), {"tgtCcy": "base_ccy"}, ccxt.InvalidOrder),
    ("swap", (SWAP, "limit", "buy", 1, 38000), {"tgtCcy": "base_ccy"}, ccxt.NotSupported),
    ("swap", (SWAP, "limit", "buy", 1, 38000), {"marginMode": "isolated"}, ccxt.NotSupported),
    ("swap", (SWAP, "market", "buy", 1), {"cost": 500}, ccxt.NotSupported),
    ("swap", (SWAP, "limit", "buy", 1, 38000), {"ccy": "USDT"}, ccxt.NotSupported),
    ("swap", (SWAP, "limit", "buy", 0.001, 38000), {}, ccxt.InvalidOrder),
    ("swap", (SWAP, "limit", "buy", 1, 38000), {"posSide": "net", "positionSide": "long"}, ccxt.InvalidOrder),
    ("swap", (DATED, "limit", "buy", 1, 38000), {}, ccxt.NotSupported),
    ("swap", (SPOT, "limit", "buy", 1, 38000), {}, ccxt.BadSymbol),
    ("futures", (SWAP, "limit", "buy", 1, 38000), {}, ccxt.NotSupported),
    ("spot", (SWAP, "limit", "buy", 1, 38000), {}, ccxt.NotSupported),
]


@pytest.mark.parametrize(("product", "order", "params", "error"), REFUSED)
def test_what_cannot_be_meant_or_done_is_refused_by_name(
    plain: Any, product: str, order: tuple[Any, ...], params: dict[str, Any], error: type[Exception]
) -> None:
    symbol, kind, side, amount, price = (*order, None)[:5]
    with pytest.raises(error):
        place(plain, account(product), symbol, kind, side, amount, price, dict(params))


def test_what_market_buys_count_may_be_an_option_of_the_exchange(plain: Any) -> None:
    plain.options["tgtCcy"] = "quote_ccy"
    asked = plain.create_order_request(SPOT, "market", "buy", 500)
    found = place(plain, account("spot"), SPOT, "market", "buy", 500, None, {})
    assert (asked["tgtCcy"], found.quote_quantity, found.quantity) == ("quote_ccy", asked["sz"], None)
    # On margin the class sends the bare amount all the same: the option does not say what is meant.
    with pytest.raises(ccxt.InvalidOrder, match="requires the cost param"):
        place(plain, account("margin"), SPOT, "market", "buy", 500, None, {})


@pytest.mark.parametrize("name", ["okx", "myokx", "okxus"])
def test_customers_of_a_region_have_an_exchange_of_their_own_and_the_same_venue(name: str) -> None:
    assert issubclass(getattr(ccxt, name), ccxt.okx)
    assert venue_problem(name, "okx", "spot") is None
    assert isinstance(venue_problem(name, "bybit", "spot"), ValueError)


def test_a_cost_says_what_a_market_buy_spends_on_margin_and_on_spot(plain: Any) -> None:
    for product in ("spot", "margin"):
        found = place(plain, account(product), SPOT, "market", "buy", 0.01, 61000, {"cost": "500.2"})
        assert (found.quote_quantity, found.quantity) == ("500.2", None)


@pytest.mark.parametrize(
    ("symbol", "product", "quantity", "price", "cost"),
    [
        # Contracts of a hundredth of a BTC, and of a hundred dollars.
        (SWAP, "swap", "3.07", "61000.1", Decimal("3.07") * Decimal("0.01") * Decimal("61000.1")),
        (DATED, "futures", "0.07", "61000", Decimal("0.07") * Decimal("0.01") * 61000),
        (INVERSE, "swap", "7", "50000", Decimal(7 * 100) / 50000),
        (SPOT, "spot", "0.07", "61000", Decimal("0.07") * 61000),
    ],
)
def test_what_contracts_cost_is_their_number_times_what_one_is_worth(
    plain: Any, symbol: str, product: str, quantity: str, price: str, cost: Decimal
) -> None:
    name = plain.market(symbol)["id"]
    row = {
        **{"client_order_id": "o1", "intent_id": "i1", "item": 0, "account": "a", "venue": "okx", "product": product, "symbol": name},
        **{"side": "buy", "type": "limit", "state": "filled", "evidence": "reply", "attempts": 1, "intended_at": 1, "order_key": 1},
        **{"quantity": quantity, "price": price, "filled_quantity": quantity, "average_price": price},
    }
    found = order_of(plain, product, structure(Order, row))
    assert (found["symbol"], found["amount"], found["filled"], found["cost"]) == (symbol, float(quantity), float(quantity), float(cost))
    fill = {
        **{"client_order_id": "o1", "account": "a", "symbol": name, "side": "buy", "trade_id": "t1", "at": 1},
        **{"quantity": quantity, "price": price, "venue_order_id": "v1", "intent_id": "i1", "seq": 1},
    }
    assert trade_of(plain, product, structure(Fill, fill))["cost"] == float(cost)


def test_orders_are_named_and_narrowed_by_okxs_own_names(wrapped: Any) -> None:
    live = wrapped.create_order(SPOT, "post_only", "buy", 0.01, 38000, {"clOrdId": f"own{wrapped.milliseconds()}"})["id"]
    other = wrapped.create_order(SPOT, "limit", "buy", 0.01, 38001)["id"]
    assert live.startswith("own")
    for params in ({"clOrdId": live}, {"ordId": live}):
        assert [row["id"] for row in wrapped.fetch_open_orders(SPOT, None, None, params)] == [live]
    for params in ({"ordType": "conditional"}, {"trailing": True}, {"trigger": True}):
        assert wrapped.fetch_open_orders(SPOT, None, None, params) == []
    assert wrapped.fetch_order("", SPOT, {"clOrdId": live})["postOnly"] is True
    assert wrapped.edit_order(live, SPOT, "limit", "buy", 0.02, 37000, {"cxlOnFail": False, "pxAmendType": "0"})["amount"] == 0.02
    for params in ({"reqId": "r1"}, {"pxAmendType": "1"}, {"newTpTriggerPx": "1"}):
        with pytest.raises(ccxt.NotSupported):
            wrapped.edit_order(live, SPOT, "limit", "buy", 0.03, 37000, params)
    assert [row["id"] for row in wrapped.cancel_orders(None, SPOT, {"clOrdId": f"{live},{other}"})] == [live, other]


def test_what_ccxts_okx_does_by_pages_of_its_own_is_refused(wrapped: Any, client: omsd.Client) -> None:
    before = len(client.order_list(account="spot-okx", limit=1000).orders)
    calls: list[Callable[[], Any]] = [
        lambda: wrapped.close_position(SWAP),
        lambda: wrapped.cancel_all_orders_after(10_000),
        lambda: wrapped.edit_orders([{"id": "1", "symbol": SPOT, "type": "limit", "side": "buy", "amount": 0.01, "price": 38000}]),
        lambda: wrapped.create_market_sell_order_with_cost(SPOT, 500),
        lambda: wrapped.create_order(SPOT, "limit", "buy", 0.01, 38000, {"stopLossPrice": 37000}),
        lambda: wrapped.create_order(SPOT, "limit", "buy", 0.01, 38000, {"takeProfitPrice": 39000}),
        lambda: wrapped.cancel_all_orders(SPOT, {"trailing": True}),
    ]
    for call in calls:
        with pytest.raises(ccxt.NotSupported):
            call()
    assert len(client.order_list(account="spot-okx", limit=1000).orders) == before


def test_pages_of_okx_that_trade_are_refused_and_settings_are_not() -> None:
    for path in (
        "trade/batch-orders",
        "trade/amend-batch-orders",
        "trade/cancel-all-after",
        "trade/order-algo",
        "trade/easy-convert",
        "sprd/mass-cancel",
        "rfq/execute-quote",
        "tradingBot/grid/order-algo",
        "tradingBot/dca/create",
        "copytrading/first-copy-settings",
        "asset/convert/trade",
        "asset/convert-dust-assets",
        "fiat/buy-sell/quote",
        "account/move-positions",
    ):
        with pytest.raises(ccxt.NotSupported, match="past omsd"):
            refuse_direct_write(path, "POST")
    for path in ("account/set-leverage", "account/set-position-mode", "account/position/margin-balance", "asset/transfer"):
        refuse_direct_write(path, "POST")


@pytest.mark.parametrize(
    ("side", "params", "position"),
    [
        ("buy", {"hedged": True}, "long"),
        ("sell", {"hedged": True}, "short"),
        ("sell", {"hedged": True, "reduceOnly": True}, "long"),
        ("buy", {"posSide": "short"}, "short"),
        ("sell", {"positionSide": "long"}, "long"),
    ],
)
def test_where_positions_have_two_sides_both_send_the_same_one(hedging: House, side: str, params: dict[str, Any], position: str) -> None:
    theirs = exchange(ccxt, "okx swap", hedging)
    ours = omsd.ccxt.wrap(exchange(ccxt, "okx swap", hedging), "swap-okx", hedging.socket, patience=60)
    sent = [
        side_of.create_order(SWAP, "limit", side, 0.07, 38000 if side == "buy" else 99000, dict(params))["id"] for side_of in (ours, theirs)
    ]
    wait_until(lambda: len(theirs.fetch_open_orders(SWAP)) >= 2, "they do not rest")
    rows = {row["info"]["clOrdId"]: row for row in theirs.fetch_open_orders(SWAP)}
    names = (sent[0], theirs.fetch_order(sent[1], SWAP)["info"]["clOrdId"])
    for field in ("posSide", "reduceOnly", "sz", "px", "tdMode", "side", "ordType", "ccy", "tgtCcy", "stpMode"):
        assert rows[names[0]]["info"][field] == rows[names[1]]["info"][field], field
    assert rows[names[0]]["info"]["posSide"] == position
    ours.cancel_all_orders(SWAP)
    theirs.cancel_order(sent[1], SWAP)
    # Without a side the venue refuses it, as one.
    for exchange_of in (ours, theirs):
        with pytest.raises(ccxt.ExchangeError):
            exchange_of.create_order(SWAP, "limit", "buy", 0.07, 38000)
    ours.close()


@pytest.fixture(scope="module")
def hedging(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    made = House(tmp_path_factory.mktemp("hedging"), "--switch", "okx/position_mode=long_short", number=8, every=True)
    try:
        made.start()
        yield made
    finally:
        made.close()
