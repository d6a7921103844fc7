// SPDX-License-Identifier: MIT OR Apache-2.0

//! Finds the settings of a kernel that are not as it has them by itself.

use ipvs_netlink::procfs::Sysctl;

use crate::cluster::node::Node;

/// What the kernel has by itself (`ip_vs_control_net_init_sysctl`), in the order of the kernel's
/// documentation. `sync_qlen_max` and `est_cpulist` are not in it: the kernel takes them from the
/// memory and the processors of the host.
const DEFAULTS: [(&str, &str); 30] = [
    ("am_droprate", "10"),
    ("amemthresh", "1024"),
    ("backup_only", "0"),
    ("cache_bypass", "0"),
    ("conn_lfactor", "-4"),
    ("conn_reuse_mode", "1"),
    ("conntrack", "0"),
    ("debug_level", "0"),
    ("drop_entry", "0"),
    ("drop_packet", "0"),
    ("est_nice", "0"),
    ("expire_nodest_conn", "0"),
    ("expire_quiescent_template", "0"),
    ("ignore_tunneled", "0"),
    ("nat_icmp_send", "0"),
    ("pmtu_disc", "1"),
    ("run_estimation", "1"),
    ("schedule_icmp", "0"),
    ("secure_tcp", "0"),
    ("sloppy_sctp", "0"),
    ("sloppy_tcp", "0"),
    ("snat_reroute", "1"),
    ("svc_lfactor", "-3"),
    ("sync_persist_mode", "0"),
    ("sync_ports", "1"),
    ("sync_refresh_period", "0"),
    ("sync_retries", "0"),
    ("sync_sock_size", "0"),
    ("sync_threshold", "3 50"),
    ("sync_version", "1"),
];

/// What it has by itself in any other network namespace than the host's own.
const DEFAULTS_ELSEWHERE: [(&str, &str); 2] = [("conn_lfactor", "-2"), ("svc_lfactor", "-2")];

/// Modes that the kernel changes by itself between 1 and 2 while they are on.
const AUTOMATIC: [&str; 3] = ["drop_entry", "drop_packet", "secure_tcp"];

/// Returns the settings that somebody has changed.
pub(super) fn changed(sysctls: &[Sysctl]) -> Vec<(String, Node)> {
    let changed = |Sysctl { name, value, .. }: &Sysctl| {
        let value = value.as_ref()?.split_ascii_whitespace().collect::<Vec<_>>().join(" ");
        let (name, default) = DEFAULTS.iter().find(|(known, _)| known == name)?;
        if value == *default || DEFAULTS_ELSEWHERE.contains(&(*name, value.as_str())) {
            return None;
        }
        let automatic = AUTOMATIC.contains(name) && value == "2";
        let value = if automatic { "1".to_owned() } else { value };
        Some(((*name).to_owned(), value.parse().map_or(Node::Text(value), Node::Number)))
    };
    sysctls.iter().filter_map(changed).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_somebody_changed_is_said() {
        let found = [
            ("conntrack", Some("1")),
            ("drop_entry", Some("2")),
            ("est_cpulist", Some("0-1")),
            ("est_nice", Some("-5")),
            ("expire_nodest_conn", Some("0")),
            ("new_one", Some("7")),
            ("snat_reroute", None),
            ("sync_qlen_max", Some("12345")),
            ("sync_threshold", Some("3\t50")),
        ];
        let found = found.map(|(name, value)| Sysctl::new(name, value.map(str::to_owned)));
        let said = changed(&found);
        let said: Vec<_> = said.iter().map(|(name, node)| (name.as_str(), node)).collect();
        let (one, nice) = (Node::Number(1), Node::Number(-5));
        assert_eq!(said, [("conntrack", &one), ("drop_entry", &one), ("est_nice", &nice)]);
    }
}
