//! The statements and queries of a run, with the names and numbers of its job in them.
use super::shapes;
use calendar::TIMESTAMPS;
use lambda::batch::bounces::SILENCE;
use lambda::batch::sketch::hash::HASHES_TO_COOKIE_SEED;
use lambda::engine::local::{HASHES_TO_SECOND_SEED, InputForm};
use lambda::engine::{BatchJob, EngineError, InputFormat};
use std::path::{Path, PathBuf};

/// Characters that Spark or Sail would read as a pattern or an escape in a path.
const NOT_IN_A_PATH: &str = "*?[]{}\\%'\"`";

/// The identifiers of accounts as texts that sort as the numbers do: 2^63 is added.
const TWO_TO_63: &str = "CAST('9223372036854775808' AS DECIMAL(20, 0))";

/// The schema of the parts of a datum that are read.
const SCHEMA: &str = "dataunit STRUCT<\
    page_view: STRUCT<nonce: BIGINT, page: STRUCT<url: STRING>, person: STRUCT<cookie: STRING, user_id: BIGINT>>, \
    equiv: STRUCT<id1: STRUCT<cookie: STRING, user_id: BIGINT>, id2: STRUCT<cookie: STRING, user_id: BIGINT>>>, \
    pedigree STRUCT<true_as_of_secs: BIGINT>";

/// The statements of one run.
pub struct Queries<'a> {
    job: &'a BatchJob,
    form: InputForm,
    /// The input as the server is told of it: a path of each file.
    inputs: Vec<String>,
    /// The temporary folder.
    scratch: PathBuf,
    /// The same, as the server is told of it.
    told_scratch: String,
    /// The folder of facts, as text in SQL.
    facts: String,
}

/// A set of edges: its view's name, the statement that makes the view, and the query that counts
/// its rows.
pub struct Edges {
    pub name: String,
    pub view: String,
    pub count: String,
}

impl<'a> Queries<'a> {
    /// Creates the statements of a job with a temporary folder.
    ///
    /// # Errors
    /// If a path cannot be told to a server.
    pub fn new(
        job: &'a BatchJob,
        form: InputForm,
        scratch: &Path,
        address: &str,
    ) -> Result<Self, EngineError> {
        let mut inputs = Vec::new();
        for path in job.input.files() {
            let failed = || EngineError::io(path, "reading");
            // A part is empty if no record arrived between two batches.
            if std::fs::metadata(path).map_err(failed())?.len() > 0 {
                inputs.push(told(path, address)?);
            }
        }
        let told_scratch = told(scratch, address)?;
        Ok(Self {
            job,
            form,
            inputs,
            facts: literal(&format!("{told_scratch}/facts")),
            told_scratch,
            scratch: scratch.to_owned(),
        })
    }

    /// Creates the statements of a job whose input is a folder of facts that a stream has written.
    ///
    /// # Errors
    /// If a path cannot be told to a server.
    pub fn of_stream(
        job: &'a BatchJob,
        scratch: &Path,
        address: &str,
    ) -> Result<Self, EngineError> {
        Ok(Self {
            job,
            form: InputForm {
                format: InputFormat::JsonLines,
                has_equivs: true,
            },
            inputs: Vec::new(),
            facts: literal(&told(job.input.path(), address)?),
            told_scratch: told(scratch, address)?,
            scratch: scratch.to_owned(),
        })
    }

    fn path(&self, name: &str) -> String {
        literal(&format!("{}/{name}", self.told_scratch))
    }

    /// Returns a statement that names a folder or file of Parquet in the temporary folder.
    fn view(&self, view: &str, name: &str) -> String {
        view_of(view, &self.path(name))
    }

    /// Returns the statements that read the input into the view `facts`.
    pub fn read(&self) -> Vec<String> {
        let is_json = self.form.format == InputFormat::JsonLines;
        let using = match is_json {
            true => ("text", ", lineSep '\\n'"),
            false => ("parquet", ""),
        };
        let mut statements = Vec::new();
        for (place, path) in self.inputs.iter().enumerate() {
            statements.push(format!(
                "CREATE OR REPLACE TEMPORARY VIEW part_{place} USING {} OPTIONS (path {}{})",
                using.0,
                literal(path),
                using.1
            ));
        }
        let parts: Vec<String> = (0..self.inputs.len())
            .map(|place| format!("SELECT * FROM part_{place}"))
            .collect();
        let all = match parts.is_empty() {
            true => "SELECT CAST(NULL AS STRING) AS value WHERE 1 = 0".to_owned(),
            false => parts.join(" UNION ALL "),
        };
        statements.push(format!("CREATE OR REPLACE TEMPORARY VIEW input AS {all}"));
        statements.push(match is_json {
            true => datums_of_lines(""),
            false => {
                let (cookie2, user_id2) = match self.form.has_equivs {
                    true => ("CAST(cookie2 AS STRING)", "CAST(user_id2 AS BIGINT)"),
                    false => ("CAST(NULL AS STRING)", "CAST(NULL AS BIGINT)"),
                };
                filled(
                    include_str!("read_rows.sql"),
                    &[
                        (
                            "has_second",
                            if self.form.has_equivs {
                                "true"
                            } else {
                                "false"
                            },
                        ),
                        ("cookie2", cookie2),
                        ("user_id2", user_id2),
                    ],
                )
            }
        });
        let into = format!(
            "INSERT OVERWRITE DIRECTORY {} USING parquet",
            self.path("facts")
        );
        statements.push(facts_of_datums(&into, ""));
        statements.push(self.view("facts", "facts"));
        statements
    }

    /// Returns the statement that makes the view `facts` of what a stream has written.
    pub fn facts_of_stream(&self) -> String {
        view_of("facts", &self.facts)
    }

    /// Returns the query that counts facts by kind; null stands for what is not sure.
    pub fn fact_counts(&self) -> String {
        "SELECT fact, count(*) AS n FROM facts GROUP BY fact".to_owned()
    }

    /// Returns the query for what is not sure.
    pub fn unsure(&self) -> String {
        "SELECT kind, secs, url, cookie, user_id, nonce, cookie2, user_id2, line FROM facts \
         WHERE fact IS NULL"
            .to_owned()
    }

    /// Returns the query for what is not sure in a stream, in the order of the log.
    pub fn unsure_of_stream(&self) -> String {
        "SELECT kind, secs, url, cookie, user_id, nonce, cookie2, user_id2, line, \
         log_partition, log_offset FROM facts \
         WHERE fact IS NULL ORDER BY log_partition, log_offset"
            .to_owned()
    }

    /// Returns the file for what was decided here.
    pub fn again(&self) -> PathBuf {
        self.scratch.join("again.parquet")
    }

    /// Returns the statements that add what was decided here to the facts.
    pub fn with_again(&self) -> [String; 3] {
        let columns = "fact, secs, url, cookie, user_id, nonce, cookie2, user_id2";
        [
            view_of("sure", &self.facts),
            self.view("again", "again.parquet"),
            format!(
                "CREATE OR REPLACE TEMPORARY VIEW facts AS SELECT {columns} FROM sure \
                 WHERE fact IS NOT NULL UNION ALL SELECT {columns} FROM again"
            ),
        ]
    }

    /// Returns the statement that writes the first edges of the equiv graph.
    pub fn first_edges(&self) -> String {
        filled(
            include_str!("edges.sql"),
            &[
                ("to", &self.path("edges_0")),
                ("node", &node("cookie", "user_id")),
                ("second_node", &node("cookie2", "user_id2")),
            ],
        )
    }

    /// Returns the edges of a round.
    pub fn edges(&self, round: usize) -> Edges {
        let name = format!("edges_{round}");
        Edges {
            view: self.view(&name, &name),
            count: format!("SELECT count(*) AS n FROM {name}"),
            name,
        }
    }

    /// Returns the statement that writes the edges of a round from those of the last.
    pub fn round(&self, last: &Edges, round: usize) -> String {
        let to = self.path(&format!("edges_{round}"));
        filled(
            include_str!("round.sql"),
            &[("to", &to), ("from", &last.name)],
        )
    }

    /// Returns the query that counts the edges of a round that the last did not have.
    pub fn new_edges(&self, last: &Edges, next: &Edges) -> String {
        format!(
            "SELECT count(*) AS n FROM (SELECT a, b FROM {} EXCEPT SELECT a, b FROM {}) AS new",
            next.name, last.name
        )
    }

    /// Returns the statement that writes the distinct page views with their persons, whose
    /// smallest identifiers `labels` has.
    pub fn views(&self, labels: Option<&str>) -> [String; 2] {
        let distinct = "(SELECT DISTINCT secs, url, cookie, user_id, nonce FROM facts \
                        WHERE fact = 'page_view') AS distinct_views";
        let persons = match labels {
            None => distinct.to_owned(),
            Some(labels) => filled(
                include_str!("of_persons.sql"),
                &[
                    ("two_to_63", TWO_TO_63),
                    ("node", &node("cookie", "user_id")),
                    ("distinct", distinct),
                    ("labels", labels),
                ],
            ),
        };
        let write = filled(
            include_str!("views.sql"),
            &[
                ("views", &self.path("views")),
                ("cookie_seed", &bigint(HASHES_TO_COOKIE_SEED)),
                ("second_seed", &bigint(HASHES_TO_SECOND_SEED)),
                ("persons", &persons),
            ],
        );
        [write, self.view("views", "views")]
    }

    /// Returns the query for page views by URL and hour alone.
    pub fn hours(&self) -> String {
        "SELECT url, secs - pmod(secs, CAST(3600 AS BIGINT)) AS ts, count(*) AS n FROM views \
         GROUP BY 1, 2"
            .to_owned()
    }

    /// Returns the statements that write the codes of persons by URL and hour.
    pub fn codes(&self) -> [String; 2] {
        let write = filled(
            include_str!("codes.sql"),
            &[
                ("codes", &self.path("codes")),
                ("below", &bigint(self.below())),
                ("rest", &bigint((1 << 39) - 1)),
            ],
        );
        [write, self.view("codes", "codes")]
    }

    /// Returns the query for the hours whose sketches hold codes.
    pub fn few(&self) -> String {
        let most = self.most_codes();
        filled(include_str!("few.sql"), &[("most_codes", &most)])
    }

    /// Returns the query for the hours whose sketches hold registers.
    pub fn many(&self) -> String {
        filled(
            include_str!("many.sql"),
            &[
                ("most_codes", &self.most_codes()),
                ("below", &bigint(self.below())),
                ("below_bits", &self.below_bits().to_string()),
            ],
        )
    }

    /// Returns the most codes of which a sketch may hold: each takes a byte at least.
    fn most_codes(&self) -> String {
        self.job.precision.most_code_bytes().to_string()
    }

    /// Returns the number of bits of a fine index after that of the register.
    fn below_bits(&self) -> u32 {
        25 - u32::from(self.job.precision.bits())
    }

    fn below(&self) -> i64 {
        (1 << self.below_bits()) - 1
    }

    /// Returns the statement that makes the view of visits.
    pub fn visits(&self) -> String {
        filled(
            include_str!("visits.sql"),
            &[("silence", &SILENCE.to_string())],
        )
    }

    /// Returns the query for visits and bounces by domain.
    pub fn visits_by_domain(&self) -> String {
        "SELECT domain, count(*) AS visits, \
         CAST(sum(CASE WHEN many THEN 0 ELSE 1 END) AS BIGINT) AS bounces \
         FROM visits GROUP BY domain"
            .to_owned()
    }

    /// Returns the query for the single visits.
    pub fn each_visit(&self) -> String {
        "SELECT domain, p1, p2, first, last, many FROM visits".to_owned()
    }

    /// Returns the query for the days of UTC on which there is a page view.
    pub fn utc_days(&self) -> String {
        "SELECT DISTINCT secs - pmod(secs, CAST(86400 AS BIGINT)) AS utc_day FROM views".to_owned()
    }

    /// Returns the file for the local days.
    pub fn days(&self) -> PathBuf {
        self.scratch.join("days.parquet")
    }

    /// Returns the statement that makes the view of local days.
    pub fn days_view(&self) -> String {
        self.view("days", "days.parquet")
    }

    /// Returns the query for page views by local day.
    pub fn local_days(&self) -> String {
        filled(include_str!("local_days.sql"), &[])
    }
}

/// Returns the statement that makes the view `datums` of the lines in the view `input`, with the
/// columns `also` besides.
pub(in crate::spark) fn datums_of_lines(also: &str) -> String {
    filled(
        include_str!("read_lines.sql"),
        &[
            ("page_view_shape", &literal(&shapes::page_view())),
            ("equiv_shape", &literal(&shapes::equiv())),
            ("other_shape", &literal(&shapes::other())),
            ("blank", &literal(shapes::BLANK)),
            ("schema", &literal(SCHEMA)),
            ("also", also),
        ],
    )
}

/// Returns the statement that makes facts of the view `datums`. `into` says where they go.
pub(in crate::spark) fn facts_of_datums(into: &str, also: &str) -> String {
    filled(
        include_str!("facts.sql"),
        &[
            ("into", into),
            ("usual_url", &literal(shapes::USUAL_URL)),
            ("first_second", &TIMESTAMPS.start().to_string()),
            ("last_second", &TIMESTAMPS.end().to_string()),
            ("also", also),
        ],
    )
}

/// Returns the statement that makes a view of Parquet at a path, which is text in SQL.
fn view_of(view: &str, path: &str) -> String {
    format!("CREATE OR REPLACE TEMPORARY VIEW {view} USING parquet OPTIONS (path {path})")
}

/// Returns a path as a server is told of it.
///
/// # Errors
/// If it does not exist, or has a character that a server takes for a pattern.
pub(in crate::spark) fn told(path: &Path, address: &str) -> Result<String, EngineError> {
    let absolute = std::fs::canonicalize(path).map_err(EngineError::io(path, "finding"))?;
    let text = absolute.to_str();
    let is_odd = |c: char| c.is_control() || NOT_IN_A_PATH.contains(c);
    match text.filter(|text| !text.contains(is_odd)) {
        Some(text) => Ok(format!("file://{text}")),
        None => Err(EngineError::Remote(format!(
            "{address}: the path {} has a character that a server takes for a pattern; use one \
             without {NOT_IN_A_PATH} and control characters",
            absolute.display()
        ))),
    }
}

/// Returns the text by which an identifier is a node of the equiv graph.
fn node(cookie: &str, user_id: &str) -> String {
    format!(
        "CASE WHEN {cookie} IS NOT NULL THEN concat('c', {cookie}) \
         ELSE concat('u', lpad(CAST(CAST({user_id} AS DECIMAL(20, 0)) + {TWO_TO_63} AS STRING), 20, '0')) END"
    )
}

/// Returns a text as SQL has it. Spark and Sail read a backslash as the beginning of an escape.
fn literal(text: &str) -> String {
    let escaped = text.replace('\\', "\\\\").replace('\'', "\\'");
    format!("'{escaped}'")
}

fn bigint(number: i64) -> String {
    format!("CAST({number} AS BIGINT)")
}

/// Returns a statement with `{name}` replaced by its value, for each name. Comments are left out.
fn filled(sql: &str, values: &[(&str, &str)]) -> String {
    let lines = sql.lines().filter(|line| !line.starts_with("--"));
    let mut filled = lines.collect::<Vec<_>>().join("\n");
    for (name, value) in values {
        filled = filled.replace(&format!("{{{name}}}"), value);
    }
    filled
}
