"""JSON-RPC lines: bytes in, messages out. No socket, no clock."""

from __future__ import annotations

import json
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from .errors import ProtocolError, Refused, refusal
from .requests import Request

#: The longest line of either side, as the daemon bounds it, and room for an answer's envelope.
LINE_MAX = 64 * 1024 * 1024


@dataclass(frozen=True)
class Answered:
    id: int
    result: Any


@dataclass(frozen=True)
class Failed:
    #: None: the daemon could not tell which request it was.
    id: int | None
    error: Refused


@dataclass(frozen=True)
class Notified:
    method: str
    params: Any


def encode(number: int, request: Request[Any]) -> bytes:
    message = {"jsonrpc": "2.0", "id": number, "method": request.method, "params": request.params}
    return json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def decode(line: bytes) -> Answered | Failed | Notified:
    try:
        message = json.loads(line, parse_float=Decimal)
    except (ValueError, RecursionError) as problem:
        raise ProtocolError(f"the daemon sent a line that is no JSON: {problem}") from problem
    if not isinstance(message, dict):
        raise ProtocolError("the daemon sent a line that is no message")
    if "method" in message:
        return Notified(str(message["method"]), message.get("params"))
    number = message.get("id")
    if isinstance(message.get("error"), dict):
        return Failed(number if isinstance(number, int) else None, refusal(message["error"]))
    if not isinstance(number, int) or "result" not in message:
        raise ProtocolError("the daemon sent an answer without id or result")
    return Answered(number, message["result"])


class Lines:
    """Cuts a stream of bytes into lines."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._size = 0

    def feed(self, data: bytes) -> list[bytes]:
        pieces = data.split(b"\n")
        if len(pieces) == 1:
            self._parts.append(data)
            self._size += len(data)
            if self._size > LINE_MAX:
                raise ProtocolError(f"the daemon sent a line of more than {LINE_MAX} bytes")
            return []
        first = b"".join([*self._parts, pieces[0]])
        self._parts, self._size = [pieces[-1]], len(pieces[-1])
        return [line for line in (first, *pieces[1:-1]) if line]
