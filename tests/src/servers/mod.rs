//! Servers for the worker to ask: a real slapd, a real domain, a real ypserv, and fake servers that
//! break the protocol.
//!
//! | file | holds |
//! |---|---|
//! | [`slapd`] | OpenLDAP in a directory of its own, gone when the test is over |
//! | [`directory`] | the entries of that directory |
//! | [`samba`] | a domain controller of Samba, shared by the tests of one program |
//! | [`certificates`] | authorities, and the certificates that they sign |
//! | [`asker`] | the module's end of the conversation with a worker |
//! | [`checker`] | `authchain check` on a backend of these servers |
//! | [`ypserv`] | ypserv and rpcbind on a machine of their own |
//! | [`fake_yp`] | a fake NIS server that sends false replies, stalls and floods |
//! | [`name_server`] | a name server whose replies the test chooses |
//! | [`named`] | a directory that clients find only with DNS, on a private network |
//! | [`hostile`] | a fake LDAP server that sends false replies, stalls and floods |

pub mod asker;
pub mod certificates;
pub mod checker;
pub mod directory;
pub mod fake_yp;
pub mod hostile;
pub mod name_server;
pub mod named;
pub mod samba;
pub mod slapd;
pub mod ypserv;

use std::hash::{BuildHasher, RandomState};
use std::net::TcpListener;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};

/// Ports below those that Linux gives to whoever binds none of its own: by the time a server has
/// been prepared, another program could have been given such a port.
const PORTS: std::ops::Range<u64> = 10_000..32_768;

/// A port on which nothing listens at the moment, another one at each call.
pub fn free_port() -> u16 {
    static NEXT: LazyLock<AtomicU64> =
        LazyLock::new(|| AtomicU64::new(RandomState::new().hash_one(())));
    let count = PORTS.end - PORTS.start;
    loop {
        let step = NEXT.fetch_add(1, Ordering::Relaxed) % count;
        let port = u16::try_from(PORTS.start + step).unwrap();
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}
