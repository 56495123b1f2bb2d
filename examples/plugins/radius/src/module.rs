//! The other end: the module, whose messages come in lines.

use std::io::{self, BufRead, Read, Write};
use std::sync::mpsc::{self, Receiver};
use std::{process, thread};

use base64ct::{Base64, Encoding};
use serde_json::Value;

/// The longest line, its line feed included.
const MAX_LINE: u64 = 65_536;

/// The module, at standard input and output.
pub(crate) struct Module {
    messages: Receiver<Value>,
}

impl Module {
    /// Begins to listen. When the module hangs up, or says what is not on the page, the process
    /// ends, whatever it waits for.
    ///
    /// # Errors
    /// When there can be no thread.
    pub(crate) fn listen() -> io::Result<Self> {
        let (sender, messages) = mpsc::channel();
        thread::Builder::new().spawn(move || {
            while let Some(message) = read() {
                let _ = sender.send(message);
            }
            process::exit(1);
        })?;
        Ok(Self { messages })
    }

    /// Waits for the next message.
    pub(crate) fn hear(&self) -> io::Result<Value> {
        self.messages.recv().map_err(|_| broken())
    }

    /// Sends a message.
    pub(crate) fn say(&self, message: &Value) -> io::Result<()> {
        let mut out = io::stdout().lock();
        out.write_all(format!("{message}\n").as_bytes())?;
        out.flush()
    }
}

/// Reads a message; `None` at the end, and for a line that is too long or no JSON object.
fn read() -> Option<Value> {
    let mut line = Vec::new();
    let mut input = io::stdin().lock().take(MAX_LINE);
    input.read_until(b'\n', &mut line).ok()?;
    let message: Value = serde_json::from_slice(line.strip_suffix(b"\n")?).ok()?;
    message.is_object().then_some(message)
}

/// Returns the error of an exchange that is not as docs/PROTOCOL.md has it.
pub(crate) fn broken() -> io::Error {
    io::ErrorKind::InvalidData.into()
}

/// Returns the bytes of what was typed.
pub(crate) fn decoded(answer: &Value) -> io::Result<Vec<u8>> {
    let text = answer.as_str().ok_or_else(broken)?;
    Base64::decode_vec(text).map_err(|_| broken())
}
