// SPDX-License-Identifier: MIT OR Apache-2.0
//! Reads a line once more that clap did not take, as other programs would have it.

use std::ffi::OsString;

use clap::Parser;

use crate::familiar::{Arranged, Familiar, arranged};
use crate::usage::Usage;

/// Says why a line was not read.
#[derive(Debug)]
pub enum Unread {
    /// Clap stopped, at these words: for what is wrong with them, the help or the version.
    Stop(clap::Error, Vec<OsString>),
    /// It is written as to another program: this says what to write instead.
    Answered(Usage),
}

/// Reads the line at which clap has stopped in the words of this program, if it is one of
/// another's; what is `familiar` is said as to [`crate::complete()`].
///
/// # Errors
/// Why it is not read: clap's stop, at the line in our words, or what to write instead, if it may
/// not just be read so.
pub fn read_again<T: Parser>(
    stop: clap::Error,
    args: &[OsString],
    familiar: impl Fn(&[&str]) -> Option<Familiar>,
) -> Result<T, Unread> {
    let is_help = !stop.use_stderr();
    if is_help {
        return Err(Unread::Stop(stop, args.to_vec()));
    }
    let mut root = T::command();
    root.build();
    match arranged(&root, args, familiar) {
        Arranged::Line(line) if line == args => Err(Unread::Stop(stop, line)),
        Arranged::Line(line) => T::try_parse_from(&line).map_err(|stop| Unread::Stop(stop, line)),
        Arranged::Refused(usage) => Err(Unread::Answered(usage.see(root.get_name()))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::familiar::Meaning;

    #[derive(Debug, Parser, PartialEq)]
    #[command(name = "x")]
    enum Program {
        List {
            #[arg(long)]
            json: bool,
        },
        Clear,
    }

    fn familiar(words: &[&str]) -> Option<Familiar> {
        let meaning = match words {
            ["show", ..] => Meaning::Words(&["list"]),
            ["flush", ..] => Meaning::Hints(vec!["`x clear` does".to_owned()]),
            _ => return None,
        };
        Some(Familiar { words: 1, meaning })
    }

    fn args(line: &str) -> Vec<OsString> {
        ["x"].into_iter().chain(line.split(' ')).map(OsString::from).collect()
    }

    fn read(line: &str) -> Result<Program, Unread> {
        let stop = Program::try_parse_from(args(line)).expect_err(line);
        read_again(stop, &args(line), familiar)
    }

    #[test]
    fn what_is_meant_is_read_or_answered() {
        assert_eq!(read("--json show").unwrap(), Program::List { json: true });
        let Err(Unread::Answered(usage)) = read("flush") else { panic!("flush") };
        assert_eq!(usage.hints, ["`x clear` does", "see `x --help`"]);
        // At the words that clap was given last.
        for (line, told) in
            [("show --frob", "list --frob"), ("list --frob", "list --frob"), ("frob", "frob")]
        {
            let Err(Unread::Stop(_, words)) = read(line) else { panic!("{line}") };
            assert_eq!(words, args(told), "{line}");
        }
    }

    #[test]
    fn help_is_not_read_twice() {
        let stop = Program::try_parse_from(args("list --help")).unwrap_err();
        let read = read_again::<Program>(stop, &args("list --help"), |_| panic!("read again"));
        assert!(matches!(read, Err(Unread::Stop(stop, _)) if stop.exit_code() == 0));
    }
}
