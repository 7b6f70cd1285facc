//! Weeks of everything: answers are what the layers claim, and an account that would
//! show a loss if there were one.
use lambda_workbook::capstone::*;
use lambda_workbook::lambda::{Lambda, Options};
use lambda_workbook::speed::{CommitOrder, EmbeddedLog, Log, feed};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

fn ran(week: &Week) -> (History, Account) {
    let folder = tempfile::tempdir().unwrap();
    let history = here(folder.path(), week, &mut |_| ()).unwrap();
    let account = history.account.clone().unwrap();
    (history, account)
}

/// A week in which nothing goes wrong.
fn without_faults(seed: u64) -> Week {
    Week {
        partition: None,
        crashes: vec![],
        bad_deployment: None,
        ..Week::drawn(seed, 600)
    }
}

#[test]
fn every_answer_of_every_week_is_what_its_layers_claim_to_hold() {
    let (mut crashes, mut behind, mut equivs, mut twice) = (0, 0, 0, 0);
    // Half of a week is waiting for the disk: all at once.
    let weeks: Vec<_> = (0..8)
        .map(|seed| std::thread::spawn(move || ran(&Week::drawn(seed, 600))))
        .collect();
    for (seed, week) in (0..).zip(weeks) {
        let (history, account): (History, Account) = week.join().unwrap();
        for reading in &history.readings {
            let bug = reading.code != Code::Right;
            assert!(bug || !reading.is_wrong(), "seed {seed}: {reading:?}");
            let Some(merged) = reading.merged else {
                continue;
            };
            // What is not there yet waits. What is there twice came to both sites.
            let once = merged.page_views - reading.twice;
            assert!(bug || once <= reading.truth.page_views);
            behind += u64::from(once < reading.truth.page_views);
            twice += reading.twice;
            equivs += u64::from(merged.uniques > reading.truth.uniques);
        }
        let last = history.readings.last().unwrap();
        assert_eq!(last.merged, Some(last.truth), "seed {seed}");
        assert!(account.is_clean(), "{account}");
        assert!(account.accepted > account.sent && account.duplicates > 0);
        crashes += account.crashes;
    }
    // There was something to be right about.
    assert!(
        crashes > 20 && behind > 20 && equivs > 20 && twice > 20,
        "{crashes} {behind} {equivs} {twice}"
    );
}

#[test]
fn the_same_seed_is_the_same_week() {
    let week = Week::drawn(3, 600);
    let ((one, account), (other, again)) = (ran(&week), ran(&week));
    assert_eq!(one.readings, other.readings);
    assert_eq!(account, again);
}

#[test]
fn in_a_partition_both_sites_count_and_agree_when_it_has_healed() {
    let week = Week {
        partition: Some(20..60),
        ..without_faults(5)
    };
    let (history, account) = ran(&week);
    assert!(account.is_clean() && account.cut_hours == 40, "{account}");
    let cut: Vec<_> = history
        .readings
        .iter()
        .filter(|reading| !reading.whole)
        .collect();
    let last = cut.last().unwrap();
    let grew = |site: usize| last.sites[site].page_views - cut[0].sites[site].page_views;
    assert!(grew(0) > 0 && grew(1) > 0, "both go on counting");
    for reading in &cut {
        // The merged query runs at site 0; site 1 keeps the batch that it heard of.
        let merged = reading.merged.unwrap();
        assert_eq!(merged.page_views, reading.sites[0].page_views);
        assert_eq!(reading.sites[1].batch, cut[0].sites[1].batch);
        assert!(reading.waiting > 0);
    }
    let (one, other) = (last.sites[0].page_views, last.sites[1].page_views);
    assert!(one < last.truth.page_views && other < last.truth.page_views);
    let healed = history
        .readings
        .iter()
        .find(|reading| reading.hour > last.hour);
    let healed = healed.unwrap();
    let views = healed.truth.page_views;
    assert!(
        healed.sites.iter().all(|site| site.by_identity == views),
        "{healed:?}"
    );
    assert_eq!(
        (healed.merged.unwrap().page_views, healed.waiting),
        (views + healed.twice, 0)
    );
}

/// Rule: a page view that a client sends to both sites is counted by a G-counter at each of them,
/// and once by its identity. Where the sites reach each other, that is the only difference.
#[test]
fn a_g_counter_counts_a_retry_at_the_other_site_twice_and_identities_count_it_once() {
    let mut twice = 0;
    for seed in 5..8 {
        let (history, account) = ran(&without_faults(seed));
        assert!(account.is_clean(), "{account}");
        assert!(account.at_both_sites > 0, "{account}");
        for reading in &history.readings {
            let truth = reading.truth.page_views;
            for site in &reading.sites {
                assert_eq!(site.by_identity, truth, "{reading:?}");
                assert_eq!(site.page_views, truth + reading.twice, "{reading:?}");
            }
            twice += reading.twice;
        }
        assert_eq!(history.readings.last().unwrap().twice, 0);
    }
    assert!(twice > 0);
}

/// Rule: a site that is cut off and loses its process counts nothing twice: the new process adds to
/// the batch that it serves only what that batch does not hold.
#[test]
fn a_process_killed_during_a_partition_counts_nothing_twice_at_the_far_site() {
    let week = Week {
        partition: Some(40..76),
        crashes: (3..168).step_by(6).collect(),
        bad_deployment: None,
        ..Week::drawn(6, 2_000)
    };
    let (history, account) = ran(&week);
    assert!(account.is_clean(), "{account}");
    let cut = history.readings.iter().filter(|reading| !reading.whole);
    assert!(cut.clone().count() >= 9);
    for reading in cut {
        for site in &reading.sites {
            assert!(site.by_identity <= reading.truth.page_views, "{reading:?}");
        }
    }
}

/// Batch 3 has a bug, is served at 56 and found out 8 hours later.
fn deployed(expire_after: i64) -> Week {
    Week {
        batch_every: 24,
        batch_takes: 8,
        expire_after,
        bad_deployment: Some(BadDeployment {
            batch: 3,
            noticed_after: 8,
        }),
        ..without_faults(6)
    }
}

/// The hours in which a history's readings are so.
fn hours(history: &History, so: impl Fn(&Reading) -> bool) -> Vec<i64> {
    let found = history.readings.iter().filter(|reading| so(reading));
    found.map(|reading| reading.hour).collect()
}

#[test]
fn a_bug_is_gone_at_once_while_the_speed_layer_remembers() {
    let (history, account) = ran(&deployed(12));
    assert!(account.is_clean() && account.roll_backs == 1, "{account}");
    assert_eq!(hours(&history, Reading::is_wrong), [60, 64]);
    assert!(hours(&history, |reading| reading.merged.is_none()).is_empty());
    let rolled_back = &history.readings[64 / 4];
    assert_eq!((rolled_back.hour, rolled_back.batch), (68, 2));
    // The mended code computes the same batch again.
    let served: Vec<&Mark> = history.marks().map(|(_, mark)| mark).collect();
    assert!(served.contains(&&Mark::Served(3, Code::WithoutCookies)));
    assert!(served.contains(&&Mark::Served(3, Code::Right)));
}

#[test]
fn a_bug_found_after_the_expiry_leaves_no_answer_until_the_mended_run() {
    let (history, account) = ran(&deployed(0));
    assert!(account.is_clean() && account.roll_backs == 1, "{account}");
    assert_eq!(hours(&history, Reading::is_wrong), [60, 64]);
    // Rolled back at 64, served again at 72.
    assert_eq!(
        hours(&history, |reading| reading.merged.is_none()),
        [68, 72]
    );
}

#[test]
fn a_consumer_that_commits_before_processing_loses_and_one_that_commits_after_it_doubles() {
    let killed = |consumer| Week {
        crashes: (3..168).step_by(4).collect(),
        consumer,
        ..without_faults(8)
    };
    let (_, sound) = ran(&killed(Consumer::ExactlyOnce));
    assert!(sound.is_clean() && sound.crashes > 30, "{sound}");
    let (_, loses) = ran(&killed(Consumer::SplitCommit(
        CommitOrder::BeforeProcessing,
    )));
    assert!(loses.lost() > 0 && !loses.is_clean(), "{loses}");
    let (_, doubles) = ran(&killed(Consumer::SplitCommit(CommitOrder::AfterProcessing)));
    assert!(doubles.doubled() > 0 && !doubles.is_clean(), "{doubles}");
    // Each names the events of its worst answer.
    let names = |account: &Account, fate| {
        let of = |event: &&NamedEvent| event.place == "answers" && event.fate == fate;
        account.named.iter().filter(of).count() as u64
    };
    assert!(names(&loses, Fate::Lost) >= loses.answers.lost, "{loses}");
    assert!(names(&doubles, Fate::Doubled) >= doubles.answers.doubled);
    assert!(loses.named.iter().any(|event| event.is_sure), "{loses}");
    assert!(doubles.named.iter().any(|event| event.is_sure), "{doubles}");
    // Each errs to its own side, and the closing batch run mends both.
    assert_eq!((loses.answers.doubled, doubles.answers.lost), (0, 0));
    assert!(loses.closes && doubles.closes);
    // Without a crash nobody could tell.
    for order in [CommitOrder::BeforeProcessing, CommitOrder::AfterProcessing] {
        let week = Week {
            consumer: Consumer::SplitCommit(order),
            ..without_faults(8)
        };
        assert!(ran(&week).1.is_clean());
    }
}

/// What a broken part does.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Breaks {
    /// The 50th append is acknowledged and not stored.
    Append,
    /// A page view is gone from the master data after the first batch.
    MasterLoses,
    /// It is there twice.
    MasterDoubles,
}

/// A sound node with one broken part.
struct Broken {
    node: Here,
    folder: PathBuf,
    breaks: Breaks,
    appends: u32,
}

impl Host for Broken {
    fn tell(&mut self, order: &Order) -> Result<Option<NodeReply>> {
        if matches!(order, Order::Take { .. }) && self.breaks == Breaks::Append {
            self.appends += 1;
            if self.appends == 50 {
                return Ok(Some(NodeReply::Done));
            }
        }
        let reply = self.node.tell(order)?;
        if matches!(order, Order::Serve { batch: 1, .. }) && self.breaks != Breaks::Append {
            let part = self.folder.join("master/versions/000001/datums.jsonl");
            let text = fs::read_to_string(&part).unwrap();
            let lines: Vec<&str> = text.lines().collect();
            let is_view = |line: &&&str| line.contains("page_view\":{") && line.ends_with("}}");
            // One that came once, so that no copy makes up for it.
            let once = |line: &&&str| lines.iter().filter(|other| other == line).count() == 1;
            let view = *lines.iter().filter(is_view).find(once).unwrap();
            let changed = match self.breaks {
                Breaks::MasterDoubles => format!("{text}{view}\n"),
                _ => text.replacen(&format!("{view}\n"), "", 1),
            };
            fs::write(&part, changed).unwrap();
        }
        Ok(reply)
    }

    fn restart(&mut self) -> Result<()> {
        self.node.restart()
    }

    fn plan_crash(&mut self, draw: u64, long: bool) {
        self.node.plan_crash(draw, long);
    }
}

fn broken(breaks: Breaks) -> Account {
    let folder = tempfile::tempdir().unwrap();
    let path: &Path = folder.path();
    let mut start = |config| {
        let node = Here::open(path, config)?;
        let folder = path.to_owned();
        let host = Broken {
            node,
            folder,
            breaks,
            appends: 0,
        };
        Ok(Box::new(host) as Box<dyn Host>)
    };
    let history = run(&without_faults(4), &mut start, &mut |_| ()).unwrap();
    history.account.unwrap()
}

#[test]
fn the_account_shows_what_a_broken_part_loses_and_doubles() {
    let lossy = broken(Breaks::Append);
    assert!(lossy.log.lost > 0 && !lossy.is_clean(), "{lossy}");
    let named = |account: &Account, place, fate| {
        let of = |event: &&NamedEvent| (event.place, event.fate) == (place, fate);
        account.named.iter().filter(of).count() as u64
    };
    assert_eq!(named(&lossy, "log", Fate::Lost), lossy.log.lost, "{lossy}");
    let copies = lossy.duplicates;
    let lossy = broken(Breaks::MasterLoses);
    assert_eq!((lossy.master.lost, lossy.closing.lost), (1, 1), "{lossy}");
    assert_eq!(named(&lossy, "master data", Fate::Lost), 1);
    // The page view that was lost is not among the copies that were dropped.
    let (_, sound) = ran(&without_faults(4));
    assert_eq!(lossy.duplicates, sound.duplicates);
    assert!(copies <= sound.duplicates);
    assert!(lossy.answers.lost >= 1 && lossy.unexplained > 0 && !lossy.is_clean());
    // A batch run counts it once all the same; the account finds it in the master data.
    let doubling = broken(Breaks::MasterDoubles);
    assert_eq!(
        (doubling.master.doubled, doubling.closing.doubled),
        (1, 0),
        "{doubling}"
    );
    assert_eq!(named(&doubling, "master data", Fate::Doubled), 1);
    assert!(!doubling.is_clean());
}

#[test]
fn a_week_that_cannot_be_run_says_why() {
    for (week, word) in [
        (
            Week {
                views: 0,
                ..without_faults(1)
            },
            "page views",
        ),
        (
            Week {
                step: 5,
                ..without_faults(1)
            },
            "divisor of 24",
        ),
        (
            Week {
                batch_takes: 99,
                ..without_faults(1)
            },
            "before the next begins",
        ),
        (
            Week {
                crashes: vec![168],
                ..without_faults(1)
            },
            "0 to 167",
        ),
        (
            Week {
                pages: 1,
                ..without_faults(1)
            },
            "--pages",
        ),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let error = here(folder.path(), &week, &mut |_| ()).unwrap_err();
        assert!(error.to_string().contains(word), "{error}");
    }
}

#[test]
fn a_roll_back_outlives_its_process_and_ends_with_the_next_swap() {
    let folder = tempfile::tempdir().unwrap();
    let open = || {
        let log = Arc::new(EmbeddedLog::open(folder.path().join("log")).unwrap());
        log.create_topic("datums", 1).unwrap();
        let lambda = Lambda::open(folder.path(), log.clone(), "datums", Options::default());
        (log, lambda.unwrap())
    };
    let (log, mut lambda) = open();
    let golden = lambda_workbook::dataset::golden();
    feed(log.as_ref(), "datums", &golden[..6]).unwrap();
    lambda.run_batch().unwrap();
    feed(log.as_ref(), "datums", &golden[6..]).unwrap();
    let (batch, cut) = lambda.begin_batch().unwrap();
    let built = lambda.build(batch, &cut).unwrap();
    lambda.publish(built).unwrap();
    lambda.roll_back(1).unwrap();
    drop((log, lambda));
    let (_log, mut lambda) = open();
    assert_eq!(lambda.served().batch(), 1);
    lambda.drain().unwrap();
    let views = |lambda: &Lambda| {
        let query = lambda.query().unwrap();
        query.page_views("foo.com/post2", 0..10_800).unwrap().value
    };
    assert_eq!(views(&lambda), 2);
    assert_eq!(lambda.run_batch().unwrap(), 2);
    assert_eq!(views(&lambda), 2);
    drop((_log, lambda));
    assert_eq!(open().1.served().batch(), 2);
}
