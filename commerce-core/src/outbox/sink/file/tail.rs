//! What the end of a file of events tells after a bad day: which bytes are torn and may go, and which are holes
//! that stay and are told. Pure, so that every image of a power cut can be tried.
//!
//! A power cut can only damage what was not synced, which is one portion at most (see the module above), and it
//! leaves each sector of that as written or as zeros. So:
//!
//! - *Torn* is the end of the file behind the last whole line, where it is a line of ours that breaks off, or
//!   where zeros fill whole sectors and what stands between them can be a part of our lines. Nobody was told that
//!   this was delivered, for it is no event; it is cut.
//! - A *hole* is anything else between whole lines of ours. A power cut leaves nothing behind it that was
//!   acknowledged, but a disk that fails may, and the file does not tell which it was. Cutting the whole lines
//!   behind it could lose delivered events, and keeping them costs no more than events that come twice, so they
//!   are kept, and the hole is told.
//! - Everything else is somebody else's: lines of text stay, and a file that ends with anything but whole lines
//!   is not written to.

use std::ops::Range;

/// Every line of ours begins so.
const BEGIN: &[u8] = br#"{"specversion":"1.0","id":""#;

/// What a disk writes as a whole.
const SECTOR: u64 = 512;

/// The most that can be torn: a portion, or one order with as many lines and names as long as there can be.
pub(super) const LONGEST: usize = 4 << 20;

/// What the end of a file is.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Tail {
    /// How much of it stays.
    pub(super) keep: usize,
    /// Where there is something else than events, between or behind events of ours.
    pub(super) holes: Vec<Range<usize>>,
}

/// What a line is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Line {
    /// An event.
    Whole,
    /// Somebody else's, whole.
    Foreign,
    /// A part of events of ours, as a power cut or the death of a process leaves it.
    Torn,
    /// Nothing that anybody writes into a file of lines.
    Broken,
}

/// Judges the end of a file, from the beginning of a line at an offset. Nothing when it must not be written to.
pub(super) fn judge(text: &[u8], at: u64) -> Option<Tail> {
    let (mut ours, mut holes) = (false, Vec::new());
    // Since the last event: where something else begins, and where something begins that nobody can have meant.
    let (mut other, mut damage) = (None, None);
    let mut torn = None;
    let mut start = 0;
    for line in text.split_inclusive(|&byte| byte == b'\n') {
        let found = look(line, at + start as u64);
        torn = (found == Line::Torn).then(|| torn.unwrap_or(start));
        match found {
            Line::Whole => {
                holes.extend(other.take().map(|other| other..start));
                (ours, damage) = (true, None);
            }
            // Whoever writes lines of his own before ours is free to.
            Line::Foreign if !ours && other.is_none() => {}
            Line::Foreign => drop(other.get_or_insert(start)),
            Line::Torn | Line::Broken => {
                other.get_or_insert(start);
                damage.get_or_insert(start);
            }
        }
        start += line.len();
    }
    let keep = torn.unwrap_or(text.len());
    let damage = damage.filter(|&damage| damage < keep);
    let cut = &text[keep..];
    let evident = ours || (at == 0 && keep == 0) || cut.iter().all(|&byte| byte == 0) || has_begin(cut);
    let ends = text[..keep].last().is_none_or(|&byte| byte == b'\n');
    if !evident || !ends || (damage.is_some() && !ours) || (cut.len() > LONGEST && !cut.starts_with(BEGIN)) {
        return None;
    }
    holes.extend(damage.map(|damage| damage..keep));
    Some(Tail { keep, holes })
}

fn look(line: &[u8], at: u64) -> Line {
    let Some(text) = line.strip_suffix(b"\n") else {
        let cut_off = line.starts_with(BEGIN) || BEGIN.starts_with(line);
        return if cut_off || is_torn(line, at, true) { Line::Torn } else { Line::Broken };
    };
    let control = text.iter().any(|&byte| byte < b' ' && !matches!(byte, b'\t' | b'\r'));
    match text.starts_with(BEGIN) {
        true if !control && is_json(text) => Line::Whole,
        false if !control => Line::Foreign,
        _ if is_torn(text, at, false) => Line::Torn,
        _ => Line::Broken,
    }
}

fn is_json(text: &[u8]) -> bool {
    let read = std::str::from_utf8(text).map(serde_json::from_str::<serde::de::IgnoredAny>);
    matches!(read, Ok(Ok(_)))
}

/// Whether this is what is left of lines of ours when some sectors were not written, which read as zeros then.
fn is_torn(line: &[u8], at: u64, last: bool) -> bool {
    let text = line.iter().position(|&byte| byte == 0).unwrap_or(line.len());
    let begins = line[..text].starts_with(BEGIN) || BEGIN.starts_with(&line[..text]);
    let (mut zeros, mut place) = (false, 0);
    for run in line.chunk_by(|&one, &other| (one == 0) == (other == 0)) {
        let end = place + run.len();
        if run[0] == 0 {
            zeros = true;
            let edge = |place: usize| (at + place as u64).is_multiple_of(SECTOR);
            let from = place == 0 || edge(place);
            let to = edge(end) || (last && end == line.len());
            if !from || !to {
                return false;
            }
        } else if run.iter().any(|&byte| byte < b' ') {
            return false;
        }
        place = end;
    }
    begins && zeros
}

fn has_begin(text: &[u8]) -> bool {
    text.windows(BEGIN.len()).any(|part| part == BEGIN)
}
