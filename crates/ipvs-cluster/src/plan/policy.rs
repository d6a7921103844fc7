// SPDX-License-Identifier: MIT OR Apache-2.0

/// Says what a plan may do to what is there and not wanted.
///
/// There is no default: one of the two below deletes. Of a director that others use too, say
/// with a [`Scope`](crate::Scope) what is the caller's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub struct Policy {
    deletes: bool,
    reorders: bool,
}

impl Policy {
    /// Returns the policy that **deletes** what is not wanted: services, servers, and sync
    /// daemons if any are [spoken of](crate::Builder::only_daemons). Afterwards there is what is
    /// wanted and nothing else, within the [`Scope`](crate::Scope) of what is wanted.
    pub const fn exact() -> Self {
        Self { deletes: true, reorders: false }
    }

    /// Returns the policy that deletes nothing: what is wanted is added to what is there, and
    /// changed where it is there and different. A service that is no longer wanted stays, and
    /// so does a server.
    pub const fn add_only() -> Self {
        Self { deletes: false, reorders: false }
    }

    /// Chooses whether servers that stand in another order than wanted are taken away and added
    /// again, one at a time, where the scheduler hashes by it (`sh`, `dh`, `mh`). By default
    /// they stay as they are, and [`reordered`](crate::reordered()) names their services.
    ///
    /// It has no effect on [`Policy::add_only`]: among servers that are not wanted there is no
    /// order.
    pub const fn reorder(self, reorders: bool) -> Self {
        Self { reorders, ..self }
    }

    /// Says whether what is not wanted is deleted.
    #[must_use]
    pub const fn deletes(self) -> bool {
        self.deletes
    }

    /// Says whether servers are put in order.
    #[must_use]
    pub const fn reorders(self) -> bool {
        self.deletes && self.reorders
    }
}
