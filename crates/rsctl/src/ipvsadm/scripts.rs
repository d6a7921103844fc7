// SPDX-License-Identifier: MIT OR Apache-2.0

//! Does what the scripts do that come with `ipvsadm`: `ipvsadm-save` and `ipvsadm-restore`.

use std::io::{self, Read};

use ipvs_cluster::file::MAX_BYTES;
use ipvs_netlink::Change;

use super::output::Output;
use super::restore;
use super::session::Session;
use super::stop::Stop;
use super::view::{Style, View};

/// Does what `ipvsadm-save [-n]` does: what `-S` writes. Words without a `-` do not matter.
pub(super) fn save(program: &str, words: &[String], output: &mut Output) -> u8 {
    let mut style = Style { save: true, ..Style::default() };
    for word in words {
        match word.as_str() {
            "-n" => style.numeric = true,
            word if word.starts_with('-') => {
                output.complain(&format!(
                    "{program}: writes the IPVS table to stdout, as ipvsadm-restore reads it.\n   \
                     With -n, addresses and ports stay numbers."
                ));
                return 1;
            }
            _ => {}
        }
    }
    let shown = Session::open().and_then(|mut session| session.show(View::All, style));
    match shown {
        Ok(text) => {
            output.say(&text);
            0
        }
        Err(Stop::Exit(text, status) | Stop::Line(text, status)) => {
            output.complain(&text);
            status
        }
    }
}

/// Does what `ipvsadm-restore` does: reads all of the input, deletes everything, and carries out
/// the lines. Whatever words there are do not matter.
pub(super) fn restore(output: &mut Output) -> u8 {
    let mut input = Vec::new();
    // One more than may be, to be noticed.
    let read = io::stdin().lock().take(MAX_BYTES as u64 + 1).read_to_end(&mut input);
    let whole = match read {
        Err(error) => Err(format!("cannot read the input: {error}")),
        Ok(_) if input.len() > MAX_BYTES => Err(format!("more than {MAX_BYTES} bytes")),
        Ok(_) => restore::check(&input),
    };
    if let Err(why) = whole {
        output.complain(&format!("{why}; nothing was changed"));
        return 1;
    }
    let cleared = Session::open().and_then(|mut session| {
        session.change(Change::Flush)?;
        Ok(session)
    });
    match cleared {
        Ok(mut session) => restore::run(&mut session, input.as_slice(), output),
        Err(Stop::Exit(text, status) | Stop::Line(text, status)) => {
            output.complain(&text);
            status
        }
    }
}
