//! Asks the portmapper for the port of a program (RFC 1833).

use std::net::SocketAddr;

use authchain::config::settings::nis::Transport;
use authchain::words::number;

use super::rpc::{Procedure, RpcRefusal};
use super::xdr::{Reader, Writer};

/// The portmapper's own port, over either transport.
pub const PORT: u16 = 111;

const PROGRAM: u32 = 100_000;

/// `PMAPPROC_GETPORT` of version 2, which knows only IPv4 (RFC 1833 §3).
pub const GETPORT: Procedure = Procedure {
    program: PROGRAM,
    version: 2,
    number: 3,
};

/// `RPCBPROC_GETADDR` of version 4 (RFC 1833 §2.2).
pub const GETADDR: Procedure = Procedure {
    program: PROGRAM,
    version: 4,
    number: 3,
};

/// The longest address in an answer, in bytes: IPv6 in its longest spelling, a zone and a port.
const MAX_ADDRESS: usize = 128;

/// Returns the call that asks for the port of the program that `any` is a procedure of, where
/// `server` is asked over `transport`.
pub fn question(any: Procedure, server: SocketAddr, transport: Transport) -> (Procedure, Writer) {
    let arguments = Writer::default().number(any.program).number(any.version);
    if server.is_ipv4() {
        // IPPROTO_TCP and IPPROTO_UDP, and a port that does not matter.
        let protocol = match transport {
            Transport::Tcp => 6,
            Transport::Udp => 17,
        };
        return (GETPORT, arguments.number(protocol).number(0));
    }
    let network = match transport {
        Transport::Tcp => &b"tcp6"[..],
        Transport::Udp => b"udp6",
    };
    // The address and the owner of the program, which do not matter.
    let arguments = arguments.string(network).string(b"").string(b"");
    (GETADDR, arguments)
}

/// Returns the port in the answer; `None` where the program is not registered.
///
/// # Errors
/// When the answer is malformed.
pub fn answer(procedure: Procedure, result: &[u8]) -> Result<Option<u16>, RpcRefusal> {
    let mut reader = Reader::new(result);
    let port = if procedure == GETPORT {
        u16::try_from(reader.number()?).map_err(|_| RpcRefusal::NoReply)?
    } else {
        match reader.string(MAX_ADDRESS)? {
            [] => 0,
            address => port_of(address).ok_or(RpcRefusal::NoReply)?,
        }
    };
    reader.end()?;
    Ok((port > 0).then_some(port))
}

/// Returns the port in a universal address such as `::1.3.66` (RFC 5665 §5.2.3): its last two
/// numbers. The address is ignored: it could lead to another machine.
fn port_of(address: &[u8]) -> Option<u16> {
    let mut parts = std::str::from_utf8(address).ok()?.rsplit('.');
    let low: u8 = number(parts.next()?.as_bytes())?;
    let high: u8 = number(parts.next()?.as_bytes())?;
    parts.next()?;
    Some(u16::from_be_bytes([high, low]))
}

#[cfg(test)]
mod tests {
    use super::super::xdr::Malformed;
    use super::super::yp;
    use super::*;

    const V4: &str = "192.0.2.1:111";
    const V6: &str = "[2001:db8::1]:111";

    fn asked(server: &str, transport: Transport) -> (Procedure, Vec<u8>) {
        let (procedure, arguments) = question(yp::NULL, server.parse().unwrap(), transport);
        (procedure, arguments.into_bytes().to_vec())
    }

    #[test]
    fn the_question_fits_the_family_and_the_transport() {
        let (procedure, arguments) = asked(V4, Transport::Udp);
        assert_eq!((procedure.version, procedure.number), (2, 3));
        let numbers = [yp::PROGRAM, 2, 17, 0].map(u32::to_be_bytes);
        assert_eq!(arguments, numbers.concat());
        let (procedure, arguments) = asked(V6, Transport::Tcp);
        assert_eq!((procedure.version, procedure.number), (4, 3));
        assert_eq!(arguments[8..], *b"\0\0\0\x04tcp6\0\0\0\0\0\0\0\0");
    }

    #[test]
    fn a_port_is_a_number_or_the_end_of_an_address() {
        let port = |number: u32| answer(GETPORT, &number.to_be_bytes());
        assert_eq!(port(834), Ok(Some(834)));
        assert_eq!(port(0), Ok(None));
        assert_eq!(port(65_536), Err(RpcRefusal::NoReply));
        let address = |text: &str| {
            let string = Writer::default().string(text.as_bytes());
            answer(GETADDR, &string.into_bytes())
        };
        assert_eq!(address("::1.3.66"), Ok(Some(834)));
        assert_eq!(address("fe80::1%eth0.3.66"), Ok(Some(834)));
        assert_eq!(address(""), Ok(None));
        for text in [
            "::1",
            "3.66",
            "::1.256.0",
            "::1..1",
            "::1.3.66.",
            "::1.+3.66",
        ] {
            assert_eq!(address(text), Err(RpcRefusal::NoReply), "{text}");
        }
        let long = RpcRefusal::Malformed(Malformed::Long);
        assert_eq!(address(&"x".repeat(129)), Err(long));
        let trailing = RpcRefusal::Malformed(Malformed::Trailing);
        assert_eq!(answer(GETPORT, &[0; 8]), Err(trailing));
    }
}
