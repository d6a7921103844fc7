// SPDX-License-Identifier: MIT OR Apache-2.0

use std::io::{self, Write};

use lvs_term::{count, one_line};

use super::{hint, warning};
use crate::commands::Checked;

/// Writes what the file describes.
pub(super) fn write(checked: &Checked, out: &mut impl Write) -> io::Result<()> {
    let (services, servers) =
        (count(checked.services, "service"), count(checked.servers, "server"));
    writeln!(out, "{}: {services}, {servers}", one_line(&checked.file))
}

/// Writes what is hardly meant to standard error.
pub(super) fn warn(checked: &Checked) {
    for it in &checked.warnings {
        warning(&format!("{}:{}:{}: {}", checked.file, it.line, it.column, it.message));
        it.hint.iter().for_each(|it| hint(it));
    }
}
