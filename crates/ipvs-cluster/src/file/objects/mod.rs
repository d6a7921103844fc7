// SPDX-License-Identifier: MIT OR Apache-2.0

//! Holds the objects of the file. They are stable: within `ipvs-table/2` fields may be added, none
//! is renamed, removed or given another meaning. What `ipvs-table/1` called otherwise is an alias.

mod daemon;
mod server;
mod service;

use std::fmt;

use serde::{Deserialize, Serialize, Serializer};
use serde_json::Value;
use serde_json::value::RawValue;

use super::pieces::Pieces;
use crate::plan::Step;

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
///
/// It is what serde makes of it, and its text is JSON on one line.
#[derive(Clone, Debug, PartialEq, Eq)]
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

/// Returns the object that is there before `step`.
#[must_use]
pub fn before(step: &Step) -> Option<Object> {
    match step {
        Step::SetTimeouts { before, .. } => value(&TimeoutsObject::from(*before)),
        Step::StopDaemon { before, .. } => value(&DaemonObject::from(before)),
        Step::EditService { before, .. } => value(&ServiceObject::from(&**before)),
        Step::DeleteService { before, .. } => value(&ServiceObject::from(before)),
        Step::EditServer { before, .. }
        | Step::DeleteServer { before, .. }
        | Step::LiftServer { server: before, .. } => value(&ServerObject::from(before)),
        Step::AddService(_)
        | Step::AddServer { .. }
        | Step::PutServer { .. }
        | Step::StartDaemon(_) => None,
    }
}

/// Returns the object that is there after `step`.
#[must_use]
pub fn after(step: &Step) -> Option<Object> {
    match step {
        Step::SetTimeouts { before, after } => value(&TimeoutsObject::from(before.after(after))),
        Step::AddService(after) | Step::EditService { after, .. } => {
            value(&ServiceObject::from(after))
        }
        Step::AddServer { server: after, .. }
        | Step::PutServer { server: after, .. }
        | Step::EditServer { after, .. } => value(&ServerObject::from(after)),
        Step::StartDaemon(after) => value(&DaemonObject::from(after)),
        Step::StopDaemon { .. }
        | Step::DeleteServer { .. }
        | Step::LiftServer { .. }
        | Step::DeleteService { .. } => None,
    }
}

fn value(object: &impl Serialize) -> Option<Object> {
    serde_json::to_value(object).ok().map(Object)
}
