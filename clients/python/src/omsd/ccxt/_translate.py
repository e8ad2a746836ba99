"""Between ccxt's words and omsd's: values in, values out. The exchange lends its markets and its precision, nothing is asked of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timezone
from decimal import ROUND_DOWN, Decimal
from typing import Any, TypeVar

import ccxt

from .. import types as t
from .._structure import microseconds
from ..errors import InvalidOrder, Refused, RequestInvalid, TradingHalted, UnknownOrder
from . import _arguments as arguments
from . import _venues as venues

Row = TypeVar("Row")

#: Seconds that an order is waited for until the venue's word is there.
DEFAULT_TIMEOUT = 10.0
#: The exchange of ccxt that stands for a venue of omsd.
EXCHANGES = {"bitget-uta": "bitget", "bitget-margin": "bitget", "xt-spot": "xt", "ascendex": "ascendex", "bybit": "bybit", "okx": "okx"}
#: The same exchange for customers of a region, at hosts of their own.
REGIONS = {"myokx": "okx", "okxus": "okx"}

#: Venues whose market buys name what is spent; the others count what is bought.
SPENDS = frozenset({"bitget-uta", "bitget-margin", "xt-spot"})
#: Venues whose market buys name what is spent where the caller says it, by ``cost`` or a price, and else count what is bought.
SPENDS_IF_SAID = frozenset({"bybit"})

#: Kinds of markets that an account's product trades.
MARKETS = {
    **dict.fromkeys(("spot", "cash", "margin", "isolated", "crossed"), ("spot",)),
    **dict.fromkeys(("usdt-futures", "usdc-futures", "coin-futures", "linear", "inverse"), ("swap", "future")),
    "swap": ("swap",),
    "futures": ("future",),
}
#: What its contracts are settled in, where the product says it.
SETTLED = {"usdt-futures": ("USDT",), "usdc-futures": ("USDC",)}
#: Whether its contracts are inverse.
INVERSE = {"usdt-futures": False, "usdc-futures": False, "coin-futures": True, "linear": False, "inverse": True}

_FUTURES = ({"cross", "crossed"}, {"swap", "future"})
#: By product, or venue and product: what ``marginMode`` and ``type`` may say of it.
SAYS: dict[str, tuple[set[str], set[str]]] = {
    "spot": (set(), {"spot"}),
    "cash": (set(), {"spot", "cash"}),
    "margin": ({"cross", "crossed", "isolated"}, {"spot", "margin"}),
    "isolated": ({"isolated"}, {"spot", "margin"}),
    "crossed": ({"cross", "crossed"}, {"spot", "margin"}),
    "usdt-futures": _FUTURES,
    "coin-futures": _FUTURES,
    "usdc-futures": _FUTURES,
    # The mode of margin is the account's, and omsd does not know it.
    "linear": (set(), {"swap", "future"}),
    "inverse": (set(), {"swap", "future"}),
    # OKX's; it has products of the same name as others', too.
    "swap": ({"cross"}, {"swap"}),
    "futures": ({"cross"}, {"future", "futures"}),
    "okx margin": ({"cross"}, {"spot", "margin"}),
}

STATUS = {
    t.OrderState.INTENDED: "open",
    t.OrderState.SUBMITTED: "open",
    t.OrderState.IN_DOUBT: "open",
    t.OrderState.ACKNOWLEDGED: "open",
    t.OrderState.WORKING: "open",
    t.OrderState.PARTIALLY_FILLED: "open",
    t.OrderState.FILLED: "closed",
    t.OrderState.CANCELED: "canceled",
    t.OrderState.EXPIRED: "expired",
    t.OrderState.REJECTED: "rejected",
    t.OrderState.DENIED: "rejected",
    t.OrderState.ABANDONED: "rejected",
}
OPEN = tuple(state for state, status in STATUS.items() if status == "open")
CLOSED = tuple(state for state, status in STATUS.items() if status == "closed")
CANCELED = tuple(state for state, status in STATUS.items() if status in ("canceled", "expired"))
#: However it ended.
ENDED = tuple(state for state, status in STATUS.items() if status != "open")

#: Pages that place, change or cancel orders, or close positions, at the venues of ``EXCHANGES``.
_WRITES = re.compile(
    r"order|(?<!margin-)trade|countdown|algo|plan|close|tpsl|trading-stop|move-positions|lever-token|prediction/(buy|sell)|convert-execute"
    r"|convert-dust|buy-sell|rfq/|sprd/|copytrading/(?!batch-set)|tradingbot/(?!grid/(min-investment|compute))",
    re.IGNORECASE,
)


def venue_problem(exchange: str, venue: str, product: str) -> Any:
    """Why this exchange cannot stand before that account."""
    wanted = EXCHANGES.get(venue)
    if wanted is None:
        return ccxt.NotSupported(f"omsd.ccxt does not speak {venue} {product} yet; it speaks {', '.join(sorted(EXCHANGES))}")
    if REGIONS.get(exchange, exchange) != wanted:
        return ValueError(f"the account trades at {venue}, which is ccxt.{wanted}; this exchange is ccxt.{exchange}")
    return None


def refuse_direct_write(path: str, method: str) -> None:
    """Orders must not pass omsd by: what it does not know it can neither limit nor cancel."""
    if method.upper() != "GET" and _WRITES.search(path):
        raise ccxt.NotSupported(f"{method} {path} would reach the venue past omsd; use the order methods of this object")


# Orders, on their way in.


def place(exchange: Any, account: t.Account, symbol: Any, kind: Any, side: Any, amount: Any, price: Any, params: Any) -> t.Place:
    """ccxt's arguments of ``create_order`` as an order for omsd.

    Floats are taken by their shortest text and cut by the exchange's own precision, as ccxt does. What has no place in omsd is refused by
    name: an option that is dropped in silence is an order that nobody asked for.
    """
    market = market_for(exchange, account.product, symbol)
    left = arguments.options(exchange, params)
    fields: dict[str, Any] = {
        "symbol": market["id"],
        "side": arguments.word(exchange, "side", side),
        "type": arguments.word(exchange, "type", kind),
    }
    rests = venues.OKX_TYPES.get(fields["type"]) if account.venue == "okx" else None
    if rests is not None:
        fields["type"] = "limit"
    if fields["type"] not in ("limit", "market"):
        raise ccxt.NotSupported(f"omsd places limit and market orders; {kind} is none of them")
    _time_in_force(fields, left)
    for name, value in (rests or {}).items():
        if fields.get(name) not in (None, "gtc", value):
            raise ccxt.InvalidOrder(f"{exchange.id} an order of type {kind} has no timeInForce {fields[name]}")
        fields[name] = value
    # Of all that is placed together, and so not this order's own.
    left.pop("tag", None)
    reduce_only = left.pop("reduceOnly", None)
    if reduce_only:
        fields["reduce_only"] = True
    # Named here and not by the daemon: so an order whose answer is lost for good still has a name to ask for.
    said = [left.pop(name, None) for name in arguments.CLIENT_ID_NAMES]
    fields["client_order_id"] = str(next(filter(None, said), None) or arguments.order_name())
    _sides(fields, left)
    venues.of_venue(account, market, fields, left)
    check_product(account, left)
    for ours, theirs in (("take_profit", "takeProfit"), ("stop_loss", "stopLoss")):
        target = left.pop(theirs, None)
        if target is not None:
            trigger = target.get("triggerPrice", target.get("stopPrice")) if isinstance(target, Mapping) else target
            fields[ours] = arguments.price_text(exchange, market, trigger)
    spends = _amount_is_spent(exchange, account, market, fields, price, left)
    if spends:
        spent = _cost(exchange, amount, price, left.pop("cost", None), left)
        fields["quote_quantity"] = arguments.cut(exchange, "cost", spent, lambda text: exchange.cost_to_precision(market["symbol"], text))
    refuse_unknown(left)
    if fields["type"] == "limit":
        if price is None:
            raise ccxt.ArgumentsRequired(f"{exchange.id} createOrder() requires a price argument for a limit order")
        fields["price"] = arguments.price_text(exchange, market, price)
    if not spends:
        fields["quantity"] = arguments.quantity_text(exchange, market, amount)
    return t.Place(**fields)


def refuse_unknown(left: Mapping[str, Any]) -> None:
    """What nobody took of a call's ``params``."""
    if left:
        raise ccxt.NotSupported(f"omsd has no place for params {', '.join(sorted(left))}")


def unread(account: t.Account, places: Sequence[t.Place]) -> list[t.Order]:
    """Orders that were handed to the daemon and of which nothing more is known."""
    now = datetime.now(timezone.utc)
    return [
        t.Order(
            client_order_id=str(place.client_order_id),
            intent_id="",
            item=index,
            account=account.account,
            venue=account.venue,
            product=account.product,
            symbol=place.symbol,
            side=t.Side(place.side),
            type=t.OrderType(place.type),
            state=t.OrderState.IN_DOUBT,
            evidence="",
            filled_quantity=Decimal(0),
            attempts=0,
            intended_at=now,
            order_key=0,
            post_only=bool(place.post_only),
            reduce_only=bool(place.reduce_only),
            time_in_force=None if place.time_in_force is None else t.TimeInForce(place.time_in_force),
            price=None if place.price is None else Decimal(place.price),
            quantity=None if place.quantity is None else Decimal(place.quantity),
        )
        for index, place in enumerate(places)
    ]


def _time_in_force(fields: dict[str, Any], left: dict[str, Any]) -> None:
    word = str(left.pop("timeInForce", "") or "").upper()
    post_only = bool(left.pop("postOnly", False)) or word == "PO"
    if post_only:
        fields["post_only"] = True
    if word in ("GTC", "IOC", "FOK"):
        if fields["type"] == "limit":
            fields["time_in_force"] = word.lower()
        elif word == "FOK":
            raise ccxt.NotSupported("omsd's market orders take what there is; timeInForce FOK is a limit order's")
    elif word not in ("", "PO"):
        raise ccxt.NotSupported(f"omsd knows GTC, IOC, FOK and PO; not timeInForce {word}")


def _sides(fields: dict[str, Any], left: dict[str, Any]) -> None:
    said = {str(left.pop(name)).lower() for name in ("positionSide", "posSide") if name in left}
    if len(said) > 1:
        raise ccxt.InvalidOrder(f"an order is of one position, not of {' and '.join(sorted(said))}")
    position = next(iter(said), None)
    if position is not None:
        fields["position_side"] = position
    action = left.pop("marginAction", None)
    if action is not None:
        fields["margin_action"] = str(action)
    prevention = left.pop("selfTradePrevention", None)
    if prevention is not None:
        word = str(prevention).lower().replace("-", "_")
        fields["stp"] = venues.PREVENTIONS.get(word, word)
    if left.pop("hedged", False) and position is None:
        # As ccxt does for two positions beside each other: what reduces one bears the name of the other side.
        closes = fields.pop("reduce_only", False)
        fields["position_side"] = "long" if (fields["side"] == "buy") != closes else "short"


def check_product(account: t.Account, left: dict[str, Any]) -> None:
    """What the account says already, by its product. What says otherwise is another account's order."""
    modes, kinds = SAYS.get(f"{account.venue} {account.product}", SAYS.get(account.product, (None, None)))
    # Of its market a margin account's orders may say either.
    lines = {account.product, "spot", "margin"} if account.product in ("margin", "isolated", "crossed") else {account.product}
    subtypes = {"inverse" if INVERSE[account.product] else "linear"} if account.product in INVERSE else set()
    uta = {str(account.venue == "bitget-uta").lower()}
    said_by = {"marginMode": modes, "type": kinds, "category": lines, "productType": lines, "subType": subtypes, "uta": uta}
    if account.venue == "okx":
        # In some modes of the account spot trades by cross as well: that is the account's, and omsd's to know.
        said_by |= {"tdMode": modes or {"cash"}, "instType": lines}
    for name, allowed in said_by.items():
        said = left.pop(name, None)
        if said is not None and allowed is not None and str(said).lower() not in allowed:
            raise ccxt.NotSupported(f"{name} {said!r} is not what the account {account.account} trades: {account.venue} {account.product}")
    if not left.get("test"):
        left.pop("test", None)


def _amount_is_spent(exchange: Any, account: t.Account, market: Any, fields: dict[str, Any], price: Any, left: dict[str, Any]) -> bool:
    """Whether the amount is what a market buy spends, by the venue's rule or by what the caller says."""
    if account.venue == "okx":
        return venues.okx_amount_is_spent(exchange, account.product, fields, left)
    if fields["type"] != "market" or fields["side"] != "buy" or not market["spot"]:
        return False
    if account.venue in SPENDS_IF_SAID:
        left.pop("createMarketBuyOrderRequiresPrice", None)
        return price is not None or "cost" in left
    return account.venue in SPENDS


def _cost(exchange: Any, amount: Any, price: Any, cost: Any, left: dict[str, Any]) -> Any:
    """What a market buy spends, by ccxt's rule: ``cost``, or amount times price, or the amount itself where the option says so."""
    needs_price = left.pop("createMarketBuyOrderRequiresPrice", exchange.options.get("createMarketBuyOrderRequiresPrice", True))
    if cost is not None:
        return cost
    if not needs_price:
        return amount
    if price is None:
        raise ccxt.InvalidOrder(
            f"{exchange.id} createOrder() requires the price argument for market buy orders to calculate the total cost to spend "
            "(amount * price), alternatively set the createMarketBuyOrderRequiresPrice option or param to false and pass the cost to spend "
            "in the amount argument"
        )
    return ccxt.Precise.string_mul(arguments.number_text(exchange, "amount", amount), arguments.number_text(exchange, "price", price))


def market_for(exchange: Any, product: str, symbol: Any) -> Any:
    """The market of a unified symbol, if the account's product trades it."""
    if symbol is not None and not isinstance(symbol, str):
        raise ccxt.BadSymbol(f"{exchange.id} a symbol is text, not {symbol!r}")
    market = exchange.market(symbol)
    if not trades(product, market):
        kind = f"{market['type']} market{', inverse' if market.get('inverse') else ''}"
        if market.get("contract"):
            raise ccxt.NotSupported(f"{symbol} is a {kind}; this account of omsd trades {product}")
        raise ccxt.BadSymbol(f"{symbol} is a {kind}; this account of omsd trades {product}")
    return market


def trades(product: str, market: Any) -> bool:
    """Whether an account of this product trades the market. One made by hand may lack what spot has no use for."""
    if market["type"] not in MARKETS.get(product, (market["type"],)):
        return False
    is_inverse, settle = bool(market.get("inverse")), market.get("settle")
    return is_inverse == INVERSE.get(product, is_inverse) and settle in SETTLED.get(product, (settle,))


# Orders, on their way out.


def milliseconds(moment: datetime | None) -> int | None:
    return None if moment is None else microseconds(moment) // 1_000


def text(value: Decimal | None) -> str | None:
    return None if value is None else format(value, "f")


def symbol_of(exchange: Any, product: str, venue_symbol: str) -> Any:
    """The market of a venue's symbol, or None where ccxt does not know it."""
    for market in (exchange.markets_by_id or {}).get(venue_symbol, []):
        if trades(product, market):
            return market
    return None


def worth(market: Any, quantity: Decimal, price: Decimal) -> Decimal | None:
    """What so much costs at a price, by ccxt's rule: inverse contracts are dollars and cost their coin, told with eight places.

    None: a contract is so much of a coin, or so many dollars, which ccxt's own functions heed.
    """
    if market is not None and market.get("contract") and market.get("contractSize") not in (None, 1):
        return None
    if market is not None and market.get("inverse") and price:
        return (quantity / price).quantize(Decimal("1e-8"), ROUND_DOWN)
    return price * quantity


def order(exchange: Any, product: str, row: t.Order, fills: Iterable[t.Fill] = ()) -> Any:
    """ccxt's unified order. ``info`` holds omsd's own row, as text; its executions tell what it cost in fees and when it last traded."""
    market = symbol_of(exchange, product, row.symbol)
    executed = list(fills)
    paid = fees(exchange, executed)
    last = max((fill.at for fill in executed), default=None)
    filled = row.filled_quantity
    amount = row.quantity
    cost = worth(market, filled, row.average_price) if row.average_price is not None else (Decimal(0) if not filled else None)
    found = exchange.safe_order(
        {
            "info": info(row),
            "id": row.client_order_id,
            "clientOrderId": row.client_order_id,
            "symbol": market["symbol"] if market else row.symbol,
            "timestamp": milliseconds(row.intended_at),
            "datetime": exchange.iso8601(milliseconds(row.intended_at)),
            "lastTradeTimestamp": milliseconds(last),
            "lastUpdateTimestamp": milliseconds(row.closed_at or row.acknowledged_at),
            "type": str(row.type),
            "timeInForce": "PO" if row.post_only else str(row.time_in_force).upper() if row.time_in_force else None,
            "postOnly": row.post_only,
            "reduceOnly": row.reduce_only,
            "side": str(row.side),
            "price": text(row.price),
            "triggerPrice": None,
            "takeProfitPrice": text(row.take_profit),
            "stopLossPrice": text(row.stop_loss),
            "amount": text(amount),
            "filled": text(filled),
            "remaining": text(amount - filled) if amount is not None else None,
            "cost": text(cost),
            "average": text(row.average_price),
            "status": STATUS.get(row.state, "open"),
            "fee": paid[0] if len(paid) == 1 else None,
            "fees": paid,
            "trades": None,
        },
        market,
    )
    return found


def fees(exchange: Any, fills: Iterable[t.Fill]) -> list[dict[str, Any]]:
    """What executions cost, one entry a coin. Above zero: paid."""
    totals: dict[str | None, Decimal] = {}
    for fill in fills:
        if fill.fee is not None:
            totals[fill.fee_asset] = totals.get(fill.fee_asset, Decimal(0)) + fill.fee
    return [{"cost": float(total), "currency": exchange.safe_currency_code(asset)} for asset, total in totals.items()]


def trade(exchange: Any, product: str, fill: t.Fill, row: t.Order | None = None) -> Any:
    """ccxt's unified trade; the order, where it is at hand, tells its type, and whether it can only have made."""
    market = symbol_of(exchange, product, fill.symbol)
    fee = None if fill.fee is None else {"cost": text(fill.fee), "currency": exchange.safe_currency_code(fill.fee_asset)}
    return exchange.safe_trade(
        {
            "info": info(fill),
            "id": fill.trade_id,
            "order": fill.client_order_id,
            "timestamp": milliseconds(fill.at),
            "datetime": exchange.iso8601(milliseconds(fill.at)),
            "symbol": market["symbol"] if market else fill.symbol,
            "type": None if row is None else str(row.type),
            "takerOrMaker": None if row is None else liquidity(row),
            "side": str(fill.side),
            "price": text(fill.price),
            "amount": text(fill.quantity),
            "cost": text(worth(market, fill.quantity, fill.price)),
            "fee": fee,
        },
        market,
    )


def liquidity(row: t.Order) -> str | None:
    """Maker or taker, where the order itself says it; of a plain limit order nobody but the venue knows."""
    if row.post_only:
        return "maker"
    if row.type is t.OrderType.MARKET or row.time_in_force in (t.TimeInForce.IOC, t.TimeInForce.FOK):
        return "taker"
    return None


def info(row: Any) -> dict[str, Any]:
    """A row of omsd as ccxt's ``info``: what the daemon said, under its own names."""
    found = {name: value if type(value) in _AS_THEY_ARE else plain(value) for name, value in vars(row).items() if name != "more"}
    return {**found, **row.more}


_AS_THEY_ARE = frozenset({str, int, bool, type(None)})


def plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, datetime):
        return microseconds(value)
    return str(value) if isinstance(value, t.Word) else value


def ordered_at(row: t.Order) -> int | None:
    return milliseconds(row.intended_at)


def traded_at(fill: t.Fill) -> int | None:
    return milliseconds(fill.at)


def said_at(row: Mapping[str, Any]) -> int | None:
    """When it happened, of ccxt's own structures."""
    return row["timestamp"]  # type: ignore[no-any-return]


def since_limit(
    rows: Sequence[Row], since: int | None, limit: int | None, at: Callable[[Row], int | None], until: int | None = None
) -> list[Row]:
    """As ccxt filters: not before ``since``, not behind ``until``; of many the newest ``limit``, or from ``since`` on the oldest."""
    found = [row for row in rows if (since is None or (at(row) or 0) >= since) and (until is None or (at(row) or 0) <= until)]
    if limit is None:
        return found
    count = int(limit)
    return found[:count] if since is not None else found[max(0, len(found) - count) :]


# Errors.


def error(exchange: Any, problem: Refused) -> Any:
    """ccxt's exception for a refusal of omsd. None of them says that the order may be sent again unless it surely was not taken."""
    words = f"{exchange.id} omsd: {problem}"
    if isinstance(problem, InvalidOrder):
        fields = {detail.field for detail in problem.details}
        if fields == {"client_order_id"} and all("used before" in detail.problem for detail in problem.details):
            return ccxt.DuplicateOrderId(words)
        return ccxt.BadSymbol(words) if fields == {"symbol"} else ccxt.InvalidOrder(words)
    if isinstance(problem, RequestInvalid):
        return ccxt.BadRequest(words)
    if isinstance(problem, UnknownOrder):
        return ccxt.OrderNotFound(words)
    if isinstance(problem, TradingHalted):
        return ccxt.AccountSuspended(words)
    kinds: dict[int, type[Exception]] = {
        1001: ccxt.BadRequest,
        1002: ccxt.DuplicateOrderId,
        1005: ccxt.InvalidOrder,
        1006: ccxt.PermissionDenied,
        1008: ccxt.RateLimitExceeded,
        1009: ccxt.ExchangeNotAvailable,
        1010: ccxt.ExchangeNotAvailable,
    }
    return kinds.get(problem.code, ccxt.ExchangeError)(words)


def rejection(exchange: Any, row: t.Order) -> Any:
    """The exception of an order that ended without ever resting: in the venue's words, by ccxt's own table of its codes."""
    if row.state not in (t.OrderState.REJECTED, t.OrderState.DENIED, t.OrderState.ABANDONED):
        return None
    words = f"{exchange.id} {row.reject_code or ''} {row.reject_text or row.state}".replace("  ", " ")
    table = exchange.exceptions or {}
    exact = table.get("exact", table) if isinstance(table, Mapping) else {}
    kind = exact.get(row.reject_code) if row.reject_code else None
    if isinstance(kind, type) and issubclass(kind, ccxt.BaseError) and not issubclass(kind, ccxt.NetworkError):
        return kind(words)
    return ccxt.InvalidOrder(words)
