// SPDX-License-Identifier: MIT OR Apache-2.0

//! What is told of each bad file: `problems.txt`, which `BLESS=1` writes anew.

use std::fmt::Write as _;

use super::super::{Problems, read};

const TABLE: &str = include_str!("problems.txt");

/// Writes problems as the table has them.
fn told(problems: &Problems) -> String {
    let mut told = String::new();
    for it in &problems.0 {
        writeln!(told, "{}:{}: {}", it.line, it.column, it.message).unwrap();
        if let Some(hint) = &it.hint {
            writeln!(told, "    {hint}").unwrap();
        }
    }
    told
}

/// The cases: a name, a file, what is told of it.
fn cases() -> impl Iterator<Item = (&'static str, &'static str, &'static str)> {
    TABLE.split("## ").skip(1).map(|case| {
        let (name, rest) = case.split_once('\n').unwrap();
        let (file, told) = rest.split_once("-->\n").unwrap();
        (name, file, told.trim_end())
    })
}

#[test]
fn each_bad_file_is_told_of_in_full() {
    let mut table = String::new();
    let blesses = std::env::var_os("BLESS").is_some();
    for (name, file, expected) in cases() {
        // "Half a file" ends where it ends.
        let bytes = if name.starts_with("half") { file.trim_end() } else { file };
        let told = match read(bytes.as_bytes()) {
            Ok(cluster) => format!("accepted {:?}\n", cluster.warnings()),
            Err(problems) => told(&problems),
        };
        assert!(blesses || told.trim_end() == expected, "{name}\n{file}-->\n{told}");
        write!(table, "## {name}\n{file}-->\n{told}\n").unwrap();
    }
    if blesses {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/src/cluster/tests/problems.txt");
        std::fs::write(path, table).unwrap();
        return;
    }
    assert_eq!(table, TABLE);
}

/// What no text of a table can show: bytes.
#[test]
fn bytes_that_are_no_text_are_told_of() {
    let utf16 = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<_>>();
    let start = "format: ipvs-cluster/1\n";
    let mut wrong = String::new();
    let two = |second: &[u8]| [start.as_bytes(), second].concat();
    for (bytes, expected) in [
        (utf16("\u{feff}format: ipvs-cluster/1\n"), "1:1: the file is UTF-16, not UTF-8"),
        (utf16("format: ipvs-cluster/1\n"), "1:1: the file is UTF-16, not UTF-8"),
        (two(b"vips: {\xff}"), "2:8: not UTF-8"),
        (two("vïps: \0".as_bytes()), "2:7: the control character U+0000 is in the file"),
        (two(b"vips: \x1b[31m"), "2:7: the control character U+001B is in the file"),
        (vec![b' '; 64 * 1024 * 1024 + 1], "1:1: the file has more than 67108864 bytes"),
        (Vec::new(), "1:1: the file is empty"),
        (two("a: b\n# \u{feff}".as_bytes()), "3:3: a byte order mark is in the middle"),
        // Deep, wide, and without an end.
        (vec![b'['; 600_000], "1:1: more than 500000 values are in these brackets"),
        (two("- ".repeat(200_000).as_bytes()), "2:3: this is no key of the mapping above"),
        (two(format!("a: {}", "- ".repeat(9)).as_bytes()), "2:4: a list cannot begin here"),
        (two(format!("services: {}", "[".repeat(100)).as_bytes()), "2:42: more than 32 lists"),
        ("? ".repeat(1_000_000).into_bytes(), "1:65: more than 32 lists"),
        ("- ".repeat(1_000_000).into_bytes(), "1:65: more than 32 lists"),
    ] {
        let problems = read(&bytes).unwrap_err();
        let told = told(&problems);
        if !told.starts_with(expected) {
            wrong += &format!("{expected}\n{told}\n");
        }
    }
    assert_eq!(wrong, "");
}

/// Windows' ends of lines and its mark in front of a file are no fault.
#[test]
fn files_of_windows_are_read() {
    let windows = format!("\u{feff}{}", super::SITE.replace('\n', "\r\n"));
    let expected = read(super::SITE.as_bytes()).unwrap();
    assert_eq!(read(windows.as_bytes()).unwrap(), expected);
    let bad = windows.replace("wrr", "wrr x");
    let Problems(problems) = read(bad.as_bytes()).unwrap_err();
    let found = (problems[0].line, problems[0].column, problems[0].snippet.as_str());
    assert_eq!(found, (29, 16, "    scheduler: wrr x"));
}

/// Of a long line the part around the place is shown, of a long word its beginning.
#[test]
fn what_is_shown_has_a_length() {
    let pad = " ".repeat(500);
    let file = format!("format: ipvs-cluster/1\nservices: [{pad}x, {pad}y{pad}]\n");
    let Problems(problems) = read(file.as_bytes()).unwrap_err();
    for (problem, letter) in problems.iter().zip(["x", "y"]) {
        let at: String = problem.snippet.chars().skip(problem.caret).take(1).collect();
        assert_eq!((at.as_str(), problem.snippet.len() < 130), (letter, true));
    }
    let file = format!("format: {}\n", "é".repeat(100_000));
    let Problems(problems) = read(file.as_bytes()).unwrap_err();
    assert!(problems[0].message.len() < 1000 && problems[0].snippet.len() < 300);
}

/// An alias is what it stands for, as often as it stands there, and nothing grows by that.
#[test]
fn anchors_are_read_and_cannot_explode() {
    let file = "format: ipvs-cluster/1\n\
        pools: {a: &all [10.0.0.1, 10.0.0.2], b: {servers: *all, weight: 2}}\n\
        services:\n\
        - {service: tcp/192.0.2.1:80, pool: a, persistent: &five 5m}\n\
        - {service: tcp/192.0.2.2:80, pool: b, persistent: *five}\n";
    let services = super::shown(&read(file.as_bytes()).unwrap());
    let servers = |weight| format!("| 10.0.0.1:80 dr {weight} | 10.0.0.2:80 dr {weight}");
    assert_eq!(
        services,
        [
            format!("tcp/192.0.2.1:80 wlc 300s {}", servers(1)),
            format!("tcp/192.0.2.2:80 wlc 300s {}", servers(2)),
        ]
    );

    // A thousand million laughs.
    let mut file = "format: ipvs-cluster/1\nvips: &a0 [x]\n".to_owned();
    for level in 1..10 {
        let last = format!("*a{},", level - 1).repeat(10);
        file += &format!("k{level}: &a{level} [{last}]\n");
    }
    assert!(read(file.as_bytes()).is_err());
    // Few bytes, many servers.
    let services = "- {service: tcp/192.0.2.1:1-60000, servers: *all}\n".repeat(3);
    let file = format!(
        "format: ipvs-cluster/1\npools: {{a: &all [10.0.0.0-10.0.0.99]}}\nservices:\n{services}"
    );
    let told = told(&read(file.as_bytes()).unwrap_err());
    assert!(told.contains("more than 1000000 services and servers"), "{told}");
}
