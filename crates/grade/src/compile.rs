//! From a student's source to a program that answers questions.
//!
//! The program has the public libraries from one shared library, and of this project
//! only the functions that it calls: the linker leaves out the rest. References, cases
//! and marks are never among them, so they are not in the process of an answer, and what
//! an answer calls is looked at before it runs (see [`linked`](super::linked)).
use super::extract::function;
use super::sandbox::{
    Confined, Ended, Groups, Kind, Limits, Spec, system_libraries, system_programs,
};
use super::stub;
use super::tokens::tokens;
use anyhow::{Context, Result, bail};
use kernel::place::{Built, PUBLIC, pin, toolchain};
use lambda_workbook::exercises::Exercise;
use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

/// What programs are built with: one support crate for all of a run.
pub struct Bench {
    pub exe: PathBuf,
    pub root: PathBuf,
    /// The folder with the libraries that answers are built with, kept as they are while
    /// this lives. Its name tells one build from another.
    pub libraries: PathBuf,
    /// The support crate in it, to be linked as far as it is called.
    support: PathBuf,
    /// What stands in for the public library while an answer is linked.
    stub: Option<PathBuf>,
    pub sandboxed: bool,
    /// Of rustc, for one answer.
    pub limits: Limits,
    /// Where each program gets a control group, if the system has delegated one.
    pub groups: Option<Groups>,
    deps: PathBuf,
    rustc: PathBuf,
    std: PathBuf,
    _kept: File,
}

/// What became of a source.
pub enum Compiled {
    /// A program.
    Program(Program),
    /// rustc's own words.
    Errors(String),
    Stopped(Stop, String),
}

pub use lambda_workbook::exercises::attempt::Stop;

/// A compiled answer.
#[derive(Clone, Debug)]
pub struct Program {
    /// Where it is.
    pub path: PathBuf,
    /// The object file that rustc made of the source, with the names of what it calls.
    pub object: PathBuf,
    /// Which answer it is asked for.
    pub answer: String,
}

/// A source in a program of one or several.
pub(super) struct Part<'a> {
    pub exercise: &'static Exercise,
    pub source: &'a str,
    /// The name of its module, of its file, and of what the program is asked for.
    pub module: String,
}

impl Part<'_> {
    /// The name of the module that hands the answer to the grader's questions.
    pub fn frame(&self) -> String {
        format!("frame_of_{}", self.module)
    }

    /// The name of its file.
    pub fn file(&self) -> String {
        format!("{}.rs", self.module)
    }
}

/// The constant that holds a student's function. It stands in the student's own module, so it
/// has a name that no item of a student has.
const ANSWER: &str = "__LAMBDA_WORKBOOK_ANSWER_OF_THIS_MODULE";

/// The program around students' modules: it is asked for one of them.
fn main_source(parts: &[Part]) -> String {
    let mut frames = String::new();
    let mut asked = String::new();
    for part in parts {
        let (module, frame, name) = (&part.module, part.frame(), part.exercise.name);
        frames += &format!(
            "mod {module};\n\
             mod {frame} {{\n    \
             pub fn serve() {{\n        \
             lambda_workbook::exercises::worker::serve(&|inputs| lambda_workbook::exercises::{name}::answer(super::{module}::{ANSWER}, inputs))\n    \
             }}\n}}\n"
        );
        asked += &format!("        Some({module:?}) => {frame}::serve(),\n");
    }
    format!(
        "#![forbid(unsafe_code)]\n\
         extern crate lambda_workbook_public;\n\
         mod names {{ pub use lambda_workbook::{{self, chrono, chrono_tz, hyperloglogplus, petgraph, plotters, polars, serde_json}}; }}\n\
         {frames}\
         fn main() {{\n    \
         match std::env::args().nth(1).as_deref() {{\n\
         {asked}        \
         _ => std::process::exit(2),\n    \
         }}\n}}\n"
    )
}

/// A source in its module: paths that begin at the student's crate begin at the module. Lines
/// keep their numbers.
fn in_module(part: &Part) -> String {
    let source = part.source;
    let tokens = tokens(source);
    let mut moved = String::with_capacity(source.len());
    let mut from = 0;
    for window in tokens.windows(3) {
        let begins_path = window[1].text == ":" && window[2].text == ":";
        if window[0].text == "crate" && begins_path {
            let end = window[0].at + "crate".len();
            moved.push_str(&source[from..end]);
            moved.push_str("::");
            moved.push_str(&part.module);
            from = end;
        }
    }
    moved + &source[from..]
}

/// What follows a student's source, so that its lines keep their numbers.
fn module_end(exercise: &Exercise) -> String {
    format!(
        "\nuse crate::names::*;\nuse lambda_workbook::prelude::*;\n\
         pub const {ANSWER}: lambda_workbook::exercises::{}::Function = {};\n",
        exercise.name,
        function(exercise)
    )
}

impl Bench {
    pub fn new(built: &Built, sandboxed: bool) -> Result<Bench> {
        let (dylib, kept) = pin(built)?;
        let (bin, std) = toolchain(&built.root)?;
        let real = |path: PathBuf| fs::canonicalize(&path).unwrap_or(path);
        let libraries = real(dylib.parent().unwrap_or(Path::new("/")).to_owned());
        let mut candidates = supports(built, &libraries)?;
        // Without it linking takes longer.
        let stub = stub::of(&libraries.join(PUBLIC)).ok();
        let mut bench = Bench {
            exe: built.exe.clone(),
            root: built.root.clone(),
            libraries,
            support: candidates.remove(0),
            stub,
            sandboxed,
            limits: Limits::COMPILER,
            groups: None,
            deps: real(built.deps()),
            rustc: real(bin.join("rustc")),
            std: real(std),
            _kept: kept,
        };
        // One build leaves one. Builds of other packages leave it with other features, and then
        // an answer would link all of polars twice.
        if !candidates.is_empty() && !bench.has_its_libraries()? {
            let mut others = candidates.into_iter();
            loop {
                bench.support = others.next().with_context(|| {
                    missing(built, "the support crate for the library of answers")
                })?;
                if bench.has_its_libraries()? {
                    break;
                }
            }
        }
        Ok(bench)
    }

    /// Whether the support crate was compiled with the libraries that answers share.
    fn has_its_libraries(&self) -> Result<bool> {
        let folder = tempfile::tempdir()?;
        let source = folder.path().join("same.rs");
        fs::write(
            &source,
            "pub fn same(data: lambda_workbook::polars::frame::DataFrame) \
             -> lambda_workbook_public::polars::frame::DataFrame { data }\n",
        )?;
        let tried = Command::new(&self.rustc)
            .current_dir(folder.path())
            .args([
                "--edition",
                "2024",
                "--crate-type",
                "lib",
                "--emit",
                "metadata",
            ])
            .args(self.libraries_of_answers())
            .arg(&source)
            .output()
            .with_context(|| format!("cannot start {}", self.rustc.display()))?;
        Ok(tried.status.success())
    }

    /// Where rustc finds the crates that an answer names.
    fn libraries_of_answers(&self) -> Vec<String> {
        let public = self.libraries.join(PUBLIC);
        let named = [
            ("lambda_workbook", &self.support),
            (
                "lambda_workbook_public",
                self.stub.as_ref().unwrap_or(&public),
            ),
        ];
        let named =
            named.map(|(name, path)| ["--extern".into(), format!("{name}={}", path.display())]);
        let searched = [&self.libraries, &self.deps]
            .map(|folder| format!("-Ldependency={}", folder.display()));
        named.into_iter().flatten().chain(searched).collect()
    }

    /// Compiles a student's source in `folder`, which must be empty.
    pub fn compile(
        &self,
        exercise: &'static Exercise,
        source: &str,
        folder: &Path,
    ) -> Result<Compiled> {
        let part = Part {
            exercise,
            source,
            module: ALONE.to_owned(),
        };
        write(&[part], folder)?;
        self.build(folder)
    }

    /// Compiles sources in `folder`, which must be empty, as one program. Returns the files that
    /// have errors as well, if it is known.
    pub(super) fn compile_together(
        &self,
        parts: &[Part],
        folder: &Path,
    ) -> Result<(Compiled, BTreeSet<String>)> {
        write(parts, folder)?;
        // All take little longer than one: the libraries' names are read once.
        let limits = Limits {
            cpu_secs: self.limits.cpu_secs / 2,
            ..self.limits
        };
        let (compiled, said) = self.built(folder, limits)?;
        Ok((compiled, said.files))
    }

    /// Compiles `main.rs` of a folder.
    pub fn build(&self, folder: &Path) -> Result<Compiled> {
        Ok(self.built(folder, self.limits)?.0)
    }

    fn built(&self, folder: &Path, limits: Limits) -> Result<(Compiled, Said)> {
        let folder = fs::canonicalize(folder).context("cannot find the folder to compile in")?;
        // rustc waits for nothing by itself, so this is how long a busy machine may keep it waiting.
        let patience = Duration::from_secs(6 * limits.cpu_secs);
        let confined = self.start(&self.compiler(&folder, limits))?;
        let (ended, said) = confined.end(Instant::now() + patience)?;
        let said = Said::read(&said);
        let program = Program {
            path: folder.join("worker"),
            object: folder.join("worker.o"),
            answer: ALONE.to_owned(),
        };
        let compiled = match ended {
            Ended::Code(0) if program.path.is_file() => Compiled::Program(program),
            Ended::Signal(libc::SIGXCPU) => {
                let told = format!("compiling it takes more than {} s", limits.cpu_secs);
                Compiled::Stopped(Stop::Time, told)
            }
            // rustc used less time of the processor than it may: the machine was busy.
            Ended::Late => bail!(
                "the machine was too busy to compile it within {} s; grade with fewer `--jobs`",
                patience.as_secs()
            ),
            // Not the compiler's own limits: the system took the memory or the disk away.
            _ if let Some(what) = machine_failed(ended, &said.of_rustc) => {
                bail!("the machine failed while it was compiled: {what}")
            }
            _ if ended == Ended::Signal(libc::SIGXFSZ) || became_too_large(&said.of_rustc) => {
                Compiled::Stopped(Stop::Memory, "the program becomes too large".into())
            }
            _ if out_of_memory(&said.of_rustc) => Compiled::Stopped(
                Stop::Memory,
                "compiling it takes more than 3 GB of memory".into(),
            ),
            Ended::Code(_) if let Some(refusal) = &said.refusal => {
                Compiled::Stopped(Stop::Forbidden, refusal.clone())
            }
            Ended::Code(1) => Compiled::Errors(said.shown.clone()),
            _ => {
                let last = said.shown.lines().last().unwrap_or_default();
                Compiled::Stopped(
                    Stop::Crash,
                    format!("the compiler crashes on it ({ended:?}) {last}"),
                )
            }
        };
        Ok((compiled, said))
    }

    /// Starts a confined program.
    pub fn start(&self, spec: &Spec) -> Result<Confined> {
        Confined::start(&self.exe, spec, self.groups.as_ref())
    }

    fn compiler(&self, folder: &Path, limits: Limits) -> Spec {
        let beside = &self.libraries;
        let text = |path: &Path| path.to_string_lossy().into_owned();
        let mut args: Vec<String> = [
            "--crate-name",
            "worker",
            "--edition",
            "2024",
            "--crate-type",
            "bin",
        ]
        .iter()
        .map(|arg| (*arg).to_owned())
        .collect();
        args.extend(["main.rs".into(), "--emit=link=worker,obj=worker.o".into()]);
        // As cells are compiled, but that unsafe code cannot be allowed again.
        let flags = [
            "-Funsafe_code",
            "-Awarnings",
            // Denied by default; no kernel minds them.
            "-Atext-direction-codepoint-in-comment",
            "-Atext-direction-codepoint-in-literal",
            "-Cprefer-dynamic",
            "-Copt-level=0",
            "-Cdebuginfo=0",
            "-Ccodegen-units=1",
            "-Cdebug-assertions=on",
            "-Coverflow-checks=on",
            // Names of generic functions with their types.
            "-Csymbol-mangling-version=v0",
            "--error-format=json",
        ];
        args.extend(flags.iter().map(|flag| (*flag).to_owned()));
        // LLD, which Rust brings for this target. As many answers as there are cores are linked at
        // once, so threads of each linker would only wait for each other: 0.51 instead of 0.61 s of
        // CPU for an answer.
        if cfg!(all(
            target_arch = "x86_64",
            target_os = "linux",
            target_env = "gnu"
        )) {
            args.push("-Clink-arg=-Wl,--threads=1".into());
        }
        args.extend(self.libraries_of_answers());
        if let Some(stub) = &self.stub {
            // It has no symbol that would make it needed.
            let stub = stub.to_string_lossy();
            let open = [
                "-Wl,--unresolved-symbols=ignore-all",
                "-Wl,--no-as-needed",
                &stub,
            ];
            args.extend(open.map(|arg| format!("-Clink-arg={arg}")));
        }
        for folder in [beside, &self.std] {
            for arg in ["-Xlinker", "-rpath", "-Xlinker", &folder.to_string_lossy()] {
                args.push(format!("-Clink-arg={arg}"));
            }
        }
        // The toolchain: `bin/rustc` and `lib`.
        let toolchain = self
            .rustc
            .parent()
            .and_then(Path::parent)
            .unwrap_or(Path::new("/"));
        let mut read = system_programs();
        read.extend([
            toolchain.to_owned(),
            self.std.clone(),
            beside.clone(),
            self.deps.clone(),
        ]);
        Spec {
            kind: Kind::Compiler,
            program: self.rustc.clone(),
            args,
            env: vec![
                (
                    "PATH".into(),
                    std::env::var("PATH").unwrap_or_else(|_| "/usr/local/bin:/usr/bin:/bin".into()),
                ),
                ("TMPDIR".into(), text(folder)),
                ("LC_ALL".into(), "C".into()),
            ],
            folder: folder.to_owned(),
            read,
            write: vec![folder.to_owned()],
            limits,
            group: None,
            sandboxed: self.sandboxed,
        }
    }

    /// How a compiled program is started.
    pub fn worker(&self, program: &Program) -> Spec {
        let Program { path, answer, .. } = program;
        let folder = path.parent().unwrap_or(Path::new("/"));
        let mut read = system_libraries();
        let public = self.libraries.join(PUBLIC);
        read.extend([path.to_owned(), public, self.std.clone()]);
        Spec {
            kind: Kind::Worker,
            program: path.to_owned(),
            args: vec![answer.clone()],
            env: [
                // Each thread of polars would take its share of the memory.
                ("POLARS_MAX_THREADS", "1"),
                ("RAYON_NUM_THREADS", "1"),
                ("MALLOC_ARENA_MAX", "2"),
            ]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .to_vec(),
            folder: folder.to_owned(),
            read,
            write: Vec::new(),
            limits: Limits::WORKER,
            group: None,
            sandboxed: self.sandboxed,
        }
    }
}

/// The support crate among the pinned libraries, as often as it was built; the newest first.
fn supports(built: &Built, libraries: &Path) -> Result<Vec<PathBuf>> {
    if !libraries.join(PUBLIC).is_file() {
        bail!(missing(built, "the library that answers are linked with"));
    }
    let mut found: Vec<_> = fs::read_dir(libraries)?
        .flatten()
        .map(|entry| entry.file_name())
        .filter(|name| {
            let name = name.to_string_lossy();
            name.starts_with("liblambda_workbook-") && name.ends_with(".rlib")
        })
        .collect();
    if found.is_empty() {
        bail!(missing(built, "the support crate"));
    }
    found.sort_by_cached_key(|name| {
        let original = fs::metadata(built.deps().join(name));
        Reverse(original.and_then(|meta| meta.modified()).ok())
    });
    Ok(found.iter().map(|name| libraries.join(name)).collect())
}

fn missing(built: &Built, what: &str) -> String {
    format!(
        "{what} is not built.\nFix: run `cargo build --package workbook` in {}",
        built.root.display()
    )
}

/// The module of an answer that has a program to itself.
const ALONE: &str = "answer";

/// Writes the sources of a program.
fn write(parts: &[Part], folder: &Path) -> Result<()> {
    fs::write(folder.join("main.rs"), main_source(parts))?;
    for part in parts {
        let text = in_module(part) + &module_end(part.exercise);
        fs::write(folder.join(part.file()), text)?;
    }
    Ok(())
}

/// What rustc said, by whose words they are. A source can have any words in a diagnostic: in
/// the lines that are shown of it, and in `compile_error!`. So only diagnostics that point to
/// no place in a source say something about the machine.
#[derive(Debug, Default)]
struct Said {
    /// All of it, as people read it.
    shown: String,
    /// What points to no place in a source: of the linker, the disk, the memory.
    of_rustc: String,
    /// The error that says that the source reached out for what it may not have.
    refusal: Option<String>,
    /// The files of errors.
    files: BTreeSet<String>,
}

/// What is read of a diagnostic in rustc's JSON.
#[derive(serde::Deserialize)]
struct Diagnostic {
    message: String,
    rendered: Option<String>,
    code: Option<Code>,
    #[serde(default)]
    level: String,
    spans: Vec<Span>,
}

#[derive(serde::Deserialize)]
struct Span {
    #[serde(default)]
    file_name: String,
}

#[derive(serde::Deserialize)]
struct Code {
    code: String,
}

impl Said {
    /// Reads diagnostics in JSON, a line each, and other lines as they are.
    fn read(said: &str) -> Said {
        let mut read = Said::default();
        for line in said.lines() {
            let diagnostic = match serde_json::from_str::<Diagnostic>(line) {
                Ok(diagnostic) => diagnostic,
                // The rest of a line that was too long to be kept.
                Err(_) if line.starts_with('{') => continue,
                Err(_) => {
                    for text in [&mut read.shown, &mut read.of_rustc] {
                        text.push_str(line);
                        text.push('\n');
                    }
                    continue;
                }
            };
            let shown = diagnostic.rendered.unwrap_or_default();
            read.shown.push_str(&shown);
            if diagnostic.level == "error" {
                let files = diagnostic.spans.iter().map(|span| span.file_name.clone());
                read.files.extend(files);
            }
            if diagnostic.spans.is_empty() {
                read.of_rustc.push_str(&shown);
            }
            let is_unsafe = diagnostic
                .code
                .is_some_and(|code| code.code == "unsafe_code");
            let is_of_file = diagnostic.message.starts_with("couldn't read");
            if (is_unsafe || is_of_file) && read.refusal.is_none() {
                read.refusal = Some(format!("error: {}", diagnostic.message));
            }
        }
        if read.refusal.is_none() && read.of_rustc.contains("Permission denied (os error 13)") {
            let error = read.of_rustc.lines().find(|line| line.starts_with("error"));
            let refused = error.unwrap_or("the compiler was refused a file");
            read.refusal = Some(refused.to_owned());
        }
        read
    }
}

/// Returns why a compilation says nothing about the source, if the machine and not the source made
/// it fail: the disk is full, or the system killed the compiler or its linker. `said` has no
/// words of the source.
fn machine_failed(ended: Ended, said: &str) -> Option<&'static str> {
    let linker_killed = said.contains("linking with")
        && said.contains("terminated with signal")
        && !became_too_large(said);
    match ended {
        _ if said.contains("No space left on device") || said.contains("os error 28") => {
            Some("the disk is full")
        }
        Ended::Signal(libc::SIGBUS) => Some("a file could not be written; is the disk full?"),
        Ended::Signal(libc::SIGKILL) => {
            Some("the compiler was killed; is there too little memory for the jobs?")
        }
        _ if linker_killed => {
            Some("the linker was killed; is the disk full, or is there too little memory?")
        }
        _ => None,
    }
}

/// Returns whether the linker was ended by the limit of a file's size.
fn became_too_large(said: &str) -> bool {
    said.contains(&format!("terminated with signal {}", libc::SIGXFSZ))
}

fn out_of_memory(said: &str) -> bool {
    let words = [
        "memory allocation of",
        "out of memory",
        "Cannot allocate memory",
        "failed to allocate",
    ];
    words.iter().any(|words| said.contains(words))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rule: words of the source, whether shown or in `compile_error!`, say nothing about the
    /// machine and name no refusal.
    #[test]
    fn only_what_points_nowhere_is_about_the_machine() {
        let diagnostic = |message: &str, code: &str, spans: &str| {
            format!(
                "{{\"message\":\"{message}\",\"code\":{code},\"spans\":[{spans}],\"rendered\":\"error: {message}\\n --> a\\n\"}}\n"
            )
        };
        let full = "linking with x: No space left on device, ld terminated with signal";
        let said = Said::read(&diagnostic(full, "null", "{}"));
        assert_eq!(machine_failed(Ended::Code(1), &said.of_rustc), None);
        assert!(said.refusal.is_none() && said.shown.contains(full));
        let said = Said::read(&diagnostic(full, "null", ""));
        assert!(machine_failed(Ended::Code(1), &said.of_rustc).is_some());
        let said = Said::read(&(diagnostic("x", "{\"code\":\"unsafe_code\"}", "{}") + "{\"mess"));
        assert_eq!(said.refusal.as_deref(), Some("error: x"));
        let said = Said::read("memory allocation of 7 bytes failed");
        assert!(out_of_memory(&said.of_rustc));
    }
}
