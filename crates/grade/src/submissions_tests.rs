//! What is taken for a submission, and what is not.
use super::*;
use std::os::unix::fs::symlink;

#[test]
fn folders_and_files_are_named_by_student() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    for name in [
        "ada/chapter-1/01_pacific_days.ipynb",
        "bob_03_visits_range.ipynb",
        "bob-01_pacific_days.ipynb",
        "cleo.ipynb",
        "empty/notes.txt",
        "list.csv",
    ] {
        fs::create_dir_all(at(name).parent().unwrap()).unwrap();
        fs::write(at(name), "{}").unwrap();
    }
    fs::write(at("dan.zip"), "PK").unwrap();
    symlink("/etc/passwd", at("eve.ipynb")).unwrap();
    let students = students(folder.path()).unwrap();
    let names: Vec<_> = students
        .iter()
        .map(|student| (student.name.as_str(), student.notebooks.len()))
        .collect();
    assert_eq!(
        names,
        [
            ("ada", 1),
            ("bob", 2),
            ("cleo", 1),
            ("dan", 0),
            ("empty", 0),
            ("eve", 0)
        ]
    );
    let verdicts: Vec<_> = students[3..]
        .iter()
        .map(|student| student.problems[0].verdict)
        .collect();
    assert_eq!(verdicts, [UNREADABLE, MISSING, FORBIDDEN]);
}

#[test]
fn only_plain_files_of_a_sensible_size_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    File::create(at("large.ipynb"))
        .unwrap()
        .set_len(100 << 20)
        .unwrap();
    fs::write(at("broken.ipynb"), "{\"cells\": [").unwrap();
    fs::write(at("binary.ipynb"), [0xff, 0xfe]).unwrap();
    fs::write(at("deep.ipynb"), "[".repeat(1_000_000)).unwrap();
    symlink(at("broken.ipynb"), at("link.ipynb")).unwrap();
    let pipe = std::ffi::CString::new(at("pipe.ipynb").to_str().unwrap()).unwrap();
    // SAFETY: a path that ends in zero.
    assert_eq!(unsafe { libc::mkfifo(pipe.as_ptr(), 0o600) }, 0);
    for (name, verdict, words) in [
        ("large.ipynb", UNREADABLE, "100 MB, more than 8"),
        ("broken.ipynb", UNREADABLE, "not JSON"),
        ("binary.ipynb", UNREADABLE, "no text"),
        ("deep.ipynb", UNREADABLE, "recursion limit"),
        ("link.ipynb", FORBIDDEN, "is a link"),
        ("pipe.ipynb", UNREADABLE, "no file"),
    ] {
        let problem = read(&at(name)).err().expect(name);
        assert_eq!(problem.verdict, verdict, "{name}");
        assert!(problem.reason.contains(words), "{}", problem.reason);
        assert!(
            !problem.reason.contains(folder.path().to_str().unwrap()),
            "{}",
            problem.reason
        );
    }
}
