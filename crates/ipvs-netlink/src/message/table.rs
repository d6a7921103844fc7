// SPDX-License-Identifier: MIT OR Apache-2.0

//! One row per attribute: number, name and form. Length, encoding, decoding and the
//! words of a trace follow from the row, so that they cannot disagree.

macro_rules! attribute_table {
    (
        $(#[$meta:meta])*
        pub enum $name:ident {
            $($(#[$row_meta:meta])* $number:literal => $variant:ident($form:ty),)*
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        #[non_exhaustive]
        pub enum $name {
            $($(#[$row_meta])* $variant($form),)*
            /// An attribute with another number, or with a payload that is not
            /// of the known form, unchanged.
            Other(netlink_packet_core::DefaultNla),
        }

        impl $name {
            /// Reads the attribute of that kind from its payload; `None` if the
            /// kind is not known, or the payload not of its form.
            #[inline(always)] // where the answer is taken apart at once, none is built
            pub(crate) fn read(kind: u16, payload: &[u8]) -> Option<Self> {
                match kind {
                    $($number => {
                        <$form as $crate::message::wire::Wire>::parse(payload).map(Self::$variant)
                    })*
                    _ => None,
                }
            }
        }

        impl netlink_packet_core::Nla for $name {
            fn value_len(&self) -> usize {
                match self {
                    $(Self::$variant(value) => $crate::message::wire::Wire::length(value),)*
                    Self::Other(nla) => netlink_packet_core::Nla::value_len(nla),
                }
            }

            fn kind(&self) -> u16 {
                match self {
                    $(Self::$variant(_) => {
                        let nested = <$form as $crate::message::wire::Wire>::NESTED;
                        $number | if nested { netlink_packet_core::NLA_F_NESTED } else { 0 }
                    })*
                    Self::Other(nla) => netlink_packet_core::Nla::kind(nla),
                }
            }

            fn emit_value(&self, buffer: &mut [u8]) {
                match self {
                    $(Self::$variant(value) => $crate::message::wire::Wire::emit(value, buffer),)*
                    Self::Other(nla) => netlink_packet_core::Nla::emit_value(nla, buffer),
                }
            }
        }

        impl $crate::message::show::Show for $name {
            fn show(
                &self,
                family: Option<$crate::model::AddressFamily>,
                f: &mut std::fmt::Formatter<'_>,
            ) -> std::fmt::Result {
                match self {
                    $(Self::$variant(value) => {
                        f.write_str(concat!(stringify!($variant), "="))?;
                        $crate::message::show::ShowValue::show_value(value, family, f)
                    })*
                    Self::Other(nla) => $crate::message::show::show_unknown(nla, f),
                }
            }
        }

        impl $crate::message::pack::Pack for $name {
            #[inline(always)]
            fn pack(self, bytes: &mut Vec<u8>) {
                match self {
                    $(Self::$variant(value) => {
                        let nested = <$form as $crate::message::wire::Wire>::NESTED;
                        let kind = $number | if nested { netlink_packet_core::NLA_F_NESTED } else { 0 };
                        $crate::message::wire::Wire::pack(&value, kind, bytes);
                    })*
                    Self::Other(nla) => $crate::message::wire::append(bytes, &nla),
                }
            }
        }

        impl<'a> netlink_packet_core::Parseable<netlink_packet_core::NlaBuffer<&'a [u8]>>
            for $name
        {
            fn parse(
                nla: &netlink_packet_core::NlaBuffer<&'a [u8]>,
            ) -> Result<Self, netlink_packet_core::DecodeError> {
                match Self::read(nla.kind(), nla.value()) {
                    Some(attribute) => Ok(attribute),
                    None => netlink_packet_core::DefaultNla::parse(nla).map(Self::Other),
                }
            }
        }
    };
}

pub(super) use attribute_table;
