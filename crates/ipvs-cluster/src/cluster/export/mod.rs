// SPDX-License-Identifier: MIT OR Apache-2.0

//! Writes the file of a cluster from what a director has.

mod fold;
mod pair;

mod servers;
mod settings;
mod sift;
mod sysctls;
#[cfg(test)]
mod tests;

use std::fmt::{self, Write};

use ipvs_netlink::procfs::Sysctl;

use super::node::{self, Node};
use crate::observed::Observed;

pub use sift::LeftOut;

/// Holds a file of a cluster that is to be written.
#[derive(Clone, Debug)]
#[must_use]
pub struct Export {
    fields: Vec<(String, Node)>,
    left_out: Vec<LeftOut>,
}

/// Folds what a director has into a file: services with equal settings and servers are one entry,
/// servers that several entries have are a pool, and neighbours among them a range. Of `sysctls`,
/// those are in it that the kernel has otherwise by itself.
pub fn export(observed: &Observed, sysctls: &[Sysctl]) -> Export {
    let (kept, left_out) = sift::sift(observed);
    let folded = fold::fold(&kept.services);
    let sysctls = sysctls::changed(sysctls);
    let mut fields = vec![("format".to_owned(), Node::text("ipvs-cluster/1"))];
    let mut say = |key: &str, node: Option<Node>| {
        fields.extend(node.map(|node| (key.to_owned(), node)));
    };
    say("director", settings::of_director(&kept.timeouts, sysctls, &kept.daemons));
    let some = |fields: Vec<(String, Node)>| (!fields.is_empty()).then_some(Node::Map(fields));
    say("defaults", some(folded.defaults).map(Node::on_one_line));
    say("pools", some(folded.pools));
    say("services", Some(Node::List(folded.services)));
    Export { fields, left_out }
}

impl Export {
    /// Returns what the file does not hold, or not as it is: its reader would refuse it.
    #[must_use]
    pub fn left_out(&self) -> &[LeftOut] {
        &self.left_out
    }

    /// Returns the file as YAML. What is left out stands in comments at its top.
    #[must_use]
    pub fn to_yaml(&self) -> String {
        let mut text = String::new();
        // Writing to a text does not fail.
        let _ = self.write_yaml(&mut text);
        text
    }

    /// Returns the file as JSON, which has no comments.
    #[must_use]
    pub fn to_json(&self) -> String {
        let mut text = String::new();
        let _ = node::json(&self.fields, &mut text);
        text
    }

    fn write_yaml(&self, out: &mut impl Write) -> fmt::Result {
        if !self.left_out.is_empty() {
            writeln!(out, "# What the director has and no such file can say:")?;
            for left in &self.left_out {
                writeln!(out, "#   {}", node::Comment(&left.to_string()))?;
            }
            out.write_char('\n')?;
        }
        node::yaml(&self.fields, out)
    }
}
