"""Every method of the protocol as a typed request: what it takes, what its answer is, and whether it may be asked twice.

``Client`` and ``AsyncClient`` have one method for each of them, with the same parameters.
"""

from __future__ import annotations

import dataclasses
import secrets
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import Enum
from typing import Any, Generic, TypeVar

from . import types as t
from ._structure import microseconds, structure

Answer = TypeVar("Answer")
PlaceItem = t.Place | Mapping[str, Any]
ModifyItem = t.Modify | Mapping[str, Any]
CancelItem = str | t.Matching | Mapping[str, Any]


@dataclass(frozen=True)
class Request(Generic[Answer]):
    """One call. ``repeats``: asking again after a lost connection changes nothing that asking once would not."""

    method: str
    params: Mapping[str, Any]
    parse: Callable[[Any], Answer]
    repeats: bool = True


#: What JSON holds just so.
_AS_THEY_ARE = frozenset({str, int, bool, type(None)})


def plain(value: Any) -> Any:
    """A value as JSON holds it. Floats are refused: 0.1 is not what a float holds, and money is exact."""
    if type(value) in _AS_THEY_ARE:
        return value
    if isinstance(value, float):
        raise TypeError(f"{value!r} is a float; use decimal.Decimal or text, so that the amount is the one you mean")
    if isinstance(value, Decimal):
        if not value.is_finite():
            raise ValueError(f"{value} is no amount")
        return format(value, "f")
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime):
        return microseconds(value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {name: plain(item) for name in value.__dataclass_fields__ if (item := getattr(value, name)) is not None}
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items() if item is not None}
    if isinstance(value, str | int) or value is None:
        return value
    if isinstance(value, Iterable):
        return [plain(item) for item in value]
    raise TypeError(f"{value!r} has no place in a request")


def _request(method: str, kind: type[Answer], *, repeats: bool = True, **params: Any) -> Request[Answer]:
    kept = {name: plain(value) for name, value in params.items() if value is not None}
    return Request(method, kept, lambda value: structure(kind, value), repeats)


def _new_intent_id() -> str:
    """An id that nobody else makes: it is what lets a submit be repeated without placing anything twice."""
    return "py-" + secrets.token_hex(12)


def intent_submit(
    account: str,
    *,
    place: Iterable[PlaceItem] = (),
    modify: Iterable[ModifyItem] = (),
    cancel: Iterable[CancelItem] = (),
    intent_id: str | None = None,
    sequence: t.Sequence | str | None = None,
    expires_at: datetime | None = None,
    tag: str | None = None,
) -> Request[t.Submission]:
    """Places, modifies and cancels as one intent, durable once it is answered.

    The same ``intent_id`` with the same content is answered as the first time. Without one, one is made here.
    ``tag``: what it belongs to, a strategy say (1 to 64 of ``[A-Za-z0-9._:-]``); its orders and their fills bear it, and
    listings and cancels go by it.
    """
    return _request(
        "intent.submit",
        t.Submission,
        account=account,
        intent_id=intent_id or _new_intent_id(),
        place=list(place) or None,
        modify=list(modify) or None,
        cancel=list(cancel) or None,
        sequence=sequence,
        expires_at=expires_at,
        tag=tag,
    )


def intent_plan(
    account: str,
    *,
    place: Iterable[PlaceItem] = (),
    modify: Iterable[ModifyItem] = (),
    cancel: Iterable[CancelItem] = (),
    sequence: t.Sequence | str | None = None,
    expires_at: datetime | None = None,
    tag: str | None = None,
) -> Request[t.Plan]:
    """What ``intent_submit`` would send, without recording or sending anything (``dry_run``)."""
    return _request(
        "intent.submit",
        t.Plan,
        account=account,
        place=list(place) or None,
        modify=list(modify) or None,
        cancel=list(cancel) or None,
        sequence=sequence,
        expires_at=expires_at,
        tag=tag,
        dry_run=True,
    )


def intent_get(intent_id: str) -> Request[t.Intent]:
    """One intent, and the count of its orders by state."""
    return _request("intent.get", t.Intent, intent_id=intent_id)


def intent_list(
    *, account: str | None = None, tag: str | None = None, after: int | None = None, limit: int | None = None
) -> Request[t.IntentPage]:
    """Intents, oldest first. ``after``: the ``next`` of the page before; ``limit``: 1 to 1,000, default 100."""
    return _request("intent.list", t.IntentPage, account=account, tag=tag, after=after, limit=limit)


def intent_wait(intent_id: str, *, until: t.Until | str | None = None, timeout_ms: int | None = None) -> Request[t.Intent]:
    """Answers when the intent is acknowledged or settled (default), or after ``timeout_ms`` (default 30,000) with ``timed_out``."""
    return _request("intent.wait", t.Intent, intent_id=intent_id, until=until, timeout_ms=timeout_ms)


def intent_cancel(intent_id: str | None = None, *, tag: str | None = None, account: str | None = None) -> Request[t.Cancellation]:
    """Withdraws what is unsent of the intent, cancels what is live; or of all intents that bear ``tag``, of one account or of each."""
    return _request("intent.cancel", t.Cancellation, intent_id=intent_id, tag=tag, account=account)


def order_get(client_order_id: str | None = None, *, account: str | None = None, venue_order_id: str | None = None) -> Request[t.Order]:
    """One order: by its client order id, or by account and the venue's id."""
    return _request("order.get", t.Order, client_order_id=client_order_id, account=account, venue_order_id=venue_order_id)


def order_list(
    *,
    account: str | None = None,
    symbol: str | None = None,
    states: Iterable[t.OrderState | str] | None = None,
    intent_id: str | None = None,
    tag: str | None = None,
    after: int | None = None,
    limit: int | None = None,
) -> Request[t.OrderPage]:
    """Orders, oldest first."""
    return _request(
        "order.list", t.OrderPage, account=account, symbol=symbol, states=states, intent_id=intent_id, tag=tag, after=after, limit=limit
    )


def order_timeline(client_order_id: str) -> Request[t.Timeline]:
    """Every event, request and command of one order, in order."""
    return _request("order.timeline", t.Timeline, client_order_id=client_order_id)


def order_resolve(client_order_id: str, verdict: t.Verdict | str, reason: str) -> Request[t.Order]:
    """An operator's verdict on an order in doubt."""
    return _request("order.resolve", t.Order, repeats=False, client_order_id=client_order_id, verdict=verdict, reason=reason)


def fill_list(
    *,
    account: str | None = None,
    symbol: str | None = None,
    states: Iterable[t.OrderState | str] | None = None,
    intent_id: str | None = None,
    tag: str | None = None,
    client_order_id: str | None = None,
    after: int | None = None,
    limit: int | None = None,
) -> Request[t.FillPage]:
    """Executions, oldest first."""
    return _request(
        "fill.list",
        t.FillPage,
        account=account,
        symbol=symbol,
        states=states,
        intent_id=intent_id,
        tag=tag,
        client_order_id=client_order_id,
        after=after,
        limit=limit,
    )


def break_list(
    *,
    open: bool | None = None,
    kinds: Iterable[str] | None = None,
    account: str | None = None,
    symbol: str | None = None,
    states: Iterable[t.OrderState | str] | None = None,
    intent_id: str | None = None,
    client_order_id: str | None = None,
    after: int | None = None,
    limit: int | None = None,
) -> Request[t.BreakPage]:
    """Where the record and a venue disagreed; ``open``: only those that still stand (True) or do not (False)."""
    return _request(
        "break.list",
        t.BreakPage,
        open=open,
        kinds=kinds,
        account=account,
        symbol=symbol,
        states=states,
        intent_id=intent_id,
        client_order_id=client_order_id,
        after=after,
        limit=limit,
    )


def break_acknowledge(break_id: int, reason: str) -> Request[t.Break]:
    """An operator has seen it, and says why it may stand."""
    return _request("break.acknowledge", t.Break, break_id=break_id, reason=reason)


def instrument_list(
    *, account: str | None = None, symbol: str | None = None, after: int | None = None, limit: int | None = None
) -> Request[t.InstrumentPage]:
    """The markets' rules."""
    return _request("instrument.list", t.InstrumentPage, account=account, symbol=symbol, after=after, limit=limit)


def account_list() -> Request[t.Accounts]:
    """Every account and how it stands."""
    return _request("account.list", t.Accounts)


def account_set_state(
    account: str,
    state: t.TradingState | str,
    reason: str,
    *,
    cancel_open: bool | None = None,
    everything: bool | None = None,
) -> Request[t.StateChange]:
    """Opens or closes trading; ``account`` may be ``"*"``. Setting a state twice is setting it."""
    return _request(
        "account.set_state",
        t.StateChange,
        repeats=not everything,
        account=account,
        state=state,
        reason=reason,
        cancel_open=cancel_open,
        everything=everything,
    )


def account_kill_status(account: str | None = None) -> Request[t.Kills]:
    """How far a halt with ``cancel_open`` got: what each venue confirmed, of one account or all."""
    return _request("account.kill_status", t.Kills, account=account)


def account_reconcile(account: str) -> Request[t.Reconciliation]:
    """Compares the account with its venue now; answered when done."""
    return _request("account.reconcile", t.Reconciliation, account=account)


def stats_get(from_: datetime, to: datetime, step_ms: int, *, account: str | None = None) -> Request[t.Stats]:
    """Requests and fills from ``from_`` to before ``to``, in equal steps: how many, and how long they took."""
    span: dict[str, Any] = {"from": from_, "to": to}
    return _request("stats.get", t.Stats, step_ms=step_ms, account=account, **span)


def limit_list() -> Request[t.Budgets]:
    """Every budget, and how much of it is taken."""
    return _request("limit.list", t.Budgets)


def position_list(
    *, account: str | None = None, symbol: str | None = None, after: int | None = None, limit: int | None = None
) -> Request[t.PositionPage]:
    """What each account's own orders came to, by market and position side."""
    return _request("position.list", t.PositionPage, account=account, symbol=symbol, after=after, limit=limit)


def risk_get(*, account: str | None = None) -> Request[t.Rules]:
    """The rules that the owner of each account set, and what is used of them."""
    return _request("risk.get", t.Rules, account=account)


def limit_take(account: str, budget: str, permits: int, *, hold_ms: int | None = None) -> Request[t.Grant]:
    """Permits for a request of your own. They belong to this connection: release them once your answer came."""
    return _request("limit.take", t.Grant, repeats=False, account=account, budget=budget, permits=permits, hold_ms=hold_ms)


def limit_release(permit_id: int) -> Request[t.Release]:
    """Your request was answered: its permits are freed a window later."""
    return _request("limit.release", t.Release, repeats=False, permit_id=permit_id)


def session_guard(
    on_lost: t.OnLost | str | None = None,
    *,
    accounts: Iterable[str] | None = None,
    heartbeat_ms: int | None = None,
    grace_ms: int | None = None,
    resume: str | None = None,
) -> Request[t.HeldGuard]:
    """A dead man's switch over what this very connection submits from now on, or with ``resume`` the one that a token takes over."""
    return _request(
        "session.guard",
        t.HeldGuard,
        repeats=False,
        on_lost=on_lost,
        accounts=None if accounts is None else list(accounts),
        heartbeat_ms=heartbeat_ms,
        grace_ms=grace_ms,
        resume=resume,
    )


def session_release(guard_id: int) -> Request[t.GuardStanding]:
    """Ends a guard of your user: what was submitted under it stays as it is."""
    return _request("session.release", t.GuardStanding, repeats=False, guard_id=guard_id)


def guard_list() -> Request[t.Guards]:
    """Guards that are open, behind the newest that ended."""
    return _request("guard.list", t.Guards)


def rehearsal_record(account: str, orders: int, assumptions: Iterable[Mapping[str, str]]) -> Request[t.RehearsalRecord]:
    """Puts on record what a rehearsal at the venue saw: mappings of name, assumed, seen, verdict, bears (``omsd rehearse`` sends them)."""
    return _request(
        "rehearsal.record",
        t.RehearsalRecord,
        repeats=False,
        account=account,
        orders=orders,
        assumptions=[dict(seen) for seen in assumptions],
    )


def seal_get() -> Request[t.Sealing]:
    """The newest seal of the record. Kept elsewhere, it shows later whether the journal was changed since."""
    return _request("seal.get", t.Sealing)


def daemon_status() -> Request[t.Status]:
    """Version, journal position, accounts."""
    return _request("daemon.status", t.Status)


def rpc_discover() -> Request[t.Document]:
    """The OpenRPC document of the daemon that answers."""
    return _request("rpc.discover", t.Document)


def event_subscribe(*, after_seq: int | None = None, account: str | None = None) -> Request[t.Subscription]:
    """Begins a subscription on a connection; ``Client.events`` keeps one going over reconnects."""
    return _request("event.subscribe", t.Subscription, repeats=False, after_seq=after_seq, account=account)


def event_unsubscribe(subscription: int) -> Request[t.Subscription]:
    """Ends a subscription of the same connection."""
    return _request("event.unsubscribe", t.Subscription, repeats=False, subscription=subscription)
