"""The other end of a WebSocket, by a library that is not ours: Debian's `websockets` or `wsproto`.

    websocket.py serve LIBRARY REPORT          serves one client; the report's first line is the port
    websocket.py connect LIBRARY REPORT PORT   is one client of an echo on that port
    websocket.py judge wsproto REPORT STREAMS  reads a file of streams in hex, one a line behind `server` or `client`, and writes what wsproto makes of each

Ends with 0 where all was as it should be; else the report says what was not.
"""

import asyncio
import os
import signal
import socket
import sys
import traceback

SIZES = [0, 1, 125, 126, 127, 65_535, 65_536, 200_000]
FRAGMENTS = ["frag", "ments of ", "€ and 🚀", ""]


def check(holds, words):
    if not holds:
        raise AssertionError(words)


def serve_websockets(report):
    import websockets

    async def main():
        over = asyncio.get_running_loop().create_future()

        async def handler(connection, path=None):
            try:
                async for message in connection:
                    if message == "fragments":
                        await connection.send(iter(FRAGMENTS))
                    elif message == "ping":
                        await (await connection.ping(b"x" * 125))
                        await connection.send("ponged")
                    elif message == "close":
                        await connection.close(4001, "as you wish")
                    else:
                        await connection.send(message)
                over.set_result(connection.close_code)
            except websockets.ConnectionClosedError:
                over.set_result(connection.close_code)
            except Exception as error:
                over.set_exception(error)

        async with websockets.serve(handler, "127.0.0.1", 0, max_size=None) as server:
            report(server.sockets[0].getsockname()[1])
            check(await over == 4001, f"closed with {over.result()}")

    asyncio.run(main())


def connect_websockets(port):
    import websockets

    async def main():
        async with websockets.connect(f"ws://127.0.0.1:{port}/ws?a=b", max_size=None) as connection:
            check(connection.extensions == [], f"extensions {connection.extensions}")
            for size in SIZES:
                for message in ("é" * (size // 2) + "x" * (size % 2), bytes(index % 251 for index in range(size))):
                    await connection.send(message)
                    check(await connection.recv() == message, f"{size} bytes came back as others")
            await connection.send(iter(FRAGMENTS))
            check(await connection.recv() == "".join(FRAGMENTS), "fragments came back as others")
            await (await connection.ping(b"p" * 125))
            await connection.close(4002, "done")
            check(connection.close_code == 4002, f"closed with {connection.close_code}")

    asyncio.run(main())


class Wsproto:
    """A socket led by wsproto, which does no I/O of its own."""

    def __init__(self, connection, role):
        import wsproto

        self.connection = connection
        self.protocol = wsproto.WSConnection(role)
        self.waiting = []

    def send(self, event):
        self.connection.sendall(self.protocol.send(event))

    def event(self):
        while not self.waiting:
            self.protocol.receive_data(self.connection.recv(65_536) or None)
            self.waiting = list(self.protocol.events())
        return self.waiting.pop(0)

    def message(self):
        """The next whole message; pings are answered meanwhile. A close is its event."""
        from wsproto import events

        parts = []
        while True:
            event = self.event()
            if isinstance(event, events.Ping):
                self.send(event.response())
            elif isinstance(event, events.Message):
                parts.append(event.data)
                if event.message_finished:
                    return parts[0][:0].join(parts)
            else:
                return event


def serve_wsproto(report):
    from wsproto import ConnectionType, events

    listener = socket.create_server(("127.0.0.1", 0))
    report(listener.getsockname()[1])
    peer = Wsproto(listener.accept()[0], ConnectionType.SERVER)
    check(isinstance(peer.event(), events.Request), "no request")
    peer.send(events.AcceptConnection())
    while True:
        message = peer.message()
        if message == "fragments":
            for part in FRAGMENTS[:-1]:
                peer.send(events.TextMessage(part, message_finished=False))
            peer.send(events.TextMessage(FRAGMENTS[-1]))
        elif message == "ping":
            peer.send(events.Ping(b"x" * 125))
            pong = peer.event()
            check(isinstance(pong, events.Pong) and pong.payload == b"x" * 125, f"{pong} for a ping")
            peer.send(events.TextMessage("ponged"))
        elif message == "close":
            peer.send(events.CloseConnection(4001, "as you wish"))
            answer = peer.event()
            check(isinstance(answer, events.CloseConnection) and answer.code == 4001, f"{answer} for a close")
            return
        else:
            check(isinstance(message, str), f"{message} is no text")
            peer.send(events.TextMessage(message))


def connect_wsproto(port):
    from wsproto import ConnectionType, events

    peer = Wsproto(socket.create_connection(("127.0.0.1", int(port))), ConnectionType.CLIENT)
    peer.send(events.Request(host="127.0.0.1", target="/ws?a=b"))
    check(isinstance(peer.event(), events.AcceptConnection), "not accepted")
    for size in SIZES:
        peer.send(events.TextMessage("x" * size))
        check(peer.message() == "x" * size, f"{size} letters came back as others")
        peer.send(events.BytesMessage(b"\xff" * size))
        check(peer.message() == b"\xff" * size, f"{size} bytes came back as others")
    for part in FRAGMENTS[:-1]:
        peer.send(events.TextMessage(part, message_finished=False))
    peer.send(events.Ping(b"between"))
    peer.send(events.TextMessage(FRAGMENTS[-1]))
    pong = peer.event()
    check(isinstance(pong, events.Pong) and pong.payload == b"between", f"{pong} for a ping")
    check(peer.message() == "".join(FRAGMENTS), "fragments came back as others")
    peer.send(events.CloseConnection(4002, "done"))
    answer = peer.event()
    check(isinstance(answer, events.CloseConnection) and answer.code == 4002, f"{answer} for a close")


def judge_wsproto(report, streams):
    """One line a stream: its messages, then the code of its fault, or `-`."""
    from wsproto.connection import Connection, ConnectionState, ConnectionType
    from wsproto.events import CloseConnection, Ping, Pong, TextMessage
    from wsproto.frame_protocol import CloseReason

    def judge(sender, stream):
        connection = Connection(ConnectionType.CLIENT if sender == "server" else ConnectionType.SERVER)
        found, parts = [], []
        for byte in stream:
            connection.receive_data(bytes([byte]))
            for event in connection.events():
                if isinstance(event, (Ping, Pong)):
                    found.append(f"{type(event).__name__.lower()}:{bytes(event.payload).hex()}")
                elif isinstance(event, CloseConnection):
                    if connection.state is ConnectionState.OPEN:
                        # Not said by the other side: what wsproto would tell it.
                        return [*found, str(int(event.code))]
                    code = "" if event.code == CloseReason.NO_STATUS_RCVD else int(event.code)
                    return [*found, f"close:{code}", "-"]
                else:
                    parts.append(event.data.encode() if isinstance(event, TextMessage) else bytes(event.data))
                    if event.message_finished:
                        kind = "text" if isinstance(event, TextMessage) else "binary"
                        found.append(f"{kind}:{b''.join(parts).hex()}")
                        parts = []
        return [*found, "-"]

    with open(streams, encoding="ascii") as file:
        words = (line.rstrip("\n").partition(" ") for line in file)
        report("\n".join(" ".join(judge(sender, bytes.fromhex(text))) for sender, _, text in words))


def main():
    what, library, path, *rest = sys.argv[1:]

    def report(words):
        with open(path + ".part", "w", encoding="utf-8") as file:
            file.write(f"{words}\n")
        os.replace(path + ".part", path)

    # Whatever hangs, ends.
    signal.alarm(120)
    try:
        if what == "connect":
            {"websockets": connect_websockets, "wsproto": connect_wsproto}[library](*rest)
        elif what == "judge":
            judge_wsproto(report, *rest)
        else:
            {"websockets": serve_websockets, "wsproto": serve_wsproto}[library](report)
    except BaseException:
        report(traceback.format_exc())
        sys.exit(1)


main()
