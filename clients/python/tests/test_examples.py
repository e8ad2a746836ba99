"""The examples, as they lie in ``examples``, against simulated venues."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
import sys
import uuid
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import ccxt
import pytest
from conftest import CHOSEN, VENUES, House, exchange, wait_until

import omsd.ccxt

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"


def example(name: str) -> Any:
    spec = importlib.util.spec_from_file_location(name, EXAMPLES / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def run(house: House, *words: str | Path) -> str:
    environment = {**os.environ, "OMSD_SOCKET": str(house.socket)}
    found = subprocess.run(words, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert found.returncode == 0, found.stderr
    return found.stdout


def test_a_first_order_is_placed(house: House) -> None:
    told = run(house, sys.executable, EXAMPLES / "first_order.py", "spot-xt", "btc_usdt", "38000", "0.001")
    # The venue's stream may tell that it rests before the answer is shown.
    assert "acknowledged" in told or "working" in told


@pytest.fixture(scope="module")
def moving(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """Venues whose orders meet the price that the public pages tell."""
    made = House(tmp_path_factory.mktemp("moving"), "--follow-market", number=2)
    try:
        made.start()
        yield made
    finally:
        made.close()


def test_the_quoting_bot_quotes_both_sides_and_leaves_nothing_resting(moving: House) -> None:
    adapter = omsd.ccxt.wrap(exchange(ccxt, "xt", moving), VENUES["xt"][1], moving.socket, patience=30)
    ended = example("quoting_bot").quote(adapter, "ETH/USDT", 0.01, rounds=3, pause=0.01)
    assert {order["side"] for order in ended} == {"buy", "sell"}
    # Canceled at the end, or traded before.
    assert {order["status"] for order in ended} <= {"canceled", "closed"}
    assert adapter.fetch_open_orders("ETH/USDT") == []
    adapter.close()


def test_the_quoting_bot_runs_from_its_command_line(moving: House) -> None:
    (key,) = moving.configuration.parent.glob("uta-bitget*.json")
    told = run(moving, sys.executable, EXAMPLES / "quoting_bot.py", "bitget", "uta-bitget", "ETH/USDT", "0.01", key, moving.url)
    assert told.count("canceled") + told.count("closed") >= 2


def test_the_rebalancer_slices_what_is_missing_and_places_nothing_twice(house: House, client: omsd.Client) -> None:
    name = f"rebalance-{uuid.uuid4()}"
    words = ("spot-xt", "eth_usdt", "1.5", "0.45", "1900", "0.25", name)
    first = run(house, sys.executable, EXAMPLES / "rebalancer.py", *words)
    again = run(house, sys.executable, EXAMPLES / "rebalancer.py", *words)
    orders = client.order_list(intent_id=name).orders
    assert "5 orders\n" in first
    assert "5 orders, as before" in again
    assert [str(order.side) for order in orders] == ["sell"] * 5
    assert sum(order.quantity or 0 for order in orders) == Decimal("1.05")
    assert max(order.quantity or 0 for order in orders) <= Decimal("0.25")


def test_the_monitor_halts_an_account_beyond_its_bound(house: House, client: omsd.Client) -> None:
    words: list[str | Path] = [sys.executable, EXAMPLES / "risk_monitor.py", "uta-bitget", "SOLUSDT", "0.5"]
    environment = {**os.environ, "OMSD_SOCKET": str(house.socket)}
    with subprocess.Popen(words, env=environment, stdout=subprocess.PIPE, text=True) as monitor:
        assert monitor.stdout is not None
        assert "uta-bitget SOLUSDT: 0" in monitor.stdout.readline()
        client.intent_submit("uta-bitget", place=[omsd.Place(symbol="SOLUSDT", side="sell", type="market", quantity="0.7")])
        assert "is halted" in monitor.communicate(timeout=60)[0]
    account = next(row for row in client.account_list().accounts if row.account == "uta-bitget")
    assert account.state is omsd.TradingState.HALTED
    client.account_set_state("uta-bitget", "active", "the test goes on")
    wait_until(lambda: client.daemon_status().ready, "not ready again")


def test_a_strategy_in_c_speaks_over_the_bare_socket(house: House, client: omsd.Client, tmp_path: Path) -> None:
    compiler = shutil.which("gcc") or shutil.which("cc") or shutil.which("clang")
    assert compiler is not None, "a C compiler is needed"
    program = tmp_path / "strategy"
    subprocess.run(
        [compiler, "-std=c11", "-D_GNU_SOURCE", "-O2", "-Wall", "-Wextra", "-Werror", "-o", program, EXAMPLES / "strategy.c"], check=True
    )
    told = [line.split(" ", 1) for line in run(house, program, "spot-xt", "btc_usdt", "38000", "10", "7").splitlines()]
    assert [word for word, _ in told] == ["placed", "settled", "cancelled"]
    intent = json.loads(told[0][1])["result"]
    assert json.loads(told[1][1])["result"]["timed_out"] is False
    orders = client.order_list(intent_id=intent["intent_id"]).orders
    assert [str(order.price) for order in orders] == [str(38000 - 10 * step) for step in range(7)]
    wait_until(
        lambda: {str(order.state) for order in client.order_list(intent_id=intent["intent_id"]).orders} == {"canceled"}, "not cancelled"
    )
    assert len((EXAMPLES / "strategy.c").read_text().splitlines()) <= 45


pytestmark = pytest.mark.skipif("xt" not in CHOSEN, reason="this run is about another venue")
