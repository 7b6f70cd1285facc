//! A real HBase behind the command line and behind a cell.
use crate::command_line::{done, refused, view};
use crate::kernel::with_kernel::{block_on, good, kernel};
use crate::region_server::shared;

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
