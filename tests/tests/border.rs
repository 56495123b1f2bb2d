//! The border under the real libpam: what hosts do wrong must end in a code, and in nothing else.

use authchain_tests::host::scene::{Call, Fault, Hex, Phase, Scene};
use authchain_tests::host::transaction::Transaction;

/// `PAM_AUTHINFO_UNAVAIL` as long as the local backend reads no files.
#[test]
fn first() {
    let scene = Scene::new("alice", &["a"]).calling(&Call::all());
    let report = Transaction::run(&scene);
    println!("{report:#?}");
    let mut scene = Scene::new("alice", &["a"]);
    scene.script.process.hostile = true;
    scene.script.process.search = Some(Hex::from("rosebud 12345"));
    let report = Transaction::run(&scene);
    println!("{report:#?}");
    for fault in [
        Fault::NoArray,
        Fault::NoFunction,
        Fault::NoReply,
        Fault::Fails(19),
        Fault::Fails(30),
    ] {
        scene.script.fault = Some(fault);
        scene.script.calls = vec![Call::new(Phase::Authenticate), Call::new(Phase::Account)];
        let report = Transaction::run(&scene);
        println!("{fault:?} {report:#?}");
    }
}
