// SPDX-License-Identifier: MIT OR Apache-2.0

//! Writes what `-Lc` shows: the lines of /proc/net/ip_vs_conn in another dress.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::endpoint::endpoint;
use crate::ipvsadm::names::Names;
use crate::ipvsadm::view::Style;

/// Returns the two lines above the connections.
pub(in crate::ipvsadm) fn connection_title(style: Style) -> String {
    let first = "IPVS connection entries\npro expire ";
    let [state, source, virtual_, destination] = ["state", "source", "virtual", "destination"];
    let front = format!("{first}{state:<11} {source:<18} {virtual_:<18}");
    if style.engines {
        let engine = "pe name";
        format!("{front} {destination:<18} {engine:<16} pe_data\n")
    } else {
        format!("{front} {destination}\n")
    }
}

/// Returns the line for a line of the kernel's file. `None` if it is none.
pub(in crate::ipvsadm) fn connection_line(
    line: &str,
    style: Style,
    names: &mut Names,
) -> Option<String> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let [protocol, ca, cp, va, vp, da, dp, state, expires, rest @ ..] = words.as_slice() else {
        return None;
    };
    let service = protocol.to_ascii_lowercase();
    let mut place = |address, port: &str| {
        let port = u16::from_str_radix(port, 16).ok()?;
        Some(endpoint(self::address(address)?, port, &service, style.numeric, names))
    };
    let (client, vip, server) = (place(ca, cp)?, place(va, vp)?, place(da, dp)?);
    let seconds: u32 = expires.parse().ok()?;
    let expire = format!("{:02}:{:02}", seconds / 60, seconds % 60);
    let front = format!("{protocol:<3} {expire:<6} {state:<11} {client:<18} {vip:<18}");
    Some(match rest {
        [engine, data, ..] if style.engines => {
            format!("{front} {server:<16} {engine:<18} {data}\n")
        }
        _ => format!("{front} {server}\n"),
    })
}

fn address(text: &str) -> Option<IpAddr> {
    if let Ok(v6) = text.parse::<Ipv6Addr>() {
        return Some(v6.into());
    }
    let bits = u32::from_str_radix(text, 16).ok()?;
    Some(Ipv4Addr::from_bits(bits).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(line: &str, engines: bool) -> Option<String> {
        let style = Style { numeric: true, engines, ..Style::default() };
        connection_line(line, style, &mut Names::default())
    }

    #[test]
    fn lines_of_the_kernel_are_dressed_anew() {
        let tcp = "TCP C6336464 9C41 C633640A 0050 0A00000B 1F90 ESTABLISHED     899\n";
        assert_eq!(
            shown(tcp, false).unwrap(),
            "TCP 14:59  ESTABLISHED 198.51.100.100:40001 198.51.100.10:80   10.0.0.11:8080\n"
        );
        let sip = "UDP C6336464 0000 C633640A 13C4 0A00000B 13C4 NONE         59 sip one.two";
        assert_eq!(
            shown(sip, true).unwrap(),
            "UDP 00:59  NONE        198.51.100.100:0   198.51.100.10:5060 10.0.0.11:5060   \
             sip                one.two\n"
        );
        assert_eq!(
            shown("Pro FromIP   FPrt ToIP     TPrt DestIP   DPrt State Expires", true),
            None
        );
        assert_eq!(shown("", false), None);
    }
}
