//! A machine with second factors, and people who log in to it.

use std::fs;
use std::path::Path;
use std::rc::Rc;

use super::scripted::{Answer, Scripted};
use super::scripted_factor::{CodeTypist, FactorAnswer, ScriptedFactor};
use super::*;
use crate::backends::Authority;
use crate::chain::factors::Factors;
use crate::chain::ruling::Ruling;
use crate::config::rules::Demand;
use crate::config::{Config, Source};
use crate::words::PamCode;

/// One second factor for everybody.
pub(super) const THEN: &str = "then = [\"totp\"]";

/// A machine with second factors.
pub(super) struct FactorStage {
    pub(super) backend: Scripted,
    pub(super) factors: Vec<ScriptedFactor>,
    pub(super) state_dir: tempfile::TempDir,
    /// The text of the configuration, without its backends.
    pub(super) text: String,
    pub(super) mfa: bool,
}

/// The result of a login.
#[derive(Debug)]
pub(super) struct FactorLogin {
    pub(super) code: PamCode,
    pub(super) why: String,
    pub(super) asked: Vec<String>,
}

impl FactorStage {
    pub(super) fn new(text: &str, answer: Answer, factors: &[FactorAnswer]) -> Self {
        let names = ["totp", "phone"];
        let factors = names.iter().zip(factors);
        Self {
            backend: Scripted::new("corp", Authority::Directory, answer),
            factors: factors
                .map(|(name, answer)| ScriptedFactor::new(name, *answer))
                .collect(),
            state_dir: tempfile::tempdir().unwrap(),
            text: text.to_owned(),
            mfa: false,
        }
    }

    pub(super) fn chain(&self) -> Chain {
        let sections = "[backend.corp]\ntype = \"local\"\npasswd = \"/p\"\nshadow = \"/s\"\n\
                        [backend.phone]\ntype = \"totp\"\n";
        let (top, rules) = self.text.split_once("[[rule]]").unwrap_or((&self.text, ""));
        let rules = if rules.is_empty() {
            String::new()
        } else {
            format!("[[rule]]{rules}\n")
        };
        let text = format!("chain = [\"corp\"]\n{top}\n{sections}{rules}");
        let source = Source::new(Path::new("authchain.toml"), text);
        let config = Config::parse(&source).unwrap();
        let mut link = self.backend.link();
        link.mfa = self.mfa;
        let chain = Chain::new(vec![link], 1000, Box::new(FakeSystem::default())).unwrap();
        let file = |name: &str, text: &str| {
            let path = self.state_dir.path().join(name);
            fs::write(&path, text).unwrap();
            path
        };
        let ruling = Ruling {
            rules: Rc::clone(&config.rules),
            group_file: file("group", "root:x:0:\n"),
            passwd_file: file("passwd", "root:x:0:0:::\n"),
            demand: Demand::at_the_top(&config.settings),
            ..Ruling::default()
        };
        let all = self
            .factors
            .iter()
            .map(|factor| Box::new(factor.clone()) as _);
        chain
            .with_rules(ruling, Vec::new(), false)
            .with_factors(Factors {
                all: all.collect(),
                state_dir: self.state_dir.path().to_owned(),
                session: || Some("session 1".to_owned()),
            })
    }

    /// Logs alice in, who types a password and then these answers, the last one first.
    pub(super) fn login(&self, password: &'static str, answers: &[&'static str]) -> FactorLogin {
        self.login_as("alice", &context(false), password, answers)
    }

    pub(super) fn login_as(
        &self,
        name: &str,
        context: &Context<'_>,
        password: &'static str,
        answers: &[&'static str],
    ) -> FactorLogin {
        let mut person = CodeTypist::new(password, answers);
        let decision = self
            .chain()
            .authenticate(name.as_bytes(), context, &mut person, |_| ());
        FactorLogin {
            code: decision.code(),
            why: decision.why().replace(" (0 ms)", ""),
            asked: person.asked,
        }
    }

    pub(super) fn verified(&self) -> usize {
        self.factors.iter().map(ScriptedFactor::verified).sum()
    }
}
