"""What a person may be woken for, with a real omsd: the page must say it and hold the line that settles it, the line must settle it, and the daemon's log
must have told it, once.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import time
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Page:
    """The browser's page, as browser.py drives it."""

    #: what, condition, seconds
    until: Callable[..., object]
    #: sentence, whether it holds, more
    check: Callable[..., None]
    picture: Callable[[str], None]
    #: The text of an element, by its id.
    text: Callable[[str], str]
    #: The lines to copy of a section, by its id.
    lines: Callable[[str], list[str]]


class Scenes:
    def __init__(self, page: Page, binaries: str, socket: str, scratch: str, simulator: str, daemon: int) -> None:
        self.page, self.binaries, self.scratch, self.simulator = page, binaries, scratch, simulator
        self.environment = {**os.environ, "OMSD_SOCKET": socket, "PATH": f"{binaries}:{os.environ['PATH']}"}
        self.first, self.later = daemon, None
        self.disk = f"{scratch}/disk"
        rows = [line.rstrip("\n").split("\t") for line in open(f"{scratch}/config/samples.tsv", encoding="utf-8")]
        self.samples = {account: order for account, _, order in rows}
        self.intents = 0
        self.log, self.read = f"{scratch}/omsd.log", 0

    def play(self) -> None:
        try:
            self.venue_down()
            self.stream_down()
            self.halted()
            self.external_order()
            self.in_doubt()
            self.parked()
            self.shut_out()
            self.killed()
            if os.path.ismount(self.disk):
                self.disk_filling()
                self.disk_full()
            else:
                print("  not played, because this process may not mount a small disk: a full disk")
        finally:
            if self.later is not None:
                self.later.terminate()
                self.later.wait(60)

    # Helpers

    def post(self, name: str, body: Any) -> None:
        request = urllib.request.Request(f"{self.simulator}/_sim/{name}", json.dumps(body).encode(), method="POST")
        urllib.request.urlopen(request, timeout=10).close()

    def submit(self, account: str, orders: int = 1) -> subprocess.CompletedProcess[str]:
        self.intents += 1
        words = ["omsctl", "submit", "-", "--account", account, "--intent-id", f"scene-{self.intents}", "--no-wait"]
        return subprocess.run(words, input=f"{self.samples[account]}\n" * orders, text=True, capture_output=True, env=self.environment)

    def type(self, line: str) -> None:
        """The line, as somebody pastes it into a terminal, with what it leaves open filled in."""
        line = line.replace("TEXT", "seen").replace("absent|placed", "absent")
        done = subprocess.run(["bash", "-c", line], text=True, capture_output=True, env=self.environment)
        self.page.check(f"`{line.split(' --')[0]}` is taken at a terminal", done.returncode == 0, done.stderr)

    def type_all(self, section: str, pattern: str) -> None:
        lines = [line for line in self.page.lines(section) if re.match(pattern, line)]
        self.page.check(f"#{section} holds `{pattern}`", lines, self.page.lines(section))
        for line in lines:
            self.type(line)

    def is_well(self) -> bool:
        return "It is all right" in self.page.text("verdict") and not self.page.text("old")

    def begins(self, name: str) -> None:
        self.page.until(f"it is all right before {name}", self.is_well, 90)
        self.read = os.path.getsize(self.log)

    def told(self, *lines: str, also: tuple[str, ...] = ()) -> None:
        """Since the scene began each of these stands in the log once: a change is a line, and goes on in silence. `also`: with each new reason."""

        def text() -> str:
            with open(self.log, encoding="utf-8") as file:
                file.seek(self.read)
                return file.read()

        self.page.until(f"the log tells {lines + also}", lambda: all(line in text() for line in lines + also))
        self.page.check(f"the log tells once: {'; '.join(lines)}", all(text().count(line) == 1 for line in lines), text())

    def says(self, section: str, *words: str, seconds: float = 60) -> None:
        self.page.until(f"#{section} says {words}", lambda: all(word in self.page.text(section) for word in words), seconds)

    # The scenes

    def venue_down(self) -> None:
        self.begins("a venue is down")
        self.post("faults", [{"venue": "xt-spot", "fault": {"type": "reset"}}])
        self.says("needs", "spot-xt: not ready: ", "in a row without an answer")
        self.page.check("a venue that is down is one thing that needs a person", "One thing needs a person" in self.page.text("verdict"), self.page.text("verdict"))
        self.page.check("its account comes first", self.page.text("accounts").split("\n")[1] == "spot-xt", self.page.text("accounts")[:200])
        self.page.picture("venue-down")
        self.post("faults", [])
        self.told("venue does not answer", "venue answers again", also=("account is not ready", "account is ready"))

    def stream_down(self) -> None:
        """What a stream would tell is polled for meanwhile: it is shown and logged, and needs nobody."""
        self.begins("a private stream is down")
        self.post("faults", [{"venue": "xt-spot", "fault": {"type": "upgrade_refused"}}])
        self.post("stream", {"venue": "xt-spot"})
        self.page.until("the account's card says that its stream is not live", lambda: re.search(r"stream (?!live|off)\w+ since", self.page.text("accounts")), 60)
        self.page.check("it needs no person", "✔ Nothing does." in self.page.text("needs"), self.page.text("needs"))
        self.page.picture("stream-down")
        self.post("faults", [])
        self.page.until("it is live again", lambda: not re.search(r"stream (?!live|off)\w+", self.page.text("accounts")), 90)
        self.told("private stream is live", also=("private stream is down",))

    def halted(self) -> None:
        self.begins("a halt")
        self.type("omsctl halt uta-bitget --reason TEXT")
        self.says("needs", 'uta-bitget: halted by uid:', 'because of "seen"')
        self.page.picture("halted")
        self.type_all("needs", "omsctl resume uta-bitget")
        self.told("trading state is halted", "trading state is active")
        self.begins("a kill by a person")
        self.type("omsctl kill uta-bitget --reason TEXT")
        self.says("needs", "uta-bitget: halted")
        self.type_all("needs", "omsctl resume uta-bitget")
        self.told("kill is over: nothing rests at the venue")

    def external_order(self) -> None:
        self.begins("somebody else's order")
        order = json.loads(self.samples["spot-xt"])
        self.post("place", {"venue": "xt-spot", **{key: order[key] for key in ("symbol", "side", "quantity", "price")}})
        self.says("breaks", "external_order of spot-xt")
        self.says("needs", "spot-xt: open breaks: 1 external_order")
        self.page.picture("external-order")
        self.type_all("breaks", "omsctl break acknowledge")
        self.told("break found", "break acknowledged")

    def in_doubt(self) -> None:
        """Replies are lost, pushes too, and the venue takes its time over what it is asked about them."""
        self.begins("a doubt")
        self.post("faults", [{"venue": "bitget-uta", "kind": "place", "fault": {"type": "lose_reply_after_execution"}},
                             {"venue": "bitget-uta", "kind": "lookup", "fault": {"type": "delay", "delay_ms": 4000}},
                             {"venue": "bitget-uta", "fault": {"type": "push_lost"}}])  # fmt: skip
        self.submit("uta-bitget", 5)
        self.says("doubts", "in doubt", "of uta-bitget", "The venue is asked by itself")
        self.says("verdict", "in doubt, and being settled")
        self.page.check("a doubt that is being settled needs no person", "✔ Nothing does." in self.page.text("needs"), self.page.text("needs"))
        self.page.picture("in-doubt")
        self.page.check("it is still being settled", "in doubt, and being settled" in self.page.text("verdict"), self.page.text("verdict"))
        self.post("faults", [])
        self.told("orders are in doubt", "no order is in doubt any more")

    def parked(self) -> None:
        """The venue calls the id a duplicate, and shows no such order: nothing that can be asked settles that."""
        self.begins("an order that is parked")
        fault = {"type": "venue_error", "code": "40786", "message": "Duplicate clientOid"}
        self.post("faults", [{"venue": "bitget-uta", "kind": "place", "count": 1, "fault": fault}])
        self.submit("uta-bitget")
        self.says("doubts", "parked", "It waits for a person")
        self.says("needs", "uta-bitget: 1 parked")
        self.page.picture("parked")
        self.type_all("doubts", "omsctl why")
        self.type_all("doubts", "omsctl resolve")
        self.page.until("nothing is parked", lambda: "parked" not in self.page.text("needs"))
        self.type_all("breaks", "omsctl break acknowledge")
        self.told("order in doubt could not be settled")

    def shut_out(self) -> None:
        self.begins("a ban")
        self.post("faults", [{"venue": "az-futures", "count": 1, "fault": {"type": "ban", "lasts_ms": 15000}}])
        self.submit("mm-az")
        self.says("needs", "mm-az: not ready: shut out by the venue for ", "mm-az: open breaks: 1 limit")
        self.says("breaks", "shut out for 15 s, though within the limits (HTTP 418)")
        self.page.picture("ban")
        self.type_all("breaks", "omsctl break acknowledge")
        self.told("venue shuts this client out", also=("account is not ready", "account is ready"))

    def killed(self) -> None:
        self.begins("a kill")
        before = self.page.text("facts")
        os.kill(self.first, signal.SIGKILL)
        self.says("old", "cannot be reached")
        self.page.check("a daemon that was killed is called so in the headline", "Not up to date" in self.page.text("verdict"), self.page.text("verdict"))
        self.page.picture("killed")
        with open(f"{self.scratch}/omsd.log", "ab") as log:
            self.later = subprocess.Popen([f"{self.binaries}/omsd", "--config", f"{self.scratch}/config/omsd.json5"], stdout=log, stderr=log)
        self.begins("the page goes on")
        facts = self.page.text("facts")
        self.page.check("who comes back is a daemon that was just started", facts != before and re.search(r"up \d+ m?s, record", facts), facts)

    def disk_filling(self) -> None:
        """Somebody else's file grows: said while there is space, before anything is refused, and though nobody trades."""
        self.begins("a disk that fills")
        filler = f"{self.disk}/growing"
        space = os.statvfs(self.disk)
        with open(filler, "wb") as file:
            os.posix_fallocate(file.fileno(), 0, space.f_bavail * space.f_bsize - (60 << 20))
        self.says("needs", "the daemon: the journal's disk has ", "MiB left: free space on it")
        self.page.picture("disk-filling")
        os.unlink(filler)

    def disk_full(self) -> None:
        """Somebody else's file takes the space; the daemon goes on from its reserve, and says no to what is new."""
        self.begins("a full disk")
        filler = f"{self.disk}/somebody-elses"
        with open(filler, "wb", buffering=0) as file:
            try:
                while True:
                    file.write(b"x" * (1 << 20))
            except OSError:
                pass
        refused = ""

        def is_refused() -> bool:
            nonlocal refused
            refused = self.submit("mm-az", 100).stderr
            return "disk is full" in refused

        self.page.until("an order is refused for the disk", is_refused)
        self.says("needs", "the journal's disk is full: free space on it")
        self.page.picture("disk-full")
        os.unlink(filler)
        self.told("the journal's disk is full")
        self.begins("the disk has space again, and")
