// SPDX-License-Identifier: MIT OR Apache-2.0
//! What targets of iptables' extensions do with a packet. Rules of nftables have them too, where
//! `iptables-nft` wrote them. A target that is not known may do anything.

/// Targets that let a packet go on to the next rule as it is.
const HARMLESS: [&str; 26] = [
    "LOG",
    "NFLOG",
    "ULOG",
    "AUDIT",
    "TRACE",
    "MARK",
    "CONNMARK",
    "CONNSECMARK",
    "SECMARK",
    "CT",
    "NOTRACK",
    "TCPMSS",
    "TCPOPTSTRIP",
    "CHECKSUM",
    "CLASSIFY",
    "DSCP",
    "ECN",
    "HMARK",
    "IDLETIMER",
    "LED",
    "RATEEST",
    "TOS",
    "TTL",
    "HL",
    "SET",
    // Of which only a copy goes elsewhere.
    "TEE",
];

/// Whether that target neither decides about a packet nor gives it another destination.
pub(in super::super) fn is_harmless(target: &str) -> bool {
    HARMLESS.contains(&target)
}

/// Whether that target may give a packet another destination.
pub(in super::super) fn may_rewrite(target: &str) -> bool {
    !is_harmless(target) && !matches!(target, "SNAT" | "MASQUERADE" | "REJECT")
}

/// Whether that target may drop a packet.
pub(in super::super) fn may_drop(target: &str) -> bool {
    !is_harmless(target)
        && !matches!(target, "SNAT" | "MASQUERADE" | "DNAT" | "REDIRECT" | "NETMAP")
}
