// SPDX-License-Identifier: MIT OR Apache-2.0
//! Reads what sysctl.d will set at boot, and for each interface that appears: sysctl.d(5), and
//! systemd's sysctl.c for what the manual leaves open.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::escaped;
use crate::files;
use crate::sysctl::SysctlKey;
use crate::words::system_error;

/// A file in an earlier folder hides one of the same name in a later one.
const FOLDERS: [&str; 4] =
    ["/etc/sysctl.d", "/run/sysctl.d", "/usr/local/lib/sysctl.d", "/usr/lib/sysctl.d"];
/// `sysctl --system` reads it last; systemd-sysctl only if it is linked into a folder.
const LAST: &str = "/etc/sysctl.conf";
/// More than any list of settings; a device file or a log put there by mistake has no end.
const LARGEST: u64 = 1 << 20;

/// NAME_MAX: nothing below `/proc/sys` has a longer one.
const LONGEST_NAME: usize = 255;

/// Holds one line of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assignment {
    file: PathBuf,
    line: usize,
    /// Below `/proc/sys`, by components; each may be a glob.
    pattern: Vec<String>,
    /// `None`: the key is only taken out of the globs (`-key`).
    value: Option<String>,
}

impl Assignment {
    /// Returns whether it names one key; else it is a glob.
    #[must_use]
    pub fn explicit(&self) -> bool {
        !self.pattern.iter().any(|part| is_glob(part))
    }

    /// Returns the number it sets; `None` if it sets none.
    #[must_use]
    pub fn value(&self) -> Option<i32> {
        self.value.as_ref()?.parse().ok()
    }

    /// Returns the value as written.
    #[must_use]
    pub fn text(&self) -> &str {
        self.value.as_deref().unwrap_or("left alone")
    }

    /// Returns the place as `FILE:LINE`.
    #[must_use]
    pub fn place(&self) -> String {
        format!("{}:{}", self.file.display(), self.line)
    }

    fn matches(&self, key: &[String]) -> bool {
        self.pattern.len() == key.len()
            && self
                .pattern
                .iter()
                .zip(key)
                .all(|(glob, name)| matches(glob.as_bytes(), name.as_bytes()))
    }
}

/// Returns the line that decides about `key`: one that names it beats every glob, whatever the
/// order; among equals the last.
#[must_use]
pub fn winner<'a>(lines: &'a [Assignment], key: &SysctlKey) -> Option<&'a Assignment> {
    let key: Vec<String> = key
        .path()
        .iter()
        .skip(3) // `/`, `proc`, `sys`
        .map(|part| escaped::text(part.as_encoded_bytes()))
        .collect();
    let all = || lines.iter().rev().filter(|line| line.matches(&key));
    all().find(|line| line.explicit()).or_else(|| all().next()).filter(|line| line.value.is_some())
}

/// Reads all files below `root` (normally `/`), in the order in which they count, and
/// names what could not be read.
#[must_use]
pub fn read(root: &Path) -> (Vec<Assignment>, Vec<String>) {
    let (mut lines, mut unread) = (Vec::new(), Vec::new());
    let mut files: BTreeMap<std::ffi::OsString, PathBuf> = BTreeMap::new();
    for folder in FOLDERS.map(|folder| below(root, folder)) {
        let entries = match fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => {
                unread.push(format!("{}: {}", folder.display(), system_error(&error)));
                continue;
            }
        };
        for entry in entries.flatten() {
            let name = entry.file_name();
            if name.as_encoded_bytes().ends_with(b".conf") {
                files.entry(name).or_insert_with(|| entry.path());
            }
        }
    }
    let last = below(root, LAST);
    let same = |file: &PathBuf| fs::canonicalize(file).ok() == fs::canonicalize(&last).ok();
    let linked = files.values().any(same);
    let last = (last.exists() && !linked).then_some(last);
    for file in files.into_values().chain(last) {
        match content(&file) {
            Ok(text) => lines.extend(parse(&file, &text)),
            Err(error) => {
                unread.push(format!("{}: {}", file.display(), system_error(&error)));
            }
        }
    }
    (lines, unread)
}

fn below(root: &Path, path: &str) -> PathBuf {
    root.join(path.trim_start_matches('/'))
}

fn content(file: &Path) -> io::Result<String> {
    // A link to /dev/null is how a file of a later folder is switched off.
    if !fs::metadata(file)?.is_file() {
        return Ok(String::new());
    }
    let (bytes, _) = files::bytes(file, LARGEST)?;
    Ok(escaped::text(&bytes))
}

fn parse(file: &Path, text: &str) -> Vec<Assignment> {
    let mut lines = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        let line = line.trim();
        if line.is_empty() || line.starts_with(['#', ';']) {
            continue;
        }
        let (key, value) = match line.split_once('=') {
            Some((key, value)) => (key, Some(value.trim().to_owned())),
            None if line.starts_with('-') => (line, None),
            None => continue, // systemd complains and goes on
        };
        let key = key.trim();
        let key = key.strip_prefix('-').unwrap_or(key).trim();
        if let Some(pattern) = components(key) {
            lines.push(Assignment { file: file.to_owned(), line: number, pattern, value });
        }
    }
    lines
}

/// If a slash comes before any dot the key is a path; else dots separate, and slashes are
/// dots of interface names (`sysctl_normalize()`).
fn components(key: &str) -> Option<Vec<String>> {
    let slashes = key.find(['/', '.']).is_some_and(|at| key[at..].starts_with('/'));
    let parts: Vec<String> = if slashes {
        key.split('/').filter(|part| !part.is_empty()).map(str::to_owned).collect()
    } else {
        key.split('.').map(|part| part.replace('/', ".")).collect()
    };
    let name = |part: &String| (1..=LONGEST_NAME).contains(&part.len());
    (!parts.is_empty() && parts.iter().all(name)).then_some(parts)
}

fn is_glob(part: &str) -> bool {
    part.contains(['*', '?', '['])
}

/// glob(7) inside one component.
fn matches(glob: &[u8], name: &[u8]) -> bool {
    match glob.split_first() {
        None => name.is_empty(),
        // Several stars are one: with each tried at each place a long row would take for ever.
        Some((b'*', [b'*', rest @ ..])) => matches(glob.get(1..).unwrap_or(rest), name),
        Some((b'*', rest)) => (0..=name.len()).any(|skip| matches(rest, &name[skip..])),
        Some((b'?', rest)) => !name.is_empty() && matches(rest, &name[1..]),
        Some((b'[', rest)) => match (class(rest), name.split_first()) {
            (Some((set, after)), Some((&first, name))) => {
                in_class(set, first) && matches(after, name)
            }
            (None, Some((b'[', name))) => matches(rest, name), // no end: an ordinary character
            _ => false,
        },
        Some((first, rest)) => name.first() == Some(first) && matches(rest, &name[1..]),
    }
}

/// The inside of `[…]`, and what follows it. A `]` that comes first is one of the set.
fn class(glob: &[u8]) -> Option<(&[u8], &[u8])> {
    let begin = usize::from(matches!(glob.first(), Some(b'!' | b'^'))) + 1;
    let end = glob.iter().skip(begin).position(|byte| *byte == b']')? + begin;
    Some((&glob[..end], &glob[end + 1..]))
}

fn in_class(set: &[u8], byte: u8) -> bool {
    let (not, mut set) = match set.split_first() {
        Some((b'!' | b'^', rest)) => (true, rest),
        _ => (false, set),
    };
    let mut found = false;
    while let Some((&first, rest)) = set.split_first() {
        if let [b'-', last, rest @ ..] = rest {
            found |= (first..=*last).contains(&byte);
            set = rest;
        } else {
            found |= first == byte;
            set = rest;
        }
    }
    found != not
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(text: &str) -> SysctlKey {
        text.parse().unwrap()
    }

    fn lines(text: &str) -> Vec<Assignment> {
        parse(Path::new("f"), text)
    }

    #[test]
    fn the_line_that_decides() {
        let eth = "net.ipv4.conf.eth0.rp_filter";
        for (text, key_text, expected) in [
            ("net.ipv4.conf.eth0.rp_filter=1", eth, Some("f:1")),
            (" net/ipv4/conf/eth0/rp_filter =  1 ", eth, Some("f:1")),
            ("/net/ipv4/conf/eth0/rp_filter=1", eth, Some("f:1")),
            ("net.ipv4.conf.*.rp_filter=1\nnet.ipv4.conf.e*.rp_filter=0", eth, Some("f:2")),
            ("net.ipv4.conf.eth0.rp_filter=1\nnet.ipv4.conf.*.rp_filter=0", eth, Some("f:1")),
            ("net.ipv4.conf.eth0.rp_filter=1\nnet.ipv4.conf.eth0.rp_filter=0", eth, Some("f:2")),
            ("net.ipv4.conf.*.rp_filter=1\n-net.ipv4.conf.eth0.rp_filter", eth, None),
            ("-net.ipv4.conf.eth0.rp_filter = 1", eth, Some("f:1")),
            ("net.*.rp_filter=1", eth, None),
            // Without a value only a minus makes it a setting.
            ("net.ipv4.conf.*.rp_filter=1\nnet.ipv4.conf.eth0.rp_filter", eth, Some("f:1")),
            ("# net.ipv4.conf.eth0.rp_filter=1\n;x=1\nnonsense\n=\n-\n..=1", eth, None),
            ("net.ipv4.conf.eth0/100.rp_filter=1", "net.ipv4.conf.eth0/100.rp_filter", Some("f:1")),
            ("net/ipv4/conf/eth0.100/rp_filter=1", "net.ipv4.conf.eth0/100.rp_filter", Some("f:1")),
            ("net.ipv4.conf.eth[0-2].rp_filter=1", eth, Some("f:1")),
            ("net.ipv4.conf.eth[!0-2].rp_filter=1", eth, None),
            ("net.ipv4.conf.eth?.rp_filter=1", eth, Some("f:1")),
            ("net.ipv4.conf.eth[012].rp_filter=1", eth, Some("f:1")),
            ("net.ipv4.conf.eth[210].rp_filter=1", eth, Some("f:1")),
            ("net.ipv4.conf.eth[12].rp_filter=1", eth, None),
            ("net.ipv4.conf.eth[1-9].rp_filter=1", eth, None),
            ("net.ipv4.conf.eth[!12].rp_filter=1", eth, Some("f:1")),
            ("net.ipv4.conf.eth[^012].rp_filter=1", eth, None),
            ("net.ipv4.conf.eth[]0].rp_filter=1", eth, Some("f:1")),
            ("net.ipv4.conf.eth[!]].rp_filter=1", eth, Some("f:1")),
            ("net.ipv4.conf.eth[0-].rp_filter=1", eth, Some("f:1")),
            ("net.ipv4.conf.eth[0][0].rp_filter=1", eth, None),
            ("net.ipv4.conf.[a-e]t[h]0.rp_filter=1", eth, Some("f:1")),
            ("net.ipv4.conf.e?h?.rp_filter=1", eth, Some("f:1")),
            ("net.ipv4.conf.eth??.rp_filter=1", eth, None),
            ("net.ipv4.conf.eth0?.rp_filter=1", eth, None),
            ("net.ipv4.conf.eth0*.rp_filter=1", eth, Some("f:1")),
            ("net.ipv4.conf.**h**0.rp_filter=1", eth, Some("f:1")),
            ("net.ipv4.conf.*1.rp_filter=1", eth, None),
            // Each kind makes it a glob, which a name beats.
            ("net.ipv4.conf.eth0.rp_filter=1\nnet.ipv4.conf.eth?.rp_filter=0", eth, Some("f:1")),
            ("net.ipv4.conf.eth0.rp_filter=1\nnet.ipv4.conf.eth[0].rp_filter=0", eth, Some("f:1")),
            ("net.ipv4.conf.eth[.rp_filter=1", eth, None),
            ("net.ipv4.conf.eth[.rp_filter=1", "net.ipv4.conf.eth[.rp_filter", Some("f:1")),
        ] {
            let lines = lines(text);
            let found = winner(&lines, &key(key_text)).map(Assignment::place);
            assert_eq!(found.as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn names_and_files_have_a_bound() {
        let line = |stars: usize| format!("net.ipv4.conf.{}.rp_filter=1", "*".repeat(stars));
        for (stars, is_taken) in [(LONGEST_NAME, true), (LONGEST_NAME + 1, false)] {
            let found =
                winner(&lines(&line(stars)), &key("net.ipv4.conf.eth0.rp_filter")).is_some();
            assert_eq!(found, is_taken, "{stars}");
        }
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("etc/sysctl.d");
        fs::create_dir_all(&folder).unwrap();
        let setting = "net.ipv4.conf.all.arp_ignore=1";
        let fill = LARGEST as usize - setting.len();
        for (fill, is_read) in [(fill, true), (fill + 1, false), (fill + 2, false)] {
            let text = "\n".repeat(fill) + setting;
            fs::write(folder.join("50-a.conf"), text).unwrap();
            let (lines, unread) = read(root.path());
            assert_eq!((lines.len(), unread.len()), (is_read.into(), (!is_read).into()), "{fill}");
        }
        // What is no folder is told; what is not there is not.
        fs::create_dir(root.path().join("run")).unwrap();
        fs::write(root.path().join("run/sysctl.d"), "").unwrap();
        fs::remove_file(folder.join("50-a.conf")).unwrap();
        let (_, unread) = read(root.path());
        assert!(matches!(&unread[..], [why] if why.contains("run/sysctl.d: ")), "{unread:?}");
    }

    #[test]
    fn folders_hide_and_names_order() {
        let root = tempfile::tempdir().unwrap();
        let put = |path: &str, text: &str| {
            let path = root.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        let name = "net.ipv4.conf.all.arp_ignore";
        put("usr/lib/sysctl.d/50-a.conf", &format!("{name}=5"));
        put("etc/sysctl.d/50-a.conf", &format!("{name}=1"));
        put("run/sysctl.d/60-b.conf", &format!("{name}=2"));
        put("etc/sysctl.d/70-c.txt", &format!("{name}=7"));
        fs::create_dir(root.path().join("etc/sysctl.d/80-d.conf")).unwrap();
        std::os::unix::fs::symlink("/nowhere", root.path().join("etc/sysctl.d/90-e.conf")).unwrap();
        let (lines, unread) = read(root.path());
        let values: Vec<Option<i32>> = lines.iter().map(Assignment::value).collect();
        assert_eq!(values, [Some(1), Some(2)]);
        assert_eq!(unread.len(), 1, "{unread:?}");
        put("etc/sysctl.conf", &format!("{name}=0"));
        assert_eq!(winner(&read(root.path()).0, &key(name)).unwrap().value(), Some(0));
        // Linked in with an early name it is read there and not again.
        std::os::unix::fs::symlink("../sysctl.conf", root.path().join("etc/sysctl.d/10-z.conf"))
            .unwrap();
        assert_eq!(winner(&read(root.path()).0, &key(name)).unwrap().value(), Some(2));
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_survived(text in "\\PC*", line in "[-*?\\[\\]!^a-c./= ]{0,24}") {
            for lines in [lines(&text), lines(&line)] {
                let _ = winner(&lines, &SysctlKey::ipv4("eth0.1", "rp_filter"));
            }
        }
    }
}
