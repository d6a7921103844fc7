// SPDX-License-Identifier: MIT OR Apache-2.0
//! The order of journal, host and looks, on a host that is a script.

use std::path::Path;

use super::script::{Asked, Script, bare, set_up, wanted};
use super::setup::make;
use super::*;
use crate::plan::{ADDRESS_TAG, setup};

fn missing() -> Vec<Step> {
    setup::steps(&wanted(), &bare())
}

fn make_all(script: &Script, before: Option<&Journal>, damaged: bool) -> Result<(), Error> {
    let store = &script.store;
    let journal = before.cloned().unwrap_or_else(|| store.begin(wanted(), &bare()));
    let before = before.cloned();
    let transaction = Transaction { host: script, store, before, damaged, journal };
    make(transaction, &missing(), (&wanted(), &bare()), &Interrupt::never())
}

/// The journal of the host as it was set up.
fn recorded(state: &Path) -> Journal {
    let script = Script::new(state, [set_up()]);
    make_all(&script, None, false).unwrap();
    script.store.load().unwrap().journal.unwrap()
}

#[test]
fn what_is_done_was_recorded_before_it_and_what_is_seen_is_after_it() {
    let state = tempfile::tempdir().unwrap();
    let script = Script::new(state.path(), [set_up()]);
    make_all(&script, None, false).unwrap();
    assert_eq!(script.asked(), [Asked::Make { changes: 4, known: 4 }, Asked::Look]);
    let changes = script.store.load().unwrap().journal.unwrap().changes;
    let tag = |change: &Change| match change {
        Change::Address { tag, .. } => Some(*tag),
        _ => None,
    };
    let tags: Vec<Option<u8>> = changes.iter().filter_map(tag).collect();
    assert_eq!(tags, [Some(ADDRESS_TAG); 2], "{changes:?}");
}

#[test]
fn what_is_recorded_is_not_written_again_unless_its_file_is_damaged() {
    let state = tempfile::tempdir().unwrap();
    let journal = recorded(state.path());
    for (damaged, expected) in [(false, None), (true, Some(journal.clone()))] {
        let script = Script::new(state.path(), [set_up()]);
        script.store.remove().unwrap();
        make_all(&script, Some(&journal), damaged).unwrap();
        assert_eq!(script.store.load().unwrap().journal, expected);
    }
}

#[test]
fn what_is_seen_is_written_once() {
    let state = tempfile::tempdir().unwrap();
    let script = Script::new(state.path(), []);
    let (host, store) = (&script, &script.store);
    let journal = store.begin(wanted(), &bare());
    let mut transaction = Transaction { host, store, before: None, damaged: false, journal };
    assert!(transaction.intend(&missing(), &bare()).unwrap());
    assert!(!transaction.confirm(&bare()).unwrap(), "nothing to be seen yet");
    assert!(transaction.confirm(&set_up()).unwrap());
    assert!(!transaction.confirm(&set_up()).unwrap());
}

#[test]
fn a_set_up_that_fails_leaves_host_and_journal_as_they_were() {
    let state = tempfile::tempdir().unwrap();
    // Before any set-up, and as another one recorded it.
    for before in [None, Some(recorded(tempfile::tempdir().unwrap().path()))] {
        let script = Script::new(state.path(), []).failing_after(1);
        let failed = make_all(&script, before.as_ref(), false);
        assert!(matches!(failed, Err(Error::Failpoint(1))), "{failed:?}");
        assert_eq!(script.asked()[1..], [Asked::TakeBack(1)]);
        assert_eq!(script.store.load().unwrap().journal, before);
        // All is done, and some of it is not seen.
        let script = Script::new(state.path(), [bare()]);
        let failed = make_all(&script, before.as_ref(), false);
        assert!(matches!(failed, Err(Error::NotAsWanted(_))), "{failed:?}");
        assert_eq!(script.asked()[1..], [Asked::Look, Asked::TakeBack(4)]);
        assert_eq!(script.store.load().unwrap().journal, before);
    }
}

#[test]
fn nothing_is_done_that_could_not_be_recorded() {
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join("state");
    // No folder can be made there.
    std::fs::write(&state, "").unwrap();
    let script = Script::new(&state, []);
    assert!(make_all(&script, None, false).is_err());
    assert_eq!(script.asked(), []);
}

#[test]
fn what_could_not_be_recorded_is_given_up_and_what_was_recorded_is_not() {
    let state = tempfile::tempdir().unwrap();
    let script = Script::new(state.path(), []);
    let (first, rest) = (&missing()[..1], missing()[1..].to_vec());
    let mut before = script.store.begin(wanted(), &bare());
    before.intend(first.iter().map(|step| step.action.change.clone()));
    for (before, expected) in [(None, &[][..]), (Some(before), first)] {
        let mut journal = script.store.begin(wanted(), &bare());
        journal.intend(rest.iter().map(|step| step.action.change.clone()));
        let mut transaction = Transaction {
            host: &script,
            store: &script.store,
            before: before.clone(),
            damaged: false,
            journal,
        };
        assert_eq!(transaction.forgo(missing()), expected);
        assert!(before.is_none_or(|before| transaction.journal == before));
    }
}
