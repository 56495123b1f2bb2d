//! Advice on a step that failed.

use crate::ldap::connector::{Connector, Identity};
use crate::ldap::session::SERVICE_BIND;
use crate::ldap::starttls;
use crate::net::connect::{CONNECT, TLS};
use crate::net::dns;
use crate::net::failure::Failure;

/// Returns advice, as far as the text of the failure allows.
pub(super) fn advice(connector: &Connector, failure: &Failure) -> Option<String> {
    let says = |words: &str| failure.text.contains(words);
    let timeout = connector.timeout;
    Some(match failure.step {
        dns::STEP if says("name server ") => {
            "do the name servers of /etc/resolv.conf run, and can they be reached?".to_owned()
        }
        dns::STEP if says("SRV records") || says("no such service") => {
            "is the domain right? what DNS does not name, the settings can".to_owned()
        }
        dns::STEP => {
            "is the name right? /etc/hosts or a name server of /etc/resolv.conf must know it"
                .to_owned()
        }
        CONNECT if says("refused") => "does the server run, and listen there?".to_owned(),
        CONNECT if says("timed out") => {
            format!("is a firewall on the way? logins wait {timeout} (connect_timeout)")
        }
        CONNECT => return None,
        TLS if says("too old") => {
            "fetch the newest from the authority, each time before its end".to_owned()
        }
        TLS if says("no list of") => {
            "tls_crl_file must hold a list of each authority up to the one in tls_ca_file"
                .to_owned()
        }
        TLS if says("was revoked") => {
            "the server needs a new one; who stole its key, if it was, can pose as it elsewhere"
                .to_owned()
        }
        TLS if says("tls_ca_file") => format!(
            "{} must hold the certificate of the authority that issued the server's, or the \
             server's own",
            connector.trust.as_ref()?.ca_file.display()
        ),
        TLS if says("certificate is for") => {
            "name the server in the settings as its certificate does".to_owned()
        }
        TLS if says("expired") => "the server needs a new one".to_owned(),
        TLS if says("not speak TLS") => {
            "ldaps:// is for ports that begin with TLS, as 636 does, ldap:// for the others"
                .to_owned()
        }
        TLS | starttls::STEP if says("timed out") => {
            format!("something accepts connections and says nothing (connect_timeout = {timeout})")
        }
        starttls::STEP => "the server may have no certificate, or speak ldaps:// only".to_owned(),
        SERVICE_BIND if says("wrong bind_dn or password") => password(&connector.identity)?,
        SERVICE_BIND if matches!(connector.identity, Identity::External) => {
            "does the server know our certificate (tls_cert), or our user over ldapi://?".to_owned()
        }
        SERVICE_BIND if says("timed out") => {
            "the server is slow to log bind_dn in; each login waits for it, within timeout"
                .to_owned()
        }
        SERVICE_BIND => "look at bind_dn, and at its account".to_owned(),
        _ if says("timed out") => "the server is busy, or searches without an index".to_owned(),
        _ => return None,
    })
}

fn password(identity: &Identity) -> Option<String> {
    let Identity::Service { file, .. } = identity else {
        return None;
    };
    let file = file.display();
    Some(format!("look at bind_dn and at the password in {file}"))
}
