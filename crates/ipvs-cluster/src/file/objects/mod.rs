// SPDX-License-Identifier: MIT OR Apache-2.0

//! Holds the objects of the file. They are stable: within `ipvs-table/2` fields may be added, none
//! is renamed, removed or given another meaning. What `ipvs-table/1` called otherwise is an alias.

mod daemon;
mod server;
mod service;

use std::fmt;

use ipvs_netlink::{Destination, Service, SyncDaemon, SyncDaemonEntry, Timeouts};
use serde::{Deserialize, Serialize, Serializer};
use serde_json::Value;
use serde_json::value::RawValue;

use super::pieces::Pieces;
use crate::plan::Step;
use crate::sysctl::SysctlName;

pub(super) use daemon::{DaemonObject, TimeoutsObject};
pub(super) use server::ServerObject;
pub(super) use service::ServiceObject;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TableObject<'a> {
    #[serde(rename = "format")]
    pub(super) _format: String,
    #[serde(default, borrow)]
    pub(super) timeouts: Option<&'a RawValue>,
    #[serde(default, borrow)]
    pub(super) daemons: Option<Pieces<'a>>,
    #[serde(borrow)]
    pub(super) services: Pieces<'a>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's way to call it")]
fn is_zero(number: &u32) -> bool {
    *number == 0
}

/// Holds an object as a file has it, without its servers: something to show, and to compare.
/// It is made of a service, a server, a daemon or timeouts.
///
/// It is what serde makes of it, and its text is JSON on one line. One that is read is what somebody
/// wrote, and need not be what a file may have.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Object(Value);

impl Serialize for Object {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(to)
    }
}

impl fmt::Display for Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Has an object made of each of these types, by what serde makes of it in a file.
macro_rules! made_of {
    ($($model:ty: $object:ty,)*) => {
        $(impl From<$model> for Object {
            fn from(model: $model) -> Self {
                // Text, numbers and lists: nothing that JSON cannot have.
                Self(serde_json::to_value(<$object>::from(model)).unwrap_or_default())
            }
        })*
    };
}

made_of! {
    &Service: ServiceObject<'_>,
    &Destination: ServerObject,
    &SyncDaemon: DaemonObject,
    &SyncDaemonEntry: DaemonObject,
    Timeouts: TimeoutsObject,
}

/// Returns a setting as an object: its name under `net.ipv4.vs`, and its value as text.
fn sysctl(name: SysctlName, value: &str) -> Object {
    Object(serde_json::json!({ "sysctl": name.as_str(), "value": value }))
}

/// Returns the object that is there before `step`.
#[must_use]
pub fn before(step: &Step) -> Option<Object> {
    Some(match step {
        Step::SetTimeouts { before, .. } => Object::from(*before),
        Step::SetSysctl { before: Some(before), after } => sysctl(after.name(), before),
        Step::StopDaemon { before, .. } => Object::from(before),
        Step::EditService { before, .. } => Object::from(&**before),
        Step::DeleteService { before, .. } => Object::from(before),
        Step::EditServer { before, .. }
        | Step::DeleteServer { before, .. }
        | Step::LiftServer { server: before, .. } => Object::from(before),
        Step::AddService(_)
        | Step::AddServer { .. }
        | Step::PutServer { .. }
        | Step::SetSysctl { before: None, .. }
        | Step::StartDaemon(_) => return None,
    })
}

/// Returns the object that is there after `step`.
#[must_use]
pub fn after(step: &Step) -> Option<Object> {
    Some(match step {
        Step::SetTimeouts { before, after } => Object::from(before.after(after)),
        Step::SetSysctl { after, .. } => sysctl(after.name(), after.value()),
        Step::AddService(after) | Step::EditService { after, .. } => Object::from(after),
        Step::AddServer { server: after, .. }
        | Step::PutServer { server: after, .. }
        | Step::EditServer { after, .. } => Object::from(after),
        Step::StartDaemon(after) => Object::from(after),
        Step::StopDaemon { .. }
        | Step::DeleteServer { .. }
        | Step::LiftServer { .. }
        | Step::DeleteService { .. } => return None,
    })
}
