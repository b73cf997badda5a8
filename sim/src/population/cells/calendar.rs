//! Which neurons have to be looked at in which window: a ring of lists.

/// Most windows that can be looked ahead; a neuron due later is looked at once in between.
const MOST_WINDOWS: usize = 1 << 14;

/// The lists of the windows to come.
#[derive(Debug, Clone)]
pub(super) struct Calendar {
    ring: Vec<Vec<u32>>,
}

impl Calendar {
    /// For looking so many windows ahead.
    pub(super) fn new(windows: f64) -> Calendar {
        let windows = (windows as usize).saturating_add(2).min(MOST_WINDOWS);
        // A power of two, so that a window's place in the ring is a few bits of its number.
        Calendar { ring: vec![Vec::new(); windows.next_power_of_two()] }
    }

    /// The latest window that can be named while `current` is the present one.
    pub(super) fn reach(&self, current: u64) -> u64 {
        current + self.ring.len() as u64 - 1
    }

    /// Notes a neuron for a window within reach.
    #[inline]
    pub(super) fn note(&mut self, window: u64, neuron: u32) {
        let slot = window as usize & (self.ring.len() - 1);
        self.ring[slot].push(neuron);
    }

    /// Exchanges the list of a window for an empty one.
    pub(super) fn take(&mut self, window: u64, list: &mut Vec<u32>) {
        list.clear();
        let slot = window as usize & (self.ring.len() - 1);
        std::mem::swap(&mut self.ring[slot], list);
    }

    /// Forgets everything.
    pub(super) fn clear(&mut self) {
        self.ring.iter_mut().for_each(Vec::clear);
    }
}
