//! A control group (version 2) for each program, where the system has delegated one.
//!
//! A limit on a process holds for that process alone; one on a group holds for all that
//! it starts, and counts what they really use. So it is a second wall, as namespaces are:
//! with `systemd-run --user --scope -p Delegate=yes workbook grade ...` a user has one.
use super::spec::Limits;
use serde::{Deserialize, Serialize};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// The group below which programs get theirs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Groups(PathBuf);

/// The group of one program. Dropped, all that is left in it ends.
#[derive(Debug)]
pub struct Group(PathBuf);

impl Groups {
    /// The delegated group of this process, which moves into a group of its own below it:
    /// a group that divides its means has no processes itself. `None` where nothing is
    /// delegated, or others live in the group.
    pub fn delegated() -> Option<Groups> {
        let own = fs::read_to_string("/proc/self/cgroup").ok()?;
        let mounts = ["/sys/fs/cgroup", "/sys/fs/cgroup/unified"].map(Path::new);
        mounts.iter().find_map(|mount| Self::below(mount, &own))
    }

    /// [`Groups::delegated`] by what `/proc/self/cgroup` says.
    fn below(mount: &Path, own: &str) -> Option<Groups> {
        let path = own.lines().find_map(|line| line.strip_prefix("0::/"))?;
        let group = mount.join(path);
        let controllers = fs::read_to_string(group.join("cgroup.controllers")).ok()?;
        let has = |name: &str| controllers.split_whitespace().any(|known| known == name);
        if !has("memory") || !has("pids") {
            return None;
        }
        Groups(group).divide().ok()
    }

    fn divide(self) -> io::Result<Groups> {
        let own = self.0.join("grader");
        fs::create_dir_all(&own)?;
        write(&own.join("cgroup.procs"), "0")?;
        write(&self.0.join("cgroup.subtree_control"), "+memory +pids")?;
        Ok(self)
    }

    /// Makes a group with these limits. A program enters it by its path.
    ///
    /// # Errors
    /// If the system refuses.
    pub fn make(&self, limits: &Limits) -> io::Result<Group> {
        let group = Group(
            self.0
                .join(format!("answer-{}", uuid::Uuid::new_v4().simple())),
        );
        fs::create_dir(&group.0)?;
        write(&group.0.join("memory.max"), &limits.memory.to_string())?;
        // Without swap there may be no such file.
        let _ = write(&group.0.join("memory.swap.max"), "0");
        write(&group.0.join("pids.max"), &limits.tasks.to_string())?;
        Ok(group)
    }
}

impl Group {
    /// The group's folder.
    pub fn path(&self) -> &Path {
        &self.0
    }
}

/// Moves this process into a group.
///
/// # Errors
/// If the system refuses.
pub fn enter(group: &Path) -> io::Result<()> {
    write(&group.join("cgroup.procs"), "0")
}

impl Drop for Group {
    fn drop(&mut self) {
        let _ = write(&self.0.join("cgroup.kill"), "1");
        // What was killed is there for another moment; an empty folder harms nobody.
        let _ = fs::remove_dir(&self.0);
    }
}

/// Writes to a file that is there.
fn write(file: &Path, text: &str) -> io::Result<()> {
    use io::Write;
    fs::OpenOptions::new()
        .write(true)
        .open(file)?
        .write_all(text.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder that looks like a delegated group.
    fn delegated(controllers: &str) -> tempfile::TempDir {
        let mount = tempfile::tempdir().unwrap();
        let group = mount.path().join("user.slice/run-1.scope");
        fs::create_dir_all(group.join("grader")).unwrap();
        fs::write(group.join("cgroup.controllers"), controllers).unwrap();
        fs::write(group.join("cgroup.subtree_control"), "").unwrap();
        fs::write(group.join("grader/cgroup.procs"), "").unwrap();
        mount
    }

    const OWN: &str = "4:memory:/elsewhere\n0::/user.slice/run-1.scope\n";

    #[test]
    fn a_delegated_group_is_divided() {
        let mount = delegated("cpu memory pids\n");
        let groups = Groups::below(mount.path(), OWN).expect("delegated");
        let read = |file: &str| fs::read_to_string(groups.0.join(file)).unwrap();
        assert_eq!(read("cgroup.subtree_control"), "+memory +pids");
        assert_eq!(read("grader/cgroup.procs"), "0");
    }

    #[test]
    fn without_controllers_there_are_no_groups() {
        let mount = delegated("cpu\n");
        assert_eq!(Groups::below(mount.path(), OWN), None);
        let mount = delegated("memory pids\n");
        assert_eq!(Groups::below(mount.path(), "4:memory:/\n"), None);
    }

    #[test]
    fn a_group_that_cannot_be_limited_is_refused() {
        let mount = delegated("memory pids\n");
        let groups = Groups::below(mount.path(), OWN).expect("delegated");
        // A plain folder has no `memory.max`.
        assert!(groups.make(&Limits::WORKER).is_err());
        let left = fs::read_dir(&groups.0).unwrap().flatten();
        let left = left.filter(|entry| entry.file_name().to_string_lossy().starts_with("answer-"));
        assert_eq!(left.count(), 0, "and leaves nothing behind");
    }
}
