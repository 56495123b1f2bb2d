//! The line that tells people which password is meant.

use super::scripted::{Answer, Scripted};
use super::*;
use crate::backends::Authority;

/// Returns the question for the password in a chain whose backends have these instructions.
fn prompt(instructions: [Option<&str>; 3], name: &[u8]) -> Option<String> {
    let backend = |(name, text): (&str, Option<&str>)| {
        let scripted = Scripted::new(name, Authority::Machine, Answer::Unknown);
        Link {
            instructions: text.map(|text| text.parse().unwrap()),
            ..scripted.link()
        }
    };
    let links = ["a", "b", "c"].into_iter().zip(instructions).map(backend);
    let system = Box::new(FakeSystem::default());
    let chain = Chain::new(links.collect(), 1000, system).unwrap();
    let mut person = OnePassword {
        password: Ok(b"pw"),
        asked: 0,
        prompt: None,
    };
    let _ = chain.authenticate(name, &context(false), &mut person, |_| ());
    person.prompt
}

#[test]
fn the_instructions_of_the_chain_stand_before_the_question_for_the_password() {
    let company = Some("Your company password, please.");
    for name in [&b"alice"[..], b"nobody-here", b"a:b"] {
        assert_eq!(prompt([None; 3], name), None);
        assert_eq!(
            prompt([None, company, company], name).as_deref(),
            Some("Your company password, please. Password: ")
        );
        assert_eq!(
            prompt([company, None, Some("Or 100% of a guest's.")], name).as_deref(),
            Some("Your company password, please. Or 100% of a guest's. Password: ")
        );
    }
}
