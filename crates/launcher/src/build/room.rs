//! What compiling needs of the machine, looked at before it starts: memory and disk.
use crate::free_space::free_mb;
use crate::project::Project;
use std::path::Path;

/// Megabytes that one rustc takes at most: linking the kernel takes most.
pub const LARGEST_RUSTC_MB: u64 = 1_900;
/// Megabytes that a further rustc beside it takes at most.
const BESIDE_MB: u64 = 1_400;
/// Megabytes that cargo's output folder takes after a whole build.
pub const TARGET_MB: u64 = 3_600;
/// Megabytes that the lesson's data set takes.
pub const LESSON_MB: u64 = 300;

/// How many rustc may run at once, and what the reader should know about it.
#[derive(Debug, PartialEq, Eq)]
pub struct Jobs {
    /// `None`: as many as cargo likes.
    pub limit: Option<u64>,
    pub notice: Option<String>,
}

/// Chooses the number of compilers for `available` MB of memory and `cores`.
pub fn jobs(available: Option<u64>, cores: u64) -> Jobs {
    let Some(available) = available else {
        return Jobs {
            limit: None,
            notice: None,
        };
    };
    let beside = available.saturating_sub(LARGEST_RUSTC_MB) / BESIDE_MB;
    let limit = (1 + beside < cores).then_some(1 + beside);
    let notice = if available < LARGEST_RUSTC_MB {
        Some(format!(
            "{available} MB of memory are free, and compiling the kernel needs {LARGEST_RUSTC_MB} MB: close other programs or add swap space, or the system may end the compiler"
        ))
    } else {
        limit.map(|limit| {
            format!(
                "{available} MB of memory are free, so only {limit} crates are compiled at once"
            )
        })
    };
    Jobs { limit, notice }
}

/// Megabytes of memory and swap that programs may still take: what the system has
/// free, and no more than the control group of this process allows.
pub fn available_mb() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/meminfo").ok()?;
    let kb = |name: &str| -> Option<u64> {
        let line = text.lines().find_map(|line| line.strip_prefix(name))?;
        line.trim_start_matches(':')
            .split_whitespace()
            .next()?
            .parse()
            .ok()
    };
    let system = (kb("MemAvailable")? + kb("SwapFree").unwrap_or(0)) / 1000;
    Some(system.min(group_mb().unwrap_or(u64::MAX)))
}

/// What the memory limit of this process's control group leaves (version 2, then 1).
fn group_mb() -> Option<u64> {
    let read =
        |path: &Path| -> Option<u64> { std::fs::read_to_string(path).ok()?.trim().parse().ok() };
    let text = std::fs::read_to_string("/proc/self/cgroup").ok()?;
    let root = Path::new("/sys/fs/cgroup");
    let mut least = None;
    for line in text.lines() {
        let mut fields = line.splitn(3, ':').skip(1);
        let (controllers, path) = (fields.next()?, fields.next()?);
        let (base, limit, used) = match controllers {
            "" => (root.to_path_buf(), "memory.max", "memory.current"),
            "memory" => (
                root.join("memory"),
                "memory.limit_in_bytes",
                "memory.usage_in_bytes",
            ),
            _ => continue,
        };
        // A limit may be set on any group above this one, too.
        for folder in Path::new(path).ancestors() {
            let folder = base.join(folder.strip_prefix("/").unwrap_or(folder));
            if let (Some(limit), Some(used)) = (read(&folder.join(limit)), read(&folder.join(used)))
            {
                let stat = std::fs::read_to_string(folder.join("memory.stat"));
                let cached = stat.ok().and_then(|stat| cached(&stat));
                let used = used.saturating_sub(cached.unwrap_or(0));
                let free = limit.saturating_sub(used) / 1_000_000;
                least = Some(least.map_or(free, |least: u64| least.min(free)));
            }
        }
    }
    least
}

/// Bytes of files that a control group holds in memory and that the system takes back
/// when a program needs the room, from its `memory.stat`: they count as used.
fn cached(stat: &str) -> Option<u64> {
    let field = |name: &str| stat.lines().find_map(|line| line.strip_prefix(name));
    // Version 1 has the sum over the groups below under another name.
    let bytes = field("total_inactive_file ").or_else(|| field("inactive_file "))?;
    bytes.trim().parse().ok()
}

/// What is wrong with the free disk space for a build into `target`, if anything.
pub fn too_little_disk(project: &Project, target: &Path, built: bool) -> Option<String> {
    if built {
        return None;
    }
    // The folder may not exist yet; its nearest parent lies on the same disk.
    let folder = target.ancestors().find(|folder| folder.is_dir())?;
    let needed = (TARGET_MB + LESSON_MB).saturating_sub(size_mb(target));
    let free = free_mb(folder).ok()?;
    (free < needed).then(|| {
        format!(
            "{free} MB are free in {}, and building the kernel needs {needed} MB more",
            project.name(folder)
        )
    })
}

/// Megabytes of the files below `folder`.
fn size_mb(folder: &Path) -> u64 {
    fn bytes(folder: &Path) -> u64 {
        let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
        entries
            .map(|entry| match entry.metadata() {
                Ok(meta) if meta.is_dir() => bytes(&entry.path()),
                Ok(meta) => meta.len(),
                Err(_) => 0,
            })
            .sum()
    }
    bytes(folder) / 1_000_000
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn little_memory_means_fewer_compilers_and_very_little_a_warning() {
        assert_eq!(jobs(None, 8).limit, None);
        assert_eq!(
            jobs(Some(64_000), 8),
            Jobs {
                limit: None,
                notice: None
            }
        );
        let some = jobs(Some(LARGEST_RUSTC_MB + 2 * BESIDE_MB), 8);
        assert_eq!(some.limit, Some(3));
        assert!(some.notice.unwrap().contains("only 3 crates"));
        let one = jobs(Some(LARGEST_RUSTC_MB + 100), 2);
        assert_eq!(one.limit, Some(1));
        let none = jobs(Some(1_000), 2);
        assert_eq!(none.limit, Some(1));
        assert!(none.notice.unwrap().contains("add swap space"));
    }

    #[test]
    fn files_that_are_only_held_in_memory_leave_room() {
        let version_1 = "inactive_file 1\ntotal_inactive_file 4096\nunevictable 0\n";
        assert_eq!(cached(version_1), Some(4_096));
        assert_eq!(cached("anon 5\ninactive_file 77\n"), Some(77));
        assert_eq!(cached("anon 5\n"), None);
    }

    #[test]
    fn this_machine_tells_its_memory() {
        let available = available_mb().expect("Linux tells");
        assert!((50..100_000_000).contains(&available), "{available}");
    }
}
