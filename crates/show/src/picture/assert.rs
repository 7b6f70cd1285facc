//! Checks of pictures for the tests of all crates.
use super::Figure;

/// Panics unless the tags of a figure are nested correctly and its coordinates are finite.
pub fn assert_sound(figure: &Figure) {
    assert_sound_svg(figure.svg());
    keep(figure.svg());
}

/// Panics unless the tags of an SVG document are nested correctly and its coordinates are finite.
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

/// Writes the figure to a file if `LAMBDA_WORKBOOK_KEEP_FIGURES` names a folder, so that a
/// developer can look at it.
fn keep(svg: &str) {
    if let Ok(folder) = std::env::var("LAMBDA_WORKBOOK_KEEP_FIGURES") {
        let name = std::thread::current()
            .name()
            .unwrap_or("figure")
            .replace("::", "_");
        std::fs::write(format!("{folder}/{name}.svg"), svg).expect("folder exists");
    }
}
