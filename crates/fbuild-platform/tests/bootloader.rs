//! Finding bootloaders and merging firmware with them (specification 7.4).

#![allow(clippy::unwrap_used, reason = "test helpers may fail")]

mod fixture;

use fbuild_platform::bootloader::{MergeError, merge_bootloader};
use fixture::Tree;

const END: &str = ":00000001FF\n";
const MAX: u64 = 16_000_000;

/// A data record's line.
fn record(offset: u16, data: &[u8]) -> String {
    typed(0, offset, data)
}

fn typed(kind: u8, offset: u16, data: &[u8]) -> String {
    let mut bytes = vec![u8::try_from(data.len()).unwrap()];
    bytes.extend(offset.to_be_bytes());
    bytes.push(kind);
    bytes.extend(data);
    let sum = bytes.iter().fold(0u8, |sum, byte| sum.wrapping_add(*byte));
    bytes.push(sum.wrapping_neg());
    let digits: String = bytes.iter().map(|byte| format!("{byte:02X}")).collect();
    format!(":{digits}\n")
}

fn merge(sketch: &str, bootloader: &str) -> (String, Option<Vec<u8>>) {
    let merged = merge_bootloader(
        &(sketch.to_owned() + END),
        &(bootloader.to_owned() + END),
        MAX,
    )
    .unwrap();
    (merged.hex, merged.bin)
}

#[test]
fn s7_4_both_images_in_ascending_order() {
    let sketch: Vec<u8> = (0..20).collect();
    let (hex, bin) = merge(
        &(record(0, &sketch[..12]) + &record(12, &sketch[12..])),
        &record(0x20, &[0xAA, 0xBB]),
    );
    let expect =
        record(0, &sketch[..16]) + &record(16, &sketch[16..]) + &record(0x20, &[0xAA, 0xBB]) + END;
    assert_eq!(hex, expect, "16 bytes per record, whatever the input had");
    let mut image = sketch;
    image.resize(0x20, 0xFF);
    image.extend([0xAA, 0xBB]);
    assert_eq!(bin, Some(image));
}

#[test]
fn s7_4_adjoining_images_become_one() {
    let (hex, bin) = merge(
        &record(2, &[3, 4]),
        &(record(0, &[1, 2]) + &record(4, &[5])),
    );
    assert_eq!(hex, record(0, &[1, 2, 3, 4, 5]) + END);
    assert_eq!(bin, Some(vec![1, 2, 3, 4, 5]));
}

#[test]
fn s7_4_an_overlapping_segment_of_the_sketch_is_left_out() {
    let boot = record(0x100, &[0xB0; 8]);
    for sketch in [
        record(0x107, &[1]),
        record(0x0FF, &[1, 1]),
        record(0x0F8, &[1; 16]),
        record(0x100, &[1; 8]),
    ] {
        let (hex, _) = merge(&(sketch.clone() + &record(0, &[7])), &boot);
        assert_eq!(hex, record(0, &[7]) + &boot + END, "{sketch}");
    }
    for sketch in [record(0x108, &[1]), record(0x0FF, &[1])] {
        assert!(
            merge(&sketch, &boot).0.contains("01"),
            "{sketch} only touches it"
        );
        assert_eq!(merge(&sketch, &boot).1.unwrap().len(), 9);
    }
}

#[test]
fn s7_4_addresses_above_64_kilobytes() {
    let high = typed(4, 0, &[0, 1]) + &record(0, &[0x0B]);
    let (hex, bin) = merge(&record(0xFFFE, &[1, 2]), &high);
    assert_eq!(hex, record(0xFFFE, &[1, 2]) + &high + END);
    assert_eq!(bin, Some(vec![1, 2, 0x0B]));
    let by_segment = typed(2, 0, &[0x10, 0x00]) + &record(0, &[0x0B]);
    assert_eq!(
        merge(&record(0xFFFE, &[1, 2]), &by_segment).0,
        hex,
        "GNU objcopy writes segments up to 1 MB"
    );
    let starts = typed(5, 0, &[0, 0, 1, 0]) + &typed(3, 0, &[0, 0, 1, 0]);
    assert_eq!(
        merge(&(starts + &record(0xFFFE, &[1, 2])), &high).0,
        hex,
        "start addresses are not kept"
    );
}

#[test]
fn s7_4_the_bin_only_if_the_span_is_within_the_limit() {
    let (sketch, boot) = (record(0, &[1]) + END, record(9, &[2]) + END);
    for (limit, made) in [(10, true), (9, false), (0, false)] {
        let merged = merge_bootloader(&sketch, &boot, limit).unwrap();
        assert_eq!(merged.bin.is_some(), made, "{limit}");
        assert_eq!(merged.hex, record(0, &[1]) + &record(9, &[2]) + END);
    }
    let empty = merge_bootloader(END, END, MAX).unwrap();
    assert_eq!((empty.hex.as_str(), empty.bin), (END, Some(vec![])));
    let tree = Tree::new().mini();
    assert_eq!(tree.board("one").largest_merged_bin(), 2000);
    assert_eq!(tree.board("secret").largest_merged_bin(), 16_000_000);
}

#[test]
fn s7_4_line_ends_and_case_do_not_matter() {
    let sketch = record(0, &[0xAB, 0xCD])
        .to_lowercase()
        .replace('\n', "\r\n")
        + END;
    let merged = merge_bootloader(&sketch, &format!("\n{END}"), MAX).unwrap();
    assert_eq!(merged.hex, record(0, &[0xAB, 0xCD]) + END);
}

#[test]
fn s7_4_images_that_are_none() {
    let good = record(0, &[1]);
    let error = |sketch: &str| merge_bootloader(sketch, END, MAX).unwrap_err();
    assert_eq!(error(&good), MergeError::Truncated { image: "sketch" });
    assert_eq!(error(""), MergeError::Truncated { image: "sketch" });
    assert_eq!(
        error(&format!("{good}{good}{END}")),
        MergeError::Overlap {
            image: "sketch",
            line: 2
        }
    );
    for text in [
        "hello",
        ":",
        ":00",
        ":0000000100",
        ":zz000001FF",
        ":01000000FF01",
    ] {
        let error = error(&format!("{good}{text}\n{END}"));
        assert!(
            matches!(
                error,
                MergeError::Record {
                    image: "sketch",
                    line: 2,
                    ..
                }
            ),
            "{text}: {error}"
        );
    }
    let error = merge_bootloader(END, "x", MAX).unwrap_err();
    assert!(
        error.to_string().starts_with("bootloader image, line 1: "),
        "{error}"
    );
}

#[test]
fn s7_4_which_bootloader() {
    let tree = Tree::new()
        .mini()
        .file("hw/mini/avr/bootloaders/noblink.hex", END)
        .file("hw/mini/avr/bootloaders/m1/marked.hex", END);
    let dir = tree.at("hw/mini/avr/bootloaders");
    let cases: &[(&[&str], Option<&str>)] = &[
        (&[], Some("tiny/boot.hex")),
        (&["bootloader.noblink=noblink.hex"], Some("noblink.hex")),
        (
            &["bootloader.file={build.mcu}/marked.hex"],
            Some("m1/marked.hex"),
        ),
        (&["bootloader.file=tiny/boot.bin"], Some("tiny/boot.hex")),
        (&["bootloader.file=missing.hex"], None),
        (&["bootloader.noblink=missing.hex"], None),
        (&["bootloader.file="], None),
    ];
    for (properties, expect) in cases {
        let file = tree.board_with("one", properties).bootloader_file();
        assert_eq!(file, expect.map(|path| dir.join(path)), "{properties:?}");
    }
    assert_eq!(tree.board("secret").bootloader_file(), None);
}
