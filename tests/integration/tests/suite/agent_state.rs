// SPDX-License-Identifier: MIT OR Apache-2.0

//! What `rs-agent` keeps on disk and locks: who may write there, a disk that is full, and files
//! that are damaged or gone.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use lab::Host;
use nix::sys::signal::Signal;

use crate::agent::{assert_same, real_server, state};
use crate::running::{Ended, Run, holds, repaired};

const FIRST: &str = "ip -o addr show dev lo | grep -q 192.0.2.10/32";
const SECOND: &str = "ip -o addr show dev lo | grep -q 203.0.113.10/32";
pub(crate) const BOTH: &str = "setup --mode dr --vip 192.0.2.10,203.0.113.10";
/// The journal, its copy beside it.
const JOURNAL: &str = "/run/rs-agent/netns-*.json";
const COPY: &str = "/run/rs-agent/netns-*.json.copy";

/// Runs a shell command as a user without any right.
fn nobody(command: &str) -> String {
    let command = lab::quoted(command);
    format!(
        "setpriv --reuid 65534 --regid 65534 --clear-groups --bounding-set=-all sh -c {command}"
    )
}

/// Refused in one line, and with a hint; nothing has changed.
#[track_caller]
fn refused(host: &Host, command: &str, words: &[&str]) {
    let before = state(host);
    let output = host.sh(&format!("timeout 20 {command}"));
    assert_eq!(output.status, 1, "{command}: {output:?}");
    assert!(output.stderr.lines().count() >= 2, "{command}: {output:?}");
    assert!(output.stderr.contains("\nhint: "), "{command}: {output:?}");
    for word in words {
        assert!(output.stderr.contains(word), "{command}: {word}: {output:?}");
    }
    assert_same(&state(host), &before, command);
}

/// Locks all that any user can open, and takes the name by which one `run` knows another.
const HOLD: &str = r#"use Socket;
socket my $name, AF_UNIX, SOCK_STREAM, 0;
bind $name, pack_sockaddr_un("\0rs-agent-run") and listen $name, 0 or die "name: $!";
for (</run/rs-agent>, </run/rs-agent/*>) {
    open my $file, "<", $_ or next;
    flock $file, 6 or die "$_: $!";
    push @held, $file;
    print "$_ ";
}
$| = 1;
print "\n";
sleep 600;
"#;

#[test]
fn no_other_user_can_hold_it_up() {
    let network = real_server();
    let host = &network.servers[0];
    let before = state(host);
    // All files are there, those of `run` too.
    let mut first = Run::start(host, "--mode dr --vip 192.0.2.10");
    first.signal(Signal::SIGTERM);
    first.ends();

    let mut holder = Command::new("setpriv");
    let rights = ["--reuid", "65534", "--regid", "65534", "--clear-groups", "--bounding-set=-all"];
    holder.args(rights).args(["perl", "-e", HOLD]).stdout(Stdio::piped());
    let mut holder = Ended(host.enter(|| holder.spawn().expect("perl")));
    let mut held = String::new();
    BufReader::new(holder.0.stdout.take().expect("its words")).read_line(&mut held).expect("held");
    assert!(held.contains("/run/rs-agent ") && held.contains(".json "), "{held:?}");
    assert!(!held.contains("lock"), "{held:?}");

    let mut run = Run::start(host, "");
    repaired(&run, host, &[("ip addr del 192.0.2.10/32 dev lo", FIRST)]);
    let second = host.sh("rs-agent run");
    assert!(second.stderr.contains("another rs-agent run keeps this host"), "{second:?}");
    host.must("timeout 60 rs-agent setup --mode dr --vip 203.0.113.10");
    host.must("timeout 60 rs-agent teardown");
    assert_eq!(run.ends().0, Some(0));
    assert_same(&state(host), &before, "held all the time");
}

#[test]
fn a_second_run_is_refused_whatever_becomes_of_the_files() {
    let network = real_server();
    let host = &network.servers[0];
    let run = Run::start(host, "--mode dr --vip 192.0.2.10");
    let refuses = |command: &str| {
        refused(host, command, &["another rs-agent run keeps this host"]);
    };
    // Its name alone is left, until it can do something about it.
    run.stop();
    host.must("rm -r /run/rs-agent");
    refuses("rs-agent run --mode dr --vip 192.0.2.10");
    host.must("rm -r /run/rs-agent");
    run.signal(Signal::SIGCONT);
    // And then a lock again: the name may be somebody else's.
    run.says("its lock was gone and is made again");
    run.until(std::time::Duration::from_secs(20), "the lock", || {
        holds(host, "! flock -n /run/rs-agent/run-*.lock true")
    });
    let elsewhere = "rs-agent run --state-dir /run/other --mode dr --vip 192.0.2.10";
    refuses(elsewhere);
}

#[test]
fn what_others_could_write_is_refused() {
    let network = real_server();
    let host = &network.servers[0];
    let set_up = "setup --mode dr --vip 192.0.2.10 --state-dir";
    host.must("echo precious >/run/target");
    host.must(
        "install -d -o 65534 /run/theirs && cd /run/theirs && \
         n=$(stat -Lc %i /proc/self/ns/net) && \
         for f in lock run-$n.lock netns-$n.json netns-$n.json.new netns-$n.json.copy; \
         do ln -s /run/target $f; done",
    );
    let theirs = "belongs to uid 65534";
    for command in ["setup", "run"] {
        let command = format!("rs-agent {command} --mode dr --vip 192.0.2.10");
        refused(host, &format!("{command} --state-dir /run/theirs"), &["/run/theirs ", theirs]);
        refused(host, &format!("{command} --state-dir /run/theirs/deep"), &[theirs]);
    }
    host.must("install -d -m 1777 /run/open && install -d -m 775 /run/group");
    refused(host, &format!("rs-agent {set_up} /run/open"), &["/run/open ", "others can write"]);
    refused(host, &format!("rs-agent {set_up} /run/group/deep"), &["/run/group ", "others can"]);
    // A link that somebody else has put where all may put something; one of root's is good.
    host.must(&nobody("ln -s /run/theirs/../good /run/open/link"));
    refused(host, &format!("rs-agent {set_up} /run/open/link"), &["/run/open/link ", theirs]);
    host.must("ln -s /run/good /run/own");
    host.must(&format!("rs-agent {set_up} /run/own/deep"));
    host.must("[ -d /run/good/deep ] && rs-agent --state-dir /run/good/deep teardown");

    // By our own hand, and not the umask's.
    for umask in ["0", "077"] {
        host.must(&format!("umask {umask}; rs-agent setup --mode dr --vip 192.0.2.10"));
        let modes = host.must("cd /run/rs-agent && stat -c '%a %U %n' . *").stdout;
        let modes: Vec<&str> = modes.lines().filter_map(|line| line.split(' ').next()).collect();
        assert_eq!(modes, ["755", "600", "644", "644"], "umask {umask}");
        host.must(&nobody("rs-agent status | grep -q 192.0.2.10"));
        host.must("rs-agent teardown && rm -r /run/rs-agent");
    }

    // And what was changed later.
    host.must("rs-agent setup --mode dr --vip 192.0.2.10");
    for (change, back, words) in [
        (format!("chmod 666 {JOURNAL}"), format!("chmod 644 {JOURNAL}"), "others can write"),
        (format!("chown 65534 {JOURNAL}"), format!("chown 0 {JOURNAL}"), theirs),
    ] {
        host.must(&change);
        for command in ["setup --mode dr --vip 203.0.113.10", "teardown", "run", "status"] {
            refused(host, &format!("rs-agent {command}"), &[".json ", words]);
        }
        host.must(&back);
    }
    // Nobody reads through a link, whoever owns what it leads to.
    let shown = "rs-agent status --state-dir /run/theirs";
    refused(host, shown, &["is damaged (a symbolic link), and so is its copy"]);
    host.must(&format!("mv {JOURNAL} /run/moved && ln -s /run/moved /run/rs-agent/$(cd /run/rs-agent && echo *.copy | sed s/.copy//)"));
    let told = host.must("rs-agent status");
    assert!(
        told.stderr.contains(".json is damaged (a symbolic link): its copy is read"),
        "{told:?}"
    );
    host.must(&format!("ln -sf /run/moved {COPY}"));
    for command in ["setup --mode dr --vip 203.0.113.10", "teardown", "run", "check", "status"] {
        let words = ["is damaged (a symbolic link), and so is its copy", "ip addr del 192.0.2.10"];
        refused(host, &format!("rs-agent {command}"), &words);
    }
    host.must(&format!("rm {COPY} && mv /run/moved {JOURNAL}"));
    host.must("chmod 644 /run/rs-agent/lock");
    refused(host, "rs-agent teardown", &["/run/rs-agent/lock ", "others can open"]);
    host.must("chmod 600 /run/rs-agent/lock && rs-agent teardown");
    assert_eq!(host.must("cat /run/target").stdout, "precious\n");
}

/// What cannot be recorded is not begun, and what was recorded is kept with no room for more.
#[test]
fn a_full_disk_leaves_nothing_half_done_and_keeps_no_vip() {
    let network = real_server();
    let host = &network.servers[0];
    let before = state(host);
    let disk = |size: &str| format!("mount -t tmpfs -o size={size},mode=755 tmpfs /run/rs-agent");
    // Room for one page: the journal is written once.
    host.must(&format!("mkdir -m 755 /run/rs-agent && {}", disk("4k")));
    host.must(&format!("rs-agent {BOTH} && rs-agent teardown"));
    assert_same(&state(host), &before, "a journal of one page");
    assert_eq!(host.must("rs-agent status").stdout, "not set up\n");

    host.must(&format!("umount /run/rs-agent && {}", disk("64k")));
    let fill = "dd if=/dev/zero of=/run/rs-agent/fill bs=1k 2>/dev/null; [ -e /run/rs-agent/fill ]";
    host.must(fill);
    refused(host, &format!("rs-agent {BOTH}"), &["writing ", "no space left"]);
    host.must(&format!("rm /run/rs-agent/fill && rs-agent {BOTH} && {fill}"));
    let mut run = Run::start(host, "");
    repaired(&run, host, &[("ip addr del 192.0.2.10/32 dev lo", FIRST)]);
    host.must(&format!("{fill}; rs-agent teardown --vip 203.0.113.10"));
    repaired(&run, host, &[("ip addr del 192.0.2.10/32 dev lo", FIRST)]);
    assert!(!holds(host, SECOND), "it came back\n{}", run.log());

    // Nothing is left of the journal, and there is no room for another.
    let full = || run.log().matches("no space left").count();
    let told = full();
    run.stop();
    host.must(&format!("rm -f {JOURNAL} {COPY}; {fill}"));
    run.signal(Signal::SIGCONT);
    run.until(std::time::Duration::from_secs(20), "a full disk", || full() > told);
    repaired(&run, host, &[("ip addr del 192.0.2.10/32 dev lo", FIRST)]);
    host.must(&format!("! ls {JOURNAL} && rm /run/rs-agent/fill"));
    run.says("the journal was gone and is written again");
    host.must(&format!("{fill}; rs-agent teardown"));
    assert_eq!(run.ends().0, Some(0));
    assert_same(&state(host), &before, "a full disk");

    // It may be lost as soon as the run is ready.
    let lost = |run: &Run, how: &str| {
        run.stop();
        host.must(how);
        run.signal(Signal::SIGCONT);
        run.until(std::time::Duration::from_secs(20), "a journal that cannot be written", || {
            ["no space left", "read-only"].iter().any(|why| run.log().contains(why))
        });
    };
    // Stopped then, it takes down what it remembers.
    host.must(&format!("rm /run/rs-agent/fill && rs-agent {BOTH}"));
    let mut run = Run::start(host, "--on-stop teardown");
    lost(&run, &format!("rm -f {JOURNAL} {COPY}; {fill}"));
    run.signal(Signal::SIGTERM);
    assert_eq!(run.ends().0, Some(0), "{}", run.log());
    assert_same(&state(host), &before, "stopped on a full disk");

    // Not even the folder is there, or can be made.
    host.must(&format!("rm -f /run/rs-agent/fill && rs-agent {BOTH}"));
    let mut run = Run::start(host, "--on-stop teardown");
    lost(&run, "umount -l /run/rs-agent && rmdir /run/rs-agent && mount -o remount,ro /run");
    repaired(&run, host, &[("ip addr del 192.0.2.10/32 dev lo", FIRST)]);
    run.signal(Signal::SIGTERM);
    assert_eq!(run.ends().0, Some(0), "{}", run.log());
    assert_same(&state(host), &before, "stopped without a folder");
    host.must("mount -o remount,rw /run && mkdir -m 755 /run/rs-agent");
    host.must(&disk("64k"));

    // One that nothing can be made in says so.
    host.must("mkdir -m 755 /run/fixed && mount -t tmpfs -o ro,mode=755 tmpfs /run/fixed");
    refused(host, &format!("rs-agent {BOTH} --state-dir /run/fixed"), &["locking ", "read-only"]);

    // One that cannot be written at all.
    host.must(&format!("rs-agent {BOTH}"));
    host.must("mount -o remount,ro /run/rs-agent");
    let output = host.sh("rs-agent teardown");
    assert_eq!(output.status, 1, "{output:?}");
    assert!(output.stderr.contains("all was taken down, but"), "{output:?}");
    assert!(output.stderr.contains("read-only file system"), "{output:?}");
    assert_same(&state(host), &before, "a disk that is read-only");
    host.must("mount -o remount,rw /run/rs-agent && rs-agent teardown");
    assert_eq!(host.must("rs-agent status").stdout, "not set up\n");
    host.must("umount /run/rs-agent");
}

#[test]
fn a_damaged_journal_has_a_copy_that_is_used() {
    let network = real_server();
    let host = &network.servers[0];
    let before = state(host);
    let whole = |file: &str| host.must(&format!("cat {file}")).stdout;
    let mut run = None;
    for (damage, words) in [
        (": >", "it is empty"),
        ("truncate -s 200", "EOF while parsing"),
        ("sed -i s/identity/identify/", "missing field `identity`"),
        ("rm", "is gone"),
    ] {
        host.must(&format!("rs-agent {BOTH}"));
        let journal = whole(JOURNAL);
        assert_eq!(whole(COPY), journal);
        let after = state(host);
        let damage = |files: &str| {
            host.must(&format!("for f in {files}; do {damage} $f; done"));
        };
        damage(JOURNAL);
        // `check` may have found something, too.
        let checked = host.sh("rs-agent check --json");
        assert!(checked.stdout.contains(words), "{checked:?}");
        for command in ["status", "check; [ $? != 1 ]", "setup --mode dr --vip 203.0.113.10"] {
            let output = host.must(&format!("rs-agent {command}"));
            let told = "note: /run/rs-agent/netns-";
            assert!(output.stderr.contains(told) && output.stderr.contains(words), "{output:?}");
        }
        assert_same(&state(host), &after, words);
        // The set-up has written it again.
        assert_eq!(whole(JOURNAL), journal, "{words}");
        damage(JOURNAL);
        host.must("rs-agent teardown");
        assert_same(&state(host), &before, words);
        host.must("! ls /run/rs-agent/netns-*");

        // And so does `run`, whatever has become of the copy.
        host.must(&format!("rs-agent {BOTH}"));
        let run = run.insert(Run::start(host, ""));
        for copy in ["", COPY] {
            // Both at once: it would write both again between the two.
            run.stop();
            damage(&format!("{JOURNAL} {copy}"));
            run.signal(Signal::SIGCONT);
            run.until(std::time::Duration::from_secs(20), words, || {
                holds(
                    host,
                    &format!("[ -s {JOURNAL} ] && [ \"$(cat {JOURNAL})\" = \"$(cat {COPY})\" ]"),
                )
            });
            run.says("is written again");
            repaired(run, host, &[("ip addr del 192.0.2.10/32 dev lo", FIRST)]);
        }
        host.must("rs-agent teardown");
        assert_eq!(run.ends().0, Some(0));
        assert_same(&state(host), &before, words);
    }

    // What is known all the same.
    host.must(&format!("rs-agent {BOTH} && ip addr add 198.51.100.9/32 dev lo"));
    host.must(&format!("truncate -s 200 {JOURNAL} {COPY}"));
    let remedies = "`ip addr del 192.0.2.10/32 dev lo`, `ip addr del 203.0.113.10/32 dev lo`";
    for command in [BOTH, "teardown", "status", "check", "run"] {
        let words = ["is damaged", "so is its copy", remedies, "arp_ignore is 1"];
        refused(host, &format!("rs-agent {command}"), &words);
    }
}

/// A set-up of which nothing is known here is not denied.
#[test]
fn vips_without_a_journal_are_told_of() {
    let network = real_server();
    let host = &network.servers[0];
    let before = state(host);
    host.must(&format!("rs-agent {BOTH} --state-dir /run/elsewhere"));
    for command in ["status", "teardown"] {
        let said = host.must(&format!("rs-agent {command}"));
        assert!(said.stdout.contains("not set up"), "{command}: {said:?}");
        let words = "VIPs bear the mark of rs-agent: set up with another --state-dir, or the \
                     journal was removed; they go by `ip addr del ";
        let note = [&said.stdout, &said.stderr].iter().any(|text| text.contains(words));
        assert!(note, "{command}: {said:?}");
    }
    host.must("rs-agent teardown --state-dir /run/elsewhere");
    assert_same(&state(host), &before, "another state folder");
    let said = host.must("rs-agent teardown");
    assert_eq!((said.stdout.as_str(), said.stderr.as_str()), ("nothing to do: not set up\n", ""));
}

/// A limit of the size of files is an error, and no part of a file is left.
#[test]
fn a_file_that_grows_too_large_is_an_error() {
    let network = real_server();
    let host = &network.servers[0];
    let refused = host.sh("ulimit -f 0; rs-agent setup --mode dr --vip 192.0.2.10");
    assert_eq!(refused.status, 1, "{}", refused.stderr);
    assert!(refused.stderr.contains("file too large"), "{}", refused.stderr);
    assert_eq!(host.must("find /run/rs-agent -size +0 -type f").stdout, "");
    assert_eq!(host.sh("ls /run/rs-agent/*.new /run/rs-agent/*.json").stdout, "");
    assert_eq!(host.must("rs-agent status").stdout, "not set up\n");
}
