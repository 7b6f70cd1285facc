//! Shows the result of a batch run: every datum is counted, a duplicate, of another kind, or
//! rejected.
use crate::batch::output;
use crate::engine;
use show::table::{Grid, Head, grouped};
use show::{Render, Rich};

impl Render for engine::DatumCounts {
    fn render(&self) -> Rich {
        grid(self).render()
    }
}

impl Render for engine::Summary {
    fn render(&self) -> Rich {
        let files = files(self.files.iter().map(|(name, rows)| (name.as_str(), *rows)));
        let mut parts = vec![grid(&self.counts).render(), files.render()];
        let first = self.first_rejected.iter();
        parts.extend(first.map(|line| Rich::text(format!("first rejected: {line}"))));
        Rich::stack(&parts)
    }
}

impl Render for output::Manifest {
    fn render(&self) -> Rich {
        let about = Grid::of_facts(
            "batch views",
            &[
                ("engine", &self.engine),
                ("input", &self.input.name),
                ("format", &self.input.format),
                ("bytes", &grouped(self.input.bytes as i64)),
                ("zones of local days", &self.zones.join(", ")),
            ],
        );
        let files = files(
            self.files
                .iter()
                .map(|file| (file.name.as_str(), file.rows)),
        );
        let counts = grid(&self.counts);
        Rich::stack(&[about.render(), counts.render(), files.render()])
    }
}

/// Returns a table of where the datums went. The first four rows add up to the last.
fn grid(counts: &engine::DatumCounts) -> Grid {
    let rows = [
        ("counted", counts.distinct),
        ("duplicates", counts.duplicates),
        ("other kinds", counts.other_kinds),
        ("rejected", counts.rejected),
        ("read", counts.read),
    ];
    let row = |place: usize| vec![rows[place].0.to_owned(), grouped(rows[place].1 as i64)];
    let heads = vec![Head::text("datums"), Head::number("count")];
    Grid {
        caption: "where every datum went".to_owned(),
        ..Grid::of_list(heads, rows.len(), row)
    }
}

/// Returns a table of files and their rows.
fn files<'a>(files: impl Iterator<Item = (&'a str, u64)>) -> Grid {
    let files: Vec<(&str, u64)> = files.collect();
    let row = |place: usize| vec![files[place].0.to_owned(), grouped(files[place].1 as i64)];
    let heads = vec![Head::text("file"), Head::number("rows")];
    Grid {
        caption: "files".to_owned(),
        ..Grid::of_list(heads, files.len(), row)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COUNTS: engine::DatumCounts = engine::DatumCounts {
        read: 1_409_423,
        other_kinds: 0,
        rejected: 1,
        duplicates: 6_646,
        distinct: 1_402_776,
    };

    fn text(value: &dyn Render) -> String {
        value.render().get("text/plain").unwrap().to_owned()
    }

    #[test]
    fn a_summary_says_where_every_datum_went() {
        let summary = engine::Summary {
            format: engine::InputFormat::JsonLines,
            counts: COUNTS,
            files: vec![("page_views.parquet".into(), 22)],
            first_rejected: Some("line 7: <truncated>".into()),
        };
        let rich = summary.render();
        let text = text(&summary);
        assert!(
            text.contains("counted      1,402,776\nduplicates       6,646"),
            "{text}"
        );
        assert!(text.contains("page_views.parquet    22"), "{text}");
        assert!(text.ends_with("first rejected: line 7: <truncated>"));
        assert!(rich.get("text/html").unwrap().contains("&lt;truncated&gt;"));
    }

    #[test]
    fn a_manifest_shows_its_input_its_counts_and_its_files() {
        let manifest = output::Manifest {
            made_by: output::Manifest::MADE_BY.into(),
            version: output::Manifest::VERSION,
            engine: "local".into(),
            input: output::InputFile {
                name: "datums.jsonl".into(),
                format: "json lines".into(),
                bytes: 1_000,
            },
            precision: 14,
            counts: COUNTS,
            zones: vec!["America/Los_Angeles".into()],
            files: Vec::new(),
            batch: 3,
            cut: vec![10, 12],
            persons: None,
        };
        let text = text(&manifest);
        for said in ["datums.jsonl", "1,402,776", "America/Los_Angeles", "files"] {
            assert!(text.contains(said), "{text}");
        }
        assert!(text.contains(&super::grid(&COUNTS).to_text()));
    }
}
