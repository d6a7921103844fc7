// SPDX-License-Identifier: MIT OR Apache-2.0

//! What the program says to bad input, held against `docs/errors.md`; and files
//! that are none, which need no kernel to be refused.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "tests")]

#[path = "support/page.rs"]
mod page;

use std::collections::BTreeSet;
use std::io::Write;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use caps::{CapSet, Capability};

/// Runs `line` as a shell does, in an empty folder, with `input`. Without the right
/// to change anything: this may be a director, and a refusal may be broken.
fn shell(line: &str, input: &[u8]) -> Output {
    // Fails for who has no such right to give up.
    let _ = caps::drop(None, CapSet::Bounding, Capability::CAP_NET_ADMIN);
    let folder = Path::new(env!("CARGO_BIN_EXE_rsctl")).parent().unwrap();
    let path = format!("{}:{}", folder.display(), std::env::var("PATH").unwrap_or_default());
    let empty = tempfile::tempdir().unwrap();
    let mut shell = Command::new("sh")
        .args(["-c", line])
        .env("PATH", path)
        .current_dir(empty.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // Not all of it need be read.
    let _ = shell.stdin.take().unwrap().write_all(input);
    shell.wait_with_output().unwrap()
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).expect("UTF-8")
}

#[test]
fn every_row_of_the_page_is_what_the_program_says() {
    let rows = page::rows("rsctl");
    assert!(rows.len() > 100, "{} rows", rows.len());
    let mut helped = 0;
    for row in rows.iter().filter(|row| row.section != page::OF_THE_KERNEL) {
        let output = shell(&row.command, b"");
        let helps = row.check(output.status.code(), text(&output.stdout), text(&output.stderr));
        helped += usize::from(helps);
    }
    // A hint that is lost shows here only: a remedy may be the page's own.
    assert_eq!(helped, 86, "rows with a hint of the program's");
}

#[test]
fn every_command_has_a_section_of_the_page() {
    let help = shell("rsctl --help", b"");
    let commands = text(&help.stdout).split("Commands:").nth(1).unwrap();
    let commands: BTreeSet<&str> = commands
        .lines()
        .skip(1)
        .take_while(|line| !line.trim().is_empty())
        .filter(|line| line.starts_with("  ") && !line.starts_with("   "))
        .filter_map(|line| line.split_whitespace().next())
        .filter(|name| *name != "help")
        .collect();
    assert!(commands.len() >= 15, "{commands:?}");
    let rows = page::rows("rsctl");
    let sections: BTreeSet<&str> = rows.iter().map(|row| row.section).collect();
    let missing: Vec<_> = commands.difference(&sections).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

/// Whatever is no table is refused whole, by line, in lines that are short and
/// harmless, before the kernel is asked for anything.
#[test]
fn files_that_are_no_table() {
    let good = "-A -t 192.0.2.1:80 -s rr\n-a -t 192.0.2.1:80 -r 10.0.0.1:80 -m -w 1\n";
    let mut long = String::from("-A -f 1\n");
    for server in 0..20_000 {
        long += &format!("-a -f 1 -r 10.0.{}.{} -m\n", server / 250, server % 250 + 1);
    }
    let json = r#"{"format": "ipvs-table/2", "services": [
 {"service": "tcp/192.0.2.1:80", "scheduler": "rr", "servers": [
  {"server": "10.0.0.1:80", "method": "nat"}]}]}"#;
    let cases: Vec<(&str, Vec<u8>, &[&str])> = vec![
        (
            "a bad line at the end",
            format!("{long}-a -f 1 -r 10.0.0\n").into(),
            &["20002: `10.0.0` is not an IP address (write all four numbers of an IPv4 address)"],
        ),
        (
            "cut within a line",
            good.as_bytes()[..good.len() - 3].to_vec(),
            &[
                "2: the last line does not end: the file may be cut here (if this is all of it, end it \
               with a newline)",
            ],
        ),
        (
            "cut JSON",
            json.as_bytes()[..json.len() - 8].to_vec(),
            &["3: the file ends in the middle"],
        ),
        (
            "several bad lines",
            b"-A -f 0\n-A -f 1\n-A -f 1\n-a -f 2 -r x\n".to_vec(),
            &[
                "1: firewall mark 0 means `no mark`; use 1 to 4294967295",
                "3: fwmark/1 is there already, in line 2",
                "4: `x` is not an IP address (names are not looked up: write the address)",
            ],
        ),
        (
            "a program",
            b"\x7fELF\x02\x01\x01\0\0\0\xb0\x61\n\xff".to_vec(),
            &["1: not UTF-8", "2: not UTF-8"],
        ),
        (
            "UTF-16",
            good.encode_utf16().flat_map(u16::to_le_bytes).collect(),
            &[
                "1: `-\\u{0}` is no command: lines start with -A or -a",
                "2: `\\u{0}-\\u{0}a\\u{0}` is no command: lines start with -A or -a",
                "3: the last line does not end: the file may be cut here (if this is all of it, end it \
                 with a newline)",
            ],
        ),
        ("Latin-1", b"-A -t 192.0.2.1:80 -s r\xe9\n".to_vec(), &["1: not UTF-8"]),
        (
            "a NUL",
            b"-A -t 192.0.2.1:80\0 -s rr\n".to_vec(),
            &["1: `80\\u{0}` is not a port: use 0 to 65535"],
        ),
        (
            "a NUL in JSON",
            json.replace("rr", "r\0r").into(),
            &["2: control character (\\u0000-\\u001F) found while parsing a string"],
        ),
        (
            "controls",
            b"\x1b[2J\n-A -t \x1b]0;x\x07:80\n".to_vec(),
            &[
                "1: `\\u{1b}[2J` is no command: lines start with -A or -a",
                "2: `\\u{1b}]0;x\\u{7}` is not an IP address (names are not looked up: write the address)",
            ],
        ),
        (
            "controls in JSON",
            json.replace("method", r"\u001b[2J\u202e").into(),
            &[
                "3: unknown field `\\u{1b}[2J\\u{202e}`, expected one of `server`, `method`, `tunnel`, \
             `weight`, `upper_threshold`, `lower_threshold`",
            ],
        ),
        (
            "what a shell would read, and what ipvsadm could not write",
            b"-A -f 1 \\\n-s rr\n\\\n-A -f 2\n-a -f 2 -r 10.0.0.1 (null) -w 1\n".to_vec(),
            &[
                "1: `\\` does not continue a line here: write all of the command in one line",
                "2: `-s` is no command: lines start with -A or -a",
                "3: `\\` does not continue a line here: write all of the command in one line",
                "5: ipvsadm writes `(null)` for a forwarding method that it has no option for: \
                 write -m, -g or -i (`rsctl save` names such a server and keeps it, in JSON)",
            ],
        ),
        (
            "a byte order mark in the middle",
            "-A -f 1\n\u{feff}-A -f 2\n".into(),
            &["2: `\\u{feff}-A` is no command: lines start with -A or -a"],
        ),
        ("depth", "{\"format\":".repeat(100_000).into(), &["1: the file ends in the middle"]),
    ];
    for (name, input, problems) in cases {
        let output = shell("rsctl restore", &input);
        let number = problems.len();
        let s = if number == 1 { "" } else { "s" };
        let mut expected =
            format!("error: cannot restore <stdin>: {number} problem{s}; nothing was changed\n");
        for problem in problems {
            expected += &format!("<stdin>:{problem}\n");
        }
        expected += match problems[0].split_once(": ").unwrap().1 {
            "not UTF-8" => {
                "hint: a table is text: what `rsctl save` writes, or lines of ipvsadm (-A, -a)\n"
            }
            "the file ends in the middle" => {
                "hint: its end is missing: is it all of what `rsctl save` wrote?\n"
            }
            _ => "",
        };
        assert_eq!(text(&output.stderr), expected, "{name}");
        assert_eq!((output.status.code(), text(&output.stdout)), (Some(2), ""), "{name}");
    }
}

/// A file that is no table at all does not push everything else off the screen.
#[test]
fn of_many_bad_lines_the_first_are_shown() {
    let told = |options: &str| {
        let output = shell(&format!("rsctl restore {options}"), "bogus\n".repeat(500).as_bytes());
        assert_eq!((output.status.code(), text(&output.stdout)), (Some(2), ""), "{options}");
        text(&output.stderr).lines().map(str::to_owned).collect::<Vec<_>>()
    };
    let first = told("");
    assert_eq!(first[0], "error: cannot restore <stdin>: 500 problems; nothing was changed");
    assert_eq!(first[20], "<stdin>:20: `bogus` is no command: lines start with -A or -a");
    assert_eq!(first[21..], ["and 480 more", "hint: `--verbose` shows all 500"]);
    let last = "<stdin>:500: `bogus` is no command: lines start with -A or -a";
    let all = told("-v");
    assert_eq!((all.len(), &*all[500]), (501, last));
    let [object] = &told("--json")[..] else { panic!("one line") };
    let object: serde_json::Value = serde_json::from_str(object).unwrap();
    assert_eq!((&object["problems"][499], &object["problems"][500]), (&last.into(), &().into()));
    assert_eq!((&object["error"], &object["exit_code"]), (&first[0][7..].into(), &2.into()));
}

/// A line of megabytes is told in a short one.
#[test]
fn endless_lines_are_told_in_short() {
    let endless = "9".repeat(5_000_000);
    for (input, end) in [
        (
            format!("-A -t {endless}:80\n"),
            "is not an IP address (write all four numbers of an IPv4 address)",
        ),
        (format!("{endless}\n"), "is no command: lines start with -A or -a"),
        (
            format!(r#"{{"format": "ipvs-table/2", "services": [], "{endless}": 1}}"#),
            "expected one of `format`, `timeouts`, `daemons`, `services`",
        ),
    ] {
        let output = shell("rsctl restore", input.as_bytes());
        let stderr = text(&output.stderr);
        let lines: Vec<&str> = stderr.lines().collect();
        assert_eq!((output.status.code(), lines.len()), (Some(2), 2), "{}", &stderr[..200]);
        assert!(lines[1].starts_with("<stdin>:1: ") && lines[1].len() < 1100);
        assert!(lines[1].ends_with(end), "{}", lines[1]);
    }
}

/// A name is shown, and does nothing to the terminal.
#[test]
fn names_of_files_are_shown_without_harm() {
    for (line, stderr) in [
        (
            "rsctl restore \"$(printf 'a\\033[2J\\nb')\"",
            "error: cannot read a\\u{1b}[2J\\nb: no such file or directory\n",
        ),
        (
            "f=$(printf '\\033[31m'); echo -C >$f; rsctl restore $f",
            "error: cannot restore \\u{1b}[31m: 1 problem; nothing was changed\n\
             \\u{1b}[31m:1: `-C` cannot be restored: only -A and -a can (leave it out: what is \
             not in the file is deleted anyway)\n",
        ),
    ] {
        assert_eq!(text(&shell(line, b"").stderr), stderr, "{line}");
    }
    let line = "f=$(printf '\\033[31m'); mkdir $f; rsctl generate bash $f";
    assert_eq!(text(&shell(line, b"").stdout), "\\u{1b}[31m/rsctl.bash\n");
}

/// A control, an escape sequence and a right-to-left override, for a shell and as shown.
const ODD: &str = "$(printf 'a\\007\\033[31m\\342\\200\\256b')";
const IN_JSON: &str = r"a\u0007\u001b[31m\u202eb";
const SHOWN: &str = r"a\u{7}\u{1b}[31m\u{202e}b";
/// The word in a line that a shell takes.
const QUOTED: &str = r"a\007\033\13331m\342\200\256b";

/// Wherever it is typed, or stands in a file.
#[test]
fn no_word_reaches_the_terminal_as_it_is() {
    let service = "tcp/192.0.2.1:80";
    let server = format!("{service} -r 10.0.0.1");
    for line in [
        format!("rsctl \"{ODD}\""),
        format!("rsctl --netns \"{ODD}\" list"),
        format!("rsctl list \"{ODD}\""),
        format!("rsctl list \"--{ODD}\""),
        format!("rsctl list --sort \"{ODD}\""),
        format!("rsctl --color \"{ODD}\" list"),
        format!("rsctl list --columns \"{ODD}\""),
        format!("rsctl list --output \"{ODD}\""),
        format!("rsctl list --vip \"{ODD}\""),
        format!("rsctl list --watch=\"{ODD}\""),
        format!("rsctl list --protocol \"{ODD}\""),
        format!("rsctl set-service {service} -s \"{ODD}\""),
        format!("rsctl edit-server --everywhere -r \"{ODD}\""),
        // What other programs would take: the hint has all of it.
        format!("rsctl -A -t \"{ODD}\" -s rr"),
        format!("rsctl --netns \"{ODD}\" flush"),
        format!("rsctl rm \"{ODD}\""),
        format!("rsctl add-service -t \"{ODD}\""),
        format!("rsctl add-service {service} -s \"{ODD}\""),
        format!("rsctl add-service {service} --pe \"{ODD}\""),
        format!("rsctl add-service {service} -p \"{ODD}\""),
        format!("rsctl add-server {service} -r \"{ODD}\""),
        format!("rsctl add-server {server} --mode \"{ODD}\""),
        format!("rsctl add-server {server} -w \"{ODD}\""),
        format!("rsctl connections --state \"{ODD}\""),
        format!("rsctl sync-daemon start master --interface \"/{ODD}\""),
        format!("rsctl sync-daemon status --peer \"{ODD}\""),
        format!("printf %s '{{\"daemons\":\"{IN_JSON}\"}}' >x; rsctl sync-daemon status --peer x"),
        format!("rsctl timeouts --tcp \"{ODD}\""),
        format!("rsctl generate \"{ODD}\" ."),
        format!("rsctl generate bash \"{ODD}\""),
        format!("rsctl restore \"{ODD}\""),
        format!("echo \"{ODD}\" | rsctl restore"),
        format!("echo \"-A -t 192.0.2.1:80 -s {ODD}\" | rsctl restore"),
        format!("printf %s '{{\"{IN_JSON}\":1}}' | rsctl restore"),
        format!("echo '-C' >\"{ODD}\"; rsctl restore \"{ODD}\""),
    ] {
        let output = shell(&line, b"");
        let (stdout, stderr) = (text(&output.stdout), text(&output.stderr));
        assert_ne!(output.status.code(), Some(0), "{line}: {stdout}");
        harmless(&line, &output);
        assert!(stderr.contains(SHOWN) || stderr.contains(QUOTED), "{line}: {stderr}");
        let as_json = line.replace("rsctl ", "rsctl --json ");
        harmless(&as_json, &shell(&as_json, b""));
    }
}

#[track_caller]
fn harmless(line: &str, output: &Output) {
    for said in [text(&output.stdout), text(&output.stderr)] {
        let odd = |c: char| c != '\n' && lvs_term::is_harmful(c);
        assert!(!said.contains(odd), "{line}: {said:?}");
    }
}

/// By what name a program is called is the caller's choice.
#[test]
fn no_name_of_the_program_reaches_the_terminal_as_it_is() {
    const ODD: &str = "a\x07\x1b[31m\u{202e}b";
    for (name, words) in [
        (ODD, "--help"),
        (ODD, "list --help"),
        (ODD, "save --help"),
        (ODD, "timeouts --help"),
        (ODD, "sync-daemon start --help"),
        (ODD, "--version"),
        (ODD, "frob"),
        (ODD, "add-service"),
        ("/tmp/ODD/ipvsadm", "--help"),
        ("/tmp/ODD/ipvsadm", "--frob"),
        ("/tmp/ODD/ipvsadm-save", "--frob"),
    ] {
        let name = name.replace("ODD", ODD);
        let output = Command::new(env!("CARGO_BIN_EXE_rsctl"))
            .arg0(&name)
            .args(words.split(' '))
            .output()
            .unwrap();
        assert!(!output.stdout.is_empty() || !output.stderr.is_empty());
        harmless(&format!("{name:?} {words}"), &output);
    }
}
