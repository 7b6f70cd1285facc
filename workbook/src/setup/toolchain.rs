//! The Rust side: every cell is compiled by rustc and linked by the system's linker.
use super::process::{all_on_path, answer, on_path};
use super::step::{Finding, Setup, Step};
use std::path::PathBuf;

/// The compiler that built this binary and the support crate beside it.
const BUILT_BY: &str = env!("LAMBDA_WORKBOOK_RUSTC");

/// rustc, and the same one that built the support crate: a dylib of another
/// version cannot be linked.
pub struct Compiler;

impl Step for Compiler {
    fn name(&self) -> &'static str {
        "Rust toolchain"
    }

    fn check(&self, _setup: &Setup) -> Finding {
        let Some(version) = on_path("rustc").and_then(|rustc| answer(&rustc, &["--version"]))
        else {
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
        if version != BUILT_BY {
            return Finding::problem(
                format!(
                    "{version} is here, but {BUILT_BY} built the support crate: cells cannot link it"
                ),
                "run `cargo lab`, which builds it again with this toolchain",
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
        let source = on_path("rustc")
            .and_then(|rustc| answer(&rustc, &["--print", "sysroot"]))
            .map(|root| PathBuf::from(root).join("lib/rustlib/src/rust/library"));
        match source {
            Some(folder) if folder.is_dir() => Finding::Fine("found".into()),
            _ => Finding::optional(
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
