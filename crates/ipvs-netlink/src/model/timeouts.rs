// SPDX-License-Identifier: MIT OR Apache-2.0

use super::Invalid;

/// How long the kernel keeps idle connections of this network namespace.
///
/// Other TCP states and SCTP have timeouts that cannot be set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Timeouts {
    /// Established TCP connections, in seconds; 900 by default. `None` if the
    /// kernel was built without TCP.
    pub tcp: Option<u32>,
    /// TCP connections after FIN, in seconds; 120 by default.
    pub tcp_fin: Option<u32>,
    /// UDP flows, in seconds; 300 by default.
    pub udp: Option<u32>,
}

impl Timeouts {
    /// The three values, in the order TCP, TCP after FIN, UDP.
    pub fn values(&self) -> [Option<u32>; 3] {
        [self.tcp, self.tcp_fin, self.udp]
    }
}

/// Which timeouts to set; `None` leaves one as it is.
///
/// Connections that exist take the new value with their next packet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct SetTimeouts {
    tcp: Option<u32>,
    tcp_fin: Option<u32>,
    udp: Option<u32>,
}

impl SetTimeouts {
    /// The longest: 31 days, as in `ipvsadm`; every kernel configuration can
    /// hold it.
    pub const MAX: u32 = 31 * 24 * 60 * 60;

    /// Sets none of them yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Established TCP connections, in seconds.
    ///
    /// # Errors
    /// [`Invalid::Timeout`] outside 1 to 2678400: 0 means "leave it" to the
    /// kernel, and more it may refuse.
    pub fn tcp(self, seconds: u32) -> Result<Self, Invalid> {
        Ok(Self { tcp: Some(checked(seconds)?), ..self })
    }

    /// TCP connections after FIN, in seconds.
    ///
    /// # Errors
    /// As [`tcp`](Self::tcp).
    pub fn tcp_fin(self, seconds: u32) -> Result<Self, Invalid> {
        Ok(Self { tcp_fin: Some(checked(seconds)?), ..self })
    }

    /// UDP flows, in seconds.
    ///
    /// # Errors
    /// As [`tcp`](Self::tcp).
    pub fn udp(self, seconds: u32) -> Result<Self, Invalid> {
        Ok(Self { udp: Some(checked(seconds)?), ..self })
    }

    /// Values of any size, as a kernel reported them.
    pub(crate) fn from_kernel([tcp, tcp_fin, udp]: [Option<u32>; 3]) -> Self {
        Self { tcp, tcp_fin, udp }
    }

    /// The three values, in the order TCP, TCP after FIN, UDP.
    pub fn values(&self) -> [Option<u32>; 3] {
        [self.tcp, self.tcp_fin, self.udp]
    }

    /// Whether any that it sets has another value now ([`Timeouts::values`]). One that the
    /// kernel was built without has none, and does not differ: setting it does nothing.
    pub fn differs_from(&self, now: [Option<u32>; 3]) -> bool {
        let differs = |(wanted, now): (Option<u32>, Option<u32>)| {
            wanted.zip(now).is_some_and(|(wanted, now)| wanted != now)
        };
        self.values().into_iter().zip(now).any(differs)
    }
}

fn checked(seconds: u32) -> Result<u32, Invalid> {
    if (1..=SetTimeouts::MAX).contains(&seconds) {
        Ok(seconds)
    } else {
        Err(Invalid::Timeout(seconds))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timeout_is_of_1_second_to_31_days() {
        let set = [SetTimeouts::tcp, SetTimeouts::tcp_fin, SetTimeouts::udp];
        for (place, set) in set.into_iter().enumerate() {
            for seconds in [1, 2, 900, 2_678_399, 2_678_400] {
                let mut expected = [None; 3];
                expected[place] = Some(seconds);
                assert_eq!(set(SetTimeouts::new(), seconds).map(|set| set.values()), Ok(expected));
            }
            for seconds in [0, 2_678_401, u32::MAX] {
                let refused = Err(Invalid::Timeout(seconds));
                assert_eq!(set(SetTimeouts::new(), seconds), refused);
            }
        }
        let all = SetTimeouts::new().udp(3).unwrap().tcp(1).unwrap().tcp_fin(2).unwrap();
        assert_eq!(all.values(), [Some(1), Some(2), Some(3)]);
    }

    #[test]
    fn what_is_not_set_and_what_is_not_there_does_not_differ() {
        for (set, now, expected) in [
            ([None; 3], [Some(1), Some(2), None], false),
            ([Some(1), None, Some(3)], [Some(1), Some(2), Some(3)], false),
            ([Some(1), None, Some(3)], [Some(1), Some(2), Some(4)], true),
            ([None, Some(3), None], [Some(1), Some(2), Some(3)], true),
            ([Some(1), None, Some(3)], [None, None, Some(3)], false),
            ([Some(1), None, Some(3)], [None, None, Some(4)], true),
            ([Some(1), Some(2), Some(3)], [None; 3], false),
        ] {
            let set = SetTimeouts::from_kernel(set);
            assert_eq!(set.differs_from(now), expected, "{set:?} {now:?}");
        }
    }
}
