"""A first order: placed, waited for, cancelled. Run it while `make run` runs."""

from __future__ import annotations

import sys

import omsd


def main(account: str, symbol: str, price: str, quantity: str) -> None:
    with omsd.Client() as client:
        order = omsd.Place(symbol=symbol, side=omsd.Side.BUY, type=omsd.OrderType.LIMIT, price=price, quantity=quantity)
        taken = client.intent_submit(account, place=[order])
        print("accepted:", taken.intent_id, taken.orders)
        print("settled: ", dict(client.intent_wait(taken.intent_id).counts))
        for placed in client.order_list(intent_id=taken.intent_id).orders:
            print("order:   ", placed.client_order_id, placed.state, placed.price, placed.quantity)
        print("cancel:  ", client.intent_cancel(taken.intent_id))


if __name__ == "__main__":
    main(*sys.argv[1:])
