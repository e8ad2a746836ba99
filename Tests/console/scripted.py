"""A daemon that answers from a script: troubles as they come in a year, and texts as only an attacker would send them."""

from __future__ import annotations

import json
import os
import socket
import threading
import time

HOSTILE = "<img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script>"
TURNED = "evil\u202egnp.exe \x1b[31m`rm -rf ~`"


def account(name: str, **more: object) -> dict:
    now = int(time.time() * 1e6)
    return {
        "account": name, "venue": "xt-spot", "product": "spot", "uid": "1", "state": "active", "ready": True, "reason": None,
        "last_answer_at": now - 400_000, "queue": {"cancel": 0, "lookup": 0, "modify": 0, "place": 0}, "in_flight": 0, "requests": 17, "open": 3,
        "in_doubt": 0, "clock_offset_ms": 4, "last_reconcile_at": now - 9_000_000, "last_error": None, "last_error_at": None, "parked": 0,
        "oldest_doubt_at": None, "breaks": 0, **more,
    }  # fmt: skip


def troubled() -> dict:
    """Every kind of trouble at once, with hostile words wherever words come from outside."""
    now = int(time.time() * 1e6)
    hour = 3_600_000_000
    return {
        "daemon.status": {"version": "9.9.9", "uptime_us": 8 * hour, "seq": 81200, "ready": False, "journal": "ok", "unconfigured": [
            {"account": "old-az", "orders": 3, "unsent": 1, "intents": 1}]},
        "account.list": {"accounts": [
            account("calm-bitget", venue="bitget-uta"),
            account("spot-xt", state="halted", breaks=2, open=120),
            account("cash-ascendex", venue="ascendex", product="cash", ready=False, reason=f"8 requests in a row without an answer: {HOSTILE}",
                    last_error=TURNED, last_error_at=now - 2_000_000, last_answer_at=now - 95_000_000, clock_offset_ms=None),
            account("mm-az", venue="az-futures", product="usdt", parked=1, in_doubt=3, oldest_doubt_at=now - hour, open=10400, in_flight=39,
                    queue={"cancel": 2, "lookup": 3, "modify": 0, "place": 45700}),
        ]},
        "limit.list": {"budgets": [
            budget("mm-az", "batch-place", 200, 200, next_free_at=now + 250_000), budget("mm-az", "overall", 1000, 850), budget("mm-az", "cancel", 100, 3),
            budget("spot-xt", HOSTILE, 50, 1)] + [budget("cash-ascendex", f"lookup:{number}", 10, 0) for number in range(20)]},
        "break.list": {"next": None, "breaks": [
            {"break_id": 12, "account": "spot-xt", "kind": "external_order", "client_order_id": None, "venue_order_id": HOSTILE, "at": now - 3 * hour,
             "detail": f"sell 3 BTC_USDT at 61000 {HOSTILE} {TURNED}", "resolved_at": None, "acknowledged_at": None},
            {"break_id": 13, "account": "spot-xt", "kind": "missing_there", "client_order_id": "o;rm$(id)", "venue_order_id": "77", "at": now - hour,
             "detail": "open here, unknown there", "resolved_at": None, "acknowledged_at": None}]},
        "order.list": {"next": None, "orders": [
            {"client_order_id": f"o4k2ab{number}", "account": "mm-az", "symbol": "btc_usdt", "side": "buy", "price": "61000.5", "quantity": "0.003",
             "state": "in_doubt", "intended_at": now - hour, "attempts": 1, "parked_at": now - hour // 2 if number == 2 else None} for number in range(3)]},
        "stats.get": {"points": [
            {"at": now - hour + index * 60_000_000, "requests": 40 + index % 7, "request_p50_us": 21_000 + 900 * (index % 9), "request_p99_us": 88_000 + 5_000 * (index % 11),
             "fills": index % 4, "fill_p50_us": 150_000 + 9_000 * (index % 5), "fill_p99_us": 310_000, "doubts": 0, "refusals": 0} for index in range(60)]},
        "order.get": {"client_order_id": "o4k2ab2", "account": "mm-az", "venue": "az-futures", "symbol": "btc_usdt", "side": "buy", "type": "limit",
                      "price": "61000.5", "quantity": "0.003", "state": "rejected", "evidence": "reply", "reject_code": "40001", "reject_text": HOSTILE, "intent_id": None},
        "order.timeline": {"client_order_id": "o4k2ab2", "events": [
            {"seq": number, "at": now, "kind": "order", "from_state": "submitted", "to_state": "in_doubt", "detail": {"note": HOSTILE}} for number in range(5)],
            "requests": [], "commands": []},
    }  # fmt: skip


def budget(account: str, name: str, share: int, used: int, **more: object) -> dict:
    return {"account": account, "venue": "v", "budget": name, "scope": "uid", "owner": "1", "permits": share, "share": share, "window_ms": 1000,
            "in_use": used, "reserved": 1, "next_free_at": None, "busiest_window": used, **more}  # fmt: skip


class ScriptedDaemon:
    def __init__(self, path: str, answers: dict) -> None:
        self.path, self.answers = path, answers
        self.is_silent = False
        self.asked: list[str] = []
        self._connections: list[socket.socket] = []
        self._subscribers: list[tuple[socket.socket, int]] = []
        self._seq = 0
        self._lock = threading.Lock()
        self.start()

    def start(self) -> None:
        if os.path.exists(self.path):
            os.unlink(self.path)
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(self.path)
        self._listener.listen(64)
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def stop(self) -> None:
        """As a kill -9 leaves it: the socket's file is there, and nobody behind it."""
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        with self._lock:
            connections, self._connections, self._subscribers = self._connections, [], []
        for connection in connections:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass  # It has gone by itself.
            connection.close()

    def event(self, **members: object) -> None:
        with self._lock:
            self._seq += 1
            line = {"seq": self._seq, "at": int(time.time() * 1e6), **members}
            targets = list(self._subscribers)
        for connection, number in targets:
            self._send(connection, {"jsonrpc": "2.0", "method": "event", "params": {"subscription": number, **line}})

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with self._lock:
                self._connections.append(connection)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        try:
            for line in connection.makefile("rb"):
                call = json.loads(line)
                self.asked.append(call["method"])
                while self.is_silent:
                    time.sleep(0.05)
                self._answer(connection, call)
        except (OSError, ValueError):
            return

    def _answer(self, connection: socket.socket, call: dict) -> None:
        if call["method"] == "event.subscribe":
            with self._lock:
                self._subscribers.append((connection, call["id"]))
            return self._send(connection, {"jsonrpc": "2.0", "id": call["id"], "result": {"subscription": call["id"]}})
        result = self.answers.get(call["method"])
        if result is None:
            error = {"code": 1007, "message": "unknown", "data": {"reason": "UNKNOWN_ORDER", "retryable": "no", "details": []}}
            return self._send(connection, {"jsonrpc": "2.0", "id": call["id"], "error": error})
        self._send(connection, {"jsonrpc": "2.0", "id": call["id"], "result": result})

    @staticmethod
    def _send(connection: socket.socket, message: dict) -> None:
        try:
            connection.sendall(json.dumps(message).encode() + b"\n")
        except OSError:
            return
