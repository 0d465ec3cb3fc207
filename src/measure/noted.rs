//! What an accumulator of one number cannot hold: the values of events, and what tells distinct values apart.

/// Values with the words they belong to.
#[derive(Debug, Default)]
pub(super) struct Noted {
    /// The word of an accumulator, and a value's bits.
    events: Vec<(u32, u64)>,
    /// What tells distinct values apart, in the same way.
    distinct: Vec<(u32, u64)>,
    /// How many of them were left when they were last folded.
    folded: usize,
}

impl Noted {
    pub fn event(&mut self, word: u32, value: f64) {
        self.events.push((word, value.to_bits()));
    }

    /// Notes what tells a value apart; what was noted twice is folded now and then.
    pub fn distinct(&mut self, word: u32, key: u64) {
        let full = self.distinct.len() == self.distinct.capacity();
        if full && self.distinct.len() >= 1024.max(2 * self.folded) {
            self.fold();
        }
        self.distinct.push((word, key));
    }

    fn fold(&mut self) {
        self.distinct.sort_unstable();
        self.distinct.dedup();
        self.folded = self.distinct.len();
    }

    /// Puts events in order, and tells of each accumulator how many distinct values it has.
    pub fn settle(&mut self, mut count: impl FnMut(u32, usize)) {
        self.events.sort_unstable();
        self.fold();
        for same in self.distinct.chunk_by(|a, b| a.0 == b.0) {
            same.first().into_iter().for_each(|(word, _)| count(*word, same.len()));
        }
        self.distinct = Vec::new();
    }

    /// The values of an accumulator's events, in no particular order; see [`Noted::settle`].
    pub fn events(&self, word: u32) -> impl Iterator<Item = f64> + '_ {
        let start = self.events.partition_point(|(own, _)| *own < word);
        let rest = self.events.get(start..).unwrap_or(&[]);
        rest.iter().take_while(move |(own, _)| *own == word).map(|(_, bits)| f64::from_bits(*bits))
    }

    /// Bytes that it holds.
    pub fn bytes(&self) -> usize {
        (self.events.capacity() + self.distinct.capacity()) * size_of::<(u32, u64)>()
    }
}
