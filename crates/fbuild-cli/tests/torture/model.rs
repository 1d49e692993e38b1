//! Steps on one project: edits, damage, kills, runs at once. After each, firmware is that of a build of each sketch alone.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use camino::{Utf8Path, Utf8PathBuf};
use fbuild_testkit::run::Running;
use fbuild_testkit::{Invocation, Project, Run, tiny};
use nix::sys::signal::Signal;

use crate::damage::{self, KINDS};
use crate::random::Random;
use crate::table::{Table, Verdict};
use crate::world::{SKETCHES, World, base};

/// A project, its state, and what is known about that state's firmware.
pub(crate) struct Model {
    project: Project,
    world: World,
    /// Firmware by state and sketch, built alone; `None` if it does not build.
    alone: HashMap<(World, usize), Option<Vec<u8>>>,
    typical: Duration,
    counter: usize,
}

impl Model {
    /// A project in its first state.
    pub(crate) fn new(program: &str) -> Self {
        let project = Project::new(program);
        tiny::install(&project.hardware());
        let world = World::new();
        world.write_all(&project);
        Self {
            project,
            world,
            alone: HashMap::new(),
            typical: Duration::from_millis(800),
            counter: 0,
        }
    }

    /// Does one step and counts it.
    pub(crate) fn step(&mut self, random: &mut Random, table: &mut Table) {
        match random.below(100) {
            0..40 => {
                self.edit(random);
                let verdict = self.run_and_check(random);
                table.add("edits", &verdict);
            }
            40..55 => self.stopped(Signal::SIGKILL, "kill -9", random, table),
            55..60 => self.stopped(Signal::SIGINT, "Ctrl-C", random, table),
            60..83 => self.damaged(random, table),
            83..89 => self.damaged_output(random, table),
            89..93 => self.two_at_once(random, table),
            93..96 => {
                let running = self.spawn_fraction(random);
                self.edit(random);
                running.wait();
                let verdict = self.run_and_check(random);
                table.add("edited during a run", &verdict);
            }
            _ => {
                self.edit(random);
                let running = self.spawn_fraction(random);
                // A run may write while its cache goes away.
                let _ = std::fs::remove_dir_all(self.project.cache());
                running.wait();
                let verdict = self.run_and_check(random);
                table.add("cache deleted during a run", &verdict);
            }
        }
    }

    /// Starts eight processes at once, on one output directory or on eight, and counts each.
    pub(crate) fn eight_at_once(
        &mut self,
        is_shared: bool,
        random: &mut Random,
        table: &mut Table,
    ) {
        let kind = if is_shared {
            "8 processes, one output"
        } else {
            "8 processes, 8 outputs"
        };
        self.edit(random);
        let outs: Vec<Utf8PathBuf> = (0..8).map(|_| self.output(!is_shared)).collect();
        let running: Vec<Running> = outs
            .iter()
            .map(|out| self.invocation(out, random).spawn())
            .collect();
        for (run, out) in running.into_iter().map(Running::wait).zip(&outs) {
            let verdict = self.check(&run, out);
            table.add(kind, &verdict);
        }
        self.clean(&outs);
    }

    fn edit(&mut self, random: &mut Random) {
        let before = self.world.clone();
        for _ in 0..=random.below(3) {
            self.world.edit(random);
        }
        self.world.write(&self.project, &before, random.once_in(3));
    }

    fn output(&mut self, is_fresh: bool) -> Utf8PathBuf {
        self.counter += 1;
        let name = if is_fresh {
            format!("out-{}", self.counter)
        } else {
            ".fbuild".to_owned()
        };
        self.project.path(&name)
    }

    fn clean(&self, outs: &[Utf8PathBuf]) {
        for out in outs.iter().filter(|out| !out.ends_with(".fbuild")) {
            let _ = std::fs::remove_dir_all(out);
        }
    }

    /// What all runs of this state have in common.
    fn common(&self, out: &Utf8Path) -> Invocation {
        let libraries = self.project.libraries();
        let fixed = [
            "compile-many",
            "--board",
            "real",
            "--libraries",
            libraries.as_str(),
        ];
        let mut invocation = self
            .project
            .command(fixed)
            .args(["--output-dir", out.as_str()]);
        if let Some(value) = self.world.flag {
            let property = format!("build.extra_flags=-DFLAG={value}");
            invocation = invocation.args(["--build-property", &property]);
        }
        if self.world.environment.is_some() {
            invocation = invocation.env("CPATH", base(&self.project).join("environment"));
        }
        invocation
    }

    fn invocation(&self, out: &Utf8Path, random: &mut Random) -> Invocation {
        let pch = *random.pick(&["auto", "on", "off"]);
        let jobs = *random.pick(&["1", "2", "auto"]);
        let options = [
            "--pch",
            pch,
            "--sketch-jobs",
            jobs,
            "--framework-jobs",
            jobs,
        ];
        self.common(out).args(options).args(SKETCHES)
    }

    fn spawn_fraction(&mut self, random: &mut Random) -> Running {
        let out = self.output(false);
        let running = self.invocation(&out, random).spawn();
        let share = u32::try_from(random.below(100)).unwrap_or(0);
        std::thread::sleep(self.typical * share / 100);
        running
    }

    fn run_and_check(&mut self, random: &mut Random) -> Verdict {
        let is_fresh = random.once_in(3);
        let out = self.output(is_fresh);
        let began = Instant::now();
        let run = self.invocation(&out, random).run();
        self.typical = (self.typical * 3 + began.elapsed()) / 4;
        let verdict = self.check(&run, &out);
        self.clean(&[out]);
        verdict
    }

    fn stopped(
        &mut self,
        signal: Signal,
        kind: &'static str,
        random: &mut Random,
        table: &mut Table,
    ) {
        self.edit(random);
        let mut running = self.spawn_fraction(random);
        if !running.has_ended() {
            running.signal(signal);
        }
        running.wait();
        let verdict = self.run_and_check(random);
        table.add(kind, &verdict);
    }

    fn damaged(&mut self, random: &mut Random, table: &mut Table) {
        let kind = *random.pick(&KINDS);
        let mut damaged = Vec::new();
        for _ in 0..=random.below(4) {
            damaged.extend(damage::damage(&self.project.cache(), kind, random));
        }
        if random.once_in(2) {
            self.edit(random);
        }
        let verdict = with_files(self.run_and_check(random), &damaged);
        table.add(kind, &verdict);
        // A file that cannot be read or is a directory need not be repaired for ever.
        if random.once_in(8) {
            let _ = std::fs::remove_dir_all(self.project.cache());
        }
    }

    fn damaged_output(&mut self, random: &mut Random, table: &mut Table) {
        let kind = *random.pick(&KINDS[..4]);
        let out = self.output(false);
        let damaged: Vec<Utf8PathBuf> = damage::damage(&out, kind, random).into_iter().collect();
        let run = self.invocation(&out, random).run();
        let verdict = with_files(self.check(&run, &out), &damaged);
        table.add("output directory damaged", &verdict);
        if verdict != Verdict::Right {
            let _ = std::fs::remove_dir_all(out);
        }
    }

    fn two_at_once(&mut self, random: &mut Random, table: &mut Table) {
        self.edit(random);
        let out = self.output(false);
        let running = [(); 2].map(|()| self.invocation(&out, random).spawn());
        for run in running.map(Running::wait) {
            let verdict = self.check(&run, &out);
            table.add("two runs at once", &verdict);
        }
    }

    /// Compares what a run says and left behind with builds of each sketch alone.
    fn check(&mut self, run: &Run, out: &Utf8Path) -> Verdict {
        let told = |what: String| format!("{what}\nstate: {:?}\n{}", self.world, run.transcript());
        if !matches!(run.code(), Some(0 | 1 | 3)) || run.stderr.contains("panicked") {
            return Verdict::Lost(told("it ended badly".to_owned()));
        }
        let lines = run.lines();
        let mut verdict = Verdict::Right;
        for (index, name) in SKETCHES.iter().enumerate() {
            let is_built = lines.iter().any(|line| line.sketch == *name && line.ok);
            let got = is_built.then(|| std::fs::read(hex(out, name)).unwrap_or_default());
            let expected = self.alone(index);
            let told = |what: &str| {
                format!(
                    "{what}: {name}\nstate: {:?}\n{}",
                    self.world,
                    run.transcript()
                )
            };
            match (expected, got) {
                (expected, got) if expected == got => {}
                (Some(_), None) => verdict = Verdict::Lost(told("it builds alone and not here")),
                (Some(_), Some(_)) => return Verdict::Wrong(told("other firmware than alone")),
                (None, _) => return Verdict::Wrong(told("it does not build alone")),
            }
        }
        verdict
    }

    /// The firmware of one sketch built alone, without a cache, in a fresh directory.
    fn alone(&mut self, index: usize) -> Option<Vec<u8>> {
        let key = (self.world.clone(), index);
        if let Some(known) = self.alone.get(&key) {
            return known.clone();
        }
        let out = base(&self.project).join("alone");
        let options = [
            "--no-cache",
            "--pch",
            "off",
            "--sketch-jobs",
            "1",
            "--framework-jobs",
            "1",
        ];
        let run = self
            .common(&out)
            .args(options)
            .args([SKETCHES[index]])
            .run();
        let firmware = (run.code() == Some(0))
            .then(|| fs_err::read(hex(&out, SKETCHES[index])).expect("firmware"));
        assert!(
            firmware.is_some() || matches!(run.code(), Some(1 | 3)),
            "{}",
            run.transcript()
        );
        fs_err::remove_dir_all(out).expect("remove the output");
        self.alone.insert(key, firmware.clone());
        firmware
    }
}

fn hex(out: &Utf8Path, sketch: &str) -> Utf8PathBuf {
    out.join(format!("real/{sketch}/{sketch}.ino.hex"))
}

fn with_files(verdict: Verdict, files: &[Utf8PathBuf]) -> Verdict {
    match verdict {
        Verdict::Right => Verdict::Right,
        Verdict::Wrong(what) => Verdict::Wrong(format!("damaged: {files:?}\n{what}")),
        Verdict::Lost(what) => Verdict::Lost(format!("damaged: {files:?}\n{what}")),
    }
}
