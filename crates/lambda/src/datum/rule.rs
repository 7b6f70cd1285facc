//! The rule itself, on the fields of a datum: where a line of JSON and a row of a table
//! come together.
use super::reason::Reason;
use super::types::{DataUnit, Datum, Equiv, PersonId};
use super::url::normalise_url;
use calendar::TIMESTAMPS;
use std::borrow::Cow;

/// The kinds of datum that the schema has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DatumKind {
    PageView,
    Equiv,
    PersonProperty,
    PageProperty,
}

impl DatumKind {
    /// Returns the value of the `kind` column, which is the key in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            DatumKind::PageView => "page_view",
            DatumKind::Equiv => "equiv",
            DatumKind::PersonProperty => "person_property",
            DatumKind::PageProperty => "page_property",
        }
    }

    /// Returns the kind in words, for sentences.
    pub(super) const fn words(self) -> &'static str {
        match self {
            DatumKind::PageView => "page view",
            DatumKind::Equiv => "equiv",
            DatumKind::PersonProperty => "person property",
            DatumKind::PageProperty => "page property",
        }
    }

    /// Returns the kind that a `kind` column or a JSON key names.
    ///
    /// # Errors
    /// [`Reason::NoKind`] if there is none, [`Reason::UnknownKind`] if the schema does not
    /// have it.
    pub fn named(name: Option<&str>) -> Result<Self, Reason> {
        match name {
            Some("page_view") => Ok(DatumKind::PageView),
            Some("equiv") => Ok(DatumKind::Equiv),
            Some("person_property") => Ok(DatumKind::PersonProperty),
            Some("page_property") => Ok(DatumKind::PageProperty),
            Some(other) => Err(Reason::UnknownKind(other.chars().take(80).collect())),
            None => Err(Reason::NoKind),
        }
    }
}

/// Who viewed a page.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Who<'a> {
    User(i64),
    Cookie(Cow<'a, str>),
}

impl Who<'_> {
    /// Returns the person as the schema has it.
    pub fn into_person(self) -> PersonId {
        match self {
            Who::User(id) => PersonId::UserId(id),
            Who::Cookie(cookie) => PersonId::Cookie(cookie.into_owned()),
        }
    }
}

/// Who viewed a page, borrowed from the line or the row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Viewer<'a> {
    User(i64),
    Cookie(&'a str),
}

impl<'a> From<Viewer<'a>> for Who<'a> {
    #[inline]
    fn from(viewer: Viewer<'a>) -> Self {
        match viewer {
            Viewer::User(id) => Who::User(id),
            Viewer::Cookie(cookie) => Who::Cookie(Cow::Borrowed(cookie)),
        }
    }
}

/// A page view that keeps the whole rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ValidPageView<'a> {
    /// Epoch seconds, UTC.
    pub secs: i64,
    /// The normalised URL: host and path.
    pub url: Cow<'a, str>,
    pub who: Who<'a>,
    pub nonce: i64,
}

/// A fact that keeps the whole rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fact<'a> {
    View(ValidPageView<'a>),
    Equiv(Equiv),
    /// A fact of this kind, of which no view here is made.
    Other(DatumKind),
}

impl Fact<'_> {
    /// Copies the texts that are borrowed.
    pub(super) fn into_owned<'b>(self) -> Fact<'b> {
        match self {
            Fact::View(event) => Fact::View(ValidPageView {
                secs: event.secs,
                url: Cow::Owned(event.url.into_owned()),
                who: match event.who {
                    Who::User(id) => Who::User(id),
                    Who::Cookie(cookie) => Who::Cookie(Cow::Owned(cookie.into_owned())),
                },
                nonce: event.nonce,
            }),
            Fact::Equiv(equiv) => Fact::Equiv(equiv),
            Fact::Other(kind) => Fact::Other(kind),
        }
    }
}

/// A page view that keeps the rule except that its URL, which is as written, may be
/// malformed.
///
/// It holds nothing of its own, so that reading one costs no allocation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RawPageView<'a> {
    /// Epoch seconds, UTC.
    pub secs: i64,
    pub url: &'a str,
    pub viewer: Viewer<'a>,
    pub nonce: i64,
}

impl<'a> RawPageView<'a> {
    /// Normalises the URL.
    ///
    /// # Errors
    /// [`Reason::Url`] if it is malformed.
    #[inline]
    pub fn normalise(self) -> Result<ValidPageView<'a>, Reason> {
        Ok(ValidPageView {
            secs: self.secs,
            url: normalise_url(self.url).map_err(Reason::Url)?,
            who: self.viewer.into(),
            nonce: self.nonce,
        })
    }
}

/// A [`Fact`] whose URL is as written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RawFact<'a> {
    View(RawPageView<'a>),
    Equiv(Equiv),
    Other(DatumKind),
}

/// An end of an equiv: a cookie and a user id, of which exactly one must be there.
pub type End<'a> = (Option<&'a str>, Option<i64>);

/// The fields of a datum, as far as a page view or an equiv needs them. `None` means
/// null or missing.
///
/// ```
/// use lambda_workbook::datum::{DatumKind, Fact, Fields, Reason};
///
/// let fields = Fields {
///     kind: DatumKind::PageView,
///     true_as_of_secs: Some(60),
///     url: Some("http://Foo.com:80/a?b"),
///     cookie: None,
///     user_id: Some(1),
///     nonce: Some(7),
///     second: None,
/// };
/// let Ok(Fact::View(event)) = fields.fact() else { panic!("a page view") };
/// assert_eq!(event.url, "foo.com/a");
/// let milliseconds = Fields { true_as_of_secs: Some(1_438_913_491_000), ..fields };
/// assert_eq!(milliseconds.fact(), Err(Reason::Timestamp(1_438_913_491_000)));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fields<'a> {
    pub kind: DatumKind,
    pub true_as_of_secs: Option<i64>,
    pub url: Option<&'a str>,
    /// Of an equiv, the first end; so is `user_id`.
    pub cookie: Option<&'a str>,
    pub user_id: Option<i64>,
    pub nonce: Option<i64>,
    /// The other end of an equiv. `None` where a table has no columns for it: such an
    /// equiv says nothing that could be used, and is a fact of another kind.
    pub second: Option<End<'a>>,
}

impl<'a> Fields<'a> {
    /// Checks the fields of a page view, but not its URL's text.
    ///
    /// # Errors
    /// The first part of the rule that is broken.
    #[inline]
    pub fn page_view(self) -> Result<RawPageView<'a>, Reason> {
        let viewer = self.person()?;
        let nonce = self.nonce.ok_or_else(|| self.missing("nonce"))?;
        let secs = self.true_as_of_secs;
        let kind = self.kind;
        let url = self.url.ok_or_else(|| missing(kind, "url"))?;
        Ok(RawPageView {
            secs: time(kind, secs)?,
            url,
            viewer,
            nonce,
        })
    }

    /// Checks the fields of a datum, but not the text of a page view's URL.
    ///
    /// # Errors
    /// The first part of the rule that is broken.
    pub fn raw(self) -> Result<RawFact<'a>, Reason> {
        match (self.kind, self.second) {
            (DatumKind::PageView, _) => return self.page_view().map(RawFact::View),
            (DatumKind::Equiv, Some(second)) => {
                let end = |(cookie, user_id)| {
                    let person = one_person(self.kind, cookie, user_id);
                    person.map_err(|_| Reason::NotAnEquiv)
                };
                let (id1, id2) = (end((self.cookie, self.user_id))?, end(second)?);
                time(self.kind, self.true_as_of_secs)?;
                return Ok(RawFact::Equiv(Equiv {
                    id1: Who::from(id1).into_person(),
                    id2: Who::from(id2).into_person(),
                }));
            }
            (DatumKind::Equiv, None) => {}
            (DatumKind::PersonProperty, _) => _ = self.person()?,
            (DatumKind::PageProperty, _) => {
                if self.url.is_none() {
                    return Err(self.missing("url"));
                }
            }
        }
        time(self.kind, self.true_as_of_secs)?;
        Ok(RawFact::Other(self.kind))
    }

    #[inline]
    fn person(&self) -> Result<Viewer<'a>, Reason> {
        one_person(self.kind, self.cookie, self.user_id)
    }

    fn missing(&self, field: &'static str) -> Reason {
        missing(self.kind, field)
    }

    /// Returns the fact that the fields are, with its URL normalised.
    ///
    /// # Errors
    /// The first part of the rule that is broken.
    pub fn fact(self) -> Result<Fact<'a>, Reason> {
        Ok(match self.raw()? {
            RawFact::View(view) => Fact::View(view.normalise()?),
            RawFact::Equiv(equiv) => Fact::Equiv(equiv),
            RawFact::Other(kind) => Fact::Other(kind),
        })
    }
}

#[cold]
fn missing(kind: DatumKind, field: &'static str) -> Reason {
    Reason::Missing { kind, field }
}

/// Exactly one of cookie and user id.
#[inline]
fn one_person<'a>(
    kind: DatumKind,
    cookie: Option<&'a str>,
    user_id: Option<i64>,
) -> Result<Viewer<'a>, Reason> {
    match (cookie, user_id) {
        (None, Some(id)) => Ok(Viewer::User(id)),
        (Some(cookie), None) => Ok(Viewer::Cookie(cookie)),
        (None, None) => Err(missing(kind, "a cookie or a user_id")),
        (Some(_), Some(_)) => Err(Reason::TwoPersons(kind)),
    }
}

#[inline]
fn time(kind: DatumKind, secs: Option<i64>) -> Result<i64, Reason> {
    in_time(secs.ok_or_else(|| missing(kind, "true_as_of_secs"))?)
}

/// Seconds in the years 1 to 9999.
#[inline]
fn in_time(secs: i64) -> Result<i64, Reason> {
    if TIMESTAMPS.contains(&secs) {
        Ok(secs)
    } else {
        Err(Reason::Timestamp(secs))
    }
}

impl<'a> From<&'a Datum> for Fields<'a> {
    fn from(datum: &'a Datum) -> Self {
        fn end(person: &PersonId) -> End<'_> {
            match person {
                PersonId::Cookie(cookie) => (Some(cookie), None),
                PersonId::UserId(id) => (None, Some(*id)),
            }
        }
        let no_person: End<'a> = (None, None);
        let (kind, (cookie, user_id), second, url, nonce) = match &datum.dataunit {
            DataUnit::PageView(view) => {
                let (url, nonce) = (Some(&*view.page.url), Some(view.nonce));
                (DatumKind::PageView, end(&view.person), None, url, nonce)
            }
            DataUnit::Equiv(equiv) => {
                let second = Some(end(&equiv.id2));
                (DatumKind::Equiv, end(&equiv.id1), second, None, None)
            }
            DataUnit::PersonProperty(property) => (
                DatumKind::PersonProperty,
                end(&property.id),
                None,
                None,
                None,
            ),
            DataUnit::PageProperty(property) => {
                let url = Some(&*property.id.url);
                (DatumKind::PageProperty, no_person, None, url, None)
            }
        };
        Fields {
            kind,
            true_as_of_secs: Some(datum.pedigree.true_as_of_secs),
            url,
            cookie,
            user_id,
            nonce,
            second,
        }
    }
}

impl Datum {
    /// Returns the fact that the datum is, with its URL normalised.
    ///
    /// # Errors
    /// The time is outside the calendar, or the URL of a page view is malformed; the
    /// type excludes everything else.
    pub fn fact(&self) -> Result<Fact<'_>, Reason> {
        Fields::from(self).fact()
    }
}
