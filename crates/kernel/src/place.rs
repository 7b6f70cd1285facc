//! Locates the built support crate, and prepares the private folder of one kernel.
//!
//! The support crate is `lambda_workbook`, which cells link as a shared library.

use super::metadata;
use anyhow::{Context, Result, bail};
use std::fs::{self, File};
use std::io::Write;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::SystemTime;

/// The file name of the support crate's shared library, which cells link.
pub const DYLIB: &str = "liblambda_workbook.so";

/// The file name of the shared library of public crates, which graded answers link.
pub const PUBLIC: &str = "liblambda_workbook_public.so";

/// The crates that `lambda_workbook` re-exports, each in `crates/NAME`.
pub const SUPPORT: [&str; 7] = [
    "calendar",
    "dataset",
    "exercises",
    "lambda",
    "lessons",
    "notebook",
    "show",
];

/// Returns the crates of this project that a cell is compiled against.
fn own_crates() -> Vec<&'static str> {
    SUPPORT.into_iter().chain(["lambda_workbook"]).collect()
}

/// A build of this project: this program, and the support crate beside it.
#[derive(Clone, Debug)]
pub struct Built {
    /// The root of the project: the folder of the workspace's `Cargo.toml`.
    pub root: PathBuf,
    /// The path of this program.
    pub exe: PathBuf,
    /// Cargo's output folder for this profile, such as `target/debug`.
    pub output: PathBuf,
}

impl Built {
    /// Finds the build to which this program belongs.
    ///
    /// The root is `LAMBDA_WORKBOOK_ROOT` when that is set, as the kernelspec does it, and
    /// else the checkout in which this program was compiled.
    ///
    /// # Errors
    /// Returns an error when the system does not tell the path of this program.
    pub fn find() -> Result<Built> {
        let exe = std::env::current_exe().context("cannot tell where this program is")?;
        // Linux appends this when a newer build has replaced the file.
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
                .ancestors()
                .nth(2)
                .context("the package `kernel` lies in no project")?
                .to_owned(),
        };
        let mut output = exe.parent().context("this program is in no folder")?;
        if output.ends_with("deps") {
            output = output.parent().unwrap_or(output); // a test binary
        }
        let output = output.to_owned();
        // Tests and measurements are programs beside the one that serves as kernel.
        let workbook = output.join("workbook");
        let exe = if workbook.is_file() { workbook } else { exe };
        Ok(Built { root, exe, output })
    }

    /// Returns the path of the support crate's shared library of the newest build.
    pub fn dylib(&self) -> PathBuf {
        let uplifted = self.output.join(DYLIB);
        if uplifted.exists() {
            uplifted
        } else {
            self.deps().join(DYLIB)
        }
    }

    /// Returns the path of the program that stands in for cargo, rustup and the linker.
    pub fn stand_in(&self) -> PathBuf {
        self.exe.with_file_name("stand-in")
    }

    /// Returns the folder with the metadata of the support crate's dependencies.
    pub fn deps(&self) -> PathBuf {
        self.output.join("deps")
    }

    /// Returns a source file that is newer than the built support crate; `None` if there is
    /// none.
    pub fn changed_source(&self) -> Option<PathBuf> {
        // List the sources and manifests.
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

        // Compare their times with that of the library.
        files
            .into_iter()
            .find(|file| modified(file).is_some_and(|time| time > built))
    }

    /// Builds the support crate and this program again, without the network.
    ///
    /// # Errors
    /// Returns rustc's report when the sources do not compile.
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
        // cargo leaves the file and its time unchanged when the result is the same. The new
        // time keeps the next start from building again.
        if let Ok(file) = File::options().append(true).open(self.dylib()) {
            let _ = file.set_modified(SystemTime::now());
        }
        Ok(())
    }
}

/// Returns the real cargo, also in the environment of evcxr, where a stand-in comes first on
/// the PATH.
pub fn real_cargo() -> PathBuf {
    std::env::var_os("LAMBDA_WORKBOOK_CARGO")
        .or_else(|| std::env::var_os("CARGO"))
        .map_or_else(|| PathBuf::from("cargo"), PathBuf::from)
}

/// The private folder of one running kernel. It is removed when this is dropped.
///
/// ```text
/// cargo/bin/{cargo,rustup,cc}   links to the program `stand-in`
/// cargo/bin/rustc            a link to the toolchain's rustc, so that rustup is not called
/// config/                    evcxr's start-up commands and prelude
/// no-std/core/               an empty standard library for evcxr's rust-analyzer
/// cells/                     evcxr's working folder
/// connection.json, sockets   the connection to evcxr, readable by the owner only
/// ```
pub struct Place {
    folder: tempfile::TempDir,
    /// The shared library that the cells of this kernel link. A later build does not change
    /// it; see [`pin`].
    pub dylib: PathBuf,
    /// The folder with the metadata of the support crate's dependencies.
    pub deps: PathBuf,
    /// The path of this program.
    pub exe: PathBuf,
    stand_in: PathBuf,
    /// The root of the project.
    pub root: PathBuf,
    /// The `bin` folder of the toolchain in use.
    pub toolchain: PathBuf,
    /// The folder of that toolchain's shared standard library.
    pub std: PathBuf,
    /// The locks of the pinned library and of this folder. Held locks mark both as in use.
    _locks: [File; 2],
}

impl Place {
    /// Creates and fills the folder for a kernel on this build.
    ///
    /// # Errors
    /// Returns an error when a part of the build is missing, the toolchain cannot be found,
    /// or the folder cannot be written.
    pub fn prepare(built: &Built) -> Result<Place> {
        // Check that the build is complete, and pin the library.
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

        // Create the folder with a lock that marks it as in use.
        sweep(&std::env::temp_dir());
        let folder = tempfile::Builder::new()
            .prefix(PREFIX)
            .permissions(fs::Permissions::from_mode(0o700))
            .tempdir()
            .context("cannot make a temporary folder for the kernel")?;
        let mut in_use = File::create(folder.path().join(IN_USE))?;
        in_use.lock()?;
        // The lock is taken before this is written, because `sweep` skips a folder whose lock
        // file is empty.
        writeln!(in_use, "{}", std::process::id())?;

        // Fill it.
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

    /// Writes the contents of the folder.
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

    /// Returns the path of a file in the folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Returns the folder that is evcxr's `CARGO_HOME`.
    pub fn cargo_home(&self) -> PathBuf {
        self.path("cargo")
    }

    /// Returns the folder of the stand-ins, which is first on evcxr's PATH.
    pub fn bin(&self) -> PathBuf {
        self.cargo_home().join("bin")
    }

    /// Returns the folder of evcxr's configuration.
    pub fn config(&self) -> PathBuf {
        self.path("config")
    }

    /// Returns evcxr's working folder, which contains the cell's crate.
    pub fn cells(&self) -> PathBuf {
        self.path("cells")
    }

    /// Returns the folder of the empty standard library for evcxr's rust-analyzer.
    pub fn no_std(&self) -> PathBuf {
        self.path("no-std")
    }

    /// Returns the path of evcxr's log: what evcxr itself prints to standard error. The output
    /// of cells is not in it.
    pub fn log(&self) -> PathBuf {
        self.path("evcxr.log")
    }

    /// Returns the path of the empty library against which cells are linked; see
    /// [`super::cargo_stand_in::link`].
    pub fn stub(&self) -> PathBuf {
        self.dylib.with_file_name("stub").join(DYLIB)
    }

    /// Returns the path of the completer, which is built beside this program. It may not exist
    /// yet.
    pub fn completer(&self) -> PathBuf {
        self.deps.with_file_name("completer")
    }

    /// Returns the cargo of the toolchain in use, so that rustup is not called.
    pub fn cargo(&self) -> PathBuf {
        let own = self.toolchain.join("cargo");
        if own.exists() { own } else { real_cargo() }
    }

    /// Returns the path of the socket of the side channel; see [`super::side_channel`].
    pub fn channel(&self) -> PathBuf {
        self.path("channel")
    }

    /// Returns the file to which [`super::cargo_stand_in`] writes the id of the process that
    /// compiles a cell.
    pub fn compiler(&self) -> PathBuf {
        self.path("compiler")
    }

    /// Returns the file to which [`super::cargo_stand_in`] writes the report of a check, with
    /// the types of a cell's variables.
    pub fn types(&self) -> PathBuf {
        self.path("types.json")
    }
}

/// The start of the folder's name.
const PREFIX: &str = "lambda-workbook-kernel-";
/// The file that a running kernel locks, in its folder and in that of the pinned library.
const IN_USE: &str = "in-use";

/// Removes the folders of kernels that were killed. Their lock files are not locked any more.
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

/// The code that evcxr runs before the first cell. It makes the support crate and the crates
/// that it re-exports visible to every cell.
///
/// The last line uses `?` because evcxr compiles the first cell with a `?` twice. Here that
/// costs no time of the reader.
const PRELUDE: &str = "\
#[allow(unused_imports)] use lambda_workbook::{self, chrono, chrono_tz, hyperloglogplus, petgraph, plotters, polars, serde_json};
use lambda_workbook::prelude::*;
Ok::<(), std::fmt::Error>(())?;
";

/// Pins the support crate: returns a path under which the library stays as it is now, even
/// when a later build replaces it. A cell that was compiled against one build and loaded
/// together with another would crash.
///
/// The pin lasts while the returned file, which holds a lock, is open. Kernels on the same
/// build share one hard link. Links that no kernel uses are removed.
///
/// # Errors
/// Returns an error when the library does not exist or cannot be linked or copied.
pub fn pin(built: &Built) -> Result<(PathBuf, File)> {
    // The folder of this build is named by the library's time and size.
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

    // Mark it as in use before anything else, so that no other kernel removes it.
    let lock = File::create(folder.join(IN_USE))?;
    lock.lock_shared()?;
    let link = folder.join(DYLIB);

    // Fill it. The library gets its final name last, so that it is complete when another
    // kernel finds it.
    if !link.exists() {
        let public = [built.output.join(PUBLIC), built.deps().join(PUBLIC)];
        if let Some(public) = public.iter().find(|path| path.exists()) {
            link_or_copy(public, &folder.join(PUBLIC))?;
        }
        keep_metadata(&built.deps(), &folder)?;
        make_stub(&folder)?;
        link_or_copy(&dylib, &link)?;
    }

    // Keep metadata that rustc reads faster. Another kernel may do the same at this moment:
    // the first rename wins. Where it cannot be kept, cells use cargo's own.
    let kept = metadata::folder(&folder);
    if !kept.exists() {
        let fresh = folder.join(draft());
        if metadata::keep(&built.deps(), &fresh, &own_crates()).is_err()
            || fs::rename(&fresh, &kept).is_err()
        {
            let _ = fs::remove_dir_all(&fresh);
        }
    }

    // Remove the builds that no kernel uses.
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

/// Gives a file a second name, or copies it where the file system has no links. The name is there
/// with the whole file or not at all, and another kernel may do the same at this moment: a copy
/// onto a name that it has just linked would empty the file itself.
fn link_or_copy(from: &Path, to: &Path) -> Result<()> {
    let fresh = to.with_file_name(draft());
    if fs::hard_link(from, &fresh).is_err() {
        fs::copy(from, &fresh)
            .with_context(|| format!("cannot copy the support crate to {}", to.display()))?;
    }
    fs::rename(&fresh, to)?;
    // A rename of one name of a file onto another leaves both.
    let _ = fs::remove_file(&fresh);
    Ok(())
}

/// Copies the metadata of the support crates to the folder of the pinned library. rustc needs
/// it to link the library, graded answers are linked with the crates themselves, and the
/// next build replaces both.
fn keep_metadata(deps: &Path, folder: &Path) -> Result<()> {
    for entry in fs::read_dir(deps)?.flatten() {
        let name = entry.file_name();
        let text = name.to_string_lossy();
        let package = text
            .strip_prefix("lib")
            .and_then(|name| name.split_once('-'));
        let ours = |(name, _): (&str, &str)| own_crates().contains(&name);
        if package.is_some_and(ours) && (text.ends_with(".rlib") || text.ends_with(".rmeta")) {
            fs::copy(entry.path(), folder.join(&name))?;
        }
    }
    Ok(())
}

/// Returns a name for a temporary file that is unique among all processes.
fn draft() -> String {
    static DRAFTS: AtomicUsize = AtomicUsize::new(0);
    let number = DRAFTS.fetch_add(1, Ordering::Relaxed);
    format!("{}-{number}.tmp", std::process::id())
}

/// Makes the empty library that [`super::cargo_stand_in::link`] uses. It is no error when the
/// linker fails: without that library cells link a little slower.
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

/// Returns two folders of the toolchain in use: that of its programs, and that of its shared
/// standard library.
///
/// # Errors
/// Returns an error when rustc cannot be started.
pub fn toolchain(root: &Path) -> Result<(PathBuf, PathBuf)> {
    let rustc = std::env::var_os("RUSTC").map_or_else(|| PathBuf::from("rustc"), PathBuf::from);
    let output = Command::new(&rustc)
        .args(["--print", "sysroot", "--print", "target-libdir"])
        .current_dir(root)
        .output()
        .with_context(|| {
            format!(
                "cannot start `{}`: cells are compiled by rustc.\nInstall Rust, or put its `bin` folder on the PATH",
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

    /// Rule: kernels that link one file at one moment leave it whole, and no other name of it.
    #[test]
    fn a_file_that_is_linked_by_several_at_once_stays_whole() {
        let folder = tempfile::tempdir().unwrap();
        let (from, to) = (folder.path().join("from"), folder.path().join("to"));
        fs::write(&from, "library").unwrap();
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| (0..200).for_each(|_| link_or_copy(&from, &to).unwrap()));
            }
        });
        for path in [&from, &to] {
            assert_eq!(fs::read_to_string(path).unwrap(), "library");
        }
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
    }

    /// Creates a build whose files contain `text`.
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
            // Like the linker, this creates a new file under the old name.
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
        assert_eq!(generations(&built), 1, "no kernel uses the old one");
    }

    #[test]
    fn every_crate_that_the_face_stands_on_is_watched() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let root = root.ancestors().nth(2).unwrap();
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
