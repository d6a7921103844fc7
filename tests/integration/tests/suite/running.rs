// SPDX-License-Identifier: MIT OR Apache-2.0

//! An `rs-agent run` at work: what it tells its manager and its log, and how long a repair takes.

use std::fs::{self, Permissions};
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixDatagram;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use lab::Host;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// Nothing is waited for longer.
pub(crate) const LATE: Duration = Duration::from_secs(20);

/// An `rs-agent run` at work, as a service manager sees it.
pub(crate) struct Run {
    child: Child,
    log: Arc<Mutex<String>>,
    reader: Option<thread::JoinHandle<()>>,
    manager: UnixDatagram,
    _folder: tempfile::TempDir,
}

impl Run {
    /// Starts it and waits until it is ready.
    pub(crate) fn start(host: &Host, arguments: &str) -> Self {
        let run = Self::spawn(host, &format!("rs-agent run {arguments}"), &[]);
        run.hears("READY=1");
        run
    }

    /// Starts a command line, for instance one that gives up rights first.
    pub(crate) fn spawn(host: &Host, command: &str, environment: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let socket = folder.path().join("notify");
        let manager = UnixDatagram::bind(&socket).expect("the manager's socket");
        // It may run as somebody else.
        for path in [folder.path(), &socket] {
            fs::set_permissions(path, Permissions::from_mode(0o777)).expect("for everybody");
        }
        let mut words = command.split_whitespace();
        let program = words.next().expect("a program");
        let mut child = host.enter(|| {
            Command::new(program)
                .args(words)
                .env("NOTIFY_SOCKET", &socket)
                .envs(environment.iter().copied())
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(Stdio::piped())
                .spawn()
                .expect("rs-agent run")
        });
        let log = Arc::new(Mutex::new(String::new()));
        let (copy, mut stderr) = (Arc::clone(&log), child.stderr.take().expect("its words"));
        let reader = thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(size @ 1..) = stderr.read(&mut buffer) {
                copy.lock().expect("the log").push_str(&String::from_utf8_lossy(&buffer[..size]));
            }
        });
        Self { child, log, reader: Some(reader), manager, _folder: folder }
    }

    pub(crate) fn log(&self) -> String {
        self.log.lock().expect("the log").clone()
    }

    /// Waits for a message to the manager and gives all up to it.
    #[track_caller]
    pub(crate) fn hears(&self, wanted: &str) -> Vec<String> {
        let end = Instant::now() + LATE;
        let mut heard = Vec::new();
        let mut buffer = [0; 4096];
        while let Some(left) = end.checked_duration_since(Instant::now()).filter(|t| !t.is_zero()) {
            self.manager.set_read_timeout(Some(left)).expect("a timeout");
            let Ok(size) = self.manager.recv(&mut buffer) else { break };
            let message = String::from_utf8_lossy(&buffer[..size]).into_owned();
            let found = message.lines().any(|line| line.starts_with(wanted));
            heard.push(message);
            if found {
                return heard;
            }
        }
        panic!("no {wanted}, but {heard:?}\n{}", self.log());
    }

    #[track_caller]
    pub(crate) fn says(&self, words: &str) {
        self.until(LATE, &format!("{words:?} in the log"), || self.log().contains(words));
    }

    /// Reads the state again and again until it is as wanted.
    #[track_caller]
    pub(crate) fn until(&self, time: Duration, story: &str, mut so: impl FnMut() -> bool) {
        let begun = Instant::now();
        while !so() {
            assert!(begun.elapsed() < time, "not in {time:?}: {story}\n{}", self.log());
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// The same, and tells how long it took: 2 seconds at most are promised, of a host
    /// that is not as busy as a guest in the middle of its tests.
    #[track_caller]
    pub(crate) fn repairs(&self, story: &str, so: impl FnMut() -> bool) {
        let begun = Instant::now();
        self.until(LATE, story, so);
        println!("repaired after {:?}: {story}", begun.elapsed());
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(self.child.id().cast_signed()), signal).expect("a signal");
    }

    /// Makes it stand still, with no file of its state folder open: what is removed from there
    /// would take its room on a full disk until it goes on.
    pub(crate) fn stop(&self) {
        let process = format!("/proc/{}", self.child.id());
        let begun = Instant::now();
        let patience = || assert!(begun.elapsed() < Duration::from_secs(20), "it never rests");
        loop {
            self.signal(Signal::SIGSTOP);
            while !fs::read_to_string(format!("{process}/stat")).unwrap().contains(") T ") {
                patience();
                thread::yield_now();
            }
            let open = fs::read_dir(format!("{process}/fd")).unwrap();
            let mut open = open.filter_map(|it| fs::read_link(it.unwrap().path()).ok());
            if !open.any(|it| it.to_string_lossy().contains(".json")) {
                return;
            }
            self.signal(Signal::SIGCONT);
            patience();
            thread::yield_now();
        }
    }

    /// While it stands still, several things happen at once, as it were.
    pub(crate) fn behind_its_back(&self, host: &Host, command: &str) {
        self.stop();
        host.must(command);
        self.signal(Signal::SIGCONT);
    }

    /// Its exit status, and its whole log.
    #[track_caller]
    pub(crate) fn ends(&mut self) -> (Option<i32>, String) {
        let begun = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().expect("its status") {
                // Its last words may still be on their way.
                if let Some(reader) = self.reader.take() {
                    reader.join().expect("its words");
                }
                return (status.code(), self.log());
            }
            assert!(begun.elapsed() < LATE, "it does not end\n{}", self.log());
            thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A process that ends with its test, also when that fails.
pub(crate) struct Ended(pub(crate) Child);

impl Drop for Ended {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

pub(crate) fn holds(host: &Host, condition: &str) -> bool {
    host.sh(condition).status == 0
}

/// Each drift, and how it is seen to be over.
#[track_caller]
pub(crate) fn repaired(run: &Run, host: &Host, drifts: &[(&str, &str)]) {
    for (drift, over) in drifts {
        assert!(holds(host, over), "{over}, before {drift}\n{}", run.log());
        run.behind_its_back(host, drift);
        run.repairs(drift, || holds(host, over));
    }
}

pub(crate) const NO_VIP_MISSING: &str = "ip -o addr show dev lo | grep -q 203.0.113.10/32 && \
                              ip -o addr show dev lo | grep -q 2001:db8:2::10/128";
