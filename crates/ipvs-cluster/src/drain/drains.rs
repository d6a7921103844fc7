// SPDX-License-Identifier: MIT OR Apache-2.0

use foldhash::{HashMap, HashMapExt as _};
use ipvs_netlink::{DestinationKey, ServiceKey, Weight};

use super::{Drain, Rise};
use crate::desired::Desired;

/// Holds all servers of a director that are being drained, or brought back step by step.
///
/// With the feature `file` it is read and written by serde, for a file that several programs
/// share.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "file", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "file", serde(default))]
pub struct Drains {
    drains: Vec<Drain>,
    rises: Vec<Rise>,
}

impl Drains {
    /// Returns whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.drains.is_empty() && self.rises.is_empty()
    }

    /// Returns the drains, in the order in which they began.
    #[must_use]
    pub fn drains(&self) -> &[Drain] {
        &self.drains
    }

    /// Returns the rises, in the order in which they began.
    #[must_use]
    pub fn rises(&self) -> &[Rise] {
        &self.rises
    }

    /// Returns the drain of that server.
    #[must_use]
    pub fn drain(&self, service: &ServiceKey, server: &DestinationKey) -> Option<&Drain> {
        self.drains.iter().find(|it| it.service == *service && it.server == *server)
    }

    /// Returns the rise of that server.
    #[must_use]
    pub fn rise(&self, service: &ServiceKey, server: &DestinationKey) -> Option<&Rise> {
        self.rises.iter().find(|it| it.service == *service && it.server == *server)
    }

    /// Remembers a drain: instead of another one of the server, and of its rise.
    pub fn begin(&mut self, drain: Drain) {
        self.rises.retain(|it| !(it.service == drain.service && it.server == drain.server));
        match self
            .drains
            .iter_mut()
            .find(|it| it.service == drain.service && it.server == drain.server)
        {
            Some(there) => *there = drain,
            None => self.drains.push(drain),
        }
    }

    /// Remembers a rise: instead of another one of the server, and of its drain.
    pub fn begin_rise(&mut self, rise: Rise) {
        self.drains.retain(|it| !(it.service == rise.service && it.server == rise.server));
        match self
            .rises
            .iter_mut()
            .find(|it| it.service == rise.service && it.server == rise.server)
        {
            Some(there) => *there = rise,
            None => self.rises.push(rise),
        }
    }

    /// Forgets a server, and returns whether it was known.
    pub fn end(&mut self, service: &ServiceKey, server: &DestinationKey) -> bool {
        let before = self.drains.len() + self.rises.len();
        self.drains.retain(|it| !(it.service == *service && it.server == *server));
        self.rises.retain(|it| !(it.service == *service && it.server == *server));
        before > self.drains.len() + self.rises.len()
    }

    /// Returns `desired` with the weights of what is under way: 0 for a server under drain, and
    /// for one that is brought back the weight it has come to. All else stays as it is wanted. So a
    /// plan towards it undoes no drain.
    pub fn applied_to(&self, mut desired: Desired) -> Desired {
        if self.is_empty() {
            return desired;
        }
        let mut weights = HashMap::new();
        weights.extend(self.drains.iter().map(|it| ((it.service, it.server), Weight::ZERO)));
        weights.extend(self.rises.iter().map(|it| ((it.service, it.server), it.weight)));
        desired.set_weights(|service, server| weights.get(&(*service, *server)).copied());
        desired
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use ipvs_netlink::{Destination, ForwardingMethod, Scheduler, Service};

    use super::*;
    use crate::desired::{Builder, DesiredService};
    use crate::drain::{Ramp, Then};

    fn weight(weight: u32) -> Weight {
        Weight::new(weight).unwrap()
    }

    fn drain(service: &str, server: &str) -> Drain {
        Drain {
            service: service.parse().unwrap(),
            server: server.parse().unwrap(),
            weight: weight(5),
            deadline: Duration::from_millis(12_345),
            then: Then::Remove,
        }
    }

    fn rise(service: &str, server: &str) -> Rise {
        let of = Service::new(service.parse().unwrap(), Scheduler::Wlc);
        Rise {
            service: of.key,
            server: server.parse().unwrap(),
            ramp: Ramp::new(&of, weight(9), Duration::from_secs(60)).unwrap(),
            began: Duration::from_millis(7),
            weight: weight(2),
            before: weight(1),
        }
    }

    const WEB: &str = "tcp/192.0.2.1:80";
    const DNS: &str = "udp/[2001:db8::1]:53";
    const ONE: &str = "10.0.0.1:80";
    const TWO: &str = "[2001:db8::2]:53";

    #[test]
    fn a_server_is_drained_or_brought_back_once() {
        let mut drains = Drains::default();
        drains.begin(drain(WEB, ONE));
        drains.begin(drain(DNS, TWO));
        drains.begin(Drain { then: Then::Keep, ..drain(WEB, ONE) });
        assert_eq!(drains.drains().len(), 2);
        let [web, one] = [WEB, ONE];
        let (web, one) = (web.parse().unwrap(), one.parse().unwrap());
        assert_eq!(drains.drain(&web, &one).unwrap().then, Then::Keep);
        drains.begin_rise(rise(WEB, ONE));
        assert_eq!((drains.drains().len(), drains.rises().len()), (1, 1));
        assert_eq!(drains.drain(&web, &one), None);
        drains.begin(drain(WEB, ONE));
        assert_eq!(drains.rise(&web, &one), None);
        assert!(drains.end(&web, &one) && !drains.end(&web, &one));
        assert_eq!(drains.drains(), [drain(DNS, TWO)]);
    }

    #[test]
    fn what_is_wanted_does_not_undo_what_is_under_way() {
        let server = |key: &str, of| {
            Destination::new(key.parse().unwrap(), ForwardingMethod::Masquerade)
                .with_weight(weight(of))
        };
        let service = |key: &str, servers: Vec<Destination>| {
            DesiredService::new(Service::new(key.parse().unwrap(), Scheduler::Wlc))
                .with_servers(servers)
        };
        let desired = |weights: [u32; 3]| {
            let mut builder = Builder::new();
            let servers = vec![server(ONE, weights[0]), server("10.0.0.2:80", weights[1])];
            builder.service("a test", service(WEB, servers));
            let other = vec![server(ONE, weights[2])];
            builder.service("a test", service("tcp/192.0.2.2:80", other));
            builder.finish().unwrap()
        };
        let mut drains = Drains::default();
        assert_eq!(drains.applied_to(desired([3, 3, 3])), desired([3, 3, 3]));
        drains.begin(drain(WEB, ONE));
        // Nobody wants this one.
        drains.begin(drain(DNS, TWO));
        assert_eq!(drains.applied_to(desired([3, 3, 3])), desired([0, 3, 3]));
        drains.begin_rise(rise("tcp/192.0.2.2:80", ONE));
        assert_eq!(drains.applied_to(desired([3, 3, 3])), desired([0, 3, 2]));
    }

    #[cfg(feature = "file")]
    #[test]
    fn it_is_kept_in_words() {
        let mut drains = Drains::default();
        drains.begin(drain(DNS, TWO));
        drains.begin_rise(rise(WEB, ONE));
        let text = serde_json::to_value(&drains).unwrap();
        let expected = serde_json::json!({
            "drains": [{
                "service": DNS, "server": TWO, "weight": 5, "deadline_ms": 12_345,
                "then": "remove",
            }],
            "rises": [{
                "service": WEB, "server": ONE, "to": 9, "over_ms": 60_000, "began_ms": 7,
                "weight": 2, "before": 1,
            }],
        });
        assert_eq!(text, expected);
        assert_eq!(serde_json::from_value::<Drains>(expected).unwrap(), drains);
        assert_eq!(serde_json::from_str::<Drains>("{}").unwrap(), Drains::default());
        for (field, value) in [("weight", serde_json::json!(-1)), ("server", "ten".into())] {
            let mut bad = text.clone();
            bad["drains"][0][field] = value;
            assert!(serde_json::from_value::<Drains>(bad).is_err(), "{field}");
        }
    }
}
