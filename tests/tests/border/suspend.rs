//! Logins during which the machine is suspended.

use std::process::Command;

use authchain_tests::need;

#[test]
fn a_deadline_goes_on_while_the_machine_is_suspended() {
    if !need::root("a_deadline_goes_on_while_the_machine_is_suspended") {
        return;
    }
    let output = Command::new(env!("CARGO_BIN_EXE_sleeper"))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert_eq!(said.trim(), "0", "{complaint}");
}
