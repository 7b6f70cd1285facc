//! What goes wrong in a cell is an error in Jupyter, with its place and its mend.
use super::with_kernel::{bad, good, next_number, report, stderr, with_shared_kernel};

#[test]
fn a_cell_that_does_not_compile_says_where_and_why() {
    with_shared_kernel(async |kernel| {
        let error = bad(kernel, "let a = 1;\nlet b: String = a;").await;
        assert!(
            error["evalue"]
                .as_str()
                .unwrap()
                .contains("mismatched types"),
            "{error}"
        );
        assert!(error["traceback"].as_array().unwrap().len() > 1, "{error}");
        let error = bad(kernel, "let rows = std::iter::once(1).map(|x| x + 1);").await;
        let text = error["evalue"].as_str().unwrap();
        assert!(text.contains("`rows` cannot outlive this cell"), "{text}");
        assert!(text.contains("collect"), "{text}");
        good(kernel, "1 + 1").await;
    });
}

#[test]
fn a_panic_and_a_failed_question_mark_are_errors_of_the_cell() {
    with_shared_kernel(async |kernel| {
        good(kernel, "let kept = 7;").await;
        let error = bad(
            kernel,
            "let lost = 1;\n\nlet b: u8 = None.expect(\"no b\");",
        )
        .await;
        assert_eq!(
            (error["ename"].as_str(), error["evalue"].as_str()),
            (Some("Panic"), Some("no b"))
        );
        assert_eq!(error["traceback"][0], "panicked at line 3 of this cell:");
        let error = bad(kernel, "df!(\"a\" => [1])?.column(\"nope\")?;").await;
        assert_eq!(error["ename"], "PolarsError");
        assert!(
            error["evalue"].as_str().unwrap().contains("nope"),
            "{error}"
        );
        good(
            kernel,
            "let caught = std::panic::catch_unwind(|| panic!(\"x\")).is_err();",
        )
        .await;
        let ran = good(
            kernel,
            "std::thread::spawn(|| panic!(\"in a thread\")).join().is_err()",
        )
        .await;
        let said: String = ran
            .outputs
            .iter()
            .filter_map(|output| output["text"].as_str())
            .collect();
        assert!(
            said.contains("panicked at line 1 of this cell: in a thread"),
            "{said}"
        );
        assert_eq!(good(kernel, "kept").await.data("text/plain"), Some("7"));
        bad(kernel, "lost").await;
    });
}

#[test]
fn a_compile_error_is_rustcs_report_with_the_cells_lines_and_shown_once() {
    with_shared_kernel(async |kernel| {
        let ran = good(kernel, "fn double(x: u8) -> u8 {\n    x * 2\n}").await;
        let number = ran.execution_count;
        let error = bad(kernel, "let a = 1;\n\ndouble(\"a\")").await;
        let text = report(&error);
        assert!(text.contains("error[E0308]: mismatched types"), "{text}");
        let wrong = format!("--> cell [{}]:3:8", number + 1);
        assert!(text.contains(&wrong), "{text}");
        assert!(text.contains("3 | double(\"a\")"), "{text}");
        assert!(text.contains("^^^ expected `u8`, found `&str`"), "{text}");
        let defined = format!("--> cell [{number}]:1:4");
        assert!(text.contains(&defined), "where it is defined: {text}");
        assert_eq!(text.matches("mismatched types").count(), 1, "{text}");
        assert!(!text.contains("evcxr"), "{text}");
    });
}

#[test]
fn what_is_borrowed_wrongly_is_told_without_the_kernels_own_lines() {
    with_shared_kernel(async |kernel| {
        let code = "let v = vec![1, 2];\nlet w = v;\nprintln!(\"{v:?}\");";
        let text = report(&bad(kernel, code).await);
        assert!(text.contains("2 | let w = v;\n"), "{text}");
        assert!(text.contains("value borrowed here after move"), "{text}");
        let text = report(&bad(kernel, "let s = String::new();\nlet r = &s;").await);
        assert!(text.contains("wrapping the code in {}"), "{text}");
    });
}

#[test]
fn an_unfinished_cell_names_the_line_where_it_breaks_off() {
    with_shared_kernel(async |kernel| {
        let number = next_number(kernel).await;
        let error = bad(kernel, "let a = 1;\na +").await;
        assert_eq!(error["evalue"], "syntax error: expected expression");
        let place = format!("--> cell [{number}]:2\n2 | a +");
        assert!(report(&error).contains(&place), "{error}");
    });
}

#[test]
fn a_variable_whose_type_nothing_tells_says_how_to_write_it() {
    with_shared_kernel(async |kernel| {
        let error = bad(kernel, "let v = Vec::new();").await;
        let text = report(&error);
        assert!(text.contains("let v: Vec<"), "{text}");
    });
}

#[test]
fn a_panic_in_a_function_of_an_earlier_cell_names_that_cell() {
    with_shared_kernel(async |kernel| {
        let code = "fn half(x: u8) -> u8 {\n    assert!(x % 2 == 0, \"{x} is odd\");\n    x / 2\n}";
        let number = good(kernel, code).await.execution_count;
        let error = bad(kernel, "let a = 1;\nhalf(3)").await;
        assert_eq!(error["evalue"], "3 is odd");
        let place = format!("panicked at line 2 of cell [{number}]:");
        assert_eq!(error["traceback"][0], place);
        let text = report(&error);
        assert!(text.contains("Kept: earlier variables"), "{text}");
        assert!(!text.contains("RUST_BACKTRACE"), "{text}");
    });
}

#[test]
fn a_panic_in_a_thread_is_shown_and_no_error() {
    with_shared_kernel(async |kernel| {
        let code = "let t = std::thread::Builder::new().name(\"shard 3\".into()).spawn(|| if true { panic!(\"lost\") })?;\nt.join().is_err()";
        let ran = good(kernel, code).await;
        let said = stderr(&ran);
        assert!(
            said.contains("thread shard 3 panicked at line 1 of this cell: lost"),
            "{said}"
        );
        assert_eq!(ran.data("text/plain"), Some("true"));
    });
}
