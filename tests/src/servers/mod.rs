//! Servers for the worker to ask: a real slapd, a real domain, a real ypserv, and one that does what no
//! server may.
//!
//! | file | holds |
//! |---|---|
//! | [`slapd`] | OpenLDAP in a directory of its own, gone when the test is over |
//! | [`directory`] | who is in it |
//! | [`samba`] | a domain controller of Samba, shared by the tests of one program |
//! | [`certificates`] | authorities, and what they vouch for |
//! | [`asker`] | the module's end of the conversation with a worker |
//! | [`checker`] | `authchain check` on a backend of these servers |
//! | [`ypserv`] | ypserv and rpcbind on a machine of their own |
//! | [`fake_yp`] | a NIS server of ours that lies, stalls and floods |
//! | [`name_server`] | a name server of ours that says what it is told to |
//! | [`named`] | a directory that DNS alone names, on a network of its own |
//! | [`hostile`] | a server of ours that lies, stalls and floods |

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

use std::net::TcpListener;

/// A port nobody listens on, for now.
pub fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}
