//! Assembles the kernel's filter: one program that finds a call by halving.
//!
//! The kernel translates every filter and runs it for every call there is when it is installed. A
//! ready-made compiler asks for call after call in a row, and needs a filter for each kind of answer:
//! that cost half a millisecond of each login. Neighbours with the same answer are one range here,
//! which leaves a third of the instructions.

use std::collections::BTreeMap;

use nix::libc;
use seccompiler::sock_filter as Instruction;

/// What happens to a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Answer {
    /// It is made.
    Allow,
    /// The process is killed before it is made.
    Kill,
    /// It fails with this error.
    Fail(i32),
    /// It is made if one of these holds, and fails with `EPERM` otherwise.
    AllowIf(Vec<Alternative>),
}

/// Tests that all hold.
pub(super) type Alternative = Vec<Test>;

/// The bits of argument `index` under `mask` equal `value`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Test {
    pub(super) index: u32,
    pub(super) mask: u64,
    pub(super) value: u64,
}

/// What is not named.
const REFUSE: Answer = Answer::Fail(libc::EPERM);

/// Instructions, as the kernel takes them.
pub(super) type Program = Vec<Instruction>;

/// `AUDIT_ARCH_…` of the processor this is compiled for: the numbers mean other calls elsewhere.
#[cfg(target_arch = "x86_64")]
pub(super) const PROCESSOR: u32 = 0xc000_003e;
/// `AUDIT_ARCH_…` of the processor this is compiled for: the numbers mean other calls elsewhere.
#[cfg(target_arch = "aarch64")]
pub(super) const PROCESSOR: u32 = 0xc000_00b7;

// Places in `struct seccomp_data`; both processors are little-endian.
const NUMBER: u32 = 0;
const ARCHITECTURE: u32 = 4;
const ARGUMENTS: u32 = 16;

// Instructions of classic BPF.
const LOAD: u16 = 0x20;
const AND: u16 = 0x54;
const JUMP: u16 = 0x05;
const JUMP_IF_EQUAL: u16 = 0x15;
const JUMP_IF_NOT_LESS: u16 = 0x35;
const RETURN: u16 = 0x06;

/// The whole filter. Calls that `answers` does not name fail with `EPERM`; calls in the way of
/// another processor family kill.
pub(super) fn assemble(answers: &BTreeMap<u32, Answer>) -> Program {
    let mut program = vec![
        plain(LOAD, ARCHITECTURE),
        jump(JUMP_IF_EQUAL, PROCESSOR, 1, 0),
        plain(RETURN, libc::SECCOMP_RET_KILL_PROCESS),
        plain(LOAD, NUMBER),
    ];
    program.extend(search(&ranges(answers)));
    program
}

/// Where each answer begins; it holds up to the next.
fn ranges(answers: &BTreeMap<u32, Answer>) -> Vec<(u32, Answer)> {
    let mut ranges = vec![(0, REFUSE)];
    for (&call, answer) in answers {
        begin(&mut ranges, call, answer.clone());
        begin(&mut ranges, call.saturating_add(1), REFUSE);
    }
    ranges
}

fn begin(ranges: &mut Vec<(u32, Answer)>, start: u32, answer: Answer) {
    if ranges.last().is_some_and(|(last, _)| *last == start) {
        ranges.pop();
    }
    if ranges.last().is_none_or(|(_, last)| *last != answer) {
        ranges.push((start, answer));
    }
}

/// Looks for the range of the loaded number. Every way through ends with an answer.
fn search(ranges: &[(u32, Answer)]) -> Program {
    match ranges {
        [] => given(&REFUSE),
        [(_, answer)] => given(answer),
        more => {
            let (low, high) = more.split_at(more.len() / 2);
            let least = high.first().map_or(u32::MAX, |(start, _)| *start);
            let mut program = when_less(least, search(low));
            program.extend(search(high));
            program
        }
    }
}

/// What is loaded is below `limit`: `then`, which returns; otherwise what follows.
fn when_less(limit: u32, then: Program) -> Program {
    // Conditional jumps reach 255 instructions, plain ones all.
    let mut program = match u8::try_from(then.len()) {
        Ok(length) => vec![jump(JUMP_IF_NOT_LESS, limit, length, 0)],
        Err(_) => vec![
            jump(JUMP_IF_NOT_LESS, limit, 0, 1),
            plain(JUMP, length(&then)),
        ],
    };
    program.extend(then);
    program
}

/// What is loaded equals `value`: `then`, which returns; otherwise what follows.
fn when_equal(value: u32, then: Program) -> Program {
    let mut program = vec![jump(JUMP_IF_EQUAL, value, 1, 0), plain(JUMP, length(&then))];
    program.extend(then);
    program
}

fn given(answer: &Answer) -> Program {
    match answer {
        Answer::Allow => vec![plain(RETURN, libc::SECCOMP_RET_ALLOW)],
        Answer::Kill => vec![plain(RETURN, libc::SECCOMP_RET_KILL_PROCESS)],
        Answer::Fail(errno) => vec![plain(
            RETURN,
            libc::SECCOMP_RET_ERRNO | errno.unsigned_abs(),
        )],
        Answer::AllowIf(alternatives) => {
            let mut program: Program = alternatives
                .iter()
                .flat_map(|tests| alternative(tests))
                .collect();
            program.extend(given(&REFUSE));
            program
        }
    }
}

/// All `tests` hold: allowed; otherwise what follows.
fn alternative(tests: &[Test]) -> Program {
    let allow = vec![plain(RETURN, libc::SECCOMP_RET_ALLOW)];
    tests
        .iter()
        .rev()
        .fold(allow, |then, test| halves(*test, then))
}

/// The kernel's machine has 32 bits, arguments have 64.
fn halves(test: Test, then: Program) -> Program {
    let place = ARGUMENTS.saturating_add(test.index.saturating_mul(8));
    let then = half(
        place.saturating_add(4),
        high(test.mask),
        high(test.value),
        then,
    );
    half(place, low(test.mask), low(test.value), then)
}

fn half(place: u32, mask: u32, value: u32, then: Program) -> Program {
    if mask == 0 {
        return then;
    }
    let mut program = vec![plain(LOAD, place), plain(AND, mask)];
    program.extend(when_equal(value, then));
    program
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "the lower half is what is wanted"
)]
fn low(word: u64) -> u32 {
    word as u32
}

fn high(word: u64) -> u32 {
    low(word >> 32)
}

fn plain(code: u16, k: u32) -> Instruction {
    jump(code, k, 0, 0)
}

fn jump(code: u16, k: u32, jt: u8, jf: u8) -> Instruction {
    Instruction { code, jt, jf, k }
}

fn length(program: &Program) -> u32 {
    u32::try_from(program.len()).unwrap_or(u32::MAX)
}

/// What the kernel would do: for tests.
#[cfg(test)]
pub(super) mod machine {
    use super::*;

    /// Runs `program` on a call and gives its answer.
    pub(crate) fn run(
        program: &[Instruction],
        processor: u32,
        call: u32,
        arguments: [u64; 6],
    ) -> u32 {
        let load = |place| match place {
            NUMBER => call,
            ARCHITECTURE => processor,
            place => {
                let argument = arguments[(place - ARGUMENTS) as usize / 8];
                if place % 8 == 0 {
                    low(argument)
                } else {
                    high(argument)
                }
            }
        };
        let (mut at, mut loaded) = (0, 0);
        loop {
            let Instruction { code, jt, jf, k } = program[at].clone();
            at += 1;
            let choose = |holds| usize::from(if holds { jt } else { jf });
            match code {
                LOAD => loaded = load(k),
                AND => loaded &= k,
                JUMP => at += k as usize,
                JUMP_IF_EQUAL => at += choose(loaded == k),
                JUMP_IF_NOT_LESS => at += choose(loaded >= k),
                RETURN => return k,
                other => panic!("instruction {other:#x}"),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const REFUSED: u32 = libc::SECCOMP_RET_ERRNO | libc::EPERM as u32;

    fn answer(answers: &BTreeMap<u32, Answer>, call: u32, arguments: [u64; 6]) -> u32 {
        machine::run(&assemble(answers), PROCESSOR, call, arguments)
    }

    #[test]
    fn every_call_gets_its_own_answer_however_many_there_are() {
        for count in [0, 1, 2, 3, 7, 200] {
            let answers: BTreeMap<u32, Answer> = (0..count)
                .map(|n| (n * 3 + 1, Answer::Fail(n as i32 + 2)))
                .collect();
            for call in 0..count * 3 + 5 {
                let expected = match call % 3 {
                    1 if call < count * 3 => libc::SECCOMP_RET_ERRNO | (call / 3 + 2),
                    _ => REFUSED,
                };
                assert_eq!(
                    answer(&answers, call, [0; 6]),
                    expected,
                    "{call} of {count}"
                );
            }
        }
    }

    #[test]
    fn another_processors_calls_kill() {
        let program = assemble(&BTreeMap::from([(1, Answer::Allow)]));
        assert_eq!(
            machine::run(&program, PROCESSOR, 1, [0; 6]),
            libc::SECCOMP_RET_ALLOW
        );
        assert_eq!(
            machine::run(&program, 0x4000_0003, 1, [0; 6]),
            libc::SECCOMP_RET_KILL_PROCESS
        );
    }

    #[test]
    fn arguments_are_compared_in_both_halves_and_only_under_the_mask() {
        let both = Test {
            index: 1,
            mask: u64::MAX,
            value: 0x5_0000_0006,
        };
        let bit = Test {
            index: 2,
            mask: 4,
            value: 4,
        };
        let answers = BTreeMap::from([(
            9,
            Answer::AllowIf(vec![
                vec![both, bit],
                vec![Test {
                    index: 0,
                    mask: 0xff,
                    value: 7,
                }],
            ]),
        )]);
        let cases = [
            ([0, 0x5_0000_0006, 0xfc, 0, 0, 0], libc::SECCOMP_RET_ALLOW),
            ([0, 0x5_0000_0006, 0xf8, 0, 0, 0], REFUSED),
            ([0, 0x6_0000_0006, 4, 0, 0, 0], REFUSED),
            ([0, 0x5_0000_0007, 4, 0, 0, 0], REFUSED),
            ([0x1207, 0, 0, 0, 0, 0], libc::SECCOMP_RET_ALLOW),
        ];
        for (arguments, expected) in cases {
            assert_eq!(answer(&answers, 9, arguments), expected, "{arguments:x?}");
        }
    }
}
