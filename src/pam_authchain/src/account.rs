//! `pam_acct_mgmt`

use authchain::chain::{Assembled, Outcome};
use authchain::tools::journal::{PamJournal, Phase};
use authchain::words::PamCode;

use crate::account_text::tell;
use crate::call::{Call, nameless, unusable};
use crate::hint::{Hint, Login};

/// Asks the chain whether the account may be used, and tells the person why not.
pub(crate) fn answer(call: &mut Call<'_>) -> PamCode {
    let items = call.handle.items();
    let (syslog, assembled) = call.log_and_chain();
    let journal = PamJournal::new(&syslog, &items.service, Phase::Account);
    call.log_if_debug(&journal);
    let Assembled { chain, settings } = match assembled {
        Ok(assembled) => assembled,
        Err(fault) => return unusable(&journal, &fault),
    };
    let name = match call.handle.user() {
        Ok(name) => name,
        Err(code) => return nameless(&journal, code),
    };
    let context = call.context(&items, &settings, &journal);
    let login = Login::new(call.arguments.config.as_deref(), &name, &items);
    let now = context.deadline.clock()();
    let hint = call.handle.take(|hint| hint.is_of(&login));
    let heard = hint.as_ref().and_then(Hint::warning);
    let known = hint
        .filter(|hint| hint.is_fresh(now))
        .map(Hint::into_account);
    let decision = chain.account(&name, known.as_ref(), &context);
    decision.report(&context, call.arguments.debug);
    let code = decision.code();
    let status = match decision.outcome {
        Outcome::Answered(status) => Some(status.with_warning(heard)),
        Outcome::Denied(denial) => denial.state,
        _ => None,
    };
    if let Some(status) = status.filter(|_| !context.silent) {
        tell(&status, &mut call.handle);
    }
    code
}
