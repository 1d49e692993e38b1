//! Destructive trials for a given time: `scripts/torture.sh [SECONDS [SEED]]`.
//!
//! Random edits, kills, damage and runs at once on a small project with the real compiler; after each, firmware has to be that of a build of each
//! sketch alone, without a cache, in a fresh directory. Then disks without room and compilers that misbehave. Prints a table; exits with 1 if
//! any firmware was wrong. What was lost without wrong firmware is printed.

mod children;
mod damage;
mod disks;
mod model;
mod random;
mod table;
mod world;

use std::process::ExitCode;
use std::time::{Duration, Instant};

use fbuild_testkit::{need, without_root};

fn main() -> ExitCode {
    let mut numbers = std::env::args()
        .skip(1)
        .filter_map(|word| word.parse::<u64>().ok());
    let seconds = numbers.next().unwrap_or(120);
    let seed = numbers.next().unwrap_or(1);
    let needed: [&dyn need::Need; 2] = [&need::AVR, &need::MOUNT];
    if !need::is_met(&needed) {
        return ExitCode::SUCCESS;
    }
    // Permissions are to count, also for root.
    if without_root(|| torture(Duration::from_secs(seconds), seed)) {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// Runs trials; returns whether no firmware was wrong.
fn torture(time: Duration, seed: u64) -> bool {
    let program = env!("CARGO_BIN_EXE_fbuild");
    let began = Instant::now();
    let mut table = table::Table::default();
    let mut random = random::Random::new(seed);
    let mut model = model::Model::new(program);
    for round in 0_u64.. {
        if began.elapsed() > time {
            break;
        }
        let step = std::panic::AssertUnwindSafe(|| match round % 40 {
            10 => model.eight_at_once(true, &mut random, &mut table),
            30 => model.eight_at_once(false, &mut random, &mut table),
            _ => model.step(&mut random, &mut table),
        });
        if std::panic::catch_unwind(step).is_err() {
            let what = "a run hung, or a sketch alone ended badly; the panic above says which";
            table.add("steps", &table::Verdict::Lost(what.to_owned()));
            model = model::Model::new(program);
        }
    }
    disks::all(program, &mut table);
    children::all(program, &mut table);
    println!(
        "torture: seed {seed}, {:.0} s\n",
        began.elapsed().as_secs_f64()
    );
    table.print();
    table.is_right()
}
