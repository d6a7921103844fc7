// SPDX-License-Identifier: MIT OR Apache-2.0

use std::fmt;
use std::io;

/// An errno holds an error number of the kernel's, positive.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Errno(i32);

macro_rules! errnos {
    ($($name:ident)*) => {
        impl Errno {
            $(
                #[doc = concat!("`", stringify!($name), "`")]
                pub const $name: Self = Self(libc::$name);
            )*

            /// Returns its symbol, for example `EEXIST`, for those that IPVS uses.
            pub fn name(self) -> Option<&'static str> {
                match self {
                    $(Self::$name => Some(stringify!($name)),)*
                    _ => None,
                }
            }
        }
    };
}

errnos! {
    E2BIG EADDRINUSE EADDRNOTAVAIL EAFNOSUPPORT EBUSY EEXIST EINTR EINVAL EMSGSIZE ENETUNREACH
    ENOBUFS ENODEV ENOENT ENOMEM ENOPROTOOPT EOPNOTSUPP EOVERFLOW EPERM ERANGE ESRCH
}

impl Errno {
    /// Returns the errno with this number, of either sign.
    pub fn from_number(number: i32) -> Self {
        Self(number.saturating_abs())
    }

    /// Returns the number.
    pub fn number(self) -> i32 {
        self.0
    }
}

impl fmt::Display for Errno {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => f.write_str(name),
            None => write!(f, "errno {}", self.0),
        }
    }
}

impl fmt::Debug for Errno {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl From<Errno> for io::Error {
    fn from(errno: Errno) -> Self {
        Self::from_raw_os_error(errno.0)
    }
}
