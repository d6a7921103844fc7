// SPDX-License-Identifier: MIT OR Apache-2.0

/// Numbers that are the same in every run (xorshift64*), unless `SEED` asks for others.
#[derive(Debug)]
pub struct Dice(u64);

impl Dice {
    /// The seed must not be 0. It is printed, and so is `SEED`, the number by which
    /// `make test SEED=…` makes it another.
    pub fn new(seed: u64) -> Self {
        assert!(seed != 0, "from 0 comes nothing but 0");
        let fresh = std::env::var("SEED").unwrap_or_default();
        let seed = mixed(seed, &fresh);
        println!("seed {seed:#x}, by SEED={fresh}");
        Self(seed)
    }

    /// One of 0 to `sides` less 1; there are 2^31 sides at most.
    pub fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) as usize % sides
    }

    /// One of these.
    pub fn pick<T: Clone>(&mut self, from: &[T]) -> T {
        from[self.roll(from.len())].clone()
    }
}

/// `seed`, or what it becomes by the number in `fresh`: another for each, and never 0.
fn mixed(seed: u64, fresh: &str) -> u64 {
    if fresh.is_empty() {
        return seed;
    }
    let fresh: u64 = fresh.parse().unwrap_or_else(|_| panic!("SEED={fresh} is no number"));
    // As splitmix64 does, so that neighbours have nothing in common.
    let mut mixed = seed ^ fresh.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (mixed ^ (mixed >> 31)).max(1)
}
