// SPDX-License-Identifier: MIT OR Apache-2.0

//! Holds the options of a line against those of `rsctl add-service` and `rsctl add-server` as clap
//! reads them.

use clap::{Args, Command, FromArgMatches};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::added::{self, Added};
use super::options::{Adds, Follows, ROWS};
use super::words::Words;
use crate::cli::{AddServer, AddService, Target};
use crate::commands::{add_server, add_service};

fn command(adds: Adds) -> Command {
    let command = Command::new("add").no_binary_name(true).disable_help_flag(true);
    match adds {
        Adds::Service => AddService::augment_args(command),
        Adds::Server => AddServer::augment_args(command),
    }
}

/// What the words ask for, or why that cannot be; `None` if they cannot be read.
fn by_clap(adds: Adds, words: &[&str]) -> Option<String> {
    let mut matches = command(adds).try_get_matches_from(words).ok()?;
    let change = match adds {
        Adds::Service => {
            let args = AddService::from_arg_matches_mut(&mut matches).ok()?;
            add_service::plan(args.service.0, &args.settings)
        }
        Adds::Server => {
            let args = AddServer::from_arg_matches_mut(&mut matches).ok()?;
            // A line adds one server to one service.
            let Target::Service(service) = args.services.0 else { return None };
            let [server] = args.servers.real_server[..] else { return None };
            add_server::plan(service, server, &args.settings)
        }
    };
    Some(format!("{change:?}"))
}

fn by_us(adds: Adds, words: &[&str]) -> Option<String> {
    let command = if adds == Adds::Service { "-A " } else { "-a " };
    let line = command.to_owned() + &words.join(" ");
    let mut last = None;
    let added = added::read(&line, &mut Words::new(&line), &mut last).ok()?.expect("a command");
    // It may begin as another line did, and means the same then.
    let again = added::read(&line, &mut Words::new(&line), &mut last);
    assert_eq!(format!("{again:?}"), format!("Ok(Some({added:?}))"), "{line}");
    let change = match added {
        Added::Service(key, settings) => add_service::plan(key, &settings),
        Added::Server(key, server, settings) => add_server::plan(key, server, &settings),
    };
    Some(format!("{change:?}"))
}

/// How a command tells what it does, and waits, is no matter of a file; a line is about one
/// service.
const OF_THE_COMMAND: [&str; 5] = ["verbose", "json", "dry-run", "lock-wait", "vip"];

/// What fingers from elsewhere write for an option: no file has it.
const TYPED: [&str; 2] = ["server", "rip"];

#[test]
fn every_option_is_known_by_all_its_names() {
    for adds in [Adds::Service, Adds::Server] {
        let mut command = command(adds);
        command.build();
        let mut options = 0;
        for arg in command.get_arguments() {
            let Some(name) = arg.get_long() else { continue };
            if OF_THE_COMMAND.contains(&name) {
                continue;
            }
            options += 1;
            let row = ROWS.iter().find(|row| row.name == name).unwrap_or_else(|| panic!("{name}"));
            assert_eq!(row.letter, arg.get_short(), "{name}");
            let mut aliases = arg.get_all_aliases().unwrap_or_default();
            aliases.retain(|alias| !TYPED.contains(alias));
            assert_eq!(Vec::from_iter(row.alias), aliases, "{name}");
            assert!(row.only.is_none_or(|only| only == adds), "{name}");
            // `--weight <N>`, as in the complaints of clap.
            assert!(arg.to_string().starts_with(&row.shown()), "{arg} {}", row.shown());
            let follows = arg.get_action().takes_values();
            assert_eq!(row.follows != Follows::Nothing, follows, "{name}");
            let is_number = matches!(row.follows, Follows::Number(_));
            assert_eq!(arg.is_allow_negative_numbers_set(), is_number, "{name}");
        }
        let ours = ROWS.iter().filter(|row| row.only.is_none_or(|only| only == adds));
        assert_eq!(ours.count(), options);
    }
}

const WORDS: &[&str] = &[
    "-t",
    "-u",
    "-f",
    "-6",
    "-r",
    "-s",
    "-w",
    "-x",
    "-y",
    "-g",
    "-i",
    "-m",
    "-p",
    "-M",
    "-b",
    "-o",
    "-h",
    "-z",
    "-é",
    "-mw",
    "-6f",
    "-op",
    "-po",
    "-oo",
    "-m=x",
    "-w=3",
    "-w=",
    "-w3",
    "-p600",
    "-p=60",
    "-bsh-port",
    "-t10.0.0.1:80",
    "-t=10.0.0.1:80",
    "--",
    "-",
    "--=",
    "--help",
    "--tcp-service",
    "--udp-service=10.0.0.1:53",
    "--sctp-service",
    "--fwmark-service",
    "--ipv6",
    "--scheduler",
    "--scheduler=",
    "--schedule",
    "--persistent",
    "--persistent=60",
    "--netmask",
    "--netmask=24",
    "--pe",
    "--engine",
    "--sched-flags",
    "--ops",
    "--ops=1",
    "--real-server",
    "--weight",
    "--weight=7",
    "--u-threshold",
    "--l-threshold=3",
    "--gatewaying",
    "--ipip",
    "--masquerading",
    "--mode",
    "--mode=nat",
    "--tun-type",
    "--tun-type=gue",
    "--tun-port",
    "--tun-nocsum",
    "--tun-csum",
    "--tun-remcsum",
    "10.0.0.1:80",
    "10.0.0.1",
    "[2001:db8::1]:80",
    "2001:db8::1",
    "tcp/10.0.0.1:80",
    "udp/[2001:db8::1]:53",
    "fwmark/7",
    "fwmark/7/ipv6",
    "rr",
    "mh",
    "sh",
    "sip",
    "=rr",
    "wlc,rr",
    "0",
    "7",
    "007",
    "6080",
    "4294967296",
    "sh-port",
    "mh-port,mh-fallback",
    "flag-1,",
    ",",
    "dr",
    "tun",
    "masq",
    "ipip",
    "local",
    "gre",
    "/24",
    "255.255.255.0",
    "help",
];

/// Lines that say something; some are refused for what they say.
const LINES: &[(Adds, &str)] = &[
    (Adds::Service, "-t 192.0.2.1:80 -s rr"),
    (Adds::Service, "-u [2001:db8::1]:5060 -s sh -b sh-port,sh-fallback -p 60 -M 64 --pe sip -o"),
    (Adds::Service, "-f 7 -6 -s mh -p --sched-flags mh-port -b flag-3"),
    (Adds::Service, "tcp/192.0.2.1:80 -p600 -M 255.255.255.0"),
    (Adds::Service, "-s wlc -- tcp/192.0.2.1:80"),
    (Adds::Service, "-6f 7 --ops"),
    (Adds::Service, "--sctp-service 192.0.2.1:9"),
    (Adds::Service, "-p -t 192.0.2.1:0"),
    (Adds::Service, "-t 192.0.2.1:80 -b mh-port"),
    (Adds::Server, "-t 192.0.2.1:80 -r 10.0.0.1:8080 -m -w 3"),
    (Adds::Server, "-t 192.0.2.1:80 -r 10.0.0.1 -g -w 1 -x 100 -y 50"),
    (Adds::Server, "-f 7 -r [2001:db8::2] -i --tun-type gue --tun-port 6080 --tun-remcsum"),
    (Adds::Server, "-r 10.0.0.1:80 udp/192.0.2.1:80 --mode nat -mw 3"),
    (Adds::Server, "-r 10.0.0.1 fwmark/7 --mode tun --tun-type gre --tun-csum"),
    (Adds::Server, "-t 192.0.2.1:80 -r 10.0.0.1:81 -g"),
    (Adds::Server, "-t 192.0.2.1:80 -r 10.0.0.1 -w -7"),
    (Adds::Server, "-t 192.0.2.1:80 -r 10.0.0.1 -y -1.5 --tun-port -3"),
    (Adds::Server, "-t 192.0.2.1:80 -r 10.0.0.1 -x 1 -y 5"),
];

#[test]
fn lines_mean_what_they_mean_to_clap() {
    let mut read = 0;
    for (adds, line) in LINES {
        let words: Vec<&str> = line.split(' ').collect();
        // Cut, too: an option may lack its value, and a line its server.
        for cut in 1..=words.len() {
            let by_clap = by_clap(*adds, &words[..cut]);
            read += usize::from(by_clap.is_some());
            assert_eq!(by_us(*adds, &words[..cut]), by_clap, "{:?}", &words[..cut]);
        }
    }
    assert!(read > 40, "{read}");
}

/// A file is read as it is written, a command line as it is typed.
#[test]
fn what_only_a_person_writes_is_no_line() {
    for (adds, line) in [
        (Adds::Service, "-t 192.0.2.1:80 -s RR"),
        (Adds::Service, "TCP/192.0.2.1:80"),
        (Adds::Service, "-t 192.0.2.1:80 -p 5m"),
        (Adds::Service, "-f 0x10"),
        (Adds::Service, "-t 192.0.2.1:80 -b SH-port -s sh"),
        (Adds::Server, "-f 7 -r 10.0.0.1 -i --tun-type GRE"),
    ] {
        let words: Vec<&str> = line.split(' ').collect();
        assert!(by_clap(adds, &words).is_some_and(|it| it.starts_with("Ok")), "{line}");
        assert_eq!(by_us(adds, &words), None, "{line}");
    }
}

/// Reads `line` behind `before`, which it may be like but for its real server.
fn behind(before: &str, line: &str) -> String {
    let mut last = None;
    let _ = added::read(before, &mut Words::new(before), &mut last);
    format!("{:?}", added::read(line, &mut Words::new(line), &mut last))
}

#[test]
fn the_line_before_changes_nothing() {
    let like = "-a -t 192.0.2.1:80 -r 10.0.0.1:80 -m -w 1";
    for before in [
        like,
        "-a -t 192.0.2.1:80 -r 10.0.0.1:80",
        "-a -t 10.0.0.1:80 -r 10.0.0.1:80",
        "-a -t 192.0.2.1:80 -w 1 -mr10.0.0.1:80",
        "-a -f 7 --real-server=10.0.0.1 # at night",
        "-a -r 10.0.0.1 -- fwmark/7",
        "ipvsadm -a -t 192.0.2.1:80 -r 10.0.0.1:80 -m",
    ] {
        for (old, new) in [
            ("-r 10.0.0.1:80", "-r 10.0.0.2:81"),
            ("-r 10.0.0.1:80", "-r [2001:db8::1]"),
            ("-r 10.0.0.1:80", "-r 10.0.0.1:80 -x 7"),
            ("-r 10.0.0.1:80", "-r -m"),
            ("-r 10.0.0.1:80", "-r"),
            ("-r 10.0.0.1:80", "-r 10.0.0.1:80 #"),
            ("10.0.0.1:80", "10.0.0.2"),
            ("10.0.0.1", "10.0.0.2"),
            ("10.0.0.1", ""),
            ("192.0.2.1", "192.0.2.2"),
            (" -m", " -m "),
            (" -m", " ipvsadm ipvsadm -m"),
        ] {
            let line = before.replacen(old, new, 1);
            assert_eq!(behind(before, &line), behind("", &line), "{before}\n{line}");
        }
    }
    // One that is like it is read so.
    let mut last = None;
    let _ = added::read(like, &mut Words::new(like), &mut last);
    assert!(last.is_some_and(|last| last.read(&like.replace("0.1:80 -m", "0.2 -m")).is_some()));
}

/// Which a file may have, as `ipvsadm` writes it.
fn has_negative_mark(words: &[&str]) -> bool {
    let marks = |word: &str| word.ends_with('f') || word == "--fwmark-service";
    words.windows(2).any(|pair| matches!(pair, [option, "-6"] if marks(option)))
}

/// What people type may have capitals; in a file only the words for a method may.
fn has_other_capitals(words: &[&str]) -> bool {
    let is_capital = |word: &str| word.chars().any(|letter| letter.is_ascii_uppercase());
    let is_other = |pair: &[&str]| pair[0] != "--mode" && is_capital(pair[1]);
    words.first().is_some_and(|word| is_capital(word)) || words.windows(2).any(is_other)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10_000))]

    #[test]
    fn words_mean_what_they_mean_to_clap(
        adds in select(&[Adds::Service, Adds::Server][..]),
        words in vec(select(WORDS), 0..7),
    ) {
        prop_assume!(!has_negative_mark(&words));
        if has_other_capitals(&words) {
            return Ok(());
        }
        prop_assert_eq!(by_us(adds, &words), by_clap(adds, &words));
    }

    /// Lines that are nearly right.
    #[test]
    fn so_do_lines_with_other_words_among_theirs(
        (adds, line) in select(LINES),
        wrong in vec((any::<prop::sample::Index>(), select(WORDS), any::<bool>()), 1..3),
    ) {
        let mut words: Vec<&str> = line.split(' ').collect();
        for (place, word, is_inserted) in wrong {
            let place = place.index(words.len());
            if is_inserted { words.insert(place, word) } else { words[place] = word }
        }
        prop_assume!(!has_negative_mark(&words));
        if has_other_capitals(&words) {
            return Ok(());
        }
        prop_assert_eq!(by_us(adds, &words), by_clap(adds, &words), "{:?}", words);
        let command = if adds == Adds::Service { "-A " } else { "-a " };
        let (line, changed) = (command.to_owned() + line, command.to_owned() + &words.join(" "));
        prop_assert_eq!(behind(&line, &changed), behind("", &changed));
    }
}
