//! How a server is reached.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use camino::Utf8PathBuf;

/// What is wrong with an option.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OptionError {
    /// The address has no known scheme or no host.
    #[error(
        "`{0}` is no address of a remote cache; for example grpc://localhost:8980 or grpcs://cache.example.org"
    )]
    Endpoint(String),
    /// A header is not `NAME=VALUE`, or has characters that HTTP does not allow. The value is not shown.
    #[error(
        "a remote header needs NAME=VALUE with a name of lower-case letters, digits and hyphens"
    )]
    Header,
}

/// Address of a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// `host:port` with scheme, as tonic takes it.
    uri: String,
    /// Whether the connection is encrypted.
    tls: bool,
}

impl Endpoint {
    /// Returns the address as an `http://` or `https://` URI.
    pub fn uri(&self) -> &str {
        &self.uri
    }

    /// Returns whether the connection is encrypted.
    pub fn is_tls(&self) -> bool {
        self.tls
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.uri)
    }
}

impl FromStr for Endpoint {
    type Err = OptionError;

    /// Reads `grpc://host:port`, `grpcs://host[:port]`, `http://…` or `https://…`; without a scheme the connection is encrypted, as in Bazel.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || OptionError::Endpoint(text.to_owned());
        let (tls, rest) = match text.split_once("://") {
            Some(("grpc" | "http", rest)) => (false, rest),
            Some(("grpcs" | "https", rest)) => (true, rest),
            Some(_) => return Err(wrong()),
            None => (true, text),
        };
        let rest = rest.trim_end_matches('/');
        let scheme = if tls { "https" } else { "http" };
        let uri = format!("{scheme}://{rest}");
        let parsed: tonic::transport::Uri = uri.parse().map_err(|_| wrong())?;
        if parsed.host().is_none_or(str::is_empty) || rest.contains('@') {
            return Err(wrong());
        }
        Ok(Self { uri, tls })
    }
}

/// A header sent with every request. Its value may be a secret and is never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Header {
    name: String,
    value: String,
}

impl Header {
    pub(crate) fn parts(&self) -> (&str, &str) {
        (&self.name, &self.value)
    }
}

impl fmt::Debug for Header {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}=<hidden>", self.name)
    }
}

impl FromStr for Header {
    type Err = OptionError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (name, value) = text.split_once('=').ok_or(OptionError::Header)?;
        let name = name.to_ascii_lowercase();
        let is_valid = tonic::metadata::AsciiMetadataKey::from_bytes(name.as_bytes()).is_ok()
            && tonic::metadata::AsciiMetadataValue::try_from(value).is_ok();
        is_valid
            .then(|| Self {
                name,
                value: value.to_owned(),
            })
            .ok_or(OptionError::Header)
    }
}

/// Certificates and keys, as PEM files.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TlsOptions {
    /// Certificate of the authority that signed the server's; the system's authorities if there is none.
    pub certificate: Option<Utf8PathBuf>,
    /// Certificate that this client shows.
    pub client_certificate: Option<Utf8PathBuf>,
    /// The key of that certificate.
    pub client_key: Option<Utf8PathBuf>,
}

/// Which server is used, and how.
#[derive(Debug, Clone)]
pub struct RemoteOptions {
    /// The server.
    pub endpoint: Endpoint,
    /// Name of the instance on the server; often empty.
    pub instance: String,
    /// Headers sent with every request.
    pub headers: Vec<Header>,
    /// Limit of one request.
    pub timeout: Duration,
    /// Certificates and keys.
    pub tls: TlsOptions,
    /// Whether results of this machine are uploaded.
    pub upload_results: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_as_bazel_reads_them() {
        let check = |text: &str, uri: &str, tls: bool| {
            let endpoint: Endpoint = text.parse().unwrap();
            assert_eq!((endpoint.uri(), endpoint.is_tls()), (uri, tls), "{text}");
        };
        check("grpc://localhost:8980", "http://localhost:8980", false);
        check(
            "grpcs://cache.example.org",
            "https://cache.example.org",
            true,
        );
        check(
            "cache.example.org:443/",
            "https://cache.example.org:443",
            true,
        );
        check("http://[::1]:1", "http://[::1]:1", false);
        for wrong in [
            "",
            "grpc://",
            "ftp://x",
            "unix:/x y",
            "grpc://user:secret@host",
        ] {
            assert!(wrong.parse::<Endpoint>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_header_hides_its_value() {
        let header: Header = "X-Api-Key=secret=1".parse().unwrap();
        assert_eq!(header.parts(), ("x-api-key", "secret=1"));
        assert_eq!(format!("{header:?}"), "x-api-key=<hidden>");
        for wrong in ["secret", "a b=secret", "x=se\ncret"] {
            let error = wrong.parse::<Header>().unwrap_err();
            assert!(!error.to_string().contains("secret"), "{error}");
        }
    }
}
