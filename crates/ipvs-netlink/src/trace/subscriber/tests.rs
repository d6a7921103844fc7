// SPDX-License-Identifier: MIT OR Apache-2.0

use super::*;
use crate::error::Error;
use crate::model::{Change, ServiceKey};

#[path = "../../../tests/support/subscriber.rs"]
mod keeper;

#[test]
fn what_is_done_about_lost_answers_is_a_warning() {
    let change = Change::RemoveService(ServiceKey::tcp([192, 0, 2, 10], 80));
    let lost = Error::TimedOut { operation: Box::new(Operation::Change(change.clone())) };
    let lines = keeper::shown(Level::WARN, || {
        show(&Event::AskedAgain(&lost));
        show(&Event::ReadBack(&lost));
        show(&Event::Shown { change: &change, made: false });
        show(&Event::FamilyMoved { from: 30, to: 31 });
        assert!(!wants_messages());
        let exchange = Exchange::begun(&Operation::Services, 1, 20);
        exchange.ended(1, 1, None);
    });
    let error = "error=cannot delete service tcp/192.0.2.10:80: \
                 the kernel did not answer in time";
    assert_eq!(
        lines,
        [
            format!("WARN ipvs_netlink asked again {error}"),
            format!("WARN ipvs_netlink read back {error}"),
            "WARN ipvs_netlink shown change=delete service tcp/192.0.2.10:80 made=false".to_owned(),
            "WARN ipvs_netlink family moved from=30 to=31".to_owned(),
        ]
    );
}
