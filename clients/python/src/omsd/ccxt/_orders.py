"""ccxt's order methods, through omsd: each as the steps it takes. ``_run`` makes blocking or asynchronous methods of them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import ccxt

from .. import types as t
from . import _arguments as arguments
from . import _steps as steps
from . import _translate as translate


class OrderMethods:
    """What a wrapped exchange does with orders. ``self`` is the exchange; parameters and answers are ccxt's."""

    omsd_account: t.Account
    omsd_exchange: Any
    omsd_timeout: float
    omsd: Any

    def __reduce_ex__(self, protocol: Any) -> tuple[Any, ...]:
        # A connection cannot be pickled or copied: where it is unpickled, the exchange is wrapped anew.
        return _again, (self.omsd_exchange, self.omsd_account.account, self.omsd.socket, self.omsd_timeout, self.omsd.patience)

    def _omsd_order(self, row: t.Order, is_new: bool = False) -> steps.Steps:
        (order,) = yield from steps.told(self, [row], is_new)
        return order

    # Placing.

    def create_order(
        self, symbol: str, type: str, side: str, amount: Any, price: Any = None, params: Mapping[str, Any] | None = None
    ) -> steps.Steps:
        order = {"symbol": symbol, "type": type, "side": side, "amount": amount, "price": price, "params": params}
        (row,) = yield from steps.create(self, [order])
        steps.created(self, row)
        return (yield from self._omsd_order(row, is_new=True))

    def create_orders(self, orders: list[Mapping[str, Any]], params: Mapping[str, Any] | None = None) -> steps.Steps:
        """One intent for all. Those that the venue refused are in the list as rejected: the others live."""
        asked = arguments.orders_of(self, orders, params)
        return (yield from steps.told(self, (yield from steps.create(self, asked)), is_new=True))

    def edit_order(
        self,
        id: str,
        symbol: str,
        type: str,
        side: str,
        amount: Any = None,
        price: Any = None,
        params: Mapping[str, Any] | None = None,
    ) -> steps.Steps:
        name, left = arguments.named(self, id, params)
        row = yield from steps.edit(self, name, symbol, type, side, amount, price, left)
        return (yield from self._omsd_order(row))

    # Cancelling.

    def cancel_order(self, id: str, symbol: str | None = None, params: Mapping[str, Any] | None = None) -> steps.Steps:
        name, _ = arguments.named(self, id, params)
        (row,) = yield from steps.cancel(self, [name])
        steps.canceled(self, row)
        return (yield from self._omsd_order(row))

    def cancel_orders(self, ids: list[str], symbol: str | None = None, params: Mapping[str, Any] | None = None) -> steps.Steps:
        """Those that omsd does not know are an ``OrderNotFound``, once all others are cancelled."""
        return (yield from steps.told(self, (yield from steps.cancel_known(self, arguments.names_of(self, ids, params)))))

    def cancel_orders_for_symbols(self, orders: list[Mapping[str, Any]], params: Mapping[str, Any] | None = None) -> steps.Steps:
        """As ``cancel_orders``: the id says it all."""
        if not isinstance(orders, Sequence) or isinstance(orders, str) or not all(isinstance(order, Mapping) for order in orders):
            raise ccxt.BadRequest("cancelOrdersForSymbols() takes a list of dictionaries")
        ids = [arguments.named(self, order.get("id"), {"clientOrderId": order.get("clientOrderId")})[0] for order in orders]
        return (yield from steps.told(self, (yield from steps.cancel_known(self, ids))))

    def cancel_all_orders(self, symbol: str | None = None, params: Mapping[str, Any] | None = None) -> steps.Steps:
        """Those of this account that omsd placed; not other people's. With ``params["tag"]`` those that bear it."""
        asked = arguments.Filter(self, params)
        left = {name: value for name, value in arguments.options(self, params).items() if name not in ("tag", "trigger", "stop")}
        translate.check_product(self.omsd_account, left)
        translate.refuse_unknown(left)
        return (yield from steps.told(self, (yield from steps.cancel_all(self, symbol, asked))))

    # Reading.

    def fetch_order(self, id: str, symbol: str | None = None, params: Mapping[str, Any] | None = None) -> steps.Steps:
        name, _ = arguments.named(self, id, params)
        row = yield from steps.one(self, name)
        return (yield from self._omsd_order(row))

    def fetch_open_order(self, id: str, symbol: str | None = None, params: Mapping[str, Any] | None = None) -> steps.Steps:
        return (yield from self._omsd_one_of(id, params, translate.OPEN))

    def fetch_closed_order(self, id: str, symbol: str | None = None, params: Mapping[str, Any] | None = None) -> steps.Steps:
        return (yield from self._omsd_one_of(id, params, translate.ENDED))

    def _omsd_one_of(self, id: str, params: Any, states: Collection[t.OrderState]) -> steps.Steps:
        name, _ = arguments.named(self, id, params)
        row = yield from steps.one(self, name)
        if row.state not in states:
            raise steps.not_found(self, f"{name} is {row.state}")
        return (yield from self._omsd_order(row))

    def _omsd_orders(
        self, symbol: str | None, since: int | None, limit: int | None, states: Collection[t.OrderState] | None, params: Any
    ) -> steps.Steps:
        arguments.check_window(self, since, limit)
        asked = arguments.Filter(self, params)
        rows = yield from steps.listed(self, symbol, states, asked)
        return (yield from steps.told(self, translate.since_limit(rows, since, limit, translate.ordered_at, asked.until)))

    def fetch_orders(
        self, symbol: str | None = None, since: int | None = None, limit: int | None = None, params: Mapping[str, Any] | None = None
    ) -> steps.Steps:
        return (yield from self._omsd_orders(symbol, since, limit, None, params))

    def fetch_orders_by_status(
        self,
        status: str,
        symbol: str | None = None,
        since: int | None = None,
        limit: int | None = None,
        params: Mapping[str, Any] | None = None,
    ) -> steps.Steps:
        states = [state for state, word in translate.STATUS.items() if word == status]
        if not states:
            raise ccxt.BadRequest(f"an order's status is open, closed, canceled, expired or rejected, not {status!r}")
        return (yield from self._omsd_orders(symbol, since, limit, states, params))

    def fetch_open_orders(
        self, symbol: str | None = None, since: int | None = None, limit: int | None = None, params: Mapping[str, Any] | None = None
    ) -> steps.Steps:
        return (yield from self._omsd_orders(symbol, since, limit, translate.OPEN, params))

    def fetch_closed_orders(
        self, symbol: str | None = None, since: int | None = None, limit: int | None = None, params: Mapping[str, Any] | None = None
    ) -> steps.Steps:
        return (yield from self._omsd_orders(symbol, since, limit, translate.CLOSED, params))

    def fetch_canceled_orders(
        self, symbol: str | None = None, since: int | None = None, limit: int | None = None, params: Mapping[str, Any] | None = None
    ) -> steps.Steps:
        return (yield from self._omsd_orders(symbol, since, limit, translate.CANCELED, params))

    def fetch_canceled_and_closed_orders(
        self, symbol: str | None = None, since: int | None = None, limit: int | None = None, params: Mapping[str, Any] | None = None
    ) -> steps.Steps:
        return (yield from self._omsd_orders(symbol, since, limit, translate.ENDED, params))

    def fetch_my_trades(
        self, symbol: str | None = None, since: int | None = None, limit: int | None = None, params: Mapping[str, Any] | None = None
    ) -> steps.Steps:
        arguments.check_window(self, since, limit)
        asked = arguments.Filter(self, params)
        fills = yield from steps.trades(self, symbol, asked.id)
        return (yield from steps.traded(self, translate.since_limit(fills, since, limit, translate.traded_at, asked.until)))

    def fetch_order_trades(
        self,
        id: str,
        symbol: str | None = None,
        since: int | None = None,
        limit: int | None = None,
        params: Mapping[str, Any] | None = None,
    ) -> steps.Steps:
        arguments.check_window(self, since, limit)
        name, left = arguments.named(self, id, params)
        until = arguments.Filter(self, left).until
        fills = yield from steps.trades(self, symbol, name)
        return (yield from steps.traded(self, translate.since_limit(fills, since, limit, translate.traded_at, until)))


def _again(exchange: Any, account: str, socket: str, timeout: float, patience: float) -> Any:
    """What an unpickled exchange becomes."""
    from . import wrap

    return wrap(exchange, account, socket, timeout=timeout, patience=patience)
