// SPDX-License-Identifier: MIT OR Apache-2.0

//! Answers `-h` and `-v`. The words of the help are our own; the version is the one of the
//! `ipvsadm` whose behaviour this is, because scripts read it.

/// The line that `-v` prints.
pub(super) const VERSION: &str = "ipvsadm v1.31 2019/12/24 (compiled with popt and IPVS v1.2.1)\n";

/// Returns what `-h` prints.
pub(super) fn help(program: &str) -> String {
    format!("{VERSION}{}", TEXT.replace("PROGRAM", program))
}

const TEXT: &str = "\
This is rsctl's stand-in for it: the same words, output and exit codes.

Usage:
  PROGRAM -A|-E SERVICE [-s SCHEDULER] [-p [SECONDS]] [-M MASK]
                [--pe ENGINE] [-b FLAGS] [-o]
  PROGRAM -D SERVICE
  PROGRAM -a|-e SERVICE -r SERVER [-g|-i|-m] [-w WEIGHT] [-x UPPER]
                [-y LOWER] [TUNNEL]
  PROGRAM -d SERVICE -r SERVER
  PROGRAM -L|-l [SERVICE] [-n] [--exact] [--nosort] [--stats|--rate|
                --thresholds|--persistent-conn|--tun-info]
  PROGRAM -L -c [-n] [--persistent-conn]
  PROGRAM -L --timeout | --daemon
  PROGRAM -C
  PROGRAM -Z [SERVICE]
  PROGRAM -S [-n]
  PROGRAM -R
  PROGRAM --set TCP TCPFIN UDP
  PROGRAM --start-daemon master|backup [--mcast-interface NAME]
                [--syncid N] [--sync-maxlen N] [--mcast-group ADDRESS]
                [--mcast-port N] [--mcast-ttl N]
  PROGRAM --stop-daemon master|backup [--syncid N]
  PROGRAM -h | -v

Commands, which come first:
  -A --add-service      add a virtual service
  -E --edit-service     replace its settings
  -D --delete-service   delete it
  -a --add-server       add a real server
  -e --edit-server      replace its settings
  -d --delete-server    delete it
  -L --list             show the table
  -Z --zero             set counters to 0
  -C --clear            delete everything
  -S --save             write the table for -R
  -R --restore          carry out lines from stdin
  --set                 set timeouts (0: leave)
  --start-daemon        synchronize connections
  --stop-daemon         stop doing so

SERVICE is one of
  -t --tcp-service HOST[:PORT]      -u --udp-service HOST[:PORT]
  --sctp-service HOST[:PORT]        -f --fwmark-service MARK [-6 | --ipv6]

Options of a service:
  -s --scheduler NAME       rr, wrr, lc, wlc (the default), fo, ovf, lblc,
                            lblcr, dh, sh, mh, sed, nq
  -p --persistent [SECONDS] keep clients on their server; 360 s if not given
  -M --netmask MASK         what makes a client: an IPv4 mask, or an IPv6 prefix
                            length
  --pe ENGINE               find the client elsewhere than in its address: sip
  -b --sched-flags FLAGS    sh-fallback, sh-port, mh-fallback, mh-port, flag-1,
                            flag-2, flag-3
  -o --ops                  schedule each UDP packet by itself

Options of a server:
  -r --real-server HOST[:PORT]
  -g --gatewaying (the default), -i --ipip, -m --masquerading
  -w --weight N             its share of new connections; 0 for none; default 1
  -x --u-threshold N        no new connections from here on (0: no limit)
  -y --l-threshold N        new ones again below
  TUNNEL is --tun-type ipip|gue|gre [--tun-port N]
            [--tun-nocsum|--tun-csum|--tun-remcsum]

Other options:
  -n --numeric              look up no names
  -c --connection           show connections
  -X --exact                show numbers in full
  --nosort                  show the kernel's order
";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_help_fits_a_narrow_terminal() {
        for line in help("rsctl ipvsadm").lines() {
            assert!(line.len() <= 80, "{line}");
        }
    }
}
