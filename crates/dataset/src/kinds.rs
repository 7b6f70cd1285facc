//! Which kinds of datum a data set holds: the grammar of `--kinds`.
use super::error::{DatasetError, Result};
use std::fmt;
use std::str::FromStr;

/// Which kinds of datum a data set holds.
///
/// ```
/// use lambda_workbook::dataset::Kinds;
///
/// let kinds: Kinds = "page_view,equiv".parse()?;
/// assert!(kinds.equiv && !kinds.page_property);
/// assert_eq!("all".parse::<Kinds>()?, Kinds::ALL);
/// # Ok::<(), lambda_workbook::dataset::DatasetError>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Kinds {
    pub page_view: bool,
    pub equiv: bool,
    pub person_property: bool,
    pub page_property: bool,
}

impl Kinds {
    /// Only page views: the lesson's subset.
    pub const PAGE_VIEWS: Self = Self {
        page_view: true,
        equiv: false,
        person_property: false,
        page_property: false,
    };

    /// All four, as in the master data set the subset was cut from.
    pub const ALL: Self = Self {
        page_view: true,
        equiv: true,
        person_property: true,
        page_property: true,
    };

    fn each(&self) -> [(&'static str, bool); 4] {
        [
            ("page_view", self.page_view),
            ("equiv", self.equiv),
            ("person_property", self.person_property),
            ("page_property", self.page_property),
        ]
    }

    /// What `--kinds` takes.
    pub(super) fn allowed() -> String {
        "use all, or some of page_view,equiv,person_property,page_property".into()
    }
}

impl FromStr for Kinds {
    type Err = DatasetError;

    fn from_str(text: &str) -> Result<Self> {
        if text == "all" {
            return Ok(Self::ALL);
        }
        let mut kinds = Self::default();
        for word in text.split(',').map(str::trim) {
            let kind = match word {
                "page_view" => &mut kinds.page_view,
                "equiv" => &mut kinds.equiv,
                "person_property" => &mut kinds.person_property,
                "page_property" => &mut kinds.page_property,
                _ => {
                    return Err(DatasetError::BadArgument {
                        argument: "--kinds",
                        value: text.to_owned(),
                        remedy: format!("there is no kind {word:?}; {}", Self::allowed()),
                    });
                }
            };
            *kind = true;
        }
        Ok(kinds)
    }
}

impl fmt::Display for Kinds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words: Vec<&str> = self
            .each()
            .into_iter()
            .filter(|(_, on)| *on)
            .map(|(w, _)| w)
            .collect();
        f.write_str(&words.join(","))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_that_is_none_is_named() {
        let error = "page_view,likes".parse::<Kinds>().unwrap_err();
        assert!(error.to_string().contains("\"likes\""), "{error}");
        assert_eq!(
            "equiv,page_view".parse::<Kinds>().unwrap().to_string(),
            "page_view,equiv"
        );
    }
}
