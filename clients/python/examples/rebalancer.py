"""A rebalancer by slices: buys or sells what is missing to a target, as one intent of many small orders.

    rebalancer.py ACCOUNT SYMBOL HAVE WANT PRICE SLICE NAME

NAME names this rebalancing: started again under it, by mistake or after a crash, it places nothing twice.
"""

from __future__ import annotations

import sys
from decimal import Decimal

import omsd


def rebalance(client: omsd.Client, account: str, symbol: str, missing: Decimal, price: Decimal, slice: Decimal, name: str) -> omsd.Intent:
    """Places what is missing (below zero: what is too much) in slices and waits until the fate of each is known."""
    order = omsd.Place(
        symbol=symbol,
        side=omsd.Side.BUY if missing > 0 else omsd.Side.SELL,
        type=omsd.OrderType.LIMIT,
        price=price,
        quantity=abs(missing),
        slice_quantity=slice,
    )
    taken = client.intent_submit(account, intent_id=name, place=[order])
    print(f"{name}: {len(taken.orders)} orders{', as before' if taken.duplicate else ''}")
    return client.intent_wait(taken.intent_id, timeout_ms=60_000)


def main(account: str, symbol: str, have: str, want: str, price: str, slice: str, name: str) -> None:
    with omsd.Client() as client:
        waited = rebalance(client, account, symbol, Decimal(want) - Decimal(have), Decimal(price), Decimal(slice), name)
    print(", ".join(f"{count} {state}" for state, count in waited.counts.items()))


if __name__ == "__main__":
    main(*sys.argv[1:])
