"""Watches fills as they are recorded and halts an account that bought or sold more than it may. Needs the role operator.

    python risk_monitor.py ACCOUNT SYMBOL LIMIT

Goes on without a gap over restarts of the daemon.
"""

from __future__ import annotations

import sys
from decimal import Decimal

import omsd


def main(account: str, symbol: str, limit: str) -> None:
    most = Decimal(limit)
    with omsd.Client() as client:
        # From here on events tell what the listing below does not hold yet.
        seq = client.daemon_status().seq
        position = Decimal(0)
        seen: set[tuple[str, str]] = set()

        def count(fills: tuple[omsd.Fill, ...]) -> None:
            nonlocal position
            for fill in fills:
                if (fill.client_order_id, fill.trade_id) not in seen:
                    seen.add((fill.client_order_id, fill.trade_id))
                    position += fill.quantity if fill.side is omsd.Side.BUY else -fill.quantity

        after: int | None = None
        while True:
            page = client.fill_list(account=account, symbol=symbol, after=after, limit=1000)
            count(page.fills)
            if page.next is None:
                break
            after = page.next
        print(f"{account} {symbol}: {position} of {most}", flush=True)
        for event in client.events(after=seq, account=account):
            if event.client_order_id is None or event.kind != "execution":
                continue
            count(client.fill_list(client_order_id=event.client_order_id, symbol=symbol, limit=1000).fills)
            print(f"{account} {symbol}: {position} of {most}", flush=True)
            if abs(position) > most:
                client.account_set_state(account, omsd.TradingState.HALTED, f"position {position} beyond {most}", cancel_open=True)
                print(f"{account} is halted", flush=True)
                return


if __name__ == "__main__":
    main(*sys.argv[1:])
