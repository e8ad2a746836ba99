"""The values of the protocol: what is asked for, and what stands in answers.

Prices and quantities are ``decimal.Decimal``, times are ``datetime`` in UTC, words are enums. A word that this client does not
know (of a newer daemon) becomes a value of its enum all the same: it compares equal to its text.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import Enum
from typing import Any


class Word(str, Enum):
    """An enum whose words may become more."""

    @classmethod
    def _missing_(cls, value: object) -> Word | None:
        if not isinstance(value, str):
            return None
        word = str.__new__(cls, value)
        word._name_ = value.upper()
        word._value_ = value
        return word

    def __str__(self) -> str:
        return str.__str__(self)


class Side(Word):
    BUY = "buy"
    SELL = "sell"


class OrderType(Word):
    LIMIT = "limit"
    MARKET = "market"


class TimeInForce(Word):
    GTC = "gtc"
    IOC = "ioc"
    FOK = "fok"


class PositionSide(Word):
    LONG = "long"
    SHORT = "short"


class MarginAction(Word):
    NORMAL = "normal"
    AUTO_BORROW = "auto_borrow"
    AUTO_REPAY = "auto_repay"
    AUTO_BORROW_REPAY = "auto_borrow_repay"


class SelfTradePrevention(Word):
    NONE = "none"
    CANCEL_TAKER = "cancel_taker"
    CANCEL_MAKER = "cancel_maker"
    CANCEL_BOTH = "cancel_both"


class Sequence(Word):
    CANCEL_FIRST = "cancel_first"
    PLACE_FIRST = "place_first"


class OnFailure(Word):
    KEEP = "keep"
    CANCEL = "cancel"


class Until(Word):
    ACKNOWLEDGED = "acknowledged"
    SETTLED = "settled"


class Verdict(Word):
    ABSENT = "absent"
    PLACED = "placed"


class TradingState(Word):
    ACTIVE = "active"
    REDUCING = "reducing"
    HALTED = "halted"


class StreamState(Word):
    LIVE = "live"
    CONNECTING = "connecting"
    GAP = "gap"
    DOWN = "down"
    OFF = "off"


class IntentState(Word):
    OPEN = "open"
    SETTLED = "settled"


class OrderState(Word):
    INTENDED = "intended"
    SUBMITTED = "submitted"
    IN_DOUBT = "in_doubt"
    ACKNOWLEDGED = "acknowledged"
    WORKING = "working"
    PARTIALLY_FILLED = "partially_filled"
    FILLED = "filled"
    CANCELED = "canceled"
    EXPIRED = "expired"
    REJECTED = "rejected"
    DENIED = "denied"
    ABANDONED = "abandoned"

    @property
    def is_closed(self) -> bool:
        """It ended; a late fill may still be counted."""
        return self in _CLOSED


_CLOSED = frozenset(
    {
        OrderState.FILLED,
        OrderState.CANCELED,
        OrderState.EXPIRED,
        OrderState.REJECTED,
        OrderState.DENIED,
        OrderState.ABANDONED,
    }
)


# What is asked for.


@dataclass(frozen=True, kw_only=True)
class Place:
    """An order to place. Amounts are ``Decimal``, ``int`` or decimal text; a float is refused, for it is not what you wrote."""

    symbol: str
    side: Side | str
    type: OrderType | str
    price: Decimal | int | str | None = None
    quantity: Decimal | int | str | None = None
    quote_quantity: Decimal | int | str | None = None
    time_in_force: TimeInForce | str | None = None
    post_only: bool | None = None
    client_order_id: str | None = None
    slice_quantity: Decimal | int | str | None = None
    reduce_only: bool | None = None
    position_side: PositionSide | str | None = None
    margin_action: MarginAction | str | None = None
    stp: SelfTradePrevention | str | None = None
    take_profit: Decimal | int | str | None = None
    stop_loss: Decimal | int | str | None = None


@dataclass(frozen=True, kw_only=True)
class Modify:
    """A change of a live order; ``quantity`` is the new total."""

    client_order_id: str
    price: Decimal | int | str | None = None
    quantity: Decimal | int | str | None = None
    on_failure: OnFailure | str | None = None


@dataclass(frozen=True, kw_only=True)
class Matching:
    """All live orders of the account that match (each left out matches any), or the one that bears an id at the venue, named alone."""

    venue_order_id: str | None = None
    symbol: str | None = None
    side: Side | str | None = None
    tag: str | None = None


# What is answered.


@dataclass(frozen=True, kw_only=True)
class Submission:
    """An accepted intent: durable, whatever happens from here on. ``duplicate``: it was accepted before, and these are its orders."""

    intent_id: str
    duplicate: bool
    accepted_at: datetime
    orders: tuple[str, ...]
    planned_requests: int
    more: Mapping[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, kw_only=True)
class PlannedRequest:
    kind: str
    items: int
    more: Mapping[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What an intent would come to. Nothing was recorded."""

    orders: int
    planned_requests: int
    requests: tuple[PlannedRequest, ...]
    intent_id: str | None = None
    dry_run: bool = True
    more: Mapping[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """So many cancels or modifies were refused with these words: by the venue where they were ``sent``, by the daemon where not."""

    commands: int
    sent: bool
    code: str | None = None
    text: str | None = None
    more: Mapping[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, kw_only=True)
class Intent:
    """``counts``: orders by state, where asked for alone. ``refusals``: of its cancels and modifies, the most frequent first.
    ``timed_out``: the answer to a wait that ended too early."""

    intent_id: str
    account: str
    state: IntentState
    orders: int
    commands: int
    sequence: Sequence
    planned_requests: int
    accepted_at: datetime
    actor: str
    intent_key: int
    expires_at: datetime | None = None
    settled_at: datetime | None = None
    counts: Mapping[str, int] = field(default_factory=dict)
    refusals: tuple[Refusal, ...] = ()
    timed_out: bool | None = None
    tag: str | None = None
    more: Mapping[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, kw_only=True)
class IntentPage:
    intents: tuple[Intent, ...]
    next: int | None = None
    more: Mapping[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, kw_only=True)
class Cancellation:
    """What ``intent.cancel`` touched: so many intents, orders withdrawn unsent, and cancels that are under way."""

    intents: int
    withdrawn: int
    cancels: int
    more: Mapping[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, kw_only=True)
class Order:
    """An order as it stands. ``price`` and ``quantity`` are as last confirmed by the venue, ``asked_…`` as they were asked for.

    ``barred_by``: what keeps it from being sent again; ``absences``: how often it was proven absent.
    """

    client_order_id: str
    intent_id: str
    item: int
    account: str
    venue: str
    product: str
    symbol: str
    side: Side
    type: OrderType
    state: OrderState
    evidence: str
    filled_quantity: Decimal
    attempts: int
    intended_at: datetime
    order_key: int
    post_only: bool = False
    reduce_only: bool = False
    time_in_force: TimeInForce | None = None
    price: Decimal | None = None
    quantity: Decimal | None = None
    asked_price: Decimal | None = None
    asked_quantity: Decimal | None = None
    quote_quantity: Decimal | None = None
    average_price: Decimal | None = None
    position_side: PositionSide | None = None
    margin_action: MarginAction | None = None
    stp: SelfTradePrevention | None = None
    take_profit: Decimal | None = None
    stop_loss: Decimal | None = None
    venue_state: str | None = None
    venue_order_id: str | None = None
    request_id: int | None = None
    reject_code: str | None = None
    reject_text: str | None = None
    expires_at: datetime | None = None
    submitted_at: datetime | None = None
    acknowledged_at: datetime | None = None
    closed_at: datetime | None = None
    parked_at: datetime | None = None
    barred_by: str | None = None
    absences: int | None = None
    tag: str | None = None
    more: Mapping[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, kw_only=True)
class OrderPage:
    orders: tuple[Order, ...]
    next: int | None = None
    more: Mapping[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, kw_only=True)
class Event:
    """One line of the record. ``subscription`` is set on events of a subscription, not on those of a timeline.

    What a kind has beyond these (the item of an ``order_born``, the fill of an ``execution``) is in ``more``, under the protocol's names.
    """

    seq: int
    at: datetime
    kind: str
    account: str | None = None
    client_order_id: str | None = None
    intent_id: str | None = None
    command_id: int | None = None
    from_state: str | None = None
    to_state: str | None = None
    evidence: str | None = None
    request_id: int | None = None
    actor: str | None = None
    detail: Mapping[str, Any] | None = None
    subscription: int | None = None
    tag: str | None = None
    more: Mapping[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, kw_only=True)
class Request:
    """A request to a venue. ``body_sha256``: of the bytes sent, lower-case hex."""

    request_id: int
    account: str
    venue: str
    endpoint: str
    kind: str
    items: int
    venue_time_ms: int
    signed_at: datetime
    body_sha256: str
    sent_at: datetime | None = None
    answered_at: datetime | None = None
    outcome: str | None = None
    http_status: int | None = None
    venue_code: str | None = None
    more: Mapping[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, kw_only=True)
class Command:
    """A cancel or modify, with a life of its own."""

    command_id: int
    client_order_id: str
    account: str
    kind: str
    state: str
    attempts: int
    requested_at: datetime
    evidence: str
    order_key: int
    price: Decimal | None = None
    quantity: Decimal | None = None
    on_failure: OnFailure | None = None
    expires_at: datetime | None = None
    closed_at: datetime | None = None
    request_id: int | None = None
    reject_code: str | None = None
    reject_text: str | None = None
    intent_id: str | None = None
    tag: str | None = None
    more: Mapping[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, kw_only=True)
class Timeline:
    """The whole story of one order. ``waits_for``: what it or a command of it waits for just now, in words; ``None``: for nothing here."""

    client_order_id: str
    events: tuple[Event, ...]
    requests: tuple[Request, ...]
    commands: tuple[Command, ...]
    waits_for: str | None = None
    more: Mapping[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, kw_only=True)
class Fill:
    client_order_id: str
    account: str
    trade_id: str
    quantity: Decimal
    price: Decimal
    at: datetime
    venue_order_id: str
    symbol: str
    side: Side
    intent_id: str
    seq: int
    fee: Decimal | None = None
    fee_asset: str | None = None
    tag: str | None = None
    more: Mapping[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, kw_only=True)
class FillPage:
    fills: tuple[Fill, ...]
    next: int | None = None
    more: Mapping[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, kw_only=True)
class Break:
    """A difference between the record and a venue."""

    account: str
    kind: str
    detail: str
    at: datetime
    client_order_id: str | None = None
    venue_order_id: str | None = None
    resolved_at: datetime | None = None
    break_id: int | None = None
    acknowledged_at: datetime | None = None
    acknowledged_by: str | None = None
    reason: str | None = None
    tag: str | None = None
    more: Mapping[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, kw_only=True)
class BreakPage:
    breaks: tuple[Break, ...]
    next: int | None = None
    more: Mapping[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, kw_only=True)
class Instrument:
    """A market's rules. None: the venue sets no such bound."""

    account: str
    symbol: str
    tradable: bool
    tick: Decimal | None = None
    lot: Decimal | None = None
    min_quantity: Decimal | None = None
    max_quantity: Decimal | None = None
    min_notional: Decimal | None = None
    more: Mapping[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, kw_only=True)
class InstrumentPage:
    instruments: tuple[Instrument, ...]
    next: int | None = None
    more: Mapping[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, kw_only=True)
class Stream:
    """An account's private stream. ``late``: how often a poll learned what no push had told in time."""

    state: StreamState
    since: datetime | None = None
    last_push_at: datetime | None = None
    gaps: int = 0
    late: int = 0
    last_error: str | None = None
    more: Mapping[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, kw_only=True)
class Rehearsal:
    """An account's last rehearsal at its venue: how many assumptions held, and the names of those that were contradicted.

    ``standing``: what promises rest on, contradicted then or before, and not seen to hold since.
    """

    at: datetime
    orders: int
    holds: int
    not_seen: int
    contradicted: tuple[str, ...] = ()
    standing: tuple[str, ...] = ()
    more: Mapping[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, kw_only=True)
class RehearsedAssumption:
    """One assumption of a rehearsal. ``verdict``: ``holds``, ``contradicts``, ``not_seen``; ``bears``: the promise that rests on it."""

    name: str
    assumed: str
    seen: str
    verdict: str
    bears: str | None = None
    more: Mapping[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, kw_only=True)
class RehearsalRecord:
    """A rehearsal as it is on record."""

    account: str
    at: datetime
    assumptions: tuple[RehearsedAssumption, ...]
    orders: int
    rehearsal_id: int
    standing: tuple[str, ...] = ()
    more: Mapping[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, kw_only=True)
class Account:
    """How an account stands. ``reason``: why it is not ready; ``queue``: what waits, by lane; ``counts``: orders not closed, by state.

    ``state_by``, ``state_reason``, ``state_at``: who took it out of trading, why and when; None: it is active.
    ``origin``, ``key``: where its requests go, and what stands for the key they are signed with; None: an older daemon.
    """

    account: str
    venue: str
    product: str
    uid: str
    state: TradingState
    ready: bool
    queue: Mapping[str, int]
    in_flight: int
    open: int
    in_doubt: int
    origin: str | None = None
    key: str | None = None
    state_by: str | None = None
    state_reason: str | None = None
    state_at: datetime | None = None
    reason: str | None = None
    last_answer_at: datetime | None = None
    clock_offset_ms: int | None = None
    last_reconcile_at: datetime | None = None
    last_error: str | None = None
    last_error_at: datetime | None = None
    parked: int = 0
    oldest_doubt_at: datetime | None = None
    breaks: int = 0
    requests: int = 0
    counts: Mapping[str, int] = field(default_factory=dict)
    stream: Stream = field(default_factory=lambda: Stream(state=StreamState.OFF))
    rehearsal: Rehearsal | None = None
    more: Mapping[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, kw_only=True)
class Accounts:
    accounts: tuple[Account, ...]
    more: Mapping[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, kw_only=True)
class AccountState:
    account: str
    state: TradingState
    reason: str
    at: datetime
    more: Mapping[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, kw_only=True)
class StateChange:
    """What ``account.set_state`` did; ``cancels``: orders it withdrew or asked to cancel."""

    accounts: tuple[AccountState, ...]
    cancels: int = 0
    more: Mapping[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, kw_only=True)
class Kill:
    """How far the end of an account's orders is confirmed by its venue.

    ``foreign``: what rests there and is not ours, as far as is known (None: nothing); all of it only where the open orders were ``listed``
    since the halt.
    """

    account: str
    state: TradingState
    confirmed_closed: int
    cancel_taken: int
    live_or_unknown: int
    cancel_all: str
    foreign: int | None = None
    listed: bool = False
    cancels_foreign: bool = False
    last_error: str | None = None
    more: Mapping[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, kw_only=True)
class Kills:
    accounts: tuple[Kill, ...]
    more: Mapping[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, kw_only=True)
class Point:
    """Requests and fills of one step from ``at`` on. Times are microseconds, None where nothing was measured."""

    at: datetime
    requests: int
    fills: int
    doubts: int
    refusals: int
    request_p50_us: int | None = None
    request_p99_us: int | None = None
    fill_p50_us: int | None = None
    fill_p99_us: int | None = None
    more: Mapping[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, kw_only=True)
class Stats:
    """``sampled``: there was too much to read all of it, and counts are estimates."""

    points: tuple[Point, ...]
    sampled: bool = False
    more: Mapping[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, kw_only=True)
class Seal:
    """A hash over the numbers of the record from ``first_seq`` to ``last_seq`` and over the seal before it, in hex.

    ``key`` is the fingerprint of the key that made ``signature``; both are ``None`` where the daemon has none.
    """

    first_seq: int
    last_seq: int
    lines: int
    at: datetime
    seal: str
    form: int
    key: str | None = None
    signature: str | None = None
    more: Mapping[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, kw_only=True)
class Sealing:
    """``head``: the newest seal, ``None`` before the first. ``unsealed``: numbers of the record, which ends at ``seq``, behind it."""

    seq: int
    unsealed: int
    head: Seal | None = None
    more: Mapping[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, kw_only=True)
class Reconciliation:
    account: str
    venue_open: int
    journal_open: int
    adopted: int
    resolved: int
    breaks: tuple[Break, ...]
    complete: bool = True
    error: str | None = None
    more: Mapping[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, kw_only=True)
class Budget:
    """One limit of a venue, and how much of it is taken."""

    account: str
    venue: str
    #: Which products the venue counts together; ``None``: all of them.
    product: str | None = None
    budget: str
    scope: str
    owner: str
    permits: int
    window_ms: int
    in_use: int
    share: int
    reserved: int
    busiest_window: int
    next_free_at: datetime | None = None
    more: Mapping[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, kw_only=True)
class Budgets:
    budgets: tuple[Budget, ...]
    more: Mapping[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, kw_only=True)
class Position:
    """What an account's own orders came to in one market, in what the venue counts.

    ``position`` is what was bought, less what was sold, less fees taken in it; below zero: short. What of it rests on no execution on
    record yet is ``unlisted_bought`` and ``unlisted_sold``; ``in_doubt`` orders may have traded unseen. ``None``: beyond any number.
    """

    account: str
    symbol: str
    fills: int
    in_doubt: int
    position_side: PositionSide | None = None
    position: Decimal | None = None
    bought: Decimal | None = None
    sold: Decimal | None = None
    fees_in_base: Decimal | None = None
    unlisted_bought: Decimal | None = None
    unlisted_sold: Decimal | None = None
    last_fill_at: datetime | None = None
    more: Mapping[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, kw_only=True)
class PositionPage:
    positions: tuple[Position, ...]
    next: int | None = None
    more: Mapping[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, kw_only=True)
class Rule:
    """A rule that the owner of an account set, and what is used of it: in words, as each rule counts something else."""

    account: str
    rule: str
    limit: str
    symbol: str | None = None
    position_side: PositionSide | None = None
    used: str | None = None
    note: str | None = None
    more: Mapping[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, kw_only=True)
class Rules:
    rules: tuple[Rule, ...]
    more: Mapping[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, kw_only=True)
class Grant:
    """Permits for a program that sends requests of its own."""

    permit_id: int
    granted_at: datetime
    more: Mapping[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, kw_only=True)
class Release:
    permit_id: int
    released: bool
    more: Mapping[str, Any] = field(default_factory=dict, repr=False)


class OnLost(Word):
    """What a guard does once nobody holds it."""

    CANCEL = "cancel"
    HALT = "halt"


@dataclass(frozen=True, kw_only=True)
class HeldGuard:
    """A guard that this connection holds. ``token`` takes it over from another connection, once; ``accounts`` None: all."""

    guard_id: int
    token: str = field(repr=False)
    on_lost: OnLost
    grace_ms: int
    accounts: tuple[str, ...] | None = None
    heartbeat_ms: int | None = None
    more: Mapping[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, kw_only=True)
class GuardStanding:
    """A guard as it stands: ``held``, ``lost`` (until ``trips_at``), ``tripping``, ``tripped``, ``released``.

    ``live``: open orders bound to it.
    """

    guard_id: int
    user: int
    on_lost: OnLost
    grace_ms: int
    opened_at: datetime
    state: str
    since: datetime
    reason: str
    live: int
    accounts: tuple[str, ...] | None = None
    heartbeat_ms: int | None = None
    trips_at: datetime | None = None
    more: Mapping[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, kw_only=True)
class Guards:
    guards: tuple[GuardStanding, ...]
    more: Mapping[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, kw_only=True)
class Subscription:
    subscription: int
    more: Mapping[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, kw_only=True)
class Unconfigured:
    """What is open of an account that the journal knows and the configuration does not name.

    ``unsent``: of its ``orders`` those that never left.
    """

    account: str
    orders: int
    unsent: int = 0
    intents: int
    more: Mapping[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, kw_only=True)
class Archive:
    """Where closed orders go: ``files`` of a month each, with ``orders`` in them.

    ``problem``: why nothing is moved there just now; ``None``: it is, where anything is due.
    """

    folder: str
    files: int
    orders: int
    problem: str | None = None
    more: Mapping[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, kw_only=True)
class Replica:
    """The group of hosts that the daemon belongs to: ``owner`` has it by the log, whose last durable row is ``turn``.

    ``problem``: why the log takes nothing just now; ``None``: it does.
    """

    group: str
    host: str
    epoch: int
    turn: int
    owner: str | None = None
    problem: str | None = None
    more: Mapping[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, kw_only=True)
class Status:
    version: str
    uptime_us: int
    started_at: datetime
    seq: int
    ready: bool
    accounts: tuple[Account, ...]
    sqlite_version: str
    journal: str | None = None
    #: Where it lies, as the daemon sees it.
    journal_path: str | None = None
    wal_bytes: int | None = None
    journal_free_bytes: int | None = None
    archive: Archive | None = None
    unconfigured: tuple[Unconfigured, ...] = ()
    #: ``owner`` or ``standby``; ``None``: the host is alone.
    role: str | None = None
    replica: Replica | None = None
    more: Mapping[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, kw_only=True)
class Document:
    """The OpenRPC document of the daemon."""

    openrpc: str
    info: Mapping[str, Any]
    methods: tuple[Any, ...]
    more: Mapping[str, Any] = field(default_factory=dict, repr=False)
