//! Assembles the kernel's filter: one program that finds a call by halving.
//!
//! The kernel translates every filter and runs it for every call there is when it is installed. A
//! ready-made compiler asks for call after call in a row, and needs a filter for each kind of
//! answer: that cost half a millisecond of each login. Neighbours with the same answer are one
//! range here, and ways that end alike share their end, which leaves a sixth of the instructions.

use std::collections::BTreeMap;

use nix::libc;
use seccompiler::sock_filter as Instruction;

/// What happens to a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Action {
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
const REFUSE: Action = Action::Fail(libc::EPERM);

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

/// Assembles the whole filter. Calls that `answers` does not name fail with `EPERM`; calls in the
/// way of another processor family kill.
pub(super) fn assemble(answers: &BTreeMap<u32, Action>) -> Program {
    let mut program = FromEnd::default();
    let search = program.search(&ranges(answers));
    program.go_on_at(search);
    let number = program.push(LOAD, NUMBER);
    let kill = program.end(libc::SECCOMP_RET_KILL_PROCESS);
    program.branch(JUMP_IF_EQUAL, PROCESSOR, number, kill);
    program.push(LOAD, ARCHITECTURE);
    program.in_order()
}

/// Returns where each answer begins; it holds up to the next.
fn ranges(answers: &BTreeMap<u32, Action>) -> Vec<(u32, Action)> {
    let mut ranges = vec![(0, REFUSE)];
    for (&call, answer) in answers {
        begin(&mut ranges, call, answer.clone());
        begin(&mut ranges, call.saturating_add(1), REFUSE);
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

/// A program that is written from its end: where a jump goes to is there before the jump.
#[derive(Default)]
struct FromEnd {
    reversed: Vec<Instruction>,
    /// Where each answer was written last.
    ends: BTreeMap<u32, Place>,
}

/// An instruction, counted from the end of the program.
type Place = usize;

/// How far a conditional jump is let go. The kernel takes 255; one jump may stand between it and
/// its other way.
const REACH: usize = 250;

impl FromEnd {
    /// Looks for the range of the loaded number. Every way through ends with an answer.
    fn search(&mut self, ranges: &[(u32, Action)]) -> Place {
        match ranges {
            [] => self.given(&REFUSE),
            [(_, answer)] => self.given(answer),
            more => {
                let (low, high) = more.split_at(more.len() / 2);
                let least = high.first().map_or(u32::MAX, |(start, _)| *start);
                let high = self.search(high);
                let low = self.search(low);
                self.branch(JUMP_IF_NOT_LESS, least, high, low)
            }
        }
    }

    fn given(&mut self, answer: &Action) -> Place {
        match answer {
            Action::Allow => self.end(libc::SECCOMP_RET_ALLOW),
            Action::Kill => self.end(libc::SECCOMP_RET_KILL_PROCESS),
            Action::Fail(errno) => self.end(libc::SECCOMP_RET_ERRNO | errno.unsigned_abs()),
            Action::AllowIf(alternatives) => {
                let refuse = self.given(&REFUSE);
                (alternatives.iter().rev())
                    .fold(refuse, |otherwise, tests| self.all(tests, otherwise))
            }
        }
    }

    /// Writes what allows where all `tests` hold.
    fn all(&mut self, tests: &[Test], otherwise: Place) -> Place {
        let allow = self.end(libc::SECCOMP_RET_ALLOW);
        (tests.iter().rev()).fold(allow, |then, test| self.halves(*test, then, otherwise))
    }

    /// Writes one test, half by half: the kernel's machine has 32 bits, arguments have 64.
    fn halves(&mut self, test: Test, then: Place, otherwise: Place) -> Place {
        let Test { index, mask, value } = test;
        let place = ARGUMENTS.saturating_add(index.saturating_mul(8));
        let upper = place.saturating_add(4);
        let then = self.half(upper, high(mask), high(value), then, otherwise);
        self.half(place, low(mask), low(value), then, otherwise)
    }

    fn half(&mut self, word: u32, mask: u32, value: u32, then: Place, otherwise: Place) -> Place {
        // A value that the mask leaves no room for is compared all the same: nothing equals it.
        if mask == 0 && value == 0 {
            return then;
        }
        self.branch(JUMP_IF_EQUAL, value, then, otherwise);
        if mask != u32::MAX {
            self.push(AND, mask);
        }
        self.push(LOAD, word)
    }

    /// Returns the end of a way: one that is near, or one more.
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

    /// Returns `place`, or a jump to it if it is further than `reach`: plain jumps reach
    /// everything.
    fn within(&mut self, reach: usize, place: Place) -> Place {
        let distance = self.distance(place);
        if distance <= reach {
            return place;
        }
        self.push(JUMP, u32::try_from(distance).unwrap_or(u32::MAX))
    }

    /// Has whatever is written next be followed by `place`.
    fn go_on_at(&mut self, place: Place) {
        self.within(0, place);
    }

    /// Returns how many instructions whatever is written next has to leave out to be followed by
    /// `place`.
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
    use proptest::prelude::*;

    const REFUSED: u32 = libc::SECCOMP_RET_ERRNO | libc::EPERM as u32;

    fn answer(answers: &BTreeMap<u32, Action>, call: u32, arguments: [u64; 6]) -> u32 {
        machine::run(&assemble(answers), PROCESSOR, call, arguments)
    }

    #[test]
    fn every_call_gets_its_own_answer_however_many_there_are() {
        for count in [0, 1, 2, 3, 7, 200] {
            let answers: BTreeMap<u32, Action> = (0..count)
                .map(|n| (n * 3 + 1, Action::Fail(n as i32 + 2)))
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
        let program = assemble(&BTreeMap::from([(1, Action::Allow)]));
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
            Action::AllowIf(vec![
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

    /// Returns a branch in front of two ends, with so many instructions between those, before them,
    /// and on the way to it.
    fn branch(between: usize, before: usize, is_near: bool) -> Program {
        let astray = |program: &mut FromEnd, count| {
            (0..count).for_each(|_| _ = program.push(RETURN, 2));
        };
        let mut program = FromEnd::default();
        let far = program.end(0);
        astray(&mut program, between);
        let near = program.end(1);
        astray(&mut program, before);
        let (then, otherwise) = if is_near { (near, far) } else { (far, near) };
        let branch = program.branch(JUMP_IF_EQUAL, 7, then, otherwise);
        astray(&mut program, between);
        program.go_on_at(branch);
        program.push(LOAD, NUMBER);
        program.in_order()
    }

    #[test]
    fn both_ways_of_a_branch_arrive_however_far_they_lead() {
        let around_the_reach = (REACH - 10)..(REACH + 10);
        for between in (0..10).chain(around_the_reach.clone()) {
            for before in (0..10).chain(around_the_reach.clone()) {
                for is_near in [true, false] {
                    let program = branch(between, before, is_near);
                    let run = |call| machine::run(&program, PROCESSOR, call, [0; 6]);
                    let expected = [u32::from(is_near), u32::from(!is_near)];
                    assert_eq!([run(7), run(8)], expected, "{between} {before} {is_near}");
                }
            }
        }
    }

    /// Returns tests with few values, so that some fit. Where one has bits outside of its mask,
    /// nothing does.
    fn some_test() -> impl Strategy<Value = Test> {
        let mask = prop_oneof![
            Just(u64::MAX),
            Just(0xffff_ffff),
            Just(0xf),
            Just(3 << 40),
            Just(0)
        ];
        (0..6_u32, mask, 0..3_u64, any::<bool>()).prop_map(|(index, mask, value, is_high)| Test {
            index,
            mask,
            value: if is_high { value << 40 } else { value },
        })
    }

    /// Returns such values, with and without bits that most masks leave out.
    fn some_argument() -> impl Strategy<Value = u64> {
        let others = prop_oneof![
            Just(0),
            any::<u64>().prop_map(|bits| bits << 4 & !(3 << 40))
        ];
        (0..3_u64, 0..3_u64, others).prop_map(|(low, high, others)| low | high << 40 | others)
    }

    fn some_answer() -> impl Strategy<Value = Action> {
        let alternatives =
            proptest::collection::vec(proptest::collection::vec(some_test(), 0..4), 0..6);
        prop_oneof![
            Just(Action::Allow),
            Just(Action::Kill),
            (1..40_i32).prop_map(Action::Fail),
            alternatives.prop_map(Action::AllowIf),
        ]
    }

    fn as_written(answer: Option<&Action>, arguments: [u64; 6]) -> u32 {
        let holds = |test: &Test| arguments[test.index as usize] & test.mask == test.value;
        match answer.unwrap_or(&REFUSE) {
            Action::Allow => libc::SECCOMP_RET_ALLOW,
            Action::Kill => libc::SECCOMP_RET_KILL_PROCESS,
            Action::Fail(errno) => libc::SECCOMP_RET_ERRNO | errno.unsigned_abs(),
            Action::AllowIf(ways) if ways.iter().any(|tests| tests.iter().all(holds)) => {
                libc::SECCOMP_RET_ALLOW
            }
            Action::AllowIf(_) => REFUSED,
        }
    }

    proptest! {
        #[test]
        fn the_program_answers_as_the_table_does(
            answers in proptest::collection::btree_map(0..300_u32, some_answer(), 0..150),
            arguments in proptest::array::uniform6(some_argument()),
        ) {
            let program = assemble(&answers);
            for call in (0..301).chain([u32::MAX]) {
                prop_assert_eq!(
                    machine::run(&program, PROCESSOR, call, arguments),
                    as_written(answers.get(&call), arguments),
                    "call {}", call
                );
            }
        }
    }
}
