// SPDX-License-Identifier: MIT OR Apache-2.0

use std::borrow::Cow;
use std::net::SocketAddr;

use serde::{Serialize, Serializer};

use crate::model::{DestinationKey, Protocol};
use crate::procfs::{Connection, ConnectionState, EngineData, Origin, VirtualAddress};

#[derive(Serialize)]
struct ConnectionForm<'a> {
    protocol: Protocol,
    client: SocketAddr,
    service: VirtualAddress,
    server: DestinationKey,
    state: &'a ConnectionState,
    expires_seconds: u64,
    template: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    origin: Option<Origin>,
    #[serde(skip_serializing_if = "Option::is_none")]
    engine: Option<&'a EngineData>,
}

/// A connection is written and not read: the file of the kernel's has more of it.
impl Serialize for Connection {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let form = ConnectionForm {
            protocol: self.protocol,
            client: self.client,
            service: self.service,
            server: self.server,
            state: &self.state,
            expires_seconds: self.expires.as_secs(),
            template: self.is_template(),
            origin: self.origin,
            engine: self.engine.as_ref(),
        };
        form.serialize(serializer)
    }
}

#[derive(Serialize)]
struct EngineForm<'a> {
    name: &'a str,
    data: Cow<'a, str>,
}

/// What is not UTF-8 in the data is replaced.
impl Serialize for EngineData {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let data = String::from_utf8_lossy(&self.data);
        EngineForm { name: &self.name, data }.serialize(serializer)
    }
}
