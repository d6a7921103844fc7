// SPDX-License-Identifier: MIT OR Apache-2.0
//! What the keeper asks of a host that is a script.

use std::path::Path;
use std::rc::Rc;

use super::*;
use crate::cli::LogFormat;
use crate::plan::setup;
use crate::transaction::script::{Asked, Script, bare, set_up, wanted};

/// One that keeps a host which was set up, and then is what the looks say.
fn keeper(state: &Path, looks: impl IntoIterator<Item = Facts>) -> (Keeper, Rc<Script>) {
    let store = Store::new(state).unwrap();
    let mut journal = store.begin(wanted(), &bare());
    let steps = setup::steps(&wanted(), &bare());
    journal.intend(steps.into_iter().map(|step| step.action.change));
    journal.confirm_tags(&set_up());
    store.save(&journal).unwrap();
    let settings = Settings {
        request: None,
        whole: false,
        on_stop: OnStop::Keep,
        log_format: LogFormat::Text,
    };
    let sole = store.watch_in_test();
    let host = Rc::new(Script::new(state, looks));
    let (shared, log) = (Box::new(Rc::clone(&host)), Log::silent());
    let keeper = Keeper::new(settings, store, sole, state, shared, log);
    (keeper, host)
}

#[test]
fn a_quiet_look_observes_the_host_once() {
    let state = tempfile::tempdir().unwrap();
    let (mut keeper, host) = keeper(state.path(), [set_up(), set_up(), set_up()]);
    for looks in 1..=3 {
        keeper.look();
        assert_eq!(host.asked(), vec![Asked::Look; looks]);
        assert_eq!((&keeper.told, keeper.retry_at()), (&BTreeSet::new(), None));
    }
}

#[test]
fn a_repair_looks_again_under_the_lock_and_once_behind_it() {
    let mut drifted = set_up();
    drifted.addresses.retain(|have| have.ip.to_string() != "203.0.113.10");
    let state = tempfile::tempdir().unwrap();
    let looks = [drifted.clone(), drifted, set_up(), set_up()];
    let (mut keeper, host) = keeper(state.path(), looks);
    keeper.look();
    let expected = [Asked::Look, Asked::Look, Asked::Make { changes: 1, known: 1 }, Asked::Look];
    assert_eq!(host.asked(), expected);
    keeper.look();
    assert_eq!(host.asked().len(), expected.len() + 1, "and the next is a quiet one");
}
