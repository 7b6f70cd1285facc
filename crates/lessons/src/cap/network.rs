//! Messages on their way.
use super::{Config, Network, Partition};
use dataset::random::Random;

/// The network of one run: what becomes of a message depends on the seed and on
/// how many were sent before.
pub(super) struct Wire {
    random: Random,
    network: Network,
    partition: Option<Partition>,
}

impl Wire {
    pub fn new(config: &Config, seed: u64) -> Self {
        Wire {
            random: Random::new(&[seed, 1]),
            network: config.network,
            partition: config.partition,
        }
    }

    /// When the copies of a message arrive: at no time, one, or two.
    pub fn arrivals(&mut self, from: usize, to: usize, now: u64) -> [Option<u64>; 2] {
        let first = self.way(from, to, now);
        let twice = self.random.below(1_000) < self.network.twice_per_mille;
        let second = twice.then(|| self.way(from, to, now)).flatten();
        [first, second]
    }

    fn way(&mut self, from: usize, to: usize, now: u64) -> Option<u64> {
        let (least, most) = self.network.delay_ms;
        let arrives = now + least + self.random.below(most - least + 1);
        let lost = self.random.below(1_000) < self.network.loss_per_mille;
        // A message that is under way when the wire is cut is lost too.
        let cut = self.cut(from, to, now) || self.cut(from, to, arrives);
        (!lost && !cut).then_some(arrives)
    }

    fn cut(&self, from: usize, to: usize, at: u64) -> bool {
        self.partition.is_some_and(|partition| {
            let across = (from < partition.first) != (to < partition.first);
            across && (partition.from_ms..partition.until_ms).contains(&at)
        })
    }
}
