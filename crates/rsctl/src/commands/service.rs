// SPDX-License-Identifier: MIT OR Apache-2.0

use ipvs_netlink::{
    Netmask, Persistence, PersistenceTimeout, Scheduler, SchedulerFlag, SchedulerFlags, Service,
    ServiceKey,
};

use crate::cli::ServiceSettings;
use crate::refusal::Refusal;

/// Returns a service of which nothing is said.
pub(super) fn default(key: ServiceKey) -> Service {
    Service::new(key, Scheduler::Wlc)
}

/// Changes what `settings` names and leaves the rest of `service`.
pub(super) fn set(service: &mut Service, settings: &ServiceSettings) -> Result<(), Refusal> {
    if let Some(scheduler) = &settings.scheduler {
        set_scheduler(service, scheduler);
    }
    if !settings.flags.is_empty() {
        service.scheduler_flags = bits(&settings.flags, &service.scheduler)?;
    }
    if let Some(timeout) = settings.persistent {
        let now = service.persistence.unwrap_or(Persistence {
            timeout: PersistenceTimeout::DEFAULT,
            netmask: Netmask::host(service.key.family()),
        });
        service.persistence = Some(Persistence { timeout: timeout.unwrap_or(now.timeout), ..now });
    }
    if let Some(text) = &settings.netmask {
        let netmask = Netmask::parse(text, service.key.family())?;
        service.persistence.as_mut().ok_or(Refusal::NetmaskWithoutPersistence)?.netmask = netmask;
    }
    if let Some(engine) = &settings.engine {
        if service.persistence.is_none() {
            return Err(Refusal::EngineWithoutPersistence);
        }
        service.engine = Some(engine.clone());
    }
    if settings.one_packet {
        service.one_packet = true;
    }
    Ok(())
}

/// The kernel would keep the flag bits: `sh-port` would lie dormant under `rr`
/// and wake up as something else under a third scheduler.
fn set_scheduler(service: &mut Service, scheduler: &Scheduler) {
    if !service.scheduler.shares_flags_with(scheduler) {
        service.scheduler_flags = SchedulerFlags::empty();
    }
    service.scheduler = scheduler.clone();
}

fn bits(words: &[SchedulerFlag], scheduler: &Scheduler) -> Result<SchedulerFlags, Refusal> {
    let mut bits = SchedulerFlags::empty();
    for word in words {
        if let Some(owner) = word.scheduler().filter(|owner| owner != scheduler) {
            let scheduler = scheduler.clone();
            return Err(Refusal::ForeignFlag { flag: word.name(), owner, scheduler });
        }
        bits |= word.bit();
    }
    Ok(bits)
}
