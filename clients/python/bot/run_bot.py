"""Starts freqtrade as it is, with one thing different: the exchange objects that it makes of ccxt's classes are wrapped by omsd.

freqtrade looks its exchange up by name in ccxt's modules, so that is where the one line goes. Nothing of freqtrade is changed.

    run_bot.py EXCHANGE ACCOUNT SOCKET URL -- freqtrade's own words
"""

from __future__ import annotations

import sys
from typing import Any

import ccxt
import ccxt.async_support
import ccxt.pro

import omsd.ccxt


def stand_in(kind: type[Any], account: str, socket: str, url: str) -> Any:
    def make(configuration: dict[str, Any] | None = None) -> Any:
        exchange = kind(configuration or {})
        exchange.urls["api"] = {name: url for name in exchange.urls["api"] if name != "ws"}
        return omsd.ccxt.wrap(exchange, account, socket)

    return make


def main(exchange: str, account: str, socket: str, url: str, words: list[str]) -> None:
    for library in (ccxt, ccxt.async_support, ccxt.pro):
        setattr(library, exchange, stand_in(getattr(library, exchange), account, socket, url))
    from freqtrade.main import main as freqtrade

    freqtrade(words)


if __name__ == "__main__":
    main(*sys.argv[1:5], sys.argv[6:])
