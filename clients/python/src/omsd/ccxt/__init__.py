"""omsd in the place of a ccxt exchange: a bot keeps its code and gets exactly-once orders, shared limits and a journal.

>>> exchange = omsd.ccxt.wrap(ccxt.xt({"apiKey": …}), account="spot-xt")
>>> exchange.create_order("BTC/USDT", "limit", "buy", 0.001, 39000)

The object is of the exchange's own class and shares its state: markets, tickers and balances are ccxt's. Orders are omsd's: placed,
changed, cancelled and read through the daemon; ``id`` is omsd's client order id, and ``info["venue_order_id"]`` the venue's.
"""

from __future__ import annotations

import os
from typing import Any

from .. import aio, client
from ..errors import UnknownAccount
from ._arguments import wait_in_milliseconds
from ._orders import OrderMethods
from ._run import OWN, AsyncExchange, BlockingExchange, has, is_asynchronous, past_omsd
from ._translate import DEFAULT_TIMEOUT, venue_problem


def wrap(
    exchange: Any,
    account: str,
    socket: str | os.PathLike[str] | None = None,
    *,
    timeout: float = DEFAULT_TIMEOUT,
    patience: float = 10.0,
) -> Any:
    """An exchange object whose orders go through the account ``account`` of omsd.

    One exchange may be wrapped for several accounts: each object keeps its own. A pickled one is wrapped anew where it is unpickled.

    :param exchange: an object of ``ccxt``, ``ccxt.async_support`` or ``ccxt.pro``, with its own key for what it reads from the venue.
    :param timeout: seconds that placing, changing and cancelling wait for the venue's word, 0 to 3,600. An order whose word did not come is
        returned as it stands, open, with ``info["state"]``; it never raises an error that would invite to place it again.
    :param patience: seconds to try to reach the daemon.
    :raises ValueError: the exchange's id does not name the account's venue; or ``timeout`` is none.
    :raises TypeError: no exchange of ccxt, or one that is wrapped already.
    :raises ccxt.NotSupported: a venue that this adapter does not speak yet.
    :raises omsd.UnknownAccount: no such account is configured.
    """
    if isinstance(exchange, OrderMethods):
        raise TypeError(f"{exchange!r} is wrapped already, for the account {exchange.omsd_account.account}")
    if isinstance(exchange, type) or not (isinstance(getattr(exchange, "id", None), str) and hasattr(exchange, "describe")):
        raise TypeError(f"{exchange!r} is no exchange object of ccxt")
    wait_in_milliseconds(timeout)
    with client.Client(socket, patience=patience) as asking:
        accounts = {row.account: row for row in asking.account_list().accounts}
    row = accounts.get(account)
    if row is None:
        known = ", ".join(sorted(accounts)) or "none"
        raise UnknownAccount(1001, f"omsd has no account {account!r}; it has: {known}", "UNKNOWN_ACCOUNT", "no", ())
    problem = venue_problem(str(exchange.id), row.venue, row.product)
    if problem is not None:
        raise problem
    kind = type(exchange)
    is_async = is_asynchronous(kind)
    base = AsyncExchange if is_async else BlockingExchange
    # What is omsd's lies beside the shared state: two accounts over one exchange would else place each other's orders.
    own = {**past_omsd(kind), "__module__": __name__, "__slots__": OWN}
    made: Any = type(f"Omsd{kind.__name__}", (base, kind), own)
    adapter = made.__new__(made)
    # One state, two names: whoever holds the plain exchange sees the same markets, options and limits.
    adapter.__dict__ = exchange.__dict__
    adapter.omsd = aio.AsyncClient(socket, patience=patience) if is_async else client.Client(socket, patience=patience)
    adapter.omsd_account = row
    adapter.omsd_exchange = exchange
    adapter.omsd_timeout = timeout
    adapter.omsd_watches = {}
    adapter.has = {**exchange.has, **has(kind)}
    return adapter


__all__ = ["wrap"]
