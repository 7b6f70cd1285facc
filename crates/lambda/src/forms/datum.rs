//! Shows datums as a table with one row for each, in which its fact is put into words.
use crate::datum::{DataUnit, Datum, Location, PagePropertyValue, PersonId, PersonPropertyValue};
use chrono_tz::Tz;
use show::table::{Grid, Head, counted, grouped};
use show::time::wall_clock;
use show::{Render, Rich};

impl Render for Datum {
    fn render(&self) -> Rich {
        Self::render_all(std::slice::from_ref(self))
    }

    fn render_all(items: &[Self]) -> Rich {
        let row = |place: usize| {
            let datum: &Datum = &items[place];
            let secs = datum.pedigree.true_as_of_secs;
            vec![
                secs.to_string(),
                wall_clock(secs, Tz::UTC),
                datum.dataunit.kind().to_owned(),
                fact(&datum.dataunit),
            ]
        };
        let heads = vec![
            Head::number("true_as_of_secs"),
            Head::text("in UTC"),
            Head::text("kind"),
            Head::text("fact"),
        ];
        Grid {
            caption: counted(items.len(), "datum", "datums"),
            ..Grid::of_list(heads, items.len(), row)
        }
        .render()
    }
}

/// Returns a fact in words.
fn fact(unit: &DataUnit) -> String {
    match unit {
        DataUnit::PageView(view) => format!(
            "{} viewed {}, nonce {}",
            person(&view.person),
            view.page.url,
            view.nonce
        ),
        DataUnit::Equiv(equiv) => format!("{} is {}", person(&equiv.id1), person(&equiv.id2)),
        DataUnit::PersonProperty(fact) => {
            let id = person(&fact.id);
            match &fact.property {
                PersonPropertyValue::FullName(name) => format!("{id} is called {name}"),
                PersonPropertyValue::Gender(gender) => format!("{id} is {}", gender.as_str()),
                PersonPropertyValue::Location(place) => format!("{id} is in {}", location(place)),
                PersonPropertyValue::Age(years) => format!("{id} is {years} years old"),
            }
        }
        DataUnit::PageProperty(fact) => match fact.property {
            PagePropertyValue::PageViews(count) => {
                format!("{} counts {} page views", fact.id.url, grouped(count))
            }
        },
    }
}

/// Returns an identifier in words.
fn person(id: &PersonId) -> String {
    match id {
        PersonId::Cookie(cookie) => format!("cookie {cookie}"),
        PersonId::UserId(user) => format!("user {user}"),
    }
}

/// Returns the known parts of a location, from the smallest to the largest.
fn location(place: &Location) -> String {
    let parts = [&place.city, &place.state, &place.country];
    let known: Vec<&str> = parts.into_iter().flatten().map(String::as_str).collect();
    match known.is_empty() {
        true => "an unknown place".to_owned(),
        false => known.join(", "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::datum::{Equiv, PageId, PageView, Pedigree};

    fn datum(dataunit: DataUnit) -> Datum {
        let pedigree = Pedigree {
            true_as_of_secs: 1_438_913_491,
        };
        Datum { dataunit, pedigree }
    }

    fn view(nonce: i64) -> Datum {
        datum(DataUnit::PageView(PageView {
            nonce,
            page: PageId {
                url: "mysite.com/blog".into(),
            },
            person: PersonId::Cookie("PQRST".into()),
        }))
    }

    #[test]
    fn a_datum_says_its_fact_in_words() {
        let text = view(7).render().get("text/plain").unwrap().to_owned();
        let row = text.lines().last().unwrap();
        assert_eq!(
            row,
            "     1438913491  Fri 2015-08-07 02:11 UTC  page_view  cookie PQRST viewed mysite.com/blog, nonce 7"
        );
        let equiv = Equiv {
            id1: PersonId::Cookie("ABCDE".into()),
            id2: PersonId::UserId(3),
        };
        assert_eq!(fact(&DataUnit::Equiv(equiv)), "cookie ABCDE is user 3");
    }

    #[test]
    fn a_million_datums_are_a_table_of_few_rows() {
        let datums = vec![view(1); 1_000_000];
        let text = datums.render().get("text/plain").unwrap().to_owned();
        assert!(text.starts_with("1,000,000 datums\n"));
        assert!(text.contains("⋮ 999,988 rows more"));
    }

    #[test]
    fn a_location_without_parts_is_unknown() {
        assert_eq!(location(&Location::default()), "an unknown place");
    }
}
