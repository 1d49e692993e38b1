//! Where the cache is, how large it may become, and what `fbuild cache` does with it.

use camino::Utf8PathBuf;
use clap::{Args, Subcommand};

use super::FormatArgs;
use super::values::parse_cache_size;

/// What to do with the cache.
#[derive(Debug, Subcommand)]
pub enum CacheCommand {
    /// Show its size and what is in it
    Stats {
        /// Output format.
        #[command(flatten)]
        format: FormatArgs,
    },
    /// Remove what was not used for longest
    Gc {
        /// Shrink the cache to SIZE, for example 500M or 2G (default: its limit)
        #[arg(long, value_name = "SIZE")]
        max_size: Option<String>,
        /// Keep exactly what the last run used
        #[arg(long)]
        keep_last_run: bool,
    },
    /// Remove everything
    Clear,
    /// Check every entry by content, and remove bad ones
    Verify,
}

/// Where the cache is, and how large it may become.
#[derive(Debug, Clone, Args)]
pub struct CacheArgs {
    /// Directory of the cache, shared by all checkouts
    #[arg(long, value_name = "DIR", env = crate::env::CACHE_DIR, global = true, help_heading = "Cache")]
    pub cache_dir: Option<Utf8PathBuf>,
    /// Size that builds keep the cache below, for example 2G
    #[arg(
        long,
        value_name = "SIZE",
        default_value = "5G",
        env = crate::env::CACHE_SIZE,
        value_parser = parse_cache_size,
        global = true,
        hide_short_help = true,
        help_heading = "Cache"
    )]
    pub cache_size: u64,
}
