// SPDX-License-Identifier: MIT OR Apache-2.0

//! What TAB does in bash, zsh and fish: a line is typed, and what stands there afterwards is
//! read from the terminal.

use std::fs::File;
use std::io::{Read, Write};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

use lab::{Host, NOBODY};
use nix::pty::{Winsize, openpty};

/// Where `make install` would put the scripts, below a prefix.
const SHARE: &str = "/run/usr/share";

/// Longer than a shell of a busy guest takes for anything.
const PATIENCE: Duration = Duration::from_secs(60);

/// Lines, and what TAB makes of them in every shell.
const LINES: &[(&str, &str)] = &[
    // Commands and options.
    ("rsctl conn", "rsctl connections"),
    ("rsctl list --pers", "rsctl list --persistent-conn"),
    ("rsctl sync-daemon stop m", "rsctl sync-daemon stop master"),
    // As the line is read: words from elsewhere, options in front of the command.
    ("rsctl show --pers", "rsctl show --persistent-conn"),
    ("rsctl set service --no-sch", "rsctl set service --no-sched-flags"),
    ("rsctl --lock-wait 5 cle", "rsctl --lock-wait 5 clear"),
    ("rsctl --lock-wait 5 clear --y", "rsctl --lock-wait 5 clear --yes"),
    ("rs-agent tear", "rs-agent teardown"),
    ("rs-agent teardown --dry", "rs-agent teardown --dry-run"),
    ("rs-agent setup --mode d", "rs-agent setup --mode dr"),
    ("rs-agent setup --mode=d", "rs-agent setup --mode=dr"),
    ("rs-agent check --explain RS-NAT", "rs-agent check --explain RS-NAT-01"),
    ("rs-agent check --rule RS-FW-01,RS-NAT", "rs-agent check --rule RS-FW-01,RS-NAT-01"),
    // Services, with colons and brackets.
    ("rsctl list -t 192", "rsctl list -t 192.0.2.1:80"),
    ("rsctl list -t 192.0.2.1:", "rsctl list -t 192.0.2.1:80"),
    ("rsctl list -t '[20", "rsctl list -t [2001:db8::1]:443"),
    ("rsctl list --tcp-service=192.0.2.1:8", "rsctl list --tcp-service=192.0.2.1:80"),
    ("rsctl list -u ", "rsctl list -u 192.0.2.2:53"),
    ("rsctl zero udp", "rsctl zero udp/192.0.2.2:53"),
    ("rsctl list -f ", "rsctl list -f 7"),
    ("rsctl delete-service fwm", "rsctl delete-service fwmark/7"),
    ("rsctl add-service -u ", "rsctl add-service -u"),
    // Servers of the service that the line names, however it does.
    (
        "rsctl edit-server -t 192.0.2.1:80 -r ",
        "rsctl edit-server -t 192.0.2.1:80 -r 10.0.0.11:8080",
    ),
    (
        "rsctl delete-server udp/192.0.2.2:53 -r 10.",
        "rsctl delete-server udp/192.0.2.2:53 -r 10.0.0.21:53",
    ),
    (
        "rsctl edit-server -t '[2001:db8::1]:443' -r \"[2",
        "rsctl edit-server -t [2001:db8::1]:443 -r [2001:db8::11]:443",
    ),
    ("rsctl edit-server -f 7 -r 10", "rsctl edit-server -f 7 -r 10.0.0.31:0"),
    (
        "rsctl edit-server TCP/192.0.2.1:80 -r ",
        "rsctl edit-server TCP/192.0.2.1:80 -r 10.0.0.11:8080",
    ),
    ("rsctl edit-server -f 0x7 -r 10", "rsctl edit-server -f 0x7 -r 10.0.0.31:0"),
    (
        "rsctl edit-server --vip 192.0.2.1 -r ",
        "rsctl edit-server --vip 192.0.2.1 -r 10.0.0.11:8080",
    ),
    // Lists.
    ("rsctl list --vip 20", "rsctl list --vip 2001:db8::1"),
    ("rsctl list --server 10.0.0.2", "rsctl list --server 10.0.0.21:53"),
    ("rsctl list --columns server,inac", "rsctl list --columns server,inactive"),
    ("rsctl list -o w", "rsctl list -o wide"),
    ("rsctl list --watch --meth", "rsctl list --watch --method"),
    ("rsctl list --watch udp", "rsctl list --watch udp/192.0.2.2:53"),
    // What the host has.
    ("rsctl add-service -t 192.0.2.9:80 -s wr", "rsctl add-service -t 192.0.2.9:80 -s wrr"),
    ("rsctl connections --state EST", "rsctl connections --state ESTABLISHED"),
    ("rsctl --netns bl", "rsctl --netns blue"),
    ("rsctl --netns blue list -t ", "rsctl --netns blue list -t 203.0.113.1:25"),
    (
        "rsctl sync-daemon start backup --interface vi",
        "rsctl sync-daemon start backup --interface vips",
    ),
    ("rs-agent setup --mode dr --carrier vi", "rs-agent setup --mode dr --carrier vips"),
    ("rs-agent teardown --vip 198", "rs-agent teardown --vip 198.51.100.7"),
    // Files, which only shells know how to complete, and folders.
    ("rsctl restore /run/files/ta", "rsctl restore /run/files/table.json"),
    ("rsctl save --output=/run/files/ta", "rsctl save --output=/run/files/table.json"),
    ("rsctl generate man /run/files/t", "rsctl generate man /run/files/there/"),
];

/// Has the guest make terminals.
pub(crate) const TERMINALS: &str =
    "[ -e /dev/pts/ptmx ] || { mkdir -p /dev/pts && mount -t devpts devpts /dev/pts; }";

fn director() -> Host {
    let host = Host::new("director");
    host.must(&format!(
        "{TERMINALS}
         ip netns add blue
         ip link add vips type dummy
         ip netns exec blue rsctl add-service -t 203.0.113.1:25
         mkdir -p /run/files/there && touch /run/files/table.json
         for shell in bash zsh fish; do
             case $shell in
             bash) folder={SHARE}/bash-completion/completions ;;
             zsh) folder={SHARE}/zsh/site-functions ;;
             fish) folder={SHARE}/fish/vendor_completions.d ;;
             esac
             mkdir -p $folder
             rsctl generate $shell $folder && rs-agent generate $shell $folder
         done
         mkdir /run/bin && ln -s /bin/true /run/bin/sudo
         rs-agent setup --mode dr --vip 198.51.100.7",
    ));
    let table = "-A -t 192.0.2.1:80 -s rr\n\
                 -a -t 192.0.2.1:80 -r 10.0.0.11:8080 -m\n\
                 -A -t [2001:db8::1]:443 -s rr\n\
                 -a -t [2001:db8::1]:443 -r [2001:db8::11]:443 -g\n\
                 -A -u 192.0.2.2:53 -s rr\n\
                 -a -u 192.0.2.2:53 -r 10.0.0.21:53 -g\n\
                 -A -f 7 -s rr\n\
                 -a -f 7 -r 10.0.0.31 -g\n";
    assert_eq!(host.feed("rsctl restore", table).status, 0);
    host
}

/// A shell at a terminal.
pub(crate) struct Shell {
    child: Child,
    terminal: File,
    shown: Receiver<Vec<u8>>,
    text: String,
}

impl Shell {
    /// Starts it on `host`, and has it run `setup`.
    pub(crate) fn start(host: &Host, command: &str, setup: &str) -> Self {
        let (child, terminal) = host.enter(|| {
            let size = Winsize { ws_row: 50, ws_col: 250, ws_xpixel: 0, ws_ypixel: 0 };
            let terminal = openpty(&size, None).unwrap();
            let end = || Stdio::from(terminal.slave.try_clone().unwrap());
            let child = Command::new("setsid")
                .args(["--ctty", "sh", "-c", &format!("exec {command}")])
                .env("TERM", "xterm")
                .env("PATH", format!("/run/bin:{}", std::env::var("PATH").unwrap()))
                .env("XDG_DATA_DIRS", format!("{SHARE}:/usr/share"))
                .stdin(end())
                .stdout(end())
                .stderr(end())
                .spawn()
                .unwrap();
            (child, File::from(terminal.master))
        });
        let (send, shown) = mpsc::channel();
        let (mut reader, mut answers) =
            (terminal.try_clone().unwrap(), terminal.try_clone().unwrap());
        thread::spawn(move || {
            let mut part = [0; 4096];
            while let Ok(length @ 1..) = reader.read(&mut part) {
                let part = part[..length].to_vec();
                // Fish asks what kind of terminal it is at, and waits for the answer.
                if String::from_utf8_lossy(&part).contains("\x1b[0c") {
                    let _ = answers.write_all(b"\x1b[?62;c");
                }
                if send.send(part).is_err() {
                    break;
                }
            }
        });
        let mut shell = Self { child, terminal, shown, text: String::new() };
        shell.terminal.write_all(format!("{setup}; echo REA''DY\r").as_bytes()).unwrap();
        shell.until("READY\r\n");
        shell
    }

    /// Waits for `end`, and returns what is shown before it.
    pub(crate) fn until(&mut self, end: &str) -> String {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some((before, after)) = self.text.split_once(end) {
                let before = before.to_owned();
                self.text = after.to_owned();
                return before;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            match self.shown.recv_timeout(left) {
                Ok(part) => self.text += &String::from_utf8_lossy(&part),
                Err(_) => panic!("no {end:?} in {:?}", self.text),
            }
        }
    }

    pub(crate) fn press(&mut self, keys: &str) {
        self.terminal.write_all(keys.as_bytes()).unwrap();
    }

    /// Types `line` and TAB, and returns the line as it is then.
    fn press_tab(&mut self, line: &str) -> String {
        // It is shown by a command in front of it: what the terminal shows meanwhile is the
        // shell's own affair.
        let keys = format!("{line}\t!\x01echo EN''D \r");
        self.press(&keys);
        self.until("END ");
        let rest = self.until("!\r\n");
        rest.trim_end().to_owned()
    }
}

impl Drop for Shell {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The same behind another program, for which the shell has completions of its own.
const BEHIND: &[(&str, &str)] =
    &[("sudo rsctl list -t 192.0.2.1:", "sudo rsctl list -t 192.0.2.1:80")];

fn tab_completes(command: &str, setup: &str, more: &[(&str, &str)]) {
    let host = director();
    let mut shell = Shell::start(&host, command, setup);
    for (line, completed) in LINES.iter().chain(more) {
        assert_eq!(shell.press_tab(line), *completed, "{command}: {line}");
    }
}

#[test]
fn tab_completes_in_bash() {
    let load = format!(
        ". {SHARE}/bash-completion/completions/rsctl.bash; . {SHARE}/bash-completion/completions/rs-agent.bash; set +H"
    );
    tab_completes("bash --norc -i", &load, &[]);
}

#[test]
fn tab_completes_in_bash_with_bash_completion() {
    tab_completes("bash --norc -i", "set +H; . /usr/share/bash-completion/bash_completion", BEHIND);
}

#[test]
fn tab_completes_in_zsh() {
    let setup = format!(
        "fpath=({SHARE}/zsh/site-functions $fpath); bindkey -e; setopt no_bang_hist; autoload -U compinit; compinit -u -D"
    );
    tab_completes("zsh -f -i", &setup, BEHIND);
}

#[test]
fn tab_completes_in_fish() {
    tab_completes("fish -i", "true", BEHIND);
}

/// Who may not ask the kernel may still read what is there.
#[test]
fn completions_need_no_privilege() {
    let host = director();
    let asked = |line: &str| {
        let output = host.sh(&format!("{NOBODY} rsctl __complete fish '{line}'"));
        assert_eq!((output.status, output.stderr.as_str()), (0, ""), "{line}");
        output.stdout
    };
    assert_eq!(
        asked("rsctl list "),
        "values\nfwmark/7\trr, 1 server\ntcp/192.0.2.1:80\trr, 1 server\n\
         tcp/[2001:db8::1]:443\trr, 1 server\nudp/192.0.2.2:53\trr, 1 server\n"
    );
    assert_eq!(asked("rsctl edit-server -f 7 -r "), "values\n10.0.0.31:0\tweight 1, 0 active\n");
    // Of another network namespace only root may see anything.
    assert_eq!(asked("rsctl list --netns blue -t "), "values\n");
    assert_eq!(asked("rsctl list --netns nowhere -t "), "values\n");
}
