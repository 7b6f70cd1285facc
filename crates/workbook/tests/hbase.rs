//! A real HBase behind the command line and behind cells.
use crate::command_line::{done, refused, view};
use crate::kernel::with_kernel::{block_on, good, kernel};
use crate::region_server::shared;
use serde_json::Value;

/// Rule: with its realtime views in HBase, a home folder answers as with views of its own, and
/// remembers where they are.
#[test]
fn both_layers_stand_on_a_store_in_hbase() {
    let Some(hbase) = shared() else { return };
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (home, input) = (path("home"), path("views.jsonl"));
    let store = format!("hbase://{}", hbase.address);
    let lines = [
        view("foo.com/", 1, 60),
        view("foo.com/", 2, 70),
        "no datum\n".to_owned(),
    ];
    std::fs::write(&input, lines.concat()).unwrap();
    done(&["append", "--home", &home, "--store", &store, &input]);
    // The folder knows its store from now on.
    let said = done(&["speed", "--home", &home]);
    let begin = "applied 3 records, 1 of them rejected";
    assert!(said.starts_with(begin), "{said}");
    let noted = std::fs::read_to_string(folder.path().join("home/store.address")).unwrap();
    assert!(
        noted.starts_with(&format!("{store}/lambda_home_")),
        "{noted}"
    );
    assert!(!folder.path().join("home/realtime").exists());
    let ask = [
        "query",
        "--home",
        &home,
        "page-views",
        "foo.com/",
        "--explain",
    ];
    assert!(done(&ask).starts_with("2 page views"));
    done(&["batch", "--home", &home]);
    std::fs::write(&input, view("foo.com/", 3, 80)).unwrap();
    done(&["append", "--home", &home, &input]);
    done(&["speed", "--home", &home, "--store", &store]);
    let said = done(&ask);
    assert!(said.starts_with("3 page views"), "{said}");
    assert!(
        said.contains("batch 1 with 3 records: 2 page views"),
        "{said}"
    );

    // Never silently elsewhere.
    let other = "hbase://127.0.0.1:1";
    let said = refused(&["speed", "--home", &home, "--store", other]);
    assert!(said.contains("leave the address out"), "{said}");
    let embedded = path("embedded");
    done(&["append", "--home", &embedded, &input]);
    let said = refused(&["speed", "--home", &embedded, "--store", &store]);
    assert!(said.contains("has its realtime views at"), "{said}");
    // A server that is not there is named, and a new folder does not remember it.
    let new = path("new");
    let said = refused(&["append", "--home", &new, "--store", other, &input]);
    assert!(said.contains("workbook up hbase"), "{said}");
    assert!(!folder.path().join("new/store.address").exists());
}

/// Rule: one line of a cell opens a store in HBase, and all else is as with the store of this
/// machine.
#[test]
fn a_cell_opens_a_store_in_hbase_by_one_line() {
    let Some(hbase) = shared() else { return };
    let address = &hbase.address;
    block_on(async {
        let mut kernel = kernel().await;
        good(
            &mut kernel,
            &format!(
                "let store = speed::open_store(\"hbase://{address}/of-a-cell\", &[speed::Family::new(\"views\")])?;"
            ),
        )
        .await;
        let ran = good(
            &mut kernel,
            "println!(\"{}\", store.increment(b\"foo.com/\", \"views\", b\"today\", 2)?);",
        )
        .await;
        assert_eq!(ran.stdout(), "2\n");
        kernel.shutdown().await.unwrap();
    });
}

/// Rule: a week of everything that goes wrong is clean with its realtime views in HBase too, with
/// processes that are killed; and its tables are removed. A consumer that HBase cannot hold to its
/// order of commits is refused.
#[test]
fn a_soak_is_clean_with_its_views_in_hbase() {
    let Some(hbase) = shared() else { return };
    let store = format!("hbase://{}", hbase.address);
    let said = done(&["soak", "--views", "200", "--store", &store]);
    assert!(
        said.contains("lost 0") && said.contains("doubled 0"),
        "{said}"
    );

    let split = ["soak", "--consumer", "at-least-once", "--store", &store];
    let said = refused(&split);
    assert!(said.contains("leave out the address"), "{said}");
    let said = refused(&["soak", "--store", "hbase://127.0.0.1:1"]);
    assert!(said.contains("workbook up hbase"), "{said}");
}

/// A code cell of a chapter, with what it shows there.
struct StoredCell {
    code: String,
    printed: String,
    table: String,
}

/// Reads cells of a chapter by their ids.
fn cells_of(chapter: &str, ids: &[&str]) -> Vec<StoredCell> {
    let path = format!(
        "{}/../../notebooks/{chapter}.ipynb",
        env!("CARGO_MANIFEST_DIR")
    );
    let notebook: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let cells = notebook["cells"].as_array().unwrap();
    let lines = |lines: &Value| -> String {
        let lines = lines.as_array().into_iter().flatten();
        lines.map(|line| line.as_str().unwrap()).collect()
    };
    let read = |id: &&str| {
        let cell = cells.iter().find(|cell| cell["id"] == **id).unwrap();
        let outputs = cell["outputs"].as_array().unwrap();
        StoredCell {
            code: lines(&cell["source"]),
            printed: outputs
                .iter()
                .map(|output| lines(&output["text"]))
                .collect(),
            table: { outputs.iter() }
                .map(|output| lines(&output["data"]["text/html"]))
                .collect(),
        }
    };
    ids.iter().map(read).collect()
}

/// Rule: the cells of the chapters that open the layers, and the capstone, run on HBase once one
/// line of them is changed, and show what they show with the store of this machine.
#[test]
fn chapters_and_capstone_run_on_hbase_by_one_line() {
    let Some(hbase) = shared() else { return };
    let address = &hbase.address;
    let line = "let options = Options::default();";
    let on_hbase = format!("let options = Options::with_store(\"hbase://{address}\")?;");
    let chapters = [
        (
            "05_speed_layer",
            &["speed-05"][..],
            &["speed-18", "speed-19", "speed-21"][..],
        ),
        (
            "06_query",
            &["lambda-02", "lambda-03s"],
            &["lambda-05", "lambda-07", "lambda-10"],
        ),
    ];
    block_on(async {
        let mut kernel = kernel().await;
        for (chapter, first, ids) in chapters {
            // What the cells need of those before them.
            let first = cells_of(chapter, first);
            let needed = first.iter().flat_map(|cell| cell.code.lines());
            let begins = ["use ", "let golden =", "let log ="];
            let needed = needed.filter(|line| begins.iter().any(|begin| line.starts_with(begin)));
            let needed: Vec<&str> = needed.collect();
            let home = format!("let home = scratch(\"{chapter}\")?;\n");
            good(&mut kernel, &(home + &needed.join("\n"))).await;
            let cells = cells_of(chapter, ids);
            let changed: usize = cells
                .iter()
                .map(|cell| cell.code.matches(line).count())
                .sum();
            assert_eq!(changed, 1, "{chapter}");
            for (cell, id) in cells.iter().zip(ids) {
                let ran = good(&mut kernel, &cell.code.replace(line, &on_hbase)).await;
                let table = ran.data("text/html").unwrap_or_default();
                assert_eq!(table, cell.table, "{chapter} {id}");
                // The first cell prints times.
                if *id != "speed-18" {
                    assert_eq!(ran.stdout(), cell.printed, "{chapter} {id}");
                }
            }
        }
        // The capstone, in a smaller week than that of the notebook.
        let lesson = &cells_of("11_capstone", &["capstone-02"])[0].code;
        assert!(lesson.contains("let week = Week::lesson();"), "{lesson}");
        let ran = good(
            &mut kernel,
            &format!(
                "let week = capstone::Week {{ store: Some(\"hbase://{address}\".to_owned()), ..capstone::Week::drawn(3, 200) }};\n\
                 let history = capstone::here(&scratch(\"hbase-week\")?, &week, &mut |_| ())?;\n\
                 println!(\"{{}}\", history.account.is_some_and(|account| account.is_clean()));"
            ),
        )
        .await;
        assert_eq!(ran.stdout(), "true\n");
        kernel.shutdown().await.unwrap();
    });
}
