// SPDX-License-Identifier: MIT OR Apache-2.0

//! Decides, without acting, how a real server is taken out of a service and brought back without
//! breaking a connection.
//!
//! A drained server has weight 0: it gets no new connections, and those it has go on.
//! [`drainable`] says whether weight 0 does that in a service, and what has to end before the
//! server can go; a [`Drain`] remembers the weight that the server had, and says by each look at
//! it what to do next; a [`Ramp`] brings a server back step by step. [`Drains`] holds all that is
//! under way, and keeps a wanted state from undoing it.

mod drainable;
mod drains;
mod ramp;
mod task;

pub use drainable::{Caution, Drainable, Obstacle, Share, Waits, drainable};
pub use drains::Drains;
pub use ramp::{Ramp, Unrampable};
pub use task::{Back, Climb, Drain, Ended, Next, Rise, Then};
