//! The settings of arduino-cli that say where its platforms and libraries are: `directories` in `arduino-cli.yaml`.
//!
//! It does not know where that file is.

use camino::{Utf8Path, Utf8PathBuf};
use fbuild_model::input;
use yaml_rust2::YamlLoader;

/// A larger file is not one of settings.
const LARGEST: u64 = 1 << 20;

/// The directories of an installation of arduino-cli; `None` where the file does not say.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ArduinoConfig {
    /// The data directory, which holds `packages/`.
    pub data: Option<Utf8PathBuf>,
    /// The sketchbook.
    pub user: Option<Utf8PathBuf>,
}

impl ArduinoConfig {
    /// Says what is wrong with a file of settings; `None` if it can be read.
    pub fn problem(file: &Utf8Path) -> Option<String> {
        let text = match input::read_text(file) {
            Ok(text) => text,
            Err(error) => return Some(error.to_string()),
        };
        let error = YamlLoader::load_from_str(&text).err()?;
        Some(format!("{file}: {error}"))
    }

    /// Reads the first of `files` that exists; what cannot be read says nothing, as an absent file does.
    pub fn first_of(mut files: impl Iterator<Item = Utf8PathBuf>) -> Self {
        files
            .find(|file| file.is_file())
            .map(|file| Self::read(&file))
            .unwrap_or_default()
    }

    fn read(file: &Utf8Path) -> Self {
        let is_small = file
            .metadata()
            .is_ok_and(|metadata| metadata.len() <= LARGEST);
        if !is_small {
            return Self::default();
        }
        input::read_text(file)
            .map(|text| Self::parse(&text))
            .unwrap_or_default()
    }

    fn parse(text: &str) -> Self {
        let documents = YamlLoader::load_from_str(text).unwrap_or_default();
        let directories = documents.first().map(|root| &root["directories"]);
        let dir = |key: &str| {
            let value = directories.and_then(|dirs| dirs[key].as_str());
            value.filter(|dir| !dir.is_empty()).map(Utf8PathBuf::from)
        };
        Self {
            data: dir("data"),
            user: dir("user"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directories_are_read_and_everything_else_is_ignored() {
        let text =
            "board_manager:\n  additional_urls: []\ndirectories:\n  data: /d\n  user: \"/u v\"\n";
        let config = ArduinoConfig::parse(text);
        assert_eq!(config.data.as_deref(), Some(Utf8Path::new("/d")));
        assert_eq!(config.user.as_deref(), Some(Utf8Path::new("/u v")));
        for text in [
            "",
            "directories: 3\n",
            "directories:\n  user:\n",
            "a: b: c",
            "[]",
        ] {
            assert_eq!(
                ArduinoConfig::parse(text),
                ArduinoConfig::default(),
                "{text}"
            );
        }
    }
}
