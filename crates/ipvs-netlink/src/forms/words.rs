// SPDX-License-Identifier: MIT OR Apache-2.0

//! Keys, words and numbers.

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::model::{
    AddressFamily, DestinationKey, EngineName, GueChecksum, InterfaceName, IpvsVersion, Netmask,
    PersistenceTimeout, Protocol, Scheduler, SchedulerFlag, ServiceKey, SyncRole, Weight,
};
use crate::procfs::{ConnectionState, Origin, VirtualAddress};

/// What is text, as `Display` writes it and `FromStr` reads it.
macro_rules! texts {
    ($($word:ty),*) => {$(
        impl Serialize for $word {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $word {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
            }
        }
    )*};
}

texts!(
    ServiceKey,
    DestinationKey,
    Protocol,
    Scheduler,
    SchedulerFlag,
    EngineName,
    Netmask,
    GueChecksum,
    SyncRole,
    InterfaceName,
    IpvsVersion,
    VirtualAddress,
    Origin
);

/// What is a number, of which not each is allowed.
macro_rules! numbers {
    ($($number:ty),*) => {$(
        impl Serialize for $number {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_u32((*self).into())
            }
        }

        impl<'de> Deserialize<'de> for $number {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                u32::deserialize(deserializer)?.try_into().map_err(D::Error::custom)
            }
        }
    )*};
}

numbers!(Weight, PersistenceTimeout);

impl Serialize for AddressFamily {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for AddressFamily {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

impl Serialize for ConnectionState {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}
