//! `authchain check` walks PAM stacks as libpam does: compared with the real libpam on random
//! stacks.
//!
//! The modules are libpam's own `pam_debug.so`, whose arguments choose its answers, and one that
//! does not exist. The numbers come from a seed, so that every run walks the same stacks.

use std::collections::BTreeMap;
use std::ffi::CString;
use std::fmt::Write;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use authchain_tests::host::conversation::Conversation;
use authchain_tests::host::libpam::Handle;
use authchain_tests::host::scene::{Call, Phase, Script};

#[expect(dead_code, unused_imports, reason = "the command uses the rest")]
#[path = "../../../src/authchain-cli/src/check/pam/simulator/mod.rs"]
mod simulator;

use simulator::control::ANSWERS;
use simulator::{Entry, Facility, Line, ServiceFiles, expand, parse, run};

/// The number of stacks with valid lines, and of stacks with mistakes in the lines.
const STACKS: u64 = 4_000;
const MISTAKEN: u64 = 2_000;

/// Answers that a stack may be about; the others are for controls to name in vain.
const USUAL: [&str; 11] = [
    "success",
    "success",
    "success",
    "perm_denied",
    "auth_err",
    "authinfo_unavail",
    "user_unknown",
    "new_authtok_reqd",
    "ignore",
    "service_err",
    "module_unknown",
];

/// A file that does not exist.
const MISSING: &str = "DIR/missing";

#[test]
fn random_stacks_end_as_in_the_real_libpam() {
    let ends = compare(1, STACKS, Lines::stack);
    // Random stacks mostly refuse, but some of them must let in.
    assert!(ends["success"] > 200 && ends.len() > 6, "{ends:?}");
}

#[test]
fn random_stacks_with_mistakes_end_as_in_the_real_libpam() {
    let ends = compare(2, MISTAKEN, Lines::mistaken_stack);
    assert!(ends["success"] > 50 && ends.len() > 6, "{ends:?}");
}

/// Walks this many stacks, and returns their results.
fn compare(seed: u64, count: u64, stack: fn(&mut Lines) -> Texts) -> BTreeMap<&'static str, usize> {
    let dir = tempfile::tempdir().unwrap();
    let mut random = Lines {
        random: Random(seed),
        knows_at_include: knows_at_include(dir.path()),
    };
    let mut ends = BTreeMap::new();
    let mut mismatches = String::new();
    for _ in 0..count {
        let texts = stack(&mut random);
        for (name, text) in &texts {
            fs::write(dir.path().join(name), placed(dir.path(), text)).unwrap();
        }
        for facility in [Facility::Auth, Facility::Account] {
            let simulated = simulated(dir.path(), &texts, facility);
            let real = real(dir.path(), facility);
            if simulated != real {
                let _ = writeln!(
                    mismatches,
                    "libpam {real}, check {simulated}, {facility:?}:"
                );
                for (name, text) in &texts {
                    let _ = writeln!(mismatches, "@ {name}\n{text}");
                }
            }
            *ends.entry(real).or_default() += 1;
        }
    }
    assert!(mismatches.is_empty(), "{mismatches}");
    ends
}

/// The files of a service called `s`, by name. Debian's libpam looks for included files in /etc/pam.d
/// alone, so they are named by their paths; `DIR` stands for the folder.
type Texts = Vec<(&'static str, String)>;

struct Files(BTreeMap<PathBuf, Vec<Line>>);

impl ServiceFiles for Files {
    fn path_of(&self, name: &str) -> PathBuf {
        PathBuf::from(name)
    }

    fn lines(&self, path: &Path) -> Option<&[Line]> {
        self.0.get(path).map(Vec::as_slice)
    }
}

/// The text of a file as it lies in the folder.
fn placed(dir: &Path, text: &str) -> String {
    text.replace("DIR", dir.to_str().unwrap())
}

fn simulated(dir: &Path, texts: &Texts, facility: Facility) -> &'static str {
    let read = |(name, text): &(&str, String)| (dir.join(name), parse(&placed(dir, text)));
    let files = Files(texts.iter().map(read).collect());
    let stack = expand(&files, &dir.join("s"), facility);
    run(&stack, &mut |entry| answer(entry, facility))
}

/// What the modules in these stacks answer.
fn answer(entry: &Entry, facility: Facility) -> &'static str {
    if entry.name() != "pam_debug" {
        return "module_unknown";
    }
    let event = match facility {
        Facility::Auth => "auth=",
        _ => "acct=",
    };
    let told = (entry.arguments().iter()).find_map(|word| word.strip_prefix(event));
    (ANSWERS.into_iter())
        .find(|answer| Some(*answer) == told)
        .unwrap_or("success")
}

fn knows_at_include(dir: &Path) -> bool {
    let include = format!("@include {}\n", dir.join("a").display());
    fs::write(dir.join("s"), include).unwrap();
    fs::write(dir.join("a"), "auth required pam_debug.so auth=maxtries\n").unwrap();
    real(dir, Facility::Auth) == "maxtries"
}

fn real(dir: &Path, facility: Facility) -> &'static str {
    let dir = CString::new(dir.as_os_str().as_bytes()).unwrap();
    let person = Conversation::new(&Script::default());
    let mut handle = Handle::start(&dir, c"s", Some(&"somebody".into()), person);
    let code = handle.call(Call::new(match facility {
        Facility::Auth => Phase::Authenticate,
        _ => Phase::Account,
    }));
    handle.end();
    ANSWERS[usize::try_from(code).unwrap()]
}

/// SplitMix64.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit as u64) as usize
    }

    /// Returns true once in so many `times`, at random.
    fn once_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    fn of<T: Copy>(&mut self, choice: &[T]) -> T {
        choice[self.below(choice.len())]
    }
}

/// Makes up service files.
struct Lines {
    random: Random,
    /// Whether this libpam knows Debian's `@include`.
    knows_at_include: bool,
}

impl Lines {
    fn stack(&mut self) -> Texts {
        let mut file = |lines: usize, includes: &[&str]| -> String {
            let count = 1 + self.random.below(lines);
            (0..count).map(|_| self.line(includes) + "\n").collect()
        };
        vec![
            ("s", file(7, &["DIR/a", "DIR/b"])),
            ("a", file(4, &["DIR/b", "DIR/b", MISSING])),
            ("b", file(4, &[])),
        ]
    }

    fn mistaken_stack(&mut self) -> Texts {
        let mut texts = self.stack();
        for (_, text) in &mut texts {
            let lines = text.lines().map(|line| self.mistake(line));
            *text = lines.map(|line| line + "\n").collect();
        }
        texts
    }

    fn line(&mut self, includes: &[&str]) -> String {
        let facility = self
            .random
            .of(&["auth", "auth", "account", "account", "-auth", "AUTH"]);
        if !includes.is_empty() && self.random.once_in(4) {
            let word = self.random.of(&["include", "substack"]);
            let file = self.random.of(includes);
            if self.knows_at_include && file != MISSING && self.random.once_in(4) {
                return format!("@include {file}");
            }
            return format!("{facility} {word} {file}");
        }
        let control = self.control();
        // With a dash, libpam does not log the missing module on the machine that runs the tests.
        if facility.starts_with('-') && self.random.once_in(3) {
            return format!("{facility} {control} pam_is_not_there.so");
        }
        let answer = self.random.of(&USUAL);
        format!("{facility} {control} pam_debug.so auth={answer} acct={answer}")
    }

    fn control(&mut self) -> String {
        if self.random.once_in(3) {
            let words = [
                "required",
                "requisite",
                "sufficient",
                "optional",
                "Required",
            ];
            return self.random.of(&words).to_owned();
        }
        let pairs = 1 + self.random.below(5);
        let pairs: Vec<String> = (0..pairs).map(|_| self.pair()).collect();
        format!("[{}]", pairs.join(" "))
    }

    fn pair(&mut self) -> String {
        let answer = match self.random.below(8) {
            0 | 1 => "default",
            2 => self.random.of(&ANSWERS),
            _ => self.random.of(&USUAL),
        };
        let actions = [
            "ignore", "ok", "ok", "done", "bad", "die", "reset", "1", "1", "2", "3",
        ];
        format!("{answer}={}", self.random.of(&actions))
    }

    /// Changes some lines at random.
    fn mistake(&mut self, line: &str) -> String {
        if line.starts_with('@') {
            // Debian's libpam crashes where no file follows.
            return line.to_owned();
        }
        match self.random.below(20) {
            0 => line.replacen("auth", "autth", 1),
            1 => line.replacen("required", "requird", 1),
            2 => line.replace("=1", "=0"),
            3 => line.replace('=', " = "),
            4 => line.replacen("] ", "]", 1),
            5 => line.replace(" default=", "default="),
            6 => line.split(" pam_").next().unwrap().to_owned(),
            7 => line.split(' ').next().unwrap().to_owned(),
            8 => format!("{line}\r"),
            9 => line.replacen(' ', " \\\n\t", 1),
            10 => format!("  {line} # [x"),
            11 => line.replacen(']', "", 1),
            12 => line.replacen(' ', " [", 1),
            13 => line.replacen("include", "INCLUDE", 1),
            14 => line.replacen("pam_debug.so", "[pam_debug.so]", 1),
            15 => line.replacen("ok", "okay", 1),
            _ => line.to_owned(),
        }
    }
}
