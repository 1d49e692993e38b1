//! The live display: how far the run is, what runs, how long it took and will take.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use crate::printer::{Printer, Progress};

/// How many pieces of running work are named.
const MOST_NAMES: usize = 3;

/// A bar, or none where it is not wanted.
#[derive(Debug, Default)]
pub struct Bar {
    bar: Option<ProgressBar>,
    running: Vec<String>,
}

impl Bar {
    /// Replaces the bar by one over `total` pieces of work; 0 if the number is not known.
    pub fn start(&mut self, printer: &Printer, name: &str, total: usize) {
        self.stop();
        if printer.progress != Progress::Bar {
            return;
        }
        let bar = printer.bars.add(ProgressBar::new(total as u64));
        let template = match (total, printer.is_narrow()) {
            (0, _) => "{prefix:>12.bold} {spinner} {wide_msg}",
            (_, false) => {
                "{prefix:>12.bold} [{bar:20}] {pos}/{len}  {elapsed}/{duration}  {wide_msg}"
            }
            (_, true) => "{prefix:>8.bold} {pos}/{len} {elapsed}/{duration} {wide_msg}",
        };
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style.progress_chars("=> "));
        }
        bar.set_prefix(name.to_owned());
        bar.enable_steady_tick(Duration::from_millis(200));
        self.bar = Some(bar);
    }

    /// Removes the bar.
    pub fn stop(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
        self.running.clear();
    }

    /// Adds a piece of running work.
    pub fn begin(&mut self, label: &str) {
        self.running.push(label.to_owned());
        self.show();
    }

    /// Removes a piece of running work.
    pub fn end(&mut self, label: &str) {
        if let Some(at) = self.running.iter().position(|running| running == label) {
            self.running.remove(at);
        }
        self.show();
    }

    /// Counts a piece of work as done.
    pub fn advance(&self) {
        if let Some(bar) = &self.bar {
            bar.inc(1);
        }
    }

    /// Takes a piece of work out of the total, because nothing was to be done for it.
    pub fn leave_out(&self) {
        if let Some(bar) = &self.bar {
            let total = bar.length().unwrap_or(0);
            bar.set_length(total.saturating_sub(1));
        }
    }

    fn show(&self) {
        let Some(bar) = &self.bar else { return };
        let names = self.running.iter().take(MOST_NAMES).map(String::as_str);
        let names: Vec<&str> = names.collect();
        let names = fbuild_model::Untrusted(&names.join(", ")).terminal_line();
        bar.set_message(names);
    }
}
