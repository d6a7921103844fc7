// SPDX-License-Identifier: MIT OR Apache-2.0

//! Names the settings under `net.ipv4.vs`, and holds a value of one.
//!
//! Linux 6.1 to 7.3 have these; what each means is in the kernel's
//! `Documentation/networking/ipvs-sysctl.rst`. The list is closed, so that a name with a typing
//! error is told before anything is done, on a host without IPVS too.

use std::fmt;
use std::str::FromStr;

/// Names a setting under `net.ipv4.vs`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SysctlName(&'static str);

/// Those of any kernel, by name.
const NAMES: [&str; 34] = [
    "am_droprate",
    "amemthresh",
    "backup_only",
    "cache_bypass",
    "conn_lfactor",
    "conn_reuse_mode",
    "conntrack",
    "debug_level",
    "drop_entry",
    "drop_packet",
    "est_cpulist",
    "est_nice",
    "expire_nodest_conn",
    "expire_quiescent_template",
    "ignore_tunneled",
    "lblc_expiration",
    "lblcr_expiration",
    "nat_icmp_send",
    "pmtu_disc",
    "run_estimation",
    "schedule_icmp",
    "secure_tcp",
    "sloppy_sctp",
    "sloppy_tcp",
    "snat_reroute",
    "svc_lfactor",
    "sync_persist_mode",
    "sync_ports",
    "sync_qlen_max",
    "sync_refresh_period",
    "sync_retries",
    "sync_sock_size",
    "sync_threshold",
    "sync_version",
];

/// Says that no kernel from 6.1 to 7.3 has a setting of that name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no kernel has a setting net.ipv4.vs.{0}")]
pub struct UnknownSysctl(pub String);

impl SysctlName {
    /// Returns all of them, by name.
    pub fn known() -> impl Iterator<Item = Self> {
        NAMES.into_iter().map(Self)
    }

    /// Returns its name, for example `expire_nodest_conn`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.0
    }

    /// Returns the scheduler whose module brings the setting: before it is loaded the kernel does
    /// not have it.
    pub(crate) fn of_scheduler(self) -> Option<&'static str> {
        self.0.strip_suffix("_expiration").filter(|name| matches!(*name, "lblc" | "lblcr"))
    }

    /// Says whether the kernel moves between 1 and 2 by itself: 1 asks for it, and while memory is
    /// short it shows 2.
    fn is_automatic(self) -> bool {
        matches!(self.0, "drop_entry" | "drop_packet" | "secure_tcp")
    }
}

impl FromStr for SysctlName {
    type Err = UnknownSysctl;

    fn from_str(text: &str) -> Result<Self, UnknownSysctl> {
        let known = NAMES.binary_search(&text).ok().and_then(|place| NAMES.get(place));
        known.map(|name| Self(name)).ok_or_else(|| UnknownSysctl(text.to_owned()))
    }
}

impl fmt::Display for SysctlName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

/// Holds a setting under `net.ipv4.vs` with the value that is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sysctl {
    name: SysctlName,
    value: String,
}

/// Says that a value is none of the setting's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{value}` is no value of net.ipv4.vs.{name}: it takes {takes}")]
pub struct BadSysctl {
    name: SysctlName,
    value: String,
    takes: &'static str,
}

impl Sysctl {
    /// Returns the setting with that value: a number, or what else it takes. Whether the number is
    /// in range is the kernel's to say.
    ///
    /// # Errors
    /// [`BadSysctl`] for a text that is none of this setting's.
    pub fn new(name: SysctlName, value: &str) -> Result<Self, BadSysctl> {
        let value = plain(value);
        let are_numbers = |text: &str, most| {
            let mut words = text.split(' ');
            words.by_ref().take(most).all(|word| word.parse::<i32>().is_ok())
                && words.next().is_none()
        };
        let (takes, is_good) = match name.0 {
            "sync_threshold" => ("one or two numbers", are_numbers(&value, 2)),
            "est_cpulist" => (
                "numbers of processors, such as 0-3,8",
                value.bytes().all(|byte| byte.is_ascii_digit() || b",-:/".contains(&byte)),
            ),
            _ => ("a number", are_numbers(&value, 1)),
        };
        if is_good { Ok(Self { name, value }) } else { Err(BadSysctl { name, value, takes }) }
    }

    /// Returns which setting it is.
    pub fn name(&self) -> SysctlName {
        self.name
    }

    /// Returns the value that is wanted.
    #[must_use]
    pub fn value(&self) -> &str {
        &self.value
    }

    /// Says whether the kernel's value is that one.
    pub(crate) fn is(&self, found: &str) -> bool {
        let found = plain(found);
        let is_automatic = |value: &str| self.name.is_automatic() && matches!(value, "1" | "2");
        self.value == found || is_automatic(&self.value) && is_automatic(&found)
    }
}

/// Returns a value with one blank between its words: the kernel writes tabs.
fn plain(value: &str) -> String {
    value.split_ascii_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_among_the_sorted() {
        assert!(NAMES.is_sorted());
        for name in SysctlName::known() {
            assert_eq!(name.as_str().parse(), Ok(name));
        }
        for other in ["", "conntrac", "net.ipv4.vs.conntrack", "../ip_forward"] {
            assert!(other.parse::<SysctlName>().is_err(), "{other}");
        }
    }

    #[test]
    fn a_value_is_what_its_setting_takes() {
        let sysctl = |name: &str, value| Sysctl::new(name.parse().unwrap(), value);
        for (name, value, found) in [
            ("conntrack", "1", "1"),
            ("est_nice", "-5", "-5"),
            ("sync_threshold", "3  50", "3\t50"),
            ("est_cpulist", "0-3,8", "0-3,8"),
            ("est_cpulist", "", ""),
            ("drop_entry", "1", "2"),
        ] {
            let it = sysctl(name, value).unwrap();
            assert!(it.is(found) && !it.is("7"), "{name}");
        }
        assert!(!sysctl("conntrack", "1").unwrap().is("2"));
        for (name, value) in [
            ("conntrack", "yes"),
            ("conntrack", ""),
            ("conntrack", "1 2"),
            ("sync_threshold", "1 2 3"),
            ("est_cpulist", "all"),
            ("conntrack", "1\n2"),
        ] {
            assert!(sysctl(name, value).is_err(), "{name} {value:?}");
        }
        assert_eq!(
            sysctl("conntrack", "yes").unwrap_err().to_string(),
            "`yes` is no value of net.ipv4.vs.conntrack: it takes a number"
        );
    }
}
