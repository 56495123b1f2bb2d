#!/usr/bin/python3 -I
"""People of a file of htdigest(1), as Apache and Review Board keep them: USER:REALM:MD5.

The file has no user ids, and no accounts but these names: whoever is to log in has an account
without a password in the system's files, too.
"""

import base64
import hashlib
import hmac
import json
import sys

LONGEST_LINE = 65536

CAN = ["authenticate", "lookup", "account", "describe"]

SETTINGS = {
    "type": "object",
    "properties": {
        "file": {
            "type": "string",
            "description": "The file, as htdigest(1) writes it. `read` has to name it, too.",
        },
        "realm": {
            "type": "string",
            "description": "The realm whose people may log in.",
        },
        "uids": {
            "type": "object",
            "description": "User ids by names, for people whom the system must know by this id.",
            "additionalProperties": {"type": "integer", "minimum": 0},
        },
    },
    "required": ["file", "realm"],
    "additionalProperties": False,
}


def hear():
    """Returns the next message, or ends with the module."""
    line = sys.stdin.buffer.readline(LONGEST_LINE + 1)
    if not line.endswith(b"\n") or len(line) > LONGEST_LINE:
        sys.exit()
    return json.loads(line)


def say(**message):
    print(json.dumps(message), flush=True)


def give_up(why):
    say(verdict="unavailable", detail=why)
    sys.exit()


def hashes(path, realm):
    """Returns the hashes of the realm's people by their names."""
    with open(path, "rb") as file:
        lines = [line.rstrip(b"\r\n").split(b":") for line in file]
    found = {}
    for fields in lines:
        if len(fields) == 3 and fields[1] == realm.encode():
            # The first line of a name counts, as it does for Apache.
            found.setdefault(fields[0], fields[2].lower())
    return found


def is_right(user, realm, password, known):
    text = b":".join([user.encode(), realm.encode(), password])
    return hmac.compare_digest(hashlib.md5(text).hexdigest().encode(), known)


def missing(settings):
    """Returns the first key that is missing."""
    keys = (key for key in SETTINGS["required"] if not isinstance(settings.get(key), str))
    return next(keys, None)


def answer(operation, question, settings, people):
    if operation == "describe":
        return {"verdict": "described", "schema": SETTINGS}
    if missing(settings):
        return {"verdict": "unavailable", "detail": f"settings: {missing(settings)} is missing"}
    user = question["user"]
    known = people.get(user.encode())
    if known is None:
        return {"verdict": "unknown"}
    person = {"name": user}
    if user in settings.get("uids", {}):
        person["uid"] = settings["uids"][user]
    if operation == "lookup":
        return {"verdict": "found", "user": person}
    if operation == "account":
        return {"verdict": "account", "user": person, "status": "valid"}
    password = base64.b64decode(question["password"], validate=True)
    if is_right(user, settings["realm"], password, known):
        return {"verdict": "accepted", "user": person, "status": "valid"}
    return {"verdict": "denied", "reason": "bad_credential"}


def main():
    hello = hear()
    settings = hello["settings"]
    if hello["hello"] != 1:
        give_up("it speaks version 1 of the protocol")
    people = {}
    if not missing(settings):
        try:
            people = hashes(settings["file"], settings["realm"])
        except OSError as error:
            give_up(f"{settings['file']}: {error.strerror}")
    say(hello=1, can=CAN)
    message = hear()
    operation = next((word for word in CAN if word in message), None)
    if operation:
        say(**answer(operation, message[operation], settings, people))
        # The module ends this process.
        sys.stdin.read()


main()
