"""What a caller hands over, read before anything is sent: whatever is none of it ends in an exception of ccxt's, and places nothing."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from numbers import Number, Real
from typing import Any

import ccxt

#: What the daemon lets a caller wait at most.
WAIT_MAX = 3_600

#: Places before or behind the point beyond which a number is a mistake, and its plain text a burden.
DIGITS_MAX = 40


def orders_of(exchange: Any, orders: Any, params: Any) -> list[dict[str, Any]]:
    """The list that ``create_orders`` takes, each item with what stands beside the list."""
    if not isinstance(orders, Sequence) or isinstance(orders, str) or not all(isinstance(order, Mapping) for order in orders):
        raise ccxt.BadRequest(f"{exchange.id} createOrders() takes a list of dictionaries")
    if not orders:
        raise ccxt.ArgumentsRequired(f"{exchange.id} createOrders() requires at least one order")
    return [{**order, "params": {**options(exchange, params), **options(exchange, order.get("params"))}} for order in orders]


def options(exchange: Any, params: Any) -> dict[str, Any]:
    """``params`` of a call: what is None was not said."""
    if params is None:
        return {}
    if not isinstance(params, Mapping):
        raise ccxt.BadRequest(f"{exchange.id} params should be a dictionary, not {params!r}")
    return {name: value for name, value in params.items() if value is not None}


def named(exchange: Any, id: Any, params: Any) -> tuple[str, dict[str, Any]]:
    """The order that a call is about, by its argument or by ``clientOrderId``, which are one here; and the other ``params``."""
    left = options(exchange, params)
    said = [left.pop(other) for other in CLIENT_ID_NAMES if other in left]
    name = id or next(iter(said), None)
    if name is None or name == "":
        raise ccxt.ArgumentsRequired(f"{exchange.id} requires the id of an order")
    if not isinstance(name, str):
        raise ccxt.OrderNotFound(f"{exchange.id} an order's id is text, not {name!r}")
    return name, left


def tag_of(exchange: Any, params: Any) -> str | None:
    """What is said to belong together: the ``tag`` of ``params``."""
    tag = options(exchange, params).get("tag")
    return None if tag is None else str(tag)


def one_tag(exchange: Any, orders: Iterable[Mapping[str, Any]]) -> str | None:
    """The tag of orders that go out together: they are one intent, and that bears one."""
    tags = {tag_of(exchange, order.get("params")) for order in orders}
    if len(tags) > 1:
        named = ", ".join(sorted(str(tag) for tag in tags))
        raise ccxt.BadRequest(f"{exchange.id} orders that are placed together bear one tag, not {named}")
    return next(iter(tags), None)


class Filter:
    """What ``params`` of a listing narrow it to. A filter that is dropped in silence would give other people's answers."""

    def __init__(self, exchange: Any, params: Any) -> None:
        said = options(exchange, params)
        self.tag = tag_of(exchange, params)
        #: The one order that is meant, by any name of its id.
        self.id: str | None = next((str(said[name]) for name in ID_NAMES if name in said), None)
        self.until: int | None = said.get("until")
        check_window(exchange, self.until, None)
        #: Conditional orders alone are asked for: omsd places none.
        self.is_conditional = any(said.get(name) for name in ("trigger", "stop", "trailing")) or str(said.get("ordType")) in CONDITIONAL


#: What exchanges of ccxt call the id that the client gives.
CLIENT_ID_NAMES = ("clientOrderId", "clientOid", "clOrdId")
ID_NAMES = (*CLIENT_ID_NAMES, "orderLinkId", "orderId", "ordId")

#: OKX's types of orders that are none yet.
CONDITIONAL = frozenset({"conditional", "oco", "trigger", "move_order_stop", "iceberg", "twap"})


def names_of(exchange: Any, ids: Any, params: Any) -> list[str]:
    said = options(exchange, params)
    if not ids:
        ids = next((said[name] for name in ("clientOrderIds", *CLIENT_ID_NAMES) if name in said), ids)
        ids = ids.split(",") if isinstance(ids, str) else ids
    if not isinstance(ids, Sequence) or isinstance(ids, str):
        raise ccxt.BadRequest(f"{exchange.id} cancelOrders() takes a list of ids")
    return [named(exchange, id, None)[0] for id in ids]


def word(exchange: Any, what: str, value: Any) -> str:
    if value is None:
        raise ccxt.ArgumentsRequired(f"{exchange.id} requires a {what} argument")
    if not isinstance(value, str):
        raise ccxt.InvalidOrder(f"{exchange.id} {what} should be text, not {value!r}")
    return value.lower()


def number_text(exchange: Any, what: str, value: Any) -> str:
    """A number from outside as a decimal in plain notation: a float by its shortest text. What is none, or not above zero, is refused."""
    if value is None:
        raise ccxt.ArgumentsRequired(f"{exchange.id} requires the argument {what}")
    try:
        if isinstance(value, bool) or not isinstance(value, Number | str):
            raise InvalidOperation
        number = Decimal(str(value))
    except InvalidOperation:
        raise ccxt.InvalidOrder(f"{exchange.id} {what} should be a number, not {value!r}") from None
    if not number.is_finite() or number <= 0:
        raise ccxt.InvalidOrder(f"{exchange.id} {what} should be above zero, not {value!r}")
    if abs(number.adjusted()) > DIGITS_MAX:
        raise ccxt.InvalidOrder(f"{exchange.id} {what} is out of all bounds: {value!r}")
    return format(number, "f")


def quantity_text(exchange: Any, market: Any, amount: Any) -> str:
    return cut(exchange, "amount", amount, lambda text: exchange.amount_to_precision(market["symbol"], text))


def price_text(exchange: Any, market: Any, price: Any) -> str:
    return cut(exchange, "price", price, lambda text: exchange.price_to_precision(market["symbol"], text))


def cut(exchange: Any, what: str, value: Any, by: Callable[[str], Any]) -> str:
    """A number as the exchange's own precision cuts it, in plain notation whatever its functions made of it."""
    text = number_text(exchange, what, value)
    try:
        return format(Decimal(str(by(text))), "f")
    except ArithmeticError:
        # Its functions count with 28 digits.
        raise ccxt.InvalidOrder(f"{exchange.id} {what} has more digits than can be counted with: {value!r}") from None


def wait_in_milliseconds(timeout: Any) -> int:
    """Seconds as the protocol counts them. Asked before anything is placed: afterwards nothing may go wrong."""
    if isinstance(timeout, bool) or not isinstance(timeout, int | float) or not 0 <= timeout <= WAIT_MAX:
        raise ValueError(f"timeout should be 0 to {WAIT_MAX} seconds, not {timeout!r}")
    return int(timeout * 1_000)


def check_window(exchange: Any, since: Any, limit: Any) -> None:
    """``since`` and ``limit`` of a listing."""
    for name, value in (("since", since), ("limit", limit)):
        if value is not None and (isinstance(value, bool) or not isinstance(value, Real) or not 0 <= float(value) < 2**53):
            raise ccxt.BadRequest(f"{exchange.id} {name} should be a number from 0 on, not {value!r}")


def order_name() -> str:
    """A client order id that every venue takes: eight characters of the time, ten drawn at random."""
    return _base36(time.time_ns() // 1_000_000, 8) + _base36(secrets.randbelow(36**10), 10)


def _base36(number: int, width: int) -> str:
    digits = ""
    while len(digits) < width:
        number, digit = divmod(number, 36)
        digits = _ALPHABET[digit] + digits
    return digits


_ALPHABET = "0123456789abcdefghijklmnopqrstuvwxyz"
