"""The client against what the daemon says of itself: a method or a field that only one side knows fails here."""

from __future__ import annotations

import contextlib
import dataclasses
import inspect
import re
import sqlite3
from typing import Any

import pytest
from conftest import House

import omsd
from omsd import requests
from omsd.types import Matching, Modify, Place

#: Methods of the client by the protocol's name; a dry run answers otherwise, so it is a method of its own.
CALLS = {name.replace("_", ".", 1): [getattr(requests, name)] for name in vars(requests) if name[0] != "_" and hasattr(omsd.Client, name)}
CALLS["intent.submit"].append(CALLS.pop("intent.plan")[0])


def methods(client: omsd.Client) -> dict[str, Any]:
    return {method["name"]: method for method in client.rpc_discover().methods}


def test_client_and_daemon_know_the_same_methods(client: omsd.Client) -> None:
    assert set(CALLS) == set(methods(client))


def test_both_clients_have_the_same_methods() -> None:
    shared = {name for name in vars(requests) if name[0] != "_" and hasattr(omsd.Client, name)}
    assert shared == {name for name in vars(requests) if name[0] != "_" and hasattr(omsd.AsyncClient, name)}


def test_what_methods_answer_with_is_named_by_the_package() -> None:
    kinds = {name for name, kind in vars(omsd.types).items() if inspect.isclass(kind) and kind.__module__ == "omsd.types"}
    assert {name for name in kinds if name[0] != "_"} - {"Word"} <= set(omsd.__all__)
    assert omsd.Guards is omsd.types.Guards


def test_each_method_takes_the_parameters_that_the_daemon_knows(client: omsd.Client) -> None:
    for name, method in methods(client).items():
        known = {parameter["name"] for parameter in method["params"]}
        required = {parameter["name"] for parameter in method["params"] if parameter["required"]}
        taken: set[str] = set()
        for call in CALLS[name]:
            # A keyword of the language, as `from`, is spelt with an underscore behind it.
            parameters = {parameter.rstrip("_") for parameter in inspect.signature(call).parameters}
            taken |= parameters
            assert required <= parameters, name
        if name == "intent.submit":
            taken.add("dry_run")
        assert taken == known, name


def test_items_have_the_fields_that_the_daemon_knows(client: omsd.Client) -> None:
    submit = {parameter["name"]: parameter["schema"] for parameter in methods(client)["intent.submit"]["params"]}
    items = {
        Place: submit["place"]["items"],
        Modify: submit["modify"]["items"],
        Matching: next(kind for kind in submit["cancel"]["items"]["oneOf"] if kind["type"] == "object"),
    }
    for kind, schema in items.items():
        assert {field.name for field in dataclasses.fields(kind)} == set(schema["properties"]), kind.__name__


#: Rows that are a view's, with what an answer has beside its columns.
ROWS: list[tuple[Any, str, set[str]]] = [
    (omsd.Intent, "v_intents", {"counts", "refusals", "timed_out"}),
    (omsd.Order, "v_orders", set()),
    (omsd.Fill, "v_fills", set()),
    (omsd.Break, "v_breaks", set()),
    (omsd.Event, "v_timeline", {"subscription"}),
    (omsd.types.Request, "v_requests", set()),
    (omsd.types.Command, "v_commands", set()),
]


def test_rows_have_the_columns_of_their_views(house: House) -> None:
    with contextlib.closing(sqlite3.connect(f"file:{house.folder / 'journal.db'}?mode=ro", uri=True)) as journal:
        for kind, view, beside in ROWS:
            columns = {column[1] for column in journal.execute(f"PRAGMA table_info({view})")}
            assert {field.name for field in dataclasses.fields(kind)} - {"more"} == columns | beside, view


#: Other answers, whose fields the document tells in words. What the daemon sends beside them is found by `test_daemon`.
TOLD: list[tuple[str, Any]] = [
    ("intent.submit", omsd.Submission),
    ("intent.cancel", omsd.types.Cancellation),
    ("instrument.list", omsd.Instrument),
    ("account.list", omsd.Account),
    ("account.set_state", omsd.types.AccountState),
    ("account.kill_status", omsd.types.Kill),
    ("account.reconcile", omsd.types.Reconciliation),
    ("position.list", omsd.Position),
    ("risk.get", omsd.Rule),
    ("limit.list", omsd.Budget),
    ("limit.take", omsd.types.Grant),
    ("limit.release", omsd.types.Release),
    ("session.guard", omsd.types.HeldGuard),
    ("session.release", omsd.types.GuardStanding),
    ("guard.list", omsd.types.GuardStanding),
    ("rehearsal.record", omsd.types.RehearsalRecord),
    ("stats.get", omsd.types.Point),
]


@pytest.mark.parametrize(("method", "kind"), TOLD)
def test_answers_have_no_field_that_the_daemon_does_not_know(client: omsd.Client, method: str, kind: Any) -> None:
    told = methods(client)[method]
    # What was asked for may come back.
    words = {parameter["name"] for parameter in told["params"]} | set(re.findall(r"\w+", told["result"]["description"]))
    assert {field.name for field in dataclasses.fields(kind)} - {"more"} <= words


def test_enums_have_the_words_that_the_daemon_knows(client: omsd.Client) -> None:
    submit = {parameter["name"]: parameter["schema"] for parameter in methods(client)["intent.submit"]["params"]}
    place = submit["place"]["items"]["properties"]
    listing = {parameter["name"]: parameter["schema"] for parameter in methods(client)["order.list"]["params"]}
    words: list[tuple[type[omsd.types.Word], Any]] = [
        (omsd.Side, place["side"]),
        (omsd.OrderType, place["type"]),
        (omsd.TimeInForce, place["time_in_force"]),
        (omsd.PositionSide, place["position_side"]),
        (omsd.MarginAction, place["margin_action"]),
        (omsd.SelfTradePrevention, place["stp"]),
        (omsd.OnFailure, submit["modify"]["items"]["properties"]["on_failure"]),
        (omsd.OrderState, listing["states"]["items"]),
    ]
    for kind, schema in words:
        assert {word.value for word in kind} == set(schema["enum"]), kind.__name__
