// SPDX-License-Identifier: MIT OR Apache-2.0

//! Reads a list again and again, cut into datagrams at other places, until nothing can be
//! missing in it.

use netlink_packet_core::DecodeError;

use super::answer::MORE;
use super::settled::{Dump, Observed, Reading, Whole};
use super::{Client, RECEIVE_BUFFER};
use crate::error::Error;
use crate::operation::Operation;
use crate::transport::Transport;

impl<T: Transport> Client<T> {
    /// Reads a list until nothing is missing in it that was there all the time.
    pub(super) fn whole<E: Observed>(
        &mut self,
        operation: &Operation,
        decode: impl Fn(&[u8]) -> Result<E, DecodeError>,
    ) -> Result<Whole<E>, Error> {
        let outcome = self.read_until_whole(operation, decode);
        // A socket that has met large buffers gets large datagrams for all that follows,
        // which take longer to make. Where that cannot be changed the list is what it is:
        // what is asked next finds out whether the kernel still answers.
        if self.datagram > self.usual_datagram {
            let _ = self.renew(self.usual_datagram, self.usual_datagram);
        }
        outcome
    }

    fn read_until_whole<E: Observed>(
        &mut self,
        operation: &Operation,
        decode: impl Fn(&[u8]) -> Result<E, DecodeError>,
    ) -> Result<Whole<E>, Error> {
        let mut reading = Reading::new(operation.clone());
        let mut same_cuts = false;
        loop {
            let dump = self.again(|client| {
                let (mut entries, mut starts) = (Vec::new(), Vec::new());
                let pass = client.pass(operation, |datagram, data| {
                    if starts.len() < datagram {
                        starts.push(entries.len());
                    }
                    entries.push(decode(data)?);
                    MORE
                })?;
                Ok(Dump { entries, starts, pass })
            })?;
            if let Some(whole) = reading.add(dump, same_cuts)? {
                return Ok(whole);
            }
            same_cuts = !self.cut_elsewhere(reading.reads())?;
        }
    }

    /// Has the next dump cut into datagrams at other places than those before; whether
    /// that could be done.
    ///
    /// The kernel makes the first datagram as large as the largest buffer that the socket
    /// received with before it was asked, and each other as large as with the one before.
    /// On a new socket there was none but the one for the family's id.
    fn cut_elsewhere(&mut self, reads: usize) -> Result<bool, Error> {
        let (firsts, others) = other_cuts(self.usual_datagram);
        let first = firsts.get((reads - 1) % firsts.len().max(1)).copied();
        self.renew(first.unwrap_or(others / 2), others)
    }

    /// Connects anew, if that can be done: the first datagram of the next dump is of so many
    /// bytes at most, those behind it of so many others.
    pub(super) fn renew(&mut self, first: usize, others: usize) -> Result<bool, Error> {
        if self.transport.renew().is_err() {
            return Ok(false);
        }
        self.unread = false;
        self.shown = 0;
        if self.receive_buffer.len() < others {
            self.receive_buffer = vec![0; RECEIVE_BUFFER].into();
        }
        self.datagram = first;
        let family = self.family_is_stale();
        self.datagram = others;
        family.map(|_| true)
    }
}

/// The most that the kernel puts into a datagram, about.
const DATAGRAM: usize = 32 * 1024;

/// The sizes of datagrams that cut a list elsewhere than those of `usual` bytes, which the first
/// read had: of the first one, as far from all cuts before as it can be, and of the others.
///
/// Others of the usual size keep their distance from the cuts of the first read, however long the
/// list is. Half of a small one holds too few objects to be sure.
fn other_cuts(usual: usize) -> (Vec<usize>, usize) {
    let usual = usual.min(DATAGRAM);
    let others = if usual >= DATAGRAM * 3 / 8 { usual } else { DATAGRAM };
    let firsts = [4, 2, 6, 1, 5, 3, 7].map(|eighths| others / 8 * eighths);
    // By half an eighth of the largest.
    let is_apart = |first: &usize| {
        let behind = first % usual.max(1);
        behind.min(usual - behind) >= DATAGRAM / 16
    };
    (firsts.into_iter().filter(is_apart).collect(), others)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::script::{Answer, scripted_over};
    use crate::genl::Errno;
    use crate::model::{Change, Scheduler, Service, ServiceKey};

    use Answer::{Lost, Refused, Shows};

    /// A list that was read in large datagrams is as good without small ones for what
    /// follows, and these are tried for however its reading ended.
    #[test]
    fn datagrams_are_small_again_behind_a_list_if_they_can_be() {
        const USUAL: usize = 1024;
        let services: Vec<_> = (1..=9_u8)
            .map(|host| Service::new(ServiceKey::tcp([192, 0, 2, host], 80), Scheduler::Rr))
            .collect();
        let list = || Shows(services.iter().cloned().map(Change::AddService).collect());
        // Whether the kernel answers on each new connection, and what follows.
        for (answers, renewals, expected, datagram) in [
            (vec![list(), list()], vec![true, true], Ok(9), USUAL),
            (vec![list(), list()], vec![true, false], Ok(9), USUAL),
            (vec![list(), list()], vec![true], Ok(9), DATAGRAM),
            (vec![list(), Refused(Errno::EPERM)], vec![true, true], Err("(EPERM)"), USUAL),
            (vec![list(), Lost, Lost, Lost], vec![true, false], Err("in time"), USUAL),
            (vec![list()], vec![false, true], Err("in time"), USUAL),
        ] {
            let case = format!("{answers:?} {renewals:?}");
            let (mut client, asked) = scripted_over(answers.clone(), renewals, USUAL);
            match (client.services(), expected) {
                (Ok(found), Ok(number)) => assert_eq!(found.len(), number, "{case}"),
                (Err(error), Err(end)) => assert!(error.to_string().ends_with(end), "{error}"),
                (outcome, _) => panic!("{case}: {outcome:?}"),
            }
            assert_eq!(
                (client.datagram, asked.borrow().len()),
                (datagram, answers.len()),
                "{case}"
            );
        }
    }

    #[test]
    fn the_first_cut_again_is_no_other() {
        let eighths = |usual| {
            let (firsts, others) = other_cuts(usual);
            let eighth = others / 8;
            (firsts.iter().map(|first| first / eighth).collect::<Vec<_>>(), others)
        };
        assert_eq!(eighths(DATAGRAM), (vec![4, 2, 6, 1, 5, 3, 7], DATAGRAM));
        assert_eq!(eighths(16_064), (vec![4, 2, 6, 5, 3], 16_064), "as `rsctl list` reads");
        assert_eq!(eighths(8192), (vec![1, 5, 3, 7], DATAGRAM));
        assert!((8192..=DATAGRAM).all(|usual| !other_cuts(usual).0.is_empty()));
        // None is larger than those behind it: the kernel never makes smaller ones again.
        assert!((1..=DATAGRAM).all(|usual| {
            let (firsts, others) = other_cuts(usual);
            firsts.iter().all(|first| *first < others)
        }));
    }
}
