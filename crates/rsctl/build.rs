// SPDX-License-Identifier: MIT OR Apache-2.0

//! Links what unwinds the stack (libgcc) into the program, where it is to be had: to find,
//! map and bind a library of its own for it takes a twelfth of the time that adding a
//! service takes as a whole (docs/performance.md).

use std::env;
use std::path::Path;
use std::process::Command;

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-env-changed=RUSTC_LINKER");
    let target = |what: &str| env::var(format!("CARGO_CFG_TARGET_{what}")).unwrap_or_default();
    let is_static = target("FEATURE").split(',').any(|feature| feature == "crt-static");
    if target("OS") == "linux" && target("ENV") == "gnu" && !is_static && has_archive() {
        // Only an archive has this name. Named before libgcc_s, it leaves nothing for it.
        println!("cargo:rustc-link-lib=dylib=gcc_eh");
    }
}

/// Whether the compiler that links has it: with its own unwinder, clang may not.
fn has_archive() -> bool {
    let linker = env::var_os("RUSTC_LINKER").unwrap_or_else(|| "cc".into());
    let found = Command::new(linker).arg("-print-file-name=libgcc_eh.a").output();
    // The bare name, if it is nowhere.
    found.is_ok_and(|found| {
        let path = String::from_utf8_lossy(&found.stdout);
        let path = Path::new(path.trim());
        path.is_absolute() && path.exists()
    })
}
