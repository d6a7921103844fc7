// SPDX-License-Identifier: MIT OR Apache-2.0

//! Counts the services of other network namespaces: `namespace blue red`.

#![allow(clippy::print_stdout)] // an example talks to its reader

use ipvs_netlink::{ConnectOptions, Namespace};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    for name in std::env::args().skip(1) {
        let namespace = Namespace::named(&name)?;
        let mut client = ConnectOptions::new().namespace(namespace).connect()?;
        println!("{name}: {} services", client.services()?.len());
    }
    Ok(())
}
