// SPDX-License-Identifier: MIT OR Apache-2.0

//! While `rs-agent` sets up, fails, is killed and tears down, a client and the director ask
//! without end who has the VIPs. Not once does the real server claim one. Needs the binary
//! with the feature `failpoints`.

use std::net::{IpAddr, Ipv4Addr};
use std::process::{Command, Stdio};

use lab::{Family, Host, Network, Watch, Watched};
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;

use crate::agent::{assert_same, everything, state};

/// In the RIP's subnet, in another, and of IPv6.
pub(crate) const VIPS: &str = "192.0.2.10,203.0.113.10,2001:db8:2::10";

/// A real server with a client and a director that ask it. The director has the VIPs.
pub(crate) struct Site {
    /// Ends before those who ask are gone.
    pub(crate) watch: Watch,
    network: Network,
}

impl Site {
    pub(crate) fn new() -> Self {
        Self::asked(true)
    }

    /// With a client alone, as what is asked twice takes twice as long.
    pub(crate) fn asked_by_one() -> Self {
        Self::asked(false)
    }

    fn asked(by_both: bool) -> Self {
        let network = Network::direct_routing(1);
        for family in Family::BOTH {
            network.director_takes_vip(family);
        }
        let server = &network.servers[0];
        // Who is not there is given up at once, and asked for again by the next packet.
        server.must(
            "sysctl -qw net.ipv4.neigh.eth0.mcast_solicit=1 net.ipv4.neigh.eth0.retrans_time_ms=10",
        );
        let addresses = Family::BOTH.map(|family| network.addresses(family));
        let both = |of: fn(&lab::Addresses) -> IpAddr| match addresses.map(of) {
            [IpAddr::V4(v4), IpAddr::V6(v6)] => (v4, v6),
            _ => unreachable!("by family"),
        };
        let watched = Watched {
            interface: "eth0",
            own: both(|all| all.rips[0]),
            vips: VIPS.split(',').map(|vip| vip.parse().expect("an address")).collect(),
            absent: (130..=249).map(|number| Ipv4Addr::new(192, 0, 2, number)).collect(),
        };
        let mut watch = Watch::start(server, watched);
        watch.asked_by(&network.client, "eth0", both(|all| all.cip));
        if by_both {
            watch.asked_by(&network.director, "eth0", both(|all| all.dip));
        }
        watch.look();
        assert_eq!(watch.claims(), [""; 0]);
        Self { watch, network }
    }

    pub(crate) fn server(&self) -> &Host {
        &self.network.servers[0]
    }

    /// Kills it after so many actions, and has everybody ask then.
    fn kill(&self, after: usize, command: &str) {
        let command = format!("RS_AGENT_FAILPOINT={after}:kill rs-agent {command}");
        assert_eq!(self.server().sh(&command).status, 128 + 9, "{command}");
        self.watch.look();
        self.silent(&command);
    }

    /// Runs `rs-agent` and has everybody ask before, between and after all of its actions,
    /// while it waits. How often that was.
    #[expect(clippy::zombie_processes, reason = "waitpid waits, also for stops")]
    fn step(&self, failpoint: &str, command: &str) -> usize {
        let expected = Some(i32::from(failpoint.ends_with("error")));
        let story = format!("{failpoint} {command}");
        let (status, stops) = self.server().enter(|| {
            let child = Command::new("rs-agent")
                .args(command.split_whitespace())
                .env("RS_AGENT_FAILPOINT", format!("each:stop,{failpoint}"))
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .expect("rs-agent");
            let agent = Agent(Pid::from_raw(child.id().try_into().expect("a process")));
            let mut stops = 0;
            loop {
                match waitpid(agent.0, Some(WaitPidFlag::WUNTRACED)).expect("rs-agent") {
                    WaitStatus::Stopped(..) => {
                        self.watch.look();
                        self.silent(&format!("{story}, at stop {stops}"));
                        stops += 1;
                        kill(agent.0, Signal::SIGCONT).expect("rs-agent");
                    }
                    WaitStatus::Exited(_, status) => break (Some(status), stops),
                    _ => break (None, stops),
                }
            }
        });
        assert_eq!(status, expected, "{story}");
        self.silent(&story);
        stops
    }

    #[track_caller]
    fn silent(&self, story: &str) {
        assert_eq!(self.watch.claims(), [""; 0], "{story}");
    }
}

/// Does not stay stopped when the test fails.
struct Agent(Pid);

impl Drop for Agent {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let _ = kill(self.0, Signal::SIGKILL);
        }
    }
}

/// What `rs-agent` is there to prevent is heard.
#[test]
fn a_claim_is_noticed() {
    let site = Site::new();
    let [hide, show] =
        [1, 0].map(|value| format!("sysctl -qw net.ipv4.conf.all.arp_ignore={value}"));
    let quiet = "sysctl -qw net.ipv4.conf.all.arp_announce=2";
    let own = "ip addr add 192.0.2.10/32 dev lo";
    let gone = "ip addr flush dev lo to 192.0.2.10";
    for (story, commands, claims) in [
        (
            "without a setting",
            vec![own],
            vec!["ARP reply from 192.0.2.10", "ARP request from 192.0.2.10"],
        ),
        ("with one of them", vec![&hide], vec!["ARP request from 192.0.2.10"]),
        ("with the other", vec![&show, quiet], vec!["ARP reply from 192.0.2.10"]),
        ("with both", vec![&hide], vec![]),
        ("nothing is left", vec![gone, &show], vec![]),
        (
            "on the wrong device",
            vec!["ip -6 addr add 2001:db8:2::10/128 dev eth0 nodad"],
            vec!["advertisement of 2001:db8:2::10"],
        ),
    ] {
        for command in commands {
            site.server().must(command);
        }
        // What was said meanwhile is of no interest.
        site.watch.look();
        site.watch.claims();
        site.watch.look();
        assert_eq!(site.watch.claims(), claims, "{story}");
    }
}

fn never_claims(setup: &str) {
    let site = Site::new();
    let server = site.server();
    let before = state(server);
    let setup = &format!("setup --vip {VIPS} {setup}");
    // A stop before the first action and after each.
    let making = site.step("", setup) - 1;
    let undoing = site.step("", "teardown") - 1;
    assert!(making > 4 && undoing > 4, "{setup}: {making} and {undoing} actions");
    assert_same(&state(server), &before, setup);
    for after in (0..=making).filter(|after| everything() || *after == making / 2) {
        let undone = after.min(undoing);
        // What is taken back is looked at again, also before its first action.
        let stops = site.step(&format!("{after}:error"), setup);
        assert_eq!(stops, 2 * (after + 1), "{setup}");
        site.kill(after, setup);
        site.step("", "teardown");
        site.kill(after, setup);
        site.step("", setup);
        site.kill(undone, "teardown");
        site.step("", setup);
        site.kill(undone, "teardown");
        site.step("", "teardown");
    }
    // Nobody waits for anybody: until many have asked in the midst of it.
    let mut asked = 0;
    while asked < 300 {
        let rounds = site.watch.rounds();
        server.must(&format!("rs-agent {setup} && rs-agent teardown"));
        asked += site.watch.rounds() - rounds;
    }
    site.watch.look();
    site.silent(setup);
    assert_same(&state(server), &before, setup);
}

#[test]
fn nobody_hears_a_vip_while_it_comes_and_goes_on_lo() {
    never_claims("--mode dr");
}

#[test]
fn nobody_hears_a_vip_while_it_comes_and_goes_with_its_carrier() {
    never_claims("--mode dr --carrier vips --create-carrier");
}

#[test]
fn nobody_hears_a_vip_while_it_comes_and_goes_with_tunnels() {
    never_claims("--mode tun --rip 192.0.2.11");
}
