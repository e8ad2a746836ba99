"""Words of venues' own in ``params``, as ccxt's classes take them: each becomes a field, or says what holds anyway, or is refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ccxt

from .. import types as t

#: What ccxt calls the ways to keep an account from trading with itself, and what omsd does.
PREVENTIONS = {"expire_maker": "cancel_maker", "expire_taker": "cancel_taker", "expire_both": "cancel_both"}

#: Types of OKX's own that say how long a limit order rests.
OKX_TYPES: dict[str, dict[str, Any]] = {"post_only": {"post_only": True}, "ioc": {"time_in_force": "ioc"}, "fok": {"time_in_force": "fok"}}


def of_venue(account: t.Account, market: Any, fields: dict[str, Any], left: dict[str, Any]) -> None:
    """Takes out of ``left`` what the account's venue alone knows."""
    words = OF.get(account.venue)
    if words is not None:
        words(account, market, fields, left)


def _bybits(account: t.Account, market: Any, fields: dict[str, Any], left: dict[str, Any]) -> None:
    """The position by its number, and whether spot borrows."""
    for name in ("positionIdx", "position_idx"):
        said = left.pop(name, None)
        if said is None or str(said) == "0":
            # One position a market, as where nothing is said.
            continue
        if str(said) not in ("1", "2"):
            raise ccxt.InvalidOrder(f"{name} should be 0, 1 or 2, not {said!r}")
        fields["position_side"] = "long" if str(said) == "1" else "short"
    borrows = left.pop("isLeverage", None)
    if borrows is not None:
        if str(borrows) not in ("0", "1", "False", "True"):
            raise ccxt.InvalidOrder(f"isLeverage should be 0 or 1, not {borrows!r}")
        if str(borrows) in ("1", "True"):
            fields["margin_action"] = "auto_borrow"


def _okxs(account: t.Account, market: Any, fields: dict[str, Any], left: dict[str, Any]) -> None:
    """What the account and omsd say already (``margin``, ``ccy``, ``banAmend``, ``pxAmendType``, a net position), and ``stpMode``."""
    is_margin = account.product == "margin"
    margin = left.pop("margin", None)
    if margin is not None and market["spot"] and bool(margin) != is_margin:
        raise ccxt.NotSupported(f"margin {margin!r} is not what the account {account.account} trades: {account.venue} {account.product}")
    coin = left.get("ccy")
    if is_margin and coin is not None:
        if str(coin).upper() != market["quote"]:
            raise ccxt.NotSupported(f"ccy {coin!r}: omsd holds the position of {market['symbol']} in {market['quote']}")
        left.pop("ccy")
    # A market order is never made smaller than was asked for, and no price is moved.
    _say_what_holds(left, "pxAmendType", "0")
    if account.product == "spot":
        _say_what_holds(left, "banAmend", "true")
    if fields.get("position_side") == "net":
        fields.pop("position_side")
    prevention = left.pop("stpMode", None)
    if prevention is not None:
        fields["stp"] = str(prevention).lower()


def _say_what_holds(left: dict[str, Any], name: str, holds: str) -> None:
    """Drops a word that says what omsd does anyway."""
    said = left.pop(name, None)
    if said is not None and str(said).lower() != holds:
        raise ccxt.NotSupported(f"omsd has no place for {name} {said!r}: it is {holds} with every order")


def on_failure(account: t.Account, left: dict[str, Any]) -> str | None:
    """What becomes of an order whose change fails, where OKX's word for it is said."""
    if account.venue != "okx":
        return None
    _say_what_holds(left, "pxAmendType", "0")
    said = left.pop("cxlOnFail", None)
    if said is None:
        return None
    if str(said).lower() not in ("true", "false"):
        raise ccxt.InvalidOrder(f"cxlOnFail should be True or False, not {said!r}")
    return "cancel" if str(said).lower() == "true" else "keep"


OF: dict[str, Callable[[t.Account, Any, dict[str, Any], dict[str, Any]], None]] = {"bybit": _bybits, "okx": _okxs}


def okx_amount_is_spent(exchange: Any, product: str, fields: dict[str, Any], left: dict[str, Any]) -> bool:
    """Whether the amount of an order is what it spends: of a market buy of spot where ``tgtCcy`` or ``cost`` says so, on margin always.

    On margin the venue counts what is spent, while ccxt's amount is what is bought, and its class hands the number on as it stands: who
    does not say which of the two is meant is asked to.
    """
    if product not in ("spot", "margin"):
        return False
    said = left.pop("tgtCcy", None)
    if said not in (None, "base_ccy", "quote_ccy"):
        raise ccxt.InvalidOrder(f"{exchange.id} tgtCcy should be base_ccy or quote_ccy, not {said!r}")
    if fields["type"] != "market" or fields["side"] != "buy":
        if said == "quote_ccy":
            raise ccxt.NotSupported(
                f"{exchange.id} omsd counts in quote currency what market buys spend, and nothing else: no tgtCcy quote_ccy here"
            )
        return False
    if product == "margin":
        needs_price = left.get("createMarketBuyOrderRequiresPrice")
        if said == "base_ccy" or ("cost" not in left and said is None and needs_price is not False):
            raise ccxt.InvalidOrder(
                f"{exchange.id} createOrder() requires the cost param for market buys on margin, where the venue counts what is spent; or "
                "tgtCcy quote_ccy, and the amount is the cost"
            )
        return True
    if said == "base_ccy" and "cost" in left:
        raise ccxt.InvalidOrder(
            f"{exchange.id} tgtCcy base_ccy counts what is bought, and a cost what is spent: only one of them can be meant"
        )
    target = said or exchange.options.get("tgtCcy", "base_ccy")
    if target == "quote_ccy" or "cost" in left:
        return True
    left.pop("createMarketBuyOrderRequiresPrice", None)
    return False
