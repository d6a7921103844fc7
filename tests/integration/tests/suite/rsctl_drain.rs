// SPDX-License-Identifier: MIT OR Apache-2.0

//! `rsctl drain`, `undrain` and `slow-start`, with packets: a drained server gets no new flow, no
//! new flow is refused, no old one is broken; and whatever happens meanwhile, the weight it had is
//! known.

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{IpAddr, Shutdown, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::os::fd::AsRawFd;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::Duration;

use ipvs_netlink::Client;
use lab::{Family, Host, Network, UdpServer};
use nix::pty::{Winsize, openpty};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;

/// Longer than anything takes that is expected.
const PATIENCE: Duration = Duration::from_secs(20);
const SERVICE: &str = "tcp/192.0.2.10:80";
const DNS: &str = "udp/192.0.2.10:53";
/// The address of `rs1`.
const FIRST: &str = "192.0.2.11";

/// Says its host's name on each connection, and repeats what comes, as long as it lives.
struct Echo(TcpListener);

impl Echo {
    fn start(host: &Host) -> Self {
        let listener = host.enter(|| TcpListener::bind("0.0.0.0:80").unwrap());
        let (own, name) = (listener.try_clone().unwrap(), host.name().to_owned());
        thread::spawn(move || {
            for stream in listener.incoming() {
                let Ok(mut stream) = stream else { return };
                let name = name.clone();
                thread::spawn(move || {
                    let mut part = [0; 64];
                    stream.write_all(format!("{name}\n").as_bytes())?;
                    loop {
                        match stream.read(&mut part)? {
                            0 => return Ok::<_, std::io::Error>(()),
                            length => stream.write_all(&part[..length])?,
                        }
                    }
                });
            }
        });
        Self(own)
    }
}

impl Drop for Echo {
    fn drop(&mut self) {
        let _ = nix::sys::socket::shutdown(self.0.as_raw_fd(), nix::sys::socket::Shutdown::Both);
    }
}

/// A connection that stays.
struct Flow {
    stream: BufReader<TcpStream>,
    server: String,
}

impl Flow {
    /// Opens one, which must not be refused.
    fn open(network: &Network) -> Self {
        let vip = SocketAddr::new(network.addresses(Family::Ipv4).vip, 80);
        let stream = network.client.enter(|| TcpStream::connect_timeout(&vip, PATIENCE));
        let stream = stream.expect("a new flow");
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let mut stream = BufReader::new(stream);
        let mut server = String::new();
        stream.read_line(&mut server).expect("the server's name");
        Self { stream, server: server.trim().to_owned() }
    }

    /// Whether what is sent comes back.
    fn works(&mut self) -> bool {
        let mut back = String::new();
        let sent = self.stream.get_mut().write_all(b"still there?\n");
        let read = sent.and_then(|()| self.stream.read_line(&mut back));
        read.is_ok() && back == "still there?\n"
    }
}

/// Closes the flows of a server.
fn close(flows: &mut Vec<Flow>, server: &str) {
    flows.retain(|flow| {
        if flow.server == server {
            let _ = flow.stream.get_ref().shutdown(Shutdown::Both);
        }
        flow.server != server
    });
}

/// A director with servers by direct routing, where a connection that the client has closed is
/// forgotten after a second.
fn network(servers: u8) -> (Network, Vec<Echo>) {
    let network = Network::direct_routing(servers);
    network.director_takes_vip(Family::Ipv4);
    let vip = network.addresses(Family::Ipv4).vip;
    for server in &network.servers {
        server.must(&format!(
            "sysctl -qw net.ipv4.conf.all.arp_ignore=1 net.ipv4.conf.all.arp_announce=2 && \
             ip addr add {vip}/32 dev lo scope host"
        ));
    }
    network.director.must("rsctl timeouts --tcp-fin 1 --udp 1");
    let echoes = network.servers.iter().map(Echo::start).collect();
    (network, echoes)
}

fn add(network: &Network, service: &str, options: &str, weight: u32) {
    network.director.must(&format!("rsctl add-service {service} {options}"));
    for rip in &network.addresses(Family::Ipv4).rips {
        network
            .director
            .must(&format!("rsctl add-server {service} -r {rip} -w {weight} -x 1000 -y 900"));
    }
}

/// Opens flows until `server` has so many, and returns them all.
fn flows(network: &Network, server: &str, least: usize) -> Vec<Flow> {
    let mut flows = Vec::new();
    while flows.iter().filter(|flow: &&Flow| flow.server == server).count() < least {
        flows.push(Flow::open(network));
        assert!(flows.len() < 200, "{server} gets no flow");
    }
    flows
}

/// A command that goes on while the test does something else.
struct Running {
    child: Child,
    out: BufReader<std::process::ChildStdout>,
}

impl Running {
    fn start(host: &Host, command: &str) -> Self {
        let mut child = host.enter(|| {
            let mut sh = Command::new("sh");
            sh.args(["-c", &format!("exec {command}")]);
            sh.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
        });
        let out = BufReader::new(child.stdout.take().unwrap());
        Self { child, out }
    }

    /// Reads the next line that it writes.
    #[track_caller]
    fn line(&mut self) -> String {
        let mut line = String::new();
        self.out.read_line(&mut line).unwrap();
        if line.is_empty() {
            let mut errors = String::new();
            self.child.stderr.take().unwrap().read_to_string(&mut errors).unwrap();
            panic!("it ended: {errors}");
        }
        line.trim_end().to_owned()
    }

    fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(self.child.id().try_into().unwrap()), signal).unwrap();
    }

    fn is_running(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// Waits for its end, and returns what else it has written.
    fn end(mut self) -> (ExitStatus, String, String) {
        let (mut out, mut errors) = (String::new(), String::new());
        self.out.read_to_string(&mut out).unwrap();
        self.child.stderr.take().unwrap().read_to_string(&mut errors).unwrap();
        (self.child.wait().unwrap(), out, errors)
    }
}

/// The weight of a server; `None` if it is not there.
fn weight(network: &Network, service: &str, server: &str) -> Option<u32> {
    let (service, address) = (service.parse().unwrap(), server.parse::<IpAddr>().unwrap());
    let servers = network.director.enter(|| Client::connect().unwrap().destinations(&service));
    let entry = servers.unwrap().into_iter().find(|it| it.destination.key.address == address)?;
    // Nothing else of it ever changes.
    assert_eq!(entry.destination.thresholds.upper(), 1000);
    Some(entry.destination.weight.get())
}

fn json(network: &Network, command: &str) -> Value {
    serde_json::from_str(&network.director.must(command).stdout).unwrap()
}

#[test]
fn no_new_flow_none_refused_none_broken() {
    let (network, _echoes) = network(3);
    for options in [
        "-s wlc",
        "-s wrr",
        "-s rr",
        "-s mh -b mh-fallback,mh-port",
        "-s sh -b sh-fallback,sh-port",
    ] {
        add(&network, SERVICE, options, 2);
        let mut old = flows(&network, "rs1", 2);
        let mut drain = Running::start(&network.director, &format!("rsctl drain {FIRST}"));
        let line = drain.line();
        let begun = format!("draining server {FIRST}:80 of {SERVICE}: weight 2 -> 0; ");
        assert!(line.starts_with(&begun), "{line}");
        assert_eq!(weight(&network, SERVICE, FIRST), Some(0), "{options}");
        let mut new: Vec<Flow> = (0..40).map(|_| Flow::open(&network)).collect();
        assert!(new.iter().all(|flow| flow.server != "rs1"), "{options}");
        assert!(old.iter_mut().chain(&mut new).all(Flow::works), "{options}");
        assert!(drain.is_running(), "{options}");
        close(&mut old, "rs1");
        let (status, out, errors) = drain.end();
        assert_eq!((status.code(), &*errors), (Some(0), ""), "{options}");
        let done = format!("drained server {FIRST}:80 of {SERVICE}: no connection is left\n");
        assert!(out.ends_with(&done), "{out}");
        assert_eq!(weight(&network, SERVICE, FIRST), Some(0));
        assert!(old.iter_mut().chain(&mut new).all(Flow::works), "{options}");
        // It stays known, and comes back as it was.
        let back = network.director.must(&format!("rsctl undrain {FIRST}")).stdout;
        assert_eq!(back, format!("undrained server {FIRST}:80 of {SERVICE}: weight 2\n"));
        assert_eq!(weight(&network, SERVICE, FIRST), Some(2));
        flows(&network, "rs1", 1);
        assert!(old.iter_mut().chain(&mut new).all(Flow::works), "{options}");
        network.director.must(&format!("rsctl delete-service {SERVICE}"));
    }
}

#[test]
fn clients_that_persistence_sends_elsewhere() {
    let (network, _echoes) = network(2);
    let director = &network.director;
    let sysctl = "net.ipv4.vs.expire_quiescent_template";
    // They go elsewhere, and what is remembered of them is not waited for.
    director.must(&format!("sysctl -qw {sysctl}=1"));
    add(&network, SERVICE, "-s wlc -p 600", 1);
    let mut old = vec![Flow::open(&network)];
    let server = old[0].server.clone();
    let address = if server == "rs1" { FIRST } else { "192.0.2.12" };
    let mut drain = Running::start(director, &format!("rsctl drain {address}"));
    drain.line();
    let new: Vec<Flow> = (0..10).map(|_| Flow::open(&network)).collect();
    assert!(new.iter().all(|flow| flow.server != server));
    assert!(old[0].works() && drain.is_running());
    close(&mut old, &server);
    let (status, _, errors) = drain.end();
    assert_eq!((status.code(), &*errors), (Some(0), ""));
    drop(new);
}

#[test]
fn clients_that_persistence_goes_on_sending() {
    let (network, _echoes) = network(2);
    let director = &network.director;
    let sysctl = "net.ipv4.vs.expire_quiescent_template";
    // It is told, and their templates are waited for.
    add(&network, SERVICE, "-s wlc -p 1", 1);
    let mut old = vec![Flow::open(&network)];
    let server = old[0].server.clone();
    let address = if server == "rs1" { FIRST } else { "192.0.2.12" };
    let mut drain = Running::start(director, &format!("rsctl drain {address} --then remove"));
    let line = drain.line();
    assert!(line.contains("1 active, 0 inactive, 1 persistent"), "{line}");
    assert_eq!(Flow::open(&network).server, server);
    assert!(drain.is_running());
    close(&mut old, &server);
    let (status, out, errors) = drain.end();
    assert_eq!(status.code(), Some(0));
    let warning = format!(
        "warning: clients that persistence has sent to {address}:80 go on coming; {sysctl}=1 ends \
         that\n"
    );
    assert_eq!(errors, warning);
    assert!(
        out.ends_with(&format!(
            "removed server {address}:80 of {SERVICE}: no connection is left\n"
        ))
    );
    assert_eq!(weight(&network, SERVICE, address), None);
}

/// Asks from this socket, and returns who answers.
fn ask(socket: &UdpSocket) -> String {
    socket.send(b"?").unwrap();
    let mut answer = [0; 64];
    let length = socket.recv(&mut answer).expect("an answer");
    let answer = String::from_utf8_lossy(&answer[..length]).into_owned();
    answer.split(' ').next().unwrap_or_default().to_owned()
}

#[test]
fn flows_of_udp_and_packets_of_their_own() {
    let (network, _echoes) = network(2);
    let vip = SocketAddr::new(network.addresses(Family::Ipv4).vip, 53);
    let _servers: Vec<_> =
        network.servers.iter().map(|server| UdpServer::start(server, vip)).collect();
    let socket = || {
        network.client.enter(|| {
            let socket = UdpSocket::bind("0.0.0.0:0").unwrap();
            socket.connect(vip).unwrap();
            socket.set_read_timeout(Some(PATIENCE)).unwrap();
            socket
        })
    };
    add(&network, DNS, "-s rr", 1);
    let old = [socket(), socket()];
    let old = if ask(&old[0]) == "rs1" { &old[0] } else { &old[1] };
    assert_eq!(ask(old), "rs1");
    // The flow does not end while it goes on.
    let mut drain =
        Running::start(&network.director, &format!("rsctl drain {FIRST} --deadline 1h"));
    drain.line();
    for _ in 0..10 {
        assert_eq!((ask(old), ask(&socket())), ("rs1".to_owned(), "rs2".to_owned()));
    }
    assert!(drain.is_running());
    let (status, _, errors) = drain.end();
    assert_eq!((status.code(), &*errors), (Some(0), ""));
    network.director.must(&format!("rsctl delete-service {DNS}"));
    // A flow that the deadline cannot see the end of.
    network.director.must("rsctl timeouts --udp 300");
    add(&network, DNS, "-s rr", 1);
    let old = [socket(), socket()];
    old.iter().for_each(|it| drop(ask(it)));
    let late = network.director.sh(&format!("rsctl drain {FIRST} --deadline 1"));
    assert_eq!(late.status, 1);
    let lines: Vec<&str> = late.stderr.lines().collect();
    assert_eq!(
        lines[..2],
        [
            &*format!(
                "warning: the kernel forgets a UDP flow 300 s after its last packet, and \
                 {FIRST}:53 is waited for 1 s at most; `rsctl timeouts --udp` sets the former, \
                 `--deadline` the latter"
            ),
            &*format!(
                "error: cannot drain server {FIRST}:53 of {DNS}: 1 connection is left at the \
                 deadline; it is kept with weight 0"
            ),
        ]
    );
    network.director.must(&format!("rsctl delete-service {DNS}"));
    // No packet belongs to a flow: there is nothing to wait for.
    add(&network, DNS, "-s rr --ops", 1);
    let old = socket();
    let both = [ask(&old), ask(&old)];
    assert!(both.contains(&"rs1".to_owned()) && both.contains(&"rs2".to_owned()), "{both:?}");
    let drained = json(&network, &format!("rsctl drain {FIRST} --json"));
    assert_eq!(drained["servers"][0]["state"], "drained");
    assert!((0..10).all(|_| ask(&old) == "rs2"));
}

#[test]
fn killed_it_goes_on_with_the_weight_and_the_deadline_that_it_had() {
    let (network, _echoes) = network(2);
    add(&network, SERVICE, "-s wlc", 7);
    let mut old = flows(&network, "rs1", 1);
    let command = format!("rsctl drain {FIRST} --deadline 1h --then remove");
    let mut drain = Running::start(&network.director, &command);
    drain.line();
    drain.signal(Signal::SIGKILL);
    drain.end();
    assert_eq!(weight(&network, SERVICE, FIRST), Some(0));
    let listed = json(&network, "rsctl drain --list --json");
    let [server] = &listed["servers"].as_array().unwrap()[..] else { panic!("{listed}") };
    assert_eq!(
        (&server["state"], &server["full_weight"], &server["then"], &server["left"]),
        (&"draining".into(), &7.into(), &"remove".into(), &1.into())
    );
    let remaining = server["remaining_seconds"].as_f64().unwrap();
    assert!((3000.0..3600.0).contains(&remaining), "{remaining}");
    let mut drain = Running::start(&network.director, &format!("rsctl drain {FIRST}"));
    let line = drain.line();
    let begun = format!("draining server {FIRST}:80 of {SERVICE}: weight 0, 7 before; 1 active");
    assert!(
        line.starts_with(&begun) && (line.contains(", 59m") || line.ends_with(", 1h left")),
        "{line}"
    );
    assert!(old.iter_mut().all(Flow::works) && drain.is_running());
    close(&mut old, "rs1");
    let (status, out, errors) = drain.end();
    assert_eq!((status.code(), &*errors), (Some(0), ""));
    assert!(
        out.ends_with(&format!("removed server {FIRST}:80 of {SERVICE}: no connection is left\n"))
    );
    assert_eq!(weight(&network, SERVICE, FIRST), None);
    let listed = network.director.must("rsctl drain --list").stdout;
    assert_eq!(listed, "nothing is being drained\n");
}

#[test]
fn cancelled_it_gives_the_weight_back_and_breaks_nothing() {
    let (network, _echoes) = network(2);
    add(&network, SERVICE, "-s wrr", 3);
    let mut old = flows(&network, "rs1", 2);
    let mut drain = Running::start(&network.director, &format!("rsctl drain {FIRST}"));
    drain.line();
    network.director.must(&format!("rsctl undrain {FIRST} --service {SERVICE}"));
    assert_eq!(weight(&network, SERVICE, FIRST), Some(3));
    let (status, _, errors) = drain.end();
    assert_eq!(status.code(), Some(1));
    let told = format!(
        "error: cannot drain server {FIRST}:80 of {SERVICE}: another command has ended this\n"
    );
    assert_eq!(errors, told);
    assert!(old.iter_mut().all(Flow::works));
    // By a signal, it stays drained.
    let mut drain = Running::start(&network.director, &format!("rsctl drain {FIRST}"));
    drain.line();
    drain.signal(Signal::SIGINT);
    let (status, _, errors) = drain.end();
    assert_eq!(status.code(), Some(1));
    let told = format!(
        "error: cannot drain server {FIRST}:80 of {SERVICE}: interrupted; it gets no new \
         connections: 2 active, 0 inactive\n\
         hint: `rsctl drain {FIRST}:80 --service {SERVICE}` goes on, `rsctl undrain {FIRST}:80 \
         --service {SERVICE}` gives the weight back\n"
    );
    assert_eq!(errors, told);
    assert_eq!(weight(&network, SERVICE, FIRST), Some(0));
    network.director.must(&format!("rsctl undrain {FIRST}"));
    assert_eq!(weight(&network, SERVICE, FIRST), Some(3));
    // Nothing to do, and said so.
    let again = network.director.must(&format!("rsctl undrain {FIRST}")).stdout;
    assert_eq!(
        again,
        format!("nothing to change: server {FIRST}:80 of {SERVICE} has weight 3 anyway\n")
    );
    assert!(old.iter_mut().all(Flow::works));
}

#[test]
fn what_others_do_meanwhile_stays() {
    let (network, _echoes) = network(2);
    add(&network, SERVICE, "-s wlc", 3);
    let director = &network.director;
    let _old = flows(&network, "rs1", 1);
    let at = format!("-t 192.0.2.10:80 -r {FIRST}:80");
    for (meanwhile, after, why) in [
        (
            format!("ipvsadm -e {at} -g -w 5 -x 1000 -y 900"),
            Some(5),
            "somebody else has given it weight 5, which stays",
        ),
        (
            format!("ipvsadm -d {at}"),
            None,
            "somebody else has deleted it, and it is not added again",
        ),
    ] {
        for is_killed in [false, true] {
            director.must(&format!("rsctl set-server {SERVICE} -r {FIRST} -w 3 -x 1000 -y 900"));
            let mut drain = Running::start(director, &format!("rsctl drain {FIRST}"));
            drain.line();
            if is_killed {
                drain.signal(Signal::SIGKILL);
                drain.end();
                director.must(&meanwhile);
                let output = director.sh(&format!("rsctl undrain {FIRST}"));
                assert_eq!(output.status, 1, "{output:?}");
                let told = format!("error: cannot undrain server {FIRST}:80 of {SERVICE}: {why}\n");
                assert_eq!(output.stderr, told);
            } else {
                director.must(&meanwhile);
                let (status, _, errors) = drain.end();
                assert_eq!(status.code(), Some(1), "{errors}");
                let told = format!("error: cannot drain server {FIRST}:80 of {SERVICE}: {why}\n");
                assert_eq!(errors, told);
            }
            assert_eq!(weight(&network, SERVICE, FIRST), after);
            assert_eq!(director.must("rsctl drain --list").stdout, "nothing is being drained\n");
        }
    }
}

#[test]
fn the_deadline_ends_it_and_two_at_once_do_not_meet() {
    let (network, _echoes) = network(3);
    add(&network, SERVICE, "-s rr", 1);
    let director = &network.director;
    let mut old = flows(&network, "rs2", 2);
    let kept = director.sh(&format!("rsctl drain {FIRST} --deadline 0"));
    assert_eq!(kept.status, 1);
    assert!(
        kept.stderr
            .contains(" left at the deadline; it is kept with weight 0\nhint: `rsctl drain ")
    );
    director.must(&format!("rsctl undrain {FIRST}"));
    let [mut one, mut other] = [FIRST, "192.0.2.12"]
        .map(|server| Running::start(director, &format!("rsctl drain {server} --then remove")));
    for drain in [&mut one, &mut other] {
        drain.line();
    }
    let listed = json(&network, "rsctl drain --list --json");
    assert_eq!(listed["servers"].as_array().unwrap().len(), 2);
    close(&mut old, "rs2");
    let (status, out, _) = other.end();
    assert_eq!(status.code(), Some(0), "{out}");
    assert_eq!(weight(&network, SERVICE, "192.0.2.12"), None);
    // The other is waited for still; another command takes away its time.
    assert!(one.is_running() && old.iter_mut().all(Flow::works));
    let now = director.must(&format!("rsctl drain {FIRST} --deadline 0 --then remove")).stdout;
    assert!(now.contains(&format!("removed server {FIRST}:80 of {SERVICE}: ")), "{now}");
    assert!(now.ends_with(" left, and lost\n"), "{now}");
    let (status, out, errors) = one.end();
    assert_eq!((status.code(), &*errors), (Some(0), ""), "{out}");
    assert_eq!(weight(&network, SERVICE, FIRST), None);
}

#[test]
fn what_would_refuse_clients_is_refused() {
    let (network, _echoes) = network(2);
    let director = &network.director;
    let drain = format!("rsctl drain {FIRST}");
    let refused = |command: &str| {
        let output = director.sh(command);
        assert_eq!((output.status, &*output.stdout), (2, ""), "{output:?}");
        let dry = director.sh(&format!("{command} --dry-run"));
        assert_eq!((dry.status, &dry.stderr), (2, &output.stderr));
        assert_eq!(weight(&network, SERVICE, FIRST), Some(1));
        output.stderr
    };
    add(&network, SERVICE, "-s mh -b mh-port", 1);
    // The trap is one: half of the new flows are refused.
    let edit = |weight| {
        director.must(&format!(
            "ipvsadm -e -t 192.0.2.10:80 -r {FIRST}:80 -g -w {weight} -x 1000 -y 900"
        ))
    };
    edit(0);
    let vip: SocketAddr = "192.0.2.10:80".parse().unwrap();
    let tried = network.client.enter(|| {
        (0..20)
            .filter(|_| TcpStream::connect_timeout(&vip, Duration::from_millis(500)).is_err())
            .count()
    });
    assert!(tried > 0, "none is refused");
    edit(1);
    assert_eq!(
        refused(&drain),
        format!(
            "error: cannot drain server {FIRST}:80 of {SERVICE}: mh sends about 50 % of the new \
             flows to it all the same, and weight 0 refuses them\n\
             hint: `rsctl edit-service {SERVICE} -b mh-port,mh-fallback` sends them to another \
             server\n\
             hint: `--allow-hash-drain` drains it all the same\n"
        )
    );
    director.must(&format!("{drain} --allow-hash-drain"));
    assert_eq!(weight(&network, SERVICE, FIRST), Some(0));
    director.must(&format!("rsctl undrain {FIRST}"));
    director.must(&format!("rsctl edit-service {SERVICE} -b mh-port,mh-fallback"));
    let dry = director.must(&format!("{drain} --dry-run")).stdout;
    let would = format!("would drain server {FIRST}:80 of {SERVICE}: weight 1 -> 0; 0 active");
    assert!(dry.starts_with(&would), "{dry}");
    director.must("rsctl drain 192.0.2.12");
    assert_eq!(
        refused(&drain),
        format!(
            "error: cannot drain server {FIRST}:80 of {SERVICE}: no other server of the service \
             takes new connections: all of them would be refused\n\
             hint: `--allow-last` drains it all the same\n"
        )
    );
    director.must(&format!("{drain} --allow-last --no-wait"));
    assert_eq!(weight(&network, SERVICE, FIRST), Some(0));
    let unknown = director.sh("rsctl drain 192.0.2.99");
    assert_eq!(
        (unknown.status, unknown.stderr.lines().next()),
        (6, Some("error: cannot drain server 192.0.2.99: no service has it"))
    );
}

#[test]
fn nothing_is_drained_that_cannot_be_remembered_and_a_boot_ends_it() {
    let (network, _echoes) = network(2);
    add(&network, SERVICE, "-s wlc", 4);
    let director = &network.director;
    let output = director.sh(&format!("rsctl --state-dir /proc/none drain {FIRST}"));
    assert_eq!(output.status, 1);
    assert!(
        output.stderr.starts_with("error: cannot remember the weights of the servers: "),
        "{output:?}"
    );
    assert_eq!(weight(&network, SERVICE, FIRST), Some(4));
    director.must(&format!("rsctl drain {FIRST}"));
    director.must(
        "find /var/lib/rsctl -name 'drains.json*' | xargs sed -i 's/\"boot\": \"./\"boot\": \"x/'",
    );
    let listed = director.must("rsctl drain --list");
    let ended = format!(
        "the drain of {FIRST}:80 of {SERVICE} ended with the last boot; its weight was 4\n"
    );
    assert_eq!(
        (&*listed.stdout, listed.stderr),
        ("nothing is being drained\n", format!("note: {ended}"))
    );
    let output = director.sh(&format!("rsctl undrain {FIRST}"));
    assert_eq!(output.status, 6);
    assert_eq!(
        output.stderr,
        format!(
            "error: cannot undrain server {FIRST}:80 of {SERVICE}: no drain of it is remembered\n\
             hint: `rsctl edit-server {SERVICE} -r {FIRST}:80 -w WEIGHT` gives it one\n"
        )
    );
}

/// In one line, which goes.
#[test]
fn a_terminal_shows_how_far_it_is() {
    let (network, _echoes) = network(2);
    add(&network, SERVICE, "-s wlc", 1);
    let mut old = flows(&network, "rs1", 2);
    let size = Winsize { ws_row: 24, ws_col: 100, ws_xpixel: 0, ws_ypixel: 0 };
    let pts = "[ -e /dev/pts/ptmx ] || { mkdir -p /dev/pts && mount -t devpts devpts /dev/pts; }";
    network.director.must(pts);
    let (mut child, mut screen) = network.director.enter(|| {
        let terminal = openpty(&size, None).unwrap();
        let mut drain = Command::new("sh");
        drain.args(["-c", &format!("exec rsctl drain {FIRST}")]).env("TERM", "xterm");
        drain.stdout(Stdio::piped()).stderr(terminal.slave);
        (drain.spawn().unwrap(), File::from(terminal.master))
    });
    let mut shown = String::new();
    let mut read = |shown: &mut String| {
        let mut part = [0; 256];
        // It fails once nobody has the terminal open any more.
        let length = screen.read(&mut part).unwrap_or(0);
        *shown += &String::from_utf8_lossy(&part[..length]);
        length > 0
    };
    let line =
        format!("\r\x1b[Kwaiting for server {FIRST}:80 of {SERVICE}: 2 active, 0 inactive, ");
    while !shown.contains(&line) {
        assert!(read(&mut shown), "{shown:?}");
    }
    close(&mut old, "rs1");
    while read(&mut shown) {}
    assert!(shown.ends_with("\r\x1b[K"), "{shown:?}");
    assert!(child.wait().unwrap().success());
    let mut out = String::new();
    child.stdout.take().unwrap().read_to_string(&mut out).unwrap();
    let [begun, done] = &out.lines().collect::<Vec<_>>()[..] else { panic!("{out}") };
    assert!(begun.starts_with("draining server ") && done.starts_with("drained server "), "{out}");
}

#[test]
fn a_slow_start_raises_the_weight_step_by_step() {
    let (network, _echoes) = network(2);
    add(&network, SERVICE, "-s wlc", 3);
    let director = &network.director;
    director.must(&format!("rsctl drain {FIRST}"));
    // The weight that the drain remembers.
    let mut start = Running::start(director, &format!("rsctl slow-start {FIRST} --over 3 -v"));
    assert_eq!(
        start.line(),
        format!("starting server {FIRST}:80 of {SERVICE}: weight 0 -> 1, 3 in 3s")
    );
    assert_eq!(weight(&network, SERVICE, FIRST), Some(1));
    let (status, out, errors) = start.end();
    assert_eq!((status.code(), &*errors), (Some(0), ""));
    assert!(out.contains("weight 2 of 3"), "{out}");
    assert!(out.ends_with(&format!("started server {FIRST}:80 of {SERVICE}: weight 3\n")), "{out}");
    assert_eq!(weight(&network, SERVICE, FIRST), Some(3));
    assert_eq!(director.must("rsctl drain --list").stdout, "nothing is being drained\n");
    // What is up is not taken down.
    director.must(&format!("rsctl slow-start {FIRST} --over 3"));
    assert_eq!(weight(&network, SERVICE, FIRST), Some(3));
    assert_eq!(director.must("rsctl drain --list").stdout, "nothing is being drained\n");
    // Killed, it goes on from where it would be.
    let command = format!("rsctl slow-start {FIRST} --over 1h --to 100");
    let mut start = Running::start(director, &command);
    start.line();
    start.signal(Signal::SIGKILL);
    start.end();
    let mut start = Running::start(director, &format!("rsctl slow-start {FIRST}"));
    let line = start.line();
    let begun = format!("starting server {FIRST}:80 of {SERVICE}: weight 1, 100 in ");
    assert!(line.starts_with(&begun), "{line}");
    // Somebody else's weight ends it.
    director.must(&format!("rsctl edit-server {SERVICE} -r {FIRST} -w 9"));
    let (status, _, errors) = start.end();
    let told = format!(
        "error: cannot start server {FIRST}:80 of {SERVICE} slowly: somebody else has given it \
         weight 9, which stays\n"
    );
    assert_eq!((status.code(), errors), (Some(1), told));
    // All of it at once.
    let mut start = Running::start(director, &command);
    start.line();
    director.must(&format!("rsctl undrain {FIRST}"));
    assert_eq!(weight(&network, SERVICE, FIRST), Some(100));
    start.end();
    for (scheduler, why) in [
        ("rr", "rr takes no notice of weights: a server gets its whole share at once"),
        (
            "mh",
            "each step would move clients between all servers, as mh hashes them by the weights",
        ),
        ("lblc", "lblc leaves what it has assigned where it is, whatever the weights"),
    ] {
        director.must(&format!("rsctl edit-service {SERVICE} -s {scheduler}"));
        let output = director.sh(&command);
        let told = format!("error: cannot start server {FIRST}:80 of {SERVICE} slowly: {why}");
        assert_eq!((output.status, output.stderr.lines().next()), (2, Some(&*told)));
        assert_eq!(weight(&network, SERVICE, FIRST), Some(100));
    }
}
