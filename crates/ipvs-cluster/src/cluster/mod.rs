// SPDX-License-Identifier: MIT OR Apache-2.0

//! Reads and writes the file that describes a cluster, `ipvs-cluster/1`: YAML, or JSON, which is a
//! part of it. `docs/cluster-file.md` has every key.
//!
//! ```
//! use ipvs_cluster::cluster;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let file = "\
//! format: ipvs-cluster/1
//! services:
//!   - service: tcp/192.0.2.10:80,443
//!     servers: [10.0.0.11-10.0.0.14]
//! ";
//! let cluster = cluster::read(file.as_bytes())?;
//! assert_eq!(cluster.desired().services().len(), 2);
//!
//! let file = file.replace("servers:", "backends:");
//! let problems = cluster::read(file.as_bytes()).unwrap_err();
//! let problem = &problems.0[0];
//! assert_eq!(problem.to_string(), "line 4, column 5: a service has no key `backends`");
//! assert_eq!(problem.hint.as_deref(), Some("did you mean `servers`?"));
//! # Ok(())
//! # }
//! ```

mod address;
mod director;
mod export;
mod json;
mod keys;
mod models;
mod node;
mod problem;
mod real_server;
mod scalar;
mod schema;
mod scope;
mod servers;
mod services;
mod settings;
mod syntax;
#[cfg(test)]
mod tests;
mod tree;
mod vips;

use std::net::IpAddr;

use foldhash::HashSet;
use ipvs_netlink::{AddressFamily, ForwardingMethod, ServiceKey};

use self::director::Director;
use self::keys::Keys;
use self::problem::{Found, Place};
use self::scope::Declared;
use self::servers::Pools;
use self::services::{Defaults, Maker};
use self::tree::{Scalar, Shape, Tree, Value};
use self::vips::Vips;
use crate::desired::{Builder, Desired, Why};
use crate::scope::Scope;
use crate::sound::Unsound;

pub use export::{Export, LeftOut, export};
pub use problem::{Problem, Problems};
pub use real_server::{Marked, RealServer, Role};
pub use schema::schema;
pub use services::MAX_OBJECTS;
pub use syntax::MAX_BYTES;

/// Names the format: what the key `format` of every file says.
pub const FORMAT: &str = "ipvs-cluster/1";

/// Holds what a file says of a cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct Cluster {
    desired: Desired,
    declared: Declared,
    /// The VIPs that have names.
    vips: HashSet<IpAddr>,
    director: Vec<IpAddr>,
    sysctls: Vec<Setting>,
    /// The VIPs that stand behind firewall marks.
    marked: Vec<(ServiceKey, IpAddr)>,
    warnings: Vec<Problem>,
}

/// Holds a setting of `net.ipv4.vs` and its value.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Setting {
    /// Its name, for example `expire_nodest_conn`.
    pub name: String,
    /// Its value, as it is written to the kernel.
    pub value: String,
}

const FILE: Keys<7> =
    Keys::new("the file", ["format", "vips", "director", "defaults", "pools", "services", "scope"]);

/// Reads a file.
///
/// # Errors
/// All that is wrong, in the order of the file. Where its syntax itself is broken, what is behind
/// cannot be judged.
pub fn read(bytes: &[u8]) -> Result<Cluster, Problems> {
    let mut found = Found::default();
    let text = syntax::text(bytes, &mut found);
    let cluster = text.and_then(|text| {
        let tree = Tree::read(text, &mut found)?;
        let cluster = cluster(&tree, &mut found);
        syntax::judge_end(text, &mut found);
        cluster
    });
    let is_fine = found.is_fine();
    let (problems, warnings) = found.shown(text.unwrap_or_default());
    match cluster {
        Some(cluster) if is_fine => Ok(Cluster { warnings, ..cluster }),
        _ => Err(problems),
    }
}

fn cluster(tree: &Tree, found: &mut Found) -> Option<Cluster> {
    let hint = format!("write `format: {FORMAT}` in the first line, and then `services:`");
    let is_nothing = |root: &Value<'_>| {
        matches!(root.shape(), Shape::Scalar(Scalar { text: "", is_plain: true }))
    };
    let Some(root) = tree.root().filter(|root| !is_nothing(root)) else {
        found.hinted(Place::START, "the file is empty", hint);
        return None;
    };
    let before = found.count();
    let [format, vips, director, defaults, pools, services, scope] = FILE.read(root, found)?;
    if services.is_none() {
        let hint = "if there are none: `services: []`";
        found.missing(before, root.at(), "the file has no `services`", hint);
    }
    if !is_known(format, root, found) {
        return None;
    }
    let mut builder = Builder::new();
    let mut vips = Vips::read(vips, found);
    let mut pools = Pools::read(pools, found);
    let defaults = Defaults::read(defaults, found);
    let Director { addresses, sysctls } = Director::read(director, &mut builder, found);
    let mut maker = Maker {
        vips: &mut vips,
        pools: &mut pools,
        defaults: &defaults,
        builder: &mut builder,
        found,
        marked: Vec::new(),
    };
    if let Some(services) = services {
        maker.services(services);
    }
    let marked = maker.marked;
    let declared = Declared::read(scope, &mut vips, found);
    vips.warn_of_unused(found);
    pools.warn_of_unused(found);
    let desired = match builder.finish_as_found() {
        Ok((desired, unsound)) => {
            for fault in unsound.0 {
                let hint = models::hint(&fault.why).map(str::to_owned);
                match fault.why {
                    // How many servers fit is the kernel's to say.
                    Why::Unsound(Unsound::Crowd { .. }) => {
                        let hint = "`apply` refuses it, unless this kernel's table is larger";
                        found.warn(fault.origin, fault.message(), hint);
                    }
                    _ => found.note(fault.origin, fault.message(), hint),
                }
            }
            Some(desired)
        }
        Err(faults) => {
            for fault in faults.0 {
                let hint = models::hint(&fault.why).map(str::to_owned);
                found.note(fault.origin, fault.message(), hint);
            }
            None
        }
    }?;
    let vips = vips.all().collect();
    let warnings = Vec::new();
    Some(Cluster { desired, declared, vips, director: addresses, sysctls, marked, warnings })
}

/// Says whether the file has a format that this program reads.
fn is_known(format: Option<Value<'_>>, root: Value<'_>, found: &mut Found) -> bool {
    let Some(value) = format else {
        let hint = format!("write `format: {FORMAT}` in the first line");
        found.hinted(root.at(), "the file has no `format`", hint);
        return true;
    };
    let Some(text) = value.text("format", found) else { return true };
    if text != FORMAT {
        let message = format!("the format is `{text}`, and this program reads `{FORMAT}`");
        found.problem(value.at(), message);
    }
    text == FORMAT
}

impl Cluster {
    /// Returns what the director should look like.
    pub fn desired(&self) -> &Desired {
        &self.desired
    }

    /// Returns what the director should look like and gives up the rest.
    pub fn into_desired(self) -> Desired {
        self.desired
    }

    /// Returns what of a director the file says to be its own (its key `scope`): without that,
    /// the services of its VIPs and those that it describes, with all their servers.
    pub fn scope(&self) -> Scope {
        let keys = || self.desired.services().iter().map(|wanted| wanted.service.key);
        match &self.declared {
            Declared::Everything => Scope::everything(),
            Declared::Named => {
                let addresses = keys().filter_map(|key| key.address());
                Scope::of_services(keys()).and_addresses(addresses.chain(self.vips.iter().copied()))
            }
            Declared::Only { vips, services, servers } => {
                let services = services.iter().copied();
                let scope = Scope::of_services(services).and_addresses(vips.iter().copied());
                match servers {
                    Some(networks) => scope.only_servers_in(networks.iter().map(|it| it.parts())),
                    None => scope,
                }
            }
        }
    }

    /// Returns the settings of `net.ipv4.vs` that the file sets; others are left alone.
    #[must_use]
    pub fn sysctls(&self) -> &[Setting] {
        &self.sysctls
    }

    /// Returns the director's addresses that the file names.
    #[must_use]
    pub fn director(&self) -> &[IpAddr] {
        &self.director
    }

    /// Returns what is allowed and hardly meant, in the order of the file.
    #[must_use]
    pub fn warnings(&self) -> &[Problem] {
        &self.warnings
    }

    /// Returns what the host with these addresses is as a real server; `None` if the file names
    /// none of them as a server.
    #[must_use]
    pub fn real_server(&self, own: &[IpAddr]) -> Option<RealServer> {
        let mut server = RealServer {
            addresses: Vec::new(),
            roles: Vec::new(),
            marks: Vec::new(),
            directors: self.director.clone(),
        };
        for wanted in self.desired.services() {
            let key = wanted.service.key;
            for it in wanted.servers.iter().map(|it| it.server) {
                let address = it.key.address;
                // The director itself needs nothing for that.
                if !own.contains(&address) || it.forwarding == ForwardingMethod::Local {
                    continue;
                }
                put(&mut server.addresses, address);
                let is_marked = |mark: &ServiceKey, vip: &IpAddr| {
                    *mark == key && AddressFamily::of(*vip) == key.family()
                };
                let marked = self.marked.iter().filter(|(mark, vip)| is_marked(mark, vip));
                let vips = marked.map(|(_, vip)| *vip).chain(key.address());
                let mut is_known = false;
                for vip in vips {
                    is_known = true;
                    put(&mut server.roles, Role { vip, address, method: it.forwarding });
                }
                if let (ServiceKey::Fwmark { mark, .. }, false) = (key, is_known) {
                    let (mark, method) = (mark.get(), it.forwarding);
                    put(&mut server.marks, Marked { mark, address, method });
                }
            }
        }
        (!server.addresses.is_empty()).then_some(server)
    }
}

/// Adds what is not there yet.
fn put<T: PartialEq>(all: &mut Vec<T>, one: T) {
    if !all.contains(&one) {
        all.push(one);
    }
}
