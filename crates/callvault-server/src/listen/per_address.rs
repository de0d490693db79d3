//! Shares of something scarce, so that no single client address gets all of it.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, PoisonError};

/// What every address holds. Memory is bounded by what is held.
#[derive(Debug)]
pub(crate) struct PerAddress {
    most: usize,
    held: Mutex<HashMap<IpAddr, Held>>,
}

#[derive(Debug, Default)]
struct Held {
    shares: usize,
    refused: bool,
}

/// What one holder took, given back when it is dropped.
#[derive(Debug)]
pub(crate) struct Share {
    of: Arc<PerAddress>,
    holder: IpAddr,
    shares: usize,
}

/// The address has as much as one may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Full {
    /// Whether this is the first refusal since the address held nothing: the one to tell the operator of.
    pub(crate) first: bool,
}

impl PerAddress {
    /// At most `most` shares for one address, and at least 1.
    pub(crate) fn new(most: usize) -> Arc<Self> {
        Arc::new(Self { most: most.max(1), held: Mutex::default() })
    }

    /// Takes a share for an address.
    ///
    /// # Errors
    /// When the address has all it may have.
    pub(crate) fn take(self: &Arc<Self>, address: IpAddr) -> Result<Share, Full> {
        let mut share = self.nothing_for(address);
        share.grow(1)?;
        Ok(share)
    }

    /// A share for an address that is nothing yet; see [`Share::grow`].
    pub(crate) fn nothing_for(self: &Arc<Self>, address: IpAddr) -> Share {
        Share { of: self.clone(), holder: holder(address), shares: 0 }
    }
}

impl Share {
    /// Takes so many more.
    ///
    /// # Errors
    /// When the address would have more than it may; what was taken before is kept.
    pub(crate) fn grow(&mut self, more: usize) -> Result<(), Full> {
        let mut all = self.of.held.lock().unwrap_or_else(PoisonError::into_inner);
        let has = all.get(&self.holder).map_or(0, |held| held.shares);
        if more > self.of.most.saturating_sub(has) {
            // Who holds nothing and asks for too much leaves nothing behind either.
            let held = all.get_mut(&self.holder);
            let first = held.is_none_or(|held| !std::mem::replace(&mut held.refused, true));
            return Err(Full { first });
        }
        all.entry(self.holder).or_default().shares += more;
        self.shares += more;
        Ok(())
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        if self.shares == 0 {
            return;
        }
        let mut all = self.of.held.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(held) = all.get_mut(&self.holder) {
            held.shares -= self.shares;
            if held.shares == 0 {
                all.remove(&self.holder);
            }
        }
    }
}

/// Who is counted as one: an IPv4 address, or a /64 of IPv6, of which a single host commonly has all addresses.
fn holder(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from(u128::from(address) & (u128::MAX << 64))),
        address => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_gets_its_share_and_gives_it_back() {
        let check = |one: &str, other: &str, same: bool| {
            let shares = PerAddress::new(1);
            let share = shares.take(one.parse().unwrap()).unwrap();
            assert_eq!(shares.take(other.parse().unwrap()).is_err(), same, "{one} {other}");
            drop(share);
            assert!(shares.take(other.parse().unwrap()).is_ok());
            assert!(shares.held.lock().unwrap().is_empty(), "what is given back leaves nothing");
        };
        check("192.0.2.1", "192.0.2.1", true);
        check("192.0.2.1", "192.0.2.2", false);
        check("192.0.2.1", "::ffff:192.0.2.1", true);
        check("2001:db8:0:1::1", "2001:db8:0:1:ffff::2", true);
        check("2001:db8:0:1::1", "2001:db8:0:2::1", false);
    }

    #[test]
    fn a_share_that_grows_is_given_back_whole() {
        let (shares, address) = (PerAddress::new(10), "192.0.2.1".parse().unwrap());
        let mut growing = shares.nothing_for(address);
        assert!(growing.grow(11).is_err());
        assert!(shares.held.lock().unwrap().is_empty(), "who asks for too much leaves nothing");
        growing.grow(4).unwrap();
        growing.grow(5).unwrap();
        let mut other = shares.nothing_for(address);
        assert!(other.grow(2).is_err());
        other.grow(1).unwrap();
        drop(growing);
        other.grow(9).unwrap();
        drop(other);
        assert!(shares.held.lock().unwrap().is_empty());
    }

    #[test]
    fn the_first_refusal_is_told_once() {
        let (shares, address) = (PerAddress::new(1), "192.0.2.1".parse().unwrap());
        let share = shares.take(address).unwrap();
        assert_eq!(shares.take(address).unwrap_err(), Full { first: true });
        assert_eq!(shares.take(address).unwrap_err(), Full { first: false });
        drop(share);
        let _share = shares.take(address).unwrap();
        assert_eq!(shares.take(address).unwrap_err(), Full { first: true });
    }
}
