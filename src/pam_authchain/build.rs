//! How the module is linked.

fn main() {
    // nodelete: std registers thread destructors inside the module; unloading it while a thread of
    //   the host lives would leave them pointing nowhere (the host dies when that thread ends). So
    //   would libpam's pointer to what frees a hint: it unloads modules when PAM_SERVICE changes.
    // defs: a symbol that nobody defines fails here, not at somebody's login.
    // as-needed: nothing is loaded into sshd that is not used.
    for argument in ["-Wl,-z,nodelete", "-Wl,-z,defs", "-Wl,--as-needed"] {
        println!("cargo::rustc-cdylib-link-arg={argument}");
    }
    // Named as needed, not left to the host: hosts that load libpam privately (RTLD_LOCAL, as
    // python's ctypes does) would find no symbol of it.
    println!("cargo::rustc-link-lib=dylib=pam");
    println!("cargo::rerun-if-changed=build.rs");
}
