// SPDX-License-Identifier: MIT OR Apache-2.0

//! Many changes in few system calls.
//!
//! The kernel works through all messages of one `send` before it returns, goes
//! on behind a failed one, and reports every failure even if no answer was
//! asked for. So only the last message of a send asks for one; the others
//! stand as done unless an error with their sequence number came before it.

use std::fmt::Display;
use std::ops::Range;

use netlink_packet_core::{DecodeError, NLM_F_ACK, NLM_F_REQUEST};

pub use self::report::{BatchError, BatchFailure, BatchReport};
use super::Client;
use super::exchange::{decode_error, unanswered};
use super::settle::{Seen, hides};
use crate::convert;
use crate::error::{Error, KernelError};
use crate::genl::{self, Errno, ExtAck, ReplyBody};
use crate::message::IpvsMessage;
use crate::model::Change;
use crate::operation::Operation;
use crate::trace::{Event, Observer};
use crate::transport::Transport;

mod report;

/// Requests of one send. If all fail, their answers must fit the receive buffer.
const MAX_REQUESTS: usize = 256;
/// Bytes of one send. Well under what the smallest usual send buffer takes.
const MAX_BYTES: usize = 64 * 1024;

/// A batch under way.
#[derive(Default)]
pub(super) struct Batch {
    pub(super) report: BatchReport,
    window: Window,
    /// Where the changes end that were sent. A load completes a service behind
    /// its servers, with the service's own place.
    sent: usize,
}

/// Changes that travel together.
#[derive(Default)]
struct Window {
    requests: Vec<Request>,
    bytes: Vec<u8>,
    /// Where the last request starts in `bytes`.
    last: usize,
}

struct Request {
    index: usize,
    sequence: u32,
    change: Change,
    part: Part,
    verdict: Verdict,
}

/// How much of a change of the input a request makes.
pub(super) enum Part {
    /// All of it: it is that change.
    Whole,
    /// The first part of this change.
    Begins(Change),
    /// The last part of this change.
    Completes(Change),
}

/// What became of a request.
enum Verdict {
    /// Made, unless the kernel says otherwise.
    Made,
    Refused(Errno, Option<ExtAck>),
    /// Its answer got lost, and nothing is left to tell.
    Unknown,
}

impl Request {
    /// Whether the kernel may not have looked at it for want of the family.
    fn met_no_family(&self) -> bool {
        matches!(self.verdict, Verdict::Refused(Errno::ENOENT, _))
    }
}

impl<T: Transport> Client<T> {
    /// Makes many changes, in order, as fast as the kernel takes them.
    ///
    /// The input is consumed as it is sent, so it may be far larger than
    /// memory. Each change is [checked](Change::check) first; one that is
    /// refused, by the check or by the kernel, is reported and does not stop
    /// the others: the kernel knows no transactions.
    ///
    /// # Errors
    /// [`BatchError`] if the conversation itself broke down; it says what is
    /// known to be done. Refusals are in the [`BatchReport`] instead.
    pub fn batch(
        &mut self,
        changes: impl IntoIterator<Item = Change>,
    ) -> Result<BatchReport, Box<BatchError>> {
        let mut batch = Batch::default();
        for change in changes {
            if let Some((index, change)) = batch.take(change) {
                self.push(&mut batch, index, change, Part::Whole)?;
            }
        }
        self.finish(batch)
    }

    /// [`batch`](Self::batch) without the check.
    pub(crate) fn batch_unchecked(
        &mut self,
        changes: impl IntoIterator<Item = Change>,
    ) -> Result<BatchReport, Box<BatchError>> {
        let mut batch = Batch::default();
        for change in changes {
            let index = batch.report.submitted;
            batch.report.submitted += 1;
            self.push(&mut batch, index, change, Part::Whole)?;
        }
        self.finish(batch)
    }

    /// Puts a change into the window, and sends the window when it is full.
    pub(super) fn push(
        &mut self,
        batch: &mut Batch,
        index: usize,
        change: Change,
        part: Part,
    ) -> Result<(), Box<BatchError>> {
        let mut request = Request { index, sequence: 0, change, part, verdict: Verdict::Made };
        let mut start = self.encode(&mut request, &mut batch.window.bytes);
        if batch.window.bytes.len() > MAX_BYTES {
            batch.window.bytes.truncate(start);
            self.flush(batch)?;
            // Again: the family may have got another id meanwhile.
            start = self.encode(&mut request, &mut batch.window.bytes);
        }
        let window = &mut batch.window;
        window.last = start;
        window.requests.push(request);
        if window.requests.len() == MAX_REQUESTS {
            self.flush(batch)?;
        }
        Ok(())
    }

    /// Sends what is left.
    pub(super) fn finish(&mut self, mut batch: Batch) -> Result<BatchReport, Box<BatchError>> {
        self.flush(&mut batch)?;
        // Refusals of the check came before those of the window they were met in.
        batch.report.failures.sort_by_key(|failure| failure.index);
        Ok(batch.report)
    }

    /// Appends `request` to `bytes`; where it starts there.
    fn encode(&mut self, request: &mut Request, bytes: &mut Vec<u8>) -> usize {
        let start = bytes.len();
        request.sequence = self.next_sequence();
        let sequence = request.sequence;
        genl::pack(bytes, self.family_id, IpvsMessage::VERSION, sequence, NLM_F_REQUEST, |bytes| {
            convert::pack_change(&request.change, bytes)
        });
        start
    }

    /// Sends what has gathered, waits for the verdicts and empties the window.
    pub(super) fn flush(&mut self, batch: &mut Batch) -> Result<(), Box<BatchError>> {
        let Batch { report, window, sent } = batch;
        if window.requests.is_empty() {
            return Ok(());
        }
        let end = window.requests.last().map_or(0, |request| request.index + 1);
        *sent = end.max(*sent);
        let mut outcome = self.send_and_collect(window, report);
        match &outcome {
            Err(error) if error.in_doubt() => {
                self.observer.show(&Event::ReadBack(error));
                outcome = self.settle_window(&mut window.requests);
            }
            _ => {}
        }
        if let Err(error) = outcome.and_then(|()| self.redo_without_family(&mut window.requests)) {
            let first = window.requests.first().map_or(0, |request| request.index);
            let mut report = std::mem::take(report);
            report.failures.sort_by_key(|failure| failure.index);
            return Err(Box::new(BatchError { report, unknown: first..*sent, error }));
        }
        for Request { index, change, part, verdict, .. } in window.requests.drain(..) {
            let operation = || Operation::Change(change.clone());
            let error = match verdict {
                Verdict::Made => {
                    report.applied += usize::from(!matches!(part, Part::Begins(_)));
                    continue;
                }
                Verdict::Refused(errno, ext_ack) => {
                    KernelError { operation: operation(), errno, ext_ack }.into()
                }
                Verdict::Unknown => unanswered(&operation()),
            };
            let change = match part {
                Part::Whole => change,
                Part::Begins(whole) | Part::Completes(whole) => whole,
            };
            report.failures.push(BatchFailure { index, change, error });
        }
        window.bytes.clear();
        Ok(())
    }

    /// Finds out what became of the changes whose answers were lost. Errors that
    /// did arrive stand, if the kernel knew what they were about.
    fn settle_window(&mut self, requests: &mut [Request]) -> Result<(), Error> {
        if requests.iter().any(Request::met_no_family) && self.family_is_stale()? {
            for request in requests.iter_mut().filter(|request| request.met_no_family()) {
                request.verdict = Verdict::Made;
            }
        }
        let mut seen = Seen::default();
        for place in 0..requests.len() {
            let Some((request, later)) = requests[place..].split_first_mut() else { break };
            if matches!(request.verdict, Verdict::Refused(..)) {
                continue;
            }
            if later.iter().any(|later| hides(&later.change, &request.change)) {
                if !self.is_made(&request.change, &mut seen)? {
                    request.verdict = Verdict::Unknown;
                }
                continue;
            }
            match self.settle(&request.change, &mut seen) {
                Err(Error::Kernel(error)) => {
                    request.verdict = Verdict::Refused(error.errno, error.ext_ack);
                }
                outcome => outcome?,
            }
        }
        Ok(())
    }

    /// `ENOENT` can mean that the kernel did not know the family: the module was
    /// unloaded, perhaps in the midst of a send. Those requests were not looked
    /// at, and are made one by one with the family's id of now.
    fn redo_without_family(&mut self, requests: &mut [Request]) -> Result<(), Error> {
        if !requests.iter().any(Request::met_no_family) || !self.family_is_stale()? {
            return Ok(());
        }
        for request in requests.iter_mut().filter(|request| request.met_no_family()) {
            request.verdict = match self.change(request.change.clone()) {
                Ok(()) => Verdict::Made,
                Err(Error::Kernel(error)) => Verdict::Refused(error.errno, error.ext_ack),
                Err(error) => return Err(error),
            };
        }
        Ok(())
    }

    fn send_and_collect(
        &mut self,
        window: &mut Window,
        report: &mut BatchReport,
    ) -> Result<(), Error> {
        ask_for_answer(&mut window.bytes, window.last);
        let observed =
            Observer::exchange(&Operation::Batch, window.requests.len(), window.bytes.len());
        let mut datagrams = 0;
        let outcome = self.send(&Operation::Batch, &window.bytes).and_then(|()| {
            report.sends += 1;
            self.collect_answers(&mut window.requests, &mut datagrams)
        });
        let failure = outcome.as_ref().err().map(|error| error as &dyn Display);
        observed.ended(0, datagrams, failure);
        outcome
    }

    fn collect_answers(
        &mut self,
        requests: &mut [Request],
        datagrams: &mut usize,
    ) -> Result<(), Error> {
        let mut answered = false;
        while !answered {
            let datagram = self.receive(&Operation::Batch)?;
            *datagrams += 1;
            answered = collect(datagram, requests).map_err(|error| garbled(&error))?;
        }
        // A refusal that came behind the last answer is a refusal all the same,
        // and so is one there was no room for.
        while let Some(datagram) = self.receive_now(&Operation::Batch)? {
            *datagrams += 1;
            collect(datagram, requests).map_err(|error| garbled(&error))?;
        }
        self.unread = false;
        Ok(())
    }
}

fn garbled(error: &DecodeError) -> Error {
    decode_error(&Operation::Batch, error)
}

impl Batch {
    /// Counts a change of the input; gives it back with its number if the check
    /// has nothing against it.
    pub(super) fn take(&mut self, change: Change) -> Option<(usize, Change)> {
        let index = self.report.submitted;
        self.report.submitted += 1;
        match change.check() {
            Ok(()) => Some((index, change)),
            Err(reason) => {
                let operation = Box::new(Operation::Change(change.clone()));
                let error = Error::Invalid { operation, reason };
                self.report.failures.push(BatchFailure { index, change, error });
                None
            }
        }
    }
}

/// Sets `NLM_F_ACK` in the header of the message at `start`
/// (`struct nlmsghdr`: flags follow length and type).
fn ask_for_answer(bytes: &mut [u8], start: usize) {
    const FLAGS: Range<usize> = 6..8;
    if let Some(flags) = bytes.get_mut(start + FLAGS.start..start + FLAGS.end) {
        flags.copy_from_slice(&(NLM_F_REQUEST | NLM_F_ACK).to_ne_bytes());
    }
}

/// Notes the refusals in a datagram; whether the last request was answered.
fn collect(datagram: &[u8], requests: &mut [Request]) -> Result<bool, DecodeError> {
    let last = requests.last().map(|request| request.sequence);
    let mut answered = false;
    for reply in genl::replies(datagram) {
        let reply = reply?;
        let request = requests.iter_mut().find(|request| request.sequence == reply.sequence);
        let Some(request) = request else {
            continue;
        };
        if let ReplyBody::Error(errno, ext_ack) = reply.body {
            request.verdict = Verdict::Refused(errno, ext_ack);
        }
        answered |= Some(reply.sequence) == last;
    }
    Ok(answered)
}
