//! Switches the server off for the rest of a run once it keeps failing, so that a dead server costs one timeout and not one per action.

use std::sync::Mutex;

use crate::error::RemoteError;

/// Failures of the server in a row after which it is off.
const LIMIT: u32 = 3;

#[derive(Debug, Default)]
pub(crate) struct Breaker {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    failures: u32,
    is_off: bool,
    /// Why; kept until the caller takes it as its one warning.
    reason: Option<String>,
}

impl State {
    fn switch_off(&mut self, error: &RemoteError) {
        if !self.is_off {
            self.is_off = true;
            self.reason = Some(error.to_string());
        }
    }
}

impl Breaker {
    pub(crate) fn is_off(&self) -> bool {
        self.lock().is_off
    }

    /// Counts how a request ended. Credentials that are refused, and features that are missing, switch off at once.
    pub(crate) fn count<T>(&self, outcome: &Result<T, RemoteError>) {
        let mut state = self.lock();
        match outcome {
            Ok(_) => state.failures = 0,
            Err(error) if error.is_servers() => {
                state.failures += 1;
                let final_now = matches!(
                    error,
                    RemoteError::Denied { .. } | RemoteError::Unsupported { .. }
                );
                if final_now || state.failures >= LIMIT {
                    state.switch_off(error);
                }
            }
            Err(_) => {}
        }
    }

    /// Switches the server off.
    pub(crate) fn switch_off(&self, error: &RemoteError) {
        self.lock().switch_off(error);
    }

    /// Returns why the server is off, once.
    pub(crate) fn take_reason(&self) -> Option<String> {
        self.lock().reason.take()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unreachable() -> Result<(), RemoteError> {
        Err(RemoteError::Unreachable {
            endpoint: "x".to_owned(),
            problem: "y".to_owned(),
        })
    }

    #[test]
    fn failures_in_a_row_switch_off_and_are_reported_once() {
        let breaker = Breaker::default();
        breaker.count(&unreachable());
        breaker.count(&unreachable());
        breaker.count(&Ok(()));
        breaker.count(&unreachable());
        breaker.count(&unreachable());
        assert!(!breaker.is_off());
        breaker.count(&unreachable());
        assert!(breaker.is_off());
        assert!(breaker.take_reason().is_some());
        assert_eq!(breaker.take_reason(), None);
    }

    #[test]
    fn refused_credentials_switch_off_at_once_and_lost_blobs_never() {
        let breaker = Breaker::default();
        for _ in 0..10 {
            breaker.count::<()>(&Err(RemoteError::Blob {
                endpoint: "x".to_owned(),
                problem: "gone".to_owned(),
            }));
        }
        assert!(!breaker.is_off());
        breaker.count::<()>(&Err(RemoteError::Denied {
            endpoint: "x".to_owned(),
            problem: "no".to_owned(),
        }));
        assert!(breaker.is_off());
    }
}
