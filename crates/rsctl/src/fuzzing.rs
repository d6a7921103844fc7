// SPDX-License-Identifier: MIT OR Apache-2.0

//! The targets of `fuzz/`, each beside the parser that it feeds, and what must hold
//! of every complaint. Not in the program: built for tests and for libFuzzer.

/// Any words for `rsctl`, with NULs between them.
pub fn command_line(data: &[u8]) {
    crate::commands::fuzzing::command_line(data);
}

/// Any text for a value.
pub fn values(data: &[u8]) {
    crate::cli::fuzzing::values(data);
}

/// Any bytes for a file to restore.
pub fn restore(data: &[u8]) {
    crate::commands::fuzzing::restore(data);
}

/// Any lines for `ipvsadm -R`.
pub fn ipvsadm(data: &[u8]) {
    crate::ipvsadm::fuzzing::lines(data, harmless, crate::output::fuzzing::kept);
}

/// Any bytes for another director's status.
pub fn peer(data: &[u8]) {
    crate::commands::fuzzing::peer(data);
}

/// What a terminal is shown: lines, each with something on it, without anything
/// that would move the cursor or turn the text around.
pub(crate) fn harmless(text: &str) {
    assert!(text.ends_with('\n'), "{text:?}");
    for line in text.lines() {
        assert!(!line.is_empty(), "{text:?}");
        assert!(!line.contains(lvs_term::is_harmful), "{line:?}");
        assert!(line.len() < 8000, "a line of {} bytes", line.len());
    }
}

/// The same of an error, which is one line before its details and hints.
pub(crate) fn error(error: &crate::error::Error) {
    let text = crate::output::error_text(error);
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
