//! The numbers that stand for things, one type each so that none is taken for another.

use core::fmt;

macro_rules! counter {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub u64);

        impl $name {
            /// The one after this.
            pub const fn next(self) -> $name {
                $name(self.0 + 1)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

counter! {
    /// A record's position in the log, from 1. As a cursor, 0 means "before everything".
    Seq
}
counter! {
    /// A message's gapless position in its conversation, from 1.
    Number
}
counter! {
    /// The sending device's own counter, from 1: the idempotency key. 0 means "none yet".
    MessageId
}
counter! {
    /// A device's connection counter (`Try`), from 1; it grows with each connection that the device opens.
    Try
}
counter! {
    /// The random number of one server start, told by the log's `start` record.
    Epoch
}
counter! {
    /// The random number of one log, drawn when it is made.
    StoreId
}

/// The holder of a name from one claim to its release; the claim's seq is what tells two holders apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UserId(pub Seq);

/// One installation of a client: 128 random bits, kept by it, a secret. `Debug` hides it on purpose.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DeviceId([u8; 16]);

impl DeviceId {
    /// Wraps 128 random bits.
    pub const fn new(bits: [u8; 16]) -> DeviceId {
        DeviceId(bits)
    }

    /// The bits, for the `HELLO` frame and the client's own store alone.
    pub const fn secret(&self) -> [u8; 16] {
        self.0
    }

    /// Reads 32 hexadecimal digits.
    pub fn parse_hex(text: &str) -> Option<DeviceId> {
        let digits = text.as_bytes();
        if digits.len() != 32 {
            return None;
        }
        let mut bits = [0; 16];
        for (byte, pair) in bits.iter_mut().zip(digits.chunks_exact(2)) {
            let high = (pair[0] as char).to_digit(16)?;
            let low = (pair[1] as char).to_digit(16)?;
            *byte = (high * 16 + low) as u8;
        }
        Some(DeviceId(bits))
    }

    /// Writes 32 hexadecimal digits: the only place where the secret becomes text.
    pub fn write_hex(&self, out: &mut dyn FnMut(u8)) {
        for byte in self.0 {
            for nibble in [byte >> 4, byte & 15] {
                out(b"0123456789abcdef"[usize::from(nibble)]);
            }
        }
    }
}

impl fmt::Debug for DeviceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DeviceId(secret)")
    }
}

/// A driver's name for one connection. The driver may use it again after it has told `Closed`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnId(pub u32);

impl fmt::Display for ConnId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "c{}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::{format, string::String};

    #[test]
    fn a_device_id_survives_hex_and_hides_from_debug() {
        let device = DeviceId::new([7; 16]);
        let mut hex = String::new();
        device.write_hex(&mut |b| hex.push(b as char));
        assert_eq!(DeviceId::parse_hex(&hex), Some(device));
        assert!(!format!("{device:?}").contains("07"));
        assert_eq!(DeviceId::parse_hex("xyz"), None);
    }

    #[test]
    fn a_store_keeps_the_bits_and_gets_them_back() {
        let bits = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16];
        assert_eq!(DeviceId::new(bits).secret(), bits);
    }
}
