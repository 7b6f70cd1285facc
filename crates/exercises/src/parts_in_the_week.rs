//! The known wrong answers of six exercises, as parts of the capstone's week: each is found there,
//! by a small run, but for those that need an input that a week does not have.
use lessons::capstone::{self, OwnPart, PartAccount};

/// Modules with the mutants of an exercise, and the parts that they are.
macro_rules! parts {
    ($exercise:ident :: $function:ident, $part:ident: $($name:ident),* $(,)?) => {
        $(#[allow(unused, clippy::all)]
        mod $name {
            use lambda_workbook::prelude::*;
            include!(concat!(
                env!("CARGO_MANIFEST_DIR"), "/../../solutions/mutants/", stringify!($exercise), "/", stringify!($name), ".rs"
            ));
            pub const PART: lessons::capstone::OwnPart = lessons::capstone::OwnPart::$part($function);
        })*
        pub const ALL: &[(&str, lessons::capstone::OwnPart)] = &[$((stringify!($name), $name::PART)),*];
    };
}

mod updater {
    parts! {
        idempotent_update::update, Updater:
        adds_always, counts_anew, drops_repeats, known_pages_only, largest_of_the_row, offset_of_the_view,
        offset_stays, one_offset, one_too_late, smallest_offset, twice_within_an_update, update_by_update,
    }
}

mod dedupe {
    parts! {
        dedupe_window::new_views, Dedupe:
        begins_empty, by_nonce, by_offset, by_place, needs_more, neighbours_only, never_refuses, off_by_one,
        refuses_at_the_beginning, refuses_the_lost_only, unbounded, window_of_new_ones, without_nonce,
        without_person, without_time,
    }
}

mod expiry {
    parts! {
        alternating_expiry::sets_asked, Expiry:
        cleared_only_once, clears_at_the_end, clears_the_asked_set, from_the_run_before, never_clears, one_set,
        takes_turns_on_failure,
    }
}

mod merge {
    parts! {
        counter_merge::counter_merge, Merge:
        adds, known_only, replies_all, replies_known_only, replies_news, takes_theirs, theirs_only,
    }
}

mod state {
    parts! {
        exactly_once::update, State:
        adds_always, forgets_the_id, next_batch_only, replaces, same_number_is_known, skips_one_try,
    }
}

mod visits {
    parts! {
        bounce_rate::visits_and_bounces, Bounces:
        all_of_one_domain, an_hour, by_page, everybody_is_one, fifteen_minutes, from_the_first_view,
        half_an_hour_ends_it, never_moves_on, never_sorts, per_cent, per_view, same_second_is_none, trusts_the_order,
        users_only, whole_numbers,
    }
}

/// Mutants that the week does not find, each with the reason.
const NOT_FOUND: &[(&str, &str)] = &[
    (
        "dedupe::by_nonce",
        "no two page views of a week have one nonce",
    ),
    (
        "dedupe::without_nonce",
        "no page is reloaded within a second",
    ),
    (
        "dedupe::without_person",
        "no two persons share page, second and nonce",
    ),
    (
        "dedupe::without_time",
        "no nonce comes again in another hour",
    ),
    (
        "dedupe::unbounded",
        "it drops more copies, and needs more memory",
    ),
    (
        "dedupe::window_of_new_ones",
        "too few copies lie between a page view and its copy",
    ),
    (
        "visits::same_second_is_none",
        "no two views of a visit are in one second alone",
    ),
    (
        "visits::per_cent",
        "the week asks for visits and bounces, not for their rate",
    ),
    (
        "visits::per_view",
        "the week asks for visits and bounces, not for their rate",
    ),
    (
        "visits::whole_numbers",
        "the week asks for visits and bounces, not for their rate",
    ),
];

fn account(part: OwnPart) -> PartAccount {
    capstone::with(part).unwrap()
}

/// Rule: a known mistake of an exercise gives an account that is not clean, and a run of a few
/// events that shows it.
#[test]
fn the_week_finds_the_known_mistakes_and_shows_each_by_a_small_run() {
    let mut problems = Vec::new();
    for (part, mutants) in [
        ("updater", updater::ALL),
        ("dedupe", dedupe::ALL),
        ("expiry", expiry::ALL),
        ("merge", merge::ALL),
        ("state", state::ALL),
        ("visits", visits::ALL),
    ] {
        for (name, mutant) in mutants {
            let account = account(*mutant);
            let is_known = NOT_FOUND
                .iter()
                .any(|(known, _)| *known == format!("{part}::{name}"));
            let events = account.events().unwrap_or(0);
            if account.is_clean() != is_known || events > 16 {
                problems.push(format!("{part}::{name}: {account}"));
            }
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n\n"));
}

mod right {
    use lambda_workbook::capstone::OwnPart;
    use lambda_workbook::crdt::by_hand::ReplicaCounts;
    use lambda_workbook::microbatch::by_hand::Stored;
    use lambda_workbook::prelude::*;

    fn update(view: &DataFrame, events: &DataFrame) -> PolarsResult<DataFrame> {
        let mut rows = speed::rows_of(view)?;
        for (partition, offset, url) in speed::events_of(events)? {
            let row = rows.entry(url).or_insert((0, [0, 0]));
            if offset >= row.1[partition] {
                row.0 += 1;
                row.1[partition] = offset + 1;
            }
        }
        speed::view_of(&rows)
    }

    fn new_views(
        log: &[speed::Arrival],
        first: usize,
        from: usize,
        window: usize,
    ) -> Result<Vec<bool>, String> {
        if first > from.saturating_sub(window) {
            return Err("the window is not kept".to_owned());
        }
        let new = |place: usize| !log[place.saturating_sub(window)..place].contains(&log[place]);
        Ok((from - first..log.len()).map(new).collect())
    }

    fn sets_asked(runs: &DataFrame) -> PolarsResult<DataFrame> {
        let began = runs.column("began")?.i64()?.iter().flatten();
        let ok = runs.column("ok")?.bool()?.iter().flatten();
        let (mut asked, mut starts) = (0, [0, 0]);
        let (mut sets, mut from) = (Vec::new(), Vec::new());
        for (began, ok) in began.zip(ok) {
            starts[1 - asked] = began;
            if ok {
                asked = 1 - asked;
            }
            sets.push(["a", "b"][asked]);
            from.push(starts[asked]);
        }
        df!("set" => sets, "from" => from, "to" => runs.column("ended")?.i64()?.clone().into_series())
    }

    fn counter_merge(
        mine: &ReplicaCounts,
        theirs: &ReplicaCounts,
    ) -> (ReplicaCounts, ReplicaCounts) {
        let mut merged = mine.clone();
        for (id, count) in theirs {
            let kept = merged.entry(*id).or_insert(0);
            *kept = (*kept).max(*count);
        }
        let is_news = |(id, count): &(&u32, &u64)| theirs.get(id).is_none_or(|known| known < count);
        let reply = mine.iter().filter(is_news).map(|(id, count)| (*id, *count));
        (merged, reply.collect())
    }

    fn state(stored: Stored, batch: i64, add: i64) -> Stored {
        match stored.batch == batch {
            true => stored,
            false => Stored {
                batch,
                count: stored.count + add,
                previous: 0,
            },
        }
    }

    pub const ALL: [OwnPart; 6] = [
        OwnPart::Updater(update),
        OwnPart::Dedupe(new_views),
        OwnPart::Expiry(sets_asked),
        OwnPart::Merge(counter_merge),
        OwnPart::State(state),
        OwnPart::Bounces(batch::bounces),
    ];
}

/// Rule: a right part gives a clean account, in every week.
#[test]
fn a_right_part_gives_a_clean_account_in_every_week() {
    for seed in 0..12 {
        for part in right::ALL {
            let week = capstone::Week::of_parts(seed);
            let account = capstone::with_in(part, &week).unwrap();
            assert!(account.is_clean(), "seed {seed}: {account}");
            assert!(account.sent > 300 && account.looks > 100, "{account}");
        }
    }
}

/// Rule: a part that panics or returns an error is named, and the week does not end the program.
#[test]
fn a_part_that_stops_is_named() {
    let account = account(OwnPart::State(|_, _, _| todo!()));
    assert!(!account.is_clean());
    assert!(
        account
            .to_string()
            .contains("it panicked: not yet implemented"),
        "{account}"
    );
}
