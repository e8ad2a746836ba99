"""A real omsd against simulated venues, and a scripted socket for what no daemon of ours would do."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import tempfile
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import ccxt
import pytest

import omsd


def binaries() -> Path:
    """Where the programs lie: ``OMSD_BINARIES``, else the debug build of the tree that this file lies in."""
    return Path(os.environ.get("OMSD_BINARIES", Path(__file__).resolve().parents[3] / ".build" / "debug"))


class House:
    """omsim and omsd in a folder of their own. Whatever it starts, it ends."""

    def __init__(self, folder: Path, *more: str, number: int = 1, every: bool = False) -> None:
        """:param number: tells houses of one run apart. Two daemons of one host that send for one uid refuse each other.
        :param every: with an account of each product, not of each venue alone.
        """
        # As long as the uids were: AscendEX' ids are made of them.
        number = 10_000 + (10 * os.getpid() + number) % 90_000
        listed = subprocess.run([binaries() / "omsim", "accounts"], check=True, capture_output=True, text=True).stdout
        accounts = folder / "accounts.json"
        accounts.write_text(listed.replace('"uid":"U10000', f'"uid":"U{number}').replace('"key":"sim', f'"key":"sim{number}'))
        self.folder = folder
        self.socket = folder / "control.sock"
        self._daemon: subprocess.Popen[bytes] | None = None
        self._simulator = subprocess.Popen(
            [
                binaries() / "omsim",
                "serve",
                "--listen",
                "127.0.0.1:0",
                "--freshness-ms",
                "3000",
                "--quiet",
                "--seed",
                "7",
                "--accounts",
                accounts,
                *more,
            ],
            stdout=subprocess.PIPE,
            cwd=folder,
        )
        assert self._simulator.stdout is not None
        # The one line it prints ends with the port that it was given.
        self.url = self._simulator.stdout.readline().decode().split()[-1]
        configuration = folder / "config"
        configuration.mkdir(mode=0o700)
        subprocess.run(
            [
                binaries() / "omsim",
                "accounts",
                *("--accounts", accounts),
                *("--write-config", configuration, "--base-url", self.url),
                *("--journal", folder / "journal.db", "--socket", self.socket),
            ],
            check=True,
            capture_output=True,
        )
        (self.configuration,) = configuration.glob("*.json5")
        if every:
            self._add_others(json.loads(accounts.read_text())["accounts"])

    def _add_others(self, listed: list[dict[str, Any]]) -> None:
        """What the simulator has and did not write: each as the account of its venue that is there."""
        written = self.configuration.read_text()
        comment, settings = written[: written.index("{")], json.loads(written[written.index("{") :])
        templates = {account["venue"]: account for account in settings["accounts"].values()}
        for account in listed:
            key = self.configuration.parent / f"{account['name']}.json"
            if not key.exists():
                key.touch(0o600)
                key.write_text(json.dumps({name: account[name] for name in ("key", "secret", "passphrase") if name in account}))
                own = {"product": account["product"], "uid": account["uid"], "credentials": key.name}
                settings["accounts"][account["name"]] = {**templates[account["venue"]], **own}
        self.configuration.write_text(comment + json.dumps(settings))

    def spawn(self) -> subprocess.Popen[bytes]:
        """Starts the daemon and does not wait for it."""
        log = (self.folder / "omsd.log").open("ab")
        self._daemon = subprocess.Popen([binaries() / "omsd", "--config", self.configuration], stderr=log, stdout=log)
        log.close()
        return self._daemon

    def start(self) -> None:
        daemon = self.spawn()

        def is_ready() -> bool:
            assert daemon.poll() is None, f"omsd ended with {daemon.returncode}: {self._told()}"
            try:
                with omsd.Client(self.socket, patience=0) as client:
                    return client.daemon_status().ready
            except omsd.Unreachable:
                return False

        wait_until(is_ready, "omsd is not ready")

    def _told(self) -> str:
        return "\n".join((self.folder / "omsd.log").read_text().splitlines()[-5:])

    def kill(self) -> None:
        """As ``kill -9`` does."""
        self._end(self._daemon, signal.SIGKILL)

    @property
    def pid(self) -> int:
        assert self._daemon is not None
        return self._daemon.pid

    def suspend(self) -> None:
        """It hangs: alive, and says nothing."""
        assert self._daemon is not None
        self._daemon.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        if self._daemon is not None and self._daemon.poll() is None:
            self._daemon.send_signal(signal.SIGCONT)

    def stop(self) -> None:
        self._end(self._daemon, signal.SIGTERM)

    def simulator(self, page: str, body: Any = None) -> Any:
        """A page of the simulator: ``ledger``, or with a body ``faults``, ``fill`` and their like."""
        data = None if body is None else json.dumps(body).encode()
        with urllib.request.urlopen(f"{self.url}/_sim/{page}", data) as answer:
            return json.load(answer)

    def close(self) -> None:
        self.stop()
        self._end(self._simulator, signal.SIGTERM)
        if self._simulator.stdout is not None:
            self._simulator.stdout.close()

    @staticmethod
    def _end(process: subprocess.Popen[bytes] | None, by: signal.Signals) -> None:
        if process is None or process.poll() is not None:
            return
        process.send_signal(by)
        process.wait(30)


#: How venues are called here: the exchange of ccxt, the account of omsd, and what its own calls need to mean the same account.
VENUES: dict[str, tuple[str, str, dict[str, Any]]] = {
    "bitget": ("bitget", "uta-bitget", {}),
    "bitget margin": ("bitget", "margin-bitget", {"marginMode": "isolated"}),
    "xt": ("xt", "spot-xt", {}),
    "ascendex": ("ascendex", "cash-ascendex", {}),
    "bitget crossed": ("bitget", "crossed-bitget", {"marginMode": "cross"}),
    "bitget unified margin": ("bitget", "uta-margin-bitget", {"marginMode": "cross"}),
    "bitget usdt futures": ("bitget", "uta-usdt-futures-bitget", {}),
    "bitget usdc futures": ("bitget", "uta-usdc-futures-bitget", {}),
    "bitget coin futures": ("bitget", "uta-coin-futures-bitget", {}),
    "bybit": ("bybit", "spot-bybit", {}),
    "bybit linear": ("bybit", "linear-bybit", {}),
    "bybit inverse": ("bybit", "inverse-bybit", {}),
    "okx": ("okx", "spot-okx", {}),
    "okx margin": ("okx", "margin-okx", {"marginMode": "cross"}),
    "okx swap": ("okx", "swap-okx", {}),
    "okx inverse": ("okx", "swap-okx", {}),
    "okx futures": ("okx", "futures-okx", {}),
    "xt margin": ("xt", "margin-xt", {"marginMode": "cross"}),
    "ascendex margin": ("ascendex", "margin-ascendex", {"type": "margin"}),
}
#: What is traded there, if not BTC/USDT.
SYMBOLS = {
    "bitget usdt futures": "BTC/USDT:USDT",
    "bitget usdc futures": "BTC/USDC:USDC",
    "bitget coin futures": "BTC/USD:BTC",
    "bybit linear": "BTC/USDT:USDT",
    "bybit inverse": "BTC/USD:BTC",
    "okx swap": "BTC/USDT:USDT",
    "okx inverse": "BTC/USD:BTC",
    "okx futures": "BTC/USDT:USDT-270326",
}
#: Which of them this run is about: AscendEX is in an older ccxt alone, and the others are held to the newer one.
CHOSEN = os.environ.get("OMSD_VENUES", "bitget,bitget margin,xt,bybit,okx").split(",")
#: Their other products, in a house that has every account.
OTHERS = [name for name, (kind, _, _) in VENUES.items() if name not in CHOSEN and kind in {VENUES[chosen][0] for chosen in CHOSEN}]


def exchange(library: Any, name: str, house: House) -> Any:
    """ccxt's own exchange, pointed at the simulated venue, with the account's key."""
    kind, account, _ = VENUES[name]
    file = house.configuration.parent / f"{account}.json"
    key = json.loads(file.read_text())
    made = getattr(library, kind)({"apiKey": key["key"], "secret": key["secret"], "password": key.get("passphrase", "")})
    made.urls["api"] = dict.fromkeys(made.urls["api"], house.url)
    # Bitget's unified account lists other markets than the classic one.
    listed = (kind, account.startswith("uta"))
    if listed not in _LISTED:
        plain = getattr(ccxt, kind)({"apiKey": key["key"], "secret": key["secret"], "password": key.get("passphrase", "")})
        plain.urls["api"] = made.urls["api"]
        plain.load_markets()
        _LISTED[listed] = (list(plain.markets.values()), plain.currencies)
    made.set_markets(*_LISTED[listed])
    return made


#: Markets and coins by exchange, asked for once: limits hold for simulated venues too.
_LISTED: dict[tuple[str, bool], tuple[Any, Any]] = {}


def wait_until(holds: Callable[[], bool], otherwise: str, seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, otherwise
        time.sleep(0.02)


@pytest.fixture(scope="session")
def house() -> Iterator[House]:
    missing = [name for name in ("omsd", "omsim") if not (binaries() / name).exists()]
    assert not missing, f"{missing} not in {binaries()}: make build, or name a folder by OMSD_BINARIES"
    with tempfile.TemporaryDirectory(prefix="omsd-python-") as folder:
        house = House(Path(folder))
        try:
            house.start()
            yield house
        finally:
            house.close()


@pytest.fixture
def client(house: House) -> Iterator[omsd.Client]:
    with omsd.Client(house.socket, patience=30) as client:
        yield client


class Script:
    """A socket whose connections are answered by a script: each takes one, in order; the last stays for all that come."""

    def __init__(self, folder: Path, *scripts: Callable[[socket.socket], None]) -> None:
        self.path = folder / "scripted.sock"
        self.connections = 0
        self._scripts = list(scripts)
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._listener.bind(str(self.path))
        self._listener.listen(8)
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            script = self._scripts[min(self.connections, len(self._scripts) - 1)]
            self.connections += 1
            with connection:
                script(connection)

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(10)


@pytest.fixture
def scripted(tmp_path: Path) -> Iterator[Callable[..., Script]]:
    made: list[Script] = []

    def make(*scripts: Callable[[socket.socket], None]) -> Script:
        made.append(Script(tmp_path, *scripts))
        return made[-1]

    yield make
    for script in made:
        script.close()
