//! Which server has results of other machines, and how it is reached.

use std::time::Duration;

use camino::Utf8PathBuf;
use clap::Args;
use fbuild_remote::{Endpoint, OptionError, RemoteOptions, TlsOptions};

use super::values::parse_seconds;

/// The name of the option whose values are secret.
pub const SECRET: &str = "remote-header";

/// A remote cache. The options have the names of Bazel's.
#[derive(Debug, Clone, Args)]
pub struct RemoteArgs {
    /// Use the results on this server (Remote Execution API), for example grpcs://cache.example.org
    #[arg(
        long,
        value_name = "URL",
        help_heading = "Remote cache",
        hide_short_help = true
    )]
    pub remote_cache: Option<Endpoint>,
    /// Upload the results of this machine as well
    ///
    /// Whoever may upload can put bytes into the firmware of everyone who uses the server.
    #[arg(
        long,
        help_heading = "Remote cache",
        requires = "remote_cache",
        hide_short_help = true
    )]
    pub remote_upload_local_results: bool,
    /// Name of the instance on the server
    #[arg(
        long,
        value_name = "NAME",
        default_value = "",
        hide_default_value = true,
        help_heading = "Remote cache",
        hide_short_help = true
    )]
    pub remote_instance_name: String,
    /// Send this header with every request, for example a token; never printed
    #[arg(
        long,
        value_name = "NAME=VALUE",
        env = crate::env::REMOTE_HEADER,
        hide_env_values = true,
        help_heading = "Remote cache",
        hide_short_help = true
    )]
    pub remote_header: Vec<String>,
    /// Limit of one request
    #[arg(
        long,
        value_name = "SECONDS",
        default_value = "60",
        value_parser = parse_seconds,
        help_heading = "Remote cache",
        hide_short_help = true
    )]
    pub remote_timeout: Duration,
    /// Certificate (PEM) of the authority that signed the server's; default: the system's authorities
    #[arg(
        long,
        value_name = "FILE",
        help_heading = "Remote cache",
        hide_short_help = true
    )]
    pub tls_certificate: Option<Utf8PathBuf>,
    /// Certificate (PEM) that fbuild shows to the server
    #[arg(
        long,
        value_name = "FILE",
        requires = "tls_client_key",
        help_heading = "Remote cache",
        hide_short_help = true
    )]
    pub tls_client_certificate: Option<Utf8PathBuf>,
    /// Key (PEM) of that certificate
    #[arg(
        long,
        value_name = "FILE",
        requires = "tls_client_certificate",
        help_heading = "Remote cache",
        hide_short_help = true
    )]
    pub tls_client_key: Option<Utf8PathBuf>,
}

impl RemoteArgs {
    /// Returns what a client needs, if a server is named.
    ///
    /// # Errors
    /// If a header is not `NAME=VALUE`; the error does not show it.
    pub fn options(&self) -> Result<Option<RemoteOptions>, OptionError> {
        let Some(endpoint) = &self.remote_cache else {
            return Ok(None);
        };
        let headers = self.remote_header.iter().map(|header| header.parse());
        Ok(Some(RemoteOptions {
            endpoint: endpoint.clone(),
            instance: self.remote_instance_name.clone(),
            headers: headers.collect::<Result<_, _>>()?,
            timeout: self.remote_timeout,
            tls: TlsOptions {
                certificate: self.tls_certificate.clone(),
                client_certificate: self.tls_client_certificate.clone(),
                client_key: self.tls_client_key.clone(),
            },
            upload_results: self.remote_upload_local_results,
        }))
    }
}

/// Returns a command line without the values of secret options.
pub fn without_secrets(argv: impl Iterator<Item = String>) -> Vec<String> {
    let option = format!("--{SECRET}");
    let mut is_secret = false;
    argv.map(|word| {
        let hidden = std::mem::replace(&mut is_secret, word == option);
        match word.strip_prefix(&option) {
            _ if hidden => hidden_value(&word),
            Some(value) if value.starts_with('=') => {
                format!("{option}={}", hidden_value(&value[1..]))
            }
            _ => word,
        }
    })
    .collect()
}

/// Returns `NAME=VALUE` without the value.
pub fn hidden_value(header: &str) -> String {
    match header.split_once('=') {
        Some((name, _)) => format!("{name}=<hidden>"),
        None => "<hidden>".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_left_out_of_command_lines() {
        let words =
            "fbuild build --remote-header x-key=s=1 --remote-header=y=s2 --remote-header s3 Blink";
        let shown = without_secrets(words.split(' ').map(str::to_owned)).join(" ");
        assert_eq!(
            shown,
            "fbuild build --remote-header x-key=<hidden> --remote-header=y=<hidden> --remote-header <hidden> Blink"
        );
    }
}
