//! Tells whom a stack refuses because libpam cannot load one of its modules.
//!
//! libpam goes on without the module: it takes `module_unknown` for the answer, and the control of
//! the line says what follows. A `-` in front of the line changes what is logged, nothing else.

use super::answers::{BROKEN, NOT_LOADED};
use super::simulator::{Entry, Facility, Module};
use super::verdict::Fault;
use super::ways::{Case, Stack};
use crate::check::report::Severity;

/// A module that libpam cannot load: its place in the stack, and the reason.
pub(super) struct Unloadable {
    pub(super) at: usize,
    pub(super) why: String,
}

/// The people whom a stack refuses because a module is not loaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Refused {
    Everybody,
    /// Those whom our module accepts and no other module does.
    OursAlone,
    /// Those for whom no line before it ends the stack or jumps over it.
    WhoeverComesToIt,
    /// Those whom pam_unix accepts while our configuration is broken.
    InAnEmergency,
    Nobody,
}

/// Returns what each of these modules means for the people who use the stack.
pub(super) fn faults(
    facility: Facility,
    stack: &Stack<'_>,
    unloadable: &[Unloadable],
) -> Vec<Fault> {
    let all: Vec<usize> = unloadable.iter().map(|module| module.at).collect();
    let alone = |module: &Unloadable| refused(facility, stack, &[module.at]);
    // Several modules may stand in for each other, so that only the loss of all refuses somebody.
    let is_one_enough = unloadable.iter().any(|one| alone(one) != Refused::Nobody);
    let together = refused(facility, stack, &all);
    let fault = |module: &Unloadable| {
        let refused = if is_one_enough {
            alone(module)
        } else {
            together
        };
        describe(facility, refused, module, stack.entries.get(module.at)?)
    };
    unloadable.iter().filter_map(fault).collect()
}

/// Returns the people who get in only where the modules at these places are loaded.
fn refused(facility: Facility, stack: &Stack<'_>, unloadable: &[usize]) -> Refused {
    let stranger = match facility {
        Facility::Auth => "auth_err",
        _ => "user_unknown",
    };
    let case = |ours, unix, others| Case { ours, unix, others };
    let loss = |case| stack.loss(case, unloadable);
    let everybody = loss(case("success", "success", "success"));
    if everybody.is_whole() {
        return Refused::Everybody;
    }
    let lets_people_in = matches!(facility, Facility::Auth | Facility::Account);
    if lets_people_in && loss(case("success", stranger, stranger)).is_whole() {
        Refused::OursAlone
    } else if everybody.is_any_lost {
        Refused::WhoeverComesToIt
    } else if lets_people_in && loss(case(BROKEN, "success", stranger)).is_any_lost {
        Refused::InAnEmergency
    } else {
        Refused::Nobody
    }
}

fn describe(
    facility: Facility,
    refused: Refused,
    module: &Unloadable,
    entry: &Entry,
) -> Option<Fault> {
    let Module::Ask {
        control,
        may_be_missing,
        ..
    } = &entry.module
    else {
        return None;
    };
    let (why, at) = (&module.why, Some(module.at));
    if refused == Refused::Nobody {
        // Packages write `-` before lines whose module somebody may do without.
        let message = format!("{why}: libpam passes over this line, and logs that at each login");
        let severity = Severity::Note;
        return (!may_be_missing).then_some(Fault {
            severity,
            message,
            at,
        });
    }
    let whom = match (facility, refused) {
        (Facility::Password, _) => "nobody who comes to this line can change a password",
        (_, Refused::Everybody) => "nobody gets in, not even root",
        (_, Refused::WhoeverComesToIt) => {
            "nobody gets in whom the lines above do not lead past this one"
        }
        (_, Refused::OursAlone) => "nobody gets in whom authchain alone knows",
        (_, _) => "nobody gets in when the configuration is broken, not even root",
    };
    let message = format!(
        "{why}: libpam answers {NOT_LOADED} for it, which `{}` makes a refusal, and {whom}; take \
         the line out, or install the module",
        control.text
    );
    let severity = match (facility, refused) {
        (Facility::Password, _) | (_, Refused::InAnEmergency) => Severity::Warning,
        _ => Severity::Error,
    };
    Some(Fault {
        severity,
        message,
        at,
    })
}
