//! Cuts the power at many points of a recording, and counts the lost operations.

use std::ops::Range;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::disk::{Content, Disk, Model};
use super::random::Random;
use super::stage::{Recording, Said, put};
use crate::shim::Call;

/// The images of the whole suite. For more: `COMMERCE_TEST_IMAGES=20000 cargo test -p commerce-cli power`.
const IMAGES: usize = 2_000;

/// A broken promise.
#[derive(Debug)]
pub struct Lost {
    /// The number of missing acknowledged operations, or 0 if the store is unsound in another way.
    pub operations: usize,
    pub told: String,
}

/// Opens an image and checks it against the answers before the cut.
pub type Check<'a> = &'a dyn Fn(&Image, &[Said]) -> Result<(), Lost>;

/// A folder after a power cut.
pub struct Image {
    pub folder: TempDir,
}

/// The images of one scenario.
pub struct Tally {
    name: &'static str,
    made: usize,
    left: usize,
    /// The number of opened images: all of them, unless the environment selects one.
    images: usize,
    lost_images: usize,
    lost_operations: usize,
    /// The first unsound images: the message, the path to keep the image at, and its content.
    first: Vec<(String, PathBuf, Content)>,
}

/// A point at which the power is cut.
struct Cut {
    model: Model,
    at: usize,
    number: usize,
}

impl Image {
    pub fn new(content: &Content) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("shop")).unwrap();
        put(&folder.path().join("shop"), content);
        Self { folder }
    }

    pub fn path(&self) -> PathBuf {
        self.folder.path().canonicalize().unwrap().join("shop")
    }
}

impl Tally {
    /// A scenario that has a share of the 2,000 images.
    pub fn new(name: &'static str, share: usize) -> Self {
        let all = std::env::var("COMMERCE_TEST_IMAGES");
        let all = all.map_or(IMAGES, |text| text.parse().expect("COMMERCE_TEST_IMAGES: a number of images"));
        Self::exactly(name, (share * all).div_ceil(IMAGES))
    }

    /// A scenario with exactly `left` images.
    pub fn exactly(name: &'static str, left: usize) -> Self {
        Self { name, made: 0, left, images: 0, lost_images: 0, lost_operations: 0, first: Vec::new() }
    }

    /// The number of images that are left to make.
    pub fn left(&self) -> usize {
        self.left
    }

    /// Cuts the power at `images` points in a range of a recording's log. A third of the points are right after an answer,
    /// when the least may be missing, and a third right before a sync, when the most may be missing.
    pub fn cut(&mut self, recording: &Recording, range: Range<usize>, images: usize, check: Check<'_>) {
        let (said, range) = (recording.said(), range.start..range.end.min(recording.entries.len()));
        let answers: Vec<usize> =
            said.iter().map(|said| said.at + 1).filter(|at| (range.start..=range.end).contains(at)).collect();
        let is_sync =
            |at: &usize| matches!(recording.entries[*at].call, Call::Sync { .. } | Call::SyncFolder);
        let syncs: Vec<usize> = range.clone().filter(is_sync).collect();
        let mut cuts: Vec<(Cut, Random)> = Vec::new();
        for _ in 0..images.min(self.left) {
            let number = self.made;
            let mut random = Random::new(self.name, number);
            let model = [Model::Strict, Model::Journal][random.below(2)];
            let at = match random.below(3) {
                0 if !answers.is_empty() => answers[random.below(answers.len())],
                1 if !syncs.is_empty() => syncs[random.below(syncs.len())],
                _ => range.start + random.below(range.len() + 1),
            };
            if only(self.name).is_none_or(|only| number == only) {
                cuts.push((Cut { model, at, number }, random));
            }
            self.made += 1;
            self.left -= 1;
        }
        cuts.sort_by_key(|(cut, _)| (cut.model, cut.at));
        let mut disk: Option<(Disk<'_>, usize)> = None;
        for (cut, mut random) in cuts {
            let (disk, done) = match &mut disk {
                Some(disk) if disk.0.model == cut.model => disk,
                other => other.insert((Disk::new(cut.model, &recording.before, &recording.inodes), 0)),
            };
            recording.entries[*done..cut.at].iter().for_each(|entry| disk.step(&entry.call));
            *done = cut.at;
            let content = disk.cut(&mut random);
            self.images += 1;
            let said = &said[..said.partition_point(|said| said.at < cut.at)];
            if let Err(lost) = check(&Image::new(&content), said) {
                self.lost(&cut, recording, content, &lost);
            }
        }
    }

    fn lost(&mut self, cut: &Cut, recording: &Recording, content: Content, lost: &Lost) {
        self.lost_images += 1;
        self.lost_operations += lost.operations;
        if self.first.len() >= 3 {
            return;
        }
        let kept = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("power-{}-{}", self.name, cut.number));
        let around = &recording.entries[cut.at.saturating_sub(12)..cut.at];
        let steps: Vec<String> = around.iter().map(|entry| format!("    {entry}")).collect();
        let told = format!(
            "image {number} ({model:?} names, cut after {at} of {all} calls): {told}\n  the last calls:\n{steps}\n  \
             the image as it was before it was opened: {kept}\n  again: COMMERCE_TEST_IMAGE={name}:{number} \
             cargo test -p commerce-cli power",
            number = cut.number,
            model = cut.model,
            at = cut.at,
            all = recording.entries.len(),
            told = lost.told,
            steps = steps.join("\n"),
            kept = kept.display(),
            name = self.name,
        );
        self.first.push((told, kept, content));
    }

    /// Fails if anything was lost.
    pub fn end(self) {
        self.tell();
        let Self { name, images, lost_images, lost_operations, first, .. } = self;
        for (_, kept, content) in &first {
            std::fs::create_dir_all(kept).unwrap();
            put(kept, content);
        }
        let first: Vec<String> = first.into_iter().map(|(told, ..)| told).collect();
        assert!(
            first.is_empty(),
            "{name}: {lost_images} of {images} images are unsound, {lost_operations} acknowledged operations \
             lost\n{}",
            first.join("\n")
        );
    }

    /// Fails unless much was lost.
    pub fn end_expecting_losses(self) {
        self.tell();
        assert!(self.lost_images * 4 >= self.images, "only {} of {} show it", self.lost_images, self.images);
    }

    fn tell(&self) {
        let Self { name, images, lost_images, lost_operations, .. } = self;
        println!(
            "{name}: {images} images, {lost_images} unsound, {lost_operations} acknowledged operations lost"
        );
    }
}

/// The image of a scenario that `COMMERCE_TEST_IMAGE=scenario:number` selects, if it is set.
fn only(scenario: &str) -> Option<usize> {
    let named = std::env::var("COMMERCE_TEST_IMAGE").ok()?;
    let (name, number) = named.split_once(':').expect("COMMERCE_TEST_IMAGE: scenario:number");
    // Other scenarios then make no images.
    Some(if name == scenario {
        number.parse().expect("COMMERCE_TEST_IMAGE: scenario:number")
    } else {
        usize::MAX
    })
}
