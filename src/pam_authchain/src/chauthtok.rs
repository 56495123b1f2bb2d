//! `pam_chauthtok`

use authchain::backends::password_change::ChangeKind;
use authchain::chain::{Assembled, ChangeDecision, ChangeOutcome, ChangePhase};
use authchain::tools::conversation::Conversation;
use authchain::tools::journal::{PamJournal, Phase, Severity};
use authchain::tools::request::Context;
use authchain::words::PamCode;

use crate::call::{Call, nameless, unusable};
use crate::hint::Login;
use crate::permission::Permission;

/// Finds out in libpam's first call whether the password may be changed, and changes it in the
/// second.
pub(crate) fn answer(call: &mut Call<'_>) -> PamCode {
    // The account is judged anew after a change.
    call.handle.forget();
    let items = call.handle.items();
    let (syslog, assembled) = call.log_and_chain();
    let journal = PamJournal::new(&syslog, &items.service, Phase::Chauthtok);
    call.log_if_debug(&journal);
    let assembled = match assembled {
        Ok(assembled) => assembled,
        Err(fault) => return unusable(&journal, &fault),
    };
    let name = match call.handle.user() {
        Ok(name) => name,
        Err(code) => return nameless(&journal, code),
    };
    let context = call.context(&items, &assembled.settings, &journal);
    let login = Login::new(call.arguments.config.as_deref(), &name, &items);
    match call.flags.change_phase() {
        Some(ChangePhase::Preliminary) => preliminary(call, &assembled, &name, &context, login),
        Some(ChangePhase::Update) => update(call, &assembled, &context, &login),
        None => refuse(&context, "the host called the module without libpam"),
    }
}

fn preliminary(
    call: &mut Call<'_>,
    assembled: &Assembled,
    name: &[u8],
    context: &Context<'_>,
    login: Login,
) -> PamCode {
    // What an earlier first call allowed must not be changed after this one.
    let _ = call.handle.take_permission(&line(call));
    if !call.arguments.nodelay {
        call.handle
            .delay_failures(assembled.settings.fail_delay.duration());
    }
    let kind = kind(call, context);
    let chain = &assembled.chain;
    let decision = chain.may_change_password(name, kind, context, &mut call.handle);
    if call.handle.user_item().as_deref() != Some(name) {
        return refuse(context, "the login name was changed during the prompt");
    }
    tell(call, &decision, context);
    let permission = decision.permission();
    if permission.is_some() || decision.outcome == ChangeOutcome::Unknown {
        let permission = Permission::new(login, permission);
        call.handle.permit(&line(call), permission);
    }
    decision.code()
}

fn update(
    call: &mut Call<'_>,
    assembled: &Assembled,
    context: &Context<'_>,
    login: &Login,
) -> PamCode {
    let permission = call.handle.take_permission(&line(call));
    let allowed = match permission.and_then(|permission| permission.if_of(login)) {
        Some(Some(allowed)) => allowed,
        Some(None) => return PamCode::UserUnknown,
        None => {
            return refuse(
                context,
                "the first call was for another user, or there was none",
            );
        }
    };
    if allowed.kind() != kind(call, context) {
        return refuse(context, "the first call was for another kind of change");
    }
    let chain = &assembled.chain;
    let decision = chain.change_password(&allowed, context, &mut call.handle);
    tell(call, &decision, context);
    decision.code()
}

fn kind(call: &Call<'_>, context: &Context<'_>) -> ChangeKind {
    match (context.uid, context.euid) {
        _ if call.flags.only_expired() => ChangeKind::Expired,
        (0, 0) => ChangeKind::ByRoot,
        _ => ChangeKind::Own,
    }
}

/// Logs the decision, and tells the person about it.
fn tell(call: &mut Call<'_>, decision: &ChangeDecision, context: &Context<'_>) {
    decision.report(context, call.arguments.debug);
    if context.silent {
        return;
    }
    if let Some(text) = decision.error_text() {
        call.handle.error_msg(&text);
    }
    if let ChangeOutcome::Granted(Some(text)) = &decision.outcome {
        call.handle.text_info(text);
    }
}

fn refuse(context: &Context<'_>, why: &str) -> PamCode {
    let line = format!("password not changed: {why}");
    context.journal.write(Severity::LOG_ERR, &line);
    PamCode::AuthtokError
}

/// Returns the arguments that tell this line of the stack from another.
fn line(call: &Call<'_>) -> String {
    format!("change {}", call.arguments.written.join(" "))
}
