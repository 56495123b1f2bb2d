//! How the module is linked.

fn main() {
    // nodelete: std registers thread destructors whose code is in the module. If the module were
    //   unloaded, the host would crash when such a thread ends. libpam also keeps a pointer to the
    //   function that frees a hint, and unloads modules when PAM_SERVICE changes.
    // defs: a symbol that nobody defines fails here, not at somebody's login.
    // as-needed: nothing is loaded into sshd that is not used.
    for argument in ["-Wl,-z,nodelete", "-Wl,-z,defs", "-Wl,--as-needed"] {
        println!("cargo::rustc-cdylib-link-arg={argument}");
    }
    // The module names libpam as a library it needs (DT_NEEDED). A host may load libpam privately
    // (RTLD_LOCAL, as python's ctypes does); its symbols would not be found then.
    println!("cargo::rustc-link-lib=dylib=pam");
    println!("cargo::rerun-if-changed=build.rs");
}
