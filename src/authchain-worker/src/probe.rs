//! Attempts actions that a confined worker must or must not be able to do, for tests of the
//! confinement. Shipped workers lack this file: it needs the feature `confinement-probe`.
//!
//! A question names the attempt in `user` and its target in `rhost`. The answer *found* means that
//! the attempt succeeded; *unavailable* means that it failed, with the name of the error.

use std::fs::File;
use std::hash::{BuildHasher, RandomState};
use std::io::{self, IoSliceMut, Read};
use std::net::{SocketAddrV4, TcpListener, TcpStream, UdpSocket};
use std::os::fd::AsRawFd;
use std::os::unix::net::{UnixDatagram, UnixStream};
use std::os::unix::process::CommandExt;
use std::process::Command;
use std::time::Duration;

use authchain::backends::protocol::{Hello, Operation, Question, WireUser, WireVerdict};
use authchain::tools::deadline::{Deadline, system_clock};
use authchain_sandbox::confine::Access;
use nix::errno::Errno;
use nix::sys::prctl::set_dumpable;
use nix::sys::ptrace;
use nix::sys::resource::{Resource, setrlimit};
use nix::sys::signal::kill;
use nix::sys::socket::{AddressFamily, MsgFlags, SockFlag, SockType, SockaddrIn, sendto, socket};
use nix::sys::uio::{RemoteIoVec, process_vm_readv};
use nix::unistd::{Pid, Uid, setresuid};

use crate::answer::Answer;
use crate::dialogue::Dialogue;
use crate::kind::{Answering, Kind};
use crate::net::dns::Dns;
use crate::net::failure::Failure;

/// A backend type for tests: its settings list the access that the confinement grants.
pub(crate) struct Probe {
    access: Access,
    dns: Dns,
}

impl Probe {
    pub(crate) fn prepare(hello: &Hello) -> Self {
        let list = |key: &str| -> Vec<&str> {
            let list = hello.settings.get(key).and_then(|value| value.as_array());
            list.into_iter()
                .flatten()
                .filter_map(|value| value.as_str())
                .collect()
        };
        Self {
            dns: Dns::read(),
            access: Access {
                files: list("files").into_iter().map(Into::into).collect(),
                unix_sockets: list("unix_sockets").into_iter().map(Into::into).collect(),
                // Without the key, ports are not restricted.
                ports: hello.settings.get("ports").map(|_| {
                    let ports = list("ports").into_iter();
                    ports.filter_map(|port| port.parse().ok()).collect()
                }),
                ..Access::default()
            },
        }
    }

    async fn try_question(&self, question: &Question<'_>) -> Answer {
        let (attempt, target) = (question.user.as_str(), question.rhost.as_str());
        let outcome = match attempt {
            "wait" => {
                tokio::time::sleep(Duration::from_secs(60)).await;
                Some(Ok(()))
            }
            "resolve" => {
                let deadline = Deadline::after(system_clock, Duration::from_secs(3));
                let found = self.dns.addresses(target, 80, deadline).await;
                let failure = |failure: Failure| io::Error::other(failure.to_string());
                Some(found.map(drop).map_err(failure))
            }
            _ => try_files(attempt, target)
                .or_else(|| try_sockets(attempt, target))
                .or_else(|| try_processes(attempt, target))
                .or_else(|| try_privileges(attempt)),
        };
        match outcome.unwrap_or_else(|| Err(Errno::ENOTSUP.into())) {
            Ok(()) => WireVerdict::Found(WireUser::default()).into(),
            Err(error) => {
                let errno = error.raw_os_error().map(Errno::from_raw);
                let name = errno.map(|errno| format!("{errno:?}"));
                Answer::unavailable(name.unwrap_or_else(|| error.to_string()))
            }
        }
    }
}

impl Kind for Probe {
    fn access(&self) -> Access {
        self.access.clone()
    }

    fn can(&self) -> &'static [Operation] {
        &[
            Operation::Authenticate,
            Operation::Lookup,
            Operation::Account,
        ]
    }

    fn answer<'a>(
        &'a mut self,
        question: &'a Question<'_>,
        _dialogue: &'a mut Dialogue<'_>,
    ) -> Answering<'a> {
        Box::pin(self.try_question(question))
    }
}

/// The outcome of an attempt; `None` if the function does not know it.
type Attempted = Option<io::Result<()>>;

fn try_files(attempt: &str, target: &str) -> Attempted {
    Some(match attempt {
        "read" => File::open(target).and_then(|mut file| file.read(&mut [0; 1]).map(drop)),
        "list" => std::fs::read_dir(target).map(drop),
        "write" => File::create(target).map(drop),
        "make folder" => std::fs::create_dir(target),
        "remove" => std::fs::remove_file(target),
        _ => return None,
    })
}

fn try_sockets(attempt: &str, target: &str) -> Attempted {
    Some(match attempt {
        "connect" => TcpStream::connect(target).map(drop),
        "connect by sending" => connect_by_sending(target),
        "bind" => UdpSocket::bind("127.0.0.1:0").map(drop),
        "listen" => TcpListener::bind("127.0.0.1:0").map(drop),
        "connect unix" => UnixStream::connect(target).map(drop),
        "log" => UnixDatagram::unbound().and_then(|log| log.send_to(b"x", target).map(drop)),
        // A pair of sockets may be made, but neither may send to an address such as the logger's.
        "log through a pair" => {
            UnixDatagram::pair().and_then(|(log, _)| log.send_to(b"x", target).map(drop))
        }
        "raw packets" => {
            let flags = SockFlag::empty();
            let made = socket(AddressFamily::Packet, SockType::Raw, flags, None);
            made.map(drop).map_err(Into::into)
        }
        _ => return None,
    })
}

fn try_processes(attempt: &str, target: &str) -> Attempted {
    Some(match attempt {
        "exec" => Err(Command::new(target).exec()),
        "spawn" => Command::new(target).spawn().map(drop),
        "thread" => std::thread::Builder::new().spawn(|| ()).map(drop),
        "trace" => ptrace::attach(pid(target)).map_err(Into::into),
        "peek" => peek(pid(target)),
        "signal" => kill(pid(target), None).map_err(Into::into),
        "abort" => abort(),
        // Must work: a hash map takes random keys, which std gets from the kernel.
        "random" => {
            let _ = RandomState::new().hash_one(target);
            Ok(())
        }
        "allocate" => {
            let mebibytes: usize = target.parse().unwrap_or_default();
            let reserved = Vec::<u8>::new().try_reserve_exact(mebibytes.saturating_mul(1 << 20));
            reserved.map_err(|_| Errno::ENOMEM.into())
        }
        _ => return None,
    })
}

fn try_privileges(attempt: &str) -> Attempted {
    Some(match attempt {
        "be root" => {
            let root = Uid::from_raw(0);
            setresuid(root, root, root).map_err(Into::into)
        }
        "be dumpable" => set_dumpable(true).map_err(Into::into),
        // Nobody needs a privilege to lower a limit: the call itself must be refused.
        "set limit" => setrlimit(Resource::RLIMIT_CORE, 0, 0).map_err(Into::into),
        _ => return None,
    })
}

fn pid(target: &str) -> Pid {
    Pid::from_raw(target.parse().unwrap_or_default())
}

/// Connects by TCP Fast Open: `sendto` connects, and `connect` is never called.
fn connect_by_sending(target: &str) -> io::Result<()> {
    let server: SocketAddrV4 = target.parse().map_err(|_| Errno::EINVAL)?;
    let stream = socket(
        AddressFamily::Inet,
        SockType::Stream,
        SockFlag::empty(),
        None,
    )?;
    let at_once = MsgFlags::from_bits_retain(nix::libc::MSG_FASTOPEN);
    let sent = sendto(stream.as_raw_fd(), b"x", &SockaddrIn::from(server), at_once);
    sent.map(drop).map_err(Into::into)
}

/// Reads a byte of another process, at an address that is mapped in this process. The address need
/// not be mapped there: the call itself must be refused.
fn peek(other: Pid) -> io::Result<()> {
    let mut byte = [0_u8; 1];
    let base = byte.as_ptr().addr();
    let remote = [RemoteIoVec { base, len: 1 }];
    let read = process_vm_readv(other, &mut [IoSliceMut::new(&mut byte)], &remote);
    read.map(drop).map_err(Into::into)
}

#[expect(
    clippy::disallowed_methods,
    reason = "the tests check that an abort leaves no core dump"
)]
fn abort() -> io::Result<()> {
    std::process::abort()
}
