//! Cores and variants that a board takes from its own or another platform.

use std::sync::Arc;

use camino::Utf8PathBuf;
use fbuild_model::Properties;

use crate::error::BoardError;
use crate::fqbn::Fqbn;
use crate::install::{Installation, Platform};

/// The platforms and folders that a board's core and variant come from.
pub(crate) struct Parts {
    pub(crate) core_platform: Arc<Platform>,
    pub(crate) core_dir: Utf8PathBuf,
    pub(crate) variant_platform: Arc<Platform>,
    pub(crate) variant_dir: Option<Utf8PathBuf>,
}

impl Parts {
    /// Finds them by the board's own properties, options included.
    pub(crate) fn of(
        installation: &Installation,
        platform: &Arc<Platform>,
        fqbn: &Fqbn,
        board: &Properties,
    ) -> Result<Self, BoardError> {
        let core = board
            .get_expanded("build.core")
            .filter(|core| !core.is_empty());
        let core = core.ok_or_else(|| BoardError::MissingProperty {
            board: fqbn.base(),
            key: "build.core",
        })?;
        let variant = board.get_expanded("build.variant").unwrap_or_default();
        let reference = |text: &str| -> (Option<String>, String) {
            match text.split_once(':') {
                Some((vendor, name)) => (Some(vendor.to_owned()), name.to_owned()),
                None => (None, text.to_owned()),
            }
        };
        let ((core_vendor, core_name), (variant_vendor, variant_name)) =
            (reference(&core), reference(&variant));
        if let (Some(a), Some(b)) = (&core_vendor, &variant_vendor)
            && a != b
        {
            return Err(BoardError::ConflictingReferences {
                board: fqbn.base(),
                core,
                variant,
            });
        }
        let find = |key: &'static str, value: &str, vendor: Option<String>| match vendor {
            None => Ok(Arc::clone(platform)),
            Some(vendor) => installation
                .platform(&vendor, &fqbn.architecture)
                .cloned()
                .ok_or_else(|| {
                    let platform = format!("{vendor}:{}", fqbn.architecture);
                    BoardError::MissingReference {
                        board: fqbn.base(),
                        key,
                        value: value.to_owned(),
                        platform,
                    }
                }),
        };
        let core_platform = find("build.core", &core, core_vendor)?;
        let variant_platform = find("build.variant", &variant, variant_vendor)?;
        let core_dir = core_platform.core_dir(&core_name);
        if !core_dir.is_dir() {
            return Err(BoardError::MissingCore {
                board: fqbn.base(),
                dir: core_dir,
            });
        }
        let variant_dir =
            (!variant_name.is_empty()).then(|| variant_platform.variant_dir(&variant_name));
        Ok(Self {
            core_platform,
            core_dir,
            variant_platform,
            variant_dir,
        })
    }
}
