"""What each call does, step by step: a generator that asks and is told. Blocking and asynchronous exchanges run the same steps."""

from __future__ import annotations

from collections.abc import Callable, Collection, Generator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import ccxt

from .. import requests
from .. import types as t
from ..errors import ConnectionLost, OmsdError, ProtocolError, UnknownOrder
from ..requests import Request
from . import _arguments as arguments
from . import _translate as translate
from . import _venues as venues

#: Above so many orders they are read by pages instead of one by one.
PAGE = 50

#: Asks requests at once and is sent their answers, in order.
Steps = Generator[list[Request[Any]], list[Any], Any]


def create(exchange: Any, orders: Sequence[Mapping[str, Any]]) -> Steps:
    """Places all as one intent. Answers orders as they stand once the venue's word is there, or the time is over.

    From the moment at which the intent may be on the daemon's disk nothing is raised any more: an order whose fate cannot be read is open
    and says why in ``info``.
    """
    account = exchange.omsd_account
    timeout_ms = arguments.wait_in_milliseconds(exchange.omsd_timeout)
    tag = arguments.one_tag(exchange, orders)
    places = [
        translate.place(
            exchange,
            account,
            order.get("symbol"),
            order.get("type"),
            order.get("side"),
            order.get("amount"),
            order.get("price"),
            order.get("params"),
        )
        for order in orders
    ]
    # Where the answer is lost for good, the names made here are all that is known of the orders.
    try:
        (taken,) = yield [requests.intent_submit(account.account, place=places, tag=tag)]
    except (ConnectionLost, ProtocolError) as lost:
        return [replace(row, more={"unanswered": str(lost)}) for row in translate.unread(account, places)]
    try:
        yield [requests.intent_wait(taken.intent_id, until="acknowledged", timeout_ms=timeout_ms)]
        if len(taken.orders) > PAGE:
            listed = {
                row.client_order_id: row
                for row in (yield from pages(lambda after: requests.order_list(intent_id=taken.intent_id, after=after, limit=1000)))
            }
            return [listed.get(str(place.client_order_id)) or translate.unread(account, [place])[0] for place in places]
        rows = yield [requests.order_get(order) for order in taken.orders]
    except OmsdError as lost:
        # On the daemon's disk, and so placed: an error now would only invite to place them again.
        known = {"state": t.OrderState.INTENDED, "intent_id": taken.intent_id, "more": {"unread": str(lost)}}
        return [replace(row, **known) for row in translate.unread(account, places)]
    return rows


def told(exchange: Any, rows: Sequence[t.Order], is_new: bool = False) -> Steps:
    """Orders in ccxt's words, with the fees of what they traded: a question more for each that did, all at once.

    :param is_new: the orders were just placed. Then no question ends in an error: what they cost stays unread.
    """
    traded = [row for row in rows if row.filled_quantity]
    if not traded:
        return [translate.order(exchange, exchange.omsd_account.product, row) for row in rows]
    fills: dict[str, tuple[t.Fill, ...]] = {}
    # Of which orders there is more to ask, and behind which execution.
    left: dict[str, int | None] = {row.client_order_id: None for row in traded}
    try:
        while left:
            pages = yield [requests.fill_list(client_order_id=name, after=after, limit=1000) for name, after in left.items()]
            for name, page in zip(list(left), pages, strict=True):
                fills[name] = (*fills.get(name, ()), *page.fills)
                left[name] = page.next
            left = {name: after for name, after in left.items() if after is not None}
    except OmsdError as lost:
        if not is_new:
            raise
        unread = [replace(row, more={**row.more, "unread": str(lost)}) if row.filled_quantity else row for row in rows]
        return [translate.order(exchange, exchange.omsd_account.product, row) for row in unread]
    return [translate.order(exchange, exchange.omsd_account.product, row, fills.get(row.client_order_id, ())) for row in rows]


def traded(exchange: Any, fills: Sequence[t.Fill]) -> Steps:
    """Executions in ccxt's words, with what their orders say of them: a question more for each order, all at once."""
    if not fills:
        return []
    names = list({fill.client_order_id: None for fill in fills})
    rows = yield [requests.order_get(name) for name in names]
    orders = dict(zip(names, rows, strict=True))
    return [translate.trade(exchange, exchange.omsd_account.product, fill, orders[fill.client_order_id]) for fill in fills]


def created(exchange: Any, row: t.Order) -> None:
    problem = translate.rejection(exchange, row)
    if problem is not None:
        raise problem


def cancel(exchange: Any, ids: list[str]) -> Steps:
    """Cancels by id and waits for what came of it. An order that was gone before is not found, as an exchange would say."""
    account = exchange.omsd_account
    timeout_ms = arguments.wait_in_milliseconds(exchange.omsd_timeout)
    if not ids:
        return []
    (taken,) = yield [requests.intent_submit(account.account, cancel=ids)]
    (waited,) = yield [requests.intent_wait(taken.intent_id, timeout_ms=timeout_ms)]
    rows = yield [requests.order_get(id) for id in ids]
    if len(rows) == 1 and waited.refusals and not rows[0].state.is_closed:
        why = f"{waited.refusals[0].code or ''} {waited.refusals[0].text or ''}".strip()
        raise ccxt.InvalidOrder(f"{exchange.id} {ids[0]} is {rows[0].state}; the cancel was refused: {why}")
    return rows


def cancel_known(exchange: Any, ids: list[str]) -> Steps:
    """Cancels those that omsd knows, and then says which it does not: one strange id must not keep the others alive."""
    try:
        return (yield from cancel(exchange, ids))
    except UnknownOrder:
        known: list[str] = []
        for id in ids:
            try:
                yield from one(exchange, id)
            except (UnknownOrder, ccxt.OrderNotFound):
                continue
            known.append(id)
        yield from cancel(exchange, known)
        unknown = ", ".join(sorted(set(ids) - set(known)))
        raise ccxt.OrderNotFound(f"{exchange.id} omsd knows no order {unknown} of this account; the others are canceled") from None


def canceled(exchange: Any, row: t.Order) -> None:
    if row.state.is_closed and row.state is not t.OrderState.CANCELED:
        raise ccxt.OrderNotFound(f"{exchange.id} {row.client_order_id} is {row.state} and cannot be canceled")


def cancel_all(exchange: Any, symbol: str | None, asked: arguments.Filter) -> Steps:
    account = exchange.omsd_account
    timeout_ms = arguments.wait_in_milliseconds(exchange.omsd_timeout)
    venue_symbol = translate.market_for(exchange, account.product, symbol)["id"] if symbol is not None else None
    rows = yield from listed(exchange, symbol, translate.OPEN, asked)
    if not rows:
        return []
    (taken,) = yield [requests.intent_submit(account.account, cancel=[t.Matching(symbol=venue_symbol, tag=asked.tag)])]
    yield [requests.intent_wait(taken.intent_id, timeout_ms=timeout_ms)]
    after = yield [requests.order_get(row.client_order_id) for row in rows]
    return after


def edit(exchange: Any, id: str, symbol: Any, kind: Any, side: Any, amount: Any, price: Any, params: Mapping[str, Any]) -> Steps:
    """Changes a live order and answers it as it stands then. Price and amount can be changed, and nothing else of it."""
    account = exchange.omsd_account
    timeout_ms = arguments.wait_in_milliseconds(exchange.omsd_timeout)
    market = translate.market_for(exchange, account.product, symbol)
    left = dict(params)
    translate.check_product(account, left)
    on_failure = venues.on_failure(account, left)
    translate.refuse_unknown(left)
    change = t.Modify(
        client_order_id=id,
        on_failure=on_failure,
        price=None if price is None else arguments.price_text(exchange, market, price),
        quantity=None if amount is None else arguments.quantity_text(exchange, market, amount),
    )
    before = yield from one(exchange, id)
    for what, asked, stands in (("symbol", market["id"], before.symbol), ("type", kind, before.type), ("side", side, before.side)):
        if asked is not None and str(asked).lower() != str(stands).lower():
            raise ccxt.InvalidOrder(
                f"{exchange.id} {id}: its {what} is {stands} and cannot be changed to {asked}; cancel it and place another"
            )
    (taken,) = yield [requests.intent_submit(account.account, modify=[change])]
    yield [requests.intent_wait(taken.intent_id, timeout_ms=timeout_ms)]
    row, story = yield [requests.order_get(id), requests.order_timeline(id)]
    for command in story.commands:
        if command.intent_id == taken.intent_id and command.state in ("refused", "withdrawn"):
            why = command.reject_text or command.state
            if row.state.is_closed:
                raise ccxt.OrderNotFound(f"{exchange.id} {id} is {row.state}: {why}")
            raise ccxt.InvalidOrder(f"{exchange.id} {id}: the change was {command.state}: {why}")
    return row


def one(exchange: Any, id: str) -> Steps:
    (row,) = yield [requests.order_get(id)]
    if row.account != exchange.omsd_account.account:
        raise ccxt.OrderNotFound(f"{exchange.id} {id} is an order of another account")
    return row


def not_found(exchange: Any, why: str) -> Any:
    return ccxt.OrderNotFound(f"{exchange.id} omsd: {why}")


def listed(exchange: Any, symbol: str | None, states: Collection[t.OrderState] | None, asked: arguments.Filter) -> Steps:
    """All orders of the account (and symbol, and what else is asked for) in these states, oldest first."""
    account = exchange.omsd_account
    venue_symbol = translate.market_for(exchange, account.product, symbol)["id"] if symbol is not None else None
    among = None if states is None else list(states)
    tag = asked.tag
    if asked.is_conditional:
        return []
    if asked.id is not None:
        try:
            row = yield from one(exchange, asked.id)
        except (UnknownOrder, ccxt.OrderNotFound):
            return []
        fits = (among is None or row.state in among) and venue_symbol in (None, row.symbol) and tag in (None, row.tag)
        return [row] if fits else []
    try:
        return (
            yield from pages(
                lambda after: requests.order_list(
                    account=account.account, symbol=venue_symbol, states=among, tag=tag, after=after, limit=1000
                )
            )
        )
    except UnknownOrder:
        # A tag that nothing bears yet: to ccxt that is no order.
        if tag is None:
            raise
        return []


def pages(ask: Callable[[int | None], Request[t.OrderPage]]) -> Steps:
    """All rows of a listing, page by page."""
    rows: list[t.Order] = []
    after: int | None = None
    while True:
        (page,) = yield [ask(after)]
        rows += page.orders
        after = page.next
        if after is None:
            return rows


def trades(exchange: Any, symbol: str | None, id: str | None = None) -> Steps:
    account = exchange.omsd_account
    venue_symbol = translate.market_for(exchange, account.product, symbol)["id"] if symbol is not None else None
    rows: list[t.Fill] = []
    after: int | None = None
    while True:
        (page,) = yield [requests.fill_list(account=account.account, symbol=venue_symbol, client_order_id=id, after=after, limit=1000)]
        rows += page.fills
        after = page.next
        if after is None:
            return rows


#: What the adapter says of itself in ``has``, over the exchange's own words.
HAS = {
    "createOrder": True,
    "createOrders": True,
    "cancelOrder": True,
    "cancelOrders": True,
    "cancelAllOrders": True,
    "fetchOrder": True,
    "fetchOpenOrder": True,
    "fetchClosedOrder": True,
    "fetchOrders": True,
    "fetchOpenOrders": True,
    "fetchClosedOrders": True,
    "fetchCanceledOrders": True,
    "fetchCanceledAndClosedOrders": True,
    "fetchOrderTrades": True,
    "fetchMyTrades": True,
    "fetchOrdersByStatus": True,
    "cancelOrdersForSymbols": True,
    "editOrders": False,
    "closePosition": False,
    "closeAllPositions": False,
    "createConvertTrade": False,
    "createMarketSellOrderWithCost": False,
    "createStopLossOrder": False,
    "createTakeProfitOrder": False,
    "createLimitOrderWs": False,
    "createMarketOrderWs": False,
    "createOrderWs": False,
    "editOrderWs": False,
    "cancelOrderWs": False,
    "cancelOrdersWs": False,
    "cancelAllOrdersWs": False,
    "cancelAllOrdersAfter": False,
    "createTriggerOrder": False,
    "createStopOrder": False,
    "createStopLimitOrder": False,
    "createStopMarketOrder": False,
    "createTrailingAmountOrder": False,
    "createTrailingPercentOrder": False,
}
