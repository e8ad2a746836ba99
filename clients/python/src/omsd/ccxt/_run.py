"""Makes methods of steps: blocking ones for ``ccxt``, asynchronous ones for ``ccxt.async_support`` and ``ccxt.pro``."""

from __future__ import annotations

import asyncio
import inspect
import time
from collections.abc import Callable
from functools import wraps
from typing import Any

import ccxt

from .. import aio, client
from ..errors import ConnectionLost, NoAnswer, NotReady, OmsdError, Refused, Unreachable
from ..requests import Request
from . import _arguments as arguments
from . import _translate as translate
from ._orders import OrderMethods
from ._steps import HAS, Steps
from ._watch import Watch


def _methods() -> dict[str, Callable[..., Steps]]:
    return {name: method for name, method in inspect.getmembers(OrderMethods, inspect.isfunction) if not name.startswith("_")}


#: What an adapter has for itself, beside the state that it shares with the exchange: ``has`` tells what the wrapped one can.
OWN = ("has", "omsd", "omsd_account", "omsd_exchange", "omsd_timeout", "omsd_watches")

#: Seconds that an answer of the daemon may take beyond what the call itself waits for. It answers in milliseconds; this one hangs.
HANGS = 5.0

#: Seconds between two tries with a daemon that has just started.
EARLY = 0.1


def _problem(exchange: Any, problem: OmsdError) -> Any:
    """ccxt's exception. Placing has its own answer where nobody knows (``_steps.create``): here stand questions, changes and cancels."""
    if isinstance(problem, Refused):
        return translate.error(exchange, problem)
    if exchange.omsd.is_closed:
        return ccxt.ExchangeClosedByUser(f"{exchange.id} omsd: {problem}")
    if isinstance(problem, NoAnswer):
        return ccxt.RequestTimeout(f"{exchange.id} omsd: {problem}")
    if isinstance(problem, Unreachable | ConnectionLost):
        return ccxt.ExchangeNotAvailable(f"{exchange.id} omsd: {problem}")
    return ccxt.ExchangeError(f"{exchange.id} omsd: {problem}")


def _blocking(method: Callable[..., Steps]) -> Callable[..., Any]:
    @wraps(method)
    def call(self: Any, *args: Any, **kwargs: Any) -> Any:
        if not self.markets:
            self.load_markets()
        run = method(self, *args, **kwargs)
        try:
            asked = next(run)
            while True:
                try:
                    answers = self._omsd_answers(asked)
                except OmsdError as problem:
                    # To the steps first: what is placed stays placed, whatever becomes of the questions after it.
                    asked = run.throw(problem)
                else:
                    asked = run.send(answers)
        except StopIteration as end:
            return end.value
        except OmsdError as problem:
            raise _problem(self, problem) from problem

    return call


def _asynchronous(method: Callable[..., Steps]) -> Callable[..., Any]:
    @wraps(method)
    async def call(self: Any, *args: Any, **kwargs: Any) -> Any:
        if not self.markets:
            await self.load_markets()
        run = method(self, *args, **kwargs)
        try:
            asked = next(run)
            while True:
                try:
                    answers = await self._omsd_answers(asked)
                except OmsdError as problem:
                    # To the steps first: what is placed stays placed, whatever becomes of the questions after it.
                    asked = run.throw(problem)
                else:
                    asked = run.send(answers)
        except StopIteration as end:
            return end.value
        except OmsdError as problem:
            raise _problem(self, problem) from problem

    return call


class BlockingExchange(OrderMethods):
    """Stands before a blocking exchange's class among its ancestors: whatever ccxt does with orders comes by here."""

    omsd: client.Client
    omsd_timeout: float

    def _omsd_answers(self, asked: list[Request[Any]]) -> list[Any]:
        # A daemon that has just started knows no markets yet and takes nothing: waited for as one that is away. The intent keeps its id.
        until = time.monotonic() + self.omsd.patience
        while True:
            try:
                return self.omsd.call_all(asked, within=self.omsd_timeout + HANGS)
            except NotReady:
                if time.monotonic() >= until:
                    raise
                time.sleep(EARLY)

    def fetch2(self, path: str, api: Any = "public", method: str = "GET", *args: Any, **kwargs: Any) -> Any:
        translate.refuse_direct_write(path, method)
        return super().fetch2(path, api, method, *args, **kwargs)  # type: ignore[misc]

    def close(self, *arguments: Any) -> None:
        if hasattr(self, "omsd"):
            self.omsd.close()
        super().close(*arguments)  # type: ignore[misc]


class AsyncExchange(OrderMethods):
    """The same before an asynchronous one, and what can be watched."""

    omsd: aio.AsyncClient
    omsd_timeout: float
    omsd_watches: dict[str, Watch]
    markets: Any
    load_markets: Any

    async def watch_orders(self, symbol: str | None = None, since: int | None = None, limit: int | None = None, params: Any = None) -> Any:
        """The next orders that changed; waits until one does. The first call begins the watch."""
        if arguments.Filter(self, params).is_conditional:
            raise ccxt.NotSupported(f"{self.omsd_exchange.id} omsd places no conditional orders: there is nothing to watch")
        return await self._omsd_next("orders", symbol, since, limit)

    async def watch_my_trades(
        self, symbol: str | None = None, since: int | None = None, limit: int | None = None, params: Any = None
    ) -> Any:
        """The next executions; waits until there is one. The first call begins the watch."""
        return await self._omsd_next("trades", symbol, since, limit)

    async def un_watch_orders(self, symbol: str | None = None, params: Any = None) -> None:
        """Ends the watch of orders, of all symbols."""
        await self._omsd_unwatch("orders")

    async def un_watch_my_trades(self, symbol: str | None = None, params: Any = None) -> None:
        """Ends the watch of executions, of all symbols."""
        await self._omsd_unwatch("trades")

    async def _omsd_next(self, kind: str, symbol: str | None, since: int | None, limit: int | None) -> Any:
        if not self.markets:
            await self.load_markets()
        if symbol is not None:
            symbol = translate.market_for(self, self.omsd_account.product, symbol)["symbol"]
        arguments.check_window(self, since, limit)
        try:
            return translate.since_limit(await self._omsd_watch(kind).next(symbol), since, limit, translate.said_at)
        except OmsdError as problem:
            raise _problem(self, problem) from problem

    async def _omsd_unwatch(self, kind: str) -> None:
        watch = self.omsd_watches.pop(kind, None)
        if watch is not None:
            await watch.close()

    def _omsd_watch(self, kind: str) -> Watch:
        if kind not in self.omsd_watches:
            self.omsd_watches[kind] = Watch(self, kind)
        return self.omsd_watches[kind]

    async def _omsd_answers(self, asked: list[Request[Any]]) -> list[Any]:
        until = time.monotonic() + self.omsd.patience
        while True:
            try:
                return await self.omsd.call_all(asked, within=self.omsd_timeout + HANGS)
            except NotReady:
                if time.monotonic() >= until:
                    raise
                await asyncio.sleep(EARLY)

    async def fetch2(self, path: str, api: Any = "public", method: str = "GET", *args: Any, **kwargs: Any) -> Any:
        translate.refuse_direct_write(path, method)
        return await super().fetch2(path, api, method, *args, **kwargs)  # type: ignore[misc]

    async def close(self, *arguments: Any) -> None:
        for kind in list(self.omsd_watches):
            await self._omsd_unwatch(kind)
        await self.omsd.close()
        await super().close(*arguments)  # type: ignore[misc]


def _camel_case(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(word.capitalize() for word in others)


for _name, _method in _methods().items():
    setattr(BlockingExchange, _name, _blocking(_method))
    setattr(AsyncExchange, _name, _asynchronous(_method))
# ccxt has each method under two names, and its own call each other by either.
for _kind in (BlockingExchange, AsyncExchange):
    for _name in [name for name in vars(_kind) if "_" in name and not name.startswith("_")]:
        setattr(_kind, _camel_case(_name), getattr(_kind, _name))


def past_omsd(kind: type[Any]) -> dict[str, Callable[..., Any]]:
    """Methods of ``ccxt.pro`` that write over a connection of their own, which no page tells: each refuses."""

    def refusal(name: str) -> Callable[..., Any]:
        def refuse(self: Any, *args: Any, **kwargs: Any) -> Any:
            raise ccxt.NotSupported(f"{self.id} {name} would reach the venue past omsd; use the order methods of this object")

        return refuse

    return {
        name: refusal(name) for name in dir(kind) if name.endswith(("_ws", "Ws")) and name.startswith(("create", "edit", "cancel", "close"))
    }


def is_asynchronous(kind: type[Any]) -> bool:
    return inspect.iscoroutinefunction(kind.fetch_balance) or inspect.iscoroutinefunction(kind.create_order)


def has(kind: type[Any]) -> dict[str, Any]:
    """What the wrapped exchange can, over the exchange's own words."""
    watches = is_asynchronous(kind)
    return {**HAS, "watchOrders": watches, "watchMyTrades": watches}
