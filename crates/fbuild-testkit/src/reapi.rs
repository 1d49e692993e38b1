//! A real server of the Remote Execution API (`buildbox-casd`), which `scripts/reapi-server.sh` installs and starts.

use std::net::{TcpListener, TcpStream};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use camino::{Utf8Path, Utf8PathBuf};

/// A server with an empty store that ends with the value.
#[derive(Debug)]
pub struct Server {
    child: Child,
    port: u16,
    dir: tempfile::TempDir,
}

impl Server {
    /// Starts a server and waits until it listens.
    ///
    /// # Panics
    /// If it cannot be started.
    pub fn start() -> Self {
        let dir = tempfile::tempdir().expect("a temporary directory can be made");
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let port = listener
            .local_addr()
            .expect("a listener has an address")
            .port();
        drop(listener);
        let mut server = Self {
            child: spawn(&dir, port),
            port,
            dir,
        };
        server.wait();
        server
    }

    /// Returns its address as `--remote-cache` takes it.
    pub fn address(&self) -> String {
        format!("grpc://127.0.0.1:{}", self.port)
    }

    /// Ends the server.
    pub fn stop(&mut self) {
        let group = format!("-{}", self.child.id());
        let _ = Command::new("kill").args(["-TERM", "--", &group]).status();
        let _ = self.child.wait();
    }

    /// Changes a byte in each blob of at least `size` bytes. Returns how many there are.
    ///
    /// # Panics
    /// If one cannot be changed.
    pub fn damage(&self, size: u64) -> usize {
        let root = Utf8Path::from_path(self.dir.path()).expect("the path is UTF-8");
        let mut files = Vec::new();
        walk(&root.join("cas"), &mut files);
        let is_blob = |path: &Utf8PathBuf| {
            path.components().any(|part| part.as_str() == "objects")
                && path.metadata().is_ok_and(|meta| meta.len() >= size)
        };
        files.retain(is_blob);
        for blob in &files {
            let mut bytes = fs_err::read(blob).expect("a blob can be read");
            bytes[0] ^= 1;
            fs_err::remove_file(blob).expect("a blob can be removed");
            fs_err::write(blob, bytes).expect("a blob can be written");
        }
        files.len()
    }

    fn wait(&mut self) {
        let began = Instant::now();
        while TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            let ended = self.child.try_wait().expect("a child can be waited for");
            assert!(ended.is_none(), "the server ended");
            let is_late = began.elapsed() > Duration::from_secs(120);
            assert!(!is_late, "the server does not listen");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
    }
}

fn spawn(dir: &tempfile::TempDir, port: u16) -> Child {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../../scripts/reapi-server.sh");
    Command::new(script)
        .arg(dir.path())
        .arg(port.to_string())
        .process_group(0)
        .spawn()
        .expect("the script can be started")
}

fn walk(dir: &Utf8Path, found: &mut Vec<Utf8PathBuf>) {
    for entry in dir.read_dir_utf8().into_iter().flatten().flatten() {
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => walk(entry.path(), found),
            _ => found.push(entry.path().to_owned()),
        }
    }
}
