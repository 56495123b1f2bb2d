//! Assembles the seccomp filter: one BPF program that finds a call by binary search.
//!
//! When a filter is installed, the kernel translates it and runs it once for every system call. The
//! seccompiler crate would compile a linear search, and a filter for each kind of answer: that cost
//! half a millisecond of each login. This program needs a sixth of the instructions: neighbouring
//! calls with equal answers are one range, and equal answers share a return instruction.

use std::collections::BTreeMap;

use nix::libc;
use seccompiler::sock_filter as Instruction;

/// The answer of the filter to a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Action {
    /// The kernel makes the call.
    Allow,
    /// The kernel kills the process before the call.
    Kill,
    /// The call fails with this error.
    Fail(i32),
    /// The kernel makes the call if one alternative holds; otherwise the call fails with `EPERM`.
    AllowIf(Vec<Alternative>),
}

/// Tests of a call's arguments, all of which must hold.
pub(super) type Alternative = Vec<Test>;

/// A test that the bits of argument `index` under `mask` equal `value`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Test {
    pub(super) index: u32,
    pub(super) mask: u64,
    pub(super) value: u64,
}

/// The answer to a call that fails its tests.
pub(super) const REFUSE: Action = Action::Fail(libc::EPERM);

/// The answer to calls that are newer than a filter: programs then make older ones.
const NOT_THERE: Action = Action::Fail(libc::ENOSYS);

/// A filter's instructions, as the kernel takes them.
pub(super) type Program = Vec<Instruction>;

/// `AUDIT_ARCH_X86_64`: on another processor family, the numbers mean other calls.
#[cfg(target_arch = "x86_64")]
pub(super) const PROCESSOR: u32 = 0xc000_003e;
/// `AUDIT_ARCH_AARCH64`: on another processor family, the numbers mean other calls.
#[cfg(target_arch = "aarch64")]
pub(super) const PROCESSOR: u32 = 0xc000_00b7;

// Offsets in `struct seccomp_data`; both processors are little-endian.
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

/// The answers of a filter to every call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Answers {
    /// The answers to calls by their numbers.
    pub(super) listed: BTreeMap<u32, Action>,
    /// The answer to other calls.
    pub(super) unlisted: Action,
    /// The last call for which `unlisted` holds, if there is one. Calls with higher numbers fail
    /// with `ENOSYS`: they are newer than the filter, or of the x32 ABI.
    pub(super) last: Option<u32>,
}

/// Assembles the filter. A call of another processor family, as 32-bit programs make, kills the
/// process.
pub(super) fn assemble(answers: &Answers) -> Program {
    let mut program = FromEnd::default();
    let search = program.search(&ranges(answers));
    program.go_on_at(search);
    let number = program.push(LOAD, NUMBER);
    let kill = program.end(libc::SECCOMP_RET_KILL_PROCESS);
    program.branch(JUMP_IF_EQUAL, PROCESSOR, number, kill);
    program.push(LOAD, ARCHITECTURE);
    program.in_order()
}

/// Returns the ranges of calls with equal answers, each by its first call. A range ends where the
/// next begins.
fn ranges(answers: &Answers) -> Vec<(u32, Action)> {
    let mut ranges = vec![(0, answers.unlisted.clone())];
    for (&call, answer) in &answers.listed {
        begin(&mut ranges, call, answer.clone());
        begin(
            &mut ranges,
            call.saturating_add(1),
            answers.unlisted.clone(),
        );
    }
    if let Some(last) = answers.last {
        begin(&mut ranges, last.saturating_add(1), NOT_THERE);
    }
    ranges
}

fn begin(ranges: &mut Vec<(u32, Action)>, start: u32, answer: Action) {
    if ranges.last().is_some_and(|(last, _)| *last == start) {
        ranges.pop();
    }
    if ranges.last().is_none_or(|(_, last)| *last != answer) {
        ranges.push((start, answer));
    }
}

/// A program that is written from its end, so that the target of a jump exists before the jump.
#[derive(Default)]
struct FromEnd {
    reversed: Vec<Instruction>,
    /// For each answer, the return instruction that was written last.
    ends: BTreeMap<u32, Place>,
}

/// An instruction, counted from the end of the program.
type Place = usize;

/// The longest conditional jump that is written. The kernel takes 255; the plain jump of the other
/// branch may lengthen it by one.
const REACH: usize = 250;

impl FromEnd {
    /// Writes the binary search for the range of the loaded call number.
    fn search(&mut self, ranges: &[(u32, Action)]) -> Place {
        match ranges {
            [] => self.answer(&REFUSE),
            [(_, answer)] => self.answer(answer),
            more => {
                let (low, high) = more.split_at(more.len() / 2);
                let least = high.first().map_or(u32::MAX, |(start, _)| *start);
                let high = self.search(high);
                let low = self.search(low);
                self.branch(JUMP_IF_NOT_LESS, least, high, low)
            }
        }
    }

    /// Writes the instructions that lead to an answer.
    fn answer(&mut self, answer: &Action) -> Place {
        match answer {
            Action::Allow => self.end(libc::SECCOMP_RET_ALLOW),
            Action::Kill => self.end(libc::SECCOMP_RET_KILL_PROCESS),
            Action::Fail(errno) => self.end(libc::SECCOMP_RET_ERRNO | errno.unsigned_abs()),
            Action::AllowIf(alternatives) => {
                let refuse = self.answer(&REFUSE);
                (alternatives.iter().rev()).fold(refuse, |otherwise, tests| {
                    let allow = self.end(libc::SECCOMP_RET_ALLOW);
                    (tests.iter().rev()).fold(allow, |then, test| self.test(*test, then, otherwise))
                })
            }
        }
    }

    /// Writes one test, half by half: the machine of BPF has 32 bits, arguments have 64.
    fn test(&mut self, test: Test, then: Place, otherwise: Place) -> Place {
        let Test { index, mask, value } = test;
        let place = ARGUMENTS.saturating_add(index.saturating_mul(8));
        let upper = place.saturating_add(4);
        let then = self.half(upper, high(mask), high(value), then, otherwise);
        self.half(place, low(mask), low(value), then, otherwise)
    }

    fn half(&mut self, word: u32, mask: u32, value: u32, then: Place, otherwise: Place) -> Place {
        // Every argument passes. A mask of 0 with another value is written out, and nothing passes.
        if mask == 0 && value == 0 {
            return then;
        }
        self.branch(JUMP_IF_EQUAL, value, then, otherwise);
        if mask != u32::MAX {
            self.push(AND, mask);
        }
        self.push(LOAD, word)
    }

    /// Returns a return instruction for `answer`: the last one if it is near enough, or a new one.
    fn end(&mut self, answer: u32) -> Place {
        match self.ends.get(&answer) {
            Some(&place) if self.distance(place) <= REACH => place,
            _ => {
                let place = self.push(RETURN, answer);
                self.ends.insert(answer, place);
                place
            }
        }
    }

    fn branch(&mut self, code: u16, k: u32, then: Place, otherwise: Place) -> Place {
        let then = self.within(REACH, then);
        let otherwise = self.within(REACH, otherwise);
        let jump = |distance| u8::try_from(distance).unwrap_or(u8::MAX);
        let (jt, jf) = (jump(self.distance(then)), jump(self.distance(otherwise)));
        self.add(Instruction { code, jt, jf, k })
    }

    /// Returns `place`, or a plain jump to it if it is further than `reach`. Plain jumps reach any
    /// distance.
    fn within(&mut self, reach: usize, place: Place) -> Place {
        let distance = self.distance(place);
        if distance <= reach {
            return place;
        }
        self.push(JUMP, u32::try_from(distance).unwrap_or(u32::MAX))
    }

    /// Makes the next instruction that is written continue at `place`.
    fn go_on_at(&mut self, place: Place) {
        self.within(0, place);
    }

    /// Counts the instructions between `place` and the instruction that is written next.
    fn distance(&self, place: Place) -> usize {
        self.reversed.len().saturating_sub(1).saturating_sub(place)
    }

    fn push(&mut self, code: u16, k: u32) -> Place {
        let (jt, jf) = (0, 0);
        self.add(Instruction { code, jt, jf, k })
    }

    fn add(&mut self, instruction: Instruction) -> Place {
        self.reversed.push(instruction);
        self.reversed.len().saturating_sub(1)
    }

    fn in_order(mut self) -> Program {
        self.reversed.reverse();
        self.reversed
    }
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

/// An interpreter of classic BPF, for tests.
#[cfg(test)]
pub(super) mod machine {
    use super::*;

    /// Returns the answer of `program` to a call.
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
mod tests;
