// SPDX-License-Identifier: MIT OR Apache-2.0

//! What `rsctl` refuses, in which words, with which exit status; and that the
//! table is untouched whoever refused, `rsctl` or the kernel.

#[path = "../../../../crates/rsctl/tests/support/page.rs"]
pub(crate) mod page;

use lab::{Host, Output, kernel};

use crate::rsctl_cli::table;

/// One service with a masqueraded server on another port, one of direct
/// routing.
fn director() -> Host {
    let host = Host::new("director");
    host.must(
        "ipvsadm -A -t 192.0.2.1:80 -s rr -p 60
         ipvsadm -a -t 192.0.2.1:80 -r 10.0.0.1:8080 -m -w 5 -x 100 -y 50
         ipvsadm -a -t 192.0.2.1:80 -r 10.0.0.2:80 -g -w 3",
    );
    host
}

/// Each line of `cases` is refused with `status` and exactly its text, and
/// changes nothing.
#[track_caller]
fn refused(status: i32, cases: &[(&str, &str)]) {
    let host = director();
    let before = table(&host);
    for (command, stderr) in cases {
        let output = host.sh(&format!("rsctl {command}"));
        let expected = Output { status, stdout: String::new(), stderr: format!("{stderr}\n") };
        assert_eq!(output, expected, "rsctl {command}");
        assert_eq!(table(&host), before, "rsctl {command}");
    }
}

#[test]
fn bad_input_is_refused_before_the_kernel_sees_it() {
    refused(
        2,
        &[
            (
                "add-server tcp/192.0.2.1:80 -r 10.0.0.3 -w -1",
                "error: weight -1 is out of range: use 0 to 2147483647\n\
                 hint: see `rsctl add-server --help`",
            ),
            (
                "edit-server tcp/192.0.2.1:80 -r 10.0.0.2 -w 2147483648",
                "error: weight 2147483648 is out of range: use 0 to 2147483647\n\
                 hint: see `rsctl edit-server --help`",
            ),
            (
                "add-service -t 192.0.2.2:70000",
                "error: port 70000 is out of range: use 0 to 65535\n\
                 hint: see `rsctl add-service --help`",
            ),
            (
                "add-service -t 010.0.0.1:80",
                "error: `010.0.0.1` is not an IP address\n\
                 hint: write plain decimal numbers: a leading 0 means octal to some programs\n\
                 hint: see `rsctl add-service --help`",
            ),
            (
                "add-service -t localhost:80",
                "error: `localhost` is not an IP address\n\
                 hint: names are not looked up: write the address\n\
                 hint: see `rsctl add-service --help`",
            ),
            (
                "edit-service tcp/192.0.2.1:80 -s wrr -p 90 -M 24",
                "error: cannot edit service tcp/192.0.2.1:80: `24` is not a netmask: expected \
                 255.255.255.0, /24 or, for IPv6, 64\n\
                 hint: write /24 for a prefix; ipvsadm reads `24` as the mask 0.0.0.24",
            ),
            (
                "edit-service tcp/192.0.2.1:80 --ops",
                "error: cannot edit service tcp/192.0.2.1:80: one-packet scheduling works for \
                 UDP only\n\
                 hint: leave out --ops, or make the service a UDP one",
            ),
            (
                "edit-service tcp/192.0.2.1:80 -b sh-port",
                "error: cannot edit service tcp/192.0.2.1:80: sh-port is a flag of the scheduler \
                 sh, and the service's is rr\n\
                 hint: name the scheduler too: -s sh",
            ),
            (
                "add-service tcp/192.0.2.2:80 -s WRR",
                "error: `WRR` is not a scheduler name: use 1 to 15 of a-z, 0-9 and _\n\
                 hint: did you mean `wrr`?\n\
                 hint: see `rsctl add-service --help`",
            ),
            (
                "add-service -f 0",
                "error: firewall mark 0 means `no mark`; use 1 to 4294967295\n\
                 hint: see `rsctl add-service --help`",
            ),
            (
                "add-server tcp/192.0.2.1:80 -r 224.0.0.1",
                "error: cannot add server 224.0.0.1:80 to tcp/192.0.2.1:80: 224.0.0.1 cannot be \
                 a real server's address: it is a multicast address\n\
                 hint: name the real server's own unicast address",
            ),
            (
                "edit-server tcp/192.0.2.1:80 -r 10.0.0.1:8080 -g",
                "error: cannot edit server 10.0.0.1:8080 of tcp/192.0.2.1:80: dr cannot \
                 change the port: 10.0.0.1:8080 would receive packets for port 80 (the port of \
                 tcp/192.0.2.1:80)\n\
                 hint: a server's port cannot change: add one with the service's port, then \
                 delete this one",
            ),
            (
                "edit-server tcp/192.0.2.1:80 -r 10.0.0.1:8080 -g -w 9 -x 40",
                "error: cannot edit server 10.0.0.1:8080 of tcp/192.0.2.1:80: lower threshold 50 \
                 is above upper threshold 40\n\
                 hint: name both thresholds, -x and -y",
            ),
            (
                "edit-server tcp/192.0.2.1:80 -r 10.0.0.2 --tun-port 6080",
                "error: cannot edit server 10.0.0.2:80 of tcp/192.0.2.1:80: tunnel options need \
                 a tunnelled server, and 10.0.0.2:80 is not tunnelled\n\
                 hint: make it a tunnel with -i",
            ),
            (
                "edit-server tcp/192.0.2.1:80 -r 10.0.0.2 -i --tun-type gue",
                "error: cannot edit server 10.0.0.2:80 of tcp/192.0.2.1:80: a gue tunnel needs \
                 a port\n\
                 hint: name the real server's UDP port with --tun-port",
            ),
        ],
    );
}

/// `docs/errors.md`, of which the rows that need no kernel are also held against
/// the program by its own tests.
#[test]
fn no_row_of_the_page_changes_the_table() {
    let host = director();
    let before = table(&host);
    let mut beside_a_table = 0;
    for row in page::rows("rsctl") {
        // The others say the same on every kernel, and without one.
        if row.section != page::OF_THE_KERNEL && kernel() < (7, 0) {
            continue;
        }
        let output = host.sh(&row.command);
        row.check(Some(output.status), &output.stdout, &output.stderr);
        if row.section == page::OF_THE_KERNEL {
            beside_a_table += 1;
            assert_eq!(table(&host), before, "{}", row.command);
        }
    }
    assert!(beside_a_table >= 8, "{beside_a_table} rows");
    assert_eq!(table(&host), before);
}

#[test]
fn a_refusal_of_the_kernel_is_explained() {
    let schedulers = "rr, wrr, lc, wlc, fo, ovf, lblc, lblcr, dh, sh, mh, sed, nq, twos, none";
    let unknown = format!(
        "error: cannot add service tcp/192.0.2.2:80: the kernel has no scheduler wrrr (ENOENT)\n\
         hint: did you mean `wrr`?\n\
         hint: the kernel looked for the module ip_vs_wrrr; usual schedulers are {schedulers}"
    );
    let missing_service = |what: &str| {
        format!(
            "error: cannot {what}: there is no service tcp/192.0.2.2:80 (ESRCH)\n\
             hint: list the services to see protocol, address and port"
        )
    };
    let missing_server = |what: &str| {
        format!(
            "error: cannot {what} server 10.0.0.9:80 of tcp/192.0.2.1:80: the service has no \
             such server (ENOENT)\n\
             hint: list the service to see its servers: address and port must both match"
        )
    };
    refused(
        5,
        &[
            (
                "add-service tcp/192.0.2.1:80",
                "error: cannot add service tcp/192.0.2.1:80: it exists already (EEXIST)\n\
                 hint: edit the service instead, or delete it first",
            ),
            (
                "add-server tcp/192.0.2.1:80 -r 10.0.0.2 -m",
                "error: cannot add server 10.0.0.2:80 to tcp/192.0.2.1:80: it exists already \
                 (EEXIST)\n\
                 hint: edit the server instead; its address and port can be in a service only \
                 once, whatever its forwarding method",
            ),
        ],
    );
    refused(1, &[("add-service tcp/192.0.2.2:80 -s wrrr", &unknown)]);
    refused(
        6,
        &[
            (
                "edit-service tcp/192.0.2.2:80 -s rr",
                &missing_service("edit service tcp/192.0.2.2:80"),
            ),
            (
                "delete-service tcp/192.0.2.2:80",
                &missing_service("delete service tcp/192.0.2.2:80"),
            ),
            (
                "add-server tcp/192.0.2.2:80 -r 10.0.0.9",
                &missing_service("add server 10.0.0.9:80 to tcp/192.0.2.2:80"),
            ),
            (
                "edit-server tcp/192.0.2.2:80 -r 10.0.0.9",
                &missing_service("edit server 10.0.0.9:80 of tcp/192.0.2.2:80"),
            ),
            (
                "delete-server tcp/192.0.2.2:80 -r 10.0.0.9",
                &missing_service("delete server 10.0.0.9:80 of tcp/192.0.2.2:80"),
            ),
            ("edit-server tcp/192.0.2.1:80 -r 10.0.0.9 -w 0", &missing_server("edit")),
            ("delete-server tcp/192.0.2.1:80 -r 10.0.0.9", &missing_server("delete")),
            (
                "list tcp/192.0.2.2:80",
                "error: cannot list service tcp/192.0.2.2:80: there is no such service\n\
                 hint: `rsctl list` shows the services: protocol, address and port",
            ),
        ],
    );
}

#[test]
fn without_the_capability_it_says_so_and_helps_all_the_same() {
    let host = director();
    let before = table(&host);
    for (become_nobody, command, operation) in [
        ("setpriv --reuid 65534 --clear-groups", "zero", "zero all counters"),
        (
            "setpriv --bounding-set -net_admin --inh-caps -net_admin",
            "delete-service tcp/192.0.2.1:80",
            "delete service tcp/192.0.2.1:80",
        ),
        ("setpriv --reuid 65534 --clear-groups", "clear", "delete all services"),
    ] {
        let output = host.sh(&format!("{become_nobody} rsctl {command}"));
        let stderr = format!(
            "error: cannot {operation}: the kernel did not permit it (EPERM)\n\
             hint: run it as root: IPVS wants CAP_NET_ADMIN in the initial user namespace, so \
             root inside a rootless container is not enough\n"
        );
        assert_eq!(output, Output { status: 1, stdout: String::new(), stderr }, "{command}");
        let help = host.must(&format!("{become_nobody} rsctl add-server --help")).stdout;
        assert!(help.contains("--u-threshold"), "{help}");
    }
    assert_eq!(table(&host), before);
}
