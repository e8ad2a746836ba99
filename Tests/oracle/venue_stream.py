"""A client of a simulated venue's stream, by a library that is not ours: Debian's `websockets`.

venue_stream.py REPORT URL HEADERS-AS-JSON MESSAGE...: says the messages and writes what it hears, a line each, then how it ended.
"""

import asyncio
import json
import sys

import websockets


async def converse(report, url, headers, messages):
    try:
        options = {"extra_headers": headers, "compression": None, "max_size": None, "ping_interval": None, "open_timeout": 20}
        async with websockets.connect(url, **options) as socket:
            for message in messages:
                await socket.send(message)
            while True:
                heard = await asyncio.wait_for(socket.recv(), 60)
                print(heard.strip(), file=report, flush=True)
    except websockets.ConnectionClosed as end:
        if end.rcvd is not None:
            print("closed", end.rcvd.code, file=report)
        elif end.sent is not None:
            print("failed", end.sent.code, file=report)
        else:
            print("cut", file=report)
    except websockets.InvalidStatusCode as refusal:
        print("refused", refusal.status_code, file=report)
    except websockets.InvalidHandshake:
        print("no handshake", file=report)


with open(sys.argv[1], "w", encoding="utf-8") as report:
    asyncio.run(converse(report, sys.argv[2], json.loads(sys.argv[3]), sys.argv[4:]))
