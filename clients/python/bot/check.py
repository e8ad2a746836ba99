"""A real bot through the adapter: freqtrade with ``dry_run`` off against omsim, one reply in ten lost and omsd killed twice.

Prints what the bot did and what the venue saw; exits 1 where they differ.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from conftest import House, wait_until

import omsd

HERE = Path(__file__).resolve().parent
SECONDS = float(os.environ.get("OMSD_BOT_SECONDS", "75"))
#: Which exchange the bot trades at, and what of its list of markets it needs to be told.
EXCHANGE = os.environ.get("OMSD_BOT_EXCHANGE", "bitget")
ACCOUNTS = {"bitget": "uta-bitget", "bybit": "spot-bybit", "okx": "spot-okx"}
ACCOUNT = ACCOUNTS[EXCHANGE]
# Bitget's v3 list says 0 for "no largest quantity", and freqtrade takes that for a largest of nothing: so markets come from the v2 list.
SPOT = {"fetchMarkets": {"types": ["spot"]}}
OPTIONS = {"bitget": {"fetchMarkets": {"uta": False, "types": ["spot"]}}, "bybit": SPOT, "okx": SPOT}[EXCHANGE]
LOST = {"kind": "place", "probability": 0.1, "fault": {"type": "lose_reply_after_execution", "then": "reset"}}


def configuration(key: dict[str, str]) -> dict[str, object]:
    return {
        "dry_run": False,
        "max_open_trades": 3,
        "stake_currency": "USDT",
        "stake_amount": 100,
        "tradable_balance_ratio": 0.99,
        "timeframe": "1m",
        "trading_mode": "spot",
        "margin_mode": "",
        "unfilledtimeout": {"entry": 1, "exit": 1, "unit": "minutes"},
        "entry_pricing": {"price_side": "other", "use_order_book": True, "order_book_top": 1},
        "exit_pricing": {"price_side": "other", "use_order_book": True, "order_book_top": 1},
        "exchange": {
            "name": EXCHANGE,
            "key": key["key"],
            "secret": key["secret"],
            "password": key.get("passphrase", ""),
            "enable_ws": False,
            "pair_whitelist": ["BTC/USDT", "ETH/USDT", "SOL/USDT"],
            "ccxt_config": {"enableRateLimit": True, "options": OPTIONS},
        },
        "pairlists": [{"method": "StaticPairList"}],
        "bot_name": "check",
        "initial_state": "running",
        "internals": {"process_throttle_secs": 2},
    }


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="omsd-bot-") as name:
        folder = Path(name)
        house = House(folder, "--follow-market", number=5)
        try:
            house.start()
            house.simulator("faults", {"rules": [LOST]})
            (file,) = house.configuration.parent.glob(f"{ACCOUNT}.json")
            (folder / "bot.json").write_text(json.dumps(configuration(json.loads(file.read_text()))))
            words = ["trade", "--config", folder / "bot.json", "--userdir", folder / "user", "--strategy", "EveryCandle"]
            words += ["--strategy-path", HERE, "--db-url", f"sqlite:///{folder / 'trades.sqlite'}", "--logfile", folder / "bot.log"]
            (folder / "user" / "data").mkdir(parents=True)
            log = (folder / "bot.out").open("w")
            bot = subprocess.Popen(
                [sys.executable, HERE / "run_bot.py", EXCHANGE, ACCOUNT, house.socket, house.url, "--", *words],
                stdout=log,
                stderr=log,
                cwd=folder,
            )
            end = time.monotonic() + SECONDS
            kills = 0
            while time.monotonic() < end and bot.poll() is None:
                time.sleep(1)
                if kills < 2 and time.monotonic() > end - SECONDS * (0.6 - 0.25 * kills):
                    house.kill()
                    house.spawn()
                    kills += 1
            ended_early = bot.poll()
            bot.send_signal(signal.SIGINT)
            try:
                bot.wait(60)
            except subprocess.TimeoutExpired:
                bot.kill()
                bot.wait()
            told = (folder / "bot.out").read_text()
            print(told[-6000:])
            house.simulator("faults", {"rules": []})
            return report(house, folder, told, ended_early, kills)
        finally:
            house.close()


def report(house: House, folder: Path, told: str, ended_early: int | None, kills: int) -> int:
    with omsd.Client(house.socket, patience=60) as client:
        wait_until(
            lambda: not client.order_list(account=ACCOUNT, states=["intended", "submitted", "in_doubt"]).orders, "still in doubt", 90
        )
        orders = client.order_list(account=ACCOUNT, limit=1000).orders
    ledger = house.simulator("ledger")
    at_venue = Counter(order["client_order_id"] for order in ledger["orders"])
    states = Counter(str(order.state) for order in orders)
    kinds = Counter(f"{order.type} {order.side}" for order in orders)
    print(f"bot: {len(orders)} orders ({dict(kinds)}), {dict(states)}; omsd killed {kills} times; {ledger['duplicates']=}")
    for line in told.splitlines():
        if " - ERROR - " in line or " - WARNING - " in line:
            print(f"the bot said: {line}")
    wrong = []
    if ended_early is not None:
        wrong.append(f"the bot ended by itself with {ended_early}")
    if not (kinds["limit buy"] and kinds["market sell"] and states["filled"] >= 2):
        wrong.append("the bot did not buy and sell")
    if ledger["duplicates"] or any(count > 1 for count in at_venue.values()):
        wrong.append("an order is at the venue twice")
    if strangers := set(at_venue) - {order.client_order_id for order in orders}:
        wrong.append(f"orders passed omsd by: {strangers}")
    for line in wrong:
        print(f"WRONG: {line}")
    print("check-bot: all held" if not wrong else "check-bot: NOT all held")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
