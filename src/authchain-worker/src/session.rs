//! The conversation with the module, from the hello to the end of the socket.

use std::future::{Future, poll_fn};
use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream as StdStream;
use std::pin::{Pin, pin};
use std::task::Poll;
use std::time::Duration;

use authchain::backends::protocol::{Hello, Lines, Message, ProtocolError, Question, Reply};
use authchain::tools::deadline::system_clock;
use tokio::io::AsyncWriteExt;
use tokio::net::UnixStream;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::mpsc::{Receiver, Sender, channel};

use crate::answer::Answer;
use crate::arguments::Arguments;
use crate::confine::confine;
use crate::dialogue::{Budget, Dialogue};
use crate::kinds::Kind;
use crate::process;

/// How many lines may wait: the module asks one thing at a time, so more is nobody we know.
const WAITING: usize = 4;

/// A backend in a process that is as confined as it will be.
struct Confined {
    /// The backend; or one that says why the process could not be confined.
    kind: Kind,
    /// Which walls are missing.
    walls: Vec<String>,
    /// How long it took, which is how long the question may have waited.
    took: Duration,
}

/// Hears the hello, prepares, says hello, confines the process, and answers until the module has gone.
///
/// While it confines itself the module wakes up and asks; the question waits in the socket. Whatever
/// goes wrong here ends the process or is answered with *unavailable*; nothing is tried again.
pub fn hold(mut module: StdStream, arguments: &Arguments) {
    process::write_no_files();
    let mut lines = Lines::default();
    let Some(hello) = hear_hello(&mut module, &mut lines) else {
        return;
    };
    let kind = Kind::prepare(&hello);
    if say_hello(&mut module, &kind).is_err() {
        return;
    }
    let confined = confined(kind, arguments);
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
    else {
        return;
    };
    runtime.block_on(async {
        // An error is the socket's: then there is nobody left to tell.
        let _ = converse(module, lines, confined).await;
    });
}

/// Waits for the first line. Nothing of a person is known yet, so nothing needs a deadline but the
/// module's own.
fn hear_hello(module: &mut StdStream, lines: &mut Lines) -> Option<Hello> {
    loop {
        if let Some(line) = lines.next_line().ok()? {
            return match Message::parse(line).ok()? {
                Message::Hello(hello) => Some(hello),
                _ => None,
            };
        }
        match lines.read_from(module) {
            Ok(0) => return None,
            Err(error) if error.kind() != io::ErrorKind::Interrupted => return None,
            _ => {}
        }
    }
}

fn say_hello(module: &mut StdStream, kind: &Kind) -> io::Result<()> {
    let line = line(&Reply::Hello(kind.can())).map_err(io::Error::other)?;
    module.write_all(&line)
}

fn confined(kind: Kind, arguments: &Arguments) -> Confined {
    let begin = system_clock();
    let access = kind.access();
    process::limit_memory(access.hashes);
    let (kind, walls) = match confine(&access, &arguments.user) {
        Ok(report) => (kind, report.notes),
        Err(refused) => (Kind::Broken(refused.to_string()), Vec::new()),
    };
    Confined {
        kind,
        walls,
        took: system_clock().saturating_duration_since(begin),
    }
}

/// Answers questions while it listens for more, and above all for the end of the socket: a worker
/// whose host was killed must not go on asking servers.
async fn converse(module: StdStream, lines: Lines, confined: Confined) -> io::Result<()> {
    module.set_nonblocking(true)?;
    let (reader, writer) = UnixStream::from_std(module)?.into_split();
    let (sender, receiver) = channel(WAITING);
    either(
        listen(reader, lines, sender),
        answer(receiver, writer, confined),
    )
    .await;
    Ok(())
}

/// Passes messages on until the socket ends or something comes that is no message.
async fn listen(reader: OwnedReadHalf, mut lines: Lines, sender: Sender<Message<'static>>) {
    loop {
        if forward(&mut lines, &sender).is_err() || reader.readable().await.is_err() {
            return;
        }
        match lines.read_from(&mut NoWait(&reader)) {
            Ok(0) => return,
            Err(error) if error.kind() != io::ErrorKind::WouldBlock => return,
            _ => {}
        }
    }
}

/// Every whole line that has come.
fn forward(lines: &mut Lines, sender: &Sender<Message<'static>>) -> Result<(), ProtocolError> {
    while let Some(line) = lines.next_line()? {
        let message = Message::parse(line)?;
        sender
            .try_send(message)
            .map_err(|_| ProtocolError::TooLong)?;
    }
    Ok(())
}

async fn answer(
    mut heard: Receiver<Message<'static>>,
    mut writer: OwnedWriteHalf,
    mut confined: Confined,
) {
    let kind = &mut confined.kind;
    while let Some(Message::Question(mut question)) = heard.recv().await {
        question.budget_ms = left_of(question.budget_ms, confined.took);
        let Ok(mut answer) = found_out(kind, &question, &mut heard, &mut writer).await else {
            return;
        };
        // Else nobody would ever hear of a wall that is missing.
        answer.notes.extend_from_slice(&confined.walls);
        let verdict = Reply::Verdict(answer.into());
        if say(&mut writer, &verdict).await.is_err() {
            return;
        }
    }
}

/// Returns the answer, or *unavailable* once the module's budget is spent. What is said on the way is
/// told as it comes, so that none of it is lost when the time is over or this process ends.
async fn found_out(
    kind: &mut Kind,
    question: &Question<'_>,
    heard: &mut Receiver<Message<'static>>,
    writer: &mut OwnedWriteHalf,
) -> io::Result<Answer> {
    let budget = Budget::of(question);
    let (mut dialogue, mut said) = Dialogue::open(heard, &budget);
    let answering = on_heap(|| async move { kind.answer(question, &mut dialogue).await });
    let telling = async {
        while let Some(reply) = said.recv().await {
            say(writer, &reply).await?;
        }
        Ok(())
    };
    let (answer, told) = tokio::join!(budget.spend(answering), telling);
    let late = || Answer::unavailable("timed out");
    told.map(|()| answer.unwrap_or_else(late))
}

/// What a question that has waited this long has left of its budget. The module goes by its own clock: an
/// answer that comes late is none, and cannot say on whom it waited.
fn left_of(budget_ms: u64, waited: Duration) -> u64 {
    let waited_ms = u64::try_from(waited.as_millis()).unwrap_or(u64::MAX);
    budget_ms.saturating_sub(waited_ms)
}

/// A future on the heap, made in a function of its own. What is awaited in place lies in the frame of
/// everything around it, and all the pages of a frame are had from the kernel when it is entered: a
/// fifth of the pages of a start.
#[inline(never)]
fn on_heap<'f, F: Future + 'f>(
    make: impl FnOnce() -> F,
) -> Pin<Box<dyn Future<Output = F::Output> + 'f>> {
    Box::pin(make())
}

async fn say(writer: &mut OwnedWriteHalf, reply: &Reply) -> io::Result<()> {
    let line = line(reply).map_err(io::Error::other)?;
    writer.write_all(&line).await
}

/// The reply as a line; a verdict that is too long for one goes without what was noticed on the way,
/// rather than not at all.
fn line(reply: &Reply) -> Result<Vec<u8>, ProtocolError> {
    match (reply.to_line(), reply) {
        (Err(ProtocolError::TooLong), Reply::Verdict(conclusion)) => {
            let mut short = conclusion.clone();
            short.notes.clear();
            Reply::Verdict(short).to_line()
        }
        (line, _) => line,
    }
}

/// Runs both until one of them is done.
async fn either(first: impl Future<Output = ()>, second: impl Future<Output = ()>) {
    let (mut first, mut second) = (pin!(first), pin!(second));
    poll_fn(|context| {
        let is_done =
            first.as_mut().poll(context).is_ready() || second.as_mut().poll(context).is_ready();
        if is_done {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    })
    .await;
}

/// Reads what is there, for [`Lines`], which knows nothing of runtimes.
struct NoWait<'a>(&'a OwnedReadHalf);

impl Read for NoWait<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.try_read(buffer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use authchain::backends::protocol::{Conclusion, MAX_LINE, WireVerdict};

    #[test]
    fn a_question_that_waited_has_the_rest_of_its_budget() {
        assert_eq!(left_of(2_900, Duration::from_micros(900)), 2_900);
        assert_eq!(left_of(2_900, Duration::from_millis(400)), 2_500);
        assert_eq!(left_of(2_900, Duration::from_secs(3)), 0);
    }

    #[test]
    fn a_verdict_is_told_however_much_was_noticed() {
        let mut conclusion = Conclusion::from(WireVerdict::Unknown);
        conclusion.notes.push("short".to_owned());
        let told = |conclusion: &Conclusion| {
            let line = line(&Reply::Verdict(conclusion.clone())).unwrap();
            Reply::parse(&line).unwrap()
        };
        assert_eq!(told(&conclusion), Reply::Verdict(conclusion.clone()));
        conclusion.notes.push("x".repeat(MAX_LINE));
        let bare = Conclusion::from(WireVerdict::Unknown);
        assert_eq!(told(&conclusion), Reply::Verdict(bare));
    }
}
