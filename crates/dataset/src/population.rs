//! The people behind the identifiers, and the equivs that say so.
//!
//! A person has one account or more, and some private cookies, one for each
//! device. Equiv edges join the identifiers of one person and never those of
//! two: so the connected components of the equiv graph *are* the persons, and
//! their sizes are known before any algorithm is run.
//!
//! # Component sizes
//!
//! 1. Accounts: 1, and another with chance 1/4 each time (mean 4/3).
//! 2. Cookies: another with chance 1/2 each time (mean 1). One person in 500
//!    clears the browser every day and has 20 to 59 more.
//! 3. Five persons also own one of the lesson's five cookies.
//!
//! So 3/8 of all persons have a single identifier and no equiv, and the
//! largest component has about 60. Half of the identifiers are joined to the
//! one found just before, the rest to any earlier one of that person: long
//! chains and bushy trees both occur, with an edge in four more than needed.
use super::random::{Random, Spread, hash};
use lambda::datum::PersonId;
use std::collections::BTreeMap;

/// The cookies of the lesson.
pub const LESSON_COOKIES: [&str; 5] = ["ABCDE", "FGHIJ", "KLMNO", "PQRST", "UVWXY"];

/// An identifier in eight bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Id {
    User(u32),
    Lesson(u8),
    /// A cookie of seven letters.
    Private(u32),
}

impl Id {
    pub fn to_person(self) -> PersonId {
        match self {
            Self::User(id) => PersonId::UserId(i64::from(id)),
            Self::Lesson(i) => PersonId::Cookie(LESSON_COOKIES[usize::from(i)].to_owned()),
            Self::Private(i) => {
                PersonId::Cookie(String::from_utf8_lossy(&private_cookie(i)).into_owned())
            }
        }
    }
}

/// Seven capital letters, different for different numbers.
pub(super) fn private_cookie(number: u32) -> [u8; 7] {
    // A multiplier without a factor of 26 permutes the numbers below 26^7.
    let mut rest = u64::from(number) * 4_962_905_267 % 26u64.pow(7);
    let mut letters = [b'A'; 7];
    for letter in &mut letters {
        *letter += (rest % 26) as u8;
        rest /= 26;
    }
    letters
}

/// Who owns which identifier.
///
/// ```
/// use lambda_workbook::dataset::Population;
///
/// let people = Population::new(10_000, 2015);
/// let sizes = people.component_sizes(); // size -> how many persons
/// let identifiers: usize = sizes.iter().map(|(size, persons)| size * persons).sum();
/// assert!(identifiers > 10_005);
/// assert!((0.35..0.40).contains(&(sizes[&1] as f64 / people.len() as f64))); // 3/8
/// ```
pub struct Population {
    seed: u64,
    users: Spread,
    /// Person p owns the accounts `accounts[p]..accounts[p + 1]`, scrambled.
    accounts: Vec<u32>,
    /// The same for private cookies.
    cookies: Vec<u32>,
}

impl Population {
    /// As [`Spec::users`](super::Spec::users) and [`Spec::seed`](super::Spec::seed) say.
    pub fn new(users: u32, seed: u64) -> Self {
        let mut random = Random::new(&[seed, 0x9E0]);
        let (mut accounts, mut cookies) = (vec![0u32], vec![0u32]);
        let (mut account, mut cookie) = (0, 0);
        while account < users {
            account += 1;
            while account < users && random.one_in(4) {
                account += 1;
            }
            while random.one_in(2) {
                cookie += 1;
            }
            if random.one_in(500) {
                cookie += 20 + random.below(40) as u32;
            }
            accounts.push(account);
            cookies.push(cookie);
        }
        Self {
            seed,
            users: Spread::new(u64::from(users), hash(&[seed, 0xACC])),
            accounts,
            cookies,
        }
    }

    /// How many persons: the connected components of all identifiers.
    pub fn len(&self) -> usize {
        self.accounts.len() - 1
    }

    /// Never: the smallest population is one person.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Every identifier of one person. Persons count from 0.
    pub fn identifiers(&self, person: usize) -> Vec<PersonId> {
        self.ids(person).into_iter().map(Id::to_person).collect()
    }

    /// How many persons have how many identifiers.
    pub fn component_sizes(&self) -> BTreeMap<usize, usize> {
        let mut sizes = BTreeMap::new();
        for person in 0..self.len() {
            *sizes.entry(self.ids(person).len()).or_default() += 1;
        }
        sizes
    }

    pub(super) fn accounts(&self, person: usize) -> impl ExactSizeIterator<Item = Id> {
        let users = self.users;
        (self.accounts[person]..self.accounts[person + 1])
            .map(move |slot| Id::User(users.of(u64::from(slot)) as u32))
    }

    pub(super) fn private_cookies(
        &self,
        person: usize,
    ) -> impl ExactSizeIterator<Item = Id> + use<> {
        (self.cookies[person]..self.cookies[person + 1]).map(Id::Private)
    }

    fn ids(&self, person: usize) -> Vec<Id> {
        let lessons = (0..LESSON_COOKIES.len()).filter(|i| i % self.len() == person);
        let lessons = lessons.map(|i| Id::Lesson(i as u8));
        self.accounts(person)
            .chain(self.private_cookies(person))
            .chain(lessons)
            .collect()
    }

    /// The equiv edges: a spanning tree for each person, and some more.
    pub(super) fn edges(&self) -> Vec<(Id, Id)> {
        let mut edges = Vec::new();
        for person in 0..self.len() {
            let mut ids = self.ids(person);
            if ids.len() < 2 {
                continue;
            }
            let mut random = Random::new(&[self.seed, 0xED6E, person as u64]);
            random.shuffle(&mut ids);
            for i in 1..ids.len() {
                let earlier = if random.one_in(2) {
                    i - 1
                } else {
                    random.below(i as u64) as usize
                };
                let mut join = |other: usize| {
                    // An edge has no direction, and the data say it either way.
                    let edge = (ids[i], ids[other]);
                    edges.push(if random.one_in(2) {
                        edge
                    } else {
                        (edge.1, edge.0)
                    });
                    random.one_in(4).then(|| random.below(i as u64) as usize)
                };
                if let Some(other) = join(earlier)
                    && other != earlier
                {
                    join(other);
                }
            }
        }
        edges
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use petgraph::unionfind::UnionFind;
    use std::collections::{HashMap, HashSet};

    #[test]
    fn the_components_of_the_edges_are_the_persons() {
        let people = Population::new(3_000, 5);
        let mut number: HashMap<Id, usize> = HashMap::new();
        for person in 0..people.len() {
            for id in people.ids(person) {
                let next = number.len();
                assert!(number.insert(id, next).is_none(), "{id:?} has two owners");
            }
        }
        let mut joined = UnionFind::new(number.len());
        for (a, b) in people.edges() {
            assert_ne!(a, b);
            joined.union(number[&a], number[&b]);
        }
        let labels = joined.into_labeling();
        let mut sizes: HashMap<usize, usize> = HashMap::new();
        labels
            .iter()
            .for_each(|label| *sizes.entry(*label).or_default() += 1);
        let mut found: BTreeMap<usize, usize> = BTreeMap::new();
        sizes
            .values()
            .for_each(|size| *found.entry(*size).or_default() += 1);
        assert_eq!(found, people.component_sizes());
    }

    #[test]
    fn sizes_follow_the_distribution_that_is_documented() {
        let people = Population::new(100_000, 1);
        let persons = people.len() as f64;
        assert!((persons / 75_000.0 - 1.0).abs() < 0.01, "{persons}");
        let sizes = people.component_sizes();
        // 1 + (another, 1/4) + (another, 1/2): sums of products of the two.
        for (size, share) in [(1, 0.375), (2, 0.281), (3, 0.164), (4, 0.088)] {
            let found = sizes[&size] as f64 / persons;
            assert!(
                (found - share).abs() < 0.01,
                "size {size}: {found}, not {share}"
            );
        }
        assert!(sizes.keys().max() > Some(&55));
    }

    #[test]
    fn users_are_all_there_and_cookies_are_all_different() {
        let people = Population::new(1_000, 9);
        let ids: Vec<PersonId> = (0..people.len())
            .flat_map(|p| people.identifiers(p))
            .collect();
        let users = ids
            .iter()
            .filter(|id| matches!(id, PersonId::UserId(0..1000)))
            .count();
        assert_eq!(users, 1_000);
        assert_eq!(ids.iter().collect::<HashSet<_>>().len(), ids.len());
        let cookies: HashSet<[u8; 7]> = (0..200_000).map(private_cookie).collect();
        assert_eq!(cookies.len(), 200_000);
    }

    #[test]
    fn one_user_owns_all_of_the_lessons_cookies() {
        let people = Population::new(1, 1);
        assert_eq!(people.len(), 1);
        assert!(people.component_sizes().keys().all(|&size| size >= 6));
    }
}
