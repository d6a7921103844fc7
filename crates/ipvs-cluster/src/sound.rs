// SPDX-License-Identifier: MIT OR Apache-2.0

//! Says whether an object may be: what of a service, its servers, the timeouts and the sync
//! daemons the kernel would refuse, or take and then not act on as it says.
//!
//! What is there already, by whatever tool, may stay as it is. So each judgement of a change
//! knows what there was before, and names only what the change brings in.

use ipvs_netlink::{
    Change, Destination, DestinationKey, Invalid, Persistence, PersistenceTimeout, Scheduler,
    Service, ServiceKey, SetTimeouts, SyncDaemon, Thresholds, Timeouts,
};

use crate::sysctl::SysctlName;

/// Slots of the table of `mh` in a kernel that was not configured otherwise
/// (`CONFIG_IP_VS_MH_TAB_INDEX` 12). No kernel tells but by its configuration
/// ([`mh_slots_of`]).
pub const MH_SLOTS: usize = 4093;

/// Returns how many slots the table of `mh` has in the kernel of which this is the configuration:
/// the text of `/boot/config-RELEASE` or, unpacked, of `/proc/config.gz`. `None` if it does not say.
#[must_use]
pub fn mh_slots_of(configuration: &str) -> Option<usize> {
    /// From index 8 on (`ip_vs_mh.c: primes`).
    const PRIMES: [usize; 10] = [251, 509, 1021, 2039, 4093, 8191, 16381, 32749, 65521, 131_071];
    let value = |line: &str| Some(line.strip_prefix("CONFIG_IP_VS_MH_TAB_INDEX=")?.trim().parse());
    let index: usize = configuration.lines().find_map(value)?.ok()?;
    PRIMES.get(index.checked_sub(8)?).copied()
}

/// Says why an object is not sound: the kernel would refuse it, or take it and not act on it
/// as it says.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Unsound {
    /// A value, or a combination of values, that ipvs-netlink refuses to send.
    #[error(transparent)]
    Invalid(#[from] Invalid),
    /// The kernel keeps 32 bits of a sync id and puts 8 into a message.
    #[error("sync id {0} is out of range: use 0 to 255")]
    SyncId(u32),
    /// The scheduler `mh` has fewer slots than the service has servers.
    #[error(
        "mh has a table of {slots} slots{}, and the kernel refuses it or never schedules some of \
         the {servers} servers of {service}",
        if *slots == MH_SLOTS { ", unless the kernel was built with another" } else { "" }
    )]
    Crowd {
        /// The service.
        service: ServiceKey,
        /// How many servers it is to have.
        servers: usize,
        /// How many slots there are.
        slots: usize,
    },
    /// The kernel has no server of the other address family beside a sync daemon, whoever made
    /// them.
    #[error(
        "{server} and {service} are of different address families, and the kernel has no such \
         server while a sync daemon runs"
    )]
    BesideDaemon {
        /// The service.
        service: ServiceKey,
        /// The server.
        server: DestinationKey,
    },
    /// The kernel does not have the setting.
    #[error("this kernel has no setting net.ipv4.vs.{0}")]
    NoSysctl(SysctlName),
}

/// Judges a service that takes the place of `before`.
pub(crate) fn service(before: Option<&Service>, after: &Service) -> Option<Unsound> {
    let change = |service: &Service| Change::SetService(service.clone());
    let checked = match before {
        Some(before) => change(after).check_edit_of(&change(before)),
        None => after.check(),
    };
    let timeout = |persistence: Persistence| persistence.timeout;
    let now = before.and_then(|before| before.persistence.map(timeout));
    let wanted = after.persistence.map(timeout).filter(|wanted| Some(*wanted) != now);
    let timeout = wanted.and_then(|it| PersistenceTimeout::from_seconds(it.as_seconds()).err());
    checked.err().or(timeout).map(Unsound::from)
}

/// Judges a server that takes the place of `before`.
pub(crate) fn server(
    service: &ServiceKey,
    before: Option<&Destination>,
    after: &Destination,
) -> Option<Unsound> {
    let change = |destination| Change::SetDestination { service: *service, destination };
    let checked = match before {
        Some(before) => change(*after).check_edit_of(&change(*before)),
        None => after.check(service),
    };
    let limits = after.thresholds;
    let limits = Some(limits).filter(|limits| before.is_none_or(|it| it.thresholds != *limits));
    let limits = limits.and_then(|it| Thresholds::new(it.upper(), it.lower()).err());
    checked.err().or(limits).map(Unsound::from)
}

/// Judges timeouts that take the place of `before`.
pub(crate) fn timeouts(before: &Timeouts, after: &SetTimeouts) -> Option<Unsound> {
    after.check_edit_of(before).err().map(Unsound::from)
}

/// Judges a sync daemon that is to be started.
pub(crate) fn daemon(daemon: &SyncDaemon) -> Option<Unsound> {
    let id = daemon.whole_sync_id();
    let id = (id > u32::from(u8::MAX)).then_some(Unsound::SyncId(id));
    daemon.check().err().map(Unsound::from).or(id)
}

/// Judges how many servers a service is to have.
pub(crate) fn crowd(service: &Service, servers: usize, slots: usize) -> Option<Unsound> {
    (service.scheduler == Scheduler::Mh && servers > slots).then_some(Unsound::Crowd {
        service: service.key,
        servers,
        slots,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kernel_tells_its_table_of_mh_by_its_configuration() {
        let config = |index: &str| {
            mh_slots_of(&format!("CONFIG_IP_VS_MH=m\nCONFIG_IP_VS_MH_TAB_INDEX={index}\n# end\n"))
        };
        assert_eq!(config("12"), Some(MH_SLOTS));
        assert_eq!((config("8"), config("17")), (Some(251), Some(131_071)));
        for other in ["7", "18", "", "x", "12x"] {
            assert_eq!(config(other), None, "{other}");
        }
        assert_eq!(mh_slots_of("# CONFIG_IP_VS_MH is not set\n"), None);
    }
}
