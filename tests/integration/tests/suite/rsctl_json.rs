// SPDX-License-Identifier: MIT OR Apache-2.0

//! The tables of `docs/json.md` against what `rsctl` prints: nothing that is not
//! in them, everything in them seen, each of the type that they say.

use std::net::UdpSocket;

use lab::{Family, Host, NOBODY, Network, WebServer};
use serde_json::Value;

use crate::documented;
use crate::rsctl_lock::{hold as hold_lock, taken_by_nobody};
use crate::rsctl_names::name_hosts;

const PAGE: &str = include_str!("../../../../docs/json.md");

#[track_caller]
fn hold(heading: &str, documents: &[Value], elsewhere: &[&str]) {
    documented::hold(PAGE, heading, documents, elsewhere);
}

fn printed(host: &Host, command: &str, input: &str) -> Value {
    let output = host.feed(&format!("rsctl {command} --json"), input);
    assert_eq!(output.stdout.lines().count(), 1, "{command}: {}{}", output.stdout, output.stderr);
    serde_json::from_str(&output.stdout).unwrap()
}

#[test]
fn listings_and_connections_are_as_documented() {
    let network = Network::nat(2);
    network.director_takes_vip(Family::Ipv4);
    for server in &network.servers {
        server.must("ip route add default via 10.0.0.1");
    }
    let director = &network.director;
    director.must(network.forward_command(Family::Ipv4));
    name_hosts(director, "198.51.100.10 vip\n10.0.0.11 rs1\n198.51.100.100 client\n");
    director.must(
        "ipvsadm -A -t 198.51.100.10:80 -s rr
         ipvsadm -a -t 198.51.100.10:80 -r 10.0.0.11 -m -x 100 -y 50
         ipvsadm -A -u 198.51.100.10:5060 -s rr -p 60 --pe sip
         ipvsadm -a -u 198.51.100.10:5060 -r 10.0.0.12 -m
         ipvsadm -A -f 7 -6 -s sh -b sh-port
         ipvsadm -A -u 192.0.2.1:53 -s wrr
         ipvsadm -a -u 192.0.2.1:53 -r 10.0.0.11 -i
         ipvsadm -a -u 192.0.2.1:53 -r 10.0.0.12 -i --tun-type gue --tun-port 6080",
    );
    let _web = WebServer::start(&network.servers[0], 80);
    let answers = network.client.get("198.51.100.10:80".parse().unwrap(), 2);
    assert!(answers.iter().all(Result::is_ok));
    network.client.enter(|| {
        let socket = UdpSocket::bind("198.51.100.100:5060").unwrap();
        let call = b"OPTIONS sip:a@b SIP/2.0\r\nCall-ID: one@two\r\n\r\n";
        socket.send_to(call, "198.51.100.10:5060").unwrap();
    });
    let lists = ["list", "list --names --stats", "list tcp/198.51.100.10:80"];
    let mut lists = Vec::from(lists.map(|command| printed(director, command, "")));
    let public = director.must(&format!("{NOBODY} rsctl list --json"));
    lists.push(serde_json::from_str(&public.stdout).unwrap());
    // Its ten fields are those of the service.
    hold("`list`", &lists, &["services[].servers[].stats"]);
    let keys = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    let service = &lists[0]["services"][0];
    assert_eq!(keys(&service["stats"]), keys(&service["servers"][0]["stats"]));
    let tables = ["connections", "connections --names", "connections --origin"];
    let tables = tables.map(|command| printed(director, command, ""));
    hold("`connections`\n", &tables, &[]);
    let groups = ["client --names", "server", "service", "state", "protocol"];
    let groups = groups.map(|by| printed(director, &format!("connections --group-by {by}"), ""));
    hold("`connections --group-by`", &groups, &[]);
}

#[test]
fn settings_and_changes_are_as_documented() {
    let host = Host::new("director");
    let changes = [
        "add-service tcp/192.0.2.1:80",
        "add-server tcp/192.0.2.1:80 -r 10.0.0.1 --dry-run",
        "add-server tcp/192.0.2.1:80 -r 10.0.0.1",
        "edit-server tcp/192.0.2.1:80 -r 10.0.0.1 -w 2",
        "edit-service tcp/192.0.2.1:80 -p 60 -M 255.0.255.0",
        "zero",
        "timeouts --tcp 800",
        "sync-daemon start master --interface lo --syncid 7",
        "clear --dry-run",
    ]
    .map(|command| printed(&host, command, ""));
    let some = "add-server tcp/192.0.2.2:80 -r 10.0.0.1 -r 127.255.255.255 -m";
    host.must("rsctl add-service tcp/192.0.2.2:80");
    let changes = changes.into_iter().chain([printed(&host, some, "")]).collect::<Vec<_>>();
    let states = ["changed[].before", "changed[].after"];
    hold("Commands that change something", &changes, &states);
    hold("`timeouts`", &[printed(&host, "timeouts", "")], &[]);
    let daemons = printed(&host, "sync-daemon", "");
    hold("`sync-daemon`\n", std::slice::from_ref(&daemons), &[]);
    let status = printed(&host, "sync-daemon status", "");
    assert_eq!(status["daemons"], daemons["daemons"]);
    assert!(status["sysctls"]["sync_version"].is_string());
    let compared = printed(&host, "sync-daemon status --peer -", &status.to_string());
    assert!(!compared["problems"].as_array().unwrap().is_empty());
    hold("`sync-daemon status`", &[status, compared], &["daemons", "sysctls"]);
}

fn objects(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).expect(line)).collect()
}

/// Whom a watched list is for reads one line after the other.
#[test]
fn errors_of_a_watched_list_are_json() {
    let host = Host::new("director");
    host.must("rsctl add-service udp/192.0.3.1:53");
    let output = host.sh("sleep 1.5 && rsctl delete-service udp/192.0.3.1:53 &
         timeout -s INT --preserve-status 5 rsctl list --json --watch=1 udp/192.0.3.1:53");
    assert_eq!(output.status, 0, "{output:?}");
    assert!(!objects(&output.stdout).is_empty());
    let errors = objects(&output.stderr);
    assert_eq!(errors.len(), 1, "{errors:?}");
    assert_eq!(
        (&errors[0]["error"], &errors[0]["exit_code"]),
        (&"cannot list service udp/192.0.3.1:53: there is no such service".into(), &6.into())
    );
}

#[test]
fn errors_and_what_comes_before_them_are_as_documented() {
    let host = Host::new("director");
    let lock = hold_lock(&host);
    let mut lines: Vec<Value> = [
        "rsctl list --json --frob",
        "printf '%s\\n' '-A -f 0' | rsctl restore --json",
        // A note of whom it waits for, and the error.
        "rsctl clear --json --yes --lock-wait 1",
    ]
    .iter()
    .flat_map(|command| objects(&host.sh(command).stderr))
    .collect();
    drop(lock);
    // A warning, that the lock is another user's.
    let _taken = taken_by_nobody(&host);
    let warned = objects(&host.must("rsctl add-service -f 7 --json --lock-wait 0").stderr);
    assert!(warned.len() == 1 && warned[0]["warning"].is_string(), "{warned:?}");
    lines.extend(warned);
    // `lacks` says it.
    let public = host.must(&format!("{NOBODY} rsctl list --json"));
    assert!(public.stdout.contains("\"lacks\":[") && public.stderr.is_empty(), "{public:?}");
    let of = |is_error| {
        lines.iter().filter(|it| it.get("error").is_some() == is_error).cloned().collect::<Vec<_>>()
    };
    assert_eq!(
        of(true).iter().map(|it| it["exit_code"].as_u64()).collect::<Vec<_>>(),
        [Some(2), Some(2), Some(4)]
    );
    hold("Errors", &of(true), &[]);
    hold("Warnings and notes", &of(false), &[]);
}

#[test]
fn restores_are_as_documented() {
    let host = Host::new("director");
    let table = "-A -t 192.0.2.1:80 -s rr\n-a -t 192.0.2.1:80 -r 10.0.0.1 -m\n";
    let timeouts = r#"{"format": "ipvs-table/2", "timeouts": {"udp": 77}, "services": []}"#;
    let documents = [
        ("restore --dry-run", table.to_owned()),
        ("restore", table.to_owned()),
        ("restore", table.replace("rr", "none_such")),
        ("restore", "-A -t 192.0.2.2:80\n".to_owned()),
        ("restore --allow-empty", timeouts.to_owned()),
        ("restore --confirm-within 1h", table.to_owned()),
    ]
    .map(|(command, table)| printed(&host, command, &table));
    hold("`restore`", &documents, &["steps[].before", "steps[].after", "differs"]);
    host.must("rsctl sync-daemon start backup --interface lo --syncid 7");
    // Nobody has logged in.
    let with_login = |mut document: Value, list: &str| {
        document[list][0]["login_uid"] = 1000.into();
        document
    };
    let history = with_login(printed(&host, "history", ""), "records");
    hold("`history`", &[history], &["records[].before", "records[].after"]);
    let list = with_login(printed(&host, "rollback --list", ""), "checkpoints");
    hold("`rollback --list`", &[list], &[]);
    let confirmed = printed(&host, "confirm", "");
    let mut by_somebody = confirmed.clone();
    by_somebody["confirmed"]["login_uid"] = 1000.into();
    hold("`confirm`", &[confirmed, by_somebody], &[]);
}

#[test]
fn plans_are_as_documented() {
    let host = Host::new("director");
    host.must(
        "ipvsadm -A -t 192.0.2.9:80
         ipvsadm -A -t 192.0.2.1:80 -s rr
         ipvsadm -a -t 192.0.2.1:80 -r 10.0.0.9 -m",
    );
    let service = |number: u8, scheduler: &str| {
        format!(
            "  - {{service: tcp/192.0.2.{number}:80, method: nat, scheduler: {scheduler}, servers: [10.0.0.1]}}\n"
        )
    };
    let file =
        |services: &[String]| format!("format: ipvs-cluster/1\nservices:\n{}", services.concat());
    let both = file(&[service(1, "rr"), service(2, "rr")]);
    let other = file(&[service(1, "lc"), service(2, "rr")]);
    let bad = both.replace(
        "services:",
        "director: {daemons: [{role: backup, interface: none0, syncid: 1}]}\nservices:",
    );
    let mut documents = vec![
        printed(&host, "plan -", &both),
        printed(&host, "apply --on-failure rollback -", &bad),
        printed(&host, "apply -", &both),
        printed(&host, "plan -", &other),
    ];
    host.must("ipvsadm -a -t 192.0.2.2:80 -r 10.0.0.9 -m");
    documents.push(printed(&host, "apply --confirm-within 600 -", &file(&[service(1, "rr")])));
    host.must("rsctl confirm");
    let elsewhere = ["steps[]", "differs[]"];
    for document in &mut documents {
        // As those of a restore.
        for list in ["steps", "differs"] {
            assert!(document[list].is_array());
            document[list] = Value::Array(Vec::new());
        }
    }
    hold("`plan`, `apply`", &documents, &elsewhere);
}

#[test]
fn drains_are_as_documented() {
    let host = Host::new("director");
    host.must(
        "rsctl add-service udp/192.0.2.1:53 -s wlc -p 60
         rsctl add-server udp/192.0.2.1:53 -r 10.0.0.1 -r 10.0.0.2 -r 10.0.0.3 -w 2
         rsctl add-service tcp/192.0.2.1:80 -s wlc
         rsctl add-server tcp/192.0.2.1:80 -r 10.0.0.1 -r 10.0.0.3 -w 2",
    );
    let mut documents: Vec<Value> = [
        "drain 10.0.0.1 --dry-run",
        "drain 10.0.0.1",
        "drain 10.0.0.3 --service udp/192.0.2.1:53 --then remove --no-wait",
        "slow-start 10.0.0.1 --service tcp/192.0.2.1:80 --over 1",
    ]
    .map(|command| printed(&host, command, ""))
    .into();
    assert_eq!(documents[1]["servers"].as_array().unwrap().len(), 2);
    assert_eq!(documents[2]["servers"][0]["state"], "removed");
    assert_eq!(documents[3]["servers"][0]["state"], "risen");
    host.must("ipvsadm -d -u 192.0.2.1:53 -r 10.0.0.1:53");
    documents.push(printed(&host, "drain --list", ""));
    assert_eq!(documents[4]["servers"][0]["state"], "gone");
    hold("`drain`, `undrain`, `slow-start`", &documents, &[]);
}
