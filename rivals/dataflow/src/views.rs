//! The views as functions of all facts, and the counts that are kept of them.
use differential_dataflow::VecCollection;
use differential_dataflow::input::{Input, InputSession};
use differential_dataflow::operators::Iterate;
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::hash::Hash;
use std::rc::Rc;
use timely::dataflow::operators::probe::Handle as Probe;
use timely::worker::Worker;

/// A page view: (second, URL, domain, identifier of the person, nonce). All of it is its identity.
pub type PageView = (i64, String, String, String, i64);
/// Two identifiers of one person.
type Equiv = (String, String);
/// Number of facts that were added so far: the logical time of the dataflow.
type Time = u64;

/// The longest gap between two page views of one visit, in seconds.
const SILENCE: i64 = 1_800;

/// The rows of a view that hold now, with how often each does: a change takes one away and adds
/// another, in any order.
type Rows<K, V> = Rc<RefCell<HashMap<K, HashMap<V, isize>>>>;

/// The counts of all views.
#[derive(Clone, Default)]
pub struct Counts {
    page_views: Rows<(String, i64), isize>,
    uniques: Rows<(String, i64), isize>,
    bounces: Rows<String, (isize, isize)>,
    changed: Rc<Cell<i64>>,
}

impl Counts {
    /// Page views and unique visitors of a URL in the hour that begins at a second.
    pub fn of_hour(&self, url: &str, hour: i64) -> (i64, i64) {
        let key = (url.to_owned(), hour);
        let views = current(&self.page_views, &key).unwrap_or(0);
        (
            views as i64,
            current(&self.uniques, &key).unwrap_or(0) as i64,
        )
    }

    /// Visits to a domain, and bounces among them.
    pub fn bounces(&self, domain: &String) -> (i64, i64) {
        let (visits, bounces) = current(&self.bounces, domain).unwrap_or((0, 0));
        (visits as i64, bounces as i64)
    }

    /// How many rows of the views were added or taken away since the last call.
    pub fn changed(&self) -> i64 {
        self.changed.replace(0)
    }

    /// Returns what notes the changes of a view.
    fn note<K: Hash + Eq + Clone + 'static, V: Hash + Eq + Copy + 'static>(
        &self,
        rows: &Rows<K, V>,
    ) -> impl FnMut(&((K, V), Time, isize)) + 'static {
        let (rows, changed) = (rows.clone(), self.changed.clone());
        move |((key, value), _, diff)| {
            changed.set(changed.get() + 1);
            let mut rows = rows.borrow_mut();
            let values = rows.entry(key.clone()).or_default();
            *values.entry(*value).or_default() += diff;
            values.retain(|_, times| *times != 0);
            if values.is_empty() {
                rows.remove(key);
            }
        }
    }
}

/// The row of a key that holds now.
fn current<K: Hash + Eq, V: Hash + Eq + Copy>(rows: &Rows<K, V>, key: &K) -> Option<V> {
    rows.borrow().get(key)?.keys().next().copied()
}

/// Where facts go in.
pub struct Inputs {
    views: InputSession<Time, PageView, isize>,
    equivs: InputSession<Time, Equiv, isize>,
    /// Says up to which time the views are complete.
    probe: Probe<Time>,
}

impl Inputs {
    /// Adds facts, and works until all views contain them.
    pub fn take(&mut self, worker: &mut Worker, views: Vec<PageView>, equivs: Vec<Equiv>) {
        views.into_iter().for_each(|view| self.views.insert(view));
        equivs
            .into_iter()
            .for_each(|equiv| self.equivs.insert(equiv));
        let next = *self.views.time() + 1;
        self.views.advance_to(next);
        self.equivs.advance_to(next);
        self.views.flush();
        self.equivs.flush();
        worker.step_while(|| self.probe.less_than(&next));
    }
}

/// Builds the dataflow. `counts` then follow the facts.
pub fn maintain(worker: &mut Worker, counts: &Counts) -> Inputs {
    worker.dataflow::<Time, _, _>(|scope| {
        let (views_in, views) = scope.new_collection::<PageView, isize>();
        let (equivs_in, equivs) = scope.new_collection::<Equiv, isize>();
        let probe = Probe::new();

        // A page view counts once, however often and however late it comes.
        let views = views.distinct();

        let hour = |secs: i64| secs.div_euclid(3_600) * 3_600;
        views
            .clone()
            .map(move |(secs, url, ..)| (url, hour(secs)))
            .count()
            .inspect(counts.note(&counts.page_views))
            .probe_with(&probe);

        // Each page view with its person: (identifier, (second, URL, domain)) joined with who it
        // is. An identifier of which no equiv is known is a person of its own.
        let persons = persons(equivs);
        let by_id = views.map(|(secs, url, domain, id, _)| (id, (secs, url, domain)));
        let known = persons.clone().map(|(id, _)| id);
        let by_person = by_id
            .clone()
            .join_map(persons, |_, view, person| (person.clone(), view.clone()))
            .concat(by_id.antijoin(known));

        by_person
            .clone()
            .map(move |(person, (secs, url, _))| (url, hour(secs), person))
            .distinct()
            .map(|(url, hour, _)| (url, hour))
            .count()
            .inspect(counts.note(&counts.uniques))
            .probe_with(&probe);

        // The visits of each person to each domain, added up by domain.
        by_person
            .map(|(person, (secs, _, domain))| ((domain, person), secs))
            .reduce(|_, times, visits| visits.push((visits_of(times), 1)))
            .explode(|((domain, _), visits)| Some((domain, visits)))
            .count()
            .inspect(counts.note(&counts.bounces))
            .probe_with(&probe);

        Inputs {
            views: views_in,
            equivs: equivs_in,
            probe,
        }
    })
}

/// The person of each identifier that is in an equiv: the least identifier that can be reached
/// from it. Each learns its neighbours' least, until nothing changes.
fn persons<'scope>(
    equivs: VecCollection<'scope, Time, Equiv, isize>,
) -> VecCollection<'scope, Time, (String, String), isize> {
    let back = equivs.clone().map(|(one, other)| (other, one));
    let edges = equivs.concat(back).distinct();
    let own = edges.clone().map(|(id, _)| (id.clone(), id)).distinct();
    own.clone().iterate(|scope, least| {
        let (edges, own) = (edges.enter(scope), own.enter(scope));
        least
            .join_map(edges, |_, least, other| (other.clone(), least.clone()))
            .concat(own)
            .reduce(|_, all, least| least.push((all[0].0.clone(), 1)))
    })
}

/// Visits, and bounces among them, of page views at some seconds, in order and each with how
/// often it is there.
fn visits_of(times: &[(&i64, isize)]) -> (isize, isize) {
    let (mut visits, mut bounces) = (0, 0);
    for visit in times.chunk_by(|earlier, later| later.0 - earlier.0 <= SILENCE) {
        visits += 1;
        bounces += isize::from(visit.iter().map(|(_, times)| times).sum::<isize>() == 1);
    }
    (visits, bounces)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view(secs: i64, id: &str, nonce: i64) -> PageView {
        let (url, domain) = ("a.com/".to_owned(), "a.com".to_owned());
        (secs, url, domain, id.to_owned(), nonce)
    }

    /// Adds each step's facts, and returns (page views, uniques, visits, bounces) after it.
    fn after(steps: Vec<(Vec<PageView>, Vec<(&'static str, &'static str)>)>) -> Vec<[i64; 4]> {
        timely::execute_directly(move |worker| {
            let counts = Counts::default();
            let mut inputs = maintain(worker, &counts);
            let mut after = Vec::new();
            for (views, equivs) in steps {
                let own = |(one, other): (&str, &str)| (one.to_owned(), other.to_owned());
                inputs.take(worker, views, equivs.into_iter().map(own).collect());
                let (views, uniques) = counts.of_hour("a.com/", 0);
                let (visits, bounces) = counts.bounces(&"a.com".to_owned());
                after.push([views, uniques, visits, bounces]);
            }
            after
        })
    }

    #[test]
    fn a_copy_changes_nothing_and_an_equiv_joins_what_was_counted_long_ago() {
        let steps = vec![
            (vec![view(0, "x", 1), view(60, "y", 2)], vec![]),
            (vec![view(0, "x", 1)], vec![]), // a copy
            (vec![], vec![("x", "z")]),
            (vec![], vec![("z", "y")]), // x and y are one, by way of z
        ];
        let expected = [[2, 2, 2, 2], [2, 2, 2, 2], [2, 2, 2, 2], [2, 1, 1, 0]];
        assert_eq!(after(steps), expected);
    }

    #[test]
    fn a_visit_ends_after_thirty_minutes_and_one_second_without_a_page_view() {
        let steps = vec![
            (vec![view(0, "x", 1), view(1_800, "x", 2)], vec![]),
            (vec![view(3_601 - 3_600, "x", 3)], vec![]),
        ];
        assert_eq!(after(steps), [[2, 1, 1, 0], [3, 1, 1, 0]]);
        let far = vec![(vec![view(0, "x", 1), view(1_801, "x", 2)], vec![])];
        assert_eq!(after(far), [[2, 1, 2, 2]]);
        let same_second = vec![(vec![view(7, "x", 1), view(7, "x", 2)], vec![])];
        assert_eq!(after(same_second), [[2, 1, 1, 0]]);
    }
}
