// SPDX-License-Identifier: MIT OR Apache-2.0
//! Links the unwinder into the programs.
//!
//! Rust's standard library asks for it in a library of its own, libgcc_s.so.1, which nothing
//! else here needs. To find, map and bind that costs each start as much as a dozen system
//! calls: a fourteenth of `rsctl add-service`. The static form comes with the same compiler
//! that links the program; whoever comes first on the linker's line gives the names.

#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[link(name = "gcc_eh", kind = "static", modifiers = "-bundle")]
#[expect(
    unsafe_code,
    reason = "declares nothing: what is linked is called by the standard library"
)]
unsafe extern "C" {}
