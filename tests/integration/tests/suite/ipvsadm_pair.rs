// SPDX-License-Identifier: MIT OR Apache-2.0

//! Two hosts that are told the same: one through Debian's `ipvsadm`, the other
//! through `rsctl ipvsadm`. Whatever shows of it must be equal.
//!
//! They have the kernel to themselves: before Linux 7.1 a list that takes several
//! datagrams loses or repeats services when those of any other namespace come and go,
//! and `ipvsadm` reads it once.

use std::fs;
use std::io::Read;
use std::os::unix::process::CommandExt;
use std::process::Command;
use std::thread;
use std::time::Duration;

use ipvs_netlink::Client;
use lab::{Host, Output, kernel};

/// Whose command line it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Whose {
    Theirs,
    Ours,
}

/// The words of a command line.
pub(crate) type Words = Vec<String>;

/// Cuts a line at blanks; `''` is an empty word, `_` a blank within one.
pub(crate) fn words(line: &str) -> Words {
    let word = |word: &str| if word == "''" { String::new() } else { word.replace('_', " ") };
    line.split_whitespace().map(word).collect()
}

/// Runs a command line in the namespaces of the calling thread.
pub(crate) fn run(whose: Whose, words: &[String], input: &str) -> Output {
    let mut command = match whose {
        Whose::Theirs => {
            let mut command = Command::new("/usr/sbin/ipvsadm");
            command.arg0("ipvsadm");
            command
        }
        Whose::Ours => {
            let mut command = Command::new("rsctl");
            command.arg("ipvsadm");
            command
        }
    };
    command.args(words);
    lab::run(&mut command, input)
}

/// What the kernel shows of its table, services in order of their names: its own
/// order depends on where the namespace lies in memory.
fn proc_table() -> String {
    // In one read: between two the kernel forgets where it was, if other
    // namespaces have services too.
    let mut bytes = vec![0; 64 * 1024];
    let mut file = fs::File::open("/proc/thread-self/net/ip_vs").expect("/proc/net/ip_vs");
    let length = file.read(&mut bytes).expect("read /proc/net/ip_vs");
    let text = String::from_utf8_lossy(&bytes[..length]);
    by_service(text.lines().skip(3))
}

/// Every field of services, servers, timeouts and daemons, by the library: as two
/// hosts are compared, it need not be believed, and costs no process. What it says is
/// held to `ipvsadm` by [`state`], less often.
fn fields() -> String {
    let mut client = Client::connect().expect("a client");
    let services = client.table().expect("the table").into_iter().map(|entry| {
        let servers: Vec<_> = entry.destinations.iter().map(|it| it.destination).collect();
        format!("{:?} {servers:?}", entry.service.service)
    });
    let mut services: Vec<String> = services.collect();
    services.sort();
    format!("{}\n{:?}\n{:?}", services.join("\n"), client.timeouts(), client.daemons())
}

/// The services of a list with their servers, in order of their names.
fn by_service<'a>(lines: impl Iterator<Item = &'a str>) -> String {
    let mut services: Vec<String> = Vec::new();
    for line in lines {
        match services.last_mut() {
            Some(service) if ["  ->", "-a"].iter().any(|word| line.starts_with(word)) => {
                *service += &format!("\n{line}");
            }
            _ => services.push(line.to_owned()),
        }
    }
    services.sort();
    services.join("\n")
}

/// Everything Debian's `ipvsadm` can show of the calling thread's namespace. Where
/// its order goes by the kernel's, ours is another.
pub(crate) fn state() -> String {
    let views = ["-Sn", "-Ln --thresholds", "-L --timeout", "-L --daemon"];
    let shown = views.map(|view| by_service(run(Whose::Theirs, &words(view), "").stdout.lines()));
    shown.concat() + &proc_table()
}

/// Two hosts, and what was found to differ.
pub(crate) struct Pair {
    pub(crate) theirs: Host,
    pub(crate) ours: Host,
    pub(crate) lines: usize,
    /// The lines that may have changed something since the last look.
    unseen: Vec<Words>,
    differences: Vec<String>,
}

/// Changing lines between two looks at the whole state, which take eight processes.
const STRIDE: usize = 60;

impl Pair {
    pub(crate) fn new() -> Self {
        let host = || {
            let host = Host::new("director");
            // Never on demand (see `load_modules` of the lab): another test may have
            // unloaded them.
            host.must("modprobe -a ip_vs_lblc ip_vs_lblcr");
            host.must("ip addr add 192.0.2.254/24 dev lo");
            host
        };
        Self { theirs: host(), ours: host(), lines: 0, unseen: Vec::new(), differences: Vec::new() }
    }

    /// Tells both the same lines; of many, a sample.
    pub(crate) fn tell(&mut self, lines: &[Words]) {
        let lines = &share(lines);
        let theirs = self.theirs.enter(|| listen(Whose::Theirs, lines));
        let ours = self.ours.enter(|| listen(Whose::Ours, lines));
        self.lines += lines.len();
        for (line, (theirs, ours)) in lines.iter().zip(theirs.iter().zip(&ours)) {
            self.compare(line, theirs, ours);
            if theirs.table.is_some() {
                self.unseen.push(line.clone());
            }
        }
        if self.unseen.len() >= STRIDE {
            self.look();
        }
    }

    /// Compares the whole state.
    fn look(&mut self) {
        let lines = std::mem::take(&mut self.unseen);
        let Some(first) = lines.first() else { return };
        let (theirs, ours) = (self.theirs.enter(state), self.ours.enter(state));
        if theirs != ours {
            let what = differing_lines(&theirs, &ours);
            self.note(format!("after {:?}..: {what}", first.join(" ")));
        }
    }

    /// Tells both the same lines, written as in a shell.
    pub(crate) fn tell_all(&mut self, lines: &[&str]) {
        self.tell(&lines.iter().map(|line| words(line)).collect::<Vec<_>>());
    }

    fn compare(&mut self, line: &Words, theirs: &Heard, ours: &Heard) {
        let (t, o) = (&theirs.output, &ours.output);
        let shown = line.join(" ");
        // They crash where we complain; and our help has words of its own.
        let crashed = t.status == 139 && o.status == 2;
        let first = line.first().map_or("", String::as_str);
        let help = first.starts_with("-h") || first == "--help";
        if (t.status, &t.stderr) != (o.status, &o.stderr) && !crashed {
            self.note(format!(
                "{shown}\n  theirs: {} {:?}\n  ours:   {} {:?}",
                t.status, t.stderr, o.status, o.stderr
            ));
        } else if !alike(&t.stdout, &o.stdout) && !help {
            let what = differing_lines(&t.stdout, &o.stdout);
            self.note(format!("{shown}: stdout: {what}"));
        }
        if theirs.table != ours.table {
            let [theirs, ours] = [theirs, ours].map(|heard| heard.table.as_deref().unwrap_or(""));
            let what = differing_lines(theirs, ours);
            self.note(format!("{shown}: table: {what}"));
        }
    }

    fn note(&mut self, difference: String) {
        self.differences.push(difference);
    }

    /// Fails if anything differed.
    pub(crate) fn must_agree(mut self, what: &str) {
        self.look();
        println!("{what}: {} command lines", self.lines);
        let count = self.differences.len();
        let first: Vec<_> = self.differences.into_iter().take(60).collect();
        assert!(count == 0, "{what}: {count} differences, the first:\n{}", first.join("\n"));
    }
}

/// Whether two lists are equal, if need be apart from the order of services: with
/// addresses 2^31 apart it depends on the kernel's, which is another in each
/// namespace. That ours comes out as theirs is shown on one host.
fn alike(theirs: &str, ours: &str) -> bool {
    theirs == ours || by_service(theirs.lines()) == by_service(ours.lines())
}

/// Of a long list, the lines that are this kernel's to hear: each line is told on one, half
/// of them on the newest, which is the fastest, a sixth on the oldest. All of it with
/// `LAB_TWINS=all`. A process takes 10 to 50 ms in a guest, and there are thousands of lines.
/// A short list sets the scene, and is told whole.
fn share(lines: &[Words]) -> Vec<Words> {
    const SHORT: usize = 24;
    if lines.len() <= SHORT || std::env::var("LAB_TWINS").is_ok_and(|how| how == "all") {
        return lines.to_vec();
    }
    let mine = match kernel() {
        (..7, ..12) => 0..1,
        (..7, _) => 1..3,
        _ => 3..6,
    };
    let told = |(place, _): &(usize, &Words)| mine.contains(&(place % 6));
    lines.iter().enumerate().filter(told).map(|(_, line)| line.clone()).collect()
}

fn differing_lines(theirs: &str, ours: &str) -> String {
    let pairs = theirs.lines().zip(ours.lines()).filter(|(t, o)| t != o);
    let shown: Vec<_> =
        pairs.take(4).map(|(t, o)| format!("\n  theirs: {t:?}\n  ours:   {o:?}")).collect();
    let (t, o) = (theirs.lines().count(), ours.lines().count());
    format!("{t} and {o} lines{}", shown.concat())
}

struct Heard {
    output: Output,
    /// Of a line that may have changed something.
    table: Option<String>,
}

fn listen(whose: Whose, lines: &[Words]) -> Vec<Heard> {
    let mut heard = Vec::with_capacity(lines.len());
    for line in lines {
        let output = run(whose, line, "");
        let first = line.first().map_or("", String::as_str);
        let reads =
            ["-L", "-l", "--list", "-S", "--save"].iter().any(|word| first.starts_with(word));
        let may_change = output.status == 0 && !reads;
        if may_change && first.starts_with("--start-daemon") {
            // One stopped before it ran never answers theirs.
            thread::sleep(Duration::from_millis(20));
        }
        heard.push(Heard { output, table: may_change.then(|| proc_table() + &fields()) });
    }
    heard
}
