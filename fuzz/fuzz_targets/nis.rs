//! Any bytes as what a NIS server or a portmapper sends, and as what stands in its maps: read, or
//! refused, without a panic and without more memory than a reply may have.
#![no_main]

use std::pin::pin;
use std::task::{Context, Poll, Waker};

use authchain_worker::nis::channel::read_record;
use authchain_worker::nis::{entries, portmap, rpc, yp, yppasswd};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let mut stream = data;
    let reading = pin!(read_record(&mut stream));
    // Bytes in memory are always there.
    let Poll::Ready(Ok(reply)) = reading.poll(&mut Context::from_waker(Waker::noop())) else {
        return;
    };
    assert!(reply.len() <= data.len());
    let Ok(result) = rpc::result(&reply) else {
        return;
    };
    let _ = portmap::answer(portmap::GETPORT, result);
    let _ = portmap::answer(portmap::GETADDR, result);
    let _ = yppasswd::answer(result);
    let _ = yp::entry(result);
    let Ok(yp::MatchReply::Value(value)) = yp::answer(result) else {
        return;
    };
    if let Ok(entry) = entries::person(value, "alice") {
        assert!(value.starts_with(b"alice:"));
        let _ = entries::place(entry.password.expose(), "alice");
    }
    let _ = entries::shadow(value, "alice");
    let _ = entries::adjunct(value, "alice");
    let _ = entries::group(value).map(|group| group.has("alice"));
});
