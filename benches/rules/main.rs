//! Measures what rules add to a login: `make bench-rules`.
//!
//! A login parses the file each time, and then chooses twice: before the prompt, and after a
//! backend has accepted. No rule here fits, and each is looked at to its last network, so that this is the
//! most that so many rules can cost. The file is in memory, as it is in a login whose file the
//! kernel has.

use std::fmt::Write;
use std::hint::black_box;
use std::path::Path;
use std::time::Instant;

use authchain::config::rules::{Group, LoginFacts};
use authchain::config::{Config, Source};

const RULES: usize = 200;
const NETWORKS: usize = 2_000;

/// The number of measurements for a figure.
const COUNT: usize = 500;

fn main() {
    let source = |text: String| Source::new(Path::new("authchain.toml"), text);
    let (without, with) = (source(top()), source(top() + &rules()));
    println!("{RULES} rules with {NETWORKS} networks, in milliseconds (medians of {COUNT})");
    let config = Config::parse(&with).expect("the rules are valid");
    let choosing = median(|| choose(&config));
    println!("choosing twice           {choosing:8.3}   goal: 0.2 at most");
    println!(
        "parsing without rules    {:8.3}",
        median(|| parse(&without))
    );
    println!("parsing with the rules   {:8.3}", median(|| parse(&with)));
}

fn top() -> String {
    "chain = [\"local\"]\ndeadline = \"8s\"\n".to_owned()
}

/// Returns rules that fit by all keys but the last, the network.
fn rules() -> String {
    let mut text = String::new();
    for rule in 0..RULES {
        let networks = (0..NETWORKS / RULES).map(|n| format!("\"10.{rule}.{n}.0/24\""));
        let networks: Vec<String> = networks.collect();
        writeln!(
            text,
            "[[rule]]\nname = \"rule {rule}\"\nservice = [\"sshd\", \"login\"]\nuser = [\"!root\"]\n\
             group = [\"staff{}\"]\nfrom = [{}]\naccess = \"deny\"",
            rule % 100,
            networks.join(", ")
        )
        .expect("a string grows");
    }
    text
}

fn parse(source: &Source) {
    black_box(Config::parse(black_box(source)).is_ok());
}

fn choose(config: &Config<'_>) {
    let login = LoginFacts::new("sshd", "alice", black_box("192.0.2.7"), "ssh");
    let no = |_: &Group| Ok::<bool, ()>(false);
    black_box(config.rules.first_choice(&login, no).is_ok());
    let of_backend = |group: &Group| no(group).map(Some);
    black_box(config.rules.second_choice(&login, no, of_backend).is_ok());
}

/// Returns the median time of `work`, in milliseconds.
fn median(mut work: impl FnMut()) -> f64 {
    let mut samples: Vec<f64> = (0..COUNT)
        .map(|_| {
            let begin = Instant::now();
            work();
            begin.elapsed().as_secs_f64() * 1_000.0
        })
        .collect();
    samples.sort_by(f64::total_cmp);
    samples[COUNT / 2]
}
