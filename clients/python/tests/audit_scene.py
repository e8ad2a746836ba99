"""A journal with something of everything, for the questions of ``docs/AUDIT.md``: played with a real omsd over simulated venues."""

from __future__ import annotations

import json
import os
import signal
import time
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import Any

from conftest import House, wait_until

import omsd
from omsd.types import Modify, OrderState


class Scene:
    """What happened, by the ids that the questions take."""

    #: Placed at 39000, changed to 38500, filled in two parts, one of them beyond its limit.
    changed: str
    #: Filled in part, then cancelled.
    cancelled: str
    #: Cancelled, and filled in part before the venue had it.
    late: str
    #: Its answer was lost, and it was found.
    found: str
    #: Its request was lost, it was proven absent and sent again.
    resent: str
    #: Its answer was lost, and nobody says what became of it.
    lost: str
    #: The venue did not want it.
    refused: str
    #: A moment in the middle, in microseconds, and the orders that were open then.
    moment: int
    open_then: dict[str, str]

    def __init__(self, folder: Path) -> None:
        self.house = House(folder, number=5)
        self.journal = folder / "journal.db"
        #: Orders as asked for, by client order id: account and terms.
        self.placed: dict[str, tuple[str, dict[str, Any]]] = {}
        with closing(self.house):
            self.house.start()
            with omsd.Client(self.house.socket, patience=30) as client:
                self._trade(client)
                self._stumble(client)
                self._halt(client)
            # Killed, not stopped: what is in no seal yet is sealed by the next run.
            self.house.kill()
            self.house.start()
            with omsd.Client(self.house.socket, patience=30) as client:
                self._reload(client)
                self._lose(client)
                # What is in force, and on record, is what the reload left.
                self.budgets = client.limit_list().budgets
            self.house.stop()
            self.ledger = self.house.simulator("ledger")
        self.log = (folder / "omsd.log").read_text()

    def _place(self, client: omsd.Client, account: str, terms: dict[str, Any], count: int = 1) -> str:
        taken = client.intent_submit(account, place=[omsd.Place(symbol="btc_usdt", **terms)] * count)
        for order in taken.orders:
            self.placed[order] = (account, terms)
        return taken.orders[0]

    def _faults(self, *rules: dict[str, Any]) -> None:
        self.house.simulator("faults", {"rules": list(rules)})

    def _trade(self, client: omsd.Client) -> None:
        def fill(order: str, quantity: str, price: str) -> None:
            before = client.order_get(order).filled_quantity
            self.house.simulator("fill", {"venue": "az-futures", "client_order_id": order, "quantity": quantity, "price": price})
            wait_until(lambda: client.order_get(order).filled_quantity == before + Decimal(quantity), f"the fill of {order} was not seen")

        future = {"type": "limit", "position_side": "long"}
        self.changed = self._place(client, "mm-az", {"side": "buy", "price": "39000", "quantity": "10", **future})
        _until(client, self.changed, *_RESTING)
        change = client.intent_submit("mm-az", modify=[Modify(client_order_id=self.changed, price="38500")])
        client.intent_wait(change.intent_id)
        fill(self.changed, "4", "38499.9")
        fill(self.changed, "6", "39000.1")
        self.cancelled = self._place(client, "mm-az", {"side": "sell", "price": "41000", "quantity": "7", **future})
        fill(self.cancelled, "3", "41000.1")
        self.open_then = {order.client_order_id: order.state.value for order in client.order_list(states=_LIVE).orders}
        self.moment = time.time_ns() // 1000
        client.intent_wait(client.intent_submit("mm-az", cancel=[self.cancelled]).intent_id)
        self._place(client, "mm-az", {"side": "buy", "price": "38001.5", "quantity": "2", **future}, count=5)
        for quantity in ("0.001", "0.0021", "0.00307"):
            sold = self._place(client, "spot-xt", {"side": "sell", "type": "market", "quantity": quantity})
            _until(client, sold, OrderState.FILLED)

    def _stumble(self, client: omsd.Client) -> None:
        spot = {"side": "buy", "type": "limit", "quantity": "0.002"}
        self._faults({"venue": "xt-spot", "kind": "place", "count": 1, "fault": {"type": "lose_reply_after_execution"}})
        self.found = self._place(client, "spot-xt", {"price": "39500.5", **spot})
        _until(client, self.found, *_RESTING)
        self._faults({"venue": "xt-spot", "kind": "place", "count": 1, "fault": {"type": "lose_reply_before_execution"}})
        self.resent = self._place(client, "spot-xt", {"price": "39500.7", **spot})
        _until(client, self.resent, *_RESTING)
        self._faults({"venue": "xt-spot", "kind": "place", "count": 1, "fault": {"type": "item_error", "code": "ORDER_005"}})
        self.refused = self._place(client, "spot-xt", {"price": "39400", **spot})
        _until(client, self.refused, OrderState.REJECTED)
        self._faults({"venue": "xt-spot", "kind": "cancel", "count": 1, "fault": {"type": "late_effect", "delay_ms": 1500}})
        self.late = self._place(client, "spot-xt", {"price": "39450.25", **spot})
        _until(client, self.late, *_RESTING)
        cancel = client.intent_submit("spot-xt", cancel=[self.late])
        wait_until(lambda: client.order_timeline(self.late).commands[0].request_id is not None, "the cancel did not leave")
        self.house.simulator("fill", {"venue": "xt-spot", "client_order_id": self.late, "quantity": "0.0007", "price": "39450.2"})
        client.intent_wait(cancel.intent_id)
        _until(client, self.late, OrderState.CANCELED)
        wait_until(lambda: bool(client.fill_list(symbol="btc_usdt", account="spot-xt").fills[3:]), "the late fill was not seen")
        self._faults()

    def _halt(self, client: omsd.Client) -> None:
        self.house.simulator("place", {"venue": "az-futures", "symbol": "btc_usdt", "side": "buy", "quantity": "1", "price": "30000"})
        client.account_reconcile("mm-az")
        wait_until(lambda: bool(client.break_list().breaks), "the stranger's order was not seen")
        client.account_set_state("mm-az", "halted", "prices looked odd", cancel_open=True)
        wait_until(lambda: not client.order_list(account="mm-az", states=_LIVE).orders, "not all was cancelled")
        (stranger,) = client.break_list().breaks
        assert stranger.break_id is not None
        client.break_acknowledge(stranger.break_id, "the desk placed it by hand")
        client.account_set_state("mm-az", "active", "prices are fine")

    def _reload(self, client: omsd.Client) -> None:
        text = self.house.configuration.read_text()
        settings = json.loads(text[text.index("{") :])
        settings["accounts"]["mm-az"]["risk"] = {"max_open_orders": 250}
        self.house.configuration.write_text(json.dumps(settings))
        before = client.daemon_status().seq
        os.kill(self.house.pid, signal.SIGHUP)
        wait_until(lambda: client.daemon_status().seq > before, "the configuration was not read again")

    def _lose(self, client: omsd.Client) -> None:
        self._faults(
            {"venue": "xt-spot", "kind": "place", "fault": {"type": "lose_reply_after_execution"}},
            {"venue": "xt-spot", "kind": "lookup", "fault": {"type": "maintenance"}},
        )
        self.lost = self._place(client, "spot-xt", {"side": "buy", "type": "limit", "price": "39300", "quantity": "0.003"})
        _until(client, self.lost, OrderState.IN_DOUBT)


def _until(client: omsd.Client, order: str, *states: OrderState) -> None:
    wait_until(lambda: client.order_get(order).state in states, f"{order} is not {states}")


_RESTING = (OrderState.ACKNOWLEDGED, OrderState.WORKING)
_LIVE = [OrderState.INTENDED, OrderState.SUBMITTED, OrderState.IN_DOUBT, *_RESTING, OrderState.PARTIALLY_FILLED]
