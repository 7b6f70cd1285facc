//! Every committed chapter runs on the real kernel and gives what is committed. The
//! solutions, which are notebooks too, are in `exercises`.
use crate::execution::{Execution, root, stems};
use kernel::notebook_file::Notebook;

/// One test for each chapter, so that they run beside each other, and one alone can be
/// run: `cargo test --test all chapter_02`.
macro_rules! chapters {
    ($($test:ident: $stem:literal,)*) => {
        const CHAPTERS: &[&str] = &[$($stem),*];

        mod gives_what_is_committed {
            $(
                #[test]
                fn $test() {
                    super::assert_gives_what_is_committed($stem);
                }
            )*
        }
    };
}

chapters! {
    chapter_00: "00_start_here",
    chapter_01: "01_page_views",
    chapter_02: "02_unique_visitors",
    chapter_03: "03_people",
    chapter_04: "04_serving_store",
    chapter_04b: "04b_on_a_cluster",
    chapter_05: "05_speed_layer",
    chapter_05b: "05b_cost_of_realtime_views",
    chapter_06: "06_query",
    chapter_07: "07_crdts_and_cap",
    chapter_07b: "07b_write_a_node",
    chapter_07c: "07c_every_run",
    chapter_08: "08_micro_batches",
    chapter_08b: "08b_event_time",
    chapter_09: "09_data_systems",
    chapter_10: "10_recomputation",
    chapter_11: "11_capstone",
    chapter_11b: "11b_your_part",
    chapter_12: "12_do_you_still_need_lambda",
}

fn assert_gives_what_is_committed(stem: &str) {
    let folder = root().join("notebooks");
    let notebook = Notebook::read(&folder.join(format!("{stem}.ipynb"))).unwrap();
    let execution = Execution::of_chapter(notebook);
    execution.assert_gives_what_is_committed();
}

#[test]
fn every_notebook_has_its_test() {
    assert_eq!(stems("notebooks"), CHAPTERS);
}

#[test]
fn no_notebook_names_a_place_on_somebodys_machine() {
    for folder in ["notebooks", "solutions"] {
        for stem in stems(folder) {
            let path = root().join(folder).join(format!("{stem}.ipynb"));
            let text = std::fs::read_to_string(&path).unwrap();
            for place in ["/home/", "/root/", "/tmp/", "/Users/"] {
                assert!(!text.contains(place), "{} holds {place}", path.display());
            }
        }
    }
}
