//! `pam_authenticate`

use authchain::chain::Assembled;
use authchain::tools::journal::{Journal, PamJournal, Phase, Severity};
use authchain::words::PamCode;

use crate::account_text::tell;
use crate::call::{Call, given_name, nameless, unusable};
use crate::hint::{Hint, Login};

/// Asks the chain whether the person is who they say they are.
///
/// If the configuration is broken, the person is asked nothing: no password could change the
/// outcome. A later module asks for the password itself.
pub(crate) fn answer(call: &mut Call<'_>) -> PamCode {
    // The hint of an earlier login must not be used after this one.
    call.handle.forget();
    let items = call.handle.items();
    let (syslog, assembled) = call.log_and_chain();
    let journal = PamJournal::new(&syslog, &items.service, Phase::Auth);
    call.log_if_debug(&journal);
    let Assembled { chain, settings } = match assembled {
        Ok(assembled) => assembled,
        Err(fault) => return unusable(&journal, &fault),
    };
    if !call.arguments.nodelay {
        call.handle.delay_failures(settings.fail_delay.duration());
    }
    let name = match call.handle.user() {
        Ok(name) => name,
        Err(code) => return nameless(&journal, code),
    };
    let context = call.context(&items, &settings, &journal);
    let clock = context.deadline.clock();
    let mut decided = clock();
    let decision = chain.authenticate(&name, &context, &mut call.handle, |decision| {
        // The clock is read before the line is logged: a slow logger must not make the hint seem
        // younger than it is.
        decided = clock();
        decision.report(&given_name(&name, &settings), &context);
    });
    if call.handle.user_item().as_ref() != Some(&name) {
        // If a host or module changed the name during the prompt, the decision is about another
        // user than the one who would be let in.
        journal.write(
            Severity::LOG_ERR,
            "the login name was changed during the prompt",
        );
        return PamCode::SystemError;
    }
    if let Some(state) = decision.barred().filter(|_| !context.silent) {
        tell(state, &mut call.handle);
    }
    let login = Login::new(call.arguments.config.as_deref(), &name, &items);
    if let Some(hint) = Hint::of(&decision, login, decided) {
        call.handle.keep(hint);
    }
    decision.code()
}
