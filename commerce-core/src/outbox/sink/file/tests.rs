use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use super::*;
use crate::number::EventId;
use crate::outbox::EventKind;
use crate::time::Time;

const SECTOR: usize = 512;

fn message(event: i64) -> Message {
    long(event, 40)
}

/// An event whose line, without its end, is so long, or as long as it has to be.
fn long(event: i64, length: usize) -> Message {
    let begin = format!(r#"{{"specversion":"1.0","id":"s-{event}","data":""#);
    let room = length.saturating_sub(begin.len() + 2);
    let body = format!("{begin}{}{}\"}}", "x".repeat(room % 6), "머그".repeat(room / 6));
    let (subject, kind) = (Arc::from("orders/1"), EventKind::OrderCompleted);
    let event = EventId::try_from(event + 1).unwrap();
    Message { event, id: format!("s-{event}"), kind, subject, body, sent_at: Time::default() }
}

fn text(messages: &[Message]) -> Vec<u8> {
    messages.iter().flat_map(|message| format!("{}\n", message.body).into_bytes()).collect()
}

fn lines(path: &Path) -> Vec<String> {
    std::fs::read_to_string(path).unwrap().lines().map(Into::into).collect()
}

#[test]
fn a_torn_last_line_goes_and_a_foreign_one_stays() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("events.jsonl");
    let (first, second) = (message(1), message(2));
    for cut in 1..=second.body.len() {
        std::fs::write(&path, [text(std::slice::from_ref(&first)), second.body[..cut].into()].concat())
            .unwrap();
        FileSink::new(&path).deliver(std::slice::from_ref(&second)).unwrap();
        assert_eq!(lines(&path), [first.body.clone(), second.body.clone()]);
    }
}

#[test]
fn what_is_somebody_elses_is_not_touched() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("theirs");
    let database = {
        let made = folder.path().join("database");
        let connection = rusqlite::Connection::open(&made).unwrap();
        connection
            .execute_batch("CREATE TABLE lines (line TEXT); INSERT INTO lines VALUES ('a\nb\n')")
            .unwrap();
        drop(connection);
        std::fs::read(made).unwrap()
    };
    let archive = [&b"name\0\0\0\0"[..], &[0; 504], b"text\n", &[0; 507]].concat();
    let event = message(1).body;
    for theirs in [
        &b"notes\nof somebody else"[..],
        b"notes\n\0\0\0\0of somebody",
        b"\x7fELF\x02\x01\n",
        format!("{event}\nnotes").as_bytes(),
        &database,
        &archive,
        &vec![0; tail::LONGEST + 1],
    ] {
        std::fs::write(&path, theirs).unwrap();
        let failure = FileSink::new(&path).deliver(&[message(2)]).unwrap_err();
        assert!(failure.to_string().contains("not of this program"), "{failure}");
        assert_eq!(std::fs::read(&path).unwrap(), theirs);
    }
    // Whole lines of text are kept.
    std::fs::write(&path, "notes\n").unwrap();
    let sink = FileSink::new(&path);
    sink.deliver(&[message(1)]).unwrap();
    assert_eq!((lines(&path), sink.warnings()), (vec!["notes".into(), event], vec![]));
}

/// What a power cut leaves of a batch behind what was synced: of its sectors those written that have their bit
/// set, the others as zeros, up to where the file's length was brought to.
fn image(synced: &[u8], batch: &[u8], written: usize, length: usize) -> Vec<u8> {
    let mut image = [synced, batch].concat();
    for (place, byte) in image.iter_mut().enumerate().skip(synced.len()) {
        let sector = place / SECTOR - synced.len() / SECTOR;
        if written >> sector & 1 == 0 {
            *byte = 0;
        }
    }
    image.truncate(length);
    image
}

/// All images of a batch: every choice of sectors with every length that ends one, and a length within one.
fn images(synced: &[u8], batch: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    let (from, to) = (synced.len(), synced.len() + batch.len());
    let sectors = to.div_ceil(SECTOR) - from / SECTOR;
    let lengths: Vec<usize> = (from / SECTOR + 1..to.div_ceil(SECTOR))
        .flat_map(|sector| [sector * SECTOR, sector * SECTOR + 77])
        .filter(|&length| length < to)
        .chain([from, to])
        .collect();
    let choices =
        (0..1 << sectors).flat_map(move |written| lengths.clone().into_iter().map(move |l| (written, l)));
    let (synced, batch) = (synced.to_vec(), batch.to_vec());
    choices.map(move |(written, length)| image(&synced, &batch, written, length))
}

/// Each line of a file with where it is.
fn places(text: &[u8]) -> impl Iterator<Item = (Range<usize>, &[u8])> {
    let mut start = 0;
    text.split_inclusive(|&byte| byte == b'\n').map(move |line| {
        let place = start..start + line.len();
        start = place.end;
        (place, line)
    })
}

#[test]
fn of_every_image_of_a_power_cut_each_whole_line_stays_and_all_else_is_cut_or_told() {
    let mut tried = 0;
    // Where the batch begins: at, before and behind the edge of a sector, in a new file, and far behind.
    for begin in [0, 100, 300, 511, 512, 513, 1_000, 1_024] {
        let synced = match begin {
            0 => Vec::new(),
            _ => text(&[long(1, begin - 1)]),
        };
        assert_eq!(synced.len(), begin);
        // One line ends where a sector does, one is longer than two sectors, one begins just before an edge.
        let to_edge = 2 * SECTOR - begin % SECTOR - 1;
        let batch = [long(2, to_edge - 101), long(3, 100), long(4, 2_200), message(5), long(6, 300)];
        let (events, batch) = (batch.each_ref().map(|m| format!("{}\n", m.body)), text(&batch));
        for image in images(&synced, &batch) {
            tried += 1;
            let tail =
                tail::analyse(&image, 0).unwrap_or_else(|| panic!("refused: {:?}", image.escape_ascii()));
            assert!(tail.keep >= begin, "what was synced is cut");
            for (place, line) in places(&image).filter(|(place, _)| place.start >= begin) {
                let whole = events.iter().any(|event| event.as_bytes() == line);
                let told = tail.holes.iter().any(|hole| hole.start <= place.start && place.end <= hole.end);
                let cut = place.start >= tail.keep;
                assert_eq!(whole, !told && !cut, "{:?} of {:?}", line.escape_ascii(), image.escape_ascii());
            }
            // With more before it that is not read, the end means the same.
            let far = (1 << 40) + (begin / SECTOR * SECTOR) as u64;
            let behind = tail::analyse(&image[begin..], far + (begin % SECTOR) as u64);
            if let Some(behind) = behind {
                assert_eq!(behind.keep + begin, tail.keep);
            }
        }
    }
    assert!(tried > 10_000, "{tried}");
}

#[test]
fn delivery_goes_on_after_power_cuts_and_nothing_delivered_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("events.jsonl");
    let (mut chance, mut told) = (1_u64, 0);
    let mut random = |below: usize| {
        chance = chance.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (chance >> 33) as usize % below
    };
    for _ in 0..40 {
        let (mut event, mut disk, mut delivered) = (0, Vec::new(), Vec::<String>::new());
        // Several cuts on one file, each while a batch is written.
        for _ in 0..4 {
            let batch: Vec<Message> =
                (0..=random(6)).map(|more| long(event + more as i64, 60 + random(900))).collect();
            event += batch.len() as i64;
            let bytes = text(&batch);
            let (from, to) = (disk.len(), disk.len() + bytes.len());
            let length = if random(2) == 0 { to } else { from + random(bytes.len()) };
            std::fs::write(&path, image(&disk, &bytes, random(1 << 16), length)).unwrap();
            let sink = FileSink::new(&path);
            sink.deliver(&batch).unwrap();
            delivered.extend(batch.into_iter().map(|message| message.body));
            let now = std::fs::read(&path).unwrap();
            assert_eq!(now[..disk.len()], disk, "what was delivered stays byte for byte");
            assert!(now.ends_with(&bytes));
            let found: Vec<&[u8]> = now.split(|&byte| byte == b'\n').collect();
            assert!(delivered.iter().all(|line| found.contains(&line.as_bytes())));
            let strange =
                |line: &&&[u8]| !line.is_empty() && !delivered.iter().any(|d| d.as_bytes() == **line);
            let strange = found.iter().filter(strange).count();
            let warnings = sink.warnings();
            assert!((strange == 0) == warnings.is_empty(), "{strange} {warnings:?}");
            told += warnings.len();
            assert_eq!(sink.warnings(), Vec::<String>::new(), "each is given out once");
            disk = now;
        }
    }
    assert!(told > 10, "{told}");
}

#[test]
fn a_hole_is_told_with_its_place_and_stays() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("events.jsonl");
    for garbage in
        [&[0; 600][..], b"\xff\xfe\x01 of another file\n", br#"{"specversion":"1.0","id":"s-9" and "#]
    {
        let (before, behind) = (text(&[message(1)]), text(&[message(2)]));
        let damaged = [&before, garbage, b"\n", &behind].concat();
        std::fs::write(&path, &damaged).unwrap();
        let sink = FileSink::new(&path);
        sink.deliver(&[message(3)]).unwrap();
        let (from, to) = (before.len(), before.len() + garbage.len() + 1);
        let warnings = sink.warnings();
        assert_eq!(warnings.len(), 1, "{warnings:?}");
        let place = format!("{}: bytes {from} to {to} ", path.display());
        assert!(warnings[0].starts_with(&place), "{warnings:?}");
        assert_eq!(std::fs::read(&path).unwrap(), [damaged, text(&[message(3)])].concat());
    }
}

#[test]
fn only_the_end_of_a_long_file_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("events.jsonl");
    let lines = text(&(0..8_000).map(|event| long(event, 1_000)).collect::<Vec<_>>());
    let broken = [b"\0\0\0\n", &lines[..], &lines[..500]].concat();
    std::fs::write(&path, &broken).unwrap();
    let sink = FileSink::new(&path);
    sink.deliver(&[message(1)]).unwrap();
    assert_eq!(sink.warnings(), Vec::<String>::new(), "what is far from the end is nobody's business");
    let sound = &broken[..broken.len() - 500];
    assert!(std::fs::read(&path).unwrap() == [sound, &text(&[message(1)])].concat());
}

#[test]
fn several_may_append_to_one_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("events.jsonl");
    // Each opens the file by itself, as another process would.
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let sink = FileSink::new(&path);
            scope.spawn(move || {
                for place in 0..25 {
                    let first = (thread * 25 + place) * 10;
                    let batch: Vec<Message> = (first..first + 10).map(message).collect();
                    sink.deliver(&batch).unwrap();
                }
            });
        }
    });
    let mut found = lines(&path);
    found.sort_unstable();
    let mut expected: Vec<String> = (0..1_000).map(|event| message(event).body).collect();
    expected.sort_unstable();
    assert_eq!(found, expected);
}

#[test]
fn what_another_process_left_torn_goes_though_the_file_is_open() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("events.jsonl");
    let sink = FileSink::new(&path);
    sink.deliver(&[message(1)]).unwrap();
    let mut other = File::options().append(true).open(&path).unwrap();
    other.write_all(&[text(&[message(2)]), message(3).body[..30].into()].concat()).unwrap();
    sink.deliver(&[message(4)]).unwrap();
    assert_eq!(lines(&path), [message(1).body, message(2).body, message(4).body]);
    // Rotated by copying and emptying.
    other.set_len(0).unwrap();
    sink.deliver(&[message(5)]).unwrap();
    assert_eq!(lines(&path), [message(5).body]);
}

#[test]
fn a_file_that_was_rotated_away_is_opened_anew() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("events.jsonl");
    let sink = FileSink::new(&path);
    sink.deliver(&[message(1)]).unwrap();
    std::fs::rename(&path, folder.path().join("old")).unwrap();
    sink.deliver(&[message(2)]).unwrap();
    std::fs::remove_file(&path).unwrap();
    sink.deliver(&[message(3), message(4)]).unwrap();
    assert_eq!(lines(&folder.path().join("old")), [message(1).body]);
    assert_eq!(lines(&path), [message(3).body, message(4).body]);
}

#[test]
fn lines_of_any_length_are_appended_in_portions() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("events.jsonl");
    let lengths = [10, PORTION / 2, PORTION / 2 + 10, 10, 2 * PORTION, 10];
    let batch: Vec<Message> = (0..).zip(lengths).map(|(event, length)| long(event, length)).collect();
    let sink = FileSink::new(&path);
    for times in 1..=2 {
        sink.deliver(&batch).unwrap();
        assert!(std::fs::read(&path).unwrap() == text(&batch).repeat(times));
    }
    // One that is too long for what is usually read.
    let giant = long(9, tail::LONGEST + 5_000);
    std::fs::write(&path, text(std::slice::from_ref(&giant))).unwrap();
    FileSink::new(&path).deliver(&batch[..1]).unwrap();
    assert!(std::fs::read(&path).unwrap() == text(&[giant, batch[0].clone()]));
}

#[test]
fn what_cannot_be_written_is_said() {
    let folder = tempfile::tempdir().unwrap();
    for path in [folder.path().into(), folder.path().join("none/events")] {
        let failure = FileSink::new(&path).deliver(&[message(1)]).unwrap_err();
        assert!(matches!(failure, Failure::Down { .. }), "{failure:?}");
        assert!(failure.to_string().contains(&*path.to_string_lossy()), "{failure}");
    }
}
