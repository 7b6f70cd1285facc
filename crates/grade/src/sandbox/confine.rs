//! `workbook confine`: takes its own rights away, then becomes another program.
//!
//! A process of its own does this, before it has any thread, rather than the
//! grader between `fork` and `exec`, where hardly anything may be called.
use super::filter;
use super::group;
use super::spec::{Kind, Limits, Spec};
use anyhow::{Context, Result, bail};
use lambda_workbook::exercises::worker::FILES;
use landlock::{
    ABI, Access, AccessFs, AccessNet, CompatLevel, Compatible, Ruleset, RulesetAttr,
    RulesetCreatedAttr, RulesetStatus, Scope, path_beneath_rules,
};
use std::convert::Infallible;
use std::fs::File;
use std::io;
use std::os::fd::IntoRawFd;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

/// What a confined program's standard error starts with: before it, the words are
/// this process's, and the program has not run.
pub const CONFINED: &str = "\0confined\n";

/// Becomes the program; returns only if that is not possible.
pub fn confine(spec: &str) -> Result<Infallible> {
    let spec: Spec = serde_json::from_str(spec).context("no description of a program")?;
    let mut command = Command::new(&spec.program);
    command.args(&spec.args).env_clear();
    command.envs(spec.env.iter().map(|(name, value)| (name, value)));
    std::env::set_current_dir(&spec.folder).context("cannot enter the program's folder")?;
    if !spec.program.is_file() {
        bail!("there is no program {}", spec.program.display());
    }
    // When the grader ends, so does this.
    // SAFETY: a system call without memory arguments.
    unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL) };
    if let Some(group) = &spec.group {
        group::enter(group).context("cannot enter the control group")?;
    }
    files(spec.kind)?;
    let mut own_users = false;
    if spec.sandboxed {
        own_users = namespaces();
        capabilities()?;
        landlock(&spec)?;
    }
    limits(&spec.limits, own_users)?;
    if spec.sandboxed {
        filter::apply(spec.kind)?;
    }
    say(CONFINED.as_bytes());
    Err(command.exec()).context("cannot start the program")
}

fn say(bytes: &[u8]) {
    // SAFETY: the pointer and the length are a slice's.
    unsafe { libc::write(2, bytes.as_ptr().cast(), bytes.len()) };
}

fn done(result: libc::c_int, what: &'static str) -> Result<()> {
    match result {
        -1 => Err(io::Error::last_os_error()).context(what),
        _ => Ok(()),
    }
}

/// Moves questions and answers away from the standard streams, which become empty,
/// and lets nothing else through.
fn files(kind: Kind) -> Result<()> {
    let null = File::options()
        .read(true)
        .write(true)
        .open("/dev/null")?
        .into_raw_fd();
    // SAFETY: file descriptors of this process, which has no other user of them.
    unsafe {
        if kind == Kind::Worker {
            // First out of the way: the targets may be what `null` has.
            let null = libc::fcntl(null, libc::F_DUPFD_CLOEXEC, 10);
            done(libc::dup2(0, FILES[0]), "cannot pass questions on")?;
            done(libc::dup2(1, FILES[1]), "cannot pass answers on")?;
            done(libc::dup2(null, 0), "cannot empty standard input")?;
            done(libc::dup2(null, 1), "cannot empty standard output")?;
        }
        let first = if kind == Kind::Worker {
            FILES[1] + 1
        } else {
            3
        };
        let cloexec = libc::CLOSE_RANGE_CLOEXEC as libc::c_int;
        let closed = libc::syscall(libc::SYS_close_range, first, libc::c_uint::MAX, cloexec);
        done(closed as libc::c_int, "cannot close other files")
    }
}

/// A network without interfaces, and users, hosts and queues of its own, where the
/// system lets us: a second wall, since seccomp and landlock stand without it. Says
/// whether users are its own.
fn namespaces() -> bool {
    // SAFETY: plain system calls without memory arguments.
    let (user, group) = unsafe { (libc::geteuid(), libc::getegid()) };
    let own = libc::CLONE_NEWUSER | libc::CLONE_NEWNET | libc::CLONE_NEWIPC | libc::CLONE_NEWUTS;
    // SAFETY: this process has one thread, as CLONE_NEWUSER demands.
    let fresh = unsafe { libc::unshare(own) } == 0;
    if fresh {
        let _ = std::fs::write("/proc/self/setgroups", "deny");
        let _ = std::fs::write("/proc/self/uid_map", format!("{user} {user} 1"));
        let _ = std::fs::write("/proc/self/gid_map", format!("{group} {group} 1"));
    }
    fresh
}

/// No rights beyond those of the user, and no way to new ones.
fn capabilities() -> Result<()> {
    #[repr(C)]
    struct Head(u32, i32);
    const VERSION_3: u32 = 0x2008_0522;
    let (head, none) = (Head(VERSION_3, 0), [[0u32; 3]; 2]);
    // SAFETY: the layout of capset(2): a version and a process, then two sets.
    unsafe {
        done(
            libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0),
            "cannot give up new rights",
        )?;
        let given_up = libc::syscall(libc::SYS_capset, &head, none.as_ptr());
        done(given_up as libc::c_int, "cannot give up capabilities")
    }
}

/// What the system starts a program with that has shared libraries.
const LOADERS: [&str; 4] = [
    "/lib64/ld-linux-x86-64.so.2",
    "/lib/ld-linux-aarch64.so.1",
    "/lib/ld-musl-x86_64.so.1",
    "/lib/ld-musl-aarch64.so.1",
];

fn landlock(spec: &Spec) -> Result<()> {
    // The first version holds files, and must hold; later ones add truncation,
    // devices, TCP and signals.
    let newest = ABI::V6;
    // A worker starts nothing but itself, by the system's loader; rustc starts the linker.
    let loaders = { LOADERS.iter() }.filter(|path| Path::new(path).exists());
    let loaders: Vec<&&str> = loaders.collect();
    let read = match spec.kind {
        Kind::Worker if !loaders.is_empty() => AccessFs::ReadFile | AccessFs::ReadDir,
        _ => AccessFs::from_read(newest),
    };
    let ruleset = Ruleset::default()
        .set_compatibility(CompatLevel::HardRequirement)
        .handle_access(AccessFs::from_all(ABI::V1))
        .context("landlock is not available")?
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(AccessFs::from_all(newest))?
        .handle_access(AccessNet::from_all(newest))?
        .scope(Scope::from_all(newest))?
        .create()?
        .add_rules(path_beneath_rules(&spec.read, read))?
        .add_rules(path_beneath_rules(loaders, AccessFs::from_read(newest)))?
        .add_rules(path_beneath_rules(
            [&spec.program],
            AccessFs::from_read(newest),
        ))?
        .add_rules(path_beneath_rules(&spec.write, AccessFs::from_all(newest)))?;
    match ruleset.restrict_self()?.ruleset {
        RulesetStatus::NotEnforced => bail!("landlock is not available"),
        _ => Ok(()),
    }
}

fn limits(limits: &Limits, own_users: bool) -> Result<()> {
    let all = [
        (libc::RLIMIT_CPU, limits.cpu_secs),
        (libc::RLIMIT_AS, limits.memory),
        (libc::RLIMIT_FSIZE, limits.file_size),
        (libc::RLIMIT_NOFILE, limits.open_files),
        // Elsewhere it would count all that the user runs.
        (
            libc::RLIMIT_NPROC,
            if own_users { limits.tasks } else { u64::MAX },
        ),
        (libc::RLIMIT_CORE, 0),
        (libc::RLIMIT_MEMLOCK, 0),
        (libc::RLIMIT_MSGQUEUE, 0),
    ];
    for (limit, value) in all {
        // One that is lower already stays.
        let mut now = libc::rlimit {
            rlim_cur: 0,
            rlim_max: 0,
        };
        // SAFETY: both calls get a limit of this stack.
        unsafe {
            done(libc::getrlimit(limit, &mut now), "cannot read a limit")?;
            let value = value.min(now.rlim_max);
            // First the signal that says so, and then the end.
            let grace = u64::from(limit == libc::RLIMIT_CPU);
            let set = libc::rlimit {
                rlim_cur: value,
                rlim_max: (value + grace).min(now.rlim_max),
            };
            done(libc::setrlimit(limit, &set), "cannot set a limit")?;
        }
    }
    Ok(())
}
