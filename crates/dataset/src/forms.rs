//! Data sets: what was asked for, what was made, who is in it.
use crate::{Arguments, DatasetCounts, DatasetManifest, Made, Population, Spec};
use show::table::{Grid, Head, counted, grouped};
use show::{Render, Rich};

impl Render for Spec {
    fn render(&self) -> Rich {
        arguments(&Arguments::from(self)).render()
    }
}

impl Render for DatasetCounts {
    fn render(&self) -> Rich {
        counts(self).render()
    }
}

impl Render for DatasetManifest {
    fn render(&self) -> Rich {
        let row = |place: usize| {
            let file = &self.files[place];
            vec![file.name.clone(), grouped(file.bytes as i64)]
        };
        let heads = vec![Head::text("file"), Head::number("bytes")];
        let files = Grid {
            caption: "files".to_owned(),
            ..Grid::of_list(heads, self.files.len(), row)
        };
        let parts = [arguments(&self.arguments), counts(&self.counts), files];
        Rich::stack(&parts.map(|grid| grid.render()))
    }
}

/// Without the path above the folder, which is another on each machine.
impl Render for Made {
    fn render(&self) -> Rich {
        let folder = self.path.file_name().unwrap_or_default();
        let how = if self.reused {
            "was there already"
        } else {
            "made now"
        };
        let line = Rich::text(format!("{}: {how}", folder.to_string_lossy()));
        Rich::stack(&[line, self.manifest.render()])
    }
}

/// How many persons have how many identifiers.
impl Render for Population {
    fn render(&self) -> Rich {
        let sizes: Vec<(usize, usize)> = self.component_sizes().into_iter().collect();
        let row = |place: usize| vec![sizes[place].0.to_string(), grouped(sizes[place].1 as i64)];
        let heads = vec![Head::number("identifiers"), Head::number("persons")];
        Grid {
            caption: counted(self.len(), "person", "persons"),
            ..Grid::of_list(heads, sizes.len(), row)
        }
        .render()
    }
}

fn arguments(arguments: &Arguments) -> Grid {
    Grid::of_facts(
        "data set",
        &[
            ("hours", &arguments.hours),
            ("scale", &arguments.scale),
            ("seed", &arguments.seed),
            ("users", &grouped(i64::from(arguments.users))),
            ("pages", &grouped(i64::from(arguments.pages))),
            (
                "share of duplicates",
                &format!("{:.4}", arguments.duplicates),
            ),
            ("kinds", &arguments.kinds),
        ],
    )
}

fn counts(counts: &DatasetCounts) -> Grid {
    let rows = [
        ("page views", counts.page_views),
        ("duplicates among them", counts.duplicates),
        ("equivs", counts.equivs),
        ("person properties", counts.person_properties),
        ("page properties", counts.page_properties),
        ("all", counts.datums),
    ];
    let row = |place: usize| vec![rows[place].0.to_owned(), grouped(rows[place].1 as i64)];
    let heads = vec![Head::text("datums"), Head::number("count")];
    Grid {
        caption: "how many of each kind".to_owned(),
        ..Grid::of_list(heads, rows.len(), row)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::FileEntry;

    fn text(value: &dyn Render) -> String {
        value.render().get("text/plain").unwrap().to_owned()
    }

    #[test]
    fn each_kind_of_fact_has_words() {
        for datum in crate::golden() {
            let words = text(&datum);
            assert!(words.lines().last().unwrap().contains(' '), "{datum:?}");
        }
    }

    #[test]
    fn a_spec_shows_what_is_asked_for() {
        let text = text(&Spec::lesson());
        assert!(text.contains("users                10,000\n"), "{text}");
        assert!(text.ends_with("kinds                page_view"), "{text}");
    }

    #[test]
    fn a_made_set_shows_its_folder_but_no_place_on_the_machine() {
        let made = Made {
            path: "/somewhere/else/lesson".into(),
            manifest: DatasetManifest {
                version: 1,
                arguments: Arguments::from(&Spec::lesson()),
                counts: DatasetCounts {
                    datums: 1_409_422,
                    ..DatasetCounts::default()
                },
                files: vec![FileEntry {
                    name: "datums.parquet".into(),
                    bytes: 9_000_000,
                }],
            },
            reused: true,
        };
        let text = text(&made);
        assert!(text.starts_with("lesson: was there already\n"), "{text}");
        assert!(
            text.contains("1,409,422") && text.contains("9,000,000"),
            "{text}"
        );
        assert!(!text.contains("somewhere"));
    }

    #[test]
    fn a_population_shows_how_many_identifiers_persons_have() {
        let people = Population::new(1_000, 2015);
        let text = text(&people);
        let persons = grouped(people.len() as i64);
        assert!(text.starts_with(&format!("{persons} persons\n")), "{text}");
        assert!(text.contains("identifiers  persons"), "{text}");
    }
}
