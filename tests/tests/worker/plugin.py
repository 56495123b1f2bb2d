#!/usr/bin/python3 -I
"""A plugin that tries to break out. `user` names the attempt, `rhost` its target: the answer
`found` means that the attempt succeeded, `unavailable` that it failed, with the error's name."""

import ctypes
import errno
import json
import mmap
import os
import resource
import signal
import socket
import subprocess
import sys
import threading

libc = ctypes.CDLL(None, use_errno=True)


def call(name, *arguments):
    if getattr(libc, name)(*arguments) == -1:
        raise OSError(ctypes.get_errno(), name)


def thread():
    started = threading.Thread(target=lambda: None)
    started.start()
    started.join()


def spawn(program):
    if subprocess.run([program], stdout=subprocess.DEVNULL).returncode:
        raise OSError(errno.ECHILD, program)


def fork_bomb():
    for _ in range(20_000):
        if os.fork() == 0:
            os.read(0, 1)
            os._exit(0)


def leave_session():
    """Tries it in a child: the leader of a process group cannot leave its session anyway."""
    if os.fork() == 0:
        try:
            os.setsid()
        except OSError as error:
            os._exit(error.errno)
        os._exit(0)
    status = os.waitstatus_to_exitcode(os.wait()[1])
    if status:
        raise OSError(status, "setsid")


def socket_of(family, kind=socket.SOCK_STREAM):
    socket.socket(family, kind).close()


def listen():
    server = socket.socket()
    server.bind(("127.0.0.1", 0))
    server.listen()


def connect(address):
    host, port = address.rsplit(":", 1)
    socket.create_connection((host, int(port)), timeout=10).close()


def write(path):
    with open(path, "w") as file:
        file.write("x")


def surroundings():
    """Fails with what this process was given, so that the test can read it."""
    limits = {
        name: resource.getrlimit(getattr(resource, "RLIMIT_" + name))
        for name in ["CORE", "CPU", "DATA", "AS", "NOFILE", "FSIZE", "NPROC", "MEMLOCK", "MSGQUEUE",
                     "RTPRIO", "NICE"]
    }
    raise RuntimeError(json.dumps({
        # Python sets this one itself (PEP 538).
        "environment": sorted(set(os.environ) - {"LC_CTYPE"}),
        "arguments": len(sys.argv),
        "folder": os.getcwd(),
        "umask": os.umask(0),
        "nice": os.getpriority(os.PRIO_PROCESS, 0),
        "processors": len(os.sched_getaffinity(0)),
        "policy": os.sched_getscheduler(0),
        "groups": os.getgroups(),
        "ids": sorted(set(os.getresuid())),
        "blocked": len(signal.pthread_sigmask(signal.SIG_BLOCK, [])),
        "open": sum(is_open(descriptor) for descriptor in range(64)),
        "limits": limits,
    }))


def is_open(descriptor):
    try:
        os.fstat(descriptor)
        return True
    except OSError:
        return False


CLONE_NEWUSER = 0x10000000
CLONE_PARENT = 0x8000
IPC_PRIVATE, IPC_CREAT = 0, 0o1000


def be_a_child_of_the_host():
    number = {"x86_64": 56, "aarch64": 220}[os.uname().machine]
    pid = libc.syscall(number, CLONE_PARENT | signal.SIGCHLD, 0, 0, 0, 0)
    if pid == 0:
        os._exit(0)
    if pid == -1:
        raise OSError(ctypes.get_errno(), "clone")


ATTEMPTS = {
    "wait": lambda _: signal.pause(),
    "read": lambda path: open(path).read(1),
    "list": os.listdir,
    "write": write,
    "remove": os.remove,
    "chmod": lambda path: os.chmod(path, 0o777),
    "spawn": spawn,
    "thread": lambda _: thread(),
    "fork bomb": lambda _: fork_bomb(),
    "leave the group": lambda _: os.setpgid(0, 0),
    "leave the session": lambda _: leave_session(),
    "be a child of the host": lambda _: be_a_child_of_the_host(),
    "leave shared memory": lambda _: call("shmget", IPC_PRIVATE, 4096, IPC_CREAT | 0o600),
    "leave a queue": lambda _: call("msgget", IPC_PRIVATE, IPC_CREAT | 0o600),
    "share memory": lambda _: mmap.mmap(-1, 4096),
    "set an attribute": lambda path: os.setxattr(path, "user.x", b"x"),
    "set the time": os.utime,
    "watch": lambda path: call("inotify_add_watch", libc.inotify_init(), path.encode(), 2),
    "signal": lambda pid: os.kill(int(pid), 0),
    "trace": lambda pid: call("ptrace", 16, int(pid), None, None),
    "limit": lambda pid: resource.prlimit(int(pid), resource.RLIMIT_CORE),
    "slow down": lambda pid: os.setpriority(os.PRIO_PROCESS, int(pid), 19),
    "new namespace": lambda _: call("unshare", CLONE_NEWUSER),
    "be root": lambda _: os.setresuid(0, 0, 0),
    "internet": lambda _: socket_of(socket.AF_INET),
    "datagrams": lambda _: socket_of(socket.AF_INET6, socket.SOCK_DGRAM),
    "unix": lambda _: socket_of(socket.AF_UNIX),
    "netlink": lambda _: socket_of(socket.AF_NETLINK, socket.SOCK_RAW),
    "pair": lambda _: socket.socketpair(),
    "listen": lambda _: listen(),
    "connect": connect,
    "resolve": lambda name: socket.getaddrinfo(name, 80),
    "allocate": lambda mebibytes: bytearray(int(mebibytes) << 20),
    "surroundings": lambda _: surroundings(),
}


def say(**message):
    print(json.dumps(message), flush=True)


def main():
    sys.stdin.readline()
    say(hello=1, can=["lookup"])
    for line in sys.stdin:
        question = json.loads(line)["lookup"]
        try:
            ATTEMPTS[question["user"]](question["rhost"])
        except OSError as error:
            say(verdict="unavailable", detail=errno.errorcode.get(error.errno, str(error)))
        except MemoryError:
            say(verdict="unavailable", detail="ENOMEM")
        except RuntimeError as error:
            say(verdict="unavailable", detail=str(error))
        else:
            say(verdict="found", user={"name": question["user"]})


main()
