"""Connects to the control socket again and again, asks for the status on each connection, and counts: what a crowd of clients sees of an upgrade.

usage: knock.py SOCKET SECONDS

Prints `answered N refused N cut N slowest S` after each connection, for all so far: those that were answered, that were refused, that ended before their
answer (they were open when the daemon ended), and the seconds that the slowest took.
"""

import socket
import sys
import time

QUESTION = b'{"jsonrpc":"2.0","id":1,"method":"daemon.status","params":{}}\n'


def ask(path: str) -> str:
    client = socket.socket(socket.AF_UNIX)
    client.settimeout(20)
    try:
        client.connect(path)
    except OSError:
        return "refused"
    try:
        client.sendall(QUESTION)
        answer = b""
        while not answer.endswith(b"\n"):
            part = client.recv(65536)
            if not part:
                return "cut"
            answer += part
        return "answered" if b'"result"' in answer else "cut"
    except OSError:
        return "cut"
    finally:
        client.close()


def main() -> None:
    path, until = sys.argv[1], time.monotonic() + float(sys.argv[2])
    counts = {"answered": 0, "refused": 0, "cut": 0}
    slowest = 0.0
    while time.monotonic() < until:
        begun = time.monotonic()
        counts[ask(path)] += 1
        slowest = max(slowest, time.monotonic() - begun)
        print(f"answered {counts['answered']} refused {counts['refused']} cut {counts['cut']} slowest {slowest:.2f}", flush=True)
        time.sleep(0.005)


main()
