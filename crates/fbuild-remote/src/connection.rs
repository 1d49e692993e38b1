//! One HTTP/2 connection to the server, with encryption, credentials and limits.

use std::time::Duration;

use camino::Utf8Path;
use tonic::metadata::{AsciiMetadataKey, AsciiMetadataValue, MetadataMap};
use tonic::service::Interceptor;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Identity};
use tonic::{Request, Status};

use crate::error::RemoteError;
use crate::options::{RemoteOptions, TlsOptions};

/// The channel that the generated clients use.
pub(crate) type Wire = InterceptedService<Channel, Headers>;

/// Adds the configured headers to each request.
#[derive(Debug, Clone)]
pub(crate) struct Headers(MetadataMap);

impl Interceptor for Headers {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        for entry in self.0.iter() {
            if let tonic::metadata::KeyAndValueRef::Ascii(name, value) = entry {
                request.metadata_mut().insert(name.clone(), value.clone());
            }
        }
        Ok(request)
    }
}

/// Prepares a connection; it is made with the first request, and again after it broke.
///
/// # Errors
/// If a certificate or key cannot be read or used.
pub(crate) fn connect(options: &RemoteOptions) -> Result<Wire, RemoteError> {
    let server = |problem: String| RemoteError::Server {
        endpoint: options.endpoint.to_string(),
        problem,
    };
    let mut endpoint = Channel::from_shared(options.endpoint.uri().to_owned())
        .map_err(|error| server(error.to_string()))?
        .connect_timeout(options.timeout.min(Duration::from_secs(10)))
        .timeout(options.timeout)
        .tcp_nodelay(true)
        .http2_adaptive_window(true)
        .keep_alive_while_idle(false)
        .user_agent(concat!("fbuild/", env!("CARGO_PKG_VERSION")))
        .map_err(|error| server(error.to_string()))?;
    if options.endpoint.is_tls() {
        endpoint = endpoint
            .tls_config(tls(&options.tls)?)
            .map_err(|error| server(error.to_string()))?;
    }
    Ok(InterceptedService::new(
        endpoint.connect_lazy(),
        Headers(metadata(options)),
    ))
}

fn metadata(options: &RemoteOptions) -> MetadataMap {
    let mut map = MetadataMap::new();
    for header in &options.headers {
        let (name, value) = header.parts();
        // Both were checked when the option was read.
        if let (Ok(name), Ok(mut value)) = (
            AsciiMetadataKey::from_bytes(name.as_bytes()),
            AsciiMetadataValue::try_from(value),
        ) {
            value.set_sensitive(true);
            map.append(name, value);
        }
    }
    map
}

fn tls(options: &TlsOptions) -> Result<ClientTlsConfig, RemoteError> {
    let mut config = ClientTlsConfig::new();
    config = match &options.certificate {
        Some(path) => config.ca_certificate(Certificate::from_pem(pem(path)?)),
        None => config.with_native_roots(),
    };
    if let (Some(certificate), Some(key)) = (&options.client_certificate, &options.client_key) {
        config = config.identity(Identity::from_pem(pem(certificate)?, pem(key)?));
    }
    Ok(config)
}

fn pem(path: &Utf8Path) -> Result<Vec<u8>, RemoteError> {
    fs_err::read(path).map_err(|error| RemoteError::File {
        path: path.to_owned(),
        problem: error.to_string(),
    })
}
