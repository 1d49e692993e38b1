//! The stream of JSON lines.

use fbuild_model::Event;
use fbuild_report::schema::message::Message;
use fbuild_report::{json, messages};

use crate::fixture;

fn read(event: &Event) -> Message {
    let line = messages::render(event, &fixture::origin());
    assert_eq!(line.lines().count(), 1);
    assert!(line.ends_with('\n'));
    serde_json::from_str(&line).unwrap()
}

#[test]
fn every_line_is_read_back() {
    for event in fixture::events() {
        assert_eq!(read(&event), messages::message(&event, &fixture::origin()));
    }
}

#[test]
fn line_ends_in_texts_do_not_end_a_line() {
    let event = Event::Warning("two\nlines\r\u{2028}".into());
    assert_eq!(
        read(&event),
        Message::Warning {
            message: "two\nlines\r\u{2028}".into()
        }
    );
}

#[test]
fn the_stream_and_the_report_show_the_same_sketches() {
    let report = json::document(&fixture::report(), &fixture::origin());
    let mut seen = 0;
    for event in fixture::events() {
        if let Message::SketchFinished { index, sketch } = read(&event) {
            assert_eq!(*sketch, report.sketches[usize::try_from(index).unwrap()]);
            seen += 1;
        }
    }
    assert_eq!(seen, report.sketches.len());
}

#[test]
fn the_first_line_says_what_the_stream_is() {
    let Message::RunStarted { schema, .. } = read(&fixture::events()[0]) else {
        panic!("the fixture starts otherwise");
    };
    assert_eq!(
        (schema.name.as_str(), schema.version.as_str()),
        ("fbuild-messages", "1")
    );
}
