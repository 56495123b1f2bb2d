//! Names to addresses.
//!
//! The system's resolver knows what the administrator wrote into nsswitch.conf and hosts, but it
//! takes as long as it likes: twice five seconds for each name server that is silent. So it runs on
//! a thread that nobody waits for once the deadline is over; the process ends soon after.

use std::net::{IpAddr, SocketAddr, ToSocketAddrs};

use authchain::tools::deadline::Deadline;
use tokio::sync::oneshot;

use super::failure::{Failure, within, words};

/// The port of name servers, which answer over TCP when an answer is long.
pub const DNS: u16 = 53;

/// What this is called when it fails.
pub const STEP: &str = "name resolution";

/// What the system's resolver and the libraries it loads have been seen to need, ten times over.
const STACK: usize = 512 * 1024;

/// Whether `host` is a name, so that somebody has to be asked for its address.
pub fn is_name(host: &str) -> bool {
    host.parse::<IpAddr>().is_err()
}

/// The addresses of `host`, in the order the system prefers.
///
/// # Errors
/// When there are none, or nobody says so in time.
pub async fn resolve(
    host: &str,
    port: u16,
    deadline: Deadline,
) -> Result<Vec<SocketAddr>, Failure> {
    if let Ok(address) = host.parse::<IpAddr>() {
        return Ok(vec![SocketAddr::new(address, port)]);
    }
    let (answer, answered) = oneshot::channel();
    let host = host.to_owned();
    std::thread::Builder::new()
        .stack_size(STACK)
        .spawn(move || {
            let addresses = (host.as_str(), port).to_socket_addrs();
            // Whoever asked may have given up.
            let _ = answer.send(addresses.map(Vec::from_iter));
        })
        .map_err(|error| Failure::trouble(STEP, words(&error)))?;
    within(deadline, STEP, async {
        match answered.await {
            Ok(Ok(addresses)) if addresses.is_empty() => Err(Failure::down(STEP, "no address")),
            Ok(Ok(addresses)) => Ok(addresses),
            Ok(Err(error)) => Err(Failure::down(STEP, resolver_words(&error))),
            Err(_) => Err(Failure::down(STEP, "the resolver crashed")),
        }
    })
    .await
}

/// The resolver's words, without what std puts in front of them.
fn resolver_words(error: &std::io::Error) -> String {
    let text = words(error);
    match text.rsplit_once(": ") {
        Some((_, reason)) => reason.to_lowercase(),
        None => text,
    }
}
