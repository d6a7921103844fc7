// SPDX-License-Identifier: MIT OR Apache-2.0

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

/// Does `work` again and again on a thread of its own, in the caller's namespaces, while
/// `test` runs. It ends with the test, also one that fails: that must not become one that
/// hangs. If `work` panics, so does this, once `test` is over.
pub fn beside<R>(mut work: impl FnMut() + Send, test: impl FnOnce() -> R) -> R {
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            while !over.load(Ordering::Relaxed) {
                work();
            }
        });
        let _ends = Ends(&over);
        test()
    })
}

struct Ends<'flag>(&'flag AtomicBool);

impl Drop for Ends<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}
