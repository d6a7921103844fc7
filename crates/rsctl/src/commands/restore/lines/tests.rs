// SPDX-License-Identifier: MIT OR Apache-2.0

use super::*;

#[test]
fn lines_mean_what_they_mean_to_ipvsadm() {
    let lines = "\
-At 192.0.2.1:80 -s wrr
-at192.0.2.1:80 -r 10.0.0.1:8080 -mw 3
--add-service -f -1 -6
ipvsadm -a -f 4294967295 -6 -r [2001:db8::1] ipvsadm -x 5   # at night
";
    let desired = read(lines.as_bytes()).unwrap().desired;
    let keys: Vec<_> = desired.services().iter().map(|it| it.service.key.to_string()).collect();
    assert_eq!(keys, ["tcp/192.0.2.1:80", "fwmark/4294967295/ipv6"]);
    let servers: Vec<_> = desired.services().iter().flat_map(|it| &it.servers).collect();
    assert_eq!(servers[0].server.key.to_string(), "10.0.0.1:8080");
    assert_eq!(servers[0].server.weight.get(), 3);
    assert!(servers[0].leaves_thresholds && !servers[1].leaves_thresholds);
    assert_eq!(servers[1].server.key.to_string(), "[2001:db8::1]:0");
    assert!(desired.timeouts().is_none() && desired.daemons().is_none());
    // They have no words for other flags.
    assert!(desired.services().iter().all(|it| it.leaves_unknown_flags));
}

/// Files are old, and what people write in them is of any encoding.
#[test]
fn a_comment_need_not_be_utf8() {
    let good = b"# caf\xe9\n#\xe9\n-A -f 1 # \xe9 # x\n\t#\xff\n-A -f 2 \t#\xe9\r\n";
    assert_eq!(read(good).unwrap().desired.services().len(), 2);
    for line in [&b"-A -f 1#\xe9\n"[..], b"-A -f \xe9 # x\n", b"\xe9 #\n"] {
        assert_eq!(read(line).unwrap_err()[0].message, "not UTF-8", "{line:?}");
    }
    // The end of a file, and another table behind one that broke off, are seen there too.
    assert_eq!(read(b"-A -f 1 # \xe9").unwrap_err()[0].message, UNENDED);
    for cut in [&b"-A -f 1 # caf\xe9"[..], b"# caf\xc3", b"# \xe9 "] {
        let first = whole::FIRST.as_bytes();
        let text = [first, b"\n", cut, first, b"\n-A -f 2\n", whole::LAST.as_bytes(), b"\n"];
        let problems = read(&text.concat()).unwrap_err();
        assert!(problems[0].message.starts_with("another saved table"), "{problems:?}");
    }
}

/// More servers than `mh` has slots are told of where their service is.
#[test]
fn a_crowd_is_told_of_in_its_line() {
    let servers = (0..4094).map(|n| format!("-a -f 7 -r 10.0.{}.{}\n", n / 250, n % 250 + 1));
    let text = format!("-A -f 6\n\n-A -f 7 -s mh\n{}", servers.collect::<String>());
    let doubts = read(text.as_bytes()).unwrap().doubts;
    assert_eq!(doubts.iter().map(|doubt| doubt.origin.number()).collect::<Vec<_>>(), [3]);
}

#[test]
fn lines_that_say_something_else_are_refused() {
    for line in [
        "-A -t 192.0.2.1:80 -v",
        "-A -t 192.0.2.1:80 --json",
        "-A -t 192.0.2.1:80 --dry-run",
        "-A -t 192.0.2.1:80 -h",
        "-A -t 192.0.2.1:80 --help",
        "-t 192.0.2.1:80 -A",
        "-A",
        "-",
        "--",
        "-A -t 192.0.2.1:80 -b ",
        "-\u{e9}",
    ] {
        assert_eq!(read(format!("{line}\n").as_bytes()).unwrap_err().len(), 1, "{line}");
    }
    assert_eq!(read(b"-A -f 1\n\xff\n").unwrap_err()[0].line, 2);
}

/// Wherever a stream breaks: in a line, which may mean something else then, or between
/// two.
#[test]
fn a_table_that_was_cut_is_refused() {
    let table = "\
-A -t 192.0.2.1:80 -s rr
-a -t 192.0.2.1:80 -r 10.0.0.1:8080 -m -w 100
-a -t 192.0.2.1:80 -r 10.0.0.2:8080 -m -w 100
--add-service -f 7
-a -f 7 -r [2001:db8::1]:80 -i -w 100
";
    let loose = |cut: usize| read(&table.as_bytes()[..cut]);
    for cut in 1..table.len() {
        match loose(cut) {
            Ok(input) => assert!(table[..cut].ends_with('\n') && !input.is_whole, "{cut}"),
            Err(problems) => assert_eq!(
                problems,
                [Problem { line: table[..cut].lines().count(), message: UNENDED.to_owned() }]
            ),
        }
    }
    assert!(loose(table.len()).is_ok_and(|input| !input.is_whole));

    use crate::ipvsadm::whole::{FIRST, LAST};
    let framed = format!("# at night\n{FIRST}\n{table}{LAST}\n# more\n");
    let end = framed.len() - "# more\n".len();
    // Cut in the first line it is empty: refused as such.
    for cut in 1 + "# at night\n".len() + FIRST.len()..end {
        assert_eq!(read(&framed.as_bytes()[..cut]).unwrap_err().len(), 1, "{cut}");
    }
    let input = read(framed.as_bytes()).unwrap();
    assert!(input.is_whole);
    assert_eq!(input.desired.services().len(), 2);
    // What was added behind the end may have lost its own.
    let problems = read(format!("{framed}-A -f 8\n").as_bytes()).unwrap_err();
    assert_eq!(problems[0].line, 10);
}

/// Wherever it breaks: its end would be that of the other one.
#[test]
fn a_table_that_was_cut_is_refused_if_another_follows() {
    use crate::ipvsadm::whole::{FIRST, LAST};
    let begin = format!("{FIRST}\n-A -t 192.0.2.12:80 -s rr\n");
    let lines = "-a -t 192.0.2.12:80 -r 10.0.0.4:80 -m -w 1\n\
                     -a -t 192.0.2.12:80 -r 10.0.0.5:80 -m -w 1\n\
                     --add-server -t 192.0.2.12:80 -r 10.0.0.6:80 # at night\n";
    let other = format!("{FIRST}\n-A -f 7 -s rr\n-a -f 7 -r 10.0.0.1:80 -m -w 1\n{LAST}\n");
    let first = format!("{begin}{lines}");
    for cut in FIRST.len() + 1..=first.len() {
        let text = format!("{}{other}", &first[..cut]);
        let problems = read(text.as_bytes()).unwrap_err();
        assert_eq!(problems.len(), 1, "{text}: {problems:?}");
        assert_eq!(problems[0].line, first[..cut].split('\n').count(), "{text}");
    }
    // And where nothing is in front of the first.
    let loose = format!("-A -f 8\n-a -f 8 -r 10.0.0.4:80 {other}");
    assert_eq!(read(loose.as_bytes()).unwrap_err()[0].line, 2);
}

/// What is said of a line: how the answer begins, and what it has of a way out.
#[test]
fn a_refusal_names_the_way() {
    let only = |word: &str| format!("`{word}` cannot be restored: only -A and -a can (");
    let mut rows: Vec<(&str, String, &str)> = vec![
        ("-A -t 192.0.2.1:80 -h", "unexpected argument `-h`".into(), ""),
        ("-A -t 192.0.2.1:80 --help", "unexpected argument `--help`".into(), ""),
        ("-A -t 192.0.2.1:80 -v", "unexpected argument `-v`".into(), ""),
        (
            "-A -t 192.0.2.1:80 --schedular rr",
            "unexpected argument `--schedular`".into(),
            "(did you mean `--scheduler`?)",
        ),
        ("-A -t 192.0.2.1:80 --ops=1", "`--ops` takes no value".into(), ""),
        ("-A -t 192.0.2.1:80 --json", "unexpected argument `--json`".into(), ""),
        ("-A -t 192.0.2.1:80 --dry-run", "unexpected argument `--dry-run`".into(), ""),
        ("-A -t 192.0.2.1", "port 0 (all ports) needs".into(), "(name a port, or"),
        ("-A -f 0", "firewall mark 0 means `no mark`; use 1".into(), ""),
        ("-A -f -0", "firewall mark -0 is out of range: use 1".into(), ""),
        ("-A -t 192.0.2.1:80 -s", "`--scheduler <NAME>` needs a value".into(), ""),
        ("-A -f 7 \\", "`\\` does not continue a line here".into(), "in one line"),
        ("-a -f 7 -r 10.0.0.1 (null)", "ipvsadm writes `(null)`".into(), "write -m, -g or -i"),
        ("-x", "`-x` is no command: lines start with -A or -a".into(), ""),
    ];
    for (words, way) in [
        ("-C --clear", "not in the file is deleted anyway)"),
        ("-E --edit-service", "write the service as it is to be, with -A)"),
        ("-e --edit-server", "write the server as it is to be, with -a)"),
        ("-D --delete-service -d --delete-server", "what is not in the file is deleted)"),
        ("--set", "timeouts have a place in the JSON form"),
        ("--start-daemon --stop-daemon", "sync daemons have a place in the JSON form"),
        ("-L -l --list -S --save -R --restore -Z --zero -h --help -v --version", "only what"),
    ] {
        rows.extend(words.split(' ').map(|word| (word, only(word), way)));
    }
    for (line, begins, way) in rows {
        let problems = read(format!("{line}\n").as_bytes()).unwrap_err();
        let [Problem { line: 1, message }] = &problems[..] else { panic!("{problems:?}") };
        assert!(message.starts_with(&begins) && message.contains(way), "{line}: {message}");
    }
    let path = read(b"/usr/sbin/ipvsadm -A -f 7\n").unwrap().desired;
    assert_eq!(path.services().len(), 1);
    let mut long = b"# ".to_vec();
    long.resize(MAX_BYTES, b'x');
    long.push(b'\n');
    assert_eq!(read(&long).unwrap_err().len(), 1);
}

#[test]
fn a_flood_of_problems_ends() {
    let problems = read("x\n".repeat(50_000).as_bytes()).unwrap_err();
    assert_eq!(problems.len(), MAX_PROBLEMS + 2);
}
