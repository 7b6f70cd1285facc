//! A page view as it arrived in a log.

/// A page view that arrived, as far as it says whether two arrivals are one page view. Two arrivals
/// are duplicates if they are equal: the same person, page, second and nonce.
///
/// ```
/// use lambda_workbook::speed::Arrival;
/// let view = Arrival::new(60, "mysite.com/", "user 1", 7);
/// let retried = view.clone(); // it gets another offset, and stays the same page view
/// assert_eq!(view, retried);
/// assert_ne!(view, Arrival::new(60, "mysite.com/", "user 2", 7)); // a nonce can be equal by chance
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Arrival {
    /// When the page was viewed, in epoch seconds.
    pub secs: i64,
    /// The normalised URL of the page.
    pub url: String,
    /// Who viewed it: an identifier, such as a cookie.
    pub person: String,
    /// The random number that the sender gave to the page view.
    pub nonce: i64,
}

impl Arrival {
    /// Creates a page view.
    pub fn new(secs: i64, url: &str, person: &str, nonce: i64) -> Self {
        Arrival {
            secs,
            url: url.to_owned(),
            person: person.to_owned(),
            nonce,
        }
    }
}
