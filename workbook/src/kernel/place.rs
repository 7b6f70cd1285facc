//! Where things are: the built support crate, and one kernel's private folder.

use anyhow::{Context, Result, bail};
use std::fs::{self, File};
use std::io::Write;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::SystemTime;

/// The file that a notebook cell links.
pub const DYLIB: &str = "liblambda_workbook.so";

/// The crates below the face `lambda_workbook`, each in `crates/NAME`.
pub const SUPPORT: [&str; 7] = [
    "calendar",
    "dataset",
    "exercises",
    "lambda",
    "lessons",
    "notebook",
    "show",
];

/// What `cargo build` left: the binary, and the support crate beside it.
#[derive(Clone, Debug)]
pub struct Built {
    /// The project's root: the folder of the workspace's `Cargo.toml`.
    pub root: PathBuf,
    /// This program.
    pub exe: PathBuf,
    /// Cargo's output folder, such as `target/debug`.
    pub output: PathBuf,
}

impl Built {
    /// Finds the build that this program belongs to.
    ///
    /// The root is `LAMBDA_WORKBOOK_ROOT` where that is set (the kernelspec
    /// sets it), else the checkout that this program was compiled in.
    pub fn find() -> Result<Built> {
        let exe = std::env::current_exe().context("cannot tell where this program is")?;
        // Linux says so when the file was replaced by a newer build.
        let exe = match exe
            .to_str()
            .and_then(|path| path.strip_suffix(" (deleted)"))
        {
            Some(path) => PathBuf::from(path),
            None => exe,
        };
        let root = match std::env::var_os("LAMBDA_WORKBOOK_ROOT") {
            Some(root) => PathBuf::from(root),
            None => Path::new(env!("CARGO_MANIFEST_DIR"))
                .parent()
                .context("the workbook package has no parent folder")?
                .to_owned(),
        };
        let mut output = exe.parent().context("this program is in no folder")?;
        if output.ends_with("deps") {
            output = output.parent().unwrap_or(output); // a test binary
        }
        let output = output.to_owned();
        Ok(Built { root, exe, output })
    }

    /// The support crate as the newest build left it.
    pub fn dylib(&self) -> PathBuf {
        let uplifted = self.output.join(DYLIB);
        if uplifted.exists() {
            uplifted
        } else {
            self.deps().join(DYLIB)
        }
    }

    /// The program that stands in for cargo, rustup and the linker.
    pub fn stand_in(&self) -> PathBuf {
        self.exe.with_file_name("stand-in")
    }

    /// Where the metadata of the support crate's dependencies is.
    pub fn deps(&self) -> PathBuf {
        self.output.join("deps")
    }

    /// A source file that is newer than the built support crate, if there is one.
    pub fn changed_source(&self) -> Option<PathBuf> {
        let modified = |path: &Path| fs::metadata(path).and_then(|meta| meta.modified()).ok();
        let built = modified(&self.dylib()).unwrap_or(SystemTime::UNIX_EPOCH);
        let mut folders = vec![self.root.join("src"), self.root.join("cells")];
        let mut files = vec![self.root.join("Cargo.toml"), self.root.join("Cargo.lock")];
        for name in SUPPORT {
            let package = self.root.join("crates").join(name);
            folders.push(package.join("src"));
            files.push(package.join("Cargo.toml"));
        }
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
                let path = entry.path();
                if path.is_dir() {
                    folders.push(path);
                } else if path.extension().is_some_and(|end| end == "rs") {
                    files.push(path);
                }
            }
        }
        files
            .into_iter()
            .find(|file| modified(file).is_some_and(|time| time > built))
    }

    /// Builds the support crate and this program again.
    ///
    /// # Errors
    /// With rustc's own words when the sources do not compile.
    pub fn rebuild(&self) -> Result<()> {
        let target = self.output.parent().context("no target folder")?;
        let output = Command::new(real_cargo())
            .args(["build", "--quiet", "--offline", "--package", "workbook"])
            .current_dir(&self.root)
            .env("CARGO_TARGET_DIR", target)
            .output()
            .context("cannot start cargo")?;
        if !output.status.success() {
            bail!("{}", String::from_utf8_lossy(&output.stderr).trim_end());
        }
        // Cargo leaves the file's time alone when a touched source compiled to
        // the same crate; the next start need not ask again.
        if let Ok(file) = File::options().append(true).open(self.dylib()) {
            let _ = file.set_modified(SystemTime::now());
        }
        Ok(())
    }
}

/// The cargo of the reader's toolchain, even inside a cell's environment.
pub fn real_cargo() -> PathBuf {
    std::env::var_os("LAMBDA_WORKBOOK_CARGO")
        .or_else(|| std::env::var_os("CARGO"))
        .map_or_else(|| PathBuf::from("cargo"), PathBuf::from)
}

/// The private folder of one running kernel; it goes when the kernel goes.
///
/// ```text
/// cargo/bin/{cargo,rustup,cc}   the program `stand-in`, in their place
/// cargo/bin/rustc            the toolchain's rustc, without rustup's detour
/// config/                    evcxr's start-up commands and prelude
/// no-std/core/               an empty standard library for evcxr's rust-analyzer
/// cells/                     evcxr's working folder
/// connection.json, sockets   evcxr's own connection, for the owner alone
/// ```
pub struct Place {
    folder: tempfile::TempDir,
    /// The support crate that this kernel links, whatever is built later.
    pub dylib: PathBuf,
    pub deps: PathBuf,
    pub exe: PathBuf,
    stand_in: PathBuf,
    pub root: PathBuf,
    /// The `bin` folder of the toolchain in use.
    pub toolchain: PathBuf,
    /// Where that toolchain's shared standard library is.
    pub std: PathBuf,
    _locks: [File; 2],
}

impl Place {
    /// Prepares the folder for a kernel on `built`.
    pub fn prepare(built: &Built) -> Result<Place> {
        for (what, file) in [
            ("the support crate", built.dylib()),
            ("the program that compiles cells", built.stand_in()),
        ] {
            if !file.exists() {
                bail!(
                    "{what} is not built: {} is missing.\nFix: run `cargo build --package workbook` in {}",
                    file.display(),
                    built.root.display()
                );
            }
        }
        let (dylib, pin) = pin(built)?;
        sweep(&std::env::temp_dir());
        let folder = tempfile::Builder::new()
            .prefix(PREFIX)
            .permissions(fs::Permissions::from_mode(0o700))
            .tempdir()
            .context("cannot make a temporary folder for the kernel")?;
        let mut in_use = File::create(folder.path().join(IN_USE))?;
        in_use.lock()?;
        // Not before it is locked: a sweep takes no folder whose file is empty.
        writeln!(in_use, "{}", std::process::id())?;
        let (toolchain, std) = toolchain(&built.root)?;
        let place = Place {
            folder,
            dylib,
            deps: built.deps(),
            exe: built.exe.clone(),
            stand_in: built.stand_in(),
            root: built.root.clone(),
            toolchain,
            std,
            _locks: [pin, in_use],
        };
        place.fill()?;
        Ok(place)
    }

    fn fill(&self) -> Result<()> {
        let bin = self.bin();
        for folder in [
            &bin,
            &self.config(),
            &self.cells(),
            &self.no_std().join("core/src"),
        ] {
            fs::create_dir_all(folder)?;
        }
        for name in ["cargo", "rustup", "cc"] {
            symlink(&self.stand_in, bin.join(name))?;
        }
        symlink(self.toolchain.join("rustc"), bin.join("rustc"))?;
        fs::write(self.no_std().join("core/src/lib.rs"), "#![no_core]\n")?;
        fs::write(self.config().join("init.evcxr"), ":opt 0\n")?;
        fs::write(self.config().join("prelude.rs"), PRELUDE)?;
        Ok(())
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn cargo_home(&self) -> PathBuf {
        self.path("cargo")
    }

    pub fn bin(&self) -> PathBuf {
        self.cargo_home().join("bin")
    }

    pub fn config(&self) -> PathBuf {
        self.path("config")
    }

    pub fn cells(&self) -> PathBuf {
        self.path("cells")
    }

    pub fn no_std(&self) -> PathBuf {
        self.path("no-std")
    }

    /// What evcxr itself prints; its cells' output comes another way.
    pub fn log(&self) -> PathBuf {
        self.path("evcxr.log")
    }

    /// An empty library of the support crate's name, for the linker.
    pub fn stub(&self) -> PathBuf {
        self.dylib.with_file_name("stub").join(DYLIB)
    }

    /// The program that completes cells, which is built beside this one.
    pub fn completer(&self) -> PathBuf {
        self.deps.with_file_name("completer")
    }

    /// The cargo of the toolchain in use, without rustup's detour.
    pub fn cargo(&self) -> PathBuf {
        let own = self.toolchain.join("cargo");
        if own.exists() { own } else { real_cargo() }
    }

    /// The socket on which cells talk to us; see [`super::side_channel`].
    pub fn channel(&self) -> PathBuf {
        self.path("channel")
    }

    /// Where [`super::cargo_stand_in`] leaves the id of the process that compiles.
    pub fn compiler(&self) -> PathBuf {
        self.path("compiler")
    }

    /// Where [`super::cargo_stand_in`] leaves the types of a cell's variables.
    pub fn types(&self) -> PathBuf {
        self.path("types.json")
    }
}

const PREFIX: &str = "lambda-workbook-kernel-";
const IN_USE: &str = "in-use";

/// Removes the folders of kernels that were killed: nobody holds their locks.
fn sweep(temporary: &Path) {
    for entry in fs::read_dir(temporary).into_iter().flatten().flatten() {
        if entry.file_name().to_string_lossy().starts_with(PREFIX)
            && let Ok(lock) = File::open(entry.path().join(IN_USE))
            && lock.metadata().is_ok_and(|meta| meta.len() > 0)
            && lock.try_lock().is_ok()
        {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

/// Every cell sees the crates of the card under their own names. The `?` is
/// for evcxr, which learns from a failed compilation that cells may use it;
/// better now than in the reader's first cell.
const PRELUDE: &str = "\
#[allow(unused_imports)] use lambda_workbook::{self, chrono, chrono_tz, hyperloglogplus, petgraph, plotters, polars, serde_json};
use lambda_workbook::prelude::*;
Ok::<(), std::fmt::Error>(())?;
";

/// Keeps the support crate as it is now for as long as the returned file is
/// open, even when a later build replaces it: a cell compiled against one
/// build and loaded beside another would crash.
///
/// Kernels on the same build share one hard link. Links that no kernel holds
/// are removed.
pub fn pin(built: &Built) -> Result<(PathBuf, File)> {
    let dylib = built.dylib();
    let meta = fs::metadata(&dylib).with_context(|| format!("cannot read {}", dylib.display()))?;
    let age = meta
        .modified()?
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    let generations = built.output.join("kernels");
    let name = format!("{:x}-{:x}", age.as_nanos(), meta.len());
    let folder = generations.join(&name);
    fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let lock = File::create(folder.join(IN_USE))?;
    lock.lock_shared()?;
    let link = folder.join(DYLIB);
    if !link.exists() {
        let fresh = folder.join(draft());
        let _ = fs::remove_file(&fresh);
        if fs::hard_link(&dylib, &fresh).is_err() {
            fs::copy(&dylib, &fresh)
                .with_context(|| format!("cannot copy the support crate to {}", fresh.display()))?;
        }
        keep_metadata(&built.deps(), &folder)?;
        make_stub(&folder)?;
        fs::rename(&fresh, &link)?;
    }
    for entry in fs::read_dir(&generations)?.flatten() {
        if entry.file_name().to_string_lossy() != name
            && let Ok(other) = File::open(entry.path().join(IN_USE))
            && other.try_lock().is_ok()
        {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
    Ok((link, lock))
}

/// The shared library's types are described in the support crate's own files,
/// which the next build replaces too.
fn keep_metadata(deps: &Path, folder: &Path) -> Result<()> {
    for entry in fs::read_dir(deps)?.flatten() {
        let name = entry.file_name();
        let text = name.to_string_lossy();
        let package = text
            .strip_prefix("lib")
            .and_then(|name| name.split_once('-'));
        let ours = |(name, _): (&str, &str)| name == "lambda_workbook" || SUPPORT.contains(&name);
        if package.is_some_and(ours) && (text.ends_with(".rlib") || text.ends_with(".rmeta")) {
            fs::copy(entry.path(), folder.join(&name))?;
        }
    }
    Ok(())
}

/// A file name that nobody else uses, in this process or another.
fn draft() -> String {
    static DRAFTS: AtomicUsize = AtomicUsize::new(0);
    let number = DRAFTS.fetch_add(1, Ordering::Relaxed);
    format!("{}-{number}.tmp", std::process::id())
}

/// See [`super::cargo_stand_in::link`]. Without it cells link a little slower.
fn make_stub(folder: &Path) -> Result<()> {
    let folder = folder.join("stub");
    fs::create_dir_all(&folder)?;
    let fresh = folder.join(draft());
    let made = Command::new("cc")
        .args(["-shared", "-nostdlib"])
        .arg(format!("-Wl,-soname,{DYLIB}"))
        .arg("-o")
        .arg(&fresh)
        .args(["-x", "c", "/dev/null"])
        .output();
    if made.is_ok_and(|made| made.status.success()) {
        fs::rename(&fresh, folder.join(DYLIB))?;
    }
    Ok(())
}

/// The folders of rustc and of its standard library.
pub fn toolchain(root: &Path) -> Result<(PathBuf, PathBuf)> {
    let rustc = std::env::var_os("RUSTC").map_or_else(|| PathBuf::from("rustc"), PathBuf::from);
    let output = Command::new(&rustc)
        .args(["--print", "sysroot", "--print", "target-libdir"])
        .current_dir(root)
        .output()
        .with_context(|| {
            format!(
                "cannot start `{}`: cells are compiled by rustc.\nMend: install Rust, or put its `bin` folder on the PATH",
                rustc.display()
            )
        })?;
    if !output.status.success() {
        bail!(
            "`rustc --print sysroot` failed: {}",
            String::from_utf8_lossy(&output.stderr).trim()
        );
    }
    let answer = String::from_utf8_lossy(&output.stdout);
    let mut lines = answer.lines();
    let sysroot = lines.next().context("rustc did not name its sysroot")?;
    let std = lines
        .next()
        .context("rustc did not name its library folder")?;
    Ok((Path::new(sysroot).join("bin"), PathBuf::from(std)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A build whose files hold `text`.
    fn build(folder: &Path, text: &str) -> Built {
        let built = Built {
            root: folder.to_owned(),
            exe: folder.join("debug/workbook"),
            output: folder.join("debug"),
        };
        fs::create_dir_all(built.deps()).unwrap();
        fs::create_dir_all(folder.join("src")).unwrap();
        for file in [
            built.output.join(DYLIB),
            built.deps().join("liblambda_workbook-1.rlib"),
        ] {
            // As the linker does: a new file under the old name.
            let _ = fs::remove_file(&file);
            fs::write(file, text).unwrap();
        }
        built
    }

    fn generations(built: &Built) -> usize {
        fs::read_dir(built.output.join("kernels")).unwrap().count()
    }

    #[test]
    fn a_kernel_keeps_its_build_while_it_runs_and_no_longer() {
        let folder = tempfile::tempdir().unwrap();
        let (old, held) = pin(&build(folder.path(), "old")).unwrap();
        let built = build(folder.path(), "newer");
        let (new, _new_held) = pin(&built).unwrap();
        let kept = old.with_file_name("liblambda_workbook-1.rlib");
        assert_eq!(fs::read_to_string(&old).unwrap(), "old");
        assert_eq!(fs::read_to_string(&kept).unwrap(), "old");
        assert_eq!(fs::read_to_string(&new).unwrap(), "newer");
        assert_eq!(generations(&built), 2);
        drop(held);
        let (again, _held) = pin(&built).unwrap();
        assert_eq!(again, new, "kernels on one build share it");
        assert_eq!(generations(&built), 1, "nobody holds the old one");
    }

    #[test]
    fn every_crate_that_the_face_stands_on_is_watched() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let manifest = fs::read_to_string(root.join("Cargo.toml")).unwrap();
        let manifest: toml::Value = toml::from_str(&manifest).unwrap();
        let needed = manifest["dependencies"].as_table().unwrap();
        let own = manifest["workspace"]["dependencies"].as_table().unwrap();
        let own = own.iter().filter(|(name, about)| {
            about.get("path").is_some() && needed.contains_key(name.as_str())
        });
        let mut own: Vec<&str> = own.map(|(name, _)| name.as_str()).collect();
        own.sort_unstable();
        assert_eq!(own, SUPPORT);
    }

    #[test]
    fn a_source_newer_than_the_build_is_found() {
        let folder = tempfile::tempdir().unwrap();
        let built = build(folder.path(), "");
        fs::write(folder.path().join("src/old.rs"), "").unwrap();
        let set = |path: &Path, time: SystemTime| {
            let file = File::options().append(true).open(path).unwrap();
            file.set_modified(time).unwrap();
        };
        let now = SystemTime::now();
        let hour = std::time::Duration::from_secs(3600);
        set(&folder.path().join("src/old.rs"), now - hour);
        set(&built.dylib(), now);
        assert_eq!(built.changed_source(), None);
        let deep = folder.path().join("crates/lambda/src/room/new.rs");
        fs::create_dir_all(deep.parent().unwrap()).unwrap();
        fs::write(&deep, "").unwrap();
        set(&deep, now + hour);
        assert_eq!(built.changed_source(), Some(deep));
    }
}
