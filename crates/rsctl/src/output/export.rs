// SPDX-License-Identifier: MIT OR Apache-2.0

use std::io::{self, Write};

use lvs_term::{escaped, outlive_file_limit};

use super::replace::replace;
use crate::commands::Exported;
use crate::error::Error;

pub(super) fn write(exported: &Exported, out: &mut impl Write) -> io::Result<()> {
    let Exported { export, json, .. } = exported;
    let text = if *json { export.to_json() } else { export.to_yaml() };
    out.write_all(text.as_bytes())
}

/// Says on stderr what the file does not hold.
pub(super) fn warn(exported: &Exported) {
    for left in exported.export.left_out() {
        super::warning(&format!("not in the file: {left}"));
    }
}

/// Writes to the file that was named, if one was.
pub(super) fn to_file(exported: &Exported) -> Option<Result<(), Error>> {
    // As other commands read stdin.
    let file = exported.to.as_ref().filter(|file| file.as_os_str() != "-")?;
    outlive_file_limit();
    let failed = |error| Error::Write { file: escaped(file.as_os_str()), error };
    Some(replace(file, None, |out| write(exported, out)).map_err(failed))
}
