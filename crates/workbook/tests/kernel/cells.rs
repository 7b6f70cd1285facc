//! What cells can do.
use super::with_kernel::{bad, block_on, good, kernel, with_shared_kernel};
use std::path::Path;

#[test]
fn variables_need_no_written_type() {
    with_shared_kernel(async |kernel| {
        good(
            kernel,
            "fn f() -> DataFrame { df!(\"a\" => [1, 2, 3]).unwrap() }\nlet h = f();",
        )
        .await;
        good(
            kernel,
            "let (rows, mut pairs) = (h.height(), vec![(1, 2.0)]);",
        )
        .await;
        good(kernel, "let Some(x) = Some(5u8) else { panic!() };").await;
        good(kernel, "pairs.push((rows as i32, 0.5));").await;
        let wide = good(kernel, "let n = 5; fn wide(x: u64) -> u64 { x } wide(n)").await;
        assert_eq!(
            wide.data("text/plain"),
            Some("5"),
            "n is a u64, as its use says"
        );
        let ran = good(kernel, "println!(\"{rows} {pairs:?} {x}\");").await;
        assert_eq!(ran.stdout(), "3 [(1, 2.0), (3, 0.5)] 5\n");
        // A name that the cell binds twice is the later variable, of another type.
        good(kernel, "let y = 7; let y = format!(\"{y}!\");").await;
        let ran = good(kernel, "y.len()").await;
        assert_eq!(ran.data("text/plain"), Some("2"));
    });
}

/// Rule: a cell that does not name a variable does not touch it, whatever becomes of the cell.
#[test]
fn a_variable_stays_until_a_cell_names_it() {
    with_shared_kernel(async |kernel| {
        let loud = "struct Loud(u8);\nimpl Drop for Loud { fn drop(&mut self) { println!(\"{} ends\", self.0) } }";
        good(kernel, &format!("{loud}\nlet loud = Loud(1);")).await;
        let ran = good(kernel, "1 + 1").await;
        assert_eq!(ran.stdout(), "");
        bad(kernel, "panic!(\"elsewhere\")").await;
        let ran = good(kernel, "println!(\"{}\", loud.0);").await;
        assert_eq!(ran.stdout(), "1\n");
        // A name in the hole of a text counts.
        good(kernel, "let height = 7;").await;
        let ran = good(kernel, "println!(\"{height:>3}\");").await;
        assert_eq!(ran.stdout(), "  7\n");
        let ran = good(kernel, "drop(loud);").await;
        assert_eq!(ran.stdout(), "1 ends\n");
    });
}

/// Rule: a variable whose type the reader has defined again is lost, and the cell that names it says so.
#[test]
fn a_variable_of_a_type_that_was_defined_again_is_lost() {
    with_shared_kernel(async |kernel| {
        good(kernel, "struct Pair { x: u8 }\nlet pair = Pair { x: 7 };").await;
        good(kernel, "struct Pair { x: u8, y: String }").await;
        good(kernel, "2 + 2").await;
        let ran = kernel.execute("pair.x").await.unwrap();
        assert!(ran.error().is_some());
        let said = format!("{:?}", ran.outputs);
        assert!(
            said.contains("The type of the variable pair was redefined"),
            "{said}"
        );
    });
}

#[test]
fn a_question_mark_works_at_the_top_of_a_cell() {
    with_shared_kernel(async |kernel| {
        good(kernel, "let df = df!(\"a\" => [3, 1, 2])?;").await;
        let ran = good(kernel, "println!(\"{}\", df.column(\"a\")?.len());").await;
        assert_eq!(ran.stdout(), "3\n");
    });
}

#[test]
fn a_last_expression_that_moves_a_variable_keeps_its_table() {
    with_shared_kernel(async |kernel| {
        let ran = good(
            kernel,
            "let names = [\"x\", \"y\"].to_vec();\ndf!(\"a\" => names)?",
        )
        .await;
        assert!(ran.data("text/html").is_some(), "{:#?}", ran.outputs);
        bad(kernel, "names").await;
    });
}

#[test]
fn two_kernels_at_once_share_no_variable() {
    block_on(async {
        let (mut one, mut two) = tokio::join!(kernel(), kernel());
        let (a, b) = tokio::join!(
            good(&mut one, "let whose = 1u8; whose"),
            good(&mut two, "let whose = 2u8; whose")
        );
        assert_eq!(
            (a.data("text/plain"), b.data("text/plain")),
            (Some("1"), Some("2"))
        );
        assert_eq!(good(&mut one, "whose").await.data("text/plain"), Some("1"));
        one.shutdown().await.unwrap();
        two.shutdown().await.unwrap();
    });
}

#[test]
fn no_cell_compiles_a_dependency() {
    block_on(async {
        let mut kernel = kernel().await;
        let ran = good(&mut kernel, "let df = df!(\"a\" => [1])?; df.head(None)").await;
        assert!(!ran.outputs.is_empty());
        let ran = good(
            &mut kernel,
            "println!(\"{}\", std::env::var(\"EVCXR_TMPDIR\")?);",
        )
        .await;
        let cells = ran.stdout().trim().to_owned();
        let built: Vec<String> = std::fs::read_dir(Path::new(&cells).join("target"))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| name != "ctx.rmeta" && !name.starts_with('.'))
            .collect();
        assert_eq!(built, ["cell"], "only cells were compiled");
        kernel.shutdown().await.unwrap();
        assert!(!Path::new(&cells).exists(), "the kernel's folder is gone");
    });
}
