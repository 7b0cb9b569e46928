//! The end of a file of events after a power cut: which bytes are torn and are cut, and which are holes that are kept and
//! reported. Pure, so that every image of a power cut can be tested.
//!
//! A power cut can only damage what was not synced, which is at most one portion (see the parent module), and leaves each
//! of its sectors as written or as zeros. So:
//!
//! - *Torn* is the end of the file behind the last whole line, if it is an incomplete line of an event, or if zeros fill
//!   whole sectors and the bytes between them can be parts of such lines. It holds no acknowledged event, and is cut.
//! - A *hole* is anything else between whole lines of events. A power cut leaves no acknowledged event behind a hole, but
//!   a failing disk can, and the file does not show which it was. Cutting the lines behind it could lose delivered events,
//!   and keeping them only repeats events. So they are kept, and the hole is reported.
//! - Everything else was written by another program: lines of text are kept, and a file that does not end with a whole
//!   line is not written to.

use std::ops::Range;

/// The beginning of every line of an event.
const BEGIN: &[u8] = br#"{"specversion":"1.0","id":""#;

/// The size in bytes that a disk writes as a whole.
const SECTOR: u64 = 512;

/// The most bytes that can be torn: a portion, or one order with the most lines and the longest names.
pub(super) const LONGEST: usize = 4 << 20;

/// The analysis of the end of a file.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Tail {
    /// The length to keep.
    pub(super) keep: usize,
    /// The holes: ranges that are not events, between or behind events.
    pub(super) holes: Vec<Range<usize>>,
}

/// The kind of a line.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Line {
    /// An event.
    Whole,
    /// A whole line of another program.
    Foreign,
    /// A part of an event, as a power cut or the death of a process leaves it.
    Torn,
    /// Bytes that no program writes into a file of lines.
    Broken,
}

/// Analyses the end of a file, from the beginning of a line at an offset. None when the file must not be written to.
pub(super) fn analyse(text: &[u8], at: u64) -> Option<Tail> {
    let (mut ours, mut holes) = (false, Vec::new());
    // Since the last event: where other lines begin, and where invalid bytes begin.
    let (mut other, mut damage) = (None, None);
    let mut torn = None;
    let mut start = 0;
    for line in text.split_inclusive(|&byte| byte == b'\n') {
        let found = classify(line, at + start as u64);
        torn = (found == Line::Torn).then(|| torn.unwrap_or(start));
        match found {
            Line::Whole => {
                holes.extend(other.take().map(|other| other..start));
                (ours, damage) = (true, None);
            }
            // Lines of another program before the first event are allowed.
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

fn classify(line: &[u8], at: u64) -> Line {
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

/// Whether these bytes can be parts of events of which some sectors were not written and read as zeros.
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
