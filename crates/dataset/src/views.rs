//! The rows of one block: page views, with the other kinds in between.
use super::others::Others;
use super::plan::Block;
use super::population::{Id, LESSON_COOKIES, Population};
use super::random::{Random, hash, scramble32};
use super::site::Site;
use super::spec::Spec;
use lambda::datum::{DataUnit, Datum, PageId, PageView, Pedigree};

/// A page view in 24 bytes; `url` is the number of a raw URL of [`Site`].
#[derive(Clone, Copy, Debug)]
pub(super) struct CompactView {
    pub ts: i64,
    pub nonce: u32,
    pub url: u32,
    pub person: Id,
}

/// One datum, as small as its kind allows.
#[derive(Clone, Debug)]
pub(super) enum DatumRow {
    View(CompactView),
    Other(Box<Datum>),
}

impl DatumRow {
    pub fn into_datum(self, site: &Site) -> Datum {
        match self {
            Self::View(view) => Datum {
                dataunit: DataUnit::PageView(PageView {
                    nonce: i64::from(view.nonce),
                    page: PageId {
                        url: site.raw(view.url as usize),
                    },
                    person: view.person.to_person(),
                }),
                pedigree: Pedigree {
                    true_as_of_secs: view.ts,
                },
            },
            Self::Other(datum) => *datum,
        }
    }

    /// The page that was viewed, normalised.
    pub fn page<'a>(&self, site: &'a Site) -> Option<&'a str> {
        match self {
            Self::View(view) => Some(site.page_of(view.url as usize)),
            Self::Other(_) => None,
        }
    }

    pub fn ts(&self) -> i64 {
        match self {
            Self::View(view) => view.ts,
            Self::Other(datum) => datum.pedigree.true_as_of_secs,
        }
    }
}

/// Draws blocks. Each depends on nothing but the arguments and its own place,
/// so any thread may draw any block.
pub(super) struct BlockGenerator<'a> {
    pub spec: &'a Spec,
    pub site: &'a Site,
    pub people: &'a Population,
    pub others: &'a Others<'a>,
}

impl BlockGenerator<'_> {
    /// The rows of a block in the order of time, and how many are duplicates.
    pub fn rows(&self, block: &Block) -> (Vec<DatumRow>, u64) {
        let mut random = Random::new(&[
            self.spec.seed,
            block.hour.start as u64,
            block.number,
            0xB10C,
        ]);
        let (views, copies) = self.views(block, &mut random);
        let mut others = self.others.within(block).into_iter().peekable();
        let mut rows = Vec::with_capacity(views.len() + others.len());
        for view in views {
            while let Some(datum) = others.next_if(|d| d.pedigree.true_as_of_secs < view.ts) {
                rows.push(DatumRow::Other(Box::new(datum)));
            }
            rows.push(DatumRow::View(view));
        }
        rows.extend(others.map(|datum| DatumRow::Other(Box::new(datum))));
        (rows, copies)
    }

    fn views(&self, block: &Block, random: &mut Random) -> (Vec<CompactView>, u64) {
        let hour = &*block.hour;
        let mut pages: Vec<u32> = block
            .rows
            .clone()
            .map(|row| hour.page_of(hour.by_page.of(row)) as u32)
            .collect();
        let mut copied: Vec<bool> = block
            .rows
            .clone()
            .map(|row| hour.by_copy.of(row) < hour.duplicates)
            .collect();
        random.shuffle(&mut pages);
        random.shuffle(&mut copied);
        let copies = copied.iter().filter(|copied| **copied).count();
        let persons = if hour.lesson {
            pages.iter().map(|_| self.anyone(random)).collect()
        } else {
            self.visits(&mut pages, hour.distinct(), random)
        };

        let nonces = hash(&[self.spec.seed, hour.start as u64, 0x40C]) as u32;
        let mut views = Vec::with_capacity(pages.len() + copies);
        let mut late = LateCopies::default();
        for (i, row) in block.rows.clone().enumerate() {
            // One view in each of `distinct` equal parts of the hour, anywhere
            // in it: in order without sorting.
            let second = (row * 3600 + random.below(3600)) / hour.distinct();
            let view = CompactView {
                ts: hour.start + second as i64,
                nonce: scramble32(row as u32 ^ nonces),
                url: self.site.draw(pages[i] as usize, random) as u32,
                person: persons[i],
            };
            late.before(view.ts, &mut views);
            views.push(view);
            if copied[i] {
                late.push(view, random.below(64));
            }
        }
        late.before(i64::MAX, &mut views);
        (views, copies as u64)
    }

    /// The lesson's persons: 10,000 accounts and five cookies, all alike but
    /// that cookies, which many share, see more.
    fn anyone(&self, random: &mut Random) -> Id {
        if random.one_in(10) {
            Id::Lesson(random.below(LESSON_COOKIES.len() as u64) as u8)
        } else {
            Id::User(random.below(u64::from(self.spec.users)) as u32)
        }
    }

    /// Persons who stay for a while: a visit is some views by one person,
    /// mostly of one site, within two minutes or so. Regulars come more often.
    fn visits(&self, pages: &mut [u32], views_an_hour: u64, random: &mut Random) -> Vec<Id> {
        let window = (views_an_hour as usize / 30).clamp(16, pages.len().max(16));
        let mut persons = Vec::with_capacity(pages.len());
        for pages in pages.chunks_mut(window) {
            pages.sort_by_key(|&page| self.site.pages()[page as usize].domain);
            let mut views: Vec<(u32, Id)> = Vec::with_capacity(pages.len());
            while views.len() < pages.len() {
                let mut id = self.visitor(random);
                loop {
                    views.push((pages[views.len()], id.0));
                    if views.len() == pages.len() || random.one_in(3) {
                        break;
                    }
                    if random.one_in(10) {
                        id.0 = id.1; // logs in during the visit
                    }
                }
            }
            random.shuffle(&mut views);
            for (page, (viewed, person)) in pages.iter_mut().zip(views) {
                *page = viewed;
                persons.push(person);
            }
        }
        persons
    }

    /// Who comes, and the account that this person would log in with.
    fn visitor(&self, random: &mut Random) -> (Id, Id) {
        let people = self.people.len() as u64;
        let regulars = random.below(people) + 1;
        let person = random.below(regulars) as usize;
        let mut accounts = self.people.accounts(person);
        let account = accounts.nth(random.below(accounts.len() as u64) as usize);
        let account = account.unwrap_or(Id::User(0)); // everyone has one
        let mut cookies = self.people.private_cookies(person);
        if cookies.len() > 0 && random.one_in(4) {
            let i = random.below(cookies.len() as u64) as usize;
            return (cookies.nth(i).unwrap_or(account), account);
        }
        (account, account)
    }
}

/// Copies wait here for their turn: a few rows after the original, yet within
/// its second, so that the log stays in the order of time.
#[derive(Default)]
struct LateCopies(Vec<(CompactView, u64)>);

impl LateCopies {
    fn push(&mut self, view: CompactView, rows_later: u64) {
        self.0.push((view, rows_later));
    }

    /// Lets go those whose time has come before a row at `ts`.
    fn before(&mut self, ts: i64, views: &mut Vec<CompactView>) {
        self.0.retain_mut(|(view, wait)| {
            if view.ts < ts || *wait == 0 {
                views.push(*view);
                return false;
            }
            *wait -= 1;
            true
        });
    }
}
