"""What can go wrong, one class a reason.

Each error that omsd answers has its ``code``, ``reason`` and ``details``. ``retryable`` says whether the same call may succeed
later: ``"yes"``, ``"no"``, or ``"unknown"``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Detail:
    """One wrong item of an intent: where it stands and what is wrong with it. ``index`` counts from 0 in its ``list``."""

    list: str
    index: int
    field: str
    problem: str

    def __str__(self) -> str:
        return f"{self.list}[{self.index}].{self.field}: {self.problem}"


class OmsdError(Exception):
    """Whatever this package raises of itself."""


class Unreachable(OmsdError):
    """No daemon answers at the socket within the client's patience, or the client was closed. The call was never taken."""


class ConnectionLost(OmsdError):
    """The connection ended before the answer came. The call may have taken effect: look before you repeat it.

    Calls that are safe to repeat (every question, and an intent under its id) are repeated by the client itself; they raise it only where
    no daemon came back within the client's patience.
    """


class NoAnswer(ConnectionLost):
    """The connection stands and no answer came within the seconds that were given. The call may have taken effect, now or later."""


class Unsupported(OmsdError):
    """This omsd cannot do it, and nothing was done."""


class ProtocolError(OmsdError):
    """What came over the socket is no answer of omsd's."""


class Refused(OmsdError):
    """omsd answered with an error."""

    def __init__(self, code: int, message: str, reason: str, retryable: str, details: tuple[Detail, ...]) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.reason = reason
        self.retryable = retryable
        self.details = details

    def __str__(self) -> str:
        lines = [f"{self.message} ({self.reason})"]
        lines += [f"  {detail}" for detail in self.details[:10]]
        if len(self.details) > 10:
            lines.append(f"  and {len(self.details) - 10} more")
        return "\n".join(lines)


class RequestInvalid(Refused):
    """The request is none that this daemon knows: unreadable, an unknown method, or wrong parameters."""


class InternalError(Refused):
    """The daemon met an error of its own."""


class UnknownAccount(Refused):
    """No account of this name is configured."""


class IntentConflict(Refused):
    """The intent id was used before with other content."""


class InvalidOrder(Refused):
    """Items of the intent are wrong, as ``details`` says. Nothing of the intent was taken."""


class TradingHalted(Refused):
    """The account is halted or reducing."""


class RiskRefused(Refused):
    """A bound of the account's owner; ``reason`` names it."""


class NotPermitted(Refused):
    """Your user may not do this."""


class UnknownOrder(Refused):
    """The journal never held such an order or intent."""


class QueueFull(Refused):
    """Too much waits already; later again."""


class NotReady(Refused):
    """The account is not reconciled with its venue yet; later again."""


class JournalUnavailable(Refused):
    """The daemon's disk is full or failing. Nothing was taken."""


_BY_CODE: dict[int, type[Refused]] = {
    -32700: RequestInvalid,
    -32600: RequestInvalid,
    -32601: RequestInvalid,
    -32602: RequestInvalid,
    -32603: InternalError,
    1001: UnknownAccount,
    1002: IntentConflict,
    1003: InvalidOrder,
    1004: TradingHalted,
    1005: RiskRefused,
    1006: NotPermitted,
    1007: UnknownOrder,
    1008: QueueFull,
    1009: NotReady,
    1010: JournalUnavailable,
}


def refusal(error: Mapping[str, Any]) -> Refused:
    """The exception that a JSON-RPC ``error`` object stands for; codes of a newer daemon are plain ``Refused``."""
    code = error.get("code")
    data = error.get("data")
    if not isinstance(data, Mapping):
        data = {}
    details = data.get("details")
    found = tuple(_detail(item) for item in details if isinstance(item, Mapping)) if isinstance(details, list) else ()
    number = code if isinstance(code, int) else 0
    return _BY_CODE.get(number, Refused)(
        number,
        str(error.get("message", "")),
        str(data.get("reason", "")),
        str(data.get("retryable", "unknown")),
        found,
    )


def _detail(item: Mapping[str, Any]) -> Detail:
    index = item.get("index")
    return Detail(
        list=str(item.get("list", "")),
        index=index if isinstance(index, int) else 0,
        field=str(item.get("field", "")),
        problem=str(item.get("problem", "")),
    )
