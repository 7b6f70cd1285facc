//! System calls that a confined program keeps.
//!
//! A worker has a list of what it may call, and anything else is refused as "not
//! permitted"; what no answer could ever call ends it at once. A compiler keeps
//! everything but that.
use super::spec::Kind;
use anyhow::{Context, Result};
use libc::c_long;
use seccompiler::{
    SeccompAction,
    SeccompCmpArgLen::{Dword, Qword},
    SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule, TargetArch, apply_filter,
};
use std::collections::BTreeMap;

/// Who calls one of these is not computing.
const HOSTILE: &[c_long] = &[
    libc::SYS_socket,
    libc::SYS_connect,
    libc::SYS_bind,
    libc::SYS_listen,
    libc::SYS_accept,
    libc::SYS_accept4,
    libc::SYS_ptrace,
    libc::SYS_process_vm_readv,
    libc::SYS_process_vm_writev,
    libc::SYS_mount,
    libc::SYS_umount2,
    libc::SYS_pivot_root,
    libc::SYS_chroot,
    libc::SYS_unshare,
    libc::SYS_setns,
    libc::SYS_bpf,
    libc::SYS_perf_event_open,
    libc::SYS_userfaultfd,
    libc::SYS_io_uring_setup,
    libc::SYS_io_uring_enter,
    libc::SYS_io_uring_register,
    libc::SYS_keyctl,
    libc::SYS_add_key,
    libc::SYS_request_key,
    libc::SYS_init_module,
    libc::SYS_finit_module,
    libc::SYS_delete_module,
    libc::SYS_kexec_load,
    libc::SYS_reboot,
    libc::SYS_swapon,
    libc::SYS_swapoff,
    libc::SYS_open_by_handle_at,
    libc::SYS_fanotify_init,
    libc::SYS_quotactl,
    libc::SYS_acct,
    libc::SYS_settimeofday,
    libc::SYS_clock_settime,
    libc::SYS_sethostname,
    libc::SYS_move_mount,
    libc::SYS_fsopen,
    libc::SYS_open_tree,
    libc::SYS_mount_setattr,
    libc::SYS_pidfd_getfd,
    libc::SYS_pidfd_send_signal,
    libc::SYS_rt_sigqueueinfo,
    libc::SYS_kcmp,
    libc::SYS_personality,
];

/// A worker starts nothing and signals nobody.
const HOSTILE_IN_A_WORKER: &[c_long] = &[
    libc::SYS_kill,
    // LLD ends itself so, and the message says which limit ended it.
    libc::SYS_rt_tgsigqueueinfo,
    libc::SYS_execveat,
    libc::SYS_memfd_create,
    libc::SYS_shmget,
    libc::SYS_msgget,
    libc::SYS_mq_open,
    libc::SYS_inotify_init1,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_fork,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_vfork,
];

/// What computing takes: memory, threads, clocks, and reading what landlock lets
/// it read.
const COMPUTING: &[c_long] = &[
    libc::SYS_read,
    libc::SYS_readv,
    libc::SYS_pread64,
    libc::SYS_write,
    libc::SYS_writev,
    libc::SYS_close,
    libc::SYS_lseek,
    libc::SYS_fstat,
    libc::SYS_newfstatat,
    libc::SYS_statx,
    libc::SYS_openat,
    libc::SYS_faccessat,
    libc::SYS_faccessat2,
    libc::SYS_readlinkat,
    libc::SYS_getcwd,
    libc::SYS_getdents64,
    libc::SYS_dup,
    libc::SYS_fcntl,
    libc::SYS_ppoll,
    libc::SYS_mmap,
    libc::SYS_mprotect,
    libc::SYS_munmap,
    libc::SYS_mremap,
    libc::SYS_madvise,
    libc::SYS_brk,
    libc::SYS_rt_sigaction,
    libc::SYS_rt_sigprocmask,
    libc::SYS_rt_sigreturn,
    libc::SYS_sigaltstack,
    libc::SYS_futex,
    libc::SYS_sched_yield,
    libc::SYS_sched_getaffinity,
    libc::SYS_getrandom,
    libc::SYS_clock_gettime,
    libc::SYS_clock_getres,
    libc::SYS_clock_nanosleep,
    libc::SYS_nanosleep,
    libc::SYS_gettimeofday,
    libc::SYS_getpid,
    libc::SYS_gettid,
    libc::SYS_getuid,
    libc::SYS_geteuid,
    libc::SYS_getgid,
    libc::SYS_getegid,
    libc::SYS_exit,
    libc::SYS_exit_group,
    libc::SYS_clone3,
    libc::SYS_set_robust_list,
    libc::SYS_get_robust_list,
    libc::SYS_set_tid_address,
    libc::SYS_rseq,
    libc::SYS_membarrier,
    libc::SYS_restart_syscall,
    libc::SYS_uname,
    libc::SYS_sysinfo,
    libc::SYS_getrusage,
    libc::SYS_getcpu,
    libc::SYS_execve,
    // polars' threads wake each other so.
    libc::SYS_recvfrom,
    libc::SYS_sendto,
    libc::SYS_epoll_create1,
    libc::SYS_epoll_ctl,
    libc::SYS_epoll_pwait,
    libc::SYS_eventfd2,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_epoll_wait,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_arch_prctl,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_open,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_stat,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_lstat,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_access,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_readlink,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_poll,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_getrlimit,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_time,
];

type Rules = BTreeMap<c_long, Vec<SeccompRule>>;

/// Takes system calls away from this process and all that it becomes or starts.
pub fn apply(kind: Kind) -> Result<()> {
    let thread = libc::CLONE_THREAD as u64;
    let mut hostile = any(HOSTILE);
    if kind == Kind::Worker {
        hostile.extend(any(HOSTILE_IN_A_WORKER));
        // A thread is made, not a process.
        hostile.insert(
            libc::SYS_clone,
            vec![when(0, SeccompCmpOp::MaskedEq(thread), 0)?],
        );
    } else {
        // It ends with its group.
        hostile.extend(any(&[libc::SYS_setsid, libc::SYS_setpgid]));
    }
    install(hostile, SeccompAction::Allow, SeccompAction::KillProcess)?;
    if kind == Kind::Compiler {
        return Ok(());
    }
    // Its flags stand in memory, where no filter looks: libc falls back to `clone`.
    let enosys = SeccompAction::Errno(libc::ENOSYS as u32);
    install(any(&[libc::SYS_clone3]), SeccompAction::Allow, enosys)?;
    let mut computing = any(COMPUTING);
    computing.insert(
        libc::SYS_clone,
        vec![when(0, SeccompCmpOp::MaskedEq(thread), thread)?],
    );
    // An abort signals its own process.
    let me = u64::from(std::process::id());
    computing.insert(libc::SYS_tgkill, vec![when(0, SeccompCmpOp::Eq, me)?]);
    computing.insert(libc::SYS_prctl, vec![word(0, libc::PR_SET_NAME as u64)?]);
    // A pair of sockets leads from the process to itself, and there is no other kind.
    computing.insert(libc::SYS_socketpair, vec![word(0, libc::AF_UNIX as u64)?]);
    // Reading a limit, not setting one.
    computing.insert(libc::SYS_prlimit64, vec![when(2, SeccompCmpOp::Eq, 0)?]);
    let eperm = SeccompAction::Errno(libc::EPERM as u32);
    install(computing, eperm, SeccompAction::Allow)
}

fn any(calls: &[c_long]) -> Rules {
    calls.iter().map(|call| (*call, Vec::new())).collect()
}

fn when(argument: u8, how: SeccompCmpOp, value: u64) -> Result<SeccompRule> {
    let condition = SeccompCondition::new(argument, Qword, how, value)?;
    Ok(SeccompRule::new(vec![condition])?)
}

fn word(argument: u8, value: u64) -> Result<SeccompRule> {
    let condition = SeccompCondition::new(argument, Dword, SeccompCmpOp::Eq, value)?;
    Ok(SeccompRule::new(vec![condition])?)
}

fn install(rules: Rules, others: SeccompAction, these: SeccompAction) -> Result<()> {
    let arch: TargetArch = std::env::consts::ARCH
        .try_into()
        .context("no system call filter for this processor")?;
    let filter = SeccompFilter::new(rules, others, these, arch)?;
    let program: seccompiler::BpfProgram = filter.try_into()?;
    apply_filter(&program).context("seccomp is not available")
}
