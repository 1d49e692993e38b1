//! What `fbuild doctor` finds out about the remote cache.

use fbuild_remote::{Capabilities, RemoteError};
use serde_json::{Value, json};

use super::page::Page;
use crate::args::remote::RemoteArgs;
use crate::error::CliError;
use crate::session;

/// What a server answered.
#[derive(Debug)]
pub struct Server {
    address: String,
    uploads: bool,
    answer: Result<Capabilities, RemoteError>,
}

/// Connects to the server that the user named, if there is one.
///
/// # Errors
/// If an option, a certificate or a key cannot be used.
pub fn state(args: &RemoteArgs) -> Result<Option<Server>, CliError> {
    let (Some(remote), Some(address)) = (session::remote(args)?, &args.remote_cache) else {
        return Ok(None);
    };
    Ok(Some(Server {
        address: address.to_string(),
        uploads: remote.uploads_results(),
        answer: remote.capabilities(),
    }))
}

/// Writes down what the server answered.
pub fn describe(page: &mut Page, server: &Server) {
    page.heading("Remote cache");
    let offers = match &server.answer {
        Err(error) => return page.bad(&error.to_string()),
        Ok(offers) => offers,
    };
    let mut skills = vec!["serves results"];
    let has_zstd = offers.zstd_streams || offers.zstd_batches;
    skills.extend(offers.accepts_results.then_some("accepts results"));
    skills.extend(offers.executes.then_some("runs actions"));
    skills.extend(has_zstd.then_some("compresses with zstd"));
    page.line(&format!("{} {}", server.address, skills.join(", ")));
    if server.uploads && !offers.accepts_results {
        page.bad("it does not accept results; leave out --remote-upload-local-results");
    }
}

/// Returns what the server answered as JSON.
pub fn json(server: &Server) -> Value {
    match &server.answer {
        Ok(offers) => json!({
            "address": server.address,
            "answers": true,
            "accepts_results": offers.accepts_results,
            "executes": offers.executes,
            "zstd": offers.zstd_streams || offers.zstd_batches,
        }),
        Err(error) => json!({
            "address": server.address,
            "answers": false,
            "problem": error.to_string(),
        }),
    }
}
