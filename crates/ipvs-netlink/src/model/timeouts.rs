// SPDX-License-Identifier: MIT OR Apache-2.0

use super::Invalid;

/// The timeouts say after how many seconds a network namespace forgets idle connections.
///
/// Other TCP states and SCTP have timeouts that cannot be set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(default))]
#[non_exhaustive]
pub struct Timeouts {
    /// Established TCP connections. `None` if the kernel was built without TCP.
    pub tcp: Option<u32>,
    /// TCP connections after FIN. `None` if the kernel was built without TCP.
    pub tcp_fin: Option<u32>,
    /// UDP flows. `None` if the kernel was built without UDP.
    pub udp: Option<u32>,
}

impl Timeouts {
    /// A network namespace begins with these timeouts.
    pub const KERNEL_DEFAULTS: Self = Self { tcp: Some(900), tcp_fin: Some(120), udp: Some(300) };

    /// Returns the timeouts that are there once `set` is applied to these.
    #[must_use]
    pub fn after(self, set: &SetTimeouts) -> Self {
        let Self { tcp, tcp_fin, udp } = set.values();
        Self { tcp: tcp.or(self.tcp), tcp_fin: tcp_fin.or(self.tcp_fin), udp: udp.or(self.udp) }
    }

    /// Pairs each timeout with the same one of `other`.
    fn zip(self, other: Self) -> [(Option<u32>, Option<u32>); 3] {
        [(self.tcp, other.tcp), (self.tcp_fin, other.tcp_fin), (self.udp, other.udp)]
    }
}

/// The request sets timeouts; those that it does not name stay as they are.
///
/// Connections that exist take the new value with their next packet.
#[doc(alias("ipvsadm --set"))]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct SetTimeouts(Timeouts);

impl SetTimeouts {
    /// A timeout has this length at most: 31 days, as in `ipvsadm`; every kernel
    /// configuration can hold it.
    pub const MAX: u32 = 31 * 24 * 60 * 60;

    /// Returns a request that sets none of them yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the timeout of established TCP connections, in seconds.
    ///
    /// # Errors
    /// [`Invalid::Timeout`] outside 1 to 2678400: 0 means "leave it" to the
    /// kernel, and more it may refuse.
    pub fn tcp(self, seconds: u32) -> Result<Self, Invalid> {
        Ok(Self(Timeouts { tcp: Some(checked(seconds)?), ..self.0 }))
    }

    /// Sets the timeout of TCP connections after FIN, in seconds.
    ///
    /// # Errors
    /// As [`tcp`](Self::tcp).
    pub fn tcp_fin(self, seconds: u32) -> Result<Self, Invalid> {
        Ok(Self(Timeouts { tcp_fin: Some(checked(seconds)?), ..self.0 }))
    }

    /// Sets the timeout of UDP flows, in seconds.
    ///
    /// # Errors
    /// As [`tcp`](Self::tcp).
    pub fn udp(self, seconds: u32) -> Result<Self, Invalid> {
        Ok(Self(Timeouts { udp: Some(checked(seconds)?), ..self.0 }))
    }

    /// Takes values of any size, as a kernel reported them.
    pub(crate) fn from_kernel(seconds: Timeouts) -> Self {
        Self(seconds)
    }

    /// Returns the values to set, `None` for each that stays as it is.
    pub fn values(&self) -> Timeouts {
        self.0
    }

    /// Tells whether any timeout that it sets has another value now. One that the
    /// kernel was built without has none, and does not differ: setting it does nothing.
    pub fn differs_from(&self, now: &Timeouts) -> bool {
        let differs = |(wanted, now): (Option<u32>, Option<u32>)| {
            wanted.zip(now).is_some_and(|(wanted, now)| wanted != now)
        };
        self.0.zip(*now).into_iter().any(differs)
    }

    /// Refuses a value that is too long, unless it is the one of now: what another
    /// tool set may stay.
    ///
    /// # Errors
    /// [`Invalid::Timeout`] names the first such value.
    pub fn check_edit_of(&self, now: &Timeouts) -> Result<(), Invalid> {
        let changed = self.0.zip(*now).into_iter().filter(|(wanted, now)| wanted != now);
        let long = changed.filter_map(|(wanted, _)| wanted).find(|seconds| *seconds > Self::MAX);
        long.map_or(Ok(()), |seconds| Err(Invalid::Timeout(seconds)))
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

    fn timeouts(tcp: Option<u32>, tcp_fin: Option<u32>, udp: Option<u32>) -> Timeouts {
        Timeouts { tcp, tcp_fin, udp }
    }

    #[test]
    fn a_timeout_is_of_1_second_to_31_days() {
        let set = [SetTimeouts::tcp, SetTimeouts::tcp_fin, SetTimeouts::udp];
        let get = [|it: Timeouts| it.tcp, |it: Timeouts| it.tcp_fin, |it: Timeouts| it.udp];
        for (set, get) in set.into_iter().zip(get) {
            for seconds in [1, 2, 900, 2_678_399, 2_678_400] {
                let values = set(SetTimeouts::new(), seconds).unwrap().values();
                assert_eq!(get(values), Some(seconds));
                let named = [values.tcp, values.tcp_fin, values.udp];
                assert_eq!(named.into_iter().flatten().count(), 1, "{values:?}");
            }
            for seconds in [0, 2_678_401, u32::MAX] {
                let refused = Err(Invalid::Timeout(seconds));
                assert_eq!(set(SetTimeouts::new(), seconds), refused);
            }
        }
        let all = SetTimeouts::new().udp(3).unwrap().tcp(1).unwrap().tcp_fin(2).unwrap();
        assert_eq!(all.values(), timeouts(Some(1), Some(2), Some(3)));
    }

    #[test]
    fn what_is_not_set_and_what_is_not_there_does_not_differ() {
        let of = |[tcp, tcp_fin, udp]: [Option<u32>; 3]| timeouts(tcp, tcp_fin, udp);
        for (set, now, expected) in [
            ([None; 3], [Some(1), Some(2), None], false),
            ([Some(1), None, Some(3)], [Some(1), Some(2), Some(3)], false),
            ([Some(1), None, Some(3)], [Some(1), Some(2), Some(4)], true),
            ([None, Some(3), None], [Some(1), Some(2), Some(3)], true),
            ([Some(1), None, Some(3)], [None, None, Some(3)], false),
            ([Some(1), None, Some(3)], [None, None, Some(4)], true),
            ([Some(1), Some(2), Some(3)], [None; 3], false),
        ] {
            let set = SetTimeouts::from_kernel(of(set));
            assert_eq!(set.differs_from(&of(now)), expected, "{set:?} {now:?}");
        }
    }

    #[test]
    fn what_is_not_named_stays() {
        let set = SetTimeouts::new().tcp_fin(7).unwrap();
        let after = timeouts(Some(900), Some(7), Some(300));
        assert_eq!(Timeouts::KERNEL_DEFAULTS.after(&set), after);
        assert_eq!(Timeouts::default().after(&set), timeouts(None, Some(7), None));
    }
}
