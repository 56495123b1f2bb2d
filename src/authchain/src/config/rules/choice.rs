//! The choice of the rule for a login.

use toml::Spanned;

use super::demand::Demand;
use super::facts::LoginFacts;
use super::fit::Fit;
use super::group::Group;
use super::rule::Rule;
use super::settings::RuleAccess;

/// The rules of a configuration, in the order of the file.
#[derive(Debug, Default)]
pub struct Rules(pub(super) Vec<Rule>);

/// The rule that was chosen for a login.
#[derive(Debug, Clone, Copy)]
pub enum Choice<'r> {
    /// No rule fits: the keys at the top of the file hold.
    Top,
    /// The first rule that fits.
    Rule(&'r Rule),
    /// The first rule that may fit. Whether it does depends on what cannot be known: the address
    /// where `PAM_RHOST` is a host name, or whether a name in other letters is the same name. So
    /// the login is denied.
    Unclear(&'r Rule),
}

/// The choice before a backend has been asked.
#[derive(Debug)]
pub struct FirstChoice<'r> {
    /// The choice by the group file alone. Its chain is asked.
    pub by_file: Choice<'r>,
    /// True if the login may be allowed by some rule, depending on the groups that the backend
    /// will say. If false, no answer of a backend can let the person in, and none is asked.
    pub may_allow: bool,
    /// True if a group decides that the backend will say: all other keys of its rule fit, and no
    /// rule before it surely fits.
    pub asks_for_groups: bool,
}

/// The choice after a backend has answered: one rule, or several of which any may be the one that
/// fits, because it is unclear whether the person is in some group.
#[derive(Debug)]
pub struct SecondChoice<'r> {
    /// The first that may be made.
    pub first: Choice<'r>,
    /// The others that may be made.
    pub others: Vec<Choice<'r>>,
}

impl<'r> Choice<'r> {
    /// Returns whether the login is allowed, if a backend of the chain accepts.
    pub fn allows(&self) -> bool {
        match self {
            Self::Top => true,
            Self::Rule(rule) => rule.access == RuleAccess::Allow,
            Self::Unclear(_) => false,
        }
    }

    /// Returns the rule; `None` for the top of the file.
    pub fn rule(&self) -> Option<&'r Rule> {
        match self {
            Self::Top => None,
            Self::Rule(rule) | Self::Unclear(rule) => Some(rule),
        }
    }

    /// Returns the second factors that the login needs: what the rule lacks comes from the `top` of
    /// the file.
    pub fn demand(&self, top: &Demand) -> Demand {
        self.rule()
            .map_or_else(|| top.clone(), |rule| rule.demand.below(top))
    }

    /// Returns the names of the backends that the rule has asked; `None` for those at the top of
    /// the file.
    pub fn chain(&self) -> Option<impl Iterator<Item = &'r str> + use<'r>> {
        let chain = self.rule()?.chain.as_ref()?;
        Some(chain.iter().map(|name| name.get_ref().as_str()))
    }
}

impl<'r> SecondChoice<'r> {
    /// Returns every choice that may be made. The login is denied if one of them denies it.
    pub fn all(&self) -> impl Iterator<Item = &Choice<'r>> {
        [&self.first].into_iter().chain(&self.others)
    }
}

impl Rules {
    /// Returns whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the rules in order.
    pub fn iter(&self) -> std::slice::Iter<'_, Rule> {
        self.0.iter()
    }

    /// Returns whether a rule names groups that only the group file can have.
    pub fn need_group_file(&self) -> bool {
        let by_file = |rule: &Rule| !rule.asks_backends_for_groups();
        let names_groups = |rule: &Rule| !rule.conditions.group.is_empty();
        self.0
            .iter()
            .any(|rule| by_file(rule) && names_groups(rule))
    }

    /// Returns the groups that a backend has to be asked about.
    pub fn groups_of_backends(&self) -> impl Iterator<Item = &Group> {
        self.entries_for_backends().map(Spanned::get_ref)
    }

    /// Returns these groups with their places, as often as they are written.
    pub(super) fn entries_for_backends(&self) -> impl Iterator<Item = &Spanned<Group>> {
        let asking = self.0.iter().filter(|rule| rule.asks_backends_for_groups());
        asking.flat_map(|rule| rule.conditions.group.entries())
    }

    /// Chooses before the prompt. `in_file` says whether the group file has the person in a group.
    ///
    /// # Errors
    /// The error of `in_file`, which is asked only about rules that fit by all other keys. It must
    /// refuse the login.
    pub fn first_choice<E>(
        &self,
        login: &LoginFacts<'_>,
        in_file: impl Fn(&Group) -> Result<bool, E>,
    ) -> Result<FirstChoice<'_>, E> {
        let by_file = self.possible(login, |_, group| in_file(group).map(Some))?;
        let possible = self.possible(login, |rule, group| {
            // A backend may know of a group that the file does not have the person in.
            let is_member = in_file(group)?;
            Ok((is_member || !rule.asks_backends_for_groups()).then_some(is_member))
        })?;
        Ok(FirstChoice {
            by_file: first_of(by_file),
            may_allow: possible.iter().any(Choice::allows),
            asks_for_groups: possible.len() > 1,
        })
    }

    /// Chooses after a backend has accepted, and at each question about the account. `of_backend`
    /// says whether the backend has the person in a group, with `None` where that is unclear; it is
    /// not asked where the group file has.
    ///
    /// The choice can only take away: if it denies, or if its chain does not have the backend that
    /// accepted, the login is denied.
    ///
    /// # Errors
    /// The error of `in_file` or `of_backend`, as for [`first_choice`](Self::first_choice).
    pub fn second_choice<E>(
        &self,
        login: &LoginFacts<'_>,
        in_file: impl Fn(&Group) -> Result<bool, E>,
        of_backend: impl Fn(&Group) -> Result<Option<bool>, E>,
    ) -> Result<SecondChoice<'_>, E> {
        let possible = self.possible(login, |rule, group| {
            let is_member = in_file(group)?;
            match !is_member && rule.asks_backends_for_groups() {
                true => of_backend(group),
                false => Ok(Some(is_member)),
            }
        })?;
        let mut possible = possible.into_iter();
        Ok(SecondChoice {
            first: possible.next().unwrap_or(Choice::Top),
            others: possible.collect(),
        })
    }

    /// Returns every choice that may be made, in order: one, unless `is_member` does not know
    /// whether the person is in some group.
    fn possible<E>(
        &self,
        login: &LoginFacts<'_>,
        is_member: impl Fn(&Rule, &Group) -> Result<Option<bool>, E>,
    ) -> Result<Vec<Choice<'_>>, E> {
        let mut possible = Vec::new();
        for rule in &self.0 {
            let keys = rule.conditions.fit_but_for_groups(login);
            if keys == Fit::No {
                continue;
            }
            let groups = (rule.conditions.group).fit(|group| is_member(rule, group))?;
            if groups == Fit::No {
                continue;
            }
            possible.push(match keys {
                Fit::Yes => Choice::Rule(rule),
                _ => Choice::Unclear(rule),
            });
            if groups == Fit::Yes {
                return Ok(possible);
            }
        }
        possible.push(Choice::Top);
        Ok(possible)
    }
}

fn first_of(possible: Vec<Choice<'_>>) -> Choice<'_> {
    possible.into_iter().next().unwrap_or(Choice::Top)
}
