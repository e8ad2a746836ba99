"""Events of omsd as ccxt's watch methods give them: each call answers with what came since the last."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

from .. import requests
from .. import types as t
from . import _translate as translate

#: Changes kept for who watches too seldom; the oldest go first, as in ccxt's own caches.
KEPT_MAX = 10_000


class Watch:
    """One stream of changes of an account, read by a task of its own."""

    def __init__(self, exchange: Any, kind: str) -> None:
        self._exchange = exchange
        self._kind = kind
        self._news: list[Any] = []
        self._changed = asyncio.Event()
        self._failure: BaseException | None = None
        #: What is changed from here on will be told.
        self.began = asyncio.Event()
        self._task = asyncio.create_task(self._read(), name=f"omsd {kind}")

    async def next(self, symbol: str | None) -> list[Any]:
        """What came since the last call (of this symbol), once there is something."""
        while True:
            if self._failure is not None:
                raise self._failure
            found = [row for row in self._news if symbol is None or row["symbol"] == symbol]
            if found:
                self._news = [row for row in self._news if symbol is not None and row["symbol"] != symbol]
                return found
            self._changed.clear()
            await self._changed.wait()

    async def close(self) -> None:
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task

    async def _read(self) -> None:
        exchange, account = self._exchange, self._exchange.omsd_account
        try:
            seen: set[tuple[str, str]] = set()
            start = (await exchange.omsd.daemon_status()).seq
            self.began.set()
            async for event in exchange.omsd.events(after=start, account=account.account):
                if event.client_order_id is None:
                    continue
                if self._kind == "orders":
                    row = await exchange.omsd.call(requests.order_get(event.client_order_id))
                    fills = await self._fills(event.client_order_id) if row.filled_quantity else ()
                    self._tell([translate.order(exchange, account.product, row, fills)])
                elif event.kind == "execution":
                    fills = await self._fills(event.client_order_id)
                    new = [fill for fill in fills if (fill.client_order_id, fill.trade_id) not in seen]
                    seen.update((fill.client_order_id, fill.trade_id) for fill in new)
                    row = await exchange.omsd.call(requests.order_get(event.client_order_id))
                    self._tell([translate.trade(exchange, account.product, fill, row) for fill in new])
        except asyncio.CancelledError:
            raise
        except Exception as problem:
            self._failure = problem
            self._changed.set()

    async def _fills(self, id: str) -> tuple[t.Fill, ...]:
        page: t.FillPage = await self._exchange.omsd.call(requests.fill_list(client_order_id=id, limit=1000))
        return page.fills

    def _tell(self, rows: list[Any]) -> None:
        if rows:
            self._news = (self._news + rows)[-KEPT_MAX:]
            self._changed.set()
