"""The same orders through ccxt's batch call and through omsd, against a simulated venue each, in turns.

What somebody would run who has no omsd: a script that hands ccxt.bitget lists of orders. Bitget's unified account is where ccxt's `createOrders` and the
simulator's reading of the page meet: `POST /api/v3/trade/place-batch`, 20 orders a request. Loopback only; limits are lifted on both sides (omsim still counts,
but refuses nothing, ccxt's throttle is off, omsd's budgets are out of reach), so that what is compared is work, not waiting.

CPU seconds are those of the process that talks to the venue: this one for ccxt (time around the calls alone: no import, no set-up), omsd's for omsd, both
for omsd.ccxt.

    compare.py PROGRAMS [--orders N] [--rounds N]
"""

import argparse
import asyncio
import atexit
import contextlib
import importlib.metadata
import json
import os
import pathlib
import platform
import resource
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

import ccxt
import ccxt.async_support

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "clients" / "python" / "src"))
import omsd  # noqa: E402
import omsd.ccxt  # noqa: E402

BATCH = 20  # What the endpoint takes (docs/venues/bitget.md).
CONCURRENT = 20  # Requests of the asynchronous client under way together.
SYMBOL, PRICE, QUANTITY = "BTC/USDT", 39000.0, 0.01


class Venue:
    """omsim with one account of its own, and no limits."""

    def __init__(self, programs, folder):
        number = f"{os.getpid()}{time.monotonic_ns() % 1_000_000}"
        self.account = {
            "venue": "bitget-uta", "product": "spot", "uid": "U" + number, "key": "bench-" + number, "secret": "not-a-secret", "passphrase": "none",
        }
        accounts = folder / "accounts.json"
        accounts.write_text(json.dumps({"accounts": [self.account]}))
        self.process = subprocess.Popen(
            [programs / "omsim", "serve", "--listen", "127.0.0.1:0", "--quiet", "--no-limits", "--accounts", accounts], stdout=subprocess.PIPE, text=True)
        # Whatever goes wrong in a round, nothing is left running.
        atexit.register(self.process.kill)
        self.url = self.process.stdout.readline().split()[1]

    def placed(self):
        """Orders that rest at the venue, each client id once."""
        with urllib.request.urlopen(self.url + "/_sim/ledger") as answer:
            orders = json.load(answer)["orders"]
        assert all(order["state"] == "open" for order in orders), "an order does not rest"
        assert len({order["client_order_id"] for order in orders}) == len(orders), "an order is there twice"
        return len(orders)

    def stop(self):
        self.process.terminate()
        self.process.wait()


def cpu_of(pid):
    """Of all its threads, to the nanosecond: /proc/PID/stat counts hundredths of a second. None of omsd's threads ends while it runs."""
    return sum(int((task / "schedstat").read_text().split()[0]) for task in pathlib.Path(f"/proc/{pid}/task").iterdir()) / 1e9


def own_cpu():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


# ccxt


def market():
    """What load_markets would have found: set by hand, because the simulator has no public market list in the shape of Bitget's older API."""
    return {
        "id": "BTCUSDT", "symbol": SYMBOL, "base": "BTC", "quote": "USDT", "baseId": "BTC", "quoteId": "USDT", "type": "spot", "spot": True, "margin": True,
        "swap": False, "future": False, "option": False, "contract": False, "active": True, "precision": {"amount": 0.000001, "price": 0.01},
        "limits": {"amount": {"min": 0.000001}, "cost": {"min": 1}, "price": {}},
    }


def client(library, venue):
    account = venue.account
    exchange = library.bitget(
        {"apiKey": account["key"], "secret": account["secret"], "password": account["passphrase"], "enableRateLimit": False})
    exchange.urls["api"] = {name: venue.url for name in exchange.urls["api"]}
    exchange.set_markets([market()])
    return exchange


def batches(count):
    order = {"symbol": SYMBOL, "type": "limit", "side": "buy", "amount": QUANTITY, "price": PRICE}
    for first in range(0, count, BATCH):
        yield [
            {**order, "params": {"clientOrderId": f"bench{number}", "timeInForce": "GTC"}} for number in range(first, min(first + BATCH, count))
        ]


def by_ccxt(programs, folder, count):
    """One call after the other, as the simplest script does it."""
    venue = Venue(programs, folder)
    exchange = client(ccxt, venue)
    wall, cpu = time.monotonic(), own_cpu()
    known = sum(len([order for order in exchange.create_orders(batch, {"uta": True}) if order["id"]]) for batch in batches(count))
    result = (time.monotonic() - wall, own_cpu() - cpu)
    assert known == count == venue.placed(), f"ccxt knows {known} orders of {count}, the venue {venue.placed()}"
    venue.stop()
    return result


def by_ccxt_async(programs, folder, count):
    """Its asynchronous client with several calls under way."""
    venue = Venue(programs, folder)

    async def run():
        exchange = client(ccxt.async_support, venue)
        gate = asyncio.Semaphore(CONCURRENT)

        async def place(batch):
            async with gate:
                return await exchange.create_orders(batch, {"uta": True})

        wall, cpu = time.monotonic(), own_cpu()
        answers = await asyncio.gather(*(place(batch) for batch in batches(count)))
        result = (time.monotonic() - wall, own_cpu() - cpu)
        await exchange.close()
        known = sum(1 for answer in answers for order in answer if order["id"])
        assert known == count == venue.placed(), f"ccxt knows {known} orders of {count}, the venue {venue.placed()}"
        return result

    result = asyncio.run(run())
    venue.stop()
    return result


# omsd


@contextlib.contextmanager
def daemon(programs, folder, venue):
    """omsd for the venue's one account, ready; limits out of reach."""
    account = venue.account
    credentials = folder / "credentials.json"
    credentials.touch(0o600)
    credentials.write_text(json.dumps({name: account[name] for name in ("key", "secret", "passphrase")}))
    settings = {
        "journal": {"path": str(folder / "journal.db")},
        "control": {"socket": str(folder / "control.sock")},
        "accounts": {"uta": {
            "venue": account["venue"], "product": account["product"], "uid": account["uid"], "credentials": str(credentials), "base_url": venue.url,
            "limits": [{"budget": "batch-place", "permits": 100_000, "window_ms": 1_000}, {"budget": "overall", "permits": 1_000_000}],
            # As in `make bench`: listing resting orders again and again is no part of it.
            "reconcile_interval_ms": 3_600_000,
        }},
    }
    configuration = folder / "omsd.json5"
    configuration.write_text(json.dumps(settings))
    with open(folder / "omsd.log", "w") as log:
        running = subprocess.Popen([programs / "omsd", "--config", configuration], stdout=log, stderr=log)
    try:
        deadline = time.monotonic() + 30
        with omsd.Client(settings["control"]["socket"], patience=30) as client:
            while not client.account_list().accounts[0].ready:
                assert running.poll() is None and time.monotonic() < deadline, (folder / "omsd.log").read_text()
                time.sleep(0.02)
        yield running.pid, settings["control"]["socket"]
    finally:
        running.terminate()
        running.wait()


def by_omsd(programs, folder, count):
    """One intent over the bare socket; done when each order is acknowledged, and that on disk."""
    venue = Venue(programs, folder)
    with daemon(programs, folder, venue) as (pid, path):
        lines = socket.socket(socket.AF_UNIX)
        lines.connect(path)
        lines = lines.makefile("rwb")

        def call(method, parameters):
            lines.write(json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": parameters}).encode() + b"\n")
            lines.flush()
            answer = json.loads(lines.readline())
            assert "result" in answer, answer
            return answer["result"]

        order = {"symbol": "BTCUSDT", "side": "buy", "type": "limit", "time_in_force": "gtc", "price": "39000", "quantity": "0.01"}
        wall, cpu = time.monotonic(), cpu_of(pid)
        call("intent.submit", {"account": "uta", "intent_id": "bench", "place": [order] * count})
        state = call("intent.wait", {"intent_id": "bench", "until": "acknowledged", "timeout_ms": 120_000})
        result = (time.monotonic() - wall, cpu_of(pid) - cpu)
        assert not state["timed_out"] and venue.placed() == count, state
    venue.stop()
    return result


def by_adapter(programs, folder, count):
    """The same call on the same exchange object, wrapped: one `create_orders`. CPU is that of both processes: ccxt's structures in this one, the rest in omsd."""
    venue = Venue(programs, folder)
    with daemon(programs, folder, venue) as (pid, path):
        exchange = omsd.ccxt.wrap(client(ccxt, venue), "uta", path, timeout=120)
        orders = [{**order, "params": {"timeInForce": "GTC"}} for batch in batches(count) for order in batch]
        wall, cpu = time.monotonic(), own_cpu() + cpu_of(pid)
        known = len({order["id"] for order in exchange.create_orders(orders) if order["info"]["state"] == "acknowledged"})
        result = (time.monotonic() - wall, own_cpu() + cpu_of(pid) - cpu)
        assert known == count == venue.placed(), f"the adapter knows {known} orders of {count}, the venue {venue.placed()}"
        exchange.close()
    venue.stop()
    return result


def main():
    words = argparse.ArgumentParser()
    words.add_argument("programs", type=pathlib.Path)
    words.add_argument("--orders", type=int, default=10_000)
    words.add_argument("--rounds", type=int, default=3)
    asked = words.parse_args()
    sides = {
        "ccxt, one call at a time": by_ccxt,
        f"ccxt, {CONCURRENT} calls at a time (asyncio)": by_ccxt_async,
        "omsd.ccxt, one call (this process and omsd)": by_adapter,
        "omsd, each order durable before it is sent": by_omsd,
    }
    taken = {name: [] for name in sides}
    for number in range(asked.rounds):
        for name, run in sides.items():
            print(f"round {number + 1} of {asked.rounds}: {name} …", file=sys.stderr)
            with tempfile.TemporaryDirectory(prefix="omsd-ccxt-") as folder:
                taken[name].append(run(asked.programs.resolve(), pathlib.Path(folder), asked.orders))

    print(f"{asked.orders} resting limit orders to bitget-uta (omsim), {BATCH} a request, limits lifted on both sides; medians of {asked.rounds} rounds")
    print(f"ccxt {importlib.metadata.version('ccxt')} on Python {platform.python_version()}; {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}\n")
    print(f"{'client':<44}{'orders/s':>10}{'wall s':>9}{'CPU s':>8}{'CPU us/order':>14}{'orders/CPU s':>14}  CPU s of each round")
    figures = {}
    for name, rounds in taken.items():
        wall, cpu = statistics.median(r[0] for r in rounds), statistics.median(r[1] for r in rounds)
        figures[name] = asked.orders / cpu
        each = " ".join(f"{r[1]:.2f}" for r in rounds)
        print(
            f"{name:<44}{asked.orders / wall:>10,.0f}{wall:>9.2f}{cpu:>8.2f}{cpu / asked.orders * 1e6:>14.1f}{asked.orders / cpu:>14,.0f}  {each}")
    alone, together, adapter, own = figures.values()
    best = max(alone, together)
    print(f"\nomsd handles {own / best:.1f} times the orders of ccxt's better way in a CPU second, and writes a journal besides; {adapter / best:.1f} times")
    print("where it is asked by ccxt's own calls, through omsd.ccxt.")


main()
