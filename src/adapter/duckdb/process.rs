//! When another process began.

use jiff::{SignedDuration, Timestamp};

/// In the clock ticks of `/proc`, which Linux counts in hundredths of a second whatever the machine.
const TICKS: u64 = 100;

/// When a process began, where the system tells (Linux).
pub(super) fn begun(pid: &str) -> Option<Timestamp> {
    let of_system = std::fs::read_to_string("/proc/stat").ok()?;
    let of_process = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    moment(&of_system, &of_process)
}

/// The start of the machine, and the ticks since then as the twentieth word behind the name of the program.
fn moment(of_system: &str, of_process: &str) -> Option<Timestamp> {
    let mut lines = of_system.lines();
    let start = lines.find_map(|line| line.strip_prefix("btime "))?;
    let start = Timestamp::from_second(start.trim().parse().ok()?).ok()?;
    let (_, behind_name) = of_process.rsplit_once(')')?;
    let ticks: u64 = behind_name.split_whitespace().nth(19)?.parse().ok()?;
    let since = i64::try_from(ticks / TICKS).ok()?;
    start.checked_add(SignedDuration::from_secs(since)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_began_so_many_ticks_after_its_machine() {
        let of_process = "71 (a (b) c) S 1 71 71 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0 6150 0 0";
        let began = moment("cpu 1 2\nbtime 1700000000\n", of_process).unwrap();
        assert_eq!(began.to_string(), "2023-11-14T22:14:21Z");
    }
}
