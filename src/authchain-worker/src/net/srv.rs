//! The servers that a domain names in SRV records (RFC 2782), in the order they are tried, and the
//! names that their certificates must be for.
//!
//! An attacker who can forge DNS chooses these names. So a certificate must be for a name that the
//! settings confirm, not only DNS: see [`Target::identity`].

use authchain::tools::deadline::Deadline;

use super::dns::{Dns, STEP, Service, random};
use super::failure::Failure;

/// The most servers of one domain that are tried.
const MAX_TARGETS: usize = 16;

/// A server that a domain names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// Its name.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// The name that its certificate must be for: its host name if this is within the domain of the
    /// settings, otherwise the domain (RFC 6125 §6.2.1, RFC 9525 §6.1). So an attacker who forges
    /// DNS, and has a valid certificate for another host, cannot pose as the domain's server.
    pub identity: String,
}

/// Asks DNS for at most [`MAX_TARGETS`] servers that offer `service` (`_ldap._tcp.example.com`), in
/// order of priority and weight. Their addresses are not resolved yet.
///
/// # Errors
/// When there are no servers, or no name server answers in time. Only a silent name server counts
/// as [`down`](Failure::down).
pub async fn servers(dns: &Dns, service: &str, deadline: Deadline) -> Result<Vec<Target>, Failure> {
    let services = dns.services(service, deadline).await?;
    let seed = random()?;
    targets(services, service, seed)
}

fn targets(services: Vec<Service>, service: &str, seed: u32) -> Result<Vec<Target>, Failure> {
    let is_refusal = |service: &Service| service.host.is_empty();
    if services.iter().any(is_refusal) {
        let text = format!("{service}: the domain says that it has no such service");
        return Err(Failure::trouble(STEP, text));
    }
    let mut chance = Chance(seed);
    let ordered = in_order(services, |limit| chance.up_to(limit));
    let ordered = ordered.into_iter().filter(|service| service.port != 0);
    let domain = domain_of(service);
    let found: Vec<Target> = (ordered.take(MAX_TARGETS))
        .map(|Service { host, port, .. }| Target {
            identity: if is_within(&host, domain) {
                host.clone()
            } else {
                domain.to_owned()
            },
            host,
            port,
        })
        .collect();
    match found.is_empty() {
        true => Err(Failure::trouble(STEP, format!("{service}: no servers"))),
        false => Ok(found),
    }
}

/// Returns the domain in the name of a service: the labels after the last one with an underscore.
/// So `_ldap._tcp.dc._msdcs.example.com` is a service of `example.com` too.
pub fn domain_of(service: &str) -> &str {
    let service = service.strip_suffix('.').unwrap_or(service);
    let mut domain = service;
    let mut rest = service;
    while let Some((label, after)) = rest.split_once('.') {
        if label.starts_with('_') {
            domain = after;
        }
        rest = after;
    }
    domain
}

/// Returns whether `host` is `domain` or a name below it.
fn is_within(host: &str, domain: &str) -> bool {
    let (host, domain) = (host.to_ascii_lowercase(), domain.to_ascii_lowercase());
    let above = host.strip_suffix(&domain);
    above.is_some_and(|above| above.is_empty() || above.ends_with('.'))
}

/// Sorts servers by priority, the lowest first. Servers of one priority are chosen at random by
/// weight (RFC 2782). `choose` gives a number from 0 up to and including its argument.
fn in_order(mut services: Vec<Service>, mut choose: impl FnMut(u32) -> u32) -> Vec<Service> {
    // Services without weight first, so that each has a small chance of its own.
    services.sort_by_key(|service| (service.priority, service.weight != 0));
    let mut ordered = Vec::with_capacity(services.len());
    while let Some(priority) = services.first().map(|service| service.priority) {
        let equals = services.partition_point(|service| service.priority == priority);
        let weights = services.iter().take(equals);
        let sums: Vec<u32> = (weights)
            .scan(0_u32, |sum, service| {
                *sum = sum.saturating_add(u32::from(service.weight));
                Some(*sum)
            })
            .collect();
        let chosen = choose(sums.last().copied().unwrap_or_default());
        let place = sums.partition_point(|sum| *sum < chosen);
        ordered.push(services.remove(place.min(equals.saturating_sub(1))));
    }
    ordered
}

/// A generator of pseudo-random numbers (xorshift32): to share load, not to keep secrets.
struct Chance(u32);

impl Chance {
    /// Returns a number from 0 up to and including `limit`.
    fn up_to(&mut self, limit: u32) -> u32 {
        self.0 |= u32::from(self.0 == 0);
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 17;
        self.0 ^= self.0 << 5;
        let scaled = u64::from(self.0).saturating_mul(u64::from(limit).saturating_add(1));
        u32::try_from(scaled >> 32).unwrap_or(limit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn service(priority: u16, weight: u16, host: &str) -> Service {
        Service {
            priority,
            weight,
            port: 389,
            host: host.to_owned(),
        }
    }

    fn any_services() -> impl Strategy<Value = Vec<Service>> {
        let one = (0..4u16, prop_oneof![Just(0), any::<u16>()], "[a-z]{1,3}");
        let one = one.prop_map(|(priority, weight, host)| service(priority, weight, &host));
        proptest::collection::vec(one, 0..12)
    }

    proptest! {
        #[test]
        fn every_server_comes_once_and_by_priority(services in any_services(), seed: u32) {
            let mut chance = Chance(seed);
            let ordered = in_order(services.clone(), |limit| chance.up_to(limit));
            prop_assert!(ordered.is_sorted_by_key(|service| service.priority));
            let key = |service: &Service| (service.priority, service.weight, service.host.clone());
            let (mut before, mut after) = (services, ordered);
            before.sort_by_key(key);
            after.sort_by_key(key);
            prop_assert_eq!(before, after);
        }

        #[test]
        fn a_choice_is_never_beyond_its_limit(seed: u32, limit: u32) {
            prop_assert!(Chance(seed).up_to(limit) <= limit);
        }

        #[test]
        fn the_domain_is_the_end_of_the_services_name(name in "[a-z_.]{0,40}") {
            prop_assert!(name.ends_with(domain_of(&name)) || name.ends_with('.'));
        }
    }

    #[test]
    fn the_first_server_whose_running_sum_reaches_the_choice_is_taken() {
        let services = || vec![service(1, 30, "a"), service(1, 0, "z"), service(1, 10, "b")];
        for (choice, first) in [(0, "z"), (1, "a"), (30, "a"), (31, "b"), (40, "b")] {
            let mut choices = [choice, 0, 0].into_iter();
            let ordered = in_order(services(), |_| choices.next().unwrap());
            assert_eq!(ordered[0].host, first, "{choice}");
        }
    }

    #[test]
    fn load_is_shared_by_weight() {
        let mut chance = Chance(7);
        let mut first = || {
            let services = vec![service(0, 300, "a"), service(0, 100, "b")];
            let ordered = in_order(services, |limit| chance.up_to(limit));
            ordered[0].host == "a"
        };
        let often = (0..4000).filter(|_| first()).count();
        assert!((2850..3150).contains(&often), "{often} of 4000");
    }

    #[test]
    fn the_certificate_of_a_server_outside_the_domain_must_be_for_the_domain() {
        for (host, identity) in [
            ("dc1.example.com", "dc1.example.com"),
            ("DC1.Example.COM", "DC1.Example.COM"),
            ("example.com", "example.com"),
            ("evil.test", "example.com"),
            ("notexample.com", "example.com"),
            ("example.com.evil.test", "example.com"),
        ] {
            for name in [
                "_ldap._tcp.example.com",
                "_ldap._tcp.site._sites.dc._msdcs.example.com.",
            ] {
                let found = targets(vec![service(0, 0, host)], name, 1).unwrap();
                assert_eq!(found[0].identity, identity, "{host}");
            }
        }
    }

    #[test]
    fn a_domain_without_the_service_is_no_server_that_is_down() {
        for services in [vec![service(0, 0, "")], vec![]] {
            let failure = targets(services, "_ldap._tcp.example.com", 1).unwrap_err();
            assert_eq!(failure.kind, crate::net::failure::FailureKind::Trouble);
        }
        let many = (0..100).map(|n| service(n, 0, "a")).collect();
        assert_eq!(targets(many, "_ldap._tcp.x", 1).unwrap().len(), MAX_TARGETS);
    }
}
