// SPDX-License-Identifier: MIT OR Apache-2.0

//! Who runs the remedies of `rs-agent check` in the order in which they are printed ends with
//! a sound host, and at no moment does that host claim a VIP that it did not claim before:
//! for each fault that a rule with commands finds, and for threes of them in which each pair
//! occurs whose faults do not undo each other. Rules that have words only are named in
//! `agent_faults`. Alone a fault is gone after one round; of several, one may hide another from
//! `check`, and a second round ends it.
//!
//! Each is tried on one kernel, with `LAB_TWINS=all` on all of them.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use lab::Host;

use crate::agent::once;
use crate::agent_faults::{DR, Fault, KINDS, Kind, NO_FAULT, WORDS};
use crate::agent_probes::{Site, VIPS};

/// Takes all away that hosts and faults are made of.
const CLEAN: &str = "link set tunl0 down\naddr flush dev tunl0\nfou del port 6080\n\
     link set lo up\n\
     addr flush to 192.0.2.10\n\
     addr flush to 203.0.113.10\n\
     addr flush to 2001:db8:2::10\n\
     route del local 192.0.2.10/32 dev lo\n\
     route del local 192.0.2.10/32 dev lo table 100\nrule del to 192.0.2.10 lookup 100\n\
     neigh del proxy 2001:db8:2::10 dev eth0\n\
     route del default metric 5\n\
     route replace default via 192.0.2.254 advmss 1300\n\
     route replace default via 2001:db8:2::254 advmss 1300\n\
     ipv4/conf/all/arp_ignore=1\n\
     ipv4/conf/all/arp_announce=2\n\
     ipv4/conf/all/rp_filter=0\n\
     ipv4/conf/all/accept_redirects=0\n\
     ipv4/conf/default/rp_filter=1\n\
     ipv4/conf/eth0/accept_redirects=0\n\
     ipv4/conf/eth0/arp_ignore=0\n\
     ipv4/conf/eth0/arp_announce=0\n\
     ipv4/conf/eth0/rp_filter=0\n\
     ipv4/conf/eth0/proxy_arp=0\n\
     ipv4/conf/eth0/forwarding=0\n\
     ipv4/conf/lo/arp_ignore=0\n\
     ipv6/conf/lo/disable_ipv6=0\n\
     ipv6/conf/eth0/accept_dad=0\n";

/// A shell that stays: to start one takes as long as what it is to run.
struct Shell {
    child: Child,
    to: ChildStdin,
    from: BufReader<ChildStdout>,
}

impl Shell {
    fn new(host: &Host) -> Self {
        let mut child = host.enter(|| {
            let pipes = |command: &mut Command| {
                command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("sh")
            };
            pipes(&mut Command::new("sh"))
        });
        let to = child.stdin.take().expect("a pipe");
        let from = BufReader::new(child.stdout.take().expect("a pipe"));
        Self { child, to, from }
    }

    /// Its exit status, and what it printed.
    fn run(&mut self, command: &str) -> (i32, String) {
        let line = format!("{{\n{command}\n}} </dev/null 2>&1\ns=$?; echo; echo \"=$s=\"\n");
        self.to.write_all(line.as_bytes()).expect("a shell that reads");
        let mut said = String::new();
        loop {
            let start = said.len();
            let read = self.from.read_line(&mut said).expect("what it prints");
            assert!(read > 0, "the shell ended in {command}: {said}");
            let status =
                said[start..].trim_end().strip_prefix('=').and_then(|it| it.strip_suffix('='));
            if let Some(status) = status {
                let status = status.parse().expect("a status");
                said.truncate(start);
                return (status, said);
            }
        }
    }
}

impl Drop for Shell {
    fn drop(&mut self) {
        let _ = self.to.write_all(b"exit\n");
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Of a report: its rules, those that are more than infos, and what to run in that order.
struct Report {
    rules: BTreeSet<String>,
    bad: BTreeSet<String>,
    text: String,
    commands: Vec<String>,
}

/// What the words of a step come to, where a human would decide so.
fn decided(words: &str) -> Option<&str> {
    words.strip_prefix("if nobody else needs ")?.split_once(": ").map(|(_, command)| command)
}

/// Whether a rule has words alone, and stays until somebody has acted on them.
fn is_for_a_human(rule: &str) -> bool {
    NO_FAULT.iter().any(|(id, why)| *id == rule && *why == WORDS)
}

struct Bench {
    site: Site,
    shell: Shell,
    /// What the host is, and whether its devices are sound.
    last: &'static Kind,
    is_sound: bool,
    /// What is found on a sound host: rules whose words are for a human.
    usual: BTreeMap<&'static str, BTreeSet<String>>,
}

impl Bench {
    fn new() -> Self {
        let site = Site::asked_by_one();
        let shell = Shell::new(site.server());
        Self { site, shell, last: &DR, is_sound: true, usual: BTreeMap::new() }
    }

    fn check(&mut self, options: &str) -> Report {
        let (_, text) = self.shell.run(&format!("rs-agent check --json {options} 2>/dev/null"));
        let report: serde_json::Value =
            serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
        let findings = report["findings"].as_array().expect("findings").iter();
        let word = |value: &serde_json::Value| value.as_str().expect("text").to_owned();
        let of = |bad: bool| {
            let wanted = |it: &&serde_json::Value| !bad || it["severity"] != "info";
            findings.clone().filter(wanted).map(|it| word(&it["rule"])).collect()
        };
        let command = |step: &serde_json::Value| match step["command"].as_str() {
            Some(command) => Some(command.to_owned()),
            None => decided(step["words"].as_str().expect("words")).map(str::to_owned),
        };
        let remedies = report["remedies"].as_array().expect("remedies").iter();
        let commands = remedies.filter_map(command).collect();
        Report { rules: of(false), bad: of(true), commands, text }
    }

    /// Makes a sound host with these faults of whatever it was.
    fn make(&mut self, kind: &'static Kind, faults: &[&Fault]) {
        if self.last.options.is_empty() {
            self.shell.run("rs-agent teardown");
        }
        // To delete a device takes longer than all else together: those of a sound host stay.
        let folder = || std::fs::read_dir("/sys/class/net").expect("interfaces").flatten();
        let names = || folder().map(|entry| entry.file_name().to_string_lossy().into_owned());
        let there: Vec<String> = self.site.server().enter(|| names().collect());
        let stays = |name: &&String| {
            self.is_sound
                && std::ptr::eq(kind, self.last)
                && kind.make.contains(&format!("link add {name} "))
        };
        let goes = |name: &&String| {
            (name.starts_with("rs-") || ["out", "tunl0"].contains(&name.as_str())) && !stays(name)
        };
        let gone: String =
            there.iter().filter(goes).map(|name| format!("link del {name}\n")).collect();
        self.last = kind;
        self.lines(&(gone + CLEAN));
        self.lines(kind.make);
        if kind.options.is_empty() {
            let setup = format!("rs-agent setup --mode dr --vip {VIPS}");
            let (status, said) = self.shell.run(&setup);
            assert_eq!(status, 0, "{said}");
        }
        let mut make = String::new();
        for fault in faults {
            let _ = write!(make, "\n{}", fault.make);
        }
        self.lines(&make);
    }

    /// Does what lines of a fault say, as few processes as can be.
    fn lines(&mut self, lines: &str) {
        let is_ip = |line: &str| line.contains(' ');
        let lines: Vec<&str> = lines.lines().filter(|line| !line.is_empty()).collect();
        for part in lines.chunk_by(|one, other| is_ip(one) == is_ip(other)) {
            if is_ip(part[0]) {
                // What is to go need not be there.
                self.shell.run(&format!("ip -force -batch - <<'END'\n{}\nEND", part.join("\n")));
                continue;
            }
            self.site.server().enter(|| {
                for (key, value) in part.iter().filter_map(|line| line.split_once('=')) {
                    std::fs::write(format!("/proc/sys/net/{key}"), value).expect(key);
                }
            });
        }
    }

    /// What the host claims now.
    fn heard(&self) -> BTreeSet<String> {
        let mute = self.site.server().enter(|| {
            ["eth0", "all"].iter().any(|device| {
                let path = format!("/proc/sys/net/ipv4/conf/{device}/arp_ignore");
                std::fs::read_to_string(path).expect("a setting").trim() == "8"
            })
        });
        self.site.watch.look_at(mute);
        self.site.watch.claims().into_iter().collect()
    }

    /// Makes the faults and runs the remedies. What was wrong with that.
    fn remedied(&mut self, kind: &'static Kind, faults: &[&Fault]) -> Option<String> {
        let story = faults.iter().map(|fault| format!("{}: {:?}", fault.rule, fault.make));
        let story = format!("[{}] {}", kind.options, story.collect::<Vec<_>>().join(" + "));
        if !self.usual.contains_key(kind.options) {
            self.make(kind, &[]);
            let usual = self.check(kind.options).rules;
            self.usual.insert(kind.options, usual);
        }
        self.make(kind, faults);
        let before = self.check(kind.options);
        if faults.len() == 1 && !before.rules.contains(faults[0].rule) {
            return Some(format!("{story}: not among {:?}", before.rules));
        }
        self.is_sound = false;
        // What was claimed on the way to this is over. Whom the host asks for in the name of
        // a VIP depends on whom it knows just then.
        self.site.watch.claims();
        let mut allowed = self.heard();
        if !allowed.is_empty() || faults.iter().any(|fault| fault.make.contains("arp_announce")) {
            allowed.extend((0..2).flat_map(|_| self.heard()));
        }
        let mut report = before;
        // A fault that hides another goes in the first round: no rule sees past a director's
        // address that is this host's own.
        let rounds = faults.len().min(2);
        for round in 1..=rounds {
            for command in &report.commands {
                let (status, output) = self.shell.run(command);
                let said = self.heard();
                if status != 0 || !said.is_subset(&allowed) {
                    let all = report.commands.join("\n");
                    return Some(format!(
                        "{story}: {command}: {status} {output}, {said:?}, of\n{all}"
                    ));
                }
                if allowed.iter().any(|claim| !claim.contains("request")) {
                    let now = self.heard();
                    allowed.retain(|claim| claim.contains("request") || now.contains(claim));
                }
            }
            let after = self.check(kind.options);
            let usual = &self.usual[kind.options];
            let is_left = |rule: &&String| !usual.contains(*rule) && !is_for_a_human(rule);
            let both = after.rules.intersection(&report.rules).chain(&after.bad);
            let left: BTreeSet<&String> = both.filter(is_left).collect();
            if left.is_empty() {
                break;
            }
            if round == rounds {
                let all = report.commands.join("\n");
                return Some(format!("{story}: {left:?} after\n{all}\n{}", after.text));
            }
            report = after;
        }
        self.is_sound = true;
        let claims = self.heard();
        (!claims.is_empty()).then(|| format!("{story}: {claims:?} in the end"))
    }
}

/// Threes of these faults that have nothing in common, or less where there are no more, in
/// which each pair occurs.
fn threes(faults: &'static [Fault]) -> Vec<Vec<&'static Fault>> {
    let apart = |one: &Fault, other: &Fault| {
        !one.about.split(' ').any(|what| other.about.split(' ').any(|it| it == what))
    };
    let places = || 0..faults.len();
    let pairs = places().flat_map(|one| (one + 1..faults.len()).map(move |other| (one, other)));
    let mut left: BTreeSet<(usize, usize)> =
        pairs.filter(|(one, other)| apart(&faults[*one], &faults[*other])).collect();
    let mut threes = Vec::new();
    while let Some((one, other)) = left.pop_first() {
        let ordered = |a: usize, b: usize| (a.min(b), a.max(b));
        let fits =
            |it: &usize| [one, other].iter().all(|place| apart(&faults[*it], &faults[*place]));
        let news = |it: usize| {
            [one, other].iter().filter(|place| left.contains(&ordered(it, **place))).count()
        };
        let third = places().filter(fits).max_by_key(|it| news(*it)).filter(|it| news(*it) > 0);
        if let Some(third) = third {
            left.remove(&ordered(third, one));
            left.remove(&ordered(third, other));
        }
        let three = [Some(one), Some(other), third];
        threes.push(three.into_iter().flatten().map(|place| &faults[place]).collect());
    }
    threes
}

#[test]
fn remedies_show_nothing_alone_or_together() {
    let mut tries: Vec<(&'static Kind, Vec<&'static Fault>)> = Vec::new();
    for kind in KINDS {
        tries.extend(kind.faults.iter().map(|fault| (kind, vec![fault])));
        tries.extend(threes(kind.faults).into_iter().map(|faults| (kind, faults)));
    }
    let tries = once(tries);
    let mut bench = Bench::new();
    let wrong: Vec<String> =
        tries.iter().filter_map(|(kind, faults)| bench.remedied(kind, faults)).collect();
    assert!(
        wrong.is_empty(),
        "{} of {}: {}",
        wrong.len(),
        tries.len(),
        wrong.join(
            "
"
        )
    );
}

/// Whichever command fails: those after it are run all the same.
#[test]
fn what_failed_before_shows_nothing() {
    let mut bench = Bench::new();
    let of = |kind: &'static Kind, wanted: &[(&str, &str)]| -> Vec<&'static Fault> {
        let fits = |fault: &&Fault| {
            wanted.iter().any(|(rule, make)| fault.rule == *rule && fault.make.contains(make))
        };
        kind.faults.iter().filter(fits).collect()
    };
    for faults in [
        of(&DR, &[("RS-ARP-04", ""), ("RS-ARP-07", "addr add 192.0.2.10/32")]),
        of(&DR, &[("RS-ARP-01", "ignore=0"), ("RS-VIP-01", "192.0.2.10"), ("RS-ARP-06", "all")]),
    ] {
        let mut number = 1;
        let mut skipped = 0;
        while skipped < number {
            bench.make(&DR, &faults);
            let commands = bench.check(DR.options).commands;
            number = commands.len();
            bench.site.watch.claims();
            // Another VIP may be shown already.
            let before: BTreeSet<String> = (0..3).flat_map(|_| bench.heard()).collect();
            let done: Vec<&String> = commands
                .iter()
                .enumerate()
                .filter(|(it, _)| *it != skipped)
                .map(|it| it.1)
                .collect();
            for command in done {
                bench.shell.run(command);
                let said = bench.heard();
                assert!(
                    said.is_subset(&before),
                    "{said:?} by {command} without number {skipped} of {commands:#?}"
                );
            }
            skipped += 1;
        }
        assert!(number > 2, "{number}");
    }
}

#[test]
fn every_rule_has_a_fault_or_a_reason() {
    let site = Site::new();
    let list = site.server().must("rs-agent check --list-rules --json").stdout;
    let rules: serde_json::Value = serde_json::from_str(&list).expect("JSON");
    for rule in rules.as_array().expect("rules") {
        let id = rule["id"].as_str().expect("an id");
        let has_fault = KINDS.iter().any(|kind| kind.faults.iter().any(|fault| fault.rule == id));
        let has_reason = NO_FAULT.iter().any(|(rule, _)| *rule == id);
        assert!(
            has_fault != has_reason,
            "{id}: a fault: {has_fault}, a reason for none: {has_reason}"
        );
    }
    // A rule that is said to have words alone prints no command, as far as the unit tests know.
    let mut rule = "";
    for line in include_str!("../../../../crates/rs-agent/src/check/tests/findings.txt").lines() {
        match (line.strip_prefix("    "), line.strip_prefix("  ")) {
            (Some(said), _) => {
                let is_command = said.starts_with("run ");
                assert!(!(is_command && is_for_a_human(rule)), "{rule} has a command: {said}");
            }
            (None, Some(finding)) => rule = finding.split(' ').next().unwrap_or_default(),
            (None, None) => {}
        }
    }
}
