//! The accounts that can log in on the stage.

use super::scene::{Call, Phase, Scene};

/// The backend that has these accounts.
const CONFIG: &str = "
passwd_file = \"{dir}/passwd\"
[backend.local]
type = \"local\"
passwd = \"{dir}/passwd\"
shadow = \"{dir}/shadow\"
password = \"off\"
";

/// A long password: a copy is found in memory even where its beginning was overwritten.
pub const ROSES_PASSWORD: &str = "rosebud-0123456789-abcdefghijklmnop-ABCDEFGHIJK";

/// A password that is not UTF-8.
pub const BINS_PASSWORD: &[u8] = b"\x01\xff\xfe\x80caf\xe9";

const ROSE: &str = "$6$rounds=1000$saltrose$fZtelxeEuIO5XZrP.NeEPI0rTg9igLoGmoVTjZGu9DOxzry0k2Yx39RjmkUEYxWQztqr3HyHJCGJhrA1/M0EM.";
const BIN: &str = "$6$rounds=1000$saltbin$Kf7pxhPO01AK7jegxiPQe35OLpxAenMCV5HG6y7QzolXkPiQ5/zB09cVh300m/3WVt/DNFTC29GXJgmeBDFVL.";

/// A login of `user`, on a system that knows rose and bin.
pub fn scene(user: &str, answers: &[&str]) -> Scene {
    let mut scene = Scene::new(user, answers);
    scene.config.as_mut().unwrap().push_str(CONFIG);
    let person = |name: &str, uid: u32| format!("{name}:x:{uid}:{uid}::/home/{name}:/bin/sh\n");
    let passwd = person("rose", 5001) + &person("binny", 5002);
    let shadow = format!("rose:{ROSE}:20000:0:99999:7:::\nbinny:{BIN}:20000:0:99999:7:::\n");
    scene.files = [("passwd".to_owned(), passwd), ("shadow".to_owned(), shadow)].into();
    scene.script.calls = vec![Call::new(Phase::Authenticate)];
    scene
}

/// Rose logs in, gets her account, credentials and session, and tries to change her password.
pub fn whole_login() -> Scene {
    scene("rose", &[ROSES_PASSWORD]).calling(&Call::all())
}

/// The codes of [`whole_login`]: success, except that passwords are not changed.
pub const WHOLE_LOGIN: [i32; 6] = [0, 0, 0, 0, 0, 6];
