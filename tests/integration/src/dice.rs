// SPDX-License-Identifier: MIT OR Apache-2.0

/// Numbers that are the same in every run (xorshift64*).
#[derive(Debug)]
pub struct Dice(u64);

impl Dice {
    /// The seed must not be 0, and is printed.
    pub fn new(seed: u64) -> Self {
        assert!(seed != 0, "from 0 comes nothing but 0");
        println!("seed {seed:#x}");
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
