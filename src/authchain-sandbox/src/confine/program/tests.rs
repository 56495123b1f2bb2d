use super::*;
use proptest::prelude::*;

const REFUSED: u32 = libc::SECCOMP_RET_ERRNO | libc::EPERM as u32;

fn answer(answers: &Answers, call: u32, arguments: [u64; 6]) -> u32 {
    machine::run(&assemble(answers), PROCESSOR, call, arguments)
}

/// Returns answers that refuse every call but those in `listed`.
fn only(listed: impl Into<BTreeMap<u32, Action>>) -> Answers {
    Answers {
        listed: listed.into(),
        unlisted: REFUSE,
        last: None,
    }
}

#[test]
fn every_call_gets_its_own_answer_however_many_there_are() {
    for count in [0, 1, 2, 3, 7, 200] {
        let listed: BTreeMap<u32, Action> = (0..count)
            .map(|n| (n * 3 + 1, Action::Fail(n as i32 + 2)))
            .collect();
        let answers = only(listed);
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
    let program = assemble(&only([(1, Action::Allow)]));
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
    let answers = only([(
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

/// Returns a program whose branch leads to two return instructions. Padding instructions stand
/// `between` the two and `before` both, and in front of the branch.
fn branch(between: usize, before: usize, is_near: bool) -> Program {
    let pad = |program: &mut FromEnd, count| {
        (0..count).for_each(|_| _ = program.push(RETURN, 2));
    };
    let mut program = FromEnd::default();
    let far = program.end(0);
    pad(&mut program, between);
    let near = program.end(1);
    pad(&mut program, before);
    let (then, otherwise) = if is_near { (near, far) } else { (far, near) };
    let branch = program.branch(JUMP_IF_EQUAL, 7, then, otherwise);
    pad(&mut program, between);
    program.go_on_at(branch);
    program.push(LOAD, NUMBER);
    program.in_order()
}

#[test]
fn a_branch_reaches_both_its_targets_at_any_distance() {
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

/// Returns tests with few different values, so that some arguments pass them. No argument passes a
/// test whose value has bits outside of its mask.
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

/// Returns arguments with the values of [`some_test`], and with or without bits outside of most
/// masks.
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

fn expected_answer(answer: &Action, arguments: [u64; 6]) -> u32 {
    let holds = |test: &Test| arguments[test.index as usize] & test.mask == test.value;
    match answer {
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
        listed in proptest::collection::btree_map(0..300_u32, some_answer(), 0..150),
        unlisted in some_answer(),
        last in proptest::option::of(300..400_u32),
        arguments in proptest::array::uniform6(some_argument()),
    ) {
        let answers = Answers { listed, unlisted, last };
        let program = assemble(&answers);
        for call in (0..402).chain([0x4000_0000, u32::MAX]) {
            let is_newer = last.is_some_and(|last| call > last);
            let listed = answers.listed.get(&call).filter(|_| !is_newer);
            let otherwise = if is_newer { &NOT_THERE } else { &answers.unlisted };
            prop_assert_eq!(
                machine::run(&program, PROCESSOR, call, arguments),
                expected_answer(listed.unwrap_or(otherwise), arguments),
                "call {}", call
            );
        }
    }
}
