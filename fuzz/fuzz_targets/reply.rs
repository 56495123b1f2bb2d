//! Any bytes as a worker's line: a reply that can be written and read again, or an error.
#![no_main]

use authchain::backends::protocol::{LineBuffer, Reply};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let mut rest = data;
    let mut lines = LineBuffer::default();
    while let Ok(1..) = lines.read_from(&mut rest) {
        while let Ok(Some(line)) = lines.next_line() {
            if let Ok(reply) = Reply::parse(line) {
                // Escapes may make it too long, nothing else may happen to it.
                if let Ok(line) = reply.to_line() {
                    assert_eq!(Reply::parse(&line), Ok(reply));
                }
            }
        }
        if lines.next_line().is_err() {
            break;
        }
    }
});
