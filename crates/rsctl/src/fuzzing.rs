// SPDX-License-Identifier: MIT OR Apache-2.0

//! Names the targets of `fuzz/`, each beside the parser that it feeds, and what must hold of every
//! complaint. Not in the program: built for tests and for libFuzzer.

use crate::commands::fuzzing as commands;
use crate::output::fuzzing as output;
pub(crate) use crate::output::fuzzing::harmless;

/// Reads any words for `rsctl`, with NULs between them.
pub fn command_line(data: &[u8]) {
    commands::command_line(data, error, output::kept);
}

/// Reads any text as each kind of value.
pub fn values(data: &[u8]) {
    crate::cli::fuzzing::values(data, harmless);
}

/// Reads any bytes as a file to restore.
pub fn restore(data: &[u8]) {
    commands::restore(data, error, output::kept);
}

/// Reads any lines as `ipvsadm -R` does.
pub fn ipvsadm(data: &[u8]) {
    crate::ipvsadm::fuzzing::lines(data, harmless, crate::output::fuzzing::kept);
}

/// Reads any bytes as another director's status.
pub fn peer(data: &[u8]) {
    commands::peer(data, error, output::status);
}

/// Checks that an error is harmless, and one line before its details and hints.
fn error(error: &crate::error::Error) {
    let text = error.complaint().to_string();
    harmless(&text);
    assert!(text.starts_with("error: ") && !text.starts_with("error: \n"), "{text:?}");
    let lines = 1 + error.details().len() + error.hints().len();
    assert_eq!(text.lines().count(), lines, "{text:?}");
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    #[test]
    fn command_line() {
        replay("command_line", super::command_line);
    }

    #[test]
    fn values() {
        replay("values", super::values);
    }

    #[test]
    fn restore() {
        replay("restore", super::restore);
    }

    #[test]
    fn ipvsadm() {
        replay("ipvsadm", super::ipvsadm);
    }

    #[test]
    fn peer() {
        replay("peer", super::peer);
    }

    /// Runs a target on each of its inputs, those that once broke it included.
    fn replay(target: &str, run: fn(&[u8])) {
        let fuzz = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz");
        let mut inputs = 0;
        for folder in ["corpus", "regressions"].map(|kind| fuzz.join(kind).join(target)) {
            // A target that was never broken has no regressions.
            for entry in folder.read_dir().into_iter().flatten() {
                let path = entry.unwrap().path();
                println!("{}", path.display()); // shown if it panics
                run(&std::fs::read(path).unwrap());
                inputs += 1;
            }
        }
        assert!(inputs >= 10, "{inputs} inputs of {target}: where is the corpus?");
    }
}
