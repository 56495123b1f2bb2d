//! A proxy that delays the bytes to and from a server.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

/// A port of this machine that forwards to the server with a delay.
pub struct Way {
    /// The port.
    pub port: u16,
    is_closed: Arc<AtomicBool>,
    listening: Option<thread::JoinHandle<()>>,
}

impl Way {
    /// Forwards from `port`, or a free port if 0, to the port `server`.
    pub fn open(port: u16, server: u16, round_trip: Duration) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", port)).unwrap();
        listener.set_nonblocking(true).unwrap();
        let port = listener.local_addr().unwrap().port();
        let is_closed = Arc::new(AtomicBool::new(false));
        let closed = Arc::clone(&is_closed);
        let listening = thread::spawn(move || {
            while !closed.load(Ordering::Relaxed) {
                match listener.accept() {
                    Ok((client, _)) => {
                        drop(thread::spawn(move || carry(client, server, round_trip)))
                    }
                    Err(_) => thread::sleep(Duration::from_millis(1)),
                }
            }
        });
        Self {
            port,
            is_closed,
            listening: Some(listening),
        }
    }

    /// Refuses connections from now on.
    pub fn close(&mut self) {
        self.is_closed.store(true, Ordering::Relaxed);
        if let Some(listening) = self.listening.take() {
            listening.join().unwrap();
        }
    }
}

/// Forwards the bytes of both sides, and delays the connection too.
fn carry(client: TcpStream, server: u16, round_trip: Duration) {
    client.set_nonblocking(false).unwrap();
    thread::sleep(round_trip);
    let Ok(server) = TcpStream::connect(("127.0.0.1", server)) else {
        return;
    };
    let (from, to) = (client.try_clone().unwrap(), server.try_clone().unwrap());
    thread::spawn(move || pump(from, to, round_trip / 2));
    pump(server, client, round_trip / 2);
}

fn pump(mut from: TcpStream, mut to: TcpStream, delay: Duration) {
    let mut buffer = vec![0; 1 << 16];
    while let Ok(length @ 1..) = from.read(&mut buffer) {
        thread::sleep(delay);
        if to.write_all(&buffer[..length]).is_err() {
            break;
        }
    }
    let _ = to.shutdown(Shutdown::Both);
}
