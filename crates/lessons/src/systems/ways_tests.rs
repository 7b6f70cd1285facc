use super::*;

#[test]
fn each_way_is_as_new_and_as_right_as_it_can_be() {
    let folder = tempfile::tempdir().unwrap();
    let traffic = Traffic {
        views: 12_000,
        persons: 600,
        ..Ways::DAY
    };
    let ways = Ways::prepare(folder.path(), &traffic).unwrap();
    let answers = ways.ask(3, 0..DAY).unwrap();
    let [recompute, serving, merged, incremental] = &answers[..] else {
        panic!("four ways");
    };
    // Timeliness: the last hour's end, the cut, the last step, the last event.
    let behind = [recompute, serving, merged, incremental].map(|a| a.behind);
    let at_least = [NOW - COLLECTED, NOW - CUT, NOW - STEPPED, 0];
    for (behind, least) in behind.into_iter().zip(at_least) {
        assert!((least..least + 60).contains(&behind), "{answers:?}");
    }
    assert!(recompute.rows > 100 * merged.rows && merged.rows > serving.rows);
    assert!(merged.views_error < incremental.views_error, "{answers:?}");
    // A copy that comes after the window is counted again, so fresh counts are above the truth.
    let truth = ways.truth(3, 0..DAY).unwrap();
    assert!(incremental.page_views > truth.page_views, "{answers:?}");
    // Of the hours before the cut, those that look at all data know all.
    let early = ways.ask(3, 0..12 * HOUR).unwrap();
    assert_eq!((early[0].views_error, early[0].uniques_error), (0.0, 0.0));
    assert_eq!((early[1].views_error, early[2].views_error), (0.0, 0.0));
    assert!(early[3].views_error > 0.0, "{early:?}");
    // Sketches are a little off, and late equivs more than that.
    assert!(early[1].uniques_error < 2.5 && early[2].uniques_error < 2.5);
    assert!(early[3].uniques_error > early[2].uniques_error, "{early:?}");
}
