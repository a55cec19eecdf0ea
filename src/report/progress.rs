//! The live line at the bottom of a terminal: how far the run is, and what runs now.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::manifest::NodeId;

/// A bar on standard error, redrawn in place.
pub struct Progress {
    bar: ProgressBar,
    running: Vec<(NodeId, String)>,
}

impl Progress {
    /// A bar for a number of nodes.
    pub fn new(total: usize, color: bool) -> Self {
        let bar = ProgressBar::with_draw_target(Some(total as u64), ProgressDrawTarget::stderr());
        let style = ProgressStyle::with_template(match color {
            true => "{spinner:.cyan} {bar:24.cyan/dim} {pos}/{len} {elapsed} {wide_msg:.dim}",
            false => "{spinner} {bar:24} {pos}/{len} {elapsed} {wide_msg}",
        })
        .unwrap_or_else(|_| ProgressStyle::default_bar())
        .progress_chars("━━─");
        bar.set_style(style);
        bar.enable_steady_tick(Duration::from_millis(120));
        Self {
            bar,
            running: Vec::new(),
        }
    }

    /// A node's turn begins.
    pub fn started(&mut self, node: NodeId, name: String) {
        self.running.push((node, name));
        self.show();
    }

    /// A node's turn is over.
    pub fn finished(&mut self, node: NodeId) {
        self.running.retain(|(running, _)| *running != node);
        self.bar.inc(1);
        self.show();
    }

    /// Takes the bar away while something else is written.
    pub fn suspend(&self, write: impl FnOnce()) {
        self.bar.suspend(write);
    }

    /// Takes the bar away for good.
    pub fn clear(&self) {
        self.bar.finish_and_clear();
    }

    fn show(&self) {
        let names: Vec<&str> = self.running.iter().map(|(_, name)| name.as_str()).collect();
        self.bar.set_message(names.join(" · "));
    }
}
