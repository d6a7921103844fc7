// SPDX-License-Identifier: MIT OR Apache-2.0

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

/// Does `work` again and again on a thread of its own, in the caller's namespaces, while
/// `test` runs. It ends with the test, also one that fails: that must not become one that
/// hangs. If `work` panics, so does this, once `test` is over; and if it was never done, as
/// `test` would show nothing then.
pub fn beside<R>(mut work: impl FnMut() + Send, test: impl FnOnce() -> R) -> R {
    let (over, rounds) = (AtomicBool::new(false), AtomicUsize::new(0));
    let outcome = thread::scope(|scope| {
        scope.spawn(|| {
            while !over.load(Ordering::Relaxed) {
                work();
                rounds.fetch_add(1, Ordering::Relaxed);
            }
        });
        let _ends = Ends(&over);
        test()
    });
    assert!(rounds.load(Ordering::Relaxed) > 0, "nothing was done beside it");
    outcome
}

struct Ends<'flag>(&'flag AtomicBool);

impl Drop for Ends<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}
