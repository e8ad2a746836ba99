"""ccxt's documented round of an order (create, edit, cancel, fetch) while one reply in five is lost and the daemon is killed.

A few seconds here; ``OMSD_LOOP_SECONDS`` makes it longer, as ``make soak`` does, with a kill every ``OMSD_KILL_EVERY`` seconds.
"""

from __future__ import annotations

import json
import os
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import ccxt
import pytest
from conftest import CHOSEN, VENUES, House, binaries, exchange, wait_until

import omsd.ccxt

SECONDS = float(os.environ.get("OMSD_LOOP_SECONDS", "5"))
KILL_EVERY = float(os.environ.get("OMSD_KILL_EVERY", "2"))

#: One reply in five: the venue did what was asked, or never heard of it; nobody can tell the two apart.
FAULTS = [
    {"kind": kind, "probability": share, "fault": {"type": lost, "then": "reset"}}
    for kind in ("place", "modify", "cancel")
    for lost, share in (("lose_reply_after_execution", 0.1), ("lose_reply_before_execution", 0.11))
]


@pytest.fixture
def lossy(tmp_path: Path) -> Iterator[House]:
    made = House(tmp_path, number=3)
    try:
        made.start()
        yield made
    finally:
        made.close()


def audit(house: House) -> Any:
    words: list[str | Path] = [binaries() / "omsim", "audit", "--url", house.url, "--journal", house.folder / "journal.db", "--json"]
    found = subprocess.run(words, capture_output=True, check=False)
    return found.returncode, json.loads(found.stdout)


@pytest.mark.parametrize("name", [name for name in CHOSEN if name in ("bitget", "xt", "bybit", "okx")])
def test_a_round_of_orders_under_lost_replies_and_kills_has_each_effect_once(name: str, lossy: House) -> None:
    adapter = omsd.ccxt.wrap(exchange(ccxt, name, lossy), VENUES[name][1], lossy.socket, timeout=1, patience=60)
    lossy.simulator("faults", {"rules": FAULTS})
    created: list[str] = []
    raised: Counter[str] = Counter()
    #: How many orders there were at each.
    kills: list[int] = []
    over = threading.Event()

    def kill() -> None:
        while not over.wait(KILL_EVERY):
            # A busy host may start a daemon slower than it is killed: then nothing would ever be placed.
            while len(created) == (kills[-1] if kills else 0) and not over.wait(0.02):
                pass
            kills.append(len(created))
            lossy.kill()
            lossy.spawn()

    killer = threading.Thread(target=kill)
    killer.start()
    try:
        end = time.monotonic() + SECONDS
        while time.monotonic() < end or len(created) <= 3:
            # Nothing that create_order raises would be right here: the order is on the daemon's disk, or the daemon is waited for.
            order = adapter.create_order("BTC/USDT", "limit", "buy", 0.01, 38000 + len(created) % 500)
            created.append(order["id"])
            assert order["status"] in ("open", "canceled"), order
            for call, arguments in [
                ("fetch_order", ()),
                ("edit_order", ("BTC/USDT", "limit", "buy", 0.01, 37000)),
                ("cancel_order", ("BTC/USDT",)),
                ("fetch_order", ("BTC/USDT",)),
            ]:
                try:
                    getattr(adapter, call)(order["id"], *arguments)
                except ccxt.NetworkError as invitation:
                    pytest.fail(f"{call} invites to send again: {invitation!r}")
                except ccxt.ExchangeError as problem:
                    # A change of an order that is gone, or that may be: its own words, and no call to repeat the placement.
                    raised[f"{call}: {type(problem).__name__}"] += 1
    finally:
        over.set()
        killer.join()
    changes = {f"{call}: {kind}" for call in ("edit_order", "cancel_order") for kind in ("OrderNotFound", "InvalidOrder")}
    assert set(raised) <= changes, raised
    assert len(created) == len(set(created)) > 3
    lossy.simulator("faults", {"rules": []})
    with omsd.Client(lossy.socket, patience=60) as client:

        def settled() -> bool:
            rows = client.order_list(account=VENUES[name][1], states=["intended", "submitted", "in_doubt"], limit=1000).orders
            return not rows

        wait_until(settled, "an order stays in doubt", 90)
    ledger = lossy.simulator("ledger")
    assert ledger["duplicates"] == []
    at_venue = Counter(order["client_order_id"] for order in ledger["orders"])
    assert set(at_venue) <= set(created)
    assert set(at_venue.values()) <= {1}
    # Live cancels may still be under way; the journal and the venue agree once they are not.
    wait_until(lambda: audit(lossy)[0] == 0, f"journal and ledger differ: {audit(lossy)[1]}", 60)
    adapter.close()
    struck = sum(bool(request.get("fault")) for request in ledger["requests"])
    print(f"{name}: {len(created)} orders, {len(kills)} kills, {struck} of {len(ledger['requests'])} requests struck, {dict(raised)}")
