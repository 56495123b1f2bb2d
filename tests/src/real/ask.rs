//! One sequence of PAM calls on a machine, without the peculiarities of a host program.

use std::collections::BTreeMap;

use crate::host::scene::{Call, Fault, Hex, Item, Phase, Process, Report, Script};

/// The PAM calls to make, and for whom.
#[derive(Debug, Clone, Default)]
pub struct Ask {
    /// PAM service.
    pub service: String,
    /// The user name as bytes, because a stranger may send any.
    pub user: Vec<u8>,
    /// The password typed at each authentication.
    pub password: Vec<u8>,
    /// The answers to the questions of a change of the password.
    pub change: Vec<Vec<u8>>,
    /// A fault of the program's conversation function.
    pub fault: Option<Fault>,
    /// `auth`, `account`, `setcred`, `open`, `close`, `chauthtok`, in this order.
    pub steps: Vec<String>,
    /// Flags for every step.
    pub flags: i32,
    /// The user who starts the program, as su and sudo are started. None: root.
    pub real_uid: Option<u32>,
    /// The unprivileged user who runs the program, like a screen locker. None: root.
    pub uid: Option<u32>,
}

/// The results of an [`Ask`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Answer {
    /// libpam's code for each step.
    pub codes: Vec<i32>,
    /// Every question.
    pub asked: Vec<String>,
    /// Every information and error text.
    pub told: Vec<String>,
}

impl Ask {
    /// The script of these calls, for `pam-host`.
    pub(crate) fn script(&self) -> Script {
        let call = |step: &String| Call {
            phase: phase(step),
            flags: self.flags,
        };
        let calls: Vec<Call> = self.steps.iter().map(call).collect();
        let logins = calls
            .iter()
            .filter(|call| call.phase == Phase::Authenticate);
        Script {
            user: Some(Hex::of(&self.user)),
            answers: logins
                .map(|_| Hex::of(&self.password))
                .chain(self.change.iter().map(|answer| Hex::of(answer)))
                .collect(),
            fault: self.fault,
            items: BTreeMap::from([
                (Item::Rhost, "192.0.2.7".into()),
                (Item::Tty, "test".into()),
            ]),
            calls,
            process: Process {
                real_uid: self.real_uid,
                uid: self.uid,
                ..Process::default()
            },
            ..Script::default()
        }
    }
}

impl Answer {
    /// The first code that is not success, at which a program stops. Success if there is none.
    pub fn first_refusal(&self) -> i32 {
        let mut codes = self.codes.iter();
        *codes.find(|code| **code != 0).unwrap_or(&0)
    }
}

fn phase(step: &str) -> Phase {
    match step {
        "auth" => Phase::Authenticate,
        "account" => Phase::Account,
        "setcred" => Phase::Setcred,
        "open" => Phase::OpenSession,
        "close" => Phase::CloseSession,
        "chauthtok" => Phase::Chauthtok,
        other => panic!("unknown step {other}"),
    }
}

impl From<Report> for Answer {
    fn from(report: Report) -> Self {
        let mut answer = Self {
            codes: report.codes,
            ..Self::default()
        };
        for prompt in report.prompts {
            match prompt.split_once(": ") {
                Some(("echo_off" | "echo_on", text)) => answer.asked.push(text.to_owned()),
                Some((_, text)) => answer.told.push(text.to_owned()),
                None => answer.told.push(prompt),
            }
        }
        answer
    }
}
