//! A data set's folder: there whole, or not at all, and never at the cost of
//! what somebody else keeps there.
use lambda_workbook::dataset::*;
use std::fs;
use std::path::Path;

fn make(spec: &Spec, out: &Path, format: Format) -> Made {
    generate(spec, out, format, &|_, _| ()).unwrap()
}

/// Some thousand equivs, made in no time.
fn few() -> Spec {
    Spec {
        kinds: "equiv".parse().unwrap(),
        ..Spec::lesson()
    }
}

#[test]
fn a_set_that_is_there_is_left_as_it_is() {
    let out = tempfile::tempdir().unwrap();
    let set = out.path().join("deep/er/set");
    let spec = few();
    let first = make(&spec, &set, Format::Json);
    assert!(!first.reused);
    assert!(make(&spec, &set, Format::Json).reused);
    assert!(
        !make(&spec, &set, Format::Both).reused,
        "the Parquet file was missing"
    );
    assert!(make(&spec, &set, Format::Parquet).reused);

    // A file cut short by a power failure is seen by its length.
    let file = fs::OpenOptions::new()
        .write(true)
        .open(first.jsonl())
        .unwrap();
    file.set_len(1_000).unwrap();
    assert!(manifest(&set).is_none());
    assert!(!make(&spec, &set, Format::Both).reused);

    // Other arguments make another set in its place, and leave nothing behind.
    let other = Spec { seed: 3, ..spec };
    assert!(!make(&other, &set, Format::Parquet).reused);
    assert!(!set.join("datums.jsonl").exists());
    let beside: Vec<_> = fs::read_dir(set.parent().unwrap())
        .unwrap()
        .flatten()
        .collect();
    let mut names: Vec<_> = beside
        .iter()
        .map(|e| e.file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(names, [".set.lock", "set"]);
}

#[test]
fn a_folder_that_is_not_ours_is_left_alone() {
    let out = tempfile::tempdir().unwrap();
    let spec = few();
    let refused = |path: &Path| generate(&spec, path, Format::Json, &|_, _| ()).unwrap_err();

    let file = out.path().join("file");
    fs::write(&file, "mine").unwrap();
    assert!(refused(&file).to_string().contains("holds a file"));
    let under = refused(&file.join("set")).to_string();
    assert!(under.contains("choose another --out"), "{under}");
    assert_eq!(fs::read_to_string(&file).unwrap(), "mine");

    let folder = out.path().join("folder");
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join("thesis.tex"), "mine").unwrap();
    assert!(refused(&folder).to_string().contains("thesis.tex"));
    assert_eq!(
        fs::read_to_string(folder.join("thesis.tex")).unwrap(),
        "mine"
    );
    assert!(refused(Path::new("/")).is_wrong_use());
}

#[test]
fn a_file_that_is_no_parquet_is_an_error_with_its_name() {
    let out = tempfile::tempdir().unwrap();
    let file = out.path().join("bad.parquet");
    fs::write(&file, "not parquet at all").unwrap();
    for path in [file.as_path(), &out.path().join("missing.parquet")] {
        let error = read_parquet(path, &[]).unwrap_err().to_string();
        assert!(error.contains(".parquet"), "{error}");
    }
}

#[test]
fn a_file_of_the_same_name_in_a_folder_without_manifest_is_not_ours() {
    let out = tempfile::tempdir().unwrap();
    fs::write(out.path().join("datums.jsonl"), "mine").unwrap();
    let error = generate(&few(), out.path(), Format::Json, &|_, _| ()).unwrap_err();
    assert!(error.to_string().contains("holds datums.jsonl"), "{error}");
    assert_eq!(
        fs::read_to_string(out.path().join("datums.jsonl")).unwrap(),
        "mine"
    );
}

#[cfg(unix)]
#[test]
fn a_link_stays_and_the_set_goes_where_it_points_to() {
    let out = tempfile::tempdir().unwrap();
    let (large_disk, link) = (out.path().join("large/set"), out.path().join("link"));
    fs::create_dir_all(&large_disk).unwrap();
    std::os::unix::fs::symlink(&large_disk, &link).unwrap();
    make(&few(), &link, Format::Json);
    assert!(link.is_symlink());
    assert!(large_disk.join("datums.jsonl").exists());
}
