//! The steps in which a version is written and published, as a test of crashes names them.
use crate::faults::Step;

/// A step of a version on its way, in order. All but the last one are announced to the
/// [`Faults`](crate::faults::Faults) after their effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum VersionStep {
    /// Takes the lock and removes what crashed writers left.
    Lock,
    /// Creates the hidden folder of the version, with its empty files.
    CreateFolder,
    /// Appends the rows of one URL to their shard.
    WriteUrl,
    /// Completes the files of one shard and flushes them.
    WriteShard,
    /// Writes and flushes the header: the version is complete, but hidden.
    WriteHeader,
    /// Gives the folder its name, to which no link leads yet.
    Rename,
    /// Writes the next `current` link beside the old one.
    WriteCurrent,
    /// Replaces `current` atomically: the version is served.
    ReplaceCurrent,
    /// Removes the versions beyond those to keep.
    Prune,
    /// Writes bytes to any file; announced before its effect.
    WriteBytes,
}

impl VersionStep {
    pub const ALL: [Self; 10] = [
        Self::Lock,
        Self::CreateFolder,
        Self::WriteUrl,
        Self::WriteShard,
        Self::WriteHeader,
        Self::Rename,
        Self::WriteCurrent,
        Self::ReplaceCurrent,
        Self::Prune,
        Self::WriteBytes,
    ];
}

impl Step for VersionStep {
    fn name(&self) -> String {
        let name = match self {
            Self::Lock => "the lock",
            Self::CreateFolder => "the creation of the folder",
            Self::WriteUrl => "the rows of a URL",
            Self::WriteShard => "the files of a shard",
            Self::WriteHeader => "the header",
            Self::Rename => "the renaming of the version",
            Self::WriteCurrent => "the next link to the version",
            Self::ReplaceCurrent => "the replacement of `current`",
            Self::Prune => "the removal of old versions",
            Self::WriteBytes => "a write to a file",
        };
        name.to_owned()
    }
}
