//! Computes what a power cut may leave of a folder, from the log of the calls that changed it.
//!
//! A system keeps writes in memory and writes them to the disk at any time, in any order; only a sync forces it. After a
//! cut, each write that was not synced is therefore present, missing, or partly present: a disk writes sectors of 512
//! bytes atomically (<https://www.sqlite.org/atomiccommit.html>). Folders hold names, and are synced separately. File
//! systems make different promises about names ("All File Systems Are Not Created Equal", Pillai et al., OSDI 2014, whose
//! tool ALICE makes images in the same way), so there are two models.

use std::collections::{BTreeMap, HashMap};

use super::random::Random;
use crate::shim::Call;

/// The bytes that a disk writes atomically.
const SECTOR: usize = 512;

/// The files of a folder by name.
pub type Content = BTreeMap<String, Vec<u8>>;

/// The promises of a file system about names and lengths.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Model {
    /// Only the promises of POSIX: a name is durable after its folder was synced, and each change is separate.
    Strict,
    /// The promises of ext4: changes of names and lengths go through a journal, in order, and any sync writes the journal
    /// up to that point. New blocks of a file may hold zeros.
    Journal,
}

/// A folder on a disk, while programs work on it.
pub struct Disk<'a> {
    pub model: Model,
    /// The durable state.
    durable: Durable,
    /// Later changes that may be lost, in order.
    pending: Vec<Change<'a>>,
    /// The inode of each name that the programs see.
    seen: BTreeMap<String, usize>,
    inodes: HashMap<u64, usize>,
}

#[derive(Clone, Default)]
struct Durable {
    files: Vec<Vec<u8>>,
    names: BTreeMap<String, usize>,
}

#[derive(Clone)]
enum Change<'a> {
    Write { file: usize, at: usize, data: &'a [u8] },
    Resize { file: usize, size: usize },
    Name { file: usize, name: &'a str },
    Rename { file: usize, from: &'a str, to: &'a str },
    Remove { name: &'a str },
}

impl<'a> Disk<'a> {
    /// A folder whose content is all durable, with the inodes of its files.
    pub fn new(model: Model, content: &Content, inodes: &BTreeMap<String, u64>) -> Self {
        let mut durable = Durable::default();
        for (name, bytes) in content {
            durable.names.insert(name.clone(), durable.files.len());
            durable.files.push(bytes.clone());
        }
        let seen = durable.names.clone();
        let inodes = inodes.iter().map(|(name, inode)| (*inode, seen[name])).collect();
        Self { model, durable, pending: Vec::new(), seen, inodes }
    }

    /// Applies a call of a program.
    pub fn step(&mut self, call: &'a Call) {
        match call {
            Call::Write { file, at, data } => {
                let at = usize::try_from(*at).unwrap();
                self.pending.push(Change::Write { file: self.inodes[file], at, data });
            }
            Call::Resize { file, size } => {
                let size = usize::try_from(*size).unwrap();
                self.pending.push(Change::Resize { file: self.inodes[file], size });
            }
            Call::Create { file: inode, name } => {
                let file = self.durable.files.len();
                self.durable.files.push(Vec::new());
                self.inodes.insert(*inode, file);
                self.seen.insert(name.clone(), file);
                self.pending.push(Change::Name { file, name });
            }
            Call::Link { from, to } => {
                let file = self.seen[from];
                self.seen.insert(to.clone(), file);
                self.pending.push(Change::Name { file, name: to });
            }
            Call::Rename { from, to } => {
                let file = self.seen.remove(from).unwrap();
                self.seen.insert(to.clone(), file);
                self.pending.push(Change::Rename { file, from, to });
            }
            Call::Remove { name } => {
                self.seen.remove(name);
                self.pending.push(Change::Remove { name });
            }
            Call::Sync { file } => {
                let file = self.inodes[file];
                let journal = self.model == Model::Journal;
                self.settle(|change| change.file() == Some(file) || (journal && change.is_of_the_journal()));
            }
            Call::SyncFolder => {
                let journal = self.model == Model::Journal;
                self.settle(|change| change.file().is_none() || (journal && change.is_of_the_journal()));
            }
            Call::Said { .. } | Call::Killed | Call::Failed => {}
        }
    }

    /// The folder as the programs see it.
    pub fn present(&self) -> Content {
        let mut present = self.durable.clone();
        self.pending.iter().for_each(|change| present.apply(change));
        present.content()
    }

    /// The folder as it may be after a power cut now.
    pub fn cut(&self, random: &mut Random) -> Content {
        // From all changes lost to all kept.
        let odds = [0, 1, 5, 9, 10][random.below(5)];
        let in_journal = self.pending.iter().filter(|change| change.is_of_the_journal()).count();
        let mut journal_left = match odds {
            0 => 0,
            10 => in_journal,
            _ => random.below(in_journal + 1),
        };
        let mut left = self.durable.clone();
        for change in &self.pending {
            let kept = if self.model == Model::Journal && change.is_of_the_journal() {
                let kept = journal_left > 0;
                journal_left -= usize::from(kept);
                kept
            } else {
                random.below(10) < odds
            };
            match change {
                Change::Write { file, at, data } if !kept => {
                    // The new length may be durable without the data.
                    let (file, end) = (&mut left.files[*file], at + data.len());
                    if file.len() < end && odds > 0 && random.below(4) == 0 {
                        file.resize(end, 0);
                    }
                }
                Change::Write { file, at, data } if odds < 10 && random.below(3) == 0 => {
                    left.tear(*file, *at, data, random);
                }
                _ if kept => left.apply(change),
                _ => {}
            }
        }
        left.content()
    }

    fn settle(&mut self, is_settled: impl Fn(&Change) -> bool) {
        let durable = &mut self.durable;
        self.pending.retain(|change| {
            let settled = is_settled(change);
            if settled {
                durable.apply(change);
            }
            !settled
        });
    }
}

impl Change<'_> {
    /// The file that this changes, unless it is the folder.
    fn file(&self) -> Option<usize> {
        match self {
            Self::Write { file, .. } | Self::Resize { file, .. } => Some(*file),
            Self::Name { .. } | Self::Rename { .. } | Self::Remove { .. } => None,
        }
    }

    fn is_of_the_journal(&self) -> bool {
        !matches!(self, Self::Write { .. })
    }
}

impl Durable {
    fn apply(&mut self, change: &Change) {
        match *change {
            Change::Write { file, at, data } => self.put(file, at, data),
            Change::Resize { file, size } => self.files[file].resize(size, 0),
            Change::Name { file, name } => {
                self.names.insert(name.into(), file);
            }
            Change::Rename { file, from, to } => {
                self.names.remove(from);
                self.names.insert(to.into(), file);
            }
            Change::Remove { name } => {
                self.names.remove(name);
            }
        }
    }

    fn put(&mut self, file: usize, at: usize, data: &[u8]) {
        let file = &mut self.files[file];
        let end = at + data.len();
        if file.len() < end {
            file.resize(end, 0);
        }
        file[at..end].copy_from_slice(data);
    }

    /// Writes some sectors of a write: the first ones, or any.
    fn tear(&mut self, file: usize, at: usize, data: &[u8], random: &mut Random) {
        let up_to = (random.below(2) == 0).then(|| at + random.below(data.len() + 1));
        let mut from = 0;
        while from < data.len() {
            let to = (SECTOR - (at + from) % SECTOR + from).min(data.len());
            if up_to.map_or_else(|| random.below(2) == 0, |end| at + to <= end) {
                self.put(file, at + from, &data[from..to]);
            }
            from = to;
        }
    }

    fn content(self) -> Content {
        self.names.into_iter().map(|(name, file)| (name, self.files[file].clone())).collect()
    }
}
