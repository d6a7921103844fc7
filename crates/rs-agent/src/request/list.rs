// SPDX-License-Identifier: MIT OR Apache-2.0
//! Reads options that take several addresses, and checks what these may not be together.

use std::collections::HashSet;
use std::net::IpAddr;

use super::{host_address, vip};
use crate::bad_request::BadRequest;
use crate::facts::{Family, of_family};

/// Checks a list of `--vip` values.
///
/// # Errors
/// As [`addresses`].
pub fn vips(texts: &[String]) -> Result<Vec<IpAddr>, BadRequest> {
    addresses("--vip", texts)
}

/// Checks all values of an option that takes addresses; `--rip` and `--gateway` take one of
/// each family.
///
/// # Errors
/// A [`BadRequest`] naming the option and the first bad value, or two that are one too many.
pub fn addresses(option: &'static str, texts: &[String]) -> Result<Vec<IpAddr>, BadRequest> {
    read(option, texts).map_err(|(_, refusal)| refusal)
}

/// Reads the addresses of any option, named without its dashes.
///
/// # Errors
/// The place of the value at fault, and a [`BadRequest`] about it.
pub fn list(option: &str, texts: &[String]) -> Result<(), (usize, BadRequest)> {
    let options = ["--vip", "--rip", "--director", "--gateway"];
    match options.into_iter().find(|known| known.strip_prefix("--") == Some(option)) {
        Some(option) => read(option, texts).map(drop),
        None => Ok(()),
    }
}

fn read(option: &'static str, texts: &[String]) -> Result<Vec<IpAddr>, (usize, BadRequest)> {
    let one_of_each = matches!(option, "--rip" | "--gateway");
    let mut ips = Vec::with_capacity(texts.len());
    let mut seen = HashSet::with_capacity(texts.len());
    for (place, text) in texts.iter().enumerate() {
        let ip = if option == "--vip" { vip(text) } else { host_address(option, text) };
        let ip = ip.map_err(|refusal| (place, refusal))?;
        if !seen.insert(ip) {
            return Err((place, BadRequest::Duplicate { option, ip }));
        }
        if let Some(one) = of_family(&ips, Family::of(ip)).filter(|_| one_of_each) {
            return Err((place, BadRequest::TwoOfOneFamily { option, one, other: ip }));
        }
        ips.push(ip);
    }
    Ok(ips)
}
