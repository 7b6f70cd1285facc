//! The types of the schema.
//!
//! The serde form is the lesson's JSON, keys in alphabetical order. Unknown keys are
//! ignored, so a newer writer does not break an older reader.
use super::rule::DatumKind;
use serde::{Deserialize, Serialize};

/// One fact, and when it was true.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Datum {
    /// What is said.
    pub dataunit: DataUnit,
    /// Since when it is known to be true.
    pub pedigree: Pedigree,
}

/// Where a fact comes from. The lesson keeps only its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Pedigree {
    /// Epoch seconds, UTC.
    pub true_as_of_secs: i64,
}

/// The kinds of fact: two edges and two properties of the fact graph.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DataUnit {
    /// A person viewed a page.
    PageView(PageView),
    /// Two identifiers belong to one person.
    Equiv(Equiv),
    /// Something about a person.
    PersonProperty(PersonProperty),
    /// Something about a page.
    PageProperty(PageProperty),
}

impl DataUnit {
    /// Returns the value of the `kind` column in Parquet, which is the key in JSON.
    ///
    /// ```
    /// # use lambda_workbook::datum::*;
    /// let edge = Equiv { id1: PersonId::UserId(1), id2: PersonId::UserId(3) };
    /// assert_eq!(DataUnit::Equiv(edge).kind(), "equiv");
    /// ```
    pub fn kind(&self) -> &'static str {
        let kind = match self {
            Self::PageView(_) => DatumKind::PageView,
            Self::Equiv(_) => DatumKind::Equiv,
            Self::PersonProperty(_) => DatumKind::PersonProperty,
            Self::PageProperty(_) => DatumKind::PageProperty,
        };
        kind.as_str()
    }
}

/// How a person is known: a browser's cookie, or an account.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PersonId {
    Cookie(String),
    UserId(i64),
}

/// A page, by its URL: raw in the master data set, normalised in the views.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct PageId {
    pub url: String,
}

/// A person viewed a page.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct PageView {
    /// A random number that tells two views by one person in one second from
    /// one view that was delivered twice.
    pub nonce: i64,
    pub page: PageId,
    pub person: PersonId,
}

/// Two identifiers belong to one person. The edge has no direction.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Equiv {
    pub id1: PersonId,
    pub id2: PersonId,
}

/// One property of a person.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct PersonProperty {
    pub id: PersonId,
    pub property: PersonPropertyValue,
}

/// What can be said of a person.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PersonPropertyValue {
    FullName(String),
    Gender(Gender),
    Location(Location),
    /// Whole years lived at `true_as_of_secs`.
    Age(i64),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Gender {
    Male,
    Female,
}

impl Gender {
    /// The word in JSON and in the `gender` column.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Male => "MALE",
            Self::Female => "FEMALE",
        }
    }
}

/// A place. Each part may be unknown; the JSON then says `null`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default)]
pub struct Location {
    pub city: Option<String>,
    pub country: Option<String>,
    pub state: Option<String>,
}

/// One property of a page.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct PageProperty {
    pub id: PageId,
    pub property: PagePropertyValue,
}

/// What can be said of a page.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PagePropertyValue {
    /// The site's own counter at `true_as_of_secs`.
    PageViews(i64),
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every kind and property, in the lesson's JSON.
    const LINES: [&str; 9] = [
        r#"{"dataunit":{"page_view":{"nonce":4028254285,"page":{"url":"mysite.com/blog"},"person":{"cookie":"PQRST"}}},"pedigree":{"true_as_of_secs":1438913491}}"#,
        r#"{"dataunit":{"page_view":{"nonce":-1,"page":{"url":"http://foo.com/post1"},"person":{"user_id":1}}},"pedigree":{"true_as_of_secs":-60}}"#,
        r#"{"dataunit":{"equiv":{"id1":{"cookie":"ABCDE"},"id2":{"user_id":3}}},"pedigree":{"true_as_of_secs":0}}"#,
        r#"{"dataunit":{"person_property":{"id":{"user_id":7},"property":{"full_name":"Ada \"Countess\" L."}}},"pedigree":{"true_as_of_secs":1}}"#,
        r#"{"dataunit":{"person_property":{"id":{"user_id":7},"property":{"gender":"FEMALE"}}},"pedigree":{"true_as_of_secs":2}}"#,
        r#"{"dataunit":{"person_property":{"id":{"cookie":"UVWXY"},"property":{"location":{"city":"Berkeley","country":"US","state":"CA"}}}},"pedigree":{"true_as_of_secs":3}}"#,
        r#"{"dataunit":{"person_property":{"id":{"user_id":7},"property":{"location":{"city":"Berkeley","country":null,"state":"CA"}}}},"pedigree":{"true_as_of_secs":4}}"#,
        r#"{"dataunit":{"person_property":{"id":{"user_id":7},"property":{"age":36}}},"pedigree":{"true_as_of_secs":5}}"#,
        r#"{"dataunit":{"page_property":{"id":{"url":"mysite.com/"},"property":{"page_views":101212}}},"pedigree":{"true_as_of_secs":1438628399}}"#,
    ];

    #[test]
    fn each_kind_reads_and_writes_the_same_bytes() {
        for line in LINES {
            let datum: Datum = serde_json::from_str(line).unwrap_or_else(|e| panic!("{line}: {e}"));
            assert_eq!(serde_json::to_string(&datum).unwrap(), line);
            assert!(line.contains(&format!("\"{}\"", datum.dataunit.kind())));
        }
    }

    #[test]
    fn the_order_of_keys_does_not_matter_and_unknown_keys_are_ignored() {
        let line = r#"{"pedigree":{"true_as_of_secs":9,"system":"web"},"dataunit":{"page_view":{"person":{"user_id":4},"page":{"url":"u"},"nonce":5}}}"#;
        let datum: Datum = serde_json::from_str(line).unwrap();
        assert_eq!(datum.pedigree.true_as_of_secs, 9);
    }

    #[test]
    fn a_missing_part_of_a_location_reads_as_unknown() {
        let place: Location = serde_json::from_str(r#"{"city":"Oslo"}"#).unwrap();
        assert_eq!(
            (place.city.as_deref(), place.country, place.state),
            (Some("Oslo"), None, None)
        );
    }

    #[test]
    fn a_person_is_a_cookie_or_a_user_never_both_or_neither() {
        for bad in [
            r#"{"cookie":"A","user_id":1}"#,
            "{}",
            r#"{"user_id":"1"}"#,
            r#"{"cookie":1}"#,
        ] {
            assert!(serde_json::from_str::<PersonId>(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn gender_has_the_words_of_the_lesson() {
        assert_eq!(serde_json::to_string(&Gender::Male).unwrap(), r#""MALE""#);
        assert_eq!(Gender::Female.as_str(), "FEMALE");
    }
}
