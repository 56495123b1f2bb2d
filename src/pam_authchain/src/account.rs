//! `pam_acct_mgmt`

use authchain::chain::{AccountDecision, Assembled, Outcome};
use authchain::tools::conversation::Conversation;
use authchain::tools::journal::{PamJournal, Phase};
use authchain::words::{AccountStatus, PamCode};

use crate::call::{Call, nameless, unusable};
use crate::hint::{Hint, Login};
use crate::refusal_text::refusal_text;

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
    let hint = call.handle.take(|hint| hint.fits(&login, now));
    let known = hint.map(Hint::into_account);
    let decision = chain.account(&name, known.as_ref(), &context);
    decision.report(&context, call.arguments.debug);
    if !context.silent {
        tell(&decision, &mut call.handle);
    }
    decision.code()
}

fn tell(decision: &AccountDecision, person: &mut dyn Conversation) {
    let Outcome::Answered(status) = &decision.outcome else {
        return;
    };
    match status {
        AccountStatus::Valid { warning: None } => {}
        AccountStatus::Valid {
            warning: Some(warning),
        } => person.text_info(warning),
        refusal => person.error_msg(refusal_text(refusal)),
    }
}
