// SPDX-License-Identifier: MIT OR Apache-2.0

//! Judges what an apply would do, and keeps in mind what is ours.

use ipvs_cluster::{Desired, Flaw, ObservedService, Outlook, Trap, Unsound};
use ipvs_netlink::{Destination, ServiceKey};

use crate::cli::Allow;
use crate::commands::Director;
use crate::commands::converge::{Converged, Judge, sysctls};
use crate::commands::director::unkept;
use crate::error::{Error, Refused};
use crate::kept::{Objects, Reach};

/// Notes what is to be told beside the plan.
#[derive(Debug, Default)]
pub(crate) struct Note {
    /// What is refused, and was only to be shown.
    pub(crate) refused: Vec<Refused>,
    /// The services of others.
    pub(crate) services: Vec<ObservedService>,
    /// The servers of others in our services.
    pub(crate) servers: Vec<(ServiceKey, Destination)>,
    /// Services that are not wanted and stay, for the servers of others.
    pub(crate) kept: Vec<ServiceKey>,
}

pub(super) struct Guard<'a> {
    pub(super) director: &'a Director,
    pub(super) file: String,
    pub(super) desired: &'a Desired,
    /// What is ours so far, if there was an apply before.
    pub(super) owned: Option<Objects>,
    pub(super) allow: Allow,
}

impl Guard<'_> {
    fn refused(&self, outlook: &Outlook<'_>) -> Vec<Refused> {
        let Allow {
            allow_empty,
            allow_deletes,
            allow_scheduler_change,
            allow_hash_drain,
            allow_no_servers,
            allow_mh_crowd: _,
        } = self.allow;
        let mut refused = Vec::new();
        let loss = outlook.loss();
        let is_meant = allow_deletes || allow_empty && self.desired.services().is_empty();
        if loss.is_large() && !is_meant {
            refused.push(Refused {
                kind: "deletes",
                effect: format!("{loss} would be deleted"),
                option: Some("--allow-deletes"),
            });
        }
        for trap in outlook.traps() {
            let (kind, option, is_meant) = match &trap {
                Trap::Scheduler { .. } => {
                    ("scheduler-change", Some("--allow-scheduler-change"), allow_scheduler_change)
                }
                Trap::HashDrain { .. } => {
                    ("hash-drain", Some("--allow-hash-drain"), allow_hash_drain)
                }
                Trap::NoServers { .. } => {
                    ("no-servers", Some("--allow-no-servers"), allow_no_servers)
                }
                _ => ("other", None, false),
            };
            if !is_meant {
                refused.push(Refused { kind, effect: trap.to_string(), option });
            }
        }
        refused
    }

    /// Returns what is ours while the change goes on, and if it ends half-way.
    fn meanwhile(&self) -> Objects {
        let mut objects = wanted(self.desired);
        if let Some(owned) = &self.owned {
            objects.add_all(owned);
        }
        objects
    }

    fn own(&mut self, objects: Objects) -> Result<(), Error> {
        if self.owned.as_ref() != Some(&objects) {
            self.director.kept()?.set_owned(Some(&objects))?;
            self.owned = Some(objects);
        }
        Ok(())
    }
}

fn wanted(desired: &Desired) -> Objects {
    let services = desired.services().iter();
    let objects =
        services.map(|it| (it.service.key, it.servers.iter().map(|it| it.server.key).collect()));
    Objects(objects.collect())
}

impl Judge for Guard<'_> {
    type Note = (Note, Option<Objects>);

    fn unsound(&self, flaws: Vec<Flaw>) -> Error {
        let refused = flaws.into_iter().map(|flaw| {
            let (kind, option) = match flaw.why {
                Unsound::Crowd { .. } => ("mh-crowd", Some("--allow-mh-crowd")),
                Unsound::BesideDaemon { .. } => ("mixed-families", None),
                Unsound::NoSysctl(_) => ("sysctl", None),
                _ => ("unsound", None),
            };
            Refused { kind, effect: flaw.why.to_string(), option }
        });
        Error::Trapped { file: self.file.clone(), refused: refused.collect() }
    }

    fn judge(&mut self, outlook: &Outlook<'_>) -> Result<Self::Note, Error> {
        let refused = self.refused(outlook);
        if !refused.is_empty() && !self.director.dry_run {
            return Err(Error::Trapped { file: self.file.clone(), refused });
        }
        let foreign = outlook.foreign();
        let kept = outlook.kept_for_others();
        let note = Note {
            refused,
            services: foreign.services().iter().map(|it| (*it).clone()).collect(),
            servers: foreign.servers().iter().map(|(key, it)| (*key, **it)).collect(),
            kept,
        };
        Ok((note, self.owned.clone()))
    }

    fn reach(&self, outlook: &Outlook<'_>) -> Reach {
        let mut objects = self.meanwhile();
        let scope = self.desired.scope();
        for entry in &outlook.observed().services {
            let service = entry.service.key;
            let server = |server: &Destination| ipvs_cluster::Subject::Server(service, server.key);
            if scope.contains(&ipvs_cluster::Subject::Service(service)) {
                objects.add_service(service);
                let own = entry.servers.iter().filter(|it| scope.contains(&server(it)));
                own.for_each(|it| objects.add_server(service, it.key));
            }
        }
        Reach {
            everything: false,
            objects,
            timeouts: self.desired.timeouts().is_some(),
            daemons: self.desired.daemons().is_some(),
            sysctls: sysctls(outlook.observed()),
        }
    }

    fn begin(&mut self) -> Result<(), Error> {
        // Before the first change: what is made and then not known as ours would never go.
        let objects = self.meanwhile();
        self.own(objects)
    }

    fn end(&mut self, converged: &Converged, (note, before): &Self::Note) -> Result<(), Error> {
        let objects = match &converged.back {
            Some(back) if back.is_converged() => before.clone().unwrap_or_default(),
            // What is left to do goes on to be ours.
            _ if converged.fell_short() => return Ok(()),
            _ => {
                let mut objects = wanted(self.desired);
                note.kept.iter().for_each(|key| objects.add_service(*key));
                objects
            }
        };
        if let Err(error) = self.own(objects) {
            unkept(&format!(
                "what is not wanted any more stays in the record of what is ours: {error}"
            ));
        }
        Ok(())
    }
}
