// SPDX-License-Identifier: MIT OR Apache-2.0

use std::io::{self, BufRead, IsTerminal, Write};

use ipvs_netlink::{Change, Client, ErrorKind, Service};
use lvs_term::count;

use super::{Action, Changed, Director, list};
use crate::cli::Clear;
use crate::error::Error;

pub(super) fn run(director: &Director, args: &Clear) -> Result<Vec<Changed>, Error> {
    let mut client = director.connect()?;
    // Scripts that replace `ipvsadm -C` have no terminal on stdin, and mean it.
    if !args.yes && !director.dry_run && io::stdin().is_terminal() {
        let services = services(&mut client)?;
        if services.is_empty() {
            return Ok(Vec::new());
        }
        let mut servers = 0;
        for service in &services {
            servers += list::servers(&mut client, &service.key)?.map_or(0, |servers| servers.len());
        }
        let question = question(services.len(), servers);
        if !ask(&question, &mut io::stdin().lock(), &mut io::stderr().lock()).map_err(Error::Ask)? {
            return Err(Error::Declined);
        }
    }
    // Behind the question: nobody is to wait for its answer.
    let _lock = director.lock()?;
    let services = services(&mut client)?;
    let mut changed = Vec::with_capacity(services.len());
    for service in services {
        // What cannot be read goes all the same.
        let servers = match director.dry_run {
            true => None,
            false => list::servers(&mut client, &service.key).ok().flatten(),
        };
        let servers = servers.unwrap_or_default().into_iter().map(|entry| entry.destination);
        let deleted = Changed::service(Action::Delete, service.key).with(servers.collect());
        changed.push(deleted.between(Some(service), None::<Service>));
    }
    if !changed.is_empty() && !director.dry_run {
        client.apply(Change::Flush)?;
        director.record(&changed);
    }
    Ok(changed)
}

fn services(client: &mut Client) -> Result<Vec<Service>, Error> {
    let services = client.services().map_err(|error| match error.kind() {
        ErrorKind::PermissionDenied => Error::NotCleared(error),
        _ => error.into(),
    })?;
    let mut services: Vec<Service> = services.into_iter().map(|entry| entry.service).collect();
    services.sort_by_cached_key(|service| list::order(&service.key));
    Ok(services)
}

fn question(services: usize, servers: usize) -> String {
    format!("delete {} with {}? [y/N] ", count(services, "service"), count(servers, "server"))
}

/// Asks the question, and returns whether the answer is yes. No answer (end of file) is no.
fn ask(question: &str, answers: &mut impl BufRead, to: &mut impl Write) -> io::Result<bool> {
    to.write_all(question.as_bytes())?;
    to.flush()?;
    let mut answer = String::new();
    answers.read_line(&mut answer)?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_yes_is_yes() {
        for (answer, expected) in [
            ("y\n", true),
            ("yes\n", true),
            ("Y", true),
            ("", false),
            ("\n", false),
            ("n\n", false),
        ] {
            let mut shown = Vec::new();
            let yes = ask(&question(1, 2), &mut answer.as_bytes(), &mut shown).unwrap();
            assert_eq!(yes, expected, "{answer:?}");
            assert_eq!(shown, b"delete 1 service with 2 servers? [y/N] ");
        }
    }
}
