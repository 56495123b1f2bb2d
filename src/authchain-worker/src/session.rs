//! The conversation with the module, from the hello to the end of the socket.

use std::future::{Future, poll_fn};
use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream as StdStream;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use authchain::backends::protocol::{
    Hello, LineBuffer, Message, ProtocolError, Reply, WireVerdict,
};
use authchain::tools::deadline::system_clock;
use authchain::words::BackendError;
use authchain_sandbox::confine::{Profile, Refused, confine};
use authchain_sandbox::process::{self, ProcessFault};
use tokio::io::AsyncWriteExt;
use tokio::net::UnixStream;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::mpsc::{Receiver, Sender, channel};

use crate::answer::Answer;
use crate::arguments::Arguments;
use crate::asked::Asked;
use crate::dialogue::{Budget, Dialogue};
use crate::kind::Kind;
use crate::kinds;
use crate::net::failure::io_text;

/// Most lines that may wait. The module asks one thing at a time: whoever sends more is not the
/// module.
const WAITING: usize = 4;

/// A backend, and the result of confining the process.
struct Confined {
    /// The backend; or why the process could not be confined.
    kind: Result<Box<dyn Kind>, Refused>,
    /// Notes for the log about walls that are missing.
    walls: Vec<String>,
    /// The time that confining took: the question may have waited so long.
    took: Duration,
}

/// Hears the hello, prepares, says hello, confines the process, and answers until the module has
/// gone.
///
/// The module asks while the process confines itself; the question waits in the socket. A fault
/// ends the process or is answered with *failed*, or with *unavailable* if a file may not be used;
/// nothing is tried again. `sanitized` is the result of the process's first steps; a fault in it is
/// answered like the others.
pub fn serve(mut module: StdStream, arguments: &Arguments, sanitized: Result<(), ProcessFault>) {
    process::write_no_files();
    let mut lines = LineBuffer::default();
    let Some(hello) = hear_hello(&mut module, &mut lines) else {
        return;
    };
    let sanitized = sanitized.map_err(|fault| {
        let refused = Refused::from(fault);
        BackendError::Failed(refused.to_string())
    });
    let kind = match sanitized.and_then(|()| kinds::prepare(&hello)) {
        Ok(kind) => kind,
        Err(error) => {
            // A verdict in place of a hello: the worker can be asked nothing.
            let verdict = Reply::Verdict(Answer::from(error).into());
            let _ = say_at_once(&mut module, &verdict);
            return;
        }
    };
    if say_at_once(&mut module, &Reply::Hello(kind.can().to_vec())).is_err() {
        return;
    }
    let confined = confined(kind, arguments);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(error) => {
            let failed = Answer::failed(format!("the worker cannot wait: {}", io_text(&error)));
            let _ = say_at_once(&mut module, &Reply::Verdict(failed.into()));
            return;
        }
    };
    runtime.block_on(async {
        // An error is the socket's: then there is nobody left to tell.
        let _ = converse(module, lines, confined).await;
    });
}

/// Says *failed* in place of a hello.
pub fn fail(mut module: StdStream, why: String) {
    let _ = say_at_once(&mut module, &Reply::Verdict(Answer::failed(why).into()));
}

/// Waits for the first line, without a deadline: nothing about a person is known yet, and the
/// module has a deadline of its own.
fn hear_hello(module: &mut StdStream, lines: &mut LineBuffer) -> Option<Hello> {
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

/// Sends a reply before there is a runtime.
fn say_at_once(module: &mut StdStream, reply: &Reply) -> io::Result<()> {
    let line = line(reply).map_err(io::Error::other)?;
    module.write_all(&line)
}

fn confined(kind: Box<dyn Kind>, arguments: &Arguments) -> Confined {
    let begin = system_clock();
    let access = kind.access();
    process::limit_memory(access.hashes);
    let (kind, walls) = match confine(&Profile::SERVER, &access, &arguments.user) {
        Ok(report) => (Ok(kind), report.notes),
        Err(refused) => (Err(refused), Vec::new()),
    };
    Confined {
        kind,
        walls,
        took: system_clock().saturating_duration_since(begin),
    }
}

/// Answers questions while it listens for more, and above all for the end of the socket: a worker
/// whose host was killed must not go on asking servers.
async fn converse(module: StdStream, lines: LineBuffer, confined: Confined) -> io::Result<()> {
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
async fn listen(reader: OwnedReadHalf, mut lines: LineBuffer, sender: Sender<Message<'static>>) {
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

/// Passes on every whole line that has come.
fn forward(lines: &mut LineBuffer, sender: &Sender<Message<'static>>) -> Result<(), ProtocolError> {
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
    while let Some(message) = heard.recv().await {
        let Some(mut asked) = Asked::of(message) else {
            return;
        };
        let budget_ms = asked.budget_ms();
        *budget_ms = left_of(*budget_ms, confined.took);
        let found = match &mut confined.kind {
            Ok(kind) if !kind.can().contains(&asked.operation()) => {
                let word = asked.operation().word();
                Ok(Answer::failed(format!("this worker cannot {word}")))
            }
            Ok(kind) => answer_in_time(kind.as_mut(), asked, &mut heard, &mut writer).await,
            Err(refused) => Ok(Answer::failed(refused.to_string())),
        };
        let Ok(mut answer) = found else {
            return;
        };
        // Otherwise nobody would ever hear of a wall that is missing.
        answer.notes.extend_from_slice(&confined.walls);
        let verdict = Reply::Verdict(answer.into());
        if say(&mut writer, &verdict).await.is_err() {
            return;
        }
    }
}

/// Returns the answer, or *failed* once the module's budget is spent. Texts for the person are sent
/// as they come, so that none is lost when the time is over or this process ends.
async fn answer_in_time(
    kind: &mut dyn Kind,
    mut asked: Asked,
    heard: &mut Receiver<Message<'static>>,
    writer: &mut OwnedWriteHalf,
) -> io::Result<Answer> {
    let budget = Budget::of_ms(*asked.budget_ms());
    let (mut dialogue, mut said) = Dialogue::open(heard, &budget);
    let is_to_change = asked.is_to_change();
    let answering = async move { asked.put_to(kind, &mut dialogue).await };
    let telling = async {
        while let Some(reply) = said.recv().await {
            say(writer, &reply).await?;
        }
        Ok(())
    };
    let (answer, told) = tokio::join!(budget.spend(answering), telling);
    // Those who ask servers have an answer before: only a process that was stopped has none.
    let late = || match is_to_change {
        // A server may have been told to make the change.
        true => WireVerdict::Unsure("timed out".to_owned()).into(),
        false => Answer::failed("timed out"),
    };
    told.map(|()| answer.unwrap_or_else(late))
}

/// Returns the rest of the budget of a question that has waited. The module does not wait longer: a
/// late answer is lost, and with it the name of the server that was slow.
fn left_of(budget_ms: u64, waited: Duration) -> u64 {
    let waited_ms = u64::try_from(waited.as_millis()).unwrap_or(u64::MAX);
    budget_ms.saturating_sub(waited_ms)
}

async fn say(writer: &mut OwnedWriteHalf, reply: &Reply) -> io::Result<()> {
    let line = line(reply).map_err(io::Error::other)?;
    writer.write_all(&line).await
}

/// Returns the reply as a line. A verdict that is too long for a line is sent without its notes.
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

/// Reads the bytes that have come, without waiting, for [`LineBuffer`], which knows no async.
struct NoWait<'a>(&'a OwnedReadHalf);

impl Read for NoWait<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.try_read(buffer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kind::Answering;
    use authchain::backends::password_change::ChangeKind;
    use authchain::backends::protocol::{
        Bytes, Conclusion, MAX_LINE, Operation, PasswordChange, Question, WireUser,
    };
    use authchain::words::Secret;
    use authchain_sandbox::confine::Access;

    #[test]
    fn a_question_that_waited_has_the_rest_of_its_budget() {
        assert_eq!(left_of(2_900, Duration::from_micros(900)), 2_900);
        assert_eq!(left_of(2_900, Duration::from_millis(400)), 2_500);
        assert_eq!(left_of(2_900, Duration::from_secs(3)), 0);
    }

    /// A backend that asks for a code, and finds everybody who has it.
    struct Asking;

    impl Kind for Asking {
        fn access(&self) -> Access {
            Access::none()
        }

        fn can(&self) -> &'static [Operation] {
            &[Operation::Authenticate]
        }

        fn answer<'a>(
            &'a mut self,
            _question: &'a Question<'_>,
            dialogue: &'a mut Dialogue<'_>,
        ) -> Answering<'a> {
            Box::pin(async {
                dialogue.info("A code was sent to you.");
                match dialogue.prompt(false, "Code: ").await {
                    Ok(typed) if typed.expose() == b"123456" => {
                        WireVerdict::Found(WireUser::default()).into()
                    }
                    Ok(_) => Answer::unknown(None),
                    Err(none) => Answer::unavailable(none.to_string()),
                }
            })
        }
    }

    /// Never has an answer.
    struct Sleeping;

    impl Kind for Sleeping {
        fn access(&self) -> Access {
            Access::none()
        }

        fn can(&self) -> &'static [Operation] {
            Operation::ALL
        }

        fn answer<'a>(&'a mut self, _: &'a Question<'_>, _: &'a mut Dialogue<'_>) -> Answering<'a> {
            Box::pin(std::future::pending())
        }
    }

    fn said_to(messages: &[Message<'_>]) -> Vec<Reply> {
        said_by(Ok(Box::new(Asking)), messages)
    }

    /// Returns what a session says to these messages, one after each pause, until it ends.
    fn said_by(kind: Result<Box<dyn Kind>, Refused>, messages: &[Message<'_>]) -> Vec<Reply> {
        let (ours, theirs) = StdStream::pair().unwrap();
        let confined = Confined {
            kind,
            walls: Vec::new(),
            took: Duration::ZERO,
        };
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        runtime.unwrap().block_on(async {
            let talking = converse(theirs, LineBuffer::default(), confined);
            let asking = async {
                ours.set_nonblocking(true).unwrap();
                let mut ours = UnixStream::from_std(ours).unwrap();
                for message in messages {
                    // It may have ended before.
                    let _ = ours.write_all(&message.to_line().unwrap()).await;
                    tokio::time::sleep(Duration::from_millis(30)).await;
                }
                let _ = ours.shutdown().await;
                let mut said = String::new();
                tokio::io::AsyncReadExt::read_to_string(&mut ours, &mut said)
                    .await
                    .unwrap();
                said
            };
            let (_, said) = tokio::join!(talking, asking);
            let lines = said.lines().map(|line| Reply::parse(line.as_bytes()));
            lines.map(Result::unwrap).collect()
        })
    }

    fn question(budget_ms: u64) -> Message<'static> {
        Message::Question(Question {
            operation: Operation::Authenticate,
            user: "alice".to_owned(),
            password: Some(Bytes::Owned(Secret::new(b"x".to_vec()))),
            change: None,
            answer: None,
            service: "sshd".to_owned(),
            tty: String::new(),
            rhost: String::new(),
            ruser: String::new(),
            groups: Vec::new(),
            budget_ms,
        })
    }

    /// Returns a question to change a password, or without a new one to check whether it may be.
    fn change(new: Option<&str>) -> Message<'static> {
        let Message::Question(asked) = question(0) else {
            panic!("not a question")
        };
        let bytes = |text: &str| Bytes::Owned(Secret::new(text.into()));
        Message::Question(Question {
            operation: Operation::ChangePassword,
            password: None,
            change: Some(PasswordChange {
                kind: ChangeKind::Own,
                old: Some(bytes("old")),
                new: new.map(bytes),
            }),
            ..asked
        })
    }

    fn code() -> Message<'static> {
        Message::Answer(Bytes::Owned(Secret::new(b"123456".to_vec())))
    }

    #[test]
    fn a_backend_asks_the_person_and_has_the_answer_however_long_they_type() {
        let info = Reply::Info("A code was sent to you.".to_owned());
        let text = "Code: ".to_owned();
        let prompt = Reply::Prompt { echo: false, text };
        let found = Reply::Verdict(WireVerdict::Found(WireUser::default()).into());
        let said = said_to(&[question(10), code(), question(10), code()]);
        let once = [info, prompt, found];
        assert_eq!(said, [once.clone(), once].concat());
    }

    #[test]
    fn a_process_that_cannot_be_confined_has_failed_whatever_is_asked() {
        let refused = Refused::CallFilter;
        let why = refused.to_string();
        let said = said_by(Err(refused), &[question(10), question(10)]);
        let failed = Reply::Verdict(WireVerdict::Failed(why).into());
        assert_eq!(said, [failed.clone(), failed]);
    }

    #[test]
    fn a_question_whose_time_was_over_before_it_was_heard_has_failed() {
        let slow = WireVerdict::Failed("timed out".to_owned());
        let kind: Box<dyn Kind> = Box::new(Sleeping);
        assert_eq!(
            said_by(Ok(kind), &[question(0)]),
            [Reply::Verdict(slow.into())]
        );
    }

    #[test]
    fn a_change_whose_time_is_over_may_have_been_made_and_a_check_changes_nothing() {
        let said = |new| said_by(Ok(Box::new(Sleeping)), &[change(new)]);
        let late = "timed out".to_owned();
        let unsure = Reply::Verdict(WireVerdict::Unsure(late.clone()).into());
        assert_eq!(said(Some("new")), [unsure]);
        assert_eq!(
            said(None),
            [Reply::Verdict(WireVerdict::Failed(late).into())]
        );
    }

    #[test]
    fn a_backend_that_cannot_change_passwords_says_so_and_is_not_asked() {
        let why = "this worker cannot change_password".to_owned();
        let failed = Reply::Verdict(WireVerdict::Failed(why).into());
        assert_eq!(said_to(&[change(Some("new"))]), [failed]);
    }

    #[test]
    fn an_answer_that_nobody_asked_for_ends_the_session() {
        assert_eq!(said_to(&[code(), question(10), code()]), []);
    }

    #[test]
    fn a_verdict_is_sent_however_long_its_notes_are() {
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
