//! Why a server did not answer as hoped. None of this makes a build fail.

use camino::Utf8PathBuf;

/// Why a request to the server failed.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum RemoteError {
    /// The server cannot be reached, or the connection broke.
    #[error("no connection to {endpoint}: {problem}")]
    Unreachable {
        /// The server.
        endpoint: String,
        /// What the transport reported.
        problem: String,
    },
    /// The server did not answer in time.
    #[error("{endpoint} did not answer within {seconds} s")]
    Timeout {
        /// The server.
        endpoint: String,
        /// The limit.
        seconds: u64,
    },
    /// The credentials are missing, wrong, or not sufficient.
    #[error("{endpoint} refused the credentials: {problem}")]
    Denied {
        /// The server.
        endpoint: String,
        /// What the server said.
        problem: String,
    },
    /// The server has too much to do, or no room.
    #[error("{endpoint} is overloaded or full: {problem}")]
    Exhausted {
        /// The server.
        endpoint: String,
        /// What the server said.
        problem: String,
    },
    /// The server does not offer what is needed.
    #[error("{endpoint} does not support {feature}")]
    Unsupported {
        /// The server.
        endpoint: String,
        /// What it lacks.
        feature: String,
    },
    /// A blob that a result names is gone, or is not what its digest says.
    #[error("a blob of {endpoint} is missing or damaged: {problem}")]
    Blob {
        /// The server.
        endpoint: String,
        /// Which one, and what is wrong.
        problem: String,
    },
    /// Any other answer of the server.
    #[error("{endpoint}: {problem}")]
    Server {
        /// The server.
        endpoint: String,
        /// What the server said.
        problem: String,
    },
    /// A file on this machine cannot be read or written.
    #[error("cannot use {path}: {problem}")]
    File {
        /// The file.
        path: Utf8PathBuf,
        /// What the system said.
        problem: String,
    },
    /// The remote cache was switched off after repeated failures.
    #[error("the remote cache is off for this run")]
    Off,
}

impl RemoteError {
    /// Returns whether the failure says something about the server, so that repeating requests is of no use.
    pub(crate) fn is_servers(&self) -> bool {
        !matches!(self, Self::Blob { .. } | Self::File { .. } | Self::Off)
    }

    /// Classifies a gRPC status. A proxy that answers 401 or 403 in plain HTTP arrives as an internal error whose text has the HTTP status.
    pub(crate) fn of_status(endpoint: &str, status: &tonic::Status, seconds: u64) -> Self {
        use tonic::Code;
        let endpoint = endpoint.to_owned();
        let problem = status.message().to_owned();
        let http_denial = [
            "status: 401",
            "status: 403",
            "401 Unauthorized",
            "403 Forbidden",
        ];
        match status.code() {
            Code::DeadlineExceeded | Code::Cancelled => Self::Timeout { endpoint, seconds },
            Code::Unauthenticated | Code::PermissionDenied => Self::Denied { endpoint, problem },
            Code::Internal | Code::Unknown
                if http_denial.iter().any(|text| problem.contains(text)) =>
            {
                Self::Denied { endpoint, problem }
            }
            Code::ResourceExhausted => Self::Exhausted { endpoint, problem },
            Code::Unavailable => Self::Unreachable { endpoint, problem },
            // A connection that ends in the middle of a stream has no code of its own.
            Code::Unknown if std::error::Error::source(status).is_some() => {
                Self::Unreachable { endpoint, problem }
            }
            Code::NotFound | Code::DataLoss => Self::Blob { endpoint, problem },
            Code::Unimplemented => Self::Unsupported {
                endpoint,
                feature: problem,
            },
            _ => Self::Server {
                endpoint,
                problem: format!("{:?}: {problem}", status.code()),
            },
        }
    }
}
