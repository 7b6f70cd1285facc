//! The right answers, counted from the data as it was made.
//!
//! Nothing here is taken from the layers that are put to the test: pages are those
//! that the generator knows, persons come of a union-find of this file's own,
//! visits of sorting and looking at gaps.
use super::figures::Figures;
use lambda::datum::PersonId;
use std::collections::{BTreeMap, HashMap, HashSet};

/// Half an hour of silence, in seconds, is still the same visit.
const SILENCE: i64 = 1_800;

/// What a line of the log says, as it was made. Persons and pages by their numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Said {
    View {
        page: u32,
        secs: i64,
        person: u32,
    },
    Equiv(u32, u32),
    /// A property; no view here is made of it.
    Property,
    /// Cut short: it cannot be read.
    Broken,
}

/// All that was made, a number for each different line.
#[derive(Clone, Debug, Default)]
pub struct Truth {
    pub said: Vec<Said>,
    pub lines: Vec<String>,
    numbers: HashMap<String, u32>,
    pub pages: Vec<String>,
    /// By number: whether a page is one of the domain asked for.
    asked: Vec<bool>,
    /// In the order of their names, which names a person by the first.
    persons: Vec<PersonId>,
}

/// Answers, with page views cell by cell.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DetailedFigures {
    pub figures: Figures,
    /// By page and hour (epoch seconds).
    pub cells: BTreeMap<(u32, i64), i64>,
}

impl Truth {
    /// Over persons and pages that are known beforehand.
    pub fn new(mut persons: Vec<PersonId>, mut pages: Vec<String>) -> Self {
        persons.sort_unstable();
        persons.dedup();
        pages.sort_unstable();
        pages.dedup();
        let asked = pages.iter().map(|page| page.starts_with(DOMAIN_SLASH));
        Self {
            asked: asked.collect(),
            pages,
            persons,
            ..Self::default()
        }
    }

    /// The number of a person.
    pub fn person(&self, id: &PersonId) -> u32 {
        let found = self.persons.binary_search(id);
        found.expect("all persons are given beforehand") as u32
    }

    /// The number of a page.
    pub fn page(&self, url: &str) -> u32 {
        let found = self.pages.binary_search_by(|page| page.as_str().cmp(url));
        found.expect("all pages are given beforehand") as u32
    }

    /// Takes a line; its number. The same line has the same number.
    pub fn line(&mut self, line: String, said: Said) -> u32 {
        if let Some(number) = self.numbers.get(&line) {
            return *number;
        }
        let number = self.lines.len() as u32;
        self.numbers.insert(line.clone(), number);
        self.lines.push(line);
        self.said.push(said);
        number
    }

    /// The number of a line, if it was ever made.
    pub fn number(&self, line: &str) -> Option<u32> {
        self.numbers.get(line).copied()
    }

    /// For each person who is who, by some lines: the first of all names.
    pub fn who(&self, lines: impl Iterator<Item = u32>) -> Vec<u32> {
        let mut parent: Vec<u32> = (0..self.persons.len() as u32).collect();
        fn first(parent: &mut [u32], mut person: u32) -> u32 {
            while parent[person as usize] != person {
                let above = parent[person as usize];
                parent[person as usize] = parent[above as usize];
                person = above;
            }
            person
        }
        for line in lines {
            if let Said::Equiv(one, other) = self.said[line as usize] {
                let (one, other) = (first(&mut parent, one), first(&mut parent, other));
                parent[one.max(other) as usize] = one.min(other);
            }
        }
        (0..parent.len() as u32)
            .map(|person| first(&mut parent, person))
            .collect()
    }

    /// Returns each line once, where it comes first.
    pub fn once<'a>(
        &self,
        lines: impl Iterator<Item = u32> + 'a,
    ) -> impl Iterator<Item = u32> + 'a {
        let mut seen = vec![false; self.said.len()];
        lines.filter(move |line| !std::mem::replace(&mut seen[*line as usize], true))
    }

    /// Describes a line, for a reader who looks for it.
    pub fn describe(&self, line: u32) -> String {
        match self.said[line as usize] {
            Said::View { page, secs, person } => {
                let who = match &self.persons[person as usize] {
                    PersonId::UserId(id) => format!("user {id}"),
                    PersonId::Cookie(cookie) => format!("cookie {cookie}"),
                };
                let time = chrono::DateTime::from_timestamp(secs, 0).unwrap_or_default();
                let time = time.format("%a %d %b %H:%M:%S");
                format!("{} by {who}, {time} UTC", self.pages[page as usize])
            }
            Said::Equiv(..) => format!("an equiv, line {line}"),
            Said::Property => format!("a property, line {line}"),
            Said::Broken => format!("a record that was cut short, line {line}"),
        }
    }

    /// Counts lines by the person that `who` says of the line's place and identifier. A line that
    /// comes twice counts twice.
    pub fn tally(
        &self,
        lines: impl Iterator<Item = (u32, bool)>,
        who: impl Fn(bool, u32) -> u32,
    ) -> DetailedFigures {
        let mut tally = DetailedFigures::default();
        let (mut home, mut visits) = (HashSet::new(), Vec::new());
        let first_page = self.pages.iter().position(|page| page == HOME);
        for (line, place) in lines {
            let Said::View { page, secs, person } = self.said[line as usize] else {
                continue;
            };
            let person = who(place, person);
            let hour = secs - secs.rem_euclid(3_600);
            *tally.cells.entry((page, hour)).or_default() += 1;
            tally.figures.page_views += 1;
            if Some(page as usize) == first_page {
                home.insert(person);
            }
            if self.asked[page as usize] {
                visits.push((person, secs));
            }
        }
        tally.figures.uniques = home.len() as i64;
        visits.sort_unstable();
        let mut at = 0;
        while at < visits.len() {
            let mut end = at + 1;
            while end < visits.len()
                && visits[end].0 == visits[at].0
                && visits[end].1 - visits[end - 1].1 <= SILENCE
            {
                end += 1;
            }
            tally.figures.visits += 1;
            tally.figures.bounces += i64::from(end - at == 1);
            at = end;
        }
        tally
    }
}

/// The page whose uniques are asked for.
pub const HOME: &str = "mysite.com/";
/// The domain whose bounce rate is asked for.
pub const DOMAIN: &str = "mysite.com";
const DOMAIN_SLASH: &str = "mysite.com/";

#[cfg(test)]
mod tests {
    use super::*;
    use dataset::golden;
    use lambda::datum::DataUnit;

    /// The batch layer's functions, on the golden example and a made-up one.
    #[test]
    fn the_truth_of_the_golden_example() {
        // Its pages are foo.com's; here they are asked for under our domain's name.
        let named = |url: &str| url.replace("http://foo.com/", "mysite.com/");
        let (mut persons, mut pages) = (vec![], vec![]);
        for datum in golden() {
            match datum.dataunit {
                DataUnit::PageView(view) => {
                    persons.push(view.person);
                    pages.push(named(&view.page.url));
                }
                DataUnit::Equiv(equiv) => persons.extend([equiv.id1, equiv.id2]),
                _ => {}
            }
        }
        let mut truth = Truth::new(persons, pages);
        for datum in golden() {
            let line = serde_json::to_string(&datum).unwrap();
            let said = match &datum.dataunit {
                DataUnit::PageView(view) => Said::View {
                    page: truth.page(&named(&view.page.url)),
                    secs: datum.pedigree.true_as_of_secs,
                    person: truth.person(&view.person),
                },
                DataUnit::Equiv(equiv) => {
                    Said::Equiv(truth.person(&equiv.id1), truth.person(&equiv.id2))
                }
                _ => Said::Property,
            };
            truth.line(line, said);
        }
        let all = || 0..truth.lines.len() as u32;
        let who = truth.who(all());
        // Every line twice: it counts once.
        let twice = truth.once(all().chain(all())).map(|line| (line, true));
        let tally = truth.tally(twice, |_, person| who[person as usize]);
        assert_eq!((tally.figures.visits, tally.figures.bounces), (4, 0));
        assert_eq!(tally.figures.page_views, 8);
        let post1 = truth.page("mysite.com/post1");
        assert_eq!(
            (tally.cells[&(post1, 0)], tally.cells[&(post1, 3_600)]),
            (3, 1)
        );
        // Without the equivs there are more visits.
        let apart = truth.tally(all().map(|line| (line, true)), |_, person| person);
        assert!(apart.figures.visits > 4);
    }
}
