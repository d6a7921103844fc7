// SPDX-License-Identifier: MIT OR Apache-2.0

//! What `rsctl` keeps: who changed what, and the tables to which it goes back, by itself too.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::os::unix::net::UnixDatagram;
use std::process::{Command, Stdio};
use std::thread;

use ipvs_cluster::Observed;
use ipvs_cluster::file::Object;
use ipvs_netlink::Client;
use lab::{Dice, Host, NOBODY};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;

/// Where a host keeps it: no host of the lab is in the network namespace of its first process.
const HISTORY: &str = "/var/lib/rsctl/netns-*/history.jsonl";
const PENDING: &str = "/var/lib/rsctl/netns-*/pending.json";
/// What undoes a change holds this lock as long as it is there.
const WATCHER_ENDS: &str = "timeout 120 flock /var/lib/rsctl/netns-*/watcher.lock true";
/// That of this host: others have theirs at the same time.
const WATCHER: &str = "pgrep --ns $$ --nslist net -f '[r]sctl __undo-unless-confirmed'";

const TABLE: &str = "\
-A -t 192.0.2.1:80 -s wrr -p 60
-a -t 192.0.2.1:80 -r 10.0.0.1:80 -g -w 3
-a -t 192.0.2.1:80 -r 10.0.0.2:80 -g -w 5 -x 100 -y 50
-A -f 7 -s mh
-a -f 7 -r 10.0.0.1:0 -i -w 1
";
const OTHER: &str = "\
-A -t 192.0.2.1:80 -s rr
-a -t 192.0.2.1:80 -r 10.0.0.2:80 -m -w 1
-a -t 192.0.2.1:80 -r 10.0.0.3:80 -g -w 1
-A -u 192.0.2.1:53 -s wlc
-a -u 192.0.2.1:53 -r 10.0.0.9:53 -m -w 1
";

/// The table, whatever the order of servers: one that went and came again is the last.
fn saved(host: &Host) -> String {
    let saved = host.must("rsctl save").stdout;
    let mut service = "";
    let mut lines = Vec::new();
    for line in saved.lines() {
        let line = line.trim().trim_end_matches(',');
        if line.starts_with("{\"service\"") {
            service = line;
        }
        lines.push(format!("{service} {line}\n"));
    }
    lines.sort();
    lines.concat()
}

/// A director with the first table, and that as it is saved.
fn director() -> (Host, String) {
    let host = Host::new("director");
    let restored = host.feed("rsctl restore", TABLE);
    assert_eq!((restored.status, restored.stderr.as_str()), (0, ""));
    host.must("rsctl timeouts --tcp 1000 --tcp-fin 100 --udp 200");
    let table = saved(&host);
    (host, table)
}

fn records(host: &Host, options: &str) -> Vec<Value> {
    let shown = host.must(&format!("rsctl history --json {options}"));
    let document: Value = serde_json::from_str(&shown.stdout).unwrap();
    assert_eq!((document["format"].as_str(), shown.stderr.as_str()), (Some("rsctl-history/1"), ""));
    document["records"].as_array().unwrap().clone()
}

#[test]
fn each_change_has_a_record() {
    let host = Host::new("director");
    for command in [
        "rsctl add-service tcp/192.0.2.1:80 -s wrr",
        "/bin/sh -c 'exec rsctl add-server tcp/192.0.2.1:80 -r 10.0.0.1 -w 3'",
        "rsctl edit-server tcp/192.0.2.1:80 -r 10.0.0.1 -w 0",
        "rsctl set-server tcp/192.0.2.1:80 -r 10.0.0.1 -r 10.0.0.2 -w 0",
        "rsctl edit-service tcp/192.0.2.1:80 -p 60",
        "rsctl timeouts --udp 77",
        "rsctl sync-daemon start backup --interface lo --syncid 7",
        "rsctl sync-daemon stop backup",
        "rsctl zero",
        "rsctl delete-service tcp/192.0.2.1:80",
        // Nothing of these is changed.
        "rsctl timeouts --udp 77",
        "! rsctl delete-service tcp/192.0.2.1:80",
        "rsctl add-service tcp/192.0.2.1:80 --dry-run",
        "rsctl list",
        "rsctl ipvsadm -A -t 192.0.2.1:80",
        "rsctl clear",
    ] {
        host.must(command);
    }
    let records = records(&host, "--last 0");
    let actions: Vec<_> = records.iter().map(|it| it["action"].as_str().unwrap()).collect();
    assert_eq!(
        actions,
        [
            "add-service",
            "add-server",
            "edit-server",
            "add-server",
            "edit-service",
            "set-timeouts",
            "start-daemon",
            "stop-daemon",
            "zero",
            "delete-server",
            "delete-server",
            "delete-service",
            "delete-service",
        ]
    );
    let edit = &records[2];
    let command = "rsctl edit-server tcp/192.0.2.1:80 -r 10.0.0.1 -w 0";
    let words: Vec<_> = edit["command"].as_array().unwrap().iter().map(|it| it.as_str()).collect();
    assert_eq!(words, command.split(' ').map(Some).collect::<Vec<_>>());
    assert_eq!((&edit["uid"], &edit["result"]), (&0.into(), &"done".into()));
    assert_eq!((&edit["before"]["weight"], &edit["after"]["weight"]), (&3.into(), &0.into()));
    assert_eq!(edit["server"], "10.0.0.1:80");
    assert!(records.windows(2).all(|two| two[0]["time"].as_str() <= two[1]["time"].as_str()));
    // Of one command, and of no other.
    assert!(records[9]["run"] == records[11]["run"] && records[11]["run"] != records[12]["run"]);

    let shown = host.must("rsctl history -n 4").stdout;
    let lines: Vec<_> = shown.lines().collect();
    assert!(lines[0].ends_with(": rsctl delete-service tcp/192.0.2.1:80"), "{shown}");
    assert!(lines[0].contains(" root, pid ") || lines[0].contains(" root ("), "{shown}");
    assert!(lines[1].starts_with("  - server 10.0.0."), "{shown}");
    assert_eq!(lines[3], "  - service tcp/192.0.2.1:80");
    let weight = host.must("rsctl history --object 10.0.0.1:80 -n 0").stdout;
    assert!(weight.contains("\n  ~ server 10.0.0.1:80 of tcp/192.0.2.1:80: weight 3 -> 0\n"));
    assert!(!weight.contains("10.0.0.2"), "{weight}");
    let of = |object: &str| self::records(&host, &format!("--last 0 --object {object}")).len();
    assert_eq!((of("tcp/192.0.2.1:80"), of("10.0.0.1"), of("10.0.0.1:81")), (9, 3, 0));
    assert_eq!(self::records(&host, "--since 1h --last 3").len(), 3);
}

/// Each object by its name, and what it is like.
type State = BTreeMap<String, String>;

fn state(client: &mut Client) -> State {
    let table = Observed::read(client).unwrap();
    let mut state = State::new();
    for entry in &table.services {
        let key = entry.service.key;
        state.insert(key.to_string(), Object::from(&entry.service).to_string());
        for server in &entry.servers {
            state.insert(format!("{} of {key}", server.key), Object::from(server).to_string());
        }
    }
    state.insert("timeouts".to_owned(), Object::from(table.timeouts).to_string());
    for daemon in &table.daemons {
        // What was asked for says nothing of what the kernel has made the default.
        state.insert(daemon.role.to_string(), String::new());
    }
    state
}

fn difference(before: &State, after: &State) -> Vec<[Option<String>; 3]> {
    let mut names: Vec<_> = before.keys().chain(after.keys()).collect();
    names.sort();
    names.dedup();
    let changed = names.into_iter().filter(|name| before.get(*name) != after.get(*name));
    changed
        .map(|name| [Some(name.clone()), before.get(name).cloned(), after.get(name).cloned()])
        .collect()
}

fn recorded(line: &str) -> Option<[Option<String>; 3]> {
    let line: Value = serde_json::from_str(line).unwrap();
    let text = |name: &str| line[name].as_str();
    assert_eq!(text("result"), Some("done"));
    let name = match (text("service"), text("server"), text("role")) {
        _ if text("action") == Some("zero") => return None,
        (Some(service), Some(server), _) => format!("{server} of {service}"),
        (Some(service), None, _) => service.to_owned(),
        (None, _, Some(role)) => role.to_owned(),
        _ => "timeouts".to_owned(),
    };
    let is_daemon = text("role").is_some();
    let side = |name: &str| {
        let object = Some(&line[name]).filter(|it| !it.is_null())?;
        Some(if is_daemon { String::new() } else { object.to_string() })
    };
    Some([Some(name), side("before"), side("after")])
}

/// A table of a few objects, as lines.
fn random_table(dice: &mut Dice) -> String {
    let mut lines = String::new();
    for service in ["-t 192.0.2.1:80", "-t 192.0.2.1:443", "-u 192.0.2.1:53", "-f 7"] {
        if dice.roll(3) == 0 {
            continue;
        }
        lines += &format!("-A {service} -s {}\n", dice.pick(&["rr", "wrr", "wlc"]));
        for server in 1..=3 {
            if dice.roll(3) > 0 {
                let weight = dice.roll(4);
                lines += &format!("-a {service} -r 10.0.0.{server} -m -w {weight}\n");
            }
        }
    }
    if lines.is_empty() { "-A -f 9 -s rr\n".to_owned() } else { lines }
}

fn random_command(dice: &mut Dice) -> (String, String) {
    let services = ["tcp/192.0.2.1:80", "tcp/192.0.2.1:443", "udp/192.0.2.1:53", "fwmark/7"];
    let service = dice.pick(&services);
    let servers = dice.pick(&["-r 10.0.0.1", "-r 10.0.0.2", "-r 10.0.0.1 -r 10.0.0.3"]);
    let scheduler = dice.pick(&["rr", "wrr", "wlc", "sh"]);
    let weight = dice.roll(5);
    let command = match dice.roll(22) {
        0 | 1 => format!("add-service {service} -s {scheduler}"),
        2 => format!("set-service {service} -s {scheduler} -p 60"),
        3 => format!("edit-service {service} -s {scheduler}"),
        4 => format!("delete-service {service} --if-exists"),
        5 => "delete-service --vip 192.0.2.1".to_owned(),
        6..=8 => format!("add-server {service} {servers} -m -w {weight}"),
        9 | 10 => format!("set-server {service} {servers} -m -w {weight}"),
        11 => format!("set-server --vip 192.0.2.1 {servers} -m -w {weight}"),
        12 => format!("edit-server --everywhere {servers} -w {weight}"),
        13 => format!("edit-server {service} {servers} -x {}", 10 + weight),
        14 => format!("delete-server {service} {servers} --if-exists"),
        15 => format!("timeouts --tcp {}", 100 + weight),
        16 => "sync-daemon start backup --interface lo --syncid 1".to_owned(),
        17 => "sync-daemon stop backup".to_owned(),
        18 => "clear".to_owned(),
        19 => "rollback --allow-empty".to_owned(),
        20 => return ("restore --merge".to_owned(), random_table(dice)),
        _ => return ("restore --allow-deletes".to_owned(), random_table(dice)),
    };
    (command, String::new())
}

/// What the kernel has before and after is what the history says, record by record.
#[test]
fn the_history_lacks_nothing_and_invents_nothing() {
    const CHANGES: usize = 1000;
    let host = Host::new("director");
    let mut client = host.enter(|| Client::connect().unwrap());
    let mut dice = Dice::new(20);
    let mut before = state(&mut client);
    let (mut lines, mut changes, mut commands) = (0, 0, 0);
    while changes < CHANGES {
        commands += 1;
        let (command, input) = random_command(&mut dice);
        let output = host.feed(&format!("rsctl {command}"), &input);
        let after = state(&mut client);
        let history = host.sh(&format!("tail -n +{} {HISTORY}", lines + 1)).stdout;
        lines += history.lines().count();
        let mut recorded: Vec<_> = history.lines().filter_map(recorded).collect();
        recorded.sort();
        let mut changed = difference(&before, &after);
        changed.sort();
        assert_eq!(recorded, changed, "{command}\n{input}{}", output.stderr);
        changes += changed.len();
        before = after;
    }
    println!("{changes} changes by {commands} commands");
}

#[test]
fn a_rollback_goes_back() {
    let (host, table) = director();
    assert_eq!(host.feed("rsctl restore --allow-deletes", OTHER).status, 0);
    let other = saved(&host);
    // What came between goes, too: the file had everything.
    host.must("rsctl add-service fwmark/8 -s rr");
    let dry = host.sh("rsctl rollback --dry-run");
    assert_eq!(dry.status, 3, "{}", dry.stderr);
    assert!(dry.stdout.contains("+ service fwmark/7: scheduler mh"), "{}", dry.stdout);
    assert_eq!(host.must("rsctl rollback").stderr, "");
    assert_eq!(saved(&host), table);
    // Again there is nothing to do, and back to before that there is a way.
    assert_eq!(host.must("rsctl rollback -v").stdout, "nothing to change\n");
    let list: Value =
        serde_json::from_str(&host.must("rsctl rollback --list --json").stdout).unwrap();
    let list = list["checkpoints"].as_array().unwrap();
    let kinds: Vec<_> =
        list.iter().map(|it| (it["number"].as_u64(), it["before"].as_str())).collect();
    let expected = [(1, "restore"), (2, "restore"), (3, "rollback")];
    assert_eq!(kinds, expected.map(|(number, before)| (Some(number), Some(before))));
    assert_eq!(host.must("rsctl rollback --list").stdout.lines().count(), 4);
    let back = host.must("rsctl rollback 3 --json").stdout;
    let document: Value = serde_json::from_str(&back).unwrap();
    assert_eq!(document["checkpoint"], 4);
    assert!(saved(&host).contains("fwmark/8"));
    host.must("rsctl delete-service fwmark/8");
    assert_eq!(saved(&host), other);
    // A checkpoint is a table that `restore` reads.
    host.must("rsctl restore /var/lib/rsctl/netns-*/checkpoints/2.json");
    assert_eq!(saved(&host), table);

    for (command, status, error) in [
        ("rsctl rollback 99", 6, "cannot roll back: there is no checkpoint 99"),
        (
            "rsctl rollback 1",
            2,
            "cannot roll back to checkpoint 1: it has no service; nothing was changed",
        ),
        ("rsctl confirm", 6, "cannot confirm: no change waits for it"),
    ] {
        let refused = host.sh(command);
        assert_eq!(refused.status, status, "{command}");
        assert!(
            refused.stderr.starts_with(&format!("error: {error}\nhint: ")),
            "{}",
            refused.stderr
        );
    }
    assert_eq!(saved(&host), table);
    host.must("rsctl rollback 1 --allow-empty");
    assert!(!saved(&host).contains("tcp/"));
}

/// A file that deletes nothing speaks of its own objects only.
#[test]
fn what_a_change_could_not_touch_stays() {
    let (host, _) = director();
    let merged = "-A -u 192.0.2.1:53 -s wlc\n-a -u 192.0.2.1:53 -r 10.0.0.9:53 -m -w 1\n\
                  -a -t 192.0.2.1:80 -r 10.0.0.1:80 -g -w 9\n";
    let merged = format!("-A -t 192.0.2.1:80 -s wrr -p 60\n{merged}");
    assert_eq!(host.feed("rsctl restore --merge", &merged).status, 0);
    // Of others, meanwhile.
    host.must(
        "ipvsadm -A -t 192.0.2.77:80 -s rr
         ipvsadm -a -t 192.0.2.1:80 -r 10.0.0.88:80 -g -w 4
         ipvsadm -e -f 7 -r 10.0.0.1:0 -i -w 8
         ipvsadm --set 55 0 0",
    );
    host.must("rsctl rollback");
    let table = saved(&host);
    for part in ["192.0.2.77:80", "10.0.0.88:80", "\"weight\": 8", "\"tcp\": 55"] {
        assert!(table.contains(part), "{part}: {table}");
    }
    assert!(!table.contains("udp/192.0.2.1:53") && !table.contains("\"weight\": 9"), "{table}");
    assert!(table.contains("{\"server\": \"10.0.0.1:80\", \"method\": \"dr\", \"weight\": 3}"));
}

/// Of more than there are kept, the oldest go.
#[test]
fn twenty_checkpoints_are_kept() {
    let host = Host::new("director");
    for weight in 1..=25 {
        let table = format!("-A -f 7 -s rr\n-a -f 7 -r 10.0.0.1:0 -m -w {weight}\n");
        assert_eq!(host.feed("rsctl restore", &table).status, 0);
    }
    let files = host.must("ls /var/lib/rsctl/netns-*/checkpoints | sort -n").stdout;
    assert_eq!(files.lines().count(), 40, "{files}");
    assert_eq!(files.lines().next(), Some("6.about.json"));
    host.must("rsctl rollback 6");
    assert!(saved(&host).contains("\"weight\": 5}"));
}

#[test]
fn what_nobody_confirms_is_undone() {
    let (host, table) = director();
    let made = host.feed("rsctl restore --allow-deletes --confirm-within 2", OTHER);
    assert_eq!(made.status, 0, "{}", made.stderr);
    assert!(made.stderr.starts_with("note: undone at "), "{}", made.stderr);
    assert!(made.stderr.ends_with("\nhint: `rsctl confirm` keeps it\n"), "{}", made.stderr);
    assert!(saved(&host).contains("udp/192.0.2.1:53"));
    host.must(WATCHER_ENDS);
    assert_eq!(saved(&host), table);
    assert_ne!(host.sh(&format!("ls {PENDING}")).status, 0);
    let by = &records(&host, "--last 1")[0];
    assert_eq!(by["command"][1], "__undo-unless-confirmed");
    assert_eq!(host.sh("rsctl confirm").status, 6);
}

#[test]
fn what_is_confirmed_stays() {
    let (host, _) = director();
    let made = host.feed("rsctl restore --allow-deletes --confirm-within 1h --json", OTHER);
    let document: Value = serde_json::from_str(&made.stdout).unwrap();
    assert!(document["confirm_until"].as_str().is_some_and(|it| it.ends_with('Z')), "{document}");
    let other = saved(&host);
    let who = "the change by `rsctl restore --allow-deletes --confirm-within 1h --json` (pid ";
    // Meanwhile no other change of its kind begins, and small ones are let through.
    let second = host.feed("rsctl restore --allow-deletes", TABLE);
    assert_eq!(second.status, 4, "{}", second.stderr);
    assert!(second.stderr.starts_with(&format!("error: cannot begin: {who}")), "{}", second.stderr);
    assert_eq!(saved(&host), other);
    let small = host.must("rsctl timeouts --udp 78");
    assert_eq!(small.stderr, "");
    assert_eq!(host.feed("rsctl restore --allow-deletes --dry-run", TABLE).status, 3);
    // Not the signals of a terminal, nor its end.
    let pid = host.must(WATCHER).stdout.trim().to_owned();
    let session =
        format!("test $(ps -o sid= -p {pid}) = {pid} && kill -HUP {pid} && kill -INT {pid}");
    host.must(&session);
    let dry = host.must("rsctl confirm --dry-run").stdout;
    assert!(dry.starts_with(who) && dry.ends_with(") would stay\n"), "{dry}");
    let told = host.must("rsctl confirm -v").stdout;
    assert!(told.starts_with(who) && told.ends_with(") stays\n"), "{told}");
    host.must(WATCHER_ENDS);
    assert!(saved(&host).contains("udp/192.0.2.1:53"));
    assert_eq!(host.sh("rsctl confirm").status, 6);
    assert_eq!(host.feed("rsctl restore --allow-deletes", TABLE).status, 0);
}

/// A restore of many, from before its first change, killed in the middle.
#[test]
fn who_made_it_may_be_killed() {
    let (host, table) = director();
    let mut lines = String::new();
    for mark in 1..=1000 {
        lines += &format!("-A -f {mark} -s rr\n");
        for server in 1..=50 {
            lines += &format!("-a -f {mark} -r 10.0.0.{server}:80 -m -w 1\n");
        }
    }
    let mut client = host.enter(|| Client::connect().unwrap());
    let mut restore = host.enter(|| {
        let mut rsctl = Command::new("rsctl");
        rsctl.args(["restore", "--allow-deletes", "--confirm-within", "2"]);
        rsctl.stdin(Stdio::piped()).spawn().unwrap()
    });
    restore.stdin.take().unwrap().write_all(lines.as_bytes()).unwrap();
    let mut begun = 0;
    while begun < 5 {
        begun = 0;
        client.for_each_service(|_| begun += 1).unwrap();
        assert!(restore.try_wait().unwrap().is_none(), "it ended before it could be killed");
        thread::yield_now();
    }
    kill(Pid::from_raw(restore.id().cast_signed()), Signal::SIGKILL).unwrap();
    restore.wait().unwrap();
    assert_ne!(saved(&host), table);
    host.must(WATCHER_ENDS);
    let why = || host.sh(&format!("cat {PENDING}; rsctl history --last 3; dmesg | tail -n 5"));
    assert!(saved(&host) == table, "{:?}", why());
}

#[test]
fn who_was_to_undo_it_may_be_killed_and_is_missed() {
    let (host, table) = director();
    for (remedy, comes_back) in [("rollback", true), ("confirm", false)] {
        let made = host.feed("rsctl restore --allow-deletes --confirm-within 1", OTHER);
        assert_eq!(made.status, 0, "{}", made.stderr);
        host.must(&format!("kill -9 $({WATCHER}); {WATCHER_ENDS}"));
        let said = host.must("rsctl timeouts --udp 200 && sleep 1 && rsctl zero").stderr;
        let (warning, hint) = said.trim_end().rsplit_once('\n').unwrap();
        assert!(warning.contains("what was to undo it has ended"), "{said}");
        assert!(hint.starts_with("hint: `rsctl confirm` keeps it, `rsctl rollback` "), "{said}");
        assert_eq!(host.feed("rsctl restore --allow-deletes", TABLE).status, 4);
        assert_eq!(host.must(&format!("rsctl {remedy}")).stderr, "");
        assert_eq!(saved(&host) == table, comes_back);
        assert_eq!(host.must("rsctl zero").stderr, "");
    }
}

/// A table that cannot be kept is no reason to have none, unless it was promised.
#[test]
fn without_a_place_to_write_the_change_is_made_and_told() {
    let host = Host::new("director");
    host.must("mount -t tmpfs -o ro tmpfs /var/lib");
    let added = host.must("rsctl add-service tcp/192.0.2.1:80");
    assert!(
        added.stderr.starts_with("warning: what was changed is not in the history: "),
        "{}",
        added.stderr
    );
    assert_eq!(added.stderr.lines().count(), 2, "{}", added.stderr);
    let json = host.must("rsctl add-service tcp/192.0.2.1:81 --json");
    assert!(json.stderr.lines().all(|line| serde_json::from_str::<Value>(line).is_ok()));
    let restored = host.feed("rsctl restore --allow-deletes", TABLE);
    assert_eq!(restored.status, 0);
    assert!(restored.stderr.starts_with("warning: this cannot be rolled back: "));
    let table = saved(&host);
    let refused = host.feed("rsctl restore --allow-deletes --confirm-within 1m", OTHER);
    assert_eq!(refused.status, 1, "{}", refused.stderr);
    assert!(refused.stderr.starts_with("error: cannot use what is kept: "), "{}", refused.stderr);
    assert_eq!(saved(&host), table);
    // Another place will do.
    let elsewhere = host.must("rsctl --state-dir /run/rsctl delete-service fwmark/7");
    assert_eq!(elsewhere.stderr, "");
    host.must("grep -q fwmark/7 /run/rsctl/netns-*/history.jsonl");
    host.must("RSCTL_STATE_DIR=/run/rsctl rsctl history | grep -q fwmark/7");
}

#[test]
fn each_namespace_has_its_own() {
    let host = Host::new("director");
    host.must("ip netns add blue && ip -n blue link set lo up");
    host.must("rsctl --netns blue add-service fwmark/1");
    host.must("rsctl add-service fwmark/2");
    assert_eq!(host.must("ls -d /var/lib/rsctl/netns-* | wc -l").stdout.trim(), "2");
    for (command, mark) in [("rsctl --netns blue", "fwmark/1"), ("rsctl", "fwmark/2")] {
        let shown = host.must(&format!("{command} history")).stdout;
        assert_eq!(shown.matches("  + service fwmark/").count(), 1, "{shown}");
        assert!(shown.contains(&format!("  + service {mark}")), "{shown}");
    }
    let within = "ip netns exec blue rsctl history -n 1 | grep -q 'fwmark/1'";
    host.must(within);
    // It is not for everybody.
    let denied = host.sh(&format!("ip netns exec blue {NOBODY} rsctl history"));
    assert_eq!(denied.status, 1);
    assert!(denied.stderr.contains("permission denied"), "{}", denied.stderr);
    // It is undone where it was made.
    let restored =
        host.feed("rsctl --netns blue restore --allow-deletes --confirm-within 1", TABLE);
    assert_eq!(restored.status, 0, "{}", restored.stderr);
    host.must(
        "for lock in /var/lib/rsctl/netns-*/watcher.lock; do timeout 60 flock $lock true; done",
    );
    assert!(host.must("rsctl --netns blue save").stdout.contains("fwmark/1"));
    assert!(!host.must("rsctl --netns blue save").stdout.contains("192.0.2.1"));
}

/// The journal gets a message for each object, with fields of its own.
#[test]
fn the_journal_of_systemd_is_told() {
    let host = Host::new("director");
    let journal = host.enter(|| {
        std::fs::create_dir_all("/run/systemd/journal").unwrap();
        UnixDatagram::bind("/run/systemd/journal/socket").unwrap()
    });
    host.must("rsctl add-service tcp/192.0.2.1:80 -s rr");
    let mut message = [0; 65536];
    let length = journal.recv(&mut message).unwrap();
    let message = String::from_utf8_lossy(&message[..length]).into_owned();
    for line in [
        "MESSAGE=add-service tcp/192.0.2.1:80",
        "SYSLOG_IDENTIFIER=rsctl",
        "RSCTL_COMMAND=rsctl add-service tcp/192.0.2.1:80 -s rr",
        "RSCTL_SERVICE=tcp/192.0.2.1:80",
        "RSCTL_BEFORE=null",
        "RSCTL_AFTER={\"scheduler\":\"rr\",\"service\":\"tcp/192.0.2.1:80\"}",
        "RSCTL_RESULT=done",
    ] {
        assert!(message.lines().any(|it| it == line), "{line}: {message}");
    }
    journal.set_nonblocking(true).unwrap();
    host.must("rsctl timeouts; rsctl list");
    assert!(journal.recv(&mut [0; 10]).is_err());
    // One that is not there any more.
    drop(journal);
    assert_eq!(host.must("rsctl delete-service tcp/192.0.2.1:80").stderr, "");
}
