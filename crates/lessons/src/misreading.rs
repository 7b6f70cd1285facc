//! An engine with a bug: it misreads the data, and computes the right views of that.
use lambda::datum::Datum;
use lambda::engine::{BatchJob, Engine, EngineError, Input, Local, Summary, Watch};
use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::Path;

/// This machine's engine, fed with what `read` makes of each datum; `None` leaves it out.
/// The master data stay as they are, so a correct engine can compute the views again.
pub struct Misreading {
    read: fn(Datum) -> Option<Datum>,
    engine: Local,
}

impl Misreading {
    /// Makes an engine with this bug.
    pub fn new(read: fn(Datum) -> Option<Datum>) -> Self {
        Self {
            read,
            engine: Local::default(),
        }
    }

    /// Writes what the bug makes of the input.
    fn misread(&self, input: &Input, to: &Path) -> Result<(), EngineError> {
        let paths = match input {
            Input::File(path) => std::slice::from_ref(path),
            Input::Master { parts, .. } => parts,
        };
        let failed = || EngineError::io(to, "writing");
        let mut out = BufWriter::new(File::create(to).map_err(failed())?);
        for path in paths {
            let file = File::open(path).map_err(EngineError::io(path, "opening"))?;
            for line in BufReader::new(file).split(b'\n') {
                let line = line.map_err(EngineError::io(path, "reading"))?;
                let line = match serde_json::from_slice::<Datum>(&line) {
                    Ok(datum) => match (self.read)(datum) {
                        Some(datum) => serde_json::to_vec(&datum).expect("a datum is plain data"),
                        None => continue,
                    },
                    // What cannot be read at all is rejected as ever.
                    Err(_) => line,
                };
                out.write_all(&line)
                    .and_then(|()| out.write_all(b"\n"))
                    .map_err(failed())?;
            }
        }
        out.flush().map_err(failed())
    }
}

impl Engine for Misreading {
    fn name(&self) -> &'static str {
        "local, with a bug"
    }

    fn run(&self, job: &BatchJob, folder: &Path, watch: Watch<'_>) -> Result<Summary, EngineError> {
        let home = tempfile::tempdir().map_err(EngineError::io(folder, "making a folder for"))?;
        let path = home.path().join("misread.jsonl");
        self.misread(&job.input, &path)?;
        let job = BatchJob {
            input: Input::Master {
                folder: job.input.path().to_owned(),
                parts: vec![path],
            },
            ..job.clone()
        };
        self.engine.run(&job, folder, watch)
    }
}
