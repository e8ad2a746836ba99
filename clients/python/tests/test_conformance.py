"""The adapter held to ccxt's own class: the same calls on both, against the same simulated venue, give structures that agree.

Keys are the same. Where ccxt's class says a value, the adapter says the same; where it leaves a field empty (an answer to a placement
holds an id and nothing else), the adapter may know more. Ids and times are each side's own. What is left differing is in ``KNOWN``, each
with its reason.
"""

from __future__ import annotations

import asyncio
import inspect
import time
from collections.abc import Iterator
from typing import Any

import ccxt
import ccxt.async_support
import pytest
from conftest import CHOSEN, OTHERS, SYMBOLS, VENUES, House, exchange, wait_until

import omsd.ccxt

#: What is each side's own.
OWN = {"id", "clientOrderId", "timestamp", "datetime", "lastTradeTimestamp", "lastUpdateTimestamp", "info", "trades", "order"}

#: (venue, call or "", field): why ccxt's word is not the adapter's.
KNOWN = {
    # The fee's sign: Bitget tells what was paid as a number above zero since March 2026; this ccxt still turns it round.
    ("bitget", "", "fee"): "sign",
    ("bitget", "", "fees"): "sign",
    # Of a market buy Bitget's unified account and ccxt count what is spent as amount.
    ("bitget", "market buy", "amount"): "spent",
    # ccxt reads quoteSize, what the order asks for, as what it cost.
    ("bitget margin", "", "cost"): "asked for",
    # Where nothing was said about the time in force of a market order, each venue fills in a word of its own.
    ("bitget margin", "market", "timeInForce"): "the venue's default",
    ("xt", "market", "timeInForce"): "the venue's default",
    # omsd does not ask AscendEX for single executions (docs/venues/ascendex.md): it knows no fees there.
    ("ascendex", "", "fee"): "not asked for",
    ("ascendex", "", "fees"): "not asked for",
    # What Bitget counts an inverse contract's value in is nowhere said: omsim tells dollars times the price. Here ccxt's rule holds, which
    # Bybit's pages bear out: dollars cost their coin.
    ("bitget coin futures", "", "cost"): "not said",
    # Where it is empty, ccxt guesses the coin of a fee; omsim takes fees in the coin that pays. Of rates omsd keeps no record.
    ("bybit", "fetch_my_trades", "fee"): "coin and rate",
    ("bybit", "fetch_my_trades", "fees"): "coin and rate",
    ("bybit", "market", "timeInForce"): "the venue's default",
    # ccxt reads answers of batches as spot's, whatever was placed.
    ("bybit linear", "create_orders", "symbol"): "of another line",
    ("bybit inverse", "create_orders", "symbol"): "of another line",
    # Of a market buy on margin OKX and ccxt count what is spent as amount.
    ("okx margin", "market buy", "amount"): "spent",
    ("okx margin", "market buy", "remaining"): "spent",
    # The venue's word for nothing.
    ("ascendex", "cancel_order", "type"): "NULL_VAL",
    # Of a canceled order XT says that nothing is left, though it was not executed.
    ("xt", "canceled", "remaining"): "nothing rests any more",
}


def str_of(kind: tuple[Any, str]) -> str:
    return f"{kind[1]}, asynchronous" if kind[0] is ccxt.async_support else kind[1]


#: Products that differ from others of their venue in nothing that is known.
LIKE = {
    "bitget crossed": "bitget margin",
    "bitget unified margin": "bitget",
    "bitget usdt futures": "bitget",
    "bitget usdc futures": "bitget",
    "bitget coin futures": "bitget",
    "bybit linear": "bybit",
    "bybit inverse": "bybit",
    "okx margin": "okx",
    "okx swap": "okx",
    "okx inverse": "okx",
    "okx futures": "okx",
    "xt margin": "xt",
    "ascendex margin": "ascendex",
}

#: Contracts for so many to a BTC, where they are counted otherwise: of the inverse one each is a dollar, and OKX's are a hundredth of a
#: BTC, or a hundred dollars.
CONTRACTS = {"bitget coin futures": 10_000, "bybit inverse": 10_000, "okx swap": 100, "okx inverse": 100, "okx futures": 100}

#: Calls of ccxt's that do not take the margin's mode.
MODELESS: dict[str, tuple[str, ...]] = {"bitget": ("fetch_order", "edit_order", "cancel_order", "cancel_orders"), "xt": ("edit_order",)}

#: What ccxt claims and cannot: in a margin account its bitget asks for single orders at the spot account, which has none, and an edit at
#: AscendEX would be a cancel and a new order, which omsd does not pretend to be a change. Its batches go to the cash account alone.
#: Of Bybit's inverse contracts it cancels none together.
LACKING = {
    "bitget margin": ("fetchOrder", "editOrder"),
    "ascendex": ("editOrder",),
    "ascendex margin": ("editOrder", "createOrders"),
    "bybit inverse": ("cancelOrders",),
}


@pytest.fixture(params=[(ccxt, name) for name in (*CHOSEN, *OTHERS)] + [(ccxt.async_support, name) for name in CHOSEN], ids=str_of)
def kind(request: pytest.FixtureRequest) -> Any:
    """A library of ccxt's, and what is traded by it."""
    return request.param


class Blocking:
    """An asynchronous exchange, called like another."""

    def __init__(self, exchange: Any, loop: asyncio.AbstractEventLoop) -> None:
        self._exchange, self._loop = exchange, loop

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._exchange, name)
        if not inspect.iscoroutinefunction(found):
            return found
        return lambda *arguments: self._loop.run_until_complete(found(*arguments))


class Both:
    """The adapter and ccxt's own exchange, called alike."""

    def __init__(self, library: Any, name: str, house: House) -> None:
        self.name = name
        self.like = LIKE.get(name, name)
        self.symbol = SYMBOLS.get(name, "BTC/USDT")
        self.each = CONTRACTS.get(name, 1)
        self.params = VENUES[name][2]
        self.loop = asyncio.new_event_loop()
        self.ours: Any = omsd.ccxt.wrap(self._plain(library, name, house), VENUES[name][1], house.socket, patience=30)
        self.theirs: Any = self._plain(library, name, house)
        if library is ccxt.async_support:
            self.ours, self.theirs = Blocking(self.ours, self.loop), Blocking(self.theirs, self.loop)
        self.differing: list[str] = []

    def _plain(self, library: Any, name: str, house: House) -> Any:
        async def make() -> Any:
            return exchange(library, name, house)

        # ccxt's asynchronous classes take the loop that runs as theirs.
        return exchange(ccxt, name, house) if library is ccxt else self.loop.run_until_complete(make())

    def close(self) -> None:
        for side in (self.ours, self.theirs):
            # With all it holds: an older ccxt closes its sessions with nothing less.
            side.close(*([True] if isinstance(side, Blocking) else []))
        self.loop.run_until_complete(asyncio.sleep(0))
        self.loop.close()

    def call(self, method: str, *arguments: Any) -> tuple[Any, Any]:
        """The same call on both; an argument that is a tuple holds the one for each."""

        def own(side: int) -> list[Any]:
            return [argument[side] if isinstance(argument, tuple) else argument for argument in arguments]

        return getattr(self.ours, method)(*own(0), self.params), getattr(self.theirs, method)(*own(1), self.theirs_params(method))

    def theirs_params(self, method: str) -> dict[str, Any]:
        # Where the order's id says it all, ccxt would hand the mode on to a page that does not know it.
        if method in MODELESS.get(self.like, ()):
            return {}
        # Bybit's page of single orders knows the last 500; who asks has to say that he knows it.
        if self.like == "bybit" and method == "fetch_order":
            return {"acknowledged": True}
        # OKX's class sends the mode along with every question; which orders are meant it asks by the kind of market, and not for open ones.
        if self.name == "okx margin":
            asks_by_kind = method in ("fetch_closed_orders", "fetch_canceled_orders", "fetch_my_trades")
            return {"marginMode": "cross"} if method == "create_order" else {"instType": "MARGIN"} if asks_by_kind else {}
        # Bitget's margin line wants a time in force with each order, in its own spelling, which this ccxt does not send by itself.
        return {**self.params, "force": "gtc"} if self.like == "bitget margin" and method == "create_order" else dict(self.params)

    def compare(self, what: str, ours: Any, theirs: Any) -> None:
        assert set(ours) == set(theirs), what
        for field in sorted(set(ours) - OWN):
            calls = ("", *what.split(": "))
            known = any((name, call, field) in KNOWN for name in (self.name, self.like) for call in calls)
            if not known and says(theirs[field]) and ours[field] != theirs[field]:
                self.differing.append(f"{what}: {field} is {ours[field]!r} here and {theirs[field]!r} in ccxt")

    def has(self, feature: str) -> bool:
        return bool(self.theirs.has.get(feature)) and feature not in LACKING.get(self.name, LACKING.get(self.like, ()))

    def one(self, what: str, ids: tuple[str, str]) -> None:
        """The order by itself, or out of the listing where ccxt cannot ask for one."""
        if self.has("fetchOrder"):
            self.compare(what, *self.call("fetch_order", ids, self.symbol))

    def listed(self, what: str, method: str, ids: tuple[str, str]) -> None:
        found = self.call(method, self.symbol, None, None)
        rows = [next(row for row in rows if row["id"] == id) for rows, id in zip(found, ids, strict=True)]
        self.compare(f"{what}: {method}", *rows)


def says(value: Any) -> bool:
    """Whether ccxt states something: no fee, and a fee of nothing, state nothing."""
    if isinstance(value, dict):
        return any(says(item) for key, item in value.items() if key != "currency")
    if isinstance(value, list):
        return any(says(item) for item in value)
    return value is not None and not (isinstance(value, float) and value == 0.0)


@pytest.fixture(scope="module")
def wide(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    made = House(tmp_path_factory.mktemp("wide"), number=7, every=True)
    try:
        made.start()
        yield made
    finally:
        made.close()


@pytest.fixture
def both(kind: Any, wide: House) -> Iterator[Both]:
    library, name = kind
    made = Both(library, name, wide)
    yield made
    made.close()


def test_a_limit_order_looks_the_same_from_placing_to_cancelling(both: Both) -> None:
    placed = both.call("create_order", both.symbol, "limit", "buy", 0.02 * both.each, 38500)
    both.compare("limit: create_order", *placed)
    ids = (placed[0]["id"], placed[1]["id"])
    # An engine may follow its gateway.
    time.sleep(0.3)
    both.one("limit: open: fetch_order", ids)
    both.listed("limit: open", "fetch_open_orders", ids)
    if both.has("editOrder"):
        both.compare("limit: edit_order", *both.call("edit_order", ids, both.symbol, "limit", "buy", 0.03 * both.each, 38400))
        time.sleep(0.3)
        both.one("limit: changed: fetch_order", ids)
    both.compare("limit: cancel_order", *both.call("cancel_order", ids, both.symbol))
    time.sleep(0.3)
    both.one("limit: canceled: fetch_order", ids)
    if both.has("fetchCanceledOrders"):
        both.listed("limit: canceled", "fetch_canceled_orders", ids)
    assert both.differing == []


@pytest.mark.parametrize(("what", "side", "price"), [("market", "sell", None), ("market: market buy", "buy", 60000)])
def test_a_market_order_and_its_trades_look_the_same(both: Both, what: str, side: str, price: float | None) -> None:
    # The unified account counts what a market buy spends, and so does OKX on margin, where omsd wants it said; ccxt hands on the amount.
    spends = ((both.like == "bitget" and both.name not in SYMBOLS) or both.name == "okx margin") and side == "buy"
    amount: Any = (0.01, 600) if spends else 0.01 * both.each
    if both.name == "okx margin" and spends:
        both.params = {**both.params, "cost": 600}
    placed = both.call("create_order", both.symbol, "market", side, amount, price)
    both.compare(f"{what}: create_order", *placed)
    ids = (placed[0]["id"], placed[1]["id"])
    wait_until(lambda: bool(both.ours.fetch_order(ids[0])["status"] == "closed"), "it does not end")
    if both.like != "ascendex":
        wait_until(lambda: bool(both.ours.fetch_order_trades(ids[0], both.symbol)), "it has no trade")
    both.one(f"{what}: filled: fetch_order", ids)
    both.listed(f"{what}: filled", "fetch_closed_orders", ids)
    if both.has("fetchMyTrades"):
        found = both.call("fetch_my_trades", both.symbol, None, None)
        trades = [next(trade for trade in trades if trade["order"] == id) for trades, id in zip(found, ids, strict=True)]
        both.compare(f"{what}: fetch_my_trades", *trades)
    assert both.differing == []


def test_orders_of_one_call_look_the_same(both: Both) -> None:
    if not both.has("createOrders"):
        assert both.theirs.has["createOrders"] is not True or "createOrders" in LACKING[both.name]
        return
    order = {"symbol": both.symbol, "type": "limit", "side": "buy", "amount": 0.01 * both.each}

    def asked(params: dict[str, Any]) -> list[dict[str, Any]]:
        # Each with its own: ccxt hands what stands beside the list to the request as a whole.
        return [{**order, "price": 38000 + index, "params": params} for index in range(3)]

    placed = (both.ours.create_orders(asked(both.params)), both.theirs.create_orders(asked(both.theirs_params("create_order"))))
    assert [len(rows) for rows in placed] == [3, 3]
    for ours, theirs in zip(*placed, strict=True):
        both.compare("create_orders", ours, theirs)
    if both.has("cancelOrders"):
        canceled = both.call("cancel_orders", tuple([row["id"] for row in rows] for rows in placed), both.symbol)
        for ours, theirs in zip(*canceled, strict=True):
            both.compare("cancel_orders", ours, theirs)
    assert both.differing == []


def test_what_ccxt_refuses_is_refused_with_the_same_exception(both: Both) -> None:
    for arguments in [(both.symbol, "limit", "buy", 1e-9, 38500), ("NO/SUCH", "limit", "buy", 0.01, 38500)]:
        found: list[type[BaseException]] = []
        for side in (both.ours, both.theirs):
            with pytest.raises(ccxt.BaseError) as refused:
                side.create_order(*arguments, dict(both.params))
            found.append(refused.type)
        assert found[0] is found[1], arguments


def test_what_goes_to_the_exchange_itself_is_the_exchanges_own(both: Both) -> None:
    of = {"type": "margin"} if both.name == "ascendex margin" else {}
    assert both.ours.fetch_balance(of)["total"] == both.theirs.fetch_balance(of)["total"]
    assert both.ours.fetch_ohlcv(both.symbol, "1h", 1_795_000_000_000, 50) == both.theirs.fetch_ohlcv(
        both.symbol, "1h", 1_795_000_000_000, 50
    )
    assert set(both.ours.load_markets()) == set(both.theirs.load_markets())
    book = both.ours.fetch_order_book(both.symbol)
    assert book["bids"][0][0] < book["asks"][0][0]
    assert set(both.ours.fetch_ticker(both.symbol)) == set(both.theirs.fetch_ticker(both.symbol))
