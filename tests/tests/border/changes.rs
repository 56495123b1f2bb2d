//! A change of a password leaves the host as it was, whatever the caller of passwd has set.

use authchain_tests::host::codes::SUCCESS;
use authchain_tests::host::people::{ROSES_PASSWORD, scene};
use authchain_tests::host::scene::{Call, Phase, Scene};
use authchain_tests::host::transaction::Transaction;
use authchain_tests::need;

const NEW: &str = "new and quite long";

/// Rose changes her password, and logs in with the new one.
fn change() -> Scene {
    let calls = [Phase::Chauthtok, Phase::Authenticate].map(Call::new);
    let mut scene = scene("rose", &[ROSES_PASSWORD, NEW, NEW, NEW]).calling(&calls);
    let config = scene.config.as_mut().unwrap();
    *config = config.replace("password = \"off\"\n", "");
    scene.script.process.real_uid = Some(5001);
    scene
}

#[test]
fn a_change_gives_the_host_everything_back() {
    if !need::root("changes: surroundings") {
        return;
    }
    for (closed, hostile) in [(false, false), (true, false), (false, true), (true, true)] {
        let mut scene = change();
        scene.script.process.closed = closed;
        scene.script.process.hostile = hostile;
        let report = Transaction::run(&scene);
        let about = format!("closed {closed}, hostile {hostile}: {report:#?}");
        assert_eq!(report.codes, [SUCCESS; 2], "{about}");
        // Among them: user ids, blocked signals, umask, limits, descriptors, a deleted folder, and
        // an alarm that goes on.
        assert_eq!(report.changes, [""; 0], "{about}");
        assert_eq!(report.output, "", "{about}");
    }
}
