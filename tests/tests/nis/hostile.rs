//! A NIS server that sends false replies, stalls and floods: the worker answers *unavailable* in
//! time.

use std::net::{TcpListener, UdpSocket};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

use authchain_tests::servers::asker::Asker;
use authchain_tests::servers::fake_yp::{
    self, Call, after, alice, login, numbers, record, reply, status, string, tcp, udp, unavailable,
    value,
};
use authchain_tests::servers::hostile;
use authchain_tests::servers::ypserv::{self, Ypserv};

#[test]
fn a_good_answer_is_believed_so_that_the_bad_ones_mean_something() {
    for told in after(Call::good) {
        assert!(told.is_accepted(), "{told:?}");
    }
    for told in after(|call| reply(call.xid, &status(-3))) {
        assert!(told.is_unknown(), "{told:?}");
    }
}

#[test]
fn only_one_status_means_unknown() {
    for code in [-8, -7, -6, -5, -4, -2, -1, 0, 2, 3, i32::MIN] {
        for told in after(move |call| reply(call.xid, &status(code))) {
            unavailable(&told, "passwd map: ");
            assert!(
                told.conclusion.servers.down.is_empty(),
                "it answers: {told:?}"
            );
        }
    }
}

#[test]
fn what_rpc_refuses_is_told_apart_and_never_a_denial() {
    for (numbers_behind_xid, words) in [
        (&[1, 1, 1, 1][..], "the server denies the call"),
        (&[1, 1, 0, 2, 2], "the server denies the call"),
        (&[1, 0, 0, 0, 1], "the program is not there"),
        (&[1, 0, 0, 0, 2, 3, 4], "the program speaks other versions"),
        (&[1, 0, 0, 0, 3], "the program has no such procedure"),
        (&[1, 0, 0, 0, 4], "the program cannot read the arguments"),
        (&[1, 0, 0, 0, 5], "the program has trouble of its own"),
        (&[1, 0, 0, 0, 77], "not a valid answer"),
        (&[0, 2, 100_004, 2, 3], "not a valid answer"),
        (&[1, 9], "not a valid answer"),
    ] {
        let answer =
            move |call: &Call| [numbers(&[call.xid]), numbers(numbers_behind_xid)].concat();
        for told in after(answer) {
            unavailable(&told, words);
        }
    }
}

#[test]
fn an_answer_that_is_cut_short_anywhere_lets_nobody_in_and_nobody_out() {
    let whole = reply(0, &value(alice().as_bytes()));
    for length in 4..whole.len() {
        // As a complete record with too little in it, and as a record that is cut.
        let cut = move |call: &Call| call.good()[..length].to_vec();
        let port = tcp(move |call| record(&cut(call)));
        unavailable(&login(port, "tcp"), "passwd map: not a valid answer");
        if length % 8 == 0 {
            let port = hostile::serve(move |mut stream| {
                if let Some(call) = fake_yp::hear(&mut stream) {
                    let bytes = &record(&call.good())[..length];
                    let _ = std::io::Write::write_all(&mut stream, bytes);
                }
            });
            unavailable(
                &login(port, "tcp"),
                "passwd map: the server closed the connection",
            );
        }
    }
}

#[test]
fn answers_that_are_too_long_are_cut_off() {
    let long = alice().replace(":Alice:", &format!(":{}:", "x".repeat(4096)));
    for told in after(move |call| reply(call.xid, &value(long.as_bytes()))) {
        unavailable(&told, "not a valid answer: it has too long a string");
    }
    for told in after(|call| [call.good(), vec![0; 9_000]].concat()) {
        unavailable(&told, "not a valid answer: too long an answer");
    }
    for told in after(|call| [call.good(), vec![0; 4]].concat()) {
        unavailable(&told, "not a valid answer: it goes on after its end");
    }
    // A length of a gigabyte, and an endless row of empty fragments.
    let port = tcp(|_| numbers(&[1 << 31 | 1 << 30, 0, 0]));
    unavailable(
        &login(port, "tcp"),
        "not a valid answer: too long an answer",
    );
    let port = tcp(|_| vec![0; 4096]);
    unavailable(
        &login(port, "tcp"),
        "not a valid answer: an answer in too many pieces",
    );
    let port = hostile::serve(|stream| hostile::flood(stream, &record(&numbers(&[7, 1, 0]))));
    unavailable(
        &login(port, "tcp"),
        "not a valid answer: answers to what was not asked",
    );
    let port = tcp(|_| b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec());
    unavailable(
        &login(port, "tcp"),
        "not a valid answer: too long an answer",
    );
}

#[test]
fn answers_to_other_calls_are_passed_over() {
    let twisted = |call: &Call| {
        let other = reply(call.xid.wrapping_add(1), &status(-3));
        (other, call.good())
    };
    let port = tcp(move |call| {
        let (other, good) = twisted(call);
        [record(&other), record(&other), record(&good)].concat()
    });
    assert!(login(port, "tcp").is_accepted());
    let port = udp(move |socket, call, from| {
        let (other, good) = twisted(&call);
        for datagram in [&other[..], b"", b"abc", &other, &good, &good] {
            let _ = socket.send_to(datagram, from);
        }
    });
    assert!(login(port, "udp").is_accepted());
}

/// Otherwise an attacker who can send us datagrams only has to guess the transaction id.
#[test]
fn an_answer_from_another_address_is_none() {
    let other_port = udp(|_, call, from| {
        let other = UdpSocket::bind("127.0.0.1:0").unwrap();
        let _ = other.send_to(&call.good(), from);
    });
    unavailable(&login(other_port, "udp"), "timed out");
    let other_host = udp(|_, call, from| {
        let other = UdpSocket::bind("127.0.0.2:0").unwrap();
        let _ = other.send_to(&call.good(), from);
    });
    unavailable(&login(other_host, "udp"), "timed out");
}

#[test]
fn a_datagram_that_is_lost_is_sent_again_as_the_same_call() {
    let (sender, heard) = channel();
    let is_lost = AtomicBool::new(false);
    let port = udp(move |socket, call, from| {
        sender.send(call.bytes.clone()).unwrap();
        if call.procedure != 3 || is_lost.swap(true, Ordering::Relaxed) {
            let _ = socket.send_to(&call.good(), from);
        }
    });
    assert!(login(port, "udp").is_accepted());
    let calls: Vec<_> = heard.try_iter().collect();
    assert_eq!(calls.len(), 3, "nothing, the question, the question again");
    assert_eq!(calls[1], calls[2]);
    assert_ne!(calls[0][..4], calls[1][..4]);
}

#[test]
fn a_server_that_is_slow_on_purpose_costs_its_time_and_no_more() {
    let drip = hostile::serve(|mut stream| {
        if let Some(call) = fake_yp::hear(&mut stream) {
            for byte in record(&call.good()) {
                if std::io::Write::write_all(&mut stream, &[byte]).is_err() {
                    return;
                }
                thread::sleep(Duration::from_millis(50));
            }
        }
    });
    let told = login(drip, "tcp");
    unavailable(&told, "passwd map: timed out");
    assert_eq!(told.conclusion.servers.down, [format!("127.0.0.1:{drip}")]);
    // A server that answers is not down if one person's hash is slow: that person would keep
    // everybody from the server.
    let slow = tcp(|call| {
        if call.bytes.windows(6).any(|bytes| bytes == b"shadow") {
            thread::sleep(Duration::from_secs(2));
        }
        record(&reply(call.xid, &value(b"alice:x:5001:100:::")))
    });
    let told = login(slow, "tcp");
    unavailable(&told, "shadow map: timed out");
    assert!(told.conclusion.servers.down.is_empty(), "{told:?}");
}

#[test]
fn a_portmapper_cannot_lead_us_elsewhere() {
    let Some(server) = Ypserv::start("a lying portmapper") else {
        return;
    };
    server.signal("-KILL", "rpcbind");
    let asker = Asker::of_kind("nis", ypserv::settings());
    for (result, words) in [
        (numbers(&[40_000]), "which any user of the server may have"),
        (numbers(&[65_536 + 834]), "portmapper: not a valid answer"),
        (numbers(&[0]), "portmapper: ypserv does not run there"),
        (numbers(&[834, 834]), "it goes on after its end"),
        (vec![], "it ends too soon"),
    ] {
        let told = server.asks(|| {
            let listener = TcpListener::bind("127.0.0.1:111").unwrap();
            once(listener, result.clone());
            asker.login("ann", "pw-ann")
        });
        unavailable(&told, words);
    }
    // The portmapper's address is ignored, its port is used.
    let six = asker.with("servers", serde_json::json!(["::1"]));
    for (address, words) in [
        ("192.0.2.1.3.67", None),
        ("::1.3.67", None),
        ("::1", Some("portmapper: not a valid answer")),
        ("", Some("ypserv does not run there")),
    ] {
        let told = server.asks(|| {
            let listener = TcpListener::bind("[::1]:111").unwrap();
            once(listener, string(address.as_bytes()));
            six.login("ann", "pw-ann")
        });
        match words {
            None => assert!(told.is_accepted(), "{address}: {told:?}"),
            Some(words) => unavailable(&told, words),
        }
    }
}

/// Answers one call with this result, and ends.
fn once(listener: TcpListener, result: Vec<u8>) {
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        drop(listener);
        let call = fake_yp::hear(&mut stream).unwrap();
        let bytes = record(&reply(call.xid, &result));
        let _ = std::io::Write::write_all(&mut stream, &bytes);
        hostile::wait(stream);
    });
}
