// SPDX-License-Identifier: MIT OR Apache-2.0
//! Commands that are shown, as a POSIX shell and the programs it starts read them.
//!
//! The kernel takes nearly any bytes for the name of an interface: `$`, `;` and quotes, and
//! `up`, which `ip link set` takes for a word of its own. Who pastes such a command wants it
//! to do what it says.

use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use lvs_host::SysctlKey;
use lvs_host::escaped;
use lvs_term::quoted_word;

/// What neither a shell nor `sysctl` or glob(3) reads as anything but itself.
fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"_@+:,./-".contains(&byte)
}

/// Returns a name, given as its [`escaped`] text, as one word.
#[must_use]
pub fn word(name: &str) -> String {
    quoted_word(escaped::os_string(name))
}

/// Returns a path as one word that is no option.
#[must_use]
pub fn path(path: &Path) -> String {
    match path.as_os_str().as_bytes().starts_with(b"-") {
        true => quoted_word(Path::new(".").join(path)),
        false => quoted_word(path),
    }
}

/// Words of `ip link` that may stand where a name may (iplink_parse() of iproute2), which takes
/// a part for the whole of some of them.
const WORDS: [&str; 34] = [
    "address",
    "addrgenmode",
    "alias",
    "allmulticast",
    "arp",
    "broadcast",
    "carrier",
    "dev",
    "down",
    "dynamic",
    "group",
    "gro_max_size",
    "gso_max_size",
    "help",
    "index",
    "link",
    "link-netns",
    "master",
    "mode",
    "mtu",
    "multicast",
    "name",
    "netns",
    "nomaster",
    "numrxqueues",
    "parentdev",
    "promisc",
    "protodown",
    "state",
    "trailers",
    "txqueuelen",
    "type",
    "up",
    "vrf",
];

/// Returns the name of a device after `ip link set`, `add` or `del`.
#[must_use]
pub fn device(name: &str) -> String {
    match WORDS.iter().any(|word| word.starts_with(name)) {
        true => format!("dev {}", word(name)),
        false => word(name),
    }
}

/// Returns the command that sets a kernel setting. `sysctl` would take some names for less,
/// or for more, than a name: those are written to their file.
#[must_use]
pub fn set(key: &SysctlKey, value: i32) -> String {
    let name = key.to_string();
    match name.bytes().all(is_plain) {
        true => format!("sysctl -w {name}={value}"),
        false => format!("echo {value} >{}", path(&key.path())),
    }
}

/// Returns the line of sysctl.d(5) that sets it. That has no quotes: for a character that it
/// would take for more than itself stands the glob that matches any one.
#[must_use]
pub fn sysctl_line(key: &SysctlKey, value: i32) -> String {
    let any = |c: char| if c.is_ascii() && !is_plain(c as u8) { '?' } else { c };
    let bytes = escaped::bytes(&key.to_string());
    let chunks = bytes.utf8_chunks();
    let name: String = chunks
        .flat_map(|part| part.valid().chars().map(any).chain(part.invalid().iter().map(|_| '?')))
        .collect();
    format!("{name} = {value}")
}

#[cfg(test)]
mod tests {
    use std::os::unix::ffi::OsStringExt as _;
    use std::process::Command;

    use lvs_term::is_harmful;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_plain_stays_plain() {
        for (name, as_word, as_device) in [
            ("eth0.100", "eth0.100", "eth0.100"),
            ("-x", "-x", "-x"),
            ("lo", "lo", "lo"),
            ("up", "up", "dev up"),
            ("a", "a", "dev a"),
            ("", "''", "dev ''"),
            ("a b", "'a b'", "'a b'"),
            ("it's", r"'it'\''s'", r"'it'\''s'"),
            ("$HOME;*`", "'$HOME;*`'", "'$HOME;*`'"),
            ("q\"\\", "'q\"\\'", "'q\"\\'"),
            ("a=b", "a=b", "a=b"),
            ("grün", "'grün'", "'grün'"),
            ("gr\\xfcn", r#""$(printf 'gr\374n')""#, r#""$(printf 'gr\374n')""#),
            ("e\u{1b}'%", r#""$(printf 'e\033\047\045')""#, r#""$(printf 'e\033\047\045')""#),
        ] {
            assert_eq!((&*word(name), &*device(name)), (as_word, as_device), "{name:?}");
        }
        assert_eq!(path(Path::new("/etc/a b")), "'/etc/a b'");
        assert_eq!(path(Path::new("-rf")), "./-rf");
    }

    #[test]
    fn a_setting_is_written_by_what_can_name_it() {
        for (name, command, line) in [
            ("all", "sysctl -w net.ipv4.conf.all.x=1", "net.ipv4.conf.all.x = 1"),
            ("eth0.5", "sysctl -w net.ipv4.conf.eth0/5.x=1", "net.ipv4.conf.eth0/5.x = 1"),
            ("a=b*", "echo 1 >'/proc/sys/net/ipv4/conf/a=b*/x'", "net.ipv4.conf.a?b?.x = 1"),
            ("a$b\\", "echo 1 >'/proc/sys/net/ipv4/conf/a$b\\/x'", "net.ipv4.conf.a?b?.x = 1"),
            ("grün", "echo 1 >'/proc/sys/net/ipv4/conf/grün/x'", "net.ipv4.conf.grün.x = 1"),
            (
                "gr\\xfcn.1",
                r#"echo 1 >"$(printf '/proc/sys/net/ipv4/conf/gr\374n.1/x')""#,
                "net.ipv4.conf.gr?n/1.x = 1",
            ),
        ] {
            let key = SysctlKey::ipv4(name, "x");
            assert_eq!((set(&key, 1).as_str(), sysctl_line(&key, 1).as_str()), (command, line));
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(100))]
        #[test]
        fn a_shell_reads_the_bytes_again(name in prop::collection::vec(1u8.., 1..20)) {
            // The kernel's names have no line ends, which "$(…)" would lose at the end.
            let name: Vec<u8> = name.into_iter().filter(|byte| *byte != b'\n').collect();
            let text = escaped::text(&name);
            let script = format!("printf %s {}", word(&text));
            let said = Command::new("sh").args(["-c", &script]).output().unwrap();
            prop_assert_eq!(said.stdout, name.clone(), "{}", &script);
            let path = path(Path::new(&std::ffi::OsString::from_vec(name)));
            prop_assert!(!path.starts_with('-') && !path.contains(is_harmful));
        }
    }
}
