//! Real processes: what is captured, measured, limited and ended.

use std::thread;
use std::time::{Duration, Instant};

use camino::Utf8Path;
use fbuild_model::Command;
use fbuild_process::limits::Limits;
use fbuild_process::runner::{Output, RunError, Runner, RunnerOptions, TemporaryDir};
use fbuild_process::stop::Stop;

#[expect(clippy::unwrap_used, reason = "a test")]
fn runner() -> (Runner, Stop) {
    let stop = Stop::new();
    let runner = Runner::new(stop.clone(), RunnerOptions::default()).unwrap();
    (runner, stop)
}

#[expect(clippy::unwrap_used, reason = "a test")]
fn shell(script: &str) -> Command {
    let argv = ["sh", "-c", script].map(str::to_owned);
    Command::from_argv(argv).unwrap()
}

#[expect(clippy::unwrap_used, reason = "a test")]
fn run(script: &str) -> Output {
    runner().0.run(&shell(script)).unwrap()
}

#[test]
fn output_and_status_are_captured() {
    let output = run("echo out; echo err >&2; exit 3");
    assert_eq!(output.stdout, b"out\n");
    assert_eq!(output.stderr, b"err\n");
    assert_eq!(output.failure().unwrap(), "exit status 3");
    assert_eq!(output.text(), "err\nout\n");
    assert_eq!(run("kill -9 $$").failure().unwrap(), "killed by signal 9");
}

#[test]
fn large_output_on_both_pipes_does_not_block() {
    let output = run("head -c 3000000 /dev/zero >&2; head -c 3000000 /dev/zero");
    assert_eq!(
        (output.stdout.len(), output.stderr.len()),
        (3_000_000, 3_000_000)
    );
}

#[test]
fn of_a_flood_of_messages_the_ends_are_kept() {
    let output = run("echo first >&2; head -c 200000000 /dev/zero >&2; echo last >&2; exit 1");
    assert!(output.stderr.len() < 5 << 20, "{}", output.stderr.len());
    let text = output.text();
    assert!(text.starts_with("first\n") && text.ends_with("last\n"));
    assert!(text.contains("bytes of output omitted"));
}

#[test]
fn a_flood_of_data_ends_the_process() {
    let (runner, _) = runner();
    let error = runner.run(&shell("cat /dev/zero")).unwrap_err();
    assert!(matches!(error, RunError::TooMuchOutput { .. }), "{error}");
}

#[test]
fn cost_covers_the_whole_tree_of_processes() {
    // A grandchild that needs 64 MiB and some time.
    let script = "head -c 67108864 /dev/zero | tail -c 67108864 | wc -c";
    let output = run(&format!("sh -c '{script}'"));
    assert_eq!(output.stdout, b"67108864\n");
    assert!(output.cost.peak_memory > 60 << 20, "{:?}", output.cost);
    assert!(output.cost.cpu > Duration::ZERO && output.cost.processes == 1);
}

#[test]
fn children_get_allocator_settings_and_the_c_locale() {
    let names = [
        "MALLOC_TOP_PAD_",
        "MALLOC_TRIM_THRESHOLD_",
        "MALLOC_MMAP_THRESHOLD_",
    ];
    let output = run(&format!(
        "echo $LC_ALL ${} ${} ${}",
        names[0], names[1], names[2]
    ));
    let defaults = ["16777216", "2000000000", "1073741824"];
    let set = names
        .iter()
        .zip(defaults)
        .map(|(name, default)| std::env::var(name).unwrap_or_else(|_| default.to_owned()));
    let expected: Vec<String> = std::iter::once("C".to_owned()).chain(set).collect();
    assert_eq!(output.text().trim(), expected.join(" "));
}

#[test]
fn a_missing_program_is_named() {
    let (runner, _) = runner();
    let command = Command::from_argv(["/no/such/compiler".to_owned()]).unwrap();
    let error = runner.run(&command).unwrap_err();
    assert_eq!(error.to_string(), "cannot start `/no/such/compiler`");
}

#[test]
fn every_child_leads_its_own_process_group() {
    let text = run("ps -o pgid= -p $$; echo $$").text();
    let numbers: Vec<&str> = text.split_whitespace().collect();
    assert_eq!(numbers[0], numbers[1]);
}

#[test]
fn memory_is_limited_for_all_descendants() {
    let (runner, _) = runner();
    let limits = Limits {
        memory: Some(256 << 20),
        time: None,
    };
    // `tail` keeps what it reads until it knows the end.
    let script = shell("sh -c 'head -c 2000000000 /dev/zero | tail -c 1900000000 | wc -c'");
    let output = runner.run_within(&script, limits).unwrap();
    assert_eq!(output.stdout, b"0\n", "{}", output.text());
    let small = runner.run_within(&shell("echo fits"), limits).unwrap();
    assert_eq!(small.stdout, b"fits\n");
}

#[test]
fn a_process_that_hangs_is_killed_with_what_it_started() {
    let (runner, _) = runner();
    let began = Instant::now();
    let limits = Limits::default().within(Duration::from_millis(300));
    let dir = tempfile::tempdir().unwrap();
    let file = Utf8Path::from_path(dir.path()).unwrap().join("pid");
    let script = shell(&format!("sleep 600 & echo $! > {file}; wait"));
    let error = runner.run_within(&script, limits).unwrap_err();
    assert!(matches!(error, RunError::TimedOut { .. }), "{error}");
    assert!(began.elapsed() < Duration::from_secs(30));
    let sleeper = fs_err::read_to_string(&file).unwrap();
    assert!(ends(sleeper.trim()), "the sleeper is still running");
}

#[test]
fn a_background_process_does_not_hold_up_the_end() {
    for script in ["sleep 600 & echo $!", "setsid sleep 600 & echo $!"] {
        let began = Instant::now();
        let output = run(script);
        assert!(output.status.success());
        // The runner waits for 1 s; the rest is for a loaded machine.
        assert!(began.elapsed() < Duration::from_secs(30), "{script}");
        let sleeper = output.text();
        assert!(!sleeper.trim().is_empty(), "the output until then is kept");
        let killed = std::process::Command::new("kill")
            .arg(sleeper.trim())
            .status();
        assert!(killed.unwrap().success(), "it still runs");
    }
}

#[test]
fn killing_reaches_grandchildren_and_nothing_starts_afterwards() {
    let (runner, stop) = runner();
    let began = Instant::now();
    thread::scope(|scope| {
        let running = scope.spawn(|| runner.run(&shell("sleep 600 & wait")));
        thread::sleep(Duration::from_millis(200));
        stop.kill();
        assert!(matches!(
            running.join().unwrap(),
            Err(RunError::Stopped { .. })
        ));
    });
    assert!(began.elapsed() < Duration::from_secs(60));
    let later = runner.run(&shell("true"));
    assert!(matches!(later, Err(RunError::Stopped { .. })));
}

#[test]
fn an_interrupt_lets_running_processes_end() {
    let (runner, stop) = runner();
    thread::scope(|scope| {
        let running = scope.spawn(|| runner.run(&shell("sleep 0.4; echo done")));
        thread::sleep(Duration::from_millis(100));
        stop.interrupt();
        assert_eq!(running.join().unwrap().unwrap().stdout, b"done\n");
    });
}

#[test]
fn a_directory_for_temporary_files_that_fails_is_given_up_and_nothing_runs_twice() {
    let guard = tempfile::tempdir().unwrap();
    let base = Utf8Path::from_path(guard.path()).unwrap();
    let with_dir = |name: &str| {
        let dir = base.join(name);
        fs_err::create_dir(&dir).unwrap();
        let options = RunnerOptions {
            temporary_dir: Some(TemporaryDir::new({
                let dir = dir.clone();
                move || Some(dir.clone())
            })),
            ..RunnerOptions::default()
        };
        (Runner::new(Stop::new(), options).unwrap(), dir)
    };
    let system = std::env::var("TMPDIR").unwrap_or_default();
    let count = base.join("count");

    let (runner, dir) = with_dir("full");
    let plain = runner.run(&shell("echo $TMPDIR; exit 1")).unwrap();
    assert_eq!(
        (plain.text().trim(), plain.lost_temporary_files),
        (dir.as_str(), false)
    );
    let script = format!("echo run >> {count}; echo x.s: No space left on device >&2; exit 1");
    assert!(runner.run(&shell(&script)).unwrap().lost_temporary_files);
    assert_eq!(fs_err::read_to_string(&count).unwrap(), "run\n");
    let after = runner.run(&shell("echo $TMPDIR; exit 1")).unwrap();
    assert_eq!(
        (after.text().trim(), after.lost_temporary_files),
        (system.as_str(), false)
    );

    let (runner, dir) = with_dir("gone");
    let removed = runner.run(&shell(&format!("rm -r {dir}; exit 1"))).unwrap();
    assert!(removed.lost_temporary_files);
}

#[test]
#[cfg(target_os = "linux")]
fn the_kernel_kills_children_whose_parent_ends() {
    fbuild_testkit::needs!("python3");
    // PR_GET_PDEATHSIG is 2; the answer is the number of the signal.
    let script = "import ctypes; s = ctypes.c_int(); ctypes.CDLL(None).prctl(2, ctypes.byref(s)); print(s.value)";
    let output = run(&format!("exec python3 -c '{script}'"));
    assert_eq!(output.text().trim(), "9");
}

#[test]
#[cfg(target_os = "linux")]
fn addresses_are_fixed_where_the_system_allows_it() {
    let (runner, _) = runner();
    let is_fixed = |personality: String| {
        u32::from_str_radix(personality.trim(), 16).unwrap() & 0x0004_0000 != 0
    };
    let allowed = runner.fix_addresses();
    let child = runner
        .run(&shell("cat /proc/self/personality"))
        .unwrap()
        .text();
    assert_eq!(is_fixed(child), allowed);
    let own = fs_err::read_to_string("/proc/self/personality").unwrap();
    assert!(!is_fixed(own), "only children are concerned");
}

/// Waits for a process to end.
fn ends(pid: &str) -> bool {
    let path = format!("/proc/{pid}/stat");
    (0..200).any(|_| {
        // A zombie whose parent does not wait for it has ended as well.
        let ended = fs_err::read_to_string(&path).map_or(true, |stat| stat.contains(") Z "));
        if !ended {
            thread::sleep(Duration::from_millis(50));
        }
        ended
    })
}
