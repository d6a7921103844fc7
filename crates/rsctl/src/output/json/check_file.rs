// SPDX-License-Identifier: MIT OR Apache-2.0

use std::io::{self, Write};

use ipvs_cluster::cluster::Problem;
use serde::Serialize;

use super::write_document;
use crate::commands::Checked;

/// Holds what `rsctl check-file --json` prints.
#[derive(Serialize)]
struct CheckedDocument<'a> {
    /// The file's name, or `<stdin>`.
    file: &'a str,
    /// What is wrong with it, in its order.
    problems: Vec<ProblemObject<'a>>,
    /// What is allowed and hardly meant, in its order; empty if there are problems.
    warnings: Vec<ProblemObject<'a>>,
    /// How many services it describes; 0 if there are problems.
    services: usize,
    /// How many servers these have together.
    servers: usize,
}

#[derive(Serialize)]
struct ProblemObject<'a> {
    /// From 1.
    line: usize,
    /// From 1, in characters.
    column: usize,
    message: &'a str,
    /// What helps, if that can be said.
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<&'a str>,
}

impl<'a> From<&'a Problem> for ProblemObject<'a> {
    fn from(problem: &'a Problem) -> Self {
        Self {
            line: problem.line,
            column: problem.column,
            message: &problem.message,
            hint: problem.hint.as_deref(),
        }
    }
}

pub(in super::super) fn write_checked(checked: &Checked, out: &mut impl Write) -> io::Result<()> {
    write_document(
        &CheckedDocument {
            file: &checked.file,
            problems: checked.problems.iter().map(ProblemObject::from).collect(),
            warnings: checked.warnings.iter().map(ProblemObject::from).collect(),
            services: checked.services,
            servers: checked.servers,
        },
        out,
    )
}
