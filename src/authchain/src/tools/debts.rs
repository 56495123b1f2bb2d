//! Time that a refusal costs and an acceptance does not.
//!
//! How long a refusal takes must not tell who exists, so a file that does not know a name owes the hash
//! that a wrong password would have cost. Most people a directory knows are unknown to the files in front
//! of it: they would wait twenty milliseconds at each login for nothing. So the hash is owed, and computed
//! only when the login is refused, or just before the person hears anything that could be timed.

use std::cell::RefCell;

use super::conversation::Conversation;
use crate::words::{ConversationError, Secret};

/// What is owed, as work to be done on what was typed.
type Debt = Box<dyn FnOnce(&Secret)>;

/// What the backends that were asked owe so far.
#[derive(Default)]
pub struct Debts(RefCell<Vec<Debt>>);

impl Debts {
    /// Adds work to be done if the login is refused.
    pub fn owe(&self, debt: impl FnOnce(&Secret) + 'static) {
        self.0.borrow_mut().push(Box::new(debt));
    }

    /// Does what is owed, once.
    pub fn pay(&self, password: &Secret) {
        for debt in self.0.take() {
            debt(password);
        }
    }
}

/// A conversation before each word of which everything that is owed is paid.
pub struct Paying<'a> {
    /// The person.
    pub conversation: &'a mut dyn Conversation,
    /// What is owed.
    pub debts: &'a Debts,
    /// What was typed.
    pub password: &'a Secret,
}

impl Paying<'_> {
    fn settled(&mut self) -> &mut dyn Conversation {
        self.debts.pay(self.password);
        self.conversation
    }
}

impl Conversation for Paying<'_> {
    fn authtok(&mut self) -> Result<Secret, ConversationError> {
        self.settled().authtok()
    }

    fn prompt_echo_off(&mut self, text: &str) -> Result<Secret, ConversationError> {
        self.settled().prompt_echo_off(text)
    }

    fn prompt_echo_on(&mut self, text: &str) -> Result<Secret, ConversationError> {
        self.settled().prompt_echo_on(text)
    }

    fn text_info(&mut self, text: &str) {
        self.settled().text_info(text);
    }

    fn error_msg(&mut self, text: &str) {
        self.settled().error_msg(text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;
    use std::rc::Rc;

    /// Somebody who notes how much was paid when they heard something.
    struct Listener(Rc<Cell<usize>>, Vec<usize>);

    impl Listener {
        fn hear(&mut self) -> Result<Secret, ConversationError> {
            self.1.push(self.0.get());
            Err(ConversationError::Aborted)
        }
    }

    impl Conversation for Listener {
        fn authtok(&mut self) -> Result<Secret, ConversationError> {
            self.hear()
        }
        fn prompt_echo_off(&mut self, _: &str) -> Result<Secret, ConversationError> {
            self.hear()
        }
        fn prompt_echo_on(&mut self, _: &str) -> Result<Secret, ConversationError> {
            self.hear()
        }
        fn text_info(&mut self, _: &str) {
            let _ = self.hear();
        }
        fn error_msg(&mut self, _: &str) {
            let _ = self.hear();
        }
    }

    #[test]
    fn everything_owed_is_paid_once_before_the_person_hears_anything() {
        let words: [fn(&mut dyn Conversation); 5] = [
            |person| drop(person.authtok()),
            |person| drop(person.prompt_echo_off("?")),
            |person| drop(person.prompt_echo_on("?")),
            |person| person.text_info("."),
            |person| person.error_msg("!"),
        ];
        for word in words {
            let paid = Rc::new(Cell::new(0));
            let debts = Debts::default();
            for _ in 0..2 {
                let paid = Rc::clone(&paid);
                debts.owe(move |_| paid.set(paid.get() + 1));
            }
            let mut listener = Listener(Rc::clone(&paid), Vec::new());
            let mut paying = Paying {
                conversation: &mut listener,
                debts: &debts,
                password: &Secret::new(b"pw".to_vec()),
            };
            word(&mut paying);
            word(&mut paying);
            assert_eq!(listener.1, [2, 2]);
        }
    }
}
