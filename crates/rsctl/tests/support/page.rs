// SPDX-License-Identifier: MIT OR Apache-2.0

//! The tables of bad input in `docs/errors.md`, read as a reader would.

const PAGE: &str = include_str!("../../../../docs/errors.md");

/// The section whose rows depend on what the kernel has.
pub(crate) const OF_THE_KERNEL: &str = "What is refused for what the kernel has";

/// A row: what is typed, and what is said to it.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) section: &'static str,
    /// For a shell.
    pub(crate) command: String,
    /// The lines behind `error: `.
    error: Vec<String>,
    pub(crate) exit: i32,
    remedy: String,
}

/// The rows about bad input to that program.
pub(crate) fn rows(program: &str) -> Vec<Row> {
    let start = PAGE.find(&format!("\n## Bad input to {program}\n")).expect("the part");
    let part = &PAGE[start + 1..];
    let part = &part[..part.find("\n## ").unwrap_or(part.len())];
    let mut section = "";
    let mut rows = Vec::new();
    for line in part.lines() {
        if let Some(title) = line.strip_prefix("### ") {
            section = title;
        }
        if !line.starts_with("| `") {
            continue;
        }
        let line = line.replace("\\|", "\0");
        let cells: Vec<&str> = line.trim_matches('|').split(" | ").map(str::trim).collect();
        let [command, error, exit, remedy] = cells[..] else { panic!("{line}") };
        rows.push(Row {
            section,
            command: code(command).replace('\0', "|"),
            error: error.split(" <br> ").map(code).collect(),
            exit: exit.parse().expect("an exit code"),
            remedy: remedy.to_owned(),
        });
    }
    rows
}

/// What stands between backticks, however many.
fn code(cell: &str) -> String {
    let marks = cell.len() - cell.trim_start_matches('`').len();
    let inside = cell.get(marks..cell.len() - marks).unwrap_or_default();
    assert!(marks > 0 && cell.ends_with(&"`".repeat(marks)), "{cell}");
    // Markdown's blanks, beside a backtick of the text's own.
    inside.strip_prefix(' ').and_then(|it| it.strip_suffix(' ')).unwrap_or(inside).to_owned()
}

/// What a person would be told instead of the object.
fn as_text(stderr: &str) -> String {
    let object: serde_json::Value = serde_json::from_str(stderr).expect("one object");
    let texts = |key: &str, label: &str| -> String {
        let texts = object.get(key).and_then(serde_json::Value::as_array).into_iter().flatten();
        texts.map(|text| format!("{label}{}\n", text.as_str().expect("text"))).collect()
    };
    let error = object["error"].as_str().expect("text");
    format!("error: {error}\n{}{}", texts("problems", ""), texts("hints", "hint: "))
}

impl Row {
    /// Holds what was said against the row, and tells whether the remedy was among it.
    #[track_caller]
    pub(crate) fn check(&self, exit: Option<i32>, stdout: &str, stderr: &str) -> bool {
        let command = &self.command;
        let as_text = command.contains("--json").then(|| as_text(stderr));
        let stderr = as_text.as_deref().unwrap_or(stderr);
        assert_eq!((exit, stdout), (Some(self.exit), ""), "{command}: {stderr}");
        let (hints, error): (Vec<&str>, Vec<&str>) =
            stderr.lines().partition(|line| line.starts_with("hint: "));
        let error = error.join("\n");
        assert_eq!(error, format!("error: {}", self.error.join("\n")), "{command}");
        let hints = hints.into_iter().map(|hint| &hint[6..]);
        let hints: Vec<&str> = hints.filter(|hint| !hint.starts_with("see `rsctl ")).collect();
        assert!(!self.remedy.is_empty(), "{command}");
        if !hints.is_empty() {
            assert_eq!(hints.join("; "), self.remedy, "{command}");
        }
        !hints.is_empty()
    }
}
