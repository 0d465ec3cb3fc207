//! Items with ids, found by id or by a typed index.

use std::collections::HashMap;
use std::marker::PhantomData;

/// An index into the [`Arena`] of `T`.
pub struct Ix<T>(u32, PhantomData<fn() -> T>);

impl<T> Ix<T> {
    /// The position in the arena.
    #[must_use]
    pub fn position(self) -> usize {
        self.0 as usize
    }
}

impl<T> Clone for Ix<T> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<T> Copy for Ix<T> {}
impl<T> PartialEq for Ix<T> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}
impl<T> Eq for Ix<T> {}
impl<T> PartialOrd for Ix<T> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl<T> Ord for Ix<T> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.cmp(&other.0)
    }
}
impl<T> std::hash::Hash for Ix<T> {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}
impl<T> std::fmt::Debug for Ix<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "#{}", self.0)
    }
}

/// Something with an id.
pub trait Identified {
    fn id(&self) -> &str;
}

/// Items in the order of their files. Where an id is declared twice, the first one is found by it.
#[derive(Debug, Clone)]
pub struct Arena<T> {
    items: Vec<T>,
    by_id: HashMap<String, u32>,
}

impl<T> Default for Arena<T> {
    fn default() -> Self {
        Self { items: Vec::new(), by_id: HashMap::new() }
    }
}

impl<T: Identified> Arena<T> {
    /// Adds an item.
    pub fn push(&mut self, item: T) -> Ix<T> {
        let at = u32::try_from(self.items.len()).unwrap_or(u32::MAX);
        self.by_id.entry(item.id().to_owned()).or_insert(at);
        self.items.push(item);
        Ix(at, PhantomData)
    }

    /// The item of an id.
    #[must_use]
    pub fn find(&self, id: &str) -> Option<Ix<T>> {
        self.by_id.get(id).map(|&at| Ix(at, PhantomData))
    }

    /// The item of an id.
    #[must_use]
    pub fn get(&self, id: &str) -> Option<&T> {
        self.find(id).map(|ix| self.at(ix))
    }
}

impl<T> Arena<T> {
    /// The items with their indices.
    #[must_use]
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (Ix<T>, &T)> {
        self.items.iter().enumerate().map(|(at, item)| (Ix(u32::try_from(at).unwrap_or(u32::MAX), PhantomData), item))
    }

    /// The items.
    pub fn values(&self) -> std::slice::Iter<'_, T> {
        self.items.iter()
    }

    /// The items, to be completed while binding.
    pub(super) fn values_mut(&mut self) -> std::slice::IterMut<'_, T> {
        self.items.iter_mut()
    }

    /// The item at an index of this arena. There always is one: an arena never shrinks.
    #[must_use]
    #[expect(clippy::indexing_slicing, reason = "an index comes from its own arena, which never shrinks")]
    pub fn at(&self, ix: Ix<T>) -> &T {
        &self.items[ix.position()]
    }

    /// How many items there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }
}
