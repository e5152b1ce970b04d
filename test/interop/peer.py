"""Autobahn|Python sessions for the interop tests, driven by one JSON command per line.

Started as `peer.py asyncio` or `peer.py twisted`. A command looks like
{"id": 7, "session": 1, "do": "call", ...} and is answered on stdout with its id:
{"id": 7, "args": [...], "kwargs": {...}} or {"id": 7, "error": uri, "args": ...}.
An event carries the id of the subscribe command: {"event": 7, "args": ..., "details": {...}}.
Bytes are written {"$bytes": base64}, because JSON has none.
"""

import base64
import json
import ssl
import sys
import threading

import txaio

# Autobahn asks txaio for the event loop already while it is imported.
if sys.argv[1] == "asyncio":
    txaio.use_asyncio()
    import asyncio

    from autobahn.asyncio.rawsocket import WampRawSocketClientFactory
    from autobahn.asyncio.wamp import ApplicationRunner, ApplicationSession
    from autobahn.asyncio.wamp import Session as AuthenticatingSession

    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    from_thread, run_forever, stop = loop.call_soon_threadsafe, loop.run_forever, loop.stop
    start_task = loop.create_task
    sleep = asyncio.sleep
    connect_only = {"start_loop": False}

    def connect(factory, secure, host, port, authorities):
        if host == "unix":
            return loop.create_unix_connection(factory, port)
        context = ssl.create_default_context(cafile=authorities) if secure else None
        return loop.create_connection(factory, host, port, ssl=context)

else:
    txaio.use_twisted()
    from autobahn.twisted.rawsocket import WampRawSocketClientFactory
    from autobahn.twisted.wamp import ApplicationRunner, ApplicationSession
    from autobahn.twisted.wamp import Session as AuthenticatingSession
    from twisted.internet import defer, reactor, task
    from twisted.internet.endpoints import TCP4ClientEndpoint, UNIXClientEndpoint

    from_thread, run_forever, stop = reactor.callFromThread, reactor.run, reactor.stop
    start_task = defer.ensureDeferred

    def sleep(seconds):
        return task.deferLater(reactor, seconds)

    connect_only = {"start_reactor": False}

    def connect(factory, secure, host, port, authorities):
        unix = host == "unix"
        endpoint = UNIXClientEndpoint(reactor, port) if unix else TCP4ClientEndpoint(reactor, host, port)
        return endpoint.connect(factory)


from autobahn.rawsocket.util import parse_url
from autobahn.wamp.auth import create_authenticator
from autobahn.wamp.exception import ApplicationError
from autobahn.wamp.serializer import CBORSerializer, JsonSerializer, MsgPackSerializer
from autobahn.wamp.types import (
    CallOptions,
    CallResult,
    ComponentConfig,
    PublishOptions,
    RegisterOptions,
    SubscribeOptions,
)
from cbor2 import CBORTag

SERIALIZERS = {"json": JsonSerializer, "msgpack": MsgPackSerializer, "cbor": CBORSerializer}


def serializer_of(name):
    name, _, batched = name.partition(".")
    return SERIALIZERS[name](batched=batched == "batched")


class Session(ApplicationSession):
    def __init__(self, config, user, ticket):
        super().__init__(config)
        self.user = user
        self.ticket = ticket
        self.joined = txaio.create_future()
        self.gone = txaio.create_future()
        self.reason = ""
        self.subscriptions = {}
        self.registrations = {}

    def onConnect(self):
        if self.ticket is None:
            self.join(self.config.realm)
        else:
            self.join(self.config.realm, ["ticket"], self.user)

    def onChallenge(self, challenge):
        return self.ticket

    def onJoin(self, details):
        txaio.resolve(self.joined, None)

    def onLeave(self, details):
        self.reason = details.reason
        self.disconnect()

    def onDisconnect(self):
        txaio.resolve(self.gone, None)
        if not txaio.is_called(self.joined):
            txaio.reject(self.joined, RuntimeError(f"never joined: {self.reason}"))


def echo(*args, **kwargs):
    return CallResult(*args, **kwargs)


def fail(*args, **kwargs):
    raise ApplicationError("interop.fault", *args, **kwargs)


async def count(*args, details):
    for number in [1, 2]:
        if details.progress:
            details.progress(number)
    return "done"


async def slow(*args):
    await sleep(0.2)
    return "late"


def caller(*args, details):
    return details.caller


PROCEDURES = {"echo": echo, "fail": fail, "count": count, "slow": slow, "caller": caller}
WITH_DETAILS = ["count", "caller"]
if sys.argv[1] == "twisted":
    # Twisted does not run coroutines by itself.
    for name in ["count", "slow"]:
        PROCEDURES[name] = (lambda run: lambda *a, **k: defer.ensureDeferred(run(*a, **k)))(
            PROCEDURES[name]
        )
DETAILS = ["topic", "publisher", "publisher_authid", "publisher_authrole", "retained"]
sessions = {}


class Newcomer(AuthenticatingSession):
    """Joins once, to see whether it may."""

    def __init__(self, config):
        super().__init__(config)
        self.gone = txaio.create_future()
        self.outcome = ["connection lost"]
        self.joined = False

    def on_join(self, details):
        self.joined = True
        self.outcome = [details.authid, details.authrole, details.authmethod]
        self.leave()

    def on_leave(self, details):
        if not self.joined:
            self.outcome = [details.reason]
        self.disconnect()

    def on_disconnect(self):
        txaio.resolve(self.gone, self.outcome)


# How each method of authentication calls the secret.
SECRETS = {"ticket": "ticket", "wampcra": "secret", "cryptosign": "privkey", "scram": "password"}


async def login(command):
    session = Newcomer(ComponentConfig(command["realm"]))
    secret = {SECRETS[command["method"]]: command["secret"]}
    authenticator = create_authenticator(command["method"], authid=command["authid"], **secret)
    session.add_authenticator(authenticator)
    runner = ApplicationRunner(command["url"], command["realm"], serializers=[JsonSerializer()])
    await runner.run(lambda config: session, **connect_only)
    return await session.gone, {}


async def join(command):
    config = ComponentConfig(command["realm"])
    session = Session(config, command.get("authid"), command.get("ticket"))
    serializer = serializer_of(command["serializer"])
    url = command["url"]
    if url.startswith("rs"):
        # The runner knows no unix sockets over asyncio.
        factory = WampRawSocketClientFactory(lambda: session, serializer=serializer)
        await connect(factory, *parse_url(url), command.get("authorities"))
    else:
        runner = ApplicationRunner(url, command["realm"], serializers=[serializer])
        await runner.run(lambda config: session, **connect_only)
    await session.joined
    sessions[command["session"]] = session


async def left(session, command):
    await session.gone
    return [session.reason], {}


async def leave(session, command):
    session.leave()


async def subscribe(session, command):
    def on_event(*args, _details, **kwargs):
        details = {name: getattr(_details, name) for name in DETAILS}
        say({"event": command["id"], "args": args, "kwargs": kwargs, "details": details})

    topic = command["topic"]
    options = SubscribeOptions(details_arg="_details", **command.get("options", {}))
    session.subscriptions[topic] = await session.subscribe(on_event, topic, options)


async def unsubscribe(session, command):
    await session.subscriptions.pop(command["topic"]).unsubscribe()


async def publish(session, command):
    options = PublishOptions(acknowledge=True, **command.get("options", {}))
    topic, args, kwargs = command["topic"], command["args"], command["kwargs"]
    await session.publish(topic, *args, options=options, **kwargs)


async def publish_many(session, command):
    for number in range(command["count"]):
        session.publish(command["topic"], number)


async def register(session, command):
    procedure, behaviour = command["procedure"], command["behaviour"]
    endpoint = PROCEDURES[behaviour]
    details = "details" if behaviour in WITH_DETAILS else None
    options = RegisterOptions(details_arg=details, **command["options"])
    session.registrations[procedure] = await session.register(endpoint, procedure, options)


async def unregister(session, command):
    await session.registrations.pop(command["procedure"]).unregister()


async def call(session, command):
    def on_progress(*args, **kwargs):
        say({"event": command["id"], "args": args, "kwargs": kwargs})

    options = CallOptions(
        timeout=command.get("timeout"), on_progress=on_progress if command["progress"] else None
    )
    procedure, args, kwargs = command["procedure"], command["args"], command["kwargs"]
    result = await session.call(procedure, *args, options=options, **kwargs)
    if isinstance(result, CallResult):
        return result.results, result.kwresults
    return [] if result is None else [result], {}


async def call_and_cancel(session, command):
    running = session.call(command["procedure"])
    await sleep(0.02)
    txaio.cancel(running)
    try:
        await running
    except BaseException:  # the one of asyncio is no Exception
        pass


# Commands that open a session.
FIRST = {"join": join, "login": login}

COMMANDS = {
    "left": left,
    "leave": leave,
    "subscribe": subscribe,
    "unsubscribe": unsubscribe,
    "publish": publish,
    "publish_many": publish_many,
    "register": register,
    "unregister": unregister,
    "call": call,
    "call_and_cancel": call_and_cancel,
}


async def answer(command):
    try:
        if command["do"] in FIRST:
            result = await FIRST[command["do"]](command)
        else:
            result = await COMMANDS[command["do"]](sessions[command["session"]], command)
        args, kwargs = result or ([], {})
        say({"id": command["id"], "args": args, "kwargs": kwargs})
    except ApplicationError as e:
        say({"id": command["id"], "error": e.error, "args": e.args, "kwargs": e.kwargs})
    except Exception as e:
        say({"id": command["id"], "error": "interop.python_exception", "args": [repr(e)]})


def bytes_to_json(value):
    if isinstance(value, bytes):
        return {"$bytes": base64.b64encode(value).decode()}
    # A Uint8Array of a JavaScript client with CBOR: the library gives it to the application so.
    if isinstance(value, CBORTag) and value.tag == 64:
        return bytes_to_json(value.value)
    raise TypeError(f"no JSON form for {value!r}")


def bytes_from_json(value):
    return base64.b64decode(value["$bytes"]) if "$bytes" in value else value


def say(message):
    print(json.dumps(message, default=bytes_to_json), flush=True)


# A thread reads stdin, because the two event loops have no common way to do it.
def read_commands():
    for line in sys.stdin:
        from_thread(start_task, answer(json.loads(line, object_hook=bytes_from_json)))
    from_thread(stop)


threading.Thread(target=read_commands, daemon=True).start()
run_forever()
