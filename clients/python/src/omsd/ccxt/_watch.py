"""Events of omsd as ccxt's watch methods give them: each call answers with what came since the last."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

from .. import requests
from .. import types as t
from ..errors import ConnectionLost, OmsdError, Unreachable
from . import _translate as translate

#: Changes kept for who watches too seldom; the oldest go first, as in ccxt's own caches.
KEPT_MAX = 10_000

#: Seconds between two tries to go on.
PAUSE = 0.2

#: Events after which an order stands otherwise than before.
CHANGES = frozenset({"order_born", "order", "execution"})


class Watch:
    """One stream of changes of an account, read by a task of its own. It goes on without a gap however long the daemon is away."""

    def __init__(self, exchange: Any, kind: str) -> None:
        self._exchange = exchange
        self._kind = kind
        self._news: list[Any] = []
        self._changed = asyncio.Event()
        self._failure: OmsdError | None = None
        #: The number of the last event that was read.
        self._after: int | None = None
        #: What is changed from here on will be told.
        self.began = asyncio.Event()
        self._task = self._start()

    def _start(self) -> asyncio.Task[None]:
        return asyncio.create_task(self._read(), name=f"omsd {self._kind}")

    async def next(self, symbol: str | None) -> list[Any]:
        """What came since the last call (of this symbol), once there is something."""
        while True:
            found = [row for row in self._news if symbol is None or row["symbol"] == symbol]
            if found:
                self._news = [row for row in self._news if symbol is not None and row["symbol"] != symbol]
                return found
            if self._failure is not None:
                # Told once; who calls again goes on behind what was read.
                failure, self._failure = self._failure, None
                self._task = self._start()
                raise failure
            self._changed.clear()
            await self._changed.wait()

    async def close(self) -> None:
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task

    async def _read(self) -> None:
        client, account = self._exchange.omsd, self._exchange.omsd_account.account
        while True:
            try:
                if self._after is None:
                    self._after = (await client.daemon_status()).seq
                    self.began.set()
                async for event in client.events(after=self._after, account=account):
                    await self._take(event)
                    self._after = event.seq
            except (ConnectionLost, Unreachable) as away:
                if client.is_closed:
                    return self._fail(away)
                await asyncio.sleep(PAUSE)
            except OmsdError as problem:
                return self._fail(problem)

    def _fail(self, problem: OmsdError) -> None:
        self._failure = problem
        self._changed.set()

    async def _take(self, event: t.Event) -> None:
        exchange, product = self._exchange, self._exchange.omsd_account.product
        if event.client_order_id is None or event.kind not in CHANGES or (self._kind == "trades" and event.kind != "execution"):
            return
        row = await exchange.omsd.call(requests.order_get(event.client_order_id))
        fills = await self._fills(event.client_order_id) if row.filled_quantity or event.kind == "execution" else ()
        if self._kind == "orders":
            self._tell([translate.order(exchange, product, row, fills)])
        else:
            self._tell([translate.trade(exchange, product, fill, row) for fill in fills if fill.trade_id == event.more.get("trade_id")])

    async def _fills(self, id: str) -> tuple[t.Fill, ...]:
        fills: tuple[t.Fill, ...] = ()
        after: int | None = None
        while True:
            page: t.FillPage = await self._exchange.omsd.call(requests.fill_list(client_order_id=id, after=after, limit=1000))
            fills += page.fills
            after = page.next
            if after is None:
                return fills

    def _tell(self, rows: list[Any]) -> None:
        if rows:
            self._news = (self._news + rows)[-KEPT_MAX:]
            self._changed.set()
