"""Values on their way in and out: exact, or refused."""

from __future__ import annotations

from datetime import datetime, timezone
from decimal import Decimal

import pytest

import omsd
from omsd import requests
from omsd._structure import microseconds, structure, time
from omsd._wire import LINE_MAX, Failed, Lines, Notified, decode
from omsd.errors import ProtocolError


def test_an_amount_keeps_every_digit() -> None:
    place = omsd.Place(symbol="s", side="buy", type="limit", price=Decimal("1E-8"), quantity=Decimal("12345678901234567890.100"))
    item = requests.intent_submit("a", place=[place]).params["place"][0]
    assert item == {
        "symbol": "s",
        "side": "buy",
        "type": "limit",
        "price": "0.00000001",
        "quantity": "12345678901234567890.100",
    }


@pytest.mark.parametrize("amount", [0.1, 1.0, float("nan")])
def test_a_float_is_refused_wherever_it_stands(amount: float) -> None:
    with pytest.raises(TypeError, match="is a float"):
        requests.intent_submit("a", place=[{"symbol": "s", "side": "buy", "type": "limit", "price": amount, "quantity": "1"}])


@pytest.mark.parametrize("amount", ["NaN", "Infinity", "-Infinity", "sNaN"])
def test_what_is_no_amount_is_refused(amount: str) -> None:
    with pytest.raises(ValueError, match="is no amount"):
        requests.plain(Decimal(amount))


def test_times_are_exact_to_the_microsecond_and_have_a_zone() -> None:
    moment = datetime(2026, 11, 27, 12, 0, 0, 1, tzinfo=timezone.utc)
    assert time(microseconds(moment)) == moment
    assert microseconds(time(9_007_199_254_740_993)) == 9_007_199_254_740_993
    with pytest.raises(ValueError, match="needs a zone"):
        requests.intent_submit("a", expires_at=datetime(2026, 11, 27))


def test_an_intent_without_an_id_gets_one_so_that_it_can_be_repeated() -> None:
    first, second = (requests.intent_submit("a", cancel=["o1"]) for _ in range(2))
    assert first.params["intent_id"] != second.params["intent_id"]
    assert first.repeats


@pytest.mark.parametrize("amount", ["NaN", "sNaN", "Infinity", "", "1,5", 1.5])
def test_an_amount_of_an_answer_that_is_none_is_no_answer(amount: object) -> None:
    instrument = {"account": "a", "symbol": "s", "tick": amount, "lot": "1", "tradable": True}
    with pytest.raises(ProtocolError, match="tick"):
        structure(omsd.Instrument, instrument)


def test_words_of_a_newer_daemon_are_words_all_the_same() -> None:
    state = omsd.OrderState("resting_on_the_moon")
    assert [state, str(state)] == ["resting_on_the_moon"] * 2
    assert not state.is_closed
    assert omsd.OrderState("filled") is omsd.OrderState.FILLED


def test_fields_of_a_newer_daemon_are_kept_aside() -> None:
    row = {"account": "a", "kind": "state", "detail": "d", "at": 1, "colour": "red"}
    found = structure(omsd.Break, row)
    assert found.more == {"colour": "red"}


@pytest.mark.parametrize(
    "row",
    [
        None,
        [],
        {"account": "a"},
        {"account": 1, "kind": "k", "detail": "d", "at": 1},
        {"account": "a", "kind": "k", "detail": "d", "at": True},
    ],
)
def test_an_answer_that_cannot_be_read_says_where(row: object) -> None:
    with pytest.raises(ProtocolError, match="Break"):
        structure(omsd.Break, row)


@pytest.mark.parametrize("line", [b"", b"nonsense", b"[]", b'{"jsonrpc":"2.0"}', b'{"id":"1","result":{}}'])
def test_a_line_that_is_no_message_is_told(line: bytes) -> None:
    with pytest.raises(ProtocolError, match="the daemon sent"):
        decode(line)


def test_a_line_nested_too_deeply_for_this_python_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def too_deep(*_: object, **__: object) -> None:
        raise RecursionError("maximum recursion depth exceeded")

    monkeypatch.setattr("omsd._wire.json.loads", too_deep)
    with pytest.raises(ProtocolError, match="the daemon sent"):
        decode(b"[[]]")


def test_an_error_bears_its_reason_and_details() -> None:
    message = decode(
        b'{"jsonrpc":"2.0","id":4,"error":{"code":1003,"message":"no","data":{"reason":"INVALID_ORDER","retryable":"no",'
        b'"details":[{"list":"place","index":2,"field":"price","problem":"must be positive"}]}}}'
    )
    assert isinstance(message, Failed)
    assert isinstance(message.error, omsd.InvalidOrder)
    assert message.error.details == (omsd.Detail("place", 2, "price", "must be positive"),)
    assert "place[2].price: must be positive" in str(message.error)


@pytest.mark.parametrize("data", [None, [], "x", {"details": 3}, {"details": [7, {"index": "two"}]}])
def test_an_error_of_an_unknown_shape_is_an_error_still(data: object) -> None:
    error = omsd.errors.refusal({"code": 4242, "message": "new", "data": data})
    assert type(error) is omsd.Refused
    assert error.code == 4242


def test_lines_are_cut_wherever_the_bytes_break() -> None:
    whole = b'{"method":"event","params":{"seq":1}}\n{"method":"event","params":{"seq":2}}\n'
    for size in range(1, len(whole)):
        lines = Lines()
        found = [line for at in range(0, len(whole), size) for line in lines.feed(whole[at : at + size])]
        assert [decode(line) for line in found] == [Notified("event", {"seq": 1}), Notified("event", {"seq": 2})]


def test_a_line_without_end_is_given_up() -> None:
    lines = Lines()
    piece = b"x" * (1 << 20)
    for _ in range(LINE_MAX // len(piece)):
        lines.feed(piece)
    with pytest.raises(ProtocolError, match="more than"):
        lines.feed(piece)
