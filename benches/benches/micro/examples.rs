//! The repository's examples as a request, with a cache and an output directory that go away.

use std::num::NonZeroUsize;
use std::sync::mpsc;

use camino::{Utf8Path, Utf8PathBuf};
use fbuild_build::plan::Planned;
use fbuild_build::plan::planner::{Extent, library_roots};
use fbuild_build::request::{PchMode, Request};
use fbuild_build::run;
use fbuild_build::services::Services;
use fbuild_cache::Cache;
use fbuild_model::Event;
use fbuild_platform::{BoardSpec, BuildOptions, Installation, SearchRoots};
use fbuild_process::runner::{Runner, RunnerOptions};
use fbuild_process::stop::Stop;
use fbuild_scan::sketch::find::find_sketches;

/// Everything that a run works with.
pub struct Examples {
    request: Request,
    cache: Cache,
    runner: Runner,
    stop: Stop,
    _dir: tempfile::TempDir,
}

impl Examples {
    /// Finds the examples and the core; `None`, said aloud, if there is no AVR core on this machine.
    pub fn found() -> Option<Self> {
        let hardware = Utf8PathBuf::from("/usr/share/arduino/hardware");
        let roots = SearchRoots {
            explicit: Vec::new(),
            hardware: vec![hardware.clone()],
            data: Vec::new(),
            platformio: Vec::new(),
            builtin_tools: vec![hardware.join("tools"), "/usr".into()],
            pinned: Vec::new(),
        };
        let installation = Installation::discover(&roots).unwrap();
        let board = installation
            .parse_board("arduino:avr:uno")
            .ok()
            .and_then(|fqbn| {
                BoardSpec::resolve(&installation, &fqbn, &BuildOptions::default()).ok()
            });
        let Some(board) = board else {
            eprintln!("nothing is planned or run: there is no AVR core below {hardware}");
            return None;
        };
        let examples = Utf8Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples");
        let dir = tempfile::tempdir().unwrap();
        let root = Utf8PathBuf::try_from(dir.path().to_owned()).unwrap();
        let two = NonZeroUsize::new(2).unwrap();
        let request = Request {
            boards: vec![board],
            sketches: find_sketches(std::slice::from_ref(&examples), &[])
                .unwrap()
                .sketches,
            libraries: library_roots(&[examples.join("TickCounter")], &[]),
            output_dir: root.join("out"),
            cwd: root.clone(),
            framework_jobs: two,
            sketch_jobs: two,
            quirks: true,
            fail_fast: false,
            limits: Default::default(),
            exceptions: Default::default(),
            cache_limit: fbuild_cache::DEFAULT_MAX_SIZE,
            export_binaries: false,
            ignore_filters: false,
            pch: PchMode::Auto,
            launcher: Vec::new(),
            audit: None,
        };
        let stop = Stop::new();
        Some(Self {
            cache: Cache::open(&root.join("cache")).unwrap(),
            runner: Runner::new(stop.clone(), RunnerOptions::default()).unwrap(),
            request,
            stop,
            _dir: dir,
        })
    }

    fn services(&self) -> Services<'_> {
        Services {
            cache: &self.cache,
            runner: &self.runner,
            stop: &self.stop,
            remote: None,
        }
    }

    /// Returns the number of sketches.
    pub fn count(&self) -> usize {
        self.request.sketches.len()
    }

    /// Plans everything, reading every source anew.
    pub fn plan(&self) -> Planned {
        self.plan_of(Extent::All)
    }

    fn plan_of(&self, extent: Extent) -> Planned {
        run::plan(&self.request, extent, self.services(), &mpsc::channel().0).unwrap()
    }

    /// Plans what is not up to date and builds; returns how many sketches were built, and how many processes both stages started.
    pub fn run(&self) -> (usize, u32) {
        let plan = self.plan_of(Extent::NotUpToDate);
        let (events, inbox) = mpsc::channel();
        run::build(&self.request, &plan, self.services(), events).unwrap();
        let (mut built, mut processes) = (0, 0);
        for event in inbox {
            match event {
                Event::SketchFinished { result, .. } if result.outcome.name() == "built" => {
                    built += 1
                }
                Event::StageFinished(report) => processes += report.cost.processes,
                _ => {}
            }
        }
        (built, processes)
    }
}
