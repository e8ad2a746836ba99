"""JSON objects as dataclasses: exact decimals, times with their zone, enums that may grow.

A field that this client does not know stays in ``more``; one that the daemon did not send has its default.
"""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from enum import Enum
from functools import cache
from typing import Any, TypeVar

from .errors import ProtocolError

Row = TypeVar("Row")
_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


def time(microseconds: int) -> datetime:
    """Microseconds since 1970 UTC, exactly."""
    return _EPOCH + timedelta(microseconds=microseconds)


def microseconds(moment: datetime) -> int:
    """The way back. A time without a zone is refused: nobody could say which moment it means."""
    if moment.tzinfo is None:
        raise ValueError("a time needs a zone: datetime(…, tzinfo=timezone.utc)")
    return (moment - _EPOCH) // timedelta(microseconds=1)


def structure(kind: type[Row], value: Any) -> Row:
    """A dataclass from a JSON object."""
    if not isinstance(value, Mapping):
        raise ProtocolError(f"an object should stand where {kind.__name__} was expected")
    converters = _converters(typing.cast("Any", kind))
    known: dict[str, Any] = {}
    more: dict[str, Any] = {}
    for name, item in value.items():
        found = converters.get(name)
        if found is None:
            more[name] = item
            continue
        convert, as_it_is = found
        if type(item) in as_it_is:
            known[name] = item
            continue
        try:
            known[name] = convert(item)
        except (TypeError, ValueError, ArithmeticError) as problem:
            raise ProtocolError(f"{kind.__name__}.{name} cannot be read: {problem}") from problem
    if "more" in converters:
        known["more"] = more
    try:
        return kind(**known)
    except TypeError as problem:
        raise ProtocolError(f"{kind.__name__} is incomplete: {problem}") from problem


@cache
def _converters(kind: Any) -> dict[str, tuple[Callable[[Any], Any], frozenset[type]]]:
    """By field: what reads it, and the types of JSON that need no reading. Pages of a thousand rows of forty fields go through here."""
    hints = typing.get_type_hints(kind)
    return {field.name: (_converter(hints[field.name]), _as_it_is(hints[field.name])) for field in dataclasses.fields(kind)}


def _as_it_is(hint: Any) -> frozenset[type]:
    options = typing.get_args(hint) if typing.get_origin(hint) in (typing.Union, types.UnionType) else (hint,)
    return frozenset(option for option in options if option in (str, int, bool, type(None)))


def _converter(hint: Any) -> Callable[[Any], Any]:
    origin = typing.get_origin(hint)
    if origin in (typing.Union, types.UnionType):
        inner = [option for option in typing.get_args(hint) if option is not type(None)]
        convert = _converter(inner[0])
        return lambda value: None if value is None else convert(value)
    if origin is tuple:
        convert = _converter(typing.get_args(hint)[0])
        return lambda value: tuple(convert(item) for item in _required(value, list))
    if origin in (dict, Mapping):
        return lambda value: dict(_required(value, dict))
    if hint is Decimal:
        return _decimal
    if hint is datetime:
        return lambda value: time(_required(value, int))
    if hint is bool or hint is str or hint is int:
        return lambda value: _required(value, hint)
    if isinstance(hint, type) and issubclass(hint, Enum):
        return lambda value: hint(_required(value, str))
    if dataclasses.is_dataclass(hint):
        return lambda value: structure(typing.cast("type[Any]", hint), value)
    return lambda value: value


def _decimal(value: Any) -> Decimal:
    number = Decimal(_required(value, str))
    if not number.is_finite():
        raise ValueError(f"{value} is no amount")
    return number


def _required(value: Any, kind: type[Any]) -> Any:
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise TypeError(f"{value!r} is no {kind.__name__}")
    return value
