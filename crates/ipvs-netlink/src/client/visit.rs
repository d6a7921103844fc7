// SPDX-License-Identifier: MIT OR Apache-2.0

//! What those say to whom a table is shown object by object.

use std::ops::ControlFlow;

/// The answer says whether a visitor wants to see more: `()` is yes, and a
/// [`ControlFlow`] says it itself.
///
/// ```no_run
/// use std::ops::ControlFlow;
///
/// use ipvs_netlink::{Client, Scheduler};
///
/// # fn main() -> Result<(), ipvs_netlink::Error> {
/// let mut client = Client::connect()?;
/// let mut services = 0;
/// client.for_each_service(|_| services += 1)?;
/// let mut hashed = None;
/// client.for_each_service(|entry| {
///     if entry.service.scheduler == Scheduler::Mh {
///         hashed = Some(entry.service.key);
///         return ControlFlow::Break(());
///     }
///     ControlFlow::Continue(())
/// })?;
/// # Ok(())
/// # }
/// ```
pub trait Visited: sealed::Sealed {
    /// Returns it as a [`ControlFlow`].
    fn flow(self) -> ControlFlow<()>;
}

impl Visited for () {
    fn flow(self) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }
}

impl Visited for ControlFlow<()> {
    fn flow(self) -> ControlFlow<()> {
        self
    }
}

mod sealed {
    use std::ops::ControlFlow;

    pub trait Sealed {}

    impl Sealed for () {}
    impl Sealed for ControlFlow<()> {}
}
