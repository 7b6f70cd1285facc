//! A thousand replicas, a million page views, and rumours.
//!
//! Every round each replica sends its counter to a few others, drawn by lot. A
//! rumour that each hearer passes on is everywhere after about log2(N) + ln(N)
//! rounds; losses make it a little later, and nothing makes it wrong.
use super::CapError;
use crate::crdt::{Crdt, GCounter, ReplicaId};
use dataset::random::Random;
use polars::prelude::{DataFrame, PolarsResult, df};

/// Who gossips, and how badly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gossip {
    /// How many replicas.
    pub replicas: usize,
    /// Page views, each at a replica drawn by lot.
    pub views: u64,
    /// The views come evenly in this many rounds.
    pub busy_rounds: usize,
    /// Lost messages in a thousand.
    pub loss_per_mille: u64,
    /// Messages in a thousand that come twice.
    pub twice_per_mille: u64,
}

/// After a round: the page views so far, and what replicas count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GossipRound {
    /// Page views so far.
    pub views: u64,
    /// The least that a replica counts.
    pub least: u64,
    /// The most.
    pub most: u64,
    /// Replicas that count all of them.
    pub agree: usize,
}

impl Gossip {
    /// A thousand replicas, a million views in ten rounds, a tenth of the
    /// messages lost and a tenth delivered twice.
    pub const THOUSAND: Gossip = Gossip {
        replicas: 1_000,
        views: 1_000_000,
        busy_rounds: 10,
        loss_per_mille: 100,
        twice_per_mille: 100,
    };

    /// Gossips until all replicas agree, or for a thousand rounds.
    ///
    /// ```
    /// use lambda_workbook::cap::gossip::Gossip;
    /// let few = Gossip { replicas: 50, views: 1_000, ..Gossip::THOUSAND };
    /// let rounds = few.run(1)?;
    /// let last = rounds.last().unwrap();
    /// assert_eq!((last.least, last.most, last.agree), (1_000, 1_000, 50));
    /// # Ok::<(), lambda_workbook::cap::CapError>(())
    /// ```
    pub fn run(&self, seed: u64) -> Result<Vec<GossipRound>, CapError> {
        if self.replicas == 0 {
            return Err(CapError::NoReplicas);
        }
        let mut random = Random::new(&[seed, 3]);
        let n = self.replicas as u64;
        let mut states = vec![GCounter::default(); self.replicas];
        let (mut rounds, mut done) = (Vec::new(), 0);
        for round in 1..=1_000 {
            let until = self.views * (round.min(self.busy_rounds.max(1)) as u64)
                / self.busy_rounds.max(1) as u64;
            while done < until {
                let at = random.below(n);
                states[at as usize].add(ReplicaId(at as u32), 1)?;
                done += 1;
            }
            // All send what they knew when the round began.
            let sent = states.clone();
            for state in &sent {
                let to = random.below(n) as usize;
                let lost = random.below(1_000) < self.loss_per_mille;
                let copies = 1 + u64::from(random.below(1_000) < self.twice_per_mille);
                for _ in 0..if lost { 0 } else { copies } {
                    states[to].merge(state)?;
                }
            }
            let counts: Vec<u64> = states.iter().map(|state| state.value() as u64).collect();
            let agree = counts.iter().filter(|count| **count == done).count();
            let (least, most) = counts.iter().fold((u64::MAX, 0), |(least, most), n| {
                (least.min(*n), most.max(*n))
            });
            rounds.push(GossipRound {
                views: done,
                least,
                most,
                agree,
            });
            if done == self.views && agree == self.replicas {
                break;
            }
        }
        Ok(rounds)
    }
}

/// A line: its name, and its height after a round.
type Part = (&'static str, fn(&GossipRound) -> u64);

/// Rounds as lines to draw: round, page views, which.
pub fn lines(rounds: &[GossipRound]) -> PolarsResult<DataFrame> {
    let parts: [Part; 3] = [
        ("all page views", |round| round.views),
        ("best informed replica", |round| round.most),
        ("worst informed replica", |round| round.least),
    ];
    let all = || {
        parts
            .iter()
            .flat_map(|part| (1u32..).zip(rounds).map(move |(n, round)| (n, part, round)))
    };
    df!(
        "round" => all().map(|(n, _, _)| n).collect::<Vec<_>>(),
        "page views" => all().map(|(_, part, round)| part.1(round)).collect::<Vec<_>>(),
        "who" => all().map(|(_, part, _)| part.0).collect::<Vec<_>>(),
    )
}

/// Returns the rounds from the one after the last page view on, with the number of `replicas` that
/// do not count all page views yet: `round`, `replicas`.
///
/// # Errors
/// None in practice: the columns have one length.
pub fn disagree(rounds: &[GossipRound]) -> PolarsResult<DataFrame> {
    let all = rounds.last().map_or(0, |round| round.views);
    let replicas = rounds.last().map_or(0, |round| round.agree);
    let late: Vec<(u32, u64)> = { (1u32..).zip(rounds) }
        .skip_while(|(_, round)| round.views < all)
        .map(|(n, round)| (n, replicas.saturating_sub(round.agree) as u64))
        .collect();
    df!(
        "round" => late.iter().map(|(n, _)| *n).collect::<Vec<_>>(),
        "replicas" => late.iter().map(|(_, left)| *left).collect::<Vec<_>>(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thousand_replicas_agree_on_a_million_views() {
        let rounds = Gossip::THOUSAND.run(7).unwrap();
        let last = rounds.last().unwrap();
        assert_eq!((last.least, last.agree), (1_000_000, 1_000));
        assert!(rounds.len() < 40, "{}", rounds.len());
        assert!(rounds.iter().all(|round| round.most <= round.views));
        // Replicas that know all page views never forget one, so those that do not only get fewer.
        let left = disagree(&rounds).unwrap();
        let left: Vec<u64> = { left.column("replicas").unwrap().u64().unwrap() }
            .into_no_null_iter()
            .collect();
        assert!(left.is_sorted_by(|a, b| a >= b), "{left:?}");
        assert_eq!((left.len(), left.last()), (rounds.len() - 9, Some(&0)));
    }

    #[test]
    fn nobody_cannot_gossip() {
        let nobody = Gossip {
            replicas: 0,
            ..Gossip::THOUSAND
        };
        assert_eq!(nobody.run(1), Err(CapError::NoReplicas));
    }
}
