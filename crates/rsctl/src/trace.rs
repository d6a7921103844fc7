// SPDX-License-Identifier: MIT OR Apache-2.0

//! Shows what passes between `rsctl` and the kernel, on standard error, for bug reports.

use std::env;
use std::io::{self, Write as _};

use ipvs_netlink::ConnectOptions;
use ipvs_netlink::trace::Event;
use lvs_term::printable;

/// The variable that asks for it.
const VARIABLE: &str = "RSCTL_NETLINK_TRACE";

/// Adds the trace to `options` if the environment asks for it.
pub(crate) fn asked_for(options: ConnectOptions) -> ConnectOptions {
    let is_on = env::var_os(VARIABLE).is_some_and(|value| !value.is_empty() && value != "0");
    if is_on { options.trace(print) } else { options }
}

fn print(event: &Event<'_>) {
    // A report that cannot be written is no reason to stop half way.
    let _ = writeln!(io::stderr().lock(), "{}", line(event));
}

fn line(event: &Event<'_>) -> String {
    format!("netlink {}", printable(&event.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_safe_for_a_terminal() {
        let error = io::Error::other("no\n\u{1b}[31m\u{202e}way");
        assert_eq!(
            line(&Event::NotSent(&error)),
            "netlink ! not sent: \"no\\n\\u{1b}[31m\\u{202e}way\""
        );
    }
}
