// SPDX-License-Identifier: MIT OR Apache-2.0
//! Reads the configuration file: the options of `rs-agent run`, as TOML.
//!
//! The keys are taken from the command line's own description, and the values go through
//! the same parser and the same checks, so the file knows every option and no other.
//!
//! ```toml
//! mode = "dr"
//! vip = ["192.0.2.10", "2001:db8::10"]
//! on-stop = "keep"
//! ```

use std::io;
use std::ops::Range;
use std::path::Path;

use clap::error::ErrorKind;
use clap::{ArgAction, Args as _, Command, FromArgMatches as _};
use lvs_host::files;
use lvs_host::files::trust::{Distrust, Trust};
use lvs_term::{BadNumber, Usage};
use toml::de::{DeTable, DeValue};

use crate::cli::RunArgs;
use crate::error::Error;
use crate::request;

/// More than any list of VIPs takes; a device or a log given by mistake has no end.
const LARGEST: u64 = 1 << 20;

/// Reads and checks the file.
///
/// # Errors
/// [`Error::ReadConfig`]; [`Error::UntrustedConfig`] if others can change it;
/// [`Error::Config`] with every fault that can be told from the file alone.
pub fn read(path: &Path) -> Result<RunArgs, Error> {
    let text = text(path)?;
    parse(&text).map_err(|faults| Error::Config { path: path.to_owned(), faults })
}

fn text(path: &Path) -> Result<String, Error> {
    let failed = |source| Error::ReadConfig { path: path.to_owned(), source };
    let not_text = |_| failed(io::Error::new(io::ErrorKind::InvalidData, "not UTF-8"));
    String::from_utf8(obeyed(path, LARGEST, failed)?).map_err(not_text)
}

/// Reads a file that is obeyed: what it says is done with the rights of who runs this, so nobody
/// else may have a say in it.
pub(crate) fn obeyed(
    path: &Path,
    most: u64,
    failed: impl Fn(io::Error) -> Error,
) -> Result<Vec<u8>, Error> {
    let distrusted = |why| match why {
        Distrust::Io { source, .. } => failed(source),
        Distrust::Kind { .. } => failed(io::ErrorKind::NotADirectory.into()),
        why => Error::UntrustedConfig(Box::new(why)),
    };
    let trust = Trust::to_act();
    let place = trust.resolve(path).map_err(distrusted)?;
    let (bytes, about) = files::bytes(&place, most).map_err(&failed)?;
    trust.file(&place, &about, &about).map_err(distrusted)?;
    Ok(bytes)
}

/// Understands the text of a configuration file.
///
/// # Errors
/// Every fault, beginning with its line.
pub fn parse(text: &str) -> Result<RunArgs, Vec<String>> {
    let mut faults = Faults { text, found: Vec::new() };
    let (table, broken) = DeTable::parse_recoverable(text);
    for error in broken {
        faults.add(error.span().unwrap_or_default(), error.message());
    }
    let options = options();
    let mut words = Vec::new();
    for (key, value) in table.get_ref() {
        let name = key.get_ref().as_ref();
        let option = options.get_arguments().find(|arg| arg.get_long() == Some(name));
        let Some(option) = option.filter(|_| !is_of_command_line(name)) else {
            faults.add(
                key.span(),
                &match is_of_command_line(name) {
                    true => format!("{name} is an option of the command line only"),
                    false => format!("unknown key {name:?}"),
                },
            );
            continue;
        };
        let at = words.len();
        match (value.get_ref(), option.get_action()) {
            (DeValue::Boolean(true), ArgAction::SetTrue) => words.push(format!("--{name}")),
            (DeValue::Boolean(false), ArgAction::SetTrue) => {}
            (_, ArgAction::SetTrue) => {
                faults.add(value.span(), &format!("{name} is true or false"))
            }
            (DeValue::Array(items), ArgAction::Append) => {
                let sound = faults.found.len();
                let mut texts = Vec::with_capacity(items.len());
                for item in items {
                    match scalar(item.get_ref()) {
                        Some(text) => {
                            words.push(faults.word(name, &text, item.span()));
                            texts.push(text);
                        }
                        None => faults.add(item.span(), &format!("{name} is a list of texts")),
                    }
                }
                // Each by itself is good: are they together?
                if faults.found.len() == sound {
                    if let Err((place, refusal)) = request::list(name, &texts) {
                        let span = items.get(place).map_or_else(|| value.span(), |it| it.span());
                        faults.add(span, &refusal.to_string());
                    }
                }
            }
            (other, _) => match scalar(other) {
                Some(text) => words.push(faults.word(name, &text, value.span())),
                None => faults.add(value.span(), &format!("{name} is a single value")),
            },
        }
        // The values of one key by the parser of the command line, for the line's sake.
        // What it needs beside it may stand elsewhere, and is judged when all is together.
        let read = options.clone().try_get_matches_from(words.iter().skip(at));
        let is_fault = |error: &clap::Error| error.kind() != ErrorKind::MissingRequiredArgument;
        if let Some(error) = read.err().filter(is_fault) {
            faults.add(value.span(), &plain(&error));
        }
    }
    if !faults.found.is_empty() {
        return Err(faults.in_order());
    }
    let matches = options.try_get_matches_from(words);
    let args = matches.and_then(|matches| RunArgs::from_arg_matches(&matches));
    let args = args.map_err(|error| vec![plain(&error)])?;
    if args.what.cluster.is_some() {
        // What is missing here may be said there.
        return Ok(args);
    }
    match args.what.request() {
        Ok(Some(_)) => Ok(args),
        Ok(None) => Err(vec!["mode is missing".to_owned()]),
        Err(refusal) => Err(vec![format!("{refusal}; {}", refusal.hint())]),
    }
}

/// Options of `rs-agent run` that say where to read and to write, and not what to do.
fn is_of_command_line(name: &str) -> bool {
    matches!(name, "config" | "state-dir" | "help" | "version")
}

/// What clap says, in our words.
fn plain(error: &clap::Error) -> String {
    Usage::of(error, &[], |_: &BadNumber| None).message
}

/// What may be written: the options of `run`, as clap describes them.
fn options() -> Command {
    RunArgs::augment_args(Command::new("rs-agent run").no_binary_name(true))
}

/// Returns every key that may be written.
#[must_use]
pub fn keys() -> Vec<String> {
    let options = options();
    let names = options.get_arguments().filter_map(|arg| arg.get_long());
    names.filter(|name| *name != "config").map(str::to_owned).collect()
}

fn scalar(value: &DeValue<'_>) -> Option<String> {
    match value {
        DeValue::String(text) => Some(text.as_ref().to_owned()),
        DeValue::Integer(number) => Some(number.to_string()),
        _ => None,
    }
}

struct Faults<'a> {
    text: &'a str,
    found: Vec<(usize, String)>,
}

impl Faults<'_> {
    fn add(&mut self, span: Range<usize>, what: &str) {
        let before = self.text.get(..span.start).unwrap_or_default();
        let line = before.matches('\n').count() + 1;
        let what = what.split_whitespace().collect::<Vec<_>>().join(" ");
        self.found.push((line, what));
    }

    /// The value as a word of a command line, after the checks that need only it.
    fn word(&mut self, name: &str, text: &str, span: Range<usize>) -> String {
        if let Err(refusal) = request::value(name, text) {
            self.add(span, &refusal.to_string());
        }
        format!("--{name}={text}")
    }

    fn in_order(mut self) -> Vec<String> {
        self.found.sort();
        self.found.dedup();
        self.found.into_iter().map(|(line, what)| format!("line {line}: {what}")).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;

    use clap::ValueEnum as _;

    use super::*;
    use crate::cli::OnStop;
    use crate::mode::Mode;

    #[test]
    fn the_file_says_what_the_options_say() {
        let text = "mode = \"tun\"\nvip = [\"192.0.2.10\", \"192.0.2.11/32\"]\n\
                    rip = \"10.0.0.5\"\ndirector = \"10.0.0.1\"\non-stop = \"teardown\"\n";
        let args = parse(text).unwrap();
        assert_eq!(args.what.mode, Some(Mode::Tun));
        assert_eq!(args.on_stop, OnStop::Teardown);
        assert_eq!(args.what.request().unwrap().unwrap().vips.len(), 2);
        for key in ["mode", "vip", "rip", "director", "on-stop", "log-format"] {
            assert!(keys().iter().any(|known| known == key), "{key}");
        }
    }

    #[test]
    fn a_mode_is_read_by_each_of_its_words() {
        for mode in Mode::value_variants() {
            let words = mode.to_possible_value().unwrap();
            assert_eq!(words.get_name(), mode.to_string());
            for word in words.get_name_and_aliases() {
                for word in [word.to_owned(), word.to_uppercase()] {
                    let what = match mode {
                        Mode::Nat => "gateway = \"10.0.0.1\"",
                        _ => "vip = \"192.0.2.10\"",
                    };
                    let args = parse(&format!("mode = \"{word}\"\n{what}\n")).unwrap();
                    assert_eq!(args.what.mode, Some(*mode), "{word}");
                }
            }
        }
        let known = parse("mode = \"bridge\"\n").unwrap_err();
        assert!(known[0].ends_with("use one of `dr`, `tun`, `nat`"), "{known:#?}");
    }

    #[test]
    fn what_others_can_change_is_not_obeyed() {
        let folder = tempfile::tempdir().unwrap();
        let below = folder.path().join("etc");
        let path = below.join("rs-agent.toml");
        fs::create_dir(&below).unwrap();
        fs::write(&path, "mode = \"dr\"\nvip = \"192.0.2.10\"\n").unwrap();
        for (of_folder, of_file, unsafe_one) in [
            (0o755, 0o664, Some(&path)),
            (0o755, 0o646, Some(&path)),
            (0o775, 0o644, Some(&below)),
            (0o757, 0o644, Some(&below)),
            (0o1777, 0o600, None),
            (0o755, 0o644, None),
        ] {
            let mode = |path: &Path, bits| {
                fs::set_permissions(path, fs::Permissions::from_mode(bits)).unwrap();
            };
            mode(&below, of_folder);
            mode(&path, of_file);
            match (read(&path), unsafe_one) {
                (Ok(_), None) => {}
                (Err(error @ Error::UntrustedConfig(_)), Some(place)) => {
                    let place = fs::canonicalize(place).unwrap();
                    let hint = format!("chmod go-w {}", place.display());
                    assert!(error.hints()[0].contains(&hint), "{error}: {:?}", error.hints());
                    assert_eq!(error.exit_status(), 2);
                }
                (other, _) => panic!("{of_folder:o} {of_file:o}: {other:?}"),
            }
        }
        let missing = read(&path.join("x"));
        assert!(matches!(missing, Err(Error::ReadConfig { .. })), "{missing:?}");
    }

    #[test]
    fn every_fault_is_told_with_its_line() {
        let text = "mode = \"dr\"\nvpi = \"192.0.2.10\"\nvip = [\"192.0.2.10/24\", 7.5]\n\
                    label = [\"lo:1\"]\ndirector = \"www\"\non-stop = \"explode\"\nconfig = \"x\"\n";
        let faults = parse(text).unwrap_err();
        let lines: Vec<_> = faults.iter().map(|fault| fault.split(':').next().unwrap()).collect();
        assert_eq!(
            lines,
            ["line 2", "line 3", "line 3", "line 4", "line 5", "line 6", "line 7"],
            "{faults:#?}"
        );
        assert!(faults[0].contains("unknown key \"vpi\""), "{faults:#?}");
        assert!(faults[5].contains("explode"), "{faults:#?}");
        assert!(faults[6].ends_with("config is an option of the command line only"), "{faults:#?}");
    }

    /// What values are not together has the line of the one that is too many.
    #[test]
    fn values_of_a_list_are_told_with_their_lines() {
        for (list, fault) in [
            ("rip = [\"10.0.0.5\",\n \"10.0.0.6\"]", "--rip 10.0.0.5 and 10.0.0.6 are of one"),
            ("rip = [\"10.0.0.5\",\n \"10.0.0.5\"]", "--rip 10.0.0.5 is given twice"),
            ("director = [\"10.0.0.1\",\n \"10.0.0.1\"]", "--director 10.0.0.1 is given twice"),
            ("gateway = [\"2001:db8::1\",\n \"2001:db8::2\"]", "--gateway 2001:db8::1 and"),
        ] {
            let file = format!("mode = \"tun\"\nvip = \"192.0.2.10\"\n{list}\nlabel = 7.5\n");
            let faults = parse(&file).unwrap_err();
            assert!(faults[0].starts_with(&format!("line 4: {fault}")), "{faults:#?}");
            assert!(faults.len() == 2 && faults[1].starts_with("line 5: "), "{faults:#?}");
        }
        let vips = "mode = \"dr\"\nvip = [\n\"192.0.2.10\",\n\"192.0.2.10/32\",\n]\n";
        assert_eq!(parse(vips).unwrap_err(), ["line 4: --vip 192.0.2.10 is given twice"]);
    }

    #[test]
    fn broken_text_and_bad_combinations_are_faults_too() {
        assert!(parse("mode = \"dr\"\nvip = [\n").unwrap_err()[0].starts_with("line "));
        assert!(parse("mode = dr\nx\n").unwrap_err().len() >= 2);
        assert_eq!(parse("").unwrap_err(), ["mode is missing"]);
        let both = "mode = \"dr\"\nvip = \"192.0.2.10\"\ngateway = \"192.0.2.1\"\n";
        assert!(parse(both).unwrap_err()[0].contains("--gateway has no meaning in mode dr"));
        assert!(parse("vip = \"192.0.2.10\"\n").unwrap_err()[0].contains("--mode is missing"));
    }

    /// Each key is parsed alone for its line's sake; that is no reason to miss another.
    #[test]
    fn every_key_can_be_used() {
        let dr = "mode = \"dr\"\nvip = \"192.0.2.10\"\n";
        let tun = "mode = \"tun\"\nvip = \"192.0.2.10\"\nrip = \"10.0.0.5\"\n";
        let nat = "mode = \"nat\"\ngateway = \"10.0.0.1\"\nclient = \"198.51.100.0/24\"\n";
        let files = [
            format!("{dr}carrier = \"vips\"\ncreate-carrier = true\nscope = \"link\"\n"),
            format!("{dr}also-director = true\n"),
            format!("create-carrier = true\n{dr}carrier = \"vips\"\nlabel = \"vips:a\"\n"),
            format!("{tun}director = [\"10.0.0.1\"]\ntunnel = \"gre\"\nchecksum = true\n"),
            format!("{tun}tunnel = \"gue\"\ntunnel-port = 6080\ntunnel-device = \"x\"\n"),
            "mode = \"tun\"\nvip = \"192.0.2.10\"\nrip = [\"10.0.0.5\", \"2001:db8::5\"]\n".into(),
            format!("{tun}fallback-devices = true\non-stop = \"teardown\"\n"),
            format!("{nat}log-format = \"json\"\n"),
            "cluster = \"/etc/lvs/cluster.yaml\"\nlabel = \"lo:vip\"\n".into(),
        ];
        for file in &files {
            parse(file).unwrap_or_else(|faults| panic!("{file}\n{faults:#?}"));
        }
        for key in keys() {
            let used =
                |file: &String| file.lines().any(|line| line.starts_with(&format!("{key} =")));
            assert!(files.iter().any(used), "no file here has {key}");
        }
        let relative = parse("cluster = \"cluster.yaml\"\n").unwrap_err();
        assert_eq!(relative, ["line 1: cluster \"cluster.yaml\" is not an absolute path"]);
        // What misses another all the same is told.
        let alone = parse(&format!("{dr}create-carrier = true\n")).unwrap_err();
        assert!(alone[0].contains("--carrier"), "{alone:#?}");
        let both = parse(&format!("{tun}tunnel-device = \"x\"\nfallback-devices = true\n"));
        assert!(both.unwrap_err()[0].contains("cannot be used together with"));
    }
}
