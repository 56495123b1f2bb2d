//! Tries what a confined worker must not be able to do, and what it must be: for the tests of the
//! confinement.
//!
//! A question names the attempt in `user` and its object in `rhost`. *Found* means that it worked,
//! *unavailable* that it did not, with the name of the error.

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

/// The probe, with the access that its settings ask for.
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
                ports: hello.settings.get("ports").map(|_| {
                    let ports = list("ports").into_iter();
                    ports.filter_map(|port| port.parse().ok()).collect()
                }),
                hashes: false,
            },
        }
    }

    async fn attempt(&self, question: &Question<'_>) -> Answer {
        let (attempt, object) = (question.user.as_str(), question.rhost.as_str());
        let outcome = match attempt {
            "wait" => {
                tokio::time::sleep(Duration::from_secs(60)).await;
                Some(Ok(()))
            }
            "resolve" => {
                let deadline = Deadline::after(system_clock, Duration::from_secs(3));
                let found = self.dns.addresses(object, 80, deadline).await;
                let failure = |failure: Failure| io::Error::other(failure.to_string());
                Some(found.map(drop).map_err(failure))
            }
            _ => reading(attempt, object).or_else(|| starting(attempt, object)),
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
        Box::pin(self.attempt(question))
    }
}

type Attempted = Option<io::Result<()>>;

/// Tries files, memory, names and sockets.
fn reading(attempt: &str, object: &str) -> Attempted {
    Some(match attempt {
        "read" => File::open(object).and_then(|mut file| file.read(&mut [0; 1]).map(drop)),
        "list" => std::fs::read_dir(object).map(drop),
        "write" => File::create(object).map(drop),
        "make folder" => std::fs::create_dir(object),
        "remove" => std::fs::remove_file(object),
        "connect" => TcpStream::connect(object).map(drop),
        "connect by sending" => connect_by_sending(object),
        "bind" => UdpSocket::bind("127.0.0.1:0").map(drop),
        "listen" => TcpListener::bind("127.0.0.1:0").map(drop),
        "connect unix" => UnixStream::connect(object).map(drop),
        "log" => UnixDatagram::unbound().and_then(|log| log.send_to(b"x", object).map(drop)),
        "log through a pair" => {
            UnixDatagram::pair().and_then(|(log, _)| log.send_to(b"x", object).map(drop))
        }
        "raw packets" => {
            let flags = SockFlag::empty();
            let made = socket(AddressFamily::Packet, SockType::Raw, flags, None);
            made.map(drop).map_err(Into::into)
        }
        "random" => {
            let _ = RandomState::new().hash_one(object);
            Ok(())
        }
        "allocate" => {
            let mebibytes: usize = object.parse().unwrap_or_default();
            let reserved = Vec::<u8>::new().try_reserve_exact(mebibytes.saturating_mul(1 << 20));
            reserved.map_err(|_| Errno::ENOMEM.into())
        }
        _ => return None,
    })
}

/// Tries programs, processes, ids and limits.
fn starting(attempt: &str, object: &str) -> Attempted {
    Some(match attempt {
        "exec" => Err(Command::new(object).exec()),
        "spawn" => Command::new(object).spawn().map(drop),
        "thread" => std::thread::Builder::new().spawn(|| ()).map(drop),
        "trace" => ptrace::attach(pid(object)).map_err(Into::into),
        "peek" => peek(pid(object)),
        "signal" => kill(pid(object), None).map_err(Into::into),
        "be root" => {
            let root = Uid::from_raw(0);
            setresuid(root, root, root).map_err(Into::into)
        }
        "be dumpable" => set_dumpable(true).map_err(Into::into),
        "raise limit" => setrlimit(Resource::RLIMIT_CORE, 0, 0).map_err(Into::into),
        "abort" => abort(),
        _ => return None,
    })
}

fn pid(object: &str) -> Pid {
    Pid::from_raw(object.parse().unwrap_or_default())
}

/// Tries TCP Fast Open, where the first data connects.
fn connect_by_sending(object: &str) -> io::Result<()> {
    let server: SocketAddrV4 = object.parse().map_err(|_| Errno::EINVAL)?;
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

/// Reads another process' memory, where this process has some.
fn peek(other: Pid) -> io::Result<()> {
    let mut byte = [0_u8; 1];
    let base = byte.as_ptr().addr();
    let remote = [RemoteIoVec { base, len: 1 }];
    let read = process_vm_readv(other, &mut [IoSliceMut::new(&mut byte)], &remote);
    read.map(drop).map_err(Into::into)
}

#[expect(
    clippy::disallowed_methods,
    reason = "whether it leaves a core dump is the question"
)]
fn abort() -> io::Result<()> {
    std::process::abort()
}
