#!/usr/bin/env python3
"""Plays what the alerts are for, with a real omsd against omsim, and asks a real Prometheus which alerts fire.

usage: scenes.py shorten RULES SHORTENED
       scenes.py play BINARIES SCRATCH PROMETHEUS SIMULATOR RULES

In each scene the alerts that it is about must begin to fire, no other may, and all must go out once it is over. Run by scripts/test-alerts.
"""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

#: What a test cannot wait for. Everything else of the rules is as shipped: names, comparisons, sizes, joins, labels.
SHORTER = [
    (re.compile(r"for: \d+m\b"), "for: 2s", 6),
    (re.compile(r"\[(?:15m|10m|6h)\]"), "[15s]", 4),
    (re.compile(r"(omsd_oldest_doubt_seconds) > 120\b"), r"\1 > 5", 1),
    # A disk that is full within a minute, at the growth of the last quarter of one.
    (re.compile(r"\b86400 \* deriv"), "60 * deriv", 2),
]


def shorten(rules: str) -> str:
    """The rules with shorter times: how long something must stand, how far back and ahead is looked, how old a doubt may get."""
    for pattern, replacement, least in SHORTER:
        rules, count = pattern.subn(replacement, rules)
        if count < least:
            raise SystemExit(f"scenes.py: the rules hold {pattern.pattern} {count} times, not {least}: say here how they are shortened")
    return rules


class Failed(Exception):
    pass


class Control:
    """omsd's control socket, by one line and its answer each."""

    def __init__(self, path: str) -> None:
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(30)
        self.socket.connect(path)
        self.lines = self.socket.makefile("rb")

    def ask(self, method: str, **params: Any) -> dict[str, Any]:
        self.socket.sendall(json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).encode() + b"\n")
        answer: dict[str, Any] = json.loads(self.lines.readline())
        return answer

    def call(self, method: str, **params: Any) -> dict[str, Any]:
        answer = self.ask(method, **params)
        if "result" not in answer:
            raise Failed(f"{method}: {answer.get('error')}")
        result: dict[str, Any] = answer["result"]
        return result

    def close(self) -> None:
        self.lines.close()
        self.socket.close()


class Scenes:
    def __init__(self, binaries: str, scratch: str, prometheus: str, simulator: str, rules: str) -> None:
        self.binaries, self.scratch, self.prometheus, self.simulator = binaries, scratch, prometheus, simulator
        self.socket_path = f"{scratch}/control.sock"
        self.configuration = f"{scratch}/config/omsd.json5"
        self.disk = f"{scratch}/disk"
        self.journal = f"{self.disk}/journal.db"
        self.samples: dict[str, dict[str, Any]] = {}
        for line in open(f"{scratch}/config/samples.tsv", encoding="utf-8"):
            account, _, order = line.rstrip("\n").split("\t")
            self.samples[account] = json.loads(order)
        self.names = set(re.findall(r"- alert: (\w+)", open(rules, encoding="utf-8").read()))
        self.fired: set[str] = set()
        self.intents = 0
        self.daemon: subprocess.Popen[bytes] | None = None
        self.start()

    # The daemon

    def start(self) -> None:
        log = open(f"{self.scratch}/omsd.log", "ab")
        self.daemon = subprocess.Popen([f"{self.binaries}/omsd", "--config", self.configuration], stdout=log, stderr=log)
        log.close()

        def answers() -> bool:
            if self.daemon is None or self.daemon.poll() is not None:
                raise Failed("omsd ended by itself")
            try:
                self.control = Control(self.socket_path)
            except OSError:
                return False
            return True

        self.wait("omsd answers", answers)

    def end(self, how: signal.Signals) -> None:
        if self.daemon is not None:
            self.control.close()
            self.daemon.send_signal(how)
            self.daemon.wait(60)
            self.daemon = None

    # What is asked, and what is known

    def wait(self, what: str, holds: Callable[[], bool], seconds: float = 60, why: Callable[[], str] = lambda: "") -> None:
        deadline = time.monotonic() + seconds
        while not holds():
            if time.monotonic() > deadline:
                raise Failed(f"not within {seconds:.0f} s: {what}; {why()}")
            time.sleep(0.1)

    def post(self, page: str, body: Any) -> None:
        request = urllib.request.Request(f"{self.simulator}/_sim/{page}", json.dumps(body).encode(), method="POST")
        urllib.request.urlopen(request, timeout=10).close()

    def submit(self, account: str, orders: int) -> dict[str, Any]:
        self.intents += 1
        return self.control.ask("intent.submit", account=account, intent_id=f"scene-{self.intents}", place=[self.samples[account]] * orders)

    def firing(self) -> set[tuple[str, str]]:
        """Alerts that fire, each with its account, or nothing where it speaks of the whole daemon."""
        with urllib.request.urlopen(f"{self.prometheus}/api/v1/alerts", timeout=10) as answer:
            alerts = json.load(answer)["data"]["alerts"]
        return {(alert["labels"]["alertname"], alert["labels"].get("account", "")) for alert in alerts if alert["state"] == "firing"}

    def acknowledge_breaks(self) -> None:
        for found in self.control.call("break.list", open=True)["breaks"]:
            self.control.call("break.acknowledge", break_id=found["break_id"], reason="part of the scene")

    def is_quiet(self) -> bool:
        accounts = self.control.call("account.list")["accounts"]
        return all(account["ready"] for account in accounts) and not self.firing()

    @contextmanager
    def scene(self, name: str, *expected: tuple[str, str], may: tuple[str, ...] = ()) -> Iterator[Callable[[], None]]:
        """The body begins what is wrong, calls what it was given, which waits until the alerts fire, and ends what is wrong."""
        began = time.monotonic()
        self.wait("nothing fires", self.is_quiet, 90, lambda: f"firing: {sorted(self.firing())}")
        seen: set[tuple[str, str]] = set()
        allowed = {alert for alert, _ in expected} | set(may)

        def look() -> set[tuple[str, str]]:
            now = self.firing()
            seen.update(now)
            return now

        def fires() -> None:
            self.wait(f"{name}: {expected} fire", lambda: look() >= set(expected), 60, lambda: f"firing: {sorted(look())}")

        yield fires
        self.wait(f"{name}: all go out", lambda: not look(), 90, lambda: f"firing: {sorted(look())}")
        others = {alert for alert, _ in seen} - allowed
        if others:
            raise Failed(f"{name}: {sorted(others)} fired as well")
        if not expected:
            raise Failed(f"{name}: expects nothing")
        self.fired |= {alert for alert, _ in expected}
        words = ", ".join(f"{alert}{f' ({account})' if account else ''}" for alert, account in expected)
        print(f"{name}: {words}; out again, {time.monotonic() - began:.0f} s", flush=True)

    # The scenes

    def venue_down(self) -> None:
        with self.scene("a venue is down", ("OmsdAccountNotReady", "spot-xt")) as fires:
            self.post("faults", [{"venue": "xt-spot", "fault": {"type": "reset"}}])
            fires()
            self.post("faults", [])

    def ban(self) -> None:
        expected = [(alert, "mm-az") for alert in ("OmsdRateRefused", "OmsdAccountNotReady", "OmsdOpenBreak")]
        # The order that met it stays in doubt until the ban is over.
        with self.scene("a venue shuts us out", *expected, may=("OmsdOldDoubt",)) as fires:
            self.post("faults", [{"venue": "az-futures", "count": 1, "fault": {"type": "ban", "lasts_ms": 12000}}])
            self.submit("mm-az", 1)
            fires()
            # It ends by itself; that somebody saw it is what a person has to say.
            self.acknowledge_breaks()

    def halt(self) -> None:
        with self.scene("an account is halted", ("OmsdAccountHalted", "uta-bitget")) as fires:
            self.control.call("account.set_state", account="uta-bitget", state="halted", reason="part of the scene")
            fires()
            self.control.call("account.set_state", account="uta-bitget", state="active", reason="part of the scene")

    def external_order(self) -> None:
        with self.scene("somebody else trades on the account", ("OmsdOpenBreak", "spot-xt")) as fires:
            order = self.samples["spot-xt"]
            self.post("place", {"venue": "xt-spot", **{key: order[key] for key in ("symbol", "side", "quantity", "price")}})
            fires()
            self.acknowledge_breaks()

    def parked(self) -> None:
        expected = [(alert, "uta-bitget") for alert in ("OmsdOrderParked", "OmsdOldDoubt", "OmsdOpenBreak")]
        with self.scene("an order waits for a person", *expected) as fires:
            # The venue calls the id a duplicate, and shows no such order: nothing that can be asked settles that.
            fault = {"type": "venue_error", "code": "40786", "message": "Duplicate clientOid"}
            self.post("faults", [{"venue": "bitget-uta", "kind": "place", "count": 1, "fault": fault}])
            order = self.submit("uta-bitget", 1)["result"]["orders"][0]
            fires()
            self.control.call("order.resolve", client_order_id=order, verdict="absent", reason="part of the scene")
            self.acknowledge_breaks()

    def restart(self) -> None:
        """While one venue is down, so that its clock cannot be measured anew."""
        with self.scene(
            "omsd is killed, and back while a venue is down",
            ("OmsdRestarted", ""), ("OmsdAccountNotReady", "cash-ascendex"), ("OmsdClockUnknown", "cash-ascendex"), may=("OmsdDown",),
        ) as fires:
            self.end(signal.SIGKILL)
            self.wait("OmsdDown fires", lambda: ("OmsdDown", "") in self.firing(), 30)
            self.fired.add("OmsdDown")
            self.post("faults", [{"venue": "ascendex", "fault": {"type": "reset"}}])
            self.start()
            fires()
            self.post("faults", [])

    def streams(self) -> None:
        """Of margin-bitget, which has one: it is cut and not let in again; it is open and tells nothing."""
        with self.scene("a private stream is down", ("OmsdStreamDown", "margin-bitget")) as fires:
            self.post("faults", [{"venue": "bitget-margin", "fault": {"type": "upgrade_refused"}}])
            self.post("stream", {"venue": "bitget-margin"})
            fires()
            self.post("faults", [])
        # Made anew, it is down for a moment.
        with self.scene("a private stream tells nothing", ("OmsdStreamLate", "margin-bitget"), may=("OmsdStreamDown",)) as fires:
            self.post("faults", [{"venue": "bitget-margin", "fault": {"type": "push_lost"}}])
            orders = self.submit("margin-bitget", 5)["result"]["orders"]
            for order in orders:
                self.wait("it rests", lambda order=order: self.rests(order))  # type: ignore[misc]
                self.post("fill", {"venue": "bitget-margin", "client_order_id": order})
            fires()
            self.post("faults", [])

    def rests(self, order: str) -> bool:
        """An order that can be filled."""
        return bool(self.control.call("order.get", client_order_id=order)["state"] in ("acknowledged", "working"))

    def stuck_readers(self) -> None:
        """One that holds a transaction open, and a subscriber that reads nothing: only the first holds the WAL."""
        with self.scene("a reader holds the WAL", ("OmsdWALHeld", ""), may=("OmsdDiskFilling",)) as fires:
            subscriber = Control(self.socket_path)
            subscriber.call("event.subscribe", after_seq=0)
            reader = sqlite3.connect(f"file:{self.journal}?mode=ro", uri=True, isolation_level=None)
            reader.execute("BEGIN")
            reader.execute("SELECT count(*) FROM v_orders").fetchall()

            def load(is_over: Callable[[], bool]) -> None:
                # Small turns: each writes every page it touches into the WAL.
                def some() -> bool:
                    for _ in range(40):
                        self.submit("mm-az", 3)
                    return is_over()

                self.wait("the WAL", some, 180)

            state = lambda: self.control.call("daemon.status")["journal"]
            load(lambda: state() == "wal_held")
            fires()
            reader.execute("COMMIT")
            reader.close()
            load(lambda: state() == "ok")
        subscriber.close()

    def disk_fills(self) -> None:
        """Somebody else's file takes the space, a little at a time and then all of it."""
        filler = f"{self.disk}/somebody-elses"
        with self.scene("the disk fills", ("OmsdDiskFilling", "")) as fires:
            with open(filler, "wb", buffering=0) as file:
                for _ in range(20):
                    file.write(b"x" * (3 << 20))
                    time.sleep(0.5)
            fires()
            os.unlink(filler)
        # The WAL cannot be moved into a file that cannot grow, and what was not recorded meanwhile is asked for again.
        with self.scene("the disk is full", ("OmsdDiskFull", ""), may=("OmsdDiskFilling", "OmsdAccountNotReady", "OmsdWALHeld")) as fires:
            with open(filler, "wb", buffering=0) as file:
                try:
                    while True:
                        file.write(b"x" * (1 << 20))
                except OSError:
                    pass

            def is_full() -> bool:
                self.submit("mm-az", 100)
                # A question that was in hand when the space ended is answered so, too.
                return bool(self.control.ask("daemon.status").get("result", {}).get("journal") == "full")

            self.wait("the journal is full", is_full, 60)
            fires()
            os.unlink(filler)


def play(arguments: list[str]) -> None:
    scenes = Scenes(*arguments)
    try:
        scenes.wait("every account is ready and nothing fires", scenes.is_quiet, 90, lambda: f"firing: {sorted(scenes.firing())}")
        print("nothing is wrong: no alert fires", flush=True)
        scenes.venue_down()
        scenes.halt()
        scenes.external_order()
        scenes.parked()
        scenes.ban()
        scenes.restart()
        scenes.streams()
        if os.path.ismount(scenes.disk):
            scenes.disk_fills()
        # Last: it leaves a long WAL behind, which is written over for a long while before a full disk is noticed.
        scenes.stuck_readers()
        missing = scenes.names - scenes.fired
        if not os.path.ismount(scenes.disk):
            print("not played, because this process may not mount a small disk: OmsdDiskFilling, OmsdDiskFull", flush=True)
            missing -= {"OmsdDiskFilling", "OmsdDiskFull"}
        if missing:
            raise Failed(f"no scene makes {sorted(missing)} fire")
    finally:
        scenes.end(signal.SIGTERM)


def main() -> int:
    words = sys.argv[1:]
    if len(words) == 3 and words[0] == "shorten":
        rules = open(words[1], encoding="utf-8").read()
        open(words[2], "w", encoding="utf-8").write(shorten(rules))
        return 0
    if len(words) == 6 and words[0] == "play":
        try:
            play(words[1:])
        except Failed as failure:
            print(f"scenes.py: {failure}", file=sys.stderr)
            return 1
        return 0
    print(__doc__, file=sys.stderr)
    return 64


if __name__ == "__main__":
    sys.exit(main())
