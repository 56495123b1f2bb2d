//! `authchain user list`, `search` and `show` with `--backend`.

use authchain::backends::accounts::{Entries, Listed, ListedPerson, Selection};
use authchain::words::{Account, AccountStatus, Username};
use serde_json::{Value, json};

use crate::named_backend::NamedBackend;
use crate::setup;
use crate::terminal::{Failure, STRONG, Terminal, clean};

/// Lists the people whose names have this part.
pub(super) fn list(
    backend: &NamedBackend,
    part: &str,
    as_json: bool,
    terminal: &mut Terminal,
) -> Result<(), Failure> {
    let people = people(backend, part)?;
    match as_json {
        true => terminal.json(&people.iter().map(json_of).collect()),
        false => print(&people, terminal),
    }
    Ok(())
}

/// Shows a person, and the state of the account.
pub(super) fn show(
    backend: &NamedBackend,
    user: &str,
    as_json: bool,
    terminal: &mut Terminal,
) -> Result<(), Failure> {
    let name = setup::username(user)?;
    let context = backend.context();
    let request = backend.request(&name, &context);
    let account = backend.backend.account(&request);
    let Some(account) = account.map_err(|error| backend.trouble(&error))? else {
        return Err(backend.unknown(&name));
    };
    let mail = mail_of(backend, &name)?;
    if as_json {
        terminal.json(&json_of_account(&account, mail.as_deref()));
    } else {
        print_account(&account, mail.as_deref(), terminal);
    }
    Ok(())
}

fn people(backend: &NamedBackend, part: &str) -> Result<Vec<ListedPerson>, Failure> {
    let selection = Selection {
        entries: Entries::People,
        matching: part.to_owned(),
        most: None,
    };
    let mut people = Vec::new();
    backend.list(&selection, &mut |entry| {
        if let Listed::Person(person) = entry {
            people.push(person);
        }
    })?;
    people.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(people)
}

/// Returns the mail address of a person, where the source has one and can list people.
fn mail_of(backend: &NamedBackend, name: &Username) -> Result<Option<String>, Failure> {
    if backend.backend.list(Entries::People).is_err() {
        return Ok(None);
    }
    let found = people(backend, name.as_str())?;
    let person = found
        .into_iter()
        .find(|person| person.name == name.as_str());
    Ok(person.and_then(|person| person.mail))
}

fn print(people: &[ListedPerson], terminal: &mut Terminal) {
    let width = people
        .iter()
        .map(|person| clean(&person.name).chars().count());
    let width = width.max().unwrap_or_default().max("name".len());
    let head = format!(
        "{:<width$}  {:>10}  {:>10}  {}",
        "name", "uid", "gid", "gecos, mail"
    );
    terminal.print_styled(STRONG, head);
    for person in people {
        let about = [Some(person.gecos.as_str()), person.mail.as_deref()];
        let about = about.into_iter().flatten().filter(|text| !text.is_empty());
        let line = format!(
            "{:<width$}  {:>10}  {:>10}  {}",
            clean(&person.name),
            number(person.uid),
            number(person.gid),
            clean(&about.collect::<Vec<_>>().join(", "))
        );
        terminal.print(line.trim_end());
    }
}

fn number(id: Option<u32>) -> String {
    id.map_or_else(|| "-".to_owned(), |id| id.to_string())
}

fn json_of(person: &ListedPerson) -> Value {
    json!({
        "name": person.name,
        "uid": person.uid,
        "gid": person.gid,
        "gecos": person.gecos,
        "home": person.home,
        "shell": person.shell,
        "mail": person.mail,
    })
}

fn json_of_account(account: &Account, mail: Option<&str>) -> Value {
    let user = &account.user;
    json!({
        "name": user.name,
        "uid": user.uid,
        "gid": user.gid,
        "gecos": user.gecos,
        "home": user.home,
        "shell": user.shell,
        "mail": mail,
        "state": state(&account.status),
    })
}

fn print_account(account: &Account, mail: Option<&str>, terminal: &mut Terminal) {
    let user = &account.user;
    let (uid, gid) = (number(user.uid), number(user.gid));
    for (what, value) in [
        ("name", user.name.as_str()),
        ("uid", &uid),
        ("gid", &gid),
        ("gecos", &user.gecos),
        ("home", &user.home),
        ("shell", &user.shell),
        ("mail", mail.unwrap_or_default()),
        ("state", state(&account.status)),
    ] {
        terminal.print(format!("{what:<6} {}", clean(value)).trim_end());
    }
}

fn state(status: &AccountStatus) -> &'static str {
    match status {
        AccountStatus::Valid { .. } => "valid",
        AccountStatus::MustChangePassword => "must change password",
        AccountStatus::PasswordExpired => "password expired",
        AccountStatus::AccountExpired => "account expired",
        AccountStatus::Locked => "locked",
        AccountStatus::NotPermitted => "not permitted",
    }
}
