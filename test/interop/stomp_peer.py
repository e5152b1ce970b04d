"""A STOMP client told what to do: one JSON object a line on stdin, until that ends.

Arguments: ws or tcp, port, path, version, headers of CONNECT as JSON, heart-beats as JSON. Prints
{"receipt": id}, {"message": headers, "body": text, "bytes": base64}, {"error": headers} and
{"gone": true}.
"""

import base64
import json
import sys

import stomp

how, port, path, version, connect, beats = sys.argv[1:]


def say(message):
    print(json.dumps(message), flush=True)


class Listener(stomp.ConnectionListener):
    def on_connected(self, frame):
        say({"connected": frame.headers})

    def on_message(self, frame):
        body = frame.body if isinstance(frame.body, bytes) else frame.body.encode()
        text = body.decode(errors="replace")
        say({"message": frame.headers, "body": text, "bytes": base64.b64encode(body).decode()})

    def on_receipt(self, frame):
        say({"receipt": frame.headers["receipt-id"]})

    def on_error(self, frame):
        say({"error": frame.headers})

    def on_heartbeat_timeout(self):
        say({"late": True})

    def on_disconnected(self):
        say({"gone": True})


classes = {
    "1.0": stomp.StompConnection10,
    "1.1": stomp.StompConnection11,
    "1.2": stomp.StompConnection12,
}
headers = json.loads(connect)
options = {"reconnect_attempts_max": 1, "auto_decode": False}
if version != "1.0":
    options["vhost"] = headers.pop("host")
    options["heartbeats"] = tuple(json.loads(beats))
if how == "ws":
    kind = stomp.WSStompConnection
    options["ws_path"] = path
    options["binary_mode"] = True
    options["header"] = ["Sec-WebSocket-Protocol: v12.stomp"]
else:
    kind = classes[version]
connection = kind([("127.0.0.1", int(port))], **options)
connection.set_listener("", Listener())
login, passcode = headers.pop("login", None), headers.pop("passcode", None)
try:
    connection.connect(login, passcode, wait=False, headers=headers)
except Exception as e:
    say({"error": {"message": str(e)}})
for line in sys.stdin:
    command = json.loads(line)
    headers = {**command.get("headers", {}), "receipt": command["receipt"]}
    do = command["do"]
    if do == "ACK" or do == "NACK":
        answer = connection.ack if do == "ACK" else connection.nack
        transaction = headers.get("transaction")
        if version == "1.0":
            answer(command["id"], transaction, receipt=command["receipt"])
        elif version == "1.1":
            answer(command["id"], command["subscription"], transaction, receipt=command["receipt"])
        else:
            answer(command["id"], transaction, receipt=command["receipt"])
    elif do == "SEND":
        body = base64.b64decode(command["bytes"])
        connection.send(body=body, headers=headers, destination=headers["destination"])
    elif do == "DISCONNECT":
        connection.disconnect(receipt=command["receipt"])
    else:
        connection.send_frame(do, headers)
try:
    connection.disconnect()
except Exception:
    pass
