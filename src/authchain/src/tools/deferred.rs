//! Work that is done only if the login is refused.
//!
//! The time of a refusal must not tell whether a name exists. So an unknown name costs the hash
//! that a wrong password would have cost. But the people of a directory are unknown to the local
//! files, which are asked first. Each of their logins would wait twenty milliseconds for nothing.
//! So the hash is deferred: it is computed when the login is refused, or just before the person is
//! shown a text and could measure the time until then.

use std::cell::RefCell;

use super::conversation::Conversation;
use crate::words::{ConversationError, Secret};

/// Work on the password that was typed.
type Work = Box<dyn FnOnce(&Secret)>;

/// The work that backends have deferred in this login so far.
#[derive(Default)]
pub struct Deferred(RefCell<Vec<Work>>);

impl Deferred {
    /// Adds work to be done if the login is refused.
    pub fn push(&self, work: impl FnOnce(&Secret) + 'static) {
        self.0.borrow_mut().push(Box::new(work));
    }

    /// Does the work, and forgets it.
    pub fn run(&self, password: &Secret) {
        for work in self.0.take() {
            work(password);
        }
    }
}

/// A conversation that does the deferred work before each text and question to the person.
pub struct WorkFirst<'a> {
    /// The conversation with the person.
    pub conversation: &'a mut dyn Conversation,
    /// The deferred work.
    pub deferred: &'a Deferred,
    /// The password that was typed.
    pub password: &'a Secret,
}

impl WorkFirst<'_> {
    fn after_work(&mut self) -> &mut dyn Conversation {
        self.deferred.run(self.password);
        self.conversation
    }
}

impl Conversation for WorkFirst<'_> {
    fn authtok(&mut self, prompt: Option<&str>) -> Result<Secret, ConversationError> {
        self.after_work().authtok(prompt)
    }

    fn prompt_echo_off(&mut self, text: &str) -> Result<Secret, ConversationError> {
        self.after_work().prompt_echo_off(text)
    }

    fn prompt_echo_on(&mut self, text: &str) -> Result<Secret, ConversationError> {
        self.after_work().prompt_echo_on(text)
    }

    fn text_info(&mut self, text: &str) {
        self.after_work().text_info(text);
    }

    fn error_msg(&mut self, text: &str) {
        self.after_work().error_msg(text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;
    use std::rc::Rc;

    /// A person who records, at each text and question, how much work has been done.
    struct Listener(Rc<Cell<usize>>, Vec<usize>);

    impl Listener {
        fn hear(&mut self) -> Result<Secret, ConversationError> {
            self.1.push(self.0.get());
            Err(ConversationError::Aborted)
        }
    }

    impl Conversation for Listener {
        fn authtok(&mut self, _: Option<&str>) -> Result<Secret, ConversationError> {
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
    fn deferred_work_is_done_once_before_the_person_hears_anything() {
        let words: [fn(&mut dyn Conversation); 5] = [
            |person| drop(person.authtok(None)),
            |person| drop(person.prompt_echo_off("?")),
            |person| drop(person.prompt_echo_on("?")),
            |person| person.text_info("."),
            |person| person.error_msg("!"),
        ];
        for word in words {
            let done = Rc::new(Cell::new(0));
            let deferred = Deferred::default();
            for _ in 0..2 {
                let done = Rc::clone(&done);
                deferred.push(move |_| done.set(done.get() + 1));
            }
            let mut listener = Listener(Rc::clone(&done), Vec::new());
            let mut work_first = WorkFirst {
                conversation: &mut listener,
                deferred: &deferred,
                password: &Secret::new(b"pw".to_vec()),
            };
            word(&mut work_first);
            word(&mut work_first);
            assert_eq!(listener.1, [2, 2]);
        }
    }
}
