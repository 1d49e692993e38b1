//! Texts from files and command lines may be anything: nothing panics, and what is read back is what was meant.

use fbuild_model::Properties;
use fbuild_model::properties::{decode, expand, remove_unknown};
use fbuild_platform::bootloader::merge_bootloader;
use fbuild_platform::{AdvancedSize, CompilerVersion, Fqbn, split_arguments};
use proptest::prelude::*;

/// Texts rich in what the parsers look for.
fn text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("{".to_owned()),
        Just("}".to_owned()),
        Just("{a}".to_owned()),
        Just("\"".to_owned()),
        Just("'".to_owned()),
        Just(" ".to_owned()),
        Just("=".to_owned()),
        Just("\n".to_owned()),
        Just("\r".to_owned()),
        Just(":".to_owned()),
        Just(".linux".to_owned()),
        "[a-c0-9]{1,3}",
        "\\PC{1,2}",
    ];
    prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn nothing_panics(text in text(), bytes in prop::collection::vec(any::<u8>(), 0..60)) {
        let _ = Properties::from_bytes(&bytes);
        let _ = decode(&bytes);
        let _ = text.parse::<Fqbn>();
        let _ = CompilerVersion::find(&text);
        let _ = AdvancedSize::parse(&text);
        let _ = merge_bootloader(&text, ":00000001FF\n", 1000);
        let _ = split_arguments(&remove_unknown(&text));
        if let Ok(properties) = Properties::parse(&text, "linux") {
            for (key, value) in properties.iter() {
                // A cycle may double the text in each of the ten rounds, so only short values are followed.
                if value.len() < 30 {
                    let _ = expand(value, |known| (known != key).then(|| properties.get(known)).flatten().filter(|v| v.len() < 30));
                }
            }
        }
    }

    #[test]
    fn s1_2_4_a_map_written_out_is_read_back(pairs in prop::collection::vec(("[a-c]{1,2}", "[a-z{}= ]{0,5}"), 0..12)) {
        let map: Properties = pairs.iter().map(|(key, value)| (key.as_str(), value.trim())).collect();
        let text: String = map.iter().map(|(key, value)| format!(" {key} = {value}\r\n")).collect();
        prop_assert_eq!(Properties::parse(&text, "linux"), Ok(map.clone()));
        for (key, value) in map.iter() {
            let last = pairs.iter().rev().find(|(known, _)| known == key);
            prop_assert_eq!(last.map(|(_, value)| value.trim()), Some(value));
        }
    }

    #[test]
    fn s1_3_1_expansion_leaves_texts_without_known_markers_alone(text in text()) {
        prop_assert_eq!(expand(&text, |_| None), text.clone());
        let once = expand(&text, |key| (key == "a").then_some("x"));
        let left = once.contains("{a}");
        prop_assert!(!left);
    }

    #[test]
    fn s1_3_3_quoted_arguments_come_back(arguments in prop::collection::vec("[a-z(){}'$&é ]{0,6}[a-z]", 1..6)) {
        let line: Vec<String> = arguments.iter().map(|argument| format!("\"{argument}\"")).collect();
        prop_assert_eq!(split_arguments(&line.join(" ")), arguments);
    }

    #[test]
    fn s1_4_1_board_names_are_read_back(text in "[a-z]{0,3}:[a-z.]{0,3}:[a-z_-]{1,3}(:[a-c]=[a-z=]{0,2}(,[d-f]=[0-9]{0,2})?)?") {
        let fqbn: Fqbn = text.parse().map_err(|error| TestCaseError::fail(format!("{error}")))?;
        prop_assert_eq!(fqbn.to_string(), text);
    }
}
