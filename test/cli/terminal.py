"""Runs a command on a terminal of its own: terminal.py ROWS COLUMNS COMMAND…

Standard input takes lines of JSON: {"keys": "q"} to press keys, {"size": [24, 80]} for another size,
{"signal": 15} for a signal to the command.
"""
import fcntl
import json
import os
import pty
import select
import struct
import sys
import termios


def resize(fd, rows, columns):
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


pid, terminal = pty.fork()
if pid == 0:
    resize(0, int(sys.argv[1]), int(sys.argv[2]))
    os.execvp(sys.argv[3], sys.argv[3:])

asked = b""
sources = [terminal, 0]
while True:
    ready = select.select(sources, [], [])[0]
    if terminal in ready:
        try:
            text = os.read(terminal, 65536)
        except OSError:  # Linux says so when the command has ended, others with no text.
            text = b""
        if text == b"":
            break
        sys.stdout.buffer.write(text)
        sys.stdout.buffer.flush()
    if 0 in ready:
        more = os.read(0, 65536)
        if more == b"":
            sources.remove(0)
        *lines, asked = (asked + more).split(b"\n")
        for line in map(json.loads, lines):
            if "size" in line:
                resize(terminal, *line["size"])
            elif "signal" in line:
                os.kill(pid, line["signal"])
            else:
                os.write(terminal, line["keys"].encode())

status = os.waitpid(pid, 0)[1]
sys.exit(os.WEXITSTATUS(status) if os.WIFEXITED(status) else 128 + os.WTERMSIG(status))
