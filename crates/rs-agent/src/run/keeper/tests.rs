// SPDX-License-Identifier: MIT OR Apache-2.0
//! What the keeper asks of a host that is a script.

use std::path::Path;
use std::rc::Rc;

use lvs_host::events::{AddressNotice, Heard};

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
        later: None,
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

/// The same host without its second VIP.
fn drifted() -> Facts {
    let mut facts = set_up();
    facts.addresses.retain(|have| have.ip.to_string() != "203.0.113.10");
    facts
}

const MADE: Asked = Asked::Make { changes: 1, known: 1 };
/// Whether it is gone.
const GONE: Asked = Asked::Again { gone: 1, settings: 0 };
/// At all addresses, and at all that hides them: settings of `all`, of the one interface and of
/// `lo`.
const UNDER_THE_LOCK: Asked = Asked::Again { gone: 0, settings: 6 };
/// At all addresses.
const ADDRESSES: Asked = Asked::Again { gone: 0, settings: 0 };

fn heard(addresses: &[(&str, bool)]) -> Heard {
    let notice = |&(ip, is_gone): &(&str, bool)| {
        let ip = ip.parse().unwrap();
        AddressNotice { ip, interface: 0, is_gone }
    };
    Heard { addresses: addresses.iter().map(notice).collect(), ..Heard::default() }
}

const LOST: (&str, bool) = ("203.0.113.10", true);

/// Looks at everything, hears that, and looks at the addresses.
fn hears(keeper: &mut Keeper, notices: &[(&str, bool)]) {
    keeper.look(Look::Everything);
    assert_eq!(keeper.heard(&heard(notices)), Some(Look::Addresses));
    assert_eq!(keeper.look(Look::Addresses), Look::Addresses);
}

#[test]
fn a_quiet_look_observes_the_host_once() {
    let state = tempfile::tempdir().unwrap();
    let (mut keeper, host) = keeper(state.path(), [set_up(), set_up(), set_up()]);
    for looks in 1..=3 {
        assert_eq!(keeper.look(Look::Everything), Look::Everything);
        assert_eq!(host.asked(), vec![Asked::Look; looks]);
        assert_eq!((&keeper.told, keeper.retry_at()), (&BTreeSet::new(), None));
    }
}

#[test]
fn a_repair_looks_again_under_the_lock_and_once_behind_it() {
    let state = tempfile::tempdir().unwrap();
    let looks = [drifted(), drifted(), set_up(), set_up()];
    let (mut keeper, host) = keeper(state.path(), looks);
    keeper.look(Look::Everything);
    let expected = [Asked::Look, Asked::Look, MADE, ADDRESSES];
    assert_eq!(host.asked(), expected);
    keeper.look(Look::Everything);
    assert_eq!(host.asked().len(), expected.len() + 1, "and the next is a quiet one");
}

#[test]
fn a_lost_vip_is_put_back_before_anything_else_is_looked_at() {
    let state = tempfile::tempdir().unwrap();
    let looks = [set_up(), drifted(), drifted(), set_up(), set_up()];
    let (mut keeper, host) = keeper(state.path(), looks);
    assert_eq!(keeper.heard(&heard(&[LOST])), Some(Look::Everything), "nothing is known yet");
    hears(&mut keeper, &[LOST]);
    assert_eq!(host.asked(), [Asked::Look, GONE, UNDER_THE_LOCK, MADE, ADDRESSES]);
    assert_eq!((&keeper.told, keeper.retry_at()), (&BTreeSet::new(), None));
    // What else may have changed is not guessed.
    for other in ["192.0.2.11", "2001:db8::1"] {
        assert_eq!(keeper.heard(&heard(&[LOST, (other, true)])), Some(Look::Everything));
    }
    let link = Heard { changed: true, ..heard(&[LOST]) };
    assert_eq!(keeper.heard(&link), Some(Look::Everything));
    assert_eq!(keeper.heard(&heard(&[])), None);
    // Nor is a journal that somebody wrote meanwhile.
    keeper.store.save(keeper.journal.as_ref().unwrap()).unwrap();
    assert_eq!(keeper.look(Look::Addresses), Look::Everything);
    assert_eq!(host.asked().last(), Some(&Asked::Look));
}

#[test]
fn a_notice_that_is_stale_changes_nothing() {
    let cases = [
        // Somebody put it back before the first question, or before the one under the lock.
        (vec![LOST], vec![set_up(), set_up()], vec![GONE]),
        (
            vec![LOST],
            vec![set_up(), drifted(), set_up(), set_up()],
            vec![GONE, UNDER_THE_LOCK, Asked::Make { changes: 0, known: 0 }, ADDRESSES],
        ),
        // It was heard that somebody did: who, and how, the address itself tells.
        (vec![LOST, (LOST.0, false)], vec![set_up(), set_up()], vec![ADDRESSES]),
    ];
    for (notices, looks, expected) in cases {
        let state = tempfile::tempdir().unwrap();
        let (mut keeper, host) = keeper(state.path(), looks);
        hears(&mut keeper, &notices);
        assert_eq!(host.asked(), [vec![Asked::Look], expected].concat());
        assert_eq!((&keeper.told, keeper.retry_at()), (&BTreeSet::new(), None));
    }
}

#[test]
fn a_vip_is_not_put_back_before_what_hides_it() {
    let state = tempfile::tempdir().unwrap();
    let mut exposed = drifted();
    exposed.sysctls = bare().sysctls;
    let looks = [set_up(), exposed.clone(), exposed, set_up()];
    let (mut keeper, host) = keeper(state.path(), looks);
    hears(&mut keeper, &[LOST]);
    // Under the lock the settings are found, raised first, and looked at again.
    let made = Asked::Make { changes: 3, known: 3 };
    let again = Asked::Again { gone: 0, settings: 2 };
    assert_eq!(host.asked(), [Asked::Look, GONE, UNDER_THE_LOCK, made, again]);
    assert_eq!((&keeper.told, keeper.retry_at()), (&BTreeSet::new(), None));
}
