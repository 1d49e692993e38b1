//! Uploads in the background, so that no worker waits for them.

use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};

use camino::{Utf8Path, Utf8PathBuf};
use fbuild_model::Fingerprint;

use crate::remote::Remote;

/// Uploads under way at the same time.
const WORKERS: usize = 8;

/// One result to upload.
struct Upload {
    fingerprint: Fingerprint,
    entry: Vec<u8>,
    files: Vec<(String, Utf8PathBuf)>,
}

/// The queue of results to upload. Those that are still in it when it is dropped are uploaded first.
#[derive(Debug)]
pub struct Uploads {
    queue: Mutex<Option<Sender<Upload>>>,
    workers: Mutex<Vec<JoinHandle<()>>>,
}

impl Uploads {
    /// Starts the workers. Where the system allows no more threads, nothing is uploaded.
    pub fn start(remote: Arc<Remote>) -> Self {
        let (sender, receiver) = mpsc::channel();
        let receiver = Arc::new(Mutex::new(receiver));
        let worker = |_| {
            let (remote, receiver) = (Arc::clone(&remote), Arc::clone(&receiver));
            let work = move || upload_all(&remote, &receiver);
            thread::Builder::new()
                .name("upload".to_owned())
                .spawn(work)
                .ok()
        };
        Self {
            workers: Mutex::new((0..WORKERS).filter_map(worker).collect()),
            queue: Mutex::new(Some(sender)),
        }
    }

    /// Adds a result; `files` must stay as they are until [`Uploads::finish`]. A failure is counted by the server's breaker.
    pub fn add(&self, fingerprint: Fingerprint, entry: Vec<u8>, files: Vec<(String, Utf8PathBuf)>) {
        let upload = Upload {
            fingerprint,
            entry,
            files,
        };
        if let Some(queue) = lock(&self.queue).as_ref() {
            // Fails only where no worker could be started.
            let _ = queue.send(upload);
        }
    }

    /// Waits until everything is uploaded or given up.
    pub fn finish(&self) {
        lock(&self.queue).take();
        for worker in lock(&self.workers).drain(..) {
            // A panic of a worker costs uploads only.
            let _ = worker.join();
        }
    }
}

impl Drop for Uploads {
    fn drop(&mut self) {
        self.finish();
    }
}

fn upload_all(remote: &Remote, queue: &Mutex<Receiver<Upload>>) {
    loop {
        let next = lock(queue).recv();
        let Ok(upload) = next else { return };
        let files: Vec<(&str, &Utf8Path)> = upload
            .files
            .iter()
            .map(|(name, path)| (name.as_str(), path.as_path()))
            .collect();
        if let Err(error) = remote.publish(upload.fingerprint, upload.entry, &files) {
            tracing::debug!("upload: {error}");
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
