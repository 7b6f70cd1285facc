//! Java and Maven of this machine, and the jars that a pom names.
use super::{LocalError, Result, io_at};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The first version of Java that the systems run on.
const LEAST: u32 = 17;

/// A Java runtime.
#[derive(Clone, Debug)]
pub struct Java {
    /// The program `java`.
    pub program: PathBuf,
}

impl Java {
    /// Finds Java: that of `JAVA_HOME`, or else the first on the path.
    ///
    /// # Errors
    /// If there is none, or it is older than 17.
    pub fn find() -> Result<Self> {
        let home = std::env::var_os("JAVA_HOME").map(|home| PathBuf::from(home).join("bin/java"));
        let program = home
            .filter(|java| java.is_file())
            .unwrap_or_else(|| "java".into());
        let elsewhere = "Or use a system that runs elsewhere: docs/kafka.md, docs/hbase.md and docs/spark.md say how, and any address will do";
        let output = Command::new(&program)
            .arg("-version")
            .stdin(Stdio::null())
            .output();
        let output = output.map_err(|_| {
            LocalError::Missing(format!(
                "there is no Java on this machine.\nFix: install Java {LEAST} or later \
                 (Debian and Ubuntu: `apt install openjdk-17-jre-headless`), or set JAVA_HOME.\n{elsewhere}"
            ))
        })?;
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        match version(&said) {
            Some(version) if version < LEAST => Err(LocalError::Missing(format!(
                "{} is Java {version}, and {LEAST} or later is needed.\nFix: set JAVA_HOME to a newer one.\n{elsewhere}",
                program.display()
            ))),
            _ => Ok(Self { program }),
        }
    }
}

impl Java {
    /// Compiles classes that are not compiled yet, each a name and its source, into `classes` in a
    /// system's folder, and returns that.
    ///
    /// # Errors
    /// If this Java has no compiler, the compiler refuses, or the disk does.
    pub fn compile_all(
        &self,
        home: &Path,
        sources: &[(&str, &str)],
        jars: &Path,
        say: &dyn Fn(&str),
    ) -> Result<PathBuf> {
        let classes = home.join("classes");
        fs::create_dir_all(&classes).map_err(io_at("make", &classes))?;
        for (class, text) in sources {
            // The source beside the class says that it was compiled.
            let source = classes.join(format!("{class}.java"));
            if fs::read_to_string(&source).is_ok_and(|had| had == *text) {
                continue;
            }
            say(&format!("compiling the class {class}"));
            let draft = home.join(format!("{class}.java"));
            fs::write(&draft, text).map_err(io_at("write", &draft))?;
            self.compile(&draft, jars, &classes)?;
            fs::rename(&draft, &source).map_err(io_at("name", &source))?;
        }
        Ok(classes)
    }

    /// Compiles a source file, which has one class, into a folder.
    ///
    /// # Errors
    /// If this Java has no compiler, or the compiler refuses.
    pub fn compile(&self, source: &Path, jars: &Path, into: &Path) -> Result<()> {
        let compiler = self.program.with_file_name("javac");
        let output = Command::new(&compiler)
            .arg("-cp")
            .arg(jars.join("*"))
            .arg("-d")
            .args([into, source])
            .stdin(Stdio::null())
            .output()
            .map_err(|_| {
                LocalError::Missing(format!(
                    "there is no Java compiler on this machine ({} does not start).\nFix: install a JDK \
                     (Debian and Ubuntu: `apt install openjdk-17-jdk-headless`), or set JAVA_HOME to one",
                    compiler.display()
                ))
            })?;
        if output.status.success() {
            return Ok(());
        }
        Err(LocalError::Failed {
            program: format!("javac {}", source.display()),
            said: last_lines(&String::from_utf8_lossy(&output.stderr), 5),
        })
    }
}

/// The major version in what `java -version` says: `openjdk version "17.0.15" 2025-04-15`.
fn version(said: &str) -> Option<u32> {
    let quoted = said.split('"').nth(1)?;
    let mut numbers = quoted.split(['.', '-', '+']);
    match numbers.next()?.parse().ok()? {
        1 => numbers.next()?.parse().ok(), // 1.8 is Java 8
        major => Some(major),
    }
}

/// Copies the jars that `pom` names into the folder `lib` of `home`, unless those of this pom are
/// there. The first time it needs the network, and takes some seconds to minutes.
///
/// # Errors
/// If Maven is not there, or cannot fetch them.
pub fn fetch_jars(home: &Path, pom: &str) -> Result<PathBuf> {
    let (lib, mark) = (home.join("lib"), home.join("lib/pom.xml"));
    if fs::read_to_string(&mark).is_ok_and(|had| had == pom) {
        return Ok(lib);
    }
    // Fetched beside, so that `lib` is complete or not there.
    let draft = home.join("lib.new");
    let _ = fs::remove_dir_all(&draft);
    fs::create_dir_all(&draft).map_err(io_at("make", &draft))?;
    let copy = draft.join("pom.xml");
    fs::write(&copy, pom).map_err(io_at("write", &copy))?;
    let output = Command::new("mvn")
        .args([
            "--quiet",
            "--batch-mode",
            "dependency:copy-dependencies",
            "-DoutputDirectory=.",
        ])
        .current_dir(&draft)
        .stdin(Stdio::null())
        .output()
        .map_err(|_| {
            LocalError::Missing(
                "there is no Maven on this machine, which fetches the jars.\nFix: install it \
                 (Debian and Ubuntu: `apt install maven`)"
                    .to_owned(),
            )
        })?;
    if !output.status.success() {
        let said = [output.stdout, output.stderr].concat();
        return Err(LocalError::Failed {
            program: "mvn dependency:copy-dependencies".to_owned(),
            said: format!(
                "{}\nIs there a network?",
                last_lines(&String::from_utf8_lossy(&said), 5)
            ),
        });
    }
    let _ = fs::remove_dir_all(&lib);
    fs::rename(&draft, &lib).map_err(io_at("name", &lib))?;
    Ok(lib)
}

/// Returns the last lines of a text.
pub fn last_lines(text: &str, most: usize) -> String {
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(most)..].join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_of_java_is_its_major_number() {
        assert_eq!(version("openjdk version \"17.0.15\" 2025-04-15"), Some(17));
        assert_eq!(version("java version \"1.8.0_292\""), Some(8));
        assert_eq!(version("openjdk version \"25-ea\" 2025-09-16"), Some(25));
        assert_eq!(version("no java"), None);
    }
}
