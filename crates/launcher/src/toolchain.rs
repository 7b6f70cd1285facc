//! The Rust side: every cell is compiled by rustc and linked by the system's linker.
use super::process::{all_on_path, answer, on_path};
use super::step::{Finding, Setup, Step};
use std::path::PathBuf;

/// What the compiler on the PATH calls itself, such as "rustc 1.95.0 (...)".
pub fn rustc_version() -> Option<String> {
    answer(&on_path("rustc")?, &["--version"])
}

/// The system that the compiler on the PATH compiles for, such as
/// `x86_64-unknown-linux-gnu`.
pub fn host() -> Option<String> {
    let text = answer(&on_path("rustc")?, &["-vV"])?;
    let line = text.lines().find_map(|line| line.strip_prefix("host: "));
    line.map(str::to_string)
}

/// The cargo that started this program, else the one on the PATH.
pub fn cargo() -> PathBuf {
    std::env::var_os("CARGO").map_or_else(|| "cargo".into(), PathBuf::from)
}

/// The folder with the standard library's source, where the component `rust-src`
/// is installed.
pub fn std_source() -> Option<PathBuf> {
    let root = answer(&on_path("rustc")?, &["--print", "sysroot"])?;
    let folder = PathBuf::from(root).join("lib/rustlib/src/rust/library");
    folder.join("core").is_dir().then_some(folder)
}

/// rustc and cargo. That the kernel was built by the same rustc is a matter of
/// [`crate::kernel`].
pub struct Compiler;

impl Step for Compiler {
    fn name(&self) -> &'static str {
        "Rust toolchain"
    }

    fn check(&self, _setup: &Setup) -> Finding {
        let Some(version) = rustc_version() else {
            return Finding::problem(
                "no rustc on the PATH",
                "install Rust (the site rust-lang.org tells how), open a new terminal, run `cargo lab`",
            );
        };
        if on_path("cargo").is_none() {
            return Finding::problem(
                "rustc, but no cargo, on the PATH",
                "install Rust whole, with cargo",
            );
        }
        Finding::Fine(version)
    }
}

/// What rustc calls to link.
pub struct Linker;

impl Step for Linker {
    fn name(&self) -> &'static str {
        "linker"
    }

    fn check(&self, _setup: &Setup) -> Finding {
        match on_path("cc") {
            Some(cc) => Finding::Fine(cc.display().to_string()),
            None => Finding::problem(
                "no `cc` on the PATH, so that no cell can be linked",
                if cfg!(target_os = "macos") {
                    "xcode-select --install"
                } else {
                    "sudo apt install gcc  (Fedora: sudo dnf install gcc)"
                },
            ),
        }
    }
}

/// The standard library's source, for completion.
pub struct StdSource;

impl Step for StdSource {
    fn name(&self) -> &'static str {
        "rust-src"
    }

    fn check(&self, _setup: &Setup) -> Finding {
        match std_source() {
            Some(_) => Finding::Fine("found".into()),
            None => Finding::optional(
                "Tab completion then does not know the standard library",
                "rustup component add rust-src",
            ),
        }
    }
}

/// A linker faster than the system's.
pub struct FastLinker;

impl Step for FastLinker {
    fn name(&self) -> &'static str {
        "fast linker"
    }

    fn check(&self, _setup: &Setup) -> Finding {
        match ["mold", "ld.lld", "lld"]
            .iter()
            .find_map(|name| all_on_path(name).pop())
        {
            Some(linker) => Finding::Fine(linker.display().to_string()),
            None if cfg!(target_os = "macos") => Finding::Fine("the system's".into()),
            None => Finding::optional(
                "with mold or lld a cell links a little faster",
                "sudo apt install mold",
            ),
        }
    }
}
