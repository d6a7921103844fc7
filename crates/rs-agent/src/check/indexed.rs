// SPDX-License-Identifier: MIT OR Apache-2.0
//! Lists whose members are found by a key: a host may have thousands of addresses and hundreds of
//! interfaces, and the rules ask for nearly all of them.

use std::cell::OnceCell;
use std::collections::{HashMap, HashSet};
use std::net::IpAddr;
use std::ops::{Deref, DerefMut};

use super::seen::{Address, Device};
use crate::ipvs::Service;

/// Holds a list in its order, and an index of it, which is made when the list is first asked and
/// forgotten when it is changed.
#[derive(Debug, Clone)]
pub struct Indexed<T: Keyed> {
    all: Vec<T>,
    index: OnceCell<T::Index>,
}

/// Says by what the members of a list are found.
pub trait Keyed: Sized {
    /// Leads from a key to the places in the list.
    type Index: Default;

    /// Adds a member, which has that place.
    fn enter(&self, place: usize, index: &mut Self::Index);
}

impl<T: Keyed> Indexed<T> {
    fn index(&self) -> &T::Index {
        self.index.get_or_init(|| {
            let mut index = T::Index::default();
            self.all.iter().enumerate().for_each(|(place, one)| one.enter(place, &mut index));
            index
        })
    }

    fn at<'a>(&'a self, places: Option<&'a Vec<usize>>) -> impl Iterator<Item = &'a T> {
        places.into_iter().flatten().filter_map(|place| self.all.get(*place))
    }
}

impl Keyed for IpAddr {
    type Index = HashSet<IpAddr>;

    fn enter(&self, _place: usize, index: &mut Self::Index) {
        index.insert(*self);
    }
}

impl Indexed<IpAddr> {
    /// Returns whether the list has that address.
    #[must_use]
    pub fn contains(&self, ip: &IpAddr) -> bool {
        self.index().contains(ip)
    }
}

/// Addresses are found by themselves, and by their interfaces.
#[derive(Debug, Clone, Default)]
pub struct Places {
    of: HashMap<IpAddr, Vec<usize>>,
    on: HashMap<String, Vec<usize>>,
}

impl Keyed for Address {
    type Index = Places;

    fn enter(&self, place: usize, index: &mut Places) {
        index.of.entry(self.ip).or_default().push(place);
        match index.on.get_mut(&self.device) {
            Some(places) => places.push(place),
            None => drop(index.on.insert(self.device.clone(), vec![place])),
        }
    }
}

impl Indexed<Address> {
    /// Returns those with that address.
    pub fn of(&self, ip: IpAddr) -> impl Iterator<Item = &Address> {
        self.at(self.index().of.get(&ip))
    }

    /// Returns those on that interface.
    pub fn on(&self, device: &str) -> impl Iterator<Item = &Address> {
        self.at(self.index().on.get(device))
    }
}

impl Keyed for Device {
    type Index = HashMap<String, usize>;

    fn enter(&self, place: usize, index: &mut Self::Index) {
        index.entry(self.name.clone()).or_insert(place);
    }
}

impl Indexed<Device> {
    /// Returns the interface of that name.
    #[must_use]
    pub fn named(&self, name: &str) -> Option<&Device> {
        self.all.get(*self.index().get(name)?)
    }
}

impl Keyed for Service {
    type Index = HashMap<IpAddr, Vec<usize>>;

    fn enter(&self, place: usize, index: &mut Self::Index) {
        if let Some(at) = self.at() {
            index.entry(at.ip()).or_default().push(place);
        }
    }
}

impl Indexed<Service> {
    /// Returns those of that address, of every port.
    pub fn of(&self, ip: IpAddr) -> impl Iterator<Item = &Service> {
        self.at(self.index().get(&ip))
    }
}

impl<T: Keyed> Default for Indexed<T> {
    fn default() -> Self {
        Self::from(Vec::new())
    }
}

impl<T: Keyed> From<Vec<T>> for Indexed<T> {
    fn from(all: Vec<T>) -> Self {
        Self { all, index: OnceCell::new() }
    }
}

impl<T: Keyed> Deref for Indexed<T> {
    type Target = Vec<T>;

    fn deref(&self) -> &Vec<T> {
        &self.all
    }
}

impl<T: Keyed> DerefMut for Indexed<T> {
    fn deref_mut(&mut self) -> &mut Vec<T> {
        self.index.take();
        &mut self.all
    }
}

impl<'a, T: Keyed> IntoIterator for &'a Indexed<T> {
    type Item = &'a T;
    type IntoIter = std::slice::Iter<'a, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.all.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_changed_is_found_as_it_is_now() {
        let ip = |last| IpAddr::from([192, 0, 2, last]);
        let address = |last, device: &str| Address::new(device, ip(last), 32, "host");
        let mut list = Indexed::from(vec![address(1, "lo"), address(2, "lo"), address(1, "eth0")]);
        let on = |list: &Indexed<Address>, name| list.on(name).map(|it| it.ip).collect::<Vec<_>>();
        assert_eq!(list.of(ip(1)).map(|it| it.device.as_str()).collect::<Vec<_>>(), ["lo", "eth0"]);
        assert_eq!((on(&list, "lo"), on(&list, "eth1")), (vec![ip(1), ip(2)], vec![]));
        list[0].device = "eth1".into();
        list.push(address(3, "lo"));
        assert_eq!((on(&list, "lo"), on(&list, "eth1")), (vec![ip(2), ip(3)], vec![ip(1)]));
        list.retain(|have| have.ip != ip(1));
        assert_eq!(list.of(ip(1)).count(), 0);
    }
}
