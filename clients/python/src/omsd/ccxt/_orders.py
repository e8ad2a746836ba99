"""ccxt's order methods, through omsd: each as the steps it takes. ``_run`` makes blocking or asynchronous methods of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .. import types as t
from . import _steps as steps
from . import _translate as translate


class OrderMethods:
    """What a wrapped exchange does with orders. ``self`` is the exchange; parameters and answers are ccxt's."""

    omsd_account: t.Account

    def _omsd_order(self, row: t.Order) -> steps.Steps:
        (order,) = yield from steps.told(self, [row])
        return order

    # Placing.

    def create_order(
        self, symbol: str, type: str, side: str, amount: Any, price: Any = None, params: Mapping[str, Any] | None = None
    ) -> steps.Steps:
        order = {"symbol": symbol, "type": type, "side": side, "amount": amount, "price": price, "params": params or {}}
        (row,) = yield from steps.create(self, [order])
        steps.created(self, row)
        return (yield from self._omsd_order(row))

    def create_orders(self, orders: list[Mapping[str, Any]], params: Mapping[str, Any] | None = None) -> steps.Steps:
        """One intent for all. Those that the venue refused are in the list as rejected: the others live."""
        asked = [{**order, "params": {**(params or {}), **(order.get("params") or {})}} for order in orders]
        return (yield from steps.told(self, (yield from steps.create(self, asked))))

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
        row = yield from steps.edit(self, id, symbol, amount, price, params or {})
        return (yield from self._omsd_order(row))

    # Cancelling.

    def cancel_order(self, id: str, symbol: str | None = None, params: Mapping[str, Any] | None = None) -> steps.Steps:
        (row,) = yield from steps.cancel(self, [id])
        steps.canceled(self, row)
        return (yield from self._omsd_order(row))

    def cancel_orders(self, ids: list[str], symbol: str | None = None, params: Mapping[str, Any] | None = None) -> steps.Steps:
        return (yield from steps.told(self, (yield from steps.cancel(self, list(ids)))))

    def cancel_all_orders(self, symbol: str | None = None, params: Mapping[str, Any] | None = None) -> steps.Steps:
        """Those of this account that omsd placed; not other people's."""
        return (yield from steps.told(self, (yield from steps.cancel_all(self, symbol))))

    # Reading.

    def fetch_order(self, id: str, symbol: str | None = None, params: Mapping[str, Any] | None = None) -> steps.Steps:
        row = yield from steps.one(self, id)
        return (yield from self._omsd_order(row))

    def _omsd_orders(self, symbol: str | None, since: int | None, limit: int | None, states: Any) -> steps.Steps:
        rows = yield from steps.listed(self, symbol, states)
        return (yield from steps.told(self, translate.since_limit(rows, since, limit, translate.ordered_at)))

    def fetch_orders(
        self, symbol: str | None = None, since: int | None = None, limit: int | None = None, params: Mapping[str, Any] | None = None
    ) -> steps.Steps:
        return (yield from self._omsd_orders(symbol, since, limit, None))

    def fetch_open_orders(
        self, symbol: str | None = None, since: int | None = None, limit: int | None = None, params: Mapping[str, Any] | None = None
    ) -> steps.Steps:
        return (yield from self._omsd_orders(symbol, since, limit, translate.OPEN))

    def fetch_closed_orders(
        self, symbol: str | None = None, since: int | None = None, limit: int | None = None, params: Mapping[str, Any] | None = None
    ) -> steps.Steps:
        return (yield from self._omsd_orders(symbol, since, limit, translate.CLOSED))

    def fetch_canceled_orders(
        self, symbol: str | None = None, since: int | None = None, limit: int | None = None, params: Mapping[str, Any] | None = None
    ) -> steps.Steps:
        return (yield from self._omsd_orders(symbol, since, limit, translate.CANCELED))

    def fetch_canceled_and_closed_orders(
        self, symbol: str | None = None, since: int | None = None, limit: int | None = None, params: Mapping[str, Any] | None = None
    ) -> steps.Steps:
        return (yield from self._omsd_orders(symbol, since, limit, (*translate.CLOSED, *translate.CANCELED)))

    def fetch_my_trades(
        self, symbol: str | None = None, since: int | None = None, limit: int | None = None, params: Mapping[str, Any] | None = None
    ) -> steps.Steps:
        fills = yield from steps.trades(self, symbol)
        return (yield from steps.traded(self, translate.since_limit(fills, since, limit, translate.traded_at)))

    def fetch_order_trades(
        self,
        id: str,
        symbol: str | None = None,
        since: int | None = None,
        limit: int | None = None,
        params: Mapping[str, Any] | None = None,
    ) -> steps.Steps:
        fills = yield from steps.trades(self, symbol, id)
        return (yield from steps.traded(self, translate.since_limit(fills, since, limit, translate.traded_at)))
