//! What is done for each question, in which order.

use authchain::backends::protocol::{Bytes, Operation, Question, WireUser, WireVerdict};
use authchain::config::settings::nis::{Address, NisSettings};
use authchain::files::passwd_files::passwd::PasswdEntry;
use authchain::tools::deadline::Deadline;
use authchain::words::DenialReason;

use super::Named;
use super::client::{Client, Map};
use super::entries::{self, Credential, Place};
use super::password::judge;
use super::reserved::Ports;
use crate::clock::now;
use crate::net::failure::Failure;
use crate::servers::{Ruling, Server};

/// Whom the passwd map has under a name.
enum Found {
    Person(PasswdEntry),
    /// Nobody, and perhaps a word on who was found instead.
    Nobody(Option<String>),
}

/// Asks one server, all of whose answers are due by `deadline`; the hash is computed after that.
pub(super) async fn ask(
    settings: &NisSettings,
    server: &Named,
    ports: &mut Ports,
    question: &Question<'_>,
    deadline: Deadline,
) -> Result<Ruling, Failure> {
    let address: &Address = &server.address;
    let mut client = Client::open(settings, address, ports, deadline).await?;
    let name = question.user.as_str();
    let entry = match find(settings, &mut client, name).await? {
        Found::Person(entry) => entry,
        Found::Nobody(note) => return Ok(nobody(note)),
    };
    let user = wire_user(&entry);
    if question.operation == Operation::Lookup {
        return Ok(WireVerdict::Found(user).into());
    }
    let credential = credential(settings, &mut client, &entry, name).await?;
    drop(client);
    if question.operation == Operation::Account {
        let status = credential.ageing.status(now());
        return Ok(WireVerdict::Account(user, status).into());
    }
    let Some(typed) = question.password.as_ref().map(Bytes::secret) else {
        return Ok(WireVerdict::Denied(DenialReason::EmptyPassword.into()).into());
    };
    let verdict = match judge(typed, &credential.stored, settings.weak_hashes) {
        Ok(None) => WireVerdict::Accepted(user),
        Ok(Some(denial)) => WireVerdict::Denied(denial),
        // Other servers have the same hash.
        Err(error) => WireVerdict::Unavailable(format!("{}: {error}", server.name())),
    };
    Ok(verdict.into())
}

/// Looks for `name`, which is nobody with a user id that is the system's own.
async fn find(
    settings: &NisSettings,
    client: &mut Client<'_>,
    name: &str,
) -> Result<Found, Failure> {
    let map = Map {
        step: "passwd map",
        name: &settings.passwd_map,
        is_secret: false,
    };
    let Some(value) = client.look_up(map, name).await? else {
        return Ok(Found::Nobody(None));
    };
    let entry = entries::person(&value, name).map_err(|fault| malformed(map.step, fault))?;
    let (uid, least) = (entry.uid(), settings.min_uid);
    if uid < least {
        let note = format!("the user id {uid} is below min_uid = {least}: not taken from NIS");
        return Ok(Found::Nobody(Some(note)));
    }
    Ok(Found::Person(entry))
}

/// The hash of somebody who is there, wherever it is kept.
async fn credential(
    settings: &NisSettings,
    client: &mut Client<'_>,
    entry: &PasswdEntry,
    name: &str,
) -> Result<Credential, Failure> {
    let password = entry.password.expose();
    let place = entries::place(password, name).map_err(|fault| malformed("passwd map", fault))?;
    let (step, map, parse): (_, _, fn(&[u8], &str) -> _) = match place {
        Place::Here => return Ok(Credential::lasting(password)),
        Place::Shadow => ("shadow map", &settings.shadow_map, entries::shadow),
        Place::Adjunct => ("adjunct map", &settings.adjunct_map, entries::adjunct),
    };
    let map = Map {
        step,
        name: map,
        is_secret: true,
    };
    // A map that is older than the other: another server may have both.
    let missing = || Failure::trouble(step, "no entry, although the passwd map promises one");
    let value = client.look_up(map, name).await?.ok_or_else(missing)?;
    parse(&value, name).map_err(|fault| malformed(step, fault))
}

fn malformed(step: &'static str, fault: &'static str) -> Failure {
    Failure::trouble(step, format!("not a valid entry: {fault}"))
}

fn nobody(note: Option<String>) -> Ruling {
    let mut ruling = Ruling::from(WireVerdict::Unknown);
    ruling.notes.extend(note);
    ruling
}

fn wire_user(entry: &PasswdEntry) -> WireUser {
    // The module knows the backend's name itself.
    let user = entry.to_user("");
    WireUser {
        name: user.name,
        uid: user.uid,
        gid: user.gid,
        gecos: user.gecos,
        home: user.home,
        shell: user.shell,
        groups: Vec::new(),
    }
}
