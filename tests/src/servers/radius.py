"""A RADIUS server of one-time codes, for tests: `radius.py SECRET` prints its port and serves.

alice gets a challenge, and is let in with 123456 once. Whatever else is asked is refused.
"""

import hashlib
import hmac
import os
import socket
import struct
import sys

secret = sys.argv[1].encode()
server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
server.bind(("127.0.0.1", 0))
print(server.getsockname()[1], flush=True)
used = set()


def attributes(values):
    found = {}
    while values:
        found[values[0]] = values[2 : values[1]]
        values = values[values[1] :]
    return found


def revealed(hidden, before):
    text = b""
    for start in range(0, len(hidden), 16):
        block = hidden[start : start + 16]
        key = hashlib.md5(secret + before).digest()
        text += bytes(x ^ y for x, y in zip(block, key))
        before = block
    return text.rstrip(b"\0")


def is_signed(packet, found):
    unsigned = packet.replace(found[80], bytes(16), 1)
    made = hmac.new(secret, unsigned, "md5").digest()
    return hmac.compare_digest(made, found[80])


def answer(found, authenticator):
    user, state = found[1], found.get(24)
    code = revealed(found[2], authenticator)
    if user == b"alice" and not code and state is None:
        state = os.urandom(8)
        return 11, [(18, b"Code from your token: "), (24, state)]
    if user == b"alice" and code == b"123456" and state is not None and state not in used:
        used.add(state)
        return 2, []
    return 3, [(18, b"no")]


while True:
    packet, peer = server.recvfrom(4096)
    number, authenticator = packet[1], packet[4:20]
    found = attributes(packet[20:])
    if 80 not in found or not is_signed(packet, found):
        continue
    code, values = answer(found, authenticator)
    values = b"".join(bytes([kind, len(value) + 2]) + value for kind, value in [(80, bytes(16))] + values)
    start = struct.pack("!BBH", code, number, 20 + len(values))
    signature = hmac.new(secret, start + authenticator + values, "md5").digest()
    values = values[:2] + signature + values[18:]
    signed = hashlib.md5(start + authenticator + values + secret).digest()
    server.sendto(start + signed + values, peer)
