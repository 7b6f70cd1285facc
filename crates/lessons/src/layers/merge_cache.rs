//! Batch views that are published anew, and a cache of merged sketches beside them: what exercise
//! 6.4 works on.
use lambda::batch::Sketch;
use lambda::batch::sketch::Precision;
use std::collections::BTreeMap;

/// Merged sketches: of a generation of the batch views, the hours from the second number of the key
/// to before the third.
pub type MergeCache = BTreeMap<(u64, i64, i64), Sketch>;

/// Batch views of uniques: a sketch for each hour that has visitors. With each publication the next
/// generation is served in place of the one before.
///
/// A publication may come while a query reads. The query then gets all of its sketches from the
/// generation that was served when it began to read.
///
/// ```
/// use lambda_workbook::batch::Sketch;
/// use lambda_workbook::lambda::datum::PersonId;
/// use lambda_workbook::lambda::merge_cache::PublishedViews;
/// let hours = |names: &[&str]| {
///     let persons: Vec<PersonId> = names.iter().map(|name| PersonId::Cookie(name.to_string())).collect();
///     [(7, Sketch::of(&persons))].into_iter().collect()
/// };
/// let mut views = PublishedViews::new([(3, hours(&["A"])), (4, hours(&["A", "B"]))]);
/// assert_eq!(views.generation(), 3);
/// views.publish_while_reading(1);
/// let (generation, parts) = views.read(0, 24);
/// assert_eq!((generation, parts[0].uniques()), (3, 1)); // what was served when it began
/// assert_eq!((views.generation(), views.reads()), (4, 1));
/// ```
#[derive(Clone, Debug)]
pub struct PublishedViews {
    /// The sketches of each generation, by hour.
    generations: BTreeMap<u64, BTreeMap<i64, Sketch>>,
    served: u64,
    /// Publications that come during the next read.
    coming: u64,
    reads: u64,
}

impl PublishedViews {
    /// Creates views of some generations, each with its number and its sketches by hour. The smallest
    /// one is served.
    pub fn new(generations: impl IntoIterator<Item = (u64, BTreeMap<i64, Sketch>)>) -> Self {
        let generations: BTreeMap<_, _> = generations.into_iter().collect();
        PublishedViews {
            served: generations.keys().next().copied().unwrap_or(0),
            generations,
            coming: 0,
            reads: 0,
        }
    }

    /// Returns the number of the generation that is served now.
    pub fn generation(&self) -> u64 {
        self.served
    }

    /// Reads the sketches of the hours from `from` to before `until`, in the order of time. An hour
    /// without visitors has none. Returns them with the number of the generation that they are of.
    pub fn read(&mut self, from: i64, until: i64) -> (u64, Vec<Sketch>) {
        self.reads += 1;
        let generation = self.served;
        let hours = self.generations.get(&generation);
        let parts = hours.map_or(Vec::new(), |hours| {
            let asked = hours.range(from..until.max(from));
            asked.map(|(_, sketch)| sketch.clone()).collect()
        });
        let coming = std::mem::take(&mut self.coming);
        self.publish(coming);
        (generation, parts)
    }

    /// Returns an empty sketch of the precision of these views.
    pub fn empty(&self) -> Sketch {
        Sketch::new(Precision::DEFAULT)
    }

    /// Publishes so many generations, one after another. One that has no sketches is served too.
    pub fn publish(&mut self, generations: u64) {
        self.served += generations;
    }

    /// Lets so many publications come during the next read.
    pub fn publish_while_reading(&mut self, generations: u64) {
        self.coming = generations;
    }

    /// Returns how often the views were read.
    pub fn reads(&self) -> u64 {
        self.reads
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_read_has_one_generation_though_another_is_published_meanwhile() {
        let of = |users: std::ops::Range<i64>| {
            let mut sketch = Sketch::new(Precision::DEFAULT);
            users.for_each(|user| sketch.add(&lambda::datum::PersonId::UserId(user)));
            BTreeMap::from([(0, sketch.clone()), (1, sketch)])
        };
        let mut views = PublishedViews::new([(5, of(0..3)), (6, of(0..9))]);
        views.publish_while_reading(1);
        let (generation, parts) = views.read(0, 2);
        let uniques: Vec<i64> = parts.iter().map(Sketch::uniques).collect();
        assert_eq!((generation, uniques), (5, vec![3, 3]));
        // It came once.
        assert_eq!((views.generation(), views.read(1, 2).0), (6, 6));
        assert_eq!((views.generation(), views.read(2, 0).1.len()), (6, 0));
    }
}
