"""A bot on ccxt's interface: keeps a bid and an ask around the middle of the book, and moves them when it moves.

    quoting_bot.py EXCHANGE ACCOUNT SYMBOL AMOUNT KEY.json [URL]

The one line that is omsd's is ``wrap``. The file holds ``{"key": …, "secret": …, "passphrase": …}``; URL is where a simulated venue
listens.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

import ccxt

import omsd.ccxt


def quote(exchange: Any, symbol: str, amount: float, rounds: int, width: float = 0.002, pause: float = 1.0) -> list[Any]:
    """Quotes for so many rounds, takes its orders back, and returns them as they ended."""
    resting: dict[str, Any] = {}
    placed: list[str] = []
    for _ in range(rounds):
        book = exchange.fetch_order_book(symbol, 5)
        middle = (book["bids"][0][0] + book["asks"][0][0]) / 2
        for side, price in (("buy", middle * (1 - width)), ("sell", middle * (1 + width))):
            order = resting.get(side)
            if order is not None:
                order = exchange.fetch_order(order["id"], symbol)
                if order["status"] == "open" and abs(order["price"] - price) < middle * width / 4:
                    continue
                if order["status"] == "open":
                    exchange.cancel_order(order["id"], symbol)
            resting[side] = exchange.create_order(symbol, "limit", side, amount, price, {"postOnly": True})
            placed.append(resting[side]["id"])
        time.sleep(pause)
    exchange.cancel_all_orders(symbol)
    return [exchange.fetch_order(id, symbol) for id in placed]


def main(name: str, account: str, symbol: str, amount: str, file: str, url: str | None = None) -> None:
    key = json.loads(Path(file).read_text())
    exchange = getattr(ccxt, name)({"apiKey": key["key"], "secret": key["secret"], "password": key.get("passphrase", "")})
    if url is not None:
        exchange.urls["api"] = dict.fromkeys(exchange.urls["api"], url)
    exchange = omsd.ccxt.wrap(exchange, account)
    for order in quote(exchange, symbol, float(amount), rounds=3):
        print(order["id"], order["side"], order["price"], order["status"])


if __name__ == "__main__":
    main(*sys.argv[1:])
