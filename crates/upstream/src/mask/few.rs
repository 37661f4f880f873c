//! A short list without an allocation.

/// At most `N` different values; more are dropped. A dropped reading may be one of a credential, so `N`
/// must be the largest number that occurs.
#[derive(Clone, Copy)]
pub(super) struct Few<T, const N: usize> {
    items: [T; N],
    count: usize,
}

impl<T: Copy + Default + PartialEq, const N: usize> Default for Few<T, N> {
    fn default() -> Self {
        Self {
            items: [T::default(); N],
            count: 0,
        }
    }
}

impl<T: Copy + Default + PartialEq, const N: usize> Few<T, N> {
    pub(super) fn push(&mut self, item: T) {
        if self.count < N && !self.as_slice().contains(&item) {
            self.items[self.count] = item;
            self.count += 1;
        }
    }

    pub(super) fn as_slice(&self) -> &[T] {
        &self.items[..self.count]
    }

    pub(super) fn get(&self, index: usize) -> Option<T> {
        self.as_slice().get(index).copied()
    }
}
