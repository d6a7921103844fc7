// SPDX-License-Identifier: MIT OR Apache-2.0
//! Writes the system's answers in the words of all our errors.
//!
//! `lvs_term::system_error` does the same for the programs. Whoever reads a host needs no
//! crate for terminals, which brings clap and a function that runs before `main`; and
//! whoever writes to a terminal needs no netlink.

use std::io;

/// Returns what the system says of an error without a capital letter, and without the number
/// that the standard library appends.
pub(crate) fn system_error(error: &io::Error) -> String {
    let text = error.to_string();
    let mut chars = text.split(" (os error").next().unwrap_or_default().chars();
    match (error.raw_os_error(), chars.next()) {
        (Some(_), Some(first)) => first.to_lowercase().chain(chars).collect(),
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_the_system_says_is_changed() {
        let error = io::Error::from_raw_os_error(libc::ENOSPC);
        assert_eq!(system_error(&error), "no space left on device");
        assert_eq!(system_error(&io::Error::other("Own words")), "Own words");
    }
}
