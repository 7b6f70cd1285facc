//! What every picture must be, for the tests of all crates.
use super::Figure;

/// Panics unless opened tags are closed, in order, and no coordinate is NaN. For tests.
pub fn assert_sound(figure: &Figure) {
    assert_sound_svg(figure.svg());
    keep(figure.svg());
}

pub fn assert_sound_svg(svg: &str) {
    assert!(!svg.contains("NaN") && !svg.contains("inf"), "{svg}");
    let mut open = Vec::new();
    for tag in svg.split('<').skip(1) {
        let (tag, text) = tag.split_once('>').expect("a tag ends");
        assert!(
            !text.contains('&') || text.contains(';'),
            "unescaped: {text}"
        );
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop(), Some(name));
        } else if !tag.ends_with('/') {
            open.push(tag.split_whitespace().next().expect("a tag has a name"));
        }
    }
    assert!(open.is_empty(), "left open: {open:?}");
}

/// With `LAMBDA_WORKBOOK_KEEP_FIGURES=DIR`, leaves the figures for the eye.
fn keep(svg: &str) {
    if let Ok(folder) = std::env::var("LAMBDA_WORKBOOK_KEEP_FIGURES") {
        let name = std::thread::current()
            .name()
            .unwrap_or("figure")
            .replace("::", "_");
        std::fs::write(format!("{folder}/{name}.svg"), svg).expect("folder exists");
    }
}
