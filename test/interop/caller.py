"""Calls a procedure again and again, and joins again whenever it was sent away.

Arguments: url, name, procedure. Prints a JSON object a line: {"joined": how often}, and for each
call {"call": number, "outcome": "answered", or the error}. Ends when stdin does.
"""

import asyncio
import json
import sys
import threading

from autobahn.asyncio.component import Component
from autobahn.wamp.exception import ApplicationError

url, name, procedure = sys.argv[1:]
retries = {"max_retries": -1, "initial_retry_delay": 0.1, "max_retry_delay": 0.2}
component = Component(
    transports=[{"type": "websocket", "url": url, **retries}],
    realm="realm1",
)
joined = 0
number = 0


def say(message):
    print(json.dumps(message), flush=True)


@component.on_join
async def on_join(session, details):
    global joined, number
    joined += 1
    say({"joined": joined})
    while session.is_attached():
        number += 1
        call, outcome = number, "lost"
        try:
            result = await session.call(procedure, name, call)
            outcome = "answered" if result == call else "wrong"
        except ApplicationError as e:
            outcome = e.error
        except Exception as e:
            outcome = repr(e)
        say({"call": call, "outcome": outcome})
        if outcome != "answered":
            await asyncio.sleep(0.05)


def wait_for_end(loop):
    sys.stdin.read()
    loop.call_soon_threadsafe(loop.stop)


loop = asyncio.new_event_loop()
asyncio.set_event_loop(loop)
threading.Thread(target=wait_for_end, args=(loop,), daemon=True).start()
component.start(loop=loop)
loop.run_forever()
