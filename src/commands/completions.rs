//! `redstart completions`.

use clap_complete::Shell;

use super::{Outcome, Session, Stop};

/// Print the completions of a shell
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  source <(redstart completions bash)
  redstart completions zsh > ~/.zfunc/_redstart
  redstart completions fish > ~/.config/fish/completions/redstart.fish")]
pub struct Args {
    /// The shell
    #[arg(value_enum)]
    shell: Shell,
}

impl Args {
    pub(super) fn run(&self, session: &Session) -> Result<Outcome, Stop> {
        let mut script = Vec::new();
        // Without the flags that do nothing: a completion should offer what helps.
        let mut command = <super::Cli as clap::CommandFactory>::command();
        clap_complete::generate(self.shell, &mut command, "redstart", &mut script);
        session.terminal.answer(&String::from_utf8_lossy(&script))?;
        Ok(Outcome::Done)
    }
}
