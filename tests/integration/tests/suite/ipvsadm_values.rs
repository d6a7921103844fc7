// SPDX-License-Identifier: MIT OR Apache-2.0

//! The values of `ipvsadm`'s options, told to both: every form of address and number.

use crate::ipvsadm_rules::{filled, lines};

#[test]
#[ignore = "has the kernel to itself"]
fn ipvsadm_twins_every_form_of_address() {
    let mut pair = filled();
    let addresses = [
        "''",
        "80",
        "192.0.2.1",
        "192.0.2.1:80",
        "192.0.2.1:http",
        "192.0.2.1:domain",
        "192.0.2.1:nope",
        "192.0.2.1:",
        "192.0.2.1:70000",
        "192.0.2.1:65536",
        "192.0.2.1:-1",
        "192.0.2.1:0x50",
        "192.0.2.1:80_",
        "192.0.2.1:_82",
        "192.0.2.1:+81",
        "192.0.2.1:0",
        "10.1:83",
        "10.1.2:83",
        "010.0.0.1:84",
        "0x0a000005:85",
        "0x:85",
        "09.1:85",
        "10.0.0.1_junk:86",
        "10.0.0.256:80",
        "10.0.0.1.2:80",
        ":80",
        "192.0.2.1:80:90",
        "[2001:db8::1]:443",
        "[2001:db8::1]",
        "2001:db8::1",
        "[192.0.2.9]:93",
        "[192.0.2.9]",
        "[fe80::1%lo]:80",
        "[fe80::1]:80",
        "[::]:80",
        "[::ffff:192.0.2.1]:80",
        "[::192.0.2.1]:80",
        "[ff02::1]:80",
        "0.0.0.0:80",
        "127.0.0.1:80",
        "224.0.0.1:80",
        "255.255.255.255:80",
        "[2001:db8::1",
        "2001:db8::1]:80",
        "[]:80",
        "[2001:db8::1]80",
        "[2001:db8::1]:http",
        "4294967295:80",
        "4294967296:80",
        "1.2.3.4.:80",
        "2001:db8:0:0:0:0:0:1",
        "[2001:DB8::00A]:80",
        "[::1.2.3.4]:5",
        "1::2::3",
        "192.0.2.1:00080",
        "192.0.2.1:www",
    ];
    for address in addresses {
        pair.tell(&lines([
            format!("-A -t {address}"),
            format!("-A -u {address} -p 60"),
            format!("-a -t 192.0.2.1:80 -r {address} -m"),
            format!("-a -r {address} -t 192.0.2.1:80 -m -w 5"),
            format!("-a -f 7 -r {address}"),
            format!("-d -t 192.0.2.1:80 -r {address}"),
        ]));
    }
    pair.must_agree("addresses");
}

#[test]
#[ignore = "has the kernel to itself"]
fn ipvsadm_twins_every_form_of_number() {
    let mut pair = filled();
    let numbers = [
        "0",
        "1",
        "5",
        "+5",
        "_5",
        "''",
        "5_",
        "1x",
        "0x10",
        "-1",
        "010",
        "128",
        "129",
        "255",
        "256",
        "65535",
        "65536",
        "2678400",
        "2678401",
        "2147483647",
        "2147483648",
        "4294967295",
        "4294967296",
        "99999999999999999999",
        "a",
        "_",
        "+",
        "64abc",
        "224.0.0.1",
        "255.255.255.0",
        "255.0.255.0",
        "24",
        "/24",
        "10.0.0.1",
    ];
    for number in numbers {
        pair.tell(&lines([
            format!("-e -t 192.0.2.1:80 -r 10.0.0.1 -m -w {number}"),
            format!("-e -t 192.0.2.1:80 -r 10.0.0.1 -m -x {number}"),
            format!("-E -t 192.0.2.1:80 -p {number}"),
            format!("-E -t 192.0.2.1:80 -p 10 -M {number}"),
            format!("-E -t [2001:db8::1]:443 -p 10 -M {number}"),
            format!("-A -f {number} -s rr"),
            format!("--set {number} 0 0"),
            format!("--start-daemon backup --mcast-interface nowhere0 --syncid {number}"),
            format!("--start-daemon master --mcast-interface nowhere0 --sync-maxlen {number}"),
        ]));
    }
    pair.tell_all(&[
        "-E -f 7 -6 -p 10 -M 64",
        "-E -f 7 -M 255.0.0.0 -6 -p 10",
        "-E -f 7 -M 64 -6 -p 10",
        "-E -M 64 -t [2001:db8::1]:443 -p 10",
        "-E -M 64 -f 7 -p 10",
        "-e -t 192.0.2.1:80 -r 10.0.0.1 -m -x 100 -y 101",
        "-e -t 192.0.2.1:80 -r 10.0.0.1 -m -x 100 -y 100",
        "-e -t 192.0.2.1:80 -r 10.0.0.1 -m -y 0",
        "-e -t 192.0.2.1:80 -r 10.0.0.2 -i --tun-type gue --tun-port 0",
        "-e -t 192.0.2.1:80 -r 10.0.0.2 -i --tun-type gue --tun-port 65536",
        "--start-daemon backup --mcast-interface nowhere0 --mcast-port 0",
        "--start-daemon backup --mcast-interface nowhere0 --mcast-port 65536",
        "--start-daemon backup --mcast-interface nowhere0 --mcast-ttl 0",
        "--start-daemon backup --mcast-interface nowhere0 --mcast-ttl 256",
        "--start-daemon backup --mcast-interface nowhere0 --sync-maxlen 65507",
        "--start-daemon backup --mcast-interface nowhere0 --sync-maxlen 65508",
        "-Ln",
        "-L --timeout",
    ]);
    pair.must_agree("numbers");
}
